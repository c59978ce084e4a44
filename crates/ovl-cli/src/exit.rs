//! Exit codes, the same in every binary.

use std::process::ExitCode;

use nix::errno::Errno;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// No such object.
    Missing,
    /// It exists already.
    Exists,
    /// Not permitted, or not everything could be read.
    Denied,
    /// A check found something, or nobody replied.
    Found,
    /// Ended by a signal.
    Signal(u8),
    /// The exit status of a command that was run.
    Command(u8),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Missing => 3,
            Exit::Exists => 4,
            Exit::Denied => 5,
            Exit::Found => 6,
            // As shells report it.
            Exit::Signal(number) => 128 + number,
            Exit::Command(code) => code,
        }
    }

    /// What a refusal by the kernel means for the exit code.
    pub fn from_errno(errno: Errno) -> Exit {
        match errno {
            Errno::EPERM | Errno::EACCES => Exit::Denied,
            Errno::ENODEV | Errno::ENOENT | Errno::ESRCH => Exit::Missing,
            Errno::EEXIST => Exit::Exists,
            _ => Exit::Failed,
        }
    }
}

/// Is the caller root, who has nobody left to ask for more?
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
