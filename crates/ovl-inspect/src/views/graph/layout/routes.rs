//! The ways of thick lines that run above the rows of hosts, and from one row to
//! another on the right of them all: from left to right only, for how high a row
//! stands depends on how many run above it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::text::LINE;
use super::boxes::GAP;
use super::page::Page;
use super::rows::Tracks;
use super::tunnels::{Of, Plate, Reach, TRACK, gap};

/// The height of a line above a row: a sign of one line of text fits.
pub const ABOVE: i32 = LINE + 2 * GAP;

/// A line above a row.
#[derive(Debug, Clone, Copy)]
pub struct Lane {
    /// Its number, counted from the row upwards.
    pub number: usize,
    /// Where it begins.
    pub from: i32,
    /// Where it ends.
    pub to: i32,
}

/// Lines that belong together.
#[derive(Debug, Clone, Default)]
pub struct Net {
    /// Where it goes up: the row, and x.
    pub risers: Vec<(usize, i32)>,
    /// What runs above each row.
    pub lanes: BTreeMap<usize, Lane>,
    /// Where it goes from row to row, if it is in several.
    pub trunk: Option<i32>,
}

/// The ways of all that runs above rows.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// Of each sign above.
    pub above: Vec<Net>,
    /// Of a line from the far side of a frame to a sign in a gap: by the gap, and
    /// the numbers of the sign and the device.
    pub around: BTreeMap<(usize, usize, usize), Net>,
    /// Of each mesh that is in several gaps.
    pub meshes: BTreeMap<usize, Net>,
    /// Where a mesh goes up from its sign: by the gap and the number of the sign.
    pub rising: BTreeMap<(usize, usize), (usize, i32)>,
    /// What each row has above it.
    lanes: Vec<Tracks>,
    /// From row to row.
    trunks: Tracks,
    /// Lines that go up in each gap, left and right.
    risers: Vec<[i32; 2]>,
    /// Lines that go up inside of each frame.
    along: Vec<i32>,
}

impl Routes {
    /// Finds them all.
    pub fn of(page: &Page<'_>) -> Routes {
        let mut routes = Routes {
            lanes: vec![Tracks::default(); page.rows.hosts],
            risers: vec![[0; 2]; page.gaps.len()],
            along: vec![0; page.blocks.len()],
            ..Routes::default()
        };
        routes.meshes(page);
        for plate in &page.plates.above {
            let ups = plate.reaches.iter().map(|r| (page.rows.of(r.frame), routes.up(page, *r)));
            let ups = ups.collect();
            let net = routes.net(page, ups, plate.width());
            routes.above.push(net);
        }
        for (gap, plates) in page.plates.gaps.iter().enumerate() {
            for (number, plate) in plates.iter().enumerate() {
                routes.around(page, (gap, number), plate);
            }
        }
        routes
    }

    fn meshes(&mut self, page: &Page<'_>) {
        let mut ups: BTreeMap<usize, Vec<(usize, i32)>> = BTreeMap::new();
        for (gap, plates) in page.plates.gaps.iter().enumerate() {
            for (number, plate) in plates.iter().enumerate().filter(|(_, plate)| plate.rises) {
                let up = (page.rows.of(2 * gap), self.in_gap(page, gap, 2 * gap));
                self.rising.insert((gap, number), up);
                if let Of::Mesh(mesh) = plate.of {
                    ups.entry(mesh).or_default().push(up);
                }
            }
        }
        for (mesh, ups) in ups {
            let net = self.net(page, ups, 0);
            self.meshes.insert(mesh, net);
        }
    }

    fn around(&mut self, page: &Page<'_>, (gap, number): (usize, usize), plate: &Plate) {
        for (n, reach) in plate.reaches.iter().enumerate().filter(|(_, r)| !r.faces) {
            let row = page.rows.of(reach.frame);
            let ups = [self.up(page, *reach), self.in_gap(page, gap, reach.frame)];
            let net = self.net(page, ups.map(|x| (row, x)).into(), 0);
            self.around.insert((gap, number, n), net);
        }
    }

    /// How much room the lines above a row take.
    pub fn height(&self, row: usize) -> i32 {
        self.lanes.get(row).map_or(0, |tracks| tracks.count() * ABOVE)
    }

    /// How much room lines from row to row take.
    pub fn beside(&self) -> i32 {
        if self.trunks.count() == 0 { 0 } else { self.trunks.count() * TRACK + 2 * GAP }
    }

    /// The x at which a line goes up from a device.
    fn up(&mut self, page: &Page<'_>, reach: Reach) -> i32 {
        if reach.faces {
            return self.in_gap(page, gap(reach.frame), reach.frame);
        }
        self.along[reach.frame] += 2;
        // The lines of cables take their places after these.
        page.along(reach.frame, 0, self.along[reach.frame] - 1)
    }

    /// The x of one more line that goes up beside a frame.
    fn in_gap(&mut self, page: &Page<'_>, gap: usize, frame: usize) -> i32 {
        let side = frame % 2;
        let turn = &mut self.risers[gap][side];
        *turn += 1;
        let out = GAP + *turn * TRACK;
        let edge = page.layout.frames[frame];
        if side == 0 { edge.right() + out } else { edge.x - out }
    }

    /// Joins lines that go up, and leaves room for a sign above the first row.
    fn net(&mut self, page: &Page<'_>, risers: Vec<(usize, i32)>, width: i32) -> Net {
        let rows: BTreeSet<usize> = risers.iter().map(|(row, _)| *row).collect();
        let ends = rows.first().zip(rows.last()).filter(|(a, b)| a != b);
        let trunk = ends.map(|(a, b)| {
            let [a, b] = [a, b].map(|row| i32::try_from(*row).unwrap_or(0));
            let track = i32::try_from(self.trunks.take(a, b)).unwrap_or(0);
            page.right + GAP + (track + 1) * TRACK
        });
        let mut net = Net { risers, trunk, ..Net::default() };
        for row in &rows {
            let xs = net.risers.iter().filter(|(r, _)| r == row).map(|(_, x)| *x).chain(trunk);
            let (from, to) = xs.fold((i32::MAX, i32::MIN), |(a, b), x| (a.min(x), b.max(x)));
            let middle = i32::midpoint(from, to);
            let half = if rows.first() == Some(row) { width / 2 } else { 0 };
            let (a, b) = (from.min(middle - half) - GAP, to.max(middle + half) + GAP);
            let number = self.lanes[*row].take(a, b);
            net.lanes.insert(*row, Lane { number, from, to });
        }
        net
    }
}
