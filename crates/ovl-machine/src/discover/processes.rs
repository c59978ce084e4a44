//! Namespaces by the processes of a procfs: those in them, the mounts they see,
//! and what they hold. Each process is looked at once, in the order of ids.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ovl_core::netns::NsKey;

use super::mounts::{View, hides_processes};
use super::{Discovery, Found, Process, inode_in, is_gone, pids};
use crate::container::{Container, container_of};

/// How many processes of a sandbox are asked for their container.
const ASKED: usize = 16;

/// One process as it is looked at.
pub(super) struct Looked<'a> {
    /// Its id.
    pub(super) pid: u32,
    /// Its folder in procfs.
    pub(super) folder: &'a Path,
    /// Its command's name.
    pub(super) comm: String,
    /// The namespace it is in; none for one that has ended but for its threads.
    pub(super) own: Option<u64>,
    /// Device number of nsfs.
    pub(super) nsfs: u64,
    /// A process of this machine: a procfs of fixtures names those of another.
    pub(super) live: bool,
}

impl Discovery {
    /// Every process, in it and by what it holds.
    pub(super) fn read_processes(&mut self, procfs: &Path) {
        let all = pids(procfs);
        let nsfs = self.nsfs(procfs, &all);
        let ours = View::of(&procfs.join("self"));
        let live = procfs == Path::new("/proc");
        let mut seen = BTreeSet::new();
        for pid in &all {
            let folder = procfs.join(pid.to_string());
            let whole = self.read_process(*pid, &folder, nsfs, live).and_then(|looked| {
                let Some(looked) = looked else { return Ok(()) };
                let mounts = self.read_view(&looked, &ours, &mut seen);
                let held = self.read_held(&looked);
                mounts.and(held)
            });
            if whole.is_err_and(|why| !is_gone(&why)) && !is_ending(&folder) {
                self.hidden += 1;
            }
        }
        self.hides = !all.contains(&1) && hides_processes(procfs);
        if live {
            self.namespaces.values_mut().for_each(Found::lead_from_here);
        }
    }

    /// nsfs is one file system: its device number is the same for all. A procfs
    /// of another pid namespace has no `self`.
    pub(super) fn nsfs(&self, procfs: &Path, pids: &[u32]) -> u64 {
        let of = |process: &str| fs::metadata(procfs.join(process).join("ns/net")).ok();
        let known = self.namespaces.keys().next().map(|k| k.dev);
        known
            .or_else(|| of("self").map(|m| m.dev()))
            .or_else(|| pids.iter().find_map(|pid| of(&pid.to_string())).map(|m| m.dev()))
            .unwrap_or_default()
    }

    /// What a process is in; `None` when it ended meanwhile.
    fn read_process<'a>(
        &mut self,
        pid: u32,
        folder: &'a Path,
        nsfs: u64,
        live: bool,
    ) -> io::Result<Option<Looked<'a>>> {
        let door = folder.join("ns/net");
        let own = match fs::read_link(&door) {
            Ok(link) => inode_in(&link.to_string_lossy()),
            // A zombie; its threads may live on.
            Err(why) if is_gone(&why) => None,
            Err(why) => return Err(why),
        };
        let comm = match fs::read(folder.join("comm")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned(),
            Err(why) if is_gone(&why) => return Ok(None),
            Err(_) => String::new(),
        };
        if let Some(inode) = own {
            let found = self.at(NsKey { dev: nsfs, inode });
            found.pids.push(Process { pid, comm: comm.clone() });
            found.doors.push(door);
        }
        Ok(Some(Looked { pid, folder, comm, own, nsfs, live }))
    }

    /// The mounts a process sees, when nobody before it saw the same.
    fn read_view(
        &mut self,
        looked: &Looked<'_>,
        ours: &View,
        seen: &mut BTreeSet<View>,
    ) -> io::Result<()> {
        let view = View::of(looked.folder);
        if looked.own.is_none() || seen.contains(&view) {
            return Ok(());
        }
        let through: Option<PathBuf> = (view != *ours).then(|| looked.folder.join("root"));
        self.read_mounts(looked.folder, through.as_deref(), looked.nsfs, looked.live)?;
        seen.insert(view);
        Ok(())
    }

    /// The container of each namespace: that of its first process, since later
    /// ones may be guests (a container on the host's network, a shell in a
    /// container's); in an engine's sandbox, of the first that is in one.
    pub(super) fn join_containers(&mut self, procfs: &Path) {
        for found in self.namespaces.values_mut() {
            let asked = if is_sandbox(found) { ASKED } else { 1 };
            let mut pids = found.pids.iter().take(asked);
            let container: Option<Container> = pids.find_map(|p| container_of(procfs, p.pid));
            found.container = container;
        }
    }
}

/// Is a process on its way out? It lets go of what it has step by step, and whoever looks
/// meanwhile is refused as if more privileges were needed.
fn is_ending(folder: &Path) -> bool {
    let threads = pids(&folder.join("task"));
    if threads.is_empty() {
        return fs::symlink_metadata(folder).is_err_and(|why| is_gone(&why));
    }
    let mut files = threads.iter().map(|tid| folder.join(format!("task/{tid}/stat")));
    files.all(|file| match fs::read(file) {
        Ok(stat) => is_ending_thread(&String::from_utf8_lossy(&stat)),
        Err(why) => is_gone(&why),
    })
}

/// By its state and its flags, which everybody may read (see `proc_pid_stat(5)`). They stand
/// behind its command's name, which may have any bytes in it.
fn is_ending_thread(stat: &str) -> bool {
    let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let is_dead = fields.next().is_some_and(|state| matches!(state, "Z" | "X"));
    let flags = fields.nth(FLAGS).and_then(|flags| flags.parse().ok());
    is_dead || flags.is_some_and(|flags: u64| flags & PF_EXITING != 0)
}

/// Fields between a thread's state and its flags.
const FLAGS: usize = 5;
/// It has begun to end (`include/linux/sched.h`).
const PF_EXITING: u64 = 0x4;

/// Docker names a sandbox's file by the first 12 digits of its id.
fn is_sandbox(found: &Found) -> bool {
    let is_id = |name: &str| name.len() == 12 && name.bytes().all(|b| b.is_ascii_hexdigit());
    found.paths.iter().any(|p| super::file_name(p).is_some_and(is_id))
}
