//! `ovl-fdb sync --watch`: rows and table stay equal, whichever of the two
//! changes, and no namespace is kept alive for it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ovl_tests::follower::{Follower, has};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows};
use ovl_tests::tests;
use serde_json::json;

tests![
    a_table_that_is_replaced_is_followed,
    a_table_that_is_written_in_place_is_followed,
    a_table_that_is_removed_keeps_its_rows,
    a_table_that_is_wrong_keeps_the_rows_and_is_said_once,
    a_table_that_loses_too_much_keeps_the_rows,
    rows_that_drift_are_put_back,
    another_owners_row_is_told_once_and_kept,
    a_namespace_is_let_go_and_found_again,
    a_device_that_is_made_again_has_its_rows_again,
    another_networks_device_gets_no_rows,
    a_namespace_that_comes_back_while_the_table_changes,
    it_ends_on_a_signal_and_leaves_its_rows,
    cleanup_takes_its_rows_and_no_others,
    it_begins_as_sync_does,
    two_followers_of_two_devices_do_not_disturb_each_other,
    errors_have_the_form_that_was_asked_for,
];

const WATCH: &str = "ovl-fdb sync t.csv -n ov1 --watch";

/// Follows a table of nine endpoints.
fn follow(lab: &Lab, flags: &str) -> Result<Follower> {
    lab.overlay()?;
    rows::csv("t.csv", 1..10)?;
    let follower = Follower::spawn(lab, &format!("{WATCH} {flags}"), "w")?;
    becomes(lab, &rows::owned(1..10))?;
    Ok(follower)
}

/// Waits until those are the rows.
fn becomes(lab: &Lab, wanted: &Rows) -> Result<()> {
    let became = lab.eventually("the rows are those of the table", |lab| {
        Ok(rows::of(lab, "ov1").is_ok_and(|found| found == *wanted))
    });
    became.or_else(|_| rows::same("still not so", wanted, &rows::of(lab, "ov1")?))
}

fn a_table_that_is_replaced_is_followed(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "")?;
    for numbers in [1..20, 5..20, 5..30] {
        rows::csv("t.new", numbers.clone())?;
        lab.ok("mv t.new t.csv")?;
        becomes(lab, &rows::owned(numbers))?;
    }
    follower.hears(lab, &json!({ "dev": "vxlan0", "unchanged": 15 }))?;
    let added = |e: &serde_json::Value| e["added"].as_array().map_or(0, Vec::len);
    let told: Vec<usize> = follower.events()?.iter().map(added).collect();
    assert_eq!(told, [9, 10, 0, 10], "{:?}", follower.events());
    Ok(())
}

fn a_table_that_is_written_in_place_is_followed(lab: &Lab) -> Result<()> {
    let _follower = follow(lab, "")?;
    lab.ok("echo 10.7.0.77,02:42:0a:07:00:4d,192.168.1.7 >> t.csv")?;
    let with = rows::owned((1..10).chain([77]));
    becomes(lab, &with)?;
    // In parts, as a slow writer does: a half of it is a table as well.
    lab.ok("exec 3> t.csv; for i in 1 2 3 4 5 6 7 8 9; do
            echo 10.7.0.$i,02:42:0a:07:00:0$i,192.168.1.$((5 + i % 3)) >&3; sleep 0.03; done")?;
    becomes(lab, &rows::owned(1..10))
}

fn a_table_that_is_removed_keeps_its_rows(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "--every 100ms")?;
    lab.ok("rm t.csv")?;
    follower.says(lab, "t.csv")?;
    std::thread::sleep(Duration::from_millis(400));
    rows::same("it is gone", &rows::owned(1..10), &rows::of(lab, "ov1")?)?;
    rows::csv("t.csv", 4..15)?;
    becomes(lab, &rows::owned(4..15))
}

fn a_table_that_is_wrong_keeps_the_rows_and_is_said_once(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "--every 100ms")?;
    rows::write("t.csv", "10.7.0.1,,192.168.1.5\n10.7.0.300,,192.168.1.5\n")?;
    follower.says(lab, "line 2: column 1, ip: '10.7.0.300' is not an IP address")?;
    lab.ok("touch t.csv; sleep 0.3; touch t.csv; sleep 0.3")?;
    rows::same("it is wrong", &rows::owned(1..10), &rows::of(lab, "ov1")?)?;
    let said = follower.said();
    assert_eq!(said.matches("line 2").count(), 1, "{said}");
    rows::csv("t.csv", 1..12)?;
    becomes(lab, &rows::owned(1..12))
}

fn a_table_that_loses_too_much_keeps_the_rows(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "")?;
    lab.ok(": > t.csv")?;
    follower.says(lab, "the table is empty")?;
    rows::csv("t.csv", 1..2)?;
    follower.says(lab, "8 of 9 endpoints would be deleted")?;
    rows::same("too much is gone", &rows::owned(1..10), &rows::of(lab, "ov1")?)?;
    rows::csv("t.csv", 5..11)?;
    becomes(lab, &rows::owned(5..11))
}

fn rows_that_drift_are_put_back(lab: &Lab) -> Result<()> {
    let _follower = follow(lab, "--every 1s")?;
    lab.ok("bridge -n ov1 fdb del 02:42:0a:07:00:01 dev vxlan0 self")?;
    becomes(lab, &rows::owned(1..10))?;
    lab.ok("ip -n ov1 neigh del 10.7.0.2 dev vxlan0
        ip -n ov1 neigh del 10.7.0.3 dev vxlan0; bridge -n ov1 fdb del 02:42:0a:07:00:03 dev vxlan0 self")?;
    becomes(lab, &rows::owned(1..10))
}

fn another_owners_row_is_told_once_and_kept(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "--every 100ms")?;
    lab.ok("ip -n ov1 neigh add 10.7.0.50 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent")?;
    rows::csv("t.csv", (1..10).chain([50, 51]))?;
    let mut wanted = rows::owned((1..10).chain([51]));
    wanted.insert("10.7.0.50 lladdr 02:42:00:00:00:99 PERMANENT".into());
    becomes(lab, &wanted)?;
    std::thread::sleep(Duration::from_millis(500));
    rows::same("it is another's", &wanted, &rows::of(lab, "ov1")?)?;
    let blocked = |e: &serde_json::Value| e["blocked"].as_array().is_some_and(|b| !b.is_empty());
    let told = follower.events()?;
    // With what was added, and once more when it was all that was left.
    ensure!((1..=2).contains(&told.iter().filter(|e| blocked(e)).count()), "{told:?}");
    // Once it has gone, ours takes its place.
    lab.ok("ip -n ov1 neigh del 10.7.0.50 dev vxlan0")?;
    becomes(lab, &rows::owned((1..10).chain([50, 51])))
}

/// The overlay namespace again, under the same name.
const AGAIN: &str = "ip netns add ov1; ip -n ov1 link set lo up
    ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789 proxy l2miss l3miss
    ip -n ov1 link set vxlan0 up";

/// Deletes the namespace; gives back how long the VNI was still taken.
fn let_go(lab: &Lab) -> Result<Duration> {
    lab.ok("ip netns del ov1")?;
    let start = Instant::now();
    lab.eventually("the VNI is free", |lab| {
        let probe = "ip -n h1 link add probe type vxlan id 256 dstport 4789";
        Ok(lab.run(probe)?.code == 0)
    })?;
    let took = start.elapsed();
    lab.ok("ip -n h1 link del probe")?;
    Ok(took)
}

fn a_namespace_is_let_go_and_found_again(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "")?;
    for _ in 0..3 {
        let took = let_go(lab)?;
        ensure!(took < Duration::from_secs(2), "it was held for {took:?}");
        follower.says(lab, "is gone")?;
        lab.ok(AGAIN)?;
        let start = Instant::now();
        becomes(lab, &rows::owned(1..10))?;
        let took = start.elapsed();
        ensure!(took < Duration::from_secs(4), "its rows were there after {took:?}");
    }
    Ok(())
}

fn a_device_that_is_made_again_has_its_rows_again(lab: &Lab) -> Result<()> {
    let _follower = follow(lab, "")?;
    lab.ok("ip -n ov1 link del vxlan0
        ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789 proxy l2miss l3miss
        ip -n ov1 link set vxlan0 up")?;
    becomes(lab, &rows::owned(1..10))
}

fn another_networks_device_gets_no_rows(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.yaml", "vni: 256\nendpoints:\n  - { ip: 10.7.0.1, vtep: 192.168.1.5 }\n")?;
    let follower = Follower::spawn(lab, "ovl-fdb sync t.yaml -n ov1 --watch", "w")?;
    lab.eventually("its rows are there", |lab| Ok(rows::of(lab, "ov1")?.len() == 2))?;
    lab.ok("ip -n ov1 link del vxlan0
        ip -n h1 link add vxlan0 netns ov1 type vxlan id 300 dstport 4789; ip -n ov1 link set vxlan0 up")?;
    follower.says(lab, "the table is of VNI 256, vxlan0 of VNI 300")?;
    rows::same("it is another network's", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn a_namespace_that_comes_back_while_the_table_changes(lab: &Lab) -> Result<()> {
    let _follower = follow(lab, "")?;
    let_go(lab)?;
    // Read while there is nowhere to write to.
    rows::csv("t.csv", 20..40)?;
    std::thread::sleep(Duration::from_millis(300));
    lab.ok(AGAIN)?;
    becomes(lab, &rows::owned(20..40))
}

fn it_ends_on_a_signal_and_leaves_its_rows(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "")?;
    lab.ok(&format!("kill -TERM {}", follower.process.pid()))?;
    assert_eq!(follower.process.wait()?, 143);
    rows::same("it has ended", &rows::owned(1..10), &rows::of(lab, "ov1")?)?;
    let again = Follower::spawn(lab, WATCH, "again")?;
    std::thread::sleep(Duration::from_millis(200));
    lab.ok(&format!("kill -INT {}", again.process.pid()))?;
    assert_eq!(again.process.wait()?, 130);
    Ok(())
}

fn cleanup_takes_its_rows_and_no_others(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n ov1 neigh add 10.9.0.1 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:00:00:00:99 dev vxlan0 dst 192.168.1.9 self permanent
        bridge -n ov1 fdb add 02:42:00:00:00:98 dev vxlan0 dst 192.168.1.9 self extern_learn
        bridge -n ov1 fdb add 02:42:00:00:00:98 dev vxlan0 master extern_learn")?;
    let before = rows::of(lab, "ov1")?;
    rows::csv("t.csv", 1..10)?;
    lab.ok("echo ,00:00:00:00:00:00,192.168.1.5 >> t.csv; echo ,02:42:0a:07:00:aa,192.168.1.5 >> t.csv")?;
    let follower = Follower::spawn(lab, &format!("{WATCH} --cleanup"), "w")?;
    lab.eventually("its rows are there", |lab| {
        Ok(rows::of(lab, "ov1")?.len() == before.len() + 20)
    })?;
    lab.ok(&format!("kill -TERM {}", follower.process.pid()))?;
    assert_eq!(follower.process.wait()?, 143);
    rows::same("it has cleaned up", &before, &rows::of(lab, "ov1")?)?;
    // Nothing to clean up where there is nothing.
    let follower = Follower::spawn(lab, &format!("{WATCH} --cleanup"), "w2")?;
    lab.eventually("its rows are there", |lab| Ok(rows::of(lab, "ov1")?.len() > before.len()))?;
    lab.ok(&format!("ip netns del ov1; kill -TERM {}", follower.process.pid()))?;
    assert_eq!(follower.process.wait()?, 143);
    Ok(())
}

fn it_begins_as_sync_does(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..10)?;
    rows::write("bad.csv", "nonsense,,\n")?;
    rows::write("t.yaml", "vni: 300\nendpoints: []\n")?;
    for (command, code, word) in [
        ("ovl-fdb sync bad.csv -n ov1 --watch", 1, "line 1"),
        ("ovl-fdb sync nowhere.csv -n ov1 --watch", 3, "nowhere.csv"),
        ("ovl-fdb sync t.yaml -n ov1 --watch", 1, "300"),
        ("ovl-fdb sync t.csv -n nowhere --watch", 3, "nowhere"),
        ("ovl-fdb sync t.csv -n ov1 --dev vxlan9 --watch", 3, "vxlan9"),
        ("ovl-fdb sync - -n ov1 --watch </dev/null", 2, "standard input"),
        ("ovl-fdb sync t.csv -n ov1 --watch --check", 2, "--check"),
        ("ovl-fdb sync t.csv -n ov1 --cleanup", 2, "--watch"),
    ] {
        lab.refuses(&format!("timeout 5 {command}"), code, &[word])?;
    }
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn two_followers_of_two_devices_do_not_disturb_each_other(lab: &Lab) -> Result<()> {
    let first = follow(lab, "--every 100ms")?;
    lab.ok("ip netns add ov2
        ip -n h1 link add vxlan0 netns ov2 type vxlan id 257 dstport 4789; ip -n ov2 link set vxlan0 up")?;
    rows::csv("u.csv", 30..40)?;
    let second = Follower::spawn(lab, "ovl-fdb sync u.csv -n ov2 --watch --every 100ms", "w2")?;
    second.hears(lab, &json!({ "netns": { "ref": "ov2" } }))?;
    rows::same("theirs", &rows::owned(30..40), &rows::of(lab, "ov2")?)?;
    let took = let_go(lab)?;
    ensure!(took < Duration::from_secs(2), "it was held for {took:?}");
    first.says(lab, "is gone")?;
    ensure!(!second.events()?.iter().any(|e| has(e, &json!({ "netns": { "ref": "ov1" } }))));
    rows::same("theirs", &rows::owned(30..40), &rows::of(lab, "ov2")?)
}

fn errors_have_the_form_that_was_asked_for(lab: &Lab) -> Result<()> {
    let follower = follow(lab, "")?;
    rows::write("t.csv", "10.7.0.1,,192.168.1.5\n10.7.0.300,,192.168.1.5\n")?;
    follower.says(lab, "line 2")?;
    lab.ok("rm t.csv")?;
    follower.says(lab, "it is gone")?;
    for line in follower.said().lines() {
        let error: serde_json::Value = serde_json::from_str(line)?;
        ensure!(error["error"]["message"].is_string(), "{line}");
    }
    Ok(())
}
