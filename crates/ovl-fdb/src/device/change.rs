//! Changing a device's rows: the one way in which rows are written, remembered and
//! deleted.

use std::sync::Arc;

use ovl_cli::apply::{Applied, Onlooker, carry_out};
use ovl_cli::stop::Stop;
use ovl_cli::{Acting, Context, Error};
use ovl_core::error::KernelError;
use ovl_core::hash::Set;
use ovl_core::plan::Plan;
use ovl_core::row::{RowOp, RowSpec};
use ovl_core::step::{Act, LinkRef, Step};
use ovl_core::types::MacAddr;

use super::Device;
use crate::diff::Rows;
use crate::endpoints::Endpoint;
use crate::want::advise;
use crate::written::{Address, Kept};

impl Device {
    /// The steps that write and delete rows.
    pub fn plan(&self, rows: Rows) -> Plan {
        let mut plan = Plan { namespaces: self.slots.decls.clone(), ..Plan::default() };
        for (op, rows) in [
            (RowOp::Del, rows.clear),
            (RowOp::Replace, rows.replace),
            (RowOp::Add, rows.add),
            (RowOp::Append, rows.append),
        ] {
            plan.make.extend(self.step(op, rows));
        }
        plan.drop.extend(self.step(RowOp::Del, rows.remove));
        let flush = rows.flush.and_then(|(filter, rows)| self.step(RowOp::Flush(filter), rows));
        plan.drop.extend(flush);
        plan
    }

    /// One step with those rows; none without rows.
    fn step(&self, op: RowOp, rows: Vec<RowSpec>) -> Option<Step> {
        let link =
            LinkRef::Have { at: self.at, name: self.link.name.clone(), index: self.link.index };
        let act = Act::Rows(link, op, Arc::new(rows));
        (!matches!(&act, Act::Rows(_, _, rows) if rows.is_empty()))
            .then_some(Step { at: self.at, act })
    }

    /// Carries a plan of rows out, or prints it. What is written is remembered from
    /// before the first row, so that a run that is killed leaves no row that nobody
    /// owns.
    pub fn write(
        mut self,
        context: &Context,
        acting: Acting,
        plan: &Plan,
        onlooker: &mut dyn Onlooker,
    ) -> Result<Applied, Error> {
        // A signal that comes after the note is to find it taken back, or true.
        let _stop = (!acting.dry_run).then(Stop::arm);
        if !acting.dry_run {
            self.note(plan)?;
        }
        let standing = self.standing_if_more_is_known();
        // What was compared is not needed any more, and there may be much of it.
        (self.endpoints, self.listing) = (Vec::new(), None);
        let is_external = self.is_external();
        let mut refusals = Refusals { onlooker, rows: Set::default() };
        let applied = carry_out(context, acting, plan, self.slots.open, &mut refusals, advise);
        match applied {
            // What was noted does not stand: another's row that says the same, later, is
            // not ours.
            Err(mut error) if error.reverted => {
                error.aftermath.extend(self.memory.take_back().err().map(|why| why.message));
                Err(error)
            }
            Ok(applied) if applied != Applied::Shown => {
                let left = Left::by(plan, refusals.rows, standing, is_external);
                let kept = self.memory.keep(|row| left.has(row));
                kept.map_err(|why| context.after_what_was_done(why))?;
                Ok(applied)
            }
            other => other,
        }
    }

    /// Remembers what a plan writes. What ages by itself is nobody's, and another's row
    /// does not become ours because it is deleted.
    fn note(&mut self, plan: &Plan) -> Result<(), Error> {
        let foreign = self.foreign_that_go(plan);
        let is_ours = |row: &&RowSpec| Kept::of(row).is_none_or(|row| !foreign.contains(&row));
        let (gone, made): (Vec<_>, Vec<_>) = plan.steps().partition(|step| is_deletion(step));
        let rows = rows_of(gone).filter(is_ours).chain(rows_of(made));
        self.memory.note(rows.filter(|row| row.lasts()))
    }

    /// The rows that stand, where more are remembered: others have deleted those, or a
    /// run that was killed did not write them.
    fn standing_if_more_is_known(&self) -> Option<Vec<Kept>> {
        let rows = || self.endpoints.iter().flat_map(Endpoint::kept);
        let ours = rows().filter(|(_, is_ours)| *is_ours).count();
        let is_more = self.memory.written().rows() > ours;
        (is_more && self.has_all_of_ours).then(|| rows().map(|(row, _)| row).collect())
    }

    /// The rows of others that a plan deletes.
    fn foreign_that_go(&self, plan: &Plan) -> Set<Kept> {
        let deletions = rows_of(plan.steps().filter(|step| is_deletion(step)));
        let go: Set<Kept> = deletions.filter_map(Kept::of).collect();
        if go.is_empty() {
            return go;
        }
        let rows = self.endpoints.iter().flat_map(Endpoint::kept);
        let foreign = rows.filter(|(row, is_ours)| !is_ours && go.contains(row));
        foreign.map(|(row, _)| row).collect()
    }
}

/// What a plan that was carried out has left of the rows that are remembered.
struct Left {
    gone: Set<Kept>,
    refused: Set<Kept>,
    /// Rows written over others, and their addresses.
    now: Set<Kept>,
    over: Set<Address>,
    /// All that stands, where it was looked at, and its addresses.
    standing: Option<(Set<Kept>, Set<Address>)>,
}

impl Left {
    /// `standing` are the rows that stood before; a device that `is_external` has a row
    /// of a MAC address for each VNI, and none is written over another.
    fn by(plan: &Plan, refused: Set<Kept>, standing: Option<Vec<Kept>>, is_external: bool) -> Left {
        let now = if is_external { Set::default() } else { written_over(plan) };
        let over = now.iter().map(|row| row.address()).collect();
        let written = || rows_of(plan.steps().filter(|step| !is_deletion(step)));
        let standing = standing.map(|rows| {
            let rows = rows.into_iter().chain(written().filter_map(Kept::of));
            rows.map(|row| (row, row.address())).unzip()
        });
        Left { gone: deleted(plan), refused, now, over, standing }
    }

    /// Is it one of them?
    fn has(&self, row: Kept) -> bool {
        let address = row.address();
        let is_old = || self.over.contains(&address) && !self.now.contains(&row);
        // Of an address at which another's row stands with our marks it has to be
        // known that ours said something else. Flood rows have none.
        let is_there = || match &self.standing {
            None => true,
            Some((rows, _)) if address == Address::Mac(MacAddr::ZERO) => rows.contains(&row),
            Some((_, addresses)) => addresses.contains(&address),
        };
        !self.gone.contains(&row) && !self.refused.contains(&row) && !is_old() && is_there()
    }
}

/// The rows that were refused, for whoever looks on.
struct Refusals<'o> {
    onlooker: &'o mut dyn Onlooker,
    rows: Set<Kept>,
}

impl Onlooker for Refusals<'_> {
    fn through(&mut self, rows: usize, of: usize) {
        self.onlooker.through(rows, of);
    }

    fn refused(&mut self, row: &RowSpec, why: &KernelError) -> bool {
        self.rows.extend(Kept::of(row));
        self.onlooker.refused(row, why)
    }
}

/// Does a step take rows away?
pub fn is_deletion(step: &Step) -> bool {
    matches!(&step.act, Act::Rows(_, op, _) if op.is_deletion())
}

/// The rows that a plan deletes and does not write again.
fn deleted(plan: &Plan) -> Set<Kept> {
    let mut gone = Set::default();
    for step in plan.steps().skip_while(|step| !is_deletion(step)) {
        let Act::Rows(_, op, rows) = &step.act else { continue };
        for row in rows.iter().filter_map(Kept::of) {
            if op.is_deletion() {
                gone.insert(row);
            } else {
                gone.remove(&row);
            }
        }
    }
    gone
}

/// The rows that a plan writes over others.
fn written_over(plan: &Plan) -> Set<Kept> {
    let rows = plan.steps().filter_map(|step| match &step.act {
        Act::Rows(_, RowOp::Replace, rows) => Some(rows.iter()),
        _ => None,
    });
    rows.flatten().filter_map(Kept::of).collect()
}

/// The rows that the steps of a plan are about.
pub fn rows_of<'s>(steps: impl IntoIterator<Item = &'s Step>) -> impl Iterator<Item = &'s RowSpec> {
    steps.into_iter().flat_map(|step| match &step.act {
        Act::Rows(_, _, rows) => rows.as_slice(),
        _ => &[],
    })
}
