//! All or nothing: each kernel call of a command is made to fail in turn, before
//! and after it took effect (`OVL_FAULT`, see `Cargo.toml`), and what is there must
//! be what was there.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, rows, tests};
use serde_json::Value;

tests![
    vxlan_add_leaves_nothing_half_done,
    vxlan_add_leaves_a_bridge_that_stood_as_it_was,
    vxlan_add_between_the_callers_namespace_and_another,
    vxlan_set_takes_back_what_it_changed,
    veth_add_leaves_nothing_half_done,
    veth_add_between_the_callers_namespace_and_another,
    veth_set_takes_back_what_it_changed,
    fdb_add_leaves_nothing_half_done,
    fdb_add_puts_back_what_it_replaced,
    fdb_add_takes_back_one_flood_row_and_no_other,
    fdb_load_takes_all_rows_back,
    fdb_sync_takes_back_what_it_wrote_or_deletes_on,
    fdb_flush_that_fails_is_finished_by_the_next,
    ns_add_leaves_no_name,
    ns_add_puts_a_plain_file_back,
    ns_attach_leaves_no_name,
    ns_del_gives_the_names_back,
];

/// More calls than any command makes: if one never succeeds, the seam is at fault.
const ENOUGH: usize = 200;

/// Runs the command with the n-th kernel call failing, for n from 1 until it
/// makes fewer calls than that; after each run, what `look` sees must be the
/// state before. Ends with the command done.
fn comes_back(lab: &Lab, command: &str, least: usize) -> Result<()> {
    comes_back_by(lab, command, least, oracle::state)
}

fn comes_back_by(
    lab: &Lab,
    command: &str,
    least: usize,
    look: fn(&Lab) -> Result<Value>,
) -> Result<()> {
    let before = look(lab)?;
    let mut wrong = Vec::new();
    for when in ["before", "after"] {
        let mut calls = None;
        for n in 1..ENOUGH {
            let run = format!("OVL_FAULT={n}:{when} {command}");
            let output = lab.run(&run)?;
            if output.code == 0 {
                calls = Some(n - 1);
                break;
            }
            ensure!(output.stderr.contains("fault injected"), "`{run}`\n{output}");
            ensure!(!output.stderr.contains("panicked"), "`{run}`\n{output}");
            if let Some(differences) = oracle::diff(&before, &look(lab)?) {
                wrong.push(format!("{n}:{when}: {}\n{differences}", output.stderr.trim()));
                // What is left over would only be found again and again.
                break;
            }
        }
        if !wrong.is_empty() {
            break;
        }
        let calls = calls.context("the command never succeeded")?;
        ensure!(
            calls >= least,
            "only {calls} calls were made to fail: are the binaries built \
            without the feature `fault`? `cargo test` at the workspace root builds them with it"
        );
        ensure!(oracle::diff(&before, &look(lab)?).is_some(), "`{command}` does nothing");
        if when == "before" {
            undo_by_hand(lab, &before)?;
        }
    }
    ensure!(wrong.is_empty(), "`{command}` leaves something behind\n{}", wrong.join("\n"));
    Ok(())
}

/// The network as a test's beginning made it, for the second round.
fn undo_by_hand(lab: &Lab, before: &Value) -> Result<()> {
    lab.ok("sh ./reset")?;
    oracle::same("the test's own reset does not lead back", before, &oracle::state(lab)?)
}

/// What takes the command's work back, written down for `undo_by_hand`.
fn reset(lab: &Lab, script: &str) -> Result<()> {
    std::fs::write(format!("{}/reset", ovl_tests::lab::FOLDER), script)?;
    lab.ok("test -s ./reset").map(drop)
}

const VXLAN: &str = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 \
    --gateway 192.168.10.1/24 --mac 02:42:00:00:00:07 --local 192.168.1.4";

fn vxlan_add_leaves_nothing_half_done(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1")?;
    reset(lab, "ip -n ov1 link del vxlan0; ip -n ov1 link del br0")?;
    comes_back(lab, VXLAN, 10)
}

fn vxlan_add_leaves_a_bridge_that_stood_as_it_was(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1; ip -n ov1 link add br0 type bridge stp_state 1
        ip -n ov1 addr add 192.168.99.1/24 dev br0")?;
    reset(
        lab,
        "ip -n ov1 link del vxlan0; ip -n ov1 addr del 192.168.10.1/24 dev br0
        ip -n ov1 link set br0 down",
    )?;
    comes_back(lab, VXLAN, 8)
}

fn vxlan_add_between_the_callers_namespace_and_another(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add ov1")?;
    reset(lab, "ip -n ov1 link del vxlan0")?;
    comes_back(lab, "ovl-vxlan add vxlan0 --vni 256 -n ov1", 4)?;
    lab.ok("ip -n ov1 link del vxlan0")?;
    reset(lab, "ip link del vxlan0")?;
    comes_back(lab, "ovl-vxlan add vxlan0 --vni 256 --underlay ov1", 4)
}

fn vxlan_set_takes_back_what_it_changed(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(
        "ip -n ov1 link add br1 type bridge; ip -n ov1 link set vxlan0 address 02:42:00:00:00:01",
    )?;
    reset(lab, "ip -n ov1 link set vxlan0 down
        ip -n ov1 link set vxlan0 type vxlan learning ageing 300 local 0.0.0.0 remote 0.0.0.0 ttl 0 df unset
        ip -n ov1 link set vxlan0 mtu 1450 address 02:42:00:00:00:01 master br0 up")?;
    comes_back(
        lab,
        "ovl-vxlan set vxlan0 -n ov1 --nolearning --ageing 60 --ttl 16 --df set \
        --master br1 --mtu 1400 --mac 02:42:00:00:00:09 --down",
        4,
    )
}

const VETH: &str = "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --ip 192.168.10.100/24 \
    --ip fd00:a::100/64 --peer-ip 192.168.11.1/24 --mac auto --peer-mac 02:42:00:00:00:01 --peer-master br0 \
    --mtu 1400 --via 192.168.10.1 --route 10.5.0.0/16 --route 10.6.0.0/16,via=192.168.10.9";

fn veth_add_leaves_nothing_half_done(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add x1; ip -n x1 link set lo up")?;
    reset(lab, "ip -n x1 link del eth0; ip -n ov1 link set br0 mtu 1450")?;
    comes_back(lab, VETH, 12)
}

fn veth_add_between_the_callers_namespace_and_another(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1; ip link add br0 type bridge; ip link set br0 up")?;
    reset(lab, "ip -n x1 link del eth1")?;
    comes_back(
        lab,
        "ovl-veth add eth1 -n x1 --ip 10.0.0.2/24 --peer-ip 10.0.0.1/24 --peer-master br0 --via 10.0.0.1",
        8,
    )
}

fn veth_set_takes_back_what_it_changed(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n ov1 link add veth1 address 02:42:00:00:00:01 type veth peer name p
        ip -n ov1 link set veth1 master br0 up")?;
    reset(
        lab,
        "ip -n ov1 addr del 10.0.0.9/24 dev veth1
        ip -n ov1 link set veth1 address 02:42:00:00:00:01 mtu 1500 master br0 up",
    )?;
    comes_back(
        lab,
        "ovl-veth set veth1 -n ov1 --mtu 1300 --mac 02:42:00:00:00:09 --nomaster --ip 10.0.0.9/24 --down",
        4,
    )
}

const FDB: &str = "ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1";

fn fdb_add_leaves_nothing_half_done(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    reset(
        lab,
        "ip -n ov1 neigh del 192.168.10.101 dev vxlan0
        bridge -n ov1 fdb del 02:42:c0:a8:0a:65 dev vxlan0 self",
    )?;
    comes_back(lab, FDB, 3)
}

fn fdb_add_puts_back_what_it_replaced(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let rows =
        "ip -n ov1 neigh replace 192.168.10.101 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.9 self permanent";
    lab.ok(rows)?;
    // Deleted first: a replace would leave our protocol and our mark on them.
    reset(
        lab,
        &format!(
            "ip -n ov1 neigh del 192.168.10.101 dev vxlan0
        bridge -n ov1 fdb del 02:42:c0:a8:0a:65 dev vxlan0 self\n{rows}"
        ),
    )?;
    comes_back(lab, &format!("{FDB} --replace"), 3)
}

fn fdb_add_takes_back_one_flood_row_and_no_other(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 self permanent extern_learn")?;
    reset(lab, "bridge -n ov1 fdb del 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 self")?;
    comes_back(lab, "ovl-fdb add --flood --dst 192.168.1.5 -n ov1", 3)
}

/// Others' rows, one of them where the table wants another; and what a table had.
const STOOD: &str = "ip -n ov1 neigh add 10.9.0.1 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
    bridge -n ov1 fdb add 02:42:00:00:00:99 dev vxlan0 dst 192.168.1.9 self permanent sticky
    bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.8 self permanent";

const EMPTY: &str =
    "ip -n ov1 neigh flush dev vxlan0 nud permanent; bridge -n ov1 fdb flush dev vxlan0 self";

fn fdb_load_takes_all_rows_back(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(STOOD)?;
    reset(lab, &format!("{EMPTY}\n{STOOD}"))?;
    // A batch of rows, and the flood list.
    rows::csv("t.csv", 1..40)?;
    lab.ok("echo 10.9.0.1,,192.168.1.5 >> t.csv; echo ,02:42:00:00:00:99,192.168.1.6 >> t.csv
        for i in 5 6; do echo ,00:00:00:00:00:00,192.168.1.$i >> t.csv; done")?;
    comes_back(lab, "ovl-fdb load t.csv -n ov1 --replace", 6)
}

/// As [`comes_back`], for a command that deletes once all else is done: deletions
/// go forward. A run that fails there is finished by the next one.
fn comes_back_or_goes_on(lab: &Lab, command: &str, least: usize) -> Result<()> {
    let before = oracle::state(lab)?;
    lab.ok(command)?;
    let done = oracle::state(lab)?;
    for when in ["before", "after"] {
        undo_by_hand(lab, &before)?;
        let mut calls = 0;
        loop {
            let run = format!("OVL_FAULT={}:{when} {command}", calls + 1);
            let output = lab.run(&run)?;
            if output.code == 0 {
                break;
            }
            calls += 1;
            ensure!(output.stderr.contains("fault injected"), "`{run}`\n{output}");
            if output.stderr.contains("cannot delete") {
                lab.ok(command)?;
                oracle::same(&run, &done, &oracle::state(lab)?)?;
                undo_by_hand(lab, &before)?;
            } else {
                oracle::same(&run, &before, &oracle::state(lab)?)?;
            }
        }
        ensure!(calls >= least, "only {calls} calls were made to fail");
        oracle::same("in the end", &done, &oracle::state(lab)?)?;
    }
    Ok(())
}

fn fdb_sync_takes_back_what_it_wrote_or_deletes_on(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("a.csv", 1..40)?;
    lab.ok("echo ,00:00:00:00:00:00,192.168.1.5 >> a.csv; ovl-fdb sync a.csv -n ov1")?;
    lab.ok(STOOD)?;
    rows::csv("b.csv", 10..60)?;
    lab.ok("sed -i -E '5,20s/1.[567]$/1.77/' b.csv
        echo 10.9.0.1,,192.168.1.5 >> b.csv; echo ,00:00:00:00:00:00,192.168.1.6 >> b.csv")?;
    reset(lab, &format!("{EMPTY}; ovl-fdb sync a.csv -n ov1\n{STOOD}"))?;
    comes_back_or_goes_on(lab, "ovl-fdb sync b.csv -n ov1 --take-over", 12)
}

fn fdb_flush_that_fails_is_finished_by_the_next(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..40)?;
    lab.ok(STOOD)?;
    lab.ok("ovl-fdb load t.csv -n ov1")?;
    reset(lab, "ovl-fdb load t.csv -n ov1")?;
    comes_back_or_goes_on(lab, "ovl-fdb flush --owned -n ov1", 8)
}

fn ns_add_leaves_no_name(lab: &Lab) -> Result<()> {
    reset(lab, "ip netns del h1; ip netns del h2; ip netns del h3")?;
    comes_back(lab, "ovl-ns add h1 h2 h3", 6)
}

fn ns_add_puts_a_plain_file_back(lab: &Lab) -> Result<()> {
    lab.ok("mkdir -p /run/netns; touch /run/netns/old")?;
    reset(lab, "ip netns del old; ip netns del h1; touch /run/netns/old")?;
    comes_back(lab, "ovl-ns add old h1 --replace", 4)
}

fn ns_attach_leaves_no_name(lab: &Lab) -> Result<()> {
    let process = lab.background("exec unshare --net sleep 1000")?;
    lab.eventually("sleep is in its namespace", |lab| {
        Ok(lab.ok(&format!("cat /proc/{}/comm", process.pid()))?.trim() == "sleep")
    })?;
    reset(lab, "ip netns del x1")?;
    comes_back(lab, &format!("ovl-ns attach x1 {}", process.pid()), 1)
}

fn ns_del_gives_the_names_back(lab: &Lab) -> Result<()> {
    let made = "ip netns add h1; ip netns add h2; touch /run/netns/old
        ip -n h1 link add c0 type veth peer name eth0 netns h2";
    lab.ok(made)?;
    reset(lab, made)?;
    // Without its last words: what they cannot read is left unsaid.
    comes_back(lab, "ovl-ns del -q h1 old h2", 3)
}
