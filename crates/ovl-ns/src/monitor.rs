//! `monitor` and `wait`: namespaces as they come and go. Holds none of them.

use ovl_core::names::shown;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error, Exit, follow};
use ovl_core::netns::{NetNs, NsKey};
use ovl_machine::census::{Census, Movement, Resident};
use serde_json::json;

use crate::cli::{Monitor, Wait};

/// `monitor`.
pub fn monitor(context: &Context, args: &Monitor) -> Result<Exit, Error> {
    follow::run(async {
        let own = NetNs::own()?.key();
        let moments = follow::Moments::seeing(&context.search);
        let mut census = Census::new(&context.search);
        let mut names = std::collections::BTreeMap::new();
        let mut told = args.all;
        let mut is_first = true;
        loop {
            let moved = census.look_after(moments.seen());
            // Of what is hidden nothing is ever told: that is said once.
            if std::mem::take(&mut is_first) {
                context.completeness(census.hidden(), 0);
            }
            // Those that have gone keep the name they had.
            names.extend(census.names(own));
            for movement in moved.iter().filter(|_| told) {
                let name = |key| match movement {
                    Movement::Passed(_) => None,
                    _ => names.get(&key).cloned(),
                };
                if !tell(context, movement, own, name)? {
                    return Ok(Exit::Done);
                }
            }
            told = true;
            moments.next(census.pause()).await;
        }
    })
}

/// Prints one movement. `false` when nobody reads any more.
fn tell(
    context: &Context,
    movement: &Movement,
    own: NsKey,
    name: impl Fn(NsKey) -> Option<String>,
) -> Result<bool, Error> {
    let (signs, resident): (&[_], _) = match movement {
        Movement::Came(resident) => (&[('+', "new")], resident),
        Movement::Went(resident) => (&[('-', "gone")], resident),
        Movement::Renamed { now, .. } => (&[('~', "changed")], now),
        Movement::Passed(resident) => (&[('+', "new"), ('-', "gone")], resident),
    };
    let found = &resident.found;
    let netns = Netns::new(found, own, resident.cookie);
    let was = match movement {
        Movement::Renamed { was, .. } => Some(was.as_ref()),
        _ => None,
    };
    let name = name(found.key).unwrap_or_else(|| shown(&netns.reference));
    for (sign, event) in signs {
        let value = json!({
            "time": follow::now(),
            "event": event,
            "netns": netns,
            "was": was.map(|was| Netns::new(&was.found, own, was.cookie)),
            "pids": found.pids,
            "container": found.container,
        });
        let text = || {
            let (clock, whose) = (follow::clock(), whose(resident));
            let was = was.map(|was| format!("{} → ", self::whose(was))).unwrap_or_default();
            format!("{clock}  {sign} {name:<16}  inode {}  {was}{whose}", netns.inode)
        };
        if !follow::line(&context.flags, &value, text)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Its files, else who is in it.
fn whose(resident: &Resident) -> String {
    let found = &resident.found;
    match (found.paths.as_slice(), found.pids.first(), found.holders.first()) {
        ([], Some(process), _) => format!("{} ({})", shown(&process.comm), process.pid),
        ([], None, Some(holder)) => format!("held by {} ({})", shown(&holder.comm), holder.pid),
        ([], None, None) => "nobody's".into(),
        (paths, ..) => paths.iter().map(shown).collect::<Vec<_>>().join(" "),
    }
}

/// How often `wait` looks.
const PAUSE: Duration = Duration::from_millis(20);

/// `wait`: until the reference means a namespace, or a signal comes.
pub fn wait(context: &Context, args: &Wait) -> Result<Exit, Error> {
    let end = args.timeout.map(|timeout| Instant::now() + timeout);
    follow::run(async {
        loop {
            match context.resolve(&args.ns) {
                Ok(_) => return Ok(Exit::Done),
                // Not there as far as could be seen is not there yet.
                Err(e) if e.exit != Exit::Missing && e.errno != Some(Errno::ENOENT) => {
                    return Err(e);
                }
                Err(e) if end.is_some_and(|end| Instant::now() >= end) => return Err(e),
                Err(_) => follow::pause(PAUSE).await,
            }
        }
    })
}
