//! `ovl-inspect graph`: the picture read back with an XML parser, and held
//! against what `ip` and `ethtool` say is there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::{Lab, column};
use ovl_tests::tests;
use roxmltree::Node;
use serde_json::Value;

use crate::picture::{boxes, cards, ends, groups, is_tidy, number, parsed, red};
use crate::two_hosts::overlay;

tests![
    every_device_is_a_card_in_its_namespace,
    every_cable_ends_on_the_cards_that_ethtool_names: ETHTOOL,
    the_tunnel_is_there_once_with_its_network_and_addresses,
    nothing_stands_on_anything_else,
    names_of_strangers_stay_text,
    python_reads_it_as_well,
    graphviz_reads_it_as_well,
    a_machine_with_nothing_on_it_is_a_picture,
    a_switch_is_outside_of_the_one_host_on_it,
    each_of_four_hosts_is_on_one_line,
    two_snapshots_are_two_hosts,
    what_is_broken_is_red,
    a_part_of_the_machine_is_what_was_named_and_what_it_is_joined_to,
    the_same_machine_is_the_same_picture,
    fifty_namespaces_are_a_page,
    dot_and_mermaid_have_the_same_devices_and_lines,
    a_snapshot_of_schema_1_is_drawn,
];

const SPACES: [&str; 6] = ["h1", "h2", "ov1", "ov2", "x1", "x2"];

/// The devices of a namespace, without its loopback.
fn devices(lab: &Lab, netns: &str) -> Result<Vec<Value>> {
    let links = lab.json(&format!("ip -n {netns} -j -d addr"))?;
    let links = links.as_array().context("not a list")?;
    Ok(links.iter().filter(|l| l["ifname"] != "lo").cloned().collect())
}

fn every_device_is_a_card_in_its_namespace(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let (cards, boxes) = (cards(&svg)?, boxes(&svg)?);
    let mut expected = BTreeSet::new();
    for netns in SPACES {
        for link in devices(lab, netns)? {
            let name = link["ifname"].as_str().context("no name")?;
            let place = format!("{netns}:{name}");
            let (card, rect) = cards.get(&place).with_context(|| format!("no card {place}"))?;
            ensure!(boxes[netns].holds(rect), "{place} is not inside of its namespace");
            let words: Vec<&str> = card.descendants().filter_map(|n| n.text()).collect();
            let mtu = format!("mtu {}", link["mtu"]);
            let mut facts = vec![name, mtu.as_str(), link["address"].as_str().context("no MAC")?];
            facts.extend(
                column(&link["addr_info"], "local").into_iter().filter(|a| !a.starts_with("fe80")),
            );
            for fact in facts {
                ensure!(words.iter().any(|w| w.contains(fact)), "{place} lacks {fact}: {words:?}");
            }
            expected.insert(place);
        }
    }
    assert_eq!(cards.keys().cloned().collect::<BTreeSet<_>>(), expected);
    // Hosts are frames, and hold what is theirs.
    for (host, inside) in [("h1", ["ov1", "x1"]), ("h2", ["ov2", "x2"])] {
        for netns in inside {
            ensure!(boxes[host].holds(&boxes[netns]), "{netns} is not in {host}");
        }
    }
    Ok(())
}

fn every_cable_ends_on_the_cards_that_ethtool_names(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let cards = cards(&svg)?;
    let mut numbers = BTreeMap::new();
    let mut peers = BTreeMap::new();
    for netns in SPACES {
        for link in devices(lab, netns)? {
            let name = link["ifname"].as_str().context("no name")?;
            let place = format!("{netns}:{name}");
            numbers.insert(place.clone(), link["ifindex"].as_u64().context("no number")?);
            if link["linkinfo"]["info_kind"] == "veth" {
                let stats =
                    lab.ok(&format!("nsenter --net=/run/netns/{netns} ethtool -S {name}"))?;
                let line = stats.lines().find_map(|l| l.trim().strip_prefix("peer_ifindex: "));
                peers.insert(place, line.context("no peer_ifindex")?.parse::<u64>()?);
            }
        }
    }
    let mut joined = BTreeSet::new();
    for cable in groups(&svg, "cable") {
        let [from, to] = ["data-from", "data-to"].map(|a| cable.attribute(a).unwrap_or_default());
        assert_eq!((peers[from], peers[to]), (numbers[to], numbers[from]), "{from} {to}");
        let line = cable.children().find(|n| n.has_tag_name("path")).context("no line")?;
        for (place, point) in [from, to].into_iter().zip(ends(line)?) {
            ensure!(cards[place].1.has_on_its_side(point), "{from} {to}: {point:?} at {place}");
        }
        ensure!(joined.insert(from) && joined.insert(to), "two cables at one device: {from} {to}");
    }
    // Every end has one, and the VXLAN devices, of whose link number nothing is true, none.
    assert_eq!(joined, peers.keys().map(String::as_str).collect::<BTreeSet<_>>());
    Ok(())
}

fn the_tunnel_is_there_once_with_its_network_and_addresses(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let tunnels = groups(&svg, "tunnel");
    assert_eq!(tunnels.len(), 1);
    let tunnel = tunnels[0];
    let attributes = ["data-vni", "data-from", "data-to"].map(|a| tunnel.attribute(a));
    assert_eq!(attributes, [Some("256"), Some("ov1:vxlan0"), Some("ov2:vxlan0")]);
    assert_eq!(tunnel.children().filter(|n| n.has_tag_name("path")).count(), 1);
    let words: Vec<&str> =
        tunnel.children().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect();
    assert_eq!(words, ["VNI 256", "192.168.1.4", "192.168.1.5"]);
    ensure!(groups(&svg, "remote").is_empty(), "no VTEP is out of sight");
    // One that is.
    lab.ok("bridge -n ov1 fdb add 02:42:c0:a8:0a:99 dev vxlan0 dst 192.168.1.77 self permanent")?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let remotes = groups(&svg, "remote");
    assert_eq!(remotes.len(), 1);
    assert_eq!(remotes[0].attribute("data-vtep"), Some("192.168.1.77"));
    Ok(())
}

fn nothing_stands_on_anything_else(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("for i in 1 2 3 4 5; do for h in 1 2; do ovl-ns add a-rather-long-name-$h-$i
            ovl-veth add eth0 -n a-rather-long-name-$h-$i --peer-netns ov$h --ip 192.168.10.$h$i/24 --peer-master br0
            ovl-veth add eth1 -n a-rather-long-name-$h-$i --peer-netns h$h --ip fd00:1234:5678:9abc:def0:1234:5678:$h$i/64
        done; done
        ip netns add sw; ip -n h1 link add up1 type veth peer name p1 netns sw
        ip -n h2 link add up2 type veth peer name p2 netns sw
        ip -n x1 link add far type veth peer name far netns x2")?;
    let text = lab.ok("ovl-inspect graph")?;
    is_tidy(&parsed(&text)?)
}

fn names_of_strangers_stay_text(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok(r#"ip netns add '<script>&'; ip netns add ']]>--{}|;#'
        ip -n x1 link add '"><b>&' type veth peer name "'];\\n\"" netns '<script>&'"#)?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let cards = cards(&svg)?;
    for place in [r#"x1:"><b>&"#, r#"<script>&:'];\n""#] {
        ensure!(cards.contains_key(place), "no {place}: {:?}", cards.keys());
    }
    ensure!(boxes(&svg)?.contains_key("]]>--{}|;#"));
    is_tidy(&svg)?;
    let elements: BTreeSet<&str> =
        svg.descendants().filter(Node::is_element).map(|n| n.tag_name().name()).collect();
    let ours = ["circle", "g", "path", "rect", "style", "svg", "text", "title"];
    assert_eq!(elements, ours.into_iter().collect());
    // In dot only a quote that no backslash is before ends a string.
    let dot = lab.ok("ovl-inspect graph --format dot")?;
    ensure!(dot.contains(r#"label="\"><b>&amp;\n"#), "{dot}");
    for line in dot.lines() {
        let plain = line.replace(r"\\", "").replace(r#"\""#, "");
        ensure!(plain.matches('"').count() % 2 == 0, "{line}");
    }
    // In Mermaid there is nothing in a string but words and numbered characters.
    let mermaid = lab.ok("ovl-inspect graph --format mermaid")?;
    for line in mermaid.lines() {
        let inside: Vec<&str> = line.split('"').collect();
        ensure!(inside.len() == 1 || inside.len() == 3, "{line}");
        if let [_, words, _] = inside.as_slice() {
            let words = words.replace("<br/>", "");
            ensure!(!words.contains(['<', '>', '&', '`', '[', ']', '{', '|', '\\']), "{line}");
        }
    }
    Ok(())
}

fn python_reads_it_as_well(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    if lab.run("command -v python3")?.code != 0 {
        return ovl_tests::lab::skip("no python3 here");
    }
    let count = "import sys, xml.etree.ElementTree as E; r = E.parse(sys.stdin).getroot(); \
        print(r.tag, len([g for g in r if 'card' in g.get('class', '').split()]))";
    let shown = lab.ok(&format!("ovl-inspect graph | python3 -c \"{count}\""))?;
    assert_eq!(shown.trim(), "{http://www.w3.org/2000/svg}svg 10");
    Ok(())
}

fn a_switch_is_outside_of_the_one_host_on_it(lab: &Lab) -> Result<()> {
    lab.ok("for n in sw p1 h1 ov1 x1; do ip netns add $n; done
        ip -n sw link add sw0 type bridge; ip -n h1 link add docker_gwbridge type bridge
        plug() { ip -n $1 link add eth0 type veth peer name p-$1 netns sw
            ip -n sw link set p-$1 master sw0; }
        plug h1; plug p1
        ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789
        ip -n ov1 link add br0 type bridge; ip -n ov1 link set vxlan0 master br0
        ip -n x1 link add eth0 type veth peer name veth0 netns ov1
        ip -n ov1 link set veth0 master br0
        ip -n x1 link add eth1 type veth peer name vg0 netns h1
        ip -n h1 link set vg0 master docker_gwbridge")?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    is_tidy(&svg)?;
    let boxes = boxes(&svg)?;
    for netns in ["ov1", "x1"] {
        ensure!(boxes["h1"].holds(&boxes[netns]), "{netns} is not in its host");
    }
    for netns in ["sw", "p1"] {
        ensure!(!boxes["h1"].overlaps(&boxes[netns]), "{netns} is in the host");
    }
    Ok(())
}

fn each_of_four_hosts_is_on_one_line(lab: &Lab) -> Result<()> {
    lab.ok("for h in 1 2 3 4; do ip netns add h$h; ip netns add ov$h
            ip -n h$h link add br0 type bridge; ip -n h$h addr add 192.168.1.$h/24 dev br0
            ip -n h$h link add vxlan0 netns ov$h type vxlan id 256 dstport 4789
            for o in 1 2 3 4; do [ $o = $h ] ||
                bridge -n ov$h fdb add 02:42:00:00:00:0$o dev vxlan0 dst 192.168.1.$o; done
        done")?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    is_tidy(&svg)?;
    assert_eq!(groups(&svg, "bus").len(), 1);
    let signs = groups(&svg, "mesh");
    let words = signs.iter().flat_map(Node::descendants).filter_map(|n| n.text());
    let words: BTreeSet<&str> = words.collect();
    for word in ["VNI 256", "192.168.1.1", "192.168.1.2", "192.168.1.3", "192.168.1.4"] {
        ensure!(words.contains(word), "no {word}: {words:?}");
    }
    // One that no longer knows another has a line to each, and that one is red.
    lab.ok("bridge -n ov4 fdb del 02:42:00:00:00:01 dev vxlan0 dst 192.168.1.1")?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    is_tidy(&svg)?;
    let lines = groups(&svg, "tunnel").into_iter().filter(|t| t.attribute("data-from").is_some());
    assert_eq!(lines.count(), 3);
    let (card, _) = &cards(&svg)?["ov4:vxlan0"];
    ensure!(red(*card).contains(&"no row to 192.168.1.1".to_owned()), "{:?}", red(*card));
    Ok(())
}

/// What Graphviz draws of this machine: its words.
fn words_of_dot(lab: &Lab) -> Result<BTreeSet<String>> {
    let shown = lab.run("ovl-inspect graph --format dot | dot -Tsvg")?;
    ensure!(shown.code == 0, "{}", shown.stderr);
    // It says what it could not make sense of, and goes on.
    ensure!(!shown.stderr.contains("Warning"), "{}", shown.stderr);
    let svg = shown.stdout.find("<svg").context("no picture")?;
    let svg = parsed(&shown.stdout[svg..])?;
    // It keeps spaces apart with one that does not break.
    let texts = svg.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text());
    Ok(texts.map(|text| text.replace('\u{a0}', " ")).collect())
}

fn graphviz_reads_it_as_well(lab: &Lab) -> Result<()> {
    if lab.run("command -v dot")?.code != 0 {
        return ovl_tests::lab::skip("no dot here");
    }
    overlay(lab)?;
    lab.ok(r#"ip netns add '<b>&amp;'; ip netns add 'ünï [0]{}|;#'; ip netns add graph
        ip -n x1 link add 'e\N"\' type veth peer name '&lt;\l' netns '<b>&amp;'"#)?;
    let words = words_of_dot(lab)?;
    let names = ["h1", "ov1", "x1", "<b>&amp;", "ünï [0]{}|;#", "graph", r#"e\N"\"#, r"&lt;\l"];
    for name in names.into_iter().chain(["VNI 256", "192.168.1.4 – 192.168.1.5"]) {
        ensure!(words.contains(name), "no {name}: {words:?}");
    }
    lab.ok("for i in $(seq 50); do ip netns add ns$i; done")?;
    let words = words_of_dot(lab)?;
    ensure!((1..=50).all(|n| words.contains(&format!("ns{n}"))), "{words:?}");
    Ok(())
}

fn a_machine_with_nothing_on_it_is_a_picture(lab: &Lab) -> Result<()> {
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    ensure!(groups(&svg, "card").is_empty() && groups(&svg, "frame").is_empty());
    assert_eq!(boxes(&svg)?.keys().collect::<Vec<_>>(), ["self"]);
    lab.ok("ovl-inspect graph --format dot")?;
    lab.ok("ovl-inspect graph --format mermaid")?;
    lab.refuses("ovl-inspect graph nosuch", 3, &["nosuch"])?;
    lab.refuses("ovl-inspect graph --snapshot nosuch.json", 3, &["nosuch.json"])?;
    lab.refuses("ovl-inspect graph --format png", 2, &["png"])?;
    lab.ok("ovl-inspect snapshot a.json")?;
    lab.refuses("ovl-inspect graph nosuch --snapshot a.json", 3, &["nosuch"])?;
    // A reader that goes away early is no error.
    lab.ok("ovl-inspect graph | head -c 1 > /dev/null")?;
    Ok(())
}

/// A snapshot as of a machine that has only some of the namespaces.
fn saved_part(lab: &Lab, host: &str, names: &[&str]) -> Result<()> {
    let mut machine = lab.json("ovl-inspect snapshot -")?;
    machine["host"] = host.into();
    let spaces = machine["spaces"].as_array_mut().context("no spaces")?;
    spaces.retain(|s| names.iter().any(|n| s["found"]["names"][0] == *n));
    assert_eq!(spaces.len(), names.len());
    std::fs::write(format!("/run/lab/{host}.json"), machine.to_string())?;
    Ok(())
}

fn two_snapshots_are_two_hosts(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    saved_part(lab, "d1", &["h1", "ov1", "x1"])?;
    saved_part(lab, "d2", &["h2", "ov2", "x2"])?;
    let text = lab.ok("ovl-inspect graph --snapshot d1.json --snapshot d2.json")?;
    let svg = parsed(&text)?;
    is_tidy(&svg)?;
    let frames: Vec<_> =
        groups(&svg, "frame").iter().filter_map(|n| n.attribute("data-netns")).collect();
    assert_eq!(frames, ["d1:h1", "d2:h2"]);
    let tunnels = groups(&svg, "tunnel");
    assert_eq!(tunnels.len(), 1);
    let ends = ["data-from", "data-to"].map(|a| tunnels[0].attribute(a));
    assert_eq!(ends, [Some("d1:ov1:vxlan0"), Some("d2:ov2:vxlan0")]);
    // Of one of them alone, the other's VTEP is out of sight.
    let text = lab.ok("ovl-inspect graph --snapshot d1.json")?;
    let svg = parsed(&text)?;
    ensure!(groups(&svg, "tunnel").is_empty());
    assert_eq!(groups(&svg, "remote")[0].attribute("data-vtep"), Some("192.168.1.5"));
    Ok(())
}

fn what_is_broken_is_red(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    ensure!(cards(&svg)?.values().all(|(card, _)| red(*card).is_empty()), "{text}");
    lab.ok("ip -n ov1 neigh add 192.168.10.77 lladdr 02:42:c0:a8:0a:4d dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:58 dev vxlan0 dst 192.168.1.5 self permanent
        bridge -n ov2 fdb del 02:42:c0:a8:0a:64 dev vxlan0 self
        ip -n x2 link set eth0 down")?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let cards_now = cards(&svg)?;
    let said = |place: &str| red(cards_now[place].0);
    assert_eq!(said("ov1:vxlan0"), ["no FDB row: 192.168.10.77", "no neigh: 02:42:c0:a8:0a:58"]);
    assert_eq!(said("ov2:vxlan0"), ["no FDB row: 192.168.10.100", "no row to 192.168.1.4"]);
    assert_eq!(said("x2:eth0"), ["down"]);
    let tunnel = groups(&svg, "tunnel")[0];
    let halves = tunnel.children().filter(|n| n.attribute("class") == Some("line bad")).count();
    assert_eq!(halves, 1);
    // A cable whose other end is gone.
    saved_part(lab, "d1", &["h1", "ov1"])?;
    let text = lab.ok("ovl-inspect graph --snapshot d1.json")?;
    let svg = parsed(&text)?;
    assert_eq!(groups(&svg, "cut").len(), 2);
    assert_eq!(groups(&svg, "cable").len(), 0);
    assert_eq!(red(cards(&svg)?["h1:eth0"].0), ["other end not found"]);
    Ok(())
}

fn a_part_of_the_machine_is_what_was_named_and_what_it_is_joined_to(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("ip netns add other")?;
    let shown = |words: &str| -> Result<Vec<String>> {
        let text = lab.ok(&format!("ovl-inspect graph {words}"))?;
        let svg = parsed(&text)?;
        is_tidy(&svg)?;
        Ok(boxes(&svg)?.into_keys().collect())
    };
    assert_eq!(shown("x1")?, ["h1", "ov1", "x1"]);
    assert_eq!(shown("ov1")?, ["h1", "h2", "ov1", "ov2", "x1"]);
    assert_eq!(shown("other")?, ["other"]);
    assert_eq!(shown("other x2")?, ["h2", "other", "ov2", "x2"]);
    lab.ok("ovl-inspect snapshot all.json")?;
    assert_eq!(shown("x1 --snapshot all.json")?, ["h1", "ov1", "x1"]);
    Ok(())
}

fn the_same_machine_is_the_same_picture(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("ovl-inspect snapshot a.json")?;
    for format in ["svg", "dot", "mermaid"] {
        let draw = format!("ovl-inspect graph --format {format} --snapshot a.json");
        assert_eq!(lab.ok(&draw)?, lab.ok(&draw)?, "{format}");
    }
    Ok(())
}

fn fifty_namespaces_are_a_page(lab: &Lab) -> Result<()> {
    lab.ok("for i in $(seq 50); do ip netns add ns$i; done
        ip -n ns1 link add name a type veth peer name b netns ns2")?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    is_tidy(&svg)?;
    let root = svg.root_element();
    let (w, h) = (number(root, "width")?, number(root, "height")?);
    ensure!(w <= 1600.0 && h <= 900.0, "{w} x {h}");
    assert_eq!(groups(&svg, "ns").len(), 51);
    Ok(())
}

fn dot_and_mermaid_have_the_same_devices_and_lines(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let devices = groups(&svg, "card").len();
    let lines = groups(&svg, "cable").len();
    let dot = lab.ok("ovl-inspect graph --format dot")?;
    let has = |text: &str, what: &str| text.lines().filter(|l| l.contains(what)).count();
    assert_eq!(has(&dot, "[label="), devices, "{dot}");
    assert_eq!(has(&dot, "style=solid"), lines);
    assert_eq!(has(&dot, "label=\"VNI 256\\n192.168.1.4 – 192.168.1.5\""), 1);
    let mermaid = lab.ok("ovl-inspect graph --format mermaid")?;
    assert_eq!(has(&mermaid, "<br/>mtu "), devices, "{mermaid}");
    assert_eq!(has(&mermaid, "===|\"VNI 256<br/>192.168.1.4 – 192.168.1.5\"|"), 1);
    // Ports hang from their bridges: two on each.
    assert_eq!(has(&mermaid, " --- "), lines + 4);
    assert_eq!(has(&dot, "style=bold"), 4);
    for netns in SPACES {
        ensure!(dot.contains(&format!("label=\"{netns}\"")), "{netns}: {dot}");
        ensure!(mermaid.contains(&format!("[\"{netns}\"]")), "{netns}: {mermaid}");
    }
    Ok(())
}

fn a_snapshot_of_schema_1_is_drawn(lab: &Lab) -> Result<()> {
    std::fs::write("/run/lab/saved.json", include_str!("data/snapshot-1.json"))?;
    let text = lab.ok("ovl-inspect graph --snapshot saved.json")?;
    let svg = parsed(&text)?;
    is_tidy(&svg)?;
    let boxes = boxes(&svg)?;
    ensure!(boxes["h1"].holds(&boxes["docker:X-1"]), "{boxes:?}");
    ensure!(text.contains(">overlay demo-network<"), "{text}");
    Ok(())
}
