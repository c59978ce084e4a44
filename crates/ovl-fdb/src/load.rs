//! `load`: adds a table's endpoints to what a device has.

use std::net::IpAddr;

use ovl_cli::apply::Applied;
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::types::MacAddr;
use ovl_endpoints::file::FileSource;
use ovl_endpoints::{Place, Source};
use serde_json::json;

use crate::cli::{Load, Who};
use crate::device::{Device, Reach};
use crate::diff::{Change, Rules, difference};
use crate::endpoints::Endpoint;
use crate::progress::Progress;
use crate::report;
use crate::sync::fits;
use crate::wanted::{Rows, Wish, no_table};

/// `load`.
pub fn load(context: &Context, args: &Load) -> Result<Exit, Error> {
    let table = FileSource::new(&args.file, args.format).load().map_err(no_table)?;
    let (repeated, skipped) = (table.repeated, table.skipped);
    let macs: Vec<MacAddr> = table.endpoints.iter().map(|endpoint| endpoint.mac).collect();
    let device = Device::read(context, &args.on, args.acting, Reach::Ours(&macs))?;
    let rows = match (args.fdb_only, args.neigh_only) {
        (true, _) => Rows::Fdb,
        (_, true) => Rows::Neigh,
        _ => Rows::Both,
    };
    fits("load", &device, table.vni)?;
    let wish = Wish::of(context, table, &device, rows, args.own)?;
    let rules = Rules { take_over: args.replace, prune: false };
    let found = difference(&wish.wanted, &device.endpoints, rules);
    let blocked = found.blocked().count();
    let mut progress = Progress::new(context, args.keep_going, &wish);
    if let Some((wanted, stands)) = found.blocked().next().filter(|_| !args.keep_going) {
        let place = progress.place(wanted.ip.map_or(Who::Mac(wanted.mac), Who::Ip));
        return Err(in_the_way(&device, place, wanted.ip, wanted.mac, stands));
    }
    for (wanted, stands) in found.blocked() {
        let place = progress.place(wanted.ip.map_or(Who::Mac(wanted.mac), Who::Ip));
        progress.say(&in_the_way(&device, place, wanted.ip, wanted.mac, stands).message);
    }
    let added = found.changes.iter().filter(|c| matches!(c, Change::Added(_))).count();
    let replaced = found.changes.iter().filter(|c| matches!(c, Change::Changed(..))).count();
    let unchanged = found.unchanged;
    let (plan, place) = (device.plan(found.rows), device.place(context));
    let written = device.write(context, args.acting, &plan, &mut progress);
    let refused = progress.finish();
    if written.map_err(|e| progress.with_place(e))? == Applied::Shown {
        return Ok(Exit::Done);
    }
    let refused = refused + blocked;
    let halves = progress.endpoints_refused();
    let counts = report::merged(
        place,
        json!({
            "added": added.saturating_sub(halves),
            "replaced": replaced.saturating_sub(halves.saturating_sub(added)),
            "unchanged": unchanged,
            "own": wish.own,
            "repeated": repeated,
            "skipped": skipped,
            "refused": refused,
        }),
    );
    if !context.flags.quiet {
        output::show(&context.flags, &counts, |_| report::counts(&counts))?;
    }
    Ok(if refused > 0 { Exit::Failed } else { Exit::Done })
}

fn in_the_way(
    device: &Device,
    place: Place,
    ip: Option<IpAddr>,
    mac: MacAddr,
    stands: &Endpoint,
) -> Error {
    let who = ip.map_or_else(|| mac.to_string(), |ip| ip.to_string());
    let line = if place == Place::Unknown { String::new() } else { format!(" ({place})") };
    let is = report::place_of(stands);
    let message = format!("cannot add {who}{line}: another's row says {is}");
    Error::new(Exit::Exists, message)
        .about("add", who, device.label())
        .hint("--replace writes over it; --keep-going leaves it and writes the others")
}
