//! A table by what is asked for: an IP address, or a MAC address. Pure.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ovl_core::names::IfName;
use ovl_core::row::{
    FdbSpec, NTF_EXT_LEARNED, NTF_SELF, NUD_PERMANENT, NUD_REACHABLE, NeighSpec, OVL_PROTOCOL,
    Wanted,
};
use ovl_core::types::{MacAddr, Vni};
use ovl_endpoints::{Endpoint, Table};

/// The endpoints of a table that can be asked for.
#[derive(Debug, Default)]
pub struct Book {
    endpoints: Vec<Endpoint>,
    by_ip: HashMap<IpAddr, usize>,
    by_mac: HashMap<MacAddr, usize>,
}

impl Book {
    /// Of a table.
    pub fn of(table: Table) -> Book {
        let endpoints = table.endpoints;
        let mut by_ip = HashMap::with_capacity(endpoints.len());
        let mut by_mac = HashMap::with_capacity(endpoints.len());
        // The all-zeros address is where packets go that nobody asks for.
        let each = endpoints.iter().enumerate().filter(|(_, e)| e.mac != MacAddr::ZERO);
        for (at, endpoint) in each {
            if let Some(ip) = endpoint.ip {
                by_ip.insert(ip, at);
            }
            // Of several addresses of one MAC any will do: they are behind one VTEP.
            if endpoint.has_target() {
                by_mac.entry(endpoint.mac).or_insert(at);
            }
        }
        Book { endpoints, by_ip, by_mac }
    }

    /// The endpoint that is asked for.
    pub fn find(&self, wanted: Wanted) -> Option<&Endpoint> {
        let at = match wanted {
            Wanted::Mac(ip) => self.by_ip.get(&ip),
            Wanted::Vtep(mac) => self.by_mac.get(&mac),
        };
        at.map(|at| &self.endpoints[*at])
    }

    /// The devices that rows leave by, by name, each once.
    pub fn vias(&self) -> BTreeSet<&IfName> {
        self.endpoints.iter().filter_map(|endpoint| endpoint.via.as_ref()).collect()
    }

    /// How many endpoints can be asked for.
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }
}

/// The neighbour row of an endpoint. It is permanent, however long it is to last: one
/// that is not goes stale within a minute, and from a stale row the device answers no
/// ARP request, nor asks where a row is (`arp_reduce` and `neigh_reduce` in
/// `drivers/net/vxlan/vxlan_core.c`).
pub fn neigh(endpoint: &Endpoint) -> Option<NeighSpec> {
    let (mac, state, proto) = (endpoint.mac, NUD_PERMANENT, Some(OVL_PROTOCOL));
    endpoint.ip.map(|ip| NeighSpec { ip, mac, state, flags: 0, proto })
}

/// How long an answer lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Until somebody deletes it: rows as `add` writes them.
    Permanent,
    /// Until nothing has used it for a while. Its FDB row is as the kernel learns one,
    /// and ages even when nobody is left to delete it.
    Ages,
}

impl Life {
    fn state(self) -> u16 {
        match self {
            Life::Permanent => NUD_PERMANENT,
            Life::Ages => NUD_REACHABLE,
        }
    }

    /// The FDB row of an endpoint, but for the device that it leaves by.
    pub fn fdb(self, endpoint: &Endpoint) -> Option<FdbSpec> {
        // A marked row never ages.
        let mark = if self == Life::Permanent { NTF_EXT_LEARNED } else { 0 };
        endpoint.has_target().then(|| FdbSpec {
            mac: endpoint.mac,
            dst: endpoint.vtep,
            port: endpoint.port,
            vni: endpoint.vni.map(Vni::get),
            src_vni: None,
            via: None,
            nhid: endpoint.nhid,
            state: self.state(),
            flags: NTF_SELF | mark,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(last: u8, mac: u8) -> Endpoint {
        Endpoint {
            ip: Some(IpAddr::from([192, 168, 10, last])),
            mac: MacAddr([2, 0x42, 0, 0, 0, mac]),
            vtep: Some(IpAddr::from([192, 168, 1, 5])),
            ..Endpoint::default()
        }
    }

    #[test]
    fn an_endpoint_is_found_from_either_side() {
        let only_neigh = Endpoint { vtep: None, ..endpoint(3, 3) };
        let flood = Endpoint { ip: None, mac: MacAddr::ZERO, ..endpoint(4, 4) };
        let endpoints = vec![endpoint(1, 1), endpoint(2, 1), only_neigh.clone(), flood];
        let book = Book::of(Table { endpoints, ..Table::default() });
        let mac = MacAddr([2, 0x42, 0, 0, 0, 1]);
        assert_eq!(book.find(Wanted::Mac([192, 168, 10, 2].into())), Some(&endpoint(2, 1)));
        assert_eq!(book.find(Wanted::Vtep(mac)), Some(&endpoint(1, 1)));
        assert_eq!(book.find(Wanted::Mac([192, 168, 10, 3].into())), Some(&only_neigh));
        // What leads nowhere answers no question after where.
        assert_eq!(book.find(Wanted::Vtep(only_neigh.mac)), None);
        assert_eq!(book.find(Wanted::Vtep(MacAddr::ZERO)), None);
        assert_eq!(book.find(Wanted::Mac([192, 168, 10, 9].into())), None);
    }

    #[test]
    fn only_rows_that_stay_are_marked() {
        let row = Life::Permanent.fdb(&endpoint(1, 1)).unwrap();
        assert_eq!((row.state, row.flags), (NUD_PERMANENT, NTF_SELF | NTF_EXT_LEARNED));
        let row = Life::Ages.fdb(&endpoint(1, 1)).unwrap();
        assert_eq!((row.state, row.flags), (NUD_REACHABLE, NTF_SELF));
        assert_eq!(neigh(&endpoint(1, 1)).unwrap().state, NUD_PERMANENT);
    }
}
