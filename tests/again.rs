//! Scripts that run twice: what the second run makes of what the first has left,
//! with `--exist-ok` and without.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};

tests![
    overlays_are_no_underlay,
    an_overlay_in_the_callers_own_namespace_is_made_twice,
    what_leads_into_an_overlay_is_no_underlay,
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
