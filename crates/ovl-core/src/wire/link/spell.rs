//! What the kernel says of a device in numbers, in `ip`'s words.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{NlaBuffer, NlasIterator};
use netlink_packet_route::link::{LinkMode, State};

use crate::types::MacAddr;

/// RFC 2863 states in `ip`'s words.
pub(super) fn operstate(state: State) -> Cow<'static, str> {
    match state {
        State::Unknown => "UNKNOWN".into(),
        State::NotPresent => "NOTPRESENT".into(),
        State::Down => "DOWN".into(),
        State::LowerLayerDown => "LOWERLAYERDOWN".into(),
        State::Testing => "TESTING".into(),
        State::Dormant => "DORMANT".into(),
        State::Up => "UP".into(),
        other => u8::from(other).to_string().into(),
    }
}

pub(super) fn linkmode(mode: LinkMode) -> Cow<'static, str> {
    match mode {
        LinkMode::Default => "DEFAULT".into(),
        LinkMode::Dormant => "DORMANT".into(),
        other => u8::from(other).to_string().into(),
    }
}

/// `IFLA_INET6_ADDR_GEN_MODE` (8) of the IPv6 part (`AF_INET6`, 10).
pub(super) fn addr_gen_mode(families: &[u8]) -> Option<Cow<'static, str>> {
    fn inside(payload: &[u8], wanted: u16) -> Option<NlaBuffer<&[u8]>> {
        NlasIterator::new(payload).flatten().find(|nla| nla.kind() == wanted)
    }
    let family = inside(families, 10)?;
    let mode = inside(family.value(), 8)?;
    // IN6_ADDR_GEN_MODE_* (include/uapi/linux/if_link.h) in `ip`'s words.
    Some(match mode.value().first()? {
        0 => "eui64".into(),
        1 => "none".into(),
        2 => "stable_secret".into(),
        3 => "random".into(),
        other => other.to_string().into(),
    })
}

/// A hardware address as `ip` prints it: an IP address where it is four or
/// sixteen octets long (tunnels), else octets with colons.
pub(super) fn spell_address(octets: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Ipv4Addr::from(four).to_string();
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(octets) {
        return Ipv6Addr::from(sixteen).to_string();
    }
    if let Some(mac) = MacAddr::from_bytes(octets) {
        return mac.to_string();
    }
    let mut text = String::with_capacity(octets.len() * 3);
    for octet in octets {
        let colon = if text.is_empty() { "" } else { ":" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{colon}{octet:02x}");
    }
    text
}
