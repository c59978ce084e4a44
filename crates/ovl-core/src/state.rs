//! What stands in one namespace, read through the seam.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::error::Fail;
use crate::ethtool::Ethtool;
use crate::hash::Set;
use crate::kernel::Kernel;
use crate::link::{Kind, Link};
use crate::names::IfName;
use crate::netns::NetNs;
use crate::row::{Fdb, NTF_SELF, Neigh, RowOp, RowSpec};
use crate::socket::{Answer, Batch, Message, RtSocket};
use crate::step::NsSlot;
use crate::types::MacAddr;
use crate::wire::addr::Addr;
use crate::wire::route::Route;
use crate::wire::row::Parsed;
use crate::wire::{self, rtm};

mod tables;

pub use tables::LongTables;

/// Reads one namespace. It keeps that namespace alive: hold it briefly.
#[derive(Debug)]
pub struct Reader<'k, K> {
    kernel: &'k K,
    socket: RtSocket,
}

impl<'k, K: Kernel> Reader<'k, K> {
    /// Opens a socket inside `ns`.
    pub fn open(kernel: &'k K, ns: &NetNs) -> Result<Self, Fail> {
        Ok(Reader { kernel, socket: kernel.connect(ns)? })
    }

    /// Opens a socket where the calling thread is: for those that
    /// [`crate::netns::visit`] has sent there.
    pub fn here(kernel: &'k K) -> Result<Self, Fail> {
        Ok(Reader { kernel, socket: kernel.connect_here()? })
    }

    /// Carries out one request.
    pub fn request(&mut self, message: &Message) -> Result<Vec<Message>, Fail> {
        self.kernel.request(&mut self.socket, message)
    }

    /// Writes or deletes one row.
    pub fn change(&mut self, dev: u32, op: RowOp, row: &RowSpec) -> Result<(), Fail> {
        self.request(&wire::row::message(dev, op, row)).map(drop)
    }

    /// The socket, for a batch.
    pub fn socket(&mut self) -> &mut RtSocket {
        &mut self.socket
    }

    /// ethtool's calls in this namespace.
    pub fn ethtool(&self) -> Ethtool<'_> {
        Ethtool::on(self.socket.as_fd())
    }

    /// The kernel's cookie of this namespace.
    pub fn cookie(&self) -> Result<u64, Fail> {
        self.socket.netns_cookie()
    }

    /// All devices, in the order of their indexes.
    pub fn links(&mut self, with_stats: bool) -> Result<Vec<Link>, Fail> {
        self.list(&wire::link::list(with_stats), rtm::NEWLINK, |body| {
            wire::link::parse(body).map(Some)
        })
    }

    /// One device; `None` when there is none of that name.
    pub fn link(&mut self, name: &IfName, with_stats: bool) -> Result<Option<Link>, Fail> {
        match self.request(&wire::link::get(name, with_stats)) {
            Ok(answers) => answers
                .iter()
                .find(|m| m.kind == rtm::NEWLINK)
                .map(|m| wire::link::parse(&m.body))
                .transpose(),
            Err(e) if e.errno() == Some(Errno::ENODEV) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// All addresses.
    pub fn addrs(&mut self) -> Result<Vec<Addr>, Fail> {
        self.list_families(wire::addr::list, rtm::NEWADDR, |v4, body| {
            Ok(wire::addr::parse(body)?.filter(|addr| addr.cidr.addr().is_ipv4() == v4))
        })
    }

    /// All routes, of both families and every table.
    pub fn routes(&mut self) -> Result<Vec<Route>, Fail> {
        self.list_families(wire::route::list, rtm::NEWROUTE, |v4, body| {
            Ok(wire::route::parse(body)?.filter(|route| route.v4 == v4))
        })
    }

    /// The route packets to `to` take; `None` when there is none.
    pub fn route_to(&mut self, to: IpAddr) -> Result<Option<Route>, Fail> {
        match self.request(&wire::route::get(to)) {
            Ok(answers) => match answers.iter().find(|m| m.kind == rtm::NEWROUTE) {
                Some(m) => wire::route::parse(&m.body),
                None => Ok(None),
            },
            Err(e) if matches!(e.errno(), Some(Errno::ENETUNREACH | Errno::EHOSTUNREACH)) => {
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Neighbour rows, of every device or of one.
    pub fn neighs(&mut self, dev: Option<u32>) -> Result<Vec<Neigh>, Fail> {
        self.list_neighs(&wire::row::list_neigh(dev), |row| dev.is_none_or(|d| d == row.dev))
    }

    /// Kernels honour a filter differently: it is applied here as well.
    fn list_neighs(
        &mut self,
        message: &Message,
        is_meant: impl Fn(&Neigh) -> bool,
    ) -> Result<Vec<Neigh>, Fail> {
        self.list(message, rtm::NEWNEIGH, |body| {
            Ok(match wire::row::parse(body)? {
                Some(Parsed::Neigh(row)) if is_meant(&row) => Some(row),
                _ => None,
            })
        })
    }

    /// The neighbour row of one address; `None` when there is none.
    pub fn neigh(&mut self, dev: u32, ip: IpAddr) -> Result<Option<Neigh>, Fail> {
        match self.row(&wire::row::get_neigh(dev, ip))? {
            Some(Parsed::Neigh(row)) => Ok(Some(row)),
            _ => Ok(None),
        }
    }

    /// The row of one MAC address in a device's own table; `None` when there is none.
    pub fn fdb_of(&mut self, dev: u32, mac: MacAddr) -> Result<Option<Fdb>, Fail> {
        match self.row(&wire::row::get_fdb(dev, mac))? {
            Some(Parsed::Fdb(row)) => Ok(Some(row)),
            _ => Ok(None),
        }
    }

    /// FDB rows of one device, the bridge's about it and its own, in the kernel's order:
    /// all, or `most` and a few more. Whether these are all is said; this reader is
    /// spent where they are not.
    pub fn fdb_first(&mut self, dev: u32, most: usize) -> Result<(Vec<Fdb>, bool), Fail> {
        let mut found = Vec::new();
        let message = wire::row::list_fdb(Some(dev));
        let whole = self.kernel.glance(&mut self.socket, &message, most, |kind, body| {
            let row = if kind == rtm::NEWNEIGH { wire::row::parse(body)? } else { None };
            if let Some(Parsed::Fdb(row)) = row
                && row.dev == dev
            {
                found.push(row);
            }
            Ok(())
        })?;
        Ok((found, whole))
    }

    /// The rows of these MAC addresses in the table that `table` names: the device's
    /// own (`NTF_SELF`), or that of the bridge it is a port of (`NTF_MASTER`). Those
    /// that have none are left out. Its cost grows with their number alone; that of
    /// [`Reader::fdb`] grows with the square of what the device has (`vxlan_fdb_dump`
    /// in `drivers/net/vxlan/vxlan_core.c` walks from the start for each datagram). Of
    /// a device that tells VNIs apart (`external`) it reads the default VNI's only.
    pub fn fdb_of_each(&mut self, dev: u32, macs: &[MacAddr], table: u8) -> Result<Vec<Fdb>, Fail> {
        if macs.contains(&MacAddr::ZERO) {
            // Of a flood list a question is answered with the first row only.
            let wanted: Set<MacAddr> = macs.iter().copied().collect();
            let is_self = table == NTF_SELF;
            let is_meant = |row: &Fdb| row.is_self() == is_self && wanted.contains(&row.mac);
            return Ok(self.fdb(Some(dev))?.into_iter().filter(is_meant).collect());
        }
        let mut found = Vec::new();
        let encode = |i: usize, out: &mut Batch| wire::row::ask_fdb(dev, macs[i], table, out);
        self.kernel.ask(&mut self.socket, macs.len(), encode, |_, answer| match answer {
            Answer::Message(rtm::NEWNEIGH, body) => {
                if let Some(Parsed::Fdb(row)) = wire::row::parse(body)? {
                    found.push(row);
                }
                Ok(())
            }
            Answer::Message(..) => Ok(()),
            Answer::Refused(why) if why.errno == Errno::ENOENT => Ok(()),
            Answer::Refused(why) => Err(Fail::Refused(why)),
        })?;
        Ok(found)
    }

    fn row(&mut self, message: &Message) -> Result<Option<Parsed>, Fail> {
        match self.request(message) {
            Ok(answers) => match answers.iter().find(|m| m.kind == rtm::NEWNEIGH) {
                Some(m) => wire::row::parse(&m.body),
                None => Ok(None),
            },
            Err(e) if matches!(e.errno(), Some(Errno::ENOENT)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// FDB rows, of every device or of one.
    pub fn fdb(&mut self, dev: Option<u32>) -> Result<Vec<Fdb>, Fail> {
        self.list(&wire::row::list_fdb(dev), rtm::NEWNEIGH, |body| {
            Ok(match wire::row::parse(body)? {
                Some(Parsed::Fdb(row)) if dev.is_none_or(|d| d == row.dev) => Some(row),
                _ => None,
            })
        })
    }

    /// The id this namespace has for another; `None` when it has none. Assigns none.
    pub fn nsid_of(&mut self, other: &NetNs) -> Result<Option<i32>, Fail> {
        let answers = self.request(&wire::nsid::get(other.as_fd().as_raw_fd()))?;
        match answers.iter().find(|m| m.kind == rtm::NEWNSID) {
            Some(m) => wire::nsid::parse(&m.body),
            None => Ok(None),
        }
    }

    /// The id that the namespace with id `there` has for the one with id `of`.
    pub fn nsid_in(&mut self, there: i32, of: i32) -> Result<Option<i32>, Fail> {
        let answers = self.request(&wire::nsid::translate(of, there))?;
        match answers.iter().find(|m| m.kind == rtm::NEWNSID) {
            Some(m) => wire::nsid::parse(&m.body),
            None => Ok(None),
        }
    }

    /// The devices of a namespace that this one knows by id. It need not be open.
    pub fn links_there(&mut self, nsid: i32) -> Result<Vec<Link>, Fail> {
        self.list(&wire::link::list_there(nsid), rtm::NEWLINK, |body| {
            wire::link::parse(body).map(Some)
        })
    }

    /// All ids this namespace has given.
    pub fn nsids(&mut self) -> Result<Vec<i32>, Fail> {
        self.list(&wire::nsid::list(), rtm::NEWNSID, wire::nsid::parse)
    }

    /// IPv4 and then IPv6: asked for both at once the kernel holds its lock on all
    /// devices (`rtnl_dump_all` in net/core/rtnetlink.c), and those who read other
    /// namespaces meanwhile wait. A kernel without a family answers with all it has:
    /// `parse` is told which one was meant.
    fn list_families<T>(
        &mut self,
        message: impl Fn(bool) -> Message,
        wanted: u16,
        parse: impl Fn(bool, &[u8]) -> Result<Option<T>, Fail>,
    ) -> Result<Vec<T>, Fail> {
        let mut found = self.list(&message(true), wanted, |body| parse(true, body))?;
        found.extend(self.list(&message(false), wanted, |body| parse(false, body))?);
        Ok(found)
    }

    fn list<T>(
        &mut self,
        message: &Message,
        wanted: u16,
        mut parse: impl FnMut(&[u8]) -> Result<Option<T>, Fail>,
    ) -> Result<Vec<T>, Fail> {
        self.kernel.dump(&mut self.socket, message, Vec::new, |found, kind, body| {
            if kind == wanted {
                found.extend(parse(body)?);
            }
            Ok(())
        })
    }
}

/// What stands in one namespace, as far as it was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NsState {
    /// Devices.
    pub links: Vec<Link>,
    /// Addresses.
    pub addrs: Vec<Addr>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Neighbour rows.
    pub neighs: Vec<Neigh>,
    /// FDB rows.
    pub fdb: Vec<Fdb>,
}

impl NsState {
    /// The device of that name, its own or another.
    pub fn link(&self, name: &IfName) -> Option<&Link> {
        self.links.iter().find(|l| l.is_named(name))
    }

    /// The device with that index.
    pub fn link_at(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|l| l.index == index)
    }

    /// The addresses of a device.
    pub fn addrs_of(&self, index: u32) -> impl Iterator<Item = &Addr> {
        self.addrs.iter().filter(move |a| a.index == index)
    }

    /// The ports of a master.
    pub fn ports_of(&self, master: u32) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |l| l.master == Some(master))
    }

    /// The VXLAN devices.
    pub fn vxlans(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|l| matches!(l.kind, Kind::Vxlan { .. }))
    }
}

/// What a plan is made against: the state of each of its namespaces, and the
/// ids by which they know each other.
#[derive(Debug, Clone, Default)]
pub struct Have {
    /// The state of each namespace that is there.
    pub states: BTreeMap<NsSlot, NsState>,
    /// The id that the first namespace has for the second, where it has one.
    pub nsids: BTreeMap<(NsSlot, NsSlot), i32>,
    /// What is at the other end of a device, by its index, where that was looked at.
    pub ends: BTreeMap<(NsSlot, u32), String>,
}

impl Have {
    /// The device of that name, its own or another, in that namespace.
    pub fn link(&self, at: NsSlot, name: &IfName) -> Option<&Link> {
        self.states.get(&at).and_then(|s| s.link(name))
    }
}
