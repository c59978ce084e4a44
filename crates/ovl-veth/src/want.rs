//! The verbs of ovl-veth that change something, as wants.

use std::net::IpAddr;

use ovl_cli::apply::Applied;
use ovl_cli::{Context, Error, Exit, Slots, apply};
use ovl_core::link::{KindSpec, LinkAttrs, LinkSpec, VxlanAttrs};
use ovl_core::names::{IfName, NsRef};
use ovl_core::netns::NetNs;
use ovl_core::plan::{Clash, Conflict};
use ovl_core::state::Have;
use ovl_core::step::NsSlot;
use ovl_core::types::{Cidr, MacAddr};
use ovl_core::want::{Policy, Standing, Want};
use ovl_core::wire::route::RouteSpec;

use crate::cli::{Add, AskedMac, AskedMtu, Del, Set};
use crate::devices;

/// One end of the cable to be.
struct End<'a> {
    at: NsSlot,
    name: IfName,
    attrs: LinkAttrs,
    master: Option<&'a IfName>,
    ips: &'a [Cidr],
}

/// `add`.
pub fn add(context: &Context, args: &Add) -> Result<Exit, Error> {
    let (applied, ns) = apply::again(|| add_once(context, args))?;
    if applied != Applied::Shown && context.flags.is_structured() {
        devices::print_one(context, &ns, &args.name)?;
    }
    Ok(Exit::Done)
}

fn add_once(context: &Context, args: &Add) -> Result<(Applied, NetNs), Error> {
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let peer_at = slots.have(context, args.peer_netns.as_ref().unwrap_or(&NsRef::Own))?;
    // The name that is chosen must still be free when it is taken.
    let _turn = slots.turn(args.acting);
    let mut have = slots.read(context)?;
    if args.exist_ok {
        slots.read_end(context, &mut have, at, &args.name)?;
    }
    let peer_name = peer_name(args, &have, at, peer_at)?;
    if (at, &args.name) == (peer_at, &peer_name) {
        return Err(Error::usage(format!("both ends would be named {peer_name} in one namespace")));
    }
    let mtu = mtu(args, &slots, &have, at, peer_at)?;
    let first = End {
        at,
        name: args.name.clone(),
        attrs: attrs(mtu, mac(args.mac, &args.ip, "--ip")?),
        master: args.master.as_ref(),
        ips: &args.ip,
    };
    let other = End {
        at: peer_at,
        name: peer_name.clone(),
        attrs: attrs(mtu, mac(args.peer_mac, &args.peer_ip, "--peer-ip")?),
        master: args.peer_master.as_ref(),
        ips: &args.peer_ip,
    };
    let wants = wants(args, &first, &other);
    let ns = slots.try_clone(at)?;
    let policy = Policy { exist_ok: args.exist_ok, ..Policy::default() };
    let applied = apply(context, args.acting, slots, &wants, &have, policy, |_, _| {})?;
    Ok((applied, ns))
}

fn attrs(mtu: Option<u32>, mac: Option<MacAddr>) -> LinkAttrs {
    LinkAttrs { mtu, mac, txqueuelen: None }
}

/// The cable; then each end enslaved, addressed and up; routes last, since they
/// need both the address and the device up.
fn wants(args: &Add, first: &End<'_>, other: &End<'_>) -> Vec<Want> {
    let spec = LinkSpec {
        name: first.name.clone(),
        attrs: first.attrs.clone(),
        kind: KindSpec::Veth {
            peer_at: other.at,
            peer_name: other.name.clone(),
            peer_attrs: other.attrs.clone(),
        },
    };
    let standing = if args.exist_ok { Standing::SameIsFine } else { Standing::Refuse };
    let mut wants = vec![Want::Link { at: first.at, spec, standing }];
    for end in [other, first] {
        let (at, dev) = (end.at, &end.name);
        let master = end.master.cloned();
        wants.extend(master.map(|m| Want::Master { at, dev: dev.clone(), master: Some(m) }));
        wants.extend(end.ips.iter().map(|cidr| Want::Addr { at, dev: dev.clone(), cidr: *cidr }));
        wants.push(Want::Up { at, dev: dev.clone(), up: !args.down });
    }
    let (at, dev) = (first.at, &first.name);
    let default = args.via.map(RouteSpec::default_via);
    let routes = args.route.iter().map(|r| r.0.clone()).chain(default);
    wants.extend(routes.map(|spec| Want::Route { at, dev: dev.clone(), spec }));
    wants
}

/// The other end's name: the one asked, the one that stands (`--exist-ok`), or
/// the next free vethN.
fn peer_name(args: &Add, have: &Have, at: NsSlot, peer_at: NsSlot) -> Result<IfName, Error> {
    if let Some(name) = &args.peer {
        return Ok(name.clone());
    }
    let state = &have.states[&peer_at];
    if args.exist_ok
        && let Some(stands) = have.link(at, &args.name)
        && let Some(peer) = stands.peer.index.and_then(|i| state.link_at(i))
    {
        return Ok(peer.name.clone());
    }
    let taken = |name: &IfName| state.link(name).is_some() || (at == peer_at && *name == args.name);
    (0..=u32::MAX)
        .filter_map(|n| format!("veth{n}").parse::<IfName>().ok())
        .find(|name| !taken(name))
        .ok_or_else(|| Error::new(Exit::Failed, "no name vethN is free"))
}

/// Docker's rule needs an IPv4 address to make the MAC address from.
fn mac(asked: Option<AskedMac>, ips: &[Cidr], flag: &str) -> Result<Option<MacAddr>, Error> {
    match asked {
        None => Ok(None),
        Some(AskedMac::Is(mac)) => Ok(Some(mac.get())),
        Some(AskedMac::Auto) => {
            let v4 = ips.iter().find_map(|cidr| match cidr.addr() {
                IpAddr::V4(ip) => Some(ip),
                IpAddr::V6(_) => None,
            });
            match v4 {
                Some(ip) => Ok(Some(MacAddr::from_ipv4(ip))),
                None => Err(Error::usage(format!(
                    "a MAC address 'auto' is made from an IPv4 address: give {flag}"
                ))),
            }
        }
    }
}

/// Beside a master the bridge's MTU is the default: a packet larger than the
/// bridge carries would vanish without a word.
fn mtu(
    args: &Add,
    slots: &Slots,
    have: &Have,
    at: NsSlot,
    peer_at: NsSlot,
) -> Result<Option<u32>, Error> {
    if let Some(AskedMtu::Bytes(mtu)) = args.mtu {
        return Ok(Some(mtu.get()));
    }
    let masters = [(at, &args.master), (peer_at, &args.peer_master)];
    let mut smallest: Option<u32> = None;
    for (at, name) in masters {
        let Some(name) = name else { continue };
        let Some(bridge) = have.link(at, name) else {
            let what = name.to_string();
            return Err(Conflict { what, netns: slots.label(at), why: Clash::Missing }.into());
        };
        smallest = [smallest, bridge.attrs.mtu].into_iter().flatten().min();
    }
    if args.mtu == Some(AskedMtu::Auto) && smallest.is_none() {
        return Err(Error::usage(
            "--mtu auto takes the MTU of a bridge: give --master or --peer-master",
        ));
    }
    Ok(smallest)
}

/// `set`.
pub fn set(context: &Context, args: &Set) -> Result<Exit, Error> {
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let _turn = slots.turn(args.acting);
    let have = slots.read(context)?;
    devices::is_veth(&slots, &have, at, &args.name)?;
    let dev = &args.name;
    let attrs = attrs(args.mtu.map(ovl_core::types::Mtu::get), args.mac.map(Into::into));
    let mut wants = Vec::new();
    if !attrs.is_empty() {
        let vxlan = Box::<VxlanAttrs>::default();
        wants.push(Want::Attrs { at, dev: dev.clone(), attrs, vxlan });
    }
    if args.master.is_some() || args.nomaster {
        wants.push(Want::Master { at, dev: dev.clone(), master: args.master.clone() });
    }
    wants.extend(args.ip.iter().map(|cidr| Want::Addr { at, dev: dev.clone(), cidr: *cidr }));
    if args.up || args.down {
        wants.push(Want::Up { at, dev: dev.clone(), up: args.up });
    }
    if wants.is_empty() {
        return Err(Error::usage("nothing to set: give at least one attribute"));
    }
    apply(context, args.acting, slots, &wants, &have, Policy::default(), |_, _| {})?;
    Ok(Exit::Done)
}

/// `del`.
pub fn del(context: &Context, args: &Del) -> Result<Exit, Error> {
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let _turn = slots.turn(args.acting);
    let have = slots.read(context)?;
    let wants = [Want::NoLink { at, dev: args.name.clone(), kind: "veth" }];
    let policy = Policy { missing_ok: args.missing_ok, ..Policy::default() };
    apply(context, args.acting, slots, &wants, &have, policy, |_, _| {})?;
    Ok(Exit::Done)
}
