//! The whole machine, read once: every namespace that can be found, what is in
//! it, and which of the others it knows by which id. Views work on this value
//! and ask nothing more; it can be saved and looked at elsewhere.

mod around;
pub mod ends;
mod nsids;
pub mod outline;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::{Kind, Link};
use ovl_core::names::write_paths;
use ovl_core::netns::{NetNs, NsKey, OpenError, visit};
use ovl_core::state::{LongTables, NsState, Reader};
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
    /// The same, those of one namespace together: several may know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_id: Vec<Vec<(NsKey, i32)>>,
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
    #[serde(default, serialize_with = "write_paths")]
    pub closed: Vec<PathBuf>,
}

impl Machine {
    /// Reads every namespace that `search` finds. One that ends meanwhile is no
    /// error: it is simply not there. Reading changes nothing; no id is asked for. Those
    /// that a listing of devices prints, the kernel gives by itself.
    pub fn gather<K: Kernel>(kernel: &K, search: &Search) -> Result<Machine, Fail> {
        Machine::read_all(kernel, search.all())
    }

    /// The same, of what a search has found.
    pub fn read_all<K: Kernel>(kernel: &K, discovery: Discovery) -> Result<Machine, Fail> {
        let mut machine = Machine::of_this_host()?;
        machine.hidden = discovery.hidden;
        machine.hides = discovery.hides;
        machine.closed.clone_from(&discovery.closed);
        let all: Vec<Found> = discovery.namespaces.into_values().collect();
        let own = open_own()?;
        let long = LongTables::now(kernel, all.len());
        let visited = visit(
            all.len(),
            |n| all[n].open(),
            |_, _| {
                let mut reader = Reader::here(kernel)?;
                let (cookie, state, peers) = contents(&mut reader, Part::All, long)?;
                let nsids = nsids::own_id(&mut reader, &state, &own)?;
                let given = reader.nsids()?.into_iter().collect();
                Ok((cookie, state, nsids, peers, given))
            },
        )?;
        let mut closed = BTreeMap::new();
        let mut all_given = BTreeMap::new();
        for (found, visited) in all.into_iter().zip(visited) {
            match visited {
                None => machine.unread.extend(found.hidden_by().map(|why| (found.key, why))),
                Some(Ok((cookie, state, nsids, peers, given))) => {
                    let key = found.key;
                    all_given.insert(key, given);
                    machine.spaces.insert(key, Space { found, cookie, state, nsids, peers });
                }
                Some(Err(why)) => {
                    machine.unread.push((found.key, why.to_string()));
                    closed.insert(found.key, found);
                }
            }
        }
        machine.join_nsids(kernel, &closed)?;
        machine.join_given(kernel, all_given, &closed)?;
        machine.by_id = machine.each_unseen(kernel)?;
        Ok(machine)
    }

    /// Writes the saved form, a piece at a time: as one text it would be held twice.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")?;
        out.flush()
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
            own: open_own()?.key(),
            ..Machine::default()
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

    /// Those that are known only by an id, each with who knows it and by which one.
    /// A snapshot of an earlier version does not say which of them are the same.
    pub fn only_by_id(&self) -> Cow<'_, [Vec<(NsKey, i32)>]> {
        if self.by_id.is_empty() {
            Cow::Owned(self.unseen.iter().map(|known| vec![*known]).collect())
        } else {
            Cow::Borrowed(&self.by_id)
        }
    }

    /// Does a device lead to a namespace that is known only by an id? By which one.
    pub fn far_id(&self, at: NsKey, link: &Link) -> Option<i32> {
        link.peer.nsid.filter(|id| self.unseen.contains(&(at, *id)))
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

/// How much of a namespace is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Devices alone: what has to be known where a cable ends.
    Ends,
    /// Addresses as well, and what drivers say of other ends.
    Links,
    /// Routes as well.
    Routes,
    /// Neighbour and FDB rows as well. The kernel walks its whole neighbour table for
    /// that, which all namespaces share.
    All,
}

/// Reads one namespace.
fn read<K: Kernel>(kernel: &K, ns: &NetNs, part: Part) -> Result<Read, Fail> {
    contents(&mut Reader::open(kernel, ns)?, part, LongTables::default())
}

/// Reads the reader's namespace.
fn contents<K: Kernel>(
    reader: &mut Reader<'_, K>,
    part: Part,
    long: LongTables,
) -> Result<Read, Fail> {
    let links = reader.links(part >= Part::Links)?;
    let mut state = NsState { links, ..NsState::default() };
    let mut peers = BTreeMap::new();
    if part >= Part::Links {
        state.addrs = reader.addrs()?;
        peers = ends::driver_peers(&reader.ethtool(), &state.links);
    }
    if part >= Part::Routes {
        state.routes = reader.routes()?;
    }
    if part == Part::All {
        state.neighs = reader.neighs_beside(long)?;
        state.fdb = reader.fdb(None)?;
    }
    Ok((reader.cookie().ok(), state, peers))
}

fn open_own() -> Result<NetNs, Fail> {
    NetNs::own().map_err(|e| match e {
        OpenError::NoProcfs => Fail::NoProcfs,
        other => Fail::Unreadable(other.to_string()),
    })
}

mod as_list {
    //! JSON has no maps by number: the namespaces are saved as a list.

    use std::collections::BTreeMap;

    use ovl_core::netns::NsKey;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Space;

    pub fn serialize<S: Serializer>(
        spaces: &BTreeMap<NsKey, Space>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(spaces.values())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<NsKey, Space>, D::Error> {
        let spaces = Vec::<Space>::deserialize(deserializer)?;
        Ok(spaces.into_iter().map(|s| (s.key(), s)).collect())
    }
}
