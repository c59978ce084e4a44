//! Namespaces that processes hold without being in them: by a thread, an open
//! nsfs file, or a socket that was opened inside. A socket alone keeps a
//! namespace alive, and no other tool shows it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use ovl_core::error::Fail;
use ovl_core::netns::{self, NetNs, NsKey};

use super::processes::Looked;
use super::{Discovery, Hold, Holder, inode_in, is_gone, pids};

/// A socket's namespace, opened.
pub(super) fn through(pid: u32, fd: i32) -> Option<NetNs> {
    let process = netns::Process::open(pid).ok()?;
    NetNs::of_socket(&process, fd).ok()
}

/// The first inode number of nsfs: the initial namespaces' fixed ones come before
/// those that are given out (`enum init_ns_ino` in `include/uapi/linux/nsfs.h`).
const FIRST_INODE: u64 = 0xefff_fff8;

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

impl Discovery {
    /// Threads, open files and sockets of one process. The error is of what
    /// could not be looked at.
    pub(super) fn read_held(&mut self, looked: &Looked<'_>) -> io::Result<()> {
        let threads = self.read_threads(looked);
        // This program's own open files hold nothing that is not found anyway.
        if looked.live && looked.pid == std::process::id() {
            return threads;
        }
        threads.and(self.read_files(looked))
    }

    fn read_threads(&mut self, looked: &Looked<'_>) -> io::Result<()> {
        for tid in pids(&looked.folder.join("task")) {
            if tid == looked.pid {
                continue;
            }
            let door = looked.folder.join("task").join(tid.to_string()).join("ns/net");
            let link = match fs::read_link(&door) {
                Ok(link) => link,
                Err(why) if is_gone(&why) => continue,
                Err(why) => return Err(why),
            };
            let inode = inode_in(&link.to_string_lossy()).filter(|i| Some(*i) != looked.own);
            if let Some(inode) = inode {
                self.hold(looked, inode, Hold::Thread, Some(door));
            }
        }
        Ok(())
    }

    fn read_files(&mut self, looked: &Looked<'_>) -> io::Result<()> {
        let mut whole = Ok(());
        let mut process = None;
        for entry in fs::read_dir(looked.folder.join("fd"))?.flatten() {
            let Ok(link) = fs::read_link(entry.path()) else { continue };
            let link = link.to_string_lossy();
            if let Some(inode) = inode_in(&link) {
                self.hold(looked, inode, Hold::File, Some(entry.path()));
            } else if link.starts_with("socket:[") {
                let number = entry.file_name().to_str().and_then(|n| n.parse().ok());
                let Some(fd) = number.filter(|_| looked.live) else { continue };
                let process = process.get_or_insert_with(|| netns::Process::open(looked.pid));
                if let Err(why) = self.read_socket(looked, process.as_ref(), fd) {
                    whole = Err(why);
                }
            } else if !is_special(&link)
                && let Some(inode) = by_path(looked.folder, &entry)
            {
                self.hold(looked, inode, Hold::File, Some(entry.path()));
            }
        }
        whole
    }

    fn read_socket(
        &mut self,
        looked: &Looked<'_>,
        process: Result<&netns::Process, &Fail>,
        fd: i32,
    ) -> io::Result<()> {
        let ns = match process.map(|p| NetNs::of_socket(p, fd)) {
            Ok(Ok(ns)) => ns,
            Ok(Err(why)) => return refused(&why),
            Err(why) => return refused(why),
        };
        let inode = ns.key().inode;
        if Some(inode) != looked.own {
            self.hold(looked, inode, Hold::Socket, None);
            let found = self.at(NsKey { dev: looked.nsfs, inode });
            found.sockets.push((looked.pid, fd));
        }
        Ok(())
    }

    fn hold(&mut self, looked: &Looked<'_>, inode: u64, by: Hold, door: Option<PathBuf>) {
        let found = self.at(NsKey { dev: looked.nsfs, inode });
        found.doors.extend(door);
        if !found.holders.iter().any(|h| h.pid == looked.pid && h.by == by) {
            found.holders.push(Holder { pid: looked.pid, comm: looked.comm.clone(), by });
        }
    }
}

/// Pipes, sockets, anonymous inodes and namespaces of other types: `pipe:[123]`.
fn is_special(link: &str) -> bool {
    !link.starts_with('/') && (link.contains(":[") || link.starts_with("anon_inode:"))
}

/// A socket that was closed, or whose process ended, is nothing to tell of; one
/// that may not be looked at is.
fn refused(why: &Fail) -> io::Result<()> {
    match why.errno() {
        Some(e @ (Errno::EPERM | Errno::EACCES)) => Err(e.into()),
        _ => Ok(()),
    }
}
