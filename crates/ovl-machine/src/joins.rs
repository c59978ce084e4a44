//! Joins across namespaces: whose other end is where. The index alone says
//! nothing, since indexes repeat; the nsid decides which namespace it counts in.

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::{Kind, Link};
use ovl_core::names::IfName;
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;
use serde::Serialize;

use crate::discover::{Discovery, Found};

/// The other end of a cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its namespace.
    pub key: NsKey,
    /// Its name.
    pub ifname: IfName,
    /// Its index there.
    pub ifindex: u32,
    /// The master it is a port of.
    pub master: Option<IfName>,
}

/// What the driver and the link message say of one other end, where they differ.
/// Normally they agree: the same kernel says both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// `peer_ifindex`, of `ethtool -S`.
    pub peer_ifindex: u64,
    /// `IFLA_LINK`, of `ip link`.
    pub link_index: Option<u32>,
}

/// Holds the driver's number of an other end against the link message's. The
/// driver says 0 for one that is gone, the link message nothing.
pub fn disagreement(driver: Option<u64>, message: Option<u32>) -> Option<Disagreement> {
    let peer_ifindex = driver?;
    let differs = peer_ifindex != u64::from(message.unwrap_or_default());
    differs.then_some(Disagreement { peer_ifindex, link_index: message })
}

/// Is it one end of two? (`IFLA_LINK` of other kinds names what they stand on.)
pub fn is_cable(kind: &Kind) -> bool {
    match kind {
        Kind::Veth => true,
        Kind::Other(name) => ["netkit", "vxcan"].contains(&name.as_str()),
        _ => false,
    }
}

/// Which of the namespaces that were found has the id `nsid` in the namespace
/// that `reader` reads.
pub fn by_nsid<'d, K: Kernel>(
    reader: &mut Reader<'_, K>,
    nsid: i32,
    discovery: &'d Discovery,
) -> Result<Option<(&'d Found, NetNs)>, Fail> {
    for found in discovery.namespaces.values() {
        let Some(ns) = found.open() else { continue };
        if reader.nsid_of(&ns)? == Some(nsid) {
            return Ok(Some((found, ns)));
        }
    }
    Ok(None)
}

/// The device with index `index` in `ns`, as the other end of a cable.
pub fn peer_at<K: Kernel>(kernel: &K, ns: &NetNs, index: u32) -> Result<Option<Peer>, Fail> {
    let links = Reader::open(kernel, ns)?.links(false)?;
    Ok(links.iter().find(|l| l.index == index).map(|l| as_peer(ns.key(), l, &links)))
}

/// A device as an other end, among the devices of its namespace.
pub fn as_peer(key: NsKey, link: &Link, links: &[Link]) -> Peer {
    let master = link.master.and_then(|m| links.iter().find(|l| l.index == m));
    Peer {
        key,
        ifname: link.name.clone(),
        ifindex: link.index,
        master: master.map(|m| m.name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_different_numbers_disagree() {
        assert_eq!(disagreement(Some(7), Some(7)), None);
        assert_eq!(disagreement(None, Some(7)), None);
        assert_eq!(disagreement(Some(0), None), None);
        let found = disagreement(Some(8), Some(7));
        assert_eq!(found, Some(Disagreement { peer_ifindex: 8, link_index: Some(7) }));
        let found = disagreement(Some(8), None);
        assert_eq!(found, Some(Disagreement { peer_ifindex: 8, link_index: None }));
        // Larger than an index can be: not the same for being cut off.
        assert!(disagreement(Some(7 + (1 << 32)), Some(7)).is_some());
    }
}
