//! The machine in outline: devices alone, and namespaces that nobody can open
//! but that others know by an id. What a list of namespaces needs.

use std::collections::{BTreeMap, BTreeSet};

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::Link;
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::{NsState, Reader};

use super::{Machine, Space, in_parts};
use crate::discover::{Discovery, Found};

/// A namespace that has no file, no process and no socket that can be seen from
/// here: others know it by an id.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// Which namespaces know it, each by which id. The first is asked about it.
    pub known_by: Vec<(NsKey, i32)>,
    /// Its devices, as far as the kernel tells them by the id.
    pub links: Option<Vec<Link>>,
}

/// What is there, in outline.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// The namespaces that could be entered, with their devices and nothing else.
    pub machine: Machine,
    /// Those that are known by an id alone, each once.
    pub unseen: Vec<Unseen>,
}

impl Outline {
    /// Reads the devices of every namespace that was found, and settles whose
    /// the ids are that they and the kernel name. Assigns none.
    pub fn gather<K: Kernel>(kernel: &K, discovery: &Discovery) -> Result<Outline, Fail> {
        let mut machine = Machine::of_this_host()?;
        let open: Vec<(&Found, NetNs)> =
            discovery.namespaces.values().filter_map(|f| f.open().map(|ns| (f, ns))).collect();
        let namespaces: Vec<&NetNs> = open.iter().map(|(_, ns)| ns).collect();
        let states = in_parts(&namespaces, |ns| read(kernel, ns))?;
        let mut given: BTreeMap<NsKey, BTreeSet<i32>> = BTreeMap::new();
        for ((found, _), state) in open.iter().zip(states) {
            match state {
                Ok((cookie, links, ids)) => {
                    let state = NsState { links, ..NsState::default() };
                    let found = (*found).clone();
                    given.insert(found.key, ids);
                    let space = Space { found, cookie, state, ..Space::default() };
                    machine.spaces.insert(space.key(), space);
                }
                Err(why) => machine.unread.push((found.key, why.to_string())),
            }
        }
        let open: BTreeMap<NsKey, NetNs> = open.into_iter().map(|(f, ns)| (f.key, ns)).collect();
        machine.join_nsids(kernel, &open)?;
        machine.join_given(kernel, &open, given)?;
        let unseen = machine.each_unseen(kernel, &open)?;
        Ok(Outline { machine, unseen })
    }
}

impl Machine {
    /// Finds whose the ids are that no device names.
    fn join_given<K: Kernel>(
        &mut self,
        kernel: &K,
        open: &BTreeMap<NsKey, NetNs>,
        given: BTreeMap<NsKey, BTreeSet<i32>>,
    ) -> Result<(), Fail> {
        for (key, mut ids) in given {
            let Some(space) = self.spaces.get_mut(&key) else { continue };
            ids.retain(|id| !space.nsids.contains_key(id) && !self.unseen.contains(&(key, *id)));
            let Some(ns) = open.get(&key).filter(|_| !ids.is_empty()) else { continue };
            let mut reader = Reader::open(kernel, ns)?;
            for (other, file) in open {
                if ids.is_empty() {
                    break;
                }
                if let Some(id) = reader.nsid_of(file)?
                    && ids.remove(&id)
                {
                    space.nsids.insert(id, *other);
                }
            }
            self.unseen.extend(ids.into_iter().map(|id| (key, id)));
        }
        Ok(())
    }

    /// The ids that stay unknown, those of one namespace together, with what the
    /// kernel tells by them.
    fn each_unseen<K: Kernel>(
        &self,
        kernel: &K,
        open: &BTreeMap<NsKey, NetNs>,
    ) -> Result<Vec<Unseen>, Fail> {
        let mut each: Vec<Unseen> = Vec::new();
        for (key, id) in &self.unseen {
            let Some(ns) = open.get(key) else { continue };
            let mut reader = Reader::open(kernel, ns)?;
            let mut same = None;
            for (at, other) in each.iter().enumerate() {
                if is_same(&mut reader, *id, other, open)? {
                    same = Some(at);
                    break;
                }
            }
            match same {
                Some(at) => each[at].known_by.push((*key, *id)),
                None => each.push(Unseen {
                    known_by: vec![(*key, *id)],
                    links: reader.links_there(*id).ok(),
                }),
            }
        }
        Ok(each)
    }
}

/// Is the namespace that `reader`'s knows as `id` this other one? The kernel
/// says what it is called in a third that knows the other one: so that one has
/// to be known here as well.
fn is_same<K: Kernel>(
    reader: &mut Reader<'_, K>,
    id: i32,
    other: &Unseen,
    open: &BTreeMap<NsKey, NetNs>,
) -> Result<bool, Fail> {
    for (knower, number) in &other.known_by {
        let Some(file) = open.get(knower) else { continue };
        let Some(there) = reader.nsid_of(file)? else { continue };
        // Refused, or one that ended meanwhile: then it cannot be told.
        if reader.nsid_in(there, id).is_ok_and(|found| found == Some(*number)) {
            return Ok(true);
        }
    }
    Ok(false)
}

type Read = (Option<u64>, Vec<Link>, BTreeSet<i32>);

fn read<K: Kernel>(kernel: &K, ns: &NetNs) -> Result<Read, Fail> {
    let mut reader = Reader::open(kernel, ns)?;
    let links = reader.links(false)?;
    let ids = reader.nsids()?;
    Ok((reader.cookie().ok(), links, ids.into_iter().collect()))
}
