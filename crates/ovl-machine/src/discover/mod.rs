//! Which network namespaces there are: names, bind mounts in any mount
//! namespace, and processes. Reads a procfs tree that is given as an argument,
//! so that a folder of fixtures tests it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ovl_core::names::{DOCKER_NETNS_DIR, NETNS_DIR};
use ovl_core::netns::{NetNs, NsKey};
use serde::{Deserialize, Serialize};

use crate::engine::{Container, container_of};

mod held;

/// Where to look.
#[derive(Debug, Clone)]
pub struct Search {
    /// The procfs mount: `/proc`.
    pub procfs: PathBuf,
    /// Folders of names, in the order in which a name is looked up.
    pub folders: Vec<PathBuf>,
}

impl Search {
    /// This machine, with the folders of `OVL_NETNS_PATH` after the usual ones.
    pub fn here(more_folders: Option<&str>) -> Search {
        let usual = [NETNS_DIR, DOCKER_NETNS_DIR].map(PathBuf::from);
        let more = more_folders.unwrap_or_default().split(':').filter(|f| !f.is_empty());
        Search {
            procfs: PathBuf::from("/proc"),
            folders: usual.into_iter().chain(more.map(PathBuf::from)).collect(),
        }
    }

    /// The names in the folders, each with its namespace.
    pub fn named(&self) -> Discovery {
        let mut found = Discovery::default();
        for folder in &self.folders {
            found.read_folder(folder);
        }
        found
    }

    /// Everything that can be found.
    pub fn all(&self) -> Discovery {
        let mut found = self.named();
        found.read_processes(&self.procfs);
        found.read_held(&self.procfs);
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
    /// Files that are it: those names, and other bind mounts.
    pub paths: Vec<PathBuf>,
    /// Processes in it.
    pub pids: Vec<Process>,
    /// Processes that hold it otherwise: by a thread, an open file, a socket.
    #[serde(default)]
    pub holders: Vec<Holder>,
    /// The container those processes are.
    pub container: Option<Container>,
    /// Ways to open it, the best first; paths may lead through /proc/PID/root.
    #[serde(default)]
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

    /// The shortest way to write it that `-n` understands: a name, else a path,
    /// a process, the inode number.
    pub fn reference(&self, own: NsKey) -> String {
        if self.key == own {
            return "self".into();
        }
        if let Some(name) = self.names.first() {
            return name.clone();
        }
        // A path of another mount namespace leads nowhere from here.
        if let Some(path) = self.paths.iter().find(|p| self.doors.contains(p)) {
            return path.display().to_string();
        }
        match self.pids.first() {
            Some(process) => format!("pid:{}", process.pid),
            None => format!("inode:{}", self.key.inode),
        }
    }

    /// Does anything hold it beside the programs of this toolkit? Those that
    /// follow namespaces have sockets in them, and must not keep each other's.
    pub fn is_held_by_others(&self) -> bool {
        !self.paths.is_empty()
            || !self.pids.is_empty()
            || self.holders.iter().any(|holder| !holder.comm.starts_with("ovl-"))
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
    /// Processes that could not be looked at without more privileges.
    pub hidden: usize,
}

impl Discovery {
    fn at(&mut self, key: NsKey) -> &mut Found {
        match self.namespaces.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Found { key, ..Found::default() }),
        }
    }

    /// The one with that inode number.
    pub fn by_inode(&self, inode: u64) -> Option<&Found> {
        self.namespaces.values().find(|f| f.key.inode == inode)
    }

    /// Those with a file of that name, wherever it is mounted.
    pub fn by_file_name(&self, name: &str) -> Vec<&Found> {
        let has = |f: &&Found| f.paths.iter().any(|p| file_name(p) == Some(name));
        self.namespaces.values().filter(has).collect()
    }

    fn read_folder(&mut self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths {
            match NetNs::open(&path) {
                Ok(ns) => {
                    let found = self.at(ns.key());
                    found.names.extend(path.file_name().map(|n| n.to_string_lossy().into_owned()));
                    found.doors.push(path.clone());
                    found.paths.push(path);
                }
                Err(ovl_core::netns::OpenError::Stale(path)) => self.stale.push(path),
                Err(_) => {}
            }
        }
    }

    fn read_processes(&mut self, procfs: &Path) {
        // nsfs is one file system: its device number is the same for all.
        let nsfs = fs::metadata(procfs.join("self/ns/net")).map(|m| m.dev()).unwrap_or_default();
        let own_mounts = fs::read_link(procfs.join("self/ns/mnt")).ok();
        let mut mount_namespaces = Vec::new();
        for pid in pids(procfs) {
            let process = procfs.join(pid.to_string());
            let net = match fs::read_link(process.join("ns/net")) {
                Ok(link) => inode_in(&link.to_string_lossy()),
                Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                    self.hidden += 1;
                    None
                }
                // It ended while we looked, or is a zombie.
                Err(_) => None,
            };
            let Some(inode) = net else { continue };
            let comm = fs::read_to_string(process.join("comm")).unwrap_or_default();
            let found = self.at(NsKey { dev: nsfs, inode });
            found.pids.push(Process { pid, comm: comm.trim_end().to_owned() });
            found.doors.push(process.join("ns/net"));
            if found.container.is_none() {
                found.container = container_of(procfs, pid);
            }
            let mounts = fs::read_link(process.join("ns/mnt")).ok();
            if !mount_namespaces.contains(&mounts) {
                let through = (mounts != own_mounts).then(|| process.join("root"));
                self.read_mounts(&process, through.as_deref(), nsfs);
                mount_namespaces.push(mounts);
            }
        }
    }

    /// nsfs bind mounts of one mount namespace.
    fn read_mounts(&mut self, process: &Path, through: Option<&Path>, nsfs: u64) {
        let Ok(table) = fs::read(process.join("mountinfo")) else { return };
        for line in String::from_utf8_lossy(&table).lines() {
            let Some((inode, path)) = nsfs_mount(line) else { continue };
            let found = self.at(NsKey { dev: nsfs, inode });
            if found.paths.contains(&path) {
                continue;
            }
            let door = match through {
                Some(root) => root.join(path.strip_prefix("/").unwrap_or(&path)),
                None => path.clone(),
            };
            // Through the mount is better than through a process that may end.
            let at = found.doors.iter().take_while(|d| found.paths.contains(d)).count();
            found.doors.insert(at, door);
            found.paths.push(path);
        }
    }
}

/// What each namespace is called in a view: a name, else the name of its file
/// where no other has the same, else the shortest reference to it.
pub fn short_names<'f>(
    found: impl Iterator<Item = &'f Found> + Clone,
    own: NsKey,
) -> BTreeMap<NsKey, String> {
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for name in found.clone().filter_map(Found::file_name) {
        *holders.entry(name).or_default() += 1;
    }
    found
        .map(|f| {
            let unique = f.file_name().filter(|name| holders.get(name) == Some(&1));
            let name =
                unique.filter(|_| f.key != own).map_or_else(|| f.reference(own), str::to_owned);
            (f.key, name.escape_debug().to_string())
        })
        .collect()
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|n| n.to_str())
}

/// The process ids of a procfs, in order.
pub(crate) fn pids(procfs: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(procfs) else { return Vec::new() };
    let mut pids: Vec<u32> =
        entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

/// `net:[4026532567]` -> 4026532567.
pub(crate) fn inode_in(link: &str) -> Option<u64> {
    link.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

/// A line of mountinfo (`proc_pid_mountinfo(5)`): fields 4 and 5 are root and
/// mount point; the file system's type follows a lone dash.
fn nsfs_mount(line: &str) -> Option<(u64, PathBuf)> {
    let (fields, rest) = line.split_once(" - ")?;
    if !rest.starts_with("nsfs ") {
        return None;
    }
    let mut fields = fields.split(' ').skip(3);
    let inode = inode_in(fields.next()?)?;
    Some((inode, PathBuf::from(unescape(fields.next()?))))
}

/// mountinfo writes space, tab, newline and backslash as `\040` and the like.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let octal = || {
            let digits = std::str::from_utf8(rest.get(..3)?).ok()?;
            u8::from_str_radix(digits, 8).ok()
        };
        if let (b'\\', Some(byte)) = (first, octal()) {
            out.push(byte);
            bytes = &rest[3..];
        } else {
            out.push(*first);
            bytes = rest;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_names_namespaces_by_inode() {
        let line = "512 29 0:4 net:[4026532567] /run/netns/a\\040b rw shared:230 - nsfs nsfs rw";
        assert_eq!(nsfs_mount(line), Some((4_026_532_567, PathBuf::from("/run/netns/a b"))));
        let other = "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
        assert_eq!(nsfs_mount(other), None);
        let mnt = "512 29 0:4 mnt:[4026532567] /run/x rw - nsfs nsfs rw";
        assert_eq!(nsfs_mount(mnt), None);
    }
}
