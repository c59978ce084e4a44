//! A picture of `ovl-inspect graph` read back: its groups, rectangles, lines and
//! words, with an XML parser that is not ours.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use roxmltree::{Document, Node};

/// The width of a letter of the widest usual font, of the size's 11 pixels.
const LETTER: f64 = 0.602 * 11.0;

/// A rectangle of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Rect {
    x: f64,
    y: f64,
    right: f64,
    bottom: f64,
}

impl Rect {
    /// That of a group.
    pub fn of(group: Node<'_, '_>) -> Result<Rect> {
        let rect = group.children().find(|n| n.has_tag_name("rect")).context("no rectangle")?;
        let number = |name| number(rect, name);
        let (x, y) = (number("x")?, number("y")?);
        Ok(Rect { x, y, right: x + number("width")?, bottom: y + number("height")? })
    }

    /// Have they any point inside of them in common?
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right
            && other.x < self.right
            && self.y < other.bottom
            && other.y < self.bottom
    }

    /// Is the other wholly inside?
    pub fn holds(&self, other: &Rect) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right <= self.right
            && other.bottom <= self.bottom
    }

    /// Is the point on its left or right side?
    pub fn has_on_its_side(&self, (x, y): (f64, f64)) -> bool {
        (x - self.x).abs().min((x - self.right).abs()) < 0.5 && self.y < y && y < self.bottom
    }
}

/// A number among the attributes of an element.
pub fn number(node: Node<'_, '_>, name: &str) -> Result<f64> {
    let text = node.attribute(name).with_context(|| format!("no {name}"))?;
    text.parse().with_context(|| format!("{name}: {text}"))
}

/// The groups of a class.
pub fn groups<'d>(svg: &'d Document<'_>, class: &str) -> Vec<Node<'d, 'd>> {
    let has = |n: &Node<'_, '_>| {
        let classes = n.attribute("class").unwrap_or_default();
        n.has_tag_name("g") && classes.split(' ').any(|c| c == class)
    };
    svg.descendants().filter(has).collect()
}

/// The cards, by namespace and device.
pub fn cards<'d>(svg: &'d Document<'_>) -> Result<BTreeMap<String, (Node<'d, 'd>, Rect)>> {
    let mut cards = BTreeMap::new();
    for card in groups(svg, "card") {
        let name = |a| card.attribute(a).unwrap_or_default();
        let place = format!("{}:{}", name("data-netns"), name("data-ifname"));
        ensure!(cards.insert(place.clone(), (card, Rect::of(card)?)).is_none(), "{place} twice");
    }
    Ok(cards)
}

/// The frames and boxes of namespaces.
pub fn boxes(svg: &Document<'_>) -> Result<BTreeMap<String, Rect>> {
    let all = groups(svg, "frame").into_iter().chain(groups(svg, "ns"));
    all.map(|group| {
        let name = group.attribute("data-netns").unwrap_or_default().to_owned();
        Ok((name, Rect::of(group)?))
    })
    .collect()
}

/// A picture, parsed.
pub fn parsed(text: &str) -> Result<Document<'_>> {
    Document::parse(text).with_context(|| format!("no XML:\n{text}"))
}

/// The first and the last point of a line.
pub fn ends(line: Node<'_, '_>) -> Result<[(f64, f64); 2]> {
    let d = line.attribute("d").context("no path")?;
    let spaced: String = d
        .chars()
        .flat_map(|c| if c.is_alphabetic() { vec![' ', c, ' '] } else { vec![c] })
        .collect();
    let mut points = Vec::new();
    let (mut numbers, mut command) = (Vec::new(), "M");
    for word in spaced.split_whitespace().chain(["Z"]) {
        if let Ok(number) = word.parse::<f64>() {
            numbers.push(number);
            continue;
        }
        match (command, numbers.as_slice()) {
            (_, []) => {}
            ("H", [x]) => {
                let (_, y) = *points.last().context("H first")?;
                points.push((*x, y));
            }
            ("M" | "L" | "C" | "Q", [.., x, y]) => points.push((*x, *y)),
            other => anyhow::bail!("unknown path {other:?} in {d}"),
        }
        numbers.clear();
        command = word;
    }
    Ok([*points.first().context("empty")?, *points.last().context("empty")?])
}

/// No card on a card, no box on a box unless one is a frame, and all text in its place.
pub fn is_tidy(svg: &Document<'_>) -> Result<()> {
    let rects = |class| groups(svg, class).into_iter().map(Rect::of).collect::<Result<Vec<_>>>();
    let mut signs = rects("tunnel")?;
    signs.extend(rects("remote")?);
    signs.extend(rects("frame")?);
    for rects in [rects("card")?, rects("ns")?, signs] {
        for (n, a) in rects.iter().enumerate() {
            for b in &rects[n + 1..] {
                ensure!(!a.overlaps(b), "{a:?} and {b:?} overlap");
            }
        }
    }
    for class in ["card", "ns", "frame", "tunnel", "remote"] {
        for group in groups(svg, class) {
            let rect = Rect::of(group)?;
            for text in group.children().filter(|n| n.has_tag_name("text")) {
                let words = text.text().unwrap_or_default();
                let letters = u32::try_from(words.chars().count())?;
                let (x, y) = (number(text, "x")?, number(text, "y")?);
                let w = f64::from(letters) * LETTER;
                let from = if text.attribute("text-anchor") == Some("end") { x - w } else { x };
                let inside = Rect { x: from, y: y - 9.0, right: from + w, bottom: y + 3.0 };
                ensure!(rect.holds(&inside), "'{words}' does not fit: {inside:?} in {rect:?}");
            }
        }
    }
    Ok(())
}

/// The red words of a card.
pub fn red(card: Node<'_, '_>) -> Vec<String> {
    let is_red = |n: &Node<'_, '_>| n.has_tag_name("text") && n.attribute("class") == Some("bad");
    card.children().filter(is_red).filter_map(|n| n.text()).map(str::to_owned).collect()
}
