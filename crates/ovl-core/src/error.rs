//! What the kernel answered, as a value: errno, the extended-ACK sentence, and
//! whether an answer came at all. Knows no command line and no advice.

use std::fmt;
use std::io;

use nix::errno::Errno;

use crate::names::shown;

/// A request that the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct KernelError {
    /// The error number, positive, such as `EEXIST`.
    pub errno: Errno,
    /// The extended-ACK sentence (`NLMSGERR_ATTR_MSG`), where the kernel gave one.
    pub extack: Option<String>,
}

impl KernelError {
    /// A refusal without a sentence.
    pub fn new(errno: Errno) -> KernelError {
        KernelError { errno, extack: None }
    }
}

impl From<Errno> for KernelError {
    fn from(errno: Errno) -> KernelError {
        KernelError::new(errno)
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(errno_text(self.errno))?;
        if let Some(text) = &self.extack {
            // The kernel ends its sentences without a full stop; ip puts it there, as here.
            let stop = if text.ends_with('.') { "" } else { "." };
            write!(f, " (kernel: {}{stop})", shown(text))?;
        }
        Ok(())
    }
}

/// The words of strerror(3) for the errors this toolkit meets, so that what is
/// printed reads as it does in `ip` and does not hang on a C library's wording.
pub fn errno_text(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM => "Operation not permitted",
        Errno::EEXIST => "File exists",
        Errno::EOPNOTSUPP => "Operation not supported",
        Errno::EINVAL => "Invalid argument",
        Errno::ELOOP => "Too many levels of symbolic links",
        Errno::EAFNOSUPPORT => "Address family not supported by protocol",
        other => other.desc(),
    }
}

/// The same for an error of the standard library, whose own words end with the number.
pub fn io_text(why: &io::Error) -> String {
    match why.raw_os_error() {
        Some(number) => errno_text(Errno::from_raw(number)).to_owned(),
        None => why.to_string(),
    }
}

/// Why a call that goes through the kernel did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Fail {
    /// The kernel said no: nothing was done.
    #[error("{0}")]
    Refused(#[from] KernelError),
    /// No answer: it may have been done. Read back before believing either.
    #[error("no answer from the kernel: {}", io_text(.0))]
    Unknown(io::Error),
    /// The kernel answered with something this program cannot read.
    #[error("the kernel's answer cannot be read: {0}")]
    Unreadable(String),
    /// A dump was interrupted by changes each time it was tried (`NLM_F_DUMP_INTR`).
    #[error("the list changed while it was read, {0} times in a row; try again")]
    Interrupted(u32),
    /// It is a question for procfs, and there is none.
    #[error("no procfs is mounted at /proc")]
    NoProcfs,
    /// What was to be taken back has been taken into use by others meanwhile.
    #[error("{0} uses it by now")]
    InUse(String),
}

impl Fail {
    /// The refusal's error number, if it was a refusal.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Fail::Refused(e) => Some(e.errno),
            _ => None,
        }
    }

    /// The refusal's extended-ACK sentence.
    pub fn extack(&self) -> Option<&str> {
        match self {
            Fail::Refused(e) => e.extack.as_deref(),
            _ => None,
        }
    }
}

impl From<Errno> for Fail {
    fn from(errno: Errno) -> Fail {
        Fail::Refused(KernelError::new(errno))
    }
}

impl From<io::Error> for Fail {
    /// For calls that are done or refused in one piece (open, mount, unlink):
    /// an error number is a refusal.
    fn from(e: io::Error) -> Fail {
        match e.raw_os_error() {
            Some(n) => Fail::Refused(KernelError::new(Errno::from_raw(n))),
            None => Fail::Unknown(e),
        }
    }
}

/// A failed reading or change, with what was tried, on what, and where.
#[derive(Debug, thiserror::Error)]
#[error("cannot {op}{}{}: {why}", spaced(object), in_netns(netns.as_deref()))]
pub struct Failure {
    /// The operation in the imperative: `create`, `list links`.
    pub op: String,
    /// What it was tried on: `vxlan0`; empty when the operation says it all.
    pub object: String,
    /// The namespace as the user would write it; `None` for the caller's own.
    pub netns: Option<String>,
    /// What the kernel said.
    pub why: Fail,
}

fn spaced(object: &str) -> String {
    if object.is_empty() { String::new() } else { format!(" {object}") }
}

fn in_netns(netns: Option<&str>) -> String {
    netns.map(|n| format!(" in netns {n}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_has_no_number() {
        let why = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(io_text(&why), "No such file or directory");
        assert_eq!(io_text(&io::Error::other("no errno")), "no errno");
        let lost = Fail::Unknown(io::Error::from_raw_os_error(libc::ETIMEDOUT));
        assert!(!lost.to_string().contains("os error"), "{lost}");
    }

    #[test]
    fn a_failure_reads_as_one_sentence() {
        let why = Fail::Refused(KernelError {
            errno: Errno::EEXIST,
            extack: Some("A VXLAN device with the specified VNI already exists".into()),
        });
        let failure = Failure {
            op: "create".into(),
            object: "vxlan0".into(),
            netns: Some("ov-demo".into()),
            why,
        };
        assert_eq!(
            failure.to_string(),
            "cannot create vxlan0 in netns ov-demo: File exists (kernel: A VXLAN device with the specified VNI already exists.)"
        );
    }
}
