//! The machine as a whole: namespaces found however they are held, every cable's
//! other end as `ethtool` has it, and the same from a snapshot.

use std::fs::File;
use std::net::UdpSocket;
use std::thread;

use anyhow::{Context, Result, ensure};
use nix::sched::{CloneFlags, setns};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::Value;

use crate::two_hosts::overlay;

tests![
    a_namespace_that_only_an_open_file_holds_is_found,
    a_namespace_that_only_a_socket_holds_is_found,
    a_namespace_that_only_a_socket_holds_is_said_as_the_other_end,
    every_other_end_in_the_tree_is_the_one_ethtool_names: ETHTOOL,
    a_vxlan_without_a_parent_is_no_cable,
    a_snapshot_shows_what_the_live_machine_shows,
    a_snapshot_that_is_none_is_refused,
    looking_assigns_no_namespace_id,
    an_overlay_has_the_name_that_its_engine_tells,
    an_engine_that_does_not_answer_is_no_failure,
    a_container_has_the_name_that_its_engine_tells,
];

fn inode(lab: &Lab, netns: &str) -> Result<u64> {
    let text = lab.ok(&format!("stat -c %i /run/netns/{netns}"))?;
    text.trim().parse().context("no inode number")
}

/// The namespace with that inode, as `ovl-ns list` shows it.
fn listed(lab: &Lab, inode: u64) -> Result<Option<Value>> {
    let list = lab.json("ovl-ns list -o json")?;
    let all = list.as_array().context("not a list")?;
    Ok(all.iter().find(|n| n["inode"].as_u64() == Some(inode)).cloned())
}

fn a_namespace_that_only_an_open_file_holds_is_found(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add x1 && ovl-veth add eth0 -n x1")?;
    let wanted = inode(lab, "x1")?;
    let held = File::open("/run/netns/x1")?;
    lab.ok("ovl-ns del x1")?;
    let found = listed(lab, wanted)?.context("it is not listed")?;
    ensure!(found["names"] == serde_json::json!([]), "{found}");
    ensure!(found["links"] == serde_json::json!(["lo", "eth0"]), "{found}");
    // Its reference is one that `-n` takes.
    let reference = found["ref"].as_str().context("no reference")?;
    let links = lab.json(&format!("ovl-inspect links '{reference}' -o json"))?;
    ensure!(links[0]["links"][1]["ifname"] == "eth0", "{links}");
    drop(held);
    Ok(())
}

/// A socket that was opened in a namespace that is deleted afterwards.
fn orphan(lab: &Lab) -> Result<(u64, UdpSocket)> {
    lab.ok("ovl-ns add x1 && ovl-veth add eth0 -n x1 --peer far0")?;
    let wanted = inode(lab, "x1")?;
    let netns = File::open("/run/netns/x1")?;
    let inside = thread::spawn(move || -> Result<UdpSocket> {
        setns(&netns, CloneFlags::CLONE_NEWNET)?;
        Ok(UdpSocket::bind("127.0.0.1:0")?)
    });
    let socket = inside.join().ok().context("the thread panicked")??;
    lab.ok("ovl-ns del x1")?;
    Ok((wanted, socket))
}

fn a_namespace_that_only_a_socket_holds_is_found(lab: &Lab) -> Result<()> {
    let (wanted, socket) = orphan(lab)?;
    let found = listed(lab, wanted)?.context("it is not listed")?;
    ensure!(found["links"] == serde_json::json!(["lo", "eth0"]), "{found}");
    drop(socket);
    lab.eventually("it is gone with the socket", |lab| Ok(listed(lab, wanted)?.is_none()))
}

fn a_namespace_that_only_a_socket_holds_is_said_as_the_other_end(lab: &Lab) -> Result<()> {
    let (wanted, _socket) = orphan(lab)?;
    let peer = lab.json("ovl-veth peer far0 -o json")?;
    ensure!(peer["peer"]["netns"]["inode"].as_u64() == Some(wanted), "{peer}");
    ensure!(peer["peer"]["ifname"] == "eth0", "{peer}");
    Ok(())
}

fn every_other_end_in_the_tree_is_the_one_ethtool_names(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let tree = lab.json("ovl-inspect -o json")?;
    let mut checked = 0;
    for space in tree.as_array().context("not a list")? {
        let Some(netns) = space["netns"]["names"][0].as_str() else { continue };
        for link in space["links"].as_array().context("no links")? {
            if link["kind"] != "veth" {
                continue;
            }
            let name = link["ifname"].as_str().unwrap_or_default();
            let stats = lab.ok(&format!("ip netns exec {netns} ethtool -S {name}"))?;
            let number: u64 = stats
                .lines()
                .find_map(|l| l.trim().strip_prefix("peer_ifindex: "))
                .context("ethtool names no peer")?
                .parse()?;
            let peer = &link["peer"];
            ensure!(peer["ifindex"].as_u64() == Some(number), "{netns}:{name}: {peer}");
            // The device with that number, in that namespace, has that name.
            let there = peer["netns"]["names"][0].as_str().context("no name")?;
            let far = peer["ifname"].as_str().unwrap_or_default();
            ensure!(lab.link(there, far)?["ifindex"].as_u64() == Some(number), "{there}:{far}");
            checked += 1;
        }
    }
    ensure!(checked >= 6, "only {checked} ends");
    Ok(())
}

fn a_vxlan_without_a_parent_is_no_cable(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let tree = lab.json("ovl-inspect -o json")?;
    let links =
        tree.as_array().into_iter().flatten().filter_map(|s| s["links"].as_array()).flatten();
    let vxlans: Vec<&Value> = links.filter(|l| l["kind"] == "vxlan").collect();
    ensure!(vxlans.len() == 2, "{} VXLAN devices", vxlans.len());
    for link in vxlans {
        ensure!(link["peer"].is_null(), "{link}");
        let socket = &link["vxlan"]["underlay"]["netns"]["names"][0];
        ensure!(socket == "h1" || socket == "h2", "{link}");
    }
    Ok(())
}

fn a_snapshot_shows_what_the_live_machine_shows(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    // New devices get their link-local addresses, and ports begin to forward, a
    // moment after they are made: the two readings agree once that has settled.
    lab.eventually("the saved machine shows what the live one shows", |lab| {
        lab.ok("ovl-inspect snapshot /run/saved.json")?;
        for view in ["links x1", "links ov1", "routes x1", "neigh ov1"] {
            let live = lab.json(&format!("ovl-inspect {view} -o json"))?;
            let saved =
                lab.json(&format!("ovl-inspect {view} -o json --snapshot /run/saved.json"))?;
            if without_counters(live) != without_counters(saved) {
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    // By standard input, and with the host's name in front.
    let host = lab.ok("cat /proc/sys/kernel/hostname")?;
    let view = format!("ovl-inspect links '{}:x1' --snapshot - </run/saved.json", host.trim());
    ensure!(lab.ok(&view)?.contains("ov1:"), "the other end is not named");
    Ok(())
}

fn without_counters(mut value: Value) -> Value {
    forget_counters(&mut value);
    value
}

/// Traffic goes on between two readings.
fn forget_counters(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for key in ["stats", "gc_timer", "hello_timer"] {
                map.remove(key);
            }
            map.values_mut().for_each(forget_counters);
        }
        Value::Array(list) => {
            // Rows of the kernel's own, for multicast, come and go.
            list.retain(|row| row.get("lladdr").is_none() || row["state"][0] == "PERMANENT");
            list.iter_mut().for_each(forget_counters);
        }
        _ => {}
    }
}

fn a_snapshot_that_is_none_is_refused(lab: &Lab) -> Result<()> {
    lab.refuses("ovl-inspect --snapshot /run/none.json", 3, &["cannot read snapshot"])?;
    lab.ok("echo '{\"schema\":999}' >/run/new.json; echo nonsense >/run/bad.json")?;
    lab.refuses("ovl-inspect --snapshot /run/new.json", 1, &["schema 999"])?;
    lab.refuses("ovl-inspect --snapshot /run/bad.json", 1, &["is not a snapshot"])
}

fn looking_assigns_no_namespace_id(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add x1 x2")?;
    lab.ok("ovl-inspect; ovl-ns list; ovl-inspect snapshot - >/dev/null")?;
    let ids = lab.ok("ip -n x1 netns list-id; ip netns list-id")?;
    ensure!(ids.trim().is_empty(), "{ids}");
    Ok(())
}

/// A `docker` that knows one network, and the namespace that Docker has for it.
fn engine(lab: &Lab, answer: &str) -> Result<()> {
    lab.overlay()?;
    lab.ok(&format!(
        "mkdir -p bin exec/netns; touch exec/netns/1-c4305b67cd
        mount --bind /run/netns/ov1 exec/netns/1-c4305b67cd
        umount /run/netns/ov1; rm /run/netns/ov1
        printf '#!/bin/sh\\n%s\\n' '{answer}' >bin/docker; chmod +x bin/docker"
    ))?;
    Ok(())
}

const ID: &str = "c4305b67cd1a54a1b9c2b3b6e83cd52a4c7a3ba5b0d1c1c3f2a9f7a4e9d8c7b6";

fn an_overlay_has_the_name_that_its_engine_tells(lab: &Lab) -> Result<()> {
    let answer =
        format!("echo \"$@\" >>asked; case \"$*\" in network*) echo {ID} demo-network;; esac");
    engine(lab, &answer)?;
    let path = "PATH=$PWD/bin:$PATH";
    let tree = lab.ok(&format!("{path} ovl-inspect"))?;
    ensure!(tree.contains("  overlay demo-network\n"), "{tree}");
    // Asked once, for all; and not about containers, since there are none.
    let asked = lab.ok("cat asked")?;
    assert_eq!(asked.lines().count(), 1, "{asked}");
    // A snapshot keeps the name for who has no engine; a list waits for none.
    lab.ok(&format!("{path} ovl-inspect snapshot d1.json; rm asked bin/docker"))?;
    let saved = lab.ok("ovl-inspect --snapshot d1.json")?;
    ensure!(saved.contains("  overlay demo-network\n"), "{saved}");
    engine_is_not_asked_by_list(lab)
}

fn engine_is_not_asked_by_list(lab: &Lab) -> Result<()> {
    lab.ok("printf '#!/bin/sh\\ntouch asked\\n' >bin/docker; chmod +x bin/docker
        PATH=$PWD/bin:$PATH ovl-ns list; test ! -e asked")?;
    Ok(())
}

fn an_engine_that_does_not_answer_is_no_failure(lab: &Lab) -> Result<()> {
    engine(lab, "sleep 4242; true")?;
    for (host, why) in
        [("", "did not answer"), ("DOCKER_HOST=tcp://192.0.2.1:2375", "on another machine")]
    {
        let run = lab.run(&format!("PATH=$PWD/bin:$PATH {host} ovl-inspect -v"))?;
        ensure!(run.code == 0, "{run}");
        ensure!(run.stdout.contains("  overlay network c4305b67cd\n"), "{run}");
        ensure!(run.stderr.contains(why), "{run}");
    }
    lab.eventually("nothing is left of what it started", |lab| {
        let left = lab.run("grep -slz '^424[2]$' /proc/[0-9]*/cmdline")?;
        Ok(left.stdout.is_empty())
    })?;
    // Nor is one that is not there, of which nothing is said.
    let run = lab.run("rm bin/docker; PATH=$PWD/bin:$PATH ovl-inspect")?;
    ensure!(run.code == 0 && run.stdout.contains("  overlay network c4305b67cd\n"), "{run}");
    ensure!(!run.stderr.contains("docker"), "{run}");
    Ok(())
}

fn a_container_has_the_name_that_its_engine_tells(lab: &Lab) -> Result<()> {
    // A process that its cgroup says is in a container; its sandbox has a file.
    let process = lab.background("exec unshare --net sleep 1000")?;
    let pid = process.pid();
    lab.eventually("it sleeps in its namespace", |lab| {
        Ok(lab.ok(&format!("cat /proc/{pid}/comm"))?.trim() == "sleep")
    })?;
    lab.ok(&format!(
        "mkdir -p bin exec/netns; touch exec/netns/c1321878d4d4
        mount --bind /proc/{pid}/ns/net exec/netns/c1321878d4d4
        echo '0::/system.slice/docker-{ID}.scope' >cgroup; mount --bind cgroup /proc/{pid}/cgroup
        printf '#!/bin/sh\\ncase $1 in ps) echo {ID} X-1;; esac\\n' >bin/docker; chmod +x bin/docker
        ip link add far0 type veth peer name eth0 netns {pid}"
    ))?;
    let path = "PATH=$PWD/bin:$PATH";
    let tree = lab.ok(&format!("{path} ovl-inspect"))?;
    ensure!(tree.contains("docker:X-1  /run/lab/exec/netns/c1321878d4d4  sleep ("), "{tree}");
    ensure!(tree.contains("⇄ docker:X-1:eth0\n"), "{tree}");
    let inode: u64 = lab.ok(&format!("stat -Lc %i /proc/{pid}/ns/net"))?.trim().parse()?;
    let container = |name: Value| serde_json::json!({"engine": "docker", "id": ID, "name": name});
    let shown = lab.json(&format!("{path} ovl-ns show pid:{pid} -o json"))?;
    assert_eq!(shown["container"], container("X-1".into()));
    let list = listed(lab, inode)?.context("it is not listed")?;
    assert_eq!(list["container"], container(Value::Null));
    assert_eq!(list["kind"], "sandbox");
    // Without the engine: by the name of its file, and the container's id.
    let tree =
        lab.ok("rm bin/docker; PATH=$PWD/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH ovl-inspect")?;
    ensure!(
        tree.contains("c1321878d4d4  /run/lab/exec/netns/c1321878d4d4  container c4305b67cd1a"),
        "{tree}"
    );
    Ok(())
}
