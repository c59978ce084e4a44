//! `ovl-inspect ping`: what it says when it is ended, and of addresses that are not
//! one host's, or not everywhere the same.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::tests;
use serde_json::Value;

tests![
    a_signal_ends_it_with_what_came_so_far,
    a_link_local_address_is_pinged_with_its_device,
    counts_and_sizes_have_bounds_that_are_said,
    flags_stand_before_between_and_behind_the_words,
    what_everybody_has_is_said_to_be_that,
    an_end_that_takes_less_is_no_failure,
    what_a_route_forbids_is_not_sent,
    waiting_ends_in_time_and_counts_what_was_sent,
    an_address_behind_wait_is_no_time,
];

/// What it has written.
fn written() -> String {
    fs::read_to_string(format!("{FOLDER}/out")).unwrap_or_default()
}

fn a_signal_ends_it_with_what_came_so_far(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    // Between two requests.
    let ping =
        lab.background("exec ovl-inspect ping h1 192.168.1.5 -c 9 -i 60s --wait 60s >out")?;
    lab.eventually("the first is answered", |_| Ok(written().contains("icmp_seq=1")))?;
    lab.ok(&format!("kill -INT {}", ping.pid()))?;
    assert_eq!(ping.wait()?, 130);
    ensure!(written().contains("h1 → 192.168.1.5: 1 sent, 1 received, min/"), "{}", written());

    // While it waits for an answer: its host has been asked for by then.
    let ping =
        lab.background("exec ovl-inspect ping h1 192.168.1.77 -c 999 -W 60s -o json >out")?;
    lab.eventually("a request is under way", |lab| {
        Ok(lab.ok("ip -n h1 neigh show to 192.168.1.77")?.contains("192.168.1.77"))
    })?;
    lab.ok(&format!("kill -TERM {}", ping.pid()))?;
    assert_eq!(ping.wait()?, 143);
    let summary: Value = serde_json::from_str(&written())?;
    // More than one where the test had to wait itself.
    ensure!(summary["sent"].as_u64().is_some_and(|sent| sent > 0), "{summary}");
    assert_eq!(summary["received"], 0, "{summary}");
    Ok(())
}

fn a_link_local_address_is_pinged_with_its_device(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let mut local = String::new();
    for host in ["h1", "h2"] {
        lab.eventually("eth0 has a link-local address", |lab| {
            let link = lab.link(host, "eth0")?;
            let addresses = link["addr_info"].as_array().into_iter().flatten();
            let mut locals = addresses.filter(|a| a["scope"] == "link" && a["tentative"].is_null());
            locals.find_map(|a| a["local"].as_str()).unwrap_or_default().clone_into(&mut local);
            Ok(!local.is_empty())
        })?;
    }
    let said = lab.ok(&format!("ovl-inspect ping h1 {local}%eth0 -c 1 --wait"))?;
    ensure!(said.contains(&format!("h1 → {local}%eth0: 1 sent, 1 received")), "{said}");
    let summary = lab.json(&format!("ovl-inspect ping h1 {local}%eth0 -c 1 --wait -o json"))?;
    assert_eq!(summary["to"], format!("{local}%eth0"), "{summary}");
    lab.ok(&format!("ovl-inspect ping h1 {local} -I eth0 -c 1 --wait"))?;

    lab.refuses(&format!("ovl-inspect ping h1 {local}"), 2, &["link-local", "%eth0"])?;
    lab.refuses(&format!("ovl-inspect ping h1 {local}%eth0 -I lo"), 2, &["eth0", "-I says lo"])?;
    lab.refuses("ovl-inspect ping h1 192.168.1.5%eth0", 2, &["no link-local address"])?;
    lab.refuses(&format!("ovl-inspect ping h1 {local}%nosuch0"), 3, &["%nosuch0"])
}

fn counts_and_sizes_have_bounds_that_are_said(lab: &Lab) -> Result<()> {
    lab.refuses("ovl-inspect ping self 127.0.0.1 -c 0", 2, &["--count", "from 1 to 65535"])?;
    lab.refuses("ovl-inspect ping self 127.0.0.1 -s 65508", 2, &["65507"])?;
    lab.ok("ovl-inspect ping self 127.0.0.1 -c 1 -s 65507")?;
    let help = lab.ok("ovl-inspect ping --help")?;
    ensure!(help.contains("at most 65507"), "{help}");
    Ok(())
}

fn flags_stand_before_between_and_behind_the_words(lab: &Lab) -> Result<()> {
    for words in [
        "-c 1 --df self 127.0.0.1",
        "self -c 1 --df 127.0.0.1",
        "self 127.0.0.1 --df -c 1",
        "-n self -c 1 127.0.0.1",
        "127.0.0.1 -c 1 -n self",
    ] {
        let said = lab.ok(&format!("ovl-inspect ping {words}"))?;
        ensure!(said.contains("1 sent, 1 received"), "{words}: {said}");
    }
    lab.refuses("ovl-inspect ping -c 1 127.0.0.1", 2, &["NS ADDRESS"])?;
    lab.refuses("ovl-inspect ping self x -c 1", 2, &["'x' is not an IP address"])?;
    lab.refuses("ovl-inspect ping nosuch:1 127.0.0.1 -c 1", 3, &["nosuch:1"])
}

fn what_everybody_has_is_said_to_be_that(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 route add prohibit 10.66.0.0/16")?;
    let said = lab.fails("ovl-inspect ping h1 192.168.1.255", 1)?;
    ensure!(said.contains("broadcast address") && said.contains("in netns h1"), "{said}");
    ensure!(!said.contains("root"), "{said}");
    // The same number of the kernel's, for another reason.
    let said = lab.run("ovl-inspect ping h1 10.66.0.1 -c 1")?;
    ensure!(said.code == 6 && said.stdout.contains("could not be sent"), "{said}");
    ensure!(!said.stdout.contains("broadcast"), "{said}");
    Ok(())
}

fn an_end_that_takes_less_is_no_failure(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip netns add b; ip -n a link add e0 type veth peer name e0 netns b
        ip -n a addr add 10.0.0.1/24 dev e0; ip -n b addr add 10.0.0.2/24 dev e0
        ip -n a addr add fd00::1/64 dev e0 nodad; ip -n b addr add fd00::2/64 dev e0 nodad
        ip -n a link set e0 up; ip -n b link set e0 up mtu 1400")?;
    // What a device drops, IPv6 says and IPv4 does not. It has room for the Ethernet
    // header less than it takes: the MTU and 4 bytes get through.
    for to in ["10.0.0.2", "fd00::2"] {
        let found = lab.json(&format!("ovl-inspect ping a {to} --find-mtu -o json"))?;
        let largest = found["mtu"].as_u64().unwrap_or_default();
        ensure!((1400..1500).contains(&largest), "{found}");
        let data = found["data"].as_u64().unwrap_or_default();
        lab.ok(&format!("ovl-inspect ping a {to} -c 1 -s {data}"))?;
        let said = lab.run(&format!("ovl-inspect ping a {to} -c 1 --df -s {}", data + 1))?;
        ensure!(said.code == 6 && said.stdout.contains("1 sent, 0 received"), "{said}");
    }
    let said = lab.run("ovl-inspect ping a fd00::2 -c 1 -s 1440")?;
    ensure!(said.code == 6 && said.stdout.contains("could not be sent: it was dropped"), "{said}");
    Ok(())
}

fn what_a_route_forbids_is_not_sent(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip -n a link set lo up")?;
    for (kind, why) in [
        ("blackhole", "a route discards it (blackhole)"),
        ("unreachable", "no route to host"),
        ("prohibit", "permission denied"),
    ] {
        lab.ok(&format!(
            "ip -n a route replace {kind} 10.1.0.0/16
            ip -n a -6 route add {kind} fd07::/64"
        ))?;
        for to in ["10.1.0.1", "fd07::1"] {
            let said = lab.run(&format!("ovl-inspect ping a {to} -c 1"))?;
            let words = format!("icmp_seq=1 could not be sent: {why}\n");
            ensure!(said.code == 6 && said.stdout.contains(&words), "{said}");
        }
        lab.ok(&format!("ip -n a -6 route del {kind} fd07::/64"))?;
    }
    Ok(())
}

fn an_address_behind_wait_is_no_time(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    for address in ["192.168.1.5", "fd00::1", "fe80::1%eth0"] {
        let said = lab.fails(&format!("ovl-inspect ping h1 --wait {address}"), 2)?;
        ensure!(said.contains(&format!("'{address}' was read as the value of '--wait'")), "{said}");
        ensure!(said.contains("--wait=VALUE"), "{said}");
    }
    lab.ok("ovl-inspect ping h1 192.168.1.5 -c 1 --wait=5s")?;
    lab.ok("ovl-inspect ping --wait 5s h1 192.168.1.5 -c 1")?;
    Ok(())
}

fn waiting_ends_in_time_and_counts_what_was_sent(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let begin = Instant::now();
    let said = lab.run("ovl-inspect ping h1 192.168.1.77 --wait=500ms")?;
    ensure!(
        said.code == 6 && said.stdout.contains("no reply from 192.168.1.77 within 500ms"),
        "{said}"
    );
    ensure!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    // The kernel counts what leaves: its neighbour is known, and does not answer.
    let count = |lab: &Lab| -> Result<u64> {
        let text = lab.ok("ip netns exec h1 cat /proc/net/snmp")?;
        let sent = text.lines().filter(|line| line.starts_with("IcmpMsg:")).collect::<Vec<_>>();
        let place = sent[0].split(' ').position(|word| word == "OutType8");
        let number = place.and_then(|place| sent[1].split(' ').nth(place));
        Ok(number.map(str::parse).transpose()?.unwrap_or_default())
    };
    let before = count(lab)?;
    let said =
        lab.run("ovl-inspect ping h1 192.168.1.77 --wait 1s -W 150ms -i 50ms -c 1 -o json")?;
    let summary: Value = serde_json::from_str(&said.stdout)?;
    let (sent, left) = (summary["sent"].as_u64(), count(lab)? - before);
    ensure!(said.code == 6 && sent == Some(left) && left > 2, "{summary}, the kernel: {left}");
    // Those that are asked for come after the first reply.
    lab.ok("ip -n h2 link set eth0 down")?;
    let back = lab.background("sleep 0.6; ip -n h2 link set eth0 up")?;
    let said = lab.ok("ovl-inspect ping h1 192.168.1.5 --wait -W 100ms -i 50ms -c 2 -o json")?;
    assert_eq!(back.wait()?, 0);
    let summary: Value = serde_json::from_str(&said)?;
    ensure!(summary["received"] == 2 && summary["sent"].as_u64() > Some(3), "{summary}");
    lab.refuses("ovl-inspect ping h1 192.168.1.5 -W 0", 2, &["more than nothing"])
}
