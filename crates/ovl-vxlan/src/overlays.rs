//! Which devices of a namespace lead into an overlay: they are no underlay, and
//! say nothing of how much room there is on the wire.

use std::collections::BTreeMap;

use nix::errno::Errno;
use ovl_cli::{Context, Seam};
use ovl_core::error::Fail;
use ovl_core::link::{Kind, Link};
use ovl_core::names::IfName;
use ovl_core::state::{NsState, Reader};

/// How many devices may stand on one another before it is no longer looked for
/// an overlay below them: more than anybody stacks.
const DEEP: usize = 8;

/// The devices of one namespace, and of those where its cables end.
pub struct Overlays<'a> {
    state: &'a NsState,
    /// The bridge that the new device is to be a port of.
    bridge: Option<&'a IfName>,
    /// The devices of the namespaces that this one knows, by their ids here.
    elsewhere: BTreeMap<i32, NsState>,
}

impl<'a> Overlays<'a> {
    /// Reads what is at the other ends of `state`'s devices that have an address. (Asked
    /// for by the id alone, from here, the kernel would give ids to all that those lead to.)
    pub fn read(
        context: &Context,
        reader: &mut Reader<'_, Seam>,
        state: &'a NsState,
        bridge: Option<&'a IfName>,
    ) -> Result<Overlays<'a>, Fail> {
        let directory = context.directory();
        let mut elsewhere = BTreeMap::new();
        let ends = state.links.iter().filter(|l| l.names_other_end());
        let addressed = ends.filter(|l| state.addrs_of(l.index).next().is_some());
        for id in addressed.filter_map(|l| l.peer.nsid).filter(|id| *id >= 0) {
            if elsewhere.contains_key(&id) {
                continue;
            }
            let Some(ns) = directory.by_nsid(reader, id)? else { continue };
            let links = Reader::open(&context.kernel, &ns).and_then(|mut there| there.links(false));
            let links = match links {
                Ok(links) => links,
                // Another user's: nothing is known of what is there.
                Err(e) if e.errno() == Some(Errno::EPERM) => continue,
                Err(e) => return Err(e),
            };
            elsewhere.insert(id, NsState { links, ..NsState::default() });
        }
        Ok(Overlays { state, bridge, elsewhere })
    }

    /// Is it a device of an overlay: a VXLAN device, a bridge that has one as its
    /// port, or one that stands on such a device, or is plugged into one?
    pub fn hold(&self, link: &Link) -> bool {
        self.bridge == Some(&link.name) || self.is_overlay(self.state, link, DEEP)
    }

    fn is_overlay(&self, state: &NsState, link: &Link, deep: usize) -> bool {
        if deep == 0 {
            return false;
        }
        if link.vxlan().is_some() || state.ports_of(link.index).any(|p| p.vxlan().is_some()) {
            return true;
        }
        // By an id of another namespace the other end cannot be looked up here.
        let is_here = std::ptr::eq(state, self.state);
        let there = match link.peer.nsid {
            None => Some(state),
            Some(id) if is_here => self.elsewhere.get(&id),
            Some(_) => None,
        };
        let (Some(there), Some(index), true) = (there, link.peer.index, link.names_other_end())
        else {
            return false;
        };
        let Some(end) = there.link_at(index) else { return false };
        let master = end.master.and_then(|m| there.link_at(m));
        let plugged = master.is_some_and(|m| self.is_overlay(there, m, deep - 1));
        // The two ends of a cable stand on nothing, though each names the other.
        plugged || (link.kind != Kind::Veth && self.is_overlay(there, end, deep - 1))
    }
}
