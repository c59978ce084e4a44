//! Link messages: requests that make, change, delete and list devices, and what
//! the kernel says of them.

mod spell;

use std::os::fd::RawFd;

use netlink_packet_core::{DefaultNla, NlaBuffer, NlasIterator, Parseable};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, InfoVxlan, LinkAttribute, LinkExtentMask, LinkFlags, LinkMessage,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

use self::spell::{addr_gen_mode, linkmode, operstate, spell_address};
use super::{message, number, rtm, unreadable};
use crate::error::Fail;
use crate::link::{
    BridgeAttrs, Kind, Link, LinkAttrs, LinkState, PeerHint, Port, PortAttrs, Stats, VxlanAttrs,
};
use crate::names::IfName;
use crate::socket::{Message, flag};
use crate::types::MacAddr;

/// Asks for all devices of a namespace.
pub fn list(with_stats: bool) -> Message {
    message(rtm::GETLINK, 0, &with_mask(LinkMessage::default(), with_stats))
}

/// Asks for all devices of the namespace that has this id in the socket's.
pub fn list_there(nsid: i32) -> Message {
    /// Not among the crate's attributes (`include/uapi/linux/if_link.h`).
    const IFLA_TARGET_NETNSID: u16 = 46;
    let mut asked = with_mask(LinkMessage::default(), false);
    let there = DefaultNla::new(IFLA_TARGET_NETNSID, nsid.to_ne_bytes().to_vec());
    asked.attributes.push(LinkAttribute::Other(there));
    message(rtm::GETLINK, 0, &asked)
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

/// `struct ifinfomsg` is 16 bytes.
const HEADER: usize = 16;

/// `IFLA_*` attributes (`include/uapi/linux/if_link.h`).
mod ifla {
    pub const ADDRESS: u16 = 1;
    pub const BROADCAST: u16 = 2;
    pub const IFNAME: u16 = 3;
    pub const MTU: u16 = 4;
    pub const LINK: u16 = 5;
    pub const QDISC: u16 = 6;
    pub const MASTER: u16 = 10;
    pub const TXQLEN: u16 = 13;
    pub const OPERSTATE: u16 = 16;
    pub const LINKMODE: u16 = 17;
    pub const LINKINFO: u16 = 18;
    pub const IFALIAS: u16 = 20;
    pub const STATS64: u16 = 23;
    pub const AF_SPEC: u16 = 26;
    pub const GROUP: u16 = 27;
    pub const PROMISCUITY: u16 = 30;
    pub const NUM_TX_QUEUES: u16 = 31;
    pub const NUM_RX_QUEUES: u16 = 32;
    pub const CARRIER: u16 = 33;
    pub const LINK_NETNSID: u16 = 37;
    pub const PROTO_DOWN: u16 = 39;
    pub const GSO_MAX_SEGS: u16 = 40;
    pub const GSO_MAX_SIZE: u16 = 41;
    pub const MIN_MTU: u16 = 50;
    pub const MAX_MTU: u16 = 51;
    pub const PROP_LIST: u16 = 52;
    /// Inside `PROP_LIST`.
    pub const ALT_IFNAME: u16 = 53;
    pub const GRO_MAX_SIZE: u16 = 58;
    pub const TSO_MAX_SIZE: u16 = 59;
    pub const TSO_MAX_SEGS: u16 = 60;
    pub const ALLMULTI: u16 = 61;
}

/// `IFLA_INFO_*`, inside `IFLA_LINKINFO`.
mod info {
    pub const KIND: u16 = 1;
    pub const DATA: u16 = 2;
    pub const PORT_KIND: u16 = 4;
    pub const PORT_DATA: u16 = 5;
}

/// A link message, read. The attributes are walked here and not by
/// netlink-packet-route's own parser of the message, which knows every kind of
/// device there is: that knowledge was 146 KiB of each binary, and its pages
/// 100 KiB of a short run's memory.
pub fn parse(body: &[u8]) -> Result<Link, Fail> {
    let head = body.first_chunk::<HEADER>();
    let head = head.ok_or_else(|| Fail::Unreadable("a cut-off link message".into()))?;
    let word = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let mut link = Link {
        index: word(4),
        name: IfName::from_kernel(String::new()),
        altnames: Box::default(),
        attrs: LinkAttrs::default(),
        kind: Kind::Plain,
        master: None,
        port: None,
        state: LinkState {
            flags: word(8),
            arphrd: u16::from_ne_bytes([head[2], head[3]]),
            operstate: "UNKNOWN".into(),
            linkmode: "DEFAULT".into(),
            ..LinkState::default()
        },
        peer: PeerHint::default(),
        stats: None,
    };
    for nla in NlasIterator::new(&body[HEADER..]) {
        let nla = nla.map_err(|e| unreadable(&e))?;
        read(&mut link, nla.kind(), nla.value())?;
    }
    Ok(link)
}

fn read(link: &mut Link, kind: u16, payload: &[u8]) -> Result<(), Fail> {
    let state = &mut link.state;
    let number = || number(payload);
    let byte = || payload.first().copied();
    match kind {
        ifla::IFNAME => link.name = IfName::from_kernel(text(payload)),
        ifla::PROP_LIST => link.altnames = altnames(payload)?,
        ifla::MASTER => link.master = number(),
        ifla::LINK => link.peer.index = number(),
        ifla::LINK_NETNSID => link.peer.nsid = number().map(u32::cast_signed),
        ifla::LINKINFO => read_info(link, payload)?,
        ifla::MTU => link.attrs.mtu = number(),
        ifla::TXQLEN => link.attrs.txqueuelen = number(),
        ifla::ADDRESS => match MacAddr::from_bytes(payload) {
            Some(mac) => link.attrs.mac = Some(mac),
            None => state.address = Some(spell_address(payload)),
        },
        ifla::BROADCAST => state.broadcast = Some(spell_address(payload)),
        ifla::OPERSTATE => state.operstate = operstate(byte().unwrap_or_default().into()),
        ifla::CARRIER => state.carrier = byte().map(|c| c != 0),
        ifla::PROTO_DOWN => state.proto_down = byte().is_some_and(|down| down != 0),
        ifla::QDISC => state.qdisc = Some(text(payload)),
        ifla::LINKMODE => state.linkmode = linkmode(byte().unwrap_or_default().into()),
        ifla::GROUP => state.group = number().unwrap_or_default(),
        ifla::IFALIAS => state.alias = Some(text(payload)),
        ifla::PROMISCUITY => state.promiscuity = number(),
        ifla::ALLMULTI => state.allmulti = number(),
        ifla::MIN_MTU => state.min_mtu = number(),
        ifla::MAX_MTU => state.max_mtu = number(),
        ifla::NUM_TX_QUEUES => state.num_tx_queues = number(),
        ifla::NUM_RX_QUEUES => state.num_rx_queues = number(),
        ifla::GSO_MAX_SIZE => state.gso_max_size = number(),
        ifla::GSO_MAX_SEGS => state.gso_max_segs = number(),
        ifla::TSO_MAX_SIZE => state.tso_max_size = number(),
        ifla::TSO_MAX_SEGS => state.tso_max_segs = number(),
        ifla::GRO_MAX_SIZE => state.gro_max_size = number(),
        ifla::AF_SPEC => state.inet6_addr_gen_mode = addr_gen_mode(payload),
        ifla::STATS64 => link.stats = Some(counters(payload)),
        _ => {}
    }
    Ok(())
}

fn text(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload).trim_end_matches('\0').to_owned()
}

/// The other names of a device, which may be longer than its own.
fn altnames(payload: &[u8]) -> Result<Box<[String]>, Fail> {
    let mut names = Vec::new();
    for nla in NlasIterator::new(payload) {
        let nla = nla.map_err(|e| unreadable(&e))?;
        if nla.kind() == ifla::ALT_IFNAME {
            names.push(text(nla.value()));
        }
    }
    Ok(names.into())
}

/// The kind comes before the data that it explains.
fn read_info(link: &mut Link, payload: &[u8]) -> Result<(), Fail> {
    for nla in NlasIterator::new(payload) {
        let nla = nla.map_err(|e| unreadable(&e))?;
        match (nla.kind(), &mut link.kind, &mut link.port) {
            (info::KIND, kind, _) => *kind = kind_named(text(nla.value())),
            (info::DATA, Kind::Vxlan { attrs, dev }, _) => {
                let data: Vec<InfoVxlan> = items(nla.value())?;
                **attrs = VxlanAttrs::decode(&data);
                *dev = data.iter().find_map(|i| match i {
                    InfoVxlan::Link(index) if *index != 0 => Some(*index),
                    _ => None,
                });
            }
            (info::DATA, Kind::Bridge(attrs), _) => {
                **attrs = BridgeAttrs::decode(&items(nla.value())?);
            }
            (info::PORT_KIND, _, port) => {
                *port = Some(Port { kind: text(nla.value()), bridge: None });
            }
            (info::PORT_DATA, _, Some(port)) if port.kind == "bridge" => {
                port.bridge = Some(Box::new(PortAttrs::decode(&items(nla.value())?)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The attributes of one kind of device.
fn items<T>(payload: &[u8]) -> Result<Vec<T>, Fail>
where
    T: for<'a> Parseable<NlaBuffer<&'a [u8]>>,
{
    let each = NlasIterator::new(payload).map(|nla| nla.and_then(|nla| T::parse(&nla)));
    each.collect::<Result<_, _>>().map_err(|e| unreadable(&e))
}

/// The kind by name alone: its data, where there is any, follows in the message.
fn kind_named(name: String) -> Kind {
    match name.as_str() {
        "vxlan" => Kind::Vxlan { attrs: Box::default(), dev: None },
        "veth" => Kind::Veth,
        "bridge" => Kind::Bridge(Box::default()),
        _ => Kind::Other(name),
    }
}

/// The first fields of `struct rtnl_link_stats64`, eight bytes each.
fn counters(payload: &[u8]) -> Stats {
    let field = |n: usize| {
        let bytes = payload.get(n * 8..n * 8 + 8).and_then(|b| b.try_into().ok());
        bytes.map(u64::from_ne_bytes).unwrap_or_default()
    };
    Stats {
        rx_packets: field(0),
        tx_packets: field(1),
        rx_bytes: field(2),
        tx_bytes: field(3),
        rx_errors: field(4),
        tx_errors: field(5),
        rx_dropped: field(6),
        tx_dropped: field(7),
        multicast: field(8),
    }
}
