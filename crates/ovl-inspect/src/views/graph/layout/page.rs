//! The page: frames side by side, and everything else around them.

use super::super::model::{FrameKind, Picture};
use super::super::text::LINE;
use super::boxes::{GAP, Inside, Placed};
use super::frame::{self, Block, Traffic};
use super::plan::{Plan, Side, Slot, Way};
use super::rect::Rect;
use super::tunnels::{APPROACH, Plates, TRACK};
use super::{Layout, cables, signs};

/// Around everything.
pub const EDGE: i32 = 24;
/// The head of the page.
const HEAD: i32 = 64;
/// Between two frames that no tunnel is between.
const APART: i32 = 40;
/// A page is as wide as this, if its hosts are not wider.
const USUAL: i32 = 1400;
/// What a heading takes.
const HEADING: i32 = 2 * LINE + 6;
/// A box in the grid of what is attached to nothing is no narrower.
const CELL: i32 = 150;

/// A page while it is laid out.
pub struct Page<'p> {
    /// What is drawn.
    pub picture: &'p Picture,
    /// Who stands where.
    pub plan: Plan,
    /// The frames, each around its own corner.
    pub blocks: Vec<Block>,
    /// The signs.
    pub plates: Plates,
    /// The result.
    pub layout: Layout,
    /// Where the signs of each gap are: x and width.
    pub gaps: Vec<(i32, i32)>,
    /// The lower edge of what has been placed.
    pub bottom: i32,
}

impl<'p> Page<'p> {
    /// Lays out a picture.
    pub fn of(picture: &'p Picture) -> Page<'p> {
        let plan = Plan::of(picture);
        let mut traffic = Traffic::of(picture, &plan);
        let plates = Plates::of(picture, &plan, &mut traffic);
        let blocks = traffic.iter().enumerate().map(|(number, traffic)| {
            let block = frame::block(picture, &plan, number, traffic);
            if number < plan.hosts && number % 2 == 1 { block.mirrored() } else { block }
        });
        let blocks = blocks.collect();
        let cards = vec![Rect::default(); picture.cards.len()];
        let frames = vec![Rect::default(); picture.frames.len()];
        let layout = Layout { frames, cards, ..Layout::default() };
        let (gaps, bottom) = (Vec::new(), HEAD);
        let mut page = Page { picture, plan, blocks, plates, layout, gaps, bottom };
        page.hosts_across();
        page.bottom = signs::tracks(&page) + HEAD;
        page.hosts_down();
        signs::place(&mut page);
        let lanes = cables::lanes(&mut page);
        page.between(&lanes);
        page.groups();
        page.loose();
        cables::draw(&mut page, lanes);
        page.titles();
        page.layout.width = page.width();
        page.layout.height = page.bottom + EDGE;
        page
    }

    /// Where each host's frame begins and ends, from left to right.
    fn hosts_across(&mut self) {
        let mut x = EDGE;
        for number in 0..self.plan.hosts {
            let w = self.blocks[number].w;
            self.layout.frames[number] = Rect { x, y: 0, w, h: 0 };
            x += w;
            if number % 2 == 1 {
                x += APART;
                continue;
            }
            let gap = number / 2;
            let widest = self.plates.gaps[gap].iter().map(super::tunnels::Plate::width).max();
            let [left, right] =
                self.plates.risers[gap].map(|n| if n > 0 { n * TRACK + GAP } else { 0 });
            let is_used = widest.is_some() || left + right > 0;
            let approach = if is_used { APPROACH } else { APART / 2 };
            self.gaps.push((x + approach + left, widest.unwrap_or(0)));
            x += 2 * approach + left + right + widest.unwrap_or(0);
        }
    }

    fn hosts_down(&mut self) {
        let h = self.blocks[..self.plan.hosts].iter().map(|b| b.h).max().unwrap_or(0);
        for number in 0..self.plan.hosts {
            let Rect { x, w, .. } = self.layout.frames[number];
            self.put_frame(number, Rect { x, y: self.bottom, w, h });
        }
        self.bottom += h;
    }

    fn put_frame(&mut self, number: usize, rect: Rect) {
        self.layout.frames[number] = rect;
        let placed = std::mem::take(&mut self.blocks[number].placed);
        self.put(placed, rect.x, rect.y);
    }

    fn put(&mut self, placed: Placed, dx: i32, dy: i32) {
        for (card, rect) in placed.cards {
            self.layout.cards[card] = rect.moved(dx, dy);
        }
        let boxes = placed.boxes.into_iter().map(|(id, rect)| (id, rect.moved(dx, dy)));
        self.layout.boxes.extend(boxes);
        let spines = placed.spines.into_iter().map(|(bar, rect)| (bar, rect.moved(dx, dy)));
        self.layout.spines.extend(spines);
    }

    /// What is between hosts, below them, with room for the cables beside each.
    fn between(&mut self, lanes: &cables::Lanes) {
        if self.picture.between.is_empty() {
            self.bottom += lanes.height();
            return;
        }
        let picture = self.picture;
        let nothing = |_| None;
        let y = self.bottom + lanes.height() + GAP;
        let mut bottom = y;
        for (number, id) in picture.between.iter().enumerate() {
            let inside = Inside::of(picture, &self.plan, *id, true, &nothing);
            let mut placed = Placed::default();
            let (x, w) = lanes.between[number];
            bottom = bottom.max(inside.place(x, y, w, &nothing, &mut placed));
            self.put(placed, 0, 0);
        }
        self.bottom = bottom;
    }

    /// Groups without a host, as many beside one another as fit.
    fn groups(&mut self) {
        let groups = self.plan.hosts..self.blocks.len();
        if groups.is_empty() {
            return;
        }
        self.heading("cabled together, without a host");
        let most = self.width() - EDGE;
        let (mut x, mut row) = (EDGE, 0);
        for number in groups {
            let (w, h) = (self.blocks[number].w, self.blocks[number].h);
            if x > EDGE && x + w > most {
                self.bottom += row + GAP * 2;
                (x, row) = (EDGE, 0);
            }
            self.put_frame(number, Rect { x, y: self.bottom, w, h });
            x += w + 2 * GAP;
            row = row.max(h);
        }
        self.bottom += row;
    }

    /// What is attached to nothing: a grid, each box in the shortest column.
    fn loose(&mut self) {
        if self.picture.loose.is_empty() {
            return;
        }
        self.heading("attached to nothing");
        let nothing = |_| None;
        let (picture, plan) = (self.picture, &self.plan);
        let inside = |id: &usize| Inside::of(picture, plan, *id, true, &nothing);
        let insides: Vec<Inside<'_>> = picture.loose.iter().map(inside).collect();
        let cell = insides.iter().map(Inside::width).max().unwrap_or(0).max(CELL);
        let room = self.width() - 2 * EDGE + GAP;
        let columns = usize::try_from(room / (cell + GAP)).unwrap_or(0).max(1);
        let mut tops = vec![self.bottom; columns];
        let mut placed = Placed::default();
        let lefts: Vec<i32> =
            std::iter::successors(Some(EDGE), |x| Some(x + cell + GAP)).take(columns).collect();
        for inside in &insides {
            let shortest = (0..columns).min_by_key(|c| (tops[*c], *c)).unwrap_or(0);
            let bottom = inside.place(lefts[shortest], tops[shortest], cell, &nothing, &mut placed);
            tops[shortest] = bottom + GAP;
        }
        self.bottom = tops.into_iter().max().unwrap_or(self.bottom) - GAP;
        self.put(placed, 0, 0);
    }

    fn heading(&mut self, text: &'static str) {
        // The first thing on a page needs no more than its head.
        let above = if self.bottom > HEAD { HEADING } else { LINE };
        self.bottom += above;
        self.layout.headings.push((text, self.bottom - GAP));
    }

    /// How wide the page is.
    fn width(&self) -> i32 {
        let frames = self.layout.frames[..self.plan.hosts].iter().map(|f| f.right());
        let gaps = self.gaps.iter().map(|(x, w)| x + w);
        let boxes = self.layout.boxes.iter().map(|(_, b)| b.right());
        let groups = self.layout.frames.iter().map(|f| f.right());
        let widest = frames.chain(gaps).chain(boxes).chain(groups).max().unwrap_or(0) + EDGE;
        let is_small = self.picture.loose.len() < 8 && self.plan.hosts == self.blocks.len();
        if is_small { widest.max(640) } else { widest.max(USUAL) }
    }

    /// The title of a frame is where no line goes up beside its columns.
    fn titles(&mut self) {
        for (number, rect) in self.layout.frames.iter().enumerate() {
            let block = &self.blocks[number];
            let outer = block.gaps.first().map_or(0, |gap| gap.1);
            let inner = block.gaps.last().map_or(0, |gap| gap.1);
            let (left, right) = if block.is_mirrored { (inner, outer) } else { (outer, inner) };
            let w = rect.w - left - right;
            let y = rect.y;
            self.layout.titles.push(Rect {
                x: rect.x + left,
                y,
                w,
                h: frame::title_height(FrameKind::Host),
            });
        }
    }

    /// The x of a line along a gap of a frame; `turn` counts them.
    pub fn along(&self, frame: usize, gap: usize, turn: i32) -> i32 {
        let block = &self.blocks[frame];
        let (x, w) = block.gaps[gap];
        let out = GAP + 2 + turn * frame::TRACK;
        let inside = if block.is_mirrored { x + w - out } else { x + out };
        self.layout.frames[frame].x + inside
    }

    /// Is that side of a card its left one on the page?
    pub fn is_left(&self, slot: Slot, side: Side) -> bool {
        let is_mirrored = match slot {
            Slot::In { frame, .. } => self.blocks[frame].is_mirrored,
            _ => false,
        };
        (side == Side::Left) != is_mirrored
    }

    /// The way of a cable.
    pub fn way(&self, cable: usize) -> Way {
        self.plan.ways[cable]
    }
}
