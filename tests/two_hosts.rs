//! The article's overlay on two hosts, made with the five binaries alone, and
//! packets of a `ping` that we did not write crossing it.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;

tests![
    containers_on_two_hosts_reach_each_other: PING,
    full_size_packets_cross_in_one_piece: PING,
    a_third_host_joins_and_leaves: PING,
    an_overlay_over_ipv6_works: PING,
    a_container_reaches_its_host_and_its_gateway: PING,
    a_row_that_is_deleted_cuts_the_way: PING,
];

/// Two hosts on an underlay; on each an overlay namespace and a container.
const HOSTS: &str = "ovl-ns add h1 h2 ov1 ov2 x1 x2
    ovl-veth add eth0 -n h1 --peer eth0 --peer-netns h2 --ip 192.168.1.4/24 --peer-ip 192.168.1.5/24";

const OVERLAY: &str = "
    ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24
    ovl-vxlan add vxlan0 --vni 256 -n ov2 --underlay h2 --bridge br0 --gateway 192.168.10.1/24
    ovl-veth add eth0 -n x1 --peer-netns ov1 --ip 192.168.10.100/24 --mac auto --peer-master br0
    ovl-veth add eth0 -n x2 --peer-netns ov2 --ip 192.168.10.101/24 --mac auto --peer-master br0
    ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1
    ovl-fdb add 192.168.10.100 02:42:c0:a8:0a:64 --dst 192.168.1.4 -n ov2";

/// Both hosts, the overlay and its rows.
pub fn overlay(lab: &Lab) -> Result<()> {
    lab.ok(HOSTS)?;
    lab.ok(OVERLAY).map(drop)
}

/// `ping` inside a namespace.
fn ping(lab: &Lab, from: &str, words: &str) -> Result<()> {
    lab.ok(&format!("nsenter --net=/run/netns/{from} ping -n -q -c 3 -i 0.05 -W 2 {words}"))
        .map(drop)
}

fn containers_on_two_hosts_reach_each_other(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    ping(lab, "x1", "192.168.10.101")?;
    ping(lab, "x2", "192.168.10.100")?;
    // And by our own, from a namespace that needs no ping.
    lab.ok("ovl-inspect ping x1 192.168.10.101 -c 1")?;
    // The packets went through the VXLAN devices.
    for netns in ["ov1", "ov2"] {
        let stats = &lab.link(netns, "vxlan0")?["stats64"];
        ensure!(stats["rx"]["packets"].as_u64() > Some(3), "{netns}: {stats}");
    }
    Ok(())
}

fn full_size_packets_cross_in_one_piece(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    // 1450 bytes: 20 of IPv4, 8 of ICMP, 1422 of data; don't fragment.
    ping(lab, "x1", "-M do -s 1422 192.168.10.101")?;
    ping(lab, "x2", "-M do -s 1422 192.168.10.100")?;
    ensure!(ping(lab, "x1", "-M do -s 1423 192.168.10.101").is_err());
    lab.ok("ovl-inspect ping x1 192.168.10.101 -c 1 -s 1422 --df")?;
    assert_eq!(lab.run("ovl-inspect ping x1 192.168.10.101 -c 1 -s 1423 --df -W 300ms")?.code, 6);
    Ok(())
}

fn a_third_host_joins_and_leaves(lab: &Lab) -> Result<()> {
    // Three hosts on a switch.
    lab.ok("ovl-ns add sw; ip -n sw link add br0 type bridge; ip -n sw link set br0 up
        for i in 1 2 3; do ovl-ns add h$i ov$i x$i
            ovl-veth add eth0 -n h$i --peer-netns sw --peer-master br0 --ip 192.168.1.$i/24
            ovl-vxlan add vxlan0 --vni 256 -n ov$i --underlay h$i --bridge br0
            ovl-veth add eth0 -n x$i --peer-netns ov$i --peer-master br0 --ip 192.168.10.10$i/24 --mac auto
        done
        for i in 1 2 3; do for j in 1 2 3; do
            test $i = $j || ovl-fdb add 192.168.10.10$j auto --dst 192.168.1.$j -n ov$i
        done; done")?;
    for (from, to) in [("x1", 2), ("x2", 3), ("x3", 1)] {
        ping(lab, from, &format!("192.168.10.10{to}"))?;
    }
    lab.ok("ovl-ns del x3 ov3 h3; for i in 1 2; do ovl-fdb del 192.168.10.103 -n ov$i; done")?;
    ping(lab, "x1", "192.168.10.102")
}

fn an_overlay_over_ipv6_works(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add h1 h2 ov1 ov2 x1 x2
        ovl-veth add eth0 -n h1 --peer eth0 --peer-netns h2 --ip fd00::4/64 --peer-ip fd00::5/64
        for i in 1 2; do
            ovl-vxlan add vxlan0 --vni 256 -n ov$i --underlay h$i -6 --bridge br0
            ovl-veth add eth0 -n x$i --peer-netns ov$i --ip 192.168.10.10$i/24 --mac auto --peer-master br0
        done
        ovl-fdb add 192.168.10.102 auto --dst fd00::5 -n ov1
        ovl-fdb add 192.168.10.101 auto --dst fd00::4 -n ov2")?;
    lab.eventually("the underlay's addresses are no longer tentative", |lab| {
        Ok(["h1", "h2"]
            .iter()
            .all(|n| lab.ok(&format!("ip -n {n} addr show tentative")).is_ok_and(|t| t.is_empty())))
    })?;
    // 1430 bytes, all that a packet of 1500 has room for.
    ping(lab, "x1", "-M do -s 1402 192.168.10.102")
}

fn a_container_reaches_its_host_and_its_gateway(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("ovl-veth add eth1 -n x1 --peer-netns h1 --ip 10.0.0.2/24 --peer-ip 10.0.0.1/24 --via 10.0.0.1")?;
    ping(lab, "x1", "192.168.10.1")?;
    ping(lab, "x1", "10.0.0.1")?;
    ping(lab, "x1", "192.168.1.4")
}

fn a_row_that_is_deleted_cuts_the_way(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    ping(lab, "x1", "192.168.10.101")?;
    lab.ok("ovl-fdb del 192.168.10.101 -n ov1; ip -n x1 neigh flush all")?;
    // Neither who has it nor where it is, and nobody to ask.
    ensure!(ping(lab, "x1", "192.168.10.101").is_err());
    lab.ok("ovl-fdb add 192.168.10.101 auto --dst 192.168.1.5 -n ov1")?;
    lab.eventually("there is a way again", |lab| Ok(ping(lab, "x1", "192.168.10.101").is_ok()))
}
