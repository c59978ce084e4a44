//! `ovl-fdb load`: a table's rows, in whatever form it is written, checked whole
//! before the first of them.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Monitor, Rows, pair};
use ovl_tests::{oracle, tests};
use serde_json::json;

tests![
    yaml_json_and_csv_say_the_same,
    a_table_comes_by_standard_input,
    what_stands_is_not_written_again,
    one_bad_line_in_a_thousand_and_nothing_is_written,
    bad_yaml_is_named_by_line_and_column,
    bad_json_is_named_by_line_and_column,
    one_mistake_in_a_table_hides_no_other,
    addresses_that_are_there_twice_are_named,
    a_table_of_both_families_and_a_spreadsheets_are_loaded,
    the_wrong_file_is_refused_in_a_line,
    what_the_kernel_would_refuse_or_take_wrong_is_refused_before,
    what_is_listed_as_yaml_is_taken,
    a_device_that_is_full_takes_all_rows_back,
    a_vtep_of_the_other_family_takes_all_rows_back,
    keep_going_reports_each_refusal_by_its_line,
    what_keep_going_has_written_is_owned,
    fdb_only_and_neigh_only_write_their_half,
    endpoints_behind_this_host_are_left_out,
    an_ipv6_underlay_and_ipv6_endpoints,
    rows_by_nexthop_group,
    another_networks_table_is_refused,
    anothers_permanent_row_is_left_unless_it_may_be_replaced,
    half_of_an_endpoint_that_stands_is_completed_and_the_other_half_is_owned,
];

const TABLE: &str = "192.168.10.101,,192.168.1.5\n192.168.10.102,02:42:00:00:00:02,192.168.1.6\n";

fn table() -> Rows {
    let mut rows: Rows = pair("192.168.10.101", "02:42:c0:a8:0a:65", "192.168.1.5").into();
    rows.extend(pair("192.168.10.102", "02:42:00:00:00:02", "192.168.1.6"));
    rows
}

fn yaml_json_and_csv_say_the_same(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", &format!("# hosts\nIP,MAC,VTEP\n\n{TABLE}"))?;
    rows::write(
        "t.yaml",
        "network: demo\nvni: 256\nsubnet: 192.168.10.0/24\nendpoints:\n  \
        - { ip: 192.168.10.101, vtep: 192.168.1.5 }   # by Docker's rule\n  \
        - ip: 192.168.10.102\n    mac: 02:42:00:00:00:02\n    vtep: 192.168.1.6\n    name: X-2\n",
    )?;
    let endpoints = [
        json!({ "ip": "192.168.10.101", "dst": "192.168.1.5" }),
        json!({ "ip": "192.168.10.102", "mac": "02:42:00:00:00:02", "vtep": "192.168.1.6" }),
    ];
    rows::write("t.json", &json!({ "vni": 256, "endpoints": endpoints }).to_string())?;
    for file in ["t.csv", "t.yaml", "t.json"] {
        let said = lab.ok(&format!("ovl-fdb load {file} -n ov1"))?;
        ensure!(said.contains("2 endpoints added"), "{file}: {said}");
        rows::same(file, &table(), &rows::of(lab, "ov1")?)?;
        lab.ok("ip -n ov1 neigh flush dev vxlan0 nud permanent; bridge -n ov1 fdb flush dev vxlan0 self")?;
        rows::same("the test's own clean-up", &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn a_table_comes_by_standard_input(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(&format!("printf '{}' | ovl-fdb load - -n ov1", TABLE.escape_default()))?;
    rows::same("loaded", &table(), &rows::of(lab, "ov1")?)?;
    let said = lab.fails("echo nonsense here | ovl-fdb load - -n ov1 --format csv", 1)?;
    ensure!(said.contains("standard input") && said.contains("line 1"), "{said}");
    Ok(())
}

fn what_stands_is_not_written_again(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..200)?;
    lab.ok("ovl-fdb load t.csv -n ov1")?;
    let monitor = Monitor::start(lab, "ov1")?;
    let said = lab.ok("ovl-fdb load t.csv -n ov1")?;
    ensure!(said.contains("199 there already"), "{said}");
    let (fdb, neigh) = monitor.ended(lab)?;
    ensure!(fdb.is_empty() && neigh.is_empty(), "{fdb:?}\n{neigh:?}");
    rows::same("loaded", &rows::owned(1..200), &rows::of(lab, "ov1")?)
}

fn one_bad_line_in_a_thousand_and_nothing_is_written(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("good.csv", 1..1000)?;
    for (bad, reason) in [
        ("10.7.1.300,,192.168.1.5", "10.7.1.300"),
        ("10.9.0.1,01:00:5e:00:00:01,192.168.1.5", "multicast"),
        ("10.9.0.1,02:42:00:00:00,192.168.1.5", "02:42:00:00:00"),
        ("10.9.0.1,,nowhere", "nowhere"),
        ("10.9.0.1,,0.0.0.0", "0.0.0.0"),
        ("10.9.0.1,,192.168.1.5,x,y", "ip,mac,vtep"),
        ("10.7.0.1,,192.168.1.9", "line 2"),
        (",02:42:0a:07:00:01,192.168.1.9", "another VTEP"),
    ] {
        lab.ok(&format!("sed '700a {bad}' good.csv > bad.csv"))?;
        for flags in ["", "--keep-going"] {
            let command = format!("ovl-fdb load bad.csv -n ov1 {flags}");
            lab.refuses(&command, 1, &["bad.csv", "line 701:", reason])?;
        }
    }
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn bad_yaml_is_named_by_line_and_column(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let head = "vni: 256\nendpoints:\n  - { ip: 192.168.10.101, vtep: 192.168.1.5 }\n";
    for (more, words) in [
        ("  - { ip: 192.168.10.102, vtep: 192.168.1.5\n", &["line 5, column 1"][..]),
        ("  - { ip: 192.168.10.102, vtpe: 192.168.1.5 }\n", &["line 4, column ", "vtpe"]),
        ("  - { ip: 192.168.10.300, vtep: 192.168.1.5 }\n", &["line 4", "192.168.10.300"]),
        ("subnet: 10.0.0.0/8\n", &["192.168.10.101", "10.0.0.0/8"]),
        ("\tendpoints\n", &["line 4, column 1"]),
    ] {
        rows::write("t.yaml", &format!("{head}{more}"))?;
        lab.refuses("ovl-fdb load t.yaml -n ov1", 1, words)?;
    }
    lab.refuses("ovl-fdb load nowhere.yaml -n ov1", 3, &["nowhere.yaml"])?;
    lab.refuses("ovl-fdb load /run -n ov1", 1, &["/run"])?;
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn bad_json_is_named_by_line_and_column(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let good = json!({ "ip": "192.168.10.101", "vtep": "192.168.1.5" });
    for (bad, place, word) in [
        (json!({ "ip": "192.168.10.300", "vtep": "192.168.1.5" }), "line 7, column 5", "10.300"),
        (json!({ "ip": "192.168.10.102", "vtpe": "192.168.1.5" }), "line 7, column 5", "vtpe"),
        (json!({ "ip": ["192.168.10.102"] }), "line 7, column 5", "ip: a list"),
        (json!({ "ip": "192.168.10.101", "vtep": "192.168.1.6" }), "line 7, column 5", "as well"),
    ] {
        let table = json!({ "endpoints": [good, bad] });
        rows::write("t.json", &serde_json::to_string_pretty(&table)?)?;
        lab.refuses("ovl-fdb load t.json -n ov1", 1, &[place, word])?;
        // In one line, as programs write it.
        rows::write("t.json", &table.to_string())?;
        lab.refuses("ovl-fdb load t.json -n ov1", 1, &["line 1, column ", word])?;
    }
    rows::write("t.json", "{\n\"endpoints\": [\n")?;
    lab.refuses("ovl-fdb load t.json -n ov1", 1, &["line 3, column ", "EOF"])?;
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn one_mistake_in_a_table_hides_no_other(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let json = "{\n\"vnl\": 256,\n\"endpoints\": [\n{\"ip\": \"192.168.10.101\", \"vtpe\": 1},\n\
        {\"ip\": \"192.168.10.300\"},\n{\"ip\": \"192.168.10.103\", \"vtep\": \"nowhere\"}\n]}\n";
    let yaml = "#\nvnl: 256\nendpoints:\n  - { ip: 192.168.10.101, vtpe: 192.168.1.5 }\n  \
        - { ip: 192.168.10.300 }\n  - { ip: 192.168.10.103, vtep: nowhere }\n";
    let quoted = yaml.replace("192.168.10.300", "'192.168.10.300'");
    for (file, text) in [("t.json", json), ("t.yaml", yaml), ("t.yaml", &quoted)] {
        rows::write(file, text)?;
        let words = ["line 2", "vnl", "line 4", "vtpe", "line 5", "10.300", "line 6", "nowhere"];
        lab.refuses(&format!("ovl-fdb load {file} -n ov1"), 1, &words)?;
    }
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn addresses_that_are_there_twice_are_named(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // A line that repeats another is no contradiction.
    rows::write("t.csv", &format!("{TABLE}{TABLE}"))?;
    let said = lab.ok("ovl-fdb load t.csv -n ov1")?;
    ensure!(said.contains("2 lines repeated"), "{said}");
    rows::write("t.csv", &format!("{TABLE}192.168.10.101,02:42:00:00:00:99,192.168.1.5\n"))?;
    lab.refuses("ovl-fdb load t.csv -n ov1", 1, &["line 3", "line 1", "192.168.10.101"])?;
    rows::same("what was refused", &table(), &rows::of(lab, "ov1")?)
}

fn what_the_kernel_would_refuse_or_take_wrong_is_refused_before(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(
        "ip -n h1 nexthop add id 1 via 192.168.1.5 fdb; ip -n h1 nexthop add id 10 group 1 fdb",
    )?;
    let good = "endpoints:\n  - { ip: 192.168.10.101, vtep: 192.168.1.5 }\n";
    for (bad, why) in [
        ("ip: 192.168.10.102, vtep: 192.168.1.5, nhid: 10", "not both"),
        ("ip: 192.168.10.102, port: 4790, nhid: 10", "not with a nexthop group"),
        ("ip: 192.168.10.102, vtep: 192.168.1.5, vni: 16777216", "0 to 16777215"),
        ("ip: 192.168.10.102, vtep: '::ffff:192.168.1.5'", "write it as 192.168.1.5"),
        ("ip: 192.168.10.102, vtep: '::ffff:192.168.1.4'", "write it as 192.168.1.4"),
    ] {
        rows::write("t.yaml", &format!("{good}  - {{ {bad} }}\n"))?;
        for verb in ["load", "sync"] {
            lab.refuses(&format!("ovl-fdb {verb} t.yaml -n ov1"), 1, &["line 3", why])?;
        }
    }
    rows::write("t.csv", "ip,mac,vtep 192.168.10.5,,192.168.1.5\n")?;
    lab.refuses("ovl-fdb load t.csv -n ov1", 1, &["line 1", "a line of names"])?;
    let add = "ovl-fdb add 192.168.10.102 02:42:00:00:00:02 -n ov1";
    for (flags, why) in [
        ("--dst 192.168.1.5 --nhid 10", "--nhid"),
        ("--port 4790 --nhid 10", "--nhid"),
        ("--dst ::ffff:192.168.1.5", "write it as 192.168.1.5"),
    ] {
        lab.refuses(&format!("{add} {flags}"), 2, &[why])?;
    }
    let mapped = add.replace("192.168", "::ffff:192.168");
    lab.refuses(&format!("{mapped} --dst 192.168.1.5"), 2, &["write it as 192.168.10.102"])?;
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)?;
    // As an old spreadsheet ends its lines.
    lab.ok("printf 'ip,mac,vtep\\r192.168.10.101,,192.168.1.5\\r' > t.csv
        echo 192.168.10.102,02:42:00:00:00:02,192.168.1.6 | tr '\\n' '\\r' >> t.csv
        ovl-fdb load t.csv -n ov1")?;
    rows::same("loaded", &table(), &rows::of(lab, "ov1")?)
}

fn what_is_listed_as_yaml_is_taken(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..20)?;
    lab.ok("ovl-fdb load t.csv -n ov1
        ip -n ov1 neigh add 10.7.0.99 lladdr 02:42:00:00:00:99 dev vxlan0 nud noarp
        ip -n ov1 neigh show nud all dev vxlan0 > neighs
        ovl-fdb list -n ov1 -o yaml > listed; ovl-fdb flush --owned -n ov1
        ip -n ov1 neigh del 10.7.0.99 dev vxlan0; ovl-fdb load listed -n ov1")?;
    let mut wanted = rows::owned(1..20);
    let noarp = "10.7.0.99 lladdr 02:42:00:00:00:99 PERMANENT proto 79";
    wanted.insert(noarp.into());
    rows::same("listed", &wanted, &rows::of(lab, "ov1")?)?;
    // The text of ip counts the same row as lasting.
    lab.ok("ovl-fdb flush --owned -n ov1; ovl-fdb load neighs -n ov1")?;
    ensure!(rows::of(lab, "ov1")?.contains(noarp), "{:?}", rows::of(lab, "ov1")?);
    Ok(())
}

/// The device again, with this of its own.
fn remade(lab: &Lab, flags: &str) -> Result<()> {
    lab.overlay()?;
    lab.ok(&format!(
        "ip -n ov1 link del vxlan0
        ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789 {flags}
        ip -n ov1 link set vxlan0 up"
    ))
    .map(drop)
}

fn a_device_that_is_full_takes_all_rows_back(lab: &Lab) -> Result<()> {
    remade(lab, "maxaddress 50")?;
    rows::csv("few.csv", 1..11)?;
    lab.ok("ovl-fdb load few.csv -n ov1")?;
    let before = oracle::state(lab)?;
    rows::csv("many.csv", 11..100)?;
    // 10 stand, and the file's first line has the names of its columns.
    let words = ["line 42", "No space left on device", "hint: ", "maxaddress"];
    lab.refuses("ovl-fdb load many.csv -n ov1", 1, &words)?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn a_vtep_of_the_other_family_takes_all_rows_back(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    rows::write("t.csv", &format!("{TABLE}192.168.10.103,,fd00::5\n"))?;
    lab.refuses("ovl-fdb load t.csv -n ov1", 1, &["line 3", "fd00::5", "hint: ", "IPv6"])?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn keep_going_reports_each_refusal_by_its_line(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", &format!("192.168.10.8,,fd00::5\n{TABLE}192.168.10.9,,fd00::5\n"))?;
    lab.refuses("ovl-fdb load t.csv -n ov1 --keep-going", 1, &["line 1: ", "line 4: ", "fd00::5"])?;
    let rows = rows::of(lab, "ov1")?;
    ensure!(rows.is_superset(&table()), "{rows:?}");
    // Another's row in the way is one of them.
    lab.ok("ip -n ov1 neigh add 192.168.10.7 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent")?;
    rows::write("t.csv", "192.168.10.7,,192.168.1.5\n192.168.10.6,,192.168.1.5\n")?;
    let output = lab.run("ovl-fdb load t.csv -n ov1 --keep-going -j")?;
    ensure!(output.code == 1 && output.stderr.contains("line 1"), "{output}");
    let counts: serde_json::Value = serde_json::from_str(&output.stdout)?;
    assert_eq!((&counts["added"], &counts["refused"]), (&json!(1), &json!(1)), "{counts}");
    let rows = rows::of(lab, "ov1")?;
    ensure!(rows.contains("192.168.10.7 lladdr 02:42:00:00:00:99 PERMANENT"), "{rows:?}");
    ensure!(rows.is_superset(&pair("192.168.10.6", "02:42:c0:a8:0a:06", "192.168.1.5").into()));
    Ok(())
}

fn what_keep_going_has_written_is_owned(lab: &Lab) -> Result<()> {
    remade(lab, "maxaddress 5")?;
    rows::csv("t.csv", 1..21)?;
    let output = lab.run("ovl-fdb load t.csv -n ov1 --keep-going -j")?;
    let counts: serde_json::Value = serde_json::from_str(&output.stdout)?;
    assert_eq!((&counts["added"], &counts["refused"]), (&json!(5), &json!(15)), "{output}");
    assert_eq!(rows::fdb(lab, "ov1")?.len(), 5);
    // Of the endpoints that were refused in part as well.
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn fdb_only_and_neigh_only_write_their_half(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", TABLE)?;
    let is_fdb = |row: &String| row.contains(" dst ");
    for (flag, half) in [("--fdb-only", true), ("--neigh-only", false)] {
        lab.ok(&format!("ovl-fdb load t.csv -n ov1 {flag}"))?;
        let wanted = table().into_iter().filter(|row| is_fdb(row) == half).collect();
        rows::same(flag, &wanted, &rows::of(lab, "ov1")?)?;
        // No pair of marks tells whose they are.
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn endpoints_behind_this_host_are_left_out(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n h1 addr add 10.55.0.1/32 dev lo")?;
    let own = "192.168.10.2,,192.168.1.4\n192.168.10.3,,10.55.0.1\n192.168.10.4,,10.66.0.1\n";
    rows::write("t.csv", &format!("{own}{TABLE}"))?;
    let said = lab.ok("ovl-fdb load t.csv -n ov1 --self 10.66.0.1")?;
    ensure!(said.contains("3 behind this host"), "{said}");
    rows::same("loaded", &table(), &rows::of(lab, "ov1")?)
}

fn an_ipv6_underlay_and_ipv6_endpoints(lab: &Lab) -> Result<()> {
    remade(lab, "local fd00::4")?;
    rows::write(
        "t.yaml",
        "endpoints:\n  - { ip: \"fd00:a::1\", mac: 02:42:00:00:00:01, vtep: \"fd00::5\" }\n  \
        - { ip: \"fd00:a::2\", mac: 02:42:00:00:00:02, vtep: \"fd00::4\" }\n",
    )?;
    lab.ok("ovl-fdb load t.yaml -n ov1")?;
    let wanted = pair("fd00:a::1", "02:42:00:00:00:01", "fd00::5").into();
    rows::same("behind fd00::4 is this host", &wanted, &rows::of(lab, "ov1")?)
}

fn rows_by_nexthop_group(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(
        "ip -n h1 nexthop add id 1 via 192.168.1.5 fdb; ip -n h1 nexthop add id 10 group 1 fdb",
    )?;
    rows::write(
        "t.yaml",
        "endpoints:\n  - { ip: 192.168.10.101, nhid: 10 }\n  \
        - { mac: 02:42:00:00:00:02, nhid: 10 }\n",
    )?;
    lab.ok("ovl-fdb load t.yaml -n ov1")?;
    let wanted: Rows = [
        "192.168.10.101 lladdr 02:42:c0:a8:0a:65 PERMANENT proto 79",
        "02:42:c0:a8:0a:65 nhid 10 self extern_learn permanent",
        "02:42:00:00:00:02 nhid 10 self extern_learn permanent",
    ]
    .map(String::from)
    .into();
    rows::same("loaded", &wanted, &rows::of(lab, "ov1")?)?;
    rows::write("t.yaml", "endpoints:\n  - { ip: 192.168.10.103, nhid: 77 }\n")?;
    lab.refuses(
        "ovl-fdb load t.yaml -n ov1",
        1,
        &["line 2", "02:42:c0:a8:0a:67", "Nexthop id does not exist"],
    )?;
    rows::same("what was refused", &wanted, &rows::of(lab, "ov1")?)
}

fn another_networks_table_is_refused(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.yaml", "vni: 300\nendpoints:\n  - { ip: 192.168.10.101, vtep: 192.168.1.5 }\n")?;
    for verb in ["load", "sync", "answer"] {
        let command = format!("ovl-fdb {verb} t.yaml -n ov1");
        lab.refuses(&command, 1, &["300", "256", "hint: "])?;
    }
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn anothers_permanent_row_is_left_unless_it_may_be_replaced(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", TABLE)?;
    for row in [
        "ip -n ov1 neigh add 192.168.10.102 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent",
        "bridge -n ov1 fdb add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.9 self permanent",
        "bridge -n ov1 fdb add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.9 self static",
    ] {
        lab.ok(row)?;
        let before = oracle::state(lab)?;
        let words = ["192.168.10.102", "line 2", "hint: ", "--replace"];
        lab.refuses("ovl-fdb load t.csv -n ov1", 4, &words)?;
        oracle::same("what was refused", &before, &oracle::state(lab)?)?;
        lab.ok("ovl-fdb load t.csv -n ov1 --replace")?;
        rows::same(row, &table(), &rows::of(lab, "ov1")?)?;
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn half_of_an_endpoint_that_stands_is_completed_and_the_other_half_is_owned(
    lab: &Lab,
) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", TABLE)?;
    lab.ok("ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.6 self permanent")?;
    let before = rows::of(lab, "ov1")?;
    for verb in ["load", "sync"] {
        lab.ok(&format!("ovl-fdb {verb} t.csv -n ov1"))?;
        assert_eq!(rows::of(lab, "ov1")?.len(), 4);
        // A second run must not forget whose they are.
        lab.ok("ovl-fdb sync t.csv -n ov1; ovl-fdb flush --owned -n ov1")?;
        rows::same(verb, &before, &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn a_table_of_both_families_and_a_spreadsheets_are_loaded(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write(
        "t.yaml",
        "subnet: 192.168.10.0/24\nendpoints:\n  - { ip: 192.168.10.101, vtep: 192.168.1.5 }\n  \
        - { ip: \"fd00:a::1\", mac: 02:42:c0:a8:0a:65, vtep: 192.168.1.5 }\n",
    )?;
    lab.ok("ovl-fdb load t.yaml -n ov1")?;
    let mut wanted: Rows = pair("192.168.10.101", "02:42:c0:a8:0a:65", "192.168.1.5").into();
    wanted.extend(pair("fd00:a::1", "02:42:c0:a8:0a:65", "192.168.1.5"));
    rows::same("both families", &wanted, &rows::of(lab, "ov1")?)?;
    rows::write("t.csv", "\"ip\",\"mac\",\"vtep\"\n\"192.168.10.101\",\"\",\"192.168.1.5\"\n")?;
    let said = lab.ok("ovl-fdb load t.csv -n ov1")?;
    ensure!(said.contains("1 there already"), "{said}");
    // One VTEP, by two ports.
    let one = "{ mac: 02:42:00:00:00:01, vtep: 192.168.1.5";
    rows::write("t.yaml", &format!("endpoints:\n  - {one}, port: 4789 }}\n  - {one} }}\n"))?;
    lab.refuses("ovl-fdb load t.yaml -n ov1", 1, &["line 3: ", "there it has port 4789"])
}

fn the_wrong_file_is_refused_in_a_line(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("yes 'hello world this is no table' | head -20000 >big.txt")?;
    for form in ["", "--format yaml", "--format json", "--format csv", "--format text"] {
        let said = lab.fails(&format!("ovl-fdb load big.txt -n ov1 {form}"), 1)?;
        ensure!(said.len() < 2000, "{} bytes with '{form}': {said:.300}", said.len());
    }
    Ok(())
}
