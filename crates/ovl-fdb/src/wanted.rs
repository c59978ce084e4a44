//! A table's endpoints as rows that a device is to have: without those that are
//! this host's own, and without what goes without saying.

use std::net::IpAddr;

use ovl_cli::error::from_io;
use ovl_cli::{Context, Error, Exit};
use ovl_core::names::IfName;
use ovl_core::row::Via;
use ovl_core::types::{MacAddr, Vni};
use ovl_endpoints::{Endpoint, SourceError, Table};

use crate::device::Device;
use crate::diff::{Target, Wanted};
use crate::want::not_own_mac;

/// Which rows of an endpoint are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// What the table has of it.
    #[default]
    Both,
    /// Only the FDB row.
    Fdb,
    /// Only the neighbour row.
    Neigh,
}

/// What a device is to have, and what of the table it is not to have.
#[derive(Debug, Default)]
pub struct Wish {
    /// The endpoints.
    pub wanted: Vec<Wanted>,
    /// The line each came from, in the same order.
    pub places: Vec<ovl_endpoints::Place>,
    /// Endpoints behind this host's own VTEP.
    pub own: usize,
}

/// The error of a source that gives no table.
pub fn no_table(why: SourceError) -> Error {
    match why {
        SourceError::Missing { what, why } => {
            Error { exit: Exit::Missing, ..from_io("read", what, &why) }
        }
        SourceError::Unreadable { what, why } => from_io("read", what, &why),
        SourceError::Unfollowed { what, why } => from_io("follow", what, &why),
        SourceError::Wrong { what, findings } => {
            let message =
                format!("{what} is no table of endpoints, nothing was written\n{findings}");
            Error::new(Exit::Failed, message).about("read", what, None)
        }
    }
}

impl Wish {
    /// Of a table, for a device. `also_own` is an address of this host beside those
    /// that are found.
    pub fn of(
        context: &Context,
        table: Table,
        device: &Device,
        rows: Rows,
        also_own: Option<IpAddr>,
    ) -> Result<Wish, Error> {
        let ours = device.own(context)?;
        let is_ours = |vtep: IpAddr| also_own == Some(vtep) || ours.contains(&vtep);
        let mut vias = Vias { context, device, known: Vec::new() };
        let mut places = Vec::with_capacity(table.endpoints.len());
        let mut own = 0;
        let each = |endpoint: Endpoint| {
            if endpoint.vtep.is_some_and(is_ours) {
                own += 1;
                return None;
            }
            let wanted = wanted(&endpoint, device, rows, &mut vias).transpose()?;
            places.push(endpoint.place);
            Some(wanted)
        };
        // There may be hundreds of thousands: they take the place of the table's.
        let wanted = table.endpoints.into_iter().filter_map(each).collect::<Result<_, _>>()?;
        Ok(Wish { wanted, places, own })
    }
}

fn wanted(
    endpoint: &Endpoint,
    device: &Device,
    rows: Rows,
    vias: &mut Vias<'_>,
) -> Result<Option<Wanted>, Error> {
    let asked = endpoint.vni.map(Vni::get);
    let (port, vni) = device.is_default(endpoint.port, asked);
    let to = if endpoint.has_target() && rows != Rows::Neigh {
        not_own_mac(device, endpoint.mac)?;
        Some(Target {
            dst: endpoint.vtep,
            port: endpoint.port.filter(|_| !port),
            vni: asked.filter(|_| !vni),
            via: endpoint.via.as_ref().map(|name| vias.find(name)).transpose()?,
            nhid: endpoint.nhid,
        })
    } else {
        None
    };
    let ip = endpoint.ip.filter(|_| rows != Rows::Fdb && endpoint.mac != MacAddr::ZERO);
    let wanted = Wanted { ip, mac: endpoint.mac, to };
    Ok((wanted.ip.is_some() || wanted.to.is_some()).then_some(wanted))
}

/// The devices that rows leave by, each looked up once.
struct Vias<'c> {
    context: &'c Context,
    device: &'c Device,
    /// Each under the name by which it was asked for.
    known: Vec<(IfName, Via)>,
}

impl Vias<'_> {
    fn find(&mut self, name: &IfName) -> Result<Via, Error> {
        if let Some((_, via)) = self.known.iter().find(|(asked, _)| asked == name) {
            return Ok(via.clone());
        }
        let via = self.device.via(self.context, name)?;
        self.known.push((name.clone(), via.clone()));
        Ok(via)
    }
}
