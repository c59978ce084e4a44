//! A table of endpoints, and what makes one wrong. Pure.

use std::fmt;
use std::net::IpAddr;

use ovl_core::hash::Index;
use ovl_core::names::IfName;
use ovl_core::types::{Cidr, MacAddr, Vni};
use serde::Serialize;

/// Where every endpoint of a network is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Table {
    /// The network's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Its VNI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vni: Option<Vni>,
    /// The addresses its endpoints have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Cidr>,
    /// The overlay's own address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Cidr>,
    /// MTU in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// The endpoints, in the order in which they were written.
    pub endpoints: Vec<Endpoint>,
    /// Lines that say what another line says.
    #[serde(skip)]
    pub repeated: usize,
    /// Rows in the text of `bridge` or `ip` that are no endpoint's: the bridge's
    /// own, multicast groups, neighbours that were not found, what was learned.
    #[serde(skip)]
    pub skipped: usize,
}

/// One endpoint: where its MAC address is, whose IP address it is, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Endpoint {
    /// Its IP address; absent: no neighbour row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// Its MAC address; all zeros: where packets go that no other row names.
    pub mac: MacAddr,
    /// The VTEP it is behind; absent (and no nexthop group): no FDB row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vtep: Option<IpAddr>,
    /// UDP port, where it is not the device's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// VNI, where it is not the device's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vni: Option<Vni>,
    /// The device of the underlay that packets leave by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<IfName>,
    /// FDB nexthop group, in place of a VTEP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nhid: Option<u32>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it was written.
    #[serde(skip)]
    pub place: Place,
}

/// Where something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Nowhere that could be named.
    #[default]
    Unknown,
    /// In this line, from 1.
    Line(u32),
    /// In this line at this column, from 1.
    Column(u32, u32),
    /// As this item of the list, from 1.
    Item(u32),
}

/// Something that is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What.
    pub why: String,
}

/// All that is wrong with a table. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings(pub Vec<Finding>);

/// What is wrong with rows of two devices: nothing tells which of them are meant.
pub(crate) const OTHER_DEVICE: &str =
    "it is of another device than the first: list one device alone";

/// Findings that are shown; of a table of a hundred thousand lines all may be wrong.
pub(crate) const SHOWN: usize = 10;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Unknown => Ok(()),
            Place::Line(line) => write!(f, "line {line}"),
            Place::Column(line, column) => write!(f, "line {line}, column {column}"),
            Place::Item(item) => write!(f, "endpoint {item}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Unknown => f.write_str(&self.why),
            place => write!(f, "{place}: {}", self.why),
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.0.iter().take(SHOWN).enumerate() {
            let gap = if i == 0 { "" } else { "\n" };
            write!(f, "{gap}{finding}")?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, "\nand {more} more"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Findings {}

impl Table {
    /// Checks what no single line can: addresses that are there twice, or where
    /// the table says there are none. Lines that repeat others are taken out.
    pub(crate) fn check(&mut self, findings: &mut Vec<Finding>) {
        let subnet = self.subnet;
        let all = &self.endpoints;
        let (mut by_ip, mut by_mac) = (Index::of(all.len()), Index::of(all.len()));
        let mut floods: Vec<usize> = Vec::new();
        let mut repeated = vec![false; self.endpoints.len()];
        for (at, endpoint) in all.iter().enumerate() {
            let mut find = |why| findings.push(Finding { place: endpoint.place, why });
            // A subnet says nothing of addresses of the other family.
            if let (Some(subnet), Some(ip)) = (subnet, endpoint.ip)
                && subnet.addr().is_ipv4() == ip.is_ipv4()
                && !subnet.contains(ip)
            {
                find(format!("{ip} is not in the table's subnet {}", subnet.network()));
            }
            if endpoint.nhid == Some(0) {
                find("nhid: 0 is no nexthop group".into());
            }
            if let Some(why) = endpoint.is_beside_group() {
                find(why.into());
            }
            if endpoint.mac == MacAddr::ZERO {
                let first = floods.first().map(|first| &all[*first]);
                if let Some(first) = first.filter(|first| first.nhid != endpoint.nhid) {
                    let there = first.place;
                    find(format!(
                        "the flood list is in {there} as well: it is one nexthop group, or VTEPs"
                    ));
                }
                let same = |other: &&usize| all[**other].is_same(endpoint);
                repeated[at] = floods.iter().any(|other| same(&other));
                floods.push(at);
                continue;
            }
            if let Some(ip) = endpoint.ip
                && let Some(first) = by_ip.first(&ip, at, |there| all[there].ip)
            {
                let first = &all[first];
                if first.is_same(endpoint) {
                    repeated[at] = true;
                } else {
                    let (there, is) = (first.place, first.elsewhere(endpoint));
                    find(format!("{ip} is in {there} as well, and there it {is}"));
                }
            }
            let mac = endpoint.mac;
            if endpoint.has_target()
                && let Some(first) = by_mac.first(&mac, at, |there| Some(all[there].mac))
                && !repeated[at]
            {
                let first = &all[first];
                if first.target() != endpoint.target() {
                    let (there, is) = (first.place, first.unlike(endpoint));
                    find(format!("{mac} is in {there} as well, and there it {is}"));
                } else if endpoint.ip.is_none() {
                    repeated[at] = true;
                }
            }
        }
        self.repeated = repeated.iter().filter(|r| **r).count();
        if self.repeated == 0 {
            return;
        }
        let mut each = repeated.into_iter();
        self.endpoints.retain(|_| !each.next().unwrap_or_default());
    }
}

/// Where an endpoint's packets go: VTEP, port, VNI, device, nexthop group.
pub type Target<'e> = (Option<IpAddr>, Option<u16>, Option<Vni>, Option<&'e IfName>, Option<u32>);

impl Endpoint {
    /// Does it say where packets go?
    pub fn has_target(&self) -> bool {
        self.vtep.is_some() || self.nhid.is_some()
    }

    /// Where its packets go.
    pub fn target(&self) -> Target<'_> {
        (self.vtep, self.port, self.vni, self.via.as_ref(), self.nhid)
    }

    /// Why it is not behind its nexthop group: the kernel takes nothing else beside one
    /// (`vxlan_fdb_parse` in `drivers/net/vxlan/vxlan_core.c`).
    fn is_beside_group(&self) -> Option<&'static str> {
        self.nhid?;
        if self.vtep.is_some() {
            return Some("it is behind a VTEP or a nexthop group, not both");
        }
        let leads = self.port.is_some() || self.vni.is_some() || self.via.is_some();
        leads.then_some("port, vni and via go with a VTEP, not with a nexthop group")
    }

    /// Where it is, beside `other` of the same IP address.
    fn elsewhere(&self, other: &Endpoint) -> String {
        let behind = |e: &Endpoint| (e.mac, e.vtep, e.nhid);
        if behind(self) == behind(other) { self.unlike(other) } else { "is elsewhere".into() }
    }

    /// In what its target is another than that of `other`, in words. Of one that is left
    /// out it is not known whether it would be the same: that is the device's to say.
    fn unlike(&self, other: &Endpoint) -> String {
        let is = |key: &str, here: Option<String>| match here {
            Some(here) => format!("has {key} {here}"),
            None => format!("has no {key}"),
        };
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        if (self.vtep, self.nhid) != (other.vtep, other.nhid) {
            "is behind another VTEP".into()
        } else if self.port != other.port {
            is("port", number(self.port.map(u32::from)))
        } else if self.vni != other.vni {
            is("VNI", number(self.vni.map(Vni::get)))
        } else {
            is("device (via)", self.via.as_ref().map(ToString::to_string))
        }
    }

    fn is_same(&self, other: &Endpoint) -> bool {
        self.ip == other.ip && self.mac == other.mac && self.target() == other.target()
    }
}
