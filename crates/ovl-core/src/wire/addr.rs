//! Interface addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use serde::{Deserialize, Serialize};

use super::{message, rtm, unreadable};
use crate::error::Fail;
use crate::socket::{Message, flag};
use crate::types::Cidr;

/// An address as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addr {
    /// The device it is on.
    pub index: u32,
    /// Address and prefix length.
    pub cidr: Cidr,
    /// Broadcast address, where one is set.
    pub broadcast: Option<IpAddr>,
    /// Scope, in `ip`'s words.
    pub scope: String,
    /// `IFA_F_*` flags.
    pub flags: u32,
}

/// Asks for all addresses of a namespace.
pub fn list() -> Message {
    message(rtm::GETADDR, 0, &AddressMessage::default())
}

/// Adds an address to a device.
pub fn add(index: u32, cidr: Cidr) -> Message {
    message(rtm::NEWADDR, flag::CREATE | flag::EXCL, &about(index, cidr))
}

/// Takes an address from a device.
pub fn del(index: u32, cidr: Cidr) -> Message {
    message(rtm::DELADDR, 0, &about(index, cidr))
}

fn about(index: u32, cidr: Cidr) -> AddressMessage {
    let mut asked = AddressMessage::default();
    asked.header.index = index;
    asked.header.prefix_len = cidr.prefix_len();
    asked.header.family =
        if cidr.addr().is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    asked.attributes.push(AddressAttribute::Local(cidr.addr()));
    asked.attributes.push(AddressAttribute::Address(cidr.addr()));
    asked
}

/// An address message, read. `None` for families that are not IP.
pub fn parse(body: &[u8]) -> Result<Option<Addr>, Fail> {
    let m = Parseable::parse(body).map_err(|e| unreadable(&e))?;
    let AddressMessage { header, attributes, .. } = m;
    let (mut local, mut address, mut broadcast, mut flags) = (None, None, None, 0);
    for attribute in &attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => address = Some(*ip),
            AddressAttribute::Broadcast(ip) => broadcast = Some(IpAddr::V4(*ip)),
            AddressAttribute::Flags(f) => flags = f.bits(),
            _ => {}
        }
    }
    // On a point-to-point device ADDRESS is the far end; LOCAL, where present, is ours.
    let net = local.or(address).and_then(|ip| IpNet::new(ip, header.prefix_len).ok());
    Ok(net.map(|net| Addr {
        index: header.index,
        cidr: Cidr::from(net),
        broadcast,
        scope: scope(u8::from(header.scope)),
        flags,
    }))
}

/// `RT_SCOPE_*` in `ip`'s words.
pub(crate) fn scope(scope: u8) -> String {
    match scope {
        0 => "global".into(),
        200 => "site".into(),
        253 => "link".into(),
        254 => "host".into(),
        255 => "nowhere".into(),
        other => other.to_string(),
    }
}
