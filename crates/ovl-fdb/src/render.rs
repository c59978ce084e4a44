//! What ovl-fdb shows. A list has a hundred thousand lines: the shapes of its JSON
//! borrow from the rows, and hold no lists of their own.

use std::borrow::Cow;

use ovl_cli::output::{self, Columns};
use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error};
use ovl_core::names::IfName;
use ovl_core::row::{Fdb, Neigh, each_flag_word, each_nud_word, flag_words, nud_words};
use ovl_core::types::MacAddr;
use ovl_core::wire::route::protocol;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::endpoints::Endpoint;

/// A device, and what is shown of it.
#[derive(Debug)]
pub struct Group {
    /// The namespace.
    pub netns: Netns,
    /// The namespace as views call it.
    pub place: String,
    /// The VXLAN device.
    pub dev: IfName,
    /// The devices of the namespace by their indexes: ports of its bridge are among them.
    pub names: Vec<(u32, IfName)>,
    /// The devices of the underlay by their indexes, where a row leaves by one.
    pub underlay: Vec<(u32, IfName)>,
    /// The rows.
    pub endpoints: Vec<Endpoint>,
}

impl Group {
    fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        self.endpoints.iter().map(|endpoint| {
            // The bridge port behind which the bridge believes it to be.
            let dev = endpoint.bridge.as_ref().map(|row| row.dev);
            let port = dev.and_then(|dev| self.names.iter().find(|(index, _)| *index == dev));
            Shown { at: self, endpoint, port: port.map(|(_, name)| name) }
        })
    }
}

/// An endpoint, with where its rows are.
struct Shown<'g> {
    at: &'g Group,
    endpoint: &'g Endpoint,
    port: Option<&'g IfName>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let e = self.endpoint;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("netns", &self.at.netns)?;
        map.serialize_entry("dev", &self.at.dev)?;
        map.serialize_entry("ip", &e.ip())?;
        map.serialize_entry("mac", &e.mac())?;
        map.serialize_entry("dst", &e.dst())?;
        map.serialize_entry("port", &e.fdb.as_ref().and_then(|f| f.port))?;
        map.serialize_entry("vni", &e.fdb.as_ref().and_then(|f| f.vni))?;
        map.serialize_entry("owned", &e.is_owned())?;
        map.serialize_entry("neigh", &e.neigh.as_ref().map(NeighShape::of))?;
        map.serialize_entry("fdb", &e.fdb.as_ref().map(|row| self.fdb(row)))?;
        map.serialize_entry("bridge", &e.bridge.as_ref().map(|row| self.bridge(row)))?;
        map.end()
    }
}

impl<'g> Shown<'g> {
    fn fdb(&self, row: &Fdb) -> FdbShape<'g> {
        let name = |index| self.at.underlay.iter().find(|(known, _)| *known == index);
        let via = |index| name(index).map_or(Via::Index(index), |(_, name)| Via::Name(name));
        FdbShape {
            flags: Flags(row.flags),
            nhid: row.nhid,
            port: row.port,
            src_vni: row.src_vni,
            state: row.state_word(),
            updated: row.updated,
            used: row.used,
            via: row.via.map(via),
            vni: row.vni,
        }
    }

    fn bridge(&self, row: &Fdb) -> BridgeShape<'g> {
        let state = row.state_word();
        BridgeShape { flags: Flags(row.flags), port: self.port, state }
    }
}

/// A neighbour row.
#[derive(Serialize)]
struct NeighShape {
    flags: Flags,
    proto: Option<Cow<'static, str>>,
    state: States,
}

impl NeighShape {
    fn of(row: &Neigh) -> NeighShape {
        let proto = row.proto.map(protocol);
        NeighShape { flags: Flags(row.flags), proto, state: States(row.state) }
    }
}

/// An FDB row of the device's own table.
#[derive(Serialize)]
struct FdbShape<'s> {
    flags: Flags,
    nhid: Option<u32>,
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_vni: Option<u32>,
    state: Cow<'static, str>,
    updated: Option<u32>,
    used: Option<u32>,
    via: Option<Via<'s>>,
    vni: Option<u32>,
}

/// The device that packets leave by: its index where its name could not be read.
#[derive(Serialize)]
#[serde(untagged)]
enum Via<'s> {
    Name(&'s IfName),
    Index(u32),
}

/// What the bridge says.
#[derive(Serialize)]
struct BridgeShape<'s> {
    flags: Flags,
    port: Option<&'s IfName>,
    state: Cow<'static, str>,
}

/// Row flags, as a list of words.
struct Flags(u8);

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(each_flag_word(self.0))
    }
}

/// Neighbour states, as a list of words.
struct States(u16);

impl Serialize for States {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(each_nud_word(self.0))
    }
}

/// The list.
pub fn list(context: &Context, groups: &[Group]) -> Result<(), Error> {
    let shown = || groups.iter().flat_map(Group::shown);
    output::show_each(&context.flags, shown(), |wide| {
        let mut header = vec!["NAMESPACE", "DEVICE", "IP", "MAC", "VTEP", "ROWS"];
        if wide {
            header.extend(["PORT", "VNI", "NHID", "NEIGHBOUR", "FDB", "BRIDGE PORT"]);
        }
        let rows = shown().map(|s| row(&s, wide)).collect();
        Columns { header, rows }.text(&context.flags)
    })
}

fn row(shown: &Shown<'_>, wide: bool) -> Vec<String> {
    let e = shown.endpoint;
    let text = |v: Option<String>| v.unwrap_or_default();
    let mac = match e.mac() {
        Some(MacAddr::ZERO) => "flood".into(),
        other => text(other.map(|m| m.to_string())),
    };
    let mut row = vec![
        shown.at.place.clone(),
        shown.at.dev.to_string(),
        text(e.ip().map(|ip| ip.to_string())),
        mac,
        destination(e),
        condition(e),
    ];
    if wide {
        let fdb = e.fdb.as_ref();
        row.push(text(fdb.and_then(|f| f.port).map(|n| n.to_string())));
        row.push(text(fdb.and_then(|f| f.vni).map(|n| n.to_string())));
        row.push(text(fdb.and_then(|f| f.nhid).map(|n| n.to_string())));
        row.push(text(e.neigh.as_ref().map(|n| {
            let proto = n.proto.map(|p| format!(" proto {}", protocol(p))).unwrap_or_default();
            format!("{}{proto}", nud_words(n.state).join(","))
        })));
        row.push(text(
            fdb.map(|f| format!("{} {}", f.state_word(), flag_words(f.flags).join(" "))),
        ));
        row.push(text(shown.port.map(ToString::to_string)));
    }
    row
}

/// Where its FDB row leads: to a VTEP, or to a nexthop group.
fn destination(endpoint: &Endpoint) -> String {
    let group = || endpoint.fdb.as_ref().and_then(|f| f.nhid).map(|id| format!("nhid {id}"));
    endpoint.dst().map(|dst| dst.to_string()).or_else(group).unwrap_or_default()
}

/// Whose the rows are, and what is missing of them.
fn condition(endpoint: &Endpoint) -> String {
    let owner = if endpoint.is_owned() {
        "owned"
    } else if endpoint.is_learned() {
        "learned"
    } else {
        "foreign"
    };
    match endpoint.gap() {
        Some(gap) => format!("{owner}, {gap}"),
        None => owner.to_owned(),
    }
}
