//! Whose the ids are that devices name. An id says nothing outside the namespace
//! that gave it, and the kernel answers about one pair of namespaces at a time:
//! with hundreds of them it matters whom to ask about first.

use std::collections::{BTreeMap, BTreeSet};

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::Link;
use ovl_core::netns::{NetNs, NsKey, visit};
use ovl_core::state::{NsState, Reader};

use super::Machine;
use crate::discover::Found;

/// The ids by which one namespace knows others.
pub(super) type Ids = BTreeMap<i32, NsKey>;

/// Is an id of the reader's namespace that of `own`, the caller's? Most cables
/// of most namespaces lead there, so that it is asked while they are read.
pub(super) fn own_id<K: Kernel>(
    reader: &mut Reader<'_, K>,
    state: &NsState,
    own: &NetNs,
) -> Result<Ids, Fail> {
    let named = named_ids(state);
    if named.is_empty() {
        return Ok(Ids::new());
    }
    let id = reader.nsid_of(own)?.filter(|id| named.contains(id));
    Ok(id.map(|id| (id, own.key())).into_iter().collect())
}

/// The ids that a namespace's devices name.
fn named_ids(state: &NsState) -> BTreeSet<i32> {
    state.links.iter().filter_map(|l| l.peer.nsid).filter(|id| *id >= 0).collect()
}

/// Where a device is, and the id that it names.
type End = (NsKey, Option<i32>);

/// The devices that name another end, by their own index and that end's.
struct Ends(BTreeMap<(u32, u32), Vec<End>>);

impl Ends {
    fn of(machine: &Machine) -> Ends {
        let mut ends = BTreeMap::new();
        for space in machine.spaces.values() {
            let links = space.state.links.iter().filter(|link| link.names_other_end());
            for (link, other) in links.filter_map(|link| Some((link, link.peer.index?))) {
                let there: &mut Vec<_> = ends.entry((link.index, other)).or_default();
                there.push((space.key(), link.peer.nsid));
            }
        }
        Ends(ends)
    }

    /// The devices that look like the other end of `link`: they have the index
    /// that it names, and name its own.
    fn facing(&self, link: &Link) -> impl Iterator<Item = End> + '_ {
        let other = link.peer.index.filter(|_| link.peer.nsid.is_some() && link.names_other_end());
        let there = other.and_then(|other| self.0.get(&(other, link.index)));
        there.into_iter().flatten().copied()
    }
}

impl Machine {
    /// Finds whose the ids are that devices name. `closed` are the namespaces
    /// that are known and could not be read.
    pub(super) fn join_nsids<K: Kernel>(
        &mut self,
        kernel: &K,
        closed: &BTreeMap<NsKey, Found>,
    ) -> Result<(), Fail> {
        let ends = Ends::of(self);
        self.join_cables(&ends);
        let wanting: Vec<(NsKey, BTreeSet<i32>)> =
            self.spaces.keys().map(|key| (*key, self.unknown_ids(*key))).collect();
        let wanting: Vec<_> = wanting.into_iter().filter(|(_, ids)| !ids.is_empty()).collect();
        let visited = visit(
            wanting.len(),
            |n| self.spaces[&wanting[n].0].found.open(),
            |n, _| self.ask(kernel, &wanting[n], &ends, closed),
        )?;
        for ((key, _), ids) in wanting.into_iter().zip(visited) {
            // It may have ended since it was read.
            let Some(Ok((known, unknown))) = ids else { continue };
            self.unseen.extend(unknown.into_iter().map(|id| (key, id)));
            if let Some(space) = self.spaces.get_mut(&key) {
                space.nsids.extend(known);
            }
        }
        Ok(())
    }

    fn unknown_ids(&self, key: NsKey) -> BTreeSet<i32> {
        let space = &self.spaces[&key];
        let mut ids = named_ids(&space.state);
        ids.retain(|id| !space.nsids.contains_key(id));
        ids
    }

    /// Learns ids from cables that were followed from their other end: where one
    /// namespace is known to another and a device in each names the other, those
    /// are the two ends of one cable, and the id at the far end is that of the
    /// near end's namespace.
    fn join_cables(&mut self, ends: &Ends) {
        let mut learned = Vec::new();
        for space in self.spaces.values().filter(|space| !space.nsids.is_empty()) {
            for link in &space.state.links {
                let Some(far) = link.peer.nsid.and_then(|id| space.nsids.get(&id)) else {
                    continue;
                };
                let back = ends.facing(link).filter(|(key, _)| key == far);
                learned.extend(back.filter_map(|(_, id)| Some((*far, id?, space.key()))));
            }
        }
        for (far, id, key) in learned {
            if let Some(space) = self.spaces.get_mut(&far) {
                space.nsids.insert(id, key);
            }
        }
    }

    /// Asks in one namespace whose its ids are: those whose namespace was found,
    /// and those that stay unknown. Other ends only say whom to ask about first.
    fn ask<K: Kernel>(
        &self,
        kernel: &K,
        (at, ids): &(NsKey, BTreeSet<i32>),
        ends: &Ends,
        closed: &BTreeMap<NsKey, Found>,
    ) -> Result<(Ids, BTreeSet<i32>), Fail> {
        let space = &self.spaces[at];
        let mut reader = Reader::here(kernel)?;
        let (mut known, mut ids) = (Ids::new(), ids.clone());
        let mut asked: BTreeSet<NsKey> = space.nsids.values().copied().collect();
        let likely =
            space.state.links.iter().flat_map(|link| ends.facing(link)).map(|(key, _)| key);
        for key in likely.chain(self.spaces.keys().copied()).chain(closed.keys().copied()) {
            if ids.is_empty() {
                break;
            }
            if !asked.insert(key) {
                continue;
            }
            let found = self.spaces.get(&key).map(|s| &s.found).or_else(|| closed.get(&key));
            let Some(other) = found.and_then(Found::open) else { continue };
            if let Some(id) = reader.nsid_of(&other)?
                && ids.remove(&id)
            {
                known.insert(id, key);
            }
        }
        Ok((known, ids))
    }
}
