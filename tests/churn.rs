//! Looking while things come and go: what disappears half-way is no error, and
//! what stays is never missed.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::{Lab, column};
use ovl_tests::tests;
use serde_json::Value;

tests![
    namespaces_that_come_and_go_are_no_error,
    a_name_between_two_steps_is_not_left_behind,
    links_that_come_and_go_hide_none_that_stay,
    a_snapshot_leaves_pipes_and_links_what_they_are,
];

/// How often each test looks.
const LOOKS: usize = 30;

/// Namespaces with a cable each, made and deleted as fast as `ip` can. A few at
/// a time stand, so that a reading meets them at every stage of their lives.
const COMING_AND_GOING: &str = "i=0; while :; do i=$((i+1))
    ip netns add t$i
    ip link add v$i type veth peer name eth0 netns t$i
    ip -n t$i link set lo up
    case $((i % 8)) in 0) for j in 1 2 3 4 5 6 7 8; do ip netns del t$((i - j)) || :; done;; esac
    done";

fn namespaces_that_come_and_go_are_no_error(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add stays; ip link add far0 type veth peer name eth0 netns stays")?;
    let _churn = lab.background(COMING_AND_GOING)?;
    let mut seen = BTreeSet::new();
    for _ in 0..LOOKS {
        let saved = lab.json("ovl-inspect snapshot -")?;
        let spaces = saved["spaces"].as_array().context("no namespaces")?;
        seen.extend(spaces.iter().map(|space| name(&space["found"])));
        let stays = spaces.iter().find(|s| name(&s["found"]) == "stays").context("it is missed")?;
        ensure!(column(&stays["state"]["links"], "name") == ["lo", "eth0"], "{stays}");

        let listed = lab.json("ovl-ns list -o json")?;
        ensure!(listed.as_array().into_iter().flatten().any(|n| name(n) == "stays"), "{listed}");

        let tree = lab.json("ovl-inspect -o json")?;
        ensure!(
            tree.as_array().into_iter().flatten().any(|n| name(&n["netns"]) == "stays"),
            "{tree}"
        );
    }
    // Otherwise nothing came and went.
    ensure!(seen.len() > LOOKS / 2, "only {} namespaces in {LOOKS} snapshots", seen.len());
    Ok(())
}

/// Names that come and go as `ip netns add` and `del` make them, step by step, with time
/// for a look between the steps.
const STEP_BY_STEP: &str = "i=0; while :; do i=$((i+1)); name=/run/netns/step$i
    touch $name; sleep 0.02; mount --bind /proc/self/ns/net $name; umount $name; sleep 0.02
    rm $name; done";

fn a_name_between_two_steps_is_not_left_behind(lab: &Lab) -> Result<()> {
    lab.ok("mkdir -p /run/netns")?;
    let steps = lab.background(STEP_BY_STEP)?;
    for _ in 0..LOOKS {
        let listed = lab.run("ovl-ns list")?;
        ensure!(listed.code == 0 && listed.stderr.is_empty(), "{listed}");
    }
    drop(steps);
    lab.ok("touch /run/netns/old")?;
    let listed = lab.run("ovl-ns list")?;
    ensure!(listed.stderr.contains("/run/netns/old is a plain file"), "{listed}");
    Ok(())
}

fn name(netns: &Value) -> String {
    netns["names"][0].as_str().unwrap_or_default().to_owned()
}

fn links_that_come_and_go_hide_none_that_stay(lab: &Lab) -> Result<()> {
    // Enough for a listing of several datagrams: only those can be interrupted.
    lab.ok("ip netns add many
        for i in $(seq 100); do echo link add s$i type veth peer name p$i; done >make
        ip -n many -batch make
        for i in 1 2 3 4; do echo link add t$i type veth peer name u$i; done >change
        for i in 1 2 3 4; do echo link del t$i; done >>change")?;
    let _churn = lab.background("while :; do ip -n many -batch change; done")?;
    let mut passing = 0;
    for _ in 0..LOOKS {
        let listed = lab.json("ovl-inspect links many -o json")?;
        let names = column(&listed[0]["links"], "ifname");
        let staying: Vec<&str> =
            names.iter().filter(|n| n.starts_with(['s', 'p'])).copied().collect();
        let distinct: BTreeSet<&str> = staying.iter().copied().collect();
        ensure!((staying.len(), distinct.len()) == (200, 200), "{names:?}");
        // All but `lo`.
        passing += names.len() - 1 - staying.len();
    }
    ensure!(passing > 0, "nothing came and went");
    Ok(())
}

fn a_snapshot_leaves_pipes_and_links_what_they_are(lab: &Lab) -> Result<()> {
    lab.ok("mkfifo pipe; (ovl-inspect --snapshot - -o json <pipe >read) & reader=$!
        ovl-inspect snapshot pipe; wait $reader; test -p pipe; test -s read")?;
    lab.ok("echo old >saved; ln -s saved name; ovl-inspect snapshot name; test -L name")?;
    let saved = lab.json("cat saved")?;
    ensure!(saved["schema"] == 1, "{saved}");
    // A plain file is replaced as a whole, and nothing is left beside it.
    lab.ok("echo old >plain; ln plain before; ovl-inspect snapshot plain; test ! -e plain.part")?;
    ensure!(lab.ok("cat before")? == "old\n", "it was written over in place");
    Ok(())
}
