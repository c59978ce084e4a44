//! `sync`: makes a device's rows equal to a table's endpoints: what it lacks is
//! written, what is ours and not in the table is deleted, and what others have
//! made is left alone.

use std::net::IpAddr;

use ovl_cli::{Acting, Context, Error, Exit};
use ovl_core::hash::Set;
use ovl_core::row::RowSpec;
use ovl_core::types::{MacAddr, Vni};
use ovl_endpoints::file::FileSource;
use ovl_endpoints::{Source, Table};

use crate::cli::{Most, Sync};
use crate::device::{Device, Reach};
use crate::diff::{Change, Difference, Rules, difference};
use crate::endpoints::Endpoint;
use crate::keep::keep;
use crate::progress::Progress;
use crate::report::Report;
use crate::wanted::{Rows, Wish, no_table};

/// `sync`.
pub fn sync(context: &Context, args: &Sync) -> Result<Exit, Error> {
    if args.watch {
        return keep(context, args);
    }
    let table = FileSource::new(&args.source, args.format).load().map_err(no_table)?;
    let report = reconcile(context, args, table)?;
    // A dry run has printed its lines; of a check there are none.
    if args.check || !args.acting.dry_run {
        report.show(context)?;
    }
    Ok(match (args.check, report.is_blocked()) {
        (true, blocked) if blocked || report.has_changes() => Exit::Found,
        (false, true) => Exit::Exists,
        _ => Exit::Done,
    })
}

/// Compares the rows with a table and, unless it is only a check, makes them equal.
pub fn reconcile(context: &Context, args: &Sync, table: Table) -> Result<Report, Error> {
    let macs: Vec<MacAddr> = table.endpoints.iter().map(|endpoint| endpoint.mac).collect();
    // A check holds nobody up.
    let acting = Acting { dry_run: args.acting.dry_run || args.check, ..args.acting };
    let device = Device::read(context, &args.on, acting, Reach::Ours(&macs))?;
    fits("sync", &device, table.vni)?;
    let is_empty = table.endpoints.is_empty();
    let wish = Wish::of(context, table, &device, Rows::Both, args.own)?;
    let rules = Rules { take_over: args.take_over, prune: true };
    let found = difference(&wish.wanted, &device.endpoints, rules);
    guard(args, &device, &found, &wish, is_empty)?;
    let report = Report::of(context, &device, &found, wish.own);
    if args.check {
        return Ok(report);
    }
    let plan = device.plan(found.rows);
    let mut progress = Progress::new(context, false, &wish);
    let written = device.write(context, args.acting, &plan, &mut progress);
    progress.finish();
    written.map_err(|e| progress.with_place(e))?;
    Ok(report)
}

/// A table of another network than the device's is a mistake.
pub fn fits(op: &str, device: &Device, asked: Option<Vni>) -> Result<(), Error> {
    let have = device.link.vxlan().and_then(|v| v.vni);
    match (asked, have) {
        (Some(asked), Some(have)) if asked != have => Err(device
            .refusal(op, format!("the table is of VNI {asked}, {} of VNI {have}", device.link.name))
            .hint("name the device of the table's network: --dev, -n vni:N")),
        _ => Ok(()),
    }
}

/// What a table may not do without being told that it may.
fn guard(
    args: &Sync,
    device: &Device,
    found: &Difference<'_>,
    wish: &Wish,
    is_empty: bool,
) -> Result<(), Error> {
    let removed = found.changes.iter().filter(|c| matches!(c, Change::Removed(_))).count();
    let stripped = stripped(device, found, wish);
    let removed = removed + stripped;
    if removed == 0 || args.check {
        return Ok(());
    }
    if is_empty && !args.allow_empty {
        let kept = match removed {
            1 => "1 endpoint stays".to_owned(),
            _ => format!("{removed} endpoints stay"),
        };
        return Err(device
            .refusal("sync", format!("the table is empty: nothing was deleted; {kept}"))
            .hint("--allow-empty deletes all that ovl-fdb has made on the device"));
    }
    let is_ours = |e: &&Endpoint| e.ours.neigh || e.ours.fdb;
    let owned = device.endpoints.iter().filter(is_ours).count();
    let usual = if is_empty { Most::Percent(100) } else { Most::Percent(50) };
    let most = args.max_delete.unwrap_or(usual).of(owned);
    if removed <= most {
        return Ok(());
    }
    let fate = if stripped == 0 { "be deleted" } else { "be deleted or lose their FDB row" };
    Err(device
        .refusal(
            "sync",
            format!("{removed} of {owned} endpoints would {fate}, at most {most} may: nothing was changed"),
        )
        .hint("--max-delete N or P% allows more; --check shows which"))
}

/// Endpoints that stay and whose FDB row goes, with none in its place: to them no packet
/// finds its way any more. A table whose column of VTEPs went empty is full of them.
fn stripped(device: &Device, found: &Difference<'_>, wish: &Wish) -> usize {
    let to_nowhere = wish.wanted.iter().filter(|wanted| wanted.to.is_none());
    let to_nowhere: Set<IpAddr> = to_nowhere.filter_map(|wanted| wanted.ip).collect();
    if to_nowhere.is_empty() {
        return 0;
    }
    let gone = found.rows.remove.iter().filter_map(|row| match row {
        RowSpec::Fdb(row) => Some(row.mac),
        RowSpec::Neigh(_) => None,
    });
    let gone: Set<MacAddr> = gone.collect();
    let is_stripped = |e: &&Endpoint| {
        e.ours.fdb
            && e.ip().is_some_and(|ip| to_nowhere.contains(&ip))
            && e.fdb.as_ref().is_some_and(|row| gone.contains(&row.mac))
    };
    device.endpoints.iter().filter(is_stripped).count()
}

impl Most {
    /// How many that is of so many. Of a few one may always go, unless none may.
    pub fn of(self, all: usize) -> usize {
        match self {
            Most::Count(count) => count,
            Most::Percent(0) => 0,
            Most::Percent(percent) => (all * usize::from(percent) / 100).max(1),
        }
    }
}
