//! Where the signs stand, and the thick lines that lead to them.

use super::super::text::LINE;
use super::Sign;
use super::boxes::GAP;
use super::page::Page;
use super::plan::{Side, Slot};
use super::rect::{Line, Point, Rect};
use super::tunnels::{Of, Plate, Reach, TRACK, gap};

/// The height of a line above the frames: a sign of one line of text fits.
const ABOVE: i32 = LINE + 2 * GAP;

/// How much room the lines above the frames take.
pub fn tracks(page: &Page<'_>) -> i32 {
    let lanes = Above::of(page).lanes;
    i32::try_from(lanes.len()).unwrap_or(0) * ABOVE
}

/// Lines above the frames, each on the lowest lane that is free.
#[derive(Default)]
struct Above {
    /// What each lane is taken by, from left to right.
    lanes: Vec<Vec<(i32, i32)>>,
    /// The lane and the two ends of each line that was asked for.
    lines: Vec<(usize, i32, i32)>,
    /// Lines that go up in each gap, left and right.
    risers: Vec<[i32; 2]>,
    /// Lines that go up inside of each frame.
    along: Vec<i32>,
}

impl Above {
    fn of(page: &Page<'_>) -> Above {
        let mut above = Above {
            risers: vec![[0; 2]; page.gaps.len()],
            along: vec![0; page.blocks.len()],
            ..Above::default()
        };
        for plate in &page.plates.above {
            let ends: Vec<i32> = plate.reaches.iter().map(|r| above.riser(page, *r)).collect();
            above.take(&ends, plate.width());
        }
        for (number, plates) in page.plates.gaps.iter().enumerate() {
            for reach in plates.iter().flat_map(|p| &p.reaches).filter(|r| !r.faces) {
                let up = above.riser(page, *reach);
                let down = above.in_gap(page, number, reach.frame);
                above.take(&[up, down], 0);
            }
        }
        above
    }

    /// The x at which a line goes up from a device.
    fn riser(&mut self, page: &Page<'_>, reach: Reach) -> i32 {
        if reach.faces {
            return self.in_gap(page, gap(reach.frame), reach.frame);
        }
        self.along[reach.frame] += 2;
        // The lines of cables take their places after these.
        page.along(reach.frame, 0, self.along[reach.frame] - 1)
    }

    fn in_gap(&mut self, page: &Page<'_>, gap: usize, frame: usize) -> i32 {
        let side = frame % 2;
        let turn = &mut self.risers[gap][side];
        *turn += 1;
        let out = GAP + *turn * TRACK;
        let edge = page.layout.frames[frame];
        if side == 0 { edge.right() + out } else { edge.x - out }
    }

    fn take(&mut self, ends: &[i32], width: i32) {
        let from = ends.iter().copied().min().unwrap_or(0);
        let to = ends.iter().copied().max().unwrap_or(0);
        let middle = i32::midpoint(from, to);
        let (a, b) = (from.min(middle - width / 2) - GAP, to.max(middle + width / 2) + GAP);
        let is_free = |lane: &Vec<(i32, i32)>| lane.iter().all(|(x, y)| b < *x || *y < a);
        let lane = self.lanes.iter().position(is_free).unwrap_or_else(|| {
            self.lanes.push(Vec::new());
            self.lanes.len() - 1
        });
        self.lanes[lane].push((a, b));
        self.lines.push((lane, from, to));
    }
}

/// Places every sign, with its lines.
pub fn place(page: &mut Page<'_>) {
    let above = Above::of(page);
    let top = page.layout.frames.first().map_or(0, |f| f.y) - GAP;
    let level = |lane: usize| top - i32::try_from(lane).unwrap_or(0) * ABOVE - ABOVE / 2;
    let mut used = Above {
        risers: vec![[0; 2]; page.gaps.len()],
        along: vec![0; page.blocks.len()],
        ..Above::default()
    };
    let mut lines = above.lines.iter();
    let mut signs = Vec::new();
    for plate in &page.plates.above {
        let Some((lane, from, to)) = lines.next() else { break };
        signs.push((plate.of, over(page, plate, &mut used, level(*lane), (*from, *to))));
    }
    let mut bottom = page.bottom;
    for number in 0..page.gaps.len() {
        for (plate, rect) in stack(page, number) {
            bottom = bottom.max(rect.bottom());
            let mut sign = Sign { rect, number: 0, is_turned: is_turned(plate), ..Sign::default() };
            for reach in &plate.reaches {
                let line = if reach.faces {
                    straight(page, *reach, rect)
                } else {
                    let Some((lane, ..)) = lines.next() else { break };
                    around(page, number, *reach, rect, &mut used, level(*lane))
                };
                sign.lines.push((reach.card, line));
            }
            signs.push((plate.of, sign));
        }
    }
    page.bottom = bottom;
    keep(page, signs);
}

fn keep(page: &mut Page<'_>, signs: Vec<(Of, Sign)>) {
    for (of, mut sign) in signs {
        match of {
            Of::Tunnel(number) => {
                sign.number = number;
                page.layout.tunnels.push(sign);
            }
            Of::Remote(number) => {
                sign.number = number;
                page.layout.remotes.push(sign);
            }
        }
    }
    page.layout.tunnels.sort_by_key(|sign| sign.number);
    page.layout.remotes.sort_by_key(|sign| (sign.rect.x, sign.rect.y));
}

/// The first end is in the right one of two frames that face each other.
fn is_turned(plate: &Plate) -> bool {
    plate.reaches.first().is_some_and(|r| r.frame % 2 == 1)
        && plate.reaches.get(1).is_some_and(|r| r.frame % 2 == 0)
}

/// The signs of a gap below one another, each as near as can be to its devices.
fn stack<'p>(page: &'p Page<'_>, number: usize) -> Vec<(&'p Plate, Rect)> {
    let (x, w) = page.gaps[number];
    let wished = |plate: &Plate| {
        let facing = plate.reaches.iter().filter(|r| r.faces);
        let heights: Vec<i32> = facing.map(|r| edge(page, *r).1).collect();
        let count = i32::try_from(heights.len()).unwrap_or(1).max(1);
        let first = page.layout.frames.first().map_or(0, |f| f.y);
        let mean = if heights.is_empty() { first } else { heights.iter().sum::<i32>() / count };
        mean - plate.height() / 2
    };
    let mut plates: Vec<(i32, &Plate)> =
        page.plates.gaps[number].iter().map(|plate| (wished(plate), plate)).collect();
    plates.sort_by_key(|(y, _)| *y);
    let first = page.layout.frames.first().map_or(0, |f| f.y);
    let sizes: Vec<(i32, i32)> = plates.iter().map(|(y, p)| (*y, p.height() + GAP)).collect();
    let ys = piled(first, &sizes);
    let place =
        |((_, plate), y): ((i32, &'p Plate), i32)| (plate, Rect { x, y, w, h: plate.height() });
    plates.into_iter().zip(ys).map(place).collect()
}

/// Signs that stand below one another without a space between them.
struct Pile {
    /// Where its first sign would have to be for each to be where it is wished: the sum.
    wishes: i32,
    /// How many there are.
    count: i32,
    /// How high they are together.
    height: i32,
}

impl Pile {
    fn top(&self, first: i32) -> i32 {
        (self.wishes / self.count).max(first)
    }
}

/// The upper edges of signs, given what is wished and how high each is, in the
/// order of the wishes. Those that would overlap form a pile around what they wish.
fn piled(first: i32, sizes: &[(i32, i32)]) -> Vec<i32> {
    let mut piles: Vec<Pile> = Vec::new();
    for (wished, height) in sizes {
        let mut pile = Pile { wishes: *wished, count: 1, height: *height };
        while let Some(above) =
            piles.pop_if(|above| above.top(first) + above.height > pile.top(first))
        {
            pile = Pile {
                wishes: above.wishes + pile.wishes - pile.count * above.height,
                count: above.count + pile.count,
                height: above.height + pile.height,
            };
        }
        piles.push(pile);
    }
    let mut heights = sizes.iter().map(|(_, height)| *height);
    let mut ys = Vec::new();
    for pile in piles {
        let mut y = pile.top(first);
        for height in heights.by_ref().take(usize::try_from(pile.count).unwrap_or(0)) {
            ys.push(y);
            y += height;
        }
    }
    ys
}

/// Is the frame left of the gap that it faces?
fn is_on_its_left(reach: Reach) -> bool {
    reach.frame.is_multiple_of(2)
}

fn middle(rect: Rect) -> i32 {
    rect.y + rect.h / 2
}

/// From a device to a sign that it faces.
fn straight(page: &Page<'_>, reach: Reach, sign: Rect) -> Line {
    let start = edge(page, reach);
    let frame = page.layout.frames[reach.frame];
    let (from, to) =
        if is_on_its_left(reach) { (frame.right(), sign.x) } else { (frame.x, sign.right()) };
    Line::Across(start, [from, to], (to, middle(sign)))
}

/// A sign above the frames, with its lines.
fn over(
    page: &Page<'_>,
    plate: &Plate,
    used: &mut Above,
    level: i32,
    (from, to): (i32, i32),
) -> Sign {
    let (w, h) = (plate.width(), plate.height());
    let rect = Rect { x: i32::midpoint(from, to) - w / 2, y: level - h / 2, w, h };
    let mut sign = Sign { rect, is_flat: true, ..Sign::default() };
    for reach in &plate.reaches {
        let x = used.riser(page, *reach);
        let start = edge(page, *reach);
        let mut points = vec![start, (x, start.1)];
        if x < rect.x {
            points.extend([(x, level), (rect.x, level)]);
        } else if x > rect.right() {
            points.extend([(x, level), (rect.right(), level)]);
        } else {
            points.push((x, rect.bottom()));
        }
        sign.lines.push((reach.card, Line::Corners(points)));
    }
    sign
}

/// From a device on the far side of its frame to a sign in the gap, over the frame.
fn around(
    page: &Page<'_>,
    number: usize,
    reach: Reach,
    sign: Rect,
    used: &mut Above,
    level: i32,
) -> Line {
    let start = edge(page, reach);
    let up = used.riser(page, reach);
    let down = used.in_gap(page, number, reach.frame);
    let end = if is_on_its_left(reach) { sign.x } else { sign.right() };
    let y = middle(sign);
    Line::Corners(vec![start, (up, start.1), (up, level), (down, level), (down, y), (end, y)])
}

/// Where a device's tunnels leave it.
fn edge(page: &Page<'_>, reach: Reach) -> Point {
    let card = page.layout.cards[reach.card];
    let side = if reach.faces { Side::Right } else { Side::Left };
    let slot = Slot::In { frame: reach.frame, column: 0, is_last: reach.faces };
    let x = if page.is_left(slot, side) { card.x } else { card.right() };
    let (turn, of) = reach.turn;
    (x, card.y + card.h * (turn + 1) / (of + 1))
}

#[cfg(test)]
mod tests {
    use super::piled;

    #[test]
    fn signs_stand_where_they_are_wished_or_around_it() {
        assert_eq!(piled(0, &[(100, 30), (200, 30)]), [100, 200]);
        assert_eq!(piled(0, &[(100, 30), (100, 30)]), [85, 115]);
        assert_eq!(piled(95, &[(100, 30), (100, 30)]), [95, 125]);
        assert_eq!(piled(0, &[(0, 30), (100, 30), (110, 30), (300, 30)]), [0, 90, 120, 300]);
        assert!(piled(0, &[]).is_empty());
    }
}
