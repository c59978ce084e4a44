//! What holds of every layout: nothing stands on anything else, no line runs through
//! what it does not lead to, and each line can be followed.

use super::super::layout::{Layout, Line, Rect};
use super::super::model::{CardId, Picture, SpaceId};

/// Have they any point inside of them in common?
pub fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn holds(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.right() <= outer.right()
        && inner.bottom() <= outer.bottom()
}

fn apart(rects: &[Rect], what: &str) {
    // In the order of their upper edges only near ones have to be looked at.
    let mut sorted = rects.to_vec();
    sorted.sort_by_key(|r| r.y);
    for (n, a) in sorted.iter().enumerate() {
        for b in sorted[n + 1..].iter().take_while(|b| b.y < a.bottom()) {
            assert!(!overlap(*a, *b), "{what}: {a:?} and {b:?}");
        }
    }
}

/// All of it.
pub fn check(picture: &Picture, layout: &Layout) {
    apart(&layout.cards, "cards");
    let boxes: Vec<Rect> = layout.boxes.iter().map(|(_, rect)| *rect).collect();
    apart(&boxes, "boxes");
    apart(&layout.frames, "frames");
    let signs = || layout.tunnels.iter().chain(&layout.meshes).chain(&layout.remotes);
    let signs: Vec<Rect> = signs().map(|sign| sign.rect).collect();
    apart(&signs.iter().chain(&layout.frames).copied().collect::<Vec<_>>(), "signs and frames");
    let page = Rect { x: 0, y: 0, w: layout.width, h: layout.height };
    for rect in layout.cards.iter().chain(&boxes).chain(&layout.frames).chain(&signs) {
        assert!(holds(page, *rect), "{rect:?} is not on the page {page:?}");
        assert!(rect.w > 0 && rect.h > 0, "{rect:?}");
    }
    for (id, rect) in &layout.boxes {
        for card in &picture.spaces[*id].cards {
            assert!(holds(*rect, layout.cards[*card]), "{}", picture.place(*card));
        }
    }
    for (frame, rect) in picture.frames.iter().zip(&layout.frames) {
        for card in frame.spaces().flat_map(|id| &picture.spaces[id].cards) {
            assert!(holds(*rect, layout.cards[*card]), "{}", picture.place(*card));
        }
    }
    assert_eq!(layout.cables.len(), picture.cables.len());
    for (cable, line) in picture.cables.iter().zip(&layout.cables) {
        for (card, (x, y)) in cable.ends.into_iter().zip(line.ends()) {
            let rect = layout.cards[card];
            let is_on = (x == rect.x || x == rect.right()) && rect.y < y && y < rect.bottom();
            assert!(is_on, "{} {rect:?}: {x} {y}", picture.place(card));
        }
    }
    let lines = lines(picture, layout);
    for (of, part) in
        lines.iter().flat_map(|(of, line, _)| parts(line).into_iter().map(move |p| (of, p)))
    {
        assert!(holds(page, part), "{of} {part:?} is not on the page {page:?}");
    }
    free(picture, layout, &lines);
    followable(&lines);
    assert_eq!(layout.tunnels.len(), picture.tunnels.len());
    assert!(picture.meshes.is_empty() || !layout.meshes.is_empty());
}

/// Every line, what it is part of, and the namespaces it may be seen in.
type Drawn<'l> = (String, &'l Line, Vec<SpaceId>);

fn lines<'l>(picture: &Picture, layout: &'l Layout) -> Vec<Drawn<'l>> {
    let space = |card: CardId| picture.cards[card].space;
    let cables = picture.cables.iter().zip(&layout.cables).enumerate();
    let mut all: Vec<Drawn<'l>> = cables
        .map(|(n, (cable, line))| (format!("cable {n}"), line, cable.ends.map(space).into()))
        .collect();
    let kinds =
        [("tunnel", &layout.tunnels), ("mesh", &layout.meshes), ("remote", &layout.remotes)];
    for (kind, signs) in kinds {
        for sign in signs {
            let name = format!("{kind} {}", sign.number);
            for (card, line) in &sign.lines {
                all.push((name.clone(), line, vec![space(*card)]));
            }
            all.extend(sign.rise.iter().map(|line| (name.clone(), line, Vec::new())));
        }
    }
    for (number, bus) in &layout.buses {
        all.extend(bus.iter().map(|line| (format!("mesh {number}"), line, Vec::new())));
    }
    all
}

/// The straight parts of a line.
fn parts(line: &Line) -> Vec<Rect> {
    let ends = match line {
        Line::Corners(points) => points.windows(2).map(|p| (p[0], p[1])).collect(),
        Line::Across(a, [from, to], b) => vec![(*a, (*from, a.1)), ((*to, b.1), *b)],
        Line::Around(..) => Vec::new(),
    };
    let part = |((x1, y1), (x2, y2)): ((i32, i32), (i32, i32))| {
        let (x, y) = (x1.min(x2), y1.min(y2));
        Rect { x, y, w: (x2 - x1).abs().max(1), h: (y2 - y1).abs().max(1) }
    };
    ends.into_iter().map(part).collect()
}

/// The straight parts of lines run through no device, and through no namespace that
/// they do not belong to.
fn free(picture: &Picture, layout: &Layout, lines: &[Drawn<'_>]) {
    let inner = |r: &Rect| Rect { x: r.x + 2, y: r.y + 2, w: r.w - 4, h: r.h - 4 };
    let cards = by_height(layout.cards.iter().map(inner).enumerate());
    let boxes = by_height(layout.boxes.iter().copied());
    for (of, line, spaces) in lines {
        for part in parts(line) {
            let card = near(&cards, part).next().map(|(card, _)| picture.place(card));
            assert_eq!(card, None, "{of} {line:?} runs through it");
            let mut others = near(&boxes, part).filter(|(id, _)| !spaces.contains(id));
            let name = others.next().map(|(id, _)| &picture.spaces[id].name);
            assert_eq!(name, None, "{of} {line:?} runs through it");
        }
    }
}

/// Rectangles in the order of their upper edges, and how high the highest is.
fn by_height(all: impl Iterator<Item = (usize, Rect)>) -> (Vec<(usize, Rect)>, i32) {
    let mut all: Vec<(usize, Rect)> = all.collect();
    all.sort_by_key(|(_, rect)| rect.y);
    let highest = all.iter().map(|(_, rect)| rect.h).max().unwrap_or(0);
    (all, highest)
}

/// Those that another one overlaps.
fn near(
    (all, highest): &(Vec<(usize, Rect)>, i32),
    rect: Rect,
) -> impl Iterator<Item = (usize, Rect)> + '_ {
    let from = all.partition_point(|(_, other)| other.y < rect.y - highest);
    let to = all.partition_point(|(_, other)| other.y < rect.bottom());
    all[from..to].iter().copied().filter(move |(_, other)| overlap(*other, rect))
}

/// No line runs along on another one: it could not be told which is which.
fn followable(lines: &[Drawn<'_>]) {
    let all = lines.iter().flat_map(|(of, line, _)| parts(line).into_iter().map(move |p| (p, of)));
    let long = |(part, _): &(Rect, &String)| part.w.max(part.h) > 2;
    let mut all: Vec<(Rect, &String)> = all.filter(long).collect();
    all.sort_by_key(|(part, _)| part.y);
    for (n, (a, of)) in all.iter().enumerate() {
        for (b, other) in all[n + 1..].iter().take_while(|(b, _)| b.y < a.bottom()) {
            let is_along = (a.w > 1) == (b.w > 1);
            assert!(of == other || !is_along || !overlap(*a, *b), "{of} {a:?} on {other} {b:?}");
        }
    }
}
