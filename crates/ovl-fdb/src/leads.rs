//! Where rows lead, as people read it: devices by name, and of port, VNI and device
//! only what is not the VXLAN device's own.

use std::fmt;

use ovl_cli::Context;
use ovl_core::names::IfName;

use crate::device::Device;
use crate::diff::{Change, Wanted};
use crate::endpoints::Endpoint;
use crate::want::underlay;
use crate::written::Way;

/// Where a row leads, with the name of the device that packets leave by.
#[derive(Debug, Default)]
pub struct Leads {
    /// Where.
    pub way: Way,
    /// The device's name.
    pub via: Option<String>,
}

impl Leads {
    /// As it is wanted.
    pub fn asked(wanted: &Wanted, names: &Names) -> Leads {
        wanted.to.as_ref().map(|to| Leads::of(to.into(), names)).unwrap_or_default()
    }

    /// As it stands.
    pub fn found(endpoint: &Endpoint, names: &Names) -> Leads {
        endpoint.fdb.as_ref().map(|row| Leads::of(row.into(), names)).unwrap_or_default()
    }

    fn of(way: Way, names: &Names) -> Leads {
        Leads { way, via: way.via.map(|index| names.name(index.get())) }
    }
}

impl fmt::Display for Leads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Way { port, vni, .. } = self.way;
        match (self.way.dst, self.way.nhid) {
            (Some(dst), _) => write!(f, "{dst}")?,
            (None, Some(id)) => write!(f, "nhid {id}")?,
            (None, None) => return Ok(()),
        }
        port.map_or(Ok(()), |port| write!(f, " port {port}"))?;
        vni.map_or(Ok(()), |vni| write!(f, " vni {vni}"))?;
        self.via.as_ref().map_or(Ok(()), |via| write!(f, " via {via}"))
    }
}

/// The devices of the underlay by their indexes, where a row leaves by one.
#[derive(Debug, Default)]
pub struct Names(Vec<(u32, IfName)>);

impl Names {
    /// Those that some changes need.
    pub fn of(context: &Context, device: &Device, changes: &[Change<'_>]) -> Names {
        let asked = |w: &Wanted| w.to.as_ref().is_some_and(|to| to.via.is_some());
        let found = |e: &Endpoint| e.fdb.as_ref().is_some_and(|row| row.via.is_some());
        let is_needed = changes.iter().any(|change| match change {
            Change::Added(wanted) => asked(wanted),
            Change::Removed(was) => found(was),
            Change::Changed(wanted, was) | Change::Blocked(wanted, was) => {
                asked(wanted) || found(was)
            }
        });
        if !is_needed {
            return Names::default();
        }
        // One whose name cannot be read is told by its index.
        let links = underlay(context, &device.slots, device.at, &device.link).unwrap_or_default();
        Names(links.into_iter().map(|link| (link.index, link.name)).collect())
    }

    fn name(&self, index: u32) -> String {
        let known = self.0.iter().find(|(known, _)| *known == index);
        known.map_or_else(|| format!("if{index}"), |(_, name)| name.to_string())
    }
}
