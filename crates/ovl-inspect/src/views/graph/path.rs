//! A line → the path data of SVG. Knows nothing of what the line joins.

use std::fmt::Write as _;

use super::layout::Line;

/// How round a line's corners are.
const ROUND: i32 = 6;

/// A line as path data.
pub fn path(line: &Line) -> String {
    match line {
        Line::Across((x1, y1), _, (x2, y2)) if y1 == y2 => {
            format!("M{x1} {y1}H{x2}")
        }
        Line::Across((x1, y1), [from, to], (x2, y2)) => {
            let middle = i32::midpoint(*from, *to);
            format!("M{x1} {y1}H{from}C{middle} {y1} {middle} {y2} {to} {y2}H{x2}")
        }
        Line::Around((x1, y1), x, (x2, y2)) => format!("M{x1} {y1}C{x} {y1} {x} {y2} {x2} {y2}"),
        Line::Corners(points) => corners(points),
    }
}

/// From point to point, the corners between them round.
fn corners(points: &[(i32, i32)]) -> String {
    let mut d = String::new();
    for (n, &(x, y)) in points.iter().enumerate() {
        let (before, after) = (n.checked_sub(1).map(|b| points[b]), points.get(n + 1));
        let _ = match (before, after) {
            (None, _) => write!(d, "M{x} {y}"),
            (Some(_), None) => write!(d, "L{x} {y}"),
            (Some(before), Some(&after)) => {
                let (x1, y1) = short_of((x, y), before);
                let (x2, y2) = short_of((x, y), after);
                write!(d, "L{x1} {y1}Q{x} {y} {x2} {y2}")
            }
        };
    }
    d
}

/// A point near a corner, toward another one.
fn short_of((x, y): (i32, i32), (to_x, to_y): (i32, i32)) -> (i32, i32) {
    let step = |from: i32, to: i32| (to - from).signum() * ((to - from).abs() / 2).min(ROUND);
    (x + step(x, to_x), y + step(y, to_y))
}
