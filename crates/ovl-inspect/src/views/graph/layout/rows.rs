//! Which frames stand beside one another. Hosts come first, two and two that face
//! each other; what is between them stands below. A page that is too wide cannot be
//! read, so there are as many rows as it takes.

use std::ops::Range;

/// Hosts beside one another are no wider than this, but for two that face each other.
const WIDEST: i32 = 1720;

/// The rows of a page, from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The frames of each.
    pub frames: Vec<Range<usize>>,
    /// How many of the rows are hosts.
    pub hosts: usize,
}

impl Rows {
    /// Hosts in their rows, given how wide each pair is with what is around it.
    pub fn of_hosts(pairs: &[i32], hosts: usize) -> Rows {
        let mut rows = Rows::default();
        for pair in packed(pairs, WIDEST) {
            rows.frames.push(2 * pair.start..(2 * pair.end).min(hosts));
        }
        rows.hosts = rows.frames.len();
        rows
    }

    /// Adds what is between hosts: the frames from `first` on, given their widths.
    pub fn add_between(&mut self, first: usize, widths: &[i32], most: i32) {
        let rows = packed(widths, most).into_iter();
        self.frames.extend(rows.map(|row| first + row.start..first + row.end));
    }

    /// The row of a frame.
    pub fn of(&self, frame: usize) -> usize {
        self.frames.iter().position(|row| row.contains(&frame)).unwrap_or(0)
    }

    /// Where the cables of a frame leave it: above the row of that number. Those of
    /// hosts leave below, those of what is between hosts above.
    pub fn channel(&self, frame: usize) -> usize {
        let row = self.of(frame);
        if row < self.hosts { row + 1 } else { row }
    }
}

/// As many beside one another as fit, and one at least.
fn packed(widths: &[i32], most: i32) -> Vec<Range<usize>> {
    let mut rows: Vec<Range<usize>> = Vec::new();
    let mut used = 0;
    for (n, w) in widths.iter().enumerate() {
        match rows.last_mut() {
            Some(row) if used + w <= most => row.end = n + 1,
            _ => {
                rows.push(n..n + 1);
                used = 0;
            }
        }
        used += w;
    }
    rows
}

/// Lines that share a direction, each on the first track on which there is room.
#[derive(Debug, Clone, Default)]
pub struct Tracks {
    taken: Vec<Vec<(i32, i32)>>,
}

impl Tracks {
    /// A track for a line between two places.
    pub fn take(&mut self, from: i32, to: i32) -> usize {
        let is_free = |track: &Vec<(i32, i32)>| track.iter().all(|(a, b)| to < *a || *b < from);
        let track = self.taken.iter().position(is_free).unwrap_or_else(|| {
            self.taken.push(Vec::new());
            self.taken.len() - 1
        });
        self.taken[track].push((from, to));
        track
    }

    /// How many tracks there are.
    pub fn count(&self) -> i32 {
        i32::try_from(self.taken.len()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_no_wider_than_it_may_be() {
        assert_eq!(packed(&[600, 600, 600, 2000, 100], 1400), [0..2, 2..3, 3..4, 4..5]);
        assert!(packed(&[], 1400).is_empty());
        let rows = Rows::of_hosts(&[1600, 1600, 900], 5);
        assert_eq!(rows.frames, [0..2, 2..4, 4..5]);
        assert_eq!([rows.channel(0), rows.channel(4)], [1, 3]);
    }

    #[test]
    fn lines_that_meet_are_on_two_tracks() {
        let mut tracks = Tracks::default();
        let taken = [(0, 10), (11, 20), (5, 15), (10, 11)].map(|(a, b)| tracks.take(a, b));
        assert_eq!((taken, tracks.count()), ([0, 0, 1, 2], 3));
    }
}
