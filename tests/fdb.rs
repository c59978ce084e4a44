//! `ovl-fdb` against `bridge -j fdb` and `ip -j -d neigh`.

use anyhow::{Result, ensure};
use ovl_tests::lab::{Lab, column};
use ovl_tests::{oracle, tests};
use serde_json::{Value, json};

tests![
    add_writes_both_rows_with_their_marks,
    add_is_all_or_nothing_for_a_row_that_stands,
    add_fdb_only_and_neigh_only_write_one_row,
    mac_auto_is_dockers_rule,
    flood_has_one_row_for_each_vtep,
    a_flood_row_to_our_own_vtep_is_refused,
    a_learned_row_gives_way,
    a_permanent_row_with_another_vtep_is_replaced_only_when_asked,
    an_address_that_moves_is_replaced_only_when_asked,
    port_vni_via_and_flags_are_as_bridge_has_them,
    rows_of_an_ipv6_underlay,
    rows_want_a_vxlan_device,
    del_by_ip_takes_all_rows_of_it,
    del_by_mac_takes_all_rows_of_it,
    del_by_ip_leaves_a_mac_that_another_address_uses,
    del_takes_one_flood_row_or_all,
    del_leaves_rows_of_others_unless_asked,
    list_joins_rows_into_endpoints,
    list_filters_by_owner_and_by_how_rows_came,
    get_finds_by_ip_and_by_mac,
    rows_of_any_vni_are_found_and_deleted,
    del_takes_what_only_the_bridge_knows,
    nobody_behind_a_vtep_has_the_devices_own_mac,
];

const ADD: &str = "ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1";

fn neighbours(lab: &Lab) -> Result<Value> {
    Ok(oracle::state(lab)?["ov1"]["neighbours"].clone())
}

/// The rows of vxlan0 that somebody wrote.
fn rows(lab: &Lab) -> Result<Vec<Value>> {
    let state = oracle::state(lab)?;
    let rows = state["ov1"]["rows"].as_array().cloned().unwrap_or_default();
    let is_own = |r: &Value| r["flags"].as_array().is_some_and(|f| f.contains(&"self".into()));
    Ok(rows.into_iter().filter(|r| r["ifname"] == "vxlan0" && is_own(r)).collect())
}

fn vteps(lab: &Lab) -> Result<Vec<String>> {
    Ok(column(&Value::Array(rows(lab)?), "dst").iter().map(|&d| d.to_owned()).collect())
}

fn add_writes_both_rows_with_their_marks(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    assert_eq!(lab.ok(ADD)?, "");
    let expected = json!([{"dst": "192.168.10.101", "dev": "vxlan0", "lladdr": "02:42:c0:a8:0a:65",
        "state": ["PERMANENT"], "protocol": "79"}]);
    assert_eq!(neighbours(lab)?, expected);
    let expected = json!({"ifname": "vxlan0", "mac": "02:42:c0:a8:0a:65", "dst": "192.168.1.5",
        "flags": ["extern_learn", "self"], "state": "permanent"});
    assert_eq!(rows(lab)?, [expected]);
    Ok(())
}

fn add_is_all_or_nothing_for_a_row_that_stands(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(ADD)?;
    let before = oracle::state(lab)?;
    lab.refuses(ADD, 4, &["192.168.10.101"])?;
    lab.ok(&format!("{ADD} --exist-ok"))?;
    // The FDB row stands; the neighbour row of the other address must not be written.
    lab.fails("ovl-fdb add 192.168.10.102 02:42:c0:a8:0a:65 --dst 192.168.1.6 -n ov1", 4)?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn add_fdb_only_and_neigh_only_write_one_row(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-fdb add 02:42:00:00:00:01 --dst 192.168.1.5 --fdb-only -n ov1")?;
    assert_eq!((neighbours(lab)?, vteps(lab)?.len()), (json!([]), 1));
    lab.ok("ovl-fdb add 192.168.10.7 02:42:00:00:00:07 --neigh-only -n ov1")?;
    assert_eq!(column(&neighbours(lab)?, "dst"), ["192.168.10.7"]);
    assert_eq!(vteps(lab)?.len(), 1);
    Ok(())
}

fn mac_auto_is_dockers_rule(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-fdb add 192.168.10.255 auto --vtep 192.168.1.5 -n ov1")?;
    assert_eq!(column(&neighbours(lab)?, "lladdr"), ["02:42:c0:a8:0a:ff"]);
    Ok(())
}

fn flood_has_one_row_for_each_vtep(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-fdb add --flood --dst 192.168.1.5 -n ov1; ovl-fdb add --flood --dst 192.168.1.6 -n ov1")?;
    assert_eq!(vteps(lab)?, ["192.168.1.5", "192.168.1.6"]);
    for row in rows(lab)? {
        assert_eq!(
            (&row["mac"], &row["state"]),
            (&json!("00:00:00:00:00:00"), &json!("permanent"))
        );
    }
    lab.fails("ovl-fdb add --flood --dst 192.168.1.6 -n ov1", 4)?;
    lab.ok("ovl-fdb add --flood --dst 192.168.1.6 -n ov1 --exist-ok")?;
    assert_eq!(vteps(lab)?.len(), 2);
    Ok(())
}

fn a_flood_row_to_our_own_vtep_is_refused(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // An address of the underlay's, and the device's own `local`.
    lab.refuses("ovl-fdb add --flood --dst 192.168.1.4 -n ov1", 1, &["192.168.1.4", "hint: "])?;
    lab.ok("ip -n ov1 link set vxlan0 type vxlan local 192.168.1.9")?;
    lab.refuses("ovl-fdb add --flood --dst 192.168.1.9 -n ov1", 1, &["192.168.1.9"])?;
    assert_eq!(rows(lab)?, [] as [Value; 0]);
    Ok(())
}

fn a_learned_row_gives_way(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.9 self dynamic
        ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:00:00:00:99 dev vxlan0 nud stale")?;
    lab.ok(ADD)?;
    assert_eq!(vteps(lab)?, ["192.168.1.5"]);
    assert_eq!(rows(lab)?[0]["flags"], json!(["extern_learn", "self"]));
    assert_eq!(column(&neighbours(lab)?, "lladdr"), ["02:42:c0:a8:0a:65"]);
    assert_eq!(neighbours(lab)?[0]["protocol"], "79");
    Ok(())
}

fn a_permanent_row_with_another_vtep_is_replaced_only_when_asked(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.9 self permanent")?;
    let before = oracle::state(lab)?;
    lab.refuses(ADD, 4, &["192.168.1.9", "hint: ", "--replace"])?;
    lab.refuses(&format!("{ADD} --exist-ok"), 4, &["192.168.1.9"])?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)?;
    lab.ok(&format!("{ADD} --replace"))?;
    assert_eq!(vteps(lab)?, ["192.168.1.5"]);
    // The mark of our rows is on it too, which a plain replace cannot put there.
    assert_eq!(rows(lab)?[0]["flags"], json!(["extern_learn", "self"]));
    Ok(())
}

fn an_address_that_moves_is_replaced_only_when_asked(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(ADD)?;
    let moved = "ovl-fdb add 192.168.10.101 02:42:00:00:00:07 --dst 192.168.1.6 -n ov1";
    lab.refuses(moved, 4, &["192.168.10.101", "02:42:c0:a8:0a:65"])?;
    lab.ok(&format!("{moved} --replace"))?;
    assert_eq!(column(&neighbours(lab)?, "lladdr"), ["02:42:00:00:00:07"]);
    ensure!(vteps(lab)?.contains(&"192.168.1.6".to_owned()));
    Ok(())
}

fn port_vni_via_and_flags_are_as_bridge_has_them(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-fdb add 02:42:00:00:00:01 --dst 192.168.1.5 --fdb-only -n ov1 --port 8472 --vni 300 --sticky
        ovl-fdb add 02:42:00:00:00:02 --dst 192.168.1.5 --fdb-only -n ov1 --dynamic
        ovl-fdb add 02:42:00:00:00:03 --dst 192.168.1.5 --fdb-only -n ov1 --router")?;
    // The same by hand on a twin.
    lab.ok("ip netns add ov2
        ip -n h1 link add vxlan0 netns ov2 type vxlan id 257 dstport 4789 proxy l2miss l3miss
        bridge -n ov2 fdb add 02:42:00:00:00:01 dev vxlan0 dst 192.168.1.5 port 8472 vni 300 self permanent extern_learn sticky
        bridge -n ov2 fdb add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.5 self dynamic
        bridge -n ov2 fdb add 02:42:00:00:00:03 dev vxlan0 dst 192.168.1.5 self permanent extern_learn router")?;
    let all = |netns: &str| -> Result<Vec<Value>> {
        let rows = lab.json(&format!("bridge -n {netns} -j fdb show dev vxlan0"))?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        Ok(rows.into_iter().filter(|r| r["dst"].is_string()).collect())
    };
    let (ours, theirs) = (all("ov1")?, all("ov2")?);
    assert_eq!(ours.len(), 3);
    for row in &theirs {
        ensure!(ours.contains(row), "no {row} in {ours:?}");
    }
    // `via` is a device of the underlay's, whatever has its number here.
    lab.ok("ovl-fdb add 02:42:00:00:00:04 --dst 192.168.1.5 --fdb-only --via eth0 -n ov1")?;
    ensure!(
        lab.ok("bridge -n ov1 fdb show dev vxlan0")?
            .contains("02:42:00:00:00:04 dst 192.168.1.5 via")
    );
    lab.refuses(
        "ovl-fdb add 02:42:00:00:00:05 --dst 192.168.1.5 --fdb-only --via nope -n ov1",
        3,
        &["nope"],
    )?;
    Ok(())
}

fn rows_of_an_ipv6_underlay(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n ov1 link del vxlan0
        ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789 remote ::
        ovl-fdb add fd00:a::101 02:42:c0:a8:0a:65 --dst fd00::5 -n ov1")?;
    assert_eq!(column(&neighbours(lab)?, "dst"), ["fd00:a::101"]);
    ensure!(vteps(lab)?.contains(&"fd00::5".to_owned()));
    // The socket of an IPv4 device cannot send to it.
    lab.ok("ip -n ov1 link del vxlan0
        ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789")?;
    let before = oracle::state(lab)?;
    lab.refuses(
        "ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst fd00::5 -n ov1",
        1,
        &["hint: "],
    )?;
    oracle::same("a VTEP of the other family", &before, &oracle::state(lab)?)
}

fn rows_want_a_vxlan_device(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.refuses(&format!("{ADD} --dev br0"), 3, &["br0", "bridge"])?;
    lab.refuses(&format!("{ADD} --dev vxlan9"), 3, &["vxlan9", "ov1"])?;
    lab.refuses("ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5", 3, &["vxlan0"])?;
    Ok(())
}

fn del_by_ip_takes_all_rows_of_it(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    lab.ok(ADD)?;
    lab.ok("ovl-fdb del 192.168.10.101 -n ov1")?;
    oracle::same("after del", &before, &oracle::state(lab)?)?;
    lab.refuses("ovl-fdb del 192.168.10.101 -n ov1", 3, &["192.168.10.101"])?;
    lab.ok("ovl-fdb del 192.168.10.101 -n ov1 --missing-ok")?;
    Ok(())
}

fn del_by_mac_takes_all_rows_of_it(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    lab.ok(ADD)?;
    lab.ok("ovl-fdb del 02:42:c0:a8:0a:65 -n ov1")?;
    oracle::same("after del", &before, &oracle::state(lab)?)
}

fn del_by_ip_leaves_a_mac_that_another_address_uses(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(ADD)?;
    lab.ok("ovl-fdb add 192.168.10.201 02:42:c0:a8:0a:65 --neigh-only -n ov1")?;
    let output = lab.run("ovl-fdb del 192.168.10.101 -n ov1")?;
    ensure!(output.code == 0 && output.stderr.contains("192.168.10.201"), "{output}");
    assert_eq!(column(&neighbours(lab)?, "dst"), ["192.168.10.201"]);
    assert_eq!(vteps(lab)?, ["192.168.1.5"]);
    lab.ok("ovl-fdb del 192.168.10.201 -n ov1")?;
    assert_eq!((neighbours(lab)?, vteps(lab)?.len()), (json!([]), 0));
    Ok(())
}

fn del_takes_one_flood_row_or_all(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("for i in 5 6 7; do ovl-fdb add --flood --dst 192.168.1.$i -n ov1; done
        ovl-fdb del --flood --dst 192.168.1.6 -n ov1")?;
    assert_eq!(vteps(lab)?, ["192.168.1.5", "192.168.1.7"]);
    lab.fails("ovl-fdb del --flood --dst 192.168.1.6 -n ov1", 3)?;
    lab.ok("ovl-fdb del --flood -n ov1")?;
    assert_eq!(vteps(lab)?.len(), 0);
    Ok(())
}

fn del_leaves_rows_of_others_unless_asked(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // As Docker writes them: no marks.
    lab.ok("ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self permanent")?;
    let before = oracle::state(lab)?;
    lab.refuses("ovl-fdb del 192.168.10.101 -n ov1", 1, &["hint: ", "--foreign"])?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)?;
    lab.ok("ovl-fdb del 192.168.10.101 -n ov1 --foreign")?;
    assert_eq!((neighbours(lab)?, vteps(lab)?.len()), (json!([]), 0));
    Ok(())
}

fn list_joins_rows_into_endpoints(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(ADD)?;
    lab.ok("ovl-fdb add --flood --dst 192.168.1.5 -n ov1
        ovl-fdb add 192.168.10.7 02:42:00:00:00:07 --neigh-only -n ov1
        bridge -n ov1 fdb add 02:42:c0:a8:0a:66 dev vxlan0 dst 192.168.1.6 self permanent")?;
    let list = lab.json("ovl-fdb list -n ov1 -o json")?;
    let list = list.as_array().cloned().unwrap_or_default();
    let of = |mac: &str| list.iter().find(|e| e["mac"] == mac).cloned().unwrap_or_default();
    assert_eq!(list.len(), 4);
    let whole = of("02:42:c0:a8:0a:65");
    let expected =
        json!({"dev": "vxlan0", "ip": "192.168.10.101", "dst": "192.168.1.5", "owned": true});
    for (key, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(&whole[key], value, "{key}");
    }
    assert_eq!(whole["netns"]["ref"], "ov1");
    let text = whole.to_string();
    for key in ["port", "vni", "neigh", "fdb", "bridge"] {
        ensure!(whole.get(key).is_some(), "no '{key}' in {text}");
    }
    ensure!(
        whole["neigh"].is_object() && whole["fdb"].is_object() && whole["bridge"].is_null(),
        "{text}"
    );
    ensure!(
        whole["fdb"]["flags"].as_array().is_some_and(|f| f.contains(&"extern_learn".into())),
        "{text}"
    );
    let half = of("02:42:c0:a8:0a:66");
    ensure!(half["ip"].is_null() && half["neigh"].is_null() && half["owned"] == false, "{half}");
    ensure!(of("02:42:00:00:00:07")["fdb"].is_null());
    assert_eq!(of("00:00:00:00:00:00")["dst"], "192.168.1.5");
    let table = lab.ok("ovl-fdb list -n ov1")?;
    assert_eq!(table.lines().count(), 5, "a header and four rows:\n{table}");
    assert_eq!(lab.json("ovl-fdb list -o json")?, json!([]));
    assert_eq!(lab.json("ovl-fdb list --all -o json")?.as_array().map(Vec::len), Some(4));
    Ok(())
}

fn list_filters_by_owner_and_by_how_rows_came(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(ADD)?;
    lab.ok("bridge -n ov1 fdb add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.5 self permanent
        bridge -n ov1 fdb add 02:42:00:00:00:03 dev vxlan0 dst 192.168.1.5 self dynamic")?;
    for (flag, macs) in [
        ("--owned", &["02:42:c0:a8:0a:65"][..]),
        ("--foreign", &["02:42:00:00:00:02", "02:42:00:00:00:03"]),
        ("--permanent", &["02:42:00:00:00:02", "02:42:c0:a8:0a:65"]),
        ("--learned", &["02:42:00:00:00:03"]),
        ("--dev vxlan0", &["02:42:00:00:00:02", "02:42:00:00:00:03", "02:42:c0:a8:0a:65"]),
    ] {
        let list = lab.json(&format!("ovl-fdb list -n ov1 {flag} -o json"))?;
        let mut found = column(&list, "mac");
        found.sort_unstable();
        assert_eq!(found, macs, "{flag}");
    }
    Ok(())
}

fn get_finds_by_ip_and_by_mac(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(ADD)?;
    for who in ["192.168.10.101", "02:42:c0:a8:0a:65"] {
        let found = lab.ok(&format!("ovl-fdb get {who} -n ov1 -o json"))?;
        ensure!(found.contains("192.168.1.5"), "{found}");
    }
    lab.refuses("ovl-fdb get 192.168.10.9 -n ov1", 3, &["192.168.10.9"])?;
    Ok(())
}

fn rows_of_any_vni_are_found_and_deleted(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1
        ip -n h1 link add vxlan0 netns ov1 type vxlan external dstport 4789
        for i in 0 1; do bridge -n ov1 fdb add 02:42:00:00:00:01 dev vxlan0 \
            dst 192.168.1.$((5 + i)) src_vni 30$i vni 30$i self permanent; done
        bridge -n ov1 fdb add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.5 src_vni 300 self permanent")?;
    let found = lab.json("ovl-fdb get 02:42:00:00:00:01 -n ov1 -o json")?;
    assert_eq!(column(&found, "dst").len(), 2, "{found}");
    let del = "ovl-fdb del 02:42:00:00:00:01 -n ov1";
    lab.refuses(del, 1, &["--foreign"])?;
    let left = |lab: &Lab| lab.ok("bridge -n ov1 fdb show dev vxlan0 | cut -d ' ' -f 1-3");
    let line = lab.ok(&format!("{del} --dst 192.168.1.6 --foreign --dry-run"))?;
    ensure!(line.contains(" src_vni 301 "), "{line}");
    lab.ok(&format!("{del} --dst 192.168.1.6 --foreign"))?;
    assert_eq!(left(lab)?.lines().filter(|row| row.ends_with("192.168.1.6")).count(), 0);
    lab.ok(&format!("{del} --foreign"))?;
    assert_eq!(left(lab)?, "02:42:00:00:00:02 dst 192.168.1.5\n");
    Ok(())
}

fn del_takes_what_only_the_bridge_knows(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    let learned = "bridge -n ov1 fdb add 02:42:c0:a8:0a:42 dev vxlan0 master dynamic";
    lab.ok(&format!("{learned}; ovl-fdb del 02:42:c0:a8:0a:42 -n ov1"))?;
    oracle::same("after del", &before, &oracle::state(lab)?)?;
    lab.ok(&format!(
        "{learned}
        ip -n ov1 neigh add 192.168.10.66 lladdr 02:42:c0:a8:0a:42 dev vxlan0 nud permanent
        ovl-fdb del 192.168.10.66 -n ov1 --foreign"
    ))?;
    oracle::same("after del", &before, &oracle::state(lab)?)?;
    // What somebody wrote there, or learned behind another port, is no row of the device's.
    lab.ok("bridge -n ov1 fdb add 02:42:c0:a8:0a:42 dev vxlan0 master static")?;
    lab.fails("ovl-fdb del 02:42:c0:a8:0a:42 -n ov1", 3)?;
    Ok(())
}

fn nobody_behind_a_vtep_has_the_devices_own_mac(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    let mac = lab.link("ov1", "vxlan0")?["address"].clone();
    let mac = mac.as_str().unwrap_or_default();
    let add = format!("ovl-fdb add 192.168.10.50 {mac} --dst 192.168.1.5 -n ov1");
    lab.refuses(&add, 1, &["vxlan0's own MAC address"])?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}
