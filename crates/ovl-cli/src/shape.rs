//! JSON shapes that several binaries print: the namespace object, flags and
//! addresses in `ip`'s words.

use ovl_core::link::{Kind, Link, VxlanAttrs};
use ovl_core::names::{IfName, write_paths};
use ovl_core::netns::NsKey;
use ovl_machine::discover::{Found, overlay_id};
use serde::Serialize;
use std::path::PathBuf;

/// A namespace, the same object wherever one is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Netns {
    /// What `-n` takes.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Inode number, as `lsns` prints it.
    pub inode: u64,
    /// The kernel's cookie, where it was asked.
    pub cookie: Option<u64>,
    /// Its names.
    pub names: Vec<String>,
    /// The files that are it.
    #[serde(serialize_with = "write_paths")]
    pub paths: Vec<PathBuf>,
    /// host, overlay, sandbox, named, process or other.
    pub kind: &'static str,
}

impl Netns {
    /// From how it was found.
    pub fn new(found: &Found, own: NsKey, cookie: Option<u64>) -> Netns {
        Netns {
            reference: found.reference(own),
            inode: found.key.inode,
            cookie,
            names: found.names.clone(),
            paths: found.paths.clone(),
            kind: kind(found),
        }
    }
}

impl Netns {
    /// As one of several machines': its reference names the host.
    #[must_use]
    pub fn on(mut self, host: Option<&str>) -> Netns {
        if let Some(host) = host {
            self.reference = format!("{host}:{}", self.reference);
        }
        self
    }
}

fn kind(found: &Found) -> &'static str {
    if found.pids.first().is_some_and(|p| p.pid == 1) {
        return "host";
    }
    if found.paths.iter().any(|p| overlay_id(p).is_some()) {
        "overlay"
    } else if found.container.is_some() {
        "sandbox"
    } else if !found.names.is_empty() {
        "named"
    } else if !found.pids.is_empty() {
        "process"
    } else {
        "other"
    }
}

/// The other end of a cable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerShape {
    /// Its namespace.
    pub netns: Netns,
    /// Its name.
    pub ifname: IfName,
    /// Its namespace, as views call it.
    #[serde(skip)]
    pub place: String,
    /// Its index there.
    pub ifindex: u32,
    /// The master it is a port of.
    pub master: Option<IfName>,
}

/// Where a VXLAN device's packets go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Underlay {
    /// The namespace of its UDP socket; null when it cannot be found from here.
    pub netns: Option<Netns>,
    /// That namespace, as views call it.
    #[serde(skip)]
    pub place: Option<String>,
    /// The device of that namespace they leave by, where it is tied to one.
    pub ifname: Option<IfName>,
}

/// The name of the device with that index.
pub fn name_at(links: &[Link], index: Option<u32>) -> Option<IfName> {
    let index = index?;
    links.iter().find(|l| l.index == index).map(|l| l.name.clone())
}

/// A VXLAN device's attributes as one JSON object, in `ip`'s words, with those
/// that scripts look for present even when they are not set.
pub fn vxlan(link: &Link, dev: Option<&IfName>) -> serde_json::Map<String, serde_json::Value> {
    let Kind::Vxlan { attrs, .. } = &link.kind else { return serde_json::Map::new() };
    let mut map = match serde_json::to_value(attrs) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    for key in ["local", "remote"] {
        map.entry(key).or_insert(serde_json::Value::Null);
    }
    map.insert("dev".into(), dev.map_or(serde_json::Value::Null, |d| d.as_str().into()));
    map
}

/// What matters of a VXLAN device, in a few words.
pub fn gist(attrs: &VxlanAttrs) -> Vec<String> {
    let mut parts = Vec::new();
    // Where each packet says its VNI, the device's own is 0 and means nothing.
    let of_packets = attrs.external == Some(true);
    let vni = attrs.vni.filter(|vni| !of_packets || vni.get() != 0);
    parts.extend(vni.map(|v| format!("vni {v}")));
    parts.extend(attrs.dstport.map(|p| format!("port {p}")));
    for (on, word) in [
        (attrs.proxy, "proxy"),
        (attrs.l2miss, "l2miss"),
        (attrs.l3miss, "l3miss"),
        (attrs.external, "external"),
    ] {
        if on == Some(true) {
            parts.push(word.into());
        }
    }
    parts.extend(attrs.local.map(|l| format!("local {l}")));
    parts.extend(attrs.remote.map(|r| format!("remote {r}")));
    parts.extend(attrs.group.map(|g| format!("group {g}")));
    parts
}
