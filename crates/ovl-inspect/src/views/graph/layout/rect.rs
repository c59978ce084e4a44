//! Rectangles and lines, in whole pixels. Knows nothing of what they stand for.

/// A rectangle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rect {
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// Its width.
    pub w: i32,
    /// Its height.
    pub h: i32,
}

impl Rect {
    /// Its right edge.
    pub fn right(self) -> i32 {
        self.x + self.w
    }

    /// Its lower edge.
    pub fn bottom(self) -> i32 {
        self.y + self.h
    }

    /// The same, elsewhere.
    pub fn moved(self, dx: i32, dy: i32) -> Rect {
        Rect { x: self.x + dx, y: self.y + dy, ..self }
    }

    /// The same in a mirror of the given width.
    pub fn mirrored(self, width: i32) -> Rect {
        Rect { x: width - self.x - self.w, ..self }
    }
}

/// A point: x and y.
pub type Point = (i32, i32);

/// A line from one device to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// From point to point, with round corners.
    Corners(Vec<Point>),
    /// From one edge to another that it faces; the two middle numbers are where
    /// the free room between them begins and ends.
    Across(Point, [i32; 2], Point),
    /// Between two edges on one side, swinging out to this x.
    Around(Point, i32, Point),
}

impl Line {
    /// Its two ends.
    pub fn ends(&self) -> [Point; 2] {
        match self {
            Line::Corners(points) => {
                let first = points.first().copied().unwrap_or_default();
                [first, points.last().copied().unwrap_or_default()]
            }
            Line::Across(a, _, b) | Line::Around(a, _, b) => [*a, *b],
        }
    }
}
