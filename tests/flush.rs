//! `ovl-fdb flush`: the rows that filters name go, and no others.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows};
use ovl_tests::{oracle, tests};

tests![
    without_a_filter_the_owner_must_be_said,
    owned_rows_go_and_are_counted,
    each_filter_names_its_rows,
    filters_hold_together,
    foreign_rows_want_a_filter,
    learned_rows_go_when_they_are_named,
    tables_are_told_apart,
    a_row_with_another_port_or_vni_is_deleted_as_that,
    flood_rows_that_differ_in_the_port_are_two,
    many_rows_go_and_the_one_among_them_stays,
    very_many_rows_go_from_the_front_of_the_list,
    a_flush_that_is_killed_is_finished_by_the_next,
    a_row_is_its_makers_whoever_uses_it,
    what_is_left_of_a_pair_is_still_owned,
    half_of_an_endpoint_that_was_added_is_owned,
    nothing_to_flush_is_no_error,
];

fn without_a_filter_the_owner_must_be_said(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..5)?;
    lab.ok("ovl-fdb load t.csv -n ov1")?;
    let before = oracle::state(lab)?;
    for flags in ["", "--foreign", "--neigh", "--self", "--master", "--foreign --self"] {
        lab.refuses(&format!("ovl-fdb flush -n ov1 {flags}"), 2, &["--dst", "hint: --owned"])?;
    }
    lab.refuses("ovl-fdb flush -n ov1 --owned --foreign --permanent", 2, &["--foreign"])?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn owned_rows_go_and_are_counted(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..11)?;
    lab.ok("ovl-fdb load t.csv -n ov1; ovl-fdb add --flood --dst 192.168.1.5 -n ov1
        ovl-fdb add 10.9.0.1 auto --neigh-only -n ov1")?;
    let said = lab.ok("ovl-fdb flush --owned -n ov1")?;
    assert_eq!(said, "11 neighbour rows, 11 FDB rows deleted\n");
    rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)?;
    lab.ok("ovl-fdb load t.csv -n ov1")?;
    let said = lab.json("ovl-fdb flush --owned -n ov1 -j")?;
    let counts = ["neigh", "self", "master"].map(|key| said[key].as_u64());
    assert_eq!(counts, [Some(10), Some(10), Some(0)], "{said}");
    ensure!(said["netns"]["ref"] == "ov1" && said["dev"] == "vxlan0", "{said}");
    Ok(())
}

/// Eight of ours, each filter naming some of them.
const OURS: &str = "vni: 256
endpoints:
  - { ip: 10.7.0.1, mac: 02:42:0a:07:00:01, vtep: 192.168.1.5 }
  - { ip: 10.7.0.2, mac: 02:42:0a:07:00:02, vtep: 192.168.1.6 }
  - { ip: 10.7.0.3, mac: 02:42:0a:07:00:03, vtep: 192.168.1.5, port: 9999 }
  - { ip: 10.7.0.4, mac: 02:42:0a:07:00:04, vtep: 192.168.1.6, port: 9999 }
  - { ip: 10.7.0.5, mac: 02:42:0a:07:00:05, vtep: 192.168.1.5, vni: 300 }
  - { ip: 10.7.0.6, mac: 02:42:0a:07:00:06, nhid: 10 }
  - { mac: 02:42:0a:07:00:07, vtep: 192.168.1.5 }
  - { ip: 10.7.0.8, mac: 02:42:0a:07:00:08 }
";

/// Those, and the same of others.
fn both(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.yaml", OURS)?;
    lab.ok("ip -n h1 nexthop add id 1 via 192.168.1.5 fdb; ip -n h1 nexthop add id 10 group 1 fdb
        ovl-fdb load t.yaml -n ov1
        b='bridge -n ov1 fdb' n='ip -n ov1 neigh'
        $n add 10.9.0.1 lladdr 02:42:0a:09:00:01 dev vxlan0 nud permanent
        $b add 02:42:0a:09:00:01 dev vxlan0 dst 192.168.1.5 self permanent
        $b add 02:42:0a:09:00:02 dev vxlan0 dst 192.168.1.6 self permanent
        $b add 02:42:0a:09:00:03 dev vxlan0 dst 192.168.1.5 port 9999 self permanent
        $b add 02:42:0a:09:00:04 dev vxlan0 dst 192.168.1.5 vni 300 self permanent
        $b add 02:42:0a:09:00:05 dev vxlan0 nhid 10 self permanent
        $b add 02:42:0a:09:00:06 dev vxlan0 dst 192.168.1.5 self dynamic")
        .map(drop)
}

/// The last numbers of what is gone: of our IP addresses and MAC addresses.
fn gone(before: &Rows, after: &Rows, mark: &str) -> Vec<String> {
    let gone = before.difference(after).filter(|row| row.contains(mark));
    let firsts = gone.filter_map(|row| row.split(' ').next());
    let mut last: Vec<String> =
        firsts.filter_map(|word| word.rsplit(['.', ':']).next()).map(str::to_owned).collect();
    last.sort();
    last
}

fn each_filter_names_its_rows(lab: &Lab) -> Result<()> {
    both(lab)?;
    let before = rows::of(lab, "ov1")?;
    assert_eq!(before.len(), 21, "{before:#?}");
    for (filter, ours) in [
        ("--dst 192.168.1.6", &["02", "04", "2", "4"][..]),
        ("--port 9999", &["03", "04", "3", "4"]),
        ("--vni 300", &["05", "5"]),
        ("--nhid 10", &["06", "6"]),
        ("--mac 02:42:0a:07:00:07", &["07"]),
        ("--mac 02:42:0a:07:00:08", &["8"]),
        ("--learned", &[]),
    ] {
        lab.ok(&format!("ovl-fdb flush {filter} -n ov1"))?;
        let after = rows::of(lab, "ov1")?;
        assert_eq!(gone(&before, &after, "02:42:0a:07"), ours, "{filter}");
        assert_eq!(gone(&before, &after, "02:42:0a:09").len(), 0, "{filter}");
        lab.ok("ovl-fdb load t.yaml -n ov1")?;
        rows::same("the test's own setup", &before, &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn filters_hold_together(lab: &Lab) -> Result<()> {
    both(lab)?;
    let before = rows::of(lab, "ov1")?;
    for (filter, ours) in [
        ("--dst 192.168.1.6 --port 9999", &["04", "4"][..]),
        ("--dst 192.168.1.6 --vni 300", &[]),
        ("--dst 192.168.1.5 --mac 02:42:0a:07:00:02", &[]),
        ("--port 9999 --learned", &[]),
        ("--owned --permanent --vni 300", &["05", "5"]),
    ] {
        lab.ok(&format!("ovl-fdb flush {filter} -n ov1"))?;
        let after = rows::of(lab, "ov1")?;
        assert_eq!(gone(&before, &after, "02:42:0a:0"), ours, "{filter}");
        lab.ok("ovl-fdb load t.yaml -n ov1")?;
    }
    Ok(())
}

fn foreign_rows_want_a_filter(lab: &Lab) -> Result<()> {
    both(lab)?;
    let before = rows::of(lab, "ov1")?;
    let said = lab.ok("ovl-fdb flush --foreign --dst 192.168.1.5 --permanent -n ov1")?;
    assert_eq!(said, "1 neighbour row, 3 FDB rows deleted\n");
    let after = rows::of(lab, "ov1")?;
    assert_eq!(gone(&before, &after, "02:42:0a:09"), ["01", "03", "04", "1"]);
    assert_eq!(gone(&before, &after, "02:42:0a:07").len(), 0);
    lab.ok("ovl-fdb flush --foreign --nhid 10 -n ov1; ovl-fdb flush --foreign --permanent -n ov1")?;
    let after = rows::of(lab, "ov1")?;
    assert_eq!(gone(&before, &after, "02:42:0a:09"), ["01", "02", "03", "04", "05", "1"]);
    assert_eq!(gone(&before, &after, "02:42:0a:07").len(), 0);
    Ok(())
}

fn learned_rows_go_when_they_are_named(lab: &Lab) -> Result<()> {
    both(lab)?;
    let before = rows::of(lab, "ov1")?;
    lab.ok("ovl-fdb flush --learned --dst 192.168.1.5 -n ov1")?;
    rows::same("it is not ours", &before, &rows::of(lab, "ov1")?)?;
    let said = lab.ok("ovl-fdb flush --foreign --learned --dst 192.168.1.5 -n ov1")?;
    ensure!(said.contains("1 FDB row deleted"), "{said}");
    assert_eq!(gone(&before, &rows::of(lab, "ov1")?, "02:42:0a:0"), ["06"]);
    Ok(())
}

/// What both tables have of a MAC address.
fn tables(lab: &Lab, mac: &str) -> Result<(bool, bool)> {
    let text = lab.ok("bridge -n ov1 fdb show br br0")?;
    let of = |word: &str| text.lines().any(|line| line.starts_with(mac) && line.contains(word));
    Ok((of(" self"), of(" master ")))
}

fn tables_are_told_apart(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let mac = "02:42:0a:07:00:01";
    let make = "ovl-fdb add 10.7.0.1 02:42:0a:07:00:01 --dst 192.168.1.5 -n ov1 --exist-ok
        bridge -n ov1 fdb replace 02:42:0a:07:00:01 dev vxlan0 master dynamic";
    for (flags, left) in [
        ("--self", (true, false, true)),
        ("--master", (true, true, false)),
        ("--neigh", (false, true, true)),
        ("--self --neigh", (false, false, true)),
        ("", (false, false, false)),
    ] {
        lab.ok(make)?;
        assert_eq!(tables(lab, mac)?, (true, true));
        lab.ok(&format!("ovl-fdb flush --mac {mac} -n ov1 {flags}"))?;
        let neigh = !rows::neighs(lab, "ov1")?.is_empty();
        let (own, master) = tables(lab, mac)?;
        assert_eq!((neigh, own, master), left, "{flags}");
        lab.ok("ovl-fdb del 02:42:0a:07:00:01 -n ov1 --foreign --missing-ok")?;
    }
    // What somebody has written into the bridge's table was not learned.
    lab.ok(&format!(
        "{make}; bridge -n ov1 fdb replace {mac} dev vxlan0 master static
        ovl-fdb flush --mac {mac} -n ov1"
    ))?;
    assert_eq!(tables(lab, mac)?, (false, true));
    Ok(())
}

fn a_row_with_another_port_or_vni_is_deleted_as_that(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // The flood list of another VNI, and of two ports: the kernel deletes by both.
    lab.ok("b='bridge -n ov1 fdb'
        $b add 02:42:0a:09:00:01 dev vxlan0 dst 192.168.1.5 port 9999 vni 300 self permanent
        $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 self permanent
        $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 port 9999 vni 300 self permanent
        $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 port 9999 vni 300 self permanent")?;
    let said = lab.ok("ovl-fdb flush --foreign --port 9999 --dst 192.168.1.5 -n ov1")?;
    ensure!(said.contains("2 FDB rows deleted"), "{said}");
    let left: Rows = [
        "00:00:00:00:00:00 dst 192.168.1.5 self permanent",
        "00:00:00:00:00:00 dst 192.168.1.6 port 9999 vni 300 self permanent",
    ]
    .map(String::from)
    .into();
    rows::same("flushed", &left, &rows::of(lab, "ov1")?)
}

fn flood_rows_that_differ_in_the_port_are_two(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let both = "bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 self permanent
        bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 port 9999 self permanent";
    lab.ok(both)?;
    lab.ok("ovl-fdb flush --foreign --port 9999 -n ov1")?;
    let left = "00:00:00:00:00:00 dst 192.168.1.5 self permanent".to_owned();
    rows::same("one is left", &[left].into(), &rows::of(lab, "ov1")?)?;
    lab.ok(&format!("{both}; ovl-fdb flush --foreign --dst 192.168.1.5 -n ov1"))?;
    rows::same("none is left", &Rows::new(), &rows::of(lab, "ov1")?)
}

/// So many that one request may be made for all.
fn many_rows_go_and_the_one_among_them_stays(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..301)?;
    for (filter, behind) in [
        ("--dst 192.168.1.5", "192.168.1.5"),
        ("--owned --permanent --dst 192.168.1.6", "192.168.1.6"),
        ("--vni 256 --dst 192.168.1.7", "192.168.1.7"),
        ("--owned", ""),
        ("--owned --self", ""),
    ] {
        // Nothing but ours; one of another's among ours; and one that was learned.
        for other in [
            "true",
            &format!(
                "bridge -n ov1 fdb add 02:42:0a:09:00:01 dev vxlan0 dst {behind} self permanent"
            ),
            &format!(
                "bridge -n ov1 fdb add 02:42:0a:09:00:01 dev vxlan0 dst {behind} self dynamic"
            ),
        ] {
            if other != "true" && behind.is_empty() {
                continue;
            }
            lab.ok(&format!("{other}; ovl-fdb load t.csv -n ov1"))?;
            let before = rows::of(lab, "ov1")?;
            let said = lab.ok(&format!("ovl-fdb flush {filter} -n ov1"))?;
            let goes = |row: &String| match filter {
                "--owned --self" => row.contains(" dst "),
                _ => row.starts_with("10.7.") || row.contains("extern_learn"),
            };
            let is_behind = |n: &usize| behind.is_empty() || rows::endpoint(*n).2 == behind;
            let wanted: Rows =
                rows::owned((1..301).filter(is_behind)).into_iter().filter(goes).collect();
            let gone: Rows = before.difference(&rows::of(lab, "ov1")?).cloned().collect();
            rows::same(&format!("{filter}, {other}: {said}"), &wanted, &gone)?;
            lab.ok("bridge -n ov1 fdb del 02:42:0a:09:00:01 dev vxlan0 self 2>/dev/null || true")?;
        }
    }
    // The other way round: theirs go, and the one of ours stays.
    lab.ok("ovl-fdb flush --owned -n ov1; seq 50 | awk '{
            printf \"fdb add 02:42:0a:09:00:%02x dev vxlan0 dst 192.168.1.5 self permanent\\n\", $1 }' > add
        bridge -n ov1 -batch add; ovl-fdb add 10.7.0.3 02:42:0a:07:00:03 --dst 192.168.1.5 -n ov1")?;
    lab.ok("ovl-fdb flush --foreign --dst 192.168.1.5 -n ov1")?;
    let ours = rows::pair("10.7.0.3", "02:42:0a:07:00:03", "192.168.1.5").into();
    rows::same("theirs are gone", &ours, &rows::of(lab, "ov1")?)
}

/// More rows than are listed in one go: lone ones, pairs, and those of others before,
/// among and behind them.
fn very_many(lab: &Lab) -> Result<Rows> {
    lab.overlay()?;
    rows::csv("lone.csv", 1..=LONE)?;
    rows::csv("pairs.csv", (LONE + 1)..=(LONE + PAIRS))?;
    let theirs = |n: usize| {
        format!(
            "bridge -n ov1 fdb add 02:42:0a:09:00:{n:02x} dev vxlan0 dst 192.168.1.9 self {}",
            ["permanent", "permanent extern_learn", "dynamic extern_learn"][n % 3]
        )
    };
    // Three of ours are another's now, or gone.
    let [moved, again, gone] = [7, LONE / 2, LONE - 3].map(|n| rows::endpoint(n).1);
    lab.ok(&format!(
        "{}; {}; {}
        ovl-fdb load lone.csv -n ov1 --fdb-only
        {}; {}; {}
        ovl-fdb load pairs.csv -n ov1
        {}; {}; {}
        bridge -n ov1 fdb replace {moved} dev vxlan0 dst 192.168.1.9 self permanent
        bridge -n ov1 fdb replace {again} dev vxlan0 dst 192.168.1.9 self permanent extern_learn
        bridge -n ov1 fdb del {gone} dev vxlan0 self
        ip -n ov1 neigh add 10.9.0.1 lladdr {again} dev vxlan0 nud permanent",
        theirs(0),
        theirs(1),
        theirs(2),
        theirs(3),
        theirs(4),
        theirs(5),
        theirs(6),
        theirs(7),
        theirs(8),
    ))?;
    let ours = |row: &String| row.starts_with("10.7.") || row.contains(" dst 192.168.1.9 ");
    let all = rows::of(lab, "ov1")?;
    let left = all.iter().filter(|row| row.contains("192.168.1.9 ") || row.starts_with("10.9."));
    let left: Rows = left.cloned().collect();
    assert_eq!(left.len(), 9 + 2 + 1, "the test's own setup");
    assert_eq!(all.iter().filter(|row| ours(row)).count(), PAIRS + 11);
    Ok(left)
}

/// So many FDB rows without neighbour rows: above `device::SHORT`.
const LONE: usize = 25_000;
const PAIRS: usize = 300;

fn very_many_rows_go_from_the_front_of_the_list(lab: &Lab) -> Result<()> {
    let left = very_many(lab)?;
    // A filter that names few of them takes the ordinary way.
    let (ip, mac, _) = rows::endpoint(LONE + 1);
    let said = lab.ok(&format!("ovl-fdb flush --mac {mac} -n ov1"))?;
    assert_eq!(said, "1 neighbour row, 1 FDB row deleted\n", "{ip}");
    let said = lab.ok("ovl-fdb flush --owned -n ov1")?;
    let (neighs, fdb) = (PAIRS - 1, LONE + PAIRS - 3 - 1);
    assert_eq!(said, format!("{neighs} neighbour rows, {fdb} FDB rows deleted\n"));
    rows::same("flushed", &left, &rows::of(lab, "ov1")?)?;
    let said = lab.ok("ovl-fdb flush --owned -n ov1")?;
    assert_eq!(said, "0 neighbour rows, 0 FDB rows deleted\n");
    rows::same("flushed again", &left, &rows::of(lab, "ov1")?)
}

fn a_flush_that_is_killed_is_finished_by_the_next(lab: &Lab) -> Result<()> {
    let left = very_many(lab)?;
    for _ in 0..3 {
        lab.ok("timeout -s KILL 0.15 ovl-fdb flush --owned -n ov1 || true")?;
        let now = rows::of(lab, "ov1")?;
        ensure!(left.is_subset(&now), "a row of another's is gone");
    }
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &left, &rows::of(lab, "ov1")?)
}

fn a_row_is_its_makers_whoever_uses_it(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // A neighbour of somebody else's is reached by our row.
    rows::write(
        "t.csv",
        "10.7.0.1,02:42:00:00:00:01,192.168.1.5\n10.7.0.2,02:42:00:00:00:01,192.168.1.5\n",
    )?;
    let their = "ip -n ov1 neigh add 10.9.0.1 lladdr 02:42:00:00:00:01 dev vxlan0 nud permanent";
    lab.ok(&format!("ovl-fdb load t.csv -n ov1; {their}"))?;
    lab.ok("ovl-fdb flush --foreign --mac 02:42:00:00:00:01 -n ov1")?;
    assert_eq!(rows::of(lab, "ov1")?.len(), 3, "theirs is gone, ours are not");
    lab.ok(&format!("{their}; ovl-fdb flush --owned -n ov1"))?;
    let left = "10.9.0.1 lladdr 02:42:00:00:00:01 PERMANENT".to_owned();
    rows::same("flushed", &[left].into(), &rows::of(lab, "ov1")?)
}

fn what_is_left_of_a_pair_is_still_owned(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..5)?;
    let their = "ip -n ov1 neigh add 10.9.0.1 lladdr 02:42:0a:07:00:01 dev vxlan0 nud permanent";
    for command in [
        "ovl-fdb flush --owned --self -n ov1",
        "ovl-fdb flush --owned --neigh -n ov1",
        "ovl-fdb flush --dst 192.168.1.5 --neigh -n ov1; ovl-fdb flush --mac 02:42:0a:07:00:01 --neigh -n ov1",
        "ovl-fdb del 10.7.0.1 -n ov1",
    ] {
        lab.ok(&format!("ovl-fdb load t.csv -n ov1; {their}; {command}"))?;
        ensure!(rows::of(lab, "ov1")?.len() > 3, "{command}");
        lab.ok("ip -n ov1 neigh del 10.9.0.1 dev vxlan0; ovl-fdb flush --owned -n ov1")?;
        rows::same(command, &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn half_of_an_endpoint_that_was_added_is_owned(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n ov1 neigh add 10.7.0.1 lladdr 02:42:0a:07:00:01 dev vxlan0 nud permanent")?;
    let before = rows::of(lab, "ov1")?;
    for flag in ["--exist-ok", "--replace"] {
        lab.ok(&format!("ovl-fdb add 10.7.0.1 02:42:0a:07:00:01 --dst 192.168.1.5 -n ov1 {flag}"))?;
        assert_eq!(rows::of(lab, "ov1")?.len(), 2);
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same(flag, &before, &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn nothing_to_flush_is_no_error(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    assert_eq!(lab.ok("ovl-fdb flush --owned -n ov1")?, "0 neighbour rows, 0 FDB rows deleted\n");
    lab.refuses("ovl-fdb flush --owned -n ov1 --dev br0", 3, &["br0"])?;
    lab.refuses("ovl-fdb flush --owned -n ov1 --dev vxlan9", 3, &["vxlan9"])
}
