//! Overlays made by others: nothing about names, numbers or counts is taken for
//! granted. Cables and parents are judged by `ethtool` and `ip`.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};
use serde_json::Value;

tests![
    a_container_in_two_overlays_has_a_cable_to_each: ETHTOOL,
    cables_between_the_same_numbers_are_told_apart: ETHTOOL,
    the_other_end_may_be_where_only_a_process_is: ETHTOOL,
    a_namespace_that_another_mount_namespace_holds_is_found: ETHTOOL,
    every_path_leads_there_from_here,
    a_macvlan_stands_on_a_device_of_another_namespace,
    a_container_without_network_is_a_namespace_like_others,
    what_cannot_be_looked_at_is_counted_and_said: SETPRIV,
];

/// The tree, and what is wrong about its cables by the word of ethtool and ip:
/// each veth's other end has the number that the driver names, the name and the
/// master that ip has there, and leads back. Gives the number of ends.
fn cables(lab: &Lab) -> Result<usize> {
    let tree = lab.json("ovl-inspect -o json")?;
    let all = || tree.as_array().into_iter().flatten();
    let mut checked = 0;
    for space in all() {
        let here = way_in(space)?;
        for link in space["links"].as_array().context("no links")? {
            if link["kind"] != "veth" {
                ensure!(link["peer"].is_null(), "{link}");
                continue;
            }
            let name = link["ifname"].as_str().context("no name")?;
            let number = driver_number(lab, &here, name)?;
            let peer = &link["peer"];
            ensure!(peer["ifindex"].as_u64() == Some(number), "{here}: {link}");
            let far = all().find(|s| s["netns"]["inode"] == peer["netns"]["inode"]);
            let there = way_in(far.context("the other end's namespace is not in the tree")?)?;
            let links = lab.json(&format!("nsenter --net={there} ip -j link"))?;
            let found = links.as_array().into_iter().flatten();
            let found = found.filter(|l| l["ifindex"].as_u64() == Some(number));
            let found: Vec<(&Value, &Value)> =
                found.map(|l| (&l["ifname"], &l["master"])).collect();
            ensure!(found == [(&peer["ifname"], &peer["master"])], "{here}:{name}: {found:?}");
            let back = driver_number(lab, &there, peer["ifname"].as_str().unwrap_or_default())?;
            ensure!(link["ifindex"].as_u64() == Some(back), "{here}:{name} is not where it leads");
            ensure!(link["disagree"].is_null(), "{link}");
            checked += 1;
        }
    }
    Ok(checked)
}

/// A file by which `nsenter` comes in.
fn way_in(space: &Value) -> Result<String> {
    let path = space["netns"]["paths"].as_array().into_iter().flatten().find_map(Value::as_str);
    let pid = space["pids"][0]["pid"].as_u64();
    let by_pid = || pid.map(|pid| format!("/proc/{pid}/ns/net"));
    path.filter(|p| oracle::is_namespace(p.as_ref()).unwrap_or(false))
        .map(str::to_owned)
        .or_else(by_pid)
        .context("no way in")
}

fn driver_number(lab: &Lab, netns: &str, name: &str) -> Result<u64> {
    let stats = lab.ok(&format!("nsenter --net={netns} ethtool -S {name}"))?;
    let number = stats.lines().find_map(|l| l.trim().strip_prefix("peer_ifindex: "));
    number.context("ethtool names no peer")?.parse().context("no number")
}

/// One link of the tree.
fn link(lab: &Lab, netns: &str, name: &str) -> Result<Value> {
    let tree = lab.json("ovl-inspect -o json")?;
    let mut spaces = tree.as_array().into_iter().flatten();
    let space = spaces.find(|s| s["netns"]["ref"] == netns).context("no such namespace")?;
    let mut links = space["links"].as_array().into_iter().flatten();
    links.find(|l| l["ifname"] == name).cloned().context("no such device")
}

fn a_container_in_two_overlays_has_a_cable_to_each(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    // Two networks with other names than Docker's, one host with both.
    lab.ok("ip netns add box; ip -n box link set lo up
        for n in 1 2; do
            ip netns add red$n
            ip -n red$n link add switch type bridge; ip -n red$n link set switch up
            ip -n h1 link add tunnel netns red$n type vxlan id 5000$n dstport 4789
            ip -n red$n link set tunnel master switch up
            ip -n box link add net$n type veth peer name port netns red$n
            ip -n red$n link set port master switch up
            ip -n box addr add 10.$n.0.2/24 dev net$n; ip -n box link set net$n up
        done")?;
    // The cable between the hosts, and two of the container: six ends.
    assert_eq!(cables(lab)?, 6);
    for n in ["1", "2"] {
        let net = link(lab, "box", &format!("net{n}"))?;
        assert_eq!(net["peer"]["netns"]["names"][0], format!("red{n}"));
        assert_eq!(net["peer"]["master"], "switch");
        let tunnel = link(lab, &format!("red{n}"), "tunnel")?;
        assert_eq!(tunnel["vxlan"]["vni"], 50_000 + n.parse::<u64>()?);
        assert_eq!(tunnel["vxlan"]["underlay"]["netns"]["names"][0], "h1");
        assert_eq!(tunnel["master"], "switch");
    }
    Ok(())
}

fn cables_between_the_same_numbers_are_told_apart(lab: &Lab) -> Result<()> {
    // Each of the six namespaces has a device 7 whose other end is a device 7.
    lab.ok("for n in a1 a2 b1 b2 c1 c2; do ip netns add $n; done
        for n in a b c; do
            ip -n ${n}1 link add eth0 index 7 type veth peer name eth0 index 7 netns ${n}2
        done")?;
    assert_eq!(cables(lab)?, 6);
    // Which of them it is, ip says by the namespace's id.
    let state = oracle::state(lab)?;
    for (here, there) in [("a1", "a2"), ("b2", "b1"), ("c1", "c2"), ("c2", "c1")] {
        assert_eq!(state[here]["links"]["eth0"]["peer"], format!("eth0@{there}"));
        assert_eq!(link(lab, here, "eth0")?["peer"]["netns"]["names"][0], there);
        let peer = lab.json(&format!("ovl-veth peer eth0 -n {here} -o json"))?;
        assert_eq!(peer["peer"]["netns"]["names"][0], there);
        ensure!(peer.get("disagree").is_none(), "{peer}");
    }
    Ok(())
}

fn the_other_end_may_be_where_only_a_process_is(lab: &Lab) -> Result<()> {
    let process = lab.background("exec unshare --net sleep 1000")?;
    let pid = process.pid();
    lab.eventually("it has its own namespace", |lab| {
        Ok(lab.ok(&format!("readlink /proc/{pid}/ns/net"))?
            != lab.ok("readlink /proc/$$/ns/net")?)
    })?;
    lab.ok(&format!("ip netns add h1; ip -n h1 link add c0 type veth peer name eth0 netns {pid}"))?;
    assert_eq!(cables(lab)?, 2);
    let far = link(lab, "h1", "c0")?;
    assert_eq!(far["peer"]["netns"]["ref"], format!("pid:{pid}"));
    assert_eq!(far["peer"]["netns"]["names"], Value::Array(Vec::new()));
    assert_eq!(link(lab, &format!("pid:{pid}"), "eth0")?["peer"]["netns"]["names"][0], "h1");
    Ok(())
}

fn a_namespace_that_another_mount_namespace_holds_is_found(lab: &Lab) -> Result<()> {
    // An engine in a mount namespace of its own: nobody else sees its folder, and
    // the namespace has neither a name nor a process here.
    lab.ok("ip netns add h1; ip netns add x1; mkdir -p engine
        ip -n h1 link add c0 type veth peer name eth0 netns x1")?;
    let engine = lab.background(
        "exec unshare --mount sh -c 'mount -t tmpfs none engine; touch engine/c1321878d4d4
            mount --bind /run/netns/x1 engine/c1321878d4d4; umount /run/netns/x1; exec sleep 1000'",
    )?;
    let pid = engine.pid();
    lab.eventually("the engine holds it", |lab| {
        let mounts = lab.ok(&format!("cat /proc/{pid}/mountinfo /proc/{pid}/comm"))?;
        Ok(mounts.contains("c1321878d4d4") && mounts.ends_with("sleep\n"))
    })?;
    let inode: u64 = lab.ok("stat -Lc %i /run/netns/x1")?.trim().parse()?;
    lab.ok("umount /run/netns/x1; rm /run/netns/x1")?;
    let path = format!("/proc/{pid}/root/run/lab/engine/c1321878d4d4");
    assert_eq!(lab.ok(&format!("stat -Lc %i {path}"))?.trim(), inode.to_string());
    let number = driver_number(lab, &path, "eth0")?;
    let far = link(lab, "h1", "c0")?;
    assert_eq!(far["peer"]["netns"]["inode"], inode);
    assert_eq!(far["peer"]["ifname"], "eth0");
    assert_eq!(far["ifindex"], number);
    // What is printed as its reference is understood.
    let reference = far["peer"]["netns"]["ref"].as_str().context("no reference")?;
    let links = lab.json(&format!("ovl-inspect links '{reference}' -o json"))?;
    assert_eq!(links[0]["netns"]["inode"], inode);
    Ok(())
}

/// Two mount namespaces may have different namespaces at one path.
fn every_path_leads_there_from_here(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip netns add b")?;
    let engine = lab.background(
        "exec unshare --mount sh -c 'umount /run/netns/a; mount --bind /run/netns/b /run/netns/a
            mkdir own; mount -t tmpfs none own; touch own/a
            unshare -n mount --bind /proc/self/ns/net own/a; exec sleep 1000'",
    )?;
    let pid = engine.pid();
    lab.eventually("it has mounted them", |lab| {
        Ok(lab.ok(&format!("cat /proc/{pid}/comm"))? == "sleep\n")
    })?;
    let list = lab.json("ovl-ns list -o json")?;
    let mut paths = 0;
    for found in list.as_array().context("no list")? {
        for path in found["paths"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let there = lab.ok(&format!("stat -Lc %i {path}"))?;
            assert_eq!(there.trim(), found["inode"].to_string(), "{path} is of {found}");
            paths += 1;
        }
    }
    ensure!(paths == 4, "a, b, b once more and the one that only the other sees: {list}");
    Ok(())
}

fn a_macvlan_stands_on_a_device_of_another_namespace(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add x1; ip netns add x2
        ip -n x1 link add dummy0 type veth peer name dummy1
        ip -n h1 link add eth0 index 9 type veth peer name far")?;
    if lab.run("ip -n h1 link add link eth0 name m0 netns x1 type macvlan mode bridge")?.code != 0 {
        return ovl_tests::lab::skip("this kernel has no macvlan");
    }
    lab.ok("ip -n h1 link add link eth0 name m1 type macvlan mode bridge")?;
    // By ip: an index, and the id of the namespace it counts in.
    let theirs = lab.link("x1", "m0")?;
    assert_eq!(theirs["link_index"], 9);
    let ids = lab.ok("ip -n x1 netns list-id")?;
    ensure!(ids.contains(&format!("nsid {} (iproute2 netns name: h1)", theirs["link_netnsid"])));
    for (netns, name) in [("x1", "m0"), ("h1", "m1")] {
        let ours = link(lab, netns, name)?;
        assert_eq!(ours["parent"]["netns"]["names"][0], "h1");
        assert_eq!(ours["parent"]["ifname"], "eth0");
        assert_eq!(ours["parent"]["ifindex"], 9);
        ensure!(ours["peer"].is_null(), "{ours}");
        let shown = lab.json(&format!("ovl-inspect links {netns} -o json"))?;
        let mut links = shown[0]["links"].as_array().into_iter().flatten();
        let shown = links.find(|l| l["ifname"] == name).context("not in links")?;
        assert_eq!(shown["parent"], ours["parent"]);
    }
    let tree = lab.ok("ovl-inspect")?;
    ensure!(tree.contains("↑ h1:eth0") && tree.contains("↑ eth0"), "{tree}");
    ensure!(lab.ok("ovl-inspect links x1")?.contains("↑ h1:eth0"));
    Ok(())
}

fn a_container_without_network_is_a_namespace_like_others(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add none")?;
    let tree = lab.json("ovl-inspect -o json")?;
    let mut spaces = tree.as_array().into_iter().flatten();
    let space = spaces.find(|s| s["netns"]["ref"] == "none").context("not in the tree")?;
    assert_eq!(space["links"].as_array().map(Vec::len), Some(1));
    ensure!(lab.ok("ovl-inspect")?.contains("none  /run/netns/none"));
    Ok(())
}

fn what_cannot_be_looked_at_is_counted_and_said(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; mkdir closed; chmod 0 closed")?;
    let other = lab.background("exec unshare --net sleep 1000")?;
    lab.eventually("it sleeps", |lab| {
        Ok(lab.ok(&format!("cat /proc/{}/comm", other.pid()))?.trim() == "sleep")
    })?;
    // Root without any capability: the sandbox of an ordinary user has no second user.
    let bare = "OVL_NETNS_PATH=$PWD/closed setpriv --bounding-set=-all --inh-caps=-all";
    for command in ["ovl-ns list -o json", "ovl-inspect -o json", "ovl-inspect snapshot -"] {
        let run = lab.run(&format!("{bare} {command}"))?;
        ensure!(run.code == 5, "{command}: {run}");
        for words in [
            "processes could not be looked at",
            "cannot look at /run/lab/closed",
            "1 namespace could not be read",
        ] {
            ensure!(run.stderr.contains(words), "{command} does not say '{words}': {run}");
        }
    }
    // What of it root lacks no privilege for is no failure; that h1 cannot be entered is one.
    for (command, code) in [("pids self", 0), ("show self -o json", 0), ("show /run/netns/h1", 5)] {
        let run = lab.run(&format!("{bare} ovl-ns {command}"))?;
        ensure!(run.code == code && !run.stdout.is_empty(), "{command}: {run}");
        for words in ["processes could not be looked at", "in this namespace are not shown"] {
            ensure!(run.stderr.contains(words), "{command} does not say '{words}': {run}");
        }
    }
    // The caller's own namespace takes no privilege.
    let list = lab.run(&format!("{bare} ovl-ns list -o json"))?;
    let list: Value = serde_json::from_str(&list.stdout)?;
    let own = list.as_array().into_iter().flatten().find(|n| n["ref"] == "self");
    assert_eq!(own.context("not listed")?["links"][0], "lo");
    // A snapshot tells it to whoever looks at it later.
    lab.run(&format!("{bare} ovl-inspect snapshot part.json"))?;
    let saved = lab.run("ovl-inspect --snapshot part.json")?;
    ensure!(saved.code == 5 && saved.stderr.contains("cannot look at /run/lab/closed"), "{saved}");
    // With all privileges nothing is missing.
    let whole = lab.run("OVL_NETNS_PATH=$PWD/closed ovl-ns list")?;
    ensure!(whole.code == 0 && whole.stderr.is_empty(), "{whole}");
    Ok(())
}
