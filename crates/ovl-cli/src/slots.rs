//! The namespaces a command speaks of, gathered while its words are turned into
//! wants: each gets a slot, an open file, and a reading of what is in it.

use std::collections::BTreeMap;
use std::io;

use ovl_core::error::io_text;
use ovl_core::names::{IfName, NsName, NsRef};
use ovl_core::netns::NetNs;
use ovl_core::row::{NTF_SELF, RowSpec};
use ovl_core::state::{Have, NsState, Reader};
use ovl_core::step::{NsDecl, NsSlot};

use crate::context::Context;
use crate::error::{Error, reading};
use crate::exit::Exit;

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

    /// How a slot's namespace was written; `None` for the caller's own.
    pub fn label(&self, slot: NsSlot) -> Option<String> {
        self.decls[usize::from(slot.0)].label()
    }

    /// The open files once more: a plan that is run takes its own.
    pub fn try_clone_open(&self) -> Result<BTreeMap<NsSlot, NetNs>, Error> {
        let again = self.open.iter().map(|(slot, ns)| Ok((*slot, ns.try_clone()?)));
        again.collect::<io::Result<_>>().map_err(|e| {
            Error::new(Exit::Failed, format!("cannot open a namespace once more: {}", io_text(&e)))
        })
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
