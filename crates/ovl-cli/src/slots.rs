//! The namespaces a command speaks of, gathered while its words are turned into
//! wants: each gets a slot, an open file, and a reading of what is in it.

use std::collections::BTreeMap;

use ovl_core::error::Fail;
use ovl_core::link::Kind;
use ovl_core::names::{IfName, NsName, NsRef};
use ovl_core::netns::NetNs;
use ovl_core::row::{NTF_SELF, RowSpec};
use ovl_core::state::{Have, NsState, Reader};
use ovl_core::step::{NsDecl, NsSlot};
use ovl_machine::joins;

use crate::context::Context;
use crate::error::{Error, from_io, reading};
use crate::flags::Acting;
use crate::turn::{Turn, turn};

/// The namespaces of a command.
#[derive(Debug, Default)]
pub struct Slots {
    /// One declaration a slot.
    pub decls: Vec<NsDecl>,
    /// An open file for each that is there.
    pub open: BTreeMap<NsSlot, NetNs>,
}

impl Slots {
    /// The slot of a namespace that is there; the same for two references that
    /// mean the same one.
    pub fn have(&mut self, context: &Context, reference: &NsRef) -> Result<NsSlot, Error> {
        let resolved = context.resolve(reference)?;
        let same = self.open.iter().find(|(_, ns)| **ns == resolved.ns).map(|(slot, _)| *slot);
        if let Some(slot) = same {
            return Ok(slot);
        }
        let slot = self.next();
        self.decls.push(resolved.decl());
        self.open.insert(slot, resolved.ns);
        Ok(slot)
    }

    /// The slot of a namespace that is to be made.
    pub fn to_be(&mut self, name: NsName) -> NsSlot {
        let slot = self.next();
        self.decls.push(NsDecl::ToBe { name });
        slot
    }

    fn next(&self) -> NsSlot {
        NsSlot(u16::try_from(self.decls.len()).unwrap_or(u16::MAX))
    }

    /// Waits for the turn to change them, unless nothing is to be changed. What is read
    /// for a plan is read after that.
    pub fn turn(&self, acting: Acting) -> Option<Turn> {
        (!acting.dry_run).then(|| turn(self.open.values()))
    }

    /// How a slot's namespace was written; `None` for the caller's own.
    pub fn label(&self, slot: NsSlot) -> Option<String> {
        self.decls[usize::from(slot.0)].label()
    }

    /// The open files once more: a plan that is run takes its own.
    pub fn try_clone_open(&self) -> Result<BTreeMap<NsSlot, NetNs>, Error> {
        self.open.keys().map(|slot| Ok((*slot, self.try_clone(*slot)?))).collect()
    }

    /// A slot's namespace once more, for what comes after a plan.
    pub fn try_clone(&self, slot: NsSlot) -> Result<NetNs, Error> {
        self.open[&slot].try_clone().map_err(|e| from_io("open once more", "a namespace", &e))
    }

    /// A reader of a slot's namespace.
    pub fn reader<'c>(
        &self,
        context: &'c Context,
        slot: NsSlot,
    ) -> Result<Reader<'c, crate::Seam>, Error> {
        Reader::open(&context.kernel, &self.open[&slot])
            .map_err(reading("the namespace", self.label(slot)))
    }

    /// Devices, addresses and routes of each namespace, and the ids by which
    /// they know each other.
    pub fn read(&self, context: &Context) -> Result<Have, Error> {
        let mut have = Have::default();
        for slot in self.open.keys() {
            let mut reader = self.reader(context, *slot)?;
            let told = |what| reading(what, self.label(*slot));
            let state = NsState {
                links: reader.links(false).map_err(told("its devices"))?,
                addrs: reader.addrs().map_err(told("its addresses"))?,
                routes: reader.routes().map_err(told("its routes"))?,
                ..NsState::default()
            };
            have.states.insert(*slot, state);
            for (other, ns) in &self.open {
                if let Some(id) = reader.nsid_of(ns).map_err(told("its namespace ids"))? {
                    have.nsids.insert((*slot, *other), id);
                }
            }
        }
        Ok(have)
    }

    /// What is at the other end of a device that stands, a cable's or a VXLAN
    /// device's, added to what was read: for a difference to name it.
    pub fn read_end(
        &self,
        context: &Context,
        have: &mut Have,
        slot: NsSlot,
        dev: &IfName,
    ) -> Result<(), Error> {
        let Some(link) = have.link(slot, dev) else { return Ok(()) };
        let is_cable = link.kind == Kind::Veth;
        if !is_cable && link.vxlan().is_none() {
            return Ok(());
        }
        let (at, index, peer) = (slot, link.index, link.peer);
        let told = || reading("the other end", self.label(slot));
        let directory = context.directory();
        let there = match peer.nsid {
            None => Some(self.open[&slot].try_clone().map_err(Fail::from).map_err(told())?),
            Some(id) => {
                let mut reader = self.reader(context, slot)?;
                directory.by_nsid(&mut reader, id).map_err(told())?
            }
        };
        let Some(there) = there else { return Ok(()) };
        let netns = directory.short(there.key());
        let end = match peer.index.filter(|_| is_cable) {
            None if is_cable => None,
            None => Some(netns),
            Some(index) => joins::peer_at(&context.kernel, &there, index)
                .map_err(told())?
                .map(|peer| format!("{} in netns {netns}", peer.ifname)),
        };
        have.ends.extend(end.map(|end| ((at, index), end)));
        Ok(())
    }

    /// What stands on one device where rows are to go, added to what was read.
    pub fn read_rows(
        &self,
        context: &Context,
        have: &mut Have,
        slot: NsSlot,
        dev: &IfName,
        rows: &[RowSpec],
    ) -> Result<(), Error> {
        let Some(index) = have.link(slot, dev).map(|l| l.index) else { return Ok(()) };
        let mut reader = self.reader(context, slot)?;
        let told = |what| reading(what, self.label(slot));
        let macs: Vec<_> = rows.iter().filter_map(|row| row.mac_in(NTF_SELF)).collect();
        let neighs = reader.neighs(Some(index)).map_err(told("its neighbour rows"))?;
        let fdb = reader.fdb_of_each(index, &macs, NTF_SELF).map_err(told("its FDB rows"))?;
        if let Some(state) = have.states.get_mut(&slot) {
            state.neighs.extend(neighs);
            state.fdb.extend(fdb);
        }
        Ok(())
    }
}
