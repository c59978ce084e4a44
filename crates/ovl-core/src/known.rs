//! What is known of one namespace while it is followed, and what a notice changes
//! in it. Pure: notices come from `watch`, listings from `state`.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::link::Link;
use crate::names::IfName;
use crate::row::{Fdb, Neigh};
use crate::state::NsState;
use crate::types::{Cidr, MacAddr};
use crate::wire::addr::Addr;
use crate::wire::route::Route;

/// Something that stands in a namespace.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// A device.
    Link(Box<Link>),
    /// An address.
    Addr(Addr),
    /// A route.
    Route(Route),
    /// A neighbour row.
    Neigh(Neigh),
    /// An FDB row.
    Fdb(Fdb),
}

/// What makes two objects the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Link(u32),
    Addr(u32, Cidr),
    Route(Box<Route>),
    Neigh(u32, IpAddr),
    Fdb { dev: u32, mac: MacAddr, own: bool, vlan: Option<u16>, src_vni: Option<u32>, to: To },
}

/// What a route is replaced by: its family, table, destination, type of service and
/// metric. Several may stand under one name; the kernel tells those apart by what else
/// they are.
type RouteName = (bool, u32, Option<IpNet>, u8, Option<u32>);

/// Where a row of several leads: only all-zeros and multicast addresses have
/// more than one row, and with those the destination tells them apart.
type To = Option<(Option<IpAddr>, Option<u16>, Option<u32>)>;

impl Object {
    fn key(&self) -> Key {
        match self {
            Object::Link(link) => Key::Link(link.index),
            Object::Addr(addr) => Key::Addr(addr.index, addr.cidr),
            // Several routes may have one name, so that all of it is its key. Which of its
            // ways are down at the moment is no part of that.
            Object::Route(route) => {
                let mut route = Box::new(route.clone());
                route.flags = 0;
                route.hops.iter_mut().for_each(|hop| hop.flags = 0);
                Key::Route(route)
            }
            Object::Neigh(row) => Key::Neigh(row.dev, row.ip),
            Object::Fdb(row) => Key::Fdb {
                dev: row.dev,
                mac: row.mac,
                own: row.is_self(),
                vlan: row.vlan,
                src_vni: row.src_vni,
                to: (row.mac == MacAddr::ZERO || row.mac.is_multicast())
                    .then_some((row.dst, row.port, row.vni)),
            },
        }
    }

    fn route_name(&self) -> Option<RouteName> {
        let Object::Route(route) = self else { return None };
        Some((route.v4, route.table, route.dst, route.tos, route.metric))
    }

    /// The index of the device it is, or is about.
    pub fn dev(&self) -> Option<u32> {
        match self {
            Object::Link(link) => Some(link.index),
            Object::Addr(addr) => Some(addr.index),
            Object::Route(route) => route.dev,
            Object::Neigh(row) => Some(row.dev),
            Object::Fdb(row) => Some(row.dev),
        }
    }
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is there now.
    New(Object),
    /// It stands otherwise.
    Changed {
        /// As it was.
        was: Object,
        /// As it is.
        now: Object,
    },
    /// It is gone; as it was.
    Gone(Object),
}

/// It took the place of one of several, and which is not said: a listing shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneOfSeveral;

/// What stands in a namespace, as far as it has been told.
#[derive(Debug, Clone, Default)]
pub struct Known {
    objects: HashMap<Key, Object>,
    /// The routes of each name.
    routes: HashMap<RouteName, Vec<Key>>,
    /// Devices that have gone, the last ones: what is told of them comes after.
    former: VecDeque<(u32, IfName)>,
}

/// So many devices that have gone are remembered by name.
const FORMER: usize = 256;

impl Known {
    /// Takes over what was listed; nothing counts as a change.
    pub fn of(state: NsState) -> Known {
        let mut known = Known::default();
        objects(state).for_each(|object| drop(known.insert(object)));
        known
    }

    fn insert(&mut self, now: Object) -> Option<Object> {
        let key = now.key();
        let name = now.route_name();
        let was = self.objects.insert(key.clone(), now);
        if let Some(name) = name.filter(|_| was.is_none()) {
            self.routes.entry(name).or_default().push(key);
        }
        was
    }

    fn remove(&mut self, key: &Key) -> Option<Object> {
        let was = self.objects.remove(key)?;
        if let Some(name) = was.route_name()
            && let Some(keys) = self.routes.get_mut(&name)
        {
            keys.retain(|other| other != key);
            if keys.is_empty() {
                self.routes.remove(&name);
            }
        }
        Some(was)
    }

    /// An object is there. `None` when that was known already.
    pub fn there(&mut self, now: Object) -> Option<Change> {
        match self.insert(now.clone()) {
            None => Some(Change::New(now)),
            Some(was) if was == now => None,
            Some(was) => Some(Change::Changed { was, now }),
        }
    }

    /// An object is there in the place of another. Only a route has another key than the
    /// one that gave way to it.
    pub fn instead(&mut self, now: Object) -> Result<Option<Change>, OneOfSeveral> {
        let name = now.route_name().filter(|_| !self.objects.contains_key(&now.key()));
        match name.and_then(|name| self.routes.get(&name)).map(Vec::as_slice) {
            None | Some([]) => Ok(self.there(now)),
            Some([one]) => {
                let was = self.remove(&one.clone());
                self.insert(now.clone());
                Ok(was.map(|was| Change::Changed { was, now }))
            }
            Some(_) => Err(OneOfSeveral),
        }
    }

    /// An object is gone. `None` when it was not known to be there.
    pub fn gone(&mut self, object: &Object) -> Option<Change> {
        let was = self.remove(&object.key())?;
        self.remember(&was);
        Some(Change::Gone(was))
    }

    /// Keeps the name of a device that has gone.
    fn remember(&mut self, was: &Object) {
        if let Object::Link(link) = was {
            self.former.truncate(FORMER - 1);
            self.former.push_front((link.index, link.name.clone()));
        }
    }

    /// Takes over a fresh listing, after notices were lost; what they would have
    /// said is told from the difference.
    pub fn refresh(&mut self, state: NsState) -> Vec<Change> {
        let mut old = std::mem::take(&mut self.objects);
        self.routes.clear();
        let mut changes = Vec::new();
        for now in objects(state) {
            match old.remove(&now.key()) {
                None => changes.push(Change::New(now.clone())),
                Some(was) if was == now => {}
                Some(was) => changes.push(Change::Changed { was, now: now.clone() }),
            }
            self.insert(now);
        }
        for was in old.into_values() {
            self.remember(&was);
            changes.push(Change::Gone(was));
        }
        changes
    }

    /// The name of the device that has that index, or had it last.
    pub fn name(&self, index: u32) -> Option<&IfName> {
        if let Some(Object::Link(link)) = self.objects.get(&Key::Link(index)) {
            return Some(&link.name);
        }
        self.former.iter().find(|(former, _)| *former == index).map(|(_, name)| name)
    }

    /// Is there a device of that name?
    pub fn has_device(&self, name: &IfName) -> bool {
        let is = |object: &Object| matches!(object, Object::Link(link) if link.name == *name);
        self.objects.values().any(is)
    }
}

fn objects(state: NsState) -> impl Iterator<Item = Object> {
    let links = state.links.into_iter().map(|link| {
        // Counters grow all the time, and notices carry them: they are no change.
        Object::Link(Box::new(Link { stats: None, ..link }))
    });
    links
        .chain(state.addrs.into_iter().map(Object::Addr))
        .chain(state.routes.into_iter().map(Object::Route))
        .chain(state.neighs.into_iter().map(Object::Neigh))
        .chain(state.fdb.into_iter().map(timeless).map(Object::Fdb))
}

/// A row without its timers, which change while nothing happens.
pub(crate) fn timeless(mut row: Fdb) -> Fdb {
    row.used = None;
    row.updated = None;
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Kind, LinkAttrs, LinkState, PeerHint};
    use crate::row::{NTF_SELF, NUD_PERMANENT};

    fn row(mac: &str, dst: &str) -> Fdb {
        Fdb {
            dev: 7,
            mac: mac.parse().unwrap(),
            dst: Some(dst.parse().unwrap()),
            port: None,
            vni: None,
            src_vni: None,
            vlan: None,
            via: None,
            nhid: None,
            master: None,
            state: NUD_PERMANENT,
            flags: NTF_SELF,
            used: Some(3),
            updated: Some(3),
        }
    }

    fn listed(rows: Vec<Fdb>) -> NsState {
        NsState { fdb: rows, ..NsState::default() }
    }

    #[test]
    fn a_row_that_moves_to_another_vtep_has_changed() {
        let mut known = Known::of(listed(vec![row("02:42:c0:a8:0a:65", "192.168.1.5")]));
        let now = timeless(row("02:42:c0:a8:0a:65", "192.168.1.9"));
        let change = known.there(Object::Fdb(now.clone()));
        assert!(matches!(change, Some(Change::Changed { .. })), "{change:?}");
        assert_eq!(known.there(Object::Fdb(now)), None);
    }

    #[test]
    fn a_device_that_has_gone_is_still_called_by_its_name() {
        let link = |name: &str| {
            Object::Link(Box::new(Link {
                index: 7,
                name: name.parse().unwrap(),
                altnames: Box::default(),
                attrs: LinkAttrs::default(),
                kind: Kind::Plain,
                master: None,
                port: None,
                state: LinkState::default(),
                peer: PeerHint::default(),
                stats: None,
            }))
        };
        let d0 = link("d0");
        let mut known = Known::default();
        assert_eq!(known.name(7), None);
        known.there(d0.clone());
        known.gone(&d0);
        assert_eq!(known.name(7).map(ToString::to_string).as_deref(), Some("d0"));
        // The number is given again, where somebody asks for it.
        known.there(link("d1"));
        assert_eq!(known.name(7).map(ToString::to_string).as_deref(), Some("d1"));
    }

    fn route(via: &str, metric: u32) -> Object {
        Object::Route(Route {
            dst: Some("10.9.0.0/16".parse().unwrap()),
            via: Some(via.parse().unwrap()),
            hops: Box::default(),
            nhid: None,
            dev: Some(2),
            src: None,
            metric: Some(metric),
            table: 254,
            protocol: "boot".into(),
            scope: "global".into(),
            kind: "unicast".into(),
            tos: 0,
            flags: 0,
            pref: None,
            metrics: Box::default(),
            v4: true,
        })
    }

    #[test]
    fn a_route_takes_the_place_of_the_only_one_of_its_name() {
        let (first, second) = (route("10.0.0.1", 5), route("10.0.0.2", 5));
        let mut known = Known::default();
        known.there(first.clone());
        known.there(route("10.0.0.1", 6));
        let changed = Change::Changed { was: first.clone(), now: second.clone() };
        assert_eq!(known.instead(second.clone()), Ok(Some(changed)));
        assert_eq!(known.gone(&first), None);
        // Told again it is no change, and where none gives way it is new.
        assert_eq!(known.instead(second.clone()), Ok(None));
        let new = route("10.0.0.1", 7);
        assert_eq!(known.instead(new.clone()), Ok(Some(Change::New(new))));
        known.there(route("10.0.0.3", 5));
        assert_eq!(known.instead(route("10.0.0.4", 5)), Err(OneOfSeveral));
        known.gone(&second);
        assert!(matches!(known.instead(route("10.0.0.4", 5)), Ok(Some(Change::Changed { .. }))));
    }

    #[test]
    fn flood_rows_are_told_apart_by_their_vtep() {
        let zero = "00:00:00:00:00:00";
        let mut known = Known::of(listed(vec![row(zero, "192.168.1.5")]));
        let second = Object::Fdb(timeless(row(zero, "192.168.1.6")));
        assert!(matches!(known.there(second), Some(Change::New(_))));
        let first = Object::Fdb(timeless(row(zero, "192.168.1.5")));
        assert!(matches!(known.gone(&first), Some(Change::Gone(_))));
        assert_eq!(known.gone(&first), None);
    }

    #[test]
    fn a_fresh_listing_tells_what_lost_notices_would_have_told() {
        let stays = row("02:42:c0:a8:0a:65", "192.168.1.5");
        let goes = row("02:42:c0:a8:0a:66", "192.168.1.5");
        let comes = row("02:42:c0:a8:0a:67", "192.168.1.5");
        let mut known = Known::of(listed(vec![stays.clone(), goes.clone()]));
        // Timers alone are no change.
        let stayed = Fdb { used: Some(9), ..stays };
        let changes = known.refresh(listed(vec![stayed, comes.clone()]));
        assert_eq!(
            changes,
            [Change::New(Object::Fdb(timeless(comes))), Change::Gone(Object::Fdb(timeless(goes)))]
        );
    }
}
