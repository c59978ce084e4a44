//! `ovl-fdb watch`: what devices ask for and who changes which row, and how many
//! notices were lost is never passed over.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use ovl_tests::follower::{Follower, has};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::{rows, tests};
use serde_json::json;

use crate::answer::{CONTAINER, MAC};

tests![
    misses_of_both_kinds_are_told: PING,
    rows_are_told_with_who_made_them,
    what_our_own_verbs_write_is_told,
    only_what_was_asked_for_is_told: PING,
    a_full_socket_is_said_and_the_rows_are_listed_again,
    a_namespace_is_let_go,
    devices_that_go_and_come_have_names,
    a_device_that_is_not_there_is_an_error,
    what_may_not_be_followed_is_an_error: SETPRIV,
];

fn misses_of_both_kinds_are_told(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(CONTAINER)?;
    lab.ok(&format!("ip -n c1 neigh add 192.168.10.77 lladdr {MAC} dev eth0 nud permanent"))?;
    let watch = Follower::start(lab, "ovl-fdb watch -n ov1", "w")?;
    for ip in ["192.168.10.76", "192.168.10.77"] {
        lab.run(&format!("timeout 0.3 ip netns exec c1 ping -c 1 {ip}"))?;
    }
    for wanted in [json!({ "ip": "192.168.10.76" }), json!({ "mac": MAC })] {
        let event = json!({ "event": "miss", "ifname": "vxlan0", "wanted": wanted });
        watch.hears(lab, &event)?;
    }
    // The second was no question of layer 3.
    let strange = json!({ "event": "miss", "wanted": { "ip": "192.168.10.77" } });
    ensure!(!watch.events()?.iter().any(|event| has(event, &strange)));
    Ok(())
}

fn rows_are_told_with_who_made_them(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let watch = Follower::start(lab, "ovl-fdb watch -n ov1", "w")?;
    // It has to live until it is looked at: its name is in its folder in /proc.
    let ip = lab.background(
        "{ echo neigh add 10.7.0.1 lladdr 02:42:0a:07:00:01 dev vxlan0 nud permanent
           echo neigh replace 10.7.0.1 lladdr 02:42:0a:07:00:02 dev vxlan0 nud permanent
           sleep 100; } | ip -n ov1 -batch -",
    )?;
    let by = json!({ "comm": "ip" });
    watch.hears(
        lab,
        &json!({ "event": "new", "object": "neigh", "by": by,
        "now": { "ip": "10.7.0.1", "lladdr": "02:42:0a:07:00:01", "state": "PERMANENT" } }),
    )?;
    watch.hears(
        lab,
        &json!({ "event": "changed", "object": "neigh", "by": by,
        "was": { "lladdr": "02:42:0a:07:00:01" }, "now": { "lladdr": "02:42:0a:07:00:02" } }),
    )?;
    drop(ip);
    // The kernel does not say who wrote a row of a VXLAN device's own table.
    lab.ok("bridge -n ov1 fdb add 02:42:0a:07:00:01 dev vxlan0 dst 192.168.1.5 self
        bridge -n ov1 fdb replace 02:42:0a:07:00:01 dev vxlan0 dst 192.168.1.6 port 9999 self
        bridge -n ov1 fdb del 02:42:0a:07:00:01 dev vxlan0 self")?;
    watch.hears(
        lab,
        &json!({ "event": "new", "object": "fdb", "ifname": "vxlan0",
        "now": { "mac": "02:42:0a:07:00:01", "dst": "192.168.1.5" } }),
    )?;
    watch.hears(lab, &json!({ "event": "changed", "object": "fdb",
        "was": { "dst": "192.168.1.5", "port": null }, "now": { "dst": "192.168.1.6", "port": 9999 } }))?;
    watch.hears(
        lab,
        &json!({ "event": "gone", "object": "fdb", "now": null,
        "was": { "mac": "02:42:0a:07:00:01" } }),
    )?;
    Ok(())
}

fn what_our_own_verbs_write_is_told(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..20)?;
    let watch = Follower::start(lab, "ovl-fdb watch -n ov1", "w")?;
    lab.ok("ovl-fdb sync t.csv -n ov1")?;
    watch.hears(
        lab,
        &json!({ "event": "new", "object": "neigh",
        "now": { "ip": "10.7.0.19", "proto": "79" } }),
    )?;
    watch.hears(
        lab,
        &json!({ "event": "new", "object": "fdb",
        "now": { "mac": "02:42:0a:07:00:13", "flags": ["self", "extern_learn"] } }),
    )?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    watch.hears(
        lab,
        &json!({ "event": "gone", "object": "fdb", "was": { "mac": "02:42:0a:07:00:13" } }),
    )?;
    Ok(())
}

fn only_what_was_asked_for_is_told(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(CONTAINER)?;
    lab.ok("ip netns add ov2; ip -n h1 link add vxlan0 netns ov2 type vxlan id 257 dstport 4789
        ip -n h1 link add vxlan1 netns ov1 type vxlan id 258 dstport 4789")?;
    let miss = Follower::start(lab, "ovl-fdb watch -n ov1 --only miss", "m")?;
    let dev = Follower::start(lab, "ovl-fdb watch -n ov1 --dev vxlan1", "d")?;
    let all = Follower::start(lab, "ovl-fdb watch --all --only fdb", "a")?;
    for (n, place) in [("ov1", "vxlan0"), ("ov1", "vxlan1"), ("ov2", "vxlan0")] {
        lab.ok(&format!(
            "bridge -n {n} fdb add 02:42:0a:07:00:01 dev {place} dst 192.168.1.5 self"
        ))?;
        all.hears(lab, &json!({ "event": "new", "netns": { "ref": n }, "ifname": place }))?;
    }
    lab.run("timeout 0.3 ip netns exec c1 ping -c 1 192.168.10.76")?;
    miss.hears(lab, &json!({ "event": "miss", "wanted": { "ip": "192.168.10.76" } }))?;
    dev.hears(lab, &json!({ "event": "new", "ifname": "vxlan1" }))?;
    ensure!(miss.events()?.iter().all(|e| e["event"] == "miss"), "{:?}", miss.events());
    ensure!(dev.events()?.iter().all(|e| e["ifname"] == "vxlan1"), "{:?}", dev.events());
    ensure!(all.events()?.iter().all(|e| e["object"] == "fdb"), "{:?}", all.events());
    Ok(())
}

/// Far more rows than the watcher's socket has room for.
const MANY: usize = 50_000;

fn a_full_socket_is_said_and_the_rows_are_listed_again(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let table: String = (0..MANY)
        .map(|n| format!(",02:42:0a:{:02x}:{:02x}:01,192.168.1.5\n", n / 256, n % 256))
        .collect();
    rows::write("t.csv", &table)?;
    let watch = Follower::start(lab, "ovl-fdb watch -n ov1 --only fdb", "w")?;
    let pid = watch.process.pid();
    lab.ok(&format!("kill -STOP {pid}; ovl-fdb load t.csv -n ov1 -q; kill -CONT {pid}"))?;
    lab.ok("bridge -n ov1 fdb add 02:42:ff:ff:ff:ff dev vxlan0 dst 192.168.1.9 self")?;
    let file = format!("{FOLDER}/w.json");
    let told = |text: &str| text.lines().filter(|line| line.contains("\"new\"")).count();
    // What comes while the socket is still full is lost as well, and not said again.
    lab.eventually("it has told of the last row", |_| {
        let text = fs::read_to_string(&file)?;
        Ok(told(&text) > MANY && text.contains("02:42:ff:ff:ff:ff") && text.ends_with('\n'))
    })?;
    let text = fs::read_to_string(&file)?;
    let lost = text.find("\"event\":\"lost\"").context("nothing was lost, or it was not said")?;
    let new = text.lines().filter(|line| line.contains("\"event\":\"new\""));
    let macs: Vec<&str> = new.filter_map(mac).filter(|mac| mac.starts_with("02:42:0a:")).collect();
    let distinct: BTreeSet<&str> = macs.iter().copied().collect();
    assert_eq!((macs.len(), distinct.len()), (MANY, MANY), "each row is told once");
    ensure!(text[lost..].matches("\"event\":\"new\"").count() > 0, "no new listing");
    Ok(())
}

/// The MAC address of a line.
fn mac(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("\"mac\":\"")?;
    rest.get(..17)
}

fn a_namespace_is_let_go(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let watch = Follower::start(lab, "ovl-fdb watch -n ov1", "w")?;
    lab.ok("ip netns del ov1")?;
    lab.eventually("the VNI is free", |lab| {
        Ok(lab.run("ip -n h1 link add probe type vxlan id 256 dstport 4789")?.code == 0)
    })?;
    watch.hears(lab, &json!({ "event": "gone", "object": "netns" }))?;
    Ok(())
}

fn devices_that_go_and_come_have_names(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add k; ip -n k link add d0 type bridge; ip -n k link add d1 type bridge")?;
    let one = Follower::start(lab, "ovl-inspect watch k --dev d0", "d")?;
    let all = Follower::start(lab, "ovl-inspect watch k", "w")?;
    lab.ok("ip -n k link set d0 up; ip -n k link del d0")?;
    for follower in [&one, &all] {
        let gone = json!({ "event": "gone", "object": "link", "ifname": "d0" });
        follower.hears(lab, &gone)?;
    }
    lab.ok("ip -n k link add d0 type bridge; ip -n k link set d1 name d2; ip -n k link del d2")?;
    one.hears(lab, &json!({ "event": "new", "object": "link", "ifname": "d0" }))?;
    let row = json!({ "event": "new", "object": "fdb", "ifname": "d0", "now": { "master": "d0" } });
    all.hears(lab, &row)?;
    all.hears(lab, &json!({ "event": "gone", "object": "link", "ifname": "d2" }))?;
    ensure!(!one.events()?.iter().any(|e| e["ifname"] != "d0"), "{:?}", one.events());
    let numbers = all.events()?.into_iter().find(|event| event.to_string().contains("\"#"));
    ensure!(numbers.is_none(), "{numbers:?}");
    Ok(())
}

fn a_device_that_is_not_there_is_an_error(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.refuses("timeout 5 ovl-fdb watch -n ov1 --dev nosuch0", 3, &["nosuch0 in netns ov1"])?;
    // Where it may come it is waited for.
    for (name, command) in [
        ("w", "ovl-fdb watch -n vni:256 --dev nosuch0"),
        ("a", "ovl-fdb watch --all --dev nosuch0"),
        ("l", "ovl-inspect watch ov1 --dev nosuch0"),
    ] {
        Follower::start(lab, command, name)?.says(lab, "waiting for it")?;
    }
    Ok(())
}

fn what_may_not_be_followed_is_an_error(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add ov1; ip netns add ov2")?;
    let bare = "timeout 5 setpriv --bounding-set=-all --inh-caps=-all";
    let words = ["in netns ov1", "hint: "];
    lab.refuses(&format!("{bare} ovl-fdb watch -n ov1"), 5, &words)?;
    lab.refuses(&format!("{bare} ovl-inspect watch ov1 ov2"), 5, &words)?;
    let ended = lab.run(&format!("{bare} ovl-fdb watch -n ov1 -o json"))?;
    let error: serde_json::Value = serde_json::from_str(&ended.stderr)?;
    ensure!(ended.code == 5 && error["error"]["errno"] == "EPERM", "{ended}");
    // Where some can be followed it goes on, and says which cannot, each in its form.
    let follower = Follower::spawn(lab, &format!("{bare} ovl-inspect watch self ov1"), "w")?;
    follower.says(lab, "\"netns\":\"ov1\"")?;
    let line = follower.said().lines().next().unwrap_or_default().to_owned();
    let error: serde_json::Value = serde_json::from_str(&line)?;
    ensure!(error["error"]["exit"] == 5, "{error}");
    Ok(())
}
