//! Signals and locks of a run. INT, TERM and HUP are held back while a plan
//! runs and looked for between its steps, so that no request is torn; what a
//! run chooses ('the next free name') it chooses under a lock.

use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use ovl_core::netns::NetNs;

use crate::error::Error;
use crate::exit::Exit;

/// The signals that end a run.
const ENDS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Signals are held back for as long as this value lives. A plan that a follower
/// carries out arms one inside the follower's own: what comes meanwhile stays
/// for the follower.
#[derive(Debug)]
pub struct Stop {
    /// Those that were not held back before.
    held: SigSet,
    fd: Option<SignalFd>,
}

impl Stop {
    /// Holds back the signals that end a run.
    pub fn arm() -> Stop {
        Stop::arm_with(&[])
    }

    /// Holds those back, and others that mean something else.
    pub fn arm_with(others: &[Signal]) -> Stop {
        let mut mask = SigSet::empty();
        for signal in ENDS.iter().chain(others) {
            mask.add(*signal);
        }
        let before = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
        let blocked = mask.thread_block().is_ok();
        let fd = blocked.then(|| ear(&mask)).flatten();
        let held = mask.iter().filter(|signal| !before.contains(*signal)).collect();
        Stop { held, fd }
    }

    /// The signal that has come, if one has.
    pub fn requested(&self) -> Option<Signal> {
        take(self.fd.as_ref()?)
    }

    /// What becomes readable when one has come.
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if self.held.iter().next().is_none() {
            return;
        }
        // What came while the plan was being taken back has been answered by that.
        while self.requested().is_some() {}
        let _ = self.held.thread_unblock();
    }
}

/// What becomes readable when one of these comes.
fn ear(signals: &SigSet) -> Option<SignalFd> {
    SignalFd::with_flags(signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).ok()
}

fn take(fd: &SignalFd) -> Option<Signal> {
    let info = fd.read_signal().ok().flatten()?;
    Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()
}

/// What becomes readable when a signal comes that ends the run and is held back
/// now, by whomever; `None` where none is held back.
pub fn held_back() -> Option<SignalFd> {
    let mask = SigSet::thread_get_mask().ok()?;
    let held: SigSet = ENDS.into_iter().filter(|signal| mask.contains(*signal)).collect();
    held.iter().next()?;
    ear(&held)
}

/// The signal that has come and is held back. It stays for who armed the stop, and
/// for whoever asks next.
pub fn pending(fd: &SignalFd) -> Option<Signal> {
    let signal = take(fd)?;
    // Sent to this thread, which holds it back: it comes again when it is looked for.
    let _ = raise(signal);
    Some(signal)
}

/// The exit code for a signal.
pub fn exit_for(signal: Signal) -> Exit {
    Exit::Signal(u8::try_from(signal as i32).unwrap_or(1))
}

/// Where this toolkit keeps what it must remember.
pub const STATE_DIR: &str = "/run/ovl";

/// Takes the lock under which free names and addresses are chosen. It is held
/// until the value is dropped.
pub fn choose() -> Result<Flock<File>, Error> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::new(Exit::Failed, format!("cannot lock {STATE_DIR}/lock: {e}"))
    };
    fs::create_dir_all(STATE_DIR).map_err(|e| failed(&e))?;
    let path = Path::new(STATE_DIR).join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| failed(&e))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, e)| failed(&e))
}

/// How long one waits for one's turn at most: somebody who was stopped in the middle
/// of his own must not stop all others.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often one asks whether it has come.
const ASK: Duration = Duration::from_millis(2);

/// The turn to change the devices of some namespaces; over when the value is dropped.
#[derive(Debug)]
pub struct Turn {
    _locks: Vec<Flock<OwnedFd>>,
}

/// Waits for the turn to change what is in these namespaces. The lock is on the
/// namespaces themselves: it needs no privilege and no file, and it is the same from
/// every mount namespace. Between those who take turns nobody finds a device that
/// another has only half made. It is a courtesy: whoever cannot have it, or has
/// waited long enough, goes on.
pub fn turn<'n>(namespaces: impl Iterator<Item = &'n NetNs>) -> Turn {
    let mut namespaces: Vec<&NetNs> = namespaces.collect();
    // All in the same order: nobody waits for one who waits for him.
    namespaces.sort_by_key(|ns| ns.key());
    let end = Instant::now() + PATIENCE;
    let locks =
        namespaces.into_iter().filter_map(|ns| lock(ns.as_fd().try_clone_to_owned().ok()?, end));
    Turn { _locks: locks.collect() }
}

fn lock(mut file: OwnedFd, end: Instant) -> Option<Flock<OwnedFd>> {
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Some(lock),
            Err((back, Errno::EWOULDBLOCK)) if Instant::now() < end => {
                file = back;
                thread::sleep(ASK);
            }
            Err(_) => return None,
        }
    }
}
