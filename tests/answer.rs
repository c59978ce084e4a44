//! `ovl-fdb answer`: what a VXLAN device asks for is written from a table, for as
//! long as it is used, and nothing that is another's is touched.

use anyhow::{Context, Result, ensure};
use ovl_tests::follower::{Follower, has};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows, pair};
use ovl_tests::tests;
use serde_json::{Value, json};

tests![
    an_l3_miss_is_answered_with_both_rows_and_packets_pass: PING,
    an_l2_miss_is_answered_with_both_rows: PING,
    a_row_that_is_deleted_is_answered_again: PING,
    endpoints_behind_this_host_are_not_answered: PING,
    an_unknown_address_is_looked_up_once: PING,
    the_same_question_is_answered_at_a_limited_rate: PING,
    rows_of_others_in_the_way_are_left_alone: PING,
    permanent_answers_carry_our_marks: PING,
    half_an_answer_beside_anothers_row_is_owned: PING,
    answers_leave_as_the_table_says: PING,
    it_begins_only_where_it_can_answer,
    the_devices_own_address_is_nobodys_answer: PING,
];

const TABLE: &str =
    "192.168.10.101,,192.168.1.5\n192.168.10.102,,192.168.1.6\n192.168.10.103,,192.168.1.6\n";
/// Of the first.
pub const MAC: &str = "02:42:c0:a8:0a:65";

/// A container at the bridge of the overlay.
pub const CONTAINER: &str = "ip netns add c1; ip -n c1 link set lo up
    ip -n c1 link add eth0 address 02:42:c0:a8:0a:64 type veth peer name veth1 netns ov1
    ip -n c1 addr add 192.168.10.100/24 dev eth0
    ip -n c1 link set eth0 up; ip -n ov1 link set veth1 master br0 up";

/// The other host: the overlay there, and a container that has 192.168.10.101. It
/// knows ours: a device with `proxy` lets no ARP out that would tell it.
const FAR: &str = "ip netns add ov2; ip -n ov2 link add br0 type bridge; ip -n ov2 link set br0 up
    ip -n h2 link add vxlan0 mtu 1450 netns ov2 type vxlan id 256 dstport 4789
    ip -n ov2 link set vxlan0 master br0 up
    ip netns add c2; ip -n c2 link add eth0 address 02:42:c0:a8:0a:65 type veth peer name veth1 netns ov2
    ip -n c2 addr add 192.168.10.101/24 dev eth0
    ip -n c2 link set eth0 up; ip -n ov2 link set veth1 master br0 up
    bridge -n ov2 fdb add 02:42:c0:a8:0a:64 dev vxlan0 dst 192.168.1.4 self permanent
    ip -n c2 neigh add 192.168.10.100 lladdr 02:42:c0:a8:0a:64 dev eth0 nud permanent";

/// The overlay with a container and a table of three others.
pub fn overlay(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(CONTAINER)?;
    rows::write("t.csv", TABLE)
}

/// Starts it and waits until it hears.
pub fn answer(lab: &Lab, flags: &str) -> Result<Follower> {
    let command = format!("ovl-fdb answer t.csv -n ov1 -v {flags}");
    let follower = Follower::spawn(lab, &command, "a")?;
    follower.hears(lab, &json!({ "event": "source" }))?;
    Ok(follower)
}

/// Sends one packet, and waits a little for an answer. Was there one?
pub fn ping(lab: &Lab, ip: &str) -> Result<bool> {
    let ping = format!("timeout 0.3 ip netns exec c1 ping -c 1 -W 1 {ip}");
    Ok(lab.run(&ping)?.code == 0)
}

/// The rows.
pub fn standing(lab: &Lab) -> Result<Rows> {
    rows::of(lab, "ov1")
}

/// Both rows as they are by default: they age.
fn aging(ip: &str, mac: &str, dst: &str) -> [String; 2] {
    [format!("{ip} lladdr {mac} PERMANENT proto 79"), format!("{mac} dst {dst} self")]
}

/// Those of the first endpoint.
pub fn first() -> Rows {
    aging("192.168.10.101", MAC, "192.168.1.5").into()
}

/// Waits until those are the rows.
pub fn becomes(lab: &Lab, wanted: &Rows) -> Result<()> {
    let became = lab.eventually("", |lab| Ok(standing(lab)? == *wanted));
    became.or_else(|_| rows::same("still not so", wanted, &standing(lab)?))
}

/// Its counts, asked for by a signal.
pub fn counts(lab: &Lab, follower: &Follower) -> Result<Value> {
    let is_summary = |e: &Value| e["event"] == "summary";
    let before = follower.events()?.iter().filter(|e| is_summary(e)).count();
    lab.ok(&format!("kill -USR1 {}", follower.process.pid()))?;
    let mut last = Value::Null;
    lab.eventually("the counts are told", |_| {
        let mut told: Vec<Value> = follower.events()?.into_iter().filter(is_summary).collect();
        let is_new = told.len() > before;
        last = told.pop().unwrap_or_default()["counts"].clone();
        Ok(is_new)
    })?;
    Ok(last)
}

fn an_l3_miss_is_answered_with_both_rows_and_packets_pass(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok(FAR)?;
    ensure!(!ping(lab, "192.168.10.101")?, "it passes without an answer");
    let follower = answer(lab, "")?;
    lab.eventually("packets pass", |lab| ping(lab, "192.168.10.101"))?;
    becomes(lab, &first())?;
    let told = follower.hears(lab, &json!({ "event": "answered", "rows": 2 }))?;
    assert_eq!(told["wanted"], json!({ "ip": "192.168.10.101" }));
    assert_eq!(told["endpoint"]["vtep"], "192.168.1.5");
    Ok(())
}

fn an_l2_miss_is_answered_with_both_rows(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok(&format!("ip -n c1 neigh add 192.168.10.101 lladdr {MAC} dev eth0 nud permanent"))?;
    let follower = answer(lab, "")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &first())?;
    follower.hears(lab, &json!({ "event": "answered", "wanted": { "mac": MAC } }))?;
    Ok(())
}

fn a_row_that_is_deleted_is_answered_again(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let _follower = answer(lab, "--limit 60s")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &first())?;
    for gone in [
        format!("bridge -n ov1 fdb del {MAC} dev vxlan0 self"),
        "ip -n ov1 neigh del 192.168.10.101 dev vxlan0; ip -n c1 neigh flush dev eth0".into(),
    ] {
        lab.ok(&gone)?;
        ensure!(standing(lab)? != first(), "`{gone}` did nothing");
        ping(lab, "192.168.10.101")?;
        becomes(lab, &first())?;
    }
    Ok(())
}

fn endpoints_behind_this_host_are_not_answered(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    rows::write(
        "t.csv",
        "192.168.10.2,,192.168.1.4\n192.168.10.3,,10.66.0.1\n192.168.10.101,,192.168.1.5\n",
    )?;
    let follower = answer(lab, "--self 10.66.0.1")?;
    for ip in ["192.168.10.2", "192.168.10.3", "192.168.10.101"] {
        ping(lab, ip)?;
    }
    becomes(lab, &first())?;
    let counts = counts(lab, &follower)?;
    ensure!(counts["local"].as_u64() >= Some(2) && counts["answered"] == 1, "{counts}");
    Ok(())
}

/// How often it told of that unknown address.
fn unknown(follower: &Follower, ip: &str) -> Result<usize> {
    let wanted = json!({ "ip": ip });
    let is_it = |e: &&Value| e["event"] == "unknown" && e["wanted"] == wanted;
    Ok(follower.events()?.iter().filter(is_it).count())
}

fn an_unknown_address_is_looked_up_once(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "--negative 60s")?;
    lab.eventually("there is a second miss", |lab| {
        ping(lab, "192.168.10.77")?;
        Ok(counts(lab, &follower)?["still_unknown"].as_u64() >= Some(1))
    })?;
    assert_eq!(unknown(&follower, "192.168.10.77")?, 1);
    // Another table may have it.
    rows::write("t.csv", &format!("{TABLE}192.168.10.77,,192.168.1.6\n"))?;
    follower.hears(lab, &json!({ "event": "source", "endpoints": 4 }))?;
    lab.eventually("it is answered", |lab| {
        ping(lab, "192.168.10.77")?;
        Ok(standing(lab)?.len() == 2)
    })?;
    drop(follower);
    // And after its time it is looked up again.
    let follower = answer(lab, "--negative 100ms")?;
    lab.eventually("it is told again", |lab| {
        ping(lab, "192.168.10.78")?;
        Ok(unknown(&follower, "192.168.10.78")? >= 2)
    })
}

fn the_same_question_is_answered_at_a_limited_rate(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    // One that is never written is asked for again and again.
    rows::write("t.csv", "192.168.10.2,,192.168.1.4\n")?;
    let follower = answer(lab, "--limit 60s")?;
    let mut told = Value::Null;
    lab.eventually("it is asked for again", |lab| {
        ping(lab, "192.168.10.2")?;
        told = counts(lab, &follower)?;
        Ok(told["repeated"].as_u64() >= Some(1))
    })?;
    assert_eq!(told["local"], 1, "{told}");
    Ok(())
}

fn rows_of_others_in_the_way_are_left_alone(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    // The FDB row of the one, and the neighbour of another, whose MAC is asked for.
    lab.ok(&format!(
        "bridge -n ov1 fdb add {MAC} dev vxlan0 dst 192.168.1.9 self permanent
        ip -n ov1 neigh add 192.168.10.102 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
        ip -n c1 neigh add 192.168.10.102 lladdr 02:42:c0:a8:0a:66 dev eth0 nud permanent
        ip -n ov1 neigh add 192.168.10.103 lladdr 02:42:00:00:00:98 dev vxlan0 nud reachable \
            extern_learn protocol zebra
        ip -n c1 neigh add 192.168.10.103 lladdr 02:42:c0:a8:0a:67 dev eth0 nud permanent"
    ))?;
    // The state of the last is the kernel's, and changes by itself.
    let standing = |lab: &Lab| -> Result<Rows> {
        let plain = |row: String| row.replace(" REACHABLE", "").replace(" STALE", "");
        Ok(standing(lab)?.into_iter().map(plain).collect())
    };
    let before = standing(lab)?;
    for flags in ["", "--permanent", "--cleanup"] {
        let follower = answer(lab, flags)?;
        for ip in ["192.168.10.101", "192.168.10.102", "192.168.10.103"] {
            // One ping may ask nothing: the kernel may still be waiting for an answer to the last.
            let foreign = json!({ "event": "foreign", "endpoint": { "ip": ip } });
            lab.eventually("it says whose row that is", |lab| {
                ping(lab, ip)?;
                Ok(follower.events()?.iter().any(|event| has(event, &foreign)))
            })?;
        }
        lab.ok(&format!("kill -TERM {}", follower.process.pid()))?;
        assert_eq!(follower.process.wait()?, 143);
        rows::same(flags, &before, &standing(lab)?)?;
    }
    Ok(())
}

/// Frames from another VTEP with that address are dropped as a loop.
fn the_devices_own_address_is_nobodys_answer(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let link = lab.json("ip -n ov1 -j link show vxlan0")?;
    let own = link[0]["address"].as_str().context("no address")?;
    let table = format!("192.168.10.101,{own},192.168.1.5\n192.168.10.102,,192.168.1.6\n");
    rows::write("t.csv", &table)?;
    let before = standing(lab)?;
    let follower = answer(lab, "")?;
    ping(lab, "192.168.10.101")?;
    let told = json!({ "event": "refused", "endpoint": { "ip": "192.168.10.101", "mac": own } });
    follower.hears(lab, &told)?;
    rows::same("refused", &before, &standing(lab)?)?;
    // It answers the others.
    ping(lab, "192.168.10.102")?;
    becomes(lab, &aging("192.168.10.102", "02:42:c0:a8:0a:66", "192.168.1.6").into())
}

fn permanent_answers_carry_our_marks(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let follower = answer(lab, "--permanent")?;
    ping(lab, "192.168.10.101")?;
    becomes(lab, &pair("192.168.10.101", MAC, "192.168.1.5").into())?;
    drop(follower);
    // `sync` takes them for its own.
    lab.ok("ovl-fdb sync t.csv -n ov1; ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &Rows::new(), &standing(lab)?)
}

fn half_an_answer_beside_anothers_row_is_owned(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    lab.ok(&format!("bridge -n ov1 fdb add {MAC} dev vxlan0 dst 192.168.1.5 self permanent"))?;
    let before = standing(lab)?;
    let follower = answer(lab, "--permanent")?;
    ping(lab, "192.168.10.101")?;
    lab.eventually("it is answered", |lab| Ok(standing(lab)?.len() == 2))?;
    drop(follower);
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &before, &standing(lab)?)
}

fn it_begins_only_where_it_can_answer(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", TABLE)?;
    rows::write("bad.csv", "nonsense,,\n")?;
    for (command, code, word) in [
        ("answer bad.csv -n ov1", 1, "line 1"),
        ("answer nowhere.csv -n ov1", 3, "nowhere.csv"),
        ("answer t.csv -n nowhere", 3, "nowhere"),
        ("answer t.csv -n ov1 --dev br0", 3, "br0"),
        ("answer t.csv -n ov1 --ttl 1s --permanent", 2, "--permanent"),
    ] {
        lab.refuses(&format!("timeout 5 ovl-fdb {command}"), code, &[word])?;
    }
    Ok(())
}

fn answers_leave_as_the_table_says(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    rows::write(
        "t.csv",
        "endpoints:
  - { ip: 192.168.10.101, vtep: 192.168.1.5, via: eth0, port: 9999, vni: 300 }
  - { ip: 192.168.10.102, vtep: 192.168.1.5, via: nodev0 }
",
    )?;
    let follower = answer(lab, "--format yaml")?;
    let links = lab.json("ip -j -n h1 link show eth0")?;
    let index = &links[0]["ifindex"];
    ping(lab, "192.168.10.101")?;
    follower.hears(lab, &json!({ "event": "answered" }))?;
    let row = lab.ok(&format!("bridge -n ov1 fdb show dev vxlan0 | grep '{MAC} dst'"))?;
    let wanted = format!("{MAC} dst 192.168.1.5 port 9999 vni 300 via ifindex {index} ");
    ensure!(row.starts_with(&wanted), "{row}");
    // A device that is not there is no reason to send it by another.
    ping(lab, "192.168.10.102")?;
    follower.hears(lab, &json!({ "event": "refused", "endpoint": { "via": "nodev0" } }))?;
    let left = lab.ok("bridge -n ov1 fdb show dev vxlan0; ip -n ov1 neigh show dev vxlan0")?;
    ensure!(!left.contains("02:42:c0:a8:0a:66"), "{left}");
    Ok(())
}
