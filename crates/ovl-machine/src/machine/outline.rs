//! The machine in outline: devices alone, and namespaces that nobody can open
//! but that others know by an id. What a list of namespaces needs.

use std::collections::{BTreeMap, BTreeSet};

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::Link;
use ovl_core::netns::{NetNs, NsKey, visit};
use ovl_core::state::{NsState, Reader};

use super::{Machine, Space};
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
        let all: Vec<&Found> = discovery.namespaces.values().collect();
        let visited = visit(all.len(), |n| all[n].open(), |_, _| read(kernel))?;
        let mut given: BTreeMap<NsKey, BTreeSet<i32>> = BTreeMap::new();
        let mut closed = BTreeMap::new();
        for (found, visited) in all.into_iter().zip(visited) {
            match visited {
                None => machine.unread.extend(found.hidden_by().map(|why| (found.key, why))),
                Some(Ok((cookie, links, ids))) => {
                    let state = NsState { links, ..NsState::default() };
                    given.insert(found.key, ids);
                    let found = found.clone();
                    let space = Space { found, cookie, state, ..Space::default() };
                    machine.spaces.insert(space.key(), space);
                }
                Some(Err(why)) => {
                    machine.unread.push((found.key, why.to_string()));
                    closed.insert(found.key, found.clone());
                }
            }
        }
        machine.join_nsids(kernel, &closed)?;
        machine.join_given(kernel, given, &closed)?;
        let each = machine.each_unseen(kernel)?;
        let unseen = each.into_iter().map(|known_by| machine.told(kernel, known_by));
        let unseen = unseen.collect::<Result<_, _>>()?;
        Ok(Outline { machine, unseen })
    }
}

impl Machine {
    /// Finds whose the ids are that no device names.
    pub(super) fn join_given<K: Kernel>(
        &mut self,
        kernel: &K,
        given: BTreeMap<NsKey, BTreeSet<i32>>,
        closed: &BTreeMap<NsKey, Found>,
    ) -> Result<(), Fail> {
        for (key, mut ids) in given {
            let known = &self.spaces[&key].nsids;
            ids.retain(|id| !known.contains_key(id) && !self.unseen.contains(&(key, *id)));
            if ids.is_empty() {
                continue;
            }
            let Some(ns) = self.open(key) else { continue };
            let mut reader = Reader::open(kernel, &ns)?;
            let mut found = BTreeMap::new();
            let read = self.spaces.values().map(|space| &space.found);
            for other in read.chain(closed.values()) {
                if ids.is_empty() {
                    break;
                }
                let Some(file) = other.open() else { continue };
                if let Some(id) = reader.nsid_of(&file)?
                    && ids.remove(&id)
                {
                    found.insert(id, other.key);
                }
            }
            if let Some(space) = self.spaces.get_mut(&key) {
                space.nsids.extend(found);
            }
            self.unseen.extend(ids.into_iter().map(|id| (key, id)));
        }
        Ok(())
    }

    fn open(&self, key: NsKey) -> Option<NetNs> {
        self.spaces.get(&key)?.found.open()
    }

    /// The ids that stay unknown, those of one namespace together.
    pub(super) fn each_unseen<K: Kernel>(&self, kernel: &K) -> Result<Vec<Ids>, Fail> {
        let mut each: Vec<Ids> = Vec::new();
        for (key, id) in &self.unseen {
            let Some(ns) = self.open(*key) else { continue };
            let mut reader = Reader::open(kernel, &ns)?;
            let mut same = None;
            for (at, other) in each.iter().enumerate() {
                if self.is_same(&mut reader, *id, other)? {
                    same = Some(at);
                    break;
                }
            }
            match same {
                Some(at) => each[at].push((*key, *id)),
                None => each.push(vec![(*key, *id)]),
            }
        }
        Ok(each)
    }

    /// What the kernel tells of such a namespace to the first that knows it.
    fn told<K: Kernel>(&self, kernel: &K, known_by: Ids) -> Result<Unseen, Fail> {
        let first = known_by.first().and_then(|(key, id)| Some((self.open(*key)?, *id)));
        let links = match first {
            Some((ns, id)) => Reader::open(kernel, &ns)?.links_there(id).ok(),
            None => None,
        };
        Ok(Unseen { known_by, links })
    }

    /// Is the namespace that `reader`'s knows as `id` this other one? The kernel
    /// says what it is called in a third that knows the other one: so that one has
    /// to be known here as well.
    fn is_same<K: Kernel>(
        &self,
        reader: &mut Reader<'_, K>,
        id: i32,
        other: &Ids,
    ) -> Result<bool, Fail> {
        for (knower, number) in other {
            let Some(file) = self.open(*knower) else { continue };
            let Some(there) = reader.nsid_of(&file)? else { continue };
            // Refused, or one that ended meanwhile: then it cannot be told.
            if reader.nsid_in(there, id).is_ok_and(|found| found == Some(*number)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Who knows one namespace, and by which id.
type Ids = Vec<(NsKey, i32)>;

type Read = (Option<u64>, Vec<Link>, BTreeSet<i32>);

/// Reads the calling thread's namespace.
fn read<K: Kernel>(kernel: &K) -> Result<Read, Fail> {
    let mut reader = Reader::here(kernel)?;
    let links = reader.links(false)?;
    let ids = reader.nsids()?;
    Ok((reader.cookie().ok(), links, ids.into_iter().collect()))
}
