//! One frame: its columns beside one another, with gaps between them in which
//! cables run. Its tunnels leave on the right; a mirror turns it round.

use std::collections::BTreeMap;

use super::super::model::{CardId, FrameKind, Picture, Role, SpaceId};
use super::super::text::LINE;
use super::boxes::{GAP, Inside, Placed};
use super::plan::{Plan, Way};
use super::rect::Rect;

/// Between one line and the next in a gap.
pub const TRACK: i32 = 8;
/// Between the edge of a frame and what is in it.
const PAD: i32 = 14;
/// A gap that cables cross.
const CROSSED: i32 = 52;
/// Between one box and the next.
const BETWEEN: i32 = 12;
/// Room for a cable that goes out and back, or ends in nothing.
pub const SWING: i32 = 22;

/// A frame with everything in it, its upper left corner at 0, 0.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Its width.
    pub w: i32,
    /// Its height.
    pub h: i32,
    /// What is in it.
    pub placed: Placed,
    /// The gaps: where each begins, and its width. The first is left of the first
    /// column, the last right of the last.
    pub gaps: Vec<(i32, i32)>,
    /// Where cables run below the columns.
    pub under: i32,
    /// It was turned round.
    pub is_mirrored: bool,
}

/// What needs room in the gaps of a frame.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Lines that run along each gap.
    pub along: Vec<i32>,
    /// Cables cross it.
    pub crossed: Vec<bool>,
    /// Cables swing out into it, or end there.
    pub swung: Vec<bool>,
    /// Lines below the columns.
    pub under: i32,
}

impl Traffic {
    /// The traffic of every frame's cables; that of tunnels is added by others.
    pub fn of(picture: &Picture, plan: &Plan) -> Vec<Traffic> {
        let mut all: Vec<Traffic> =
            plan.columns.iter().map(|columns| Traffic::none(columns.len() + 1)).collect();
        for (cable, way) in picture.cables.iter().zip(&plan.ways) {
            match *way {
                Way::Across(frame, gap) => all[frame].crossed[gap] = true,
                Way::Around(frame, gap) => all[frame].swung[gap] = true,
                Way::Under(frame, gaps) => {
                    all[frame].under += 1;
                    gaps.iter().for_each(|gap| all[frame].along[*gap] += 1);
                }
                Way::Outside => {
                    for card in cable.ends {
                        if let Some((frame, column)) = plan.column(picture, card) {
                            all[frame].along[column] += 1;
                        }
                    }
                }
                Way::Inside => {}
            }
        }
        for (id, _) in picture.cards.iter().enumerate().filter(|(_, card)| card.is_cut) {
            if let Some((frame, column)) = plan.column(picture, id) {
                all[frame].swung[column] = true;
            }
        }
        all
    }

    fn none(gaps: usize) -> Traffic {
        let (along, crossed, swung) = (vec![0; gaps], vec![false; gaps], vec![false; gaps]);
        Traffic { along, crossed, swung, under: 0 }
    }

    /// How wide a gap is.
    fn width(&self, gap: usize) -> i32 {
        let is_outer = gap == 0 || gap + 1 == self.along.len();
        let bare = match (self.crossed[gap], self.swung[gap]) {
            (true, _) => CROSSED,
            (false, true) => SWING + GAP,
            (false, false) if is_outer => PAD,
            (false, false) => 2 * PAD,
        };
        bare + if self.along[gap] > 0 { self.along[gap] * TRACK + GAP } else { 0 }
    }
}

/// How high the title of a frame is.
pub fn title_height(kind: FrameKind) -> i32 {
    if kind == FrameKind::Group { PAD } else { 2 * LINE + PAD + 4 }
}

/// Lays out one frame.
pub fn block(picture: &Picture, plan: &Plan, number: usize, traffic: &Traffic) -> Block {
    let frame = &picture.frames[number];
    let columns = &plan.columns[number];
    let top = title_height(frame.kind);
    let mut known: BTreeMap<CardId, i32> = BTreeMap::new();
    let mut placed: Vec<Placed> = vec![Placed::default(); columns.len()];
    let mut widths = vec![0; columns.len()];
    let mut bottom = top;
    for column in order(picture, frame.hub, columns) {
        let wish = |card: CardId| plan.partner[card].and_then(|far| known.get(&far).copied());
        let inside = |id: &SpaceId| {
            let is_titled = frame.kind != FrameKind::Host || Some(*id) != frame.hub;
            Inside::of(picture, plan, *id, is_titled, &wish)
        };
        let insides: Vec<Inside<'_>> = columns[column].iter().map(inside).collect();
        let width = insides.iter().map(Inside::width).max().unwrap_or(0);
        let mut y =
            top + if known.is_empty() { lead(picture, plan, number, column, &insides) } else { 0 };
        for inside in &insides {
            y = inside.place(0, y, width, &wish, &mut placed[column]) + BETWEEN;
        }
        bottom = bottom.max(y - BETWEEN);
        widths[column] = width;
        known.extend(placed[column].cards.iter().map(|(card, rect)| (*card, rect.y)));
    }
    assemble(placed, &widths, traffic, bottom)
}

/// What containers are cabled to is laid out after them, beside them.
fn order(picture: &Picture, hub: Option<SpaceId>, columns: &[Vec<SpaceId>]) -> Vec<usize> {
    let is_others = |c: &usize| {
        let first = columns[*c].first().copied();
        first != hub && picture.spaces[first.unwrap_or_default()].role != Role::Overlay
    };
    let all = 0..columns.len();
    let (mut first, rest): (Vec<usize>, Vec<usize>) = all.partition(is_others);
    first.extend(rest);
    first
}

/// How much lower than its neighbours' the first box of a column begins, so that
/// its devices are beside the ports of their bridges.
fn lead(picture: &Picture, plan: &Plan, number: usize, column: usize, own: &[Inside<'_>]) -> i32 {
    let frame = &picture.frames[number];
    let nothing = |_: CardId| None;
    let others = plan.columns[number].iter().enumerate().filter(|(c, _)| *c != column);
    let leads = others.filter_map(|(_, spaces)| spaces.first()).map(|id| {
        let is_titled = frame.kind != FrameKind::Host || Some(*id) != frame.hub;
        Inside::of(picture, plan, *id, is_titled, &nothing).lead()
    });
    let own = own.first().map_or(0, Inside::lead);
    (leads.max().unwrap_or(own) - own).max(0)
}

fn assemble(columns: Vec<Placed>, widths: &[i32], traffic: &Traffic, bottom: i32) -> Block {
    let mut block = Block::default();
    let mut x = 0;
    for (number, column) in columns.into_iter().enumerate() {
        let gap = traffic.width(number);
        block.gaps.push((x, gap));
        x += gap;
        let place = |rect: Rect| rect.moved(x, 0);
        block.placed.cards.extend(column.cards.into_iter().map(|(id, r)| (id, place(r))));
        block.placed.boxes.extend(column.boxes.into_iter().map(|(id, r)| (id, place(r))));
        block.placed.spines.extend(column.spines.into_iter().map(|(id, r)| (id, place(r))));
        x += widths[number];
    }
    let last = traffic.along.len() - 1;
    block.gaps.push((x, traffic.width(last)));
    block.w = x + traffic.width(last);
    block.under = bottom + GAP;
    let under = if traffic.under > 0 { traffic.under * TRACK + GAP } else { 0 };
    block.h = bottom + under + PAD;
    block
}

impl Block {
    /// The same, its tunnels on the left.
    pub fn mirrored(mut self) -> Block {
        let w = self.w;
        self.placed.cards.iter_mut().for_each(|(_, r)| *r = r.mirrored(w));
        self.placed.boxes.iter_mut().for_each(|(_, r)| *r = r.mirrored(w));
        self.placed.spines.iter_mut().for_each(|(_, r)| *r = r.mirrored(w));
        self.gaps.iter_mut().for_each(|(x, gap)| *x = w - *x - *gap);
        self.is_mirrored = true;
        self
    }
}
