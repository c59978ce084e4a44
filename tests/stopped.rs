//! Signals that come while rows are written or deleted: what was done is told, what was
//! not is remembered no longer, and a signal that was ignored at the start stays so.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ovl_tests::follower::Follower;
use ovl_tests::lab::{Background, FOLDER, Lab};
use ovl_tests::rows::{self, Rows};
use ovl_tests::tests;

tests![
    a_long_flush_that_is_stopped_tells_what_it_has_deleted,
    a_load_that_is_stopped_before_its_first_row_leaves_no_memory,
    a_signal_that_is_ignored_at_the_start_stays_ignored,
    a_run_that_ignores_a_signal_goes_through,
];

/// FDB rows without neighbours, more than are listed in one go.
fn many(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("all.csv", 1..=40_000)?;
    lab.ok("sed -n 's/^[0-9.]*,02/,02/p' all.csv > lone.csv")?;
    Ok(())
}

/// Sends SIGTERM at once: a shell takes too long.
fn stop(run: &Background) -> Result<()> {
    Ok(kill(Pid::from_raw(i32::try_from(run.pid())?), Signal::SIGTERM)?)
}

fn said() -> String {
    fs::read_to_string(format!("{FOLDER}/said")).unwrap_or_default()
}

/// The same row again, by another's hand and with our marks: is it taken for ours?
fn is_anothers(lab: &Lab, row: &str) -> Result<bool> {
    let mut words = row.split(' ');
    let mac = words.next().context("no row")?;
    let dst = words.nth(1).context("it leads nowhere")?;
    lab.ok(&format!("bridge -n ov1 fdb replace {mac} dev vxlan0 dst {dst} self extern_learn"))?;
    let found = lab.json(&format!("ovl-fdb get {mac} -n ov1 -o json"))?;
    lab.ok(&format!("bridge -n ov1 fdb del {mac} dev vxlan0 self"))?;
    Ok(found[0]["owned"] == false)
}

fn a_long_flush_that_is_stopped_tells_what_it_has_deleted(lab: &Lab) -> Result<()> {
    many(lab)?;
    let mut torn = 0;
    for delay in [0, 10, 20] {
        lab.ok("ovl-fdb load lone.csv --fdb-only -n ov1")?;
        let all = rows::fdb(lab, "ov1")?;
        let list = lab.ok("bridge -n ov1 fdb show dev vxlan0")?;
        let first = list.lines().find(|line| line.contains(" dst ")).context("no rows")?;
        let first = first.split(' ').next().unwrap_or_default();
        let run = lab.background("exec ovl-fdb flush --owned -n ov1 > out 2> said")?;
        lab.eventually("the first rows are gone", |lab| {
            Ok(lab.run(&format!("bridge -n ov1 fdb get {first} dev vxlan0 self"))?.code != 0)
        })?;
        sleep(Duration::from_millis(delay));
        stop(&run)?;
        let code = run.wait()?;
        let left = rows::fdb(lab, "ov1")?;
        if code != 0 {
            let deleted = format!(
                "done before: 0 neighbour rows, {} FDB rows deleted",
                all.len() - left.len()
            );
            ensure!(code == 143, "exit {code}: {}", said());
            ensure!(
                said().contains("stopped by SIGTERM") && said().contains(&deleted),
                "{deleted}\n{}",
                said()
            );
            torn += usize::from(!left.is_empty());
        }
        for gone in all.difference(&left).step_by(9_000) {
            ensure!(is_anothers(lab, gone)?, "remembered after {delay} ms: {gone}");
        }
    }
    ensure!(torn > 1, "every run was done before it was stopped");
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &Rows::new(), &rows::fdb(lab, "ov1")?)
}

fn a_load_that_is_stopped_before_its_first_row_leaves_no_memory(lab: &Lab) -> Result<()> {
    many(lab)?;
    // As the table has them.
    let noted = rows::endpoint(1);
    for _ in 0..3 {
        let run = lab.background("exec ovl-fdb load lone.csv --fdb-only -n ov1 > out 2> said")?;
        // Its journal is the only sign of it before the first row.
        while !is_noted() {
            sleep(Duration::from_micros(100));
        }
        stop(&run)?;
        assert_eq!(run.wait()?, 143, "{}", said());
        ensure!(said().contains("stopped by SIGTERM"), "it said nothing: {}", said());
        rows::same("stopped", &Rows::new(), &rows::fdb(lab, "ov1")?)?;
        let row = format!("{} dst {}", noted.1, noted.2);
        ensure!(is_anothers(lab, &row)?, "a row made by hand is ours");
    }
    Ok(())
}

/// Has a run begun to write down what it is to write?
fn is_noted() -> bool {
    let files = fs::read_dir("/run/ovl/rows").into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).any(|meta| meta.len() > 0)
}

fn a_signal_that_is_ignored_at_the_start_stays_ignored(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..4)?;
    for (command, begun) in [
        ("ovl-fdb sync t.csv -n ov1 --watch", "added"),
        ("ovl-fdb answer t.csv -n ov1 -v", "source"),
        ("ovl-inspect watch -v", "following"),
    ] {
        for signal in ["HUP", "INT"] {
            lab.ok("ovl-fdb flush --owned -n ov1")?;
            let run = format!("trap '' {signal}; exec {command} -o json > out 2>&1");
            let run = lab.background(&run)?;
            let out = || fs::read_to_string(format!("{FOLDER}/out")).unwrap_or_default();
            lab.eventually("it follows", |_| Ok(out().contains(begun)))?;
            lab.ok(&format!("kill -{signal} {}; sleep 0.2; rm out", run.pid()))?;
            stop(&run)?;
            assert_eq!(run.wait()?, 143, "SIG{signal} {command}");
        }
    }
    // What is not ignored ends it.
    let follower = Follower::spawn(lab, "ovl-fdb sync t.csv -n ov1 --watch", "w")?;
    lab.eventually("its rows are there", |lab| Ok(rows::of(lab, "ov1")? == rows::owned(1..4)))?;
    lab.ok(&format!("kill -HUP {}", follower.process.pid()))?;
    assert_eq!(follower.process.wait()?, 129);
    Ok(())
}

fn a_run_that_ignores_a_signal_goes_through(lab: &Lab) -> Result<()> {
    let run = lab.background("trap '' INT; exec ovl-ns add $(seq -f n%g 500)")?;
    lab.eventually("the first is there", |_| Ok(fs::exists("/run/netns/n1")?))?;
    lab.run(&format!("kill -INT {}", run.pid()))?;
    assert_eq!(run.wait()?, 0);
    assert_eq!(lab.ok("ls /run/netns")?.lines().count(), 500);
    Ok(())
}
