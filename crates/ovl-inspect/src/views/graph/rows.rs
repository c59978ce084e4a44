//! What a VXLAN device's card says: its network, and how many endpoints it
//! knows; by name only those of which half is missing.

use std::collections::{BTreeMap, BTreeSet};

use ovl_core::link::Link;
use ovl_core::row::{NUD_NOARP, NUD_PERMANENT};
use ovl_core::types::MacAddr;
use ovl_machine::machine::Space;

use super::model::Detail;

/// So many halves are named; then it says how many more there are.
const MOST_HALVES: usize = 4;

/// The lines.
pub fn details(read: &Space, link: &Link) -> Vec<Detail> {
    let mut lines = Vec::new();
    if let Some(vxlan) = link.vxlan() {
        let vni = vxlan.vni.map(|vni| format!("vni {}", vni.get()));
        // Its own VNI is 0, and says nothing.
        let vni = if vxlan.external == Some(true) { Some("external".into()) } else { vni };
        let port = vxlan.dstport.map(|port| format!("port {port}"));
        let words: Vec<String> = vni.into_iter().chain(port).collect();
        lines.push(words.join(" · "));
    }
    let rows = Rows::of(read, link);
    match rows.endpoints() {
        0 => {}
        1 => lines.push("1 endpoint elsewhere".into()),
        n => lines.push(format!("{n} endpoints elsewhere")),
    }
    let halves = rows.halves(link.vxlan().is_some_and(|v| v.proxy == Some(true)));
    let more = halves.len().saturating_sub(MOST_HALVES);
    let mut halves: Vec<String> = halves.into_iter().take(MOST_HALVES).collect();
    if more > 0 {
        halves.push(format!("and {more} more half rows"));
    }
    let good = lines.into_iter().map(|text| Detail { text, bad: false });
    good.chain(halves.into_iter().map(|text| Detail { text, bad: true })).collect()
}

/// The rows of one VXLAN device.
struct Rows {
    /// Addresses, and whose they are.
    neighs: Vec<(String, MacAddr)>,
    /// MAC addresses that some VTEP has, and whether somebody put that there.
    fdb: BTreeMap<MacAddr, bool>,
    /// Packets to a MAC address without a row go somewhere as well.
    floods: bool,
}

impl Rows {
    fn of(read: &Space, link: &Link) -> Rows {
        let state = &read.state;
        let neighs = state.neighs.iter().filter(|n| n.dev == link.index);
        let neighs = neighs.filter(|n| n.state & NUD_NOARP == 0);
        let fdb = || state.fdb.iter().filter(|f| f.dev == link.index && f.is_self());
        let is_set = |state: u16| state & NUD_PERMANENT != 0;
        Rows {
            neighs: neighs.filter_map(|n| Some((n.ip.to_string(), n.mac?))).collect(),
            fdb: fdb()
                .filter(|f| f.mac != MacAddr::ZERO && !f.mac.is_multicast())
                .map(|f| (f.mac, is_set(f.state)))
                .collect(),
            floods: fdb().any(|f| f.mac == MacAddr::ZERO)
                || link.vxlan().is_some_and(|v| v.remote.or(v.group).is_some()),
        }
    }

    /// Those of which both halves are there, or one.
    fn endpoints(&self) -> usize {
        let macs: BTreeSet<MacAddr> =
            self.neighs.iter().map(|(_, mac)| *mac).chain(self.fdb.keys().copied()).collect();
        macs.len()
    }

    /// An address without an FDB row leads nowhere, unless packets are flooded; a
    /// row without an address is of no use where nobody but the rows answers ARP.
    fn halves(&self, proxy: bool) -> Vec<String> {
        let lost =
            self.neighs.iter().filter(|(_, mac)| !self.floods && !self.fdb.contains_key(mac));
        let lost = lost.map(|(ip, _)| format!("no FDB row: {ip}"));
        let known: BTreeSet<MacAddr> = self.neighs.iter().map(|(_, mac)| *mac).collect();
        let set = self.fdb.iter().filter(|(mac, set)| proxy && **set && !known.contains(mac));
        let unasked = set.map(|(mac, _)| format!("no neigh: {mac}"));
        lost.chain(unasked).collect()
    }
}
