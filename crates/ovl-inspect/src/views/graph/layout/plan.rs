//! Who stands where, in rows and columns rather than pixels: the columns of a
//! frame, and for each cable the side on which it leaves its devices and the way
//! it takes. A frame is thought of with its tunnels on the right.

use super::super::model::{CardId, Frame, FrameKind, Picture, Role, SpaceId};

/// A side of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Away from the tunnels.
    Left,
    /// Toward them.
    Right,
}

/// Where in a frame a namespace stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The frame.
    pub frame: usize,
    /// The column, counted from the left.
    pub column: usize,
    /// It is the last one.
    pub is_last: bool,
}

/// The way a cable takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From one column to the next: the gap before the second.
    Across(usize, usize),
    /// Out into the gap before a column and back.
    Around(usize, usize),
    /// Below the columns of a frame, from one gap to another.
    Under(usize, [usize; 2]),
    /// From one frame to another: the frame and the gap in which it leaves each.
    Outside([(usize, usize); 2]),
    /// Inside of one namespace that is in no frame.
    Inside,
}

/// A column of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What is in it.
    pub kind: ColumnKind,
    /// The namespaces, from top to bottom.
    pub spaces: Vec<SpaceId>,
}

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// The host's own devices, or the namespace in the middle of a group.
    Hub,
    /// Containers.
    Others,
    /// Containers behind those of the column beside it: each of their cables
    /// passes between two of them.
    Behind,
    /// Overlays.
    Overlays,
}

/// More containers than this stand on both sides of what they are cabled to,
/// if nothing else is there; and so do ports that nothing leaves.
pub const ONE_SIDE: usize = 8;
/// More containers than this stand behind one another, if they have a cable each.
const ONE_COLUMN: usize = 6;

/// The plan of a page.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The columns of each frame.
    pub columns: Vec<Vec<Column>>,
    /// Where each namespace stands.
    pub slots: Vec<Option<Slot>>,
    /// The way of each cable.
    pub ways: Vec<Way>,
    /// On which sides of a device something leaves: left, right.
    pub sides: Vec<[bool; 2]>,
    /// The device at the other end of the first cable of each.
    pub partner: Vec<Option<CardId>>,
    /// How many of the frames are hosts: they come first.
    pub hosts: usize,
    /// How many are hosts or between them: groups come after these.
    pub joined: usize,
    /// Devices between hosts whose cable comes from another frame.
    pub enters: Vec<bool>,
}

impl Plan {
    /// Plans a page.
    pub fn of(picture: &Picture) -> Plan {
        let mut plan = Plan {
            slots: vec![None; picture.spaces.len()],
            sides: vec![[false; 2]; picture.cards.len()],
            partner: vec![None; picture.cards.len()],
            enters: vec![false; picture.cards.len()],
            ..Plan::default()
        };
        let facts = Facts::of(picture);
        let hosts = |f: &&Frame| matches!(f.kind, FrameKind::Host | FrameKind::Unseen);
        plan.hosts = picture.frames.iter().take_while(hosts).count();
        plan.joined = picture.frames.iter().take_while(|f| f.kind != FrameKind::Group).count();
        for (number, frame) in picture.frames.iter().enumerate() {
            let columns = columns(picture, frame, &facts);
            for (column, there) in columns.iter().enumerate() {
                let is_last = column + 1 == columns.len();
                for id in &there.spaces {
                    plan.slots[*id] = Some(Slot { frame: number, column, is_last });
                }
            }
            plan.columns.push(columns);
        }
        plan.cables(picture);
        plan.rest(picture);
        plan
    }

    /// Where a device stands; in no frame is what is attached to nothing.
    pub fn slot(&self, picture: &Picture, card: CardId) -> Option<Slot> {
        self.slots[picture.cards[card].space]
    }

    /// Is a frame one of those between hosts?
    pub fn is_between(&self, frame: usize) -> bool {
        (self.hosts..self.joined).contains(&frame)
    }

    /// The frame and column in which a device stands.
    pub fn column(&self, picture: &Picture, card: CardId) -> Option<(usize, usize)> {
        self.slot(picture, card).map(|slot| (slot.frame, slot.column))
    }

    fn cables(&mut self, picture: &Picture) {
        for cable in &picture.cables {
            let [a, b] = cable.ends;
            let (way, sides) = self.way(picture, a, b);
            for (card, side) in [(a, sides[0]), (b, sides[1])] {
                self.sides[card][usize::from(side == Side::Right)] = true;
            }
            if let Way::Outside(ends) = way {
                for (card, (frame, _)) in [a, b].into_iter().zip(ends) {
                    self.enters[card] |= self.is_between(frame);
                }
            }
            self.partner[a].get_or_insert(b);
            self.partner[b].get_or_insert(a);
            self.ways.push(way);
        }
    }

    fn way(&self, picture: &Picture, a: CardId, b: CardId) -> (Way, [Side; 2]) {
        let ends = [a, b].map(|card| self.column(picture, card));
        let [Some((f, i)), Some((g, j))] = ends else { return (Way::Inside, [Side::Left; 2]) };
        if f != g {
            let ends = [(f, i, g), (g, j, f)];
            let sides = ends.map(|(frame, column, to)| self.outward(frame, column, to));
            let gap = |n: usize| {
                let (frame, column, _) = ends[n];
                (frame, column + usize::from(sides[n] == Side::Right))
            };
            return (Way::Outside([gap(0), gap(1)]), sides);
        }
        let sides = if i < j { [Side::Right, Side::Left] } else { [Side::Left, Side::Right] };
        match self.distance(f, i, j) {
            0 => (Way::Around(f, i), [Side::Left; 2]),
            1 => (Way::Across(f, self.facing_gap(f, i.min(j), i.max(j))), sides),
            _ => (Way::Under(f, if i < j { [i + 1, j] } else { [i, j + 1] }), sides),
        }
    }

    /// How many columns are between two; one that cables pass through is none.
    fn distance(&self, frame: usize, i: usize, j: usize) -> usize {
        let passed = |c: usize| usize::from(self.columns[frame][c].kind == ColumnKind::Behind);
        i.abs_diff(j) - if i.abs_diff(j) == 2 { passed(i) + passed(j) } else { 0 }
    }

    /// The gap between two columns in which their cables turn: not the one behind
    /// those that stand in front.
    fn facing_gap(&self, frame: usize, left: usize, right: usize) -> usize {
        let is_behind = self.columns[frame][right].kind == ColumnKind::Behind;
        if is_behind { left + 1 } else { right }
    }

    /// The side on which a cable leaves toward another frame: what is between hosts
    /// is entered from whichever half the other end is in, unless what is on it
    /// stands there.
    fn outward(&self, frame: usize, column: usize, to: usize) -> Side {
        let is_alone = self.columns[frame].len() == 1 || column > 0;
        let is_right = if to < self.hosts { 2 * to >= self.hosts } else { to > frame };
        if self.is_between(frame) && is_alone && is_right { Side::Right } else { Side::Left }
    }

    /// What leaves a device beside cables: tunnels, and cables that were cut.
    fn rest(&mut self, picture: &Picture) {
        let tunnels = picture.tunnels.iter().flat_map(|t| t.ends.iter().map(|e| e.card));
        let remotes = picture.remotes.iter().flat_map(|r| r.known_by.iter().map(|k| k.0));
        for card in tunnels.chain(remotes) {
            self.sides[card] = [true; 2];
        }
        for (card, sides) in picture.cards.iter().zip(&mut self.sides) {
            if card.is_cut {
                sides[0] = true;
            }
        }
    }
}

/// What the columns are made from, counted once for the whole picture.
struct Facts {
    /// The first overlay that each namespace is cabled to.
    first: Vec<SpaceId>,
    /// How many lines leave each namespace.
    lines: Vec<usize>,
}

impl Facts {
    fn of(picture: &Picture) -> Facts {
        let spaces = picture.spaces.len();
        let mut facts = Facts { first: vec![SpaceId::MAX; spaces], lines: vec![0; spaces] };
        for cable in &picture.cables {
            let [a, b] = cable.ends.map(|card| picture.cards[card].space);
            for (id, far) in [(a, b), (b, a)] {
                facts.lines[id] += 1;
                if picture.spaces[far].role == Role::Overlay {
                    facts.first[id] = facts.first[id].min(far);
                }
            }
        }
        facts
    }

    /// One device, one cable: such a box can stand behind others.
    fn is_simple(&self, picture: &Picture, id: SpaceId) -> bool {
        let cards = &picture.spaces[id].cards;
        self.lines[id] == 1 && cards.len() == 1 && !picture.cards[cards[0]].is_cut
    }
}

/// The columns of a frame: the host's own devices, what is cabled to it, its
/// overlays, whose tunnels leave on the right.
fn columns(picture: &Picture, frame: &Frame, facts: &Facts) -> Vec<Column> {
    let hub = Column { kind: ColumnKind::Hub, spaces: frame.hub.into_iter().collect() };
    // Containers in the order of the overlays they are cabled to, then by name.
    let mut others = frame.others.clone();
    others.sort_by_key(|id| (facts.first[*id], *id));
    let has_tunnels = !frame.overlays.is_empty() || has_vxlan(picture, frame);
    let columns: Vec<Column> = if !frame.overlays.is_empty() {
        let overlays = Column { kind: ColumnKind::Overlays, spaces: frame.overlays.clone() };
        [hub].into_iter().chain(files(picture, facts, &others)).chain([overlays]).collect()
    } else if has_tunnels {
        files(picture, facts, &others).into_iter().chain([hub]).collect()
    } else {
        let is_many = others.len() > ONE_SIDE;
        let half = if is_many { others.len().div_ceil(2) } else { 0 };
        let mut right = files(picture, facts, &others[half..]);
        right.reverse();
        files(picture, facts, &others[..half]).into_iter().chain([hub]).chain(right).collect()
    };
    let has_cards = |id: &SpaceId| !picture.spaces[*id].cards.is_empty();
    // A host without devices is its frame, and no column.
    let is_bare = |column: &Column| {
        let is_host = frame.kind == FrameKind::Host && column.kind == ColumnKind::Hub;
        is_host && !column.spaces.iter().any(has_cards)
    };
    columns.into_iter().filter(|c| !c.spaces.is_empty() && !is_bare(c)).collect()
}

fn has_vxlan(picture: &Picture, frame: &Frame) -> bool {
    let cards = frame.hub.iter().flat_map(|id| &picture.spaces[*id].cards);
    cards.into_iter().any(|card| picture.cards[*card].kind == "vxlan")
}

/// Containers in one column, or, many with a cable each, in two: every second one
/// stands behind the others.
fn files(picture: &Picture, facts: &Facts, all: &[SpaceId]) -> Vec<Column> {
    let is_dense = all.len() > ONE_COLUMN && all.iter().all(|id| facts.is_simple(picture, *id));
    if !is_dense {
        return vec![Column { kind: ColumnKind::Others, spaces: all.to_vec() }];
    }
    let every = |from: usize| all.iter().copied().skip(from).step_by(2).collect();
    vec![
        Column { kind: ColumnKind::Behind, spaces: every(1) },
        Column { kind: ColumnKind::Others, spaces: every(0) },
    ]
}
