//! A picture → where everything is on the page: hosts as frames side by side, in
//! rows, turned so that two of them face each other across their tunnels; below them
//! what is between hosts, groups without a host, and what is attached to nothing.

mod boxes;
mod cables;
mod frame;
mod page;
mod pile;
mod plan;
mod rect;
mod routes;
mod rows;
mod signs;
mod tunnels;

pub use boxes::{DOT, MARGIN, aside};
pub use rect::{Line, Rect};

use super::model::{CardId, Picture, SpaceId};

/// A sign that says what a tunnel is, or which VTEP is not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sign {
    /// Where.
    pub rect: Rect,
    /// The number in the picture's list.
    pub number: usize,
    /// Its lines lead here, each from this device.
    pub lines: Vec<(CardId, Line)>,
    /// Its text is in one line.
    pub is_flat: bool,
    /// A line that goes up from it, to what joins it to others.
    pub rise: Option<Line>,
    /// For a tunnel: its ends change places on the sign.
    pub is_turned: bool,
}

/// Everything with its place.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Width of the page.
    pub width: i32,
    /// Height of the page.
    pub height: i32,
    /// The frames, in the picture's order.
    pub frames: Vec<Rect>,
    /// Where the title of each frame is.
    pub titles: Vec<Rect>,
    /// The boxes of namespaces. The namespace of a host is its frame.
    pub boxes: Vec<(SpaceId, Rect)>,
    /// The cards, by device.
    pub cards: Vec<Rect>,
    /// What ports hang from, each with its bar.
    pub spines: Vec<(CardId, Rect)>,
    /// The cables, in the picture's order.
    pub cables: Vec<Line>,
    /// Cables whose other end is gone.
    pub cuts: Vec<(CardId, Line)>,
    /// The tunnels, in the picture's order.
    pub tunnels: Vec<Sign>,
    /// Meshes: each once for each gap between hosts.
    pub meshes: Vec<Sign>,
    /// What joins the signs of a mesh, by its number.
    pub buses: Vec<(usize, Vec<Line>)>,
    /// VTEPs that are not seen: each once for each gap between hosts.
    pub remotes: Vec<Sign>,
    /// Headings, and where.
    pub headings: Vec<(&'static str, i32)>,
}

/// Lays out a picture.
pub fn lay_out(picture: &Picture) -> Layout {
    page::Page::of(picture).layout
}
