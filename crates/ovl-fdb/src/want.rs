//! The verbs of ovl-fdb that change something, as wants.

use std::net::IpAddr;
use std::sync::Arc;

use nix::errno::Errno;
use ovl_cli::apply::{Applied, Silent};
use ovl_cli::error::reading;
use ovl_cli::{Context, Error, Exit, Slots, output};
use ovl_core::exec::{Failed, Why};
use ovl_core::link::Link;
use ovl_core::names::{IfName, shown};
use ovl_core::plan::{Conflict, plan};
use ovl_core::row::{
    Fdb, FdbSpec, NTF_EXT_LEARNED, NTF_ROUTER, NTF_SELF, NTF_STICKY, NUD_PERMANENT, NUD_REACHABLE,
    NeighSpec, OVL_PROTOCOL, RowOp, RowSpec, Via,
};
use ovl_core::state::Have;
use ovl_core::step::{Act, NsSlot, Step};
use ovl_core::types::{MacAddr, UnicastMac};
use ovl_core::want::{Policy, Want};
use ovl_endpoints::{endpoint_address, vtep_address};

use crate::cli::{Add, Del, Who};
use crate::device::{Device, Known, defaults, in_underlay, is_deletion};
use crate::diff::Rows;
use crate::endpoints::{Endpoint, join};
use crate::find;

/// What `add` is asked to write.
struct Asked {
    ip: Option<IpAddr>,
    mac: MacAddr,
}

/// The words of `add`, by the flags that say how many there are.
fn asked(args: &Add) -> Result<Asked, Error> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let to = args.dst.is_some() || args.nhid.is_some();
    if !to && !args.neigh_only {
        return Err(Error::usage("the VTEP is missing: --dst VTEP"));
    }
    if let Some(dst) = args.dst.filter(|dst| !(args.flood && dst.is_multicast())) {
        vtep_address(dst).map_err(Error::usage)?;
    }
    match (args.flood, args.fdb_only, words.as_slice()) {
        (true, _, []) => Ok(Asked { ip: None, mac: MacAddr::ZERO }),
        (true, ..) => Err(Error::usage("--flood takes no IP and no MAC address")),
        (_, true, [mac]) => Ok(Asked { ip: None, mac: mac.parse::<UnicastMac>()?.get() }),
        (_, true, _) => Err(Error::usage("--fdb-only takes one word: MAC")),
        (_, _, [ip, mac]) => {
            let address: IpAddr = ip
                .parse()
                .map_err(|_| Error::usage(format!("'{}' is not an IP address", shown(ip))))?;
            let address = endpoint_address(address).map_err(Error::usage)?;
            let mac = match (*mac, address) {
                ("auto", IpAddr::V4(v4)) => MacAddr::from_ipv4(v4),
                ("auto", IpAddr::V6(_)) => {
                    return Err(Error::usage("a MAC address 'auto' is made from an IPv4 address"));
                }
                (text, _) => text.parse::<UnicastMac>()?.get(),
            };
            Ok(Asked { ip: Some(address), mac })
        }
        _ => Err(Error::usage("two words are wanted: IP MAC (with --fdb-only: MAC)")),
    }
}

/// `add`.
pub fn add(context: &Context, args: &Add) -> Result<Exit, Error> {
    let asked = asked(args)?;
    let mut device = Device::locked(context, &args.on, args.acting)?;
    if let Some(dst) = args.dst.filter(|_| args.flood) {
        not_own_vtep(context, &device, dst)?;
    }
    if !args.neigh_only {
        not_own_mac(&device, asked.mac)?;
    }
    let via = args.via.as_ref().map(|name| device.via(context, name)).transpose()?;
    let rows = rows(args, &asked, via, defaults(&device.link));
    let (at, dev) = (device.at, args.on.dev.clone());
    let mut have = device.have();
    device.slots.read_rows(context, &mut have, at, &dev, &rows)?;
    let left = match asked.ip {
        Some(ip) if args.replace => left_behind(context, &mut device, &have, ip, asked.mac)?,
        _ => Vec::new(),
    };
    let mut wants =
        vec![Want::Rows { at, dev: dev.clone(), rows: Arc::new(rows), replace: args.replace }];
    if !left.is_empty() {
        wants.push(Want::NoRows { at, dev, rows: Arc::new(left) });
    }
    let policy = Policy { exist_ok: args.exist_ok, ..Policy::default() };
    let plan = plan(device.slots.decls.clone(), &wants, &have, policy)?;
    let ns = device.slots.try_clone(at)?;
    // What is only added to is not read: scripts add one endpoint after the other.
    device.remember(context, plan.steps().any(is_over_others))?;
    if device.write(context, args.acting, &plan, &mut Silent)? != Applied::Shown
        && context.flags.is_structured()
    {
        let who = asked.ip.map_or(Who::Mac(asked.mac), Who::Ip);
        find::print_one(context, &ns, &args.on.dev, who)?;
    }
    Ok(Exit::Done)
}

/// Does a step put rows in the place of others, or take some away?
fn is_over_others(step: &Step) -> bool {
    is_deletion(step) || matches!(&step.act, Act::Rows(_, RowOp::Replace, _))
}

/// Our FDB row of the MAC address that an IP address had: with the neighbour row gone
/// over to another MAC address, nobody uses it any more.
fn left_behind(
    context: &Context,
    device: &mut Device,
    have: &Have,
    ip: IpAddr,
    mac: MacAddr,
) -> Result<Vec<RowSpec>, Error> {
    let neighs = have.states.get(&device.at).map(|state| state.neighs.as_slice());
    let neighs = neighs.unwrap_or_default();
    let was = neighs.iter().find(|row| row.ip == ip).and_then(|row| row.mac);
    let Some(was) = was.filter(|was| *was != mac) else { return Ok(Vec::new()) };
    device.remember(context, true)?;
    let mut reader = device.slots.reader(context, device.at)?;
    let fdb = find::rows_at(&mut reader, &device.link, &[was]);
    let fdb = fdb.map_err(reading("its FDB rows", device.label()))?;
    let endpoints = join(&device.link, neighs, &fdb, device.memory.written());
    let mut users = endpoints.iter().filter(|endpoint| endpoint.mac() == Some(was));
    let is_free = users.all(|endpoint| endpoint.ours.fdb && endpoint.ip() == Some(ip));
    let rows = fdb.iter().filter(|row| is_free && row.is_self() && row.mac == was);
    Ok(rows.map(Fdb::deletion).collect())
}

/// The neighbour row, then the FDB row: libnetwork's order in peerAdd. The device's
/// own port and VNI go without saying.
fn rows(
    args: &Add,
    asked: &Asked,
    via: Option<Via>,
    (port, vni): (Option<u16>, Option<u32>),
) -> Vec<RowSpec> {
    let state = if args.dynamic { NUD_REACHABLE } else { NUD_PERMANENT };
    let mut rows = Vec::new();
    if let Some(ip) = asked.ip {
        rows.push(RowSpec::Neigh(NeighSpec {
            ip,
            mac: asked.mac,
            state,
            flags: 0,
            proto: Some(OVL_PROTOCOL),
        }));
    }
    if args.neigh_only {
        return rows;
    }
    let mut flags = NTF_SELF;
    for (bit, on) in [
        // The mark by which the row is known as ours; a marked row never ages.
        (NTF_EXT_LEARNED, !args.dynamic || args.extern_learn),
        (NTF_STICKY, args.sticky),
        (NTF_ROUTER, args.router),
    ] {
        flags |= if on { bit } else { 0 };
    }
    rows.push(RowSpec::Fdb(FdbSpec {
        mac: asked.mac,
        dst: args.dst,
        port: args.port.filter(|asked| Some(*asked) != port),
        vni: args.vni.map(ovl_core::types::Vni::get).filter(|asked| Some(*asked) != vni),
        src_vni: None,
        via,
        nhid: args.nhid,
        state,
        flags,
    }));
    rows
}

/// A flood row to our own VTEP costs local containers most of their traffic:
/// their MAC addresses are learned on the VXLAN device.
fn not_own_vtep(context: &Context, device: &Device, dst: IpAddr) -> Result<(), Error> {
    if !device.own(context)?.contains(&dst) {
        return Ok(());
    }
    let message = format!("{dst} is this host's own VTEP: a flood row to it would loop");
    Err(Error::new(Exit::Failed, message)
        .about("add", "the flood row", device.label())
        .hint("name the VTEPs of the other hosts"))
}

/// Frames that come from another VTEP with the device's own address are dropped as a
/// loop (`vxlan_set_mac` in `drivers/net/vxlan/vxlan_core.c`): nobody there can have it.
pub fn not_own_mac(device: &Device, mac: MacAddr) -> Result<(), Error> {
    if device.link.attrs.mac != Some(mac) {
        return Ok(());
    }
    Err(Error::new(Exit::Failed, own_mac(&device.link, mac)).about(
        "add",
        mac.to_string(),
        device.label(),
    ))
}

/// What is wrong with an endpoint that has the device's own address.
pub fn own_mac(link: &Link, mac: MacAddr) -> String {
    format!("{mac} is {}'s own MAC address: no endpoint behind a VTEP can have it", link.name)
}

/// A device of the namespace of the socket, by name; `if5` is also the one with
/// that index, as `ip` and `bridge` have it.
pub fn via(
    context: &Context,
    slots: &Slots,
    at: NsSlot,
    link: &Link,
    name: &IfName,
) -> Result<Via, Error> {
    let links = underlay(context, slots, at, link)?;
    let index = name.as_str().strip_prefix("if").and_then(|number| number.parse().ok());
    let named = links.iter().find(|link| link.is_named(name));
    match named.or_else(|| links.iter().find(|link| Some(link.index) == index)) {
        // From the device's own namespace, where rows are written, its name says
        // nothing: `bridge` is told its index.
        Some(found) if link.peer.nsid.is_some() => Ok(Via::at(found.index)),
        Some(found) => Ok(Via { name: found.name.clone(), index: found.index }),
        None => Err(Error::new(
            Exit::Missing,
            format!("{name} does not exist in the namespace of {}'s socket", link.name),
        )),
    }
}

/// The devices of the namespace of the socket; none where it cannot be found from here.
pub fn underlay(
    context: &Context,
    slots: &Slots,
    at: NsSlot,
    link: &Link,
) -> Result<Vec<Link>, Error> {
    let mut reader = slots.reader(context, at)?;
    let links = in_underlay(context, &mut reader, link, |reader| reader.links(false));
    links.map(Option::unwrap_or_default).map_err(reading("the underlay's devices", None))
}

/// Advice on what the kernel refuses.
pub fn advise(failed: &Failed, error: &mut Error) {
    let Why::Kernel(why) = &failed.why else { return };
    match why.errno() {
        Some(Errno::EAFNOSUPPORT) => error.hints.push(
            "the device's socket is of the other address family: an IPv6 VTEP wants a device made with -6 or an IPv6 --local".into(),
        ),
        Some(Errno::ENOSPC) => {
            error.hints.push("the device holds as many rows as its maxaddress allows".into());
        }
        _ => {}
    }
}

/// The VXLAN device, or why there is none.
pub fn device<'h>(
    slots: &Slots,
    have: &'h Have,
    at: NsSlot,
    name: &IfName,
) -> Result<&'h Link, Error> {
    Ok(Conflict::unless("vxlan", have.link(at, name), name, slots.label(at))?)
}

/// `del`.
pub fn del(context: &Context, args: &Del) -> Result<Exit, Error> {
    let mut device = Device::locked(context, &args.on, args.acting)?;
    let Known { mut reader, neighs, memory } = device.known(context)?;
    let who = args.who.unwrap_or(Who::Mac(MacAddr::ZERO));
    let fdb = find::rows_at(&mut reader, &device.link, &who.macs(&neighs));
    let fdb = fdb.map_err(reading("its FDB rows", device.label()))?;
    drop(reader);
    device.endpoints = join(&device.link, &neighs, &fdb, memory.written());
    device.memory = memory;
    let is_chosen = |e: &&Endpoint| is_meant(e, who, args.dst);
    let chosen: Vec<&Endpoint> = device.endpoints.iter().filter(is_chosen).collect();
    let netns = device.label();
    // Of what only the bridge knows no VTEP is known.
    let in_bridge = fdb.iter().filter(|row| {
        args.dst.is_none() && who == Who::Mac(row.mac) && is_bridges(row, &device.link)
    });
    let in_bridge: Vec<RowSpec> = in_bridge.map(Fdb::deletion).collect();
    if chosen.is_empty() && in_bridge.is_empty() {
        if args.missing_ok {
            return Ok(Exit::Done);
        }
        let what = match who {
            Who::Ip(ip) => ip.to_string(),
            Who::Mac(mac) => mac.to_string(),
        };
        let place = netns.as_ref().map(|name| format!(" in netns {name}")).unwrap_or_default();
        let message = format!("{} has no row of {what}{place}", args.on.dev);
        return Err(Error::new(Exit::Missing, message).about("delete", what, netns));
    }
    if let Some(other) = chosen.iter().find(|e| !args.foreign && !e.is_owned() && !e.is_learned()) {
        return Err(foreign(other, netns));
    }
    let mut remove = doomed(context, &chosen, &device, who);
    let more = in_bridge.into_iter().filter(|row| !remove.contains(row)).collect::<Vec<_>>();
    remove.extend(more);
    let plan = device.plan(Rows { remove, ..Rows::default() });
    device.write(context, args.acting, &plan, &mut Silent)?;
    Ok(Exit::Done)
}

fn is_meant(endpoint: &Endpoint, who: Who, dst: Option<IpAddr>) -> bool {
    let named = match who {
        Who::Ip(ip) => endpoint.ip() == Some(ip),
        Who::Mac(mac) => endpoint.mac() == Some(mac),
    };
    named && (dst.is_none() || endpoint.dst() == dst)
}

fn foreign(endpoint: &Endpoint, netns: Option<String>) -> Error {
    let what = endpoint
        .ip()
        .map(|ip| ip.to_string())
        .or(endpoint.mac().map(|m| m.to_string()))
        .unwrap_or_default();
    Error::new(Exit::Failed, format!("the rows of {what} were not made by ovl-fdb"))
        .about("delete", what, netns)
        .hint("--foreign deletes rows of other owners")
}

/// Has the bridge that a device is a port of learned it there?
pub fn is_bridges(row: &Fdb, link: &Link) -> bool {
    !row.is_self() && row.dev == link.index && row.master == link.master && row.is_learned()
}

/// The rows to delete: neighbour rows, the device's own FDB rows, and what the
/// bridge has learned. Rows of a MAC address that another address still uses stay.
fn doomed(context: &Context, chosen: &[&Endpoint], device: &Device, who: Who) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    let mut push = |row| {
        if !rows.contains(&row) {
            rows.push(row);
        }
    };
    for endpoint in chosen {
        let mac = endpoint.mac();
        if let Some(neigh) = &endpoint.neigh {
            push(neigh.deletion());
        }
        let user = device.endpoints.iter().find(|other| {
            matches!(who, Who::Ip(_))
                && other.ip() != endpoint.ip()
                && other.ip().is_some()
                && other.mac() == mac
        });
        if let (Some(user), Some(mac)) = (user.and_then(Endpoint::ip), mac) {
            if !context.flags.quiet {
                output::note(&format!(
                    "{}: the FDB row of {mac} stays: {user} uses it too",
                    context.tool
                ));
            }
            continue;
        }
        let learned = endpoint.bridge.as_deref().filter(|row| is_bridges(row, &device.link));
        for row in endpoint.fdb.iter().chain(learned) {
            push(row.deletion());
        }
    }
    rows
}
