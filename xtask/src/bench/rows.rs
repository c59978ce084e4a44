//! `cargo xtask bench rows`: what a hundred thousand endpoints cost to write, to
//! list, to delete and to keep in step with a table, beside `bridge` doing the
//! same and beside a C program that has nothing to do but to write.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::goals::{self, Bound, Goal};
use super::monitor::Monitor;
use super::rounds::{self, Base, Cost, Subject};
use super::table::{Form, Table};
use super::{Tools, size_of};

/// Runs of each command where no number is given.
pub const ROUNDS: usize = 5;

/// Runs of which the peak memory is read.
const PEAKS: usize = 1;

/// The device whose rows they are.
const DEV: &str = "vxlan0";

/// The sandbox's own; tables lie in memory there.
const FOLDER: &str = "/run/bench-rows";

/// What ovl-fdb remembers of rows.
const REMEMBERED: &str = "/run/ovl/rows";

/// How many endpoints have moved in the table that `sync` makes good.
const MOVED: u32 = 100;

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Rows are written
    Load,
    /// Rows are shown
    List,
    /// Rows are deleted
    Flush,
    /// Rows are made equal to a table in which a hundred endpoints have moved
    Sync,
}

impl Part {
    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Part::Load => "load",
            Part::List => "list",
            Part::Flush => "flush",
            Part::Sync => "sync",
        }
    }
}

/// Measures, and prints a table for each part.
pub fn run(tools: &Tools, rounds: usize, endpoints: u32, only: &[Part]) -> Result<()> {
    ensure!((MOVED..1 << 23).contains(&endpoints), "--endpoints is from {MOVED} to 8388607");
    let bench = Bench { ground: Ground { tools, endpoints }, rounds };
    bench.write_tables()?;
    println!(
        "{endpoints} endpoints, whole runs, {rounds} of each, in turn; the device is made anew \
         before each run. Load of this machine: {}",
        load_of_machine()
    );
    let mut goals = Vec::new();
    for part in Part::value_variants() {
        if only.is_empty() || only.contains(part) {
            println!();
            goals.extend(match part {
                Part::Load => bench.load()?,
                Part::List => bench.list()?,
                Part::Flush => bench.flush()?,
                Part::Sync => bench.sync()?,
            });
        }
    }
    println!();
    goals::print(&goals);
    println!("ovl-fdb: {}", size_of(&tools.program("ovl-fdb")?));
    Ok(())
}

/// What the parts share.
struct Bench<'t> {
    ground: Ground<'t>,
    rounds: usize,
}

impl<'t> Bench<'t> {
    fn write_tables(&self) -> Result<()> {
        fs::create_dir_all(FOLDER).with_context(|| format!("cannot make {FOLDER}"))?;
        let table = Table { endpoints: self.ground.endpoints, moved: 0 };
        table.write(&in_folder("table.csv"), Form::Csv, DEV)?;
        table.write(&in_folder("table.yaml"), Form::Yaml, DEV)?;
        table.write(&in_folder("table.batch"), Form::Batch, DEV)?;
        let part = Table { endpoints: table.endpoints / 3, ..table };
        part.write(&in_folder("part.batch"), Form::Batch, DEV)?;
        let moved = Table { moved: MOVED, ..table };
        moved.write(&in_folder("moved.csv"), Form::Csv, DEV)
    }

    /// A command, from words in which `@` stands for the folder of the tables.
    fn command(&self, words: &str) -> Result<Command> {
        self.ground.tools.command(&words.replace('@', FOLDER))
    }

    fn subject(&self, words: &str) -> Result<Subject<'t>> {
        Ok(Subject::new(&words.replace("@/", ""), self.command(words)?))
    }

    /// One that works on what `words` has made on a device without rows.
    fn after(&self, words: &str, before: &'static str) -> Result<Subject<'t>> {
        let ground = self.ground;
        Ok(self.subject(words)?.after(move || ground.with_rows(before)))
    }

    fn measure(&self, subjects: Vec<Subject<'_>>, bases: &[Base]) -> Result<Vec<Cost>> {
        let costs = rounds::measure(subjects, self.rounds, PEAKS)?;
        rounds::print_table(&costs, bases);
        Ok(costs)
    }

    fn load(&self) -> Result<Vec<Goal>> {
        let ground = self.ground;
        let empty = |subject: Subject<'t>| subject.after(move || ground.settled());
        let mut subjects = vec![
            empty(self.subject("bridge -batch @/table.batch")?),
            empty(self.subject("ovl-fdb load @/table.csv --fdb-only")?),
            empty(self.subject("ovl-fdb load @/table.csv")?),
            empty(self.subject("ovl-fdb load @/table.yaml --fdb-only")?),
        ];
        let mut bases = vec![Base { line: 0, head: "x brdg" }, Base { line: 1, head: "x fdb" }];
        match self.c_program()? {
            Some(send) => {
                subjects.push(empty(send));
                bases.push(Base { line: 4, head: "x C" });
            }
            None => println!("cc is not on this machine: nothing compiles rows.c to compare with"),
        }
        let costs = self.measure(subjects, &bases)?;
        let mut goals = vec![
            goal("bridge -batch / load --fdb-only", ratio(&costs, 0, 1), Bound::AtLeast(4.0)),
            goal("load both rows / load --fdb-only", ratio(&costs, 2, 1), Bound::AtMost(2.5)),
            goal("load YAML / load CSV", ratio(&costs, 3, 1), Bound::AtMost(1.5)),
            goal("peak of load, both rows (MiB)", mebibytes(&costs, 2), Bound::Under(150.0)),
        ];
        if costs.len() > 4 {
            goals.push(goal("load --fdb-only / C", ratio(&costs, 1, 4), Bound::AtMost(1.25)));
        }
        Ok(goals)
    }

    /// The C program, with the rows encoded for it; `None` without a compiler.
    fn c_program(&self) -> Result<Option<Subject<'t>>> {
        let Some(program) = self.ground.tools.compile("rows")? else { return Ok(None) };
        self.ground.without_rows()?;
        let (table, messages) = (in_folder("table.csv"), in_folder("table.messages"));
        let status =
            Command::new(&program).arg("encode").arg(table).arg(&messages).arg(DEV).status()?;
        ensure!(status.success(), "rows.c encodes nothing: {status}");
        let mut send = Command::new(&program);
        send.arg("send").arg(messages);
        Ok(Some(Subject::new("rows.c: encoded beforehand", send)))
    }

    fn list(&self) -> Result<Vec<Goal>> {
        self.ground.with_rows("ovl-fdb load @/table.csv --fdb-only")?;
        let subjects = vec![
            self.subject("bridge -j fdb show dev vxlan0")?,
            self.subject("ovl-fdb list -o json")?,
            self.subject("bridge fdb show dev vxlan0")?,
            self.subject("ovl-fdb list")?,
        ];
        let costs = self.measure(subjects, &[Base { line: 0, head: "x brdg" }])?;
        Ok(vec![goal("list -o json / bridge -j", ratio(&costs, 1, 0), Bound::Under(1.0))])
    }

    fn flush(&self) -> Result<Vec<Goal>> {
        let rows = "ovl-fdb load @/table.csv --fdb-only";
        let subjects = vec![
            self.after("bridge fdb flush dev vxlan0", rows)?,
            self.after("ovl-fdb flush --owned", rows)?,
        ];
        let costs = self.measure(subjects, &[Base { line: 0, head: "x brdg" }])?;
        let flush = ratio(&costs, 1, 0);
        Ok(vec![goal("flush --owned / bridge fdb flush", flush, Bound::AtMost(1.0))])
    }

    fn sync(&self) -> Result<Vec<Goal>> {
        let ground = self.ground;
        ground.with_rows("ovl-fdb load @/table.csv")?;
        let monitor = Monitor::start(ground.tools, DEV)?;
        ground.must("ovl-fdb sync @/moved.csv")?;
        let changed = monitor.count(ground.tools)?;
        let back = move || ground.must("ovl-fdb sync @/table.csv");
        let subjects = vec![
            self.subject("ovl-fdb sync @/moved.csv")?.after(back),
            self.subject("ovl-fdb sync @/table.csv")?.after(back),
        ];
        println!("the second finds nothing to change");
        self.measure(subjects, &[Base { line: 1, head: "x none" }])?;
        let wanted = Bound::Just(f64::from(MOVED));
        Ok(vec![goal("FDB rows that bridge monitor sees change", number(changed), wanted)])
    }
}

fn in_folder(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

/// The device that everything is done on.
#[derive(Clone, Copy)]
struct Ground<'t> {
    tools: &'t Tools,
    endpoints: u32,
}

impl Ground<'_> {
    fn must(self, words: &str) -> Result<()> {
        self.tools.must(&words.replace('@', FOLDER))
    }

    /// The device, made anew, and what a command writes to it.
    fn with_rows(self, words: &str) -> Result<()> {
        self.without_rows()?;
        self.must(words)
    }

    /// The device, made anew, in a kernel that writes rows as it usually does. When a
    /// device with very many rows has gone, the first rows that are written after that
    /// take half a second more, whoever writes them: of the same program every other
    /// run would be twice as slow as the one before. Rows that nobody measures pay for
    /// it; `perf` has that time in the kernel's per-CPU allocator, from which each row
    /// takes a piece (`dst_cache_init` in `net/core/dst_cache.c`).
    fn settled(self) -> Result<()> {
        self.without_rows()?;
        self.must("bridge -batch @/part.batch")?;
        self.without_rows()
    }

    /// The device, made anew: with the same index, which the encoded requests
    /// name, so that what is remembered of its last rows has to go as well.
    fn without_rows(self) -> Result<()> {
        if Path::new("/sys/class/net").join(DEV).exists() {
            self.must(&format!("ip link del {DEV}"))?;
            // The kernel frees the rows after that, and would do it beside the
            // command that is measured next: some 2 us a row.
            thread::sleep(Duration::from_millis(100) + Duration::from_micros(2) * self.endpoints);
        }
        match fs::remove_dir_all(REMEMBERED) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e).context(REMEMBERED),
            _ => {}
        }
        self.must(&format!("ip link add {DEV} index 100 type vxlan id 256 dstport 4789 nolearning"))
    }
}

fn goal(what: &'static str, value: f64, bound: Bound) -> Goal {
    Goal { what, value, bound }
}

/// How many times the second's time the first takes.
fn ratio(costs: &[Cost], first: usize, second: usize) -> f64 {
    let median = |line: usize| costs.get(line).map_or(f64::NAN, |cost| cost.median.as_secs_f64());
    median(first) / median(second)
}

fn mebibytes(costs: &[Cost], line: usize) -> f64 {
    costs.get(line).map_or(f64::NAN, |cost| rounds::kibibytes(cost) / 1024.0)
}

/// Counts of rows are far below 2^52: nothing is lost.
#[allow(clippy::cast_precision_loss)]
fn number(count: usize) -> f64 {
    count as f64
}

/// Beside builds and other programs all figures are worse, and not by as much.
fn load_of_machine() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cpus = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let minute = text.split(' ').next().unwrap_or("unknown");
    format!("{minute} on {cpus} processors")
}
