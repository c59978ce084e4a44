//! What a command runs with: the kernel seam, where to look for namespaces, the
//! common flags; and the one `main` all binaries share.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use ovl_core::kernel::Live;
use ovl_core::names::{NsRef, shown};
use ovl_core::netns::NetNs;
use ovl_machine::discover::Search;
use ovl_machine::names::{Asking, Names};
use ovl_machine::resolve::{Resolved, Resolver};

use crate::directory::Directory;
use crate::error::Error;
use crate::exit::{Exit, is_root};
use crate::flags::Flags;
use crate::lock;
use crate::output;
use crate::shape::Netns;
use crate::usage;

/// The kernel, or, in test builds, the kernel with a fault in it.
#[cfg(not(feature = "fault"))]
pub type Seam = Live;
/// The kernel with a fault in it where `OVL_FAULT` asks for one.
#[cfg(feature = "fault")]
pub type Seam = ovl_core::kernel::Faulty<Live>;

#[cfg(not(feature = "fault"))]
fn seam() -> Seam {
    Live
}

/// `OVL_FAULT=N:before` or `N:after`.
#[cfg(feature = "fault")]
fn seam() -> Seam {
    use ovl_core::kernel::{Faulty, When};
    let asked = std::env::var("OVL_FAULT").unwrap_or_default();
    let (at, when) = asked.split_once(':').unwrap_or_default();
    let when = if when == "after" { When::After } else { When::Before };
    Faulty::new(Live, at.parse().unwrap_or(usize::MAX), when)
}

/// What a command runs with.
#[derive(Debug)]
pub struct Context {
    /// The binary's name, which begins its error lines.
    pub tool: &'static str,
    /// The kernel.
    pub kernel: Seam,
    /// Where to look for namespaces.
    pub search: Search,
    /// The common flags.
    pub flags: Flags,
    /// What was done last, a sentence each.
    done: RefCell<Vec<String>>,
}

/// What a listing could not read.
#[derive(Debug, Default, Clone, Copy)]
pub struct Missed<'a> {
    /// Processes that could not be looked at.
    pub hidden: usize,
    /// Namespaces that could not be read.
    pub unread: usize,
    /// The procfs lists no processes of others.
    pub hides: bool,
    /// Folders and files of names that could not be opened.
    pub closed: &'a [PathBuf],
    /// It is about one namespace, which is found: what is missing is who is in it.
    pub of_one: bool,
}

impl Context {
    /// A context for this machine.
    pub fn new(tool: &'static str, flags: Flags) -> Context {
        let folders = std::env::var("OVL_NETNS_PATH").ok();
        lock::speak_as(tool, &flags);
        let whole = flags.is_structured();
        let search = Search { whole, ..Search::here(folders.as_deref()) };
        Context { tool, kernel: seam(), search, flags, done: RefCell::default() }
    }

    /// What the namespaces of this machine are called.
    pub fn directory(&self) -> Directory {
        Directory::new(&self.search)
    }

    /// The object of an open namespace, for output that programs read. Text names
    /// it as the user did: for that nothing is searched.
    pub fn object(&self, ns: &NetNs) -> Option<Netns> {
        let wanted = self.flags.is_structured();
        wanted.then(|| self.directory().netns(ns.key(), ns.cookie().ok()))
    }

    /// As [`Context::completeness_of`], where nothing else can be missing.
    pub fn completeness(&self, hidden: usize, unread: usize) -> Exit {
        self.completeness_of(&Missed { hidden, unread, ..Missed::default() })
    }

    /// Says what could not be read, and how a listing ends for that: not well
    /// for a caller who could come back with more privileges. Root has none left
    /// to ask for; what is hidden from it is said, and is no failure.
    pub fn completeness_of(&self, missed: &Missed<'_>) -> Exit {
        let Missed { hidden, unread, hides, closed, of_one } = missed;
        let lost = if *of_one {
            "those that are in this namespace are not shown"
        } else {
            "namespaces that only they hold are not shown"
        };
        let is_partial = *hidden > 0 || *hides || !closed.is_empty();
        let is_failed = *unread > 0 || (is_partial && !is_root());
        // What is no failure is not said where only failures are to be.
        let is_said = is_failed || !self.flags.quiet;
        let say = |what: &str| {
            if is_said {
                output::note(&format!("{}: {what}", self.tool));
            }
        };
        if *hidden > 0 {
            say(&format!("{} could not be looked at: {lost}", counted(*hidden, "process", "es")));
        }
        if *hides {
            say(&format!("/proc does not list the processes of others (hidepid): {lost}"));
        }
        for path in *closed {
            say(&format!("cannot look at {}", shown(path)));
        }
        if *unread > 0 {
            say(&match of_one {
                true => "what is in the namespace could not be read".to_owned(),
                false => format!("{} could not be read", counted(*unread, "namespace", "s")),
            });
        }
        if is_failed { Exit::Denied } else { Exit::Done }
    }

    /// The names that engines have answered with. That one did not answer is no
    /// failure of what was asked for: it is said only to who wants to know more.
    pub fn names(&self, asking: Asking) -> Names {
        let names = asking.answers();
        if self.flags.verbose > 0 {
            let whys: BTreeSet<String> = names.failures.iter().map(ToString::to_string).collect();
            for why in whys {
                output::note(&format!("{}: no names of an engine's: {why}", self.tool));
            }
        }
        names
    }

    /// Remembers what was done, for an error that comes after it.
    pub(crate) fn has_done(&self, what: Vec<String>) {
        self.done.replace(what);
    }

    /// An error that comes after what was done, which stays done: whoever is told only
    /// that nothing could be written would take it for not done.
    pub fn after_what_was_done(&self, mut error: Error) -> Error {
        error.done = self.done.take();
        error
    }

    /// Tells of an error, in the form that was asked for: as the last word of a
    /// command, or in between by one that goes on.
    pub fn tell(&self, error: &Error) {
        if error.message.is_empty() {
            return;
        }
        if self.flags.is_structured() {
            output::note(&error.json().to_string());
        } else {
            output::note(error.text(self.tool).trim_end());
        }
    }

    /// The namespace a reference means.
    pub fn resolve(&self, reference: &NsRef) -> Result<Resolved, Error> {
        Ok(Resolver::new(&self.search, &self.kernel).resolve(reference)?)
    }
}

/// `1 process`, `2 processes`.
fn counted(number: usize, what: &str, several: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { several })
}

/// Parses the command line, runs the command, tells what went wrong.
pub fn main<C>(
    tool: &'static str,
    flags: impl FnOnce(&C) -> Flags,
    run: impl FnOnce(&Context, C) -> Result<Exit, Error>,
) -> ExitCode
where
    C: CommandFactory + FromArgMatches,
{
    main_of(tool, Ok(std::env::args_os().collect()), flags, run)
}

/// The same, of words that were looked at before, or refused.
pub fn main_of<C>(
    tool: &'static str,
    words: Result<Vec<OsString>, Error>,
    flags: impl FnOnce(&C) -> Flags,
    run: impl FnOnce(&Context, C) -> Result<Exit, Error>,
) -> ExitCode
where
    C: CommandFactory + FromArgMatches,
{
    // The process ends with the command: taking the definition apart again would
    // be a tenth of a short run.
    let mut command = ManuallyDrop::new(C::command());
    let words = match words {
        Ok(words) => words,
        Err(error) => {
            let typed: Vec<OsString> = std::env::args_os().collect();
            return usage::refuse(tool, &error, &command, &typed).into();
        }
    };
    let parsed = command
        .try_get_matches_from_mut(&words)
        .and_then(|matches| C::from_arg_matches(&matches).map_err(|e| e.format(&mut command)));
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(e) => {
            let e = usage::explained::<C>(e, &words);
            return usage::tell(tool, &e, &command, &words).into();
        }
    };
    let context = Context::new(tool, flags(&parsed));
    match run(&context, parsed) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let is_untold = error.op == output::WRITE;
            let error = if is_untold { context.after_what_was_done(error) } else { error };
            context.tell(&error);
            error.exit.into()
        }
    }
}
