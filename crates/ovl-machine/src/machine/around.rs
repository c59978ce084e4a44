//! A part of the machine: some namespaces, and those their devices lead to. What
//! a view of one namespace needs, without reading all the others.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;

use super::{Machine, Part, Space, read};
use crate::discover::{Discovery, Found, Search};
use crate::joins;

impl Machine {
    /// Reads the given namespaces, and the devices of those at the other ends of
    /// their cables.
    pub fn around<K: Kernel>(
        kernel: &K,
        search: &Search,
        wanted: &[&NetNs],
        part: Part,
    ) -> Result<Machine, Fail> {
        let mut machine = Machine::of_this_host()?;
        let mut known = Known { search, first: search.first(), all: None };
        for ns in wanted {
            machine.add(kernel, known.find(ns.key(), machine.own), ns, part)?;
        }
        for ns in wanted {
            machine.follow(kernel, &mut known, ns)?;
        }
        Ok(machine)
    }

    fn add<K: Kernel>(
        &mut self,
        kernel: &K,
        found: Found,
        ns: &NetNs,
        part: Part,
    ) -> Result<(), Fail> {
        if let Entry::Vacant(entry) = self.spaces.entry(ns.key()) {
            let (cookie, state, peers) = read(kernel, ns, part)?;
            entry.insert(Space { found, cookie, state, nsids: BTreeMap::new(), peers });
        }
        Ok(())
    }

    /// Finds and reads the namespaces that one namespace's devices name by id.
    fn follow<K: Kernel>(
        &mut self,
        kernel: &K,
        known: &mut Known<'_>,
        ns: &NetNs,
    ) -> Result<(), Fail> {
        let links = &self.spaces[&ns.key()].state.links;
        let mut ids: Vec<i32> =
            links.iter().filter_map(|l| l.peer.nsid).filter(|id| *id >= 0).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        let mut reader = Reader::open(kernel, ns)?;
        for id in ids {
            // Most other ends are in a namespace with a name.
            let far = match joins::by_nsid(&mut reader, id, &known.first)? {
                Some((found, far)) => Some((found.clone(), far)),
                None => joins::by_nsid(&mut reader, id, known.all())?
                    .map(|(found, far)| (found.clone(), far)),
            };
            let Some((found, far)) = far else {
                self.unseen.push((ns.key(), id));
                continue;
            };
            // One that may not be entered is known, and not shown.
            if let Err(why) = self.add(kernel, found, &far, Part::Ends) {
                self.unread.push((far.key(), why.to_string()));
                continue;
            }
            if let Some(space) = self.spaces.get_mut(&ns.key()) {
                space.nsids.insert(id, far.key());
            }
        }
        Ok(())
    }
}

/// What has been searched so far: names first, everything only when it is needed.
struct Known<'s> {
    search: &'s Search,
    first: Discovery,
    all: Option<Discovery>,
}

impl Known<'_> {
    fn all(&mut self) -> &Discovery {
        let search = self.search;
        if search.whole {
            return &self.first;
        }
        self.all.get_or_insert_with(|| search.all())
    }

    fn find(&mut self, key: NsKey, own: NsKey) -> Found {
        let nothing = || Found { key, ..Found::default() };
        match self.first.namespaces.get(&key) {
            Some(found) => found.clone(),
            // The caller's own needs no search: it is `self`.
            None if key == own => nothing(),
            None => self.all().namespaces.get(&key).cloned().unwrap_or_else(nothing),
        }
    }
}
