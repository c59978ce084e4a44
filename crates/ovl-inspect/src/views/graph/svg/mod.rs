//! A picture with its places → SVG: shapes, real text, and the full wording of
//! what was cut as a tooltip. All text goes through one function that escapes it.

mod signs;

use std::fmt::Write as _;

use super::layout::{self, DOT, Layout, Line, MARGIN, Rect};
use super::model::{Card, CardId, Frame, FrameKind, Join, Light, Picture, Role, Space, Tone};
use super::path::path;
use super::text::{self, LINE};

const STYLE: &str = include_str!("style.css");

/// From the upper edge of a line of text to the foot of its letters.
const FOOT: i32 = 12;

/// The whole document.
pub fn draw(picture: &Picture, layout: &Layout) -> String {
    let mut svg = Svg { out: String::new(), picture, layout };
    let (w, h) = (layout.width, layout.height);
    let _ = writeln!(
        svg.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">"
    );
    let _ = writeln!(svg.out, "<title>{}</title>", xml(&summary(picture)));
    let _ = writeln!(svg.out, "<style>\n{STYLE}</style>");
    let _ = writeln!(svg.out, "<rect class=\"page\" width=\"{w}\" height=\"{h}\"/>");
    svg.head();
    svg.frames();
    svg.boxes();
    svg.lines();
    svg.cards();
    svg.signs();
    svg.out.push_str("</svg>\n");
    svg.out
}

/// What is in the picture, in a line.
fn summary(picture: &Picture) -> String {
    let mut parts = picture.machines.clone();
    parts.push(counted(picture.size(), "namespace"));
    let hosts = picture.frames.iter().filter(|f| f.kind == FrameKind::Host).count();
    parts.extend((hosts > 0).then(|| counted(hosts, "host")));
    let meshed: usize = picture.meshes.iter().map(|mesh| mesh.tunnels).sum();
    let tunnels = picture.tunnels.len() + meshed;
    parts.extend((tunnels > 0).then(|| counted(tunnels, "tunnel")));
    let unread = picture.unread;
    parts.extend((unread > 0).then(|| format!("{unread} not readable")));
    parts.join(" · ")
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

struct Svg<'p> {
    out: String,
    picture: &'p Picture,
    layout: &'p Layout,
}

impl Svg<'_> {
    fn head(&mut self) {
        let summary = summary(self.picture);
        let most = text::columns_in((self.layout.width - 48) * text::SIZE / 13);
        self.text("head", 24, 26, &text::fit(&summary, most));
        self.legend();
        for (heading, y) in &self.layout.headings {
            self.text("heading", 24, *y, heading);
        }
    }

    /// What the colours mean: those that occur.
    fn legend(&mut self) {
        let cards: Vec<&Card> = self.picture.shown().map(|(_, card)| card).collect();
        let is_bad = |card: &&Card| card.is_bad() || card.details.iter().any(|d| d.bad);
        let has_bad = cards.iter().any(is_bad)
            || self.picture.tunnels.iter().any(|t| t.faults().next().is_some());
        let tones = [Tone::Underlay, Tone::Overlay, Tone::Container, Tone::Gateway];
        let tones = tones.into_iter().filter(|tone| cards.iter().any(|c| c.tone == *tone));
        let mut x = 24;
        for key in tones.map(word).chain(has_bad.then_some("broken")) {
            let class = if key == "broken" { "bad" } else { key };
            let _ = writeln!(self.out, "<path class=\"line spine {class}\" d=\"M{x} 42h14\"/>");
            self.text("key", x + 20, 46, key);
            x += 20 + text::room(text::columns(key)) + 18;
        }
    }

    fn frames(&mut self) {
        let frames = self.picture.frames.iter().zip(&self.layout.frames);
        let is_drawn = |frame: &Frame| frame.kind != FrameKind::Between;
        for ((frame, rect), title) in
            frames.zip(&self.layout.titles).filter(|((frame, _), _)| is_drawn(frame))
        {
            let hub = frame.hub.map(|id| &self.picture.spaces[id]);
            let (class, name, owner) = match (frame.kind, hub) {
                (FrameKind::Host, Some(hub)) => {
                    ("frame host", hub.name.as_str(), hub.owner.as_str())
                }
                (FrameKind::Group, _) => ("frame group", "", ""),
                _ => (
                    "frame unseen",
                    "host not found from here",
                    "the sockets of these overlays are there",
                ),
            };
            let _ = writeln!(self.out, "<g class=\"{class}\" data-netns=\"{}\">", xml(name));
            self.tooltip(&[name, owner]);
            self.rect("", *rect, 8);
            self.title(*title, 8, name, owner);
            self.out.push_str("</g>\n");
        }
    }

    fn boxes(&mut self) {
        for (id, rect) in &self.layout.boxes {
            let space = &self.picture.spaces[*id];
            let class = role(space);
            let _ =
                writeln!(self.out, "<g class=\"ns {class}\" data-netns=\"{}\">", xml(&space.name));
            self.tooltip(&[&space.name, &space.owner]);
            self.rect("", *rect, 5);
            let inside = Rect { x: rect.x + 10, w: rect.w - 20, ..*rect };
            self.title(inside, 3, &space.name, &space.owner);
            self.out.push_str("</g>\n");
        }
    }

    /// A name, and below it whose it is.
    fn title(&mut self, at: Rect, down: i32, name: &str, owner: &str) {
        let most = text::columns_in(at.w);
        if !name.is_empty() {
            self.text("title", at.x, at.y + down + FOOT, &text::fit(name, most));
        }
        if !owner.is_empty() {
            self.text("owner", at.x, at.y + down + FOOT + LINE, &text::fit(owner, most));
        }
    }

    fn lines(&mut self) {
        for (bar, rect) in &self.layout.spines {
            let tone = tone(&self.picture.cards[*bar]);
            let line = Line::Corners(vec![(rect.x, rect.y), (rect.right(), rect.bottom())]);
            let _ = writeln!(self.out, "<path class=\"line spine {tone}\" d=\"{}\"/>", path(&line));
        }
        for (cable, line) in self.picture.cables.iter().zip(&self.layout.cables) {
            let [a, b] = cable.ends;
            let (class, sign) = match cable.join {
                Join::Cable => ("cable", "⇄"),
                Join::Parent => ("cable parent", "↑"),
            };
            let tone = self.cable_tone(a, b);
            let _ = writeln!(self.out, "<g class=\"{class}\" {}>", self.ends(a, b));
            let words = format!("{} {sign} {}", self.picture.place(a), self.picture.place(b));
            self.tooltip(&[&words]);
            let parent = if cable.join == Join::Parent { " parent" } else { "" };
            let _ = writeln!(
                self.out,
                "<path class=\"line {tone}{parent}\" d=\"{}\"/></g>",
                path(line)
            );
        }
        for (card, line) in &self.layout.cuts {
            let [_, (x, y)] = line.ends();
            let words = format!("{}: other end not found", self.picture.place(*card));
            self.out.push_str("<g class=\"cut\">");
            self.tooltip(&[&words]);
            let cross = format!("M{} {}l6 6m0 -6l-6 6", x - 3, y - 3);
            let _ =
                writeln!(self.out, "<path class=\"line bad\" d=\"{}{cross}\"/></g>", path(line));
        }
    }

    /// The attributes that say what a line joins.
    fn ends(&self, a: CardId, b: CardId) -> String {
        format!(
            "data-from=\"{}\" data-to=\"{}\"",
            xml(&self.picture.place(a)),
            xml(&self.picture.place(b))
        )
    }

    /// A cable has the colour of the network it is part of: a bridge's, if it has one.
    fn cable_tone(&self, a: CardId, b: CardId) -> &'static str {
        let [a, b] = [a, b].map(|card| &self.picture.cards[card]);
        if a.light == Light::Bad || b.light == Light::Bad {
            return "bad";
        }
        let both = [a.tone, b.tone];
        let first = [Tone::Gateway, Tone::Overlay, Tone::Underlay, Tone::Container];
        let meant = first.into_iter().find(|tone| both.contains(tone)).unwrap_or_default();
        word(meant)
    }

    fn cards(&mut self) {
        for (number, card) in self.picture.shown() {
            let rect = self.layout.cards[number];
            let bar = if card.is_bar { " bar" } else { "" };
            let bad = if card.light == Light::Bad { " bad" } else { "" };
            let space = &self.picture.spaces[card.space];
            let _ = writeln!(
                self.out,
                "<g class=\"card {}{bar}{bad}\" data-netns=\"{}\" data-ifname=\"{}\" data-kind=\"{}\">",
                tone(card),
                xml(&space.name),
                xml(&card.name),
                xml(&card.kind),
            );
            self.card(card, space, rect);
            self.out.push_str("</g>\n");
        }
    }

    fn card(&mut self, card: &Card, space: &Space, rect: Rect) {
        let aside = layout::aside(card);
        let name = format!("{}:{}", space.name, card.name);
        let mut full = vec![name.as_str(), &card.kind, &aside];
        full.extend(card.details.iter().map(|d| d.text.as_str()));
        self.tooltip(&full);
        self.rect("", rect, 4);
        let light = match card.light {
            Light::Up => "up",
            Light::Idle => "idle",
            Light::Bad => "bad",
        };
        let (x, y) = (rect.x + MARGIN, rect.y + 4);
        let _ = writeln!(
            self.out,
            "<circle class=\"dot {light}\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>",
            x + 3,
            y + 8
        );
        let columns = text::columns_in(rect.w - 2 * MARGIN - DOT);
        let beside = text::columns(&aside) + 2;
        // A long name takes the room of the MTU, not the other way round.
        let has_aside = !aside.is_empty() && text::columns(&card.name) + beside <= columns;
        self.text("name", x + DOT, y + FOOT, &text::fit(&card.name, columns));
        if has_aside {
            self.text("aside", rect.right() - MARGIN, y + FOOT, &aside);
        }
        for (detail, n) in card.details.iter().zip(1..) {
            let class = if detail.bad { "bad" } else { "detail" };
            self.text(class, x + DOT, y + FOOT + n * LINE, &text::fit(&detail.text, columns));
        }
    }

    fn rect(&mut self, class: &str, rect: Rect, round: i32) {
        let Rect { x, y, w, h } = rect;
        let class = if class.is_empty() { String::new() } else { format!("class=\"{class}\" ") };
        let _ = writeln!(
            self.out,
            "<rect {class}x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{round}\"/>"
        );
    }

    fn text(&mut self, class: &str, x: i32, y: i32, text: &str) {
        let anchor = if class == "aside" { " text-anchor=\"end\"" } else { "" };
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>",
            xml(text)
        );
    }

    fn tooltip(&mut self, lines: &[&str]) {
        let lines: Vec<&str> = lines.iter().copied().filter(|l| !l.is_empty()).collect();
        if !lines.is_empty() {
            let _ = writeln!(self.out, "<title>{}</title>", xml(&lines.join("\n")));
        }
    }
}

fn role(space: &Space) -> &'static str {
    match space.role {
        Role::Underlay => "underlay",
        Role::Overlay => "overlay",
        Role::Container => "container",
        Role::Plain => "plain",
    }
}

fn tone(card: &Card) -> &'static str {
    word(card.tone)
}

fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Underlay => "underlay",
        Tone::Overlay => "overlay",
        Tone::Container => "container",
        Tone::Gateway => "gateway",
        Tone::Plain => "plain",
    }
}

/// A text inside of XML, in an element or between quotes. Characters that XML
/// cannot hold are not in any text of a picture.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
