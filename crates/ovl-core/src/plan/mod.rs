//! What is wanted, less what is there: one pure function, tested without a
//! kernel. Refusals that need the kernel's state are made here.

mod conflict;
mod differ;
mod rows;

use std::collections::BTreeSet;

use crate::attrs::Change;
use crate::link::{Kind, KindSpec, Link, LinkAttrs, LinkSpec, VxlanAttrs};
use crate::names::IfName;
use crate::state::Have;
use crate::step::{Act, LinkChange, LinkRef, NsDecl, NsSlot, Op, Step};
use crate::types::Cidr;
use crate::want::{Policy, Standing, Want};
use crate::wire::route::RouteSpec;
pub use conflict::{Clash, Conflict};
use differ::Differing;

/// What to do, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The namespaces that steps name by slot.
    pub namespaces: Vec<NsDecl>,
    /// What is made or changed: taken back when one of them fails.
    pub make: Vec<Step>,
    /// What is deleted: runs last, goes forward, collects its failures.
    pub drop: Vec<Step>,
}

impl Plan {
    /// All steps in the order in which they run.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.make.iter().chain(&self.drop)
    }

    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        self.make.is_empty() && self.drop.is_empty()
    }
}

/// The steps that lead from `have` to `wants`.
pub fn plan(
    namespaces: Vec<NsDecl>,
    wants: &[Want],
    have: &Have,
    policy: Policy,
) -> Result<Plan, Conflict> {
    let plan = Plan { namespaces, ..Plan::default() };
    let mut planner = Planner {
        plan,
        have,
        policy,
        made: BTreeSet::new(),
        strict: BTreeSet::new(),
        differing: Vec::new(),
    };
    for want in wants {
        match planner.want(want) {
            // What differs explains what else is in the way.
            Err(conflict) if planner.differing.is_empty() => return Err(conflict),
            Err(_) => break,
            Ok(()) => {}
        }
    }
    planner.finish()
}

struct Planner<'a> {
    plan: Plan,
    have: &'a Have,
    policy: Policy,
    /// Devices that the plan makes.
    made: BTreeSet<(NsSlot, IfName)>,
    /// Devices that stand and must be as asked: nothing of them is changed.
    strict: BTreeSet<(NsSlot, IfName)>,
    /// Those of them that are not as asked.
    differing: Vec<Differing>,
}

impl Planner<'_> {
    fn want(&mut self, want: &Want) -> Result<(), Conflict> {
        match want {
            Want::Namespace { at, over_stale } => self.namespace(*at, *over_stale),
            Want::Attached { at, to } => self.make(*at, Act::NsAttach(*to)),
            Want::NsId { at, of, id } => self.nsid(*at, *of, *id)?,
            Want::Link { at, spec, standing } => self.link(*at, spec, *standing)?,
            Want::Up { at, dev, up } => self.up(*at, dev, *up)?,
            Want::Master { at, dev, master } => self.master(*at, dev, master.as_ref())?,
            Want::Addr { at, dev, cidr } => self.addr(*at, dev, *cidr)?,
            Want::Route { at, dev, spec } => self.route(*at, dev, spec)?,
            Want::Attrs { at, dev, attrs, vxlan } => self.attrs(*at, dev, attrs, vxlan)?,
            Want::Rows { at, dev, rows, replace } => self.rows(*at, dev, rows, *replace)?,
            Want::NoNamespace { at } => self.plan.drop.push(Step { at: *at, act: Act::NsDel }),
            Want::NoLink { at, dev, kind } => self.no_link(*at, dev, kind)?,
            Want::NoRows { at, dev, rows } => self.no_rows(*at, dev, rows)?,
        }
        Ok(())
    }

    fn namespace(&mut self, at: NsSlot, over_stale: bool) {
        // One that is there needs nothing; whether it may be there was settled
        // when its name was looked up.
        if matches!(self.decl(at), NsDecl::ToBe { .. }) {
            if over_stale {
                self.make(at, Act::StaleDel);
            }
            self.make(at, Act::NsAdd);
        }
    }

    fn nsid(&mut self, at: NsSlot, of: NsSlot, id: Option<i32>) -> Result<(), Conflict> {
        match (self.have.nsids.get(&(at, of)), id) {
            (Some(have), Some(asked)) if *have != asked => {
                let why = Clash::Assigned { asked, have: *have };
                Err(self.conflict(at, &self.netns(of), why))
            }
            (Some(_), _) => Ok(()),
            (None, _) => {
                self.make(at, Act::NsId(of, id));
                Ok(())
            }
        }
    }

    fn link(&mut self, at: NsSlot, spec: &LinkSpec, standing: Standing) -> Result<(), Conflict> {
        let Some(stands) = self.have.link(at, &spec.name) else {
            self.made.insert((at, spec.name.clone()));
            if let KindSpec::Veth { peer_at, peer_name, .. } = &spec.kind {
                if let Some(stands) = self.have.link(*peer_at, peer_name) {
                    return Err(self.conflict(*peer_at, peer_name, Clash::with(stands, peer_name)));
                }
                self.made.insert((*peer_at, peer_name.clone()));
            }
            self.make(at, Act::LinkAdd(Box::new(spec.clone())));
            return Ok(());
        };
        // A bridge that is used may be called by any of its names.
        let is_another = stands.name != spec.name && standing != Standing::Use;
        if standing == Standing::Refuse || is_another {
            return Err(self.conflict(at, &spec.name, Clash::with(stands, &spec.name)));
        }
        if stands.kind.name() != spec.kind.name() {
            let (is, wanted) = (stands.kind.name().to_owned(), spec.kind.name().to_owned());
            let why = match standing {
                Standing::Use => Clash::OtherKind { is, wanted },
                _ => Clash::Differs(vec![differ::kind(&is, &wanted)]),
            };
            return Err(self.conflict(at, &spec.name, why));
        }
        if standing == Standing::SameIsFine {
            self.must_be(at, spec, stands);
        }
        Ok(())
    }

    /// Does the nsid that a device at `at` names mean the namespace of `other`?
    fn is_other_end(&self, at: NsSlot, other: NsSlot, nsid: Option<i32>) -> bool {
        match nsid {
            None => self.key(at) == self.key(other),
            Some(id) => self.have.nsids.get(&(at, other)) == Some(&id),
        }
    }

    fn up(&mut self, at: NsSlot, dev: &IfName, up: bool) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        if self.have_link(&link).is_some_and(|l| l.state.is_up() == up) {
            return Ok(());
        }
        let word = |up| if up { "up" } else { "down" };
        if self.is_otherwise(at, dev, "state", word(up), word(!up)) {
            return Ok(());
        }
        // What a device is made as is down.
        if up || matches!(link, LinkRef::Have { .. }) {
            self.make(at, Act::LinkSet(link, LinkChange::Up(up)));
        }
        Ok(())
    }

    fn master(&mut self, at: NsSlot, dev: &IfName, to: Option<&IfName>) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        let to = to.map(|name| self.find(at, name)).transpose()?;
        // Bonds and the like may have ports too; these have none.
        if let Some(master) = to.as_ref().and_then(|m| self.have_link(m))
            && matches!(master.kind, Kind::Plain | Kind::Veth | Kind::Vxlan { .. })
        {
            let is = master.kind.name().to_owned();
            let why = Clash::OtherKind { is, wanted: "bridge".into() };
            return Err(self.conflict(at, &master.name, why));
        }
        let now = self.have_link(&link).and_then(|l| l.master);
        let wanted = to.as_ref().map(|m| self.index(m));
        let same = match wanted {
            None => now.is_none(),
            Some(index) => index.is_some() && index == now,
        };
        if same {
            return Ok(());
        }
        let asked = to.as_ref().map_or("nomaster".into(), |m| format!("master {}", m.name()));
        let have = now
            .and_then(|i| self.have.states.get(&at).and_then(|s| s.link_at(i)))
            .map_or(String::new(), |m| format!("master {}", m.name));
        if !self.is_otherwise(at, dev, "master", &asked, &have) {
            self.make(at, Act::LinkSet(link, LinkChange::Master(to)));
        }
        Ok(())
    }

    fn addr(&mut self, at: NsSlot, dev: &IfName, cidr: Cidr) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        let have = self.have;
        let on = self.have_link(&link).into_iter();
        let on = on.flat_map(|l| have.states[&at].addrs_of(l.index)).map(|a| a.cidr);
        let on: Vec<Cidr> = on.collect();
        let act = Act::Addr(Op::Add, link, cidr);
        // Asked for twice, it is added once.
        if on.contains(&cidr) || self.plan.make.iter().any(|s| s.at == at && s.act == act) {
            return Ok(());
        }
        if !self.is_otherwise(
            at,
            dev,
            "address",
            &format!("address {cidr}"),
            &differ::among(&on, cidr),
        ) {
            self.make(at, act);
        }
        Ok(())
    }

    fn route(&mut self, at: NsSlot, dev: &IfName, spec: &RouteSpec) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        let stands = self
            .have_link(&link)
            .is_some_and(|l| self.have.states[&at].routes.iter().any(|r| r.is(spec, l.index)));
        if stands {
            return Ok(());
        }
        let (asked, now) = (differ::asked_route(spec), differ::route_now(self.have, at, spec));
        if !self.is_otherwise(at, dev, "route", &asked, &now) {
            self.make(at, Act::Route(Op::Add, link, spec.clone()));
        }
        Ok(())
    }

    fn attrs(
        &mut self,
        at: NsSlot,
        dev: &IfName,
        attrs: &LinkAttrs,
        vxlan: &VxlanAttrs,
    ) -> Result<(), Conflict> {
        let link = self.find(at, dev)?;
        let Some(have) = self.have_link(&link) else { return Ok(()) };
        let common = attrs.less(&have.attrs);
        if let Some(stands) = have.vxlan() {
            let fixed = vxlan.differences(stands).into_iter().find(|d| d.change != Change::Live);
            if let Some(d) = fixed {
                let have = if d.have.is_empty() { "not set".into() } else { d.have };
                return Err(self.conflict(at, dev, Clash::Fixed { word: d.word, have }));
            }
            let own = vxlan.less(stands);
            if !own.is_empty() {
                self.make(at, Act::LinkSet(link.clone(), LinkChange::Vxlan(Box::new(own))));
            }
        }
        if !common.is_empty() {
            self.make(at, Act::LinkSet(link, LinkChange::Attrs(common)));
        }
        Ok(())
    }

    fn no_link(&mut self, at: NsSlot, dev: &IfName, kind: &str) -> Result<(), Conflict> {
        let Some(stands) = self.have.link(at, dev) else {
            if self.policy.missing_ok {
                return Ok(());
            }
            return Err(self.conflict(at, dev, Clash::Missing));
        };
        if stands.kind.name() != kind {
            let is = stands.kind.name().to_owned();
            return Err(self.conflict(at, dev, Clash::OtherKind { is, wanted: kind.to_owned() }));
        }
        let link = LinkRef::Have { at, name: stands.name.clone(), index: stands.index };
        self.plan.drop.push(Step { at, act: Act::LinkDel(link) });
        Ok(())
    }

    /// The device, made by the plan or standing.
    fn find(&self, at: NsSlot, name: &IfName) -> Result<LinkRef, Conflict> {
        if self.made.contains(&(at, name.clone())) {
            return Ok(LinkRef::Made { at, name: name.clone() });
        }
        match self.have.link(at, name) {
            Some(link) => Ok(LinkRef::Have { at, name: link.name.clone(), index: link.index }),
            // A namespace that the plan makes has its loopback from the start.
            None if name.as_str() == "lo" && matches!(self.decl(at), NsDecl::ToBe { .. }) => {
                Ok(LinkRef::Made { at, name: name.clone() })
            }
            None => Err(self.conflict(at, name, Clash::Missing)),
        }
    }

    fn have_link(&self, link: &LinkRef) -> Option<&Link> {
        match link {
            LinkRef::Have { at, name, .. } => self.have.link(*at, name),
            LinkRef::Made { .. } => None,
        }
    }

    fn index(&self, link: &LinkRef) -> Option<u32> {
        self.have_link(link).map(|l| l.index)
    }

    fn make(&mut self, at: NsSlot, act: Act) {
        self.plan.make.push(Step { at, act });
    }

    fn decl(&self, at: NsSlot) -> &NsDecl {
        &self.plan.namespaces[usize::from(at.0)]
    }

    fn key(&self, at: NsSlot) -> Option<crate::netns::NsKey> {
        match self.decl(at) {
            NsDecl::Have { key, .. } => Some(*key),
            NsDecl::ToBe { .. } => None,
        }
    }

    fn conflict(&self, at: NsSlot, what: &(impl ToString + ?Sized), why: Clash) -> Conflict {
        Conflict { what: what.to_string(), netns: self.decl(at).label(), why }
    }
}
