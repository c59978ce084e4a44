//! Where a follower's device is. Namespaces and devices that are made again are
//! others than before, whatever their name and inode number say: the cookie of
//! the one and the index of the other are never given twice. Looking holds nothing.

use std::time::{Duration, Instant};

use ovl_cli::Context;
use ovl_core::names::NsRef;
use ovl_core::netns::NetNs;
use ovl_core::state::Reader;

use crate::cli::On;

/// How often those that have to ask an engine are looked for, where no mount has
/// changed: they start a program.
const SELDOM: Duration = Duration::from_secs(10);

/// A device of a namespace, for as long as both last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The namespace's cookie.
    pub cookie: u64,
    /// The device's index.
    pub index: u32,
}

/// The place a follower works at.
#[derive(Debug)]
pub struct Home<'c> {
    context: &'c Context,
    on: &'c On,
    last: Option<Spot>,
    asked: Option<Instant>,
}

impl<'c> Home<'c> {
    /// Of the device that was named.
    pub fn new(context: &'c Context, on: &'c On) -> Home<'c> {
        Home { context, on, last: None, asked: None }
    }

    /// Where it is now, if it is there; `stirred`: mounts have changed since.
    pub fn find(&mut self, stirred: bool) -> Option<Spot> {
        let asks = matches!(
            self.on.netns.reference(),
            NsRef::Container(..) | NsRef::Overlay(_) | NsRef::Vni(_)
        );
        let recent = self.asked.is_some_and(|at| at.elapsed() < SELDOM);
        if asks && recent && !stirred {
            return self.last;
        }
        self.asked = Some(Instant::now());
        self.last = self.open().map(|(_, spot)| spot);
        self.last
    }

    /// The namespace, opened, and the place in it.
    pub fn open(&self) -> Option<(NetNs, Spot)> {
        let ns = self.context.resolve(&self.on.netns.reference()).ok()?.ns;
        let mut reader = Reader::open(&self.context.kernel, &ns).ok()?;
        let link = reader.link(&self.on.dev, false).ok()??;
        link.vxlan()?;
        let spot = Spot { cookie: reader.cookie().ok()?, index: link.index };
        Some((ns, spot))
    }

    /// What it is called, for people.
    pub fn name(&self) -> String {
        match &self.on.netns.netns {
            Some(reference) => format!("{} in netns {reference}", self.on.dev),
            None => self.on.dev.to_string(),
        }
    }
}
