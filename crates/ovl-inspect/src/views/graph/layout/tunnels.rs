//! Tunnels, and VTEPs that are not seen. Each stands as a sign in the gap that
//! its hosts face, or, between hosts that do not face each other, above the
//! frames, on a line of its own.

use std::collections::BTreeMap;

use super::super::model::{CardId, Mesh, Picture, Remote, Tunnel, Vtep};
use super::super::text::{self, LINE};
use super::boxes::{GAP, MARGIN};
use super::frame::Traffic;
use super::plan::Plan;
use super::rect::Rect;

/// Between one thick line and the next.
pub const TRACK: i32 = 12;
/// Between a frame and the signs beside it.
pub const APPROACH: i32 = 34;

/// What a sign is of, by its number in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A tunnel.
    Tunnel(usize),
    /// Those of a mesh's devices that face one gap.
    Mesh(usize),
    /// A VTEP that is not seen.
    Remote(usize),
}

/// How a device is reached from a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The device.
    pub card: CardId,
    /// It faces a gap; else the line goes up on the other side of its frame.
    pub faces: bool,
    /// Its frame.
    pub frame: usize,
    /// Of the lines that leave the device, which one this is, and how many there are.
    pub turn: (i32, i32),
}

/// A sign, before it has a place.
#[derive(Debug, Clone)]
pub struct Plate {
    /// What it is of.
    pub of: Of,
    /// Its devices.
    pub reaches: Vec<Reach>,
    /// Its lines of text.
    pub lines: Vec<String>,
    /// A line goes up from it: there are more of what it is of in other gaps.
    pub rises: bool,
}

/// The signs, by where they stand.
#[derive(Debug, Clone, Default)]
pub struct Plates {
    /// In the gaps between hosts; hosts 0 and 1 face gap 0, 2 and 3 gap 1.
    pub gaps: Vec<Vec<Plate>>,
    /// Above the frames.
    pub above: Vec<Plate>,
    /// Thick lines that run up in a gap, on its left and right side.
    pub risers: Vec<[i32; 2]>,
}

impl Plates {
    /// Sorts them, and adds to the frames' traffic what goes up inside of them.
    pub fn of(picture: &Picture, plan: &Plan, traffic: &mut [Traffic]) -> Plates {
        let gaps = plan.hosts.div_ceil(2);
        let mut plates =
            Plates { gaps: vec![Vec::new(); gaps], above: Vec::new(), risers: vec![[0; 2]; gaps] };
        for (number, tunnel) in picture.tunnels.iter().enumerate() {
            plates.tunnel(picture, plan, number, tunnel);
        }
        for (number, mesh) in picture.meshes.iter().enumerate() {
            plates.mesh(picture, plan, number, mesh);
        }
        for (number, remote) in picture.remotes.iter().enumerate() {
            plates.remote(picture, plan, number, remote);
        }
        plates.count(traffic);
        plates
    }

    fn tunnel(&mut self, picture: &Picture, plan: &Plan, number: usize, tunnel: &Tunnel) {
        let reaches = tunnel.ends.iter().filter_map(|end| reach(picture, plan, end.card));
        let reaches: Vec<Reach> = reaches.collect();
        let of = Of::Tunnel(number);
        let [a, b] = tunnel.ends.each_ref().map(Vtep::address);
        match reaches.as_slice() {
            [one, two] if one.faces && two.faces && gap(one.frame) == gap(two.frame) => {
                let lines = vec![tunnel.label(), a, b];
                self.gaps[gap(one.frame)].push(Plate { of, reaches, lines, rises: false });
            }
            _ => {
                let lines = vec![format!("{} · {a} – {b}", tunnel.label())];
                self.above.push(Plate { of, reaches, lines, rises: false });
            }
        }
    }

    fn mesh(&mut self, picture: &Picture, plan: &Plan, number: usize, mesh: &Mesh) {
        let mut by_gap: BTreeMap<usize, (Vec<Reach>, Vec<String>)> = BTreeMap::new();
        for end in &mesh.ends {
            if let Some(reach) = reach(picture, plan, end.card) {
                let there = by_gap.entry(gap(reach.frame)).or_default();
                there.0.push(reach);
                there.1.push(end.address());
            }
        }
        let rises = by_gap.len() > 1;
        for (gap, (reaches, mut lines)) in by_gap {
            lines.insert(0, mesh.label());
            self.gaps[gap].push(Plate { of: Of::Mesh(number), reaches, lines, rises });
        }
    }

    fn remote(&mut self, picture: &Picture, plan: &Plan, number: usize, remote: &Remote) {
        let mut by_gap: BTreeMap<usize, (Vec<Reach>, usize)> = BTreeMap::new();
        for (card, endpoints) in &remote.known_by {
            if let Some(reach) = reach(picture, plan, *card) {
                let there = by_gap.entry(gap(reach.frame)).or_default();
                there.0.push(reach);
                // Two hosts that know the same endpoints do not make them more.
                there.1 = there.1.max(*endpoints);
            }
        }
        for (gap, (reaches, endpoints)) in by_gap {
            let lines = vec![remote.label(), remote.behind(endpoints)];
            let of = Of::Remote(number);
            self.gaps[gap].push(Plate { of, reaches, lines, rises: false });
        }
    }

    /// Every sign.
    pub fn all(&self) -> impl Iterator<Item = &Plate> {
        self.above.iter().chain(self.gaps.iter().flatten())
    }

    /// The lines of one device leave it below one another, those that go up first,
    /// the others in the order of their signs, or they would cross.
    pub fn take_turns(&mut self, signs: &[Vec<Rect>]) {
        let mut counts: BTreeMap<CardId, i32> = BTreeMap::new();
        let beside =
            self.gaps.iter_mut().zip(signs).flat_map(|(plates, at)| plates.iter_mut().zip(at));
        let mut beside: Vec<(&mut Plate, &Rect)> = beside.collect();
        beside.sort_by_key(|(_, rect)| rect.y);
        let plates = self.above.iter_mut().chain(beside.into_iter().map(|(plate, _)| plate));
        let mut reaches: Vec<&mut Reach> = plates.flat_map(|p| &mut p.reaches).collect();
        for reach in &mut reaches {
            let count = counts.entry(reach.card).or_default();
            reach.turn.0 = *count;
            *count += 1;
        }
        for reach in reaches {
            reach.turn.1 = counts.get(&reach.card).copied().unwrap_or(1);
        }
    }

    fn count(&mut self, traffic: &mut [Traffic]) {
        for plate in &self.above {
            for reach in &plate.reaches {
                if reach.faces {
                    self.risers[gap(reach.frame)][reach.frame % 2] += 1;
                } else {
                    traffic[reach.frame].along[0] += 2;
                }
            }
        }
        for (number, plates) in self.gaps.iter().enumerate() {
            let rising = plates.iter().filter(|plate| plate.rises).count();
            self.risers[number][0] += i32::try_from(rising).unwrap_or(0);
            for reach in plates.iter().flat_map(|p| &p.reaches).filter(|r| !r.faces) {
                traffic[reach.frame].along[0] += 2;
                self.risers[number][reach.frame % 2] += 1;
            }
        }
    }
}

/// The gap that a frame faces.
pub fn gap(frame: usize) -> usize {
    frame / 2
}

fn reach(picture: &Picture, plan: &Plan, card: CardId) -> Option<Reach> {
    let slot = plan.slot(picture, card).filter(|slot| slot.frame < plan.hosts)?;
    Some(Reach { card, faces: slot.is_last, frame: slot.frame, turn: (0, 1) })
}

impl Plate {
    /// How wide it is.
    pub fn width(&self) -> i32 {
        let widest = self.lines.iter().map(|line| text::columns(line)).max().unwrap_or(0);
        text::room(widest) + 2 * MARGIN
    }

    /// How high it is.
    pub fn height(&self) -> i32 {
        i32::try_from(self.lines.len()).unwrap_or(1) * LINE + GAP
    }
}
