//! Routes of the main table, and the lookup `ip route get` makes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use serde::{Deserialize, Serialize};

use super::addr::scope;
use super::{message, rtm, unreadable};
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

    fn is_v4(&self) -> bool {
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
    pub dst: Option<IpNet>,
    /// Gateway.
    pub via: Option<IpAddr>,
    /// Index of the device it leaves by.
    pub dev: Option<u32>,
    /// Preferred source address.
    pub src: Option<IpAddr>,
    /// Metric.
    pub metric: Option<u32>,
    /// Table number.
    pub table: u32,
    /// Who made it, in `ip`'s words.
    pub protocol: String,
    /// Scope, in `ip`'s words.
    pub scope: String,
    /// Type, in `ip`'s words: unicast, local, blackhole...
    pub kind: String,
    /// IPv4?
    pub v4: bool,
}

/// Asks for all routes of a namespace, of both families and all tables.
pub fn list() -> Message {
    message(rtm::GETROUTE, 0, &RouteMessage::default())
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

fn family(v4: bool) -> AddressFamily {
    if v4 { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

/// A route message, read. `None` for families that are not IP.
pub fn parse(body: &[u8]) -> Result<Option<Route>, Fail> {
    let m = RouteMessage::parse(body).map_err(|e| unreadable(&e))?;
    let v4 = match m.header.address_family {
        AddressFamily::Inet => true,
        AddressFamily::Inet6 => false,
        _ => return Ok(None),
    };
    let mut route = Route {
        dst: None,
        via: None,
        dev: None,
        src: None,
        metric: None,
        table: u32::from(m.header.table),
        protocol: protocol(u8::from(m.header.protocol)),
        scope: scope(u8::from(m.header.scope)),
        kind: kind(u8::from(m.header.kind)),
        v4,
    };
    let mut dst = None;
    for attribute in &m.attributes {
        match attribute {
            RouteAttribute::Destination(a) => dst = ip(a),
            RouteAttribute::Gateway(a) => route.via = ip(a),
            RouteAttribute::PrefSource(a) => route.src = ip(a),
            RouteAttribute::Oif(index) => route.dev = Some(*index),
            RouteAttribute::Priority(n) => route.metric = Some(*n),
            RouteAttribute::Table(n) => route.table = *n,
            _ => {}
        }
    }
    let length = m.header.destination_prefix_length;
    if dst.is_some() || length > 0 {
        let any = if v4 { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        route.dst = IpNet::new(dst.unwrap_or(any), length).ok();
    }
    Ok(Some(route))
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(a) => Some(IpAddr::V4(*a)),
        RouteAddress::Inet6(a) => Some(IpAddr::V6(*a)),
        _ => None,
    }
}

/// `RTPROT_*` in `ip`'s words (iproute2's `etc/iproute2/rt_protos`).
pub fn protocol(number: u8) -> String {
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
        other => other.to_string(),
    }
}

/// `RTN_*` in `ip`'s words.
fn kind(number: u8) -> String {
    match number {
        1 => "unicast".into(),
        2 => "local".into(),
        3 => "broadcast".into(),
        4 => "anycast".into(),
        5 => "multicast".into(),
        6 => "blackhole".into(),
        7 => "unreachable".into(),
        8 => "prohibit".into(),
        other => other.to_string(),
    }
}
