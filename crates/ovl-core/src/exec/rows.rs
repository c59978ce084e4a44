//! Rows of a plan: however many, they are one step, sent in batches and taken
//! back in batches. Knows which rows were accepted, and what stood before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use nix::errno::Errno;

use super::{Ended, Exec, Observer, Undo, Why};
use crate::error::{Fail, KernelError};
use crate::kernel::Kernel;
use crate::row::{Fdb, NTF_MASTER, NTF_SELF, Neigh, RowOp, RowSpec};
use crate::step::{Act, LinkRef, NsSlot, Step};
use crate::types::MacAddr;
use crate::wire;

/// Up to this many rows go one by one, each with its own answer; more go as a
/// batch, whose refusals come back by sequence number.
const FEW_ROWS: usize = 8;
/// Rows between two looks at the observer: some ten milliseconds' worth.
const PART: usize = 4096;

/// The row that stands in the place of one that is asked for: one for each
/// address, and for each MAC address one in the device's own table and one in
/// the bridge's. Of the all-zeros MAC's rows each has a place of its own.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Spot {
    Ip(IpAddr),
    Mac(MacAddr, bool),
    Flood(Option<IpAddr>, [Option<u32>; 5], bool),
}

impl Spot {
    fn of(row: &RowSpec) -> Spot {
        match row {
            RowSpec::Neigh(row) => Spot::Ip(row.ip),
            RowSpec::Fdb(row) => {
                let own = row.flags & NTF_SELF != 0;
                match row.mac {
                    MacAddr::ZERO => Spot::Flood(row.dst, row.numbers(), own),
                    mac => Spot::Mac(mac, own),
                }
            }
        }
    }
}

impl<K: Kernel> Exec<'_, K> {
    /// Rows can be accepted in part. Only those that were are taken back: a row
    /// that was refused because another stood there is somebody else's.
    pub(super) fn make_rows(
        &mut self,
        step: &Step,
        link: &LinkRef,
        op: RowOp,
        rows: &Arc<Vec<RowSpec>>,
        observer: &mut dyn Observer,
    ) -> Result<(), Ended> {
        let stood =
            self.standing(step.at, link, op, rows).map_err(|why| Ended::from((step, why)))?;
        let mut refused = BTreeSet::new();
        let mut ended = None;
        let mut sent = 0;
        for part in rows.chunks(PART) {
            let first = sent;
            sent += part.len();
            let result = self.rows(step.at, link, op, part, |i, why| {
                refused.insert(first + i);
                if !observer.refused(&part[i], &why) && ended.is_none() {
                    ended = Some(one_row(step, link, op, &part[i], why));
                }
            });
            if let Err(why) = result {
                ended = Some(Ended::from((step, why)));
            }
            if ended.is_none() && !observer.through(sent, rows.len()) {
                ended = Some(Ended { step: step.clone(), why: Why::Stopped });
            }
            if ended.is_some() {
                break;
            }
        }
        let accepted = if refused.is_empty() && sent == rows.len() {
            rows.clone()
        } else {
            let sent = rows[..sent].iter().enumerate();
            let accepted = sent.filter(|(i, _)| !refused.contains(i)).map(|(_, row)| row.clone());
            Arc::new(accepted.collect())
        };
        let inverse = inverse(link, op, accepted, &stood).into_iter();
        let inverse = inverse.map(|act| Step { at: step.at, act }).collect();
        self.undo.push(Undo { done: step.clone(), inverse });
        ended.map_or(Ok(()), Err)
    }

    /// What stands where the rows are to go, when the operation writes over or
    /// deletes what stands.
    fn standing(
        &mut self,
        at: NsSlot,
        link: &LinkRef,
        op: RowOp,
        rows: &[RowSpec],
    ) -> Result<HashMap<Spot, RowSpec>, Fail> {
        if matches!(op, RowOp::Add | RowOp::Append) {
            return Ok(HashMap::new());
        }
        let wanted: HashSet<Spot> = rows.iter().map(Spot::of).collect();
        let index = self.index(link)?;
        let reader = self.reader(at)?;
        let is_neigh = |row: &RowSpec| matches!(row, RowSpec::Neigh(_));
        let neighs =
            if rows.iter().any(is_neigh) { reader.neighs(Some(index))? } else { Vec::new() };
        let mut fdb = Vec::new();
        for table in [NTF_SELF, NTF_MASTER] {
            let macs: Vec<MacAddr> = rows.iter().filter_map(|row| row.mac_in(table)).collect();
            if !macs.is_empty() {
                fdb.extend(reader.fdb_of_each(index, &macs, table)?);
            }
        }
        let stood = neighs.iter().filter_map(Neigh::spec).chain(fdb.iter().map(Fdb::spec));
        Ok(stood.map(|row| (Spot::of(&row), row)).filter(|(s, _)| wanted.contains(s)).collect())
    }

    /// Changes rows of which none may be refused.
    pub(super) fn all_rows(
        &mut self,
        at: NsSlot,
        link: &LinkRef,
        op: RowOp,
        rows: &[RowSpec],
    ) -> Result<(), Fail> {
        if let RowOp::Flush(filter) = op {
            let message = wire::row::flush(self.index(link)?, &filter);
            match self.reader(at)?.request(&message) {
                Err(Fail::Refused(why)) if is_unknown(&why) => {}
                other => return other.map(drop),
            }
        }
        let mut first = None;
        self.rows(at, link, op, rows, |_, why| {
            first.get_or_insert(why);
        })?;
        first.map_or(Ok(()), |why| Err(Fail::Refused(why)))
    }

    /// Changes rows and hands each refusal over with the row's place in the
    /// list. Deleting a row that is not there is no refusal.
    fn rows(
        &mut self,
        at: NsSlot,
        link: &LinkRef,
        op: RowOp,
        rows: &[RowSpec],
        mut refused: impl FnMut(usize, KernelError),
    ) -> Result<(), Fail> {
        let dev = self.index(link)?;
        let mut refused = |i, why: KernelError| {
            if !op.is_deletion() || why.errno != Errno::ENOENT {
                refused(i, why);
            }
        };
        if rows.len() <= FEW_ROWS {
            for (i, row) in rows.iter().enumerate() {
                match self.reader(at)?.request(&wire::row::message(dev, op, row)) {
                    Err(Fail::Refused(why)) => refused(i, why),
                    other => drop(other?),
                }
            }
            return Ok(());
        }
        let kernel = self.kernel;
        kernel.batch(
            self.reader(at)?.socket(),
            rows.len(),
            |i, out| wire::row::encode(dev, op, &rows[i], out),
            refused,
        )
    }
}

/// Is it how a kernel answers that has no bulk deletion, or not by this filter
/// (before 6.7)?
fn is_unknown(why: &KernelError) -> bool {
    matches!(why.errno, Errno::EOPNOTSUPP | Errno::EINVAL)
}

/// The one row that ended a step, as a step of its own.
fn one_row(step: &Step, link: &LinkRef, op: RowOp, row: &RowSpec, why: KernelError) -> Ended {
    let act = Act::Rows(link.clone(), op, Arc::new(vec![row.clone()]));
    Ended { step: Step { at: step.at, act }, why: Why::Kernel(Fail::Refused(why)) }
}

/// What takes accepted rows back: their deletion, and what stood before. A
/// replace would keep our protocol number on a neighbour row, and could not put
/// `extern_learn` back on an FDB row: what stands goes first.
fn inverse(
    link: &LinkRef,
    op: RowOp,
    accepted: Arc<Vec<RowSpec>>,
    stood: &HashMap<Spot, RowSpec>,
) -> Vec<Act> {
    let before = accepted.iter().filter_map(|row| stood.get(&Spot::of(row)).cloned());
    let before: Arc<Vec<RowSpec>> = Arc::new(before.collect());
    let mut acts = Vec::new();
    if !op.is_deletion() && !accepted.is_empty() {
        acts.push(Act::Rows(link.clone(), RowOp::Del, accepted));
    }
    if !before.is_empty() {
        acts.push(Act::Rows(link.clone(), RowOp::Del, before.clone()));
        acts.push(Act::Rows(link.clone(), RowOp::Add, before));
    }
    acts
}
