//! Routes, with all their next hops, and the lookup `ip route get` makes.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use netlink_packet_core::NlasIterator;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use serde::{Deserialize, Serialize};

mod hop;
mod metric;

pub use hop::Hop;
pub use metric::{Amount, Metric};

use super::addr::scope;
use super::{family, ip, message, number, rtm, unreadable};
use crate::error::Fail;
use crate::socket::{Message, flag};

/// `RT_TABLE_MAIN`.
pub const MAIN_TABLE: u32 = 254;

/// A route as it is asked for: where to, by which gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSpec {
    /// Destination; `None` is the default route.
    pub dst: Option<IpNet>,
    /// Gateway; `None`: the destination is on the link.
    pub via: Option<IpAddr>,
}

impl RouteSpec {
    /// The default route by that gateway.
    pub fn default_via(via: IpAddr) -> RouteSpec {
        RouteSpec { dst: None, via: Some(via) }
    }

    pub(crate) fn is_v4(&self) -> bool {
        match (self.dst, self.via) {
            (Some(dst), _) => dst.addr().is_ipv4(),
            (None, Some(via)) => via.is_ipv4(),
            (None, None) => true,
        }
    }
}

/// A route as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Route {
    /// Destination; `None` is the default route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst: Option<IpNet>,
    /// Gateway; it may be an IPv6 address of an IPv4 route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<IpAddr>,
    /// The ways it takes, where they are several; then it has none of its own.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub hops: Box<[Hop]>,
    /// The nexthop object that says so, where it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nhid: Option<u32>,
    /// Index of the device it leaves by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<u32>,
    /// Preferred source address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src: Option<IpAddr>,
    /// Metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<u32>,
    /// Type of service of the packets it is for; 0: of all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tos: u8,
    /// `RTNH_F_*` of its one way.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub flags: u8,
    /// How much its router is preferred (`ICMPV6_ROUTER_PREF_*`), of IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pref: Option<u8>,
    /// What it fixes of the packets and connections on it: the MTU and the like.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub metrics: Box<[Metric]>,
    /// Table number.
    pub table: u32,
    /// Who made it, in `ip`'s words.
    pub protocol: Cow<'static, str>,
    /// Scope, in `ip`'s words.
    pub scope: Cow<'static, str>,
    /// Type, in `ip`'s words: unicast, local, blackhole...
    pub kind: Cow<'static, str>,
    /// IPv4?
    pub v4: bool,
}

impl Route {
    /// The flags of its one way in `ip`'s words; where it has several they have their own.
    pub fn flag_words(&self) -> Vec<&'static str> {
        hop::flag_words(self.flags)
    }

    /// The devices it leaves by.
    pub fn devs(&self) -> impl Iterator<Item = u32> + '_ {
        self.dev.into_iter().chain(self.hops.iter().map(|hop| hop.dev))
    }

    /// Is it what was asked for, by that device?
    pub fn is(&self, spec: &RouteSpec, dev: u32) -> bool {
        self.dst == spec.dst && self.via == spec.via && self.dev == Some(dev)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// Asks for all routes of a namespace that are of one family, in all tables.
pub fn list(v4: bool) -> Message {
    let mut asked = RouteMessage::default();
    asked.header.address_family = family(v4);
    message(rtm::GETROUTE, 0, &asked)
}

/// Asks which route packets to `to` take.
pub fn get(to: IpAddr) -> Message {
    let mut asked = RouteMessage::default();
    asked.header.address_family = family(to.is_ipv4());
    asked.header.destination_prefix_length = if to.is_ipv4() { 32 } else { 128 };
    asked.attributes.push(RouteAttribute::Destination(to.into()));
    message(rtm::GETROUTE, 0, &asked)
}

/// Adds a route that leaves by the device.
pub fn add(spec: &RouteSpec, dev: u32) -> Message {
    message(rtm::NEWROUTE, flag::CREATE | flag::EXCL, &about(spec, dev))
}

/// Deletes a route that leaves by the device.
pub fn del(spec: &RouteSpec, dev: u32) -> Message {
    message(rtm::DELROUTE, 0, &about(spec, dev))
}

fn about(spec: &RouteSpec, dev: u32) -> RouteMessage {
    let mut asked = RouteMessage::default();
    let header = &mut asked.header;
    header.address_family = family(spec.is_v4());
    header.table = 254;
    // What `ip route add` says: BOOT, unicast, link scope without a gateway.
    header.protocol = RouteProtocol::Boot;
    header.kind = RouteType::Unicast;
    header.scope =
        if spec.via.is_some() || !spec.is_v4() { RouteScope::Universe } else { RouteScope::Link };
    if let Some(dst) = spec.dst {
        header.destination_prefix_length = dst.prefix_len();
        asked.attributes.push(RouteAttribute::Destination(dst.network().into()));
    }
    if let Some(via) = spec.via {
        asked.attributes.push(RouteAttribute::Gateway(via.into()));
    }
    asked.attributes.push(RouteAttribute::Oif(dev));
    asked
}

/// `struct rtmsg` is 12 bytes.
const RTMSG: usize = 12;

/// `RTA_*` attributes (include/uapi/linux/rtnetlink.h).
mod rta {
    pub const DST: u16 = 1;
    pub const OIF: u16 = 4;
    pub const GATEWAY: u16 = 5;
    pub const PRIORITY: u16 = 6;
    pub const PREFSRC: u16 = 7;
    pub const METRICS: u16 = 8;
    pub const MULTIPATH: u16 = 9;
    pub const TABLE: u16 = 15;
    pub const VIA: u16 = 18;
    pub const PREF: u16 = 20;
    pub const NH_ID: u16 = 30;
}

/// A route message, read. `None` for families that are not IP. Its attributes are
/// walked here, as those of links and rows are: every namespace has a dozen routes.
pub fn parse(body: &[u8]) -> Result<Option<Route>, Fail> {
    let head = body.first_chunk::<RTMSG>();
    let head = head.ok_or_else(|| Fail::Unreadable("a cut-off route message".into()))?;
    let v4 = match head[0].into() {
        AddressFamily::Inet => true,
        AddressFamily::Inet6 => false,
        _ => return Ok(None),
    };
    let length = head[1];
    let mut route = Route {
        dst: None,
        via: None,
        hops: Box::default(),
        nhid: None,
        dev: None,
        src: None,
        metric: None,
        tos: head[3],
        // The rest of the four bytes (`RTM_F_*`) is no way's.
        flags: u32::from_ne_bytes([head[8], head[9], head[10], head[11]]).to_le_bytes()[0],
        pref: None,
        metrics: Box::default(),
        table: u32::from(head[4]),
        protocol: protocol(head[5]),
        scope: scope(head[6]),
        kind: kind(head[7]),
        v4,
    };
    let mut dst = None;
    for nla in NlasIterator::new(&body[RTMSG..]) {
        let nla = nla.map_err(|e| unreadable(&e))?;
        match nla.kind() {
            rta::DST => dst = ip(nla.value()),
            rta::GATEWAY => route.via = ip(nla.value()),
            rta::VIA => route.via = hop::via(nla.value()),
            rta::METRICS => route.metrics = metric::metrics(nla.value())?,
            rta::MULTIPATH => route.hops = hop::hops(nla.value())?,
            rta::PREF => route.pref = nla.value().first().copied(),
            rta::NH_ID => route.nhid = number(nla.value()),
            rta::PREFSRC => route.src = ip(nla.value()),
            rta::OIF => route.dev = number(nla.value()),
            rta::PRIORITY => route.metric = number(nla.value()),
            rta::TABLE => route.table = number(nla.value()).unwrap_or(route.table),
            _ => {}
        }
    }
    if dst.is_some() || length > 0 {
        let any = if v4 { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        route.dst = IpNet::new(dst.unwrap_or(any), length).ok();
    }
    Ok(Some(route))
}

/// `RTPROT_*` in `ip`'s words (iproute2's `etc/iproute2/rt_protos`).
pub fn protocol(number: u8) -> Cow<'static, str> {
    match number {
        0 => "unspec".into(),
        1 => "redirect".into(),
        2 => "kernel".into(),
        3 => "boot".into(),
        4 => "static".into(),
        9 => "ra".into(),
        16 => "dhcp".into(),
        186 => "bgp".into(),
        188 => "ospf".into(),
        196 => "zebra".into(),
        other => other.to_string().into(),
    }
}

/// `RTN_*` in `ip`'s words (iproute2's `ip/rtm_map.c`).
fn kind(number: u8) -> Cow<'static, str> {
    match number {
        0 => "none".into(),
        1 => "unicast".into(),
        2 => "local".into(),
        3 => "broadcast".into(),
        4 => "anycast".into(),
        5 => "multicast".into(),
        6 => "blackhole".into(),
        7 => "unreachable".into(),
        8 => "prohibit".into(),
        9 => "throw".into(),
        10 => "nat".into(),
        11 => "xresolve".into(),
        other => other.to_string().into(),
    }
}
