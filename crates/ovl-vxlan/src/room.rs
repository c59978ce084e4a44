//! How large a packet the underlay has room for: the MTU of the device its
//! packets leave by, less the outer headers.

use std::net::IpAddr;

use ovl_cli::error::reading;
use ovl_cli::{Context, Error, Exit, Slots};
use ovl_core::link::{Link, VxlanAttrs};
use ovl_core::names::IfName;
use ovl_core::state::Have;
use ovl_core::step::NsSlot;

use crate::cli::AskedMtu;

/// Outer Ethernet, IPv4, UDP and VXLAN headers: 14 + 20 + 8 + 8 bytes.
const OVERHEAD_V4: u32 = 50;
/// The same with an IPv6 header: 14 + 40 + 8 + 8 bytes.
const OVERHEAD_V6: u32 = 70;
/// The usual Ethernet MTU: what Docker assumes of every underlay.
const ETHERNET: u32 = 1500;

/// The MTU of the new device: what was asked, or the smaller of the usual one
/// and what the underlay has room for.
pub fn mtu(
    context: &Context,
    slots: &Slots,
    have: &Have,
    underlay: NsSlot,
    dev: Option<&IfName>,
    attrs: &VxlanAttrs,
    asked: Option<AskedMtu>,
) -> Result<u32, Error> {
    if let Some(AskedMtu::Bytes(mtu)) = asked {
        return Ok(mtu.get());
    }
    let overhead = if attrs.is_v6() { OVERHEAD_V6 } else { OVERHEAD_V4 };
    let outer = outer_device(context, slots, have, underlay, dev, attrs)?;
    let room = outer.and_then(|l| l.attrs.mtu).map(|mtu| mtu.saturating_sub(overhead));
    match (asked, room) {
        (Some(_), Some(room)) => Ok(room),
        (Some(_), None) => Err(Error::new(
            Exit::Failed,
            "cannot tell by which device of the underlay packets will leave",
        )
        .about("find", "the device of the underlay", slots.label(underlay))
        .hint("--dev or --local names it, or give --mtu a number")),
        (None, room) => Ok(room.map_or(ETHERNET - overhead, |r| r.min(ETHERNET - overhead))),
    }
}

/// The device packets will leave by: the one named, the one that has the local
/// address, or the one the route to the far end (or the default route) takes.
fn outer_device(
    context: &Context,
    slots: &Slots,
    have: &Have,
    underlay: NsSlot,
    dev: Option<&IfName>,
    attrs: &VxlanAttrs,
) -> Result<Option<Link>, Error> {
    let state = &have.states[&underlay];
    if let Some(name) = dev {
        return Ok(state.link(name).cloned());
    }
    if let Some(local) = attrs.local.filter(|ip| !ip.is_unspecified()) {
        let on = state.addrs.iter().find(|a| a.cidr.addr() == local);
        return Ok(on.and_then(|a| state.link_at(a.index)).cloned());
    }
    if let Some(far) = attrs.remote.or(attrs.group).filter(|ip| !ip.is_unspecified()) {
        let route = slots
            .reader(context, underlay)?
            .route_to(far)
            .map_err(reading("its routes", slots.label(underlay)))?;
        let index = route.and_then(|r| r.dev);
        return Ok(index.and_then(|i| state.link_at(i)).cloned());
    }
    let v4 = !attrs.is_v6();
    let default = state.routes.iter().find(|r| r.dst.is_none() && r.v4 == v4 && r.table == 254);
    if let Some(link) = default.and_then(|r| r.dev).and_then(|i| state.link_at(i)) {
        return Ok(Some(link.clone()));
    }
    // Without a default route: the narrowest device that has an address of that
    // family, since packets may leave by any of them.
    let addressed = |link: &&Link| {
        let fits = |ip: IpAddr| ip.is_ipv4() == v4 && !ip.is_loopback();
        link.state.is_up()
            && state.addrs_of(link.index).any(|a| a.scope == "global" && fits(a.cidr.addr()))
    };
    Ok(state.links.iter().filter(addressed).min_by_key(|l| l.attrs.mtu).cloned())
}
