//! Network namespaces as values: opened, identified, entered, made and removed.
//! Knows paths it is given; it searches for nothing (`ovl-machine` does).

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::num::NonZero;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{AccessFlags, faccessat};
use serde::{Deserialize, Serialize};

use crate::error::{Fail, errno_text, io_text};
use crate::names::{NETNS_DIR, NsName, shown};
use crate::syscall;

/// The identity of a network namespace while something holds it open.
///
/// Device and inode are those of its nsfs file. The kernel may give the same
/// inode number to another namespace once the first has ended; the cookie,
/// which is never given twice, tells the two apart ([`NetNs::cookie`]).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
pub struct NsKey {
    /// Device number of nsfs.
    pub dev: u64,
    /// Inode number, as `lsns` prints it.
    pub inode: u64,
}

/// An open network namespace. It lives at least as long as this value.
#[derive(Debug)]
pub struct NetNs {
    file: File,
    key: NsKey,
}

/// A handle on a process, by which its sockets are looked at and its end is awaited.
#[derive(Debug)]
pub struct Process(OwnedFd);

impl Process {
    /// A handle on the process with that id.
    pub fn open(pid: u32) -> Result<Process, Fail> {
        Ok(Process(syscall::pidfd(pid)?))
    }
}

/// Why a path is not an open network namespace.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened.
    #[error("{}: {}", shown(.0), io_text(.1))]
    Io(PathBuf, io::Error),
    /// A plain, empty file: where names of namespaces are kept, what an ended one
    /// leaves behind.
    #[error("{} is a plain file, not a namespace: left behind by one that has ended", shown(.0))]
    Stale(PathBuf),
    /// A file of another kind: a text, a device, a pipe, a folder.
    #[error("{} is no namespace", shown(.0))]
    NoNamespace(PathBuf),
    /// An nsfs file of another type.
    #[error("{} is a namespace, but not a network namespace", shown(.0))]
    OtherKind(PathBuf),
    /// Nothing that procfs tells can be had: the caller's own, those of processes.
    #[error("no procfs is mounted at /proc")]
    NoProcfs,
}

/// Is there a procfs? `self` is in every one, and leads nowhere in that of others.
pub fn has_procfs() -> bool {
    fs::symlink_metadata("/proc/self").is_ok()
}

impl NetNs {
    /// Opens an nsfs file.
    pub fn open(path: &Path) -> Result<NetNs, OpenError> {
        // Without waiting: a pipe with a name would wait for a writer.
        let file =
            File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(|e| {
                match e.raw_os_error() {
                    // What the kernel says of a socket's file, and of a device without a driver.
                    Some(libc::ENXIO) => OpenError::NoNamespace(path.to_owned()),
                    _ => OpenError::Io(path.to_owned(), e),
                }
            })?;
        let meta = file.metadata().map_err(|e| OpenError::Io(path.to_owned(), e))?;
        match syscall::ns_type(file.as_fd()) {
            Ok(libc::CLONE_NEWNET) => {}
            Ok(_) => return Err(OpenError::OtherKind(path.to_owned())),
            Err(_) if meta.is_file() && meta.len() == 0 => {
                return Err(OpenError::Stale(path.to_owned()));
            }
            Err(_) => return Err(OpenError::NoNamespace(path.to_owned())),
        }
        Ok(NetNs { key: NsKey { dev: meta.dev(), inode: meta.ino() }, file })
    }

    /// From an open descriptor of an nsfs file.
    pub fn from_fd(fd: OwnedFd) -> Result<NetNs, Fail> {
        let file = File::from(fd);
        let meta = file.metadata()?;
        Ok(NetNs { key: NsKey { dev: meta.dev(), inode: meta.ino() }, file })
    }

    /// The namespace of another process's socket, by the number it has there.
    pub fn of_socket(process: &Process, fd: i32) -> Result<NetNs, Fail> {
        let socket = syscall::pidfd_getfd(process.0.as_fd(), fd)?;
        NetNs::from_fd(syscall::netns_of_socket(socket.as_fd())?)
    }

    /// The calling thread's own.
    pub fn own() -> Result<NetNs, OpenError> {
        let opened = NetNs::open(Path::new("/proc/thread-self/ns/net"));
        opened.map_err(|why| if has_procfs() { why } else { OpenError::NoProcfs })
    }

    /// Device and inode.
    pub fn key(&self) -> NsKey {
        self.key
    }

    /// A second handle on the same namespace.
    pub fn try_clone(&self) -> io::Result<NetNs> {
        Ok(NetNs { file: self.file.try_clone()?, key: self.key })
    }

    /// The kernel's cookie (`SO_NETNS_COOKIE`), asked of a socket opened inside.
    pub fn cookie(&self) -> Result<u64, Fail> {
        self.enter(|| {
            let s = socket(
                AddressFamily::Netlink,
                SockType::Raw,
                SockFlag::SOCK_CLOEXEC,
                nix::sys::socket::SockProtocol::NetlinkRoute,
            )?;
            Ok(syscall::netns_cookie(s.as_fd())?)
        })?
    }

    /// Runs `f` inside the namespace, on a thread of its own that ends with it:
    /// the calling thread never moves, so nothing can be left in the wrong place.
    pub fn enter<T: Send>(&self, f: impl FnOnce() -> T + Send) -> Result<T, Fail> {
        // Here already: a thread would cost more than what it is for.
        if NetNs::own().is_ok_and(|own| own == *self) {
            return Ok(f());
        }
        let run = || -> Result<T, Fail> {
            setns(self.file.as_fd(), CloneFlags::CLONE_NEWNET)?;
            Ok(f())
        };
        thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, run) {
            Ok(handle) => handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(e) => Err(Fail::from(e)),
        })
    }
}

/// What came of a visit: `None` where there was no namespace any more, an error
/// where it could not be entered, else what was found there.
pub type Visited<T> = Option<Result<T, Fail>>;

/// Runs `f` inside each of `count` namespaces. `open` gives the n-th, and it is
/// closed again after its visit: thousands need no more open files than a few.
/// There is one thread for each processor, and each takes the next namespace
/// that nobody has taken yet, since some have a thousand times as much in them
/// as others. The threads end where they are; the calling one never moves.
pub fn visit<T: Send>(
    count: usize,
    open: impl Fn(usize) -> Option<NetNs> + Sync,
    f: impl Fn(usize, &NetNs) -> Result<T, Fail> + Sync,
) -> Result<Vec<Visited<T>>, Fail> {
    let next = AtomicUsize::new(0);
    let inside = |n: usize, ns: &NetNs| {
        match setns(ns.as_fd(), CloneFlags::CLONE_NEWNET) {
            Ok(()) => {}
            // To be where one is takes no privilege; to go there does.
            Err(_) if NetNs::own().is_ok_and(|own| own == *ns) => {}
            Err(e) => return Err(e.into()),
        }
        f(n, ns)
    };
    let work = || {
        let mut found = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                return found;
            }
            found.push((n, open(n).map(|ns| inside(n, &ns))));
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count);
    let mut all: Vec<Visited<T>> = (0..count).map(|_| None).collect();
    thread::scope(|scope| {
        let started = (0..workers).map(|_| thread::Builder::new().spawn_scoped(scope, work));
        // All are started before the first is waited for.
        let started = started.collect::<Result<Vec<_>, _>>()?;
        for worker in started {
            let found = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (n, visited) in found {
                all[n] = visited;
            }
        }
        Ok(all)
    })
}

/// Readable when the process has ended.
impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl PartialEq for NetNs {
    fn eq(&self, other: &NetNs) -> bool {
        self.key == other.key
    }
}

impl fmt::Display for NsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inode:{}", self.inode)
    }
}

/// Makes a namespace and its name under /run/netns, as `ip netns add` does: the
/// folder is a shared mount, so that the name is seen in every mount namespace
/// that follows this one. EEXIST when the name is taken.
pub fn add(name: &NsName) -> Result<NetNs, Fail> {
    prepare_folder()?;
    let path = name.path();
    File::options().write(true).create_new(true).open(&path)?;
    let made = thread::scope(|scope| {
        let run = || -> Result<(), Errno> {
            unshare(CloneFlags::CLONE_NEWNET)?;
            bind(Path::new("/proc/thread-self/ns/net"), &path)
        };
        match thread::Builder::new().spawn_scoped(scope, run) {
            Ok(handle) => handle.join().unwrap_or(Err(Errno::EIO)).map_err(Fail::from),
            Err(e) => Err(Fail::from(e)),
        }
    });
    let opened =
        made.and_then(|()| NetNs::open(&path).map_err(|e| Fail::Unreadable(e.to_string())));
    if opened.is_err() {
        // Ours, made a moment ago: the name must not stay without a namespace.
        let _ = umount2(&path, MntFlags::MNT_DETACH);
        let _ = fs::remove_file(&path);
    }
    opened
}

/// Gives an open namespace a name under /run/netns. EEXIST when the name is taken.
pub fn attach(name: &NsName, ns: &NetNs) -> Result<(), Fail> {
    prepare_folder()?;
    let path = name.path();
    File::options().write(true).create_new(true).open(&path)?;
    bind(&through(ns), &path).map_err(|e| {
        let _ = fs::remove_file(&path);
        Fail::from(e)
    })
}

/// Takes the name away: unmounts all that is mounted there, one over the other, and
/// removes the file. A refusal did nothing: what was unmounted before is mounted
/// again. The namespace itself lives on while a process, a socket or another mount
/// holds it.
pub fn del(name: &NsName) -> Result<(), Fail> {
    let path = name.path();
    // Known beforehand: a file system that takes no change.
    faccessat(AT_FDCWD, NETNS_DIR, AccessFlags::W_OK, AtFlags::AT_EACCESS)?;
    let mut taken = Vec::new();
    let why = match unmount_all(&path, &mut taken).and_then(|()| Ok(fs::remove_file(&path)?)) {
        Ok(()) => return Ok(()),
        Err(why) => why,
    };
    for ns in taken.iter().rev() {
        if let Err(e) = bind(&through(ns), &path) {
            let why =
                format!("{why}; it is unmounted, and cannot be mounted again: {}", errno_text(e));
            return Err(Fail::Unknown(io::Error::other(why)));
        }
    }
    Err(why)
}

/// Unmounts what is mounted on a file, the last first, and keeps it open.
fn unmount_all(path: &Path, taken: &mut Vec<NetNs>) -> Result<(), Fail> {
    // A name that is a link is taken away itself; what it leads to is not ours.
    if path.is_symlink() {
        return Ok(());
    }
    loop {
        let ns = NetNs::open(path).ok();
        match (umount2(path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW), ns) {
            (Ok(()), ns) => taken.extend(ns),
            // Still one, and no mount of ours: it came from outside a user namespace,
            // which does not let it be taken off.
            (Err(Errno::EINVAL), Some(_)) => return Err(Errno::EPERM.into()),
            // No mount point any more: the file is what is left to remove.
            (Err(Errno::EINVAL), None) => return Ok(()),
            (Err(e), _) => return Err(e.into()),
        }
    }
}

/// A path that leads to an open namespace.
fn through(ns: &NetNs) -> PathBuf {
    use std::os::fd::AsRawFd;
    PathBuf::from(format!("/proc/self/fd/{}", ns.as_fd().as_raw_fd()))
}

fn bind(source: &Path, target: &Path) -> Result<(), Errno> {
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

fn prepare_folder() -> Result<(), Fail> {
    fs::create_dir_all(NETNS_DIR)?;
    let share = || {
        mount(
            None::<&str>,
            NETNS_DIR,
            None::<&str>,
            MsFlags::MS_SHARED | MsFlags::MS_REC,
            None::<&str>,
        )
    };
    match share() {
        // Not a mount point yet: make it one, then share it.
        Err(Errno::EINVAL) => {
            mount(
                Some(NETNS_DIR),
                NETNS_DIR,
                None::<&str>,
                MsFlags::MS_BIND | MsFlags::MS_REC,
                None::<&str>,
            )?;
            share()?;
            Ok(())
        }
        other => Ok(other?),
    }
}
