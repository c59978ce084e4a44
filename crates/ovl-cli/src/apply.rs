//! From wants to done: plan, then print the plan (`--dry-run`), or run it, with
//! each line on stderr first where that was asked for (`--explain`).

use nix::sys::signal::Signal;
use ovl_core::error::Failure;
use ovl_core::exec::{Exec, Failed, Why};
use ovl_core::plan::{Plan, plan};
use ovl_core::spell;
use ovl_core::state::Have;
use ovl_core::step::{NsDecl, Step};
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
    if acting.dry_run {
        let lines: String = spell::lines(&plan).iter().map(|line| format!("{line}\n")).collect();
        output::print(&lines)?;
        return Ok(Applied::Shown);
    }
    if plan.is_empty() {
        return Ok(Applied::Ran(0));
    }
    let stop = Stop::arm();
    let mut signal = None;
    let tell = acting.explain || context.flags.verbose > 0;
    let mut before = |step: &Step| {
        signal = stop.requested();
        if tell && signal.is_none() {
            for line in spell::step_lines(&plan.namespaces, step) {
                output::note(&line);
            }
        }
        signal.is_none()
    };
    let ran = Exec::new(&context.kernel, &plan, slots.open).run(&plan, &mut before);
    match ran {
        Ok(dropped) if dropped.is_empty() => Ok(Applied::Ran(plan.steps().count())),
        Ok(dropped) => Err(not_deleted(&plan, dropped)),
        Err(failed) => {
            let mut error = told(&plan, &failed, signal);
            advise(&failed, &mut error);
            Err(error)
        }
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
    for step in &failed.undone {
        error.aftermath.push(format!("undone: {}", place(plan, step)));
    }
    for (step, why) in &failed.left {
        error.aftermath.push(format!("not undone: {}: {why}", place(plan, step)));
    }
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
