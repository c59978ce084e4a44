//! An error as a person reads it: one sentence that says what was tried, on
//! what, where and why it failed; hints that say what helps; and what was taken
//! back. `-o json` prints the same as an object.

use std::fmt::Write as _;
use std::io;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use ovl_core::error::{Fail, Failure, io_text};
use ovl_core::names::shown;
use ovl_core::netns::OpenError;
use ovl_core::plan::{Clash, Conflict};
use ovl_core::types::Invalid;
use ovl_machine::resolve::{ResolveError, Why};
use serde_json::json;

use crate::exit::{Exit, is_root};
use crate::hint;
use crate::paint::{Paint, Tone};
use crate::stop::exit_for;

/// An error on its way to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What was tried, in the imperative: `create`.
    pub op: String,
    /// On what: `vxlan0`.
    pub object: String,
    /// In which namespace, as the user wrote it.
    pub netns: Option<String>,
    /// The whole sentence.
    pub message: String,
    /// The kernel's error number.
    pub errno: Option<Errno>,
    /// The kernel's own sentence.
    pub extack: Option<String>,
    /// What helps.
    pub hints: Vec<String>,
    /// What came of it besides, a sentence each.
    pub aftermath: Vec<String>,
    /// What was taken back, thing by thing: `br0 in netns ov-demo`.
    pub undone: Vec<String>,
    /// What could not be taken back, and why.
    pub left: Vec<String>,
    /// What was done before, and stays done.
    pub done: Vec<String>,
    /// How the command ends.
    pub exit: Exit,
    /// Somebody else was faster, and all was taken back: looking again may help.
    pub overtaken: bool,
    /// Nothing of what was made stands any more.
    pub reverted: bool,
}

impl Error {
    /// An error that no kernel call caused.
    pub fn new(exit: Exit, message: impl Into<String>) -> Error {
        Error {
            op: String::new(),
            object: String::new(),
            netns: None,
            message: harmless(message.into()),
            errno: None,
            extack: None,
            hints: Vec::new(),
            aftermath: Vec::new(),
            undone: Vec::new(),
            left: Vec::new(),
            done: Vec::new(),
            exit,
            overtaken: false,
            reverted: false,
        }
    }

    /// The words of the command line do not go together.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(Exit::Usage, message)
    }

    /// A signal came while nothing was under way that could be torn: there is
    /// nothing to say.
    pub fn interrupted(signal: Signal) -> Error {
        Error::new(exit_for(signal), "")
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }

    /// Says what was tried, on what and where.
    #[must_use]
    pub fn about(mut self, op: &str, object: impl Into<String>, netns: Option<String>) -> Error {
        op.clone_into(&mut self.op);
        self.object = object.into();
        self.netns = netns;
        self
    }

    /// The lines for a terminal.
    pub fn text(&self, tool: &str) -> String {
        let mut out = format!("{tool}: {}\n", self.message);
        let paint = Paint::of_errors();
        for hint in &self.hints {
            let _ = writeln!(out, "{}", paint.tone(Tone::Faint, &format!("hint: {hint}")));
        }
        for line in &self.aftermath {
            let _ = writeln!(out, "{line}");
        }
        for what in &self.done {
            let _ = writeln!(out, "done: {what}");
        }
        for thing in &self.undone {
            let _ = writeln!(out, "undone: {thing}");
        }
        for thing in &self.left {
            let _ = writeln!(out, "not undone: {thing}");
        }
        out
    }

    /// The object for programs.
    pub fn json(&self) -> serde_json::Value {
        let some = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        json!({ "error": {
            "message": self.message,
            "op": some(&self.op),
            "object": some(&self.object),
            "netns": self.netns,
            "errno": self.errno.map(|e| format!("{e:?}")),
            "extack": self.extack,
            "hint": some(&self.hints.join("; ")),
            "done": self.done,
            "undone": self.undone,
            "not_undone": self.left,
            "aftermath": self.aftermath,
            "exit": self.exit.code(),
        }})
    }
}

/// A sentence that moves no cursor, whoever wrote it: some repeat words as they are.
fn harmless(message: String) -> String {
    let acts = |c: char| c.is_control() && c != '\n';
    if !message.contains(acts) {
        return message;
    }
    let shown = |c: char| if acts(c) { c.escape_debug().to_string() } else { c.to_string() };
    message.chars().map(shown).collect()
}

impl From<Invalid> for Error {
    fn from(e: Invalid) -> Error {
        Error::usage(e.0)
    }
}

impl From<Failure> for Error {
    fn from(e: Failure) -> Error {
        let message = e.to_string();
        let mut error = from_fail(&e.why, message);
        error.op = e.op;
        error.object = e.object;
        error.netns = e.netns;
        error
    }
}

/// An error from what the kernel said, under a sentence of the caller's.
pub fn from_fail(why: &Fail, message: String) -> Error {
    let exit = why.errno().map_or(Exit::Failed, Exit::from_errno);
    let mut error = Error::new(exit, message);
    error.errno = why.errno();
    error.extack = why.extack().map(str::to_owned);
    error.hints.extend(hint::for_errno(why.errno()));
    if matches!(why, Fail::NoProcfs) {
        error.exit = Exit::Denied;
        error.hints.push(hint::NO_PROCFS.into());
    }
    error
}

/// A failed call on a file: the system's words for the number, without the number.
/// Whoever may not read a file seldom needs root for it, so that is no hint here.
pub fn from_io(op: &str, object: impl Into<String>, why: &io::Error) -> Error {
    let exit = exit_of(why);
    let errno = why.raw_os_error().map(Errno::from_raw);
    let (why, object) = (io_text(why), object.into());
    let blank = if object.is_empty() { "" } else { " " };
    let mut error = Error::new(exit, format!("cannot {op}{blank}{object}: {why}"));
    error.errno = errno;
    error.about(op, object, None)
}

fn exit_of(why: &io::Error) -> Exit {
    match why.kind() {
        io::ErrorKind::PermissionDenied => Exit::Denied,
        _ => Exit::Failed,
    }
}

/// A failed reading.
pub fn reading(what: &str, netns: Option<String>) -> impl FnOnce(Fail) -> Error {
    let what = what.to_owned();
    move |why| Failure { op: "read".into(), object: what, netns, why }.into()
}

impl From<Conflict> for Error {
    fn from(e: Conflict) -> Error {
        let (exit, op) = match &e.why {
            Clash::Exists
            | Clash::Altname(_)
            | Clash::Differs(_)
            | Clash::AllDiffer { .. }
            | Clash::Stale => (Exit::Exists, "create"),
            Clash::Assigned { .. } => (Exit::Exists, "assign"),
            Clash::Missing | Clash::OtherKind { .. } => (Exit::Missing, "find"),
            Clash::Fixed { .. } => (Exit::Failed, "set"),
        };
        let mut error = Error::new(exit, e.to_string()).about(op, e.what.clone(), e.netns.clone());
        error.hints.extend(hint::for_conflict(&e));
        if exit == Exit::Exists {
            error.errno = Some(Errno::EEXIST);
        }
        error
    }
}

impl From<OpenError> for Error {
    fn from(e: OpenError) -> Error {
        match &e {
            OpenError::Io(path, why) => from_io("open", shown(path), why),
            OpenError::NoProcfs => {
                let message = format!("cannot open the caller's own namespace: {e}");
                let error = Error::new(Exit::Denied, message).hint(hint::NO_PROCFS);
                error.about("open", "the caller's own namespace", None)
            }
            OpenError::Stale(path) | OpenError::NoNamespace(path) | OpenError::OtherKind(path) => {
                Error::new(Exit::Missing, e.to_string()).about("open", shown(path), None)
            }
        }
    }
}

impl From<ResolveError> for Error {
    fn from(e: ResolveError) -> Error {
        let (exit, errno) = match &e.why {
            Why::NoProcfs | Why::Hidden(_) => (Exit::Denied, None),
            Why::Closed(_, why) => (exit_of(why), why.raw_os_error().map(Errno::from_raw)),
            // As in a listing: root has nobody left to ask for what is hidden from it.
            Why::Unknown(unknown) if unknown.unread == 0 && is_root() => {
                (Exit::Missing, Some(Errno::ENOENT))
            }
            Why::Unknown(_) => (Exit::Denied, Some(Errno::ENOENT)),
            Why::Ambiguous(_) | Why::SavedTwice(_) => (Exit::Failed, None),
            Why::Engine(_) => (Exit::Missing, None),
            Why::NotFound(_) | Why::NotSaved | Why::NoProcess(_) => {
                (Exit::Missing, Some(Errno::ENOENT))
            }
            Why::Stale(_) | Why::NotNetns(_) => (Exit::Missing, Some(Errno::EINVAL)),
        };
        let message = e.to_string();
        let (object, netns) = (e.reference.clone(), Some(e.reference.clone()));
        let mut error = Error::new(exit, message).about("find", object, netns);
        error.errno = errno;
        error.hints.extend(hint::for_reference(&e.why));
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_moves_the_cursor() {
        let error = Error::usage("invalid value 'a\x1b[31mb' for 'it's'\nand more");
        assert_eq!(error.message, "invalid value 'a\\u{1b}[31mb' for 'it's'\nand more");
    }
}
