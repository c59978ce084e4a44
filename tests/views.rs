//! What `ovl-inspect`'s tree and tables look like, on a terminal and in a pipe.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::{Value, json};

use crate::ns::hidden;

tests![
    several_namespaces_are_one_table,
    a_terminal_without_rows_has_its_columns: SCRIPT,
    the_tree_has_a_namespace_that_only_an_id_tells_of,
    the_tree_has_an_id_that_no_device_names,
    a_snapshot_keeps_what_only_an_id_tells_of,
    the_tree_fits_the_terminal: SCRIPT,
    a_pipe_gets_the_tree_unwrapped: SCRIPT,
    a_wide_table_cuts_no_address: SCRIPT,
    every_table_fits_the_terminal: SCRIPT,
    fdb_wide_has_what_a_row_has_of_its_own,
    rows_of_an_external_device_are_told_apart,
    the_device_that_a_vxlan_leaves_by_is_named,
    routes_have_what_ip_tells_them_apart_by,
];

const LONG: &str = "fd00:1234:5678:9abc:def0:1234:5678:9abc";

/// The overlay with a container that has long addresses.
fn long_addresses(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(&format!(
        "ip netns add x1; ip -n ov1 link add veth1 type veth peer name eth0 netns x1
        ip -n ov1 link set veth1 master br0 up
        ip -n x1 addr add 192.168.10.101/24 dev eth0; ip -n x1 addr add 192.168.10.111/24 dev eth0
        ip -n x1 link set eth0 up; ip -n x1 addr add {LONG}/64 dev eth0 nodad
        ip -n ov1 neigh add {LONG} lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        ip -n ov1 neigh add 192.168.10.9 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent
        bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self permanent"
    ))?;
    Ok(())
}

/// What a command prints on a terminal of so many columns.
fn on_terminal(lab: &Lab, columns: usize, command: &str) -> Result<String> {
    let text = lab.ok(&format!(
        "unset COLUMNS; NO_COLOR=1 TERM=dumb script -qec \
         'stty cols {columns} rows 50; exec {command}' /dev/null </dev/null"
    ))?;
    Ok(text.replace('\r', ""))
}

/// What it prints where the terminal's size is asked of the kernel, set by `stty` alone.
fn on_terminal_of(lab: &Lab, size: &str, environment: &str, command: &str) -> Result<String> {
    let text = lab.ok(&format!(
        "unset COLUMNS; NO_COLOR=1 TERM=dumb script -qec \
         'stty {size}; exec env {environment} {command}' /dev/null </dev/null"
    ))?;
    Ok(text.replace('\r', ""))
}

fn a_terminal_without_rows_has_its_columns(lab: &Lab) -> Result<()> {
    long_addresses(lab)?;
    let view = "ovl-inspect links x1 ov1";
    let narrow = on_terminal(lab, 50, view)?;
    ensure!(widest(&narrow) <= 50, "{narrow}");
    assert_eq!(on_terminal_of(lab, "cols 50 rows 0", "A=", view)?, narrow);
    // Nothing can be drawn for none: the variable is as good as not set.
    assert_eq!(on_terminal_of(lab, "cols 50 rows 9", "COLUMNS=0", view)?, narrow);
    assert_eq!(on_terminal_of(lab, "cols 90 rows 9", "COLUMNS=50", view)?, narrow);
    let wide = on_terminal(lab, 80, view)?;
    assert_eq!(on_terminal_of(lab, "cols 0 rows 0", "A=", view)?, wide);
    Ok(())
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

fn several_namespaces_are_one_table(lab: &Lab) -> Result<()> {
    long_addresses(lab)?;
    for view in ["links", "routes", "fdb", "neigh"] {
        let table = lab.ok(&format!("ovl-inspect {view} x1 /run/netns/ov1"))?;
        let first: Vec<&str> =
            table.lines().map(|l| l.split_whitespace().next().unwrap_or_default()).collect();
        ensure!(first[0] == "NAMESPACE", "{table}");
        ensure!(first[1..].iter().all(|word| ["x1", "ov1"].contains(word)), "{table}");
        ensure!(first.contains(&"ov1"), "{table}");
        // One namespace: the same columns, so that a script need not know how many.
        let words = |line: Option<&str>| -> Vec<String> {
            line.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
        };
        let one = lab.ok(&format!("ovl-inspect {view} x1"))?;
        assert_eq!(words(one.lines().next()), words(table.lines().next()), "{view}");
        let bare = lab.ok(&format!("ovl-inspect {view} x1 ov1 --no-header"))?;
        assert_eq!(bare.lines().count(), table.lines().count() - 1, "{view}");
    }
    let shown = lab.ok("ovl-inspect links x1 ov1")?;
    let devices = lab.ok("ip -n x1 -br link; ip -n ov1 -br link")?;
    assert_eq!(shown.lines().count(), devices.lines().count() + 1, "{shown}");
    Ok(())
}

/// `ovl-inspect` where the processes of the rest of the sandbox are not seen.
const BLIND: &str = "unshare --mount --pid --fork --mount-proc ovl-inspect";

fn the_tree_has_a_namespace_that_only_an_id_tells_of(lab: &Lab) -> Result<()> {
    let (process, inode) = hidden(lab)?;
    let pid = process.pid();
    lab.ok(&format!(
        "ip netns add h1; ip -n h1 link add c0 type veth peer name eth0 netns {pid}
        ip -n h1 link set c0 up; nsenter -t {pid} -n ip link set eth0 up
        ip netns attach away {pid}
        ip -n away link add vxlan7 netns h1 type vxlan id 7 dstport 4789
        umount /run/netns/away; rm /run/netns/away"
    ))?;
    lab.eventually("c0 has carrier", |lab| Ok(lab.link("h1", "c0")?["operstate"] == "UP"))?;
    let link = lab.link("h1", "c0")?;
    let (id, index) = (&link["link_netnsid"], &link["link_index"]);
    ensure!(id.is_u64() && index.is_u64(), "{link}");
    let ids = "ip -n h1 netns list-id; ip netns list-id";
    let before = lab.ok(ids)?;

    let tree = lab.ok(BLIND)?;
    ensure!(tree.contains(&format!("unseen  known only as nsid {id} in h1\n")), "{tree}");
    let lines: Vec<String> =
        tree.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        format!("device {index} ⇄ h1:c0"),
        "udp 4789 VXLAN socket of h1:vxlan7".into(),
        format!("c0 mtu 1500 ⇄ device {index} in unseen nsid {id}"),
    ] {
        ensure!(lines.contains(&line), "no '{line}' in\n{tree}");
    }
    ensure!(tree.contains(&format!("socket in unseen nsid {id}")), "{tree}");
    // Nothing is broken, and nothing red.
    ensure!(!tree.contains("not found"), "{tree}");
    ensure!(!lab.ok(&format!("{BLIND} --color always"))?.contains("\u{1b}[1;31m"), "{tree}");
    let table = lab.ok(&format!("{BLIND} links h1"))?;
    ensure!(table.contains(&format!("device {index} in unseen nsid {id}")), "{table}");
    ensure!(table.contains(&format!("socket in unseen nsid {id}")), "{table}");

    let all = lab.json(&format!("{BLIND} -o json"))?;
    let is_unseen = |space: &&Value| space["netns"]["kind"] == "unseen";
    let unseen = all.as_array().into_iter().flatten().find(is_unseen).context("it is not there")?;
    ensure!(unseen["netns"]["ref"].is_null() && unseen["netns"]["inode"].is_null(), "{unseen}");
    let by = &unseen["known_by"][0];
    assert_eq!((&by["netns"]["ref"], &by["nsid"]), (&json!("h1"), id));
    assert_eq!(by["devices"], json!(["c0", "vxlan7"]));
    // Looking gave no ids.
    assert_eq!(lab.ok(ids)?, before);

    // Seen, it is one of the others.
    let tree = lab.ok("ovl-inspect")?;
    ensure!(!tree.contains("unseen"), "{tree}");
    let all = lab.json("ovl-inspect -o json")?;
    let here = |space: &&Value| space["netns"]["inode"] == inode;
    assert_eq!(all.as_array().into_iter().flatten().filter(here).count(), 1);
    Ok(())
}

fn the_tree_has_an_id_that_no_device_names(lab: &Lab) -> Result<()> {
    let (process, _) = hidden(lab)?;
    lab.ok(&format!(
        "ip netns add h1; ip netns attach away {}; ip -n h1 netns set away 12
        umount /run/netns/away; rm /run/netns/away",
        process.pid()
    ))?;
    let tree = lab.ok(BLIND)?;
    ensure!(tree.ends_with("\nunseen  known only as nsid 12 in h1\n"), "{tree}");
    Ok(())
}

fn a_snapshot_keeps_what_only_an_id_tells_of(lab: &Lab) -> Result<()> {
    // Both know the hidden one, and each other: they tell that it is the same.
    let (process, _) = hidden(lab)?;
    lab.two_hosts()?;
    let pid = process.pid();
    lab.ok(&format!(
        "for h in h1 h2; do ip -n $h link add c0 type veth peer name $h netns {pid}; done"
    ))?;
    lab.ok(&format!("{BLIND} snapshot saved.json"))?;
    let tree = lab.ok("ovl-inspect --snapshot saved.json")?;
    assert_eq!(tree.matches("known only as").count(), 1, "{tree}");
    let title = tree.lines().find(|l| l.starts_with("unseen")).unwrap_or_default();
    ensure!(title.contains(" in h1") && title.contains(" in h2"), "{tree}");
    // One of before it was kept which of them are the same.
    lab.ok("sed 's/\"by_id\":/\"other\":/' saved.json > old.json; ! cmp -s saved.json old.json")?;
    let tree = lab.ok("ovl-inspect --snapshot old.json")?;
    assert_eq!(tree.matches("known only as").count(), 2, "{tree}");
    ensure!(!tree.contains("not found"), "{tree}");
    Ok(())
}

fn the_tree_fits_the_terminal(lab: &Lab) -> Result<()> {
    long_addresses(lab)?;
    let piped = lab.ok("ovl-inspect")?;
    ensure!(widest(&piped) > 80, "nothing is too long:\n{piped}");
    let tree = on_terminal(lab, 80, "ovl-inspect")?;
    ensure!(widest(&tree) <= 80, "{tree}");
    let long = format!("{LONG}/64");
    for word in [
        "192.168.10.101/24",
        "192.168.10.111/24",
        &long,
        LONG,
        "02:42:c0:a8:0a:65",
        "⇄ ov1:veth1 (br0)",
        "socket in h1",
    ] {
        ensure!(tree.contains(word), "no '{word}' in\n{tree}");
    }
    // A wider one is used.
    let wider = on_terminal(lab, 200, "ovl-inspect")?;
    ensure!(widest(&wider) > 80 && wider.lines().count() < tree.lines().count(), "{wider}");
    // A very narrow one cuts nothing either.
    let narrow = on_terminal(lab, 30, "ovl-inspect")?;
    for word in [&long, "02:42:c0:a8:0a:65", "192.168.10.101/24"] {
        ensure!(narrow.contains(word), "no '{word}' in\n{narrow}");
    }
    Ok(())
}

fn a_pipe_gets_the_tree_unwrapped(lab: &Lab) -> Result<()> {
    long_addresses(lab)?;
    let devices = lab.ok("COLUMNS=40 ovl-inspect")?;
    let line = devices.lines().find(|line| line.contains("192.168.10.101/24"));
    let line = line.context("no such line")?;
    ensure!(line.contains(LONG) && line.contains("⇄ ov1:veth1 (br0)"), "{devices}");
    // Plain, with what hangs from a device set in.
    let lines = ['├', '└', '│', '─'];
    ensure!(!devices.contains(lines) && devices.contains("\n      veth1"), "{devices}");
    ensure!(on_terminal(lab, 80, "ovl-inspect")?.contains(lines));
    // As wide on a terminal, where link-local addresses are shown as well.
    let mut local = String::new();
    lab.eventually("eth0 has a link-local address", |lab| {
        let link = lab.link("x1", "eth0")?;
        let addresses = link["addr_info"].as_array().into_iter().flatten();
        let mut locals = addresses.filter(|a| a["scope"] == "link");
        locals.find_map(|a| a["local"].as_str()).unwrap_or_default().clone_into(&mut local);
        Ok(!local.is_empty())
    })?;
    ensure!(!devices.contains(&local), "{devices}");
    let wide = on_terminal(lab, 40, "ovl-inspect -o wide")?;
    let line = wide.lines().find(|line| line.contains("192.168.10.101/24"));
    let line = line.context("no such line")?;
    ensure!(line.contains(LONG) && line.contains(&local) && line.contains("(br0)"), "{wide}");
    Ok(())
}

fn a_wide_table_cuts_no_address(lab: &Lab) -> Result<()> {
    long_addresses(lab)?;
    let mac = lab.link("ov1", "veth1")?["address"].as_str().unwrap_or_default().to_owned();
    let long = format!("{LONG}/64");
    for (columns, format) in [(80, "wide"), (80, "table"), (40, "wide"), (40, "table")] {
        let links = on_terminal(lab, columns, &format!("ovl-inspect links x1 ov1 -o {format}"))?;
        ensure!(links.contains(&long), "{links}");
        ensure!(format == "table" || links.contains(&mac), "{links}");
        let fdb = on_terminal(lab, columns, &format!("ovl-inspect fdb ov1 -o {format}"))?;
        ensure!(fdb.contains(&mac) && fdb.contains("192.168.1.5"), "{fdb}");
        let neigh = on_terminal(lab, columns, &format!("ovl-inspect neigh ov1 -o {format}"))?;
        ensure!(neigh.contains(LONG) && neigh.contains("02:42:c0:a8:0a:65"), "{neigh}");
        let routes = on_terminal(lab, columns, &format!("ovl-inspect routes x1 -o {format}"))?;
        ensure!(routes.contains("fd00:1234:5678:9abc::/64"), "{routes}");
    }
    // Where it is clear which one is meant, the others need its place more.
    let one = on_terminal(lab, 80, "ovl-inspect links x1")?;
    ensure!(!one.contains("NAMESPACE") && widest(&one) <= 80, "{one}");
    let both = on_terminal(lab, 80, "ovl-inspect links x1 ov1")?;
    ensure!(both.contains("NAMESPACE") && widest(&both) <= 80, "{both}");
    Ok(())
}

fn every_table_fits_the_terminal(lab: &Lab) -> Result<()> {
    // Names as people have them, and addresses that are as long as they can be.
    let to = "fd00:1234:5678:9abc:def0:1234:5678:abcd";
    lab.ok(&format!(
        "ip netns add web-frontend-1; ip netns add ov-backend-net
        ip -n web-frontend-1 link add eth0 type veth peer name veth1a2b3c4 netns ov-backend-net
        ip -n ov-backend-net link add br-backend type bridge
        ip -n ov-backend-net link set br-backend up
        ip -n ov-backend-net link set veth1a2b3c4 master br-backend up
        ip -n web-frontend-1 addr add {LONG}/64 dev eth0 nodad
        ip -n web-frontend-1 addr add 192.168.100.100/24 dev eth0
        ip -n web-frontend-1 link set eth0 up
        ip -n web-frontend-1 neigh add {to} lladdr 02:42:0a:00:00:01 nud permanent dev eth0
        ip -n web-frontend-1 route add fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:0/112 via {to} dev eth0
        ip -n ov-backend-net link add vxlan0 type vxlan id 5 dstport 4789 local {LONG}
        ip -n ov-backend-net link set vxlan0 up
        bridge -n ov-backend-net fdb add 02:42:0a:00:00:05 dev vxlan0 dst {to}"
    ))?;
    let both = "web-frontend-1 ov-backend-net";
    for (command, long) in [
        (format!("ovl-inspect links {both}"), vec![LONG, "192.168.100.100/24"]),
        (format!("ovl-inspect neigh {both}"), vec![to, "02:42:0a:00:00:01"]),
        (
            format!("ovl-inspect routes {both}"),
            vec![to, "fd00:aaaa:bbbb:cccc:dddd:eeee:ffff:0/112"],
        ),
        (format!("ovl-inspect fdb {both}"), vec![to, "02:42:0a:00:00:05"]),
        ("ovl-inspect links web-frontend-1".into(), vec![LONG]),
        ("ovl-inspect routes web-frontend-1".into(), vec![to]),
        ("ovl-inspect fdb ov-backend-net".into(), vec![to]),
        ("ovl-veth list --all".into(), vec![LONG, "ov-backend-net"]),
        ("ovl-vxlan list --all".into(), vec!["vxlan0"]),
        ("ovl-fdb list -n ov-backend-net".into(), vec![to, "02:42:0a:00:00:05"]),
    ] {
        let table = on_terminal(lab, 80, &command)?;
        ensure!(widest(&table) <= 80, "`{command}` has {} columns:\n{table}", widest(&table));
        for word in long {
            ensure!(table.contains(word), "`{command}` lacks {word}:\n{table}");
        }
    }
    Ok(())
}

fn rows_of_an_external_device_are_told_apart(lab: &Lab) -> Result<()> {
    // The kernel looks for the index here, and takes it for one of the socket's namespace.
    lab.ok("ip netns add h1; ip netns add ov1
        ip -n h1 link add e1 index 40 type veth peer name e2; ip -n h1 link set e1 up
        ip -n ov1 link add other index 40 type bridge
        ip -n h1 link add vxe netns ov1 type vxlan external dstport 4789
        for n in 0 1; do
            bridge -n ov1 fdb add 02:42:0a:00:00:03 dev vxe dst 10.0.0.2 \
                src_vni 10$n vni 30$n via other
        done")?;
    let bridge = lab.json("bridge -n ov1 -j fdb show dev vxe")?;
    let first = bridge.as_array().into_iter().flatten().find(|r| r["src_vni"] == 100);
    let first = first.with_context(|| format!("{bridge}"))?;
    assert_eq!(first["vni"], 300);
    let table = lab.ok("ovl-inspect fdb ov1")?;
    let rows: Vec<&str> = table.lines().filter(|l| l.contains("02:42:0a:00:00:03")).collect();
    let ends: Vec<Vec<&str>> =
        rows.iter().map(|row| row.split_whitespace().rev().take(2).collect()).collect();
    assert_eq!(ends, [["100", "300"], ["101", "301"]], "{table}");
    let wide = lab.ok("ovl-inspect fdb ov1 -o wide")?;
    ensure!(wide.lines().next().is_some_and(|l| l.ends_with("SRC VNI")), "{wide}");
    ensure!(wide.lines().any(|l| l.contains(" e1 ") && l.ends_with(" 100")), "{wide}");
    let rows = lab.json("ovl-inspect fdb ov1 -j")?;
    let rows = rows[0]["fdb"].as_array().context("no rows")?;
    let row = rows.iter().find(|r| r["src_vni"] == 100).context("no such row")?;
    assert_eq!(row["viaIf"], "e1");
    assert_eq!(row["via"], 40);
    Ok(())
}

fn the_device_that_a_vxlan_leaves_by_is_named(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add ov1
        ip -n h1 link add eth7 type veth peer name far
        ip -n h1 link add vx netns ov1 type vxlan id 5 dstport 4789 group 239.1.1.1 dev eth7
        ip -n ov1 link set vx alias 'to the lab'")?;
    for view in ["links ov1", "links ov1 -o wide", ""] {
        let text = lab.ok(&format!("ovl-inspect {view}"))?;
        ensure!(text.contains("socket in h1") && text.contains(" dev eth7"), "{view}: {text}");
    }
    let tree = lab.ok("ovl-inspect")?;
    ensure!(tree.contains("group 239.1.1.1") && !tree.contains("remote"), "{tree}");
    ensure!(lab.ok("ovl-inspect links ov1 -o wide")?.contains("alias to the lab"));
    Ok(())
}

/// Two routes to one place that only the type of service tells apart, and a gateway
/// that is on no network of this host.
fn routes_have_what_ip_tells_them_apart_by(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip -n h1 link add e0 type veth peer name e1
        ip -n h1 link set e0 up; ip -n h1 link set e1 up; ip -n h1 addr add 10.0.0.1/24 dev e0
        ip -n h1 route add 10.5.0.0/24 via 10.0.0.2
        ip -n h1 route add 10.5.0.0/24 tos 0x10 via 10.0.0.3
        ip -n h1 route add 10.6.0.0/24 via 10.9.9.9 dev e0 onlink
        ip -n h1 route add fd00::/64 via fe80::1 dev e0 pref high")?;
    let ours = lab.json("ovl-inspect routes h1 -j")?;
    let ours = ours[0]["routes"].as_array().context("no routes")?;
    for list in ["ip -n h1 -N -j route", "ip -n h1 -N -6 -j route"] {
        let routes = lab.json(list)?;
        for route in routes.as_array().context("no routes")? {
            let own = ["dst", "gateway", "dev", "tos", "flags", "pref"];
            let is_it = |r: &&Value| own.iter().all(|key| r[*key] == route[*key]);
            ensure!(ours.iter().any(|r| is_it(&r)), "{route} is not among {ours:?}");
        }
    }
    let table = lab.ok("ovl-inspect routes h1")?;
    for word in ["10.5.0.0/24 tos 0x10", "10.9.9.9 onlink", "fe80::1 pref high"] {
        ensure!(table.contains(word), "no '{word}' in\n{table}");
    }
    Ok(())
}

fn fdb_wide_has_what_a_row_has_of_its_own(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(
        "bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.9 port 4790 vni 77",
    )?;
    let table = lab.ok("ovl-inspect fdb ov1 -o wide")?;
    let row = table.lines().find(|line| line.contains("192.168.1.9")).context("no row")?;
    let words: Vec<&str> = row.split_whitespace().collect();
    ensure!(words.ends_with(&["4790", "77", "-", "-", "-"]), "{table}");
    let tree = lab.ok("ovl-inspect")?;
    ensure!(tree.contains("flood  → 192.168.1.9  port 4790  vni 77\n"), "{tree}");
    Ok(())
}
