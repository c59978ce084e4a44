//! An error as a person reads it: one sentence that says what was tried, on
//! what, where and why it failed; hints that say what helps; and what was taken
//! back. `-o json` prints the same as an object.

use std::fmt::Write as _;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use ovl_core::error::{Fail, Failure, errno_text};
use ovl_core::plan::{Clash, Conflict};
use ovl_core::types::Invalid;
use ovl_machine::resolve::ResolveError;
use serde_json::json;

use crate::exit::Exit;
use crate::hint;
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
    /// What was taken back, and what could not be.
    pub aftermath: Vec<String>,
    /// What was done before, and stays done.
    pub done: Vec<String>,
    /// How the command ends.
    pub exit: Exit,
    /// Somebody else was faster, and all was taken back: looking again may help.
    pub overtaken: bool,
}

impl Error {
    /// An error that no kernel call caused.
    pub fn new(exit: Exit, message: impl Into<String>) -> Error {
        Error {
            op: String::new(),
            object: String::new(),
            netns: None,
            message: message.into(),
            errno: None,
            extack: None,
            hints: Vec::new(),
            aftermath: Vec::new(),
            done: Vec::new(),
            exit,
            overtaken: false,
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
        for line in &self.aftermath {
            let _ = writeln!(out, "{line}");
        }
        for what in &self.done {
            let _ = writeln!(out, "done: {what}");
        }
        for hint in &self.hints {
            let _ = writeln!(out, "hint: {hint}");
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
            "undone": self.aftermath,
            "done": self.done,
            "exit": self.exit.code(),
        }})
    }
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
    error
}

/// A failed reading.
pub fn reading(what: &str, netns: Option<String>) -> impl FnOnce(Fail) -> Error {
    let what = what.to_owned();
    move |why| Failure { op: "read".into(), object: what, netns, why }.into()
}

impl From<Conflict> for Error {
    fn from(e: Conflict) -> Error {
        let (exit, op) = match &e.why {
            Clash::Exists | Clash::Differs(_) | Clash::AllDiffer { .. } | Clash::Stale => {
                (Exit::Exists, "create")
            }
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

impl From<ResolveError> for Error {
    fn from(e: ResolveError) -> Error {
        let exit = match &e {
            ResolveError::Denied { .. } => Exit::Denied,
            ResolveError::Ambiguous { .. } => Exit::Failed,
            ResolveError::Engine { .. }
            | ResolveError::NotFound { .. }
            | ResolveError::Stale(_)
            | ResolveError::NotNetns(_)
            | ResolveError::NoProcess(_) => Exit::Missing,
        };
        let message = match &e {
            ResolveError::Denied { path, why } => {
                let errno = Errno::from_raw(why.raw_os_error().unwrap_or_default());
                format!("cannot open {path}: {}", errno_text(errno))
            }
            other => other.to_string(),
        };
        let mut error = Error::new(exit, message).about("find", "the namespace", None);
        error.hints.extend(hint::for_reference(&e));
        error
    }
}
