//! Turns at changing the devices of namespaces: runs of this toolkit that would find
//! each other's work half done come one after the other.

use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use ovl_core::netns::NetNs;

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
