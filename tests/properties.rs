//! What devices, routes and rows have beside their names, as `ip -j -d` prints it.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::{Value, json};

tests![
    routes_have_the_metrics_that_ip_prints,
    links_have_the_altnames_that_ip_prints,
    links_and_neighbours_have_the_rarer_words_of_ip,
];

/// Among them the MTU of a route, by which large packets vanish; live and saved.
fn routes_have_the_metrics_that_ip_prints(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 -6 addr add fd00::4/64 dev eth0 nodad
        ip -n h1 route add default via 192.168.1.5 mtu 1400 advmss 1000 table 99
        ip -n h1 route add 10.1.0.0/16 via 192.168.1.5 mtu lock 1300 window 7 rtt 1500ms rttvar 20ms \
            rto_min 5ms ssthresh 4 cwnd 5 reordering 6 hoplimit 3 initcwnd 8 features ecn congctl cubic
        ip -n h1 route add 10.2.0.0/16 initrwnd 9 quickack 1 fastopen_no_cookie 1 \
            nexthop via 192.168.1.5 nexthop via 192.168.1.6
        ip -n h1 -6 route add fd01::/64 via fd00::5 mtu 1280")?;
    let theirs = lab.json("ip -n h1 -j route show table all")?;
    let theirs = theirs.as_array().context("no routes")?.iter();
    let theirs: Vec<&Value> = theirs.filter(|r| r["metrics"].is_array()).collect();
    assert_eq!(theirs.len(), 4);
    lab.ok("ovl-inspect snapshot saved.json")?;
    for from in ["", "--snapshot saved.json"] {
        let ours = lab.json(&format!("ovl-inspect routes h1 -j {from}"))?;
        let ours = ours[0]["routes"].as_array().context("no routes")?;
        for their in &theirs {
            let is_it = |r: &&Value| r["dst"] == their["dst"] && !r["metrics"].is_null();
            let our = ours.iter().find(is_it).with_context(|| format!("no {their} in {ours:?}"))?;
            assert_eq!(our["metrics"], their["metrics"]);
            let locked =
                if our["dst"] == "10.1.0.0/16" { json!(["mtu", "rto_min"]) } else { json!(null) };
            assert_eq!(our["locked"], locked);
        }
        let with = ours.iter().filter(|r| !r["metrics"].is_null()).count();
        assert_eq!(with, theirs.len());
    }
    let table = lab.ok("ovl-inspect routes h1 -o wide")?;
    for line in lab.ok("ip -n h1 route show table all | grep -o 'mtu.*'")?.lines() {
        let line = line.trim().trim_end_matches(" pref medium");
        ensure!(table.contains(line), "no '{line}' in\n{table}");
    }
    Ok(())
}

fn links_have_the_altnames_that_ip_prints(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let long = "a-name-that-is-longer-than-any-device-may-have";
    lab.ok(&format!("ip -n h1 link property add dev eth0 altname uplink altname {long}"))?;
    lab.ok("ovl-inspect snapshot saved.json")?;
    for from in ["", "--snapshot saved.json"] {
        let ours = lab.json(&format!("ovl-inspect links h1 -j {from}"))?;
        let theirs = lab.json("ip -n h1 -j link")?;
        let theirs = theirs.as_array().context("no devices")?;
        for (our, their) in ours[0]["links"].as_array().context("none")?.iter().zip(theirs) {
            assert_eq!(our.get("altnames"), their.get("altnames"), "{}", their["ifname"]);
        }
        let wide = lab.ok(&format!("ovl-inspect links h1 -o wide {from}"))?;
        ensure!(wide.contains(&format!("altname uplink altname {long}")), "{wide}");
    }
    Ok(())
}

fn links_and_neighbours_have_the_rarer_words_of_ip(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 link add m0 link eth0 type macvlan; ip -n h1 link set m0 protodown on
        ip -n h1 neigh add 192.168.1.9 dev eth0 managed
        ip -n h1 link add vx type vxlan external dstport 4790")?;
    lab.ok("ovl-inspect snapshot saved.json")?;
    let theirs = lab.json("ip -n h1 -j -d link")?;
    let theirs = theirs.as_array().context("no devices")?;
    ensure!(theirs.iter().any(|link| link["proto_down"] == true), "{theirs:?}");
    for from in ["", "--snapshot saved.json"] {
        let ours = lab.json(&format!("ovl-inspect links h1 -j {from}"))?;
        for (our, their) in ours[0]["links"].as_array().context("none")?.iter().zip(theirs) {
            assert_eq!(our.get("proto_down"), their.get("proto_down"), "{}", their["ifname"]);
        }
        let rows = lab.json(&format!("ovl-inspect neigh h1 -j {from}"))?;
        let rows = rows[0]["neigh"].as_array().context("no rows")?;
        let row = rows.iter().find(|row| row["dst"] == "192.168.1.9").context("no row")?;
        assert_eq!(row["flags"], json!(["managed"]));
        ensure!(lab.ok(&format!("ovl-inspect neigh h1 {from}"))?.contains("managed"));
    }
    // Its VNI is each packet's own.
    let tree = lab.ok("ovl-inspect")?;
    let line = tree.lines().find(|line| line.contains("vx ")).context("no vx")?;
    ensure!(line.contains("external") && !line.contains("vni"), "{line}");
    Ok(())
}
