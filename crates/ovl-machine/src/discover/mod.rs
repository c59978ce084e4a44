//! Which network namespaces there are: names, bind mounts in any mount
//! namespace, and processes. Reads a procfs tree that is given as an argument,
//! so that a folder of fixtures tests it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use ovl_core::names::{DOCKER_NETNS_DIR, NETNS_DIR, NsRef, shown, write_paths};
use ovl_core::netns::{NetNs, NsKey, OpenError};
use serde::{Deserialize, Serialize};

use crate::container::Container;

mod held;
mod mounts;
mod processes;
mod short;
#[cfg(test)]
mod tests;

pub use short::{is_below, short_names};

/// Where to look.
#[derive(Debug, Clone)]
pub struct Search {
    /// The procfs mount: `/proc`.
    pub procfs: PathBuf,
    /// Folders of names, in the order in which a name is looked up.
    pub folders: Vec<PathBuf>,
    /// Whether all is wanted of each namespace that is found, its processes and other
    /// files as well, where its name alone would do: for objects that programs read.
    pub whole: bool,
}

impl Search {
    /// This machine, with the folders of `OVL_NETNS_PATH` after the usual ones.
    pub fn here(more_folders: Option<&str>) -> Search {
        let usual = [NETNS_DIR, DOCKER_NETNS_DIR].map(PathBuf::from);
        let more = more_folders.unwrap_or_default().split(':').filter(|f| !f.is_empty());
        Search {
            procfs: PathBuf::from("/proc"),
            folders: usual.into_iter().chain(more.map(PathBuf::from)).collect(),
            whole: false,
        }
    }

    /// What is looked at first: the names in the folders, each with its namespace;
    /// everything, where all of a namespace is wanted.
    pub fn first(&self) -> Discovery {
        if self.whole { self.all() } else { self.named() }
    }

    fn named(&self) -> Discovery {
        let mut found = Discovery::default();
        let mut read = BTreeSet::new();
        for folder in &self.folders {
            let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
            // Two ways to one folder are one.
            if read.insert(real.clone()) {
                found.read_folder(folder);
                found.ways.push((real, folder.clone()));
            }
        }
        found.mark_shared_names();
        found
    }

    /// What this process sees mounted, and nothing else: one file is read, so that it
    /// can be looked at as often as it changes.
    pub fn mounted(&self) -> Discovery {
        let mut found = Discovery::default();
        let nsfs = found.nsfs(&self.procfs, &[]);
        // Who cannot read it sees nothing in between, and the next look says so.
        let _ = found.read_mounts(&self.procfs.join("self"), None, nsfs, false);
        let folders: Vec<PathBuf> =
            self.folders.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        for space in found.namespaces.values_mut() {
            let of_folders = |path: &&PathBuf| folders.iter().any(|f| path.parent() == Some(f));
            let named = space.paths.iter().filter(of_folders);
            space.names = named.filter_map(|path| file_name(path)).map(str::to_owned).collect();
        }
        found
    }

    /// Everything that can be found.
    pub fn all(&self) -> Discovery {
        let mut found = self.named();
        found.read_processes(&self.procfs);
        found.join_containers(&self.procfs);
        found
    }
}

/// A process in a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its command's name.
    pub comm: String,
}

/// A process that holds a namespace without being in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// Its command's name.
    pub comm: String,
    /// By what.
    pub by: Hold,
}

/// By what a process holds a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// One of its threads is in it.
    Thread,
    /// It has an nsfs file open.
    File,
    /// It has a socket that was opened there.
    Socket,
}

/// A namespace, and all the ways in which it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Which.
    pub key: NsKey,
    /// Names in the folders, in the order of the folders.
    pub names: Vec<String>,
    /// Those of its names that are another namespace's as well, in another folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<String>,
    /// Files that are it: those names, and other bind mounts.
    #[serde(serialize_with = "write_paths")]
    pub paths: Vec<PathBuf>,
    /// Mounts of it that lie under others: their paths lead elsewhere.
    #[serde(default, serialize_with = "write_paths", skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<PathBuf>,
    /// Processes in it, by id.
    pub pids: Vec<Process>,
    /// Processes that hold it otherwise: by a thread, an open file, a socket.
    #[serde(default)]
    pub holders: Vec<Holder>,
    /// The container those processes are.
    pub container: Option<Container>,
    /// Ways to open it, the best first; paths may lead through /proc/PID/root.
    #[serde(default, serialize_with = "write_paths")]
    pub doors: Vec<PathBuf>,
    /// Sockets that were opened in it, by process and descriptor: the last way.
    #[serde(skip)]
    pub sockets: Vec<(u32, i32)>,
}

impl Found {
    /// The name of its first file.
    pub fn file_name(&self) -> Option<&str> {
        self.paths.first().and_then(|p| file_name(p))
    }

    /// The shortest way to write it that `-n` understands: a name that means it
    /// and nothing else, else a path, a process, the inode number.
    pub fn reference(&self, own: NsKey) -> String {
        if self.key == own {
            return "self".into();
        }
        let means_it = |name: &&String| is_name(name) && !self.shared.contains(name);
        if let Some(name) = self.names.iter().find(means_it) {
            return name.clone();
        }
        // A path through the root of a process ends with that.
        let is_ours = |p: &&PathBuf| self.doors.contains(p) && !p.starts_with("/proc");
        let mut paths = self.paths.iter().filter(is_ours);
        if let Some(path) = paths.find_map(|p| written(p)) {
            return path.to_owned();
        }
        match self.pids.first().filter(|_| self.names.is_empty()) {
            Some(process) => format!("pid:{}", process.pid),
            None => format!("inode:{}", self.key.inode),
        }
    }

    /// Does anything hold it beside the programs of this toolkit? Those that
    /// follow namespaces have sockets in them, and must not keep each other's.
    pub fn is_held_by_others(&self) -> bool {
        !self.paths.is_empty()
            || !self.covered.is_empty()
            || !self.pids.is_empty()
            || self.holders.iter().any(|holder| !holder.comm.starts_with("ovl-"))
    }

    /// Why it cannot be opened, where it was found and has not ended.
    pub fn hidden_by(&self) -> Option<String> {
        let path = self.covered.first()?;
        Some(format!("its mount at {} lies under another one", shown(path)))
    }

    /// Is it there, though no way leads to it that the caller may go? One that has ended
    /// is not.
    pub fn is_closed(&self) -> bool {
        let may_not = |path: &PathBuf| matches!(NetNs::open(path), Err(OpenError::Io(_, why)) if !is_gone(&why));
        self.hidden_by().is_some() || self.doors.iter().any(may_not)
    }

    /// Opens it by the first way that still leads to the same namespace.
    pub fn open(&self) -> Option<NetNs> {
        let by_path = self.doors.iter().filter_map(|p| NetNs::open(p).ok());
        let mut by_socket = self.sockets.iter().filter_map(|(pid, fd)| held::through(*pid, *fd));
        by_path.chain(std::iter::from_fn(|| by_socket.next())).find(|ns| ns.key() == self.key)
    }
}

/// What was found, and what could not be looked at.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The namespaces, by key.
    pub namespaces: BTreeMap<NsKey, Found>,
    /// Files in the folders that are no namespaces: left behind by ended ones.
    pub stale: Vec<PathBuf>,
    /// Folders and files that could not be opened without more privileges.
    pub closed: Vec<PathBuf>,
    /// Processes that could not be looked at, or not wholly, without more privileges.
    pub hidden: usize,
    /// The procfs lists no processes of others (its option hidepid): how many
    /// there are cannot be said.
    pub hides: bool,
    /// Folders of names, without the links on the way to them, and as they are written:
    /// where /var/run is a link, mounts in Docker's folder are listed below /run.
    ways: Vec<(PathBuf, PathBuf)>,
}

impl Discovery {
    /// The path of a mount, by the way that people write.
    fn as_written(&self, mount: PathBuf) -> PathBuf {
        let written = self.ways.iter().find_map(|(real, written)| {
            let below = mount.strip_prefix(real).ok()?;
            (real != written).then(|| written.join(below))
        });
        written.unwrap_or(mount)
    }

    fn at(&mut self, key: NsKey) -> &mut Found {
        match self.namespaces.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Found { key, ..Found::default() }),
        }
    }

    /// A name that stands in two folders means neither namespace by itself.
    fn mark_shared_names(&mut self) {
        let mut holders: BTreeMap<String, Vec<NsKey>> = BTreeMap::new();
        for found in self.namespaces.values() {
            for name in &found.names {
                holders.entry(name.clone()).or_default().push(found.key);
            }
        }
        for (name, mut keys) in holders {
            keys.dedup();
            for key in keys.iter().filter(|_| keys.len() > 1) {
                self.at(*key).shared.push(name.clone());
            }
        }
    }

    /// The namespaces in the order of every list: those with a name first, by name, then
    /// by file and by process. Inode numbers come last: they change from run to run.
    pub fn in_order(&self) -> impl Iterator<Item = &Found> {
        let mut all: Vec<&Found> = self.namespaces.values().collect();
        all.sort_by_cached_key(|found| {
            let process = found.pids.first().map(|process| process.pid);
            (found.names.is_empty(), found.names.clone(), found.paths.first(), process, found.key)
        });
        all.into_iter()
    }

    /// The one with that inode number.
    pub fn by_inode(&self, inode: u64) -> Option<&Found> {
        self.namespaces.values().find(|f| f.key.inode == inode)
    }

    /// Those with a file of that name, wherever it is mounted.
    pub fn by_file_name(&self, name: &str) -> Vec<&Found> {
        let has = |f: &&Found| f.paths.iter().any(|p| file_name(p) == Some(name));
        self.in_order().filter(has).collect()
    }

    fn read_folder(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(why) => {
                if !is_gone(&why) {
                    self.closed.push(folder.to_owned());
                }
                return;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths {
            match NetNs::open(&path) {
                // A folder is nobody's namespace, and no ended one's either.
                Err(_) if path.is_dir() => {}
                Ok(ns) => {
                    let found = self.at(ns.key());
                    found.names.extend(path.file_name().map(|n| n.to_string_lossy().into_owned()));
                    found.doors.push(path.clone());
                    found.paths.push(path);
                }
                Err(OpenError::Stale(path)) => self.stale.push(path),
                Err(OpenError::Io(path, why)) if !is_gone(&why) => self.closed.push(path),
                Err(_) => {}
            }
        }
    }
}

/// The first digits of a network's id, in the name of a file that is the
/// namespace of a Docker overlay network: `EPOCH-FIRST10OFID`.
pub fn overlay_id(path: &Path) -> Option<&str> {
    let (epoch, id) = file_name(path)?.split_once('-')?;
    let is_epoch = !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit());
    let is_id = id.len() == 10 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_epoch && is_id).then_some(id)
}

/// Does it read back as a name? `pid:1` and `self` mean something else, and what
/// no text can say is shown otherwise than it is.
fn is_name(name: &str) -> bool {
    let is_text = !name.contains(char::REPLACEMENT_CHARACTER);
    is_text && matches!(name.parse(), Ok(NsRef::Name(read)) if read.as_str() == name)
}

/// A path that reads back as itself.
fn written(path: &Path) -> Option<&str> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control))?;
    matches!(text.parse(), Ok(NsRef::Path(_))).then_some(text)
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|n| n.to_str())
}

/// The way to the namespace of a process: that of its first thread where its main one
/// has ended and others live on.
pub fn door_of(procfs: &Path, pid: u32) -> PathBuf {
    let folder = procfs.join(pid.to_string());
    let own = folder.join("ns/net");
    if !fs::read_link(&own).is_err_and(|why| is_gone(&why)) {
        return own;
    }
    let task = folder.join("task");
    let mut doors = pids(&task).into_iter().map(|tid| task.join(tid.to_string()).join("ns/net"));
    doors.find(|door| fs::read_link(door).is_ok()).unwrap_or(own)
}

/// The process ids of a procfs, in order.
pub(crate) fn pids(procfs: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(procfs) else { return Vec::new() };
    let mut pids: Vec<u32> =
        entries.flatten().filter_map(|e| number(e.file_name().to_str()?)).collect();
    pids.sort_unstable();
    pids
}

/// Digits alone: `parse` takes a sign as well.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Is this how a process or file looks that ended meanwhile? ESRCH is what procfs
/// says of a process that ends while one of its files is read.
fn is_gone(why: &io::Error) -> bool {
    why.kind() == io::ErrorKind::NotFound || why.raw_os_error() == Some(Errno::ESRCH as i32)
}

/// `net:[4026532567]` -> 4026532567.
pub(crate) fn inode_in(link: &str) -> Option<u64> {
    link.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}
