//! Namespace ids: the small numbers by which one namespace knows another.

use std::os::fd::RawFd;

use netlink_packet_core::Parseable;
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};

use super::{message, rtm, unreadable};
use crate::error::Fail;
use crate::socket::Message;

/// Asks which id the socket's namespace has for the one open as `fd`. Assigns none.
pub fn get(fd: RawFd) -> Message {
    message(rtm::GETNSID, 0, &about(fd, None))
}

/// Asks for all ids the socket's namespace has given.
pub fn list() -> Message {
    message(rtm::GETNSID, 0, &NsidMessage::default())
}

/// Asks which id a namespace has in another, where the socket's namespace knows
/// both by id: neither has to be open.
pub fn translate(of: i32, there: i32) -> Message {
    let mut asked = NsidMessage::default();
    asked.attributes.push(NsidAttribute::Id(of));
    asked.attributes.push(NsidAttribute::TargetNsid(there));
    message(rtm::GETNSID, 0, &asked)
}

/// Gives the namespace open as `fd` an id, or the next free one.
pub fn set(fd: RawFd, id: Option<i32>) -> Message {
    // -1 (NETNSA_NSID_NOT_ASSIGNED) asks the kernel to choose.
    message(rtm::NEWNSID, 0, &about(fd, Some(id.unwrap_or(-1))))
}

fn about(fd: RawFd, id: Option<i32>) -> NsidMessage {
    let mut asked = NsidMessage::default();
    asked.attributes.push(NsidAttribute::Fd(fd.unsigned_abs()));
    asked.attributes.extend(id.map(NsidAttribute::Id));
    asked
}

/// The id in an answer; `None` when none is assigned.
pub fn parse(body: &[u8]) -> Result<Option<i32>, Fail> {
    let answer = NsidMessage::parse(body).map_err(|e| unreadable(&e))?;
    Ok(answer.attributes.iter().find_map(|a| match a {
        NsidAttribute::Id(id) if *id >= 0 => Some(*id),
        _ => None,
    }))
}
