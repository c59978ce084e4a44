//! A procfs to test discovery on: a folder laid out as the kernel would, with
//! links that lead nowhere (`ns/net -> net:[4026532567]`), as they do for
//! whoever only reads them. It goes with the value.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::discover::{Discovery, Found, Search};
use ovl_core::netns::NsKey;

/// The mount namespace of whoever looks.
pub const OURS: u64 = 4_026_531_832;

pub struct Procfs {
    root: PathBuf,
}

/// One process of it.
pub struct Proc<'p> {
    procfs: &'p Procfs,
    pub folder: PathBuf,
}

impl Procfs {
    /// With process 1, which is who looks, in namespace 1.
    pub fn new() -> Procfs {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ovl-procfs-{}-{number}", std::process::id());
        let procfs = Procfs { root: std::env::temp_dir().join(name) };
        fs::create_dir_all(procfs.root.join("netns")).unwrap();
        procfs.process(1, "init", 1);
        symlink("1", procfs.root.join("self")).unwrap();
        procfs
    }

    /// A process in network namespace number `net`.
    pub fn process(&self, pid: u32, comm: &str, net: u64) -> Proc<'_> {
        let process = self.zombie(pid, comm);
        symlink(link(net), process.folder.join("ns/net")).unwrap();
        symlink("/", process.folder.join("root")).unwrap();
        process.mount_namespace(OURS)
    }

    /// A process that has ended and was not waited for.
    pub fn zombie(&self, pid: u32, comm: &str) -> Proc<'_> {
        let folder = self.root.join(pid.to_string());
        for part in ["ns", "task", "fd", "fdinfo"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        fs::write(folder.join("comm"), format!("{comm}\n")).unwrap();
        fs::write(folder.join("mountinfo"), "").unwrap();
        Proc { procfs: self, folder }
    }

    /// A process that looks like another one, for the price of a link.
    pub fn twin(&self, pid: u32, of: u32) {
        symlink(of.to_string(), self.root.join(pid.to_string())).unwrap();
    }

    /// A process that nobody may look at. A link that leads to itself is an
    /// error that root gets as well (ELOOP).
    pub fn forbidden(&self, pid: u32) {
        let folder = self.root.join(pid.to_string());
        fs::create_dir_all(&folder).unwrap();
        symlink("ns", folder.join("ns")).unwrap();
    }

    /// A process ends, and nothing of it is left.
    pub fn end(&self, pid: u32) {
        fs::remove_dir_all(self.root.join(pid.to_string())).unwrap();
    }

    /// An entry that is no process.
    pub fn entry(&self, name: &str) {
        fs::create_dir_all(self.root.join(name).join("ns")).unwrap();
        symlink(link(99), self.root.join(name).join("ns/net")).unwrap();
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub fn search(&self) -> Search {
        Search { procfs: self.root.clone(), folders: vec![self.path("netns")], whole: false }
    }

    pub fn discover(&self) -> Discovery {
        self.search().all()
    }

    /// The only namespace with that number.
    pub fn found(&self, net: u64) -> Found {
        let all = self.discover();
        let mut found = all.namespaces.into_values().filter(|f| f.key == key(net));
        let one = found.next().unwrap_or_else(|| panic!("namespace {net} was not found"));
        assert!(found.next().is_none());
        one
    }
}

impl Drop for Procfs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Proc<'_> {
    pub fn mount_namespace(self, number: u64) -> Self {
        let _ = fs::remove_file(self.folder.join("ns/mnt"));
        symlink(format!("mnt:[{number}]"), self.folder.join("ns/mnt")).unwrap();
        self
    }

    pub fn root(self, path: &str) -> Self {
        fs::remove_file(self.folder.join("root")).unwrap();
        symlink(path, self.folder.join("root")).unwrap();
        self
    }

    pub fn cgroup(self, text: &str) -> Self {
        fs::write(self.folder.join("cgroup"), text).unwrap();
        self
    }

    pub fn thread(self, tid: u32, net: u64) -> Self {
        let folder = self.folder.join("task").join(tid.to_string()).join("ns");
        fs::create_dir_all(&folder).unwrap();
        symlink(link(net), folder.join("net")).unwrap();
        self
    }

    /// A thread that ends: in that state, with those flags.
    pub fn ending(self, tid: u32, state: &str, flags: u32) -> Self {
        let folder = self.folder.join("task").join(tid.to_string());
        fs::create_dir_all(&folder).unwrap();
        let stat = format!("{tid} (a) Z (b) {state} 1 1 1 0 -1 {flags} 100 0 0 0 1 2\n");
        fs::write(folder.join("stat"), stat).unwrap();
        self
    }

    /// What it has may not be looked at; see [`Procfs::forbidden`].
    pub fn closed(self) -> Self {
        fs::remove_dir(self.folder.join("fd")).unwrap();
        symlink("fd", self.folder.join("fd")).unwrap();
        self
    }

    pub fn fd(self, fd: i32, target: impl AsRef<Path>) -> Self {
        symlink(target, self.folder.join("fd").join(fd.to_string())).unwrap();
        self
    }

    pub fn fdinfo(self, fd: i32, text: &str) -> Self {
        fs::write(self.folder.join("fdinfo").join(fd.to_string()), text).unwrap();
        self
    }

    /// An nsfs mount among other mounts; `path` as mountinfo writes it.
    pub fn mount(self, net: u64, path: &str) -> Self {
        let file = self.folder.join("mountinfo");
        let mut table = fs::read_to_string(&file).unwrap();
        let _ = writeln!(table, "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw");
        let _ = writeln!(table, "51 29 0:4 {} {path} rw shared:9 - nsfs nsfs rw", link(net));
        let _ = writeln!(table, "52 29 0:4 mnt:[4026532001] /run/mnt rw - nsfs nsfs rw");
        fs::write(file, table).unwrap();
        self
    }

    /// Takes a file of the process away, as when it ends while it is read.
    pub fn without(self, file: &str) -> Self {
        fs::remove_file(self.folder.join(file)).unwrap();
        self
    }

    pub fn line(self, file: &str, text: &str) -> Self {
        fs::write(self.folder.join(file), text).unwrap();
        self
    }

    pub fn at(&self) -> &Path {
        &self.procfs.root
    }
}

pub fn inode(net: u64) -> u64 {
    4_026_532_000 + net
}

pub fn link(net: u64) -> String {
    format!("net:[{}]", inode(net))
}

/// Links that lead nowhere have no device number.
pub fn key(net: u64) -> NsKey {
    NsKey { dev: 0, inode: inode(net) }
}
