//! Machines → a picture: a card for each device, and the cables between them.
//! What tunnels there are, and what belongs to which host, is found out
//! elsewhere; nothing has a place here.

use std::collections::{BTreeMap, BTreeSet};

use ovl_core::link::{Kind, Link};
use ovl_core::netns::NsKey;
use ovl_core::wire::addr::Addr;
use ovl_machine::joins::is_cable;
use ovl_machine::machine::ends::has_parent;
use ovl_machine::machine::{Machine, Space as Read};
use ovl_machine::scene::Scene;

use super::super::{disagreement, owner, unseen};
use super::model::{
    Cable, Card, CardId, Detail, Frame, FrameKind, Join, Light, Picture, Role, Space, SpaceId, Tone,
};
use super::text::{natural, plain};
use super::{hosts, rows, tunnels};

/// So many addresses are on a card; it says how many more there are.
const MOST_ADDRESSES: usize = 4;

/// Where a namespace or device of a machine is in the picture.
#[derive(Debug, Default)]
pub struct Index {
    /// Namespaces, by machine.
    pub spaces: BTreeMap<(usize, NsKey), SpaceId>,
    /// Devices, by namespace and index.
    pub cards: BTreeMap<(SpaceId, u32), CardId>,
}

/// The picture of a scene, and where in it what was read is.
pub fn picture(scene: &Scene) -> (Picture, Index) {
    let mut builder = Builder { scene, picture: Picture::default(), index: Index::default() };
    builder.picture.machines = scene.machines.iter().map(|m| plain(&m.host)).collect();
    builder.picture.unread = scene.machines.iter().map(|m| m.unread.len()).sum();
    builder.spaces();
    builder.cards();
    builder.masters();
    builder.cables();
    tunnels::join(scene, &builder.index, &mut builder.picture);
    hosts::assign(scene, &builder.index, &mut builder.picture);
    builder.sockets();
    builder.tones();
    (builder.picture, builder.index)
}

struct Builder<'s> {
    scene: &'s Scene,
    picture: Picture,
    index: Index,
}

impl<'s> Builder<'s> {
    /// Each namespace that was read, with its number in the picture.
    fn each(&self) -> Vec<(SpaceId, &'s Machine, &'s Read)> {
        let numbers = self.index.spaces.iter();
        let scene = self.scene;
        numbers
            .map(|((machine, key), id)| {
                let machine = &scene.machines[*machine];
                (*id, machine, &machine.spaces[key])
            })
            .collect()
    }

    fn spaces(&mut self) {
        let several = self.scene.machines.len() > 1;
        let mut all = Vec::new();
        for (number, machine) in self.scene.machines.iter().enumerate() {
            let names = machine.names();
            for space in machine.spaces.values() {
                let key = space.key();
                let name = names.get(&key).cloned().unwrap_or_else(|| key.to_string());
                let name = if several { format!("{}:{name}", machine.host) } else { name };
                let mut owner = owner::of(machine, &space.found).unwrap_or_default();
                if key == machine.own {
                    owner = [machine.host.as_str(), &owner].join(" ").trim_end().into();
                }
                let (name, owner) = (plain(&name), plain(&owner));
                all.push((number, key, Space { machine: number, name, owner, ..Space::default() }));
            }
        }
        all.sort_by_cached_key(|(machine, key, space)| (*machine, natural(&space.name), *key));
        for (machine, key, space) in all {
            self.index.spaces.insert((machine, key), self.picture.spaces.len());
            self.picture.spaces.push(space);
        }
    }

    fn cards(&mut self) {
        let mut each = self.each();
        each.sort_by_key(|(id, ..)| *id);
        for (id, _, read) in each {
            let mut addrs: BTreeMap<u32, Vec<&Addr>> = BTreeMap::new();
            for addr in &read.state.addrs {
                addrs.entry(addr.index).or_default().push(addr);
            }
            for link in read.state.links.iter().filter(|link| is_shown(read, link)) {
                let card = self.picture.cards.len();
                self.index.cards.insert((id, link.index), card);
                self.picture.spaces[id].cards.push(card);
                self.picture.cards.push(card_of(id, read, link, addrs.get(&link.index)));
            }
        }
    }

    fn masters(&mut self) {
        for (id, _, read) in self.each() {
            for link in &read.state.links {
                let at = |index| self.index.cards.get(&(id, index)).copied();
                let Some((card, master)) = at(link.index).zip(link.master.and_then(at)) else {
                    continue;
                };
                // A device that is its own master would hang from itself.
                if card != master {
                    self.picture.cards[card].master = Some(master);
                    self.picture.cards[master].is_bar = true;
                }
            }
        }
        for card in 0..self.picture.cards.len() {
            let card = &mut self.picture.cards[card];
            card.light = light(card);
            let (text, bad) = (card.state.to_owned(), card.light == Light::Bad);
            card.details.extend((!text.is_empty()).then_some(Detail { text, bad }));
        }
    }

    fn cables(&mut self) {
        let mut cables = BTreeSet::new();
        for (id, machine, read) in self.each() {
            for link in &read.state.links {
                let Some(card) = self.index.cards.get(&(id, link.index)).copied() else { continue };
                match self.far(machine, id, read, link) {
                    Far::None => {}
                    Far::At(far, Join::Cable) => {
                        let ends = [card.min(far), card.max(far)];
                        cables.insert(Cable { ends, join: Join::Cable });
                    }
                    Far::At(far, join) => drop(cables.insert(Cable { ends: [card, far], join })),
                    Far::Unseen(text) => self.say(card, text),
                    Far::Lost(text) => {
                        let card = &mut self.picture.cards[card];
                        card.is_cut = true;
                        card.details.push(Detail { text, bad: true });
                    }
                }
            }
        }
        self.picture.cables = cables.into_iter().collect();
    }

    /// Where a cable leads, or what a device stands on.
    fn far(&self, machine: &Machine, id: SpaceId, read: &Read, link: &Link) -> Far {
        let join = match link.kind {
            Kind::Vxlan { .. } => return Far::None,
            _ if has_parent(link) => Join::Parent,
            _ if is_cable(&link.kind) => Join::Cable,
            _ => return Far::None,
        };
        if let Some(why) = machine.disagreement(read.key(), link) {
            return Far::Lost(disagreement(&why));
        }
        let number = self.picture.spaces[id].machine;
        let space = machine.far_space(read.key(), link).filter(|_| link.names_other_end());
        let space = space.and_then(|key| self.index.spaces.get(&(number, key)));
        let far = space.zip(link.peer.index).and_then(|(s, i)| self.index.cards.get(&(*s, i)));
        if let Some(far) = far {
            return Far::At(*far, join);
        }
        let (sign, what) = match join {
            Join::Cable => ("⇄", "other end"),
            Join::Parent => ("↑", "parent"),
        };
        match unseen::place(machine, read.key(), link) {
            Some(place) => Far::Unseen(format!("{sign} {place}")),
            None => Far::Lost(format!("{what} not found")),
        }
    }

    /// A VXLAN device in the frame of a host that does not hold its socket says where
    /// that is.
    fn sockets(&mut self) {
        let frames = self.picture.frames.iter();
        let hubs = frames.flat_map(|f| f.spaces().map(|id| (id, f.hub)));
        let hubs: BTreeMap<SpaceId, Option<SpaceId>> = hubs.collect();
        for (id, machine, read) in self.each() {
            let number = self.picture.spaces[id].machine;
            for link in read.state.vxlans() {
                let far = machine.far_space(read.key(), link);
                let far = far.and_then(|far| self.index.spaces.get(&(number, far)).copied());
                if far.is_some_and(|far| far == id || hubs.get(&id) == Some(&Some(far))) {
                    continue;
                }
                let place = match far {
                    Some(far) => format!("in {}", self.picture.spaces[far].name),
                    None => unseen::place(machine, read.key(), link)
                        .map_or("not found from here".into(), |place| format!("in {place}")),
                };
                if let Some(card) = self.index.cards.get(&(id, link.index)).copied() {
                    self.say(card, format!("socket {place}"));
                }
            }
        }
    }

    fn say(&mut self, card: CardId, text: String) {
        self.picture.cards[card].details.push(Detail { text, bad: false });
    }

    /// Colours, once it is known what each namespace is.
    fn tones(&mut self) {
        let between = self.picture.frames.iter().filter(|f| f.kind == FrameKind::Between);
        let between: BTreeSet<SpaceId> = between.flat_map(Frame::spaces).collect();
        for card in &mut self.picture.cards {
            let is_bridge = card.kind == "bridge";
            card.tone = match self.picture.spaces[card.space].role {
                _ if card.kind == "vxlan" => Tone::Overlay,
                // A switch between hosts is no way out of one.
                Role::Underlay if is_bridge && !between.contains(&card.space) => Tone::Gateway,
                Role::Underlay => Tone::Underlay,
                Role::Overlay => Tone::Overlay,
                Role::Container => Tone::Container,
                Role::Plain => Tone::Plain,
            };
        }
        // What hangs from a gateway is the gateway's.
        for card in 0..self.picture.cards.len() {
            let master = self.picture.cards[card].master.map(|m| self.picture.cards[m].tone);
            if master == Some(Tone::Gateway) && self.picture.cards[card].kind != "vxlan" {
                self.picture.cards[card].tone = Tone::Gateway;
            }
        }
    }
}

/// The other end of a device.
enum Far {
    /// It has none.
    None,
    /// A device that is in the picture.
    At(CardId, Join),
    /// It is in a namespace that is known only by an id: nothing is broken there.
    Unseen(String),
    /// It should have one, and has not: what to say of it.
    Lost(String),
}

/// An idle loopback says nothing: every namespace has one.
fn is_shown(read: &Read, link: &Link) -> bool {
    let has_address =
        read.state.addrs_of(link.index).any(|a| a.scope != "host" && a.scope != "link");
    link.name.as_str() != "lo" || has_address
}

fn card_of(space: SpaceId, read: &Read, link: &Link, addrs: Option<&Vec<&Addr>>) -> Card {
    let state = &link.state;
    Card {
        space,
        index: link.index,
        name: plain(link.name.as_str()),
        kind: plain(link.kind.name()),
        state: match (state.is_up(), state.has_carrier()) {
            (true, true) => "",
            (true, false) => "no carrier",
            (false, _) => "down",
        },
        mtu: link.attrs.mtu,
        details: details(read, link, addrs),
        ..Card::default()
    }
}

/// Addresses, what is particular to its kind, and what keeps it from carrying packets.
fn details(read: &Read, link: &Link, addrs: Option<&Vec<&Addr>>) -> Vec<Detail> {
    let addrs = addrs.into_iter().flatten().filter(|a| a.scope != "link");
    let addrs: Vec<String> = addrs.map(|a| a.cidr.to_string()).collect();
    let more = addrs.len().saturating_sub(MOST_ADDRESSES);
    // The other kinds are told by what they look like.
    let kind = Some(&link.kind).filter(|kind| matches!(kind, Kind::Other(_)));
    let mut lines: Vec<String> = kind.map(|kind| plain(kind.name())).into_iter().collect();
    lines.extend(addrs.into_iter().take(MOST_ADDRESSES));
    if more > 0 {
        lines.push(format!("and {more} more addresses"));
    }
    lines.extend(link.attrs.mac.map(|m| m.to_string()).or_else(|| state_address(link)));
    let mut details: Vec<Detail> =
        lines.into_iter().map(|text| Detail { text, bad: false }).collect();
    if link.vxlan().is_some() {
        details.extend(rows::details(read, link));
    }
    details
}

/// A hardware address that is not Ethernet's: a tunnel's.
fn state_address(link: &Link) -> Option<String> {
    link.state.address.as_deref().map(plain)
}

/// What is not up is broken where something hangs on it: a cable's end, a VXLAN
/// device, what is a port. A device that nobody ever used, as the kernel's own
/// `tunl0`, is not.
fn light(card: &Card) -> Light {
    let is_used = ["veth", "vxlan", "netkit", "vxcan"].contains(&card.kind.as_str())
        || card.master.is_some()
        || (card.is_bar && card.state == "down");
    match card.state {
        "" => Light::Up,
        _ if is_used => Light::Bad,
        _ => Light::Idle,
    }
}
