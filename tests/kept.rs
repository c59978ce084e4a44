//! Whose a row is: what a run that failed has taken back is nobody's, and a row is
//! ours only while all that it says is what was written.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::Value;

tests![
    what_was_taken_back_is_not_remembered,
    what_a_killed_run_did_not_write_is_forgotten,
    a_row_with_another_port_or_group_is_anothers,
    flood_rows_of_one_vtep_are_told_apart,
    rows_of_one_mac_for_several_vnis_are_told_apart,
    a_flood_list_becomes_a_nexthop_group_and_back,
    a_flood_row_beside_a_nexthop_group_is_refused,
    flood_rows_of_one_vtep_are_all_written,
    rows_that_lead_nowhere_can_go,
    our_neighbour_row_makes_no_other_row_ours,
    a_table_speaks_of_no_row_of_one_vni_of_several,
    a_device_that_is_made_again_has_no_rows_of_ours,
    what_another_has_changed_is_not_ours,
];

const FLOOD: &str = "00:00:00:00:00:00";

/// A host with an overlay's namespace, and nexthop groups 10 and 11.
fn ground(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add h1 ov1 && ip -n h1 link add u0 type veth && ip -n h1 link set u0 up
         ip -n h1 addr add 192.168.1.4/24 dev u0
         ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1
         for n in 1 2; do ip -n h1 nexthop add id 10$n via 192.168.1.5 fdb; done
         ip -n h1 nexthop add id 10 group 101 fdb && ip -n h1 nexthop add id 11 group 102 fdb")?;
    Ok(())
}

/// How `bridge` prints the FDB rows of a MAC address, without what it has used.
fn rows(lab: &Lab, mac: &str, dev: &str) -> Result<Vec<String>> {
    let all = lab.ok(&format!("bridge -n ov1 fdb show dev {dev}"))?;
    let rows = all.lines().filter_map(|line| line.strip_prefix(mac));
    Ok(rows.map(|row| row.trim().to_owned()).collect())
}

/// Who made the rows of a MAC address, as `list` has it.
fn owned(lab: &Lab, mac: &str, dev: &str) -> Result<Vec<bool>> {
    let list = lab.json(&format!("ovl-fdb list -n ov1 --dev {dev} -o json"))?;
    let rows = list.as_array().into_iter().flatten().filter(|row| row["mac"] == mac);
    Ok(rows.filter_map(|row| row["owned"].as_bool()).collect())
}

fn what_was_taken_back_is_not_remembered(lab: &Lab) -> Result<()> {
    ground(lab)?;
    std::fs::write(
        "/run/lab/bad.yaml",
        "endpoints:
  - {mac: 00:00:00:00:00:00, vtep: 192.168.1.5}
  - {mac: 02:00:00:00:00:02, vtep: 192.168.1.6}
  - {mac: 02:00:00:00:00:01, nhid: 99}
",
    )?;
    for verb in ["sync", "load"] {
        lab.fails(&format!("ovl-fdb {verb} bad.yaml -n ov1"), 1)?;
        ensure!(rows(lab, FLOOD, "vxlan0")?.is_empty(), "it was not taken back");
    }
    lab.ok(&format!("bridge -n ov1 fdb append {FLOOD} dev vxlan0 dst 192.168.1.5"))?;
    lab.ok("bridge -n ov1 fdb add 02:00:00:00:00:02 dev vxlan0 dst 192.168.1.6")?;
    ensure!(owned(lab, FLOOD, "vxlan0")? == [false], "a row made by hand is ours");
    let said = lab.ok("ovl-fdb flush --owned -n ov1")?;
    ensure!(said.contains("0 FDB rows"), "{said}");
    ensure!(rows(lab, FLOOD, "vxlan0")?.len() == 1, "it is gone");
    // What was ours before a run that failed still is.
    lab.ok("ovl-fdb flush --foreign --dst 192.168.1.5 -n ov1")?;
    lab.ok("ovl-fdb add --flood --dst 192.168.1.5 -n ov1")?;
    lab.fails("ovl-fdb sync bad.yaml -n ov1", 1)?;
    ensure!(owned(lab, FLOOD, "vxlan0")? == [true], "our own was forgotten");
    Ok(())
}

fn what_a_killed_run_did_not_write_is_forgotten(lab: &Lab) -> Result<()> {
    ground(lab)?;
    lab.ok("ovl-fdb add 192.168.10.9 auto --dst 192.168.1.9 -n ov1")?;
    // What is noted before the first row of a run that is then killed.
    lab.ok(&format!("for f in /run/ovl/rows/*.*; do echo 'fdb {FLOOD} 192.168.1.5' >>$f; done"))?;
    std::fs::write("/run/lab/t.csv", "192.168.10.9,,192.168.1.9\n192.168.10.8,,192.168.1.9\n")?;
    lab.ok("ovl-fdb sync t.csv -n ov1")?;
    lab.ok(&format!("bridge -n ov1 fdb append {FLOOD} dev vxlan0 dst 192.168.1.5"))?;
    ensure!(owned(lab, FLOOD, "vxlan0")? == [false], "a row made by hand is ours");
    let whole = lab.json("ovl-fdb list -n ov1 --owned -o json")?;
    ensure!(whole.as_array().map(Vec::len) == Some(2), "{whole}");
    Ok(())
}

fn a_row_with_another_port_or_group_is_anothers(lab: &Lab) -> Result<()> {
    ground(lab)?;
    let (one, two) = ("02:42:00:00:00:01", "02:42:00:00:00:02");
    lab.ok(&format!("ovl-fdb add {one} --fdb-only --dst 192.168.1.5 -n ov1"))?;
    lab.ok(&format!("ovl-fdb add {two} --fdb-only --nhid 10 -n ov1"))?;
    ensure!(owned(lab, one, "vxlan0")? == [true] && owned(lab, two, "vxlan0")? == [true]);
    let replace = "bridge -n ov1 fdb replace";
    let marks = "self extern_learn permanent";
    lab.ok(&format!("{replace} {one} dev vxlan0 dst 192.168.1.5 port 999 vni 77 {marks}"))?;
    lab.ok(&format!("{replace} {two} dev vxlan0 nhid 11 {marks}"))?;
    ensure!(owned(lab, one, "vxlan0")? == [false], "another port is not what we wrote");
    ensure!(owned(lab, two, "vxlan0")? == [false], "another group is not what we wrote");
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    ensure!(rows(lab, one, "vxlan0")?.len() == 1 && rows(lab, two, "vxlan0")?.len() == 1);
    // With all that it says it is known again.
    lab.ok("ovl-fdb add 02:42:00:00:00:03 --fdb-only --dst 192.168.1.5 --port 98 --vni 7 -n ov1")?;
    ensure!(owned(lab, "02:42:00:00:00:03", "vxlan0")? == [true]);
    Ok(())
}

fn flood_rows_of_one_vtep_are_told_apart(lab: &Lab) -> Result<()> {
    ground(lab)?;
    lab.ok("ovl-fdb add --flood --dst 192.168.1.6 -n ov1")?;
    lab.ok(&format!("bridge -n ov1 fdb append {FLOOD} dev vxlan0 dst 192.168.1.6 port 98"))?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    let left = rows(lab, FLOOD, "vxlan0")?;
    ensure!(left.len() == 1 && left[0].contains("port 98"), "{left:?}");
    // Of two of ours one goes, and the other stays ours.
    lab.ok("ovl-fdb add --flood --dst 192.168.1.6 -n ov1")?;
    lab.ok("ovl-fdb add --flood --dst 192.168.1.6 --port 99 -n ov1")?;
    lab.ok("ovl-fdb flush --port 99 -n ov1")?;
    let mut owners = owned(lab, FLOOD, "vxlan0")?;
    owners.sort_unstable();
    ensure!(owners == [false, true], "{owners:?}");
    Ok(())
}

fn rows_of_one_mac_for_several_vnis_are_told_apart(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add ov1 && ip -n ov1 link add vxe type vxlan external dstport 4790")?;
    lab.ok("ip -n ov1 link set vxe up")?;
    let mac = "02:42:00:00:00:01";
    lab.ok(&format!("ovl-fdb add {mac} --fdb-only --dst 192.168.1.5 --dev vxe -n ov1"))?;
    lab.ok(&format!(
        "bridge -n ov1 fdb add {mac} dev vxe dst 192.168.1.5 src_vni 200 self extern_learn"
    ))?;
    lab.ok("ovl-fdb flush --owned --dev vxe -n ov1")?;
    let left = rows(lab, mac, "vxe")?;
    ensure!(left.len() == 1 && left[0].contains("src_vni 200"), "{left:?}");
    // Two rows that only the VNI of their packets tells apart are two.
    lab.ok(&format!("bridge -n ov1 fdb add {mac} dev vxe dst 192.168.1.5 src_vni 201"))?;
    let counts = lab.json("ovl-fdb flush --foreign --dst 192.168.1.5 --dev vxe -n ov1 -o json")?;
    ensure!(counts["self"] == 2, "{counts}");
    ensure!(rows(lab, mac, "vxe")?.is_empty());
    Ok(())
}

fn table(lab: &Lab, rows: &[&str]) -> Result<()> {
    let list: String = rows.iter().map(|row| format!("  - {{mac: {FLOOD}, {row}}}\n")).collect();
    std::fs::write("/run/lab/f.yaml", format!("endpoints:\n{list}"))?;
    lab.ok("ovl-fdb sync f.yaml -n ov1 --max-delete 100%")?;
    let check = lab.ok("ovl-fdb sync f.yaml -n ov1 --check")?;
    ensure!(!check.contains('+') && !check.contains('-'), "{check}");
    Ok(())
}

fn a_flood_list_becomes_a_nexthop_group_and_back(lab: &Lab) -> Result<()> {
    ground(lab)?;
    table(lab, &["nhid: 10"])?;
    table(lab, &["vtep: 192.168.1.8", "vtep: 192.168.1.9"])?;
    let list = rows(lab, FLOOD, "vxlan0")?;
    ensure!(list.len() == 2 && list[0].contains("dst 192.168.1.8"), "{list:?}");
    table(lab, &["nhid: 11"])?;
    let list = rows(lab, FLOOD, "vxlan0")?;
    ensure!(list.len() == 1 && list[0].contains("id 11"), "{list:?}");
    table(lab, &["nhid: 10"])?;
    let list = rows(lab, FLOOD, "vxlan0")?;
    ensure!(list.len() == 1 && list[0].contains("id 10"), "{list:?}");
    Ok(())
}

fn a_flood_row_beside_a_nexthop_group_is_refused(lab: &Lab) -> Result<()> {
    ground(lab)?;
    lab.ok(&format!("bridge -n ov1 fdb add {FLOOD} dev vxlan0 nhid 10"))?;
    lab.refuses("ovl-fdb add --flood --dst 192.168.1.8 -n ov1", 4, &["nhid 10"])?;
    std::fs::write(
        "/run/lab/f.yaml",
        format!("endpoints:\n  - {{mac: {FLOOD}, vtep: 192.168.1.8}}\n"),
    )?;
    let blocked = lab.run("ovl-fdb sync f.yaml -n ov1")?;
    ensure!(blocked.code == 4, "{blocked:?}");
    let list = rows(lab, FLOOD, "vxlan0")?;
    ensure!(list.len() == 1 && list[0].contains("id 10"), "{list:?}");
    lab.ok("ovl-fdb add --flood --dst 192.168.1.8 -n ov1 --replace")?;
    let list = rows(lab, FLOOD, "vxlan0")?;
    ensure!(list.len() == 1 && list[0].contains("dst 192.168.1.8"), "{list:?}");
    Ok(())
}

fn flood_rows_of_one_vtep_are_all_written(lab: &Lab) -> Result<()> {
    ground(lab)?;
    table(lab, &["vtep: 192.168.1.7, port: 4790", "vtep: 192.168.1.7, vni: 77"])?;
    ensure!(rows(lab, FLOOD, "vxlan0")?.len() == 2);
    // Another port is another row.
    table(lab, &["vtep: 192.168.1.7, port: 4791", "vtep: 192.168.1.7, vni: 77"])?;
    let list = rows(lab, FLOOD, "vxlan0")?;
    ensure!(list.len() == 2 && list.iter().any(|row| row.contains("port 4791")), "{list:?}");
    let owners: Value = lab.json("ovl-fdb list -n ov1 --owned -o json")?;
    ensure!(owners.as_array().map(Vec::len) == Some(2), "{owners}");
    Ok(())
}

/// What only the bridge has learned, and what nobody behind a VTEP can have.
fn rows_that_lead_nowhere_can_go(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let mac = "02:42:c0:a8:0a:42";
    lab.ok(&format!("bridge -n ov1 fdb add {mac} dev vxlan0 master dynamic"))?;
    let counts = lab.json("ovl-fdb flush --foreign --learned --master -n ov1 -o json")?;
    ensure!(counts["master"] == 1, "{counts}");
    let all = lab.ok("bridge -n ov1 fdb show br br0")?;
    ensure!(!all.contains(mac), "{all}");
    let link = lab.link("ov1", "vxlan0")?;
    let own = link["address"].as_str().unwrap_or_default();
    std::fs::write("/run/lab/own.csv", format!("192.168.10.77,{own},192.168.1.5\n"))?;
    lab.refuses("ovl-fdb sync own.csv -n ov1 --max-delete 100%", 1, &[own, "own MAC address"])?;
    lab.ok(&format!("bridge -n ov1 fdb add {own} dev vxlan0 dst 192.168.1.5 self"))?;
    lab.ok(&format!("ovl-fdb del {own} --foreign -n ov1"))?;
    ensure!(rows(lab, own, "vxlan0")?.iter().all(|row| !row.contains("192.168.1.5")));
    Ok(())
}

/// Of a control plane's row beside which our neighbour row stands.
fn our_neighbour_row_makes_no_other_row_ours(lab: &Lab) -> Result<()> {
    ground(lab)?;
    let macs = ["02:42:c0:a8:0a:65", "02:42:c0:a8:0a:66"];
    for (mac, state) in macs.iter().zip(["dynamic", "permanent"]) {
        let row = format!("{mac} dev vxlan0 dst 192.168.1.5 self extern_learn {state}");
        lab.ok(&format!("bridge -n ov1 fdb add {row}"))?;
    }
    let before = lab.ok("bridge -n ov1 fdb show dev vxlan0")?;
    let table = |vtep: &str| {
        let lines = [101, 102].map(|last| format!("192.168.10.{last},,{vtep}\n"));
        std::fs::write("/run/lab/t.csv", lines.concat() + "192.168.10.103,,192.168.1.5\n")
    };
    table("192.168.1.5")?;
    lab.ok("ovl-fdb sync t.csv -n ov1")?;
    // They say something else now: that is for whoever made them.
    table("192.168.1.9")?;
    let blocked = lab.run("ovl-fdb sync t.csv -n ov1")?;
    ensure!(blocked.code == 4, "{blocked:?}");
    std::fs::write("/run/lab/t.csv", "192.168.10.103,,192.168.1.5\n")?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --max-delete 100%")?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    ensure!(lab.ok("bridge -n ov1 fdb show dev vxlan0")? == before);
    ensure!(lab.ok("ip -n ov1 neigh show dev vxlan0 nud permanent")?.is_empty());
    Ok(())
}

fn a_table_speaks_of_no_row_of_one_vni_of_several(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add ov1 && ip -n ov1 link add vxe type vxlan external dstport 4790")?;
    lab.ok("ip -n ov1 link set vxe up")?;
    let mac = "02:42:00:00:00:02";
    for row in [format!("{mac} extern_learn"), FLOOD.to_owned()] {
        let (mac, flags) = row.split_once(' ').unwrap_or((&row, ""));
        let row = format!("{mac} dev vxe dst 192.168.1.5 src_vni 100 self {flags}");
        lab.ok(&format!("bridge -n ov1 fdb add {row}"))?;
    }
    let table = format!("192.168.10.2,{mac},192.168.1.5\n,{FLOOD},192.168.1.5\n");
    std::fs::write("/run/lab/t.csv", format!("{table}192.168.10.3,,192.168.1.5\n"))?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --dev vxe")?;
    for mac in [mac, FLOOD] {
        ensure!(rows(lab, mac, "vxe")?.len() == 2, "{:?}", rows(lab, mac, "vxe")?);
    }
    std::fs::write("/run/lab/t.csv", "192.168.10.3,,192.168.1.5\n")?;
    lab.ok("ovl-fdb sync t.csv -n ov1 --dev vxe --max-delete 100%")?;
    for mac in [mac, FLOOD] {
        let left = rows(lab, mac, "vxe")?;
        ensure!(left.len() == 1 && left[0].contains("src_vni 100"), "{left:?}");
    }
    Ok(())
}

/// Made elsewhere and moved, as Docker makes them, it has the index of the last one.
fn a_device_that_is_made_again_has_no_rows_of_ours(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add h1 ov1")?;
    let make = "ip -n h1 link add vx index 77 type vxlan id 5 dstport 4789
        ip -n h1 link set vx netns ov1 && ip -n ov1 link set vx up";
    lab.ok(make)?;
    let mac = "02:42:00:00:00:01";
    lab.ok("ovl-fdb add --flood --dst 192.168.1.9 --dev vx -n ov1")?;
    lab.ok(&format!("ovl-fdb add {mac} --fdb-only --dst 192.168.1.9 --dev vx -n ov1"))?;
    ensure!(owned(lab, mac, "vx")? == [true]);
    lab.ok("ip -n ov1 link del vx")?;
    lab.ok(make)?;
    ensure!(lab.link("ov1", "vx")?["ifindex"] == 77);
    lab.ok(&format!("bridge -n ov1 fdb append {FLOOD} dev vx dst 192.168.1.9 self permanent"))?;
    lab.ok(&format!("bridge -n ov1 fdb add {mac} dev vx dst 192.168.1.9 self extern_learn"))?;
    let before = lab.ok("bridge -n ov1 fdb show dev vx")?;
    ensure!(owned(lab, mac, "vx")? == [false] && owned(lab, FLOOD, "vx")? == [false]);
    lab.ok("ovl-fdb flush --owned --dev vx -n ov1")?;
    ensure!(lab.ok("bridge -n ov1 fdb show dev vx")? == before);
    // What was remembered of the first goes when something is remembered of the second.
    lab.ok("ovl-fdb add 02:42:00:00:00:03 --fdb-only --dst 192.168.1.9 --dev vx -n ov1")?;
    ensure!(lab.ok("ls /run/ovl/rows | grep -c '[.]77[.]'")?.trim() == "1");
    Ok(())
}

fn what_another_has_changed_is_not_ours(lab: &Lab) -> Result<()> {
    ground(lab)?;
    let mac = "02:42:c0:a8:0a:28";
    lab.ok("ovl-fdb add 192.168.10.40 auto --dst 192.168.1.5 -n ov1")?;
    let neigh = "ip -n ov1 neigh replace 192.168.10.40 dev vxlan0 lladdr";
    lab.ok(&format!("{neigh} {mac} nud noarp router"))?;
    lab.ok(&format!("bridge -n ov1 fdb del {mac} dev vxlan0 dst 192.168.1.5 self"))?;
    let row = format!("{mac} dev vxlan0 dst 192.168.1.5 self extern_learn dynamic");
    lab.ok(&format!("bridge -n ov1 fdb add {row}"))?;
    ensure!(owned(lab, mac, "vxlan0")? == [false]);
    let said = lab.ok("ovl-fdb flush --owned -n ov1")?;
    ensure!(said.starts_with("0 neighbour rows, 0 FDB rows"), "{said}");
    ensure!(rows(lab, mac, "vxlan0")?.len() == 1);
    ensure!(lab.ok("ip -n ov1 neigh show dev vxlan0 nud all")?.contains("router NOARP"));
    Ok(())
}
