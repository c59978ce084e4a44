//! What has to be written and deleted so that a device's rows are as a table
//! says, and nothing that belongs to others is touched. Pure: rows in, rows out.

use std::net::IpAddr;

use ovl_core::hash::{Index, Map, Set};
use ovl_core::row::{
    Fdb, FdbSpec, NTF_EXT_LEARNED, NTF_SELF, NUD_PERMANENT, Neigh, NeighSpec, OVL_PROTOCOL,
    RowFilter, RowSpec, Via,
};
use ovl_core::types::MacAddr;

use crate::endpoints::Endpoint;
use crate::written::Way;

mod stands;

use stands::{Have, Stands};

/// An endpoint as it is to stand: a neighbour row, an FDB row, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its IP address; absent: no neighbour row.
    pub ip: Option<IpAddr>,
    /// Its MAC address; all zeros: a flood row.
    pub mac: MacAddr,
    /// Where it is; absent: no FDB row.
    pub to: Option<Target>,
}

/// Where an FDB row leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// The VTEP; absent with a nexthop group.
    pub dst: Option<IpAddr>,
    /// UDP port, where it is not the device's.
    pub port: Option<u16>,
    /// VNI, where it is not the device's.
    pub vni: Option<u32>,
    /// The device packets leave by.
    pub via: Option<Via>,
    /// FDB nexthop group.
    pub nhid: Option<u32>,
}

impl Wanted {
    /// The neighbour row.
    pub fn neigh(&self) -> Option<RowSpec> {
        let proto = Some(OVL_PROTOCOL);
        let (mac, state) = (self.mac, NUD_PERMANENT);
        self.ip.map(|ip| RowSpec::Neigh(NeighSpec { ip, mac, state, flags: 0, proto }))
    }

    /// Which FDB row it is: a MAC address has one, a flood list one for each way.
    fn row(&self) -> (MacAddr, Option<Way>) {
        let is_flood = self.mac == MacAddr::ZERO;
        (self.mac, self.to.as_ref().filter(|_| is_flood).map(Way::from))
    }

    /// The FDB row.
    pub fn fdb(&self) -> Option<RowSpec> {
        let to = self.to.clone()?;
        Some(RowSpec::Fdb(FdbSpec {
            mac: self.mac,
            dst: to.dst,
            port: to.port,
            vni: to.vni,
            src_vni: None,
            via: to.via,
            nhid: to.nhid,
            state: NUD_PERMANENT,
            flags: NTF_SELF | NTF_EXT_LEARNED,
        }))
    }
}

impl From<&Target> for Way {
    fn from(to: &Target) -> Way {
        let via = to.via.as_ref().map(|via| via.index);
        Way::new(to.dst, to.port, to.vni, [None, to.nhid, via])
    }
}

/// What became of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// It is written.
    Added(&'a Wanted),
    /// It stood otherwise; where it was.
    Changed(&'a Wanted, &'a Endpoint),
    /// It is deleted.
    Removed(&'a Endpoint),
    /// Another's row stands in its way; which.
    Blocked(&'a Wanted, &'a Endpoint),
}

impl Change<'_> {
    /// The IP address of the endpoint of the table that it is about.
    fn ip(&self) -> Option<IpAddr> {
        match self {
            Change::Added(wanted) | Change::Changed(wanted, _) | Change::Blocked(wanted, _) => {
                wanted.ip
            }
            Change::Removed(_) => None,
        }
    }
}

/// What separates a device's rows from a table.
#[derive(Debug, Default)]
pub struct Difference<'a> {
    /// Endpoint by endpoint.
    pub changes: Vec<Change<'a>>,
    /// Endpoints that stand as they are wanted.
    pub unchanged: usize,
    /// The rows that make one into the other.
    pub rows: Rows,
    /// A row of the flood list is among those.
    has_flood_row: bool,
    /// Flood rows that give way to others, by their endpoint's place.
    cleared: Set<usize>,
}

/// Rows by what is done with them, in the order in which it is done.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows that go before others can take their place.
    pub clear: Vec<RowSpec>,
    /// Rows that are written over others.
    pub replace: Vec<RowSpec>,
    /// Rows that are added.
    pub add: Vec<RowSpec>,
    /// Rows of flood lists that have others.
    pub append: Vec<RowSpec>,
    /// Rows that are deleted.
    pub remove: Vec<RowSpec>,
    /// Rows that a filter names, and no others: they are deleted at once.
    pub flush: Option<(RowFilter, Vec<RowSpec>)>,
}

/// How a difference is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Rows of others give way.
    pub take_over: bool,
    /// Owned rows that no one wants go.
    pub prune: bool,
}

/// Finds what separates the rows of a device from a table.
pub fn difference<'a>(
    wanted: &'a [Wanted],
    endpoints: &'a [Endpoint],
    rules: Rules,
) -> Difference<'a> {
    let have = Have::of(endpoints);
    let mut difference = Difference::default();
    let mut first = Index::of(wanted.len());
    for (at, endpoint) in wanted.iter().enumerate() {
        let mut is_first =
            || first.first(&endpoint.row(), at, |other| Some(wanted[other].row())).is_none();
        difference.settle(endpoint, &have, rules.take_over, &mut is_first);
    }
    if rules.prune {
        difference.prune(wanted, &have);
    } else {
        difference.sweep_up(wanted, &have);
    }
    difference
}

impl<'a> Difference<'a> {
    /// One endpoint: left alone as a whole when another's row stands in its way. Of
    /// endpoints that share an FDB row `is_first` is asked which one writes it.
    fn settle(
        &mut self,
        wanted: &'a Wanted,
        have: &Have<'a>,
        take_over: bool,
        is_first: &mut dyn FnMut() -> bool,
    ) {
        let rows = [have.neigh_stands(wanted), have.fdb_stands(wanted)];
        let mut known = rows.iter().flatten();
        if !take_over && let Some((_, Some(at))) = known.clone().find(|r| r.0 == Stands::Foreign) {
            self.changes.push(Change::Blocked(wanted, &have.endpoints[*at]));
            return;
        }
        if known.clone().all(|row| row.0.is_same()) {
            self.unchanged += 1;
            return;
        }
        // What is taken over is taken whole: of half an endpoint nobody could say whose
        // it is.
        let is_taken = known.clone().any(|row| row.0 == Stands::Foreign);
        let other = known.find(|row| matches!(row.0, Stands::Ours | Stands::Foreign));
        let [neigh, fdb] = rows.map(|row| row.map(|(stands, at)| (stands.taken(is_taken), at)));
        match (neigh, wanted.neigh()) {
            (Some((Stands::Nothing, _)), Some(row)) => self.rows.add.push(row),
            (Some((Stands::Same | Stands::SameOfAnother, _)) | None, _) | (_, None) => {}
            (_, Some(row)) => self.rows.replace.push(row),
        }
        if let (Some((stands, at)), Some(row)) = (fdb, wanted.fdb())
            && !stands.is_same()
            && is_first()
        {
            let standing = at.and_then(|at| have.endpoints[at].fdb.as_ref());
            match &wanted.to {
                Some(to) if wanted.mac == MacAddr::ZERO => self.write_flood(to, row, at, have),
                _ => self.write_fdb(stands, standing, row),
            }
        }
        self.changes.push(match other {
            Some((_, Some(at))) => Change::Changed(wanted, &have.endpoints[*at]),
            _ => Change::Added(wanted),
        });
    }

    fn write_fdb(&mut self, stands: Stands, was: Option<&Fdb>, row: RowSpec) {
        let RowSpec::Fdb(now) = &row else { return };
        let same_way = was.is_some_and(|was| was.nhid.is_some() == now.nhid.is_some());
        match stands {
            Stands::Nothing | Stands::Same | Stands::SameOfAnother => self.rows.add.push(row),
            Stands::Ours if same_way => self.rows.replace.push(row),
            // The kernel's replace cannot put extern_learn on a row that lacks it,
            // nor a VTEP in the place of a nexthop group.
            Stands::Ours | Stands::Learned | Stands::Foreign => {
                self.rows.clear.extend(was.map(Fdb::deletion));
                self.rows.add.push(row);
            }
        }
    }

    /// A row more of the flood list: the first is added, the others to it. The kernel
    /// replaces none of them. Of those that give way `told` is told with this one.
    fn write_flood(&mut self, to: &Target, row: RowSpec, told: Option<usize>, have: &Have<'a>) {
        for (at, was) in have.not_beside(to) {
            if self.cleared.insert(at) {
                self.rows.clear.push(was.deletion());
                if told != Some(at) {
                    self.changes.push(Change::Removed(&have.endpoints[at]));
                }
            }
        }
        let is_begun = self.has_flood_row || have.is_begun(to);
        self.has_flood_row = true;
        if is_begun { self.rows.append.push(row) } else { self.rows.add.push(row) }
    }

    /// Our FDB rows of MAC addresses that endpoints had until now: where an endpoint
    /// has got another one, nobody uses the row of the first any more.
    fn sweep_up(&mut self, wanted: &'a [Wanted], have: &Have<'a>) {
        let moved: Map<IpAddr, &Endpoint> = self
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Changed(wanted, was) if was.mac() != Some(wanted.mac) => {
                    Some((wanted.ip?, *was)).filter(|(ip, was)| was.ip() == Some(*ip))
                }
                _ => None,
            })
            .collect();
        if moved.is_empty() {
            return;
        }
        let macs: Set<MacAddr> = wanted.iter().map(|wanted| wanted.mac).collect();
        let has_left = |at: &usize| {
            let there = &have.endpoints[*at];
            there.ours.fdb && there.ip().is_some_and(|ip| moved.contains_key(&ip))
        };
        let mut gone = Set::default();
        for row in moved.values().filter_map(|was| was.fdb.as_ref()) {
            let is_free = !macs.contains(&row.mac) && have.by_mac[&row.mac].iter().all(has_left);
            if is_free && gone.insert(row.mac) {
                self.rows.remove.push(row.deletion());
            }
        }
    }

    /// Owned rows that nobody wants any more.
    fn prune(&mut self, wanted: &'a [Wanted], have: &Have<'a>) {
        let ips: Map<IpAddr, &Wanted> = wanted.iter().filter_map(|w| Some((w.ip?, w))).collect();
        let with_row = || wanted.iter().filter(|w| w.to.is_some());
        let macs: Set<MacAddr> = with_row().map(|w| w.mac).collect();
        let flood = |w: &&Wanted| w.mac == MacAddr::ZERO;
        let floods: Set<Way> =
            with_row().filter(flood).filter_map(|w| w.to.as_ref()).map(Way::from).collect();
        let told: Set<IpAddr> = self.changes.iter().filter_map(Change::ip).collect();
        let mut gone = Set::default();
        for (at, endpoint) in have.endpoints.iter().enumerate() {
            // It goes before others come, and that was told.
            if self.cleared.contains(&at) {
                continue;
            }
            let neigh = endpoint.neigh.as_ref().filter(|_| endpoint.ours.neigh);
            let neigh = neigh.filter(|row| !ips.contains_key(&row.ip));
            let fdb = endpoint.fdb.as_ref().filter(|_| endpoint.ours.fdb);
            let fdb = fdb.filter(|row| match row.mac {
                MacAddr::ZERO => !floods.contains(&Way::from(*row)),
                mac => row.src_vni.is_some() || !macs.contains(&mac),
            });
            let fdb = fdb.filter(|row| gone.insert((row.mac, Way::from(*row))));
            if neigh.is_none() && fdb.is_none() {
                continue;
            }
            self.rows.remove.extend(neigh.map(Neigh::deletion));
            self.rows.remove.extend(fdb.map(Fdb::deletion));
            match endpoint.ip().and_then(|ip| ips.get(&ip)) {
                None => self.changes.push(Change::Removed(endpoint)),
                // It has moved, and that was told.
                Some(wanted) if wanted.ip.is_some_and(|ip| told.contains(&ip)) => {}
                // It stays, and leads nowhere any more.
                Some(wanted) => {
                    self.unchanged = self.unchanged.saturating_sub(1);
                    self.changes.push(Change::Changed(wanted, endpoint));
                }
            }
        }
    }

    /// The endpoints in whose way another's row stands, and that row's endpoint.
    pub fn blocked(&self) -> impl Iterator<Item = (&'a Wanted, &'a Endpoint)> {
        self.changes.iter().filter_map(|change| match change {
            Change::Blocked(wanted, stands) => Some((*wanted, *stands)),
            _ => None,
        })
    }
}

impl Rows {
    /// Is there nothing to write and nothing to delete?
    pub fn is_empty(&self) -> bool {
        let rows = [&self.clear, &self.replace, &self.add, &self.append, &self.remove];
        rows.iter().all(|rows| rows.is_empty()) && self.flush.is_none()
    }
}

#[cfg(test)]
mod tests;
