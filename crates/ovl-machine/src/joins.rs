//! Joins across namespaces: whose other end is where. The index alone says
//! nothing, since indexes repeat; the nsid decides which namespace it counts in.

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::Link;
use ovl_core::names::IfName;
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;

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
