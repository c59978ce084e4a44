//! Where the signs stand, and the thick lines that lead to them.

use super::Sign;
use super::boxes::GAP;
use super::page::Page;
use super::pile::piled;
use super::plan::Side;
use super::rect::{Line, Point, Rect};
use super::routes::{ABOVE, Net};
use super::tunnels::{Of, Plate, Reach};

/// As far as this from other lines a line that goes up leaves a sign, if it can.
const AWAY: i32 = 10;
/// And as far from the edges of the sign.
const EDGE: i32 = 6;

/// Between the bends of two thick lines that leave one device.
const BEND: i32 = 7;
/// Between those of the first and the last one.
const BENDS: i32 = 18;

/// The signs of a gap below one another, each as near as can be to its devices.
pub fn stack(page: &Page<'_>, gap: usize) -> Vec<Rect> {
    let (x, w) = page.gaps[gap];
    let first = page.layout.frames[2 * gap].y;
    let wished = |plate: &Plate| {
        let facing = plate.reaches.iter().filter(|r| r.faces);
        let heights: Vec<i32> = facing.map(|r| middle(page.layout.cards[r.card])).collect();
        let count = i32::try_from(heights.len()).unwrap_or(1).max(1);
        let mean = if heights.is_empty() { first } else { heights.iter().sum::<i32>() / count };
        mean - plate.height() / 2
    };
    let plates = &page.plates.gaps[gap];
    let mut order: Vec<(i32, usize)> =
        plates.iter().enumerate().map(|(n, plate)| (wished(plate), n)).collect();
    order.sort_unstable();
    let sizes: Vec<(i32, i32)> =
        order.iter().map(|(y, n)| (*y, plates[*n].height() + GAP)).collect();
    let mut rects = vec![Rect::default(); plates.len()];
    for ((_, n), y) in order.into_iter().zip(piled(first, &sizes)) {
        rects[n] = Rect { x, y, w, h: plates[n].height() };
    }
    rects
}

/// Places every sign, with its lines.
pub fn place(page: &mut Page<'_>) {
    let mut signs = Vec::new();
    for (plate, net) in page.plates.above.iter().zip(&page.routes.above) {
        signs.extend(over(page, plate, net).map(|sign| (plate.of, sign)));
    }
    for (gap, rects) in page.stacks.iter().enumerate() {
        for (n, (plate, rect)) in page.plates.gaps[gap].iter().zip(rects).enumerate() {
            signs.push((plate.of, beside(page, (gap, n), plate, *rect)));
        }
    }
    for (of, mut sign) in signs {
        let (number, kept) = match of {
            Of::Tunnel(number) => (number, &mut page.layout.tunnels),
            Of::Mesh(number) => (number, &mut page.layout.meshes),
            Of::Remote(number) => (number, &mut page.layout.remotes),
        };
        sign.number = number;
        kept.push(sign);
    }
    page.layout.tunnels.sort_by_key(|sign| sign.number);
    page.layout.meshes.sort_by_key(|sign| (sign.number, sign.rect.y, sign.rect.x));
    page.layout.remotes.sort_by_key(|sign| (sign.rect.x, sign.rect.y));
    let buses = page.routes.meshes.iter().map(|(number, net)| (*number, bus(page, net)));
    page.layout.buses = buses.collect();
}

/// A sign in a gap.
fn beside(page: &Page<'_>, (gap, number): (usize, usize), plate: &Plate, rect: Rect) -> Sign {
    let mut sign = Sign { rect, is_turned: is_turned(plate), ..Sign::default() };
    for (n, reach) in plate.reaches.iter().enumerate() {
        let line = match page.routes.around.get(&(gap, number, n)) {
            Some(net) => around(page, *reach, rect, net),
            None => straight(page, *reach, rect),
        };
        sign.lines.push((reach.card, line));
    }
    if let Some((row, x)) = page.routes.rising.get(&(gap, number)) {
        let (y, level) = (rise(page, gap, rect), level(page, *row, plate_net(page, plate)));
        sign.rise = Some(Line::Corners(vec![(rect.x, y), (*x, y), (*x, level)]));
    }
    sign
}

/// Where on its left side a line leaves a sign: away from the lines that leave
/// devices there at the same height, or the two would be one.
fn rise(page: &Page<'_>, gap: usize, sign: Rect) -> i32 {
    let reaches = page.plates.all().flat_map(|plate| &plate.reaches);
    let there = reaches.filter(|r| r.frame == 2 * gap && r.faces);
    let taken: Vec<i32> = there.map(|r| edge(page, *r).1).chain([middle(sign)]).collect();
    let room = |y: &i32| taken.iter().map(|other| (other - y).abs()).min().unwrap_or(0).min(AWAY);
    // As high up as there is room.
    let all = sign.y + EDGE..=sign.bottom() - EDGE;
    all.rev().max_by_key(room).unwrap_or(sign.y)
}

/// The net of a plate of a mesh.
fn plate_net<'p>(page: &'p Page<'_>, plate: &Plate) -> Option<&'p Net> {
    match plate.of {
        Of::Mesh(number) => page.routes.meshes.get(&number),
        _ => None,
    }
}

/// The height at which a net runs above a row.
fn level(page: &Page<'_>, row: usize, net: Option<&Net>) -> i32 {
    let lane = net.and_then(|net| net.lanes.get(&row)).map_or(0, |lane| lane.number);
    page.tops[row] - GAP - i32::try_from(lane).unwrap_or(0) * ABOVE - ABOVE / 2
}

/// What joins the signs of a mesh: a line above each row, and one from row to row.
fn bus(page: &Page<'_>, net: &Net) -> Vec<Line> {
    let height = |row: &usize| level(page, *row, Some(net));
    let across = net.lanes.iter().map(|(row, lane)| {
        let y = height(row);
        Line::Corners(vec![(lane.from, y), (lane.to, y)])
    });
    let rows = [net.lanes.keys().next(), net.lanes.keys().next_back()];
    let down = net.trunk.zip(rows[0].zip(rows[1]));
    let down = down.map(|(x, (a, b))| Line::Corners(vec![(x, height(a)), (x, height(b))]));
    across.chain(down).collect()
}

/// The first end is in the right one of two frames that face each other.
fn is_turned(plate: &Plate) -> bool {
    plate.reaches.first().is_some_and(|r| r.frame % 2 == 1)
        && plate.reaches.get(1).is_some_and(|r| r.frame % 2 == 0)
}

/// Is the frame left of the gap that it faces?
fn is_on_its_left(reach: Reach) -> bool {
    reach.frame.is_multiple_of(2)
}

fn middle(rect: Rect) -> i32 {
    rect.y + rect.h / 2
}

/// From a device to a sign that it faces. Of several that leave the device each
/// bends a little later than the one before, or they would run into one another.
fn straight(page: &Page<'_>, reach: Reach, sign: Rect) -> Line {
    let start = edge(page, reach);
    let end = middle(sign);
    let frame = page.layout.frames[reach.frame];
    let (turn, of) = reach.turn;
    let step = (BENDS / (of - 1).max(1)).min(BEND);
    let before = step * if end > start.1 { of - 1 - turn } else { turn };
    let after = step * (of - 1) - before;
    if is_on_its_left(reach) {
        Line::Across(start, [frame.right() + before, sign.x - after], (sign.x, end))
    } else {
        let right = sign.right();
        Line::Across(start, [frame.x - before, right + after], (right, end))
    }
}

/// A sign above its first row, with its lines: from a device up, across, to the
/// sign's row if that is another one, and across again.
fn over(page: &Page<'_>, plate: &Plate, net: &Net) -> Option<Sign> {
    let (own, lane) = net.lanes.first_key_value()?;
    let (w, h) = (plate.width(), plate.height());
    let y = level(page, *own, Some(net));
    let rect = Rect { x: i32::midpoint(lane.from, lane.to) - w / 2, y: y - h / 2, w, h };
    let mut sign = Sign { rect, is_flat: true, ..Sign::default() };
    for (reach, (row, x)) in plate.reaches.iter().zip(&net.risers) {
        let start = edge(page, *reach);
        let mut points = vec![start, (*x, start.1)];
        let mut last = *x;
        if let Some(trunk) = net.trunk.filter(|_| row != own) {
            let y = level(page, *row, Some(net));
            points.extend([(*x, y), (trunk, y)]);
            last = trunk;
        }
        if last < rect.x {
            points.extend([(last, y), (rect.x, y)]);
        } else if last > rect.right() {
            points.extend([(last, y), (rect.right(), y)]);
        } else {
            points.push((last, rect.bottom()));
        }
        sign.lines.push((reach.card, Line::Corners(points)));
    }
    Some(sign)
}

/// From a device on the far side of its frame to a sign in the gap, over the frame.
fn around(page: &Page<'_>, reach: Reach, sign: Rect, net: &Net) -> Line {
    let start = edge(page, reach);
    let [(row, up), (_, down)] = net.risers[..] else { return straight(page, reach, sign) };
    let level = level(page, row, Some(net));
    let end = if is_on_its_left(reach) { sign.x } else { sign.right() };
    let y = middle(sign);
    Line::Corners(vec![start, (up, start.1), (up, level), (down, level), (down, y), (end, y)])
}

/// Where a device's tunnels leave it.
fn edge(page: &Page<'_>, reach: Reach) -> Point {
    let card = page.layout.cards[reach.card];
    let side = if reach.faces { Side::Right } else { Side::Left };
    let x = if page.is_left(Some(reach.frame), side) { card.x } else { card.right() };
    let (turn, of) = reach.turn;
    (x, card.y + card.h * (turn + 1) / (of + 1))
}
