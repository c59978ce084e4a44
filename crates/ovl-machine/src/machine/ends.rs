//! What a device stands on, or leads to: the other end of a cable, or the parent
//! of a macvlan, a VLAN and the like, in whatever namespace that is; and whether
//! what the driver says of a cable agrees with it.

use std::collections::BTreeMap;

use ovl_core::ethtool::Ethtool;
use ovl_core::link::{Kind, Link};
use ovl_core::netns::NsKey;

use super::Machine;
use crate::joins::{Disagreement, Peer, as_peer, disagreement, is_cable};

impl Machine {
    /// The other end of a device's cable, where it has one that was found.
    pub fn peer(&self, at: NsKey, link: &Link) -> Option<Peer> {
        self.linked(at, link).filter(|_| is_cable(&link.kind))
    }

    /// The device that a macvlan, an ipvlan or a VLAN stands on, where it was
    /// found. It may be in another namespace.
    pub fn parent(&self, at: NsKey, link: &Link) -> Option<Peer> {
        self.linked(at, link).filter(|_| has_parent(link))
    }

    fn linked(&self, at: NsKey, link: &Link) -> Option<Peer> {
        if !link.names_other_end() || matches!(link.kind, Kind::Vxlan { .. }) {
            return None;
        }
        let key = self.far_space(at, link)?;
        let links = &self.spaces.get(&key)?.state.links;
        let index = link.peer.index?;
        links.iter().find(|l| l.index == index).map(|l| as_peer(key, l, links))
    }

    /// Where the driver's number of the other end is not the link message's.
    pub fn disagreement(&self, at: NsKey, link: &Link) -> Option<Disagreement> {
        let driver = self.spaces.get(&at)?.peers.get(&link.index)?;
        disagreement(Some(u64::from(*driver)), link.peer.index)
    }
}

/// Does the device stand on another one?
pub fn has_parent(link: &Link) -> bool {
    let names_one = link.names_other_end() && link.peer.index != Some(0);
    names_one && !is_cable(&link.kind) && link.kind != Kind::Plain
}

/// The other ends' numbers as the driver has them (`ethtool -S`), by the device's
/// own. What it does not say is left out: the link messages are there.
pub(super) fn driver_peers(ethtool: &Ethtool<'_>, links: &[Link]) -> BTreeMap<u32, u32> {
    let cables = links.iter().filter(|l| l.kind == Kind::Veth);
    let peers = cables.filter_map(|link| {
        let number = ethtool.peer_ifindex(&link.name).ok()??;
        Some((link.index, u32::try_from(number).ok()?))
    });
    peers.collect()
}

#[cfg(test)]
mod tests {
    use ovl_core::link::{LinkAttrs, LinkState, PeerHint};

    use super::super::Space;
    use super::*;

    fn key(inode: u64) -> NsKey {
        NsKey { dev: 4, inode }
    }

    fn link(index: u32, name: &str, kind: Kind, peer: PeerHint) -> Link {
        let (attrs, state) = (LinkAttrs::default(), LinkState::default());
        let (name, altnames) = (name.parse().unwrap(), Box::default());
        let (master, port, stats) = (None, None, None);
        Link { index, name, altnames, attrs, master, kind, port, state, peer, stats }
    }

    fn other(kind: &str) -> Kind {
        Kind::Other(kind.into())
    }

    fn hint(index: u32, nsid: Option<i32>) -> PeerHint {
        PeerHint { index: Some(index), nsid }
    }

    /// A host with eth0, and a container with devices of all sorts; both have a
    /// device number 2, and one number 5.
    fn machine() -> Machine {
        let plain = PeerHint::default();
        let host = [
            link(2, "eth0", Kind::Plain, plain),
            link(3, "eth0.5", other("vlan"), hint(2, None)),
            link(5, "veth1", Kind::Veth, hint(9, Some(7))),
        ];
        let container = [
            link(2, "m0", other("macvlan"), hint(2, Some(0))),
            link(3, "i0", other("ipvlan"), hint(5, Some(0))),
            link(4, "away", other("macvlan"), hint(2, Some(1))),
            link(5, "gre0", other("gre"), hint(0, None)),
            link(9, "eth0", Kind::Veth, hint(5, Some(0))),
        ];
        let mut machine = Machine::default();
        for (inode, links, ids) in [(1, host.to_vec(), (7, 2)), (2, container.to_vec(), (0, 1))] {
            let mut space = Space::default();
            space.found.key = key(inode);
            space.state.links = links;
            space.nsids.insert(ids.0, key(ids.1));
            machine.spaces.insert(key(inode), space);
        }
        machine
    }

    fn at<'m>(machine: &'m Machine, inode: u64, name: &str) -> &'m Link {
        let links = &machine.spaces[&key(inode)].state.links;
        links.iter().find(|l| l.name.as_str() == name).unwrap()
    }

    fn parent(inode: u64, name: &str) -> Option<(u64, String)> {
        let machine = machine();
        let parent = machine.parent(key(inode), at(&machine, inode, name))?;
        Some((parent.key.inode, parent.ifname.to_string()))
    }

    #[test]
    fn a_parent_is_in_the_namespace_that_the_id_names() {
        assert_eq!(parent(1, "eth0.5"), Some((1, "eth0".into())));
        assert_eq!(parent(2, "m0"), Some((1, "eth0".into())));
        assert_eq!(parent(2, "i0"), Some((1, "veth1".into())));
        // Of a namespace that was not found, and none at all.
        assert_eq!(parent(2, "away"), None);
        assert_eq!(parent(2, "gre0"), None);
        assert_eq!(parent(2, "eth0"), None);
        assert!(has_parent(at(&machine(), 2, "away")));
        assert!(!has_parent(at(&machine(), 2, "gre0")));
        assert!(!has_parent(at(&machine(), 2, "eth0")));
    }

    #[test]
    fn only_a_cable_has_another_end() {
        let machine = machine();
        let peer = |inode, name| machine.peer(key(inode), at(&machine, inode, name));
        assert_eq!(peer(2, "eth0").map(|p| (p.key.inode, p.ifindex)), Some((1, 5)));
        assert_eq!(peer(1, "veth1").map(|p| (p.key.inode, p.ifindex)), Some((2, 9)));
        assert_eq!(peer(2, "m0"), None);
    }

    #[test]
    fn what_the_driver_says_is_held_against_the_link_message() {
        let mut machine = machine();
        machine.spaces.get_mut(&key(2)).unwrap().peers.insert(9, 5);
        assert_eq!(machine.disagreement(key(2), at(&machine, 2, "eth0")), None);
        machine.spaces.get_mut(&key(2)).unwrap().peers.insert(9, 6);
        let found = machine.disagreement(key(2), at(&machine, 2, "eth0"));
        assert_eq!(found, Some(Disagreement { peer_ifindex: 6, link_index: Some(5) }));
        assert_eq!(machine.disagreement(key(1), at(&machine, 1, "veth1")), None);
    }
}
