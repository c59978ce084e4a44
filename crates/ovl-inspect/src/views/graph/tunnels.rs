//! Which VXLAN devices lead to which: the rows of one name a VTEP, and some
//! other device, on this machine or another, has that address and listens there:
//! on the port that the packets go to, for the network they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ovl_core::link::Link;
use ovl_core::types::{MacAddr, Vni};
use ovl_machine::machine::Space;
use ovl_machine::scene::Scene;

use super::build::Index;
use super::model::{CardId, Detail, Picture, Remote, Sends, Tunnel, Vtep};

/// Where packets go, and the network they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    addr: IpAddr,
    port: Option<u16>,
    vni: Option<u32>,
}

/// A VXLAN device, as others know it.
struct Device {
    card: CardId,
    machine: usize,
    /// `None`: all that come to its port (`external`).
    vni: Option<u32>,
    port: Option<u16>,
    local: Option<IpAddr>,
    /// The addresses at which it can be reached.
    addrs: BTreeSet<IpAddr>,
    /// Where its rows lead to, with the number of endpoints.
    names: BTreeMap<Place, usize>,
}

/// VTEPs that nobody sees, each with the devices whose rows name it.
type Remotes = BTreeMap<(IpAddr, Option<u32>), BTreeMap<CardId, usize>>;

/// Finds the tunnels, and the VTEPs that nobody sees.
pub fn join(scene: &Scene, index: &Index, picture: &mut Picture) {
    let devices = devices(scene, index);
    let mut by_address: BTreeMap<IpAddr, Vec<&Device>> = BTreeMap::new();
    for device in &devices {
        for addr in &device.addrs {
            by_address.entry(*addr).or_default().push(device);
        }
    }
    let mut remotes = Remotes::new();
    let mut ways: BTreeMap<(CardId, CardId), Way> = BTreeMap::new();
    for device in &devices {
        for (place, endpoints) in &device.names {
            let there = by_address.get(&place.addr).map(Vec::as_slice).unwrap_or_default();
            match device.end(place, there) {
                End::Own => {
                    bad(picture, device.card, format!("rows to its own VTEP {}", place.addr));
                }
                End::At(other, sends) => {
                    ways.entry(key(device, other)).or_default().add(device, place, sends);
                }
                End::Unseen => {
                    let known_by = remotes.entry((place.addr, place.vni)).or_default();
                    *known_by.entry(device.card).or_default() += endpoints;
                }
            }
        }
    }
    let locals: BTreeMap<CardId, &Device> = devices.iter().map(|d| (d.card, d)).collect();
    picture.tunnels = ways.into_iter().map(|(cards, way)| way.tunnel(cards, &locals)).collect();
    say(picture);
    let remote = |((addr, vni), known_by): (_, BTreeMap<_, _>)| Remote {
        addr,
        vni,
        known_by: known_by.into_iter().collect(),
    };
    picture.remotes = remotes.into_iter().map(remote).collect();
}

/// What keeps packets from arriving is said on the card that sends them. A row back
/// is only missed where something arrives.
fn say(picture: &mut Picture) {
    for tunnel in picture.tunnels.clone() {
        let arrives = tunnel.ends.iter().any(|end| end.sends == Sends::Arrives);
        for (end, fault) in tunnel.faults().filter(|(e, _)| arrives || e.sends != Sends::Nothing) {
            bad(picture, end.card, fault);
        }
    }
}

/// Says once that something is broken.
fn bad(picture: &mut Picture, card: CardId, text: String) {
    let detail = Detail { text, bad: true };
    let details = &mut picture.cards[card].details;
    if !details.contains(&detail) {
        details.push(detail);
    }
}

/// Where a row leads.
enum End<'d> {
    /// To the device itself.
    Own,
    /// To another one, and what comes of the packets there.
    At(&'d Device, Sends),
    /// To none that is seen.
    Unseen,
}

/// What is known of one tunnel.
#[derive(Default)]
struct Way {
    vnis: BTreeSet<Option<u32>>,
    /// The address of each end, as the other's rows name it.
    addrs: BTreeMap<CardId, IpAddr>,
    /// What comes of each end's packets: where some arrive and others do not, the latter.
    sends: BTreeMap<CardId, Sends>,
}

impl Way {
    fn add(&mut self, from: &Device, place: &Place, sends: Sends) {
        self.vnis.insert(place.vni);
        self.addrs.insert(from.card, place.addr);
        let known = self.sends.entry(from.card).or_insert(sends);
        if *known == Sends::Arrives {
            *known = sends;
        }
    }

    fn tunnel(&self, (a, b): (CardId, CardId), devices: &BTreeMap<CardId, &Device>) -> Tunnel {
        let of = |card| devices.get(&card).copied();
        // An end's address is in the rows of the other one.
        let vtep = |card: CardId, other: CardId| {
            let named = self.addrs.get(&other).copied();
            let toward = self.addrs.get(&card).copied();
            let addr = named.or_else(|| of(card).and_then(|d| d.source(toward)));
            let is_told = of(card).is_some_and(|d| d.vni.is_none());
            let none = if is_told { Sends::AsTold } else { Sends::Nothing };
            Vtep { card, addr, sends: self.sends.get(&card).copied().unwrap_or(none) }
        };
        let [own, far] = [a, b].map(|card| of(card).and_then(|d| d.vni));
        let only = self.vnis.first().copied().flatten().filter(|_| self.vnis.len() == 1);
        Tunnel { vni: own.filter(|_| own == far).or(only), ends: [vtep(a, b), vtep(b, a)] }
    }
}

impl Device {
    /// Where packets to `place` end, of the devices that have the address.
    fn end<'d>(&self, place: &Place, there: &[&'d Device]) -> End<'d> {
        let is_own = self.addrs.contains(&place.addr);
        if is_own && self.hears(place) {
            return End::Own;
        }
        let others = || there.iter().copied().filter(|other| other.card != self.card);
        let nearest = |other: &&Device| distance(self, other, place);
        if let Some(other) = others().filter(|other| other.hears(place)).min_by_key(nearest) {
            return End::At(other, Sends::Arrives);
        }
        if is_own {
            return End::Own;
        }
        // Of this network, or of the one that the row names: that is the one that is meant.
        let meant = others().filter(|other| other.vni == self.vni || other.vni == place.vni);
        let meant = meant.filter_map(|other| Some((other, other.misses(place)?)));
        match meant.min_by_key(|(other, _)| nearest(other)) {
            Some((other, sends)) => End::At(other, sends),
            None => End::Unseen,
        }
    }

    /// Does it listen on that port, and for that network?
    fn hears(&self, place: &Place) -> bool {
        self.port == place.port && (self.vni.is_none() || self.vni == place.vni)
    }

    /// Why it does not hear packets that go there.
    fn misses(&self, place: &Place) -> Option<Sends> {
        let port = place.port.zip(self.port).filter(|(sent, heard)| sent != heard);
        let port = port.map(|(sent, heard)| Sends::ToPort { sent, heard });
        let vni = || place.vni.zip(self.vni).filter(|(sent, heard)| sent != heard);
        port.or_else(|| vni().map(|(sent, heard)| Sends::ToVni { sent, heard }))
    }

    /// The address its packets to `toward` most likely come from.
    fn source(&self, toward: Option<IpAddr>) -> Option<IpAddr> {
        let same = |a: &&IpAddr| toward.is_none_or(|t| t.is_ipv4() == a.is_ipv4());
        let near = self.addrs.iter().filter(same);
        self.local.or_else(|| near.max_by_key(|a| common(**a, toward)).copied())
    }
}

/// How many bits two addresses share from the first on.
fn common(a: IpAddr, b: Option<IpAddr>) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), Some(IpAddr::V4(b))) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), Some(IpAddr::V6(b))) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 0,
    }
}

fn key(a: &Device, b: &Device) -> (CardId, CardId) {
    (a.card.min(b.card), a.card.max(b.card))
}

/// Which of several devices with one address is meant: one of that very network,
/// that listens on the port, has the address as its own `local`, and is on the same
/// machine.
fn distance(from: &Device, to: &Device, place: &Place) -> (bool, bool, bool, bool, CardId) {
    let is_near = from.machine == to.machine;
    let is_local = to.local == Some(place.addr);
    (to.vni != place.vni, to.port != place.port, !is_local, !is_near, to.card)
}

fn devices(scene: &Scene, index: &Index) -> Vec<Device> {
    let mut devices = Vec::new();
    for ((number, key), id) in &index.spaces {
        let machine = &scene.machines[*number];
        let space = &machine.spaces[key];
        for link in space.state.vxlans() {
            let Some(card) = index.cards.get(&(*id, link.index)).copied() else { continue };
            let Some(vxlan) = link.vxlan() else { continue };
            let under = machine.far_space(*key, link).and_then(|key| machine.spaces.get(&key));
            let all = under.into_iter().flat_map(|s| &s.state.addrs);
            let all = all.filter(|a| a.scope != "host" && a.scope != "link");
            let addrs: BTreeSet<IpAddr> = match vxlan.local.filter(|a| !a.is_unspecified()) {
                Some(local) => [local].into(),
                None => all.map(|a| a.cidr.addr()).collect(),
            };
            let vni = vxlan.vni.map(Vni::get).filter(|_| vxlan.external != Some(true));
            devices.push(Device {
                card,
                machine: *number,
                vni,
                port: vxlan.dstport,
                local: vxlan.local,
                addrs,
                names: names(space, link, vni, vxlan.dstport),
            });
        }
    }
    devices
}

/// Where a device's rows lead to: each may have a port and a VNI of its own. Flood
/// rows and the default destination lead there as well, and are no endpoints.
fn names(
    space: &Space,
    link: &Link,
    vni: Option<u32>,
    port: Option<u16>,
) -> BTreeMap<Place, usize> {
    let mut names = BTreeMap::new();
    for row in space.state.fdb.iter().filter(|f| f.dev == link.index && f.is_self()) {
        let Some(addr) = row.dst.filter(|dst| !dst.is_unspecified()) else { continue };
        let vni = row.vni.or(row.src_vni).or(vni);
        let endpoints: &mut usize =
            names.entry(Place { addr, port: row.port.or(port), vni }).or_default();
        *endpoints += usize::from(row.mac != MacAddr::ZERO && !row.mac.is_multicast());
    }
    let all = link.vxlan().and_then(|v| v.remote.or(v.group)).filter(|a| !a.is_unspecified());
    if let Some(addr) = all {
        names.entry(Place { addr, port, vni }).or_default();
    }
    names
}
