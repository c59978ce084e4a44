//! `load` and `sync`: a table's endpoints as rows of a device. `load` adds them;
//! `sync` also deletes those of ours that the table does not have.

use std::collections::{HashMap, HashSet};
use std::io::IsTerminal;
use std::net::IpAddr;

use indicatif::{ProgressBar, ProgressStyle};
use ovl_cli::apply::{Applied, Onlooker};
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::error::KernelError;
use ovl_core::row::RowSpec;
use ovl_core::types::MacAddr;
use ovl_endpoints::file::FileSource;
use ovl_endpoints::{Place, Source, Table};
use serde_json::json;

use crate::cli::{Load, Most, Sync, Who};
use crate::device::Device;
use crate::diff::{Change, Difference, Rules, Wanted, difference};
use crate::endpoints::Endpoint;
use crate::memory::Kept;
use crate::report::{self, Report};
use crate::wanted::{Rows, Wish, no_table};

/// `load`.
pub fn load(context: &Context, args: &Load) -> Result<Exit, Error> {
    let table = FileSource::new(&args.file, args.format).load().map_err(no_table)?;
    let (repeated, skipped) = (table.repeated, table.skipped);
    let device = Device::read(context, &args.on, args.acting)?;
    let rows = match (args.fdb_only, args.neigh_only) {
        (true, _) => Rows::Fdb,
        (_, true) => Rows::Neigh,
        _ => Rows::Both,
    };
    let wish = Wish::of(context, table, &device, rows, args.own)?;
    let rules = Rules { take_over: args.replace, prune: false };
    let mut found = difference(&wish.wanted, &device.endpoints, rules);
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
    let counts = json!({
        "added": found.changes.iter().filter(|c| matches!(c, Change::Added(_))).count(),
        "replaced": found.changes.iter().filter(|c| matches!(c, Change::Changed(..))).count(),
        "unchanged": found.unchanged,
        "own": wish.own,
        "repeated": repeated,
        "skipped": skipped,
    });
    let proved = proof(&wish);
    let plan = device.plan(&mut found);
    let written = device.write(context, args.acting, &plan, &mut progress, |row| proved.has(row));
    let refused = progress.finish();
    if written.map_err(|e| progress.with_place(e))? == Applied::Shown {
        return Ok(Exit::Done);
    }
    let refused = refused + blocked;
    let mut counts = counts;
    counts["refused"] = json!(refused);
    if !context.flags.quiet {
        output::show(&context.flags, &counts, |_| report::counts(&counts))?;
    }
    Ok(if refused > 0 { Exit::Failed } else { Exit::Done })
}

/// `sync`, once.
pub fn sync(context: &Context, args: &Sync) -> Result<Exit, Error> {
    let mut source = FileSource::new(&args.source, args.format);
    once(context, args, source.load().map_err(no_table)?)
}

/// Makes the owned rows equal to a table.
pub fn once(context: &Context, args: &Sync, table: Table) -> Result<Exit, Error> {
    let mut device = Device::read(context, &args.on, args.acting)?;
    fits(&device, &table)?;
    let is_empty = table.endpoints.is_empty();
    let wish = Wish::of(context, table, &device, Rows::Both, args.own)?;
    let rules = Rules { take_over: args.take_over, prune: true };
    let mut found = difference(&wish.wanted, &device.endpoints, rules);
    guard(args, &device, &found, is_empty)?;
    let report = Report::of(&device, &found, wish.own);
    let blocked = found.blocked().count();
    let drift = !found.is_nothing() || blocked > 0;
    if args.check {
        report.show(context)?;
        return Ok(if drift { Exit::Found } else { Exit::Done });
    }
    let proved = proof(&wish);
    let plan = device.plan(&mut found);
    let mut progress = Progress::new(context, false, &wish);
    device.endpoints = Vec::new();
    let written = device.write(context, args.acting, &plan, &mut progress, |row| proved.has(row));
    progress.finish();
    if written.map_err(|e| progress.with_place(e))? != Applied::Shown {
        report.show(context)?;
    }
    Ok(if blocked > 0 { Exit::Exists } else { Exit::Done })
}

/// A table of another network than the device's is a mistake.
fn fits(device: &Device, table: &Table) -> Result<(), Error> {
    let have = device.link.vxlan().and_then(|v| v.vni);
    match (table.vni, have) {
        (Some(asked), Some(have)) if asked != have => Err(device
            .refusal(
                "sync",
                format!("the table is of VNI {asked}, {} of VNI {have}", device.link.name),
            )
            .hint("name the device of the table's network: --dev, -n vni:N")),
        _ => Ok(()),
    }
}

/// What a table may not do without being told that it may.
fn guard(args: &Sync, device: &Device, found: &Difference, is_empty: bool) -> Result<(), Error> {
    let removed = found.changes.iter().filter(|c| matches!(c, Change::Removed(_))).count();
    if removed == 0 || args.check {
        return Ok(());
    }
    if is_empty {
        if args.allow_empty {
            return Ok(());
        }
        return Err(device
            .refusal(
                "sync",
                format!("the table is empty: nothing was deleted, not {removed} endpoints"),
            )
            .hint("--allow-empty deletes all that ovl-fdb has made on the device"));
    }
    let owned = device.endpoints.iter().filter(|e| e.is_owned()).count();
    let most = args.max_delete.of(owned);
    if removed <= most {
        return Ok(());
    }
    Err(device
        .refusal(
            "sync",
            format!("{removed} of {owned} endpoints would be deleted, at most {most} may be: nothing was changed"),
        )
        .hint("--max-delete N or P% allows more; --check shows which"))
}

impl Most {
    /// How many that is of so many; of few always one.
    pub fn of(self, all: usize) -> usize {
        match self {
            Most::Count(count) => count,
            Most::Percent(percent) => (all * usize::from(percent)).div_ceil(100).max(1),
        }
    }
}

/// The rows that their marks prove: pairs.
struct Proof {
    neighs: HashSet<(IpAddr, MacAddr)>,
    fdb: HashSet<(MacAddr, Option<IpAddr>)>,
}

fn proof(wish: &Wish) -> Proof {
    let pairs = wish.wanted.iter().filter(|w| w.ip.is_some() && w.to.is_some());
    let pairs = pairs.filter_map(|w| Some((w.ip?, w.mac, w.to.as_ref()?.dst)));
    let (mut neighs, mut fdb) = (HashSet::new(), HashSet::new());
    for (ip, mac, dst) in pairs {
        neighs.insert((ip, mac));
        fdb.insert((mac, dst));
    }
    Proof { neighs, fdb }
}

impl Proof {
    fn has(&self, row: Kept) -> bool {
        match row {
            Kept::Neigh(ip, mac) => self.neighs.contains(&(ip, mac)),
            Kept::Fdb(mac, dst) => self.fdb.contains(&(mac, dst)),
        }
    }
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

/// Rows below which nobody needs to be told how far it is.
const MANY: usize = 10_000;

/// A progress bar on a terminal, and the refusals of `--keep-going`.
struct Progress<'w> {
    context: &'w Context,
    keep_going: bool,
    wish: &'w Wish,
    bar: Option<ProgressBar>,
    refused: usize,
    last: Option<Place>,
    places: HashMap<Who, Place>,
}

impl<'w> Progress<'w> {
    fn new(context: &'w Context, keep_going: bool, wish: &'w Wish) -> Progress<'w> {
        let many = wish.wanted.len() >= MANY;
        let shown = many && !context.flags.quiet && std::io::stderr().is_terminal();
        let bar = shown.then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows  {per_sec}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let (refused, last, places) = (0, None, HashMap::new());
        Progress { context, keep_going, wish, bar, refused, last, places }
    }

    /// Where the table has an endpoint: looked up for one, listed for many.
    fn place(&mut self, who: Who) -> Place {
        let each = self.wish.wanted.iter().zip(&self.wish.places);
        if !self.keep_going {
            let is_it = |wanted: &Wanted| {
                wanted.ip.map(Who::Ip) == Some(who) || Who::Mac(wanted.mac) == who
            };
            return each.clone().find(|(w, _)| is_it(w)).map(|(_, p)| *p).unwrap_or_default();
        }
        if self.places.is_empty() {
            for (wanted, place) in each {
                self.places.entry(Who::Mac(wanted.mac)).or_insert(*place);
                if let Some(ip) = wanted.ip {
                    self.places.insert(Who::Ip(ip), *place);
                }
            }
        }
        self.places.get(&who).copied().unwrap_or_default()
    }

    fn say(&self, line: &str) {
        output::note(&format!("{}: {line}", self.context.tool));
    }

    fn finish(&mut self) -> usize {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.refused
    }

    /// Names the line of the row that ended the run.
    fn with_place(&self, mut error: Error) -> Error {
        if let Some(place) = self.last.filter(|place| *place != Place::Unknown) {
            error.message = format!("{place}: {}", error.message);
        }
        error
    }
}

impl Onlooker for Progress<'_> {
    fn through(&mut self, rows: usize, of: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(rows as u64);
        }
    }

    fn refused(&mut self, row: &RowSpec, why: &KernelError) -> bool {
        if !self.keep_going && self.last.is_some() {
            return false;
        }
        let place = self.place(match row {
            RowSpec::Neigh(row) => Who::Ip(row.ip),
            RowSpec::Fdb(row) => Who::Mac(row.mac),
        });
        self.last = Some(place);
        if self.keep_going {
            self.refused += 1;
            let line = if place == Place::Unknown { String::new() } else { format!("{place}: ") };
            self.say(&format!("{line}{row} was refused: {why}"));
        }
        self.keep_going
    }
}
