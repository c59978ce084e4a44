//! `ovl-vxlan add`, `del`, `show`, `list` against `ip -j -d link`. The device's
//! attributes have a file of their own.

use anyhow::{Result, ensure};
use ovl_tests::lab::{Lab, column, is_up};
use ovl_tests::{oracle, tests};
use serde_json::json;

tests![
    the_socket_is_where_it_was_asked_for,
    the_device_ends_with_its_underlay,
    the_callers_own_namespace_is_the_default_for_both,
    a_bridge_is_made_with_its_gateway_and_the_device_enslaved,
    a_bridge_that_stands_is_used,
    the_device_is_up_unless_asked_otherwise,
    a_duplicate_vni_names_its_holder,
    a_vni_is_free_on_another_port_another_socket_and_the_other_family,
    exist_ok_takes_what_stands_as_asked_and_only_that,
    a_name_that_is_taken_is_refused,
    del_takes_the_device_and_with_bridge_the_bridge,
    del_is_for_vxlan_devices_alone,
    show_says_what_ip_says,
    list_has_one_device_a_row,
    add_prints_what_it_made_for_programs,
    explain_prints_the_lines_while_acting,
];

/// An overlay namespace beside the two hosts.
fn hosts_and_overlay(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1")?;
    Ok(())
}

fn the_socket_is_where_it_was_asked_for(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    lab.ok("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1")?;
    let link = lab.link("ov1", "vxlan0")?;
    let ids = lab.json("ip -n ov1 -j netns list-id")?;
    let socket = ids.as_array().into_iter().flatten().find(|i| i["nsid"] == link["link_netnsid"]);
    assert_eq!(socket.map(|s| &s["name"]), Some(&json!("h1")));
    ensure!(!lab.has_link("h1", "vxlan0")?, "an orphan is left in the underlay");
    // The port is bound there, and nowhere else.
    for (netns, bound) in [("h1", true), ("h2", false), ("ov1", false)] {
        lab.ok(&format!("ip -n {netns} link add probe type vxlan id 256 dstport 4789 >/dev/null 2>&1 && echo free || echo held"))
            .map(|said| assert_eq!(said.trim() == "held", bound, "{netns}"))?;
    }
    Ok(())
}

fn the_device_ends_with_its_underlay(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    lab.ok("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1")?;
    lab.ok("ip netns del h1")?;
    lab.eventually("vxlan0 is gone with h1", |lab| Ok(!lab.has_link("ov1", "vxlan0")?))
}

fn the_callers_own_namespace_is_the_default_for_both(lab: &Lab) -> Result<()> {
    lab.ok(
        "ip netns add ov1; ovl-vxlan add vxlan0 --vni 256; ovl-vxlan add vxlan1 --vni 257 -n ov1",
    )?;
    let state = oracle::state(lab)?;
    assert_eq!(state["self"]["links"]["vxlan0"]["socket"], "here");
    assert_eq!(state["ov1"]["links"]["vxlan1"]["socket"], "self");
    Ok(())
}

fn a_bridge_is_made_with_its_gateway_and_the_device_enslaved(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    lab.ok("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24")?;
    let bridge = lab.link("ov1", "br0")?;
    assert_eq!(bridge["linkinfo"]["info_kind"], "bridge");
    assert_eq!(bridge["addr_info"][0]["local"], "192.168.10.1");
    assert_eq!(bridge["addr_info"][0]["prefixlen"], 24);
    assert_eq!(bridge["mtu"], 1450);
    ensure!(is_up(&bridge));
    let device = lab.link("ov1", "vxlan0")?;
    assert_eq!(device["master"], "br0");
    assert_eq!(device["mtu"], 1450);
    ensure!(is_up(&device));
    Ok(())
}

fn a_bridge_that_stands_is_used(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    lab.ok("ip -n ov1 link add br0 type bridge stp_state 1; ip -n ov1 link set br0 up")?;
    let before = lab.link("ov1", "br0")?;
    lab.ok("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24")?;
    let after = lab.link("ov1", "br0")?;
    assert_eq!(before["ifindex"], after["ifindex"]);
    assert_eq!(after["linkinfo"]["info_data"]["stp_state"], 1);
    assert_eq!(after["addr_info"][0]["local"], "192.168.10.1");
    assert_eq!(lab.link("ov1", "vxlan0")?["master"], "br0");
    // What is no bridge cannot be one.
    lab.ok("ip -n ov1 link add d0 type veth peer name d1")?;
    lab.refuses("ovl-vxlan add vxlan1 --vni 300 -n ov1 --bridge d0", 3, &["d0", "veth", "bridge"])?;
    ensure!(!lab.has_link("ov1", "vxlan1")?);
    Ok(())
}

fn the_device_is_up_unless_asked_otherwise(lab: &Lab) -> Result<()> {
    lab.ok("ovl-vxlan add vxlan0 --vni 256; ovl-vxlan add vxlan1 --id 257 --down")?;
    ensure!(is_up(&lab.link("self", "vxlan0")?));
    ensure!(!is_up(&lab.link("self", "vxlan1")?));
    Ok(())
}

fn a_duplicate_vni_names_its_holder(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2")?;
    let before = oracle::state(lab)?;
    let command = "ovl-vxlan add vxlan9 --vni 256 -n ov2 --underlay h1 --bridge br0 --gateway 192.168.20.1/24";
    let words = [
        "vxlan9",
        "ov2",
        "File exists",
        "specified VNI already exists",
        "hint: ",
        "256",
        "vxlan0",
        "ov1",
    ];
    lab.refuses(command, 4, &words)?;
    oracle::same("a refused VNI", &before, &oracle::state(lab)?)
}

fn a_vni_is_free_on_another_port_another_socket_and_the_other_family(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2
        ovl-vxlan add a --vni 256 -n ov2 --underlay h1 --dstport 4790
        ovl-vxlan add b --vni 256 -n ov2 --underlay h2
        ovl-vxlan add c --vni 256 -n ov2 --underlay h1 -6")?;
    Ok(())
}

fn exist_ok_takes_what_stands_as_asked_and_only_that(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    let command = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24 --exist-ok";
    lab.ok(command)?;
    let before = (oracle::state(lab)?, lab.link("ov1", "vxlan0")?["ifindex"].clone());
    lab.ok(command)?;
    oracle::same("the second time", &before.0, &oracle::state(lab)?)?;
    assert_eq!(lab.link("ov1", "vxlan0")?["ifindex"], before.1);
    for (flags, word) in [
        ("--vni 257", "257"),
        ("--vni 256 --dstport 4790", "4790"),
        ("--vni 256 --nolearning", "learning"),
    ] {
        let other = format!("ovl-vxlan add vxlan0 {flags} -n ov1 --underlay h1 --exist-ok");
        lab.refuses(&other, 4, &["vxlan0", word])?;
    }
    // The same attributes with the socket elsewhere are another device.
    lab.fails("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h2 --exist-ok", 4)?;
    oracle::same("what was refused", &before.0, &oracle::state(lab)?)?;
    lab.ok("ip -n ov1 link set vxlan0 nomaster")?;
    lab.refuses(command, 4, &["master"])?;
    Ok(())
}

fn a_name_that_is_taken_is_refused(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.refuses(
        "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1",
        4,
        &["vxlan0", "ov1", "--exist-ok"],
    )?;
    lab.refuses("ovl-vxlan add br0 --vni 300 -n ov1 --underlay h1 --exist-ok", 4, &["br0"])?;
    Ok(())
}

fn del_takes_the_device_and_with_bridge_the_bridge(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-vxlan del vxlan0 -n ov1")?;
    ensure!(!lab.has_link("ov1", "vxlan0")? && lab.has_link("ov1", "br0")?);
    lab.ok("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0")?;
    lab.ok("ovl-vxlan delete vxlan0 -n ov1 --with-bridge")?;
    ensure!(!lab.has_link("ov1", "vxlan0")? && !lab.has_link("ov1", "br0")?);
    // A bridge that others use stays, and it is said.
    lab.ok("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0
        ip -n ov1 link add p0 type veth peer name p1; ip -n ov1 link set p0 master br0")?;
    let output = lab.run("ovl-vxlan del vxlan0 -n ov1 --with-bridge")?;
    ensure!(output.stderr.contains("br0") && output.stderr.contains("p0"), "{output}");
    ensure!(!lab.has_link("ov1", "vxlan0")? && lab.has_link("ov1", "br0")?);
    Ok(())
}

fn del_is_for_vxlan_devices_alone(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.refuses("ovl-vxlan del vxlan9 -n ov1", 3, &["vxlan9", "ov1"])?;
    lab.ok("ovl-vxlan del vxlan9 -n ov1 --missing-ok")?;
    lab.refuses("ovl-vxlan del br0 -n ov1", 3, &["br0", "bridge"])?;
    lab.refuses("ovl-vxlan del br0 -n ov1 --missing-ok", 3, &["br0", "bridge"])?;
    ensure!(lab.has_link("ov1", "br0")?);
    Ok(())
}

fn show_says_what_ip_says(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n ov1 link set vxlan0 type vxlan local 192.168.1.4 ageing 60 nolearning")?;
    let shown = lab.json("ovl-vxlan show vxlan0 -n ov1 -o json")?;
    let link = lab.link("ov1", "vxlan0")?;
    let expected = json!({
        "ifname": "vxlan0", "ifindex": link["ifindex"], "mac": link["address"],
        "mtu": link["mtu"], "vni": 256, "dstport": 4789, "local": "192.168.1.4", "remote": null,
        "master": "br0", "up": true, "carrier": true, "operstate": "UNKNOWN", "learning": false,
        "proxy": true, "l2miss": true, "l3miss": true, "rsc": false, "ageing": 60,
    });
    for (key, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(&shown[key], value, "{key}");
    }
    assert_eq!(shown["netns"]["ref"], "ov1");
    assert_eq!(shown["underlay"]["netns"]["ref"], "h1");
    ensure!(lab.ok("ovl-vxlan show vxlan0 -n ov1")?.contains("256"));
    lab.refuses("ovl-vxlan show br0 -n ov1", 3, &["br0", "bridge"])?;
    Ok(())
}

fn list_has_one_device_a_row(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n h2 link add vx2 type vxlan id 300 dstport 4789")?;
    assert_eq!(lab.json("ovl-vxlan list -o json")?, json!([]));
    assert_eq!(column(&lab.json("ovl-vxlan list -n ov1 -j")?, "ifname"), ["vxlan0"]);
    let all = lab.json("ovl-vxlan ls --all -j")?;
    let mut all = column(&all, "ifname");
    all.sort_unstable();
    assert_eq!(all, ["vx2", "vxlan0"]);
    assert_eq!(lab.ok("ovl-vxlan list --all --no-header")?.lines().count(), 2);
    Ok(())
}

fn add_prints_what_it_made_for_programs(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    let made = lab.json("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 -o json")?;
    assert_eq!((&made["mtu"], &made["dstport"]), (&json!(1450), &json!(4789)));
    assert_eq!(made["ifindex"], lab.link("ov1", "vxlan0")?["ifindex"]);
    assert_eq!(lab.ok("ovl-vxlan add vxlan1 --vni 257 -n ov1 --underlay h1")?, "");
    Ok(())
}

fn explain_prints_the_lines_while_acting(lab: &Lab) -> Result<()> {
    hosts_and_overlay(lab)?;
    let command = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0";
    let lines = lab.ok(&format!("{command} --dry-run"))?;
    ensure!(!lab.has_link("ov1", "vxlan0")?);
    let output = lab.run(&format!("{command} --explain"))?;
    assert_eq!((output.code, output.stdout.as_str()), (0, ""));
    assert_eq!(output.stderr, lines);
    ensure!(lab.has_link("ov1", "vxlan0")?);
    Ok(())
}
