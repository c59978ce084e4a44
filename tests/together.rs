//! Several runs of `ovl-fdb` on one device at once, and one after the other on the
//! same endpoint: each row stays whose it is, and none is left behind.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows};
use ovl_tests::tests;

tests![
    runs_at_once_know_of_each_others_rows,
    what_was_deleted_by_runs_at_once_is_nobodys,
    the_same_row_added_at_once_stands_once,
    an_endpoint_is_taken_over_whole,
    an_endpoint_that_gets_another_mac_leaves_no_row_behind,
    a_row_that_others_use_stays,
];

/// Each word of `each` in a command of its own, all at once; all have to succeed.
fn at_once(lab: &Lab, command: &str, each: &[String]) -> Result<()> {
    let words = each.join("\n");
    lab.ok(&format!("printf '%s\\n' '{words}' | xargs -P8 -L1 {command} >at-once.log"))?;
    Ok(())
}

fn adds(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers
        .map(|n| {
            let (ip, mac, dst) = rows::endpoint(n);
            format!("add {ip} {mac} --dst {dst}")
        })
        .collect()
}

fn dels(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| format!("del 10.7.0.{n}")).collect()
}

/// `-n ov1` behind the words of each.
const OVL_FDB: &str = "sh -c 'exec ovl-fdb \"$@\" -n ov1' ovl-fdb";

fn runs_at_once_know_of_each_others_rows(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for _ in 0..6 {
        at_once(lab, OVL_FDB, &adds(1..4))?;
        let alone = |n: usize| format!("add 02:42:0a:07:01:{n:02x} --fdb-only --dst 192.168.1.7");
        let mixed: Vec<String> =
            dels(1..4).into_iter().zip((1..4).map(alone)).flat_map(|(d, a)| [d, a]).collect();
        at_once(lab, OVL_FDB, &mixed)?;
        assert_eq!(rows::of(lab, "ov1")?.len(), 3);
        ensure!(lab.ok("ovl-fdb list -n ov1 --foreign -q")?.lines().count() <= 1);
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn what_was_deleted_by_runs_at_once_is_nobodys(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for _ in 0..4 {
        at_once(lab, OVL_FDB, &adds(1..7))?;
        at_once(lab, OVL_FDB, &dels(1..7))?;
        for (_, mac, dst) in (1..7).map(rows::endpoint) {
            let marked = "self permanent extern_learn";
            lab.ok(&format!("bridge -n ov1 fdb add {mac} dev vxlan0 dst {dst} {marked}"))?;
        }
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        assert_eq!(rows::of(lab, "ov1")?.len(), 6);
        lab.ok("bridge -n ov1 fdb flush dev vxlan0")?;
    }
    Ok(())
}

fn the_same_row_added_at_once_stands_once(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for _ in 0..6 {
        let same: Vec<String> =
            (0..4).flat_map(|_| adds(1..2)).map(|add| format!("{add} --exist-ok")).collect();
        at_once(lab, OVL_FDB, &same)?;
        rows::same("added", &rows::owned(1..2), &rows::of(lab, "ov1")?)?;
        let same: Vec<String> =
            (0..4).flat_map(|_| dels(1..2)).map(|del| format!("{del} --missing-ok")).collect();
        at_once(lab, OVL_FDB, &same)?;
        rows::same("deleted", &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

/// A pair of another's, of which one row is as it is wanted.
const ANOTHERS: &str = "
    ip -n ov1 neigh add 10.7.0.1 lladdr 02:42:0a:07:00:01 dev vxlan0 nud permanent
    bridge -n ov1 fdb add 02:42:0a:07:00:01 dev vxlan0 dst 192.168.1.99 self permanent";

fn an_endpoint_is_taken_over_whole(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..2)?;
    for take_over in [
        "ovl-fdb sync t.csv -n ov1 --take-over",
        "ovl-fdb load t.csv -n ov1 --replace",
        "ovl-fdb add 10.7.0.1 02:42:0a:07:00:01 --dst 192.168.1.6 -n ov1 --replace",
    ] {
        lab.ok(&format!("{ANOTHERS}\n{take_over}"))?;
        rows::same(take_over, &rows::owned(1..2), &rows::of(lab, "ov1")?)?;
        ensure!(lab.ok("ovl-fdb list -n ov1")?.contains("owned"), "{take_over}");
        lab.ok("ovl-fdb del 10.7.0.1 -n ov1")?;
        rows::same(take_over, &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn an_endpoint_that_gets_another_mac_leaves_no_row_behind(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..2)?;
    rows::write("other.csv", "10.7.0.1,02:42:0a:07:00:09,192.168.1.7\n")?;
    let by_hand =
        "bridge -n ov1 fdb add 02:42:0a:07:00:05 dev vxlan0 dst 192.168.1.9 self permanent";
    lab.ok(by_hand)?;
    for moved in [
        "ovl-fdb add 10.7.0.1 02:42:0a:07:00:09 --dst 192.168.1.7 -n ov1 --replace",
        "ovl-fdb load other.csv -n ov1 --replace",
        "ovl-fdb sync other.csv -n ov1",
    ] {
        lab.ok(&format!("ovl-fdb load t.csv -n ov1; {moved}"))?;
        let left = rows::of(lab, "ov1")?;
        ensure!(left.iter().all(|row| !row.contains("02:42:0a:07:00:01")), "{moved}: {left:?}");
        assert_eq!(left.len(), 3, "{moved}: {left:?}");
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        assert_eq!(rows::of(lab, "ov1")?.len(), 1, "{moved}");
    }
    Ok(())
}

fn a_row_that_others_use_stays(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("other.csv", "10.7.0.1,02:42:0a:07:00:09,192.168.1.7\n")?;
    let add = |ip: &str| format!("ovl-fdb add {ip} 02:42:0a:07:00:01 --dst 192.168.1.7 -n ov1");
    for moved in [
        "ovl-fdb add 10.7.0.1 02:42:0a:07:00:09 --dst 192.168.1.7 -n ov1 --replace",
        "ovl-fdb load other.csv -n ov1 --replace",
    ] {
        lab.ok(&format!("{}\n{}\n{moved}", add("10.7.0.1"), add("10.7.0.2")))?;
        let left = rows::fdb(lab, "ov1")?;
        ensure!(left.iter().any(|row| row.starts_with("02:42:0a:07:00:01")), "{moved}: {left:?}");
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same(moved, &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}
