//! Where cables run, once everything they join has its place.

use super::super::model::CardId;
use super::boxes::{GAP, Inside, PAD};
use super::frame::{ATTACH, SWING, TRACK};
use super::page::{EDGE, Page};
use super::plan::{Side, Slot, Way};
use super::rect::{Line, Point, Rect};

/// The same, where it goes round a corner: two cards that face each other across
/// a gap must not seem to be joined.
const LOWER: i32 = 18;
/// Between one line below the frames and the next.
const LANE: i32 = 10;
/// Room left and right of a box between hosts.
const BESIDE: i32 = 24;

/// What runs below the frames.
#[derive(Debug, Default)]
pub struct Lanes {
    /// The boxes between hosts: x and width.
    pub between: Vec<(i32, i32)>,
    /// For each cable that runs there: where it goes down, twice, and its lane.
    runs: Vec<(usize, [i32; 2], usize)>,
    /// How many lanes there are.
    count: usize,
    /// The height of the first one.
    top: i32,
    /// Lines that run along each gap of each frame.
    along: Vec<Vec<i32>>,
}

impl Lanes {
    /// How much room they take.
    pub fn height(&self) -> i32 {
        if self.count == 0 { 0 } else { 2 * GAP + i32::try_from(self.count).unwrap_or(0) * LANE }
    }
}

/// Finds a lane for each cable that runs below the frames.
pub fn lanes(page: &mut Page<'_>) -> Lanes {
    let mut lanes = Lanes { top: page.bottom + 2 * GAP, ..Lanes::default() };
    // Tunnels that go up inside of a frame are there already.
    lanes.along = page.blocks.iter().map(|b| vec![0; b.gaps.len()]).collect();
    let plates = page.plates.above.iter().chain(page.plates.gaps.iter().flatten());
    for reach in plates.flat_map(|p| &p.reaches).filter(|r| !r.faces) {
        lanes.along[reach.frame][0] += 2;
    }
    let counts = beside(page);
    let mut x = EDGE;
    for (number, id) in page.picture.between.iter().enumerate() {
        let w = Inside::of(page.picture, &page.plan, *id, true, &|_| None).width();
        let [left, right] = counts[number].map(|n| BESIDE + n * TRACK);
        lanes.between.push((x + left, w));
        x += left + w + right;
    }
    center(page, &mut lanes.between, x + EDGE);
    runs(page, &mut lanes);
    lanes
}

fn center(page: &Page<'_>, between: &mut [(i32, i32)], w: i32) {
    let hosts = page.layout.frames[..page.plan.hosts].iter().map(|f| f.right()).max().unwrap_or(0);
    let shift = ((hosts + EDGE - w) / 2).max(0);
    for (x, _) in between {
        *x += shift;
    }
}

/// How many cables leave each box between hosts on its left and right.
fn beside(page: &Page<'_>) -> Vec<[i32; 2]> {
    let mut counts = vec![[0; 2]; page.picture.between.len()];
    each_outside(page, |_, ends| {
        for (slot, side) in ends.map(|(_, slot, side)| (slot, side)) {
            if let Slot::Between(number) = slot {
                counts[number][usize::from(side == Side::Right)] += 1;
            }
        }
    });
    counts
}

type End = (CardId, Slot, Side);

fn each_outside(page: &Page<'_>, mut each: impl FnMut(usize, [End; 2])) {
    for (number, cable) in page.picture.cables.iter().enumerate() {
        if page.way(number) == Way::Outside {
            let [a, b] = cable.ends.map(|card| page.plan.slot(page.picture, card));
            let [c, d] = cable.ends;
            each(number, [(c, a, page.plan.outward(a, b)), (d, b, page.plan.outward(b, a))]);
        }
    }
}

fn runs(page: &Page<'_>, lanes: &mut Lanes) {
    let mut taken: Vec<Vec<(i32, i32)>> = Vec::new();
    let mut turns = vec![[0; 2]; lanes.between.len()];
    let mut runs = Vec::new();
    let (along, between) = (&mut lanes.along, &lanes.between);
    each_outside(page, |number, ends| {
        let xs = ends.map(|(_, slot, side)| match slot {
            Slot::In { frame, column, .. } => {
                let turn = &mut along[frame][column];
                *turn += 1;
                page.along(frame, column, *turn - 1)
            }
            Slot::Between(at) => {
                let turn = &mut turns[at][usize::from(side == Side::Right)];
                *turn += 1;
                let (x, w) = between[at];
                let out = GAP + *turn * TRACK;
                if side == Side::Right { x + w + out } else { x - out }
            }
            Slot::Loose => 0,
        });
        let (from, to) = (xs[0].min(xs[1]) - GAP, xs[0].max(xs[1]) + GAP);
        let is_free = |lane: &Vec<(i32, i32)>| lane.iter().all(|(a, b)| to < *a || *b < from);
        let lane = taken.iter().position(is_free).unwrap_or_else(|| {
            taken.push(Vec::new());
            taken.len() - 1
        });
        taken[lane].push((from, to));
        runs.push((number, xs, lane));
    });
    lanes.runs = runs;
    lanes.count = taken.len();
}

/// Draws every cable.
pub fn draw(page: &mut Page<'_>, mut lanes: Lanes) {
    let mut lines: Vec<Line> = vec![Line::Corners(Vec::new()); page.picture.cables.len()];
    for (number, xs, lane) in std::mem::take(&mut lanes.runs) {
        lines[number] =
            outside(page, number, xs, lanes.top + i32::try_from(lane).unwrap_or(0) * LANE);
    }
    let mut under = vec![0; page.blocks.len()];
    for (number, cable) in page.picture.cables.iter().enumerate() {
        let [a, b] = cable.ends;
        match page.way(number) {
            Way::Across(frame, gap) => lines[number] = across(page, frame, gap, a, b),
            Way::Around(frame, _) => lines[number] = swing(page, Some(frame), a, b),
            Way::Inside => lines[number] = swing(page, None, a, b),
            Way::Under(frame, gaps) => {
                let xs = gaps.map(|gap| {
                    lanes.along[frame][gap] += 1;
                    page.along(frame, gap, lanes.along[frame][gap] - 1)
                });
                let y =
                    page.layout.frames[frame].y + page.blocks[frame].under + under[frame] * TRACK;
                under[frame] += 1;
                lines[number] = around_corners(page, [a, b], xs, y);
            }
            Way::Outside => {}
        }
    }
    page.layout.cables = lines;
    cuts(page);
}

fn outside(page: &Page<'_>, number: usize, xs: [i32; 2], y: i32) -> Line {
    around_corners(page, page.picture.cables[number].ends, xs, y)
}

/// From a card to the line beside it, to a level, and the same way back.
fn around_corners(page: &Page<'_>, [a, b]: [CardId; 2], [from, to]: [i32; 2], y: i32) -> Line {
    let start = toward(page.layout.cards[a], from, LOWER);
    let end = toward(page.layout.cards[b], to, LOWER);
    Line::Corners(vec![start, (from, start.1), (from, y), (to, y), (to, end.1), end])
}

/// The edge of a card that is nearer to an x.
fn toward(card: Rect, x: i32, down: i32) -> Point {
    let edge = if x < card.x + card.w / 2 { card.x } else { card.right() };
    (edge, card.y + down)
}

fn across(page: &Page<'_>, frame: usize, gap: usize, a: CardId, b: CardId) -> Line {
    let (x, w) = page.blocks[frame].gaps[gap];
    let left = page.layout.frames[frame].x + x;
    let start = toward(page.layout.cards[a], left + w / 2, ATTACH);
    let end = toward(page.layout.cards[b], left + w / 2, ATTACH);
    let room = if start.0 < end.0 { [left, left + w] } else { [left + w, left] };
    Line::Across(start, room, end)
}

/// Out on the side away from the tunnels, and back.
fn swing(page: &Page<'_>, frame: Option<usize>, a: CardId, b: CardId) -> Line {
    let cards = [page.layout.cards[a], page.layout.cards[b]];
    let is_mirrored = frame.is_some_and(|f| page.blocks[f].is_mirrored);
    let out = if frame.is_some() { PAD + SWING } else { PAD };
    if is_mirrored {
        let x = cards[0].right().max(cards[1].right()) + out;
        let [start, end] = cards.map(|c| (c.right(), c.y + ATTACH));
        Line::Around(start, x, end)
    } else {
        let x = cards[0].x.min(cards[1].x) - out;
        let [start, end] = cards.map(|c| (c.x, c.y + ATTACH));
        Line::Around(start, x, end)
    }
}

/// Cables that end in nothing.
fn cuts(page: &mut Page<'_>) {
    let mut cuts = Vec::new();
    for (id, _) in page.picture.shown().filter(|(_, card)| card.is_cut) {
        let rect = page.layout.cards[id];
        let slot = page.plan.slot(page.picture, id);
        let y = rect.y + ATTACH;
        let out = if matches!(slot, Slot::In { .. }) { SWING } else { PAD - 2 };
        let ends = if page.is_left(slot, Side::Left) {
            vec![(rect.x, y), (rect.x - out, y)]
        } else {
            vec![(rect.right(), y), (rect.right() + out, y)]
        };
        cuts.push((id, Line::Corners(ends)));
    }
    page.layout.cuts = cuts;
}
