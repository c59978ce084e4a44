//! Tunnels of one network that lead from each of its devices to every other one
//! say it once: as a network that all of them are on, not as a line for each pair.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::model::{CardId, Mesh, Picture, Sends, Tunnel, Vtep};

/// So many devices make a mesh; two have a tunnel.
const FEWEST: usize = 3;

/// Puts the tunnels that make a mesh together. What is left are tunnels of two,
/// and those of which an end does not know the other.
pub fn gather(picture: &mut Picture) {
    let mut networks: BTreeMap<Option<u32>, Ends> = BTreeMap::new();
    for tunnel in
        picture.tunnels.iter().filter(|t| t.ends.iter().all(|end| end.sends == Sends::Arrives))
    {
        networks.entry(tunnel.vni).or_default().add(tunnel);
    }
    for (vni, ends) in networks {
        for ends in ends.meshes() {
            let mut mesh = Mesh { vni, ends, tunnels: 0 };
            let before = picture.tunnels.len();
            picture.tunnels.retain(|tunnel| !is_part(&mesh, tunnel));
            mesh.tunnels = before - picture.tunnels.len();
            picture.meshes.push(mesh);
        }
    }
}

/// Does the mesh say all that the tunnel says?
fn is_part(mesh: &Mesh, tunnel: &Tunnel) -> bool {
    tunnel.vni == mesh.vni && tunnel.ends.iter().all(|end| mesh.end(end.card) == Some(end))
}

/// The devices of a network that know one another.
#[derive(Default)]
struct Ends {
    /// Each as its first tunnel has it.
    all: BTreeMap<CardId, Vtep>,
    /// Whom each one knows, and is known by.
    known: BTreeMap<CardId, BTreeSet<CardId>>,
}

impl Ends {
    fn add(&mut self, tunnel: &Tunnel) {
        // A device that others know by another address is not known as this one.
        if tunnel.ends.iter().any(|end| *self.all.entry(end.card).or_insert(*end) != *end) {
            return;
        }
        let [a, b] = tunnel.ends.each_ref().map(|end| end.card);
        self.known.entry(a).or_default().insert(b);
        self.known.entry(b).or_default().insert(a);
    }

    /// Those that all know one another, the best known first: as many as there are.
    fn meshes(&self) -> Vec<Vec<Vtep>> {
        let mut left: Vec<CardId> = self.known.keys().copied().collect();
        left.sort_by_key(|card| (Reverse(self.known[card].len()), *card));
        let mut meshes = Vec::new();
        while !left.is_empty() {
            let mut mesh: Vec<CardId> = Vec::new();
            for card in &left {
                if mesh.iter().all(|other| self.known[card].contains(other)) {
                    mesh.push(*card);
                }
            }
            left.retain(|card| !mesh.contains(card));
            if mesh.len() >= FEWEST {
                mesh.sort_unstable();
                meshes.push(mesh.iter().map(|card| self.all[card]).collect());
            }
        }
        meshes
    }
}
