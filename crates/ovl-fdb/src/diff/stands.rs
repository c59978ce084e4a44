//! What stands where an endpoint is wanted, and whose it is.

use std::net::IpAddr;

use ovl_core::hash::{Map, Seeded};
use ovl_core::row::{Fdb, NUD_NOARP, NUD_PERMANENT, Neigh};
use ovl_core::types::MacAddr;

use super::{Target, Wanted};
use crate::endpoints::Endpoint;
use crate::written::Way;

/// The rows of a device, by what they are looked up by.
pub(super) struct Have<'e> {
    pub(super) endpoints: &'e [Endpoint],
    by_ip: Map<IpAddr, usize>,
    pub(super) by_mac: Map<MacAddr, Vec<usize>>,
}

impl<'e> Have<'e> {
    pub(super) fn of(endpoints: &'e [Endpoint]) -> Have<'e> {
        let room = endpoints.len();
        let mut by_ip = Map::with_capacity_and_hasher(room, Seeded::default());
        let mut by_mac: Map<MacAddr, Vec<usize>> =
            Map::with_capacity_and_hasher(room, Seeded::default());
        for (at, endpoint) in endpoints.iter().enumerate() {
            if let Some(ip) = endpoint.ip() {
                by_ip.insert(ip, at);
            }
            if let Some(fdb) = &endpoint.fdb {
                by_mac.entry(fdb.mac).or_default().push(at);
            }
        }
        Have { endpoints, by_ip, by_mac }
    }

    fn neigh(&self, ip: IpAddr) -> Option<(usize, &'e Neigh)> {
        let at = *self.by_ip.get(&ip)?;
        Some((at, self.endpoints[at].neigh.as_ref()?))
    }

    /// The row of that MAC address; of a flood list the one that leads there, else one
    /// that the list cannot have beside it.
    fn fdb(&self, mac: MacAddr, to: &Target) -> Option<(usize, &'e Fdb)> {
        if mac == MacAddr::ZERO {
            let same = self.fdb_rows(mac).find(|(_, row)| leads(row, to));
            let is_ours = |at: usize| self.endpoints[at].ours.fdb;
            return same.or_else(|| self.not_beside(to).max_by_key(|(at, _)| !is_ours(*at)));
        }
        // A MAC address of several endpoints has one row: ours, if one of them is.
        let mut each = self.fdb_rows(mac);
        each.clone().find(|(at, _)| self.endpoints[*at].ours.fdb).or_else(|| each.next())
    }

    /// The rows of a MAC address, but for those that are for the packets of one VNI of
    /// several: they are rows of their own, and no table speaks of them.
    fn fdb_rows(&self, mac: MacAddr) -> impl Iterator<Item = (usize, &'e Fdb)> + Clone {
        let each = self.by_mac.get(&mac).into_iter().flatten();
        let each = each.filter_map(|at| Some((*at, self.endpoints[*at].fdb.as_ref()?)));
        each.filter(|(_, row)| row.src_vni.is_none())
    }

    /// Flood rows that cannot stand beside one that leads there: the list is one of
    /// VTEPs, or one nexthop group.
    pub(super) fn not_beside(&self, to: &Target) -> impl Iterator<Item = (usize, &'e Fdb)> {
        let nhid = to.nhid;
        self.fdb_rows(MacAddr::ZERO).filter(move |(_, row)| row.nhid != nhid)
    }

    /// Has the flood list a row that can stand beside one that leads there?
    pub(super) fn is_begun(&self, to: &Target) -> bool {
        self.fdb_rows(MacAddr::ZERO).any(|(_, row)| row.nhid == to.nhid)
    }

    /// The neighbour row that stands in an endpoint's place, and its endpoint's place in
    /// the list; `None` where none is wanted.
    pub(super) fn neigh_stands(&self, wanted: &Wanted) -> Option<(Stands, Option<usize>)> {
        let Some((at, row)) = self.neigh(wanted.ip?) else {
            return Some((Stands::Nothing, None));
        };
        let lasting = row.state & (NUD_PERMANENT | NUD_NOARP) != 0;
        let stands = match () {
            () if !lasting => Stands::Learned,
            () => Stands::of(row.mac == Some(wanted.mac), self.endpoints[at].ours.neigh),
        };
        Some((stands, Some(at)))
    }

    /// The same, of the FDB row.
    pub(super) fn fdb_stands(&self, wanted: &Wanted) -> Option<(Stands, Option<usize>)> {
        let to = wanted.to.as_ref()?;
        let Some((at, row)) = self.fdb(wanted.mac, to) else {
            return Some((Stands::Nothing, None));
        };
        let stands = match () {
            () if row.is_learned() => Stands::Learned,
            () => Stands::of(leads(row, to), self.endpoints[at].ours.fdb),
        };
        Some((stands, Some(at)))
    }
}

/// Does a row lead there?
fn leads(row: &Fdb, to: &Target) -> bool {
    Way::from(row) == Way::from(to)
}

/// A row of which an endpoint's state is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// Nothing does.
    Nothing,
    /// As it is wanted.
    Same,
    /// As it is wanted, and another's, or not known to be ours.
    SameOfAnother,
    /// Otherwise, and made by this toolkit.
    Ours,
    /// Otherwise, and learned from traffic: it gives way.
    Learned,
    /// Otherwise, and another's.
    Foreign,
}

impl Stands {
    /// Of a row that lasts.
    fn of(is_same: bool, is_ours: bool) -> Stands {
        match (is_same, is_ours) {
            (true, true) => Stands::Same,
            (true, false) => Stands::SameOfAnother,
            (false, true) => Stands::Ours,
            (false, false) => Stands::Foreign,
        }
    }

    /// The same, where the endpoint is taken over.
    pub(super) fn taken(self, is_taken: bool) -> Stands {
        match self {
            Stands::SameOfAnother if is_taken => Stands::Foreign,
            stands => stands,
        }
    }

    pub(super) fn is_same(self) -> bool {
        matches!(self, Stands::Same | Stands::SameOfAnother)
    }
}
