//! Rows joined into endpoints: the neighbour row that says which MAC address an
//! IP address has, the FDB row that says behind which VTEP that is, and the
//! bridge's own opinion. Pure: rows in, endpoints out.

use std::net::IpAddr;
use std::ops::Range;

use ovl_core::hash::{Map, Seeded, Set};
use ovl_core::link::Link;
use ovl_core::row::{
    Fdb, NTF_EXT_LEARNED, NTF_ROUTER, NUD_NOARP, NUD_PERMANENT, Neigh, OVL_PROTOCOL,
};
use ovl_core::types::MacAddr;

use crate::written::{Kept, Written};

/// The rows of one endpoint. Never all empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// IP address -> MAC address.
    pub neigh: Option<Neigh>,
    /// MAC address -> VTEP.
    pub fdb: Option<Fdb>,
    /// Behind which port the bridge believes the MAC address to be: of few
    /// endpoints it believes anything.
    pub bridge: Option<Box<Fdb>>,
    /// Which of its rows this toolkit made.
    pub ours: Ours,
}

/// Which rows of an endpoint this toolkit made, and nobody has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ours {
    /// The neighbour row.
    pub neigh: bool,
    /// The FDB row.
    pub fdb: bool,
}

impl Endpoint {
    /// Its IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.neigh.as_ref().map(|n| n.ip)
    }

    /// Its MAC address.
    pub fn mac(&self) -> Option<MacAddr> {
        self.fdb.as_ref().map(|f| f.mac).or(self.neigh.as_ref().and_then(|n| n.mac))
    }

    /// Its VTEP.
    pub fn dst(&self) -> Option<IpAddr> {
        self.fdb.as_ref().and_then(|f| f.dst)
    }

    /// Its rows as they are remembered, each with whether this toolkit made it.
    pub fn kept(&self) -> impl Iterator<Item = (Kept, bool)> {
        // One whose MAC address is not known holds its address as well.
        let neigh = self.neigh.as_ref();
        let neigh = neigh.map(|row| Kept::Neigh(row.ip, row.mac.unwrap_or_default()));
        let fdb = self.fdb.as_ref().map(Kept::fdb);
        let neigh = neigh.map(|row| (row, self.ours.neigh));
        neigh.into_iter().chain(fdb.map(|row| (row, self.ours.fdb)))
    }

    /// Was all of it made by this toolkit?
    pub fn is_owned(&self) -> bool {
        (self.neigh.is_none() || self.ours.neigh) && (self.fdb.is_none() || self.ours.fdb)
    }

    /// What marks and memory say together: a row is ours that has our mark, is in the
    /// state in which we write it, and says what we wrote. A mark alone lies: another
    /// program's replace keeps our protocol number on a neighbour row, and control planes
    /// such as FRR put `extern_learn` on their FDB rows as well. Where nothing is
    /// remembered of either address of a pair (the memory is another mount namespace's,
    /// or what `--dry-run` prints was typed), its two marks prove it. The flag of a flood
    /// row is shared by all rows of its MAC address, and is no mark; nor has a row any
    /// that `answer` wrote to age.
    fn judge(&mut self, written: &Written) {
        let neigh = self.neigh.as_ref().filter(|n| is_neigh_as_written(n));
        let neigh = neigh.and_then(|n| Some(Kept::Neigh(n.ip, n.mac?)));
        let (fdb, row) = (self.fdb.as_ref(), self.fdb.as_ref().map(Kept::fdb));
        let may_be_ours =
            |f: &Fdb| f.mac == MacAddr::ZERO || f.is_learned() && !is_marked(f) || is_as_written(f);
        let is_kept = fdb.is_some_and(may_be_ours) && row.is_some_and(|row| written.has(row));
        let pair = neigh.zip(row.filter(|_| fdb.is_some_and(is_marked)));
        let is_unknown = |(neigh, fdb)| !written.knows(neigh) && !written.knows(fdb);
        let is_ours = is_kept || pair.is_some_and(is_unknown);
        // Of a pair that was written both rows are still ours, or neither. What ages may
        // have been learned anew.
        let broken = |f: &Fdb| !is_ours && !f.is_learned() && written.knows(Kept::fdb(f));
        let neigh = neigh.filter(|_| !fdb.is_some_and(broken));
        let is_paired = is_kept || pair.is_some();
        let proved = |row| written.has(row) || is_paired && !written.knows(row);
        self.ours = Ours { neigh: neigh.is_some_and(proved), fdb: is_ours };
    }

    /// Was it learned from traffic?
    pub fn is_learned(&self) -> bool {
        match (&self.fdb, &self.neigh) {
            (Some(fdb), _) => fdb.is_learned(),
            (None, Some(neigh)) => neigh.state & (NUD_PERMANENT | NUD_NOARP) == 0,
            (None, None) => true,
        }
    }

    /// What is missing of it, for people.
    pub fn gap(&self) -> Option<&'static str> {
        match (&self.neigh, &self.fdb) {
            (None, Some(f)) if f.mac == MacAddr::ZERO => None,
            (None, Some(f)) if f.is_learned() => None,
            (None, Some(_)) => Some("no neighbour row"),
            (Some(_), None) => Some("no FDB row"),
            _ => None,
        }
    }
}

/// Has it our mark, and will it stay? FRR sets no `NUD_PERMANENT`, Docker no mark.
fn is_marked(row: &Fdb) -> bool {
    row.flags & NTF_EXT_LEARNED != 0 && row.state & NUD_PERMANENT != 0
}

/// Is it marked and in the state in which this toolkit writes rows? `bridge` sets
/// `NUD_NOARP` beside `NUD_PERMANENT`.
pub fn is_as_written(row: &Fdb) -> bool {
    row.flags & NTF_EXT_LEARNED != 0 && row.state == NUD_PERMANENT
}

/// The same of a neighbour row: flags of it are a control plane's, or somebody's who
/// wrote over it.
pub fn is_neigh_as_written(row: &Neigh) -> bool {
    let is_plain = row.flags & (NTF_ROUTER | NTF_EXT_LEARNED) == 0;
    row.proto == Some(OVL_PROTOCOL) && row.state == NUD_PERMANENT && is_plain
}

/// The endpoints of one device, from the rows of its namespace, and from those that
/// were written.
pub fn join(link: &Link, neighs: &[Neigh], fdb: &[Fdb], written: &Written) -> Vec<Endpoint> {
    let mut endpoints = match_up(link, neighs, fdb, written);
    endpoints.sort_by_key(|e| (e.ip().is_none(), e.ip(), e.mac(), e.dst()));
    endpoints
}

/// The same, in no order.
pub fn match_up(link: &Link, neighs: &[Neigh], fdb: &[Fdb], written: &Written) -> Vec<Endpoint> {
    let mut endpoints = pair_up(link.index, link.master, neighs, fdb);
    for endpoint in &mut endpoints {
        endpoint.judge(written);
    }
    endpoints
}

fn pair_up(dev: u32, master: Option<u32>, neighs: &[Neigh], fdb: &[Fdb]) -> Vec<Endpoint> {
    // For multicast and broadcast the kernel makes NOARP entries of its own.
    let is_kernels =
        |n: &Neigh| n.state & NUD_NOARP != 0 && n.mac.is_none_or(MacAddr::is_multicast);
    let of_device = neighs.iter().filter(|n| n.dev == dev && !is_kernels(n));
    let by_mac = ByMac::of(of_device.collect());
    let opinions = opinions(master, fdb);
    let opinion = |mac: MacAddr| opinions.get(&mac).map(|row| Box::new((*row).clone()));
    let is_shown = |f: &&Fdb| f.dev == dev && f.is_self() && !f.mac.is_multicast();
    let mut endpoints = Vec::with_capacity(fdb.len().max(neighs.len()));
    let mut joined = Set::default();
    for row in fdb.iter().filter(is_shown) {
        let with = |neigh: Option<&Neigh>| Endpoint {
            neigh: neigh.cloned(),
            fdb: Some(row.clone()),
            bridge: opinion(row.mac),
            ours: Ours::default(),
        };
        match by_mac.rows(row.mac) {
            [] => endpoints.push(with(None)),
            neighs => {
                joined.insert(row.mac);
                endpoints.extend(neighs.iter().map(|neigh| with(Some(neigh))));
            }
        }
    }
    let rest = by_mac.rows.iter().filter(|n| n.mac.is_none_or(|mac| !joined.contains(&mac)));
    endpoints.extend(rest.map(|row| Endpoint {
        neigh: Some((*row).clone()),
        fdb: None,
        bridge: row.mac.and_then(opinion),
        ours: Ours::default(),
    }));
    endpoints
}

/// What the bridge that the device is a port of says of MAC addresses.
fn opinions(master: Option<u32>, fdb: &[Fdb]) -> Map<MacAddr, &Fdb> {
    let mut opinions = Map::default();
    for row in fdb.iter().filter(|f| !f.is_self() && f.master.is_some() && f.master == master) {
        opinions.entry(row.mac).or_insert(row);
    }
    opinions
}

/// Neighbour rows, those of one MAC address beside each other.
struct ByMac<'n> {
    rows: Vec<&'n Neigh>,
    places: Map<MacAddr, Range<usize>>,
}

impl<'n> ByMac<'n> {
    fn of(mut rows: Vec<&'n Neigh>) -> ByMac<'n> {
        rows.sort_by_key(|row| row.mac);
        let mut places = Map::with_capacity_and_hasher(rows.len(), Seeded::default());
        let mut from = 0;
        for same in rows.chunk_by(|one, other| one.mac == other.mac) {
            let to = from + same.len();
            if let Some(mac) = same[0].mac {
                places.insert(mac, from..to);
            }
            from = to;
        }
        ByMac { rows, places }
    }

    fn rows(&self, mac: MacAddr) -> &[&'n Neigh] {
        self.places.get(&mac).map_or(&[], |place| &self.rows[place.clone()])
    }
}

#[cfg(test)]
mod tests {
    use ovl_core::row::{NTF_MASTER, NTF_SELF};

    use super::*;

    fn mac(last: u8) -> MacAddr {
        MacAddr([2, 0x42, 0, 0, 0, last])
    }

    fn neigh(last: u8, proto: Option<u8>) -> Neigh {
        Neigh {
            dev: 5,
            ip: IpAddr::from([192, 168, 10, last]),
            mac: Some(mac(last)),
            state: NUD_PERMANENT,
            flags: 0,
            flags_ext: 0,
            proto,
        }
    }

    fn fdb(last: u8, flags: u8) -> Fdb {
        Fdb {
            dev: 5,
            mac: mac(last),
            dst: Some(IpAddr::from([192, 168, 1, 5])),
            port: None,
            vni: None,
            src_vni: None,
            vlan: None,
            via: None,
            nhid: None,
            master: None,
            state: NUD_PERMANENT,
            flags,
            used: None,
            updated: None,
        }
    }

    fn joined(neighs: &[Neigh], fdb: &[Fdb], remembered: &[Kept]) -> Vec<Endpoint> {
        let mut endpoints = pair_up(5, Some(2), neighs, fdb);
        endpoints.sort_by_key(|e| (e.ip(), e.mac()));
        for endpoint in &mut endpoints {
            let mut written = Written::default();
            for row in remembered {
                written.insert(*row);
            }
            endpoint.judge(&written);
        }
        endpoints
    }

    #[test]
    fn rows_of_one_mac_are_one_endpoint() {
        let found = joined(
            &[neigh(1, Some(OVL_PROTOCOL)), neigh(2, None)],
            &[fdb(1, NTF_SELF | NTF_EXT_LEARNED), fdb(3, NTF_SELF)],
            &[],
        );
        let mut seen: Vec<_> = found.iter().map(|e| (e.mac(), e.gap(), e.is_owned())).collect();
        seen.sort_unstable();
        assert_eq!(
            seen,
            [
                (Some(mac(1)), None, true),
                (Some(mac(2)), Some("no FDB row"), false),
                (Some(mac(3)), Some("no neighbour row"), false),
            ]
        );
    }

    #[test]
    fn a_row_that_docker_took_over_is_not_ours() {
        // Docker's replace keeps our protocol number and clears extern_learn.
        let found = joined(&[neigh(1, Some(OVL_PROTOCOL))], &[fdb(1, NTF_SELF)], &[]);
        assert_eq!(found[0].ours, Ours::default());
    }

    #[test]
    fn a_control_planes_row_is_not_ours() {
        // FRR marks the bridge's row as well.
        let mut bridge = fdb(1, NTF_MASTER | NTF_EXT_LEARNED);
        bridge.master = Some(2);
        let found = joined(&[], &[fdb(1, NTF_SELF | NTF_EXT_LEARNED), bridge], &[]);
        assert_eq!(found.len(), 1);
        assert!(!found[0].is_owned());
    }

    #[test]
    fn a_lone_row_is_ours_when_it_is_marked_and_remembered() {
        let row = fdb(1, NTF_SELF | NTF_EXT_LEARNED);
        let kept = Kept::fdb(&row);
        assert!(!joined(&[], std::slice::from_ref(&row), &[])[0].is_owned());
        assert!(joined(&[], std::slice::from_ref(&row), &[kept])[0].is_owned());
        // Somebody else has written over it.
        assert!(!joined(&[], &[fdb(1, NTF_SELF)], &[kept])[0].is_owned());
    }

    #[test]
    fn a_flood_row_is_ours_when_it_is_remembered() {
        let row = Fdb { mac: MacAddr::ZERO, ..fdb(1, NTF_SELF) };
        let kept = Kept::fdb(&row);
        assert!(joined(&[], std::slice::from_ref(&row), &[kept])[0].is_owned());
        assert!(!joined(&[], &[row], &[])[0].is_owned());
    }

    #[test]
    fn one_mac_with_two_addresses_is_two_endpoints() {
        let mut second = neigh(1, Some(OVL_PROTOCOL));
        second.ip = IpAddr::from([192, 168, 10, 200]);
        let found = joined(
            &[neigh(1, Some(OVL_PROTOCOL)), second],
            &[fdb(1, NTF_SELF | NTF_EXT_LEARNED)],
            &[],
        );
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|e| e.fdb.is_some()));
    }
}
