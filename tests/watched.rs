//! `ovl-inspect watch`, as a person reads it: one line an event, whatever others wrote
//! into it, and routes told as `ip monitor` tells them.

use std::fs;

use anyhow::{Context, Result, ensure};
use ovl_tests::follower::Follower;
use ovl_tests::lab::{Background, FOLDER, Lab};
use ovl_tests::tests;
use serde_json::json;

tests![
    what_others_wrote_is_escaped_and_stays_on_its_line,
    a_route_says_its_type,
    a_replaced_route_is_told_with_what_it_was,
    one_of_several_that_is_replaced_is_found_by_a_listing,
    routes_of_other_tables_say_which,
    a_route_that_gets_another_mtu_is_told,
    an_attribute_that_changes_is_told_once,
];

/// The text of a watcher, and the watcher.
struct Words(Background);

impl Words {
    fn start(lab: &Lab) -> Result<Words> {
        let process = lab.background("exec ovl-inspect watch -v > words 2> said")?;
        let said = || fs::read_to_string(format!("{FOLDER}/said")).unwrap_or_default();
        lab.eventually("it follows", |_| Ok(said().contains("following")))?;
        Ok(Words(process))
    }

    fn text(&self) -> String {
        let _ = &self.0;
        fs::read_to_string(format!("{FOLDER}/words")).unwrap_or_default()
    }

    /// Waits until one line ends with these words.
    fn says(&self, lab: &Lab, words: &str) -> Result<()> {
        let is_it = |line: &str| line.contains(words);
        lab.eventually("", |_| Ok(self.text().lines().any(is_it)))
            .with_context(|| format!("no line with '{words}':\n{}", self.text()))
    }
}

const CABLE: &str = "ip netns add a; ip netns add b
    ip -n a link add e0 type veth peer name e1
    ip -n a link set e0 up; ip -n a link set e1 up; ip -n a addr add 10.0.0.1/24 dev e0
    ip -n a addr add fd00::1/64 dev e0 nodad";

fn what_others_wrote_is_escaped_and_stays_on_its_line(lab: &Lab) -> Result<()> {
    lab.ok(CABLE)?;
    let watch = Words::start(lab)?;
    lab.ok("alias=$(printf 'Q\\033[2J\\nZ'); ip -n a link set e0 alias \"$alias\"
        ip -n a link add m0 type veth peer name m1; ip -n a link set m0 alias \"$alias\"
        ip -n a link set m0 netns b")?;
    let alias = r"Q\u{1b}[2J\nZ";
    watch.says(lab, &format!("~ link    e0  alias none → {alias}"))?;
    watch.says(lab, "+ link    m0  veth down")?;
    watch.says(lab, &format!("alias {alias}"))?;
    let moved = watch.text().lines().any(|l| l.contains("b ") && l.contains(alias));
    ensure!(moved, "{}", watch.text());
    for line in watch.text().lines() {
        let is_one = line.split(' ').next().is_some_and(|clock| clock.matches(':').count() == 2);
        ensure!(is_one && !line.chars().any(char::is_control), "{line:?}");
    }
    Ok(())
}

fn a_route_says_its_type(lab: &Lab) -> Result<()> {
    lab.ok(CABLE)?;
    let watch = Words::start(lab)?;
    for kind in ["blackhole", "unreachable", "prohibit", "throw"] {
        lab.ok(&format!(
            "ip -n a route add {kind} 10.1.0.0/16; ip -n a route del {kind} 10.1.0.0/16"
        ))?;
        watch.says(lab, &format!("+ route   {kind} 10.1.0.0/16  proto boot"))?;
        watch.says(lab, &format!("- route   {kind} 10.1.0.0/16"))?;
    }
    lab.ok("ip -n a route add multicast 239.0.0.0/8 dev e0")?;
    watch.says(lab, "+ route   e0  multicast 239.0.0.0/8  proto boot")
}

fn a_replaced_route_is_told_with_what_it_was(lab: &Lab) -> Result<()> {
    lab.ok(CABLE)?;
    let words = Words::start(lab)?;
    let json = Follower::start(lab, "ovl-inspect watch a --only route", "w")?;
    let e1 = Follower::start(lab, "ovl-inspect watch a --only route --dev e1", "e1")?;
    lab.ok("ip -n a route add 10.9.0.0/16 via 10.0.0.2 metric 5
        ip -n a route add 10.9.0.0/16 via 10.0.0.2 metric 6
        ip -n a route replace 10.9.0.0/16 via 10.0.0.3 metric 5
        ip -n a -6 route add fd01::/64 via fd00::2
        ip -n a -6 route replace fd01::/64 via fd00::3")?;
    words.says(lab, "~ route   e0  10.9.0.0/16  metric 5  via 10.0.0.2 → 10.0.0.3")?;
    words.says(lab, "~ route   e0  fd01::/64  metric 1024  via fd00::2 → fd00::3")?;
    json.hears(lab, &json!({ "event": "changed", "object": "route",
        "was": { "gateway": "10.0.0.2", "metric": 5 }, "now": { "gateway": "10.0.0.3", "metric": 5 } }))?;
    // By another device, and by none.
    lab.ok("ip -n a route replace 10.9.0.0/16 dev e1 metric 5
        ip -n a route replace blackhole 10.9.0.0/16 metric 5")?;
    let moved = json!({ "event": "changed", "was": { "dev": "e0" }, "now": { "dev": "e1" } });
    let dark = json!({ "event": "changed", "was": { "dev": "e1", "type": "unicast" },
        "now": { "dev": null, "type": "blackhole" } });
    for follower in [&json, &e1] {
        follower.hears(lab, &moved)?;
        follower.hears(lab, &dark)?;
    }
    // Which of two goes is said.
    lab.ok("ip -n a route del 10.9.0.0/16 metric 6")?;
    words.says(lab, "- route   e0  10.9.0.0/16  via 10.0.0.2 metric 6")
}

fn one_of_several_that_is_replaced_is_found_by_a_listing(lab: &Lab) -> Result<()> {
    lab.ok(CABLE)?;
    lab.ok("ip -n a route add 10.9.0.0/16 via 10.0.0.2
        ip -n a route append 10.9.0.0/16 via 10.0.0.3")?;
    let watch = Follower::start(lab, "ovl-inspect watch a --only route", "w")?;
    lab.ok("ip -n a route replace 10.9.0.0/16 via 10.0.0.4")?;
    watch.hears(lab, &json!({ "event": "new", "now": { "gateway": "10.0.0.4" } }))?;
    watch.hears(lab, &json!({ "event": "gone", "was": { "gateway": "10.0.0.2" } }))?;
    lab.ok("ip -n a route del 10.9.0.0/16 via 10.0.0.3")?;
    watch.hears(lab, &json!({ "event": "gone", "was": { "gateway": "10.0.0.3" } }))?;
    assert_eq!(watch.events()?.len(), 3, "{:?}", watch.events());
    Ok(())
}

fn routes_of_other_tables_say_which(lab: &Lab) -> Result<()> {
    lab.ok(CABLE)?;
    let watch = Words::start(lab)?;
    lab.ok("ip -n a route add 10.10.0.0/16 via 10.0.0.2 table 77
        ip -n a route replace 10.10.0.0/16 via 10.0.0.3 table 77
        ip -n a route del 10.10.0.0/16 table 77
        ip -n a addr add 10.0.7.1/24 dev e1
        ip -n a route add local 10.11.0.0/16 dev lo table 78")?;
    watch.says(lab, "+ route   e0  10.10.0.0/16  table 77 via 10.0.0.2")?;
    watch.says(lab, "~ route   e0  10.10.0.0/16  table 77  via 10.0.0.2 → 10.0.0.3")?;
    watch.says(lab, "- route   e0  10.10.0.0/16  table 77 via 10.0.0.3")?;
    watch.says(lab, "+ route   lo  local 10.11.0.0/16  table 78")?;
    // Those that an address brings with it are the kernel's own.
    let told = watch.text();
    ensure!(!told.contains("table 255") && !told.contains("table local"), "{told}");
    Ok(())
}

fn a_route_that_gets_another_mtu_is_told(lab: &Lab) -> Result<()> {
    lab.ok(CABLE)?;
    let watch = Words::start(lab)?;
    let json = Follower::start(lab, "ovl-inspect watch a --only route", "w")?;
    lab.ok("ip -n a route add 77.0.0.0/8 via 10.0.0.2
        ip -n a route replace 77.0.0.0/8 via 10.0.0.2 mtu 1200
        ip -n a route replace 77.0.0.0/8 via 10.0.0.2 mtu lock 1400 advmss 1000
        ip -n a route replace 77.0.0.0/8 via 10.0.0.2 advmss 1000
        ip -n a route del 77.0.0.0/8
        ip -n a route add 78.0.0.0/8 via 10.0.0.2 mtu 1200")?;
    watch.says(lab, "~ route   e0  77.0.0.0/8  mtu none → 1200")?;
    watch.says(lab, "~ route   e0  77.0.0.0/8  mtu 1200 → lock 1400, advmss none → 1000")?;
    watch.says(lab, "~ route   e0  77.0.0.0/8  mtu lock 1400 → none")?;
    watch.says(lab, "- route   e0  77.0.0.0/8  via 10.0.0.2")?;
    watch.says(lab, "+ route   e0  78.0.0.0/8  via 10.0.0.2 mtu 1200 proto boot")?;
    json.hears(
        lab,
        &json!({ "event": "changed", "was": { "metrics": null }, "now": { "metrics": [{ "mtu": 1200 }] } }),
    )?;
    Ok(())
}

fn an_attribute_that_changes_is_told_once(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip -n a link add vxlan0 type vxlan id 256 dstport 4789 ageing 300
        ip -n a link add br0 type bridge; ip -n a link set vxlan0 up; ip -n a link set br0 up")?;
    let words = Words::start(lab)?;
    let json = Follower::start(lab, "ovl-inspect watch a --only link", "w")?;
    lab.ok("ip -n a link set vxlan0 type vxlan ageing 100 nolearning
        ip -n a link set vxlan0 type vxlan learning
        ip -n a link set br0 type bridge stp_state 1")?;
    words.says(lab, "~ link    vxlan0  learning → nolearning, ageing 300 → 100")?;
    words.says(lab, "~ link    vxlan0  nolearning → learning")?;
    words.says(lab, "stp_state 0 → 1")?;
    json.hears(
        lab,
        &json!({ "event": "changed",
        "was": { "vxlan": { "ageing": 300, "learning": true } },
        "now": { "vxlan": { "ageing": 100, "learning": false } } }),
    )?;
    Ok(())
}
