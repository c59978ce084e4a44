//! Rows as `bridge` and `ip` print them, tables to make them from, and the
//! kernel's notices counted: what the tests of tables are judged by.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::lab::{Background, FOLDER, Lab};

/// Rows, each as its line.
pub type Rows = BTreeSet<String>;

/// The rows of vxlan0 that lead somewhere: those of its own table as `bridge`
/// prints them, and neighbours as `ip` does.
pub fn of(lab: &Lab, netns: &str) -> Result<Rows> {
    let mut rows = fdb(lab, netns)?;
    rows.extend(neighs(lab, netns)?);
    Ok(rows)
}

/// The rows of vxlan0's own table.
pub fn fdb(lab: &Lab, netns: &str) -> Result<Rows> {
    let text = lab.ok(&format!("bridge -n {netns} fdb show dev vxlan0"))?;
    let leads = |line: &&str| line.contains(" dst ") || line.contains(" nhid ");
    Ok(text.lines().filter(leads).map(|line| plain(line, &["link-netnsid"])).collect())
}

/// The neighbours on vxlan0, without those that were not found.
pub fn neighs(lab: &Lab, netns: &str) -> Result<Rows> {
    let text = lab.ok(&format!("ip -n {netns} -d neigh show dev vxlan0"))?;
    Ok(text.lines().filter(|l| l.contains("lladdr")).map(|line| plain(line, &[])).collect())
}

/// A line without the words that only one run knows, and what follows each.
fn plain(line: &str, without: &[&str]) -> String {
    let mut words = line.split_whitespace();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if without.contains(&word) {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// Both rows of an endpoint as this toolkit makes them.
pub fn pair(ip: &str, mac: &str, dst: &str) -> [String; 2] {
    [
        format!("{ip} lladdr {mac} PERMANENT proto 79"),
        format!("{mac} dst {dst} self extern_learn permanent"),
    ]
}

/// Fails with what is missing and what is too much.
pub fn same(what: &str, wanted: &Rows, found: &Rows) -> Result<()> {
    let lines = |a: &Rows, b: &Rows, sign: &str| -> String {
        a.difference(b).take(20).map(|row| format!("\n{sign} {row}")).collect()
    };
    let differences = lines(wanted, found, "-") + &lines(found, wanted, "+");
    ensure!(differences.is_empty(), "{what}:{differences}");
    Ok(())
}

/// The n-th endpoint of the tables that tests make: IP, MAC, VTEP.
pub fn endpoint(n: usize) -> (String, String, String) {
    let (high, low) = (n / 256, n % 256);
    let mac = format!("02:42:0a:07:{high:02x}:{low:02x}");
    (format!("10.7.{high}.{low}"), mac, format!("192.168.1.{}", 5 + n % 3))
}

/// The rows of those endpoints.
pub fn owned(numbers: impl IntoIterator<Item = usize>) -> Rows {
    let rows = |n| {
        let (ip, mac, dst) = endpoint(n);
        pair(&ip, &mac, &dst)
    };
    numbers.into_iter().flat_map(rows).collect()
}

/// Writes a table of those endpoints as CSV.
pub fn csv(file: &str, numbers: impl IntoIterator<Item = usize>) -> Result<()> {
    let mut text = String::from("ip,mac,vtep\n");
    for n in numbers {
        let (ip, mac, dst) = endpoint(n);
        writeln!(text, "{ip},{mac},{dst}")?;
    }
    write(file, &text)
}

/// Writes a file where scripts run.
pub fn write(file: &str, text: &str) -> Result<()> {
    fs::write(format!("{FOLDER}/{file}"), text).with_context(|| format!("cannot write {file}"))
}

/// What `bridge monitor fdb` and `ip monitor neigh` say of a namespace.
#[derive(Debug)]
pub struct Monitor {
    netns: String,
    _processes: [Background; 2],
}

const FILES: [&str; 2] = ["fdb.monitor", "neigh.monitor"];

impl Monitor {
    /// Starts them, and waits until both hear.
    pub fn start(lab: &Lab, netns: &str) -> Result<Monitor> {
        let fdb = lab.background(&format!("exec bridge -n {netns} monitor fdb > {}", FILES[0]))?;
        let neigh = lab.background(&format!("exec ip -n {netns} monitor neigh > {}", FILES[1]))?;
        let monitor = Monitor { netns: netns.into(), _processes: [fdb, neigh] };
        monitor.mark(lab, "02:ff:00:00:00:01")?;
        Ok(monitor)
    }

    /// A row that comes and goes until both have seen it.
    fn mark(&self, lab: &Lab, mac: &str) -> Result<()> {
        let row = format!("{mac} dev vxlan0 dst 192.168.1.99 self");
        let bridge = format!("bridge -n {} fdb", self.netns);
        lab.eventually("the monitors hear", |lab| {
            lab.ok(&format!("{bridge} add {row}; {bridge} del {row}"))?;
            let hears = |file| lines(file).iter().any(|line| line.contains(mac));
            Ok(hears(FILES[0]) && hears(FILES[1]))
        })
    }

    /// What was said since the start: of FDB rows, and of neighbours.
    pub fn ended(self, lab: &Lab) -> Result<(Vec<String>, Vec<String>)> {
        self.mark(lab, "02:ff:00:00:00:02")?;
        let is_said = |line: &String| !line.contains("02:ff:") && !line.starts_with("miss ");
        // `ip` tells of FDB rows as well, as neighbours of the VTEP's address.
        let is_neigh = |line: &String| line.contains("proto") || !line.contains("192.168.1.");
        let fdb = lines(FILES[0]).into_iter().filter(is_said).collect();
        let neigh = lines(FILES[1]).into_iter().filter(is_said).filter(is_neigh).collect();
        Ok((fdb, neigh))
    }
}

fn lines(file: &str) -> Vec<String> {
    // The shell may not have made it yet.
    let text = fs::read_to_string(format!("{FOLDER}/{file}")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
