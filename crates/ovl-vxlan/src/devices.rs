//! The verbs of ovl-vxlan that look: show and list.

use ovl_cli::error::reading;
use ovl_cli::output::{self, Columns};
use ovl_cli::shape::{self, Netns, Underlay};
use ovl_cli::{Context, Directory, Error, Exit};
use ovl_core::names::IfName;
use ovl_core::netns::NetNs;
use ovl_core::plan::{Clash, Conflict};
use ovl_core::state::Reader;
use serde::Serialize;

use crate::cli::{List, Show};

/// A VXLAN device as it is shown.
#[derive(Debug, Serialize)]
pub struct Device {
    netns: Netns,
    /// The namespace as views call it.
    #[serde(skip)]
    place: String,
    ifindex: u32,
    ifname: IfName,
    underlay: Underlay,
    master: Option<IfName>,
    mtu: Option<u32>,
    mac: Option<ovl_core::types::MacAddr>,
    up: bool,
    carrier: bool,
    operstate: String,
    /// The attributes, in `ip`'s words.
    #[serde(flatten)]
    attrs: serde_json::Map<String, serde_json::Value>,
}

/// `show`.
pub fn show(context: &Context, args: &Show) -> Result<Exit, Error> {
    let resolved = context.resolve(&args.netns.reference())?;
    let label = resolved.decl().label();
    let found = Reader::open(&context.kernel, &resolved.ns)
        .and_then(|mut reader| reader.link(&args.name, false))
        .map_err(reading("its devices", label.clone()))?;
    let found = Conflict::unless("vxlan", found.as_ref(), &args.name, label.clone())?;
    let devices = read(context, &context.directory(), &resolved.ns, label.as_deref())?;
    let device = devices.iter().find(|device| device.ifindex == found.index);
    // It has gone since.
    let gone =
        || Conflict { what: args.name.to_string(), netns: label.clone(), why: Clash::Missing };
    let device = device.ok_or_else(gone)?;
    output::show(&context.flags, device, |_| device.text())?;
    Ok(Exit::Done)
}

/// `list`.
pub fn list(context: &Context, args: &List) -> Result<Exit, Error> {
    let directory = context.directory();
    let mut devices = Vec::new();
    let mut unread = 0;
    if args.all {
        for found in directory.all().in_order() {
            match found.open().map(|ns| read(context, &directory, &ns, None)) {
                Some(Ok(more)) => devices.extend(more),
                Some(Err(_)) => unread += 1,
                // It ended meanwhile.
                None => {}
            }
        }
    } else {
        let resolved = context.resolve(&args.netns.reference())?;
        devices = read(context, &directory, &resolved.ns, resolved.decl().label().as_deref())?;
    }
    output::show(&context.flags, &devices, |wide| table(context, &devices, wide))?;
    let hidden = if args.all { directory.all().hidden } else { 0 };
    Ok(context.completeness(hidden, unread))
}

/// Prints one device that was just made.
pub fn print_one(context: &Context, ns: &NetNs, name: &IfName) -> Result<(), Error> {
    let devices = read(context, &context.directory(), ns, None)?;
    match devices.iter().find(|d| d.ifname == *name) {
        Some(device) => output::show(&context.flags, device, |_| device.text()),
        None => Ok(()),
    }
}

/// The VXLAN devices of a namespace.
fn read(
    context: &Context,
    directory: &Directory,
    ns: &NetNs,
    label: Option<&str>,
) -> Result<Vec<Device>, Error> {
    let failed = || reading("its devices", label.map(str::to_owned));
    let mut reader = Reader::open(&context.kernel, ns).map_err(failed())?;
    let links = reader.links(false).map_err(failed())?;
    if !links.iter().any(|l| l.vxlan().is_some()) {
        return Ok(Vec::new());
    }
    let netns = directory.netns(ns.key(), reader.cookie().ok());
    let vxlans = links.iter().filter(|l| l.vxlan().is_some());
    vxlans
        .map(|link| {
            let underlay = directory
                .underlay(&context.kernel, &mut reader, ns.key(), link, &links)
                .map_err(failed())?;
            Ok(Device {
                netns: netns.clone(),
                place: directory.short(ns.key()),
                ifindex: link.index,
                ifname: link.name.clone(),
                attrs: shape::vxlan(link, underlay.ifname.as_ref()),
                underlay,
                master: shape::name_at(&links, link.master),
                mtu: link.attrs.mtu,
                mac: link.attrs.mac,
                up: link.state.is_up(),
                carrier: link.state.has_carrier(),
                operstate: link.state.operstate.to_string(),
            })
        })
        .collect()
}

impl Device {
    fn attr(&self, key: &str) -> String {
        match self.attrs.get(key) {
            Some(serde_json::Value::String(s)) => s.clone(),
            Some(serde_json::Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }
    }

    /// The switches that are on, as `ip` lists them.
    fn switches(&self) -> String {
        let on =
            ["learning", "proxy", "rsc", "l2miss", "l3miss", "gbp", "gpe", "external", "vnifilter"];
        let on = on.into_iter().filter(|key| self.attrs.get(*key) == Some(&true.into()));
        on.collect::<Vec<_>>().join(" ")
    }

    fn socket(&self) -> String {
        let netns = self.underlay.place.clone().unwrap_or_else(|| "not found from here".into());
        match &self.underlay.ifname {
            Some(dev) => format!("{netns} dev {dev}"),
            None => netns,
        }
    }

    fn text(&self) -> String {
        let state = if self.up { "up" } else { "down" };
        let rows = [
            ("device", format!("{} ({}) in {}, {state}", self.ifname, self.ifindex, self.place)),
            ("vni", self.attr("vni")),
            ("dstport", self.attr("dstport")),
            ("socket in", self.socket()),
            ("local", self.attr("local")),
            ("remote", self.attr("remote")),
            ("group", self.attr("group")),
            ("switches", self.switches()),
            ("ageing", format!("{} s", self.attr("ageing"))),
            ("ttl", Some(self.attr("ttl")).filter(|t| t != "0").unwrap_or("auto".into())),
            ("master", self.master.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("mtu", self.mtu.map(|m| m.to_string()).unwrap_or_default()),
            ("mac", self.mac.map(|m| m.to_string()).unwrap_or_default()),
        ];
        rows.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k:11}{v}\n")).collect()
    }
}

fn table(context: &Context, devices: &[Device], wide: bool) -> String {
    let mut header =
        vec!["NAMESPACE", "DEVICE", "VNI", "PORT", "SOCKET IN", "MASTER", "MTU", "STATE"];
    if wide {
        header.extend(["LOCAL", "REMOTE", "MAC", "SWITCHES"]);
    }
    let rows = devices.iter().map(|d| {
        let mut row = vec![
            d.place.clone(),
            d.ifname.to_string(),
            d.attr("vni"),
            d.attr("dstport"),
            d.socket(),
            d.master.as_ref().map(ToString::to_string).unwrap_or_default(),
            d.mtu.map(|m| m.to_string()).unwrap_or_default(),
            if d.up { "up".into() } else { "down".into() },
        ];
        if wide {
            let remote = d.attr("remote");
            row.push(d.attr("local"));
            row.push(if remote.is_empty() { d.attr("group") } else { remote });
            row.push(d.mac.map(|m| m.to_string()).unwrap_or_default());
            row.push(d.switches());
        }
        row
    });
    Columns { header, rows: rows.collect() }.text(&context.flags)
}
