//! Carries a plan out, and takes it back when a step fails. The inverse of a
//! step is written down while the plan runs, from what was found just before
//! the change; what already stood is never in it.

mod rows;
mod undo;

use std::collections::BTreeMap;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use nix::errno::Errno;

use crate::error::{Fail, KernelError};
use crate::kernel::Kernel;
use crate::link::{KindSpec, Link, LinkSpec};
use crate::names::{IfName, NsName};
use crate::netns::NetNs;
use crate::plan::Plan;
use crate::row::RowSpec;
use crate::state::Reader;
use crate::step::{Act, LinkChange, LinkRef, NsDecl, NsSlot, Op, Place, Step};
use crate::wire;

use undo::Undo;

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
    /// What the step was to make stands, and did not when it was planned: somebody
    /// else was faster, and whoever looks again may find all as it is wanted.
    pub overtaken: bool,
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

/// Looks on while a plan runs, and may end the run.
pub trait Observer {
    /// A step is about to run; `false` stops the run before it.
    fn before(&mut self, step: &Step) -> bool;

    /// So many of a step's rows are through; `false` stops the run after them.
    fn through(&mut self, _rows: usize, _of: usize) -> bool {
        true
    }

    /// A row was refused; `true` goes on with the others, and the run is no failure.
    fn refused(&mut self, _row: &RowSpec, _why: &KernelError) -> bool {
        false
    }
}

impl<F: FnMut(&Step) -> bool> Observer for F {
    fn before(&mut self, step: &Step) -> bool {
        self(step)
    }
}

/// What ended a step: the step itself, or the one row of it that was refused.
struct Ended {
    step: Step,
    why: Why,
}

impl From<(&Step, Fail)> for Ended {
    fn from((step, why): (&Step, Fail)) -> Ended {
        Ended { step: step.clone(), why: Why::Kernel(why) }
    }
}

/// Runs a plan.
pub struct Exec<'k, K> {
    kernel: &'k K,
    namespaces: &'k [NsDecl],
    open: BTreeMap<NsSlot, NetNs>,
    readers: BTreeMap<NsSlot, Reader<'k, K>>,
    made: BTreeMap<(NsSlot, IfName), u32>,
    undo: Vec<Undo>,
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

    /// Carries the plan out, under the eyes of `observer`. What is made is all or
    /// nothing, and so are names that are taken away; other deletions go forward, and
    /// those that failed are returned.
    pub fn run(mut self, plan: &Plan, observer: &mut dyn Observer) -> Result<Dropped, Box<Failed>> {
        for step in &plan.make {
            if !observer.before(step) {
                return Err(self.fail(step, Why::Stopped));
            }
            if let Err(ended) = self.make(step, observer) {
                return Err(self.fail(&ended.step, ended.why));
            }
        }
        let mut dropped = Vec::new();
        for step in &plan.drop {
            if !observer.before(step) {
                return Err(self.fail(step, Why::Stopped));
            }
            if matches!(step.act, Act::NsDel) {
                // A namespace is held open here, and can have its name again.
                if let Err(ended) = self.make(step, observer) {
                    return Err(self.fail(&ended.step, ended.why));
                }
            } else if let Err(why) = self.perform(step) {
                dropped.push((step.clone(), why));
            }
        }
        Ok(dropped)
    }

    /// One step, with its inverse logged. A refusal did nothing; any other
    /// failure may have done it, so its inverse is logged before it is told,
    /// and taking back what is not there is no failure.
    fn make(&mut self, step: &Step, observer: &mut dyn Observer) -> Result<(), Ended> {
        if let Act::Rows(link, op, rows) = &step.act {
            return self.make_rows(step, link, *op, rows, observer);
        }
        let inverse = self.inverse(step).map_err(|why| Ended::from((step, why)))?;
        // Somebody else has done it since it was planned: it is not ours to take back.
        let Some(inverse) = inverse else { return Ok(()) };
        let result = self.perform(step);
        if !matches!(result, Err(Fail::Refused(_))) && !inverse.is_empty() {
            self.undo.push(Undo { done: step.clone(), inverse });
        }
        result.map_err(|why| Ended::from((step, why)))?;
        if let Act::LinkAdd(spec) = &step.act {
            self.bind(step.at, spec).map_err(|why| Ended::from((step, why)))?;
        }
        Ok(())
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
            // Held open, it lives until the run is over.
            Act::NsDel => return self.kernel.ns_del(&self.ns_name(at)?),
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
            Act::Rows(link, op, rows) => return self.all_rows(at, link, *op, rows),
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
