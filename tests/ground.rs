//! What the other tests stand on, tested with `ip` alone: the sandbox keeps to
//! itself, and the oracle sees what there is to see.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};

tests![
    the_sandbox_has_its_own_network,
    the_sandbox_has_its_own_processes_and_names,
    the_oracle_sees_a_cable_and_who_is_at_its_ends,
    the_oracle_sees_rows_and_where_a_vxlan_has_its_socket,
    the_oracle_sees_no_difference_where_only_chance_differs,
    the_oracle_names_a_plain_file,
];

fn the_sandbox_has_its_own_network(lab: &Lab) -> Result<()> {
    let links = lab.json("ip -j link")?;
    let names: Vec<&str> =
        links.as_array().into_iter().flatten().filter_map(|l| l["ifname"].as_str()).collect();
    ensure!(names == ["lo"], "{names:?}");
    Ok(())
}

fn the_sandbox_has_its_own_processes_and_names(lab: &Lab) -> Result<()> {
    assert_eq!(lab.ok("ls /run/netns 2>/dev/null || true")?, "");
    // No file of any namespace of the machine's can be opened, wherever it is.
    let open = lab.ok("awk '/ - nsfs /{print $5}' /proc/self/mountinfo | while read f; do
        case $(stat -L -f -c %T $f 2>/dev/null) in nsfs) echo $f;; esac; done")?;
    assert_eq!(open, "");
    assert_eq!(std::process::id(), 1);
    assert_eq!(lab.ok("readlink /proc/1/ns/net")?, lab.ok("readlink /proc/$$/ns/net")?);
    Ok(())
}

fn the_oracle_sees_a_cable_and_who_is_at_its_ends(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip link add c1 type veth peer name c2 netns h1")?;
    let state = oracle::state(lab)?;
    assert_eq!(state["h1"]["links"]["eth0"]["peer"], "eth0@h2");
    assert_eq!(state["h2"]["links"]["eth0"]["peer"], "eth0@h1");
    assert_eq!(state["self"]["links"]["c1"]["peer"], "c2@h1");
    assert_eq!(state["h1"]["links"]["c2"]["peer"], "c1@self");
    assert_eq!(state["h1"]["addresses"]["eth0"][0]["local"], "192.168.1.4");
    Ok(())
}

fn the_oracle_sees_rows_and_where_a_vxlan_has_its_socket(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    assert_eq!(before["ov1"]["links"]["vxlan0"]["socket"], "h1");
    assert_eq!(before["ov1"]["links"]["vxlan0"]["linkinfo"]["info_data"]["id"], 256);
    lab.ok("ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self permanent")?;
    let seen = oracle::diff(&before, &oracle::state(lab)?).unwrap_or_default();
    for word in
        ["/ov1/neighbours: + ", "\"dst\":\"192.168.10.101\"", "/ov1/rows: + ", "192.168.1.5"]
    {
        ensure!(seen.contains(word), "no '{word}' in\n{seen}");
    }
    assert_eq!(seen.lines().count(), 2, "{seen}");
    Ok(())
}

fn the_oracle_sees_no_difference_where_only_chance_differs(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    // Other random addresses, other numbers, the same network.
    lab.ok("ip -n ov1 link del vxlan0; ip netns del ov1; ip netns del h1; ip netns del h2")?;
    lab.overlay()?;
    oracle::same("made twice", &before, &oracle::state(lab)?)
}

fn the_oracle_names_a_plain_file(lab: &Lab) -> Result<()> {
    lab.ok("mkdir -p /run/netns; touch /run/netns/old")?;
    assert_eq!(oracle::state(lab)?["old"], "a plain file");
    Ok(())
}
