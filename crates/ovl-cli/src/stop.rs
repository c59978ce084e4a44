//! Signals of a run. INT, TERM and HUP are held back while a plan runs and looked
//! for between its steps, so that no request is torn. One that was ignored when the
//! program was started, as by `nohup`, stays ignored.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use ovl_core::inherited::is_ignored;

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
        // The kernel keeps an ignored signal as well for whoever holds it back.
        let ends = ENDS.into_iter().filter(|signal| !is_ignored(*signal));
        let mask: SigSet = ends.chain(others.iter().copied()).collect();
        let before = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
        let blocked = mask.thread_block().is_ok();
        let fd = blocked.then(|| ear(&mask)).flatten();
        let held = mask.iter().filter(|signal| !before.contains(*signal)).collect();
        Stop { held, fd }
    }

    /// The signal that has come, if one has.
    pub fn requested(&self) -> Option<Signal> {
        Some(self.heard()?.signal)
    }

    /// The same, with who has heard it beside this process.
    pub fn heard(&self) -> Option<Heard> {
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

/// A signal that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Which.
    pub signal: Signal,
    /// It came from a terminal, and so to all processes that run there.
    pub by_all: bool,
}

fn take(fd: &SignalFd) -> Option<Heard> {
    let info = fd.read_signal().ok().flatten()?;
    let signal = Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()?;
    Some(Heard { signal, by_all: info.ssi_code == nix::libc::SI_KERNEL })
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
    let signal = take(fd)?.signal;
    // Sent to this thread, which holds it back: it comes again when it is looked for.
    let _ = raise(signal);
    Some(signal)
}

/// The exit code for a signal.
pub fn exit_for(signal: Signal) -> Exit {
    Exit::Signal(u8::try_from(signal as i32).unwrap_or(1))
}
