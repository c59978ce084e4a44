//! A part of a picture: the namespaces that were named, what they are joined to,
//! and the hosts of those. Nothing is read again.

use std::collections::BTreeSet;

use ovl_cli::{Context, Error, Exit};
use ovl_core::names::NsRef;
use ovl_machine::scene::Scene;

use super::build::Index;
use super::model::{CardId, Detail, Picture, SpaceId};

/// The namespaces that references mean.
pub fn find(
    context: &Context,
    scene: &Scene,
    index: &Index,
    is_live: bool,
    references: &[NsRef],
) -> Result<BTreeSet<SpaceId>, Error> {
    let one = |reference: &NsRef| {
        let (machine, key) = if is_live {
            (0, context.resolve(reference)?.ns.key())
        } else {
            let at = scene.find(&reference.to_string())?;
            let machine = scene.machines.iter().position(|m| std::ptr::eq(m, at.machine));
            (machine.unwrap_or_default(), at.space.key())
        };
        // It may have ended between the two looks.
        index.spaces.get(&(machine, key)).copied().ok_or_else(|| {
            Error::new(Exit::Missing, format!("namespace {reference} could not be read"))
        })
    };
    references.iter().map(one).collect()
}

/// The part of a picture around some namespaces. What they are joined to is shown
/// with them; of what that is joined to, only hosts.
pub fn around(mut picture: Picture, chosen: &BTreeSet<SpaceId>) -> Picture {
    let shown = shown(&picture, chosen);
    let is_shown = |picture: &Picture, card: CardId| shown.contains(&picture.cards[card].space);
    let cables = std::mem::take(&mut picture.cables);
    for cable in cables {
        let [a, b] = cable.ends;
        match [a, b].map(|card| is_shown(&picture, card)) {
            [true, true] => picture.cables.push(cable),
            [true, false] => note(&mut picture, a, b),
            [false, true] => note(&mut picture, b, a),
            [false, false] => {}
        }
    }
    let tunnels = std::mem::take(&mut picture.tunnels);
    picture.tunnels = tunnels
        .into_iter()
        .filter(|t| t.ends.iter().all(|end| is_shown(&picture, end.card)))
        .collect();
    let mut remotes = std::mem::take(&mut picture.remotes);
    for remote in &mut remotes {
        remote.known_by.retain(|(card, _)| chosen.contains(&picture.cards[*card].space));
    }
    remotes.retain(|remote| !remote.known_by.is_empty());
    picture.remotes = remotes;
    for frame in &mut picture.frames {
        frame.hub = frame.hub.filter(|id| shown.contains(id));
        frame.overlays.retain(|id| shown.contains(id));
        frame.others.retain(|id| shown.contains(id));
    }
    picture.frames.retain(|frame| frame.spaces().next().is_some());
    for card in &mut picture.cards {
        card.is_hidden = !shown.contains(&card.space);
    }
    picture.loose.retain(|id| shown.contains(id));
    picture
}

/// A cable that leads out of the part: its other end in words.
fn note(picture: &mut Picture, card: CardId, far: CardId) {
    let text = format!("⇄ {}", picture.place(far));
    picture.cards[card].details.push(Detail { text, bad: false });
}

fn shown(picture: &Picture, chosen: &BTreeSet<SpaceId>) -> BTreeSet<SpaceId> {
    let space = |card: CardId| picture.cards[card].space;
    let cables = picture.cables.iter().map(|c| c.ends.map(space));
    let tunnels = picture.tunnels.iter().map(|t| [space(t.ends[0].card), space(t.ends[1].card)]);
    let mut shown = chosen.clone();
    for [a, b] in cables.chain(tunnels) {
        if chosen.contains(&a) || chosen.contains(&b) {
            shown.extend([a, b]);
        }
    }
    // An overlay stands in its host, whichever way it came in.
    for frame in &picture.frames {
        let has_overlay = frame.overlays.iter().any(|id| shown.contains(id));
        let is_host = frame.hub.is_some_and(|id| chosen.contains(&id));
        if has_overlay {
            shown.extend(frame.hub);
        }
        if is_host {
            shown.extend(&frame.overlays);
        }
    }
    shown
}
