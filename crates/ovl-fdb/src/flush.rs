//! `flush`: deletes rows that filters name: our own, or with `--foreign` those of
//! others.

use std::ops::AddAssign;

use ovl_cli::apply::Silent;
use ovl_cli::stop::Stop;
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::hash::Set;
use ovl_core::link::Link;
use ovl_core::row::{Fdb, NTF_SELF, RowSpec};
use ovl_core::types::MacAddr;
use serde::Serialize;
use serde_json::json;

use crate::cli::Flush;
use crate::device::{Device, Known, Reach, defaults};
use crate::diff::Rows;
use crate::endpoints::Endpoint;
use crate::report::merged;
use crate::sweep::{is_worth_while, sweep};
use crate::want::is_bridges;
use crate::written::Way;

/// What was deleted, by the table it was in.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Neighbour rows.
    pub neigh: usize,
    /// Rows of the device's own table.
    #[serde(rename = "self")]
    pub own: usize,
    /// Rows of the bridge's table.
    pub master: usize,
}

/// `flush`.
pub fn flush(context: &Context, args: &Flush) -> Result<Exit, Error> {
    if !args.owned && !args.has_filter() {
        return Err(Error::usage("which rows? --owned, or a filter such as --dst VTEP")
            .hint("--owned deletes all rows that ovl-fdb made, and no others"));
    }
    let device = Device::locked(context, &args.on, args.acting)?;
    let known = device.known(context)?;
    let place = device.place(context);
    let mut count = Count::default();
    let rest = if is_worth_while(context, args, &device, &known) {
        // A signal between two parts ends the run as one in a part does.
        let _stop = Stop::arm();
        sweep(context, args, device, known, &mut count)
            .and_then(|device| {
                let known = device.known(context)?;
                ordinarily(context, args, device, known)
            })
            .map_err(|why| count.done_before(why))?
    } else {
        ordinarily(context, args, device, known)?
    };
    count += rest;
    if !context.flags.quiet && !args.acting.dry_run {
        output::show(&context.flags, &merged(place, json!(count)), |_| count.text())?;
    }
    Ok(Exit::Done)
}

/// Looks at all rows that may be meant, and deletes those that are.
fn ordinarily(
    context: &Context,
    args: &Flush,
    device: Device,
    known: Known<'_>,
) -> Result<Count, Error> {
    let reach = if args.foreign { Reach::All } else { Reach::OursInBridge };
    let device = device.with_rows(context, known, reach)?;
    let (mut remove, mut count) = doomed(args, &device.endpoints, &device.link);
    let alone = only_in_bridge(args, &device);
    count.master += alone.len();
    remove.extend(alone);
    let plan = device.plan(in_bulk(args, &device, remove));
    device.write(context, args.acting, &plan, &mut Silent)?;
    Ok(count)
}

/// A request for many rows costs the kernel as much as one for each of so many.
const FEW: usize = 32;

/// One request for all rows that the kernel's filter names, when these are the
/// rows that are meant and no others; else one for each.
fn in_bulk(args: &Flush, device: &Device, remove: Vec<RowSpec>) -> Rows {
    let filter = args.filter();
    let (port, vni) = defaults(&device.link);
    let listing = device.listing.iter().flatten();
    let named: Vec<RowSpec> =
        listing.filter(|row| filter.matches(row, port, vni)).map(Fdb::deletion).collect();
    let meant: Set<&RowSpec> = remove.iter().collect();
    let is_own = |row: &&RowSpec| row.mac_in(NTF_SELF).is_some_and(|mac| mac != MacAddr::ZERO);
    let own = remove.iter().filter(is_own).count();
    let exact = named.len() == own && named.iter().all(|row| meant.contains(row));
    if !exact || named.len() <= FEW {
        return Rows { remove, ..Rows::default() };
    }
    drop(meant);
    let remove = remove.into_iter().filter(|row| !is_own(&row)).collect();
    Rows { remove, flush: Some((filter, named)), ..Rows::default() }
}

/// Rows that the bridge has learned, of addresses that are in no other table: they lead
/// to no VTEP, and only their address and how they came about can name them.
fn only_in_bridge(args: &Flush, device: &Device) -> Vec<RowSpec> {
    let leads = args.dst.is_some() || args.vni.is_some() || args.port.is_some();
    if !args.foreign || !args.in_master() || args.permanent || leads || args.nhid.is_some() {
        return Vec::new();
    }
    let known: Set<MacAddr> = device.endpoints.iter().filter_map(Endpoint::mac).collect();
    let learned = device.listing.iter().flatten().filter(|row| {
        is_bridges(row, &device.link)
            && !known.contains(&row.mac)
            && args.mac.is_none_or(|mac| row.mac == mac)
    });
    learned.map(Fdb::deletion).collect()
}

impl AddAssign for Count {
    fn add_assign(&mut self, more: Count) {
        self.neigh += more.neigh;
        self.own += more.own;
        self.master += more.master;
    }
}

impl Count {
    /// In words.
    pub fn text(&self) -> String {
        let rows = |n: usize, what: &str| match n {
            1 => format!("1 {what} row"),
            n => format!("{n} {what} rows"),
        };
        let parts = [(self.neigh, "neighbour"), (self.own, "FDB"), (self.master, "bridge")];
        let parts = parts.iter().filter(|(n, what)| *n > 0 || *what != "bridge");
        let parts: Vec<String> = parts.map(|(n, what)| rows(*n, what)).collect();
        format!("{} deleted\n", parts.join(", "))
    }

    /// An error that comes after these were deleted, which stay so.
    fn done_before(&self, mut error: Error) -> Error {
        if *self == Count::default() {
            return error;
        }
        if error.message.is_empty() {
            // There is something to say of this interruption.
            error.message = "stopped".into();
        }
        error.aftermath.push(format!("done before: {}", self.text().trim_end()));
        error
    }
}

/// The rows that go of a device, and how many of each table.
pub fn doomed(args: &Flush, endpoints: &[Endpoint], link: &Link) -> (Vec<RowSpec>, Count) {
    let chosen: Vec<&Endpoint> = endpoints.iter().filter(|e| args.means(e, link)).collect();
    // The row of a MAC address is shared by its endpoints: one of them proves it.
    let proved = endpoints.iter().filter(|e| e.ours.fdb).filter_map(|e| e.fdb.as_ref());
    let ours: Set<_> = proved.map(|row| (row.mac, Way::from(row))).collect();
    let is_meant = |row: &&Fdb| args.foreign != ours.contains(&(row.mac, Way::from(*row)));
    let mut rows = Vec::new();
    let mut count = Count::default();
    let (mut gone, mut forgotten) = (Set::default(), Set::default());
    for endpoint in chosen {
        if let Some(row) = endpoint.neigh.as_ref().filter(|_| args.in_neigh(endpoint)) {
            count.neigh += 1;
            rows.push(row.deletion());
        }
        let fdb = endpoint.fdb.as_ref().filter(is_meant);
        let goes = endpoint.fdb.is_none() || fdb.is_some();
        let fdb = fdb.filter(|_| args.in_self());
        if let Some(row) = fdb.filter(|row| gone.insert((row.mac, Way::from(*row)))) {
            count.own += 1;
            rows.push(row.deletion());
        }
        let learned = endpoint
            .bridge
            .as_ref()
            .filter(|row| goes && args.in_master() && row.dev == link.index && row.is_learned());
        if let Some(row) = learned.filter(|row| forgotten.insert(row.mac)) {
            count.master += 1;
            rows.push(row.deletion());
        }
    }
    (rows, count)
}
