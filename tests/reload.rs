//! `ovl-fdb load` of what tools print: `ovl-fdb list`, `bridge fdb show` and `ip neigh
//! show`. Rows that were listed are written again, there or elsewhere.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows, pair};
use ovl_tests::tests;

tests![
    what_list_prints_is_loaded_again,
    what_bridge_and_ip_print_is_loaded_as_it_was,
    the_flood_row_of_a_group_is_loaded_again,
    text_of_two_devices_is_refused,
    what_traffic_taught_is_not_made_to_stay,
    json_of_ip_and_bridge_is_refused,
    a_device_by_its_index_is_refused,
    yaml_of_list_is_read_alike_elsewhere,
];

fn what_list_prints_is_loaded_again(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..20)?;
    lab.ok("ovl-fdb load t.csv -n ov1
        ovl-fdb add --flood --dst 192.168.1.6 -n ov1
        ovl-fdb add 02:42:0a:07:01:01 --fdb-only --dst 192.168.1.6 --port 8472 -n ov1
        bridge -n ov1 fdb add 02:42:00:00:00:99 dev vxlan0 dst 192.168.1.9 self dynamic")?;
    lab.ok("ovl-fdb list -n ov1 --permanent -j >put-aside.json")?;
    let before = rows::of(lab, "ov1")?;
    ensure!(before.len() == 41, "{before:?}");
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    assert_eq!(rows::of(lab, "ov1")?.len(), 1);
    lab.ok("ovl-fdb load put-aside.json -n ov1")?;
    rows::same("loaded", &before, &rows::of(lab, "ov1")?)?;
    lab.ok("ovl-fdb flush --owned -n ov1; ovl-fdb load - -n ov1 <put-aside.json")?;
    rows::same("piped", &before, &rows::of(lab, "ov1")?)?;
    // What is learned is not made to stay.
    let said = lab.ok("ovl-fdb list -n ov1 -j | ovl-fdb load - -n ov1")?;
    ensure!(said.contains(", 1 row of no endpoint"), "{said}");
    rows::same("again", &before, &rows::of(lab, "ov1")?)
}

/// The rows without what tells whose they are.
fn unmarked(rows: Rows) -> Rows {
    rows.into_iter().map(|r| r.replace(" proto 79", "").replace(" extern_learn", "")).collect()
}

fn what_bridge_and_ip_print_is_loaded_as_it_was(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2
        ip -n h1 link add vxlan0 netns ov2 type vxlan id 257 dstport 4789 proxy l2miss l3miss
        ip -n h1 nexthop add id 1 via 192.168.1.5 fdb; ip -n h1 nexthop add id 10 group 1 fdb
        b='bridge -n ov1 fdb' n='ip -n ov1 neigh'
        $b add 02:42:00:00:00:01 dev vxlan0 dst 192.168.1.5 self permanent
        $n add 192.168.10.1 lladdr 02:42:00:00:00:01 dev vxlan0 nud permanent
        $n add fd00:a::1 lladdr 02:42:00:00:00:01 dev vxlan0 nud permanent
        $b add 02:42:00:00:00:02 dev vxlan0 dst 192.168.1.6 port 9999 vni 300 self permanent
        $b add 02:42:00:00:00:03 dev vxlan0 nhid 10 self permanent
        $n add 192.168.10.4 lladdr 02:42:00:00:00:04 dev vxlan0 nud permanent
        $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 self permanent
        $b append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.7 port 9999 self permanent
        $b add 02:42:00:00:00:05 dev vxlan0 dst 192.168.1.5 self permanent extern_learn
        $b add 02:42:00:00:00:05 dev vxlan0 master extern_learn
        ip -n ov1 neigh add 192.168.10.77 dev vxlan0 nud failed || true")?;
    let before = rows::of(lab, "ov1")?;
    assert_eq!(before.len(), 9, "{before:?}");
    lab.ok("{ bridge -n ov1 fdb show dev vxlan0; ip -n ov1 neigh show dev vxlan0; } > t.txt
        ovl-fdb load t.txt -n ov2")?;
    let after = rows::of(lab, "ov2")?;
    rows::same("loaded", &unmarked(before.clone()), &unmarked(after))?;
    // The same with all that `-d`, `-s` and other places to ask add to the lines.
    lab.ok("ovl-fdb flush --owned -n ov2
        { bridge -n ov1 -d -s fdb show; ip -n ov1 -d -s neigh show; } > t.txt
        ovl-fdb load t.txt -n ov2")?;
    rows::same("loaded", &unmarked(before), &unmarked(rows::of(lab, "ov2")?))
}

/// Another overlay's namespace, `ov2`, on the same host.
fn second(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2
        ip -n h1 link add vxlan0 netns ov2 type vxlan id 257 dstport 4789 proxy l2miss l3miss
        ip -n ov2 link set vxlan0 up")
        .map(drop)
}

fn the_flood_row_of_a_group_is_loaded_again(lab: &Lab) -> Result<()> {
    second(lab)?;
    let flood = "00:00:00:00:00:00 dst 239.1.1.1 self extern_learn permanent".to_owned();
    lab.ok("ovl-fdb add --flood --dst 239.1.1.1 -n ov1")?;
    for print in ["ovl-fdb list -n ov1 -j", "bridge -n ov1 fdb show dev vxlan0"] {
        lab.ok(&format!("{print} | ovl-fdb load - -n ov2"))?;
        rows::same(print, &Rows::from([flood.clone()]), &rows::of(lab, "ov2")?)?;
        lab.ok("ovl-fdb flush --owned -n ov2")?;
    }
    // The row that a device made with a group has by itself.
    lab.ok(
        "ip -n ov2 link del vxlan0
        ip -n h1 link add vxlan0 netns ov2 type vxlan id 257 dstport 4789 group 239.1.1.1 dev eth0",
    )?;
    let before = rows::of(lab, "ov2")?;
    ensure!(before.len() == 1, "{before:?}");
    for print in ["ovl-fdb list -n ov2 -j", "bridge -n ov2 fdb show dev vxlan0"] {
        lab.ok(&format!("{print} | ovl-fdb load - -n ov2"))?;
        rows::same(print, &before, &rows::of(lab, "ov2")?)?;
    }
    rows::write("t.csv", "192.168.10.101,,239.1.1.1\n")?;
    lab.refuses("ovl-fdb load t.csv -n ov1", 1, &["239.1.1.1 is no VTEP's address"])
}

fn text_of_two_devices_is_refused(lab: &Lab) -> Result<()> {
    second(lab)?;
    lab.ok("ip -n h1 link add vxlan1 netns ov1 type vxlan id 300 dstport 4789
        ip -n ov1 link set vxlan1 up
        for n in 0 1; do
            bridge -n ov1 fdb add 02:42:00:00:00:0$n dev vxlan$n dst 192.168.1.5 self permanent
            ip -n ov1 neigh add 192.168.10.1$n lladdr 02:42:00:00:00:0$n dev vxlan$n nud permanent
        done
        bridge -n ov1 fdb show >fdb.txt; ip -n ov1 neigh show >neigh.txt
        cat fdb.txt neigh.txt >both.txt")?;
    for file in ["fdb.txt", "neigh.txt", "both.txt"] {
        let words = ["line ", "it is of another device than the first"];
        lab.refuses(&format!("ovl-fdb load {file} -n ov2"), 1, &words)?;
    }
    rows::same("what was refused", &Rows::new(), &rows::of(lab, "ov2")?)?;
    // Neighbours of all devices, beside rows of one.
    lab.ok("{ grep vxlan0 fdb.txt; cat neigh.txt; } | ovl-fdb load - -n ov2")?;
    let wanted = pair("192.168.10.10", "02:42:00:00:00:00", "192.168.1.5").into();
    rows::same("loaded", &wanted, &rows::of(lab, "ov2")?)
}

fn what_traffic_taught_is_not_made_to_stay(lab: &Lab) -> Result<()> {
    second(lab)?;
    lab.ok("b='bridge -n ov1 fdb add' n='ip -n ov1 neigh add'
        $b 02:42:00:00:00:01 dev vxlan0 dst 192.168.1.5 self dynamic
        $n 192.168.10.1 lladdr 02:42:00:00:00:01 dev vxlan0 nud stale
        $n 192.168.10.2 lladdr 02:42:00:00:00:02 dev vxlan0 nud reachable
        $b 02:42:00:00:00:03 dev vxlan0 dst 192.168.1.5 self static
        $n 192.168.10.3 lladdr 02:42:00:00:00:03 dev vxlan0 nud permanent")?;
    let wanted: Rows = pair("192.168.10.3", "02:42:00:00:00:03", "192.168.1.5").into();
    for print in ["ovl-fdb list -n ov1 -j", "bridge -n ov1 fdb show; ip -n ov1 neigh show"] {
        lab.ok(&format!("{{ {print}; }} | ovl-fdb load - -n ov2"))?;
        rows::same(print, &wanted, &rows::of(lab, "ov2")?)?;
        lab.ok("ovl-fdb flush --owned -n ov2")?;
    }
    Ok(())
}

fn json_of_ip_and_bridge_is_refused(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-fdb add 192.168.10.1 auto --dst 192.168.1.5 -n ov1")?;
    for print in ["ip -n ov1 -j neigh show", "bridge -n ov1 -j fdb show"] {
        lab.ok(&format!("{print} >t.json"))?;
        let words = ["ovl-fdb list -o json", "of ip and bridge the text is taken"];
        lab.refuses("ovl-fdb load t.json -n ov1", 1, &words)?;
    }
    Ok(())
}

fn a_device_by_its_index_is_refused(lab: &Lab) -> Result<()> {
    second(lab)?;
    let item = |via: &str| {
        format!(
            r#"[{{"dev":"vxlan0","mac":"02:42:00:00:00:01","dst":"192.168.1.5","neigh":null,
            "fdb":{{"state":"permanent","via":{via}}}}}]"#
        )
    };
    rows::write("t.json", &item("3"))?;
    lab.refuses("ovl-fdb load t.json -n ov2", 1, &["via 3 is an index", "name the device"])?;
    rows::write("t.json", &item("\"eth0\""))?;
    lab.ok("ovl-fdb load t.json -n ov2")?;
    let index = lab.link("h1", "eth0")?["ifindex"].clone();
    let wanted = format!(
        "02:42:00:00:00:01 dst 192.168.1.5 via ifindex {index} self extern_learn permanent"
    );
    rows::same("by name", &Rows::from([wanted]), &rows::of(lab, "ov2")?)
}

fn yaml_of_list_is_read_alike_elsewhere(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let mac = "52:54:00:12:34:56";
    lab.ok(&format!("ovl-fdb add 192.168.10.1 {mac} --dst 192.168.1.5 -n ov1"))?;
    let listed = lab.ok("ovl-fdb list -n ov1 -o yaml")?;
    // To the base of 60 it is a number.
    ensure!(listed.contains(&format!("  mac: '{mac}'\n")), "{listed}");
    ensure!(listed.contains("  dst: 192.168.1.5\n"), "{listed}");
    Ok(())
}
