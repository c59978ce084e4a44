//! `ovl-veth` against `ip -j -d addr`, `ip route` and `ethtool -S`.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::{Lab, column, is_up};
use ovl_tests::{oracle, tests};
use serde_json::{Value, json};

tests![
    a_cable_has_both_ends_placed_named_addressed_and_up,
    a_container_is_joined_to_an_overlay,
    mac_auto_is_dockers_rule,
    mtu_auto_is_the_bridges,
    the_default_peer_is_the_next_free_veth_in_the_callers_namespace,
    via_and_route_are_routes_of_the_first_end,
    the_ends_stay_down_when_asked,
    add_refuses_names_that_are_taken_at_either_end,
    exist_ok_takes_what_stands_as_asked_and_only_that,
    add_prints_what_it_chose_for_programs,
    peer_is_what_ethtool_reads_and_names_the_namespace: ETHTOOL,
    peer_tells_namespaces_apart_that_use_the_same_numbers: ETHTOOL,
    peer_within_one_namespace_is_found: ETHTOOL,
    a_peer_in_a_namespace_that_cannot_be_found_has_a_reason: ETHTOOL,
    a_peer_without_an_id_for_its_namespace_is_found: ETHTOOL,
    stats_are_all_that_ethtool_reads: ETHTOOL,
    set_changes_one_end,
    del_takes_both_ends,
    an_altname_is_a_name,
    show_and_list_name_cables_and_nothing_else,
];

const ADD: &str = "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --ip 192.168.10.100/24 \
    --mac auto --peer-master br0";

/// The overlay and a container's namespace.
fn overlay_and_container(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add x1; ip -n x1 link set lo up")?;
    Ok(())
}

fn a_cable_has_both_ends_placed_named_addressed_and_up(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2
        ovl-veth add eth0 -n h1 --peer eth9 --peer-netns h2 --ip 192.168.1.4/24 --ip fd00::4/64 \
            --peer-ip 192.168.1.5/24 --peer-mac 02:42:00:00:00:05")?;
    let state = oracle::state(lab)?;
    assert_eq!(state["h1"]["links"]["eth0"]["peer"], "eth9@h2");
    for (netns, name) in [("h1", "eth0"), ("h2", "eth9")] {
        ensure!(is_up(&lab.link(netns, name)?), "{name} in {netns} is down");
    }
    assert_eq!(locals(&lab.link("h1", "eth0")?), ["192.168.1.4/24", "fd00::4/64"]);
    assert_eq!(locals(&lab.link("h2", "eth9")?), ["192.168.1.5/24"]);
    assert_eq!(lab.link("h2", "eth9")?["address"], "02:42:00:00:00:05");
    assert_eq!(lab.json("ip -j link")?.as_array().map(Vec::len), Some(1), "something is left here");
    Ok(())
}

fn a_container_is_joined_to_an_overlay(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    let (inner, outer) = (lab.link("x1", "eth0")?, lab.link("ov1", "veth1")?);
    assert_eq!(inner["address"], "02:42:c0:a8:0a:64");
    assert_eq!((&inner["mtu"], &outer["mtu"]), (&json!(1450), &json!(1450)));
    assert_eq!(outer["master"], "br0");
    ensure!(is_up(&inner) && is_up(&outer));
    lab.ok("ip netns add x2; ovl-veth add eth0 -n x2 --peer-netns ov1 --peer-master br0 --ip 192.168.10.101/24 --mac auto")?;
    // ARP between two containers of the bridge, without any ping.
    lab.ok("ip -n x1 neigh add 192.168.10.101 dev eth0 use nud probe")?;
    lab.eventually("x1 knows x2's address", |lab| {
        Ok(lab.ok("ip -n x1 neigh show 192.168.10.101")?.contains("02:42:c0:a8:0a:65"))
    })
}

fn mac_auto_is_dockers_rule(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1
        ovl-veth add a -n x1 --ip 10.1.2.255/8 --mac auto --peer-ip 10.1.2.16/8 --peer-mac auto --peer b")?;
    assert_eq!(lab.link("x1", "a")?["address"], "02:42:0a:01:02:ff");
    assert_eq!(lab.link("self", "b")?["address"], "02:42:0a:01:02:10");
    // There is no rule without an IPv4 address.
    lab.fails("ovl-veth add c -n x1 --mac auto", 2)?;
    lab.fails("ovl-veth add c -n x1 --mac auto --ip fd00::1/64", 2)?;
    Ok(())
}

fn mtu_auto_is_the_bridges(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok("ip -n ov1 link set br0 mtu 1400")?;
    for (flags, mtu) in [
        ("--peer-netns ov1 --peer-master br0", 1400),
        ("--peer-netns ov1 --peer-master br0 --mtu auto", 1400),
        ("--peer-netns ov1 --peer-master br0 --mtu 1300", 1300),
        ("--peer-netns ov1", 1500),
        ("--mtu 9000", 9000),
    ] {
        lab.ok(&format!("ovl-veth add e -n x1 --peer p {flags}"))?;
        let netns = if flags.contains("ov1") { "ov1" } else { "self" };
        assert_eq!(lab.link("x1", "e")?["mtu"], mtu, "{flags}");
        assert_eq!(lab.link(netns, "p")?["mtu"], mtu, "{flags}");
        lab.ok("ip -n x1 link del e")?;
    }
    lab.ok("ovl-veth add e -n ov1 --master br0 --peer-netns x1 --peer p")?;
    assert_eq!(lab.link("x1", "p")?["mtu"], 1400);
    Ok(())
}

fn the_default_peer_is_the_next_free_veth_in_the_callers_namespace(lab: &Lab) -> Result<()> {
    lab.ok(
        "ip netns add x1; ip netns add x2; ip link add veth1 type bridge
        ovl-veth add eth0 -n x1; ovl-veth add eth0 -n x2; ovl-veth add eth1 -n x2 --peer-netns x1",
    )?;
    let state = oracle::state(lab)?;
    assert_eq!(state["x1"]["links"]["eth0"]["peer"], "veth0@self");
    assert_eq!(state["x2"]["links"]["eth0"]["peer"], "veth2@self");
    assert_eq!(state["x2"]["links"]["eth1"]["peer"], "veth0@x1");
    Ok(())
}

fn via_and_route_are_routes_of_the_first_end(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1
        ovl-veth add eth1 -n x1 --peer v --ip 10.0.0.2/24 --peer-ip 10.0.0.1/24 --via 10.0.0.1 \
            --route 10.5.0.0/16 --route 10.6.0.0/16,via=10.0.0.9")?;
    let routes = lab.ok("ip -n x1 route show")?;
    for route in [
        "default via 10.0.0.1 dev eth1",
        "10.5.0.0/16 dev eth1",
        "10.6.0.0/16 via 10.0.0.9 dev eth1",
    ] {
        ensure!(routes.contains(route), "no '{route}' in\n{routes}");
    }
    // A gateway that no route leads to: said, and nothing stays.
    let before = oracle::state(lab)?;
    lab.fails("ovl-veth add eth2 -n x1 --peer w --ip 10.7.0.2/24 --via 10.8.0.1", 1)?;
    oracle::same("a gateway out of reach", &before, &oracle::state(lab)?)
}

fn the_ends_stay_down_when_asked(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1; ovl-veth add a -n x1 --peer b --ip 10.0.0.2/24 --down")?;
    ensure!(!is_up(&lab.link("x1", "a")?) && !is_up(&lab.link("self", "b")?));
    // Routes lead by devices that are up.
    for routes in ["--route 10.2.0.0/16", "--ip 10.0.1.2/24 --via 10.0.1.1"] {
        let said = lab.fails(&format!("ovl-veth add e -n x1 --down {routes}"), 2)?;
        ensure!(said.contains("--down") && said.contains("cannot be used with"), "{said}");
    }
    Ok(())
}

fn add_refuses_names_that_are_taken_at_either_end(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    let before = oracle::state(lab)?;
    lab.refuses("ovl-veth add eth0 -n x1 --peer-netns ov1", 4, &["eth0", "x1"])?;
    lab.refuses("ovl-veth add eth5 -n x1 --peer veth1 --peer-netns ov1", 4, &["veth1", "ov1"])?;
    lab.refuses(
        "ovl-veth add eth5 -n x1 --peer-netns ov1 --peer-master nope",
        3,
        &["nope", "ov1"],
    )?;
    lab.refuses(
        "ovl-veth add eth5 -n x1 --peer-netns ov1 --peer-master vxlan0",
        3,
        &["vxlan0", "bridge"],
    )?;
    lab.fails("ovl-veth add eth5 --peer eth5", 2)?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn exist_ok_takes_what_stands_as_asked_and_only_that(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    let before = oracle::state(lab)?;
    lab.refuses(ADD, 4, &["eth0", "--exist-ok"])?;
    lab.ok(&format!("{ADD} --exist-ok"))?;
    // Not said is not asked: the name of the other end may be any.
    lab.ok("ovl-veth add eth0 -n x1 --peer-netns ov1 --exist-ok")?;
    oracle::same("the second time", &before, &oracle::state(lab)?)?;
    for other in [
        "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --mac 02:42:00:00:00:01 --exist-ok",
        "ovl-veth add eth0 -n x1 --peer veth7 --peer-netns ov1 --exist-ok",
        "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns h1 --exist-ok",
    ] {
        lab.fails(other, 4)?;
    }
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn add_prints_what_it_chose_for_programs(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    let made = lab.json("ovl-veth add eth0 -n x1 --peer-netns ov1 --peer-master br0 -o json")?;
    assert_eq!(made["ifname"], "eth0");
    assert_eq!(made["peer"]["ifname"], "veth0");
    assert_eq!(made["peer"]["master"], "br0");
    assert_eq!(made["peer_ifindex"], lab.link("ov1", "veth0")?["ifindex"]);
    Ok(())
}

/// The number `ethtool -S` reads.
fn ethtool_peer(lab: &Lab, netns: &str, name: &str) -> Result<u64> {
    let text = lab.ok(&format!("nsenter --net=/run/netns/{netns} ethtool -S {name}"))?;
    let line = text.lines().find_map(|l| l.trim().strip_prefix("peer_ifindex: "));
    Ok(line.context("ethtool -S has no peer_ifindex")?.parse()?)
}

fn peer_is_what_ethtool_reads_and_names_the_namespace(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    for (netns, name, far, far_name, master) in
        [("x1", "eth0", "ov1", "veth1", json!("br0")), ("ov1", "veth1", "x1", "eth0", Value::Null)]
    {
        let number = ethtool_peer(lab, netns, name)?;
        let peer = lab.json(&format!("ovl-veth peer {name} -n {netns} -o json"))?;
        assert_eq!(peer["peer_ifindex"], number);
        let expected = json!({"ifname": far_name, "ifindex": number, "master": master});
        for (key, value) in expected.as_object().context("an object")? {
            assert_eq!(&peer["peer"][key], value, "{key}");
        }
        assert_eq!(peer["peer"]["netns"]["ref"], far);
        assert_eq!((&peer["netns"]["ref"], &peer["ifname"]), (&json!(netns), &json!(name)));
        assert_eq!(peer["ifindex"], lab.link(netns, name)?["ifindex"]);
        let text = lab.ok(&format!("ovl-veth peer {name} -n {netns}"))?;
        ensure!(text.contains(&format!("peer_ifindex: {number}")), "{text}");
        ensure!(text.contains(far) && text.contains(far_name), "{text}");
    }
    lab.refuses("ovl-veth peer br0 -n ov1", 3, &["br0", "bridge"])?;
    lab.refuses("ovl-veth peer eth9 -n x1", 3, &["eth9", "x1"])?;
    Ok(())
}

fn peer_tells_namespaces_apart_that_use_the_same_numbers(lab: &Lab) -> Result<()> {
    // Everywhere both ends are number 7: only the namespace ids tell.
    lab.ok("for n in a b c d; do ip netns add $n; done
        ip -n a link add e0 index 7 type veth peer name e0 index 7 netns b
        ip -n c link add e0 index 7 type veth peer name e0 index 7 netns d")?;
    for (netns, far) in [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")] {
        assert_eq!(ethtool_peer(lab, netns, "e0")?, 7);
        let peer = lab.json(&format!("ovl-veth peer e0 -n {netns} -j"))?;
        assert_eq!(peer["peer"]["netns"]["ref"], far, "the other end of e0 in {netns}");
    }
    Ok(())
}

fn peer_within_one_namespace_is_found(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip -n a link add e0 type veth peer name e1")?;
    let peer = lab.json("ovl-veth peer e0 -n a -j")?;
    assert_eq!(
        (&peer["peer"]["netns"]["ref"], &peer["peer"]["ifname"]),
        (&json!("a"), &json!("e1"))
    );
    assert_eq!(peer["peer_ifindex"], ethtool_peer(lab, "a", "e0")?);
    Ok(())
}

fn a_peer_in_a_namespace_that_cannot_be_found_has_a_reason(lab: &Lab) -> Result<()> {
    // Its name taken away, an open file is all that holds it.
    lab.ok("ip netns add a; ip netns add b; ip -n a link add e0 type veth peer name e1 netns b")?;
    let holder = lab.background("exec 3</run/netns/b; exec sleep 1000")?;
    lab.eventually("the file is open", |lab| {
        Ok(lab.run(&format!("stat -L /proc/{}/fd/3", holder.pid()))?.code == 0)
    })?;
    let number = ethtool_peer(lab, "a", "e0")?;
    lab.ok("ip netns del b")?;
    let peer = lab.json("ovl-veth peer e0 -n a -j")?;
    assert_eq!(peer["peer_ifindex"], number);
    // Found by the open file, or told why not: never guessed.
    if peer["peer"].is_null() {
        ensure!(peer["reason"].as_str().is_some_and(|r| !r.is_empty()), "{peer}");
    } else {
        assert_eq!(peer["peer"]["ifname"], "e1");
    }
    Ok(())
}

fn a_peer_without_an_id_for_its_namespace_is_found(lab: &Lab) -> Result<()> {
    // The cable is made here and its far end moved: ids are given on the way.
    lab.ok("ip netns add a; ip link add e0 type veth peer name e1; ip link set e1 netns a
        ip -n a link set e1 name e9")?;
    let peer = lab.json("ovl-veth peer e0 -j")?;
    assert_eq!(
        (&peer["peer"]["netns"]["ref"], &peer["peer"]["ifname"]),
        (&json!("a"), &json!("e9"))
    );
    let back = lab.json("ovl-veth peer e9 -n a -j")?;
    assert_eq!(
        (&back["peer"]["netns"]["ref"], &back["peer"]["ifname"]),
        (&json!("self"), &json!("e0"))
    );
    assert_eq!(back["peer_ifindex"], ethtool_peer(lab, "a", "e9")?);
    Ok(())
}

fn stats_are_all_that_ethtool_reads(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    let text = lab.ok("ovl-veth stats eth0 -n x1")?;
    let ours: Vec<Vec<&str>> = text
        .lines()
        .map(|l| l.split([' ', ':', '\t']).filter(|w| !w.is_empty()).collect())
        .collect();
    let theirs = lab.ok("nsenter --net=/run/netns/x1 ethtool -S eth0")?;
    let theirs: Vec<(&str, &str)> =
        theirs.lines().skip(1).filter_map(|l| l.trim().split_once(": ")).collect();
    ensure!(theirs.len() > 1);
    for (name, value) in &theirs {
        ensure!(ours.contains(&vec![*name, *value]), "no {name} {value} in\n{text}");
    }
    let json = lab.json("ovl-veth stats eth0 -n x1 -o json")?.to_string();
    for (name, _) in &theirs {
        ensure!(json.contains(&format!("\"{name}\"")), "no {name} in {json}");
    }
    Ok(())
}

fn set_changes_one_end(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    lab.ok("ovl-veth set eth0 -n x1 --mtu 1300 --mac 02:42:00:00:00:01 --ip 10.0.0.9/24
        ovl-veth set veth1 -n ov1 --nomaster --down")?;
    let (inner, outer) = (lab.link("x1", "eth0")?, lab.link("ov1", "veth1")?);
    assert_eq!((&inner["mtu"], &inner["address"]), (&json!(1300), &json!("02:42:00:00:00:01")));
    assert_eq!(locals(&inner), ["192.168.10.100/24", "10.0.0.9/24"]);
    ensure!(outer["master"].is_null() && !is_up(&outer));
    lab.ok("ovl-veth set veth1 -n ov1 --master br0 --up")?;
    let outer = lab.link("ov1", "veth1")?;
    ensure!(outer["master"] == "br0" && is_up(&outer));
    lab.refuses("ovl-veth set br0 -n ov1 --mtu 1300", 3, &["br0", "bridge"])?;
    Ok(())
}

fn del_takes_both_ends(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    lab.ok("ovl-veth del veth1 -n ov1")?;
    ensure!(!lab.has_link("x1", "eth0")? && !lab.has_link("ov1", "veth1")?);
    lab.refuses("ovl-veth del veth1 -n ov1", 3, &["veth1"])?;
    lab.ok("ovl-veth del veth1 -n ov1 --missing-ok")?;
    lab.refuses("ovl-veth del br0 -n ov1", 3, &["br0", "bridge"])?;
    ensure!(lab.has_link("ov1", "br0")?);
    Ok(())
}

fn an_altname_is_a_name(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    lab.ok("ip -n x1 link property add dev eth0 altname uplink
        ip -n ov1 link property add dev br0 altname switch
        ip -n ov1 link property add dev vxlan0 altname tunnel")?;
    for taken in
        ["uplink -n x1", "uplink -n x1 --exist-ok", "e5 -n ov1 --peer uplink --peer-netns x1"]
    {
        lab.refuses(&format!("ovl-veth add {taken}"), 4, &["uplink", "altname of eth0"])?;
    }
    lab.refuses("ovl-vxlan add tunnel -n ov1 --vni 9 --exist-ok", 4, &["altname of vxlan0"])?;
    assert_eq!(lab.json("ovl-veth show uplink -n x1 -j")?["ifname"], "eth0");
    lab.ok("ovl-veth set uplink -n x1 --mtu 1300; ovl-vxlan set tunnel -n ov1 --mtu 1400
        ovl-veth add e9 -n x1 --peer port9 --peer-netns ov1 --peer-master switch
        ovl-fdb list --dev tunnel -n ov1; ovl-fdb add 192.168.10.7 02:42:c0:a8:0a:07 --dst 192.168.1.9 --dev tunnel -n ov1")?;
    assert_eq!(lab.link("x1", "eth0")?["mtu"], 1300);
    assert_eq!(lab.link("ov1", "vxlan0")?["mtu"], 1400);
    assert_eq!(lab.link("ov1", "port9")?["master"], "br0");
    let lines = lab.ok("ovl-veth del uplink -n x1 --dry-run")?;
    ensure!(lines.contains("link del dev eth0"), "{lines}");
    lab.ok("ovl-veth del uplink -n x1 --missing-ok")?;
    ensure!(!lab.has_link("x1", "eth0")?);
    Ok(())
}

fn show_and_list_name_cables_and_nothing_else(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok(ADD)?;
    let shown = lab.json("ovl-veth show eth0 -n x1 -o json")?;
    let link = lab.link("x1", "eth0")?;
    for (key, value) in
        [("ifindex", &link["ifindex"]), ("mtu", &link["mtu"]), ("mac", &link["address"])]
    {
        assert_eq!(&shown[key], value, "{key}");
    }
    assert_eq!((&shown["up"], &shown["peer"]["ifname"]), (&json!(true), &json!("veth1")));
    let list = lab.json("ovl-veth list -n ov1 -o json")?;
    assert_eq!(column(&list, "ifname"), ["veth1"]);
    // The two hosts' eth0, the container's, and the overlay's end.
    assert_eq!(lab.json("ovl-veth list --all -o json")?.as_array().map(Vec::len), Some(4));
    assert_eq!(lab.json("ovl-veth list -o json")?, json!([]));
    Ok(())
}

/// Addresses but the kernel's own link-local ones.
fn locals(link: &Value) -> Vec<String> {
    let all = link["addr_info"].as_array().cloned().unwrap_or_default();
    let given = all.iter().filter(|a| a["scope"] != "link");
    given
        .map(|a| format!("{}/{}", a["local"].as_str().unwrap_or_default(), a["prefixlen"]))
        .collect()
}
