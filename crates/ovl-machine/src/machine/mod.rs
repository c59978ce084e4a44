//! The whole machine, read once: every namespace that can be found, what is in
//! it, and which of the others it knows by which id. Views work on this value
//! and ask nothing more; it can be saved and looked at elsewhere.

mod around;
pub mod ends;
pub mod outline;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::{Kind, Link};
use ovl_core::netns::{NetNs, NsKey, visit};
use ovl_core::state::{NsState, Reader};
use serde::{Deserialize, Serialize};

use crate::discover::{Discovery, Found, Search, short_names};

/// The version of the saved form. It is raised when a reader of the old form
/// would misread the new one; a field that is added does not raise it.
pub const SCHEMA: u32 = 1;

/// One namespace of the machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// How it was found.
    pub found: Found,
    /// The kernel's cookie.
    pub cookie: Option<u64>,
    /// What is in it.
    pub state: NsState,
    /// The ids by which it knows others, as far as its devices name them.
    #[serde(default)]
    pub nsids: BTreeMap<i32, NsKey>,
    /// The other ends of its cables as the driver numbers them, by device.
    #[serde(default)]
    pub peers: BTreeMap<u32, u32>,
}

impl Space {
    /// Its key.
    pub fn key(&self) -> NsKey {
        self.found.key
    }
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Version of the saved form: [`SCHEMA`].
    pub schema: u32,
    /// Its host name.
    pub host: String,
    /// The kernel's id of this boot: two snapshots of one boot can be compared.
    pub boot_id: String,
    /// The kernel's release.
    pub kernel: String,
    /// When it was read: seconds since 1970, UTC.
    pub time: u64,
    /// The namespace of whoever read it.
    pub own: NsKey,
    /// Its namespaces.
    #[serde(with = "as_list")]
    pub spaces: BTreeMap<NsKey, Space>,
    /// Namespaces that are there and could not be read, with the reason.
    #[serde(default)]
    pub unread: Vec<(NsKey, String)>,
    /// Namespaces that are known only by an id: which one knows it, and the id.
    #[serde(default)]
    pub unseen: Vec<(NsKey, i32)>,
    /// Processes that could not be looked at.
    #[serde(default)]
    pub hidden: usize,
    /// The procfs listed no processes of others.
    #[serde(default)]
    pub hides: bool,
    /// Names of Docker's networks by id, as far as the engine told them.
    #[serde(default)]
    pub networks: BTreeMap<String, String>,
    /// Folders and files of names that could not be opened.
    #[serde(default)]
    pub closed: Vec<PathBuf>,
}

impl Machine {
    /// Reads every namespace that `search` finds. One that ends meanwhile is no
    /// error: it is simply not there. Reading changes nothing; no id is assigned.
    pub fn gather<K: Kernel>(kernel: &K, search: &Search) -> Result<Machine, Fail> {
        Machine::read_all(kernel, search.all())
    }

    /// The same, of what a search has found.
    pub fn read_all<K: Kernel>(kernel: &K, discovery: Discovery) -> Result<Machine, Fail> {
        let mut machine = Machine::of_this_host()?;
        machine.hidden = discovery.hidden;
        machine.hides = discovery.hides;
        machine.closed.clone_from(&discovery.closed);
        let open: Vec<(Found, NetNs)> = discovery
            .namespaces
            .into_values()
            .filter_map(|found| found.open().map(|ns| (found, ns)))
            .collect();
        let namespaces: Vec<&NetNs> = open.iter().map(|(_, ns)| ns).collect();
        let states = in_parts(&namespaces, |ns| read(kernel, ns))?;
        for ((found, _), state) in open.iter().zip(states) {
            match state {
                Ok((cookie, state, peers)) => {
                    let (found, nsids) = (found.clone(), BTreeMap::new());
                    let space = Space { found, cookie, state, nsids, peers };
                    machine.spaces.insert(space.key(), space);
                }
                Err(why) => machine.unread.push((found.key, why.to_string())),
            }
        }
        let open: BTreeMap<NsKey, NetNs> = open.into_iter().map(|(f, ns)| (f.key, ns)).collect();
        machine.join_nsids(kernel, &open)?;
        Ok(machine)
    }

    fn of_this_host() -> Result<Machine, Fail> {
        let line = |path: &str| {
            fs::read_to_string(path).map(|s| s.trim_end().to_owned()).unwrap_or_default()
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Ok(Machine {
            schema: SCHEMA,
            host: line("/proc/sys/kernel/hostname"),
            boot_id: line("/proc/sys/kernel/random/boot_id"),
            kernel: line("/proc/sys/kernel/osrelease"),
            time: now.map(|d| d.as_secs()).unwrap_or_default(),
            own: NetNs::own().map_err(|e| Fail::Unreadable(e.to_string()))?.key(),
            ..Machine::default()
        })
    }

    /// Finds whose the ids are that devices name.
    fn join_nsids<K: Kernel>(
        &mut self,
        kernel: &K,
        open: &BTreeMap<NsKey, NetNs>,
    ) -> Result<(), Fail> {
        let wanting: Vec<NsKey> = self
            .spaces
            .values()
            .filter(|s| s.state.links.iter().any(|l| l.peer.nsid.is_some_and(|id| id >= 0)))
            .map(Space::key)
            .collect();
        let namespaces: Vec<&NetNs> = wanting.iter().filter_map(|k| open.get(k)).collect();
        let by_index = self.by_index();
        let found = in_parts(&namespaces, |ns| self.ids_in(kernel, ns, open, &by_index))?;
        for (key, ids) in wanting.into_iter().zip(found) {
            // It may have ended since it was read.
            let Ok((known, unknown)) = ids else { continue };
            self.unseen.extend(unknown.into_iter().map(|id| (key, id)));
            if let Some(space) = self.spaces.get_mut(&key) {
                space.nsids = known;
            }
        }
        Ok(())
    }

    /// The namespaces that have a device with a given index.
    fn by_index(&self) -> BTreeMap<u32, Vec<NsKey>> {
        let mut by_index: BTreeMap<u32, Vec<NsKey>> = BTreeMap::new();
        for space in self.spaces.values() {
            for link in &space.state.links {
                by_index.entry(link.index).or_default().push(space.key());
            }
        }
        by_index
    }

    /// The ids that one namespace's devices name: those whose namespace was
    /// found, and those that stay unknown. Every one is settled by asking the
    /// kernel; the other ends only say whom to ask first, so that a machine with
    /// hundreds of namespaces needs one question an id and not one for each pair.
    fn ids_in<K: Kernel>(
        &self,
        kernel: &K,
        ns: &NetNs,
        open: &BTreeMap<NsKey, NetNs>,
        by_index: &BTreeMap<u32, Vec<NsKey>>,
    ) -> Result<(BTreeMap<i32, NsKey>, Vec<i32>), Fail> {
        let mut reader = Reader::open(kernel, ns)?;
        let mut known: BTreeMap<i32, NsKey> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        let links = &self.spaces[&ns.key()].state.links;
        let mut ids: BTreeSet<i32> =
            links.iter().filter_map(|l| l.peer.nsid).filter(|id| *id >= 0).collect();
        let likely = links.iter().flat_map(|link| self.likely(ns.key(), link, by_index));
        for key in likely.chain(open.keys().copied()) {
            if ids.is_empty() {
                break;
            }
            if !asked.insert(key) {
                continue;
            }
            let Some(other) = open.get(&key) else { continue };
            if let Some(id) = reader.nsid_of(other)?
                && ids.remove(&id)
            {
                known.insert(id, key);
            }
        }
        Ok((known, ids.into_iter().collect()))
    }

    /// Namespaces in which a device stands that looks like the other end of
    /// `link`: it has the index that `link` names, and names `link`'s.
    fn likely<'a>(
        &'a self,
        at: NsKey,
        link: &'a Link,
        by_index: &'a BTreeMap<u32, Vec<NsKey>>,
    ) -> impl Iterator<Item = NsKey> + 'a {
        let index = link.peer.index.filter(|_| link.peer.nsid.is_some() && link.names_other_end());
        let candidates = index.and_then(|i| by_index.get(&i)).into_iter().flatten().copied();
        candidates.filter(move |key| {
            let there = self.spaces[key].state.link_at(index.unwrap_or_default());
            *key != at && there.is_some_and(|l| l.peer.index == Some(link.index))
        })
    }

    /// The namespace in which a device's other end, or a VXLAN device's socket,
    /// is; `None` when it is none of those that were found.
    pub fn far_space(&self, at: NsKey, link: &Link) -> Option<NsKey> {
        match link.peer.nsid {
            None => Some(at),
            Some(id) => self.spaces.get(&at)?.nsids.get(&id).copied(),
        }
    }

    /// The device of the socket's namespace that a VXLAN device is tied to.
    pub fn underlay_device(&self, at: NsKey, link: &Link) -> Option<&Link> {
        let Kind::Vxlan { dev: Some(index), .. } = link.kind else { return None };
        let key = self.far_space(at, link)?;
        self.spaces.get(&key)?.state.link_at(index)
    }

    /// VXLAN devices elsewhere whose socket is in this namespace.
    pub fn sockets_in(&self, key: NsKey) -> impl Iterator<Item = (&Space, &Link)> {
        self.spaces.values().filter(move |s| s.key() != key).flat_map(move |s| {
            s.state
                .vxlans()
                .filter(move |l| self.far_space(s.key(), l) == Some(key))
                .map(move |l| (s, l))
        })
    }

    /// What each namespace is called in a view.
    pub fn names(&self) -> BTreeMap<NsKey, String> {
        short_names(self.spaces.values().map(|s| &s.found), self.own)
    }
}

/// What is read of one namespace: its cookie, its state, the driver's numbers.
type Read = (Option<u64>, NsState, BTreeMap<u32, u32>);

/// Reads one namespace.
fn read<K: Kernel>(kernel: &K, ns: &NetNs) -> Result<Read, Fail> {
    let mut reader = Reader::open(kernel, ns)?;
    let state = NsState {
        links: reader.links(true)?,
        addrs: reader.addrs()?,
        routes: reader.routes()?,
        neighs: reader.neighs(None)?,
        fdb: reader.fdb(None)?,
    };
    let peers = ends::driver_peers(ns, &state.links);
    Ok((reader.cookie().ok(), state, peers))
}

/// What came of each namespace: whether it was entered, and what `f` said there.
type Visited<T> = Vec<Result<Result<T, Fail>, Fail>>;

/// Visits namespaces, one thread for each processor.
fn in_parts<T: Send>(
    namespaces: &[&NetNs],
    f: impl Fn(&NetNs) -> Result<T, Fail> + Send + Sync,
) -> Result<Vec<Result<T, Fail>>, Fail> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let size = namespaces.len().div_ceil(workers).max(1);
    let mut all = Vec::with_capacity(namespaces.len());
    let parts: Vec<Result<Visited<T>, Fail>> = std::thread::scope(|scope| {
        let each: Vec<_> = namespaces
            .chunks(size)
            .map(|part| {
                let f = &f;
                scope.spawn(move || visit(part, |i| f(part[i])))
            })
            .collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        each.into_iter().map(join).collect()
    });
    for part in parts {
        all.extend(part?.into_iter().map(|inside| inside.and_then(|result| result)));
    }
    Ok(all)
}

mod as_list {
    //! JSON has no maps by number: the namespaces are saved as a list.

    use std::collections::BTreeMap;

    use ovl_core::netns::NsKey;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Space;

    pub fn serialize<S: Serializer>(
        spaces: &BTreeMap<NsKey, Space>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        spaces.values().collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<NsKey, Space>, D::Error> {
        let spaces = Vec::<Space>::deserialize(deserializer)?;
        Ok(spaces.into_iter().map(|s| (s.key(), s)).collect())
    }
}
