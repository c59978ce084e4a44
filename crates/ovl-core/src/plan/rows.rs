//! Rows: what gives way to what. A row learned from traffic gives way; a
//! permanent one that says otherwise does not, unless it is told to.

use std::sync::Arc;

use super::{Clash, Conflict, Planner};
use crate::attrs::{Change, Difference};
use crate::names::IfName;
use crate::row::{
    Fdb, FdbSpec, NTF_SELF, NUD_NOARP, NUD_PERMANENT, Neigh, NeighSpec, RowOp, RowSpec,
};
use crate::state::NsState;
use crate::step::{Act, LinkRef, NsSlot, Step};
use crate::types::MacAddr;

impl Planner<'_> {
    pub(super) fn rows(
        &mut self,
        at: NsSlot,
        dev: &IfName,
        rows: &[RowSpec],
        replace: bool,
    ) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        let index = self.index(&link).unwrap_or_default();
        let nothing = NsState::default();
        let state = self.have.states.get(&at).unwrap_or(&nothing);
        let mut steps: Vec<(RowOp, RowSpec)> = Vec::new();
        let mut stands = None;
        for row in rows {
            let ops = match row {
                RowSpec::Neigh(spec) => neigh(spec, find_neigh(state, index, spec), replace),
                RowSpec::Fdb(spec) => fdb(spec, &find_fdb(state, index, spec), replace),
            };
            match ops {
                Verdict::Stands => stands = stands.or(Some(row)),
                Verdict::Differs(d) => return Err(self.conflict(at, row, Clash::Differs(vec![d]))),
                Verdict::Write(ops) => steps.extend(ops),
            }
        }
        // Half of an endpoint is completed; only a whole one is said to be there.
        match stands {
            Some(row) if steps.is_empty() && !self.policy.exist_ok && !replace => {
                Err(self.conflict(at, row, Clash::Exists))
            }
            _ => {
                self.push_rows(at, &link, steps);
                Ok(())
            }
        }
    }

    /// One step for each run of rows with the same operation.
    fn push_rows(&mut self, at: NsSlot, link: &LinkRef, steps: Vec<(RowOp, RowSpec)>) {
        let mut steps = steps.into_iter().peekable();
        while let Some((op, row)) = steps.next() {
            let mut run = vec![row];
            while let Some((_, row)) = steps.next_if(|(next, _)| *next == op) {
                run.push(row);
            }
            self.make(at, Act::Rows(link.clone(), op, Arc::new(run)));
        }
    }

    pub(super) fn no_rows(
        &mut self,
        at: NsSlot,
        dev: &IfName,
        rows: &Arc<Vec<RowSpec>>,
    ) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        if !rows.is_empty() {
            self.plan.drop.push(Step { at, act: Act::Rows(link, RowOp::Del, rows.clone()) });
        }
        Ok(())
    }
}

enum Verdict {
    /// It stands as asked.
    Stands,
    /// It is written so.
    Write(Vec<(RowOp, RowSpec)>),
    /// A permanent row says otherwise.
    Differs(Difference),
}

fn find_neigh<'a>(state: &'a NsState, dev: u32, spec: &NeighSpec) -> Option<&'a Neigh> {
    state.neighs.iter().find(|n| n.dev == dev && n.ip == spec.ip)
}

/// The rows of that MAC in the same table: the device's own, or the bridge's.
fn find_fdb<'a>(state: &'a NsState, dev: u32, spec: &FdbSpec) -> Vec<&'a Fdb> {
    let own = spec.flags & NTF_SELF != 0;
    state
        .fdb
        .iter()
        .filter(|f| f.dev == dev && f.mac == spec.mac && f.is_self() == own)
        .filter(|f| spec.src_vni.is_none() || f.src_vni == spec.src_vni)
        .collect()
}

fn neigh(spec: &NeighSpec, stands: Option<&Neigh>, replace: bool) -> Verdict {
    let write = |op| Verdict::Write(vec![(op, RowSpec::Neigh(spec.clone()))]);
    let Some(have) = stands else { return write(RowOp::Add) };
    let lasting = have.state & (NUD_PERMANENT | NUD_NOARP) != 0;
    if have.mac == Some(spec.mac) && have.state == spec.state {
        return Verdict::Stands;
    }
    if !lasting || replace || have.mac == Some(spec.mac) {
        return write(RowOp::Replace);
    }
    Verdict::Differs(Difference {
        word: "lladdr",
        asked: format!("lladdr {}", spec.mac),
        have: have.mac.map(|m| format!("lladdr {m}")).unwrap_or_default(),
        change: Change::Live,
    })
}

fn fdb(spec: &FdbSpec, stands: &[&Fdb], replace: bool) -> Verdict {
    let row = RowSpec::Fdb(spec.clone());
    let same = |f: &&&Fdb| f.dst == spec.dst && f.nhid == spec.nhid && f.vni == spec.vni;
    if let Some(have) = stands.iter().find(same)
        && have.state == spec.state
    {
        return Verdict::Stands;
    }
    // The all-zeros MAC holds a list of VTEPs: another one is added to it.
    if spec.mac == MacAddr::ZERO {
        let op = if stands.is_empty() { RowOp::Add } else { RowOp::Append };
        return Verdict::Write(vec![(op, row)]);
    }
    match stands.first() {
        None => Verdict::Write(vec![(RowOp::Add, row)]),
        Some(have) if have.is_learned() || replace || have.dst == spec.dst => {
            // The kernel's replace cannot put extern_learn on a row that lacks
            // it; taking the row away first can (FACTS: measured).
            let del = RowSpec::Fdb(FdbSpec { dst: have.dst, flags: have.flags, ..spec.clone() });
            if have.flags & spec.flags == spec.flags {
                return Verdict::Write(vec![(RowOp::Replace, row)]);
            }
            Verdict::Write(vec![(RowOp::Del, del), (RowOp::Add, row)])
        }
        Some(have) => Verdict::Differs(Difference {
            word: "dst",
            asked: spec.dst.map(|d| format!("dst {d}")).unwrap_or_default(),
            have: have.dst.map(|d| format!("dst {d}")).unwrap_or_default(),
            change: Change::Live,
        }),
    }
}
