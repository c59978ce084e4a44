//! What a picture shows, before anything has a place on the page: namespaces,
//! the devices in them, cables, tunnels, and which host each belongs to. Knows
//! neither coordinates nor any output format.

use std::net::IpAddr;

/// The number of a namespace in [`Picture::spaces`].
pub type SpaceId = usize;

/// The number of a device in [`Picture::cards`].
pub type CardId = usize;

/// Everything that is drawn.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// The machines, by host name.
    pub machines: Vec<String>,
    /// How many namespaces could not be read: they are not in the picture.
    pub unread: usize,
    /// Namespaces, by machine and name.
    pub spaces: Vec<Space>,
    /// Devices, by namespace and index.
    pub cards: Vec<Card>,
    /// Cables, and what stands on what.
    pub cables: Vec<Cable>,
    /// Tunnels between two VTEPs that are both seen.
    pub tunnels: Vec<Tunnel>,
    /// Tunnels from each of several VTEPs to every other one.
    pub meshes: Vec<Mesh>,
    /// VTEPs that rows name and nobody sees.
    pub remotes: Vec<Remote>,
    /// Hosts, what is between them, and groups of namespaces that are cabled
    /// together without one: in this order.
    pub frames: Vec<Frame>,
    /// Namespaces that are attached to nothing.
    pub loose: Vec<SpaceId>,
}

/// What a namespace is, for the eye.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It holds VXLAN sockets.
    Underlay,
    /// It has VXLAN devices whose sockets are elsewhere.
    Overlay,
    /// A container, or what is cabled to an overlay as one.
    Container,
    /// None of these.
    #[default]
    Plain,
}

/// A namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Space {
    /// The number of its machine.
    pub machine: usize,
    /// What it is called.
    pub name: String,
    /// Whose it is; empty: it is only a name.
    pub owner: String,
    /// What it is.
    pub role: Role,
    /// Its devices, by index.
    pub cards: Vec<CardId>,
}

/// What a device's colour says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// The underlay's.
    Underlay,
    /// An overlay's.
    Overlay,
    /// A container's.
    Container,
    /// The way out of a host.
    Gateway,
    /// No meaning.
    #[default]
    Plain,
}

/// The dot of a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Light {
    /// Up, and carries packets.
    #[default]
    Up,
    /// Not in use: down or without carrier, and nobody expects otherwise.
    Idle,
    /// Down or without carrier, and something hangs on it.
    Bad,
}

/// A line of text on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The text.
    pub text: String,
    /// Something is broken, and this says what.
    pub bad: bool,
}

/// A device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Its namespace.
    pub space: SpaceId,
    /// Its index there.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The kernel's name of its kind; empty for hardware.
    pub kind: String,
    /// What its colour says.
    pub tone: Tone,
    /// Its dot.
    pub light: Light,
    /// What keeps it from carrying packets; empty: nothing.
    pub state: &'static str,
    /// Its MTU.
    pub mtu: Option<u32>,
    /// More about it.
    pub details: Vec<Detail>,
    /// The bridge it is a port of.
    pub master: Option<CardId>,
    /// Others are its ports.
    pub is_bar: bool,
    /// Its other end should be there, and is not.
    pub is_cut: bool,
    /// It is not in the part of the picture that was asked for.
    pub is_hidden: bool,
}

impl Card {
    /// Its lines in a language that lays out by itself.
    pub fn label(&self) -> String {
        let mut lines = vec![self.name.clone()];
        lines.extend(self.mtu.map(|mtu| format!("mtu {mtu}")));
        lines.extend(self.details.iter().map(|d| d.text.clone()));
        lines.join("\n")
    }

    /// Does it carry no packets that it should?
    pub fn is_bad(&self) -> bool {
        self.is_cut || self.light == Light::Bad
    }
}

/// What joins two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Join {
    /// They are the two ends of a cable.
    Cable,
    /// The first stands on the second, as a macvlan does.
    Parent,
}

/// A cable, or what a device stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cable {
    /// The two devices.
    pub ends: [CardId; 2],
    /// What joins them.
    pub join: Join,
}

/// What comes of the packets that one end of a tunnel has for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// It has rows that lead to the other end.
    Arrives,
    /// It has none, and needs none: each packet says where it goes (`external`).
    AsTold,
    /// It has none.
    Nothing,
    /// Its rows lead to another UDP port than the one that is listened on.
    ToPort {
        /// The rows' port.
        sent: u16,
        /// The other end's.
        heard: u16,
    },
    /// Its rows are of another network than the other end.
    ToVni {
        /// The rows' VNI.
        sent: u32,
        /// The other end's.
        heard: u32,
    },
}

/// One end of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vtep {
    /// The VXLAN device.
    pub card: CardId,
    /// Its address, where it is known.
    pub addr: Option<IpAddr>,
    /// What comes of its packets to the other end.
    pub sends: Sends,
}

/// A tunnel between two VXLAN devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// The VXLAN network identifier, where there is only one.
    pub vni: Option<u32>,
    /// Its ends, the device with the lower number first.
    pub ends: [Vtep; 2],
}

/// Devices of one network, each with a tunnel to every other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// The VXLAN network identifier.
    pub vni: Option<u32>,
    /// The devices, by their number.
    pub ends: Vec<Vtep>,
    /// How many tunnels that is.
    pub tunnels: usize,
}

/// A VTEP that is not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its address.
    pub addr: IpAddr,
    /// The VXLAN network identifier.
    pub vni: Option<u32>,
    /// The devices whose rows name it, each with the number of endpoints there.
    pub known_by: Vec<(CardId, usize)>,
}

/// What a frame stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameKind {
    /// A host: its underlay namespace is the frame.
    Host,
    /// A host whose namespace cannot be seen from here.
    Unseen,
    /// What is between hosts: a switch or a router of the underlay, with what is
    /// on nothing else.
    Between,
    /// Namespaces that are cabled together, around the one with the most cables.
    #[default]
    Group,
}

/// A host with its overlays and containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// What it stands for.
    pub kind: FrameKind,
    /// The number of its machine.
    pub machine: usize,
    /// The underlay namespace, the switch, or the one in the middle of a group.
    pub hub: Option<SpaceId>,
    /// Overlay namespaces.
    pub overlays: Vec<SpaceId>,
    /// Containers, and whatever else is cabled to it or to them.
    pub others: Vec<SpaceId>,
}

impl Frame {
    /// All namespaces that are in it.
    pub fn spaces(&self) -> impl Iterator<Item = SpaceId> + '_ {
        self.hub.iter().chain(&self.overlays).chain(&self.others).copied()
    }
}

impl Picture {
    /// The devices that are drawn, with their numbers.
    pub fn shown(&self) -> impl Iterator<Item = (CardId, &Card)> {
        self.cards.iter().enumerate().filter(|(_, card)| !card.is_hidden)
    }

    /// How many namespaces are drawn.
    pub fn size(&self) -> usize {
        let framed: usize = self.frames.iter().map(|f| f.spaces().count()).sum();
        framed + self.loose.len()
    }

    /// `HOST:NS` of a device, for words about it.
    pub fn place(&self, card: CardId) -> String {
        let card = &self.cards[card];
        format!("{}:{}", self.spaces[card.space].name, card.name)
    }
}

impl Tunnel {
    /// Its ends, each with why its packets do not arrive at the other one.
    pub fn faults(&self) -> impl Iterator<Item = (&Vtep, String)> {
        let [a, b] = &self.ends;
        let both = [(a, b), (b, a)].into_iter();
        both.filter_map(|(end, other)| Some((end, end.fault(other)?)))
    }

    /// What stands between its ends: the network's number.
    pub fn label(&self) -> String {
        vni_label(self.vni)
    }
}

impl Mesh {
    /// What it is: the network's number.
    pub fn label(&self) -> String {
        vni_label(self.vni)
    }

    /// What a device of it is there.
    pub fn end(&self, card: CardId) -> Option<&Vtep> {
        let at = self.ends.binary_search_by_key(&card, |end| end.card);
        at.ok().map(|at| &self.ends[at])
    }
}

impl Vtep {
    /// Why its packets do not arrive at the other end, in words; `None`: they do.
    pub fn fault(&self, other: &Vtep) -> Option<String> {
        let there = other.address();
        match self.sends {
            Sends::Arrives | Sends::AsTold => None,
            Sends::Nothing => Some(format!("no row to {there}")),
            Sends::ToPort { sent, heard } => {
                Some(format!("{there} listens on port {heard}, not {sent}"))
            }
            Sends::ToVni { sent, heard } => {
                Some(format!("{there} listens for VNI {heard}, not {sent}"))
            }
        }
    }

    /// Its address, in words.
    pub fn address(&self) -> String {
        self.addr.map_or_else(|| "address not known".into(), |a| a.to_string())
    }
}

impl Remote {
    /// What it is, in a line.
    pub fn label(&self) -> String {
        let what = if self.addr.is_multicast() { "group" } else { "VTEP" };
        format!("{what} {}", self.addr)
    }

    /// How many endpoints `known_by` tells of, in words.
    pub fn behind(&self, endpoints: usize) -> String {
        let vni = vni_label(self.vni);
        match endpoints {
            0 => vni,
            1 => format!("{vni} · 1 endpoint"),
            n => format!("{vni} · {n} endpoints"),
        }
    }
}

fn vni_label(vni: Option<u32>) -> String {
    vni.map_or_else(|| "any VNI".into(), |vni| format!("VNI {vni}"))
}
