//! What is on the machine, by the word of tools we did not write, in a form in
//! which two states can be compared: what changes by itself, or is chosen by
//! chance, is left out; what is a number only one run knows becomes a name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use nix::sys::statfs::{NSFS_MAGIC, statfs};
use serde_json::{Map, Value, json};

use crate::lab::{Lab, ip};

/// The namespace that tests run in.
pub const OWN: &str = "self";
/// What stands for a MAC address that the kernel chose.
const CHOSEN: &str = "(the kernel's)";
/// The beginnings of MAC addresses that tests and Docker's rule give. Those that the
/// kernel draws by lot begin with `02:42:` now and then.
const GIVEN: [&str; 4] = ["02:42:00:", "02:42:0a:", "02:42:ac:", "02:42:c0:a8:"];
/// How many differences are worth reading.
const LINES: usize = 40;

/// Attributes of links that tell the time, count, follow from others, or come
/// after carrier, which the kernel reports when it gets to it.
const VOLATILE: &[&str] = &[
    "ifindex",
    "link_index",
    "link_netnsid",
    "operstate",
    "stats",
    "stats64",
    "link",
    "new_ifindex",
    "addr_info",
    "qdisc",
    // What the ports a bridge once had could offload.
    "tso_max_size",
    "tso_max_segs",
    "gso_max_size",
    "gso_max_segs",
    "gro_max_size",
];
/// The same, of bridges and their ports.
const BRIDGE_VOLATILE: &[&str] = &[
    "state",
    "bridge_id",
    "root_id",
    "root_port",
    "root_path_cost",
    "designated_cost",
    "designated_port",
    "designated_bridge",
    "designated_root",
    "id",
    "no",
    "gc_timer",
    "hello_timer",
    "tcn_timer",
    "topology_change_timer",
    "hold_timer",
    "message_age_timer",
    "forward_delay_timer",
    "topology_change",
    "topology_change_detected",
    "topology_change_ack",
    "config_pending",
    "cost",
];

/// The canonical state: every namespace under /run/netns and the own one.
pub fn state(lab: &Lab) -> Result<Value> {
    let names = names()?;
    let mut raw = BTreeMap::new();
    for name in names.iter().filter(|n| n.live).map(|n| n.name.as_str()).chain([OWN]) {
        raw.insert(name.to_owned(), Raw::read(lab, name)?);
    }
    let mut all = Map::new();
    for (name, netns) in &raw {
        all.insert(name.clone(), netns.canonical(&raw));
    }
    for stale in names.iter().filter(|n| !n.live) {
        all.insert(stale.name.clone(), "a plain file".into());
    }
    Ok(Value::Object(all))
}

/// Nothing, or the differences of two states, one a line, `path: before -> after`.
pub fn diff(before: &Value, after: &Value) -> Option<String> {
    let mut lines = Vec::new();
    compare("", before, after, &mut lines);
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("... and {more} more"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Fails with the differences where there are any.
pub fn same(what: &str, before: &Value, after: &Value) -> Result<()> {
    let differences = diff(before, after);
    ensure!(differences.is_none(), "{what}:\n{}", differences.unwrap_or_default());
    Ok(())
}

fn compare(path: &str, a: &Value, b: &Value, lines: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            for key in keys {
                let at = |m: &Map<String, Value>| m.get(key).cloned().unwrap_or(Value::Null);
                compare(&format!("{path}/{key}"), &at(x), &at(y), lines);
            }
        }
        (Value::Array(x), Value::Array(y)) => {
            // Rows are a set: what one side lacks is the difference.
            lines.extend(x.iter().filter(|v| !y.contains(v)).map(|v| format!("{path}: - {v}")));
            lines.extend(y.iter().filter(|v| !x.contains(v)).map(|v| format!("{path}: + {v}")));
            if x.len() != y.len() && lines.is_empty() {
                lines.push(format!("{path}: {} rows -> {} rows", x.len(), y.len()));
            }
        }
        _ if a != b => lines.push(format!("{path}: {a} -> {b}")),
        _ => {}
    }
}

/// A file under /run/netns.
struct Name {
    name: String,
    live: bool,
}

fn names() -> Result<Vec<Name>> {
    let Ok(folder) = fs::read_dir("/run/netns") else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in folder {
        let entry = entry?;
        let live = is_namespace(&entry.path())?;
        names.push(Name { name: entry.file_name().to_string_lossy().into_owned(), live });
    }
    Ok(names)
}

/// Is the file a namespace (a plain file stays behind where one has ended)?
pub fn is_namespace(path: &Path) -> Result<bool> {
    let kind = statfs(path).with_context(|| format!("cannot look at {}", path.display()))?;
    Ok(kind.filesystem_type() == NSFS_MAGIC)
}

/// One namespace as the tools print it.
struct Raw {
    links: Vec<Value>,
    routes: Vec<Value>,
    neighbours: Vec<Value>,
    rows: Vec<Value>,
    ids: Vec<Value>,
}

impl Raw {
    fn read(lab: &Lab, name: &str) -> Result<Raw> {
        let ip = ip(name);
        let bridge = ip.replacen("ip", "bridge", 1);
        // One shell a namespace: `set -e` of the lab's shell ends it at a failure.
        let text = lab.ok(&format!(
            "{ip} -j -d addr show; {ip} -j -d route show table all; {ip} -j -d -6 route show table all
             {ip} -j -d neigh show nud permanent; {bridge} -j -d fdb show; {ip} -j netns list-id"
        ))?;
        let mut parts = serde_json::Deserializer::from_str(&text).into_iter::<Vec<Value>>();
        let mut next = || parts.next().transpose().map(Option::unwrap_or_default);
        let (links, mut routes) = (next()?, next()?);
        for route in next()? {
            // `table all` lists both families in some versions of ip.
            if !routes.iter().any(|r| r["dst"] == route["dst"] && r["dev"] == route["dev"]) {
                routes.push(route);
            }
        }
        Ok(Raw { links, routes, neighbours: next()?, rows: next()?, ids: next()? })
    }

    fn canonical(&self, all: &BTreeMap<String, Raw>) -> Value {
        let links: Map<String, Value> =
            self.links.iter().map(|l| (text(&l["ifname"]), self.link(l, all))).collect();
        let addresses: Map<String, Value> =
            self.links.iter().map(|l| (text(&l["ifname"]), addresses(l))).collect();
        json!({
            "links": links,
            "addresses": addresses,
            "routes": sorted(self.routes.iter().filter_map(route)),
            "neighbours": sorted(self.neighbours.iter().filter_map(neighbour)),
            "rows": sorted(self.rows.iter().filter(|r| !self.is_own_address(r)).filter_map(row)),
        })
    }

    fn link(&self, link: &Value, all: &BTreeMap<String, Raw>) -> Value {
        let Value::Object(mut map) = link.clone() else { return link.clone() };
        let netns = link["link_netnsid"].as_i64().map(|id| self.name_of(id));
        map.retain(|key, _| !VOLATILE.contains(&key.as_str()));
        let kind = text(&link["linkinfo"]["info_kind"]);
        for part in ["info_data", "info_slave_data"] {
            let is_bridge = part == "info_slave_data" || kind == "bridge";
            if let Some(Value::Object(data)) = map.get_mut("linkinfo").and_then(|i| i.get_mut(part))
            {
                data.retain(|key, _| !is_bridge || !BRIDGE_VOLATILE.contains(&key.as_str()));
            }
        }
        let up = link["flags"].as_array().is_some_and(|f| f.contains(&"UP".into()));
        map.insert("flags".into(), json!({ "up": up }));
        // A bridge takes the lowest of its ports' addresses, which are chance.
        let address = if kind == "bridge" { CHOSEN.into() } else { mac(&link["address"]) };
        map.insert("address".into(), address);
        match kind.as_str() {
            "vxlan" => map.insert("socket".into(), netns.unwrap_or("here".into()).into()),
            "veth" => map.insert("peer".into(), peer(link, netns, self, all).into()),
            _ => None,
        };
        Value::Object(map)
    }

    /// A bridge's row of a port's own address, which comes with the port (that of
    /// the bridge itself goes when the last port does).
    fn is_own_address(&self, row: &Value) -> bool {
        let device = self.links.iter().find(|l| l["ifname"] == row["ifname"]);
        device.is_some_and(|l| l["address"] == row["mac"]) && row["master"].is_string()
    }

    /// The name of the namespace with that id here. A namespace without a name
    /// has none for `ip`; the tests' own is the one there is.
    fn name_of(&self, id: i64) -> String {
        let found = self.ids.iter().find(|i| i["nsid"] == id);
        found.and_then(|i| i["name"].as_str()).unwrap_or(OWN).to_owned()
    }
}

/// `name@netns` of a cable's other end.
fn peer(link: &Value, netns: Option<String>, here: &Raw, all: &BTreeMap<String, Raw>) -> String {
    if let Some(name) = link["link"].as_str() {
        return name.to_owned();
    }
    let there = netns.as_ref().map_or(Some(here), |name| all.get(name));
    let ends = there.map(|raw| raw.links.as_slice()).unwrap_or_default();
    let name = ends.iter().find(|l| l["ifindex"] == link["link_index"]).map(|l| text(&l["ifname"]));
    format!("{}@{}", name.unwrap_or("?".into()), netns.unwrap_or("here".into()))
}

/// `address/prefix` and what belongs to it, without the kernel's link-local ones.
fn addresses(link: &Value) -> Value {
    let all = link["addr_info"].as_array().cloned().unwrap_or_default();
    let given = all.iter().filter(|a| a["scope"] != "link" && a["local"].is_string());
    sorted(
        given.map(|a| {
            only(a, &["local", "prefixlen", "scope", "broadcast", "label", "noprefixroute"])
        }),
    )
}

fn route(route: &Value) -> Option<Value> {
    let dst = text(&route["dst"]);
    if dst.starts_with("fe80:") || dst.starts_with("ff00:") {
        return None;
    }
    let keys = ["type", "dst", "gateway", "dev", "table", "protocol", "scope", "prefsrc", "metric"];
    Some(only(route, &keys))
}

fn neighbour(row: &Value) -> Option<Value> {
    let keys = ["dst", "dev", "lladdr", "state", "protocol", "router", "extern_learn"];
    row["state"].as_array()?.contains(&"PERMANENT".into()).then(|| only(row, &keys))
}

/// An FDB row that somebody wrote: neither learned nor the kernel's for multicast.
fn row(row: &Value) -> Option<Value> {
    let address = text(&row["mac"]);
    let is_multicast = address.starts_with("33:33:") || address.starts_with("01:00:5e:");
    let flags = row["flags"].as_array().cloned().unwrap_or_default();
    let is_written = matches!(row["state"].as_str(), Some("permanent" | "static"))
        || flags.contains(&"extern_learn".into());
    if is_multicast || !is_written {
        return None;
    }
    let keys =
        ["ifname", "dst", "port", "vni", "src_vni", "viaIf", "nhid", "master", "vlan", "state"];
    let mut out = only(row, &keys);
    out["mac"] = mac(&row["mac"]);
    out["flags"] = sorted(flags);
    Some(out)
}

fn mac(address: &Value) -> Value {
    let text = text(address);
    let is_kept = GIVEN.iter().any(|given| text.starts_with(given)) || text == "00:00:00:00:00:00";
    if is_kept { text.into() } else { CHOSEN.into() }
}

fn only(value: &Value, keys: &[&str]) -> Value {
    let found = keys.iter().filter_map(|k| value.get(*k).map(|v| ((*k).to_owned(), v.clone())));
    Value::Object(found.collect())
}

fn sorted(values: impl IntoIterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.into_iter().collect();
    values.sort_by_key(Value::to_string);
    Value::Array(values)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
