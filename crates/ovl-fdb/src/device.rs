//! The VXLAN device that a bulk verb works on: its rows as they stand, which of
//! them are ours, and the addresses that are this host's own.

use std::fs::File;
use std::net::IpAddr;

use nix::fcntl::Flock;
use ovl_cli::error::reading;
use ovl_cli::{Acting, Context, Error, Exit, Slots, lock};
use ovl_core::link::Link;
use ovl_core::names::IfName;
use ovl_core::row::{Fdb, NTF_MASTER, NTF_SELF, Neigh, Via};
use ovl_core::state::{Have, Reader};
use ovl_core::step::NsSlot;
use ovl_core::types::MacAddr;
use serde_json::{Value, json};

use crate::cli::On;
use crate::endpoints::{Endpoint, join};
use crate::memory::Memory;
use crate::want::device;

mod change;

pub use change::{is_deletion, rows_of};

/// A device with its rows.
pub struct Device {
    /// Its namespace's slot.
    pub at: NsSlot,
    /// It.
    pub link: Link,
    /// What stands.
    pub endpoints: Vec<Endpoint>,
    /// What is remembered of what was written.
    pub memory: Memory,
    /// Whether `endpoints` has all that may be ours.
    has_all_of_ours: bool,
    /// Every FDB row of it, where all were listed and not only some asked for.
    pub listing: Option<Vec<Fdb>>,
    /// Where that is.
    pub slots: Slots,
    /// Held from the reading of the rows to their writing.
    _lock: Option<Flock<File>>,
}

/// Up to so many addresses are asked for without a look at how many rows there are.
const FEW: usize = 2048;
/// A listing of up to so many rows costs less than to ask for each of as many.
pub const SHORT: usize = 24 * 1024;

/// Which rows of a device are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'m> {
    /// All of them.
    All,
    /// What may be ours, and what stands at these MAC addresses.
    Ours(&'m [MacAddr]),
    /// What may be ours, and what the bridge has learned of it.
    OursInBridge,
}

/// What tells where rows of ours may stand.
pub struct Known<'c> {
    /// Of its namespace.
    pub reader: Reader<'c, ovl_cli::Seam>,
    /// The device's neighbour rows.
    pub neighs: Vec<Neigh>,
    /// What is remembered of it.
    pub memory: Memory,
}

impl Known<'_> {
    /// How many FDB rows a listing would have at least.
    pub fn most(&self) -> usize {
        self.neighs.len().max(self.memory.written().len())
    }
}

impl Device {
    /// Reads it, under the lock when something is to be written.
    pub fn read(
        context: &Context,
        on: &On,
        acting: Acting,
        reach: Reach<'_>,
    ) -> Result<Device, Error> {
        let device = Device::locked(context, on, acting)?;
        let known = device.known(context)?;
        device.with_rows(context, known, reach)
    }

    /// Finds it, without its rows, under the lock when something is to be written.
    pub fn locked(context: &Context, on: &On, acting: Acting) -> Result<Device, Error> {
        Ok(Device { _lock: lock::choose(acting)?, ..Device::look(context, on)? })
    }

    /// Reads what tells where rows of ours may stand.
    pub fn known<'c>(&self, context: &'c Context) -> Result<Known<'c>, Error> {
        let mut reader = self.slots.reader(context, self.at)?;
        let neighs = reader.neighs(Some(self.link.index));
        let neighs = neighs.map_err(reading("its neighbour rows", self.label()))?;
        let memory = Memory::of(reader.cookie().ok(), &self.link);
        Ok(Known { reader, neighs, memory })
    }

    /// Reads what is remembered of it, or only makes ready to add to that; what was read
    /// is not read again.
    pub fn remember(&mut self, context: &Context, is_read: bool) -> Result<(), Error> {
        if self.memory.is_read() {
            return Ok(());
        }
        let cookie = self.slots.reader(context, self.at)?.cookie().ok();
        self.memory = if is_read {
            Memory::of(cookie, &self.link)
        } else {
            Memory::to_add_to(cookie, &self.link)
        };
        Ok(())
    }

    /// It, for a plan.
    pub fn have(&self) -> Have {
        let mut have = Have::default();
        have.states.entry(self.at).or_default().links.push(self.link.clone());
        have
    }

    /// Has a MAC address a row for each VNI?
    pub fn is_external(&self) -> bool {
        is_external(&self.link)
    }

    /// Reads its FDB rows.
    pub fn with_rows(
        self,
        context: &Context,
        known: Known<'_>,
        reach: Reach<'_>,
    ) -> Result<Device, Error> {
        let told = |what| reading(what, self.label());
        let (link, known_rows) = (&self.link, known.most());
        let Known { mut reader, neighs, memory } = known;
        let macs = match reach {
            Reach::All => None,
            _ if self.is_external() => None,
            Reach::Ours(asked) => Some(addresses(&neighs, &memory, asked)),
            Reach::OursInBridge => Some(addresses(&neighs, &memory, &[])),
        };
        let in_bridge = matches!(reach, Reach::OursInBridge);
        let few = match &macs {
            Some(macs) if macs.len() > FEW && known_rows <= SHORT => {
                reader.fdb_first(link.index, SHORT).map_err(told("its FDB rows"))?
            }
            _ => (Vec::new(), false),
        };
        let mut is_whole = true;
        let fdb = match (few, macs) {
            ((all, true), _) => all,
            (_, None) => reader.fdb(Some(link.index)).map_err(told("its FDB rows"))?,
            (_, Some(macs)) => {
                is_whole = false;
                // The one that began to list is spent.
                reader = self.slots.reader(context, self.at)?;
                some_rows(&mut reader, link, &macs, in_bridge).map_err(told("its FDB rows"))?
            }
        };
        let endpoints = join(link, &neighs, &fdb, memory.written());
        drop(reader);
        let listing = (is_whole && !matches!(reach, Reach::Ours(_))).then_some(fdb);
        Ok(Device { endpoints, has_all_of_ours: true, memory, listing, ..self })
    }

    /// Finds it, without its rows.
    pub fn look(context: &Context, on: &On) -> Result<Device, Error> {
        let mut slots = Slots::default();
        let at = slots.have(context, &on.netns.reference())?;
        let label = slots.label(at);
        let told = |what| reading(what, label.clone());
        let mut reader = slots.reader(context, at)?;
        let mut have = Have::default();
        let links = reader.links(false).map_err(told("its devices"))?;
        have.states.entry(at).or_default().links = links;
        let link = device(&slots, &have, at, &on.dev)?.clone();
        Ok(Device {
            at,
            link,
            endpoints: Vec::new(),
            memory: Memory::default(),
            has_all_of_ours: false,
            listing: None,
            slots,
            _lock: None,
        })
    }

    /// Addresses of this host: those of the namespace of the device's socket.
    pub fn own(&self, context: &Context) -> Result<Vec<IpAddr>, Error> {
        let mut reader = self.slots.reader(context, self.at)?;
        let own = own_addresses(context, &mut reader, &self.link);
        own.map_err(reading("its underlay", self.label()))
    }

    /// Its namespace and its name, the first members of what is said of it as JSON;
    /// nothing where that is not asked for.
    pub fn place(&self, context: &Context) -> Value {
        match context.object(&self.slots.open[&self.at]) {
            Some(netns) => json!({ "netns": netns, "dev": self.link.name }),
            None => json!({}),
        }
    }

    /// How its namespace was written; `None` for the caller's own.
    pub fn label(&self) -> Option<String> {
        self.slots.label(self.at)
    }

    /// The device's port and VNI: a row that names them says nothing.
    pub fn is_default(&self, port: Option<u16>, vni: Option<u32>) -> (bool, bool) {
        let (own_port, own_vni) = defaults(&self.link);
        (port.is_some() && port == own_port, vni.is_some() && vni == own_vni)
    }

    /// A device of the namespace of the socket, by name.
    pub fn via(&self, context: &Context, name: &IfName) -> Result<Via, Error> {
        crate::want::via(context, &self.slots, self.at, &self.link, name)
    }

    /// The error of a verb that cannot do what was asked here.
    pub fn refusal(&self, op: &str, message: String) -> Error {
        Error::new(Exit::Failed, message).about(op, self.link.name.to_string(), self.label())
    }
}

/// Has a MAC address of the device a row for each VNI?
pub fn is_external(link: &Link) -> bool {
    link.vxlan().is_none_or(|v| v.external == Some(true))
}

/// The port and the VNI of a device's rows that name none.
pub fn defaults(link: &Link) -> (Option<u16>, Option<u32>) {
    let vxlan = link.vxlan();
    let vni = vxlan.and_then(|v| v.vni);
    (vxlan.and_then(|v| v.dstport), vni.map(ovl_core::types::Vni::get))
}

/// The addresses at which rows of ours may stand, and those that were asked for.
fn addresses(neighs: &[Neigh], memory: &Memory, asked: &[MacAddr]) -> Vec<MacAddr> {
    let known = neighs.iter().filter_map(|row| row.mac);
    let written = memory.written().macs();
    let mut macs: Vec<MacAddr> = known.chain(written).chain(asked.iter().copied()).collect();
    macs.sort_unstable();
    macs.dedup();
    macs
}

/// The rows at some addresses; `in_bridge`: and what the bridge says of those.
pub fn some_rows(
    reader: &mut Reader<'_, ovl_cli::Seam>,
    link: &Link,
    macs: &[MacAddr],
    in_bridge: bool,
) -> Result<Vec<Fdb>, ovl_core::error::Fail> {
    let mut rows = reader.fdb_of_each(link.index, macs, NTF_SELF)?;
    if in_bridge && link.master.is_some() {
        // The bridge knows no flood list.
        let macs: Vec<MacAddr> = macs.iter().copied().filter(|m| *m != MacAddr::ZERO).collect();
        rows.extend(reader.fdb_of_each(link.index, &macs, NTF_MASTER)?);
    }
    Ok(rows)
}

/// Reads something of the namespace of a device's socket; `None` where that cannot be
/// found from here.
pub fn in_underlay<'c, T>(
    context: &'c Context,
    reader: &mut Reader<'c, ovl_cli::Seam>,
    link: &Link,
    read: impl FnOnce(&mut Reader<'c, ovl_cli::Seam>) -> Result<T, ovl_core::error::Fail>,
) -> Result<Option<T>, ovl_core::error::Fail> {
    let Some(nsid) = link.peer.nsid else { return read(reader).map(Some) };
    match context.directory().by_nsid(reader, nsid)? {
        Some(ns) => read(&mut Reader::open(&context.kernel, &ns)?).map(Some),
        None => Ok(None),
    }
}

/// The addresses of the namespace of the device's socket, and its own `local`.
pub fn own_addresses<'c>(
    context: &'c Context,
    reader: &mut Reader<'c, ovl_cli::Seam>,
    link: &Link,
) -> Result<Vec<IpAddr>, ovl_core::error::Fail> {
    let addrs = in_underlay(context, reader, link, Reader::addrs)?.unwrap_or_default();
    let local = link.vxlan().and_then(|v| v.local);
    Ok(addrs.iter().map(|a| a.cidr.addr()).chain(local).collect())
}
