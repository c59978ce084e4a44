//! `routes`: the routes of namespaces.

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
            rows.extend(shown.map(|r| row(&at.label(), r, &state.links)));
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
        let spare = ["TABLE", "METRIC", "SCOPE", "PROTO", "SOURCE"];
        Columns { header, rows }.text_without(&context.flags, &spare)
    })?;
    Ok(Exit::Done)
}

/// A route with the keys of `ip -j route`.
fn value(route: &Route, links: &[Link]) -> Value {
    json!({
        "type": route.kind,
        "dst": shape::destination(route),
        "gateway": route.via,
        "dev": shape::name_at(links, route.dev),
        "protocol": route.protocol,
        "scope": route.scope,
        "prefsrc": route.src,
        "metric": route.metric,
        "table": route.table,
    })
}

fn row(label: &str, route: &Route, links: &[Link]) -> Vec<String> {
    let kind = if route.kind == "unicast" { String::new() } else { format!("{} ", route.kind) };
    vec![
        label.to_owned(),
        format!("{kind}{}", shape::destination(route)),
        route.via.map(|v| v.to_string()).unwrap_or_default(),
        shape::name_at(links, route.dev).map(|d| d.to_string()).unwrap_or_default(),
        route.src.map(|s| s.to_string()).unwrap_or_default(),
        route.protocol.to_string(),
        route.scope.to_string(),
        route.metric.map(|m| m.to_string()).unwrap_or_default(),
        if route.table == MAIN_TABLE { "main".into() } else { route.table.to_string() },
    ]
}
