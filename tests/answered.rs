//! What becomes of the answers of `ovl-fdb answer`: how long they stay, who takes
//! them away, and what a flood of questions costs.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ovl_tests::follower::Follower;
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::rows::{self, Rows, pair};
use ovl_tests::{flood, tests};
use serde_json::{Value, json};

use crate::answer::{CONTAINER, MAC, answer, becomes, counts, first, overlay, ping, standing};

tests![
    answers_go_when_nothing_uses_them: PING,
    answers_that_are_used_stay: PING,
    an_answer_does_not_go_stale: PING,
    a_table_that_names_another_port_is_answered_anew: PING,
    a_device_of_another_network_is_not_answered: PING,
    what_becomes_this_hosts_own_is_answered_no_more: PING,
    the_counts_are_told_when_asked_and_at_the_end: PING,
    cleanup_takes_the_answers_away: PING,
    flush_takes_the_answers_away: PING,
    answers_that_are_no_longer_right_are_withdrawn: PING,
    a_namespace_is_let_go_and_found_again: PING,
    a_name_that_leads_elsewhere_is_followed: PING,
    it_ends_with_its_reader: PING,
    a_flood_of_misses_takes_no_memory: PING,
    misses_that_were_lost_are_said_and_answered_when_they_come_again: PING,
    what_went_by_itself_is_not_ours_when_another_writes_it: PING,
    a_second_run_knows_the_answers_of_the_first: PING,
    what_moves_to_this_host_is_answered_no_more: PING,
];

fn answers_go_when_nothing_uses_them(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "--ttl 2s")?;
    ping(lab, "192.168.10.101")?;
    follower.hears(lab, &json!({ "event": "answered" }))?;
    becomes(lab, &Rows::new())?;
    let counts = counts(lab, &follower)?;
    assert_eq!(counts["expired"], 2, "{counts}");
    Ok(())
}

fn answers_that_are_used_stay(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let _follower = answer(lab, "--ttl 2s")?;
    let _traffic = lab.background("exec ip netns exec c1 ping -i 0.2 192.168.10.101 >ping.log")?;
    becomes(lab, &first())?;
    let mut counted = 0;
    let end = Instant::now() + Duration::from_millis(3500);
    while Instant::now() < end {
        ensure!(standing(lab)? == first(), "{:?}", standing(lab)?);
        counted += 1;
    }
    ensure!(counted > 3, "it was looked at {counted} times only");
    Ok(())
}

/// From a stale row a VXLAN device answers no ARP, and asks for none that has one.
fn an_answer_does_not_go_stale(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("ip netns exec ov1 sysctl -qw net.ipv4.neigh.vxlan0.base_reachable_time_ms=100")?;
    let _follower = answer(lab, "")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &first())?;
    lab.ok("sleep 1; ip -n c1 neigh flush dev eth0")?;
    rows::same("a second later", &first(), &standing(lab)?)?;
    lab.eventually("the container's question is answered", |lab| {
        ping(lab, "192.168.10.101")?;
        Ok(lab.ok("ip -n c1 neigh show dev eth0")?.contains(MAC))
    })
}

fn a_table_that_names_another_port_is_answered_anew(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    for flags in ["--format yaml --cleanup", "--format yaml --cleanup --permanent"] {
        rows::write("t.csv", "endpoints: [{ ip: 192.168.10.101, vtep: 192.168.1.5 }]\n")?;
        let follower = answer(lab, flags)?;
        ping(lab, "192.168.10.101")?;
        lab.eventually("it is answered", |lab| Ok(standing(lab)?.len() == 2))?;
        rows::write(
            "t.new",
            "endpoints: [{ ip: 192.168.10.101, vtep: 192.168.1.5, port: 9999 }]\n",
        )?;
        lab.ok("mv t.new t.csv")?;
        lab.eventually("it is answered anew", |lab| {
            ping(lab, "192.168.10.101")?;
            Ok(standing(lab)?.iter().any(|row| row.contains("192.168.1.5 port 9999")))
        })?;
        lab.ok(&format!("kill -TERM {}", follower.process.pid()))?;
        follower.process.wait()?;
        rows::same(flags, &Rows::new(), &standing(lab)?)?;
        lab.ok("ip -n c1 neigh flush dev eth0")?;
    }
    Ok(())
}

fn a_device_of_another_network_is_not_answered(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    rows::write("t.csv", "vni: 256\nendpoints: [{ ip: 192.168.10.101, vtep: 192.168.1.5 }]\n")?;
    let follower = answer(lab, "--format yaml")?;
    // A table of another network is not taken.
    rows::write("t.new", "vni: 300\nendpoints: [{ ip: 192.168.10.101, vtep: 192.168.1.9 }]\n")?;
    lab.ok("mv t.new t.csv")?;
    follower.says(lab, "the table is of VNI 300, vxlan0 of VNI 256")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &first())?;
    lab.ok(
        "ip -n ov1 link del vxlan0; ip -n h1 link add vxlan0 netns ov1 mtu 1450 type vxlan id 999 \
            dstport 4789 proxy l2miss l3miss; ip -n ov1 link set vxlan0 master br0 up",
    )?;
    follower.says(lab, "the table is of VNI 256, vxlan0 of VNI 999")?;
    ping(lab, "192.168.10.101")?;
    lab.ok("sleep 0.5")?;
    rows::same("another network", &Rows::new(), &standing(lab)?)
}

fn what_becomes_this_hosts_own_is_answered_no_more(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    rows::write("t.csv", "192.168.10.101,,192.168.1.5\n192.168.10.102,,192.168.1.44\n")?;
    let _follower = answer(lab, "")?;
    ping(lab, "192.168.10.101")?;
    ping(lab, "192.168.10.102")?;
    lab.eventually("both are answered", |lab| Ok(standing(lab)?.len() == 4))?;
    // What the device learns from packets that come back to it is not an answer.
    let answers = |lab: &Lab| -> Result<Rows> {
        Ok(standing(lab)?.into_iter().filter(|row| !row.contains("127.0.0.1")).collect())
    };
    lab.ok("ip -n h1 addr add 192.168.1.44/24 dev eth0")?;
    lab.eventually("it is taken back", |lab| Ok(answers(lab)? == first()))?;
    ping(lab, "192.168.10.102")?;
    lab.ok("sleep 0.5")?;
    rows::same("it is here", &first(), &answers(lab)?)
}

fn the_counts_are_told_when_asked_and_at_the_end(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &first())?;
    let told = counts(lab, &follower)?;
    assert_eq!((&told["answered"], &told["rows"]), (&json!(1), &json!(2)), "{told}");
    let (pid, lines) = (follower.process.pid(), format!("{FOLDER}/a.json"));
    lab.ok(&format!("kill -INT {pid}"))?;
    assert_eq!(follower.process.wait()?, 130);
    let text = fs::read_to_string(lines)?;
    let last: Value = serde_json::from_str(text.lines().last().context("nothing was told")?)?;
    assert_eq!((&last["event"], &last["counts"]["answered"]), (&json!("summary"), &json!(1)));
    // It leaves its answers; they age by themselves.
    rows::same("it has ended", &first(), &standing(lab)?)?;
    // For people it is a line, and with -q there is none.
    for (flags, lines) in [("", 1), ("-q", 0)] {
        let command =
            lab.background(&format!("exec ovl-fdb answer t.csv -n ov1 {flags} > p.txt"))?;
        std::thread::sleep(Duration::from_millis(300));
        lab.ok(&format!("kill -TERM {}", command.pid()))?;
        assert_eq!(command.wait()?, 143);
        let text = lab.ok("cat p.txt")?;
        assert_eq!(text.matches(" answered with ").count(), lines, "{flags}: {text}");
    }
    Ok(())
}

fn cleanup_takes_the_answers_away(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("bridge -n ov1 fdb add 02:42:00:00:00:99 dev vxlan0 dst 192.168.1.9 self permanent")?;
    let before = standing(lab)?;
    for flags in ["--cleanup", "--cleanup --permanent"] {
        let follower = answer(lab, flags)?;
        ping(lab, "192.168.10.101")?;
        ping(lab, "192.168.10.103")?;
        lab.eventually("both are answered", |lab| Ok(standing(lab)?.len() == 5))?;
        lab.ok(&format!("kill -TERM {}", follower.process.pid()))?;
        assert_eq!(follower.process.wait()?, 143);
        rows::same(flags, &before, &standing(lab)?)?;
        lab.ok("ip -n c1 neigh flush dev eth0")?;
    }
    Ok(())
}

fn flush_takes_the_answers_away(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok("bridge -n ov1 fdb add 02:42:00:00:00:99 dev vxlan0 dst 192.168.1.9 self permanent")?;
    let before = standing(lab)?;
    let follower = answer(lab, "--ttl 5m")?;
    // What was deleted meanwhile and is answered anew is known as well.
    for round in 0..2 {
        lab.ok("ip -n c1 neigh flush dev eth0")?;
        ping(lab, "192.168.10.101")?;
        lab.eventually("it is answered", |lab| Ok(standing(lab)?.len() == 3))?;
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same(&format!("round {round}"), &before, &standing(lab)?)?;
    }
    drop(follower);
    Ok(())
}

fn answers_that_are_no_longer_right_are_withdrawn(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "--permanent")?;
    ping(lab, "192.168.10.101")?;
    ping(lab, "192.168.10.102")?;
    lab.eventually("both are answered", |lab| Ok(standing(lab)?.len() == 4))?;
    // A table that cannot be read, or is empty, takes nothing away.
    rows::write("t.csv", "nonsense,,\n")?;
    follower.says(lab, "line 1")?;
    rows::write("t.csv", "")?;
    follower.says(lab, "empty")?;
    assert_eq!(standing(lab)?.len(), 4);
    // One is gone, and one has moved.
    rows::write("t.new", "192.168.10.101,,192.168.1.77\n")?;
    lab.ok("mv t.new t.csv")?;
    let neigh = format!("192.168.10.101 lladdr {MAC} PERMANENT proto 79");
    becomes(lab, &[neigh].into())?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &pair("192.168.10.101", MAC, "192.168.1.77").into())
}

fn a_name_that_leads_elsewhere_is_followed(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "")?;
    // Somebody stays in the old one.
    let _stays = lab.background("exec ip netns exec ov1 sleep 300")?;
    lab.ok("sleep 0.3; ip netns del c1; ip netns del ov1")?;
    made_again(lab, &follower, 4790)
}

fn a_namespace_is_let_go_and_found_again(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &first())?;
    lab.ok("ip netns del ov1")?;
    lab.eventually("the VNI is free", |lab| {
        Ok(lab.run("ip -n h1 link add probe type vxlan id 256 dstport 4789")?.code == 0)
    })?;
    lab.ok("ip -n h1 link del probe; ip netns del c1")?;
    follower.hears(lab, &json!({ "event": "gone" }))?;
    made_again(lab, &follower, 4789)
}

/// The overlay is made again, found by the follower, and answered in.
fn made_again(lab: &Lab, follower: &Follower, dstport: u16) -> Result<()> {
    lab.ok(&format!(
        "ip netns add ov1; ip -n ov1 link add br0 type bridge; ip -n ov1 link set br0 up
        ip -n h1 link add vxlan0 mtu 1450 netns ov1 type vxlan id 256 dstport {dstport} proxy l2miss l3miss
        ip -n ov1 link set vxlan0 master br0 up"
    ))?;
    lab.ok(CONTAINER)?;
    follower.hears(lab, &json!({ "event": "there" }))?;
    lab.eventually("it is answered", |lab| {
        ping(lab, "192.168.10.101")?;
        Ok(standing(lab)? == first())
    })
}

fn it_ends_with_its_reader(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let reader = lab.background(
        "{ ovl-fdb answer t.csv -n ov1 -v 2> r.err; echo $? > r.code; } | head -1 > r.txt",
    )?;
    lab.eventually("it follows", |_| {
        Ok(fs::read_to_string(format!("{FOLDER}/r.txt")).is_ok_and(|text| !text.is_empty()))
    })?;
    lab.eventually("it ends", |lab| {
        ping(lab, "192.168.10.77")?;
        Ok(fs::exists(format!("{FOLDER}/r.code"))?)
    })?;
    reader.wait()?;
    assert_eq!(lab.ok("cat r.code r.err")?, "0\n");
    Ok(())
}

fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).context("no VmRSS")?;
    line.split_whitespace().nth(1).context("no number")?.parse().context("not a number")
}

fn a_flood_of_misses_takes_no_memory(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.eventually("the container has an IPv6 address", |lab| {
        Ok(!lab.ok("ip -n c1 -6 addr show dev eth0 scope link -tentative")?.is_empty())
    })?;
    let follower = answer(lab, "")?;
    let before = resident(follower.process.pid())?;
    flood::ask("c1", "eth0", 120_000)?;
    let mut told = Value::Null;
    lab.eventually("it has heard them", |lab| {
        let last = std::mem::replace(&mut told, counts(lab, &follower)?);
        Ok(last["misses"] == told["misses"])
    })?;
    let after = resident(follower.process.pid())?;
    let heard = told["misses"].as_u64().unwrap_or_default();
    // Where the socket is small, as it is for an ordinary user, some are lost.
    ensure!(heard > 20_000 || told["lost"].as_u64() > Some(0), "of 120,000: {told}");
    ensure!(after < before + 8 * 1024, "{before} KiB -> {after} KiB, {told}");
    ensure!(follower.events()?.len() < 1_000, "it told of each of them");
    // And it answers as before.
    lab.eventually("it is answered", |lab| {
        ping(lab, "192.168.10.101")?;
        Ok(standing(lab)? == first())
    })
}

fn misses_that_were_lost_are_said_and_answered_when_they_come_again(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.eventually("the container has an IPv6 address", |lab| {
        Ok(!lab.ok("ip -n c1 -6 addr show dev eth0 scope link -tentative")?.is_empty())
    })?;
    let follower = answer(lab, "--limit 60s")?;
    ping(lab, "192.168.10.102")?;
    follower.hears(lab, &json!({ "event": "answered" }))?;
    let pid = follower.process.pid();
    lab.ok(&format!("kill -STOP {pid}"))?;
    // More than fits; then what nobody hears: a question, and the end of an answer.
    flood::ask("c1", "eth0", 60_000)?;
    ping(lab, "192.168.10.101")?;
    lab.ok(&format!("ip -n ov1 neigh del 192.168.10.102 dev vxlan0; kill -CONT {pid}"))?;
    follower.hears(lab, &json!({ "event": "lost" }))?;
    lab.ok("ip -n c1 neigh flush dev eth0")?;
    for ip in ["192.168.10.101", "192.168.10.102"] {
        lab.eventually("it is answered", |lab| {
            ping(lab, ip)?;
            Ok(rows::neighs(lab, "ov1")?.iter().any(|row| row.starts_with(&format!("{ip} "))))
        })?;
    }
    Ok(())
}

fn what_went_by_itself_is_not_ours_when_another_writes_it(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "--ttl 2s")?;
    ping(lab, "192.168.10.101")?;
    follower.hears(lab, &json!({ "event": "answered" }))?;
    becomes(lab, &Rows::new())?;
    // The memory is written a moment later than the rows go.
    lab.eventually("it is forgotten", |lab| {
        Ok(!lab.ok("cat /run/ovl/rows/* 2>/dev/null || true")?.contains(MAC))
    })?;
    lab.ok(&format!("bridge -n ov1 fdb add {MAC} dev vxlan0 dst 192.168.1.5 self extern_learn"))?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    ensure!(lab.ok("bridge -n ov1 fdb show dev vxlan0")?.contains(MAC));
    Ok(())
}

fn a_second_run_knows_the_answers_of_the_first(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    for flags in ["--permanent", "--ttl 2s"] {
        rows::write("t.csv", "192.168.10.101,,192.168.1.5\n")?;
        let follower = answer(lab, flags)?;
        ping(lab, "192.168.10.101")?;
        follower.hears(lab, &json!({ "event": "answered" }))?;
        lab.ok(&format!("kill -KILL {}", follower.process.pid()))?;
        drop(follower);
        // The endpoint has moved, and nobody was there to hear of it.
        rows::write("t.csv", "192.168.10.101,,192.168.1.6\n")?;
        lab.ok("ip -n ov1 neigh del 192.168.10.101 dev vxlan0; ip -n c1 neigh flush dev eth0")?;
        let follower = answer(lab, flags)?;
        ping(lab, "192.168.10.101")?;
        follower
            .hears(lab, &json!({ "event": "answered", "endpoint": { "vtep": "192.168.1.6" } }))?;
        lab.ok(&format!("kill -KILL {}", follower.process.pid()))?;
        drop(follower);
        if flags != "--permanent" {
            // What it has left ages in the hands of the next one.
            let _follower = answer(lab, flags)?;
            becomes(lab, &Rows::new())?;
        }
        lab.ok("ovl-fdb flush --owned -n ov1; ip -n c1 neigh flush dev eth0")?;
    }
    Ok(())
}

fn what_moves_to_this_host_is_answered_no_more(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "--permanent")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &pair("192.168.10.101", MAC, "192.168.1.5").into())?;
    rows::write("t.csv", "192.168.10.101,,192.168.1.4\n192.168.10.102,,192.168.1.6\n")?;
    becomes(lab, &Rows::new())?;
    drop(follower);
    Ok(())
}
