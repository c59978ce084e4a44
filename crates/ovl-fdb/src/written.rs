//! Rows that were written, as values: which they are, and what of one address was
//! written. Knows no file (`memory.rs` does).

use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};

use ovl_core::hash::Map;
use ovl_core::row::{Fdb, FdbSpec, NTF_SELF, RowSpec};
use ovl_core::types::MacAddr;

/// A row, as far as it has to be known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// A neighbour row.
    Neigh(IpAddr, MacAddr),
    /// A row of the device's own table, and where it leads.
    Fdb(MacAddr, Way),
}

/// Where an FDB row leads, and for which packets: what tells it from other rows of its
/// MAC address, in little room. What goes without saying is absent, as the kernel has
/// it: the device's own port and VNI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Way {
    /// The VTEP; absent with a nexthop group.
    pub dst: Option<IpAddr>,
    /// UDP port.
    pub port: Option<NonZeroU16>,
    /// VNI.
    pub vni: Option<u32>,
    /// VNI of the packets it is for.
    pub src_vni: Option<NonZeroU32>,
    /// FDB nexthop group.
    pub nhid: Option<NonZeroU32>,
    /// Index of the device packets leave by.
    pub via: Option<NonZeroU32>,
}

impl Way {
    /// Of a row that says this; the numbers are its `src_vni`, its nexthop group and the
    /// index of its device.
    pub fn new(
        dst: Option<IpAddr>,
        port: Option<u16>,
        vni: Option<u32>,
        numbers: [Option<u32>; 3],
    ) -> Way {
        let [src_vni, nhid, via] = numbers.map(|number| number.and_then(NonZeroU32::new));
        Way { dst, port: port.and_then(NonZeroU16::new), vni, src_vni, nhid, via }
    }
}

impl From<&FdbSpec> for Way {
    fn from(row: &FdbSpec) -> Way {
        let via = row.via.as_ref().map(|via| via.index);
        Way::new(row.dst, row.port, row.vni, [row.src_vni, row.nhid, via])
    }
}

impl From<&Fdb> for Way {
    fn from(row: &Fdb) -> Way {
        Way::new(row.dst, row.port, row.vni, [row.src_vni, row.nhid, row.via])
    }
}

/// The address of which a row says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// Of a neighbour row.
    Ip(IpAddr),
    /// Of an FDB row.
    Mac(MacAddr),
}

impl Kept {
    /// The row, unless it is in the bridge's table: there this toolkit writes none.
    pub fn of(row: &RowSpec) -> Option<Kept> {
        match row {
            RowSpec::Neigh(row) => Some(Kept::Neigh(row.ip, row.mac)),
            RowSpec::Fdb(row) if row.flags & NTF_SELF == 0 => None,
            RowSpec::Fdb(row) => Some(Kept::Fdb(row.mac, row.into())),
        }
    }

    /// A row of the device's own table, as it was read.
    pub fn fdb(row: &Fdb) -> Kept {
        Kept::Fdb(row.mac, row.into())
    }

    /// Of which address it is.
    pub fn address(self) -> Address {
        match self {
            Kept::Neigh(ip, _) => Address::Ip(ip),
            Kept::Fdb(mac, _) => Address::Mac(mac),
        }
    }
}

/// Rows that were written.
#[derive(Debug, Default)]
pub struct Written {
    neigh: Map<IpAddr, Said<MacAddr>>,
    fdb: Map<MacAddr, Said<Way>>,
}

/// What rows of one address say.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said<T> {
    One(T),
    /// A flood list, a device that tells VNIs apart, or a row that was written over
    /// by a run that did not come to its end.
    Many(Vec<T>),
}

impl<T: Copy + PartialEq> Said<T> {
    fn all(&self) -> &[T] {
        match self {
            Said::One(one) => std::slice::from_ref(one),
            Said::Many(all) => all,
        }
    }

    fn insert<K: Eq + std::hash::Hash>(said: &mut Map<K, Said<T>>, of: K, what: T) {
        match said.entry(of) {
            Entry::Vacant(entry) => {
                entry.insert(Said::One(what));
            }
            Entry::Occupied(entry) if entry.get().all().contains(&what) => {}
            Entry::Occupied(mut entry) => {
                let mut all = entry.get().all().to_vec();
                all.push(what);
                entry.insert(Said::Many(all));
            }
        }
    }

    fn remove<K: Eq + std::hash::Hash>(said: &mut Map<K, Said<T>>, of: K, what: T) {
        if let Entry::Occupied(mut entry) = said.entry(of)
            && !entry.get_mut().retain(|other| other != what)
        {
            entry.remove();
        }
    }

    /// Keeps what `stays` says; `false` when nothing does.
    fn retain(&mut self, mut stays: impl FnMut(T) -> bool) -> bool {
        let left = match self {
            Said::One(one) => return stays(*one),
            Said::Many(all) => {
                all.retain(|what| stays(*what));
                all.as_slice()
            }
        };
        match *left {
            [] => false,
            [one] => {
                *self = Said::One(one);
                true
            }
            _ => true,
        }
    }
}

impl Written {
    /// Was a row written that says just this?
    pub fn has(&self, row: Kept) -> bool {
        match row {
            Kept::Neigh(ip, mac) => self.neigh.get(&ip).is_some_and(|s| s.all().contains(&mac)),
            Kept::Fdb(mac, way) => self.fdb.get(&mac).is_some_and(|s| s.all().contains(&way)),
        }
    }

    /// Was a row of the same address written, whatever it says?
    pub fn knows(&self, row: Kept) -> bool {
        match row {
            Kept::Neigh(ip, _) => self.neigh.contains_key(&ip),
            Kept::Fdb(mac, _) => self.fdb.contains_key(&mac),
        }
    }

    /// Was an FDB row of that MAC address written?
    pub fn has_fdb_of(&self, mac: MacAddr) -> bool {
        self.fdb.contains_key(&mac)
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        let neigh = self.neigh.values().map(|said| said.all().len()).sum::<usize>();
        neigh + self.fdb.values().map(|said| said.all().len()).sum::<usize>()
    }

    /// How many addresses it has rows of, the larger of both kinds.
    pub fn len(&self) -> usize {
        self.neigh.len().max(self.fdb.len())
    }

    /// Makes room for so many rows of both kinds.
    pub fn reserve(&mut self, neigh: usize, fdb: usize) {
        self.neigh.reserve(neigh);
        self.fdb.reserve(fdb);
    }

    /// The MAC addresses of its FDB rows.
    pub fn macs(&self) -> impl Iterator<Item = MacAddr> {
        self.fdb.keys().copied()
    }

    /// Takes a row in.
    pub fn insert(&mut self, row: Kept) {
        match row {
            Kept::Neigh(ip, mac) => Said::insert(&mut self.neigh, ip, mac),
            Kept::Fdb(mac, way) => Said::insert(&mut self.fdb, mac, way),
        }
    }

    /// Takes a row out.
    pub fn remove(&mut self, row: Kept) {
        match row {
            Kept::Neigh(ip, mac) => Said::remove(&mut self.neigh, ip, mac),
            Kept::Fdb(mac, way) => Said::remove(&mut self.fdb, mac, way),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Kept> {
        let neigh = |(ip, said): (&IpAddr, &Said<MacAddr>)| {
            let ip = *ip;
            said.all().to_vec().into_iter().map(move |mac| Kept::Neigh(ip, mac))
        };
        let fdb = |(mac, said): (&MacAddr, &Said<Way>)| {
            let mac = *mac;
            said.all().to_vec().into_iter().map(move |way| Kept::Fdb(mac, way))
        };
        self.neigh.iter().flat_map(neigh).chain(self.fdb.iter().flat_map(fdb))
    }

    /// Keeps only what `stays` says.
    pub fn retain(&mut self, mut stays: impl FnMut(Kept) -> bool) {
        self.neigh.retain(|ip, said| said.retain(|mac| stays(Kept::Neigh(*ip, mac))));
        self.fdb.retain(|mac, said| said.retain(|way| stays(Kept::Fdb(*mac, way))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_of_an_address_is_known_until_all_of_it_is_gone() {
        let [mac, other] = [1, 2].map(|last| MacAddr([2, 0x42, 0, 0, 0, last]));
        let to = |last: u8| {
            let dst = Some(IpAddr::from([192, 168, 1, last]));
            Kept::Fdb(mac, Way { dst, ..Way::default() })
        };
        let of = |mac| Kept::Neigh(IpAddr::from([10, 0, 0, 1]), mac);
        let mut written = Written::default();
        for row in [to(5), to(6), to(5), of(mac)] {
            written.insert(row);
        }
        assert!(written.has(to(5)) && written.has(to(6)) && !written.has(to(7)));
        assert!(written.knows(to(7)) && written.knows(of(other)) && !written.has(of(other)));
        written.remove(to(5));
        assert!(!written.has(to(5)) && written.has(to(6)));
        written.retain(|row| row != to(7));
        assert!(written.has(to(6)), "another was meant");
        written.retain(|row| row != to(6));
        assert!(!written.knows(to(6)));
        written.remove(of(mac));
        assert_eq!((written.len(), written.iter().count()), (0, 0));
    }
}
