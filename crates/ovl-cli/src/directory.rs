//! Names for namespaces: what an open namespace is called, from as little
//! searching as will do. The folders of names are read first; processes and
//! mounts only for a namespace that has no name.

use ovl_core::names::shown;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::link::{Kind, Link};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;
use ovl_machine::discover::{Discovery, Found, Search, short_names};
use ovl_machine::joins::{self, Peer};

use crate::shape::{self, Netns, PeerShape, Underlay};

/// What is known of the machine's namespaces.
#[derive(Debug)]
pub struct Directory {
    search: Search,
    own: NsKey,
    first: OnceCell<Discovery>,
    all: OnceCell<Discovery>,
    short: OnceCell<BTreeMap<NsKey, String>>,
}

impl Directory {
    /// A directory that has read nothing yet.
    pub fn new(search: &Search) -> Directory {
        let own = NetNs::own().map(|ns| ns.key()).unwrap_or_default();
        Directory {
            search: search.clone(),
            own,
            first: OnceCell::new(),
            all: OnceCell::new(),
            short: OnceCell::new(),
        }
    }

    /// The caller's own namespace.
    pub fn own(&self) -> NsKey {
        self.own
    }

    /// Everything that can be found.
    pub fn all(&self) -> &Discovery {
        self.all.get_or_init(|| self.search.all())
    }

    /// What is looked at first, before everything.
    fn first(&self) -> &Discovery {
        if self.search.whole {
            return self.all();
        }
        self.first.get_or_init(|| self.search.first())
    }

    /// How a namespace was found.
    pub fn find(&self, key: NsKey) -> Found {
        let nothing = || Found { key, ..Found::default() };
        match self.first().namespaces.get(&key) {
            Some(found) => found.clone(),
            None if key == self.own => nothing(),
            None => self.all().namespaces.get(&key).cloned().unwrap_or_else(nothing),
        }
    }

    /// The namespace object.
    pub fn netns(&self, key: NsKey, cookie: Option<u64>) -> Netns {
        Netns::new(&self.find(key), self.own, cookie)
    }

    /// The shortest reference to it.
    pub fn reference(&self, key: NsKey) -> String {
        self.find(key).reference(self.own)
    }

    /// What it is called in a view.
    pub fn short(&self, key: NsKey) -> String {
        let found = self.find(key);
        // A name is enough; only a file elsewhere has to be told from others.
        if key == self.own || !found.names.is_empty() {
            return shown(found.reference(self.own));
        }
        let names =
            self.short.get_or_init(|| short_names(self.all().namespaces.values(), self.own));
        names.get(&key).cloned().unwrap_or_else(|| shown(found.reference(self.own)))
    }

    /// The namespace that `reader`'s namespace knows by this id, opened.
    pub fn by_nsid<K: Kernel>(
        &self,
        reader: &mut Reader<'_, K>,
        nsid: i32,
    ) -> Result<Option<NetNs>, Fail> {
        // Most other ends are in a namespace with a name.
        if let Some((_, ns)) = joins::by_nsid(reader, nsid, self.first())? {
            return Ok(Some(ns));
        }
        Ok(joins::by_nsid(reader, nsid, self.all())?.map(|(_, ns)| ns))
    }

    /// The namespace of a VXLAN device's socket, and the device of it that
    /// packets leave by. A parentless device's own index in `IFLA_LINK` means
    /// nothing: only its nsid does.
    pub fn underlay<K: Kernel>(
        &self,
        kernel: &K,
        reader: &mut Reader<'_, K>,
        here: NsKey,
        link: &Link,
        links: &[Link],
    ) -> Result<Underlay, Fail> {
        let Kind::Vxlan { dev, .. } = &link.kind else {
            return Ok(Underlay { netns: None, place: None, ifname: None });
        };
        let Some(nsid) = link.peer.nsid else {
            let netns = self.netns(here, reader.cookie().ok());
            let ifname = shape::name_at(links, *dev);
            return Ok(Underlay { netns: Some(netns), place: Some(self.short(here)), ifname });
        };
        let Some(ns) = self.by_nsid(reader, nsid)? else {
            return Ok(Underlay { netns: None, place: None, ifname: None });
        };
        let mut there = Reader::open(kernel, &ns)?;
        let ifname = match dev {
            Some(_) => shape::name_at(&there.links(false)?, *dev),
            None => None,
        };
        let netns = self.netns(ns.key(), there.cookie().ok());
        Ok(Underlay { netns: Some(netns), place: Some(self.short(ns.key())), ifname })
    }

    /// An other end, for JSON.
    pub fn peer(&self, peer: &Peer) -> PeerShape {
        let cookie = self.find(peer.key).open().and_then(|ns| ns.cookie().ok());
        PeerShape {
            place: self.short(peer.key),
            netns: self.netns(peer.key, cookie),
            ifname: peer.ifname.clone(),
            ifindex: peer.ifindex,
            master: peer.master.clone(),
        }
    }
}
