//! The attributes of a VXLAN device: each as `ip link add type vxlan` makes it,
//! Docker's defaults, the derived MTU, and what can be changed later.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::{Lab, is_up};
use ovl_tests::{oracle, tests};
use serde_json::{Value, json};

tests![
    the_defaults_are_dockers,
    plain_starts_from_the_kernels_own_defaults,
    a_default_destination_turns_proxy_and_misses_off_unless_asked,
    each_attribute_is_made_as_ip_makes_it,
    attributes_of_an_ipv6_underlay_are_made_as_ip_makes_them,
    the_multicast_group_and_the_device_are_the_underlays,
    the_mac_and_the_queue_length_are_as_asked,
    the_mtu_leaves_room_for_the_outer_headers,
    the_mtu_follows_a_smaller_underlay_and_a_larger_one_when_asked,
    set_changes_what_the_kernel_lets_change,
    set_refuses_what_is_fixed_and_names_it,
    set_changes_master_mtu_mac_and_whether_it_is_up,
];

/// Ours and `ip`'s words for the same device over IPv4.
const WORDS: &[(&str, &str)] = &[
    ("--local 192.168.1.4", "local 192.168.1.4"),
    ("--remote 192.168.1.5", "remote 192.168.1.5"),
    ("--dstport 4790", "dstport 4790"),
    ("--srcport 30000 40000", "srcport 30000 40000"),
    ("--ttl 16", "ttl 16"),
    ("--ttl inherit", "ttl inherit"),
    ("--ttl auto", "ttl auto"),
    // A bare number is hexadecimal to ip and decimal to us: both read this.
    ("--tos 0x10", "tos 0x10"),
    ("--tos inherit", "tos inherit"),
    ("--df set", "df set"),
    ("--df inherit", "df inherit"),
    ("--ageing 60", "ageing 60"),
    ("--maxaddress 100", "maxaddress 100"),
    ("--learning", "learning"),
    ("--nolearning", "nolearning"),
    ("--no-learning", "nolearning"),
    ("--proxy", "proxy"),
    ("--noproxy", "noproxy"),
    ("--rsc", "rsc"),
    ("--l2miss --nol3miss", "l2miss nol3miss"),
    ("--l3miss --no-l2miss", "l3miss nol2miss"),
    ("--noudpcsum", "noudpcsum"),
    ("--udpcsum", "udpcsum"),
    ("--udp6zerocsumtx", "udp6zerocsumtx"),
    ("--udp6zerocsumrx", "udp6zerocsumrx"),
    ("--remcsumtx", "remcsumtx"),
    ("--remcsumrx", "remcsumrx"),
    ("--gbp", "gbp"),
];

/// The same for devices that take their VNI from each packet.
const EXTERNAL: &[(&str, &str)] = &[
    ("--external", "external"),
    ("--external --gpe", "external gpe"),
    ("--external --vnifilter", "external vnifilter"),
];

/// The same over IPv6.
const WORDS_V6: &[(&str, &str)] = &[
    ("-6", "remote ::"),
    ("--local fd00::4", "local fd00::4"),
    ("--remote fd00::5", "remote fd00::5"),
    ("-6 --flowlabel 0x123", "remote :: flowlabel 0x123"),
    ("-6 --udp6zerocsumtx --udp6zerocsumrx", "remote :: udp6zerocsumtx udp6zerocsumrx"),
];

fn the_defaults_are_dockers(lab: &Lab) -> Result<()> {
    lab.ok("ovl-vxlan add vxlan0 --vni 256")?;
    let data = lab.vxlan("self", "vxlan0")?;
    assert_eq!(
        (&data["id"], &data["port"], &data["ageing"]),
        (&json!(256), &json!(4789), &json!(300))
    );
    for key in ["learning", "proxy", "l2miss", "l3miss"] {
        assert_eq!(data[key], true, "{key}");
    }
    for key in ["local", "group", "link", "rsc", "external"] {
        ensure!(matches!(data[key], Value::Null | Value::Bool(false)), "{key}: {}", data[key]);
    }
    // As Docker itself makes it.
    lab.ok("ip netns add d; ip -n d link add vxlan0 type vxlan id 256 dstport 4789 proxy l2miss l3miss")?;
    assert_eq!(data, lab.vxlan("d", "vxlan0")?);
    Ok(())
}

fn plain_starts_from_the_kernels_own_defaults(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add d; ovl-vxlan add vxlan0 --vni 256 --plain
        ip -n d link add vxlan0 type vxlan id 256 2>/dev/null")?;
    let data = lab.vxlan("self", "vxlan0")?;
    assert_eq!(data["port"], 8472);
    assert_eq!(data, lab.vxlan("d", "vxlan0")?);
    assert_eq!(lab.link("self", "vxlan0")?["mtu"], lab.link("d", "vxlan0")?["mtu"]);
    Ok(())
}

fn a_default_destination_turns_proxy_and_misses_off_unless_asked(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    for (flags, proxy) in [
        ("--vni 1 --remote 192.168.1.5", false),
        ("--vni 2 --group 239.1.1.1 --dev eth0", false),
        ("--vni 3 --remote 192.168.1.5 --proxy", true),
    ] {
        lab.ok(&format!("ovl-vxlan add vx -n h1 --underlay h1 {flags}"))?;
        let data = lab.vxlan("h1", "vx")?;
        assert_eq!(data["proxy"] == true, proxy, "{flags}");
        assert_eq!(data["port"], 4789, "{flags}");
        for key in ["l2miss", "l3miss"] {
            ensure!(data[key] != true, "{key} with {flags}");
        }
        lab.ok("ip -n h1 link del vx")?;
    }
    lab.ok("ovl-vxlan add vx -n h1 --underlay h1 --vni 0 --external")?;
    let data = lab.vxlan("h1", "vx")?;
    ensure!(data["external"] == true && data["proxy"] != true, "{data}");
    Ok(())
}

fn each_attribute_is_made_as_ip_makes_it(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add a; ip netns add b")?;
    let mut wrong = Vec::new();
    for (ours, theirs) in WORDS {
        wrong.extend(unlike(lab, &format!("--vni 256 {ours}"), &format!("id 256 {theirs}"))?);
    }
    for (ours, theirs) in EXTERNAL {
        wrong.extend(unlike(lab, &format!("--vni 0 {ours}"), theirs)?);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn attributes_of_an_ipv6_underlay_are_made_as_ip_makes_them(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add a; ip netns add b; ip -n h1 addr add fd00::4/64 dev eth0 nodad")?;
    let mut wrong = Vec::new();
    for (ours, theirs) in WORDS_V6 {
        wrong.extend(unlike(lab, &format!("--vni 256 {ours}"), &format!("id 256 {theirs}"))?);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn the_multicast_group_and_the_device_are_the_underlays(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    // A device of the same name where the VXLAN is to be is not the one meant.
    // (`ip` prints the parent's number by the name of that number there: `two`.)
    for netns in ["a", "b"] {
        lab.ok(&format!("ip netns add {netns}
            ip -n {netns} link add two index 2 type bridge; ip -n {netns} link add eth0 index 3 type bridge"))?;
    }
    assert_eq!(lab.link("h1", "eth0")?["ifindex"], 2);
    for (ours, theirs) in
        [("--dev eth0", "dev eth0"), ("--group 239.1.1.1 --dev eth0", "group 239.1.1.1 dev eth0")]
    {
        let wrong = unlike(lab, &format!("--vni 256 {ours}"), &format!("id 256 {theirs}"))?;
        ensure!(wrong.is_none(), "{wrong:?}");
    }
    lab.refuses("ovl-vxlan add vx --vni 1 -n a --underlay h1 --dev nope", 3, &["nope", "h1"])?;
    Ok(())
}

/// Makes the device both ways, socket in h1, and says where they differ.
fn unlike(lab: &Lab, ours: &str, theirs: &str) -> Result<Option<String>> {
    let made = lab.run(&format!("ip -n h1 link add vx netns b type vxlan {theirs}"))?;
    if made.code != 0 {
        return Ok(Some(format!("{theirs}: ip itself cannot: {}", made.stderr.trim())));
    }
    let expected = lab.link("b", "vx")?;
    lab.ok("ip -n b link del vx")?;
    let made = lab.run(&format!("ovl-vxlan add vx --plain -n a --underlay h1 {ours}"))?;
    if made.code != 0 {
        return Ok(Some(format!("{ours}: {}", made.stderr.trim())));
    }
    let found = lab.link("a", "vx")?;
    lab.ok("ip -n a link del vx")?;
    let mut wrong = Vec::new();
    for key in ["linkinfo", "mtu"] {
        if let Some(differences) = oracle::diff(&expected[key], &found[key]) {
            wrong.push(format!("{ours}: {key} {differences}"));
        }
    }
    Ok((!wrong.is_empty()).then(|| wrong.join("\n")))
}

fn the_mac_and_the_queue_length_are_as_asked(lab: &Lab) -> Result<()> {
    lab.ok("ovl-vxlan add vxlan0 --vni 256 --mac 02:42:00:00:00:07 --txqueuelen 77")?;
    let link = lab.link("self", "vxlan0")?;
    assert_eq!((&link["address"], &link["txqlen"]), (&json!("02:42:00:00:00:07"), &json!(77)));
    Ok(())
}

fn the_mtu_leaves_room_for_the_outer_headers(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 addr add fd00::4/64 dev eth0 nodad")?;
    for (flags, mtu) in [
        ("", 1450),
        ("-6", 1430),
        ("--local fd00::4", 1430),
        ("--local 192.168.1.4", 1450),
        ("--mtu 1400", 1400),
        ("--mtu underlay", 1450),
        ("--mtu underlay -6", 1430),
    ] {
        mtu_is(lab, flags, mtu)?;
    }
    // Without any underlay device there is Docker's assumption.
    lab.ok("ip netns add empty; ovl-vxlan add vx --vni 9 -n empty --underlay empty")?;
    assert_eq!(lab.link("empty", "vx")?["mtu"], 1450);
    lab.refuses(
        "ovl-vxlan add vy --vni 8 -n empty --underlay empty --mtu underlay",
        1,
        &["hint: "],
    )?;
    Ok(())
}

fn the_mtu_follows_a_smaller_underlay_and_a_larger_one_when_asked(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip -n h1 link set eth0 mtu 1400
        ip -n h1 link add eth1 mtu 9000 type veth peer name eth1 netns h2
        ip -n h1 addr add 10.9.0.4/24 dev eth1; ip -n h1 link set eth1 up; ip -n h2 link set eth1 up")?;
    for (flags, mtu) in [
        ("--local 192.168.1.4", 1350),
        ("--dev eth0", 1350),
        ("--remote 192.168.1.5", 1350),
        ("--local 10.9.0.4", 1450),
        ("--local 10.9.0.4 --mtu underlay", 8950),
        ("--dev eth1 --mtu underlay", 8950),
        ("--dev eth1 --mtu underlay -6", 8930),
    ] {
        mtu_is(lab, flags, mtu)?;
    }
    Ok(())
}

fn mtu_is(lab: &Lab, flags: &str, mtu: u32) -> Result<()> {
    lab.ok("ip netns add ov")?;
    lab.ok(&format!("ovl-vxlan add vx --vni 256 -n ov --underlay h1 --bridge br0 {flags}"))?;
    assert_eq!(lab.link("ov", "vx")?["mtu"], mtu, "{flags}");
    assert_eq!(lab.link("ov", "br0")?["mtu"], mtu, "bridge with {flags}");
    // The device first: a namespace that ends lets go of its VNI only later.
    lab.ok("ip -n ov link del vx; ip netns del ov").map(drop)
}

fn set_changes_what_the_kernel_lets_change(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-vxlan set vxlan0 -n ov1 --nolearning --ageing 60 --remote 192.168.1.5 --local 192.168.1.4 --ttl 16 --df set")?;
    let data = lab.vxlan("ov1", "vxlan0")?;
    let expected = json!({"learning": false, "ageing": 60, "remote": "192.168.1.5",
        "local": "192.168.1.4", "ttl": 16, "df": "set", "id": 256, "port": 4789, "proxy": true});
    for (key, value) in expected.as_object().context("an object")? {
        assert_eq!(&data[key], value, "{key}");
    }
    lab.ok("ovl-vxlan set vxlan0 -n ov1 --learning --df unset --ttl auto")?;
    let data = lab.vxlan("ov1", "vxlan0")?;
    assert_eq!(
        (&data["learning"], &data["df"], &data["ttl"]),
        (&json!(true), &json!("unset"), &json!(0))
    );
    // What it is already is no change, fixed or not.
    lab.ok("ovl-vxlan set vxlan0 -n ov1 --proxy --vni 256 --dstport 4789 --ageing 60")?;
    Ok(())
}

fn set_refuses_what_is_fixed_and_names_it(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = lab.vxlan("ov1", "vxlan0")?;
    for (flags, word) in [
        ("--vni 300", "vni"),
        ("--dstport 4790", "dstport"),
        ("--srcport 1000 2000", "srcport"),
        ("--noproxy", "proxy"),
        ("--nol2miss", "l2miss"),
        ("--nol3miss", "l3miss"),
        ("--maxaddress 7", "maxaddress"),
        ("--noudpcsum", "udpcsum"),
    ] {
        let said = lab.fails(&format!("ovl-vxlan set vxlan0 -n ov1 --ageing 60 {flags}"), 1)?;
        let names = said.contains(word) || (word == "vni" && said.contains("id"));
        ensure!(names && said.contains("hint: "), "{flags}: {said}");
        assert_eq!(lab.vxlan("ov1", "vxlan0")?, before, "{flags} changed something");
    }
    Ok(())
}

fn set_changes_master_mtu_mac_and_whether_it_is_up(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip -n ov1 link add br1 type bridge")?;
    lab.ok("ovl-vxlan set vxlan0 -n ov1 --master br1 --mtu 1400 --mac 02:42:00:00:00:09 --down")?;
    let link = lab.link("ov1", "vxlan0")?;
    assert_eq!((&link["master"], &link["mtu"]), (&json!("br1"), &json!(1400)));
    assert_eq!(link["address"], "02:42:00:00:00:09");
    ensure!(!is_up(&link));
    lab.ok("ovl-vxlan set vxlan0 -n ov1 --nomaster --up")?;
    let link = lab.link("ov1", "vxlan0")?;
    ensure!(link["master"].is_null() && is_up(&link));
    lab.refuses("ovl-vxlan set vxlan0 -n ov1 --master nope", 3, &["nope"])?;
    lab.refuses("ovl-vxlan set br0 -n ov1 --mtu 1400", 3, &["br0", "bridge"])?;
    lab.refuses("ovl-vxlan set vxlan9 -n ov1 --mtu 1400", 3, &["vxlan9"])?;
    Ok(())
}
