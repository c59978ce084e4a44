//! Taking back what a run has made: what takes each step back, from what stood just
//! before it, and what is left alone because it is others' by now.

use nix::errno::Errno;

use super::{Exec, Failed, Why};
use crate::error::Fail;
use crate::kernel::Kernel;
use crate::link::KindSpec;
use crate::names::IfName;
use crate::row::RowOp;
use crate::step::{Act, LinkChange, LinkRef, NsSlot, Op, Step};
use crate::wire::route::RouteSpec;

/// One entry of the undo log: the step that was done, and the steps that take
/// it back.
pub(super) struct Undo {
    pub(super) done: Step,
    pub(super) inverse: Vec<Step>,
}

impl<K: Kernel> Exec<'_, K> {
    /// Ends the run: takes back what was made, the last first.
    pub(super) fn fail(mut self, step: &Step, why: Why) -> Box<Failed> {
        let overtaken = self.is_overtaken(step, &why);
        let mut undone = Vec::new();
        let mut left = Vec::new();
        while let Some(entry) = self.undo.pop() {
            let failure = entry.inverse.iter().find_map(|inverse| {
                let taken_back = self.is_unused(&entry.done).and_then(|()| self.perform(inverse));
                match taken_back {
                    Err(why) if !already_gone(inverse, &why) => Some((inverse.clone(), why)),
                    _ => None,
                }
            });
            match failure {
                None => undone.push(entry.done),
                Some(failure) => left.push(failure),
            }
        }
        let in_use = |(_, why): &(Step, Fail)| matches!(why, Fail::InUse(_));
        let overtaken = overtaken && left.iter().all(in_use);
        Box::new(Failed { step: step.clone(), why, undone, left, overtaken })
    }

    /// Does what the step was refused to make stand now? A name that stands, and not
    /// the refusal alone: the kernel says "exists" of a VNI that is taken as well.
    fn is_overtaken(&mut self, step: &Step, why: &Why) -> bool {
        let Why::Kernel(why) = why else { return false };
        if why.errno() != Some(Errno::EEXIST) {
            return false;
        }
        let stands = match &step.act {
            Act::LinkAdd(spec) => self.stands(step.at, &spec.name).and_then(|stands| {
                let KindSpec::Veth { peer_at, peer_name, .. } = &spec.kind else {
                    return Ok(stands);
                };
                Ok(stands || self.stands(*peer_at, peer_name)?)
            }),
            Act::Addr(Op::Add, ..) => Ok(true),
            Act::Route(Op::Add, link, spec) => self.has_route(step.at, link, spec),
            _ => Ok(false),
        };
        stands.unwrap_or(false)
    }

    fn stands(&mut self, at: NsSlot, name: &IfName) -> Result<bool, Fail> {
        Ok(self.reader(at)?.link(name, false)?.is_some())
    }

    fn has_route(&mut self, at: NsSlot, link: &LinkRef, spec: &RouteSpec) -> Result<bool, Fail> {
        let index = self.index(link)?;
        Ok(self.reader(at)?.routes()?.iter().any(|route| route.is(spec, index)))
    }

    /// A bridge that we made may be others' by now: it is not taken from under them.
    /// Our own device has left it, since what was done last is taken back first.
    fn is_unused(&mut self, done: &Step) -> Result<(), Fail> {
        let Act::LinkAdd(spec) = &done.act else { return Ok(()) };
        let made = self.made.get(&(done.at, spec.name.clone())).copied();
        let (KindSpec::Bridge(_), Some(index)) = (&spec.kind, made) else { return Ok(()) };
        let links = self.reader(done.at)?.links(false)?;
        match links.iter().find(|l| l.master == Some(index)) {
            Some(port) => Err(Fail::InUse(port.name.to_string())),
            None => Ok(()),
        }
    }

    /// What takes the step back, from what stands now; `None` where all is so already.
    pub(super) fn inverse(&mut self, step: &Step) -> Result<Option<Vec<Step>>, Fail> {
        let at = step.at;
        // It goes as a whole when its creation is taken back.
        let goes_anyway =
            |link: &LinkRef| matches!(link, LinkRef::Made { name, .. } if name.as_str() != "lo");
        let acts = match &step.act {
            Act::LinkSet(link, _) | Act::Addr(_, link, _) | Act::Route(_, link, _)
                if goes_anyway(link) =>
            {
                Vec::new()
            }
            Act::NsAdd | Act::NsAttach(_) => vec![Act::NsDel],
            Act::NsDel if self.open.contains_key(&at) => vec![Act::NsAttach(at)],
            Act::NsDel | Act::StaleDel => vec![Act::StaleAdd],
            Act::LinkAdd(spec) => {
                vec![Act::LinkDel(LinkRef::Made { at, name: spec.name.clone() })]
            }
            Act::LinkSet(link, change) => match self.inverse_of_change(at, link, change)? {
                Some(acts) => acts,
                None => return Ok(None),
            },
            Act::Addr(op, link, cidr) => vec![Act::Addr(op.inverse(), link.clone(), *cidr)],
            Act::Route(op, link, spec) => {
                vec![Act::Route(op.inverse(), link.clone(), spec.clone())]
            }
            // An nsid cannot be taken back: the kernel has no request for it,
            // and it goes with either namespace. Rows have a log of their own,
            // `make_rows`; the others are deletions, which go forward.
            Act::NsId(..) | Act::StaleAdd | Act::LinkDel(_) | Act::Rows(..) => Vec::new(),
        };
        Ok(Some(acts.into_iter().map(|act| Step { at, act }).collect()))
    }

    fn inverse_of_change(
        &mut self,
        at: NsSlot,
        link: &LinkRef,
        change: &LinkChange,
    ) -> Result<Option<Vec<Act>>, Fail> {
        let stands = self.read(at, link)?;
        let (is_so, back) = match change {
            LinkChange::Up(up) => (stands.state.is_up() == *up, LinkChange::Up(!up)),
            LinkChange::Master(to) => {
                let to = to.as_ref().map(|to| self.index(to)).transpose()?;
                let back = match stands.master {
                    Some(index) => {
                        Some(LinkRef::Have { at, name: self.name_of(at, index)?, index })
                    }
                    None => None,
                };
                (to == stands.master, LinkChange::Master(back))
            }
            LinkChange::Attrs(attrs) => {
                let back = LinkChange::Attrs(attrs.before(&stands.attrs));
                (attrs.less(&stands.attrs).is_empty(), back)
            }
            LinkChange::Vxlan(attrs) => {
                let have = stands.vxlan().cloned().unwrap_or_default();
                let back = LinkChange::Vxlan(Box::new(attrs.before(&have)));
                (attrs.less(&have).is_empty(), back)
            }
            LinkChange::Name(name) => (stands.name == *name, LinkChange::Name(stands.name)),
        };
        Ok((!is_so).then(|| vec![Act::LinkSet(link.clone(), back)]))
    }
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
