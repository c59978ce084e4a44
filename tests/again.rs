//! Scripts that run twice: what the second run makes of what the first has left,
//! with `--exist-ok` and without.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};

tests![
    overlays_are_no_underlay,
    an_overlay_in_the_callers_own_namespace_is_made_twice,
    what_leads_into_an_overlay_is_no_underlay,
    exist_ok_leaves_a_bridge_as_it_is_and_says_how_it_differs,
    exist_ok_says_what_is_up_that_was_asked_down,
    exist_ok_says_all_that_differs_in_its_words,
    exist_ok_names_what_is_at_the_other_end,
    a_bridge_is_completed_where_the_device_is_new,
    an_nsid_that_is_taken_says_whose_it_is,
];

/// An underlay's device in the sandbox's own namespace: 1500 bytes, an address, no route.
fn underlay(lab: &Lab) -> Result<()> {
    lab.ok("ip link add eth0 type veth peer name wire
        ip addr add 192.168.1.4/24 dev eth0; ip link set eth0 up; ip link set wire up")?;
    Ok(())
}

fn mtu(lab: &Lab, netns: &str, name: &str) -> Result<i64> {
    Ok(lab.link(netns, name)?["mtu"].as_i64().unwrap_or_default())
}

fn overlays_are_no_underlay(lab: &Lab) -> Result<()> {
    underlay(lab)?;
    for n in 0..3 {
        lab.ok(&format!(
            "ovl-vxlan add vxlan{n} --vni 30{n} --bridge br{n} --gateway 192.168.1{n}.1/24"
        ))?;
        for name in [format!("vxlan{n}"), format!("br{n}")] {
            assert_eq!(mtu(lab, "self", &name)?, 1450, "{name}");
        }
    }
    // What the wire has room for still counts.
    lab.ok("ip link set eth0 mtu 1400; ovl-vxlan add vxlan9 --vni 309")?;
    assert_eq!(mtu(lab, "self", "vxlan9")?, 1350);
    // A bridge whose VXLAN device is gone leads nowhere.
    lab.ok("ip link set eth0 mtu 1500; ovl-vxlan del vxlan0; ovl-vxlan add vxlan7 --vni 307")?;
    assert_eq!(mtu(lab, "self", "vxlan7")?, 1450);
    Ok(())
}

fn an_overlay_in_the_callers_own_namespace_is_made_twice(lab: &Lab) -> Result<()> {
    underlay(lab)?;
    let script = "ovl-vxlan add vxlan0 --vni 256 --bridge br0 --gateway 192.168.10.1/24 --exist-ok";
    lab.ok(script)?;
    let before = oracle::state(lab)?;
    lab.ok(script)?;
    oracle::same("the second run", &before, &oracle::state(lab)?)?;
    // The device was deleted, and its bridge left.
    lab.ok("ovl-vxlan del vxlan0")?;
    lab.ok(script)?;
    oracle::same("after the device was made again", &before, &oracle::state(lab)?)
}

fn what_leads_into_an_overlay_is_no_underlay(lab: &Lab) -> Result<()> {
    underlay(lab)?;
    lab.ok("ip netns add ov1; ip netns add x1
        ovl-vxlan add vxlan0 --vni 256 -n ov1 --bridge br0 --gateway 192.168.10.1/24
        ovl-veth add in1 --peer veth1 --peer-netns ov1 --peer-master br0 --ip 192.168.10.9/24
        ovl-vxlan add vxlan1 --vni 257 --bridge br1 --gateway 192.168.11.1/24
        ovl-veth add in2 --peer veth2 --peer-master br1 --ip 192.168.11.9/24")?;
    for name in ["in1", "in2", "br1"] {
        assert_eq!(mtu(lab, "self", name)?, 1450, "{name}");
    }
    lab.ok("ip link add up1 link br1 type macvlan mode bridge && ip link set up1 up \
        && ip addr add 192.168.11.10/24 dev up1")?;
    lab.ok("ovl-vxlan add vxlan2 --vni 258 -n x1")?;
    ensure!(mtu(lab, "x1", "vxlan2")? == 1450, "a cable into an overlay counts as the wire");
    // Nor is it when the default route leads there.
    lab.ok("ip route add default via 192.168.10.1 dev in1; ovl-vxlan add vxlan3 --vni 259 -n x1")?;
    assert_eq!(mtu(lab, "x1", "vxlan3")?, 1450);
    Ok(())
}

/// Refused with 4, in these words and once each, and nothing changed.
fn differs(lab: &Lab, command: &str, words: &[&str]) -> Result<()> {
    let before = oracle::state(lab)?;
    let said = lab.fails(command, 4)?;
    for word in words {
        let count = said.matches(word).count();
        ensure!(count == 1, "`{command}` says '{word}' {count} times:\n{said}");
    }
    oracle::same(command, &before, &oracle::state(lab)?)
}

const OVERLAY: &str = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --exist-ok";

fn exist_ok_leaves_a_bridge_as_it_is_and_says_how_it_differs(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let command = format!("{OVERLAY} --gateway 192.168.10.1/24");
    lab.ok(&format!("ip netns add ov1; {command}"))?;
    differs(
        lab,
        &format!("{OVERLAY} --gateway 192.168.10.2/24"),
        &["br0 in netns ov1", "has address 192.168.10.1/24, asked address 192.168.10.2/24"],
    )?;
    differs(lab, &format!("{OVERLAY} --gateway fd00::1/64"), &["has no address, asked address"])?;
    lab.ok("ip -n ov1 link set br0 down")?;
    differs(lab, &command, &["br0 in netns ov1", "is down, asked up"])?;
    lab.ok("ip -n ov1 link set br0 up mtu 1400")?;
    differs(lab, &command, &["br0 in netns ov1", "has mtu 1400, asked mtu 1450"])?;
    // All of it at once, each device under its own name.
    lab.ok("ip -n ov1 link set vxlan0 nomaster")?;
    let words =
        ["br0 in netns ov1", "mtu 1400", "vxlan0 in netns ov1", "has no master, asked master br0"];
    differs(lab, &command, &words)?;
    lab.ok("ip -n ov1 link set vxlan0 master br0; ip -n ov1 link set br0 mtu 1450")?;
    lab.ok(&command)?;
    Ok(())
}

fn exist_ok_says_what_is_up_that_was_asked_down(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok(&format!("ip netns add ov1; ip netns add x1; {OVERLAY}"))?;
    differs(lab, &format!("{OVERLAY} --down"), &["vxlan0 in netns ov1", "is up, asked down"])?;
    let cable = "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --exist-ok";
    lab.ok(cable)?;
    let down = format!("{cable} --down");
    lab.ok("ip -n ov1 link set veth1 down")?;
    differs(lab, &down, &["eth0 in netns x1", "is up, asked down"])?;
    differs(lab, cable, &["veth1 in netns ov1", "is down, asked up"])?;
    lab.ok(&format!("ip -n x1 link set eth0 down; {down}"))?;
    Ok(())
}

fn exist_ok_says_all_that_differs_in_its_words(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add x1")?;
    let cable =
        "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --peer-master br0 --exist-ok";
    lab.ok(&format!("{cable} --ip 192.168.10.100/24 --ip 192.168.10.100/24 --via 192.168.10.1"))?;
    differs(
        lab,
        &format!("{cable} --ip 192.168.10.7/24"),
        &["has address 192.168.10.100/24, asked address 192.168.10.7/24"],
    )?;
    let mac = format!("{cable} --mac 02:00:00:00:00:01");
    differs(lab, &mac, &["has MAC ", "asked MAC 02:00:00:00:00:01"])?;
    // Of each end, once.
    let mtu = format!("{cable} --mtu 1400");
    ensure!(lab.fails(&mtu, 4)?.matches("has mtu 1450, asked mtu 1400").count() == 2);
    differs(lab, &mtu, &["eth0 in netns x1", "veth1 in netns ov1"])?;
    differs(
        lab,
        &format!("{cable} --via 192.168.10.2"),
        &["has route default via 192.168.10.1 dev eth0, asked route default via 192.168.10.2"],
    )
}

fn exist_ok_names_what_is_at_the_other_end(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add x1; ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1")?;
    let has = "has peer veth1 in netns ov1, asked peer ";
    for (flags, asked) in [
        ("--peer veth7 --peer-netns ov1", "veth7 in netns ov1"),
        ("--peer veth1 --peer-netns h1 --peer-master br0", "veth1 in netns h1"),
        ("--peer veth1", "veth1 in netns self"),
    ] {
        lab.ok("ip -n h1 link add br0 type bridge 2>/dev/null || true")?;
        let command = format!("ovl-veth add eth0 -n x1 {flags} --exist-ok");
        differs(lab, &command, &[&format!("{has}{asked}")])?;
    }
    let add = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --exist-ok";
    let elsewhere = format!("{add} --underlay h2");
    differs(lab, &elsewhere, &["has underlay h1, asked underlay h2"])?;
    differs(lab, &format!("{add} --underlay h1 --dev eth0"), &["has no dev, asked dev eth0"])
}

fn a_bridge_is_completed_where_the_device_is_new(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1; ip -n ov1 link add br0 type bridge")?;
    let command = format!("{OVERLAY} --gateway 192.168.10.1/24");
    lab.ok(&command)?;
    assert_eq!(lab.link("ov1", "br0")?["addr_info"][0]["local"], "192.168.10.1");
    let before = oracle::state(lab)?;
    lab.ok(&command)?;
    oracle::same("the second run", &before, &oracle::state(lab)?)
}

fn an_nsid_that_is_taken_says_whose_it_is(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add x1; ovl-ns nsid x1 -n h1 --set 5")?;
    let words = ["nsid 7", "netns x1", "in netns h1", "nsid 5"];
    differs(lab, "ovl-ns nsid x1 -n h1 --set 7", &words)
}
