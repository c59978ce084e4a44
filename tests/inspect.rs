//! `ovl-inspect` against `ip -j -d addr`, `ip route`, `bridge fdb`, `ip neigh`.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::{Lab, column, is_up};
use ovl_tests::{oracle, tests};
use serde_json::{Value, json};

tests![
    colour_is_for_terminals_and_for_those_who_ask,
    links_has_what_ip_link_has_attribute_by_attribute,
    links_resolves_every_other_end,
    links_by_name_path_process_and_number_are_the_same,
    links_of_several_namespaces_are_one_list,
    a_namespace_that_is_named_twice_is_shown_once,
    routes_fdb_and_neigh_have_every_row,
    routes_have_all_their_next_hops,
    the_tree_has_namespaces_bridges_ports_and_other_ends,
    looking_changes_nothing,
    ping_has_a_reply,
    ping_without_a_reply_is_exit_6,
    ping_sizes_are_of_the_data,
    ping_finds_the_largest_packet,
    ping_reaches_ipv6,
];

/// The overlay, and one container on it.
fn overlay_and_container(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add x1; ip -n x1 link set lo up
        ip -n x1 link add eth0 address 02:42:c0:a8:0a:64 mtu 1450 type veth peer name veth1 mtu 1450 netns ov1
        ip -n x1 addr add 192.168.10.100/24 dev eth0; ip -n x1 link set eth0 up
        ip -n ov1 link set veth1 master br0 up
        ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self permanent")?;
    Ok(())
}

/// The links of one namespace.
fn links(lab: &Lab, reference: &str) -> Result<Vec<Value>> {
    let shown = lab.json(&format!("ovl-inspect links {reference} -o json"))?;
    let all = shown.as_array().context("an array")?;
    ensure!(all.len() == 1, "{} namespaces", all.len());
    Ok(all[0]["links"].as_array().context("no links")?.clone())
}

fn links_has_what_ip_link_has_attribute_by_attribute(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.eventually("all devices have carrier", |lab| {
        let link = lab.link("ov1", "veth1")?;
        Ok(link["operstate"] == "UP" && lab.link("ov1", "br0")?["operstate"] == "UP")
    })?;
    let ours = links(lab, "ov1")?;
    let theirs = lab.json("ip -n ov1 -j -d addr")?;
    let theirs = theirs.as_array().context("an array")?;
    assert_eq!(ours.len(), theirs.len());
    for (our, their) in ours.iter().zip(theirs) {
        let name = &their["ifname"];
        for (key, theirs) in [
            ("ifindex", "ifindex"),
            ("ifname", "ifname"),
            ("mac", "address"),
            ("mtu", "mtu"),
            ("operstate", "operstate"),
            ("master", "master"),
        ] {
            assert_eq!(our[key], their[theirs], "{key} of {name}");
        }
        assert_eq!(sorted(&our["flags"]), sorted(&their["flags"]), "flags of {name}");
        assert_eq!(our["up"], is_up(their), "{name}");
        let kind = if name == "lo" { &json!("loopback") } else { &their["linkinfo"]["info_kind"] };
        ensure!(&our["kind"] == kind || name == "lo", "kind of {name}: {}", our["kind"]);
        let info = their["addr_info"].as_array().cloned().unwrap_or_default();
        let addresses: Vec<Value> = info
            .iter()
            .map(|a| {
                format!("{}/{}", a["local"].as_str().unwrap_or_default(), a["prefixlen"]).into()
            })
            .collect();
        assert_eq!(sorted(&our["addresses"]), sorted(&Value::Array(addresses)), "{name}");
    }
    vxlan_is_as_ip_has_it(lab, &ours)
}

fn vxlan_is_as_ip_has_it(lab: &Lab, ours: &[Value]) -> Result<()> {
    let theirs = lab.vxlan("ov1", "vxlan0")?;
    let ours = ours.iter().find(|l| l["ifname"] == "vxlan0").context("no vxlan0")?["vxlan"].clone();
    for (key, theirs_key) in [
        ("vni", "id"),
        ("dstport", "port"),
        ("learning", "learning"),
        ("proxy", "proxy"),
        ("l2miss", "l2miss"),
        ("l3miss", "l3miss"),
        ("ageing", "ageing"),
        ("df", "df"),
        ("udpcsum", "udp_csum"),
        ("udp6zerocsumtx", "udp_zero_csum6_tx"),
        ("udp6zerocsumrx", "udp_zero_csum6_rx"),
    ] {
        assert_eq!(ours[key], theirs[theirs_key], "{key}");
    }
    assert_eq!(ours["underlay"]["netns"]["ref"], "h1");
    Ok(())
}

fn sorted(list: &Value) -> Vec<String> {
    let mut words: Vec<String> =
        list.as_array().into_iter().flatten().map(Value::to_string).collect();
    words.sort();
    words
}

fn links_resolves_every_other_end(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    let end = |links: &[Value], name: &str| -> (String, String) {
        let peer = links
            .iter()
            .find(|l| l["ifname"] == name)
            .map(|l| &l["peer"])
            .cloned()
            .unwrap_or_default();
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        (text(&peer["netns"]["ref"]), text(&peer["ifname"]))
    };
    assert_eq!(end(&links(lab, "ov1")?, "veth1"), ("x1".into(), "eth0".into()));
    assert_eq!(end(&links(lab, "x1")?, "eth0"), ("ov1".into(), "veth1".into()));
    assert_eq!(end(&links(lab, "h2")?, "eth0"), ("h1".into(), "eth0".into()));
    // A VXLAN device has no other end, whatever number IFLA_LINK carries.
    assert_eq!(end(&links(lab, "ov1")?, "vxlan0"), (String::new(), String::new()));
    let table = lab.ok("ovl-inspect links ov1")?;
    ensure!(table.contains("x1:eth0"), "{table}");
    Ok(())
}

fn links_by_name_path_process_and_number_are_the_same(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    let process = lab.background("exec nsenter --net=/run/netns/x1 sleep 1000")?;
    lab.eventually("sleep is in x1", |lab| Ok(!lab.ok("ip netns pids x1")?.is_empty()))?;
    let names = |links: Vec<Value>| column(&Value::Array(links), "ifname").join(" ");
    let inode = lab.ok("stat -Lc %i /run/netns/x1")?;
    for reference in
        ["/run/netns/x1", &format!("pid:{}", process.pid()), &format!("inode:{}", inode.trim())]
    {
        assert_eq!(names(links(lab, reference)?), "lo eth0", "{reference}");
    }
    Ok(())
}

fn links_of_several_namespaces_are_one_list(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    let shown = lab.json("ovl-inspect links x1 ov1 -o json")?;
    let refs: Vec<&Value> =
        shown.as_array().into_iter().flatten().map(|n| &n["netns"]["ref"]).collect();
    assert_eq!(refs, [&json!("x1"), &json!("ov1")]);
    lab.refuses("ovl-inspect links x1 nope", 3, &["nope"])?;
    Ok(())
}

fn a_namespace_that_is_named_twice_is_shown_once(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok("ovl-inspect snapshot saved.json")?;
    for from in ["", "--snapshot saved.json"] {
        for verb in ["links", "routes", "fdb", "neigh"] {
            let each = format!("ovl-inspect {verb} x1 x1 ov1 /run/netns/x1 {from}");
            let list = lab.json(&format!("{each} -o json"))?;
            let places: Vec<&Value> =
                list.as_array().context("no list")?.iter().map(|v| &v["netns"]["ref"]).collect();
            assert_eq!(places, ["x1", "ov1"], "{each}");
            let once = lab.ok(&format!("ovl-inspect {verb} x1 ov1 {from}"))?;
            assert_eq!(lab.ok(&each)?, once, "{each}");
        }
    }
    Ok(())
}

fn routes_fdb_and_neigh_have_every_row(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    lab.ok("ip -n x1 route add default via 192.168.10.1")?;
    let routes = lab.ok("ovl-inspect routes x1 -o json")?;
    ensure!(routes.contains("192.168.10.1\"") && routes.contains("192.168.10.0/24"), "{routes}");
    let table = lab.ok("ovl-inspect routes x1")?;
    ensure!(table.contains("default") && table.contains("eth0"), "{table}");
    let fdb = lab.ok("ovl-inspect fdb ov1 -o json")?;
    ensure!(fdb.contains("02:42:c0:a8:0a:65") && fdb.contains("192.168.1.5"), "{fdb}");
    let rows = lab.json("bridge -n ov1 -j fdb show dev vxlan0")?;
    for mac in column(&rows, "mac")
        .iter()
        .filter(|m| !m.starts_with("33:33") && !m.starts_with("01:00:5e"))
    {
        ensure!(fdb.contains(mac), "no {mac} in {fdb}");
    }
    let neigh = lab.ok("ovl-inspect neigh ov1 -o json")?;
    ensure!(neigh.contains("192.168.10.101") && neigh.contains("02:42:c0:a8:0a:65"), "{neigh}");
    for verb in ["links", "routes", "fdb", "neigh"] {
        ensure!(lab.ok(&format!("ovl-inspect {verb} ov1"))?.lines().count() > 1, "{verb}");
        lab.refuses(&format!("ovl-inspect {verb} nope"), 3, &["nope"])?;
    }
    Ok(())
}

fn routes_have_all_their_next_hops(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok(
        "ip -n h1 link add e1 type bridge; ip -n h1 link set e1 up; ip -n h1 addr add 10.0.0.1/24 dev e1
        ip -n h1 route add 10.5.0.0/16 nexthop via 192.168.1.5 nexthop via 10.0.0.3 weight 5
        ip -n h1 route add 10.6.0.0/16 nexthop dev eth0 nexthop via inet6 fe80::2 dev e1 onlink
        ip -n h1 route add 10.9.0.0/24 via inet6 fe80::1 dev eth0
        ip -n h1 nexthop add id 7 via 192.168.1.5 dev eth0; ip -n h1 route add 10.8.0.0/24 nhid 7
        ip -n h1 -6 addr add fd00::4/64 dev eth0 nodad
        ip -n h1 -6 route add fd01::/64 nexthop via fd00::8 nexthop via fd00::9
        for kind in throw blackhole prohibit unreachable; do
            ip -n h1 route add $kind 10.7.0.0/16 metric $((i=${i:-0}+1)); done",
    )?;
    let theirs = [lab.json("ip -n h1 -j route")?, lab.json("ip -n h1 -j -6 route")?];
    // Those of the kernel's own making are alike on each device.
    let theirs = theirs.iter().filter_map(Value::as_array).flatten();
    let theirs: Vec<&Value> = theirs.filter(|r| r["protocol"] != "kernel").collect();
    ensure!(theirs.len() == 9, "{theirs:?}");
    lab.ok("ovl-inspect snapshot saved.json")?;
    for from in ["", "--snapshot saved.json"] {
        let ours = lab.json(&format!("ovl-inspect routes h1 -j {from}"))?;
        let ours = ours[0]["routes"].as_array().context("no routes")?;
        for their in &theirs {
            let is_it = |our: &&Value| {
                our["dst"] == their["dst"]
                    && our["metric"] == their["metric"]
                    && our["table"] == 254
            };
            let our = ours.iter().find(is_it).with_context(|| format!("no {their} in {ours:?}"))?;
            for key in ["gateway", "via", "dev", "nhid"] {
                assert_eq!(our[key], their[key], "{key} of {their}");
            }
            let kind = their["type"].as_str().unwrap_or("unicast");
            assert_eq!(our["type"], kind, "{their}");
            let hops = |route: &Value| route["nexthops"].as_array().cloned().unwrap_or_default();
            assert_eq!(hops(our).len(), hops(their).len(), "{our} {their}");
            for (our, their) in hops(our).iter().zip(&hops(their)) {
                for key in ["gateway", "via", "dev", "weight", "flags"] {
                    assert_eq!(our[key], their[key], "{key} of {their}");
                }
            }
        }
    }
    let table = lab.ok("ovl-inspect routes h1")?;
    let rows: Vec<String> =
        table.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in [
        "h1 10.5.0.0/16 192.168.1.5 weight 1 eth0",
        "h1 10.5.0.0/16 10.0.0.3 weight 5 e1",
        "h1 10.9.0.0/24 inet6 fe80::1 eth0",
        "h1 10.8.0.0/24 192.168.1.5 nhid 7 eth0",
        "h1 throw 10.7.0.0/16",
    ] {
        ensure!(rows.iter().any(|r| r.starts_with(row)), "no '{row}' in\n{table}");
    }
    Ok(())
}

fn the_tree_has_namespaces_bridges_ports_and_other_ends(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    let tree = lab.ok("ovl-inspect")?;
    for word in [
        "ov1",
        "x1",
        "h1",
        "h2",
        "br0",
        "vxlan0",
        "veth1",
        "x1:eth0",
        "256",
        "192.168.1.5",
        "192.168.10.100",
    ] {
        ensure!(tree.contains(word), "no '{word}' in\n{tree}");
    }
    lab.json("ovl-inspect -o json")?;
    Ok(())
}

fn looking_changes_nothing(lab: &Lab) -> Result<()> {
    overlay_and_container(lab)?;
    // No id is given to a namespace either: the ids are what the kernel made.
    let ids = "for n in h1 h2 ov1 x1; do ip -n $n netns list-id; done; ip netns list-id";
    let before = (oracle::state(lab)?, lab.ok(ids)?);
    for verb in ["", "links h1 h2 ov1 x1", "routes ov1", "fdb ov1", "neigh ov1", "links"] {
        lab.ok(&format!("ovl-inspect {verb}; ovl-inspect {verb} -o json"))?;
    }
    lab.ok("ovl-ns list; ovl-vxlan list --all; ovl-veth list --all; ovl-fdb list --all; ovl-veth peer eth0 -n x1")?;
    oracle::same("after looking", &before.0, &oracle::state(lab)?)?;
    assert_eq!(before.1, lab.ok(ids)?);
    Ok(())
}

fn ping_has_a_reply(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let said = lab.ok("ovl-inspect ping h1 192.168.1.5 -c 2")?;
    ensure!(said.contains("192.168.1.5"), "{said}");
    lab.ok("ovl-inspect ping h1 127.0.0.1 -c 1; ovl-inspect ping h2 192.168.1.4 -c 1 -I eth0")?;
    let result = lab.json("ovl-inspect ping h1 192.168.1.5 -c 2 -o json")?;
    ensure!(result.is_object(), "{result}");
    Ok(())
}

fn ping_without_a_reply_is_exit_6(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let silent = lab.run("ovl-inspect ping h1 192.168.1.77 -c 1 -W 200ms")?;
    assert_eq!(silent.code, 6, "{silent}");
    let unreachable = lab.run("ovl-inspect ping h1 10.99.0.1 -c 1 -W 200ms")?;
    assert_eq!(unreachable.code, 6, "{unreachable}");
    lab.ok("ip -n h2 link set eth0 down; ip -n h1 neigh flush all")?;
    let unplugged = lab.run("ovl-inspect ping h1 192.168.1.5 -c 1 -W 200ms")?;
    assert_eq!(unplugged.code, 6, "{unplugged}");
    lab.fails("ovl-inspect ping nope 192.168.1.5", 3)?;
    lab.fails("ovl-inspect ping h1 nobody", 2)?;
    Ok(())
}

fn ping_sizes_are_of_the_data(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    // 1500 bytes less 20 of IPv4 and 8 of ICMP.
    lab.ok("ovl-inspect ping h1 192.168.1.5 -c 1 -s 1472 --df")?;
    let large = lab.run("ovl-inspect ping h1 192.168.1.5 -c 1 -s 1473 --df -W 300ms")?;
    assert_eq!(large.code, 6, "{large}");
    // Without --df it goes in pieces.
    lab.ok(
        "ovl-inspect ping h1 192.168.1.5 -c 1 -s 4000; ovl-inspect ping h1 192.168.1.5 -c 1 -s 0",
    )?;
    Ok(())
}

fn ping_finds_the_largest_packet(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 link set eth0 mtu 1400; ip -n h2 link set eth0 mtu 1400")?;
    let said = lab.ok("ovl-inspect ping h1 192.168.1.5 --find-mtu")?;
    ensure!(said.contains("1400"), "{said}");
    Ok(())
}

fn ping_reaches_ipv6(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok(
        "ip -n h1 addr add fd00::4/64 dev eth0 nodad; ip -n h2 addr add fd00::5/64 dev eth0 nodad",
    )?;
    lab.ok("ovl-inspect ping h1 fd00::5 -c 1 --wait")?;
    // 1500 bytes less 40 of IPv6 and 8 of ICMPv6.
    lab.ok("ovl-inspect ping h1 fd00::5 -c 1 -s 1452 --df")?;
    Ok(())
}

fn colour_is_for_terminals_and_for_those_who_ask(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let plain = lab.ok("ovl-inspect")?;
    ensure!(!plain.contains('\u{1b}'), "coloured in a pipe:\n{plain}");
    let painted = lab.ok("ovl-inspect --color always")?;
    ensure!(painted.contains("\u{1b}["), "not coloured when asked to:\n{painted}");
    // Colour adds nothing but colour.
    let stripped =
        lab.ok("ovl-inspect --color always > painted; sed 's/\\x1b\\[[0-9;]*m//g' painted")?;
    ensure!(stripped == plain, "the text differs:\n{stripped}\n{plain}");
    ensure!(lab.ok("NO_COLOR=1 ovl-inspect")? == plain);
    ensure!(lab.ok("ovl-inspect --color never")? == plain);
    Ok(())
}
