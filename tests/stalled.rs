//! Followers and those who read them: one that does not read keeps no follower
//! from ending, and what is said on standard error keeps the form that was asked for.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{rows, tests};

tests![
    a_reader_that_does_not_read_keeps_nobody_from_ending,
    long_lines_reach_a_slow_reader_whole,
    a_reader_that_does_not_read_keeps_no_namespace_alive,
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
    let report: serde_json::Value = serde_json::from_str(&told)?;
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
    let events: Vec<serde_json::Value> =
        told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
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
