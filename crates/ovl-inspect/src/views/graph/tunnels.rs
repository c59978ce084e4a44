//! Which VXLAN devices lead to which: the rows of one name a VTEP, and some
//! other device, on this machine or another, has that address and network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ovl_core::link::Link;
use ovl_core::types::{MacAddr, Vni};
use ovl_machine::machine::Space;
use ovl_machine::scene::Scene;

use super::build::Index;
use super::model::{CardId, Detail, Picture, Remote, Tunnel, Vtep};

/// A VTEP's address, and a network.
type Place = (IpAddr, Option<u32>);

/// A VXLAN device, as others know it.
struct Device {
    card: CardId,
    machine: usize,
    vni: Option<u32>,
    port: Option<u16>,
    local: Option<IpAddr>,
    /// The addresses at which it can be reached.
    addrs: BTreeSet<IpAddr>,
    /// The VTEPs and networks that its rows name, with the number of endpoints.
    names: BTreeMap<Place, usize>,
}

/// Finds the tunnels, and the VTEPs that nobody sees.
pub fn join(scene: &Scene, index: &Index, picture: &mut Picture) {
    let devices = devices(scene, index);
    let mut by_address: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (number, device) in devices.iter().enumerate() {
        for addr in &device.addrs {
            by_address.entry((*addr, device.vni)).or_default().push(number);
        }
    }
    let mut remotes: BTreeMap<Place, Vec<(CardId, usize)>> = BTreeMap::new();
    let mut ways: BTreeMap<(CardId, CardId), Way> = BTreeMap::new();
    for device in &devices {
        for ((addr, vni), endpoints) in &device.names {
            if device.addrs.contains(addr) {
                let text = format!("rows to its own VTEP {addr}");
                picture.cards[device.card].details.push(Detail { text, bad: true });
                continue;
            }
            let there = by_address.get(&(*addr, *vni)).into_iter().flatten();
            let there = there.map(|n| &devices[*n]).filter(|d| d.card != device.card);
            match there.min_by_key(|other| distance(device, other, *addr)) {
                Some(other) => ways.entry(key(device, other)).or_default().add(device, *addr, *vni),
                None => remotes.entry((*addr, *vni)).or_default().push((device.card, *endpoints)),
            }
        }
    }
    let locals: BTreeMap<CardId, &Device> = devices.iter().map(|d| (d.card, d)).collect();
    picture.tunnels = ways.into_iter().map(|(cards, way)| way.tunnel(cards, &locals)).collect();
    for tunnel in &picture.tunnels {
        let [a, b] = &tunnel.ends;
        for (end, other) in [(a, b), (b, a)].into_iter().filter(|(end, _)| !end.knows) {
            let text = format!("no row to {}", other.address());
            picture.cards[end.card].details.push(Detail { text, bad: true });
        }
    }
    let remote = |((addr, vni), known_by)| Remote { addr, vni, known_by };
    picture.remotes = remotes.into_iter().map(remote).collect();
}

/// What is known of one tunnel.
#[derive(Default)]
struct Way {
    vni: Option<u32>,
    /// The address of each end, as the other's rows name it.
    addrs: BTreeMap<CardId, IpAddr>,
}

impl Way {
    fn add(&mut self, from: &Device, addr: IpAddr, vni: Option<u32>) {
        self.vni = vni;
        self.addrs.insert(from.card, addr);
    }

    fn tunnel(&self, (a, b): (CardId, CardId), devices: &BTreeMap<CardId, &Device>) -> Tunnel {
        // An end's address is in the rows of the other one.
        let vtep = |card: CardId, other: CardId| {
            let named = self.addrs.get(&other).copied();
            let of = |card| devices.get(&card).copied();
            let toward = self.addrs.get(&card).copied();
            let addr = named.or_else(|| of(card).and_then(|d| d.source(toward)));
            Vtep { card, addr, knows: toward.is_some() }
        };
        Tunnel { vni: self.vni, ends: [vtep(a, b), vtep(b, a)] }
    }
}

impl Device {
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

/// Which of several devices with one address is meant: one that listens at the
/// port, has the address as its own `local`, and is on the same machine.
fn distance(from: &Device, to: &Device, addr: IpAddr) -> (bool, bool, bool, CardId) {
    (from.port != to.port, to.local != Some(addr), from.machine != to.machine, to.card)
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
            let vni = vxlan.vni.map(Vni::get);
            devices.push(Device {
                card,
                machine: *number,
                vni,
                port: vxlan.dstport,
                local: vxlan.local,
                addrs,
                names: names(space, link, vni),
            });
        }
    }
    devices
}

/// The VTEPs that a device's rows name. Flood rows and the default destination
/// lead there as well, and are no endpoints.
fn names(space: &Space, link: &Link, vni: Option<u32>) -> BTreeMap<Place, usize> {
    let mut names = BTreeMap::new();
    for row in space.state.fdb.iter().filter(|f| f.dev == link.index && f.is_self()) {
        let Some(dst) = row.dst.filter(|dst| !dst.is_unspecified()) else { continue };
        let endpoints: &mut usize = names.entry((dst, row.vni.or(vni))).or_default();
        *endpoints += usize::from(row.mac != MacAddr::ZERO && !row.mac.is_multicast());
    }
    let all = link.vxlan().and_then(|v| v.remote.or(v.group)).filter(|a| !a.is_unspecified());
    if let Some(all) = all {
        names.entry((all, vni)).or_default();
    }
    names
}
