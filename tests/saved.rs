//! Snapshots of earlier versions: `data/snapshot-1.json` was written by the first
//! that had them, and is never written again. Every view goes on reading it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::{Value, json};

tests![
    masters_in_a_circle_are_shown,
    every_view_reads_a_snapshot_of_schema_1,
    what_a_later_version_adds_is_passed_over,
    what_an_earlier_version_lacked_is_not_missed,
    a_saved_namespace_is_found_by_every_kind_of_reference,
    what_looks_at_no_snapshot_refuses_one,
    references_of_several_machines_name_the_host,
    other_ends_of_several_machines_name_the_host,
    two_snapshots_of_one_host_are_told_apart,
    one_snapshot_twice_is_one_machine,
    a_snapshot_has_the_neighbour_rows_that_ip_lists,
    no_word_of_a_snapshot_moves_the_cursor,
    hints_are_of_the_machines_that_are_looked_at,
];

const FIRST: &str = include_str!("data/snapshot-1.json");

/// The views, and what each shows of that machine.
const VIEWS: [(&str, &[&str]); 6] = [
    (
        "",
        &[
            "h1  /run/netns/h1\n",
            "  overlay demo-network\n",
            "docker:X-1  /var/run/docker/netns/c1321878d4d4  sleep (11044)\n",
            "vni 256  port 4789  proxy  l2miss  l3miss  socket in h1",
            "192.168.10.101  02:42:c0:a8:0a:65  → 192.168.1.5",
            "⇄ docker:X-1:eth0\n",
            "⇄ 1-c4305b67cd:veth0 (br0)\n",
            "↑ h1:eth0\n",
        ],
    ),
    ("links 1-c4305b67cd", &["socket in h1", "192.168.10.1/24", "docker:X-1:eth0"]),
    ("links docker:X-1", &["192.168.10.100/24", "1-c4305b67cd:veth0 (br0)", "↑ h1:eth0"]),
    ("routes docker:X-1", &["192.168.10.0/24"]),
    ("fdb vni:256", &["02:42:c0:a8:0a:65  192.168.1.5"]),
    ("neigh overlay:demo-network", &["192.168.10.101  02:42:c0:a8:0a:65  PERMANENT"]),
];

fn check(lab: &Lab, snapshot: &str) -> Result<()> {
    std::fs::write("/run/lab/saved.json", snapshot)?;
    for (view, words) in VIEWS {
        let shown = lab.ok(&format!("ovl-inspect {view} --snapshot saved.json"))?;
        for word in words {
            ensure!(shown.contains(word), "`{view}` does not show '{word}':\n{shown}");
        }
        let list = lab.json(&format!("ovl-inspect {view} --snapshot saved.json -o json"))?;
        ensure!(list.as_array().is_some_and(|l| !l.is_empty()), "`{view}`: {list}");
    }
    Ok(())
}

fn every_view_reads_a_snapshot_of_schema_1(lab: &Lab) -> Result<()> {
    check(lab, FIRST)
}

fn what_a_later_version_adds_is_passed_over(lab: &Lab) -> Result<()> {
    let mut machine: Value = serde_json::from_str(FIRST)?;
    machine["later"] = json!({ "a": [1, 2] });
    for space in machine["spaces"].as_array_mut().context("no spaces")? {
        space["later"] = json!(1);
        space["found"]["later"] = json!("x");
        space["state"]["later"] = json!([]);
        for link in space["state"]["links"].as_array_mut().context("no links")? {
            link["later"] = json!(null);
            link["state"]["later"] = json!(true);
        }
    }
    check(lab, &machine.to_string())
}

fn what_an_earlier_version_lacked_is_not_missed(lab: &Lab) -> Result<()> {
    let mut machine: Value = serde_json::from_str(FIRST)?;
    let whole = machine.as_object_mut().context("no object")?;
    for key in ["unread", "unseen", "hidden", "hides", "closed", "networks"] {
        ensure!(whole.remove(key).is_some(), "no {key}");
    }
    for space in machine["spaces"].as_array_mut().context("no spaces")? {
        let space = space.as_object_mut().context("no object")?;
        ensure!(space.remove("peers").is_some(), "no peers");
    }
    std::fs::write("/run/lab/saved.json", machine.to_string())?;
    let tree = lab.ok("ovl-inspect --snapshot saved.json")?;
    ensure!(tree.contains("  overlay network c4305b67cd\n"), "{tree}");
    ensure!(tree.contains("⇄ docker:X-1:eth0\n"), "{tree}");
    Ok(())
}

fn a_saved_namespace_is_found_by_every_kind_of_reference(lab: &Lab) -> Result<()> {
    std::fs::write("/run/lab/saved.json", FIRST)?;
    for reference in [
        "docker:X-1",
        "docker:f477cde30bfd",
        "c1321878d4d4",
        "/var/run/docker/netns/c1321878d4d4",
        "pid:11044",
        "docker-1:docker:X-1",
    ] {
        let links = lab.json(&format!("ovl-inspect links {reference} --snapshot saved.json -j"))?;
        assert_eq!(links[0]["netns"]["names"][0], "c1321878d4d4", "{reference}");
    }
    lab.refuses("ovl-inspect links docker:X-2 --snapshot saved.json", 3, &["docker:X-2"])
}

fn what_looks_at_no_snapshot_refuses_one(lab: &Lab) -> Result<()> {
    std::fs::write("/run/lab/saved.json", FIRST)?;
    for verb in ["watch", "ping self 127.0.0.1 -c 1", "snapshot new.json"] {
        let command = format!("ovl-inspect {verb} --snapshot saved.json");
        lab.refuses(&command, 2, &["this machine", "--snapshot"])?;
    }
    ensure!(!std::path::Path::new("/run/lab/new.json").exists(), "it was written all the same");
    Ok(())
}

/// Two machines: the first snapshot, and the same as another host's, or so much later.
fn two_machines(host: &str, later: u64) -> Result<&'static str> {
    let mut other: Value = serde_json::from_str(FIRST)?;
    other["host"] = json!(host);
    other["time"] = json!(other["time"].as_u64().context("no time")? + later);
    std::fs::write("/run/lab/one.json", FIRST)?;
    std::fs::write("/run/lab/two.json", other.to_string())?;
    Ok("--snapshot one.json --snapshot two.json")
}

/// Every reference in a JSON value: each `ref` of a namespace object.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => {
            let own = map.get("ref").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Nor do devices vanish whose masters somebody has written in a circle.
fn masters_in_a_circle_are_shown(lab: &Lab) -> Result<()> {
    lab.ok(
        "ip netns add c; for name in p1 p2 own port; do ip -n c link add $name type bridge; done
        ovl-inspect snapshot true.json",
    )?;
    let text = std::fs::read_to_string("/run/lab/true.json")?;
    let mut value: Value = serde_json::from_str(&text)?;
    for space in value["spaces"].as_array_mut().context("no spaces")? {
        let links = space["state"]["links"].as_array_mut().context("no devices")?;
        let index =
            |name: &str| links.iter().find(|l| l["name"] == name).map(|l| l["index"].clone());
        let masters = [
            ("p1", index("p2")),
            ("p2", index("p1")),
            ("own", index("own")),
            ("port", index("p1")),
        ];
        for link in links.iter_mut() {
            let name = link["name"].as_str().unwrap_or_default();
            let master =
                masters.iter().find(|(port, _)| *port == name).and_then(|(_, m)| m.clone());
            link["master"] = master.unwrap_or_default();
        }
    }
    std::fs::write("/run/lab/round.json", value.to_string())?;
    let tree = lab.ok("ovl-inspect --snapshot round.json")?;
    for name in ["p1", "p2", "own", "port"] {
        let lines = tree.lines().filter(|line| line.split_whitespace().next() == Some(name));
        assert_eq!(lines.count(), 1, "{name}:\n{tree}");
    }
    Ok(())
}

fn references_of_several_machines_name_the_host(lab: &Lab) -> Result<()> {
    let from = two_machines("other", 0)?;
    let tree = lab.json(&format!("ovl-inspect {from} -j"))?;
    let all = references(&tree);
    ensure!(all.iter().any(|r| r.starts_with("docker-1:")), "{all:?}");
    ensure!(all.iter().any(|r| r.starts_with("other:")), "{all:?}");
    for space in tree.as_array().context("no list")? {
        let reference = space["netns"]["ref"].as_str().context("no reference")?;
        let links = lab.json(&format!("ovl-inspect links '{reference}' {from} -j"))?;
        assert_eq!(links[0]["netns"], space["netns"]);
        let host = reference.split(':').next().unwrap_or_default();
        for end in references(&links) {
            ensure!(end.starts_with(&format!("{host}:")), "{end} in {links}");
        }
    }
    // What is printed for one that is ambiguous is accepted, paths as well.
    let said = lab.fails(&format!("ovl-inspect routes c1321878d4d4 {from}"), 1)?;
    ensure!(said.contains("docker-1:") && said.contains("other:"), "{said}");
    let path = "other:/var/run/docker/netns/c1321878d4d4";
    let routes = lab.ok(&format!("ovl-inspect routes {path} {from}"))?;
    ensure!(routes.contains("\nother:docker:X-1  "), "{routes}");
    lab.refuses(&format!("ovl-inspect links {path}"), 3, &[path])?;
    // Of one machine, they are as ever.
    let one = lab.json("ovl-inspect --snapshot one.json -j")?;
    ensure!(references(&one).iter().all(|r| !r.starts_with("docker-1:")), "{one}");
    Ok(())
}

fn two_snapshots_of_one_host_are_told_apart(lab: &Lab) -> Result<()> {
    let from = two_machines("docker-1", 1)?;
    let tree = lab.json(&format!("ovl-inspect {from} -j"))?;
    let own: Vec<&str> =
        tree.as_array().into_iter().flatten().filter_map(|s| s["netns"]["ref"].as_str()).collect();
    let second: Vec<&&str> = own.iter().filter(|r| r.starts_with("docker-1#2:")).collect();
    assert_eq!(second.len() * 2, own.len(), "{own:?}");
    let links = lab.json(&format!("ovl-inspect links '{}' {from} -j", second[0]))?;
    assert_eq!(links[0]["netns"]["ref"], **second[0]);
    let text = lab.ok(&format!("ovl-inspect {from}"))?;
    ensure!(text.starts_with("docker-1\n") && text.contains("\ndocker-1#2\n"), "{text}");
    Ok(())
}

fn one_snapshot_twice_is_one_machine(lab: &Lab) -> Result<()> {
    let from = two_machines("docker-1", 0)?;
    let once = lab.ok("ovl-inspect --snapshot one.json")?;
    assert_eq!(lab.ok(&format!("ovl-inspect {from}"))?, once);
    Ok(())
}

/// The other end of a cable is named as one has to write it.
fn other_ends_of_several_machines_name_the_host(lab: &Lab) -> Result<()> {
    let from = two_machines("other", 0)?;
    let table = lab.ok(&format!("ovl-inspect links other:docker:X-1 {from}"))?;
    for end in ["other:1-c4305b67cd:veth0 (br0)", "↑ other:h1:eth0"] {
        ensure!(table.contains(end), "no '{end}' in\n{table}");
    }
    let table = lab.ok(&format!("ovl-inspect links other:1-c4305b67cd {from}"))?;
    ensure!(table.contains("socket in other:h1"), "{table}");
    let links = lab.ok(&format!("ovl-inspect links other:h1 {from}"))?;
    ensure!(links.lines().skip(1).all(|line| line.starts_with("other:h1 ")), "{links}");
    Ok(())
}

/// The rows of a namespace that do not come and go, as `ip` lists them: device and
/// address.
fn permanent(lab: &Lab, netns: &str) -> Result<BTreeSet<(u64, String)>> {
    let mut found = BTreeSet::new();
    for link in lab.json(&format!("ip -n {netns} -j link"))?.as_array().context("no links")? {
        let (index, name) = (link["ifindex"].as_u64(), link["ifname"].as_str());
        let (index, name) = (index.context("no ifindex")?, name.context("no name")?);
        let rows = lab.json(&format!("ip -n {netns} -j neigh show dev {name} nud permanent"))?;
        for row in rows.as_array().context("no rows")? {
            found.insert((index, row["dst"].as_str().context("no address")?.to_owned()));
        }
    }
    Ok(found)
}

/// Most namespaces have no rows, or of one family only: those are not looked for where
/// the kernel's table has become long, as it has with these.
fn a_snapshot_has_the_neighbour_rows_that_ip_lists(lab: &Lab) -> Result<()> {
    const NAMESPACES: [&str; 4] = ["many", "one4", "one6", "none"];
    for netns in NAMESPACES {
        lab.ok(&format!("ovl-ns add {netns} && ip -n {netns} link add eth0 type veth"))?;
        lab.ok(&format!("ip -n {netns} link set eth0 up"))?;
    }
    let row = |ip: &str| format!("neigh add {ip} lladdr 02:42:0a:00:00:01 dev eth0 nud permanent");
    let many = (0..2000).map(|i| row(&format!("10.1.{}.{}", i / 250, i % 250 + 1)));
    let many = many.chain((0..2000).map(|i| row(&format!("2001:db8::{i:x}:1"))));
    std::fs::write("/run/lab/rows", many.collect::<Vec<_>>().join("\n"))?;
    lab.ok("ip -n many -batch rows")?;
    lab.ok(&format!("ip -n one4 {}", row("10.1.0.1")))?;
    lab.ok(&format!("ip -n one6 {}", row("2001:db8::1")))?;
    lab.ok("ovl-inspect snapshot machine.json")?;
    let machine: Value = serde_json::from_slice(&std::fs::read("/run/lab/machine.json")?)?;
    let spaces = machine["spaces"].as_array().context("no spaces")?;
    let mut counts = Vec::new();
    for netns in NAMESPACES {
        let space = spaces.iter().find(|s| s["found"]["names"][0] == netns);
        let rows = &space.context("a namespace is missing")?["state"]["neighs"];
        let rows = rows.as_array().context("no rows")?.iter().filter(|r| r["state"] == 0x80);
        let row = |r: &Value| Some((r["dev"].as_u64()?, r["ip"].as_str()?.to_owned()));
        let saved = rows.map(row).collect::<Option<BTreeSet<_>>>().context("not a row")?;
        ensure!(saved == permanent(lab, netns)?, "{netns}: {} rows", saved.len());
        counts.push(saved.len());
    }
    ensure!(counts == [4000, 1, 1, 0], "{counts:?}");
    Ok(())
}

/// What of a snapshot is any text, and no number or address.
const WORDS: [&str; 21] = [
    "host",
    "kernel",
    "boot_id",
    "names",
    "paths",
    "comm",
    "id",
    "name",
    "operstate",
    "qdisc",
    "linkmode",
    "broadcast",
    "address",
    "alias",
    "inet6_addr_gen_mode",
    "scope",
    "protocol",
    "kind",
    "bridge_id",
    "root_id",
    "no",
];
/// What a terminal acts on, and what makes two lines of one.
const POISON: &str = "\u{1b}[31m\n\u{9b}2J";

/// Puts it into every text.
fn poison(key: &str, value: &mut Value) {
    match value {
        // A device's own kind, which has attributes, is one of few words.
        Value::String(kind) if key == "kind" && kind == "plain" => {
            *value = json!({ "other": format!("k{POISON}") });
        }
        Value::String(kind) if key == "kind" && ["veth", "bridge"].contains(&kind.as_str()) => {}
        // An idle one is left out, by its name.
        Value::String(name) if name == "lo" => {}
        Value::String(text) if WORDS.contains(&key) => text.push_str(POISON),
        Value::Array(list) => list.iter_mut().for_each(|one| poison(key, one)),
        Value::Object(map) => {
            map.iter_mut().filter(|(key, _)| *key != "by").for_each(|(key, one)| poison(key, one));
        }
        _ => {}
    }
}

fn no_word_of_a_snapshot_moves_the_cursor(lab: &Lab) -> Result<()> {
    let clean: Value = serde_json::from_str(FIRST)?;
    let mut machine = clean.clone();
    for (key, value) in machine.as_object_mut().context("no object")? {
        if key == "networks" {
            *value = json!({ "c4305b67cd": format!("n{POISON}") });
        } else {
            poison(key, value);
        }
    }
    std::fs::write("/run/lab/clean.json", FIRST)?;
    std::fs::write("/run/lab/bad.json", machine.to_string())?;
    let spaces = clean["spaces"].as_array().context("no spaces")?;
    let inodes = spaces.iter().map(|s| format!("inode:{}", s["found"]["key"]["inode"]));
    let inodes = inodes.collect::<Vec<_>>().join(" ");
    for view in ["", "links", "routes", "fdb", "neigh", "graph"] {
        let named = if view.is_empty() { "" } else { &inodes };
        for form in ["-o table", "-o wide", "--format svg", "--format dot", "--format mermaid"] {
            if form.starts_with("--format") != (view == "graph") {
                continue;
            }
            let shown = |file: &str| {
                lab.ok(&format!("ovl-inspect {view} {named} {form} --snapshot {file}.json"))
            };
            let (clean, bad) = (shown("clean")?, shown("bad")?);
            let acts = bad.lines().find(|line| line.contains(char::is_control));
            ensure!(acts.is_none(), "{view} {form}: {acts:?}");
            let is_table = form.starts_with("-o");
            ensure!(
                !is_table || clean.lines().count() == bad.lines().count(),
                "{view} {form}: {bad}"
            );
        }
    }
    // An error repeats what it cannot read.
    machine["spaces"][0]["state"]["links"][0]["kind"] = json!(format!("x{POISON}"));
    std::fs::write("/run/lab/bad.json", machine.to_string())?;
    let said = lab.fails("ovl-inspect --snapshot bad.json", 1)?;
    ensure!(said.lines().count() == 2 && !said.contains('\u{1b}'), "{said}");
    Ok(())
}

fn hints_are_of_the_machines_that_are_looked_at(lab: &Lab) -> Result<()> {
    let from = two_machines("other", 0)?;
    let said = lab.fails(&format!("ovl-inspect links h1 {from}"), 1)?;
    ensure!(said.contains("hint: name one of them as HOST:NS: docker-1:"), "{said}");
    let said = lab.fails("ovl-inspect links nosuch --snapshot one.json", 3)?;
    ensure!(said.contains("no namespace 'nosuch' on the machines"), "{said}");
    ensure!(said.contains("--snapshot") && !said.contains("ovl-ns list"), "{said}");
    let twice = "cat one.json | ovl-inspect --snapshot - --snapshot -";
    lab.refuses(twice, 2, &["standard input can be read once"])?;
    // Docker's folder, by either way.
    for way in ["/run", "/var/run"] {
        let path = format!("{way}/docker/netns/c1321878d4d4");
        let links = lab.json(&format!("ovl-inspect links {path} --snapshot one.json -j"))?;
        assert_eq!(links[0]["netns"]["names"][0], "c1321878d4d4", "{path}");
    }
    // What has a form of its own is written in no other.
    lab.refuses("ovl-inspect graph -o wide", 2, &["graph", "--format"])?;
    lab.refuses("ovl-inspect snapshot - -o wide", 2, &["JSON"])?;
    for other in ["graph -o json", "snapshot - -o yaml"] {
        let ended = lab.run(&format!("ovl-inspect {other}"))?;
        ensure!(ended.code == 2 && ended.stdout.is_empty(), "{ended}");
    }
    lab.json("ovl-inspect snapshot - -o json").map(drop)
}
