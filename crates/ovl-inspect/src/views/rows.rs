//! `fdb` and `neigh`: rows as the kernel has them, not joined.

use ovl_cli::error::reading;
use ovl_cli::output::{self, Columns};
use ovl_cli::shape;
use ovl_cli::{Context, Error, Exit};
use ovl_core::link::Link;
use ovl_core::row::{Fdb, Neigh, flag_words, nud_words};
use ovl_core::wire::route::protocol;
use serde_json::{Value, json};

use super::open;
use crate::cli::Namespaces;

/// `fdb`.
pub fn show_fdb(context: &Context, args: &Namespaces) -> Result<Exit, Error> {
    let directory = context.directory();
    let mut values = Vec::new();
    let mut table = Vec::new();
    for reference in args.references() {
        let mut opened = open(context, &reference)?;
        let failed = || reading("its FDB rows", opened.label.clone());
        let links = opened.reader.links(false).map_err(failed())?;
        let rows = opened.reader.fdb(None).map_err(failed())?;
        let netns = directory.netns(opened.ns.key(), opened.reader.cookie().ok());
        let each: Vec<Value> = rows.iter().map(|r| fdb_value(r, &links)).collect();
        values.push(json!({ "netns": netns, "fdb": each }));
        table
            .extend(rows.iter().map(|r| (r.mac.is_multicast(), fdb_row(&opened.title, r, &links))));
    }
    output::show(&context.flags, &values, |wide| {
        // Multicast groups are on every device, and say nothing of endpoints.
        let rows = table.into_iter().filter(|(multicast, _)| wide || !multicast);
        let header = vec!["NAMESPACE", "DEVICE", "MAC", "VTEP", "TABLE", "STATE", "FLAGS"];
        Columns { header, rows: rows.map(|(_, row)| row).collect() }.text(&context.flags)
    })?;
    Ok(Exit::Done)
}

/// A row with the keys of `bridge -j fdb`.
fn fdb_value(row: &Fdb, links: &[Link]) -> Value {
    json!({
        "mac": row.mac,
        "ifname": shape::name_at(links, Some(row.dev)),
        "dst": row.dst,
        "port": row.port,
        "vni": row.vni,
        "src_vni": row.src_vni,
        "via": row.via,
        "nhid": row.nhid,
        "vlan": row.vlan,
        "flags": flag_words(row.flags),
        "master": shape::name_at(links, row.master),
        "state": row.state_word(),
        "used": row.used,
        "updated": row.updated,
    })
}

fn fdb_row(title: &str, row: &Fdb, links: &[Link]) -> Vec<String> {
    let name = |index| shape::name_at(links, index).map(|n| n.to_string()).unwrap_or_default();
    let table = match row.master {
        Some(master) if !row.is_self() => name(Some(master)),
        _ => "self".into(),
    };
    let state = if row.is_learned() { "learned".into() } else { row.state_word() };
    let flags = flag_words(row.flags).into_iter().filter(|f| !matches!(*f, "self" | "master"));
    vec![
        title.escape_debug().to_string(),
        name(Some(row.dev)),
        row.mac.to_string(),
        row.dst.map(|d| d.to_string()).unwrap_or_default(),
        table,
        state,
        flags.collect::<Vec<_>>().join(" "),
    ]
}

/// `neigh`.
pub fn show_neigh(context: &Context, args: &Namespaces) -> Result<Exit, Error> {
    let directory = context.directory();
    let mut values = Vec::new();
    let mut table = Vec::new();
    for reference in args.references() {
        let mut opened = open(context, &reference)?;
        let failed = || reading("its neighbour rows", opened.label.clone());
        let links = opened.reader.links(false).map_err(failed())?;
        let rows = opened.reader.neighs(None).map_err(failed())?;
        let netns = directory.netns(opened.ns.key(), opened.reader.cookie().ok());
        let each: Vec<Value> = rows.iter().map(|r| neigh_value(r, &links)).collect();
        values.push(json!({ "netns": netns, "neigh": each }));
        table.extend(rows.iter().map(|r| (is_noise(r), neigh_row(&opened.title, r, &links))));
    }
    output::show(&context.flags, &values, |wide| {
        let rows = table.into_iter().filter(|(noise, _)| wide || !noise);
        let header = vec!["NAMESPACE", "DEVICE", "IP", "MAC", "STATE", "PROTO", "FLAGS"];
        Columns { header, rows: rows.map(|(_, row)| row).collect() }.text(&context.flags)
    })?;
    Ok(Exit::Done)
}

/// Is it one of the kernel's own entries for multicast and broadcast, which
/// `ip neigh` leaves out as well?
fn is_noise(row: &Neigh) -> bool {
    row.state & ovl_core::row::NUD_NOARP != 0
}

/// A row with the keys of `ip -j neigh`.
fn neigh_value(row: &Neigh, links: &[Link]) -> Value {
    json!({
        "dst": row.ip,
        "dev": shape::name_at(links, Some(row.dev)),
        "lladdr": row.mac,
        "state": nud_words(row.state),
        "flags": flag_words(row.flags),
        "protocol": row.proto.map(protocol),
    })
}

fn neigh_row(title: &str, row: &Neigh, links: &[Link]) -> Vec<String> {
    vec![
        title.escape_debug().to_string(),
        shape::name_at(links, Some(row.dev)).map(|n| n.to_string()).unwrap_or_default(),
        row.ip.to_string(),
        row.mac.map(|m| m.to_string()).unwrap_or_default(),
        nud_words(row.state).join(","),
        row.proto.map(protocol).unwrap_or_default(),
        flag_words(row.flags).join(" "),
    ]
}
