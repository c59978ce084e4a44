//! `fdb` and `neigh`: rows as the kernel has them, not joined.

use ovl_cli::output::{self, Columns};
use ovl_cli::shape;
use ovl_cli::{Context, Error, Exit};
use ovl_core::link::Link;
use ovl_core::row::{Fdb, Neigh, flag_words, nud_words};
use ovl_core::wire::route::protocol;
use ovl_machine::machine::Part;
use serde_json::{Value, json};

use super::{Chosen, Sight};
use crate::cli::Namespaces;

/// `fdb`.
pub fn show_fdb(context: &Context, snapshots: &[String], args: &Namespaces) -> Result<Exit, Error> {
    let sight = Sight::look(context, snapshots, args, Part::All)?;
    let value = |at: &Chosen<'_>| {
        let state = &at.space.state;
        let each: Vec<Value> = state.fdb.iter().map(|r| fdb_value(r, &state.links)).collect();
        json!({ "netns": at.netns(), "fdb": each })
    };
    let values: Vec<Value> = sight.each().map(|at| value(&at)).collect();
    output::show(&context.flags, &values, |wide| {
        let mut rows = Vec::new();
        for at in sight.each() {
            let state = &at.space.state;
            // Multicast groups are on every device, and say nothing of endpoints.
            let shown = state.fdb.iter().filter(|r| wide || !r.mac.is_multicast());
            let mut shown: Vec<&Fdb> = shown.collect();
            shown.sort_by_key(|row| (row.dev, row.is_self(), row.mac, row.dst));
            rows.extend(shown.into_iter().map(|r| fdb_row(&at, r, wide)));
        }
        let mut header = vec!["NAMESPACE", "DEVICE", "MAC", "VTEP", "TABLE", "STATE", "FLAGS"];
        if wide {
            header.extend(["PORT", "VNI", "VIA", "NHID"]);
        }
        Columns { header, rows }.text_without(&context.flags, &sight.spare(&["FLAGS"]))
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

fn fdb_row(at: &Chosen<'_>, row: &Fdb, wide: bool) -> Vec<String> {
    let links = &at.space.state.links;
    let name = |index| shape::name_at(links, index).map(|n| n.to_string()).unwrap_or_default();
    let table = match row.master {
        Some(master) if !row.is_self() => name(Some(master)),
        _ => "self".into(),
    };
    let state = if row.is_learned() { "learned".into() } else { row.state_word().into_owned() };
    let flags = flag_words(row.flags).into_iter().filter(|f| !matches!(*f, "self" | "master"));
    let group = row.nhid.map(|id| format!("nhid {id}"));
    let mut cells = vec![
        at.label(),
        name(Some(row.dev)),
        row.mac.to_string(),
        row.dst.map(|d| d.to_string()).or(group).unwrap_or_default(),
        table,
        state,
        flags.collect::<Vec<_>>().join(" "),
    ];
    if wide {
        let number = |number: Option<u32>| number.map(|n| n.to_string()).unwrap_or_default();
        cells.extend([number(row.port.map(u32::from)), number(row.vni)]);
        cells.extend([number(row.via), number(row.nhid)]);
    }
    cells
}

/// `neigh`.
pub fn show_neigh(
    context: &Context,
    snapshots: &[String],
    args: &Namespaces,
) -> Result<Exit, Error> {
    let sight = Sight::look(context, snapshots, args, Part::All)?;
    let value = |at: &Chosen<'_>| {
        let state = &at.space.state;
        let each: Vec<Value> = state.neighs.iter().map(|r| neigh_value(r, &state.links)).collect();
        json!({ "netns": at.netns(), "neigh": each })
    };
    let values: Vec<Value> = sight.each().map(|at| value(&at)).collect();
    output::show(&context.flags, &values, |wide| {
        let mut rows = Vec::new();
        for at in sight.each() {
            let state = &at.space.state;
            let shown = state.neighs.iter().filter(|r| wide || !is_noise(r));
            let mut shown: Vec<&Neigh> = shown.collect();
            shown.sort_by_key(|row| (row.dev, row.ip));
            rows.extend(shown.into_iter().map(|r| neigh_row(&at.label(), r, &state.links)));
        }
        let header = vec!["NAMESPACE", "DEVICE", "IP", "MAC", "STATE", "PROTO", "FLAGS"];
        Columns { header, rows }.text_without(&context.flags, &sight.spare(&["FLAGS", "PROTO"]))
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

fn neigh_row(label: &str, row: &Neigh, links: &[Link]) -> Vec<String> {
    vec![
        label.to_owned(),
        shape::name_at(links, Some(row.dev)).map(|n| n.to_string()).unwrap_or_default(),
        row.ip.to_string(),
        row.mac.map(|m| m.to_string()).unwrap_or_default(),
        nud_words(row.state).join(","),
        row.proto.map(|p| protocol(p).into_owned()).unwrap_or_default(),
        flag_words(row.flags).join(" "),
    ]
}
