//! The verbs of ovl-vxlan that change something, as wants.

use std::net::{IpAddr, Ipv6Addr};

use ovl_cli::apply::Applied;
use ovl_cli::{Context, Error, Exit, Slots, apply, output};
use ovl_core::link::{BridgeAttrs, Kind, KindSpec, LinkAttrs, LinkSpec, VxlanAttrs};
use ovl_core::names::{IfName, NsRef};
use ovl_core::netns::NetNs;
use ovl_core::plan::{Clash, Conflict};
use ovl_core::state::Have;
use ovl_core::step::{LinkRef, NsSlot};
use ovl_core::types::Cidr;
use ovl_core::want::{Policy, Standing, Want};
use ovl_core::wire::vxlan::DOCKER_PORT;

use crate::cli::{Add, AskedMtu, Del, Set};
use crate::{devices, holder, room};

/// libnetwork leaves ageing at the kernel's default; it is said so that it shows.
const AGEING_SECONDS: u32 = 300;

/// The attributes asked, over Docker's or the kernel's defaults.
fn attributes(args: &Add) -> Result<VxlanAttrs, Error> {
    let mut asked = args.attrs.0.clone();
    if asked.external == Some(true) {
        if asked.vni.is_some_and(|vni| vni.get() != 0) {
            return Err(Error::usage("--external takes the VNI from each packet: leave --vni out"));
        }
        // As `ip` makes it: no VNI, and nothing learned from packets of many.
        asked.vni = None;
        asked.learning = asked.learning.or(Some(false));
    }
    if args.v6 {
        let v4 = [asked.local, asked.remote, asked.group].iter().flatten().any(IpAddr::is_ipv4);
        if v4 {
            return Err(Error::usage("-6 asks for an IPv6 underlay, and an IPv4 address is given"));
        }
        if !asked.is_v6() {
            // The unspecified address is how the kernel is asked for an IPv6 socket.
            asked.remote = Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        }
    }
    if asked.remote.is_some() && asked.group.is_some() {
        return Err(Error::usage("--remote and --group exclude each other"));
    }
    if let Some(ip) = asked.remote.filter(IpAddr::is_multicast) {
        return Err(Error::usage(format!("{ip} is a multicast address: use --group")));
    }
    if let Some(ip) = asked.group.filter(|ip| !ip.is_multicast()) {
        return Err(Error::usage(format!("{ip} is not a multicast address: use --remote")));
    }
    if args.plain {
        return Ok(asked);
    }
    let by_rows = asked.remote.is_none_or(|ip| ip.is_unspecified())
        && asked.group.is_none()
        && asked.external != Some(true);
    let defaults = VxlanAttrs {
        dstport: Some(DOCKER_PORT),
        learning: Some(true),
        ageing: Some(AGEING_SECONDS),
        // With a default destination the rows are not the only way: proxy would
        // swallow the ARP that is to reach it.
        proxy: by_rows.then_some(true),
        l2miss: by_rows.then_some(true),
        l3miss: by_rows.then_some(true),
        ..VxlanAttrs::default()
    };
    // A device that takes its VNI from each packet learns nothing by itself.
    let defaults = if asked.external == Some(true) {
        VxlanAttrs { dstport: Some(DOCKER_PORT), ..VxlanAttrs::default() }
    } else {
        defaults
    };
    Ok(asked.or(defaults))
}

/// `add`.
pub fn add(context: &Context, args: &Add) -> Result<Exit, Error> {
    if args.bridge.as_ref() == Some(&args.name) {
        let message =
            format!("a device is no port of itself: {} is the bridge's name too", args.name);
        return Err(Error::usage(message).hint("--bridge takes the name of a bridge, such as br0"));
    }
    let attrs = attributes(args)?;
    let (applied, ns) = apply::again(|| add_once(context, args, &attrs))?;
    if applied != Applied::Shown && context.flags.is_structured() {
        devices::print_one(context, &ns, &args.name)?;
    }
    Ok(Exit::Done)
}

fn add_once(context: &Context, args: &Add, attrs: &VxlanAttrs) -> Result<(Applied, NetNs), Error> {
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let underlay = slots.have(context, args.underlay.as_ref().unwrap_or(&NsRef::Own))?;
    let _turn = slots.turn(args.acting);
    let mut have = slots.read(context)?;
    if args.exist_ok {
        slots.read_end(context, &mut have, at, &args.name)?;
    }
    let wants = wants(context, args, attrs, &slots, &have, (at, underlay))?;
    let (ns, socket) = (slots.try_clone(at)?, slots.open[&underlay].key());
    let policy = Policy { exist_ok: args.exist_ok, ..Policy::default() };
    let advise = |failed: &_, error: &mut _| holder::advise(context, socket, attrs, failed, error);
    let applied = apply(context, args.acting, slots, &wants, &have, policy, advise)?;
    Ok((applied, ns))
}

/// The bridge, the device, and the one enslaved to the other.
fn wants(
    context: &Context,
    args: &Add,
    attrs: &VxlanAttrs,
    slots: &Slots,
    have: &Have,
    (at, underlay): (NsSlot, NsSlot),
) -> Result<Vec<Want>, Error> {
    let dev = args.dev.as_ref().map(|name| find_dev(slots, have, underlay, name)).transpose()?;
    let mtu = if args.plain && args.mtu.is_none() {
        None
    } else {
        let asked: Option<AskedMtu> = args.mtu;
        let bridge = args.bridge.as_ref().filter(|_| at == underlay);
        let way = room::Way { underlay, dev: args.dev.as_ref(), attrs, bridge };
        Some(room::mtu(context, slots, have, &way, asked)?)
    };
    let mut wants = Vec::new();
    if let Some(bridge) = &args.bridge {
        // The bridge belongs to what was asked for: where the device stands, so must
        // the bridge, as it would have been made. Else any bridge will do.
        let stands = args.exist_ok && have.link(at, &args.name).is_some();
        let standing = if stands { Standing::SameIsFine } else { Standing::Use };
        wants.extend(bridge_wants(at, bridge, standing, mtu, args.gateway));
    }
    let spec = LinkSpec {
        name: args.name.clone(),
        attrs: LinkAttrs { mtu, mac: args.mac.map(Into::into), txqueuelen: args.txqueuelen },
        kind: KindSpec::Vxlan { attrs: Box::new(attrs.clone()), socket: underlay, dev },
    };
    let standing = if args.exist_ok { Standing::SameIsFine } else { Standing::Refuse };
    wants.push(Want::Link { at, spec, standing });
    if let Some(bridge) = &args.bridge {
        let (dev, master) = (args.name.clone(), Some(bridge.clone()));
        wants.push(Want::Master { at, dev, master });
    }
    wants.push(Want::Up { at, dev: args.name.clone(), up: !args.down });
    Ok(wants)
}

/// The bridge, its address, and it up, as Docker makes them: before the device.
fn bridge_wants(
    at: NsSlot,
    bridge: &IfName,
    standing: Standing,
    mtu: Option<u32>,
    gateway: Option<Cidr>,
) -> Vec<Want> {
    let spec = LinkSpec {
        name: bridge.clone(),
        attrs: LinkAttrs { mtu, ..LinkAttrs::default() },
        kind: KindSpec::Bridge(Box::<BridgeAttrs>::default()),
    };
    let mut wants = vec![Want::Link { at, spec, standing }];
    wants.extend(gateway.map(|cidr| Want::Addr { at, dev: bridge.clone(), cidr }));
    wants.push(Want::Up { at, dev: bridge.clone(), up: true });
    wants
}

fn find_dev(slots: &Slots, have: &Have, at: NsSlot, name: &IfName) -> Result<LinkRef, Error> {
    let Some(link) = have.link(at, name) else {
        let what = name.to_string();
        return Err(Conflict { what, netns: slots.label(at), why: Clash::Missing }.into());
    };
    Ok(LinkRef::Have { at, name: link.name.clone(), index: link.index })
}

/// `set`.
pub fn set(context: &Context, args: &Set) -> Result<Exit, Error> {
    let attrs = LinkAttrs {
        mtu: args.mtu.map(ovl_core::types::Mtu::get),
        mac: args.mac.map(Into::into),
        txqueuelen: args.txqueuelen,
    };
    let vxlan = Box::new(args.attrs.0.clone());
    let moved = args.master.is_some() || args.nomaster || args.up || args.down;
    if attrs.is_empty() && vxlan.is_empty() && !moved {
        return Err(Error::usage("nothing to set: give at least one attribute"));
    }
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let _turn = slots.turn(args.acting);
    let have = slots.read(context)?;
    let stands = Conflict::unless("vxlan", have.link(at, &args.name), &args.name, slots.label(at))?;
    let (ns, nsid) = (slots.try_clone(at)?, stands.peer.nsid);
    let whole = vxlan.as_ref().clone().or(stands.vxlan().cloned().unwrap_or_default());
    let dev = args.name.clone();
    let mut wants = vec![Want::Attrs { at, dev: dev.clone(), attrs, vxlan }];
    if args.master.is_some() || args.nomaster {
        wants.push(Want::Master { at, dev: dev.clone(), master: args.master.clone() });
    }
    if args.up || args.down {
        wants.push(Want::Up { at, dev, up: args.up });
    }
    let advise = |failed: &_, error: &mut _| {
        if let Some(underlay) = holder::underlay(context, &ns, nsid) {
            holder::advise(context, underlay, &whole, failed, error);
        }
    };
    apply(context, args.acting, slots, &wants, &have, Policy::default(), advise)?;
    Ok(Exit::Done)
}

/// `del`.
pub fn del(context: &Context, args: &Del) -> Result<Exit, Error> {
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let _turn = slots.turn(args.acting);
    let have = slots.read(context)?;
    let mut wants = vec![Want::NoLink { at, dev: args.name.clone(), kind: "vxlan" }];
    if args.with_bridge
        && let Some(link) = have.link(at, &args.name)
        && let Some(bridge) = link.master.and_then(|m| have.states[&at].link_at(m))
        && matches!(bridge.kind, Kind::Bridge(_))
    {
        let others: Vec<String> = have.states[&at]
            .ports_of(bridge.index)
            .filter(|p| p.index != link.index)
            .map(|p| p.name.to_string())
            .collect();
        if others.is_empty() {
            wants.push(Want::NoLink { at, dev: bridge.name.clone(), kind: "bridge" });
        } else if !context.flags.quiet {
            output::note(&format!(
                "{}: {} stays: {} still on it",
                context.tool,
                bridge.name,
                others.join(", ")
            ));
        }
    }
    let policy = Policy { missing_ok: args.missing_ok, ..Policy::default() };
    apply(context, args.acting, slots, &wants, &have, policy, |_, _| {})?;
    Ok(Exit::Done)
}
