//! Namespaces that processes hold without being in them: by a thread, an open
//! nsfs file, or a socket that was opened inside. A socket alone keeps a
//! namespace alive, and no other tool shows it.

use std::fs;
use std::path::{Path, PathBuf};

use ovl_core::netns::{self, NetNs, NsKey};

use super::{Discovery, Hold, Holder, inode_in, pids};

/// A socket's namespace, opened.
pub(super) fn through(pid: u32, fd: i32) -> Option<NetNs> {
    let process = netns::Process::open(pid).ok()?;
    NetNs::of_socket(&process, fd).ok()
}

/// The first inode number of nsfs (`PROC_DYNAMIC_FIRST` in `include/linux/proc_ns.h`).
const FIRST_INODE: u64 = 0xf000_0000;

/// A namespace that was opened by the path of a bind mount: its link shows that
/// path, or nothing once it is unmounted. The inode number in fdinfo says whether
/// a closer look is worth it: files of a file system that hangs are not touched.
fn by_path(process: &Path, entry: &fs::DirEntry) -> Option<u64> {
    let info = fs::read_to_string(process.join("fdinfo").join(entry.file_name())).ok()?;
    let inode: u64 = info.lines().find_map(|l| l.strip_prefix("ino:"))?.trim().parse().ok()?;
    let is_it = |ns: &NetNs| ns.key().inode == inode;
    (inode >= FIRST_INODE).then(|| NetNs::open(&entry.path()).ok()).flatten().filter(is_it)?;
    Some(inode)
}

/// What was found while looking at one process.
struct Looking<'a> {
    discovery: &'a mut Discovery,
    nsfs: u64,
    pid: u32,
    comm: String,
    own: Option<u64>,
    live: bool,
}

impl Discovery {
    /// Threads, open files and sockets of every process.
    pub(super) fn read_held(&mut self, procfs: &Path) {
        let nsfs = self.namespaces.keys().next().map(|k| k.dev).unwrap_or_default();
        for pid in pids(procfs) {
            let process = procfs.join(pid.to_string());
            let comm = fs::read_to_string(process.join("comm")).unwrap_or_default();
            let own = fs::read_link(process.join("ns/net"))
                .ok()
                .and_then(|link| inode_in(&link.to_string_lossy()));
            let comm = comm.trim_end().to_owned();
            // A procfs of fixtures names processes of another machine.
            let live = procfs == Path::new("/proc");
            let mut looking = Looking { discovery: self, nsfs, pid, comm, own, live };
            looking.threads(&process);
            looking.files(&process);
        }
    }
}

impl Looking<'_> {
    fn threads(&mut self, process: &Path) {
        for tid in pids(&process.join("task")) {
            if tid == self.pid {
                continue;
            }
            let door = process.join("task").join(tid.to_string()).join("ns/net");
            let inode = fs::read_link(&door).ok().and_then(|l| inode_in(&l.to_string_lossy()));
            if let Some(inode) = inode.filter(|i| Some(*i) != self.own) {
                self.hold(inode, Hold::Thread, Some(door));
            }
        }
    }

    fn files(&mut self, process: &Path) {
        let folder = process.join("fd");
        let Ok(entries) = fs::read_dir(&folder) else { return };
        let mut handle = None;
        for entry in entries.flatten() {
            let Ok(link) = fs::read_link(entry.path()) else { continue };
            let link = link.to_string_lossy();
            // This program's own open files hold nothing that is not found anyway.
            if self.pid == std::process::id() {
                continue;
            }
            if let Some(inode) = inode_in(&link).or_else(|| by_path(process, &entry)) {
                self.hold(inode, Hold::File, Some(entry.path()));
            } else if link.starts_with("socket:[") && self.live {
                let Some(fd) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
                    continue;
                };
                let process = handle.get_or_insert_with(|| netns::Process::open(self.pid).ok());
                let ns = process.as_ref().and_then(|p| NetNs::of_socket(p, fd).ok());
                if let Some(ns) = ns.filter(|ns| Some(ns.key().inode) != self.own) {
                    self.hold(ns.key().inode, Hold::Socket, None);
                    let key = NsKey { dev: self.nsfs, inode: ns.key().inode };
                    self.discovery.at(key).sockets.push((self.pid, fd));
                }
            }
        }
    }

    fn hold(&mut self, inode: u64, by: Hold, door: Option<PathBuf>) {
        let found = self.discovery.at(NsKey { dev: self.nsfs, inode });
        found.doors.extend(door);
        if !found.holders.iter().any(|h| h.pid == self.pid && h.by == by) {
            found.holders.push(Holder { pid: self.pid, comm: self.comm.clone(), by });
        }
    }
}
