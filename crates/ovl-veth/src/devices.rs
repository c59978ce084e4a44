//! The verbs of ovl-veth that look at devices: show and list.

use ovl_cli::error::reading;
use ovl_cli::output::{self, Columns};
use ovl_cli::shape;
use ovl_cli::{Context, Directory, Error, Exit, Slots};
use ovl_core::link::{Kind, Link};
use ovl_core::names::IfName;
use ovl_core::netns::NetNs;
use ovl_core::plan::Conflict;
use ovl_core::state::{Have, Reader};
use ovl_core::step::NsSlot;
use ovl_core::types::{Cidr, MacAddr};
use serde::Serialize;

use crate::cli::{List, One};
use crate::peer::{self, Cable};

/// One end as it is shown.
#[derive(Debug, Serialize)]
struct End {
    #[serde(flatten)]
    cable: Cable,
    master: Option<IfName>,
    mac: Option<MacAddr>,
    mtu: Option<u32>,
    up: bool,
    carrier: bool,
    operstate: String,
    addresses: Vec<Cidr>,
}

/// Refuses what is not one end of a cable.
pub fn is_veth(slots: &Slots, have: &Have, at: NsSlot, name: &IfName) -> Result<(), Error> {
    Conflict::unless("veth", have.link(at, name), name, slots.label(at))?;
    Ok(())
}

/// `show`.
pub fn show(context: &Context, args: &One) -> Result<Exit, Error> {
    let resolved = context.resolve(&args.netns.reference())?;
    let label = resolved.decl().label();
    // Its refusals are the ones for a device of another kind, or none.
    let cable = peer::cable(context, &context.directory(), &resolved.ns, label, &args.name)?;
    print_one(context, &resolved.ns, &cable.ifname)?;
    Ok(Exit::Done)
}

/// Prints one end.
pub fn print_one(context: &Context, ns: &NetNs, name: &IfName) -> Result<(), Error> {
    let ends = read(context, &context.directory(), ns, None)?;
    match ends.iter().find(|e| e.cable.ifname == *name) {
        Some(end) => output::show(&context.flags, end, |_| end.text()),
        None => Ok(()),
    }
}

/// `list`.
pub fn list(context: &Context, args: &List) -> Result<Exit, Error> {
    let directory = context.directory();
    let mut ends = Vec::new();
    let mut unread = 0;
    if args.all {
        for found in directory.all().in_order() {
            match found.open().map(|ns| read(context, &directory, &ns, None)) {
                Some(Ok(more)) => ends.extend(more),
                Some(Err(_)) => unread += 1,
                // It ended meanwhile.
                None => {}
            }
        }
    } else {
        let resolved = context.resolve(&args.netns.reference())?;
        ends = read(context, &directory, &resolved.ns, resolved.decl().label().as_deref())?;
    }
    output::show(&context.flags, &ends, |wide| table(context, &ends, wide))?;
    let hidden = if args.all { directory.all().hidden } else { 0 };
    Ok(context.completeness(hidden, unread))
}

fn read(
    context: &Context,
    directory: &Directory,
    ns: &NetNs,
    label: Option<&str>,
) -> Result<Vec<End>, Error> {
    let failed = || reading("its devices", label.map(str::to_owned));
    let mut reader = Reader::open(&context.kernel, ns).map_err(failed())?;
    let links = reader.links(false).map_err(failed())?;
    if !links.iter().any(|l| l.kind == Kind::Veth) {
        return Ok(Vec::new());
    }
    let addrs = reader.addrs().map_err(failed())?;
    let mut ends = Vec::new();
    for link in links.iter().filter(|l| l.kind == Kind::Veth) {
        let cable = match peer::cable(context, directory, ns, label.map(str::to_owned), &link.name)
        {
            Ok(cable) => cable,
            // It went between the listing and this question.
            Err(e) if e.exit == Exit::Missing => continue,
            Err(e) => return Err(e),
        };
        let on = addrs.iter().filter(|a| a.index == link.index).map(|a| a.cidr);
        ends.push(end(cable, link, &links, on.collect()));
    }
    Ok(ends)
}

fn end(cable: Cable, link: &Link, links: &[Link], addresses: Vec<Cidr>) -> End {
    End {
        cable,
        master: shape::name_at(links, link.master),
        mac: link.attrs.mac,
        mtu: link.attrs.mtu,
        up: link.state.is_up(),
        carrier: link.state.has_carrier(),
        operstate: link.state.operstate.to_string(),
        addresses,
    }
}

impl End {
    fn far(&self) -> String {
        match &self.cable.peer {
            Some(peer) => format!("{}:{}", peer.place, peer.ifname),
            None if self.cable.disagree.is_some() => "driver and link message differ".into(),
            None => "not found from here".into(),
        }
    }

    fn far_master(&self) -> String {
        let master = self.cable.peer.as_ref().and_then(|p| p.master.as_ref());
        master.map(ToString::to_string).unwrap_or_default()
    }

    fn addresses(&self) -> String {
        self.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    fn text(&self) -> String {
        let state = if self.up { "up" } else { "down" };
        let mut far = self.far();
        if !self.far_master().is_empty() {
            far = format!("{far} (master {})", self.far_master());
        }
        let rows = [
            (
                "device",
                format!(
                    "{} ({}) in {}, {state}",
                    self.cable.ifname, self.cable.ifindex, self.cable.place
                ),
            ),
            ("other end", far),
            ("reason", self.cable.reason.clone().unwrap_or_default()),
            ("addresses", self.addresses()),
            ("mac", self.mac.map(|m| m.to_string()).unwrap_or_default()),
            ("mtu", self.mtu.map(|m| m.to_string()).unwrap_or_default()),
            ("master", self.master.as_ref().map(ToString::to_string).unwrap_or_default()),
        ];
        rows.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k:11}{v}\n")).collect()
    }
}

fn table(context: &Context, ends: &[End], wide: bool) -> String {
    let mut header = vec!["NAMESPACE", "DEVICE", "OTHER END", "ITS MASTER", "ADDRESSES", "STATE"];
    if wide {
        header.extend(["MASTER", "MAC", "MTU"]);
    }
    let rows = ends.iter().map(|end| {
        let mut row = vec![
            end.cable.place.clone(),
            end.cable.ifname.to_string(),
            end.far(),
            end.far_master(),
            end.addresses(),
            if end.up { "up".into() } else { "down".into() },
        ];
        if wide {
            row.push(end.master.as_ref().map(ToString::to_string).unwrap_or_default());
            row.push(end.mac.map(|m| m.to_string()).unwrap_or_default());
            row.push(end.mtu.map(|m| m.to_string()).unwrap_or_default());
        }
        row
    });
    Columns { header, rows: rows.collect() }.text(&context.flags)
}
