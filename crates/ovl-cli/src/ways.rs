//! Where a route leads, the same wherever it is shown: with the keys of
//! `ip -j route`, and in `ip`'s words.

use std::borrow::Cow;
use std::net::IpAddr;

use ovl_core::wire::route::{Amount, MAIN_TABLE, Metric, Route};
use serde_json::{Map, Value, json};

/// A route's destination as `ip` prints it: a host without its length, the whole world as `default`.
pub fn destination(route: &Route) -> String {
    match route.dst {
        None => "default".into(),
        Some(net) if net.prefix_len() == net.max_prefix_len() => net.addr().to_string(),
        Some(net) => net.to_string(),
    }
}

/// A gateway; one of another family than the route's says so.
pub fn gateway(route: &Route, via: IpAddr) -> String {
    if via.is_ipv4() == route.v4 { via.to_string() } else { format!("{} {via}", family(via)) }
}

/// The type of service that packets on it have, as `ip` prints it where no name is
/// given to it.
pub fn tos(route: &Route) -> Option<String> {
    (route.tos != 0).then(|| format!("{:#04x}", route.tos))
}

/// A routing table as `ip` calls it.
pub fn table(number: u32) -> Cow<'static, str> {
    match number {
        253 => "default".into(),
        MAIN_TABLE => "main".into(),
        255 => "local".into(),
        other => other.to_string().into(),
    }
}

/// How much a router is preferred, in `ip`'s words.
pub fn pref(number: u8) -> Cow<'static, str> {
    match number {
        0 => "medium".into(),
        1 => "high".into(),
        3 => "low".into(),
        other => other.to_string().into(),
    }
}

/// Takes each of its next hops as much as any other?
pub fn is_even(route: &Route) -> bool {
    route.hops.iter().all(|hop| hop.weight == route.hops[0].weight)
}

/// Its next hops, where they are several: `nexthop via 10.0.0.3 dev e1 weight 5 ...`.
pub fn hops(route: &Route, name: impl Fn(u32) -> String) -> String {
    let is_even = is_even(route);
    let each = route.hops.iter().map(|hop| {
        let mut words = vec!["nexthop".to_owned()];
        words.extend(hop.via.map(|via| format!("via {}", gateway(route, via))));
        words.push(format!("dev {}", name(hop.dev)));
        words.extend((!is_even).then(|| format!("weight {}", hop.weight)));
        words.extend(hop.flag_words().into_iter().map(str::to_owned));
        words.join(" ")
    });
    each.collect::<Vec<_>>().join(" ")
}

/// A route with the keys of `ip -j route`; `name` is what a device's index is called.
pub fn value(route: &Route, name: impl Fn(u32) -> Option<String>) -> Value {
    let mut value = json!({
        "type": route.kind,
        "dst": destination(route),
        "dev": route.dev.and_then(&name),
        "protocol": route.protocol,
        "scope": route.scope,
        "prefsrc": route.src,
        "metric": route.metric,
        "table": route.table,
        "flags": route.flag_words(),
    });
    if let Some(tos) = tos(route) {
        value["tos"] = json!(tos);
    }
    if let Some(number) = route.pref {
        value["pref"] = json!(pref(number));
    }
    set_metrics(&mut value, &route.metrics);
    set_gateway(&mut value, route.v4, route.via);
    if let Some(id) = route.nhid {
        value["nhid"] = json!(id);
    }
    if !route.hops.is_empty() {
        let hops = route.hops.iter().map(|hop| {
            let mut value = json!({
                "dev": name(hop.dev),
                "weight": hop.weight,
                "flags": hop.flag_words(),
            });
            set_gateway(&mut value, route.v4, hop.via);
            value
        });
        value["nexthops"] = hops.collect();
    }
    value
}

/// What it fixes, in `ip`'s words: `mtu 1400 advmss 1000`.
pub fn metrics(route: &Route) -> String {
    route.metrics.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// As `ip` has them: one object in a list, with a key of its own for each feature.
/// Which of them are locked, `ip -j` does not tell.
fn set_metrics(value: &mut Value, metrics: &[Metric]) {
    if metrics.is_empty() {
        return;
    }
    let mut map = Map::new();
    for metric in metrics {
        match (&*metric.name, &metric.value) {
            ("features", Amount::Words(words)) => {
                map.extend(words.split(' ').map(|word| (word.to_owned(), Value::Null)));
            }
            ("congctl", name) => drop(map.insert("congestion".into(), json!(name))),
            (name, amount) => drop(map.insert(name.into(), json!(amount))),
        }
    }
    value["metrics"] = json!([map]);
    let locked: Vec<&str> = metrics.iter().filter(|m| m.lock).map(|m| &*m.name).collect();
    if !locked.is_empty() {
        value["locked"] = json!(locked);
    }
}

/// As `ip` has it: `gateway`, or `via` for one of another family than the route's.
fn set_gateway(value: &mut Value, v4: bool, via: Option<IpAddr>) {
    value["gateway"] = Value::Null;
    match via {
        Some(via) if via.is_ipv4() != v4 => {
            value["via"] = json!({ "family": family(via), "host": via });
        }
        Some(via) => value["gateway"] = json!(via),
        None => {}
    }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "inet" } else { "inet6" }
}
