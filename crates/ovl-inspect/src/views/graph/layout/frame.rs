//! One frame: its columns beside one another, with gaps between them in which
//! cables run. Its tunnels leave on the right; a mirror turns it round.

use std::collections::BTreeMap;

use super::super::model::{CardId, FrameKind, Picture, SpaceId};
use super::super::text::LINE;
use super::boxes::{GAP, Inside, Placed};
use super::plan::{Column, ColumnKind, Plan, Way};
use super::rect::Rect;

/// Between one line and the next in a gap.
pub const TRACK: i32 = 8;
/// Between the edge of a frame and what is in it.
const PAD: i32 = 14;
/// A gap that cables cross.
const CROSSED: i32 = 52;
/// Between one box and the next.
const BETWEEN: i32 = 12;
/// What is more between two boxes where cables pass.
const CORRIDOR: i32 = 8;
/// How far below its upper edge a cable leaves a card.
pub const ATTACH: i32 = 12;
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
    /// How many lines run along each gap.
    pub along: Vec<i32>,
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
        for way in &plan.ways {
            match *way {
                Way::Across(frame, gap) => all[frame].crossed[gap] = true,
                Way::Around(frame, gap) => all[frame].swung[gap] = true,
                Way::Under(frame, gaps) => {
                    all[frame].under += 1;
                    for gap in gaps {
                        all[frame].along[gap] += 1;
                    }
                }
                Way::Outside(ends) => {
                    for (frame, gap) in ends {
                        all[frame].along[gap] += 1;
                    }
                }
                Way::Inside => {}
            }
        }
        for (id, _) in picture.shown().filter(|(_, card)| card.is_cut) {
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
    match kind {
        FrameKind::Host | FrameKind::Unseen => 2 * LINE + PAD + 4,
        FrameKind::Group => PAD,
        // It is not drawn: its boxes are seen, and what joins them.
        FrameKind::Between => 0,
    }
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
    for column in order(columns) {
        let wish = |card: CardId| plan.partner[card].and_then(|far| known.get(&far).copied());
        let inside =
            |id: &SpaceId| Inside::of(picture, plan, *id, is_titled(picture, number, *id), &wish);
        let insides: Vec<Inside<'_>> = columns[column].spaces.iter().map(inside).collect();
        let mut y = top;
        if columns[column].kind == ColumnKind::Others {
            y += lead(picture, plan, number, column, &insides);
        }
        // Between two of those in front there is room for a cable.
        let is_front = has_behind(columns, column);
        let beyond = if is_front { BETWEEN + CORRIDOR } else { BETWEEN };
        let slits = slits(columns, column, &placed);
        widths[column] = insides.iter().map(Inside::width).max().unwrap_or(0);
        for (n, inside) in insides.iter().enumerate() {
            let at = slits.get(n).map_or(y, |slit| slit - inside.lead() - ATTACH);
            y = inside.place(0, at, widths[column], &wish, &mut placed[column]) + beyond;
        }
        bottom = bottom.max(y - beyond);
        known.extend(placed[column].cards.iter().map(|(card, rect)| (*card, rect.y)));
    }
    assemble(placed, &widths, traffic, bottom)
}

/// A host's title is its frame's.
fn is_titled(picture: &Picture, number: usize, id: SpaceId) -> bool {
    let frame = &picture.frames[number];
    frame.kind != FrameKind::Host || Some(id) != frame.hub
}

/// What containers are cabled to is laid out after them, beside them; those that
/// stand behind others after those.
fn order(columns: &[Column]) -> Vec<usize> {
    let rank = |column: &usize| match columns[*column].kind {
        ColumnKind::Others => 0,
        ColumnKind::Behind => 1,
        ColumnKind::Hub | ColumnKind::Overlays => 2,
    };
    let mut all: Vec<usize> = (0..columns.len()).collect();
    all.sort_by_key(rank);
    all
}

/// The column that stands behind this one, or before it.
fn beside(columns: &[Column], column: usize, kind: ColumnKind) -> Option<usize> {
    let near = [column.checked_sub(1), Some(column + 1)];
    near.into_iter().flatten().find(|c| columns.get(*c).is_some_and(|c| c.kind == kind))
}

fn has_behind(columns: &[Column], column: usize) -> bool {
    columns[column].kind == ColumnKind::Others
        && beside(columns, column, ColumnKind::Behind).is_some()
}

/// Where cables from behind pass: below each box of the column in front.
fn slits(columns: &[Column], column: usize, placed: &[Placed]) -> Vec<i32> {
    let is_behind = columns[column].kind == ColumnKind::Behind;
    let front = beside(columns, column, ColumnKind::Others).filter(|_| is_behind);
    let boxes = front.into_iter().flat_map(|front| &placed[front].boxes);
    boxes.map(|(_, rect)| rect.bottom() + i32::midpoint(BETWEEN, CORRIDOR)).collect()
}

/// How much lower than its neighbours' the first box of a column begins, so that
/// its devices are beside the ports of their bridges.
fn lead(picture: &Picture, plan: &Plan, number: usize, column: usize, own: &[Inside<'_>]) -> i32 {
    let nothing = |_: CardId| None;
    let others = plan.columns[number].iter().enumerate().filter(|(c, _)| *c != column);
    let others = others.filter(|(_, column)| column.kind != ColumnKind::Behind);
    let leads = others
        .filter_map(|(_, column)| column.spaces.first())
        .map(|id| Inside::of(picture, plan, *id, is_titled(picture, number, *id), &nothing).lead());
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
    block.along.clone_from(&traffic.along);
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
