//! From wants to done: plan, then print the plan (`--dry-run`), or run it, with
//! each line on stderr first where that was asked for (`--explain`).

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use ovl_core::error::{Failure, KernelError};
use ovl_core::exec::{Exec, Failed, Observer, Why};
use ovl_core::netns::NetNs;
use ovl_core::plan::{Plan, plan};
use ovl_core::row::RowSpec;
use ovl_core::spell;
use ovl_core::state::Have;
use ovl_core::step::{Act, LinkRef, NsDecl, NsSlot, Step};
use ovl_core::want::{Policy, Want};

use crate::context::Context;
use crate::error::{Error, from_fail};
use crate::exit::Exit;
use crate::flags::Acting;
use crate::output;
use crate::slots::Slots;
use crate::stop::{Stop, exit_for};

/// How a command's plan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was printed; nothing was changed.
    Shown,
    /// It was run; this many steps.
    Ran(usize),
}

/// Plans and acts. `advise` adds hints to a failure.
pub fn apply(
    context: &Context,
    acting: Acting,
    slots: Slots,
    wants: &[Want],
    have: &Have,
    policy: Policy,
    advise: impl FnOnce(&Failed, &mut Error),
) -> Result<Applied, Error> {
    let plan = plan(slots.decls, wants, have, policy)?;
    carry_out(context, acting, &plan, slots.open, &mut Silent, advise)
}

/// How often it is tried when others are faster, the first time included.
const TRIES: usize = 5;

/// Looks, plans and acts by `attempt`, and does so again when somebody else has made
/// what it was to make since it had looked: what stands then may be what is wanted.
pub fn again<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..TRIES {
        match attempt() {
            Err(error) if error.overtaken => {}
            ended => return ended,
        }
    }
    attempt()
}

/// Sees how rows fare while a plan runs.
pub trait Onlooker {
    /// So many of a step's rows are through.
    fn through(&mut self, _rows: usize, _of: usize) {}

    /// A row was refused; `true` goes on with the others.
    fn refused(&mut self, _row: &RowSpec, _why: &KernelError) -> bool {
        false
    }
}

/// An onlooker that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Onlooker for Silent {}

/// Runs a plan, or prints it: `--dry-run`.
pub fn carry_out(
    context: &Context,
    acting: Acting,
    plan: &Plan,
    open: BTreeMap<NsSlot, NetNs>,
    onlooker: &mut dyn Onlooker,
    advise: impl FnOnce(&Failed, &mut Error),
) -> Result<Applied, Error> {
    if acting.dry_run {
        let lines: String = spell::lines(plan).iter().map(|line| format!("{line}\n")).collect();
        output::print(&lines)?;
        return Ok(Applied::Shown);
    }
    if plan.is_empty() {
        return Ok(Applied::Ran(0));
    }
    let tell = acting.explain || context.flags.verbose > 0;
    let mut run = Run { plan, tell, stop: Stop::arm(), signal: None, onlooker };
    match Exec::new(&context.kernel, plan, open).run(plan, &mut run) {
        Ok(dropped) if dropped.is_empty() => {
            context
                .has_done(plan.steps().filter(|s| !is_part(s)).map(|s| place(plan, s)).collect());
            Ok(Applied::Ran(plan.steps().count()))
        }
        Ok(dropped) => Err(not_deleted(plan, dropped)),
        Err(failed) => {
            let mut error = told(plan, &failed, run.signal);
            advise(&failed, &mut error);
            Err(error)
        }
    }
}

/// A run under way: says each line first where that was asked for, and looks
/// for the signal that stops it.
struct Run<'a> {
    plan: &'a Plan,
    tell: bool,
    stop: Stop,
    signal: Option<Signal>,
    onlooker: &'a mut dyn Onlooker,
}

impl Run<'_> {
    fn goes_on(&mut self) -> bool {
        self.signal = self.stop.requested();
        self.signal.is_none()
    }
}

impl Observer for Run<'_> {
    fn before(&mut self, step: &Step) -> bool {
        let goes_on = self.goes_on();
        if self.tell && goes_on {
            for line in spell::step_lines(&self.plan.namespaces, step) {
                output::note(&line);
            }
        }
        goes_on
    }

    fn through(&mut self, rows: usize, of: usize) -> bool {
        self.onlooker.through(rows, of);
        self.goes_on()
    }

    fn refused(&mut self, row: &RowSpec, why: &KernelError) -> bool {
        self.onlooker.refused(row, why)
    }
}

/// A failed run in words: what failed, what was taken back, what could not be.
fn told(plan: &Plan, failed: &Failed, signal: Option<Signal>) -> Error {
    let (op, object) = failed.step.describe();
    let netns = label(plan, &failed.step);
    let mut error = match &failed.why {
        Why::Stopped => {
            let signal = signal.unwrap_or(Signal::SIGINT);
            Error::new(exit_for(signal), format!("stopped by {signal} before: {op} {object}"))
        }
        Why::Kernel(why) => {
            let place = netns.as_ref().map(|n| format!(" in netns {n}")).unwrap_or_default();
            from_fail(why, format!("cannot {op} {object}{place}: {why}"))
        }
    };
    error = error.about(op, object, netns);
    error.overtaken = failed.overtaken;
    error.reverted = failed.left.is_empty();
    for step in &failed.undone {
        let thing = thing(plan, step);
        if !error.undone.contains(&thing) {
            error.undone.push(thing);
        }
    }
    let left = failed.left.iter().map(|(step, why)| format!("{}: {why}", place(plan, step)));
    error.left.extend(left);
    error
}

/// Deletions that failed, while the others went through.
fn not_deleted(plan: &Plan, dropped: Vec<(Step, ovl_core::error::Fail)>) -> Error {
    let mut errors = dropped.into_iter().map(|(step, why)| {
        let (op, object) = step.describe();
        Error::from(Failure { op: op.into(), object, netns: label(plan, &step), why })
    });
    let mut first = errors.next().unwrap_or_else(|| Error::new(Exit::Failed, "nothing failed"));
    first.aftermath.extend(errors.map(|e| e.message));
    first
}

/// Is it done to a device that the plan makes? That is said of the device already.
fn is_part(step: &Step) -> bool {
    match &step.act {
        Act::LinkSet(link, _) | Act::Addr(_, link, _) | Act::Route(_, link, _) => {
            matches!(link, LinkRef::Made { .. })
        }
        _ => false,
    }
}

/// What a step that is taken back has made, and where. A thing that was made goes with
/// all that was done to it; what was done to one that stood is told by itself.
fn thing(plan: &Plan, step: &Step) -> String {
    let made = match &step.act {
        Act::LinkAdd(spec) => Some((step.at, &spec.name)),
        Act::LinkSet(link, _) | Act::Addr(_, link, _) | Act::Route(_, link, _) => match link {
            LinkRef::Made { at, name } => Some((*at, name)),
            LinkRef::Have { .. } => None,
        },
        _ => None,
    };
    let decl = |at: NsSlot| plan.namespaces.get(usize::from(at.0));
    match (decl(step.at), made) {
        (Some(NsDecl::ToBe { name }), _) => format!("netns {name}"),
        (_, Some((at, name))) => {
            let netns = decl(at).and_then(NsDecl::label);
            netns.map_or_else(|| name.to_string(), |netns| format!("{name} in netns {netns}"))
        }
        _ => place(plan, step),
    }
}

fn place(plan: &Plan, step: &Step) -> String {
    let (op, object) = step.describe();
    match label(plan, step) {
        Some(netns) => format!("{op} {object} in netns {netns}"),
        None => format!("{op} {object}"),
    }
}

fn label(plan: &Plan, step: &Step) -> Option<String> {
    plan.namespaces.get(usize::from(step.at.0)).and_then(NsDecl::label)
}
