//! `fdb` and `neigh`: rows as the kernel has them, not joined.

use ovl_cli::output::{self, Columns};
use ovl_cli::shape;
use ovl_cli::{Context, Error, Exit};
use ovl_core::link::Link;
use ovl_core::names::IfName;
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
        let each: Vec<Value> = state.fdb.iter().map(|r| fdb_value(at, r)).collect();
        json!({ "netns": at.netns(), "fdb": each })
    };
    let values: Vec<Value> = sight.each().map(|at| value(&at)).collect();
    output::show(&context.flags, &values, |wide| {
        let table = fdb_table(&sight, wide);
        table.text_without(&context.flags, &sight.spare(&["FLAGS", "TABLE", "STATE"]))
    })?;
    Ok(Exit::Done)
}

fn fdb_table(sight: &Sight, wide: bool) -> Columns {
    // Multicast groups are on every device, and say nothing of endpoints.
    let is_shown = |row: &&Fdb| wide || !row.mac.is_multicast();
    let all = || sight.each().flat_map(|at| at.space.state.fdb.iter()).filter(is_shown);
    // Rows of an `external` device differ in nothing but these.
    let own: &[Own] = match wide {
        true => &[Own::Port, Own::Vni, Own::Via, Own::Nhid, Own::SrcVni],
        false if all().any(|row| row.src_vni.is_some()) => &[Own::Vni, Own::SrcVni],
        false => &[],
    };
    let mut rows = Vec::new();
    for at in sight.each() {
        let mut shown: Vec<&Fdb> = at.space.state.fdb.iter().filter(is_shown).collect();
        shown.sort_by_key(|row| (row.dev, row.is_self(), row.mac, row.dst, row.src_vni));
        rows.extend(shown.into_iter().map(|row| {
            let own = own.iter().map(|what| what.of(&at, row).unwrap_or_default());
            fdb_row(&at, row).into_iter().chain(own).collect()
        }));
    }
    let mut header = vec!["NAMESPACE", "DEVICE", "MAC", "VTEP", "TABLE", "STATE", "FLAGS"];
    header.extend(own.iter().map(|what| what.name()));
    Columns { header, rows }
}

/// What a row may have of its own, where it is not the device's.
#[derive(Clone, Copy)]
enum Own {
    Port,
    Vni,
    Via,
    Nhid,
    SrcVni,
}

impl Own {
    fn name(self) -> &'static str {
        match self {
            Own::Port => "PORT",
            Own::Vni => "VNI",
            Own::Via => "VIA",
            Own::Nhid => "NHID",
            Own::SrcVni => "SRC VNI",
        }
    }

    fn of(self, at: &Chosen<'_>, row: &Fdb) -> Option<String> {
        match self {
            Own::Port => row.port.map(|port| port.to_string()),
            Own::Vni => row.vni.map(|vni| vni.to_string()),
            // By its number where its namespace was not read, as `bridge` has it.
            Own::Via => {
                via(at, row).map(|name| name.to_string()).or(row.via.map(|n| n.to_string()))
            }
            Own::Nhid => row.nhid.map(|id| id.to_string()),
            Own::SrcVni => row.src_vni.map(|vni| vni.to_string()),
        }
    }
}

/// The device that a row's packets leave by: one of the socket's namespace.
fn via(at: &Chosen<'_>, row: &Fdb) -> Option<IfName> {
    shape::name_at(at.socket_links(row.dev), row.via)
}

/// A row with the keys of `bridge -j fdb`.
fn fdb_value(at: &Chosen<'_>, row: &Fdb) -> Value {
    let links = &at.space.state.links;
    json!({
        "mac": row.mac,
        "ifname": shape::name_at(links, Some(row.dev)),
        "dst": row.dst,
        "port": row.port,
        "vni": row.vni,
        "src_vni": row.src_vni,
        "via": row.via,
        "viaIf": via(at, row),
        "nhid": row.nhid,
        "vlan": row.vlan,
        "flags": flag_words(row.flags),
        "master": shape::name_at(links, row.master),
        "state": row.state_word(),
        "used": row.used,
        "updated": row.updated,
    })
}

fn fdb_row(at: &Chosen<'_>, row: &Fdb) -> Vec<String> {
    let links = &at.space.state.links;
    let name = |index| shape::name_at(links, index).map(|n| n.to_string()).unwrap_or_default();
    let table = match row.master {
        Some(master) if !row.is_self() => name(Some(master)),
        _ => "self".into(),
    };
    let state = if row.is_learned() { "learned".into() } else { row.state_word().into_owned() };
    let flags = flag_words(row.flags).into_iter().filter(|f| !matches!(*f, "self" | "master"));
    let group = row.nhid.map(|id| format!("nhid {id}"));
    vec![
        at.label(),
        name(Some(row.dev)),
        row.mac.to_string(),
        row.dst.map(|d| d.to_string()).or(group).unwrap_or_default(),
        table,
        state,
        flags.collect::<Vec<_>>().join(" "),
    ]
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
        "flags": row.flag_words(),
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
        row.flag_words().join(" "),
    ]
}
