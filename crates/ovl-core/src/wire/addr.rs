//! Interface addresses.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::NlasIterator;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use serde::{Deserialize, Serialize};

use super::{family, ip, message, number, rtm, unreadable};
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<IpAddr>,
    /// Scope, in `ip`'s words.
    pub scope: Cow<'static, str>,
    /// `IFA_F_*` flags.
    pub flags: u32,
}

/// Asks for all addresses of a namespace that are of one family.
pub fn list(v4: bool) -> Message {
    let mut asked = AddressMessage::default();
    asked.header.family = family(v4);
    message(rtm::GETADDR, 0, &asked)
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
    asked.header.family = family(cidr.addr().is_ipv4());
    asked.attributes.push(AddressAttribute::Local(cidr.addr()));
    asked.attributes.push(AddressAttribute::Address(cidr.addr()));
    asked
}

/// `struct ifaddrmsg` is 8 bytes.
const IFADDRMSG: usize = 8;

/// `IFA_*` attributes (`include/uapi/linux/if_addr.h`).
mod ifa {
    pub const ADDRESS: u16 = 1;
    pub const LOCAL: u16 = 2;
    pub const BROADCAST: u16 = 4;
    pub const FLAGS: u16 = 8;
}

/// An address message, read. `None` for families that are not IP.
pub fn parse(body: &[u8]) -> Result<Option<Addr>, Fail> {
    let head = body.first_chunk::<IFADDRMSG>();
    let head = head.ok_or_else(|| Fail::Unreadable("a cut-off address message".into()))?;
    let (mut local, mut address, mut broadcast, mut flags) = (None, None, None, 0);
    for nla in NlasIterator::new(&body[IFADDRMSG..]) {
        let nla = nla.map_err(|e| unreadable(&e))?;
        match nla.kind() {
            ifa::LOCAL => local = ip(nla.value()),
            ifa::ADDRESS => address = ip(nla.value()),
            ifa::BROADCAST => broadcast = ip(nla.value()),
            ifa::FLAGS => flags = number(nla.value()).unwrap_or_default(),
            _ => {}
        }
    }
    // On a point-to-point device ADDRESS is the far end; LOCAL, where present, is ours.
    let net = local.or(address).and_then(|ip| IpNet::new(ip, head[1]).ok());
    Ok(net.map(|net| Addr {
        index: u32::from_ne_bytes([head[4], head[5], head[6], head[7]]),
        cidr: Cidr::from(net),
        broadcast,
        scope: scope(head[3]),
        flags,
    }))
}

/// `RT_SCOPE_*` in `ip`'s words.
pub(crate) fn scope(scope: u8) -> Cow<'static, str> {
    match scope {
        0 => "global".into(),
        200 => "site".into(),
        253 => "link".into(),
        254 => "host".into(),
        255 => "nowhere".into(),
        other => other.to_string().into(),
    }
}
