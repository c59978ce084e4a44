//! Followers of references that come to mean another namespace: one that is made
//! again, a name that is given later, a device that comes after its namespace.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ovl_tests::follower::{Follower, has};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::{rows, tests};
use serde_json::json;

tests![
    a_vni_is_found_again_by_watch,
    a_name_that_is_given_later_is_followed,
    a_name_is_followed_again_and_again,
    an_engine_is_not_asked_for_each_namespace,
    a_device_that_comes_after_its_namespace_has_its_rows_soon,
];

/// A namespace `k` with a device of VNI 300.
const NAMESPACE: &str = "ip netns add k";
const DEVICE: &str = "ip -n h1 link add vx3 netns k type vxlan id 300 dstport 4790
    ip -n k link set vx3 up";

fn a_vni_is_found_again_by_watch(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok(&format!("{NAMESPACE}; {DEVICE}"))?;
    let watch = Follower::start(lab, "ovl-fdb watch -n vni:300", "w")?;
    for round in 1..3 {
        lab.ok("ip netns del k")?;
        lab.eventually("the VNI is free", |lab| {
            Ok(lab.run("ip -n h1 link add p type vxlan id 300 dstport 4790")?.code == 0)
        })?;
        // The device comes when the namespace has long been seen.
        lab.ok(&format!("ip -n h1 link del p; {NAMESPACE}; sleep 1.2; {DEVICE}; sleep 1.5"))?;
        let mac = format!("02:00:00:00:00:0{round}");
        lab.ok(&format!("bridge -n k fdb add {mac} dev vx3 dst 192.168.1.9 self"))?;
        watch.hears(lab, &json!({ "event": "new", "now": { "mac": mac } }))?;
    }
    Ok(())
}

fn a_name_that_is_given_later_is_followed(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x9")?;
    let watch = Follower::start(lab, "ovl-inspect watch x9", "w")?;
    let inside = lab.background("exec unshare -n sleep 300")?;
    lab.ok("ip netns del x9")?;
    watch.hears(lab, &json!({ "event": "gone", "object": "netns" }))?;
    // It has been seen as it came, without a name.
    std::thread::sleep(Duration::from_secs(1));
    lab.ok(&format!("ip netns attach x9 {}", inside.pid()))?;
    watch.hears(lab, &json!({ "event": "new", "object": "netns", "netns": { "ref": "x9" } }))?;
    lab.ok("ip -n x9 link set lo up")?;
    watch.hears(lab, &json!({ "event": "changed", "object": "link", "ifname": "lo" }))?;
    Ok(())
}

fn a_name_is_followed_again_and_again(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1")?;
    let watch = Follower::start(lab, "ovl-inspect watch x1", "w")?;
    for round in 1..6 {
        // Often with the inode number of the one before.
        lab.ok(&format!(
            "ip netns del x1; ip netns add x1; sleep 0.{round}; ip -n x1 link add d0 type bridge
            sleep 0.9; ip -n x1 addr add 10.9.9.{round}/32 dev d0"
        ))?;
        let address = json!({ "address": format!("10.9.9.{round}/32") });
        watch.hears(lab, &json!({ "event": "new", "ifname": "d0", "now": address }))?;
    }
    Ok(())
}

fn an_engine_is_not_asked_for_each_namespace(lab: &Lab) -> Result<()> {
    let docker = "#!/bin/sh\necho asked >> /run/lab/log\necho /run/netns/c5\necho 0\n";
    fs::create_dir_all(format!("{FOLDER}/bin"))?;
    rows::write("bin/docker", docker)?;
    lab.ok("chmod +x bin/docker; for i in $(seq 1 30); do ip netns add c$i; done")?;
    let watch =
        Follower::start(lab, "env PATH=/run/lab/bin:$PATH ovl-inspect watch docker:X-1", "w")?;
    let asked = |lab: &Lab| Ok::<_, anyhow::Error>(lab.ok("wc -l < log")?.trim().parse::<u32>()?);
    // To begin with, and once more at the first look.
    ensure!(asked(lab)? <= 2, "{} times", asked(lab)?);
    lab.ok("ip -n c5 link add d0 type bridge; ip -n c6 link add d1 type bridge")?;
    watch.hears(lab, &json!({ "event": "new", "ifname": "d0" }))?;
    let other = json!({ "ifname": "d1" });
    ensure!(!watch.events()?.iter().any(|event| has(event, &other)), "c6 was not asked for");
    // Many others come: it is asked again, once a second.
    lab.ok("for i in $(seq 31 50); do ip netns add c$i; sleep 0.1; done")?;
    ensure!(asked(lab)? <= 6, "{} times", asked(lab)?);
    lab.ok(
        "ip netns del c5; sleep 1; ip netns add c5; sleep 1.5; ip -n c5 link add d2 type bridge",
    )?;
    watch.hears(lab, &json!({ "event": "new", "ifname": "d2" }))?;
    Ok(())
}

fn a_device_that_comes_after_its_namespace_has_its_rows_soon(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..10)?;
    let follower = Follower::spawn(lab, "ovl-fdb sync t.csv -n vni:256 --watch", "w")?;
    let soon = |what: &str| {
        let start = Instant::now();
        lab.eventually(what, |lab| {
            Ok(rows::of(lab, "ov1").is_ok_and(|found| found == rows::owned(1..10)))
        })?;
        ensure!(start.elapsed() < Duration::from_secs(3), "{what} after {:?}", start.elapsed());
        Ok(())
    };
    soon("its rows are there")?;
    let device = "ip -n h1 link add vxlan0 netns ov1 type vxlan id 256 dstport 4789
        ip -n ov1 link set vxlan0 up";
    lab.ok(&format!("ip -n ov1 link del vxlan0; sleep 1; {device}"))?;
    soon("they are there again, on another device")?;
    follower.says(lab, "is gone")?;
    lab.ok(&format!("ip netns del ov1; sleep 1; ip netns add ov1; sleep 1.5; {device}"))?;
    soon("they are there again, in another namespace")
}
