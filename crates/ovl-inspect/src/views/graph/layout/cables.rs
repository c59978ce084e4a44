//! Where cables run, once everything they join has its place.

use std::collections::BTreeSet;

use super::super::model::CardId;
use super::boxes::{GAP, PAD};
use super::frame::{ATTACH, SWING, TRACK};
use super::page::{EDGE, Page};
use super::plan::{Side, Way};
use super::rect::{Line, Point, Rect};
use super::rows::Tracks;

/// How far below its upper edge a cable that goes round a corner leaves a card: two
/// cards that face each other across a gap must not seem to be joined.
const LOWER: i32 = 18;
/// Between one line between two rows and the next.
const LANE: i32 = 10;

/// So near to each other two lines can still be told apart.
const CLEAR: i32 = 4;

/// A cable from one frame to another.
#[derive(Debug)]
struct Run {
    /// Its number.
    cable: usize,
    /// Where it goes up or down beside each of its devices.
    xs: [i32; 2],
    /// The row above which it runs to each of them, and the lane there.
    lanes: [(usize, usize); 2],
    /// Where it goes from row to row, if it has to.
    trunk: Option<i32>,
}

/// What runs between rows.
#[derive(Debug, Default)]
pub struct Lanes {
    runs: Vec<Run>,
    /// The lanes above each row, and below the last one.
    channels: Vec<Tracks>,
    /// Lines that run along each gap of each frame.
    along: Vec<Vec<i32>>,
}

impl Lanes {
    /// Finds a lane for each cable from one frame to another.
    pub fn of(page: &Page<'_>) -> Lanes {
        let mut lanes = Lanes {
            // Tunnels that go up inside of a frame are there already.
            along: page.blocks.iter().map(|b| vec![0; b.gaps.len()]).collect(),
            channels: vec![Tracks::default(); page.rows.frames.len() + 1],
            ..Lanes::default()
        };
        for reach in page.plates.all().flat_map(|p| &p.reaches).filter(|r| !r.faces) {
            lanes.along[reach.frame][0] += 2;
        }
        let (_, trunks) = trunks(page);
        let xs = lanes.verticals(page);
        for ((cable, trunk), xs) in trunks.into_iter().enumerate().zip(xs) {
            if let Way::Outside(ends) = page.plan.ways[cable] {
                let rows = ends.map(|(frame, _)| page.rows.channel(frame));
                lanes.run(cable, xs, rows, trunk);
            }
        }
        lanes
    }

    /// Where each cable goes up or down beside its devices. Those of hosts and of
    /// what is right below them meet between the two, and must not be one line.
    fn verticals(&mut self, page: &Page<'_>) -> Vec<[i32; 2]> {
        let mut all = vec![[0; 2]; page.plan.ways.len()];
        let mut hosts = BTreeSet::new();
        for is_between in [false, true] {
            for (way, xs) in page.plan.ways.iter().zip(&mut all) {
                let Way::Outside(ends) = way else { continue };
                for (x, (frame, gap)) in xs.iter_mut().zip(*ends) {
                    if page.plan.is_between(frame) != is_between {
                        continue;
                    }
                    let turn = &mut self.along[frame][gap];
                    *x = page.along(frame, gap, *turn);
                    *turn += 1;
                    if is_between {
                        *x = beside(&hosts, *x);
                    } else {
                        hosts.insert(*x);
                    }
                }
            }
        }
        all
    }

    fn run(&mut self, cable: usize, xs: [i32; 2], rows: [usize; 2], trunk: Option<i32>) {
        let mut take = |n: usize, to: i32| {
            let (from, to) = (xs[n].min(to) - GAP, xs[n].max(to) + GAP);
            (rows[n], self.channels[rows[n]].take(from, to))
        };
        let lanes = match trunk {
            Some(x) => [take(0, x), take(1, x)],
            None => [take(0, xs[1]); 2],
        };
        self.runs.push(Run { cable, xs, lanes, trunk });
    }

    /// How much room the lanes above a row take.
    pub fn height(&self, row: usize) -> i32 {
        let count = self.channels[row].count();
        if count == 0 { 0 } else { 2 * GAP + count * LANE }
    }
}

/// A place near `x` that is well away from others.
fn beside(others: &BTreeSet<i32>, x: i32) -> i32 {
    let is_free = |x: &i32| others.range(x - CLEAR + 1..x + CLEAR).next().is_none();
    let mut near = (0..=TRACK / 2).flat_map(|off| [x + off, x - off]);
    near.find(is_free).unwrap_or(x)
}

/// Where cables go from row to row, beside everything: how much room they take, and
/// the place of each.
pub fn trunks(page: &Page<'_>) -> (i32, Vec<Option<i32>>) {
    let mut tracks = Tracks::default();
    let mut one = |way: &Way| {
        let Way::Outside(ends) = way else { return None };
        let [a, b] = ends.map(|(frame, _)| i32::try_from(page.rows.channel(frame)).unwrap_or(0));
        let track = (a != b).then(|| tracks.take(a.min(b), a.max(b)))?;
        Some(EDGE + i32::try_from(track).unwrap_or(0) * TRACK)
    };
    let places = page.plan.ways.iter().map(&mut one).collect();
    let room = if tracks.count() == 0 { 0 } else { tracks.count() * TRACK + GAP };
    (room, places)
}

/// Draws every cable.
pub fn draw(page: &mut Page<'_>, mut lanes: Lanes) {
    let mut lines: Vec<Line> = vec![Line::Corners(Vec::new()); page.picture.cables.len()];
    for run in std::mem::take(&mut lanes.runs) {
        lines[run.cable] = outside(page, &run);
    }
    let mut under = vec![0; page.blocks.len()];
    for (number, cable) in page.picture.cables.iter().enumerate() {
        let [a, b] = cable.ends;
        match page.plan.ways[number] {
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
            Way::Outside(_) => {}
        }
    }
    page.layout.cables = lines;
    cuts(page);
}

/// From a card to the line beside it, to its lane, to that of the other card, and
/// the same way back.
fn outside(page: &Page<'_>, run: &Run) -> Line {
    let ends = page.picture.cables[run.cable].ends;
    let [y, z] = run
        .lanes
        .map(|(row, lane)| page.channels[row] + 2 * GAP + i32::try_from(lane).unwrap_or(0) * LANE);
    let [from, to] = run.xs;
    let start = toward(page.layout.cards[ends[0]], from, LOWER);
    let end = toward(page.layout.cards[ends[1]], to, LOWER);
    let mut points = vec![start, (from, start.1), (from, y)];
    points.extend(run.trunk.into_iter().flat_map(|x| [(x, y), (x, z)]));
    points.extend([(to, z), (to, end.1), end]);
    Line::Corners(points)
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
        let frame = page.plan.slot(page.picture, id).map(|slot| slot.frame);
        let y = rect.y + ATTACH;
        let out = if frame.is_some() { SWING } else { PAD - 2 };
        let ends = if page.is_left(frame, Side::Left) {
            vec![(rect.x, y), (rect.x - out, y)]
        } else {
            vec![(rect.right(), y), (rect.right() + out, y)]
        };
        cuts.push((id, Line::Corners(ends)));
    }
    page.layout.cuts = cuts;
}
