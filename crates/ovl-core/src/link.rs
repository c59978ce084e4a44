//! Network devices: what is asked of one (`LinkSpec`) and what was read back
//! (`Link`). The bytes are `wire::link`'s.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::attrs::attr_table;
use crate::names::IfName;
use crate::step::{LinkRef, NsSlot};
use crate::types::MacAddr;
pub use crate::wire::bridge::BridgeAttrs;
pub use crate::wire::port::PortAttrs;
pub use crate::wire::vxlan::VxlanAttrs;
use netlink_packet_route::link::LinkAttribute;

attr_table! {
    /// Attributes that every kind of device has.
    pub struct LinkAttrs: LinkAttribute {
        #[doc = " MTU in bytes"]
        mtu: u32 = "mtu", json "mtu", Live, "BYTES",
            put |v| Some(LinkAttribute::Mtu(*v)), take { LinkAttribute::Mtu(n) => Some(*n) };
        #[doc = " Hardware address"]
        mac: MacAddr = "address", json "mac", Live, "MAC",
            put |v| Some(LinkAttribute::Address(v.0.to_vec())),
            take { LinkAttribute::Address(a) => MacAddr::from_bytes(a) };
        #[doc = " Length of the transmit queue in packets"]
        txqueuelen: u32 = "txqueuelen", json "txqueuelen", Live, "PACKETS",
            put |v| Some(LinkAttribute::TxQueueLen(*v)), take { LinkAttribute::TxQueueLen(n) => Some(*n) };
    }
}

/// A device as it is asked for. Absent attributes are the kernel's to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkSpec {
    /// Its name.
    pub name: IfName,
    /// Attributes of every kind.
    pub attrs: LinkAttrs,
    /// What kind, with its own attributes.
    pub kind: KindSpec,
}

/// The kinds of device that this toolkit makes.
#[derive(Debug, Clone, PartialEq)]
pub enum KindSpec {
    /// A VXLAN device.
    Vxlan {
        /// Its attributes.
        attrs: Box<VxlanAttrs>,
        /// The namespace of its UDP socket.
        socket: NsSlot,
        /// The device of that namespace its packets leave by (`dev`).
        dev: Option<LinkRef>,
    },
    /// A cable: both ends are made by one request.
    Veth {
        /// The namespace of the other end.
        peer_at: NsSlot,
        /// The other end's name.
        peer_name: IfName,
        /// The other end's attributes.
        peer_attrs: LinkAttrs,
    },
    /// A bridge.
    Bridge(Box<BridgeAttrs>),
}

impl KindSpec {
    /// The kernel's name of the kind.
    pub fn name(&self) -> &'static str {
        match self {
            KindSpec::Vxlan { .. } => "vxlan",
            KindSpec::Veth { .. } => "veth",
            KindSpec::Bridge(_) => "bridge",
        }
    }
}

/// A device as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Interface index, unique in its namespace only.
    pub index: u32,
    /// Its name.
    pub name: IfName,
    /// Its other names, by which the kernel finds it as well.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub altnames: Box<[String]>,
    /// Attributes of every kind.
    pub attrs: LinkAttrs,
    /// What kind, with its own attributes.
    pub kind: Kind,
    /// The index of the bridge (or other master) it is enslaved to.
    pub master: Option<u32>,
    /// Its attributes as a port of that master.
    pub port: Option<Port>,
    /// What the kernel says of its condition.
    pub state: LinkState,
    /// What it says of the device at the other end.
    pub peer: PeerHint,
    /// Counters, where they were asked for.
    pub stats: Option<Stats>,
}

/// The kind of a device that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// No kind: hardware, loopback.
    Plain,
    /// A VXLAN device.
    Vxlan {
        /// Its attributes.
        attrs: Box<VxlanAttrs>,
        /// The index, in the namespace of its socket, of the device its packets
        /// leave by.
        dev: Option<u32>,
    },
    /// One end of a cable.
    Veth,
    /// A bridge.
    Bridge(Box<BridgeAttrs>),
    /// Any other, by the kernel's name of it.
    Other(String),
}

impl Kind {
    /// The kernel's name of the kind; empty for hardware and loopback.
    pub fn name(&self) -> &str {
        match self {
            Kind::Plain => "",
            Kind::Vxlan { .. } => "vxlan",
            Kind::Veth => "veth",
            Kind::Bridge(_) => "bridge",
            Kind::Other(name) => name,
        }
    }
}

/// A device as a port of its master.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Port {
    /// The master's kind.
    pub kind: String,
    /// Its attributes, where the master is a bridge.
    pub bridge: Option<Box<PortAttrs>>,
}

/// What the kernel says of a device's condition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkState {
    /// `IFF_*` flags.
    pub flags: u32,
    /// Operational state (RFC 2863) in `ip`'s words; a healthy vxlan0 is UNKNOWN.
    pub operstate: Cow<'static, str>,
    /// Carrier, where the kernel says it.
    pub carrier: Option<bool>,
    /// Held down by a protocol, whatever its carrier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proto_down: bool,
    /// Queueing discipline.
    pub qdisc: Option<String>,
    /// `DEFAULT` or `DORMANT`.
    pub linkmode: Cow<'static, str>,
    /// Device group number.
    pub group: u32,
    /// `ARPHRD_*` link layer type.
    pub arphrd: u16,
    /// Broadcast hardware address.
    pub broadcast: Option<String>,
    /// A hardware address that is not Ethernet's (a tunnel's IP address).
    pub address: Option<String>,
    /// Alias.
    pub alias: Option<String>,
    /// How often promiscuity was asked for.
    pub promiscuity: Option<u32>,
    /// How often all multicast was asked for.
    pub allmulti: Option<u32>,
    /// Smallest MTU the device takes.
    pub min_mtu: Option<u32>,
    /// Largest MTU the device takes; 0: no limit.
    pub max_mtu: Option<u32>,
    /// Transmit queues.
    pub num_tx_queues: Option<u32>,
    /// Receive queues.
    pub num_rx_queues: Option<u32>,
    /// Largest segment for segmentation offload.
    pub gso_max_size: Option<u32>,
    /// Most segments for segmentation offload.
    pub gso_max_segs: Option<u32>,
    /// The driver's limit of the size.
    pub tso_max_size: Option<u32>,
    /// The driver's limit of the segments.
    pub tso_max_segs: Option<u32>,
    /// Largest packet that receive offload builds.
    pub gro_max_size: Option<u32>,
    /// How IPv6 link-local addresses are made, in `ip`'s words.
    pub inet6_addr_gen_mode: Option<Cow<'static, str>>,
}

/// `IFF_*` (include/uapi/linux/if.h), in the order in which `ip` prints them.
/// `UP` and `LOWER_UP` come last, as there.
const FLAGS: [(u32, &str); 17] = [
    (1 << 3, "LOOPBACK"),
    (1 << 1, "BROADCAST"),
    (1 << 4, "POINTOPOINT"),
    (1 << 12, "MULTICAST"),
    (1 << 7, "NOARP"),
    (1 << 9, "ALLMULTI"),
    (1 << 8, "PROMISC"),
    (1 << 10, "MASTER"),
    (1 << 11, "SLAVE"),
    (1 << 2, "DEBUG"),
    (1 << 15, "DYNAMIC"),
    (1 << 14, "AUTOMEDIA"),
    (1 << 13, "PORTSEL"),
    (1 << 5, "NOTRAILERS"),
    (IFF_UP, "UP"),
    (IFF_LOWER_UP, "LOWER_UP"),
    (1 << 17, "DORMANT"),
];
const IFF_UP: u32 = 1;
const IFF_RUNNING: u32 = 1 << 6;
const IFF_LOWER_UP: u32 = 1 << 16;

impl LinkState {
    /// Administratively up.
    pub fn is_up(&self) -> bool {
        self.flags & IFF_UP != 0
    }

    /// Carrier: what the kernel said, or what `LOWER_UP` says.
    pub fn has_carrier(&self) -> bool {
        self.carrier.unwrap_or(self.flags & IFF_LOWER_UP != 0)
    }

    /// The flags as `ip` prints them, `NO-CARRIER` first.
    pub fn flag_words(&self) -> Vec<&'static str> {
        let no_carrier = self.is_up() && self.flags & IFF_RUNNING == 0;
        no_carrier
            .then_some("NO-CARRIER")
            .into_iter()
            .chain(FLAGS.iter().filter(|(bit, _)| self.flags & bit != 0).map(|(_, word)| *word))
            .collect()
    }
}

/// What a device says of its other end: an index, and the id, in the device's
/// own namespace, of the namespace that index counts in.
///
/// For a VXLAN device without a parent the index is its own and means nothing;
/// its nsid is the namespace of its UDP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PeerHint {
    /// `IFLA_LINK`.
    pub index: Option<u32>,
    /// `IFLA_LINK_NETNSID`; absent when the other end is in the same namespace.
    pub nsid: Option<i32>,
}

/// Counters (`IFLA_STATS64`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Packets received.
    pub rx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bad packets received.
    pub rx_errors: u64,
    /// Packets dropped on arrival.
    pub rx_dropped: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets that could not be sent.
    pub tx_errors: u64,
    /// Packets dropped on the way out.
    pub tx_dropped: u64,
    /// Multicast packets received.
    pub multicast: u64,
}

impl Link {
    /// Is it called so, by its own name or by another? No two devices of a namespace
    /// share one.
    pub fn is_named(&self, name: &IfName) -> bool {
        self.name == *name || self.altnames.iter().any(|other| other == name.as_str())
    }

    /// The VXLAN attributes, when it is a VXLAN device.
    pub fn vxlan(&self) -> Option<&VxlanAttrs> {
        match &self.kind {
            Kind::Vxlan { attrs, .. } => Some(attrs),
            _ => None,
        }
    }

    /// Does `IFLA_LINK` name another device? Not for a VXLAN device without a
    /// parent, nor for a device that names itself.
    pub fn names_other_end(&self) -> bool {
        !matches!(self.kind, Kind::Vxlan { .. })
            && self.peer.index.is_some_and(|i| i != self.index || self.peer.nsid.is_some())
    }
}
