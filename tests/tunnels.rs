//! Which tunnels `ovl-inspect graph` draws, and which of them as broken: held against
//! the packets of a `ping` that cross them, or do not.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;

use crate::ns::hidden;
use crate::picture::{cards, groups, parsed, red};

tests![
    a_tunnel_of_two_ports_is_broken: PING,
    a_row_with_a_port_of_its_own_is_one_way: PING,
    devices_of_no_network_of_their_own_are_joined,
    a_socket_that_is_not_seen_is_said_on_the_card,
];

/// Two hosts, each with a VXLAN device that leads to the other, and how they are made.
fn tunnel(lab: &Lab, first: &str, second: &str) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2
        ip -n h1 link add eth0 type veth peer name eth0 netns h2")?;
    for (n, words) in [(1, first), (2, second)] {
        lab.ok(&format!(
            "ip -n h{n} addr add 10.0.0.{n}/24 dev eth0; ip -n h{n} link set eth0 up
            ip -n h{n} link add vx type vxlan {words} local 10.0.0.{n}
            ip -n h{n} addr add 172.31.0.{n}/24 dev vx; ip -n h{n} link set vx up"
        ))?;
    }
    Ok(())
}

fn is_crossed(lab: &Lab) -> Result<bool> {
    let ping = "nsenter --net=/run/netns/h1 ping -n -q -c 2 -i 0.1 -W 1 172.31.0.2";
    Ok(lab.run(ping)?.code == 0)
}

/// What is red: the words on the cards of both hosts, and the tunnel's lines in SVG
/// and dot.
fn broken(lab: &Lab) -> Result<([Vec<String>; 2], usize)> {
    let text = lab.ok("ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let cards = cards(&svg)?;
    let words = ["h1:vx", "h2:vx"].map(|place| red(cards[place].0));
    let tunnels = groups(&svg, "tunnel");
    assert_eq!(tunnels.len(), 1, "{text}");
    let is_red = |n: &roxmltree::Node<'_, '_>| n.attribute("class") == Some("line bad");
    let lines = tunnels[0].children().filter(is_red).count();
    let dot = lab.ok("ovl-inspect graph --format dot")?;
    assert_eq!(dot.matches("[penwidth=4, color=red]").count(), lines, "{dot}");
    let mermaid = lab.ok("ovl-inspect graph --format mermaid")?;
    let line = mermaid.lines().find(|l| l.contains(" ===|")).unwrap_or_default();
    for word in words.iter().flatten() {
        ensure!(line.contains(word.as_str()), "no '{word}' in {mermaid}");
    }
    Ok((words, lines))
}

fn a_tunnel_of_two_ports_is_broken(lab: &Lab) -> Result<()> {
    tunnel(lab, "id 5 dstport 4789 remote 10.0.0.2", "id 5 dstport 8472 remote 10.0.0.1")?;
    ensure!(!is_crossed(lab)?);
    let (words, lines) = broken(lab)?;
    assert_eq!(words[0], ["10.0.0.2 listens on port 8472, not 4789"]);
    assert_eq!(words[1], ["10.0.0.1 listens on port 4789, not 8472"]);
    assert_eq!(lines, 2);
    Ok(())
}

fn a_row_with_a_port_of_its_own_is_one_way(lab: &Lab) -> Result<()> {
    tunnel(lab, "id 5 dstport 4789 remote 10.0.0.2", "id 5 dstport 4789 remote 10.0.0.1")?;
    ensure!(is_crossed(lab)?);
    assert_eq!(broken(lab)?, ([Vec::new(), Vec::new()], 0));
    let mac = lab.link("h1", "vx")?["address"].as_str().unwrap_or_default().to_owned();
    let row = |verb: &str, words: &str| {
        lab.ok(&format!("bridge -n h2 fdb {verb} {mac} dev vx dst 10.0.0.1 {words}"))
    };
    for (own, said) in [
        ("port 9999", "10.0.0.1 listens on port 4789, not 9999"),
        ("vni 7", "10.0.0.1 listens for VNI 5, not 7"),
    ] {
        lab.ok(&format!("bridge -n h2 fdb del {mac} dev vx || true"))?;
        row("replace", own)?;
        ensure!(!is_crossed(lab)?, "{own}");
        assert_eq!(broken(lab)?, ([Vec::new(), vec![said.to_owned()]], 1));
    }
    // A port of its own that is the other one's is sound.
    lab.ok("ip -n h1 link del vx
        ip -n h1 link add vx type vxlan id 5 dstport 8472 local 10.0.0.1 nolearning
        ip -n h1 addr add 172.31.0.1/24 dev vx; ip -n h1 link set vx up
        bridge -n h1 fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.2 port 4789
        ip -n h2 link del vx
        ip -n h2 link add vx type vxlan id 5 dstport 4789 local 10.0.0.2 nolearning
        ip -n h2 addr add 172.31.0.2/24 dev vx; ip -n h2 link set vx up
        bridge -n h2 fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.1 port 8472")?;
    assert_eq!(broken(lab)?, ([Vec::new(), Vec::new()], 0));
    Ok(())
}

fn devices_of_no_network_of_their_own_are_joined(lab: &Lab) -> Result<()> {
    tunnel(lab, "external dstport 4789", "external dstport 4789")?;
    lab.ok("bridge -n h1 fdb add 02:42:0a:00:00:03 dev vx dst 10.0.0.2 src_vni 100 vni 300
        bridge -n h1 fdb add 02:42:0a:00:00:03 dev vx dst 10.0.0.2 src_vni 101 vni 301")?;
    assert_eq!(broken(lab)?, ([Vec::new(), Vec::new()], 0));
    let text = lab.ok("ovl-inspect graph")?;
    ensure!(groups(&parsed(&text)?, "remote").is_empty(), "{text}");
    Ok(())
}

fn a_socket_that_is_not_seen_is_said_on_the_card(lab: &Lab) -> Result<()> {
    let (process, _) = hidden(lab)?;
    let pid = process.pid();
    lab.overlay()?;
    lab.ok(&format!(
        "ip netns attach away {pid}
        ip -n away link add vxlan7 netns ov1 type vxlan id 7 dstport 4789
        ip -n ov1 link add c0 type veth peer name eth0 netns away
        umount /run/netns/away; rm /run/netns/away"
    ))?;
    let id = &lab.link("ov1", "vxlan7")?["link_netnsid"];
    let text = lab.ok("unshare --mount --pid --fork --mount-proc ovl-inspect graph")?;
    let svg = parsed(&text)?;
    let cards = cards(&svg)?;
    for (place, said) in [
        ("ov1:vxlan7", format!("socket in unseen nsid {id}")),
        ("ov1:c0", format!("in unseen nsid {id}")),
    ] {
        let mut words = cards[place].0.descendants().filter_map(|n| n.text());
        ensure!(words.any(|w| w.contains(&said)), "{place} does not say '{said}': {text}");
        ensure!(!red(cards[place].0).iter().any(|w| w != "down"), "{text}");
    }
    let own = cards["ov1:vxlan0"].0.descendants().filter_map(|n| n.text());
    ensure!(!own.into_iter().any(|w| w.contains("socket")), "{text}");
    Ok(())
}
