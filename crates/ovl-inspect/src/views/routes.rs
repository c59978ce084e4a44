//! `routes`: the routes of namespaces.

use std::net::IpAddr;

use ovl_cli::output::{self, Columns};
use ovl_cli::{Context, Error, Exit, shape, ways};
use ovl_core::link::Link;
use ovl_core::wire::route::{Hop, MAIN_TABLE, Route};
use ovl_machine::machine::Part;
use serde_json::{Value, json};

use super::{Chosen, Sight};
use crate::cli::Namespaces;

/// `routes`.
pub fn show(context: &Context, snapshots: &[String], args: &Namespaces) -> Result<Exit, Error> {
    let sight = Sight::look(context, snapshots, args, Part::Routes)?;
    let value = |at: &Chosen<'_>| {
        let state = &at.space.state;
        let name = |dev| shape::name_at(&state.links, Some(dev)).map(|name| name.to_string());
        let each: Vec<Value> = state.routes.iter().map(|r| ways::value(r, name)).collect();
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

/// A line for the route, or one for each way it takes.
fn rows_of(label: &str, route: &Route, links: &[Link]) -> Vec<Vec<String>> {
    let id = route.nhid.map(|id| format!("nhid {id}"));
    let way = |via: Option<IpAddr>, weight: Option<String>, dev| {
        let via = via.map(|via| ways::gateway(route, via));
        let flags = route.flag_words().into_iter().map(str::to_owned);
        // Medium is what all are that say nothing.
        let pref = route.pref.map(ways::pref).filter(|pref| pref != "medium");
        let pref = pref.map(|pref| format!("pref {pref}"));
        let metrics = Some(ways::metrics(route)).filter(|metrics| !metrics.is_empty());
        let own = flags.chain(metrics).chain(pref).chain(id.clone());
        let parts: Vec<String> = via.into_iter().chain(weight).chain(own).collect();
        row(label, route, &parts.join(" "), dev, links)
    };
    if route.hops.is_empty() {
        return vec![way(route.via, None, route.dev)];
    }
    let is_even = ways::is_even(route);
    let weight = |hop: &Hop| (!is_even).then(|| format!("weight {}", hop.weight));
    route.hops.iter().map(|hop| way(hop.via, weight(hop), Some(hop.dev))).collect()
}

fn row(label: &str, route: &Route, via: &str, dev: Option<u32>, links: &[Link]) -> Vec<String> {
    let kind = if route.kind == "unicast" { String::new() } else { format!("{} ", route.kind) };
    // Two routes to one destination may differ in nothing else.
    let tos = ways::tos(route).map(|tos| format!(" tos {tos}")).unwrap_or_default();
    vec![
        label.to_owned(),
        format!("{kind}{}{tos}", ways::destination(route)),
        via.to_owned(),
        shape::name_at(links, dev).map(|d| d.to_string()).unwrap_or_default(),
        route.src.map(|s| s.to_string()).unwrap_or_default(),
        route.protocol.to_string(),
        route.scope.to_string(),
        route.metric.map(|m| m.to_string()).unwrap_or_default(),
        ways::table(route.table).into_owned(),
    ]
}
