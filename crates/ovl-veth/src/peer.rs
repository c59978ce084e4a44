//! `peer` and `stats`: what ethtool -S prints, and where it leads.

use ovl_cli::error::reading;
use ovl_cli::output::{self, Columns};
use ovl_cli::shape::{Netns, PeerShape};
use ovl_cli::{Context, Directory, Error, Exit};
use ovl_core::error::Failure;
use ovl_core::ethtool::PEER_IFINDEX;
use ovl_core::link::Link;
use ovl_core::names::IfName;
use ovl_core::netns::NetNs;
use ovl_core::plan::Conflict;
use ovl_core::state::Reader;
use ovl_machine::joins::{self, Disagreement, disagreement};
use serde::Serialize;

use crate::cli::One;

/// One end of a cable, and the other.
#[derive(Debug, Serialize)]
pub struct Cable {
    /// Its namespace.
    pub netns: Netns,
    /// That namespace, as views call it.
    #[serde(skip)]
    pub place: String,
    /// Its name.
    pub ifname: IfName,
    /// Its index.
    pub ifindex: u32,
    /// The other end's index, as the driver says it.
    pub peer_ifindex: Option<u64>,
    /// The other end; null where it cannot be found from here.
    pub peer: Option<PeerShape>,
    /// What the driver and the link message say, where they do not say the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disagree: Option<Disagreement>,
    /// Why it is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `peer`.
pub fn peer(context: &Context, args: &One) -> Result<Exit, Error> {
    let resolved = context.resolve(&args.netns.reference())?;
    let label = resolved.decl().label();
    let directory = context.directory();
    let cable = cable(context, &directory, &resolved.ns, label, &args.name)?;
    output::show(&context.flags, &cable, |_| text(&cable, &resolved.label))?;
    Ok(Exit::Done)
}

/// Follows a cable from one end to the other.
pub fn cable(
    context: &Context,
    directory: &Directory,
    ns: &NetNs,
    label: Option<String>,
    name: &IfName,
) -> Result<Cable, Error> {
    let mut reader =
        Reader::open(&context.kernel, ns).map_err(reading("its devices", label.clone()))?;
    let link = reader.link(name, false).map_err(reading("its devices", label.clone()))?;
    let link = Conflict::unless("veth", link.as_ref(), name, label.clone())?;
    let stats = stats_of(&reader, name, label.clone())?;
    let peer_ifindex = stats.iter().find(|(n, _)| n == PEER_IFINDEX).map(|(_, v)| *v);
    let disagree = disagreement(peer_ifindex, link.peer.index);
    let far = other_end(context, directory, &mut reader, ns, link, disagree)
        .map_err(reading("the other end", label))?;
    let (peer, reason) = match far {
        Ok(peer) => (Some(directory.peer(&peer)), None),
        Err(reason) => (None, Some(reason)),
    };
    Ok(Cable {
        netns: directory.netns(ns.key(), reader.cookie().ok()),
        place: directory.short(ns.key()),
        ifname: link.name.clone(),
        ifindex: link.index,
        peer_ifindex,
        peer,
        disagree,
        reason,
    })
}

/// The other end, or why it cannot be said. The index says which device, the
/// nsid in which namespace; the driver's own number must agree.
fn other_end(
    context: &Context,
    directory: &Directory,
    reader: &mut Reader<'_, ovl_cli::Seam>,
    ns: &NetNs,
    link: &Link,
    disagree: Option<Disagreement>,
) -> Result<Result<joins::Peer, String>, ovl_core::error::Fail> {
    if let Some(Disagreement { peer_ifindex, link_index }) = disagree {
        let message = link_index.map_or("none".into(), |n| n.to_string());
        return Ok(Err(format!(
            "the driver says number {peer_ifindex}, the kernel's link message {message}"
        )));
    }
    let Some(index) = link.peer.index else {
        return Ok(Err("the kernel names no other end: it is gone".into()));
    };
    let there = match link.peer.nsid {
        None => Some(ns.try_clone()?),
        // NETNSA_NSID_NOT_ASSIGNED: there is no id for it here.
        Some(id) if id < 0 => None,
        Some(id) => directory.by_nsid(reader, id)?,
    };
    let Some(there) = there else {
        return Ok(Err(match link.peer.nsid {
            Some(id) if id >= 0 => format!(
                "its namespace (nsid {id} here) has no name, process or mount that can be seen from here{}",
                name_there(reader, id, index)
            ),
            _ => "its namespace has no id here".into(),
        }));
    };
    let peer = joins::peer_at(&context.kernel, &there, index)?;
    Ok(peer.ok_or_else(|| format!("device {index} is gone from its namespace")))
}

/// What a device is called in a namespace that cannot be opened: the kernel tells
/// its devices by the id.
fn name_there(reader: &mut Reader<'_, ovl_cli::Seam>, nsid: i32, index: u32) -> String {
    let links = reader.links_there(nsid).unwrap_or_default();
    let link = links.iter().find(|l| l.index == index);
    link.map(|l| format!("; there it is {} ({index})", l.name)).unwrap_or_default()
}

fn text(cable: &Cable, here: &str) -> String {
    let number = cable.peer_ifindex.map_or("unknown".into(), |n| n.to_string());
    let near = format!("{} ({}) in {here}", cable.ifname, cable.ifindex);
    let far = match (&cable.peer, &cable.reason) {
        (Some(peer), _) => {
            let master = peer.master.as_ref().map(|m| format!(", master {m}")).unwrap_or_default();
            format!("{} ({}) in {}{master}", peer.ifname, peer.ifindex, peer.place)
        }
        (None, reason) => format!("unknown: {}", reason.as_deref().unwrap_or("no reason known")),
    };
    format!("{PEER_IFINDEX}: {number}\n{near}  ⇄  {far}\n")
}

/// `stats`.
pub fn stats(context: &Context, args: &One) -> Result<Exit, Error> {
    let resolved = context.resolve(&args.netns.reference())?;
    let label = resolved.decl().label();
    let told = || reading("its devices", label.clone());
    let mut reader = Reader::open(&context.kernel, &resolved.ns).map_err(told())?;
    let link = reader.link(&args.name, false).map_err(told())?;
    Conflict::unless("veth", link.as_ref(), &args.name, label.clone())?;
    let stats = stats_of(&reader, &args.name, label.clone())?;
    let value: serde_json::Map<String, serde_json::Value> =
        stats.iter().map(|(name, n)| (name.clone(), (*n).into())).collect();
    output::show(&context.flags, &value, |_| {
        let rows = stats.iter().map(|(name, n)| vec![name.clone(), n.to_string()]);
        Columns { header: vec!["STATISTIC", "VALUE"], rows: rows.collect() }.text(&context.flags)
    })?;
    Ok(Exit::Done)
}

fn stats_of(
    reader: &Reader<'_, ovl_cli::Seam>,
    name: &IfName,
    netns: Option<String>,
) -> Result<Vec<(String, u64)>, Error> {
    reader.ethtool().stats(name).map_err(|why| {
        let object = format!("the statistics of {name}");
        Failure { op: "read".into(), object, netns, why }.into()
    })
}
