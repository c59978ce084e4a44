//! The quick way through very many rows that are to go: what stands at the front of
//! the device's list is looked at and deleted, again and again. To list all of them
//! costs the kernel the square of their number, and to ask for each three times as
//! much as this. What needs a closer look is left to the ordinary way.

use ovl_cli::apply::{Silent, carry_out};
use ovl_cli::error::reading;
use ovl_cli::{Context, Error};
use ovl_core::hash::Set;
use ovl_core::row::{Fdb, Neigh};
use ovl_core::types::MacAddr;

use crate::cli::Flush;
use crate::device::{Device, Known, SHORT, rows_of};
use crate::diff::Rows;
use crate::endpoints::match_up;
use crate::flush::{Count, doomed};
use crate::want::advise;
use crate::written::Kept;

/// Rows that are looked at in one go: the kernel walks past those before them for
/// each datagram, and opening a socket has to be worth while.
const WINDOW: usize = 6 * 1024;

/// Is it worth while? Lines of `--explain` are printed all at once, and what is
/// another's is no quick matter.
pub fn is_worth_while(context: &Context, args: &Flush, device: &Device, known: &Known<'_>) -> bool {
    let is_told = args.acting.dry_run || args.acting.explain || context.flags.verbose > 0;
    known.most() > SHORT && !is_told && !args.foreign && !device.is_external()
}

/// Deletes what `flush` means of a device that has very many rows of ours, as long
/// as that is most of what stands at the front of its list. Whatever ends it, what was
/// deleted is counted, and not remembered any more.
pub fn sweep(
    context: &Context,
    args: &Flush,
    mut device: Device,
    known: Known<'_>,
    count: &mut Count,
) -> Result<Device, Error> {
    let mut neighs = known.neighs;
    neighs.sort_unstable_by_key(|row| row.mac);
    device.memory = known.memory;
    let mut sweep = Sweep { device, neighs, count };
    let swept = loop {
        match sweep.window(context, args) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(why) => break Err(why),
        }
    };
    let mut device = sweep.device;
    let kept = device.memory.save();
    match (swept, kept) {
        (Ok(()), Ok(())) => Ok(device),
        (Ok(()), Err(why)) => Err(why),
        (Err(mut error), kept) => {
            error.aftermath.extend(kept.err().map(|why| why.message));
            Err(error)
        }
    }
}

/// A device under way.
struct Sweep<'c> {
    device: Device,
    /// Its neighbour rows, those of one MAC address beside each other.
    neighs: Vec<Neigh>,
    count: &'c mut Count,
}

impl Sweep<'_> {
    /// Looks at the front of the list, and deletes; `false` when that is over.
    fn window(&mut self, context: &Context, args: &Flush) -> Result<bool, Error> {
        let device = &mut self.device;
        let told = reading("its FDB rows", device.label());
        let mut reader = device.slots.reader(context, device.at)?;
        let (rows, is_whole) = reader.fdb_first(device.link.index, WINDOW).map_err(told)?;
        drop(reader);
        let neighs = with_macs(&self.neighs, &rows);
        device.endpoints = match_up(&device.link, &neighs, &rows, device.memory.written());
        let (remove, count) = doomed(args, &device.endpoints, &device.link);
        if count.own < rows.len() / 2 || remove.is_empty() {
            return Ok(false);
        }
        let plan = device.plan(Rows { remove, ..Rows::default() });
        device.memory.note(rows_of(plan.steps()))?;
        let open = device.slots.try_clone_open()?;
        carry_out(context, args.acting, &plan, open, &mut Silent, advise)?;
        // What was noted of a pair goes with the pair.
        device.memory.settle();
        for row in rows_of(plan.steps()).filter_map(Kept::of) {
            device.memory.forget(row);
        }
        *self.count += count;
        Ok(!is_whole)
    }
}

/// The neighbour rows of the MAC addresses of some FDB rows.
fn with_macs(neighs: &[Neigh], rows: &[Fdb]) -> Vec<Neigh> {
    let macs: Set<MacAddr> = rows.iter().filter(|row| row.is_self()).map(|row| row.mac).collect();
    let of = |mac: MacAddr| {
        let from = neighs.partition_point(|row| row.mac < Some(mac));
        neighs[from..].iter().take_while(move |row| row.mac == Some(mac)).cloned()
    };
    macs.into_iter().flat_map(of).collect()
}
