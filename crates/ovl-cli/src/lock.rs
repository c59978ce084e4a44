//! The lock under which a run looks and then writes: free names are chosen, rows
//! compared and namespaces made by one run of this toolkit after the other.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signalfd::SignalFd;
use nix::sys::stat::{major, minor};
use ovl_core::error::Fail;
use ovl_core::names::shown;

use crate::error::{Error, from_fail};
use crate::exit::Exit;
use crate::flags::{Acting, Flags};
use crate::output;
use crate::stop;

/// Where this toolkit keeps what it must remember.
pub const STATE_DIR: &str = "/run/ovl";

/// Waiting for less than this needs no word: most runs are shorter.
const SILENT: Duration = Duration::from_secs(1);
/// Nobody who works holds it for as long as this.
const LIMIT: Duration = Duration::from_secs(30);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(10);

/// The name under which this process tells that it waits; `None` when it is to be quiet.
static VOICE: OnceLock<Option<&'static str>> = OnceLock::new();

/// Says in whose name it is told that a lock is waited for, or with `-q` that it is not.
/// Locks are taken deep down, where nobody knows of flags.
pub(crate) fn speak_as(tool: &'static str, flags: &Flags) {
    let _ = VOICE.set((!flags.quiet).then_some(tool));
}

fn say(what: &str) {
    if let Some(tool) = VOICE.get().copied().flatten() {
        output::note(&format!("{tool}: {what}"));
    }
}

/// Takes the lock under which free names and addresses are chosen, unless nothing is
/// to be changed. It is held until the value is dropped.
pub fn choose(acting: Acting) -> Result<Option<Flock<File>>, Error> {
    if acting.dry_run {
        return Ok(None);
    }
    take(&Path::new(STATE_DIR).join("lock")).map(Some)
}

/// Takes the lock of that file, which is made where it is not there.
pub fn take(path: &Path) -> Result<Flock<File>, Error> {
    let file = open(path).map_err(|e| failed(path, &e.into()))?;
    wait(file, path, SILENT, LIMIT)
}

/// Whoever can open the file can hold the lock for ever: it is its owner's alone, and
/// so is the folder, in which another could put a file of theirs. The modes are set
/// and not left to the umask; those that an earlier version made are mended.
fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
        if fs::metadata(folder)?.mode() & 0o022 != 0 {
            fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        }
    }
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.custom_flags(nix::libc::O_NOFOLLOW).open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Waits for the lock: says whom it waits for when that takes a while, and gives up
/// in the end. A signal that is held back ends it as well.
fn wait(
    mut file: File,
    path: &Path,
    silent: Duration,
    limit: Duration,
) -> Result<Flock<File>, Error> {
    let begun = Instant::now();
    let told = stop::held_back();
    let mut is_said = false;
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((file, Errno::EWOULDBLOCK | Errno::EINTR)) => file,
            Err((_, e)) => return Err(failed(path, &e.into())),
        };
        let waited = begun.elapsed();
        if waited >= limit {
            let (who, limit) = (holder(&file), limit.as_secs());
            let message = format!("cannot lock {}: {who} held it for {limit} s", shown(path));
            return Err(Error::new(Exit::Failed, message).about("lock", shown(path), None));
        }
        if waited >= silent && !std::mem::replace(&mut is_said, true) {
            say(&format!("waiting for {}: {} holds it", shown(path), holder(&file)));
        }
        pause(told.as_ref())?;
    }
}

/// Until the next attempt; an error when a signal comes first.
fn pause(told: Option<&SignalFd>) -> Result<(), Error> {
    let Some(fd) = told else {
        sleep(PAUSE);
        return Ok(());
    };
    let pause = PollTimeout::try_from(PAUSE).unwrap_or(PollTimeout::ZERO);
    let _ = poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], pause);
    stop::pending(fd).map_or(Ok(()), |signal| Err(Error::interrupted(signal)))
}

/// Who holds the lock on a file, by the kernel's list (`proc_locks(5)`): the list has
/// only processes that can be seen from here.
fn holder(file: &File) -> String {
    let find = || {
        let meta = file.metadata().ok()?;
        let (dev, inode) = (meta.dev(), meta.ino());
        let wanted = format!("{:02x}:{:02x}:{inode}", major(dev), minor(dev));
        let list = fs::read_to_string("/proc/locks").ok()?;
        let pid = list.lines().find_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_it = words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&wanted.as_str());
            words.get(4).filter(|_| is_it)?.parse::<u32>().ok()
        })?;
        let comm = fs::read(format!("/proc/{pid}/comm")).ok()?;
        let comm = shown(String::from_utf8_lossy(&comm).trim_end());
        Some(format!("{comm} ({pid})"))
    };
    find().unwrap_or_else(|| "another process".into())
}

fn failed(path: &Path, why: &Fail) -> Error {
    // Where a file has a folder's name the system says `File exists`, which nobody asked.
    let in_the_way = path.ancestors().skip(1).find(|folder| folder.symlink_metadata().is_ok());
    let why_not = match in_the_way.filter(|folder| !folder.is_dir()) {
        Some(file) => format!("{} is not a folder", shown(file)),
        None => why.to_string(),
    };
    let message = format!("cannot lock {}: {why_not}", shown(path));
    let mut error = from_fail(why, message).about("lock", shown(path), None);
    if error.exit != Exit::Denied {
        // It is not what the run is about that exists, or is missing.
        error.exit = Exit::Failed;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_too_long_is_told_for_whom() {
        let folder = std::env::temp_dir().join(format!("ovl-lock-{}", std::process::id()));
        let path = folder.join("lock");
        let file = open(&path).unwrap();
        // As one that an earlier version made.
        file.set_permissions(Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let again = || wait(open(&path).unwrap(), &path, LIMIT, Duration::from_millis(1));
        let held = wait(file, &path, LIMIT, LIMIT).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o777);
        let refused = again().unwrap_err();
        let us = format!("({})", std::process::id());
        // Some file systems have another number in the kernel's list than in their files.
        let is_told = [us.as_str(), "another process"].iter().any(|w| refused.message.contains(w));
        assert!(is_told, "{}", refused.message);
        for (of, mode) in [(&path, 0o600), (&folder, 0o755)] {
            assert_eq!(fs::metadata(of).unwrap().mode() & 0o777, mode, "{}", of.display());
        }
        drop(held);
        again().unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
