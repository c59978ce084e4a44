//! Where a follower's device is. Namespaces and devices that are made again are
//! others than before, whatever their name and inode number say: the cookie of the
//! one is never given twice, and the other has a MAC address of its own. Looking holds
//! nothing.

use std::path::{Path, PathBuf};

use ovl_cli::Context;
use ovl_cli::pace::Pace;
use ovl_core::names::{NETNS_DIR, NsRef};
use ovl_core::netns::NetNs;
use ovl_core::state::Reader;
use ovl_core::step::Place;
use ovl_core::types::MacAddr;

use crate::cli::On;

/// A device of a namespace, for as long as both last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The namespace's cookie.
    pub cookie: u64,
    /// The device's index.
    pub index: u32,
    /// Its MAC address: one that is made elsewhere and moved here may have the index of
    /// the last one.
    pub mac: Option<MacAddr>,
}

/// The place a follower works at.
#[derive(Debug)]
pub struct Home<'c> {
    context: &'c Context,
    on: &'c On,
    last: Option<Spot>,
    /// The file that led there.
    door: Option<PathBuf>,
    /// How often a reference is followed that costs much.
    pace: Pace,
}

impl<'c> Home<'c> {
    /// Of the device that was named.
    pub fn new(context: &'c Context, on: &'c On) -> Home<'c> {
        let pace = Pace::of(&on.netns.reference());
        Home { context, on, last: None, door: None, pace }
    }

    /// Where it is now, if it is there; `stirred`: mounts have changed since.
    pub fn find(&mut self, stirred: bool) -> Option<Spot> {
        let asks = matches!(
            self.on.netns.reference(),
            NsRef::Container(..) | NsRef::Overlay(_) | NsRef::Vni(_)
        );
        let is_gone = self.last.is_some() && !self.is_where_it_was();
        if is_gone {
            self.last = None;
        }
        if is_gone || stirred {
            self.pace.stir();
        }
        if asks && !self.pace.is_due(self.last.is_some()) {
            return self.last;
        }
        self.pace.look();
        let found = self.resolve();
        self.door = found.as_ref().and_then(|(_, _, place)| door(place));
        self.last = found.map(|(_, spot, _)| spot);
        self.last
    }

    /// Is it still there? As far as its file tells, which costs little.
    fn is_where_it_was(&self) -> bool {
        let Some(door) = &self.door else { return true };
        NetNs::open(door).ok().and_then(|ns| self.spot_in(&ns)) == self.last
    }

    /// The namespace, opened, and the place in it.
    pub fn open(&self) -> Option<(NetNs, Spot)> {
        self.resolve().map(|(ns, spot, _)| (ns, spot))
    }

    fn resolve(&self) -> Option<(NetNs, Spot, Place)> {
        let found = self.context.resolve(&self.on.netns.reference()).ok()?;
        let spot = self.spot_in(&found.ns)?;
        Some((found.ns, spot, found.place))
    }

    fn spot_in(&self, ns: &NetNs) -> Option<Spot> {
        let mut reader = Reader::open(&self.context.kernel, ns).ok()?;
        let link = reader.link(&self.on.dev, false).ok()??;
        link.vxlan()?;
        Some(Spot { cookie: reader.cookie().ok()?, index: link.index, mac: link.attrs.mac })
    }

    /// What it is called, for people.
    pub fn name(&self) -> String {
        match &self.on.netns.netns {
            Some(reference) => format!("{} in netns {reference}", self.on.dev),
            None => self.on.dev.to_string(),
        }
    }
}

/// The file of a place; the caller's own needs none.
fn door(place: &Place) -> Option<PathBuf> {
    match place {
        Place::Own => None,
        Place::Named(name) => Some(Path::new(NETNS_DIR).join(name.as_str())),
        Place::Path(path) => Some(path.clone()),
    }
}
