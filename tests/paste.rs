//! The lines of `--dry-run`, pasted: each command is run in a fresh set of
//! namespaces, the lines it printed in another such set, and the oracle compares
//! what came of both. Printing them must change nothing.

use std::fs;

use anyhow::{Result, ensure};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::{oracle, rows, tests};

tests![
    ns_add,
    ns_add_over_a_plain_file,
    ns_del,
    ns_attach,
    ns_nsid,
    vxlan_add_between_two_named_namespaces,
    vxlan_add_from_the_callers_namespace,
    vxlan_add_into_the_callers_namespace,
    vxlan_add_with_every_attribute,
    vxlan_add_over_ipv6,
    vxlan_add_by_path,
    vxlan_set,
    vxlan_del,
    veth_add_with_everything,
    veth_add_from_the_callers_namespace,
    veth_add_by_path,
    veth_set,
    veth_del,
    fdb_add,
    fdb_add_of_rows_that_age,
    fdb_add_with_every_flag,
    fdb_add_over_other_rows,
    fdb_del,
    fdb_load,
    fdb_sync,
    fdb_flush,
];

/// The command after `setup` must do what its printed lines do.
fn pastes(lab: &Lab, setup: &str, command: &str) -> Result<()> {
    lab.ok(setup)?;
    let fresh = oracle::state(lab)?;
    let lines = lab.ok(&format!("{command} --dry-run"))?;
    oracle::same("--dry-run changed something", &fresh, &oracle::state(lab)?)?;
    ensure!(!lines.trim().is_empty(), "`{command} --dry-run` printed nothing");
    lab.ok(command)?;
    let done = (oracle::state(lab)?, ids(lab)?);
    ensure!(
        oracle::diff(&fresh, &done.0).is_some() || command.contains("nsid"),
        "`{command}` did nothing"
    );
    wipe(lab)?;
    lab.ok(setup)?;
    oracle::same("the test's own setup", &fresh, &oracle::state(lab)?)?;
    fs::write(format!("{FOLDER}/lines"), &lines)?;
    let pasted = lab.run("sh -e ./lines")?;
    ensure!(pasted.code == 0, "the lines of `{command}` fail\n{lines}\n{pasted}");
    let wrong = oracle::diff(&done.0, &oracle::state(lab)?);
    ensure!(
        wrong.is_none(),
        "`{command}` and its lines differ\n{lines}\n{}",
        wrong.unwrap_or_default()
    );
    if command.contains("nsid") {
        assert_eq!(ids(lab)?, done.1, "ids of namespaces");
    }
    Ok(())
}

/// The ids that ov1 has for other namespaces.
fn ids(lab: &Lab) -> Result<String> {
    Ok(lab.run("ip -n ov1 netns list-id")?.stdout)
}

/// Devices first: a namespace that ends lets go of its VNIs only later.
fn wipe(lab: &Lab) -> Result<()> {
    lab.ok("
        devices() { $1 -br link show type $2 | sed 's/[ @].*//'; }
        for kind in vxlan bridge veth; do
            for n in $(ls /run/netns 2>/dev/null); do
                for d in $(devices \"ip -n $n\" $kind 2>/dev/null); do ip -n $n link del $d 2>/dev/null || true; done
            done
            for d in $(devices ip $kind); do ip link del $d 2>/dev/null || true; done
        done
        for n in $(ls /run/netns 2>/dev/null); do ip netns del $n; done")
        .map(drop)
}

const HOSTS: &str = "for n in h1 h2 ov1; do ip netns add $n; ip -n $n link set lo up; done
    ip -n h1 link add eth0 type veth peer name eth0 netns h2
    ip -n h1 addr add 192.168.1.4/24 dev eth0; ip -n h1 link set eth0 up
    ip -n h2 addr add 192.168.1.5/24 dev eth0; ip -n h2 link set eth0 up";

const OVERLAY: &str = "for n in h1 ov1 x1; do ip netns add $n; ip -n $n link set lo up; done
    ip -n ov1 link add br0 type bridge; ip -n ov1 addr add 192.168.10.1/24 dev br0; ip -n ov1 link set br0 up
    ip -n h1 link add vxlan0 mtu 1450 netns ov1 type vxlan id 256 dstport 4789 proxy l2miss l3miss
    ip -n ov1 link set vxlan0 address 02:42:00:00:00:01; ip -n ov1 link set vxlan0 master br0 up";

const CABLE: &str = "ip netns add x1; ip link add veth0 type veth peer name eth0 address 02:42:00:00:00:01 netns x1
    ip link add br0 type bridge; ip link set br0 up; ip link set veth0 master br0 up; ip -n x1 link set eth0 up";

fn overlay_with(more: &str) -> String {
    format!("{OVERLAY}\n{more}")
}

fn ns_add(lab: &Lab) -> Result<()> {
    pastes(lab, "true", "ovl-ns add h1 h2")?;
    wipe(lab)?;
    pastes(lab, "true", "ovl-ns add h3 --no-lo")
}

fn ns_add_over_a_plain_file(lab: &Lab) -> Result<()> {
    pastes(lab, "mkdir -p /run/netns; touch /run/netns/old", "ovl-ns add old --replace")
}

fn ns_del(lab: &Lab) -> Result<()> {
    pastes(lab, "ip netns add h1; ip netns add h2; ip netns add h3", "ovl-ns del h1 h3")
}

fn ns_attach(lab: &Lab) -> Result<()> {
    let process = lab.background("exec unshare --net sleep 1000")?;
    lab.eventually("sleep is in its namespace", |lab| {
        Ok(lab.ok(&format!("cat /proc/{}/comm", process.pid()))?.trim() == "sleep")
    })?;
    pastes(lab, "true", &format!("ovl-ns attach x1 {}", process.pid()))
}

fn ns_nsid(lab: &Lab) -> Result<()> {
    pastes(lab, "ip netns add h1; ip netns add ov1", "ovl-ns nsid h1 -n ov1 --set 7")?;
    wipe(lab)?;
    pastes(lab, "ip netns add ov1", "ovl-ns nsid self -n ov1 --set auto")
}

fn vxlan_add_between_two_named_namespaces(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        HOSTS,
        "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24",
    )
}

fn vxlan_add_from_the_callers_namespace(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        HOSTS,
        "ovl-vxlan add vxlan0 --vni 256 -n ov1 --bridge br0 --gateway 192.168.10.1/24",
    )
}

fn vxlan_add_into_the_callers_namespace(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        HOSTS,
        "ovl-vxlan add vxlan0 --vni 256 --underlay h1 --bridge br0 --gateway 192.168.10.1/24",
    )
}

fn vxlan_add_with_every_attribute(lab: &Lab) -> Result<()> {
    for flags in [
        "--local 192.168.1.4 --srcport 30000 40000 --ttl 16 --tos 0x10 --df set --ageing 60 --maxaddress 100 \
            --nolearning --rsc --nol2miss --noudpcsum --gbp --mac 02:42:00:00:00:07 --txqueuelen 77",
        "--remote 192.168.1.5 --dev eth0 --ttl inherit --tos inherit --df inherit --down",
        "--group 239.1.1.1 --dev eth0 --remcsumtx --remcsumrx",
        "--plain",
    ] {
        pastes(
            lab,
            HOSTS,
            &format!("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 {flags}"),
        )?;
        wipe(lab)?;
    }
    pastes(lab, HOSTS, "ovl-vxlan add vxlan0 --vni 0 -n ov1 --underlay h1 --external --vnifilter")
}

fn vxlan_add_over_ipv6(lab: &Lab) -> Result<()> {
    for flags in ["-6", "--local fd00::4 --flowlabel 0x123 --udp6zerocsumtx --udp6zerocsumrx"] {
        pastes(
            lab,
            HOSTS,
            &format!("ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 {flags}"),
        )?;
        wipe(lab)?;
    }
    Ok(())
}

fn vxlan_add_by_path(lab: &Lab) -> Result<()> {
    let setup = format!(
        "{HOSTS}\n umount '/run/a b' 2>/dev/null || true
        touch '/run/a b'; mount --bind /run/netns/ov1 '/run/a b'"
    );
    pastes(
        lab,
        &setup,
        "ovl-vxlan add vxlan0 --vni 256 -n '/run/a b' --underlay /run/netns/h1 --bridge br0",
    )
}

fn vxlan_set(lab: &Lab) -> Result<()> {
    let setup = overlay_with("ip -n ov1 link add br1 type bridge");
    pastes(
        lab,
        &setup,
        "ovl-vxlan set vxlan0 -n ov1 --nolearning --ageing 60 --ttl 16 --df set \
        --local 192.168.1.4 --remote 192.168.1.5 --master br1 --mtu 1400 --mac 02:42:00:00:00:09 --down",
    )?;
    wipe(lab)?;
    pastes(lab, &setup, "ovl-vxlan set vxlan0 -n ov1 --nomaster --ttl 7 --txqueuelen 5")
}

fn vxlan_del(lab: &Lab) -> Result<()> {
    pastes(lab, OVERLAY, "ovl-vxlan del vxlan0 -n ov1")?;
    wipe(lab)?;
    pastes(lab, OVERLAY, "ovl-vxlan del vxlan0 -n ov1 --with-bridge")
}

fn veth_add_with_everything(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        OVERLAY,
        "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --ip 192.168.10.100/24 \
        --ip fd00:a::100/64 --peer-ip 192.168.11.1/24 --mac auto --peer-mac 02:42:00:00:00:03 --peer-master br0 \
        --mtu 1400 --via 192.168.10.1 --route 10.5.0.0/16 --route 10.6.0.0/16,via=192.168.10.9 --route fd00:b::/64,via=fd00:a::1",
    )
}

fn veth_add_from_the_callers_namespace(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        "ip netns add x1; ip link add br0 type bridge; ip link set br0 up",
        "ovl-veth add eth1 -n x1 --ip 10.0.0.2/24 --peer-ip 10.0.0.1/24 --peer-master br0 --via 10.0.0.1",
    )?;
    wipe(lab)?;
    pastes(
        lab,
        "ip netns add x1",
        "ovl-veth add e0 --peer-netns x1 --peer e1 --ip 10.0.0.1/24 --down",
    )?;
    wipe(lab)?;
    pastes(lab, "true", "ovl-veth add e0 --peer e1")
}

fn veth_add_by_path(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        OVERLAY,
        "ovl-veth add eth0 -n /run/netns/x1 --peer-netns /run/netns/ov1 --peer-master br0 --ip 192.168.10.100/24",
    )
}

fn veth_set(lab: &Lab) -> Result<()> {
    pastes(
        lab,
        CABLE,
        "ovl-veth set eth0 -n x1 --mtu 1300 --mac 02:42:00:00:00:09 --ip 10.0.0.9/24 --down",
    )?;
    wipe(lab)?;
    pastes(lab, CABLE, "ovl-veth set veth0 --nomaster")
}

fn veth_del(lab: &Lab) -> Result<()> {
    pastes(lab, CABLE, "ovl-veth del eth0 -n x1")
}

fn fdb_add(lab: &Lab) -> Result<()> {
    for command in [
        "ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1",
        "ovl-fdb add 192.168.10.101 auto --neigh-only -n ov1",
        "ovl-fdb add 02:42:c0:a8:0a:65 --fdb-only --dst 192.168.1.5 -n ov1",
        "ovl-fdb add --flood --dst 192.168.1.5 -n ov1",
    ] {
        pastes(lab, OVERLAY, command)?;
        wipe(lab)?;
    }
    let setup = overlay_with(
        "bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 self permanent",
    );
    pastes(lab, &setup, "ovl-fdb add --flood --dst 192.168.1.5 -n ov1")
}

/// What ages is no part of the state that is compared.
fn fdb_add_of_rows_that_age(lab: &Lab) -> Result<()> {
    lab.ok(OVERLAY)?;
    let add = "ovl-fdb add 192.168.10.101 auto --dst 192.168.1.5 --dynamic -n ov1";
    lab.ok(add)?;
    let ours = rows::of(lab, "ov1")?;
    ensure!(ours.iter().any(|row| row.contains(" REACHABLE ")), "{ours:?}");
    lab.ok(&format!("ovl-fdb del 192.168.10.101 -n ov1; {add} --dry-run | sh -e"))?;
    rows::same("pasted", &ours, &rows::of(lab, "ov1")?)
}

fn fdb_add_with_every_flag(lab: &Lab) -> Result<()> {
    for flags in
        ["--port 8472 --vni 300 --sticky", "--router", "--dynamic --extern-learn", "--via lo"]
    {
        let command =
            format!("ovl-fdb add 02:42:c0:a8:0a:65 --fdb-only --dst 192.168.1.5 -n ov1 {flags}");
        pastes(lab, OVERLAY, &command)?;
        wipe(lab)?;
    }
    Ok(())
}

fn fdb_add_over_other_rows(lab: &Lab) -> Result<()> {
    let command = "ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1";
    let learned = overlay_with(
        "bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.9 self dynamic",
    );
    pastes(lab, &learned, command)?;
    wipe(lab)?;
    let others = overlay_with(
        "ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.9 self permanent",
    );
    pastes(lab, &others, &format!("{command} --replace"))
}

fn fdb_del(lab: &Lab) -> Result<()> {
    let ours = overlay_with("ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent protocol 79
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self permanent extern_learn
        bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 self permanent extern_learn
        bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 self permanent extern_learn");
    for who in [
        "192.168.10.101",
        "02:42:c0:a8:0a:65",
        "--flood --dst 192.168.1.5 --foreign",
        "--flood --foreign",
    ] {
        pastes(lab, &ours, &format!("ovl-fdb del {who} -n ov1"))?;
        wipe(lab)?;
    }
    Ok(())
}

/// Others' rows, some of them in the way.
fn with_others() -> String {
    overlay_with(
        "ip -n ov1 neigh add 10.9.0.1 lladdr 02:42:00:00:00:99 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:00:00:00:98 dev vxlan0 dst 192.168.1.9 self permanent
        bridge -n ov1 fdb add 02:42:00:00:00:97 dev vxlan0 dst 192.168.1.9 self dynamic
        ip -n ov1 neigh add 10.9.0.5 lladdr 02:42:00:00:00:95 dev vxlan0 nud stale",
    )
}

fn fdb_load(lab: &Lab) -> Result<()> {
    rows::write(
        "t.yaml",
        "endpoints:\n  - { ip: 10.9.0.1, vtep: 192.168.1.5 }\n  \
        - { mac: 02:42:00:00:00:98, vtep: 192.168.1.6, port: 9999, vni: 300 }\n  \
        - { mac: 02:42:00:00:00:97, vtep: 192.168.1.9, via: lo }\n  \
        - { ip: 10.9.0.5, vtep: 192.168.1.6 }\n  - { ip: \"fd00:a::1\", mac: 02:42:00:00:00:94, vtep: 192.168.1.5 }\n  \
        - { mac: \"00:00:00:00:00:00\", vtep: 192.168.1.5 }\n  - { mac: \"00:00:00:00:00:00\", vtep: 192.168.1.6 }\n",
    )?;
    for flags in ["--replace", "--replace --fdb-only", "--replace --neigh-only"] {
        pastes(lab, &with_others(), &format!("ovl-fdb load t.yaml -n ov1 {flags}"))?;
        wipe(lab)?;
    }
    Ok(())
}

/// What a table had, and others' rows.
fn synced() -> String {
    rows::csv("a.csv", 1..12).unwrap();
    with_others()
        + "\nfor i in 5 6; do echo ,00:00:00:00:00:00,192.168.1.$i >> a.csv; done; ovl-fdb sync a.csv -n ov1"
}

fn fdb_sync(lab: &Lab) -> Result<()> {
    rows::csv("b.csv", 7..20)?;
    lab.ok("sed -i -E '3,5s/1.[567]$/1.77/' b.csv; echo 10.9.0.1,,192.168.1.5 >> b.csv
        for i in 6 7; do echo ,00:00:00:00:00:00,192.168.1.$i >> b.csv; done")?;
    pastes(lab, &synced(), "ovl-fdb sync b.csv -n ov1 --take-over --max-delete 100%")
}

fn fdb_flush(lab: &Lab) -> Result<()> {
    for filter in [
        "--owned",
        "--dst 192.168.1.5",
        "--mac 02:42:0a:07:00:03 --self",
        "--foreign --dst 192.168.1.9",
    ] {
        pastes(lab, &synced(), &format!("ovl-fdb flush {filter} -n ov1"))?;
        wipe(lab)?;
    }
    Ok(())
}
