//! What belongs to which host: the overlays whose sockets it holds, and what is
//! cabled to it or to them. What is as near to two hosts is between them, and so
//! is a switch that a host is plugged into, with all that is on it.

use std::collections::{BTreeMap, BTreeSet};

use ovl_machine::scene::Scene;

use super::build::Index;
use super::model::{CardId, Frame, FrameKind, Join, Picture, Role, SpaceId};

/// Where a namespace belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    /// In a frame, by its number.
    Frame(usize),
    /// Between frames.
    Between,
}

/// Settles the role of each namespace, and the frames.
pub fn assign(scene: &Scene, index: &Index, picture: &mut Picture) {
    let mut homes = Homes::of(scene, index, picture);
    let mut between = BTreeSet::new();
    for id in homes.spread() {
        match homes.at[id] {
            Some(Home::Frame(frame)) => homes.frames[frame].others.push(id),
            _ => drop(between.insert(id)),
        }
    }
    homes.between(&between, picture);
    homes.group_the_rest(picture);
    for frame in &mut homes.frames {
        frame.overlays.sort_unstable();
        frame.others.sort_unstable();
    }
    // Hosts come first, groups last, each in the order of their names.
    let rank = |f: &Frame| match f.kind {
        FrameKind::Host | FrameKind::Unseen => 0,
        FrameKind::Between => 1,
        FrameKind::Group => 2,
    };
    let first = |f: &Frame| f.hub.or_else(|| f.spaces().min());
    homes.frames.sort_by_key(|f| (rank(f), f.machine, first(f)));
    picture.loose = (0..picture.spaces.len()).filter(|id| homes.at[*id].is_none()).collect();
    roles(&homes.frames, picture);
    picture.frames = homes.frames;
}

struct Homes {
    frames: Vec<Frame>,
    at: Vec<Option<Home>>,
    /// The namespaces that a namespace's cables and parents lead to.
    near: Vec<BTreeSet<SpaceId>>,
    /// Pairs of namespaces of which the first is plugged into the second, a switch.
    plugged: BTreeSet<(SpaceId, SpaceId)>,
    /// The namespaces of those who looked.
    own: BTreeSet<SpaceId>,
}

impl Homes {
    /// The hosts, each with the overlays whose sockets it holds.
    fn of(scene: &Scene, index: &Index, picture: &Picture) -> Homes {
        let mut sockets: BTreeMap<SpaceId, BTreeSet<Option<SpaceId>>> = BTreeMap::new();
        for ((number, key), id) in &index.spaces {
            let machine = &scene.machines[*number];
            for link in machine.spaces[key].state.vxlans() {
                let far = machine.far_space(*key, link);
                let far = far.and_then(|far| index.spaces.get(&(*number, far)).copied());
                sockets.entry(*id).or_default().insert(far);
            }
        }
        let hosts: BTreeSet<SpaceId> = sockets.values().flatten().flatten().copied().collect();
        let mut homes = Homes {
            frames: Vec::new(),
            at: vec![None; picture.spaces.len()],
            near: near(picture),
            plugged: plugged(picture),
            own: own(scene, index),
        };
        for host in hosts {
            let frame = homes.frame(FrameKind::Host, picture.spaces[host].machine, Some(host));
            homes.at[host] = Some(Home::Frame(frame));
        }
        for (overlay, hosts) in sockets {
            if homes.at[overlay].is_none() {
                homes.place_overlay(overlay, &hosts, picture);
            }
        }
        homes
    }

    fn frame(&mut self, kind: FrameKind, machine: usize, hub: Option<SpaceId>) -> usize {
        self.frames.push(Frame { kind, machine, hub, ..Frame::default() });
        self.frames.len() - 1
    }

    fn place_overlay(
        &mut self,
        overlay: SpaceId,
        hosts: &BTreeSet<Option<SpaceId>>,
        picture: &Picture,
    ) {
        let machine = picture.spaces[overlay].machine;
        let host = hosts.iter().flatten().find_map(|host| self.at[*host]);
        let unseen = |f: &Frame| f.kind == FrameKind::Unseen && f.machine == machine;
        let frame = match host {
            Some(Home::Frame(frame)) => frame,
            _ => match self.frames.iter().position(unseen) {
                Some(frame) => frame,
                None => self.frame(FrameKind::Unseen, machine, None),
            },
        };
        self.frames[frame].overlays.push(overlay);
        self.at[overlay] = Some(Home::Frame(frame));
    }

    /// From each host outwards, a cable at a time; gives what was reached.
    fn spread(&mut self) -> Vec<SpaceId> {
        let mut reached = Vec::new();
        let mut edge: Vec<SpaceId> =
            (0..self.at.len()).filter(|id| self.at[*id].is_some()).collect();
        while !edge.is_empty() {
            let mut next: BTreeMap<SpaceId, Home> = BTreeMap::new();
            for id in &edge {
                let Some(home) = self.at[*id] else { continue };
                for far in self.near[*id].iter().filter(|far| self.at[**far].is_none()) {
                    let home = if self.leads_out(*id, *far) { Home::Between } else { home };
                    let there = next.entry(*far).or_insert(home);
                    if *there != home {
                        *there = Home::Between;
                    }
                }
            }
            for (id, home) in &next {
                self.at[*id] = Some(*home);
            }
            edge = next.into_keys().collect();
            reached.extend(&edge);
        }
        reached
    }

    /// A switch is not a part of the host that is plugged into it.
    fn leads_out(&self, id: SpaceId, far: SpaceId) -> bool {
        let is_host = |f: &Frame| f.kind == FrameKind::Host && f.hub == Some(id);
        let is_hub = matches!(self.at[id], Some(Home::Frame(f)) if is_host(&self.frames[f]));
        is_hub && self.plugged.contains(&(id, far))
    }

    /// What is between hosts: what joins others, each with what is on nothing else.
    fn between(&mut self, between: &BTreeSet<SpaceId>, picture: &Picture) {
        let mut frames: BTreeMap<SpaceId, Vec<SpaceId>> = BTreeMap::new();
        for id in between {
            let only = self.near[*id].first().filter(|_| self.near[*id].len() == 1);
            match only.filter(|far| between.contains(far)) {
                Some(far) => frames.entry(*far).or_default().push(*id),
                None => drop(frames.entry(*id).or_default()),
            }
        }
        for (hub, others) in frames {
            let frame = self.frame(FrameKind::Between, picture.spaces[hub].machine, Some(hub));
            self.frames[frame].others = others;
        }
    }

    /// What no host is near to, and is cabled together.
    fn group_the_rest(&mut self, picture: &Picture) {
        for first in 0..self.at.len() {
            if self.at[first].is_some() || self.near[first].is_empty() {
                continue;
            }
            let frame = self.frame(FrameKind::Group, picture.spaces[first].machine, None);
            let mut all = vec![first];
            self.at[first] = Some(Home::Frame(frame));
            let mut seen = 0;
            while let Some(id) = all.get(seen).copied() {
                seen += 1;
                for far in self.near[id].clone() {
                    if self.at[far].is_none() {
                        self.at[far] = Some(Home::Frame(frame));
                        all.push(far);
                    }
                }
            }
            let own = all.iter().copied().find(|id| self.own.contains(id));
            let most = |id: &SpaceId| (self.near[*id].len(), usize::MAX - id);
            let hub = own.or_else(|| all.iter().copied().max_by_key(most));
            self.frames[frame].hub = hub;
            // The namespace of whoever looks is that of a host.
            if own.is_some() {
                self.frames[frame].kind = FrameKind::Host;
            }
            self.frames[frame].others = all.into_iter().filter(|id| Some(*id) != hub).collect();
        }
    }
}

/// The namespaces that each namespace's cables and parents lead to.
fn near(picture: &Picture) -> Vec<BTreeSet<SpaceId>> {
    let mut near = vec![BTreeSet::new(); picture.spaces.len()];
    for cable in &picture.cables {
        let [a, b] = cable.ends.map(|card| picture.cards[card].space);
        if a != b {
            near[a].insert(b);
            near[b].insert(a);
        }
    }
    near
}

/// Which namespaces are plugged into which: a port of a bridge is on the far side
/// of every cable between the two, and none on this side. On a cable to a container
/// the port is the host's, or there is none.
fn plugged(picture: &Picture) -> BTreeSet<(SpaceId, SpaceId)> {
    let is_port = |card: CardId| {
        let master = picture.cards[card].master;
        master.is_some_and(|master| picture.cards[master].kind == "bridge")
    };
    let (mut plugged, mut not) = (BTreeSet::new(), BTreeSet::new());
    for cable in &picture.cables {
        let [a, b] = cable.ends;
        for (own, far) in [(a, b), (b, a)] {
            let is_plugged = cable.join == Join::Cable && is_port(far) && !is_port(own);
            let pairs = if is_plugged { &mut plugged } else { &mut not };
            pairs.insert((picture.cards[own].space, picture.cards[far].space));
        }
    }
    plugged.difference(&not).copied().collect()
}

fn own(scene: &Scene, index: &Index) -> BTreeSet<SpaceId> {
    let all = scene.machines.iter().enumerate();
    all.filter_map(|(number, m)| index.spaces.get(&(number, m.own)).copied()).collect()
}

fn roles(frames: &[Frame], picture: &mut Picture) {
    for frame in frames {
        let is_host = frame.kind == FrameKind::Host;
        if let Some(hub) = frame.hub.filter(|_| is_host) {
            picture.spaces[hub].role = Role::Underlay;
        }
        if frame.kind == FrameKind::Between {
            for id in frame.spaces() {
                picture.spaces[id].role = Role::Underlay;
            }
        }
        for id in &frame.overlays {
            picture.spaces[*id].role = Role::Overlay;
        }
        for id in frame.others.iter().filter(|_| is_host || !frame.overlays.is_empty()) {
            picture.spaces[*id].role = Role::Container;
        }
    }
}
