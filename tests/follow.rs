//! The followers, `ovl-inspect watch` and `ovl-ns monitor`: what `ip` and
//! `bridge` change is told, and no namespace is kept alive by being watched.

use std::fs;

use anyhow::{Context, Result, ensure};
use ovl_tests::follower::{Follower, has};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::tests;
use serde_json::{Value, json};

tests![
    watch_tells_what_ip_and_bridge_change,
    watch_tells_what_was_and_what_is,
    watch_tells_all_ways_of_a_route,
    watch_follows_namespaces_that_come,
    watch_tells_of_namespaces_that_pass,
    watch_of_one_namespace_finds_it_again,
    watch_keeps_no_namespace_alive,
    two_watchers_do_not_keep_each_others_namespaces_alive,
    watch_tells_of_misses: PING,
    watch_ends_with_its_reader_and_on_a_signal,
    monitor_tells_of_names_and_of_processes,
    a_rename_is_told_with_what_it_was,
    wait_ends_when_the_namespace_is_there,
];

fn watch_tells_what_ip_and_bridge_change(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let watch = Follower::start(lab, "ovl-inspect watch", "w")?;
    lab.ok("bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self
        ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        ip -n h1 addr add 10.9.8.7/24 dev eth0
        ip -n h1 route add 10.77.0.0/16 via 10.9.8.1
        ip -n h2 link add veth9 type veth peer name veth8 netns ov1")?;
    let netns = |name: &str, event: Value| {
        let mut event = event;
        event["netns"] = json!({ "ref": name });
        event
    };
    for wanted in [
        netns(
            "ov1",
            json!({ "event": "new", "object": "fdb", "ifname": "vxlan0",
            "now": { "mac": "02:42:c0:a8:0a:65", "dst": "192.168.1.5", "state": "permanent" } }),
        ),
        netns(
            "ov1",
            json!({ "event": "new", "object": "neigh", "ifname": "vxlan0",
            "now": { "ip": "192.168.10.101", "lladdr": "02:42:c0:a8:0a:65", "state": "PERMANENT" } }),
        ),
        netns(
            "h1",
            json!({ "event": "new", "object": "address", "ifname": "eth0",
            "now": { "address": "10.9.8.7/24" } }),
        ),
        netns(
            "h1",
            json!({ "event": "new", "object": "route", "ifname": "eth0",
            "now": { "dst": "10.77.0.0/16", "gateway": "10.9.8.1" } }),
        ),
        netns(
            "h2",
            json!({ "event": "new", "object": "link", "now": { "ifname": "veth9", "kind": "veth" } }),
        ),
        netns(
            "ov1",
            json!({ "event": "new", "object": "link", "now": { "ifname": "veth8", "up": false } }),
        ),
    ] {
        watch.hears(lab, &wanted)?;
    }
    lab.ok("ip -n h2 link del veth9; bridge -n ov1 fdb del 02:42:c0:a8:0a:65 dev vxlan0 self")?;
    watch
        .hears(lab, &json!({ "event": "gone", "object": "link", "was": { "ifname": "veth9" } }))?;
    watch
        .hears(lab, &json!({ "event": "gone", "object": "link", "was": { "ifname": "veth8" } }))?;
    watch.hears(
        lab,
        &json!({ "event": "gone", "object": "fdb", "was": { "mac": "02:42:c0:a8:0a:65" }, "now": null }),
    )?;
    Ok(())
}

fn watch_tells_what_was_and_what_is(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self")?;
    let watch = Follower::start(lab, "ovl-inspect watch ov1 --only fdb --only link", "w")?;
    lab.ok("bridge -n ov1 fdb replace 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.9 self
        ip -n ov1 link set vxlan0 mtu 1400
        ip -n ov1 link set vxlan0 nomaster
        ip -n ov1 link set vxlan0 type vxlan ageing 77
        ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        ip -n h1 link set eth0 mtu 1400")?;
    for (object, was, now) in [
        ("fdb", json!({ "dst": "192.168.1.5" }), json!({ "dst": "192.168.1.9" })),
        ("link", json!({ "mtu": 1450 }), json!({ "mtu": 1400 })),
        ("link", json!({ "master": "br0" }), json!({ "master": null })),
        ("link", json!({ "vxlan": { "ageing": 300 } }), json!({ "vxlan": { "ageing": 77 } })),
    ] {
        let wanted = json!({ "event": "changed", "object": object, "was": was, "now": now });
        watch.hears(lab, &wanted)?;
    }
    // Nothing of what was not asked for.
    let strange = watch.events()?.into_iter().find(|event| {
        event["netns"]["ref"] != "ov1" || !matches!(event["object"].as_str(), Some("fdb" | "link"))
    });
    ensure!(strange.is_none(), "{strange:?}");
    Ok(())
}

/// What `ip` says of a route now, with the keys that are the same everywhere.
fn route(lab: &Lab, selector: &str) -> Result<Value> {
    let family = if selector.contains(':') { "-6" } else { "-4" };
    let mut routes = lab.json(&format!("ip -n h1 {family} -d -j route show {selector}"))?;
    let mut route = routes[0].take();
    let keep = ["type", "dst", "dev", "gateway", "via", "nhid", "nexthops", "protocol", "metric"];
    let map = route.as_object_mut().context("no route")?;
    map.retain(|key, _| keep.contains(&key.as_str()));
    // Ours has this key always.
    for hop in map.get_mut("nexthops").and_then(Value::as_array_mut).into_iter().flatten() {
        hop.as_object_mut().context("no next hop")?.entry("gateway").or_insert(Value::Null);
    }
    Ok(route)
}

fn watch_tells_all_ways_of_a_route(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 link add e1 type bridge; ip -n h1 link set e1 up
        ip -n h1 addr add 10.0.0.1/24 dev e1
        ip -n h1 -6 addr add fd00::4/64 dev eth0 nodad
        ip -n h1 nexthop add id 7 via 192.168.1.5 dev eth0
        ip -n h1 nexthop add id 8 via 10.0.0.3 dev e1; ip -n h1 nexthop add id 9 group 7/8")?;
    let watch = Follower::start(lab, "ovl-inspect watch h1 --only route", "w")?;
    let _by_dev =
        lab.background("exec ovl-inspect watch h1 --only route -v --dev e1 > e1.txt 2> e1.err")?;
    lab.eventually("it follows", |lab| Ok(lab.run("grep following e1.err")?.code == 0))?;
    told_as_ip_has_it(lab, &watch)?;
    lab.eventually("the last is told", |lab| {
        Ok(lab.run("grep -- '- route   10.5.0.0/16' e1.txt")?.code == 0)
    })?;
    let text = lab.ok("cat e1.txt")?;
    for words in [
        "+ route   10.5.0.0/16  nexthop via 192.168.1.5 dev eth0 weight 1 nexthop via 10.0.0.3 dev e1 weight 5 proto boot",
        "+ route   10.6.0.0/16  nexthop dev eth0 nexthop via inet6 fe80::2 dev e1 onlink proto boot",
        "- route   10.5.0.0/16",
        "nexthop via 192.168.1.5 dev eth0 nexthop via 10.0.0.3 dev e1 nhid 9",
    ] {
        ensure!(text.contains(words), "no '{words}' in\n{text}");
    }
    // It leaves by another device.
    ensure!(!text.contains("10.9.0.0/24"), "{text}");
    Ok(())
}

/// Adds routes, and looks that each is told with what `ip` has of it.
fn told_as_ip_has_it(lab: &Lab, watch: &Follower) -> Result<()> {
    for (add, selector) in [
        ("add 10.5.0.0/16 nexthop via 192.168.1.5 nexthop via 10.0.0.3 weight 5", "10.5.0.0/16"),
        ("add 10.6.0.0/16 nexthop dev eth0 nexthop via inet6 fe80::2 dev e1 onlink", "10.6.0.0/16"),
        ("add 10.9.0.0/24 via inet6 fe80::1 dev eth0", "10.9.0.0/24"),
        ("add fd01::/64 nexthop via fd00::8 nexthop via fd00::9", "fd01::/64"),
        ("add 10.7.0.0/16 nhid 7", "10.7.0.0/16"),
        ("add 10.8.0.0/16 nhid 9", "10.8.0.0/16"),
    ] {
        lab.ok(&format!("ip -n h1 route {add}"))?;
        let now = route(lab, selector)?;
        let told = watch.hears(lab, &json!({ "event": "new", "object": "route", "now": now }))?;
        assert_eq!(told["now"]["nexthops"].is_array(), now["nexthops"].is_array(), "{told}");
    }
    // With a device down, `ip` marks the ways that are dead; it is the same route.
    lab.ok("ip -n h1 link set e1 down; ip -n h1 route del 10.5.0.0/16")?;
    watch.hears(
        lab,
        &json!({ "event": "gone", "object": "route", "was": { "dst": "10.5.0.0/16" } }),
    )?;
    Ok(())
}

fn watch_follows_namespaces_that_come(lab: &Lab) -> Result<()> {
    let watch = Follower::start(lab, "ovl-inspect watch", "w")?;
    lab.ok("ip netns add x1")?;
    watch.hears(lab, &json!({ "event": "new", "object": "netns", "netns": { "ref": "x1" } }))?;
    lab.ok("ip -n x1 link add br7 type bridge")?;
    watch.hears(lab, &json!({ "event": "new", "object": "link", "now": { "ifname": "br7" } }))?;
    lab.ok("ip netns del x1")?;
    watch
        .hears(lab, &json!({ "event": "gone", "object": "netns", "netns": { "names": ["x1"] } }))?;
    Ok(())
}

/// A namespace that is there for some milliseconds: less than it takes to look at all
/// that is there, with so many processes to ask.
fn watch_tells_of_namespaces_that_pass(lab: &Lab) -> Result<()> {
    let _busy: Vec<_> =
        (0..200).map(|_| lab.background("exec sleep 100")).collect::<Result<_>>()?;
    let watch = Follower::start(lab, "ovl-inspect watch --only netns", "w")?;
    let monitor = Follower::spawn(lab, "ovl-ns monitor --all", "m")?;
    monitor.hears(lab, &json!({ "event": "new", "netns": { "ref": "self" } }))?;
    // One of them may come and go while all is looked at, and be seen by nobody.
    let mut tries = 0;
    lab.eventually("one that passed is told", |lab| {
        tries += 1;
        // By two processes, or one, which is faster: one of them is as slow as it takes.
        lab.ok(&match tries % 2 {
            0 => format!("ip netns add p{tries}; ip netns del p{tries}"),
            _ => format!("printf 'netns add p{tries}\nnetns del p{tries}\n' | ip -batch -"),
        })?;
        let told = |event: &str| json!({ "event": event, "netns": { "cookie": null } });
        let has_passed = |follower: &Follower| -> Result<bool> {
            let events = follower.events()?;
            let of = |what: &str| events.iter().filter(|e| has(e, &told(what))).count();
            Ok(of("new") > 0 && of("new") == of("gone"))
        };
        Ok(has_passed(&watch)? && has_passed(&monitor)?)
    })?;
    let events = watch.events()?;
    let passed = events.iter().find(|e| e["netns"]["cookie"].is_null()).expect("it was told");
    ensure!(passed["netns"]["ref"].as_str().is_some_and(|name| name.starts_with('p')), "{passed}");
    Ok(())
}

fn watch_of_one_namespace_finds_it_again(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1; ip netns add x2")?;
    let watch = Follower::start(lab, "ovl-inspect watch x1", "w")?;
    lab.ok("ip netns del x1")?;
    watch.hears(lab, &json!({ "event": "gone", "object": "netns" }))?;
    lab.ok("ip netns add x1")?;
    watch.hears(lab, &json!({ "event": "new", "object": "netns", "netns": { "ref": "x1" } }))?;
    lab.ok("ip -n x2 link add br6 type bridge; ip -n x1 link add br7 type bridge")?;
    watch.hears(lab, &json!({ "event": "new", "object": "link", "now": { "ifname": "br7" } }))?;
    let other = json!({ "now": { "ifname": "br6" } });
    ensure!(!watch.events()?.iter().any(|event| has(event, &other)), "x2 was not asked for");
    lab.refuses("ovl-inspect watch nowhere", 3, &["nowhere"])
}

/// A cable's end outside goes with the namespace of the other end.
fn ends_with_its_namespace(lab: &Lab) -> Result<()> {
    lab.ok("ip netns del x1")?;
    lab.eventually("the namespace has ended", |lab| Ok(!lab.has_link("self", "out1")?))
}

fn watch_keeps_no_namespace_alive(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1; ip link add out1 type veth peer name eth0 netns x1")?;
    let watch = Follower::start(lab, "ovl-inspect watch", "w")?;
    ends_with_its_namespace(lab)?;
    watch
        .hears(lab, &json!({ "event": "gone", "object": "netns", "netns": { "names": ["x1"] } }))?;
    Ok(())
}

fn two_watchers_do_not_keep_each_others_namespaces_alive(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1; ip link add out1 type veth peer name eth0 netns x1")?;
    let _first = Follower::start(lab, "ovl-inspect watch", "w1")?;
    let _second = Follower::start(lab, "ovl-inspect watch", "w2")?;
    ends_with_its_namespace(lab)
}

fn watch_tells_of_misses(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let watch = Follower::start(lab, "ovl-inspect watch ov1 --only miss", "w")?;
    let _ = lab.run("ip netns exec ov1 ping -c 1 -W 1 192.168.10.77")?;
    watch.hears(
        lab,
        &json!({ "event": "miss", "ifname": "vxlan0", "wanted": { "ip": "192.168.10.77" } }),
    )?;
    Ok(())
}

fn watch_ends_with_its_reader_and_on_a_signal(lab: &Lab) -> Result<()> {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let watch = Follower::start(lab, "ovl-inspect watch", signal)?;
        lab.ok(&format!("kill -{signal} {}", watch.process.pid()))?;
        ensure!(watch.process.wait()? == code, "{signal} does not end it with {code}");
    }
    let reader = lab.background("ovl-inspect watch -v 2> r.err | head -1")?;
    lab.eventually("it follows", |_| {
        Ok(fs::read_to_string(format!("{FOLDER}/r.err")).is_ok_and(|said| !said.is_empty()))
    })?;
    lab.ok(
        "ip link add br1 type bridge; ip link add br2 type bridge; ip link add br3 type bridge",
    )?;
    ensure!(reader.wait()? == 0, "its reader's end is an error");
    Ok(())
}

fn monitor_tells_of_names_and_of_processes(lab: &Lab) -> Result<()> {
    let monitor = Follower::spawn(lab, "ovl-ns monitor --all", "m")?;
    // Its own namespace is the first that it tells of.
    monitor.hears(lab, &json!({ "event": "new", "netns": { "ref": "self" } }))?;
    lab.ok("ip netns add x1")?;
    let came = monitor.hears(lab, &json!({ "event": "new", "netns": { "names": ["x1"] } }))?;
    let inode = lab.ok("stat -Lc %i /run/netns/x1")?;
    ensure!(came["netns"]["inode"] == inode.trim().parse::<u64>()?, "{came}");
    // A name less, while a process is still inside.
    let inside = lab.background("exec ip netns exec x1 sleep 100")?;
    lab.eventually("it is inside", |lab| Ok(!lab.ok("ip netns pids x1")?.is_empty()))?;
    lab.ok("ip netns del x1")?;
    let inode = came["netns"]["inode"].clone();
    let renamed = json!({ "event": "changed", "netns": { "inode": inode, "names": [] },
        "was": { "names": ["x1"], "paths": ["/run/netns/x1"] } });
    monitor.hears(lab, &renamed)?;
    drop(inside);
    monitor.hears(lab, &json!({ "event": "gone", "netns": { "inode": inode } }))?;
    Ok(())
}

fn a_rename_is_told_with_what_it_was(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; touch /run/netns/n2; mount --bind /run/netns/a /run/netns/n2")?;
    let watch = Follower::start(lab, "ovl-inspect watch", "w")?;
    let words = lab.background("exec ovl-ns monitor --all > words")?;
    let said = || fs::read_to_string("/run/lab/words").unwrap_or_default();
    lab.eventually("it tells", |_| Ok(said().contains("/run/netns/n2")))?;
    lab.ok("umount /run/netns/a")?;
    let renamed = json!({ "event": "changed", "object": "netns",
        "netns": { "names": ["n2"] }, "was": { "names": ["a", "n2"] } });
    watch.hears(lab, &renamed)?;
    let inode = lab.ok("stat -Lc %i /run/netns/n2")?;
    let line = format!(
        "~ n2                inode {}  /run/netns/a /run/netns/n2 → /run/netns/n2\n",
        inode.trim()
    );
    lab.eventually(&line, |_| Ok(said().contains(&line)))?;
    drop(words);
    Ok(())
}

fn wait_ends_when_the_namespace_is_there(lab: &Lab) -> Result<()> {
    lab.refuses("ovl-ns wait x1 --timeout 0.1", 3, &["x1"])?;
    let waiting = lab.background("exec ovl-ns wait x1 --timeout 10s")?;
    lab.ok("ip netns add x1")?;
    ensure!(waiting.wait()? == 0, "it did not see x1 come");
    lab.ok("ovl-ns wait x1")?;
    Ok(())
}
