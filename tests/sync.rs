//! `ovl-fdb sync`: our rows become what a table says, no row more is touched,
//! and whatever ends a run, the next one ends with the table.

use anyhow::{Result, ensure};
use ovl_tests::lab::{Lab, column};
use ovl_tests::rows::{self, Monitor, Rows, pair};
use ovl_tests::{oracle, tests};
use serde_json::{Value, json};

tests![
    rows_become_what_the_table_says,
    signs_say_what_became_of_each_endpoint,
    json_says_the_same,
    ports_vnis_and_ways_out_are_told_where_they_differ,
    a_second_run_changes_nothing,
    a_check_changes_nothing_and_tells_of_drift,
    endpoints_that_moved_cost_one_row_each,
    an_address_that_has_another_mac_leaves_no_row_behind,
    addresses_of_one_mac_share_its_row,
    flood_rows_are_a_list,
    endpoints_behind_this_host_have_no_rows,
    a_table_that_is_not_there_deletes_nothing,
    a_table_that_deletes_too_much_changes_nothing,
    a_table_without_vteps_strips_no_endpoint,
    rows_that_drifted_are_put_back,
    a_learned_row_gives_way,
    a_run_that_is_killed_is_finished_by_the_next,
    a_signal_takes_back_what_was_written,
];

fn sync(lab: &Lab) -> Result<String> {
    lab.ok("ovl-fdb sync t.csv -n ov1")
}

fn rows_become_what_the_table_says(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for numbers in [1..100, 50..150, 60..61, 1..300] {
        rows::csv("t.csv", numbers.clone())?;
        lab.ok("ovl-fdb sync t.csv --dev vxlan0 -n ov1 --max-delete 100%")?;
        rows::same("synced", &rows::owned(numbers), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

/// Three endpoints stand; of the table one is as it was, one has moved, one is new.
fn moved_and_removed(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..4)?;
    sync(lab)?;
    rows::write(
        "t.csv",
        "10.7.0.1,02:42:0a:07:00:01,192.168.1.6\n\
        10.7.0.2,02:42:0a:07:00:02,192.168.1.77\n10.7.0.4,02:42:0a:07:00:04,192.168.1.6\n",
    )?;
    lab.ok("ip -n ov1 neigh add 10.7.0.9 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
        echo 10.7.0.9,,192.168.1.5 >> t.csv")
        .map(drop)
}

fn signs_say_what_became_of_each_endpoint(lab: &Lab) -> Result<()> {
    moved_and_removed(lab)?;
    let output = lab.run("ovl-fdb sync t.csv -n ov1")?;
    ensure!(output.code == 4, "another's row stands in the way\n{output}");
    let mut lines: Vec<String> =
        output.stdout.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let counts = lines.pop().unwrap_or_default();
    assert_eq!(counts, "1 added, 1 changed, 1 removed, 1 unchanged, 1 not ours");
    lines.sort();
    assert_eq!(lines.len(), 4, "{output}");
    ensure!(lines[0].starts_with("! 10.7.0.9 ") && lines[0].contains("02:42:00:00:00:99"));
    assert_eq!(lines[1], "+ 10.7.0.4 02:42:0a:07:00:04 → 192.168.1.6");
    assert_eq!(lines[2], "- 10.7.0.3 02:42:0a:07:00:03 → 192.168.1.5");
    assert_eq!(lines[3], "~ 10.7.0.2 02:42:0a:07:00:02 → 192.168.1.77 was 192.168.1.7");
    // The rest is done all the same.
    let mut wanted = Rows::from(pair("10.7.0.1", "02:42:0a:07:00:01", "192.168.1.6"));
    wanted.extend(pair("10.7.0.2", "02:42:0a:07:00:02", "192.168.1.77"));
    wanted.extend(pair("10.7.0.4", "02:42:0a:07:00:04", "192.168.1.6"));
    wanted.insert("10.7.0.9 lladdr 02:42:00:00:00:99 PERMANENT".into());
    rows::same("synced", &wanted, &rows::of(lab, "ov1")?)
}

fn json_says_the_same(lab: &Lab) -> Result<()> {
    moved_and_removed(lab)?;
    let output = lab.run("ovl-fdb sync t.csv -n ov1 -o json")?;
    ensure!(output.code == 4, "{output}");
    let said: Value = serde_json::from_str(&output.stdout)?;
    for (key, ip) in [
        ("added", "10.7.0.4"),
        ("changed", "10.7.0.2"),
        ("removed", "10.7.0.3"),
        ("blocked", "10.7.0.9"),
    ] {
        assert_eq!(column(&said[key], "ip"), [ip], "{key}: {said}");
    }
    assert_eq!(said["changed"][0]["was"]["dst"], "192.168.1.7");
    assert_eq!(said["changed"][0]["dst"], "192.168.1.77");
    assert_eq!(said["blocked"][0]["stands"]["mac"], "02:42:00:00:00:99");
    assert_eq!((&said["unchanged"], &said["dev"]), (&json!(1), &json!("vxlan0")));
    Ok(())
}

fn ports_vnis_and_ways_out_are_told_where_they_differ(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let table = |more: &str| {
        let one = "mac: 02:42:00:00:00:01, vtep: 192.168.1.5";
        let other = "mac: 02:42:00:00:00:02, vtep: 192.168.1.5, port: 4789, vni: 256";
        rows::write("t.yaml", &format!("endpoints:\n  - {{ {one}{more} }}\n  - {{ {other} }}\n"))
    };
    table(", port: 8472")?;
    lab.ok("ovl-fdb sync t.yaml -n ov1")?;
    table(", vni: 300, via: eth0")?;
    let check = lab.run("ovl-fdb sync t.yaml -n ov1 --check")?;
    let said: Vec<&str> = check.stdout.lines().collect();
    assert_eq!(
        said[0],
        "~ 02:42:00:00:00:01  → 192.168.1.5 vni 300 via eth0   was 192.168.1.5 port 8472"
    );
    let said = lab.json("ovl-fdb sync t.yaml -n ov1 -o json")?;
    let (now, was) = (&said["changed"][0], &said["changed"][0]["was"]);
    assert_eq!(
        [&now["port"], &now["vni"], &now["via"], &now["nhid"]],
        [&Value::Null, &json!(300), &json!("eth0"), &Value::Null]
    );
    assert_eq!(
        [&was["port"], &was["vni"], &was["via"]],
        [&json!(8472), &Value::Null, &Value::Null]
    );
    table("")?;
    let said = lab.json("ovl-fdb sync t.yaml -n ov1 -o json")?;
    assert_eq!(said["changed"][0]["was"]["via"], "eth0");
    Ok(())
}

fn a_second_run_changes_nothing(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..500)?;
    // Without addresses, by group, and the flood list: what no pair of marks proves.
    lab.ok("ip -n h1 nexthop add id 1 via 192.168.1.5 fdb; ip -n h1 nexthop add id 10 group 1 fdb
        echo ,02:42:00:00:00:01,192.168.1.5 >> t.csv
        for i in 5 6 7; do echo ,00:00:00:00:00:00,192.168.1.$i >> t.csv; done")?;
    sync(lab)?;
    let before = rows::of(lab, "ov1")?;
    let monitor = Monitor::start(lab, "ov1")?;
    for flags in ["", "--take-over", "--check"] {
        let said = lab.ok(&format!("ovl-fdb sync t.csv -n ov1 {flags}"))?;
        assert_eq!(said, "0 added, 0 changed, 0 removed, 503 unchanged\n", "{flags}");
    }
    let (fdb, neigh) = monitor.ended(lab)?;
    ensure!(fdb.is_empty() && neigh.is_empty(), "{fdb:?}\n{neigh:?}");
    rows::same("synced twice", &before, &rows::of(lab, "ov1")?)
}

fn a_check_changes_nothing_and_tells_of_drift(lab: &Lab) -> Result<()> {
    moved_and_removed(lab)?;
    let before = oracle::state(lab)?;
    let files = lab.ok("cat /run/ovl/rows/* 2>/dev/null || true")?;
    let output = lab.run("ovl-fdb sync t.csv -n ov1 --check")?;
    ensure!(output.code == 6 && output.stdout.contains("~ 10.7.0.2"), "{output}");
    // With --dry-run it is a check still.
    assert_eq!(lab.run("ovl-fdb sync t.csv -n ov1 --check --dry-run")?, output);
    // Even where a run would refuse.
    lab.ok(": > empty.csv")?;
    for source in ["empty.csv", "t.csv --max-delete 0"] {
        let output = lab.run(&format!("ovl-fdb sync {source} -n ov1 --check"))?;
        ensure!(output.code == 6, "{source}\n{output}");
    }
    oracle::same("a check", &before, &oracle::state(lab)?)?;
    assert_eq!(lab.ok("cat /run/ovl/rows/* 2>/dev/null || true")?, files);
    rows::csv("t.csv", 1..4)?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --check")?;
    // Another's row in the way is drift that a run cannot mend.
    lab.ok("echo 10.7.0.9,,192.168.1.5 >> t.csv")?;
    let output = lab.run("ovl-fdb sync t.csv -n ov1 --check")?;
    ensure!(output.code == 6, "{output}");
    Ok(())
}

fn endpoints_that_moved_cost_one_row_each(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..2001)?;
    sync(lab)?;
    // Three of 2,000 are behind another VTEP.
    lab.ok("sed -i -E 's/^(10.7.0.1|10.7.2.77|10.7.7.200),(.*),.*/\\1,\\2,192.168.1.77/' t.csv
        test $(grep -c 192.168.1.77 t.csv) = 3")?;
    let monitor = Monitor::start(lab, "ov1")?;
    let said = sync(lab)?;
    ensure!(said.ends_with("0 added, 3 changed, 0 removed, 1997 unchanged\n"), "{said}");
    let (fdb, neigh) = monitor.ended(lab)?;
    ensure!(fdb.len() == 3 && fdb.iter().all(|l| l.contains("dst 192.168.1.77")), "{fdb:?}");
    ensure!(neigh.is_empty(), "{neigh:?}");
    let (moved, rest): (Rows, Rows) =
        rows::of(lab, "ov1")?.into_iter().partition(|r| r.contains("192.168.1.77"));
    ensure!(moved.len() == 3 && rest.is_subset(&rows::owned(1..2001)), "{moved:?}");
    Ok(())
}

fn an_address_that_has_another_mac_leaves_no_row_behind(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", "10.7.0.1,02:42:00:00:00:01,192.168.1.5\n")?;
    sync(lab)?;
    rows::write("t.csv", "10.7.0.1,02:42:00:00:00:02,192.168.1.6\n")?;
    sync(lab)?;
    let wanted = pair("10.7.0.1", "02:42:00:00:00:02", "192.168.1.6").into();
    rows::same("the row of the MAC address before", &wanted, &rows::of(lab, "ov1")?)
}

fn addresses_of_one_mac_share_its_row(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let line = |ip: &str| format!("{ip},02:42:00:00:00:01,192.168.1.5\n");
    rows::write("t.csv", &(line("10.7.0.1") + &line("10.7.0.2") + &line("fd00:a::1")))?;
    sync(lab)?;
    assert_eq!(rows::of(lab, "ov1")?.len(), 4);
    rows::write("t.csv", &line("10.7.0.2"))?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --max-delete 2")?;
    let wanted = pair("10.7.0.2", "02:42:00:00:00:01", "192.168.1.5").into();
    rows::same("one address is left", &wanted, &rows::of(lab, "ov1")?)
}

fn flood_rows_are_a_list(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let by_hand = "00:00:00:00:00:00 dst 192.168.1.9 self permanent";
    lab.ok("bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.9 self permanent")?;
    for vteps in [&[5, 6, 7][..], &[6, 8], &[8]] {
        let lines: String =
            vteps.iter().map(|v| format!(",00:00:00:00:00:00,192.168.1.{v}\n")).collect();
        rows::write("t.csv", &lines)?;
        lab.ok("ovl-fdb sync t.csv -n ov1 --max-delete 100%")?;
        let found = rows::of(lab, "ov1")?;
        let ends = found.iter().filter_map(|row| row.split(' ').nth(2));
        let wanted = vteps.iter().map(|v| format!("192.168.1.{v}")).chain(["192.168.1.9".into()]);
        assert_eq!(ends.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{found:?}");
    }
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    let found = rows::fdb(lab, "ov1")?;
    let found: Rows = found.into_iter().map(|row| row.replace(" extern_learn", "")).collect();
    rows::same("flushed", &[by_hand.to_owned()].into(), &found)
}

fn endpoints_behind_this_host_have_no_rows(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..3)?;
    lab.ok("echo 10.7.1.1,,192.168.1.4 >> t.csv; echo 10.7.1.2,,10.66.0.1 >> t.csv")?;
    let said = lab.ok("ovl-fdb sync t.csv -n ov1 --self 10.66.0.1")?;
    ensure!(said.contains("2 behind this host"), "{said}");
    rows::same("synced", &rows::owned(1..3), &rows::of(lab, "ov1")?)?;
    // An endpoint that moves here, as its host takes its VTEP with it.
    lab.ok("ip -n h1 addr add 192.168.1.6/32 dev lo")?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --self 10.66.0.1")?;
    rows::same("synced", &rows::owned(2..3), &rows::of(lab, "ov1")?)
}

fn a_table_that_is_not_there_deletes_nothing(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..20)?;
    sync(lab)?;
    let before = oracle::state(lab)?;
    lab.ok(": > empty.csv; echo 'endpoints: []' > empty.yaml; echo '{' > bad.yaml")?;
    let unreadable = "setpriv --bounding-set=-all --inh-caps=-all true";
    lab.ok(unreadable)?;
    for (source, code, words) in [
        ("empty.csv", 1, &["empty", "19 endpoints", "hint: --allow-empty"][..]),
        ("empty.yaml", 1, &["empty", "hint: --allow-empty"]),
        ("- </dev/null", 1, &["empty"]),
        ("nowhere.csv", 3, &["nowhere.csv"]),
        ("/run", 1, &["/run"]),
        ("bad.yaml", 1, &["bad.yaml", "line 2"]),
        ("nowhere.csv --allow-empty", 3, &["nowhere.csv"]),
        ("bad.yaml --allow-empty --max-delete 100%", 1, &["bad.yaml"]),
    ] {
        lab.refuses(&format!("ovl-fdb sync -n ov1 {source}"), code, words)?;
        oracle::same(source, &before, &oracle::state(lab)?)?;
    }
    lab.ok("ovl-fdb sync empty.csv -n ov1 --allow-empty")?;
    rows::same("it may be empty", &Rows::new(), &rows::of(lab, "ov1")?)?;
    // Nothing to delete: nothing to ask.
    lab.ok("ovl-fdb sync empty.csv -n ov1").map(drop)
}

fn a_table_that_deletes_too_much_changes_nothing(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..11)?;
    sync(lab)?;
    let before = oracle::state(lab)?;
    // Six of ten go, and one is new.
    rows::csv("t.csv", (1..5).chain([99]))?;
    for (flags, most) in
        [("", "5"), ("--max-delete 5", "5"), ("--max-delete 10%", "1"), ("--max-delete 0", "0")]
    {
        let command = format!("ovl-fdb sync t.csv -n ov1 {flags}");
        let most = format!("at most {most} ");
        lab.refuses(&command, 1, &["6 of 10", &most, "hint: --max-delete"])?;
        oracle::same(flags, &before, &oracle::state(lab)?)?;
    }
    lab.refuses("ovl-fdb sync t.csv -n ov1 --max-delete 101%", 2, &["101%"])?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --max-delete 6")?;
    rows::same("synced", &rows::owned((1..5).chain([99])), &rows::of(lab, "ov1")?)
}

fn a_table_without_vteps_strips_no_endpoint(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // One has another's MAC address as well, and with it the same FDB row.
    lab.ok("for i in 1 2 3 4 5; do echo 10.7.0.$i,,192.168.1.5; done > t.csv
        echo 10.7.0.6,02:42:0a:07:00:05,192.168.1.5 >> t.csv")?;
    sync(lab)?;
    let before = oracle::state(lab)?;
    for (change, count) in [
        ("s/,192.168.1.5$/,/", "6 of 6 endpoints would be deleted or lose their FDB row"),
        // Two are gone, and two lead nowhere.
        ("1,2d; 5,6s/,192.168.1.5$/,/", "4 of 6"),
        // Another MAC address, and no VTEP.
        ("s/,.*/,02:42:00:00:00:01,/", "6 of 6"),
    ] {
        lab.ok(&format!("sed '{change}' t.csv > less.csv"))?;
        let words = [count, "at most 3 ", "hint: --max-delete"];
        lab.refuses("ovl-fdb sync less.csv -n ov1", 1, &words)?;
        oracle::same(change, &before, &oracle::state(lab)?)?;
    }
    // Behind another VTEP none has lost its row.
    lab.ok("sed 's/168.1.5/168.1.6/' t.csv > moved.csv; ovl-fdb sync moved.csv -n ov1")?;
    lab.ok("sed 's/,192.168.1.5$/,/' t.csv > less.csv
        ovl-fdb sync less.csv -n ov1 --max-delete 100%")?;
    rows::same("no FDB row", &Rows::new(), &rows::fdb(lab, "ov1")?)
}

fn rows_that_drifted_are_put_back(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..20)?;
    sync(lab)?;
    lab.ok("bridge -n ov1 fdb del 02:42:0a:07:00:01 dev vxlan0 self
        ip -n ov1 neigh del 10.7.0.2 dev vxlan0
        ip -n ov1 neigh del 10.7.0.3 dev vxlan0; bridge -n ov1 fdb del 02:42:0a:07:00:03 dev vxlan0 self")?;
    let said = sync(lab)?;
    ensure!(said.contains("3 added, 0 changed, 0 removed, 16 unchanged"), "{said}");
    rows::same("synced", &rows::owned(1..20), &rows::of(lab, "ov1")?)?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn a_learned_row_gives_way(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..4)?;
    lab.ok("bridge -n ov1 fdb add 02:42:0a:07:00:01 dev vxlan0 dst 192.168.1.9 self dynamic
        bridge -n ov1 fdb add 02:42:0a:07:00:02 dev vxlan0 dst 192.168.1.7 self dynamic
        ip -n ov1 neigh add 10.7.0.3 lladdr 02:42:00:00:00:99 dev vxlan0 nud stale")?;
    sync(lab)?;
    rows::same("synced", &rows::owned(1..4), &rows::of(lab, "ov1")?)
}

/// Has that endpoint an FDB row?
fn has_row(lab: &Lab, n: usize) -> Result<bool> {
    let (_, mac, _) = rows::endpoint(n);
    Ok(lab.run(&format!("bridge -n ov1 fdb get {mac} dev vxlan0 self"))?.code == 0)
}

fn a_run_that_is_killed_is_finished_by_the_next(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("before.csv", 1..4_000)?;
    // Of those that stand half stay, a part of them behind another VTEP.
    lab.ok("awk -F, -v OFS=, 'NR % 4 == 0 { $3 = \"192.168.1.88\" } { print }' before.csv > b.csv
        ovl-fdb sync b.csv -n ov1 -q")?;
    let numbers = || (1..2_001).chain(10_000..30_000);
    rows::csv("t.csv", numbers())?;
    // A part has no IP address (10.7.60.0 to 10.7.99.255): whose such rows are, no
    // pair of marks proves. Nor do they swell the kernel's neighbour table, which all
    // namespaces share, and which never gets smaller.
    lab.ok(
        "awk -F, -v OFS=, '/^10.7.[6-9].[.]/ { $1 = \"\" } { print }' t.csv > n.csv; mv n.csv t.csv",
    )?;
    let lone = rows::owned(60 * 256..100 * 256).into_iter().filter(|row| row.starts_with("10.7."));
    let wanted = &rows::owned(numbers()) - &lone.collect();
    let mut torn = 0;
    // Rows that a run writes early, later, and the last that it deletes.
    for (n, is_there) in
        [(10_001, true), (14_000, true), (20_000, true), (27_000, true), (3_999, false)]
    {
        let run = lab.background("exec ovl-fdb sync t.csv -n ov1 -q")?;
        lab.eventually("it is that far", |lab| Ok(has_row(lab, n)? == is_there))?;
        lab.run(&format!("kill -KILL {}", run.pid()))?;
        run.wait()?;
        torn += usize::from(rows::of(lab, "ov1")? != wanted);
    }
    ensure!(torn > 0, "every run was done before it was killed");
    lab.ok("ovl-fdb sync t.csv -n ov1 -q")?;
    rows::same("the run after", &wanted, &rows::of(lab, "ov1")?)?;
    lab.ok("ovl-fdb flush --owned -n ov1 -q")?;
    rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn a_signal_takes_back_what_was_written(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..500)?;
    sync(lab)?;
    let before = rows::of(lab, "ov1")?;
    rows::csv("t.csv", 200..40_000)?;
    let run = lab.background("exec ovl-fdb sync t.csv -n ov1 -q")?;
    lab.eventually("the first rows are there", |lab| has_row(lab, 500))?;
    lab.ok(&format!("kill -TERM {}", run.pid()))?;
    assert_eq!(run.wait()?, 143);
    rows::same("what was stopped", &before, &rows::of(lab, "ov1")?)
}
