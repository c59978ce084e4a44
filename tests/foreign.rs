//! Rows that others have made: by hand, by Docker, by a control plane such as
//! FRR. Whatever `ovl-fdb` does, they are as they were, to the last flag.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows, pair};
use ovl_tests::tests;

tests![
    load_and_sync_leave_them_alone,
    rows_that_were_ours_and_are_dockers_now_are_left_alone,
    rows_in_the_way_stay_and_are_told,
    rows_in_the_way_give_way_when_they_are_taken_over,
    a_follower_leaves_them_alone,
    flush_takes_ours_from_among_them,
    a_lone_row_with_our_mark_is_not_ours,
];

/// As people, Docker (`peerAdd`: neighbour, then FDB row) and FRR write them.
const THEIRS: &str = "b='bridge -n ov1 fdb' n='ip -n ov1 neigh'
    # By hand: whole, halves, with every flag, learned.
    $n add 10.9.0.1 lladdr 02:42:0a:09:00:01 dev vxlan0 nud permanent
    $b add 02:42:0a:09:00:01 dev vxlan0 dst 192.168.1.5 self permanent
    $n add 10.9.0.2 lladdr 02:42:0a:09:00:02 dev vxlan0 nud permanent
    $b add 02:42:0a:09:00:03 dev vxlan0 dst 192.168.1.6 self permanent sticky
    $b add 02:42:0a:09:00:04 dev vxlan0 dst 192.168.1.6 port 9999 vni 300 self permanent router
    $b add 02:42:0a:09:00:05 dev vxlan0 dst 192.168.1.6 self static
    $n add 10.9.0.6 lladdr 02:42:0a:09:00:06 dev vxlan0 nud noarp
    $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 self permanent
    $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 self permanent
    # Docker's.
    $n replace 10.9.1.1 lladdr 02:42:0a:09:01:01 dev vxlan0 nud permanent
    $b replace 02:42:0a:09:01:01 dev vxlan0 dst 192.168.1.6 self permanent
    # FRR's, of MAC addresses with and without an IP address.
    $b add 02:42:0a:09:02:01 dev vxlan0 dst 192.168.1.7 self extern_learn
    $b add 02:42:0a:09:02:01 dev vxlan0 master extern_learn
    $n add 10.9.2.1 lladdr 02:42:0a:09:02:01 dev vxlan0 nud noarp extern_learn proto zebra
    $b add 02:42:0a:09:02:02 dev vxlan0 dst 192.168.1.7 self extern_learn
    $b add 02:42:0a:09:02:02 dev vxlan0 master extern_learn";

/// Every row of vxlan0 but ours, and those of the bridge, as they are printed.
fn theirs(lab: &Lab) -> Result<Rows> {
    let bridge = lab.ok("bridge -n ov1 -d fdb show br br0")?;
    let neighs = lab.ok("ip -n ov1 -d neigh show dev vxlan0")?;
    let all = bridge.lines().chain(neighs.lines()).map(|line| line.trim_end().to_owned());
    let is_ours = |line: &String| line.contains("02:42:0a:07:") || line.starts_with("10.7.");
    // The kernel asks for neighbours of its own accord.
    let is_asked = |line: &String| line.contains("FAILED") || line.contains("INCOMPLETE");
    Ok(all.filter(|line| !is_ours(line) && !is_asked(line)).collect())
}

/// Ours among theirs; what theirs are.
fn among_them(lab: &Lab) -> Result<Rows> {
    lab.overlay()?;
    lab.ok(THEIRS)?;
    rows::csv("t.csv", 1..50)?;
    lab.ok("ip -n ov1 neigh get 10.9.2.1 dev vxlan0 | grep -q extern_learn")?;
    let before = theirs(lab)?;
    ensure!(before.iter().any(|line| line.contains("zebra")), "{before:?}");
    ensure!(before.iter().filter(|line| line.contains("extern_learn")).count() == 5, "{before:?}");
    Ok(before)
}

fn load_and_sync_leave_them_alone(lab: &Lab) -> Result<()> {
    let before = among_them(lab)?;
    for command in [
        "ovl-fdb load t.csv -n ov1",
        "ovl-fdb sync t.csv -n ov1",
        "sed -i 20,30d t.csv; sed -i s/1.5$/1.8/ t.csv; ovl-fdb sync t.csv -n ov1",
        "ovl-fdb sync t.csv -n ov1 --take-over",
        "sed -i 2,30d t.csv; ovl-fdb sync t.csv -n ov1 --max-delete 100%",
        ": > empty; ovl-fdb sync empty -n ov1 --allow-empty",
        "ovl-fdb load t.csv -n ov1 --replace; ovl-fdb flush --owned -n ov1",
    ] {
        lab.ok(command)?;
        rows::same(command, &before, &theirs(lab)?)?;
    }
    Ok(())
}

/// An address that a table had is another container's now: Docker writes over both
/// rows, keeps our protocol on the neighbour, and clears `extern_learn`.
const TAKEN: &str =
    "ip -n ov1 neigh replace 10.7.0.1 lladdr 02:42:0a:07:00:01 dev vxlan0 nud permanent
    bridge -n ov1 fdb replace 02:42:0a:07:00:01 dev vxlan0 dst 192.168.1.6 self permanent
    ip -n ov1 neigh replace 10.7.0.2 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
    bridge -n ov1 fdb replace 02:42:00:00:00:99 dev vxlan0 dst 192.168.1.6 self permanent";

fn rows_that_were_ours_and_are_dockers_now_are_left_alone(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..10)?;
    lab.ok("ovl-fdb sync t.csv -n ov1")?;
    lab.ok(TAKEN)?;
    let taken = rows::of(lab, "ov1")?;
    for mark in ["10.7.0.1 lladdr 02:42:0a:07:00:01 PERMANENT proto 79", "02:42:00:00:00:99 dst"] {
        ensure!(taken.iter().any(|row| row.starts_with(mark)), "no '{mark}' in {taken:?}");
    }
    let dockers = |all: Rows| -> Rows {
        let words = ["10.7.0.1 ", "10.7.0.2 ", "02:42:0a:07:00:01 dst", "02:42:00:00:00:99 dst"];
        all.into_iter().filter(|row| words.iter().any(|word| row.starts_with(word))).collect()
    };
    let before = dockers(taken);
    assert_eq!(before.len(), 4, "{before:?}");
    // In the table and out of it.
    rows::csv("less.csv", 3..10)?;
    for command in [
        "! ovl-fdb sync t.csv -n ov1",
        "ovl-fdb sync less.csv -n ov1",
        "ovl-fdb flush --owned -n ov1",
        ": > empty; ovl-fdb sync empty -n ov1 --allow-empty",
    ] {
        lab.ok(command)?;
        rows::same(command, &before, &dockers(rows::of(lab, "ov1")?))?;
    }
    Ok(())
}

/// Tables that want endpoints where others have theirs.
const WAYS: [(&str, &str); 6] = [
    ("by hand, another MAC address", "10.9.0.1,02:42:0a:07:01:01,192.168.1.5"),
    ("by hand, another VTEP", "10.9.0.9,02:42:0a:09:00:03,192.168.1.5"),
    ("by hand, another port", "10.9.0.9,02:42:0a:09:00:04,192.168.1.6"),
    ("by hand, a neighbour that is never asked", "10.9.0.6,02:42:0a:07:01:02,192.168.1.5"),
    ("Docker's", "10.9.1.1,,192.168.1.9"),
    ("FRR's", "10.9.2.1,,192.168.1.9"),
];

fn rows_in_the_way_stay_and_are_told(lab: &Lab) -> Result<()> {
    let before = among_them(lab)?;
    lab.ok("cp t.csv ours.csv")?;
    for (whose, line) in WAYS {
        lab.ok(&format!("cp ours.csv t.csv; echo {line} >> t.csv"))?;
        let output = lab.run("ovl-fdb sync t.csv -n ov1")?;
        let ip = line.split(',').next().context("no address")?;
        let is_told = output.stdout.lines().any(|l| l.starts_with(&format!("! {ip} ")));
        ensure!(output.code == 4 && is_told, "{whose}\n{output}");
        lab.refuses("ovl-fdb load t.csv -n ov1", 4, &[ip, "line 51"])?;
        rows::same(whose, &before, &theirs(lab)?)?;
        ensure!(rows::of(lab, "ov1")?.is_superset(&rows::owned(1..50)), "ours were not written");
    }
    Ok(())
}

fn rows_in_the_way_give_way_when_they_are_taken_over(lab: &Lab) -> Result<()> {
    among_them(lab)?;
    let lines: String = WAYS
        .iter()
        .filter(|w| !w.1.starts_with("10.9.0.9"))
        .map(|w| format!("{}\n", w.1))
        .collect();
    rows::write("t.csv", &lines)?;
    let kept = |all: Rows| -> Rows {
        let taken = [
            "10.9.0.1 ",
            "10.9.0.6 ",
            "10.9.1.1 ",
            "10.9.2.1 ",
            "02:42:0a:09:01:01 dev vxlan0 dst",
            "02:42:0a:09:02:01 dev vxlan0 dst",
        ];
        all.into_iter().filter(|row| !taken.iter().any(|word| row.starts_with(word))).collect()
    };
    let before = kept(theirs(lab)?);
    lab.ok("ovl-fdb sync t.csv -n ov1 --take-over")?;
    let found = rows::of(lab, "ov1")?;
    let mut wanted = Rows::from(pair("10.9.0.1", "02:42:0a:07:01:01", "192.168.1.5"));
    wanted.extend(pair("10.9.0.6", "02:42:0a:07:01:02", "192.168.1.5"));
    // Of a pair both rows are taken over, or none.
    wanted.extend(pair("10.9.1.1", "02:42:0a:09:01:01", "192.168.1.9"));
    wanted.extend(pair("10.9.2.1", "02:42:0a:09:02:01", "192.168.1.9"));
    ensure!(found.is_superset(&wanted), "{found:#?}");
    rows::same("the others", &before, &kept(theirs(lab)?))
}

fn a_follower_leaves_them_alone(lab: &Lab) -> Result<()> {
    let before = among_them(lab)?;
    for command in
        ["sync t.csv --watch --every 100ms --cleanup", "answer t.csv --permanent --cleanup"]
    {
        let follower = lab.background(&format!("exec ovl-fdb {command} -n ov1"))?;
        if command.starts_with("sync") {
            lab.eventually("its rows are there", |lab| {
                Ok(rows::of(lab, "ov1")?.is_superset(&rows::owned(1..50)))
            })?;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        rows::same(command, &before, &theirs(lab)?)?;
        lab.ok(&format!("kill -TERM {}", follower.pid()))?;
        assert_eq!(follower.wait()?, 143, "{command}");
        rows::same(command, &before, &theirs(lab)?)?;
    }
    rows::same("--cleanup", &before, &all(lab)?)
}

/// Every row, ours as well.
fn all(lab: &Lab) -> Result<Rows> {
    let ours = rows::of(lab, "ov1")?.into_iter().filter(|row| row.contains("02:42:0a:07:"));
    Ok(theirs(lab)?.into_iter().chain(ours).collect())
}

fn flush_takes_ours_from_among_them(lab: &Lab) -> Result<()> {
    let before = among_them(lab)?;
    lab.ok("ovl-fdb load t.csv -n ov1")?;
    // A filter alone means ours.
    for filter in
        ["--dst 192.168.1.5", "--permanent", "--port 9999", "--vni 300", "--learned", "--owned"]
    {
        lab.ok(&format!("ovl-fdb flush {filter} -n ov1"))?;
        rows::same(filter, &before, &theirs(lab)?)?;
    }
    rows::same("flushed", &before, &all(lab)?)
}

fn a_lone_row_with_our_mark_is_not_ours(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // What somebody else has marked so, and what a mark was left on.
    lab.ok("ip -n ov1 neigh add 10.7.0.1 lladdr 02:42:0a:07:00:01 dev vxlan0 nud permanent proto 79
        bridge -n ov1 fdb add 02:42:0a:07:00:02 dev vxlan0 dst 192.168.1.5 self permanent extern_learn")?;
    let before = rows::of(lab, "ov1")?;
    lab.ok("ovl-fdb flush --owned -n ov1; : > empty; ovl-fdb sync empty -n ov1")?;
    rows::same("they are nobody's", &before, &rows::of(lab, "ov1")?)
}
