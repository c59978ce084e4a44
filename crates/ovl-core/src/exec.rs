//! Carries a plan out, and takes it back when a step fails. The inverse of a
//! step is written down while the plan runs, from what was found just before
//! the change; what already stood is never in it.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use nix::errno::Errno;

use crate::error::{Fail, KernelError};
use crate::kernel::Kernel;
use crate::link::{KindSpec, Link, LinkSpec};
use crate::names::{IfName, NsName};
use crate::netns::NetNs;
use crate::plan::Plan;
use crate::row::{FdbSpec, NTF_SELF, NeighSpec, RowOp, RowSpec};
use crate::state::Reader;
use crate::step::{Act, LinkChange, LinkRef, NsDecl, NsSlot, Op, Place, Step};
use crate::wire;

/// Up to this many rows go one by one, each with its own answer; more go as a
/// batch, whose refusals come back by sequence number.
const FEW_ROWS: usize = 8;

/// A run that did not go through.
#[derive(Debug)]
pub struct Failed {
    /// The step that failed, or before which the run was stopped.
    pub step: Step,
    /// Why.
    pub why: Why,
    /// What was taken back, newest first.
    pub undone: Vec<Step>,
    /// What could not be taken back: it is still there.
    pub left: Vec<(Step, Fail)>,
}

/// Why a run did not go through.
#[derive(Debug)]
pub enum Why {
    /// The kernel's answer, or its lack.
    Kernel(Fail),
    /// The caller asked to stop.
    Stopped,
}

/// Deletions that failed; the others went through.
pub type Dropped = Vec<(Step, Fail)>;

/// Runs a plan.
pub struct Exec<'k, K> {
    kernel: &'k K,
    namespaces: &'k [NsDecl],
    open: BTreeMap<NsSlot, NetNs>,
    readers: BTreeMap<NsSlot, Reader<'k, K>>,
    made: BTreeMap<(NsSlot, IfName), u32>,
    undo: Vec<Undo>,
}

/// One entry of the undo log: the step that was done, and the steps that take
/// it back.
struct Undo {
    done: Step,
    inverse: Vec<Step>,
}

impl<'k, K: Kernel> Exec<'k, K> {
    /// An executor for a plan. `open` holds an open file for each namespace of
    /// the plan that is there.
    pub fn new(kernel: &'k K, plan: &'k Plan, open: BTreeMap<NsSlot, NetNs>) -> Self {
        Exec {
            kernel,
            namespaces: &plan.namespaces,
            open,
            readers: BTreeMap::new(),
            made: BTreeMap::new(),
            undo: Vec::new(),
        }
    }

    /// Carries the plan out. `before` is called with each step before it runs
    /// and says whether to go on. What is made is all or nothing; deletions go
    /// forward, and those that failed are returned.
    pub fn run(
        mut self,
        plan: &Plan,
        mut before: impl FnMut(&Step) -> bool,
    ) -> Result<Dropped, Box<Failed>> {
        for step in &plan.make {
            if !before(step) {
                return Err(self.fail(step, Why::Stopped));
            }
            if let Err(why) = self.make(step) {
                return Err(self.fail(step, Why::Kernel(why)));
            }
        }
        let mut dropped = Vec::new();
        for step in &plan.drop {
            if !before(step) {
                return Err(self.fail(step, Why::Stopped));
            }
            if let Err(why) = self.perform(step) {
                dropped.push((step.clone(), why));
            }
        }
        Ok(dropped)
    }

    fn fail(mut self, step: &Step, why: Why) -> Box<Failed> {
        let mut undone = Vec::new();
        let mut left = Vec::new();
        while let Some(entry) = self.undo.pop() {
            let failure = entry.inverse.iter().find_map(|inverse| match self.perform(inverse) {
                Err(why) if !already_gone(inverse, &why) => Some((inverse.clone(), why)),
                _ => None,
            });
            match failure {
                None => undone.push(entry.done),
                Some(failure) => left.push(failure),
            }
        }
        Box::new(Failed { step: step.clone(), why, undone, left })
    }

    /// One step, with its inverse logged. A refusal did nothing; any other
    /// failure may have done it, so its inverse is logged before it is told,
    /// and taking back what is not there is no failure.
    fn make(&mut self, step: &Step) -> Result<(), Fail> {
        if let Act::Rows(link, op, rows) = &step.act {
            return self.make_rows(step, link, *op, rows);
        }
        let inverse = self.inverse(step)?;
        let result = self.perform(step);
        if !matches!(result, Err(Fail::Refused(_))) {
            self.undo.push(Undo { done: step.clone(), inverse });
        }
        result?;
        if let Act::LinkAdd(spec) = &step.act {
            self.bind(step.at, spec)?;
        }
        Ok(())
    }

    /// What takes the step back, from what stands now.
    fn inverse(&mut self, step: &Step) -> Result<Vec<Step>, Fail> {
        let at = step.at;
        let acts = match &step.act {
            Act::NsAdd | Act::NsAttach(_) => vec![Act::NsDel],
            Act::StaleDel => vec![Act::StaleAdd],
            Act::LinkAdd(spec) => {
                vec![Act::LinkDel(LinkRef::Made { at, name: spec.name.clone() })]
            }
            Act::LinkSet(link, change) => self.inverse_of_change(at, link, change)?,
            Act::Addr(op, link, cidr) => vec![Act::Addr(op.inverse(), link.clone(), *cidr)],
            Act::Route(op, link, spec) => {
                vec![Act::Route(op.inverse(), link.clone(), spec.clone())]
            }
            // An nsid cannot be taken back: the kernel has no request for it,
            // and it goes with either namespace. Rows have a log of their own,
            // `make_rows`; the others are deletions, which go forward.
            Act::NsId(..) | Act::NsDel | Act::StaleAdd | Act::LinkDel(_) | Act::Rows(..) => {
                Vec::new()
            }
        };
        Ok(acts.into_iter().map(|act| Step { at, act }).collect())
    }

    fn inverse_of_change(
        &mut self,
        at: NsSlot,
        link: &LinkRef,
        change: &LinkChange,
    ) -> Result<Vec<Act>, Fail> {
        if matches!(link, LinkRef::Made { name, .. } if name.as_str() != "lo") {
            // It goes as a whole when its creation is taken back.
            return Ok(Vec::new());
        }
        let stands = self.read(at, link)?;
        let back = match change {
            LinkChange::Up(_) => LinkChange::Up(stands.state.is_up()),
            LinkChange::Master(_) => LinkChange::Master(match stands.master {
                Some(index) => Some(LinkRef::Have { at, name: self.name_of(at, index)?, index }),
                None => None,
            }),
            LinkChange::Attrs(attrs) => LinkChange::Attrs(attrs.before(&stands.attrs)),
            LinkChange::Vxlan(attrs) => {
                let have = stands.vxlan().cloned().unwrap_or_default();
                LinkChange::Vxlan(Box::new(attrs.before(&have)))
            }
            LinkChange::Name(_) => LinkChange::Name(stands.name),
        };
        Ok(vec![Act::LinkSet(link.clone(), back)])
    }

    /// Rows can be accepted in part. Only those that were are taken back: a row
    /// that was refused because another stood there is somebody else's.
    fn make_rows(
        &mut self,
        step: &Step,
        link: &LinkRef,
        op: RowOp,
        rows: &[RowSpec],
    ) -> Result<(), Fail> {
        let inverse = self.inverse_of_rows(step.at, link, op, rows)?;
        let mut refused = BTreeMap::new();
        let result = self.rows(step.at, link, op, rows, |i, why| {
            refused.insert(i, why);
        });
        let accepted = (0..rows.len()).filter(|i| !refused.contains_key(i));
        let steps = accepted
            .flat_map(|i| inverse[i].clone())
            .map(|(op, row)| Step { at: step.at, act: Act::Rows(link.clone(), op, [row].into()) })
            .collect();
        self.undo.push(Undo { done: step.clone(), inverse: steps });
        result?;
        refused.into_values().next().map_or(Ok(()), |why| Err(Fail::Refused(why)))
    }

    /// For each row what puts it back: its deletion, or, where the operation
    /// writes over or deletes a row that stands, that row.
    fn inverse_of_rows(
        &mut self,
        at: NsSlot,
        link: &LinkRef,
        op: RowOp,
        rows: &[RowSpec],
    ) -> Result<Vec<Vec<(RowOp, RowSpec)>>, Fail> {
        if matches!(op, RowOp::Add | RowOp::Append) {
            return Ok(rows.iter().map(|row| vec![(RowOp::Del, row.clone())]).collect());
        }
        let index = self.index(link)?;
        let reader = self.reader(at)?;
        let (neighs, fdb) = (reader.neighs(Some(index))?, reader.fdb(Some(index))?);
        let stood = |row: &RowSpec| match row {
            RowSpec::Neigh(asked) => neighs.iter().find(|n| n.ip == asked.ip).and_then(as_spec),
            RowSpec::Fdb(asked) => fdb
                .iter()
                .find(|f| f.mac == asked.mac && f.is_self() == (asked.flags & NTF_SELF != 0))
                .map(fdb_as_spec),
        };
        let back = |row: &RowSpec| match stood(row) {
            // A replace would keep our protocol number on a neighbour row, and
            // could not put extern_learn back on an FDB row: the row as it was
            // asked, or as it stood, goes first.
            Some(before) => {
                vec![(RowOp::Del, row.clone()), (RowOp::Del, before.clone()), (RowOp::Add, before)]
            }
            None if op == RowOp::Del => Vec::new(),
            None => vec![(RowOp::Del, row.clone())],
        };
        Ok(rows.iter().map(back).collect())
    }

    fn perform(&mut self, step: &Step) -> Result<(), Fail> {
        let at = step.at;
        let message = match &step.act {
            Act::NsAdd => {
                let ns = self.kernel.ns_add(&self.ns_name(at)?)?;
                self.open.insert(at, ns);
                return Ok(());
            }
            Act::NsAttach(to) => {
                return self.kernel.ns_attach(&self.ns_name(at)?, self.netns(*to)?);
            }
            Act::NsDel => {
                // A socket of ours would keep it alive.
                self.readers.remove(&at);
                self.open.remove(&at);
                return self.kernel.ns_del(&self.ns_name(at)?);
            }
            Act::StaleDel => return self.kernel.stale_file(&self.ns_name(at)?, false),
            Act::StaleAdd => return self.kernel.stale_file(&self.ns_name(at)?, true),
            Act::NsId(of, id) => wire::nsid::set(self.fd(*of)?, *id),
            Act::LinkAdd(spec) => return self.link_add(at, spec),
            Act::LinkDel(link) => wire::link::del(self.index(link)?),
            Act::LinkSet(link, change) => self.change(link, change)?,
            Act::Addr(Op::Add, link, cidr) => wire::addr::add(self.index(link)?, *cidr),
            Act::Addr(Op::Del, link, cidr) => wire::addr::del(self.index(link)?, *cidr),
            Act::Route(Op::Add, link, spec) => wire::route::add(spec, self.index(link)?),
            Act::Route(Op::Del, link, spec) => wire::route::del(spec, self.index(link)?),
            Act::Rows(link, op, rows) => {
                let mut first = None;
                self.rows(at, link, *op, rows, |_, why| {
                    first.get_or_insert(why);
                })?;
                return first.map_or(Ok(()), |why| Err(Fail::Refused(why)));
            }
        };
        self.reader(at)?.request(&message).map(drop)
    }

    fn change(
        &mut self,
        link: &LinkRef,
        change: &LinkChange,
    ) -> Result<crate::socket::Message, Fail> {
        let index = self.index(link)?;
        Ok(match change {
            LinkChange::Up(up) => wire::link::set_up(index, *up),
            LinkChange::Master(None) => wire::link::set_master(index, 0),
            LinkChange::Master(Some(to)) => wire::link::set_master(index, self.index(to)?),
            LinkChange::Attrs(attrs) => wire::link::set_attrs(index, attrs),
            LinkChange::Vxlan(attrs) => wire::link::set_vxlan(index, attrs),
            LinkChange::Name(name) => wire::link::set_name(index, name),
        })
    }

    /// One request makes the device where it is to live: a VXLAN device is
    /// asked for where its socket is to be, a cable at its first end.
    fn link_add(&mut self, at: NsSlot, spec: &LinkSpec) -> Result<(), Fail> {
        let (asked_at, message) = match &spec.kind {
            KindSpec::Vxlan { attrs, socket, dev } => {
                let dev = dev.as_ref().map(|d| self.index(d)).transpose()?;
                let netns = self.fd_unless(at, *socket)?;
                (*socket, wire::link::add_vxlan(&spec.name, &spec.attrs, attrs, dev, netns))
            }
            KindSpec::Veth { peer_at, peer_name, peer_attrs } => {
                let netns = self.fd_unless(*peer_at, at)?;
                (at, wire::link::add_veth(&spec.name, &spec.attrs, peer_name, peer_attrs, netns))
            }
            KindSpec::Bridge(attrs) => (at, wire::link::add_bridge(&spec.name, &spec.attrs, attrs)),
        };
        self.reader(asked_at)?.request(&message).map(drop)
    }

    /// The indexes the kernel gave: both ends of a cable, else the one device.
    fn bind(&mut self, at: NsSlot, spec: &LinkSpec) -> Result<(), Fail> {
        self.bind_one(at, &spec.name)?;
        if let KindSpec::Veth { peer_at, peer_name, .. } = &spec.kind {
            self.bind_one(*peer_at, peer_name)?;
        }
        Ok(())
    }

    fn bind_one(&mut self, at: NsSlot, name: &IfName) -> Result<u32, Fail> {
        let link = self.reader(at)?.link(name, false)?.ok_or(Fail::from(Errno::ENODEV))?;
        self.made.insert((at, name.clone()), link.index);
        Ok(link.index)
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
            if op != RowOp::Del || why.errno != Errno::ENOENT {
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

    fn read(&mut self, at: NsSlot, link: &LinkRef) -> Result<Link, Fail> {
        self.reader(at)?.link(link.name(), false)?.ok_or(Fail::from(Errno::ENODEV))
    }

    fn name_of(&mut self, at: NsSlot, index: u32) -> Result<IfName, Fail> {
        let links = self.reader(at)?.links(false)?;
        links.into_iter().find(|l| l.index == index).map(|l| l.name).ok_or(Errno::ENODEV.into())
    }

    fn index(&mut self, link: &LinkRef) -> Result<u32, Fail> {
        match link {
            LinkRef::Have { index, .. } => Ok(*index),
            LinkRef::Made { at, name } => match self.made.get(&(*at, name.clone())) {
                Some(index) => Ok(*index),
                None => self.bind_one(*at, name),
            },
        }
    }

    fn reader(&mut self, at: NsSlot) -> Result<&mut Reader<'k, K>, Fail> {
        if !self.readers.contains_key(&at) {
            let reader = Reader::open(self.kernel, self.netns(at)?)?;
            self.readers.insert(at, reader);
        }
        Ok(self.readers.get_mut(&at).expect("put there a line above"))
    }

    fn netns(&self, at: NsSlot) -> Result<&NetNs, Fail> {
        self.open.get(&at).ok_or(Fail::from(Errno::ENOENT))
    }

    fn fd(&self, at: NsSlot) -> Result<RawFd, Fail> {
        Ok(self.netns(at)?.as_fd().as_raw_fd())
    }

    /// An open file of `wanted`, unless it is the namespace that is asked anyway.
    fn fd_unless(&self, wanted: NsSlot, asked: NsSlot) -> Result<Option<RawFd>, Fail> {
        if self.netns(wanted)? == self.netns(asked)? { Ok(None) } else { self.fd(wanted).map(Some) }
    }

    fn ns_name(&self, at: NsSlot) -> Result<NsName, Fail> {
        match &self.namespaces[usize::from(at.0)] {
            NsDecl::ToBe { name } | NsDecl::Have { place: Place::Named(name), .. } => {
                Ok(name.clone())
            }
            NsDecl::Have { .. } => Err(Errno::EINVAL.into()),
        }
    }
}

/// A row that was read, as it would be asked for. `None` for a neighbour whose
/// address is not known: there is nothing to put back.
fn as_spec(row: &crate::row::Neigh) -> Option<RowSpec> {
    row.mac.map(|mac| {
        RowSpec::Neigh(NeighSpec {
            ip: row.ip,
            mac,
            state: row.state,
            flags: row.flags,
            proto: row.proto,
        })
    })
}

fn fdb_as_spec(row: &crate::row::Fdb) -> RowSpec {
    RowSpec::Fdb(FdbSpec {
        mac: row.mac,
        dst: row.dst,
        port: row.port,
        vni: row.vni,
        src_vni: row.src_vni,
        via: None,
        nhid: row.nhid,
        state: row.state,
        flags: row.flags,
    })
}

/// Is a failure to take something back only that it is not there?
fn already_gone(inverse: &Step, why: &Fail) -> bool {
    let gone: &[Errno] = match inverse.act {
        Act::NsDel => &[Errno::ENOENT],
        Act::StaleAdd => &[Errno::EEXIST],
        Act::LinkDel(_) => &[Errno::ENODEV],
        Act::Addr(Op::Del, ..) => &[Errno::EADDRNOTAVAIL, Errno::ENODEV],
        Act::Route(Op::Del, ..) => &[Errno::ESRCH, Errno::ENODEV],
        Act::Rows(_, RowOp::Del, _) => &[Errno::ENOENT, Errno::ENODEV],
        _ => &[],
    };
    why.errno().is_some_and(|e| gone.contains(&e))
}
