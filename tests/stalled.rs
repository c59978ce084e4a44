//! Followers and those who read them: one that does not read keeps no follower
//! from ending, and what is said on standard error keeps the form that was asked for.

use std::fs;

use anyhow::{Context, Result, ensure};
use ovl_tests::follower::has;
use ovl_tests::lab::{Background, FOLDER, Lab};
use ovl_tests::{rows, tests};
use serde_json::{Value, json};

use crate::answer::{overlay, ping, standing};

tests![
    a_reader_that_does_not_read_keeps_nobody_from_ending,
    long_lines_reach_a_slow_reader_whole,
    a_reader_that_does_not_read_keeps_no_namespace_alive,
    what_a_reader_does_not_read_is_answered_all_the_same: PING,
    answers_that_nobody_reads_keep_no_namespace_alive: PING,
    lines_that_wait_are_bounded_and_those_that_are_lost_are_counted: PING,
    what_waited_for_its_reader_is_told,
    wait_ends_on_a_signal,
    monitor_says_what_it_cannot_see: SETPRIV,
];

fn a_reader_that_does_not_read_keeps_nobody_from_ending(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..10)?;
    // The pipe is full, and its reader is the shell, which does not read.
    let full = "exec 8<>p; timeout 0.2 cat /dev/zero > p || true";
    lab.ok("mkfifo p")?;
    for (command, signal, code) in [
        ("ovl-inspect watch", "TERM", 143),
        ("ovl-fdb watch -n ov1 -o json", "INT", 130),
        ("ovl-ns monitor --all", "TERM", 143),
        ("ovl-ns monitor --all", "HUP", 129),
        ("ovl-fdb sync t.csv -n ov1 --watch", "INT", 130),
        ("ovl-fdb answer t.csv -n ov1 -v --cleanup", "TERM", 143),
    ] {
        // Something to tell of, for those who wait for it.
        let changes = "for i in 1 2 3 4 5 6; do sleep 0.2; ip -n ov1 link set br0 mtu 140$i
            bridge -n ov1 fdb replace 02:42:0a:07:00:aa dev vxlan0 dst 192.168.1.$i self; done &";
        let run = format!("timeout --preserve-status -s {signal} -k 3 1 {command} > p");
        let ended = lab.run(&format!("{full}; {changes} {run}"))?;
        ensure!(ended.code == code, "`{command}` does not end with {code} on {signal}\n{ended}");
        // A sandbox of an ordinary user has a process in it that may not be looked at.
        let said = ended.stderr.lines().filter(|line| !line.contains("could not be looked at"));
        ensure!(said.count() == 0, "`{command}` has nothing to say\n{ended}");
    }
    Ok(())
}

fn long_lines_reach_a_slow_reader_whole(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..2000)?;
    let told = lab.ok("timeout 3 ovl-fdb sync t.csv -n ov1 --watch -o json | { sleep 1; cat; }")?;
    let report: Value = serde_json::from_str(&told)?;
    assert_eq!(report["added"].as_array().map(Vec::len), Some(1999));
    Ok(())
}

fn a_reader_that_does_not_read_keeps_no_namespace_alive(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("mkfifo p")?;
    let _watch = lab.background(
        "exec 8<>p; timeout 0.2 cat /dev/zero > p || true; exec ovl-fdb watch -n ov1 -v > p 2> err",
    )?;
    lab.eventually("it follows", |lab| Ok(lab.run("grep following err")?.code == 0))?;
    lab.ok("bridge -n ov1 fdb add 02:42:0a:07:00:aa dev vxlan0 dst 192.168.1.5 self")?;
    lab.ok("sleep 0.3; ip netns del ov1; sleep 1.5
        ip -n h1 link add probe type vxlan id 256 dstport 4789")?;
    Ok(())
}

/// `answer` with a pipe that is full of empty lines, and that nobody reads.
fn answer_unread(lab: &Lab) -> Result<Background> {
    lab.ok("mkfifo p")?;
    let answer = "exec ovl-fdb answer t.csv -n ov1 -v --permanent -o json > p 2> err";
    lab.background(&format!("exec 8<>p; timeout 0.2 yes '' > p || true; {answer}"))
}

/// Reads what was told, until an event with these keys and values comes: all up to that.
fn read_until(lab: &Lab, wanted: &Value) -> Result<Vec<Value>> {
    let _reader = lab.background("exec cat p > told")?;
    let mut events = Vec::new();
    let told = lab.eventually("", |_| {
        let text = fs::read_to_string(format!("{FOLDER}/told")).unwrap_or_default();
        let lines = text.lines().filter(|line| line.ends_with('}'));
        events = lines.map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        Ok(events.iter().any(|event| has(event, wanted)))
    });
    told.with_context(|| format!("{wanted} was not told, but {} events", events.len()))?;
    Ok(events)
}

fn what_a_reader_does_not_read_is_answered_all_the_same(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let answer = answer_unread(lab)?;
    lab.eventually("it answers", |lab| {
        ping(lab, "192.168.10.101")?;
        Ok(standing(lab)?.len() == 2)
    })?;
    // It hears of a table that changes, and of the end of an answer.
    rows::write("t.csv", "192.168.10.101,,192.168.1.9\n192.168.10.102,,192.168.1.6\n")?;
    lab.eventually("the other VTEP is written", |lab| {
        ping(lab, "192.168.10.101")?;
        ping(lab, "192.168.10.102")?;
        let rows = standing(lab)?;
        Ok(rows.iter().filter(|row| row.contains("192.168.1.")).count() == 2)
    })?;
    lab.ok(&format!("kill -USR1 {}", answer.pid()))?;
    let told = read_until(lab, &json!({ "event": "summary" }))?;
    let answers: Vec<&Value> = told.iter().filter(|e| e["event"] == "answered").collect();
    let rows: Option<u64> = answers.iter().map(|e| e["rows"].as_u64()).sum();
    let counts = &told.last().context("nothing")?["counts"];
    ensure!(has(counts, &json!({ "answered": answers.len(), "rows": rows })), "{told:?}");
    ensure!(answers.len() >= 3, "{told:?}");
    Ok(())
}

fn answers_that_nobody_reads_keep_no_namespace_alive(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let _answer = answer_unread(lab)?;
    lab.eventually("it answers", |lab| {
        ping(lab, "192.168.10.101")?;
        Ok(standing(lab)?.len() == 2)
    })?;
    lab.ok("ip netns del ov1")?;
    lab.eventually("the VNI is free", |lab| {
        Ok(lab.run("ip -n h1 link add probe type vxlan id 256 dstport 4789")?.code == 0)
    })?;
    read_until(lab, &json!({ "event": "gone" }))?;
    Ok(())
}

fn lines_that_wait_are_bounded_and_those_that_are_lost_are_counted(lab: &Lab) -> Result<()> {
    const ASKED: usize = 60;
    overlay(lab)?;
    // An answer tells of the whole endpoint: these lines are long ones.
    let name = "x".repeat(100_000);
    let table = (0..ASKED).map(|n| format!("192.168.10.{},,192.168.1.5,{name}\n", 101 + n));
    rows::write("t.csv", &table.collect::<String>())?;
    let _answer = answer_unread(lab)?;
    lab.eventually("all are answered", |lab| {
        lab.ok(&format!(
            "for i in $(seq 101 {}); do
            timeout 0.3 ip netns exec c1 ping -c 1 192.168.10.$i >/dev/null & done; wait",
            100 + ASKED
        ))?;
        Ok(standing(lab)?.len() == 2 * ASKED)
    })?;
    let told = read_until(lab, &json!({ "event": "summary" }))?;
    let answered = told.iter().filter(|e| e["event"] == "answered").count();
    ensure!((30..50).contains(&answered), "{answered} lines of 100 kB waited");
    let [.., unread, summary] = told.as_slice() else { anyhow::bail!("too little") };
    // Where they were, and with what became of them.
    let lost = json!({ "event": "unread", "lines": ASKED - answered });
    ensure!(has(unread, &lost), "not {lost}: {unread}");
    let counts = json!({ "answered": ASKED, "rows": 2 * ASKED });
    ensure!(has(&summary["counts"], &counts), "{summary}");
    Ok(())
}

fn what_waited_for_its_reader_is_told(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("mkfifo p")?;
    let _watch = lab.background("exec 8<>p; exec ovl-inspect watch ov1 -v -o json > p 2> err")?;
    lab.eventually("it follows", |lab| Ok(lab.run("grep following err")?.code == 0))?;
    // Some three times as much as a pipe holds.
    let row = |i: u32| {
        format!("fdb add 02:42:0a:07:{:02x}:{:02x} dev vxlan0 dst 192.168.1.5\n", i / 256, i % 256)
    };
    rows::write("batch", &(0..400).map(row).collect::<String>())?;
    lab.ok("bridge -n ov1 -batch batch; sleep 1; ip netns del ov1; sleep 1.5")?;
    let told = lab.ok("timeout 1 cat p || true")?;
    let events: Vec<Value> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let rows = events.iter().filter(|e| e["object"] == "fdb" && e["event"] == "new").count();
    ensure!(rows > 100, "{rows} rows");
    ensure!(events.last().is_some_and(|e| e["event"] == "gone" && e["object"] == "netns"));
    Ok(())
}

fn wait_ends_on_a_signal(lab: &Lab) -> Result<()> {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let wait = lab.background("exec ovl-ns wait nope")?;
        lab.ok(&format!("sleep 0.3; kill -{signal} {}", wait.pid()))?;
        // By itself, with that code, and not killed.
        assert_eq!(wait.ended()?, Some(code), "{signal}");
    }
    Ok(())
}

fn monitor_says_what_it_cannot_see(lab: &Lab) -> Result<()> {
    let _other = lab.background("exec unshare -n sleep 300")?;
    let bare = "setpriv --bounding-set=-all --inh-caps=-all";
    for flags in ["", "--all"] {
        let ended = lab.run(&format!("timeout 1 {bare} ovl-ns monitor {flags}"))?;
        ensure!(ended.stderr.contains("could not be looked at"), "monitor {flags}\n{ended}");
    }
    Ok(())
}
