//! The verbs of ovl-fdb that look: list and get.

use ovl_cli::error::reading;
use ovl_cli::{Context, Directory, Error, Exit, Seam};
use ovl_core::error::Fail;
use ovl_core::link::Link;
use ovl_core::names::IfName;
use ovl_core::netns::NetNs;
use ovl_core::plan::Conflict;
use ovl_core::row::{Fdb, Neigh};
use ovl_core::state::Reader;
use ovl_core::types::MacAddr;

use crate::cli::{Get, List, Who};
use crate::device::{in_underlay, is_external, some_rows};
use crate::endpoints::{Endpoint, join};
use crate::memory::Memory;
use crate::render::{self, Group};

/// `list`.
pub fn list(context: &Context, args: &List) -> Result<Exit, Error> {
    let directory = context.directory();
    let wanted = |e: &Endpoint| {
        (!args.learned || e.is_learned())
            && (!args.permanent || !e.is_learned())
            && (!args.owned || e.is_owned())
            && (!args.foreign || !e.is_owned())
    };
    let mut shown = Vec::new();
    let mut unread = 0;
    if args.all {
        for found in directory.all().in_order() {
            let read = |ns| read(context, &directory, &ns, args.dev.as_ref(), None, wanted);
            match found.open().map(read) {
                Some(Ok(more)) => shown.extend(more),
                Some(Err(e)) if e.exit == Exit::Missing => {}
                Some(Err(_)) => unread += 1,
                // It ended meanwhile.
                None => {}
            }
        }
    } else {
        let resolved = context.resolve(&args.netns.reference())?;
        let label = resolved.decl().label();
        shown =
            read(context, &directory, &resolved.ns, args.dev.as_ref(), label.as_deref(), wanted)?;
    }
    render::list(context, &shown)?;
    let hidden = if args.all { directory.all().hidden } else { 0 };
    Ok(context.completeness(hidden, unread))
}

/// `get`.
pub fn get(context: &Context, args: &Get) -> Result<Exit, Error> {
    let resolved = context.resolve(&args.on.netns.reference())?;
    let label = resolved.decl().label();
    let directory = context.directory();
    let group = one(context, &directory, &resolved.ns, &args.on.dev, label.as_deref(), args.who)?;
    if group.endpoints.is_empty() {
        let what = match args.who {
            Who::Ip(ip) => ip.to_string(),
            Who::Mac(mac) => mac.to_string(),
        };
        let message = format!("{} has no row of {what}", args.on.dev);
        return Err(Error::new(Exit::Missing, message).about("find", what, label));
    }
    render::list(context, &[group])?;
    Ok(Exit::Done)
}

/// Prints one endpoint that was just written.
pub fn print_one(context: &Context, ns: &NetNs, dev: &IfName, who: Who) -> Result<(), Error> {
    let directory = context.directory();
    let group = one(context, &directory, ns, dev, None, who)?;
    render::list(context, &[group])
}

/// What stands at one endpoint's addresses, however many others there are.
fn one(
    context: &Context,
    directory: &Directory,
    ns: &NetNs,
    dev: &IfName,
    label: Option<&str>,
    who: Who,
) -> Result<Group, Error> {
    let failed = |what| reading(what, label.map(str::to_owned));
    let mut reader = Reader::open(&context.kernel, ns).map_err(failed("its devices"))?;
    let links = reader.links(false).map_err(failed("its devices"))?;
    let found = links.iter().find(|link| link.is_named(dev));
    let link = Conflict::unless("vxlan", found, dev, label.map(str::to_owned))?;
    let neighs = reader.neighs(Some(link.index)).map_err(failed("its neighbour rows"))?;
    let fdb = rows_at(&mut reader, link, &who.macs(&neighs));
    let fdb = fdb.map_err(failed("its FDB rows"))?;
    let cookie = reader.cookie().ok();
    let mut group = group(directory, ns, &links, link, cookie, &neighs, &fdb);
    group.underlay = underlay(context, &mut reader, link, &fdb);
    group.endpoints.retain(|endpoint| is(endpoint, who));
    Ok(group)
}

/// The rows at some addresses, whatever VNI they are for: where a device tells VNIs apart
/// (`external`) a question after one address is answered for the default one only.
pub fn rows_at(
    reader: &mut Reader<'_, Seam>,
    link: &Link,
    macs: &[MacAddr],
) -> Result<Vec<Fdb>, Fail> {
    if !is_external(link) {
        return some_rows(reader, link, macs, true);
    }
    let mut rows = reader.fdb(Some(link.index))?;
    rows.retain(|row| macs.contains(&row.mac));
    Ok(rows)
}

fn is(endpoint: &Endpoint, who: Who) -> bool {
    match who {
        Who::Ip(ip) => endpoint.ip() == Some(ip),
        Who::Mac(mac) => endpoint.mac() == Some(mac),
    }
}

/// The endpoints of a namespace's VXLAN devices, or of one of them.
fn read(
    context: &Context,
    directory: &Directory,
    ns: &NetNs,
    dev: Option<&IfName>,
    label: Option<&str>,
    wanted: impl Fn(&Endpoint) -> bool,
) -> Result<Vec<Group>, Error> {
    let failed = |what| reading(what, label.map(str::to_owned));
    let mut reader = Reader::open(&context.kernel, ns).map_err(failed("its devices"))?;
    let links = reader.links(false).map_err(failed("its devices"))?;
    let vxlans: Vec<_> =
        links.iter().filter(|l| l.vxlan().is_some() && dev.is_none_or(|d| l.is_named(d))).collect();
    if let Some(name) = dev {
        let found = links.iter().find(|link| link.is_named(name));
        Conflict::unless("vxlan", found, name, label.map(str::to_owned))?;
    }
    if vxlans.is_empty() {
        return Ok(Vec::new());
    }
    let neighs = reader.neighs(None).map_err(failed("its neighbour rows"))?;
    let fdb = reader.fdb(None).map_err(failed("its FDB rows"))?;
    let cookie = reader.cookie().ok();
    let groups = vxlans.into_iter().map(|link| {
        let mut group = group(directory, ns, &links, link, cookie, &neighs, &fdb);
        group.underlay = underlay(context, &mut reader, link, &fdb);
        group.endpoints.retain(&wanted);
        group
    });
    Ok(groups.collect())
}

/// A device's rows, joined.
fn group(
    directory: &Directory,
    ns: &NetNs,
    links: &[Link],
    link: &Link,
    cookie: Option<u64>,
    neighs: &[Neigh],
    fdb: &[Fdb],
) -> Group {
    let memory = Memory::of(cookie, link);
    let endpoints = join(link, neighs, fdb, memory.written());
    let (netns, place) = (directory.netns(ns.key(), cookie), directory.short(ns.key()));
    let names = links.iter().map(|link| (link.index, link.name.clone())).collect();
    Group { netns, place, dev: link.name.clone(), names, underlay: Vec::new(), endpoints }
}

/// The devices of the namespace of a device's socket, where one of its rows leaves by
/// one. Those that cannot be read are told by their index.
fn underlay<'c>(
    context: &'c Context,
    reader: &mut Reader<'c, Seam>,
    link: &Link,
    fdb: &[Fdb],
) -> Vec<(u32, IfName)> {
    if !fdb.iter().any(|row| row.dev == link.index && row.via.is_some()) {
        return Vec::new();
    }
    let links = in_underlay(context, reader, link, |reader| reader.links(false));
    let links = links.ok().flatten().unwrap_or_default();
    links.into_iter().map(|link| (link.index, link.name)).collect()
}
