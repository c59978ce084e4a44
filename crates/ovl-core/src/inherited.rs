//! What this program was started with, for the programs it starts or becomes: Rust's
//! runtime ignores SIGPIPE, and a program that ignores it writes on into a pipe that
//! nobody reads.

use std::process::Command;

use nix::sys::signal::{SigSet, Signal};

use crate::syscall::{self, Pipe, set_pipe};

/// Was a signal ignored when this program was started, as by `nohup`? Nothing here ever
/// changes what becomes of one but SIGPIPE.
pub fn is_ignored(signal: Signal) -> bool {
    syscall::is_ignored(signal)
}

/// Runs `f`, which is to become another program, with signals as they were given to
/// this one. Where it comes back, they are ours again.
pub fn with_signals<T>(f: impl FnOnce() -> T) -> T {
    set_pipe(Pipe::Inherited);
    let failed = f();
    set_pipe(Pipe::Ignored);
    failed
}

/// A command that starts with signals as they were given to this program; `mask` are
/// those that were held back before this program held back any.
pub fn hand_signals_down(command: &mut Command, mask: SigSet) {
    syscall::hand_signals_down(command, mask);
}
