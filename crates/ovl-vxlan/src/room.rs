//! How large a packet the underlay has room for: the MTU of the device its
//! packets leave by, less the outer headers.

use std::net::IpAddr;

use ovl_cli::error::reading;
use ovl_cli::{Context, Error, Exit, Slots};
use ovl_core::link::{Kind, Link, VxlanAttrs};
use ovl_core::names::IfName;
use ovl_core::state::{Have, NsState};
use ovl_core::step::NsSlot;

use crate::cli::AskedMtu;
use crate::overlays::Overlays;

/// Outer Ethernet, IPv4, UDP and VXLAN headers: 14 + 20 + 8 + 8 bytes.
const OVERHEAD_V4: u32 = 50;
/// The same with an IPv6 header: 14 + 40 + 8 + 8 bytes.
const OVERHEAD_V6: u32 = 70;
/// The usual Ethernet MTU: what Docker assumes of every underlay.
const ETHERNET: u32 = 1500;

/// Where the packets of the new device are to go out.
pub struct Way<'a> {
    /// The namespace of its socket.
    pub underlay: NsSlot,
    /// The device that was named.
    pub dev: Option<&'a IfName>,
    /// The addresses that were asked for.
    pub attrs: &'a VxlanAttrs,
    /// The bridge it is to be a port of, if that is in the underlay's namespace.
    pub bridge: Option<&'a IfName>,
}

/// The MTU of the new device: what was asked, or the smaller of the usual one
/// and what the underlay has room for.
pub fn mtu(
    context: &Context,
    slots: &Slots,
    have: &Have,
    way: &Way<'_>,
    asked: Option<AskedMtu>,
) -> Result<u32, Error> {
    if let Some(AskedMtu::Bytes(mtu)) = asked {
        return Ok(mtu.get());
    }
    let overhead = if way.attrs.is_v6() { OVERHEAD_V6 } else { OVERHEAD_V4 };
    let outer = outer_device(context, slots, &have.states[&way.underlay], way)?;
    let room = outer.and_then(|l| l.attrs.mtu).map(|mtu| mtu.saturating_sub(overhead));
    match (asked, room) {
        (Some(_), Some(room)) => Ok(room),
        (Some(_), None) => Err(Error::new(
            Exit::Failed,
            "cannot tell by which device of the underlay packets will leave",
        )
        .about("find", "the device of the underlay", slots.label(way.underlay))
        .hint("--dev or --local names it, or give --mtu a number")),
        (None, room) => Ok(room.map_or(ETHERNET - overhead, |r| r.min(ETHERNET - overhead))),
    }
}

/// The device packets will leave by: the one named, the one that has the local
/// address, or the one the route to the far end (or the default route) takes.
fn outer_device<'s>(
    context: &Context,
    slots: &Slots,
    state: &'s NsState,
    way: &Way<'_>,
) -> Result<Option<&'s Link>, Error> {
    let attrs = way.attrs;
    if let Some(name) = way.dev {
        return Ok(state.link(name));
    }
    if let Some(local) = attrs.local.filter(|ip| !ip.is_unspecified()) {
        let on = state.addrs.iter().find(|a| a.cidr.addr() == local);
        return Ok(on.and_then(|a| state.link_at(a.index)));
    }
    let mut reader = slots.reader(context, way.underlay)?;
    if let Some(far) = attrs.remote.or(attrs.group).filter(|ip| !ip.is_unspecified()) {
        let route =
            reader.route_to(far).map_err(reading("its routes", slots.label(way.underlay)))?;
        return Ok(route.and_then(|r| r.dev).and_then(|i| state.link_at(i)));
    }
    let overlays = Overlays::read(context, &mut reader, state, way.bridge)
        .map_err(reading("its devices", slots.label(way.underlay)))?;
    let is_underlay = |link: &&Link| !overlays.hold(link);
    let v4 = !attrs.is_v6();
    let default =
        |r: &&ovl_core::wire::route::Route| r.dst.is_none() && r.v4 == v4 && r.table == 254;
    let mut by_default = state.routes.iter().filter(default);
    if let Some(link) = by_default.find_map(|r| state.link_at(r.dev?).filter(is_underlay)) {
        return Ok(Some(link));
    }
    // Without a default route: the narrowest device that has an address of that
    // family, since packets may leave by any of them. None leave by a bridge without
    // a port, such as an overlay's whose VXLAN device was deleted.
    let addressed = |link: &&Link| {
        let fits = |ip: IpAddr| ip.is_ipv4() == v4 && !ip.is_loopback();
        let leads = !matches!(link.kind, Kind::Bridge(_)) || state.ports_of(link.index).count() > 0;
        link.state.is_up()
            && leads
            && state.addrs_of(link.index).any(|a| a.scope == "global" && fits(a.cidr.addr()))
    };
    let underlays = state.links.iter().filter(addressed).filter(is_underlay);
    Ok(underlays.min_by_key(|l| l.attrs.mtu))
}
