//! The whole machine, read once: every namespace that can be found, what is in
//! it, and which of the others it knows by which id. Views work on this value
//! and ask nothing more.

use std::collections::{BTreeMap, BTreeSet};

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::{Kind, Link};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::{NsState, Reader};

use crate::discover::{Found, Search};
use crate::joins::{Peer, as_peer};

/// One namespace of the machine.
#[derive(Debug, Clone)]
pub struct Space {
    /// How it was found.
    pub found: Found,
    /// The kernel's cookie.
    pub cookie: Option<u64>,
    /// What is in it.
    pub state: NsState,
    /// The ids by which it knows others, as far as its devices name them.
    pub nsids: BTreeMap<i32, NsKey>,
}

/// The machine.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The caller's own namespace.
    pub own: NsKey,
    /// Its namespaces, by key.
    pub spaces: BTreeMap<NsKey, Space>,
    /// Namespaces that are there and could not be read.
    pub unread: Vec<(NsKey, String)>,
    /// Processes that could not be looked at.
    pub hidden: usize,
}

impl Machine {
    /// Reads every namespace that `search` finds. A namespace that ends
    /// meanwhile is no error: it is simply not there.
    pub fn gather<K: Kernel>(kernel: &K, search: &Search) -> Result<Machine, Fail> {
        let own = NetNs::own().map_err(|e| Fail::Unreadable(e.to_string()))?.key();
        let discovery = search.all();
        let mut machine = Machine { own, hidden: discovery.hidden, ..Machine::default() };
        let mut open: Vec<(NsKey, NetNs)> = Vec::new();
        for (key, found) in discovery.namespaces {
            let Some(ns) = found.open() else { continue };
            match read(kernel, &ns) {
                Ok((cookie, state)) => {
                    let nsids = BTreeMap::new();
                    machine.spaces.insert(key, Space { found, cookie, state, nsids });
                    open.push((key, ns));
                }
                Err(why) => machine.unread.push((key, why.to_string())),
            }
        }
        for (key, ns) in &open {
            machine.join_nsids(kernel, *key, ns, &open)?;
        }
        Ok(machine)
    }

    /// Finds whose the ids are that the devices of one namespace name.
    fn join_nsids<K: Kernel>(
        &mut self,
        kernel: &K,
        key: NsKey,
        ns: &NetNs,
        open: &[(NsKey, NetNs)],
    ) -> Result<(), Fail> {
        let Some(space) = self.spaces.get_mut(&key) else { return Ok(()) };
        let mut wanted: BTreeSet<i32> =
            space.state.links.iter().filter_map(|l| l.peer.nsid).filter(|id| *id >= 0).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut reader = Reader::open(kernel, ns)?;
        for (other, other_ns) in open {
            if let Some(id) = reader.nsid_of(other_ns)?
                && wanted.remove(&id)
            {
                space.nsids.insert(id, *other);
                if wanted.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The namespace in which a device's other end, or a VXLAN device's socket,
    /// is; `None` when it is none of those that were found.
    pub fn far_space(&self, at: NsKey, link: &Link) -> Option<NsKey> {
        match link.peer.nsid {
            None => Some(at),
            Some(id) => self.spaces.get(&at)?.nsids.get(&id).copied(),
        }
    }

    /// The other end of a device's cable, where it has one that was found.
    pub fn peer(&self, at: NsKey, link: &Link) -> Option<Peer> {
        if !link.names_other_end() || matches!(link.kind, Kind::Vxlan { .. }) {
            return None;
        }
        let key = self.far_space(at, link)?;
        let links = &self.spaces.get(&key)?.state.links;
        let index = link.peer.index?;
        links.iter().find(|l| l.index == index).map(|l| as_peer(key, l, links))
    }
}

fn read<K: Kernel>(kernel: &K, ns: &NetNs) -> Result<(Option<u64>, NsState), Fail> {
    let mut reader = Reader::open(kernel, ns)?;
    let state = NsState {
        links: reader.links(true)?,
        addrs: reader.addrs()?,
        routes: reader.routes()?,
        neighs: reader.neighs(None)?,
        fdb: reader.fdb(None)?,
    };
    Ok((reader.cookie().ok(), state))
}
