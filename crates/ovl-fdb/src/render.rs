//! What ovl-fdb shows.

use ovl_cli::output::{self, Columns};
use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error};
use ovl_core::names::IfName;
use ovl_core::row::{flag_words, nud_words};
use ovl_core::types::MacAddr;
use ovl_core::wire::route::protocol;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::endpoints::Endpoint;

/// An endpoint, with where its rows are.
#[derive(Debug)]
pub struct Shown {
    /// The namespace.
    pub netns: Netns,
    /// The namespace as views call it.
    pub place: String,
    /// The VXLAN device.
    pub dev: IfName,
    /// The rows.
    pub endpoint: Endpoint,
    /// The bridge port behind which the bridge believes it to be.
    pub port: Option<IfName>,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let e = &self.endpoint;
        let neigh = e.neigh.as_ref().map(|n| {
            json!({
                "state": nud_words(n.state),
                "flags": flag_words(n.flags),
                "proto": n.proto.map(protocol),
            })
        });
        let fdb = e.fdb.as_ref().map(|f| {
            json!({
                "state": f.state_word(),
                "flags": flag_words(f.flags),
                "port": f.port,
                "vni": f.vni,
                "via": f.via,
                "nhid": f.nhid,
                "used": f.used,
                "updated": f.updated,
            })
        });
        let bridge = e.bridge.as_ref().map(
            |b| json!({ "port": self.port, "state": b.state_word(), "flags": flag_words(b.flags) }),
        );
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("netns", &self.netns)?;
        map.serialize_entry("dev", &self.dev)?;
        map.serialize_entry("ip", &e.ip())?;
        map.serialize_entry("mac", &e.mac())?;
        map.serialize_entry("dst", &e.dst())?;
        map.serialize_entry("port", &e.fdb.as_ref().and_then(|f| f.port))?;
        map.serialize_entry("vni", &e.fdb.as_ref().and_then(|f| f.vni))?;
        map.serialize_entry("owned", &e.is_owned())?;
        map.serialize_entry("neigh", &neigh)?;
        map.serialize_entry("fdb", &fdb)?;
        map.serialize_entry("bridge", &bridge)?;
        map.end()
    }
}

/// The list.
pub fn list(context: &Context, shown: &[Shown]) -> Result<(), Error> {
    output::show(&context.flags, &shown, |wide| {
        let mut header = vec!["NAMESPACE", "DEVICE", "IP", "MAC", "VTEP", "ROWS"];
        if wide {
            header.extend(["PORT", "VNI", "NHID", "NEIGHBOUR", "FDB", "BRIDGE PORT"]);
        }
        let rows = shown.iter().map(|s| row(s, wide)).collect();
        Columns { header, rows }.text(&context.flags)
    })
}

fn row(shown: &Shown, wide: bool) -> Vec<String> {
    let e = &shown.endpoint;
    let text = |v: Option<String>| v.unwrap_or_default();
    let mac = match e.mac() {
        Some(MacAddr::ZERO) => "flood".into(),
        other => text(other.map(|m| m.to_string())),
    };
    let mut row = vec![
        shown.place.clone(),
        shown.dev.to_string(),
        text(e.ip().map(|ip| ip.to_string())),
        mac,
        text(e.dst().map(|ip| ip.to_string())),
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
        row.push(text(shown.port.as_ref().map(ToString::to_string)));
    }
    row
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
