//! What stands where an endpoint is wanted, and whose it is.

use std::net::IpAddr;

use ovl_core::hash::{Map, Seeded};
use ovl_core::row::{Fdb, NUD_NOARP, NUD_PERMANENT, Neigh};
use ovl_core::types::MacAddr;

use super::{Target, Wanted};
use crate::endpoints::Endpoint;

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

    /// The row of that MAC address; of a flood list the one to that VTEP.
    fn fdb(&self, mac: MacAddr, to: &Target) -> Option<(usize, &'e Fdb)> {
        let each = self.by_mac.get(&mac)?.iter();
        let mut each = each.filter_map(|at| Some((*at, self.endpoints[*at].fdb.as_ref()?)));
        if mac == MacAddr::ZERO {
            return each.find(|(_, row)| row.dst == to.dst && row.vni == to.vni);
        }
        // A MAC address of several endpoints has one row: ours, if one of them is.
        each.clone().find(|(at, _)| self.endpoints[*at].ours.fdb).or_else(|| each.next())
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
        let same = row.dst == to.dst
            && row.port == to.port
            && row.vni == to.vni
            && row.via == to.via.as_ref().map(|via| via.index)
            && row.nhid == to.nhid;
        let stands = match () {
            () if row.is_learned() => Stands::Learned,
            () => Stands::of(same, self.endpoints[at].ours.fdb),
        };
        Some((stands, Some(at)))
    }
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
