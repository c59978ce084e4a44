//! Rows: what gives way to what. A row learned from traffic gives way; a
//! permanent one that says otherwise does not, unless it is told to.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Clash, Conflict, Planner};
use crate::attrs::{Change, Difference};
use crate::names::IfName;
use crate::row::{
    Fdb, FdbSpec, NTF_EXT_LEARNED, NTF_ROUTER, NTF_SELF, NTF_STICKY, Neigh, NeighSpec, RowOp,
    RowSpec, lasts,
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
        let mut verdicts = Vec::with_capacity(rows.len());
        for row in rows {
            let verdict = match row {
                RowSpec::Neigh(spec) => neigh(spec, find_neigh(state, index, spec), replace),
                RowSpec::Fdb(spec) => fdb(spec, &find_fdb(state, index, spec), replace),
            };
            if let Verdict::Differs(differences) = verdict {
                return Err(self.conflict(at, row, Clash::Differs(differences)));
            }
            verdicts.push((row, verdict));
        }
        // An endpoint that is written over is so as a whole: of half of one nobody could
        // say whose it is.
        let is_over = replace && verdicts.iter().any(|(_, verdict)| verdict.is_over());
        let mut steps: Vec<(RowOp, RowSpec)> = Vec::new();
        let mut stands = None;
        for (row, verdict) in verdicts {
            match (verdict, row) {
                (Verdict::Write(ops), _) => steps.extend(ops),
                (_, RowSpec::Neigh(_)) if is_over => steps.push((RowOp::Replace, row.clone())),
                (_, RowSpec::Fdb(spec)) if is_over => {
                    let stands = find_fdb(state, index, spec);
                    steps.extend(stands.first().map(|have| over(spec, have)).unwrap_or_default());
                }
                _ => stands = stands.or(Some(row)),
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
    Differs(Vec<Difference>),
}

impl Verdict {
    /// Is something written in the place of what stands?
    fn is_over(&self) -> bool {
        let Verdict::Write(ops) = self else { return false };
        ops.iter().any(|(op, _)| matches!(op, RowOp::Replace | RowOp::Del))
    }
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
    let is_lasting = lasts(have.state);
    let is_same = have.mac == Some(spec.mac) && is_lasting == lasts(spec.state);
    match () {
        // It may be another's, and stays that.
        () if is_same => Verdict::Stands,
        () if !is_lasting || replace => write(RowOp::Replace),
        () if have.mac == Some(spec.mac) => Verdict::Differs(vec![lasting(spec.state)]),
        () => Verdict::Differs(vec![Difference {
            word: "lladdr",
            asked: format!("lladdr {}", spec.mac),
            have: have.mac.map(|m| format!("lladdr {m}")).unwrap_or_default(),
            change: Change::Live,
        }]),
    }
}

/// That a row is asked to age, or to stay, where one stands that does not.
fn lasting(asked: u16) -> Difference {
    let word = |lasts| if lasts { "permanent".to_owned() } else { "dynamic".to_owned() };
    Difference {
        word: "state",
        asked: word(lasts(asked)),
        have: word(!lasts(asked)),
        change: Change::Live,
    }
}

fn fdb(spec: &FdbSpec, stands: &[&Fdb], replace: bool) -> Verdict {
    let row = RowSpec::Fdb(spec.clone());
    if spec.mac == MacAddr::ZERO {
        return flood(spec, stands, replace);
    }
    let Some(have) = stands.first() else { return Verdict::Write(vec![(RowOp::Add, row)]) };
    let leads = leads_differently(spec, have);
    let is = is_differently(spec, have);
    match () {
        () if leads.is_empty() && is.is_empty() => Verdict::Stands,
        () if !have.is_learned() && !replace => Verdict::Differs([leads, is].concat()),
        () => Verdict::Write(over(spec, have)),
    }
}

/// The all-zeros address has a list of VTEPs, to which another one is added, or one
/// nexthop group: what is added to that the kernel accepts and does not show.
fn flood(spec: &FdbSpec, stands: &[&Fdb], replace: bool) -> Verdict {
    let row = RowSpec::Fdb(spec.clone());
    if stands.iter().any(|have| leads_differently(spec, have).is_empty()) {
        return Verdict::Stands;
    }
    let in_the_way = stands.iter().find(|have| have.nhid != spec.nhid);
    match in_the_way {
        Some(have) if !replace => Verdict::Differs(leads_differently(spec, have)),
        Some(_) => {
            let gone = stands.iter().map(|have| (RowOp::Del, have.deletion()));
            Verdict::Write(gone.chain([(RowOp::Add, row)]).collect())
        }
        None if stands.is_empty() => Verdict::Write(vec![(RowOp::Add, row)]),
        None => Verdict::Write(vec![(RowOp::Append, row)]),
    }
}

/// How a row is written over one of its MAC address. The kernel's replace changes where
/// that leads, and neither its state nor its flags (`vxlan_fdb_update_existing` in
/// `drivers/net/vxlan/vxlan_core.c`), nor puts a VTEP in the place of a nexthop group:
/// then it goes first.
fn over(spec: &FdbSpec, have: &Fdb) -> Vec<(RowOp, RowSpec)> {
    let row = RowSpec::Fdb(spec.clone());
    let is_marked = have.flags & spec.flags & MARKS == spec.flags & MARKS;
    let is_same_way = have.nhid.is_some() == spec.nhid.is_some();
    if is_differently(spec, have).is_empty() && is_marked && is_same_way {
        return vec![(RowOp::Replace, row)];
    }
    vec![(RowOp::Del, have.deletion()), (RowOp::Add, row)]
}

/// The flags by which a control plane knows its rows.
const MARKS: u8 = NTF_EXT_LEARNED;

/// In what a row that stands leads elsewhere than asked.
fn leads_differently(spec: &FdbSpec, have: &Fdb) -> Vec<Difference> {
    fn words<T: ToString>(word: &str, value: Option<T>) -> String {
        value.map(|value| format!("{word} {}", value.to_string())).unwrap_or_default()
    }
    // A VTEP or a nexthop group: the one stands in the other's place.
    let way = |dst: Option<IpAddr>, nhid| match dst {
        Some(_) => words("dst", dst),
        None => words("nhid", nhid),
    };
    let each = [
        ("dst", way(spec.dst, spec.nhid), way(have.dst, have.nhid)),
        ("port", words("port", spec.port), words("port", have.port)),
        ("vni", words("vni", spec.vni), words("vni", have.vni)),
        (
            "via",
            words("via", spec.via.as_ref().map(|via| format!("if{}", via.index))),
            words("via", have.via.map(|index| format!("if{index}"))),
        ),
    ];
    let differ = each.into_iter().filter(|(_, asked, have)| asked != have);
    let change = Change::Live;
    differ.map(|(word, asked, have)| Difference { word, asked, have, change }).collect()
}

/// In what else it differs.
fn is_differently(spec: &FdbSpec, have: &Fdb) -> Vec<Difference> {
    let mut differ = Vec::new();
    if lasts(spec.state) != lasts(have.state) {
        differ.push(lasting(spec.state));
    }
    for (bit, word) in [(NTF_STICKY, "sticky"), (NTF_ROUTER, "router")] {
        let (asked, have) = (spec.flags & bit != 0, have.flags & bit != 0);
        let words = |is: bool| if is { word.to_owned() } else { String::new() };
        if asked != have {
            let (asked, have) = (words(asked), words(have));
            differ.push(Difference { word, asked, have, change: Change::Live });
        }
    }
    differ
}
