//! What is told of an object: its properties, in the words of the tool that shows
//! them, and as JSON has them. Pure.

use ovl_core::known::{Known, Object};
use ovl_core::link::{Kind, Link};
use ovl_core::row::{flag_words, nud_words};
use ovl_core::wire::route::{MAIN_TABLE, Metric, protocol};
use serde_json::{Value, json};

use crate::{shape, ways};

/// A property: its name, and its value in `ip`'s words.
pub(super) type Fact = (&'static str, String);

/// A device's name, or its number where it is not known.
pub(super) fn dev(index: u32, known: &Known) -> String {
    known.name(index).map_or_else(|| format!("#{index}"), ToString::to_string)
}

/// A property as JSON has it: numbers as numbers, flags as a list.
pub(super) fn typed(what: &'static str, value: &str) -> (&'static str, Value) {
    match what {
        "condition" => ("up", json!(value == "up")),
        "carrier" => ("carrier", json!(value == "yes")),
        "flags" => ("flags", json!(value.split_whitespace().collect::<Vec<_>>())),
        _ if value.is_empty() => (what, Value::Null),
        "mtu" | "port" | "vni" | "src_vni" | "nhid" | "vlan" => {
            (what, value.parse::<u64>().map_or(Value::Null, |n| json!(n)))
        }
        _ => (what, json!(value)),
    }
}

/// Its properties, always the same ones in the same order.
pub(super) fn facts(object: &Object, known: &Known) -> Vec<Fact> {
    let text = |v: Option<String>| v.unwrap_or_default();
    match object {
        Object::Link(link) => link_facts(link, known),
        Object::Addr(addr) => vec![("scope", addr.scope.to_string())],
        Object::Route(route) => vec![
            ("type", route.kind.to_string()),
            ("dev", text(route.dev.map(|index| dev(index, known)))),
            // The main table has nothing to say of itself.
            (
                "table",
                text((route.table != MAIN_TABLE).then(|| ways::table(route.table).into_owned())),
            ),
            ("via", text(route.via.map(|via| ways::gateway(route, via)))),
            ("nexthops", ways::hops(route, |index| dev(index, known))),
            ("nhid", text(route.nhid.map(|id| id.to_string()))),
            ("src", text(route.src.map(|s| s.to_string()))),
            ("metric", text(route.metric.map(|m| m.to_string()))),
            ("metrics", ways::metrics(route)),
            ("proto", route.protocol.to_string()),
            ("scope", route.scope.to_string()),
        ],
        Object::Neigh(row) => vec![
            ("lladdr", text(row.mac.map(|m| m.to_string()))),
            ("state", nud_words(row.state).join(",")),
            ("flags", row.flag_words().join(" ")),
            ("proto", text(row.proto.map(|p| protocol(p).into_owned()))),
        ],
        Object::Fdb(row) => vec![
            ("dst", text(row.dst.map(|d| d.to_string()))),
            ("port", text(row.port.map(|p| p.to_string()))),
            ("vni", text(row.vni.map(|v| v.to_string()))),
            ("src_vni", text(row.src_vni.map(|v| v.to_string()))),
            ("via", text(row.via.map(|v| v.to_string()))),
            ("nhid", text(row.nhid.map(|n| n.to_string()))),
            ("vlan", text(row.vlan.map(|v| v.to_string()))),
            ("flags", flag_words(row.flags).join(" ")),
            ("master", text(row.master.map(|m| dev(m, known)))),
            (
                "state",
                if row.is_learned() { "learned".into() } else { row.state_word().into_owned() },
            ),
        ],
    }
}

fn link_facts(link: &Link, known: &Known) -> Vec<Fact> {
    let text = |v: Option<String>| v.unwrap_or_default();
    let up = if link.state.is_up() { "up" } else { "down" };
    let carrier = if link.state.has_carrier() { "yes" } else { "no" };
    vec![
        ("ifname", link.name.to_string()),
        ("kind", link.kind.name().to_owned()),
        ("condition", up.into()),
        ("carrier", carrier.into()),
        ("operstate", link.state.operstate.to_string()),
        ("mtu", text(link.attrs.mtu.map(|m| m.to_string()))),
        ("mac", text(link.attrs.mac.map(|m| m.to_string()))),
        ("master", text(link.master.map(|m| dev(m, known)))),
        ("alias", text(link.state.alias.clone())),
        ("vxlan", link.vxlan().map(shape::gist).unwrap_or_default().join("  ")),
    ]
}

/// What is shown as one property and told one by one when it changes.
const SEVERAL: [&str; 2] = ["vxlan", "metrics"];

/// A name, a value before, a value now. Values that name themselves have no name.
pub(super) type Difference<'o> = (&'o str, String, String);

/// Where they differ.
pub(super) fn differences<'o>(
    was: &'o Object,
    now: &'o Object,
    known: &Known,
) -> Vec<Difference<'o>> {
    let (before, after) = (facts(was, known), facts(now, known));
    let pairs = before.into_iter().zip(after).filter(|(before, after)| before.1 != after.1);
    let mut all: Vec<_> = pairs
        .filter(|((what, _), _)| !SEVERAL.contains(what))
        .map(|((what, before), (_, after))| (what, before, after))
        .collect();
    match (was, now) {
        (Object::Link(was), Object::Link(now)) => all.extend(attribute_differences(was, now)),
        (Object::Route(was), Object::Route(now)) => {
            all.extend(metric_differences(&was.metrics, &now.metrics));
        }
        _ => {}
    }
    all
}

fn metric_differences<'o>(
    was: &'o [Metric],
    now: &'o [Metric],
) -> impl Iterator<Item = Difference<'o>> {
    let of = |all: &[Metric], name| {
        all.iter().find(|m| m.name == name).map(Metric::amount).unwrap_or_default()
    };
    let gone = was.iter().filter(|m| now.iter().all(|n| n.name != m.name));
    let each = now.iter().chain(gone).map(|m| &*m.name);
    let each = each.map(move |name| (name, of(was, name), of(now, name)));
    each.filter(|(_, was, now)| was != now)
}

/// What the kernel works out for itself from a bridge's ports: no one's setting.
const WORKED_OUT: [&str; 6] = [
    "bridge_id",
    "designated_root",
    "root_port",
    "root_path_cost",
    "topology_change",
    "topology_change_detected",
];

fn attribute_differences(was: &Link, now: &Link) -> Vec<Difference<'static>> {
    let each = match (&was.kind, &now.kind) {
        (Kind::Vxlan { attrs: was, .. }, Kind::Vxlan { attrs: now, .. }) => now.differences(was),
        (Kind::Bridge(was), Kind::Bridge(now)) => now.differences(was),
        _ => Vec::new(),
    };
    let settings = each.into_iter().filter(|d| !WORKED_OUT.contains(&d.word));
    settings
        .map(|d| {
            let (was, now) = (value(d.word, d.have), value(d.word, d.asked));
            // A switch is its own name, on or off.
            let is_switch = now == d.word || now.strip_prefix("no") == Some(d.word);
            (if is_switch { "" } else { d.word }, was, now)
        })
        .collect()
}

/// What an attribute is, without the word before it: `300` of `ageing 300`.
fn value(word: &str, words: String) -> String {
    match words.strip_prefix(word).and_then(|rest| rest.strip_prefix(' ')) {
        Some(value) => value.to_owned(),
        None => words,
    }
}
