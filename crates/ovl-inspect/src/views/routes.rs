//! `routes`: the routes of namespaces.

use std::net::IpAddr;

use ovl_cli::output::{self, Columns};
use ovl_cli::shape;
use ovl_cli::{Context, Error, Exit};
use ovl_core::link::Link;
use ovl_core::wire::route::{MAIN_TABLE, Route};
use ovl_machine::machine::Part;
use serde_json::{Value, json};

use super::{Chosen, Sight};
use crate::cli::Namespaces;

/// `routes`.
pub fn show(context: &Context, snapshots: &[String], args: &Namespaces) -> Result<Exit, Error> {
    let sight = Sight::look(context, snapshots, args, Part::Links)?;
    let value = |at: &Chosen<'_>| {
        let state = &at.space.state;
        let each: Vec<Value> = state.routes.iter().map(|r| value(r, &state.links)).collect();
        json!({ "netns": at.netns(), "routes": each })
    };
    let values: Vec<Value> = sight.each().map(|at| value(&at)).collect();
    output::show(&context.flags, &values, |wide| {
        let mut rows = Vec::new();
        for at in sight.each() {
            let state = &at.space.state;
            // The local and broadcast tables repeat the addresses.
            let shown = state.routes.iter().filter(|r| wide || r.table == MAIN_TABLE);
            rows.extend(shown.flat_map(|r| rows_of(&at.label(), r, &state.links)));
        }
        let header = vec![
            "NAMESPACE",
            "DESTINATION",
            "VIA",
            "DEVICE",
            "SOURCE",
            "PROTO",
            "SCOPE",
            "METRIC",
            "TABLE",
        ];
        let spare = sight.spare(&["TABLE", "METRIC", "SCOPE", "PROTO", "SOURCE"]);
        Columns { header, rows }.text_without(&context.flags, &spare)
    })?;
    Ok(Exit::Done)
}

/// A route with the keys of `ip -j route`.
fn value(route: &Route, links: &[Link]) -> Value {
    let mut value = json!({
        "type": route.kind,
        "dst": shape::destination(route),
        "dev": shape::name_at(links, route.dev),
        "protocol": route.protocol,
        "scope": route.scope,
        "prefsrc": route.src,
        "metric": route.metric,
        "table": route.table,
    });
    set_gateway(&mut value, route.v4, route.via);
    if !route.hops.is_empty() {
        let hops = route.hops.iter().map(|hop| {
            let mut value = json!({
                "dev": shape::name_at(links, Some(hop.dev)),
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

/// A line for the route, or one for each way it takes.
fn rows_of(label: &str, route: &Route, links: &[Link]) -> Vec<Vec<String>> {
    let via = |via: Option<IpAddr>| match via {
        Some(via) if via.is_ipv4() != route.v4 => format!("{} {via}", family(via)),
        Some(via) => via.to_string(),
        None => String::new(),
    };
    if route.hops.is_empty() {
        return vec![row(label, route, &via(route.via), route.dev, links)];
    }
    let is_even = route.hops.iter().all(|hop| hop.weight == route.hops[0].weight);
    let each = route.hops.iter().map(|hop| {
        let weight = if is_even { String::new() } else { format!(" weight {}", hop.weight) };
        row(label, route, format!("{}{weight}", via(hop.via)).trim_start(), Some(hop.dev), links)
    });
    each.collect()
}

fn row(label: &str, route: &Route, via: &str, dev: Option<u32>, links: &[Link]) -> Vec<String> {
    let kind = if route.kind == "unicast" { String::new() } else { format!("{} ", route.kind) };
    vec![
        label.to_owned(),
        format!("{kind}{}", shape::destination(route)),
        via.to_owned(),
        shape::name_at(links, dev).map(|d| d.to_string()).unwrap_or_default(),
        route.src.map(|s| s.to_string()).unwrap_or_default(),
        route.protocol.to_string(),
        route.scope.to_string(),
        route.metric.map(|m| m.to_string()).unwrap_or_default(),
        table(route.table),
    ]
}

/// A routing table as `ip` calls it.
fn table(number: u32) -> String {
    match number {
        253 => "default".into(),
        MAIN_TABLE => "main".into(),
        255 => "local".into(),
        other => other.to_string(),
    }
}
