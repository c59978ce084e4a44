//! Messages to specs and back: the bytes of rtnetlink on one side, this
//! crate's types on the other. Pure: no socket is opened here.

pub mod addr;
pub mod bridge;
pub mod link;
pub mod neightbl;
pub mod nsid;
pub mod port;
pub mod route;
pub mod row;
pub mod vxlan;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{DecodeError, Emitable};
use netlink_packet_route::AddressFamily;

use crate::error::Fail;
use crate::socket::Message;

/// `RTM_*` message types (include/uapi/linux/rtnetlink.h).
pub mod rtm {
    /// A link, or: make one.
    pub const NEWLINK: u16 = 16;
    /// Delete a link.
    pub const DELLINK: u16 = 17;
    /// Ask for links.
    pub const GETLINK: u16 = 18;
    /// Change a link.
    pub const SETLINK: u16 = 19;
    /// An address, or: add one.
    pub const NEWADDR: u16 = 20;
    /// Delete an address.
    pub const DELADDR: u16 = 21;
    /// Ask for addresses.
    pub const GETADDR: u16 = 22;
    /// A route, or: add one.
    pub const NEWROUTE: u16 = 24;
    /// Delete a route.
    pub const DELROUTE: u16 = 25;
    /// Ask for routes.
    pub const GETROUTE: u16 = 26;
    /// A neighbour or FDB row, or: add one.
    pub const NEWNEIGH: u16 = 28;
    /// Delete a neighbour or FDB row.
    pub const DELNEIGH: u16 = 29;
    /// Ask for neighbour or FDB rows.
    pub const GETNEIGH: u16 = 30;
    /// A neighbour table, or a device's part in one.
    pub const NEWNEIGHTBL: u16 = 64;
    /// Ask for the neighbour tables.
    pub const GETNEIGHTBL: u16 = 66;
    /// A namespace id, or: assign one.
    pub const NEWNSID: u16 = 88;
    /// Ask for a namespace id.
    pub const GETNSID: u16 = 90;
}

/// A message from something that can write itself.
fn message(kind: u16, flags: u16, body: &impl Emitable) -> Message {
    let mut bytes = vec![0; body.buffer_len()];
    body.emit(&mut bytes);
    Message { kind, flags, body: bytes }
}

fn family(v4: bool) -> AddressFamily {
    if v4 { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

/// An address attribute. Some have no family of their own: the length tells.
fn ip(payload: &[u8]) -> Option<IpAddr> {
    match payload.len() {
        4 => payload.first_chunk::<4>().map(|b| Ipv4Addr::from(*b).into()),
        16 => payload.first_chunk::<16>().map(|b| Ipv6Addr::from(*b).into()),
        _ => None,
    }
}

/// A 32-bit attribute.
fn number(payload: &[u8]) -> Option<u32> {
    payload.first_chunk::<4>().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn unreadable(e: &DecodeError) -> Fail {
    // The alternate form has the whole chain of causes.
    Fail::Unreadable(format!("{e:#}"))
}
