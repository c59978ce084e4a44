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

/// Where a namespace stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// In a column of a frame.
    In {
        /// The frame.
        frame: usize,
        /// The column, counted from the left.
        column: usize,
        /// It is the last one.
        is_last: bool,
    },
    /// Between frames: its number there.
    Between(usize),
    /// Attached to nothing.
    Loose,
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
    /// Below the frames.
    Outside,
    /// Inside of one namespace that is in no frame.
    Inside,
}

/// The plan of a page.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The columns of each frame, each a list of namespaces.
    pub columns: Vec<Vec<Vec<SpaceId>>>,
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
}

impl Plan {
    /// Plans a page.
    pub fn of(picture: &Picture) -> Plan {
        let mut plan = Plan {
            slots: vec![None; picture.spaces.len()],
            sides: vec![[false; 2]; picture.cards.len()],
            partner: vec![None; picture.cards.len()],
            ..Plan::default()
        };
        let first = first_overlays(picture);
        plan.hosts = picture.frames.iter().filter(|f| f.kind != FrameKind::Group).count();
        for (number, frame) in picture.frames.iter().enumerate() {
            let columns = columns(picture, frame, &first);
            for (column, spaces) in columns.iter().enumerate() {
                let is_last = column + 1 == columns.len();
                for id in spaces {
                    plan.slots[*id] = Some(Slot::In { frame: number, column, is_last });
                }
            }
            plan.columns.push(columns);
        }
        for (number, id) in picture.between.iter().enumerate() {
            plan.slots[*id] = Some(Slot::Between(number));
        }
        for id in &picture.loose {
            plan.slots[*id] = Some(Slot::Loose);
        }
        plan.cables(picture);
        plan.rest(picture);
        plan
    }

    /// Where a device stands.
    pub fn slot(&self, picture: &Picture, card: CardId) -> Slot {
        self.slots[picture.cards[card].space].unwrap_or(Slot::Loose)
    }

    /// The frame and column in which a device stands.
    pub fn column(&self, picture: &Picture, card: CardId) -> Option<(usize, usize)> {
        match self.slot(picture, card) {
            Slot::In { frame, column, .. } => Some((frame, column)),
            _ => None,
        }
    }

    fn cables(&mut self, picture: &Picture) {
        for cable in &picture.cables {
            let [a, b] = cable.ends;
            let (way, sides) = self.way(picture, a, b);
            for (card, side) in [(a, sides[0]), (b, sides[1])] {
                self.sides[card][usize::from(side == Side::Right)] = true;
            }
            self.partner[a].get_or_insert(b);
            self.partner[b].get_or_insert(a);
            self.ways.push(way);
        }
    }

    fn way(&self, picture: &Picture, a: CardId, b: CardId) -> (Way, [Side; 2]) {
        let (from, to) = (self.slot(picture, a), self.slot(picture, b));
        match (from, to) {
            (Slot::In { frame: f, column: i, .. }, Slot::In { frame: g, column: j, .. })
                if f == g =>
            {
                match i.abs_diff(j) {
                    0 => (Way::Around(f, i), [Side::Left; 2]),
                    distance => {
                        let first = [Side::Right, Side::Left];
                        let sides = if i < j { first } else { [Side::Left, Side::Right] };
                        let gap = i.max(j);
                        let under = Way::Under(f, if i < j { [i + 1, j] } else { [i, j + 1] });
                        (if distance == 1 { Way::Across(f, gap) } else { under }, sides)
                    }
                }
            }
            _ if picture.cards[a].space == picture.cards[b].space => (Way::Inside, [Side::Left; 2]),
            _ => {
                let sides = [self.outward(from, to), self.outward(to, from)];
                (Way::Outside, sides)
            }
        }
    }

    /// The side on which a cable leaves toward another frame, or toward what is
    /// between them: there it leaves to whichever half the other end is in.
    pub fn outward(&self, at: Slot, to: Slot) -> Side {
        match (at, to) {
            (Slot::Between(_), Slot::In { frame, .. }) => {
                if 2 * frame < self.hosts {
                    Side::Left
                } else {
                    Side::Right
                }
            }
            (Slot::Between(i), Slot::Between(j)) if i < j => Side::Right,
            _ => Side::Left,
        }
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

/// The columns of a frame: the host's own devices, what is cabled to it, its
/// overlays, whose tunnels leave on the right.
fn columns(picture: &Picture, frame: &Frame, first: &[SpaceId]) -> Vec<Vec<SpaceId>> {
    let hub: Vec<SpaceId> = frame.hub.into_iter().collect();
    // Containers in the order of the overlays they are cabled to, then by name.
    let mut others = frame.others.clone();
    others.sort_by_key(|id| (first[*id], *id));
    let columns = if frame.overlays.is_empty() {
        vec![others, hub]
    } else {
        vec![hub, others, frame.overlays.clone()]
    };
    let has_cards = |id: &SpaceId| !picture.spaces[*id].cards.is_empty();
    let is_bare = |column: &Vec<SpaceId>| {
        frame.kind == FrameKind::Host
            && column.first() == frame.hub.as_ref()
            && !column.iter().any(has_cards)
    };
    columns.into_iter().filter(|c| !c.is_empty() && !is_bare(c)).collect()
}

/// The first overlay that each namespace is cabled to.
fn first_overlays(picture: &Picture) -> Vec<SpaceId> {
    let mut first = vec![SpaceId::MAX; picture.spaces.len()];
    for cable in &picture.cables {
        let [a, b] = cable.ends.map(|card| picture.cards[card].space);
        for (id, far) in [(a, b), (b, a)] {
            if picture.spaces[far].role == Role::Overlay {
                first[id] = first[id].min(far);
            }
        }
    }
    first
}
