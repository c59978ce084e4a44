//! The page: frames side by side, and everything else around them.

use super::super::model::{FrameKind, Picture};
use super::super::text::LINE;
use super::boxes::{GAP, Inside, Placed};
use super::cables::Lanes;
use super::frame::{self, Block, Traffic};
use super::plan::{ColumnKind, Plan, Side};
use super::rect::Rect;
use super::routes::Routes;
use super::rows::Rows;
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
    /// Which frames stand beside one another.
    pub rows: Rows,
    /// The ways of lines above the rows.
    pub routes: Routes,
    /// The result.
    pub layout: Layout,
    /// Where the signs of each gap are: x and width.
    pub gaps: Vec<(i32, i32)>,
    /// The signs of each gap.
    pub stacks: Vec<Vec<Rect>>,
    /// The right edge of all hosts, and of what is between them.
    pub right: i32,
    /// The upper edge of each row.
    pub tops: Vec<i32>,
    /// The upper edge of the lanes above each row, and below the last.
    pub channels: Vec<i32>,
    /// The lower edge of what has been placed.
    bottom: i32,
}

impl<'p> Page<'p> {
    /// Lays out a picture.
    pub fn of(picture: &'p Picture) -> Page<'p> {
        let mut page = Page::new(picture);
        page.hosts_across();
        page.between_across();
        let (inset, _) = cables::trunks(&page);
        page.indent(inset);
        page.routes = Routes::of(&page);
        let lanes = Lanes::of(&page);
        page.down(&lanes);
        page.plates.take_turns(&page.stacks);
        signs::place(&mut page);
        page.groups();
        page.loose();
        cables::draw(&mut page, lanes);
        page.titles();
        page.layout.width = page.width();
        page.layout.height = page.bottom + EDGE;
        page
    }

    fn new(picture: &'p Picture) -> Page<'p> {
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
        Page {
            picture,
            plan,
            blocks,
            plates,
            rows: Rows::default(),
            routes: Routes::default(),
            layout: Layout { frames, cards, ..Layout::default() },
            gaps: Vec::new(),
            stacks: Vec::new(),
            right: EDGE,
            tops: Vec::new(),
            channels: Vec::new(),
            bottom: HEAD,
        }
    }

    /// How wide a gap is with the lines that go up in it: from the left frame to the
    /// signs, these, and from them to the right frame.
    fn gap(&self, gap: usize) -> [i32; 3] {
        let widest = self.plates.gaps[gap].iter().map(super::tunnels::Plate::width).max();
        let beside = self.plates.risers[gap].map(|n| if n > 0 { n * TRACK + GAP } else { 0 });
        let is_used = widest.is_some() || beside.iter().sum::<i32>() > 0;
        let approach = if is_used { APPROACH } else { APART / 2 };
        [approach + beside[0], widest.unwrap_or(0), approach + beside[1]]
    }

    /// Where each host's frame begins and ends, from left to right.
    fn hosts_across(&mut self) {
        let width = |frame: usize| self.blocks[..self.plan.hosts].get(frame).map_or(0, |b| b.w);
        let pair = |gap: usize| {
            width(2 * gap) + self.gap(gap).iter().sum::<i32>() + width(2 * gap + 1) + APART
        };
        let pairs: Vec<i32> = (0..self.plates.gaps.len()).map(pair).collect();
        self.rows = Rows::of_hosts(&pairs, self.plan.hosts);
        for row in self.rows.frames.clone() {
            let mut x = EDGE;
            for number in row {
                let w = self.blocks[number].w;
                self.layout.frames[number] = Rect { x, y: 0, w, h: 0 };
                x += w;
                if number % 2 == 1 {
                    self.right = self.right.max(x);
                    x += APART;
                    continue;
                }
                let [left, signs, right] = self.gap(number / 2);
                self.gaps.push((x + left, signs));
                x += left + signs + right;
                let is_last = number + 1 == self.plan.hosts;
                // Behind the last one there is nothing that needs to be approached.
                self.right = self.right.max(if is_last { x - right } else { x });
            }
        }
    }

    /// The same for what is between them, in the middle below them.
    fn between_across(&mut self) {
        let between = self.plan.hosts..self.plan.joined;
        let widths: Vec<i32> = between.clone().map(|n| self.blocks[n].w + 2 * GAP).collect();
        let most = self.right.max(USUAL) - EDGE;
        self.rows.add_between(between.start, &widths, most);
        for row in &self.rows.frames[self.rows.hosts..] {
            let w: i32 = row.clone().map(|n| self.blocks[n].w + 2 * GAP).sum::<i32>() - 2 * GAP;
            let mut x = EDGE + ((self.right - EDGE - w) / 2).max(0);
            for number in row.clone() {
                let w = self.blocks[number].w;
                self.layout.frames[number] = Rect { x, y: 0, w, h: 0 };
                x += w + 2 * GAP;
            }
        }
    }

    /// Leaves room on the left.
    fn indent(&mut self, room: i32) {
        for frame in &mut self.layout.frames {
            frame.x += room;
        }
        for (x, _) in &mut self.gaps {
            *x += room;
        }
        self.right += room;
    }

    /// The rows below one another, each with what runs above it.
    fn down(&mut self, lanes: &Lanes) {
        for (number, row) in self.rows.frames.clone().into_iter().enumerate() {
            self.channel(lanes, number);
            self.bottom += self.routes.height(number);
            self.tops.push(self.bottom);
            let h = row.clone().map(|n| self.blocks[n].h).max().unwrap_or(0);
            let is_hosts = number < self.rows.hosts;
            for number in row.clone() {
                let Rect { x, w, .. } = self.layout.frames[number];
                let h = if is_hosts { h } else { self.blocks[number].h };
                self.put_frame(number, Rect { x, y: self.bottom, w, h });
            }
            self.bottom += h;
            for gap in row.step_by(2).filter(|_| is_hosts).map(|frame| frame / 2) {
                let signs = signs::stack(self, gap);
                let lowest = signs.iter().map(|sign| sign.bottom()).max().unwrap_or(0);
                self.bottom = self.bottom.max(lowest);
                self.stacks.push(signs);
            }
        }
        self.channel(lanes, self.rows.frames.len());
    }

    /// What runs above a row, or below the last one.
    fn channel(&mut self, lanes: &Lanes, row: usize) {
        self.channels.push(self.bottom);
        let room = lanes.height(row);
        let is_inside = 0 < row && row < self.rows.frames.len();
        self.bottom += if is_inside { room.max(APART / 2) } else { room };
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

    /// Groups without a host, as many beside one another as fit.
    fn groups(&mut self) {
        let groups = self.plan.joined..self.blocks.len();
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
        let frames = self.layout.frames.iter().map(|f| f.right());
        let tunnels = self.right + self.routes.beside();
        let widest = frames.chain([tunnels]).max().unwrap_or(0) + EDGE;
        let boxes = self.layout.boxes.iter().map(|(_, b)| b.right() + EDGE);
        let widest = boxes.chain([widest]).max().unwrap_or(0);
        let is_small = self.picture.loose.len() < 8 && self.plan.joined == self.blocks.len();
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
        // From above, what ends first is nearest.
        let is_entered = self.plan.is_between(frame)
            && self.plan.columns[frame].get(gap).is_some_and(|c| c.kind == ColumnKind::Hub);
        let turn = if is_entered { block.along[gap] - 1 - turn } else { turn };
        let out = GAP + 2 + turn * frame::TRACK;
        let inside = if block.is_mirrored { x + w - out } else { x + out };
        self.layout.frames[frame].x + inside
    }

    /// Is that side of a card its left one on the page?
    pub fn is_left(&self, frame: Option<usize>, side: Side) -> bool {
        let is_mirrored = frame.is_some_and(|frame| self.blocks[frame].is_mirrored);
        (side == Side::Left) != is_mirrored
    }
}
