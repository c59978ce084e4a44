//! The inside of one namespace: each bridge as a bar with its ports hanging from
//! it, then the other devices; how wide and how high that is. Where the box
//! stands is its caller's to say.

use super::super::model::{Card, CardId, Picture, SpaceId};
use super::super::text::{self, LINE};
use super::plan::{ONE_SIDE, Plan};
use super::rect::Rect;

/// Between the edge of a box and what is in it.
pub const PAD: i32 = 10;
/// Between one card and the next.
pub const GAP: i32 = 8;
/// Where a bridge's ports hang.
const SPINE: i32 = 22;
/// Left and right of the text on a card.
pub const MARGIN: i32 = 8;
/// The dot, and what is between it and the name.
pub const DOT: i32 = 12;
/// So many columns a title takes at most.
const WIDEST: usize = 30;
/// So many columns of text a card has at most: an address of IPv6 in full, and what
/// is wrong with it.
const WIDEST_CARD: usize = 52;
/// A card is no narrower than this.
const NARROWEST: i32 = 96;

/// What stands where.
#[derive(Debug, Clone, Default)]
pub struct Placed {
    /// Devices.
    pub cards: Vec<(CardId, Rect)>,
    /// Namespaces.
    pub boxes: Vec<(SpaceId, Rect)>,
    /// What ports hang from: from a bar down, and across to each port.
    pub spines: Vec<(CardId, Rect)>,
}

/// Devices of a box that stand together.
enum Group {
    /// A bridge with ports: those whose cables leave on the left, on the right,
    /// and those that reach from side to side.
    Bar { bar: CardId, left: Vec<CardId>, right: Vec<CardId>, feet: Vec<CardId> },
    /// A device of no bridge.
    One(CardId),
}

/// A namespace's inside, before it has a place.
pub struct Inside<'p> {
    picture: &'p Picture,
    id: SpaceId,
    groups: Vec<Group>,
    /// Of the first bar: how high the ports are that stand before those whose other
    /// ends are beside them.
    before: i32,
    /// It has a title: that of a host is the frame's.
    is_titled: bool,
}

/// Where a device would like its upper edge to be: beside its other end.
pub type Wish<'w> = &'w dyn Fn(CardId) -> Option<i32>;

impl<'p> Inside<'p> {
    /// Of a namespace; `wish` puts ports into the order of their other ends.
    pub fn of(
        picture: &'p Picture,
        plan: &Plan,
        id: SpaceId,
        is_titled: bool,
        wish: Wish<'_>,
    ) -> Self {
        let space = &picture.spaces[id];
        let mut ports: Vec<(CardId, CardId)> = space
            .cards
            .iter()
            .filter_map(|card| Some((hangs_from(picture, *card)?, *card)))
            .collect();
        // A cable from above passes nothing on its way to the first port.
        let place = |card: CardId| match wish(card) {
            _ if plan.enters[card] => i32::MIN,
            wished => wished.unwrap_or(i32::MAX),
        };
        ports.sort_by_key(|(bar, card)| (*bar, place(*card), *card));
        let mut groups = Vec::new();
        for card in &space.cards {
            if picture.cards[*card].is_bar {
                let from = ports.partition_point(|(bar, _)| bar < card);
                let to = ports.partition_point(|(bar, _)| bar <= card);
                let ports = ports[from..to].iter().map(|(_, port)| *port);
                groups.push(bar(plan, *card, ports.collect()));
            } else if hangs_from(picture, *card).is_none() {
                groups.push(Group::One(*card));
            }
        }
        let before = groups.first().map_or(0, |group| before(picture, plan, group));
        Inside { picture, id, groups, before, is_titled }
    }

    /// How wide it has to be.
    pub fn width(&self) -> i32 {
        let widest = self.groups.iter().map(|g| self.group_width(g)).max().unwrap_or(0);
        if !self.is_titled {
            return widest;
        }
        let space = &self.picture.spaces[self.id];
        let title = text::columns(&space.name).max(text::columns(&space.owner)).min(WIDEST);
        widest.max(text::room(title)) + 2 * PAD
    }

    fn group_width(&self, group: &Group) -> i32 {
        let widest = |cards: &[CardId]| cards.iter().map(|c| self.card_width(*c)).max();
        match group {
            Group::One(card) => self.card_width(*card),
            Group::Bar { bar, left, right, feet } => {
                let sides = widest(left).unwrap_or(0) + widest(right).unwrap_or(0);
                let hanging = if sides > 0 { sides + SPINE } else { 0 };
                let whole = hanging.max(widest(feet).unwrap_or(0));
                whole.max(self.card_width(*bar))
            }
        }
    }

    fn card_width(&self, card: CardId) -> i32 {
        let card = &self.picture.cards[card];
        let details = card.details.iter().map(|d| text::columns(&d.text)).max().unwrap_or(0);
        let aside = text::columns(&aside(card));
        let name = text::columns(&card.name) + if aside > 0 { 2 + aside } else { 0 };
        let columns = name.max(details).min(WIDEST_CARD);
        (text::room(columns) + 2 * MARGIN + DOT).max(NARROWEST)
    }

    /// How far below its upper edge its first device is, or the first of its ports
    /// whose other end is beside it.
    pub fn lead(&self) -> i32 {
        match self.groups.first() {
            Some(Group::Bar { bar, .. }) => self.top() + self.height_of(*bar) + GAP + self.before,
            _ => self.top(),
        }
    }

    fn top(&self) -> i32 {
        let space = &self.picture.spaces[self.id];
        match (self.is_titled, space.owner.is_empty()) {
            (false, _) => 0,
            (true, true) => LINE + PAD,
            (true, false) => 2 * LINE + PAD,
        }
    }

    fn height_of(&self, card: CardId) -> i32 {
        height(&self.picture.cards[card])
    }

    /// Places it; gives how far down it reaches. Its upper edge is at `y` or
    /// lower, where its devices wish to be beside their other ends.
    pub fn place(&self, x: i32, y: i32, w: i32, wish: Wish<'_>, out: &mut Placed) -> i32 {
        let wished = self.groups.first().and_then(|g| self.wished(g, wish));
        let y = wished.map_or(y, |top| y.max(top - self.top()));
        let pad = if self.is_titled { PAD } else { 0 };
        let mut at = y + self.top();
        for group in &self.groups {
            let top = self.wished(group, wish).map_or(at, |top| at.max(top));
            at = self.place_group(
                group,
                Rect { x: x + pad, y: top, w: w - 2 * pad, h: 0 },
                wish,
                out,
            ) + GAP;
        }
        let inside = if self.groups.is_empty() { at } else { at - GAP };
        let bottom = if self.is_titled && !self.groups.is_empty() { inside + PAD } else { inside };
        if self.is_titled {
            out.boxes.push((self.id, Rect { x, y, w, h: bottom - y }));
        }
        bottom
    }

    /// Where a group's upper edge would like to be.
    fn wished(&self, group: &Group, wish: Wish<'_>) -> Option<i32> {
        match group {
            Group::One(card) => wish(*card),
            Group::Bar { bar, left, right, .. } => {
                let first = |side: &[CardId]| {
                    let place = side.iter().position(|port| wish(*port).is_some())?;
                    let above: i32 = side[..place].iter().map(|p| self.height_of(*p) + GAP).sum();
                    wish(side[place]).map(|y| y - above)
                };
                let wished = [left, right].into_iter().filter_map(|side| first(side)).min();
                wished.map(|y| y - GAP - self.height_of(*bar))
            }
        }
    }

    fn place_group(&self, group: &Group, at: Rect, wish: Wish<'_>, out: &mut Placed) -> i32 {
        let (bar, left, right, feet) = match group {
            Group::One(card) => {
                let rect = Rect { h: self.height_of(*card), ..at };
                out.cards.push((*card, rect));
                return rect.bottom();
            }
            Group::Bar { bar, left, right, feet } => (*bar, left, right, feet),
        };
        let rect = Rect { h: self.height_of(bar), ..at };
        out.cards.push((bar, rect));
        let widths = self.widths(left, right, at.w);
        let spine = match (left.is_empty(), right.is_empty()) {
            (true, _) => at.x + SPINE / 2 - 4,
            (false, true) => at.right() - SPINE / 2 + 4,
            (false, false) => at.x + widths[0] + SPINE / 2,
        };
        let (mut end, mut bottom) = (rect.bottom(), rect.bottom());
        let sides = [(left, at.x, widths[0]), (right, at.right() - widths[1], widths[1])];
        for (ports, x, w) in sides {
            let mut next = rect.bottom() + GAP;
            for port in ports {
                let y = wish(*port).map_or(next, |y| next.max(y));
                let card = Rect { x, y, w, h: self.height_of(*port) };
                out.cards.push((*port, card));
                let (from, to) = if x < spine { (card.right(), spine) } else { (spine, x) };
                out.spines.push((bar, Rect { x: from, y: y + card.h / 2, w: to - from, h: 0 }));
                (end, bottom) = (end.max(y + card.h / 2), bottom.max(card.bottom()));
                next = card.bottom() + GAP;
            }
        }
        for foot in feet {
            let card = Rect { y: bottom + GAP, h: self.height_of(*foot), ..at };
            out.cards.push((*foot, card));
            (end, bottom) = (card.y, card.bottom());
        }
        if end > rect.bottom() {
            out.spines
                .push((bar, Rect { x: spine, y: rect.bottom(), w: 0, h: end - rect.bottom() }));
        }
        bottom
    }

    /// How wide the ports on each side are, of so much room.
    fn widths(&self, left: &[CardId], right: &[CardId], room: i32) -> [i32; 2] {
        let widest = |cards: &[CardId]| cards.iter().map(|c| self.card_width(*c)).max();
        match (widest(left), widest(right)) {
            (Some(_), None) => [room - SPINE, 0],
            (None, Some(_)) => [0, room - SPINE],
            (Some(a), Some(b)) => [a + (room - SPINE - a - b) / 2, b + (room - SPINE - a - b) / 2],
            (None, None) => [0, 0],
        }
    }
}

/// How high the ports are that cables enter from above, on a side where others are.
fn before(picture: &Picture, plan: &Plan, group: &Group) -> i32 {
    let Group::Bar { left, right, .. } = group else { return 0 };
    let one = |side: &Vec<CardId>| {
        let entered = side.iter().take_while(|port| plan.enters[**port]);
        let heights = entered.map(|port| height(&picture.cards[*port]) + GAP);
        if side.iter().all(|port| plan.enters[*port]) { 0 } else { heights.sum() }
    };
    one(left).max(one(right))
}

/// The bar that a device hangs from. One that is a bar itself stands on its own.
fn hangs_from(picture: &Picture, card: CardId) -> Option<CardId> {
    picture.cards[card].master.filter(|_| !picture.cards[card].is_bar)
}

fn bar(plan: &Plan, bar: CardId, ports: Vec<CardId>) -> Group {
    let is_idle = |port: &&CardId| plan.sides[**port] == [false; 2];
    let is_long = ports.iter().filter(is_idle).count() > ONE_SIDE;
    let (mut left, mut right, mut feet) = (Vec::new(), Vec::new(), Vec::new());
    for port in ports {
        match plan.sides[port] {
            [true, true] => feet.push(port),
            [false, true] => right.push(port),
            [false, false] if is_long && left.len() > right.len() => right.push(port),
            [false, false] if is_long => left.push(port),
            // Nothing leaves it: it goes where others are.
            [false, false] if left.is_empty() && !right.is_empty() => right.push(port),
            [_, false] => left.push(port),
        }
    }
    Group::Bar { bar, left, right, feet }
}

/// What stands at the end of a card's first line.
pub fn aside(card: &Card) -> String {
    card.mtu.map(|mtu| format!("mtu {mtu}")).unwrap_or_default()
}

/// How high a card is.
pub fn height(card: &Card) -> i32 {
    let lines = i32::try_from(card.details.len()).unwrap_or(0) + 1;
    lines * LINE + 8
}
