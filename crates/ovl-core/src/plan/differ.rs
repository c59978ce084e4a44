//! Devices that must stand as asked: how they differ, in words. All that differs is
//! told at once, each device under its own name, and nothing of them is changed.

use std::net::IpAddr;

use super::conflict::Differs;
use super::{Clash, Conflict, Plan, Planner};
use crate::attrs::{Change, Difference};
use crate::link::{Kind, KindSpec, Link, LinkAttrs, LinkSpec};
use crate::names::IfName;
use crate::state::Have;
use crate::step::NsSlot;
use crate::types::Cidr;
use crate::wire::route::{MAIN_TABLE, Route, RouteSpec};

/// A device that is not as asked.
pub(super) struct Differing {
    at: NsSlot,
    dev: IfName,
    differences: Vec<Difference>,
}

impl Planner<'_> {
    /// A device of the right kind stands and must be as asked, both ends of a cable.
    pub(super) fn must_be(&mut self, at: NsSlot, spec: &LinkSpec, stands: &Link) {
        self.strict.insert((at, spec.name.clone()));
        let mut found = of_link(&spec.attrs, &stands.attrs);
        match (&spec.kind, &stands.kind) {
            (
                KindSpec::Vxlan { attrs, socket, dev },
                Kind::Vxlan { attrs: have, dev: have_dev },
            ) => {
                found.extend(attrs.as_read().differences(have));
                if !self.is_other_end(at, *socket, stands.peer.nsid) {
                    found.push(fixed("underlay", &self.netns(*socket), self.end_of(at, stands)));
                } else if let Some(dev) = dev.as_ref().filter(|d| self.index(d) != *have_dev) {
                    let state = self.have.states.get(socket);
                    let name = |index| Some(state?.link_at(index)?.name.to_string());
                    let mut differs = fixed("dev", dev.name().as_str(), have_dev.and_then(name));
                    if have_dev.is_none() {
                        differs.have.clear();
                    }
                    found.push(differs);
                }
            }
            (KindSpec::Bridge(attrs), Kind::Bridge(have)) => found.extend(attrs.differences(have)),
            (KindSpec::Veth { peer_at, peer_name, peer_attrs }, Kind::Veth) => {
                let peer = self.have.link(*peer_at, peer_name).filter(|peer| {
                    stands.peer.index == Some(peer.index)
                        && self.is_other_end(at, *peer_at, stands.peer.nsid)
                });
                if let Some(peer) = peer {
                    self.strict.insert((*peer_at, peer_name.clone()));
                    self.differs(at, &spec.name, std::mem::take(&mut found));
                    self.differs(*peer_at, peer_name, of_link(peer_attrs, &peer.attrs));
                } else {
                    let asked = format!("{peer_name} in netns {}", self.netns(*peer_at));
                    found.push(fixed("peer", &asked, self.end_of(at, stands)));
                }
            }
            _ => {}
        }
        self.differs(at, &spec.name, found);
    }

    /// A device that stands is to be changed: not one that must be as asked.
    pub(super) fn is_otherwise(
        &mut self,
        at: NsSlot,
        dev: &IfName,
        word: &'static str,
        asked: &str,
        have: &str,
    ) -> bool {
        let is_strict = self.strict.contains(&(at, dev.clone()));
        if is_strict {
            let (asked, have) = (asked.to_owned(), have.to_owned());
            self.differs(at, dev, vec![Difference { word, asked, have, change: Change::Live }]);
        }
        is_strict
    }

    fn differs(&mut self, at: NsSlot, dev: &IfName, found: Vec<Difference>) {
        if found.is_empty() {
            return;
        }
        match self.differing.iter_mut().find(|d| (d.at, &d.dev) == (at, dev)) {
            Some(known) => known.differences.extend(found),
            None => self.differing.push(Differing { at, dev: dev.clone(), differences: found }),
        }
    }

    /// The plan, unless something stands that is not as asked.
    pub(super) fn finish(mut self) -> Result<Plan, Conflict> {
        let mut differing = std::mem::take(&mut self.differing).into_iter();
        let Some(first) = differing.next() else { return Ok(self.plan) };
        let others: Vec<Differs> = differing
            .map(|d| Differs {
                what: d.dev.to_string(),
                netns: self.decl(d.at).label(),
                differences: d.differences,
            })
            .collect();
        let own = first.differences;
        let why =
            if others.is_empty() { Clash::Differs(own) } else { Clash::AllDiffer { own, others } };
        Err(self.conflict(first.at, &first.dev, why))
    }

    /// What a namespace is called where it must be named, even the caller's own.
    pub(super) fn netns(&self, at: NsSlot) -> String {
        self.decl(at).label().unwrap_or_else(|| "self".into())
    }

    /// What is at the other end of a device, as far as it was looked at.
    fn end_of(&self, at: NsSlot, stands: &Link) -> Option<String> {
        self.have.ends.get(&(at, stands.index)).cloned()
    }
}

/// An attribute in which one device is told from another.
fn fixed(word: &'static str, asked: &str, have: Option<String>) -> Difference {
    let have = have.unwrap_or_else(|| "another that cannot be found from here".into());
    let (asked, have) = (format!("{word} {asked}"), format!("{word} {have}"));
    Difference { word, asked, have, change: Change::Fixed }
}

/// A device of another kind.
pub(super) fn kind(is: &str, wanted: &str) -> Difference {
    let have = if is.is_empty() { String::new() } else { format!("type {is}") };
    Difference { word: "type", asked: format!("type {wanted}"), have, change: Change::Fixed }
}

/// `ip` calls a MAC address an address, which beside IP addresses misleads.
fn of_link(asked: &LinkAttrs, have: &LinkAttrs) -> Vec<Difference> {
    let mac = |text: String| text.replacen("address ", "MAC ", 1);
    let worded = |d: Difference| match d.word {
        "address" => Difference { word: "MAC", asked: mac(d.asked), have: mac(d.have), ..d },
        _ => d,
    };
    asked.differences(have).into_iter().map(worded).collect()
}

/// Which addresses of the asked one's family a device has; none at all is said as that.
pub(super) fn among(on: &[Cidr], asked: Cidr) -> String {
    let fits = |cidr: &&Cidr| match cidr.addr() {
        IpAddr::V4(_) => asked.addr().is_ipv4(),
        // Those that the kernel gives each device are nobody's choice.
        IpAddr::V6(ip) => asked.addr().is_ipv6() && !ip.is_unicast_link_local(),
    };
    let found: Vec<String> = on.iter().filter(fits).map(ToString::to_string).collect();
    match found.as_slice() {
        [] => String::new(),
        [one] => format!("address {one}"),
        several => format!("addresses {}", several.join(" ")),
    }
}

/// A route as it is asked for.
pub(super) fn asked_route(spec: &RouteSpec) -> String {
    let dst = spec.dst.map_or("default".into(), |d| d.to_string());
    spec.via.map_or(format!("route {dst}"), |via| format!("route {dst} via {via}"))
}

/// Where a route to the same destination leads now; empty where there is none.
pub(super) fn route_now(have: &Have, at: NsSlot, spec: &RouteSpec) -> String {
    let Some(state) = have.states.get(&at) else { return String::new() };
    let same = |r: &&Route| r.dst == spec.dst && r.table == MAIN_TABLE && r.v4 == spec.is_v4();
    let Some(route) = state.routes.iter().find(same) else { return String::new() };
    let dst = spec.dst.map_or("default".into(), |d| d.to_string());
    let via = route.via.map(|via| format!(" via {via}")).unwrap_or_default();
    let dev = route.dev.and_then(|i| state.link_at(i)).map(|l| format!(" dev {}", l.name));
    format!("route {dst}{via}{}", dev.unwrap_or_default())
}
