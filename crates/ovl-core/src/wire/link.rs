//! Link messages: requests that make, change, delete and list devices, and what
//! the kernel says of them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::RawFd;

use netlink_packet_core::Parseable;
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoPortData, InfoVeth,
    InfoVxlan, LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo, LinkMessage, LinkMode, State,
    Stats64,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use super::{message, rtm, unreadable};
use crate::error::Fail;
use crate::link::{
    BridgeAttrs, Kind, Link, LinkAttrs, LinkState, PeerHint, Port, PortAttrs, Stats, VxlanAttrs,
};
use crate::names::IfName;
use crate::socket::{Message, flag};

/// Asks for all devices of a namespace.
pub fn list(with_stats: bool) -> Message {
    message(rtm::GETLINK, 0, &with_mask(LinkMessage::default(), with_stats))
}

/// Asks for one device.
pub fn get(name: &IfName, with_stats: bool) -> Message {
    let asked = LinkUnspec::new_with_name(name.as_str()).build();
    message(rtm::GETLINK, 0, &with_mask(asked, with_stats))
}

fn with_mask(mut asked: LinkMessage, with_stats: bool) -> LinkMessage {
    if !with_stats {
        asked.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    }
    asked
}

/// Makes a VXLAN device. Asked in the namespace of its socket; `netns`, an open
/// file of the namespace it is to live in, makes the kernel create it there, so
/// there is no moment at which it stands in the wrong one.
pub fn add_vxlan(
    name: &IfName,
    attrs: &LinkAttrs,
    vxlan: &VxlanAttrs,
    dev: Option<u32>,
    netns: Option<RawFd>,
) -> Message {
    let mut info = vxlan.encode();
    info.extend(dev.map(InfoVxlan::Link));
    let mut link = LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::Vxlan)
        .name(name.as_str())
        .set_info_data(InfoData::Vxlan(info));
    if let Some(fd) = netns {
        link = link.setns_by_fd(fd);
    }
    create(&with_attrs(link, attrs).build())
}

/// Makes a cable. Asked in the namespace of the first end; `peer_netns` is an
/// open file of the other end's.
pub fn add_veth(
    name: &IfName,
    attrs: &LinkAttrs,
    peer: &IfName,
    peer_attrs: &LinkAttrs,
    peer_netns: Option<RawFd>,
) -> Message {
    let mut other = LinkUnspec::new_with_name(peer.as_str());
    if let Some(fd) = peer_netns {
        other = other.setns_by_fd(fd);
    }
    let other = with_attrs(other, peer_attrs).build();
    let link = LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::Veth)
        .name(name.as_str())
        .set_info_data(InfoData::Veth(InfoVeth::Peer(other)));
    create(&with_attrs(link, attrs).build())
}

/// Makes a bridge.
pub fn add_bridge(name: &IfName, attrs: &LinkAttrs, bridge: &BridgeAttrs) -> Message {
    let mut link =
        LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::Bridge).name(name.as_str());
    if !bridge.is_empty() {
        link = link.set_info_data(InfoData::Bridge(bridge.encode()));
    }
    create(&with_attrs(link, attrs).build())
}

fn create(link: &LinkMessage) -> Message {
    message(rtm::NEWLINK, flag::CREATE | flag::EXCL, link)
}

fn with_attrs(
    mut link: LinkMessageBuilder<LinkUnspec>,
    attrs: &LinkAttrs,
) -> LinkMessageBuilder<LinkUnspec> {
    for attribute in attrs.encode() {
        link = link.append_extra_attribute(attribute);
    }
    link
}

/// Deletes a device.
pub fn del(index: u32) -> Message {
    message(rtm::DELLINK, 0, &LinkUnspec::new_with_index(index).build())
}

/// Brings a device up or down.
pub fn set_up(index: u32, up: bool) -> Message {
    let link = LinkUnspec::new_with_index(index);
    set(if up { link.up() } else { link.down() }.build())
}

/// Enslaves a device; 0 frees it.
pub fn set_master(index: u32, master: u32) -> Message {
    set(LinkUnspec::new_with_index(index).controller(master).build())
}

/// Renames a device.
pub fn set_name(index: u32, name: &IfName) -> Message {
    set(LinkUnspec::new_with_index(index).name(name.as_str()).build())
}

/// Changes attributes that every device has.
pub fn set_attrs(index: u32, attrs: &LinkAttrs) -> Message {
    set(with_attrs(LinkUnspec::new_with_index(index), attrs).build())
}

/// Changes attributes of a VXLAN device.
pub fn set_vxlan(index: u32, attrs: &VxlanAttrs) -> Message {
    let mut link = LinkMessageBuilder::<LinkUnspec>::new_with_info_kind(InfoKind::Vxlan)
        .set_info_data(InfoData::Vxlan(attrs.encode()))
        .build();
    link.header.index = index;
    // A change goes as NEWLINK without CREATE: SETLINK does not reach the
    // device's own changelink operation (net/core/rtnetlink.c, do_setlink).
    message(rtm::NEWLINK, 0, &link)
}

fn set(mut link: LinkMessage) -> Message {
    // The kernel takes flags outside the mask as they are in the header.
    link.header.change_mask &= LinkFlags::Up;
    message(rtm::SETLINK, 0, &link)
}

/// A link message, read.
pub fn parse(body: &[u8]) -> Result<Link, Fail> {
    let message = LinkMessage::parse(body).map_err(|e| unreadable(&e))?;
    let mut link = Link {
        index: message.header.index,
        name: IfName::from_kernel(String::new()),
        attrs: LinkAttrs::decode(&message.attributes),
        kind: Kind::Plain,
        master: None,
        port: None,
        state: LinkState {
            flags: message.header.flags.bits(),
            arphrd: message.header.link_layer_type.into(),
            operstate: "UNKNOWN".into(),
            linkmode: "DEFAULT".into(),
            ..LinkState::default()
        },
        peer: PeerHint::default(),
        stats: None,
    };
    for attribute in &message.attributes {
        read(&mut link, attribute);
    }
    Ok(link)
}

fn read(link: &mut Link, attribute: &LinkAttribute) {
    let state = &mut link.state;
    match attribute {
        LinkAttribute::IfName(name) => link.name = IfName::from_kernel(name.clone()),
        LinkAttribute::Controller(index) => link.master = Some(*index),
        LinkAttribute::Link(index) => link.peer.index = Some(*index),
        LinkAttribute::LinkNetNsId(id) => link.peer.nsid = Some(*id),
        LinkAttribute::LinkInfo(info) => read_info(link, info),
        LinkAttribute::OperState(s) => state.operstate = operstate(*s),
        LinkAttribute::Carrier(c) => state.carrier = Some(*c != 0),
        LinkAttribute::Qdisc(q) => state.qdisc = Some(q.clone()),
        LinkAttribute::Mode(m) => state.linkmode = linkmode(*m),
        LinkAttribute::Group(n) => state.group = *n,
        LinkAttribute::Address(a) if a.len() != 6 => state.address = Some(spell_address(a)),
        LinkAttribute::Broadcast(a) => state.broadcast = Some(spell_address(a)),
        LinkAttribute::IfAlias(a) => state.alias = Some(a.clone()),
        LinkAttribute::Promiscuity(n) => state.promiscuity = Some(*n),
        LinkAttribute::AllMulticast(n) => state.allmulti = Some(*n),
        LinkAttribute::MinMtu(n) => state.min_mtu = Some(*n),
        LinkAttribute::MaxMtu(n) => state.max_mtu = Some(*n),
        LinkAttribute::NumTxQueues(n) => state.num_tx_queues = Some(*n),
        LinkAttribute::NumRxQueues(n) => state.num_rx_queues = Some(*n),
        LinkAttribute::GsoMaxSize(n) => state.gso_max_size = Some(*n),
        LinkAttribute::GsoMaxSegs(n) => state.gso_max_segs = Some(*n),
        LinkAttribute::TsoMaxSize(n) => state.tso_max_size = Some(*n),
        LinkAttribute::TsoMaxSegs(n) => state.tso_max_segs = Some(*n),
        LinkAttribute::GroMaxSize(n) => state.gro_max_size = Some(*n),
        LinkAttribute::AfSpecUnspec(families) => {
            state.inet6_addr_gen_mode = families.iter().find_map(addr_gen_mode);
        }
        LinkAttribute::Stats64(stats) => link.stats = Some(counters(stats)),
        _ => {}
    }
}

fn read_info(link: &mut Link, info: &[LinkInfo]) {
    let mut port_kind = None;
    let mut port = None;
    for item in info {
        match item {
            LinkInfo::Kind(kind) => link.kind = plain_kind(kind),
            LinkInfo::Data(InfoData::Vxlan(data)) => {
                let dev = data.iter().find_map(|i| match i {
                    InfoVxlan::Link(index) if *index != 0 => Some(*index),
                    _ => None,
                });
                link.kind = Kind::Vxlan { attrs: Box::new(VxlanAttrs::decode(data)), dev };
            }
            LinkInfo::Data(InfoData::Bridge(data)) => {
                link.kind = Kind::Bridge(Box::new(BridgeAttrs::decode(data)));
            }
            LinkInfo::PortKind(kind) => port_kind = Some(kind.to_string()),
            LinkInfo::PortData(InfoPortData::BridgePort(data)) => {
                port = Some(Box::new(PortAttrs::decode(data)));
            }
            _ => {}
        }
    }
    link.port = port_kind.map(|kind| Port { kind, bridge: port });
}

/// The kind by name alone: its data, where there is any, follows in the message.
fn plain_kind(kind: &InfoKind) -> Kind {
    match kind {
        InfoKind::Vxlan => Kind::Vxlan { attrs: Box::default(), dev: None },
        InfoKind::Veth => Kind::Veth,
        InfoKind::Bridge => Kind::Bridge(Box::default()),
        other => Kind::Other(other.to_string()),
    }
}

/// RFC 2863 states in `ip`'s words.
fn operstate(state: State) -> String {
    match state {
        State::Unknown => "UNKNOWN".into(),
        State::NotPresent => "NOTPRESENT".into(),
        State::Down => "DOWN".into(),
        State::LowerLayerDown => "LOWERLAYERDOWN".into(),
        State::Testing => "TESTING".into(),
        State::Dormant => "DORMANT".into(),
        State::Up => "UP".into(),
        other => u8::from(other).to_string(),
    }
}

fn linkmode(mode: LinkMode) -> String {
    match mode {
        LinkMode::Default => "DEFAULT".into(),
        LinkMode::Dormant => "DORMANT".into(),
        other => u8::from(other).to_string(),
    }
}

fn addr_gen_mode(family: &AfSpecUnspec) -> Option<String> {
    let AfSpecUnspec::Inet6(items) = family else { return None };
    items.iter().find_map(|item| match item {
        AfSpecInet6::AddrGenMode(mode) => Some(match mode {
            In6AddrGenMode::Eui64 => "eui64".into(),
            In6AddrGenMode::None => "none".into(),
            In6AddrGenMode::StablePrivacy => "stable_secret".into(),
            In6AddrGenMode::Random => "random".into(),
            _ => "unknown".into(),
        }),
        _ => None,
    })
}

/// A hardware address as `ip` prints it: an IP address where it is four or
/// sixteen octets long (tunnels), else octets with colons.
fn spell_address(octets: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Ipv4Addr::from(four).to_string();
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(octets) {
        return Ipv6Addr::from(sixteen).to_string();
    }
    octets.iter().map(|o| format!("{o:02x}")).collect::<Vec<_>>().join(":")
}

fn counters(s: &Stats64) -> Stats {
    Stats {
        rx_packets: s.rx_packets,
        rx_bytes: s.rx_bytes,
        rx_errors: s.rx_errors,
        rx_dropped: s.rx_dropped,
        tx_packets: s.tx_packets,
        tx_bytes: s.tx_bytes,
        tx_errors: s.tx_errors,
        tx_dropped: s.tx_dropped,
        multicast: s.multicast,
    }
}
