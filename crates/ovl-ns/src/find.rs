//! The verbs of ovl-ns that look: list, show, pids, identify.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use ovl_cli::context::Missed;
use ovl_cli::error::{from_io, reading};
use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::error::Fail;
use ovl_core::link::Link;
use ovl_core::names::shown;
use ovl_core::netns::{NetNs, NsKey, OpenError, has_procfs};
use ovl_core::state::Reader;
use ovl_machine::discover::{Discovery, Found, Hold, Process, door_of, short_names};
use ovl_machine::machine::Machine;
use ovl_machine::machine::outline::{Outline, Unseen};
use ovl_machine::names::Asking;

use crate::cli::{Identify, List, One};
use crate::render::{self, Entry, KnownBy, UnseenEntry};
use crate::want::is_new;

/// `list`.
pub fn list(context: &Context, args: &List) -> Result<Exit, Error> {
    // Names alone do not say who is inside: the processes are read either way.
    let discovery = context.search.all();
    let outline =
        Outline::gather(&context.kernel, &discovery).map_err(reading("the namespaces", None))?;
    let lister = Lister::new(&discovery, &outline);
    let found = discovery.in_order().filter(|f| !args.named || !f.names.is_empty());
    let entries: Vec<Entry> = found.map(|f| lister.entry(f)).collect();
    let unseen = outline.unseen.iter().filter(|_| !args.named);
    let unseen: Vec<UnseenEntry> = unseen.map(|u| lister.unseen(u)).collect();
    render::list(context, &entries, &unseen)?;
    let stale = if context.flags.quiet { Vec::new() } else { left_behind(&discovery.stale) };
    for path in stale {
        output::note(&format!(
            "{}: {} is a plain file, left behind by a namespace that has ended",
            context.tool,
            shown(path)
        ));
    }
    let is_listed = |key: &NsKey| {
        let found = discovery.namespaces.get(key);
        found.is_some_and(|f| !args.named || !f.names.is_empty())
    };
    let unread = outline.machine.unread.iter().filter(|(key, _)| is_listed(key));
    Ok(context.completeness_of(&Missed {
        hidden: if args.named { 0 } else { discovery.hidden },
        hides: discovery.hides && !args.named,
        closed: &discovery.closed,
        unread: unread.count(),
        ..Missed::default()
    }))
}

/// Between two looks at a plain file where a namespace should be.
const STEP: Duration = Duration::from_millis(50);

/// Those of the plain files that stay what they are. A name's file is made before its
/// namespace is mounted there, and goes after that: one that was between the two steps
/// is something else a moment later.
fn left_behind(stale: &[PathBuf]) -> Vec<&PathBuf> {
    let mut left: Vec<&PathBuf> = stale.iter().collect();
    while !left.is_empty() {
        sleep(STEP);
        left.retain(|path| matches!(NetNs::open(path), Err(OpenError::Stale(_))));
        if !left.iter().any(|path| is_new(path)) {
            break;
        }
    }
    left
}

/// What the lines of a list have in common.
struct Lister<'a> {
    machine: &'a Machine,
    own: NsKey,
    names: BTreeMap<NsKey, String>,
    /// The ids that the caller's own namespace has for others.
    ids: BTreeMap<NsKey, i32>,
}

impl Lister<'_> {
    fn new<'a>(discovery: &Discovery, outline: &'a Outline) -> Lister<'a> {
        let machine = &outline.machine;
        let own = machine.own;
        let nsids = machine.spaces.get(&own).map(|s| &s.nsids);
        let ids = nsids.into_iter().flatten().map(|(id, key)| (*key, *id)).collect();
        let names = short_names(discovery.namespaces.values(), own);
        Lister { machine, own, names, ids }
    }

    /// A namespace with what was read inside it. One that could not be entered
    /// is listed without.
    fn entry(&self, found: &Found) -> Entry {
        let space = self.machine.spaces.get(&found.key);
        let links = space.map(|s| s.state.links.iter().map(|l| l.name.clone()).collect());
        Entry {
            place: self.name(found.key),
            netns: Netns::new(found, self.own, space.and_then(|s| s.cookie)),
            nsid: self.ids.get(&found.key).copied(),
            pids: found.pids.clone(),
            holders: found.holders.clone(),
            covered: found.covered.clone(),
            container: found.container.clone(),
            links: links.unwrap_or_default(),
        }
    }

    fn unseen(&self, unseen: &Unseen) -> UnseenEntry {
        let by_own = unseen.known_by.iter().find(|(key, _)| *key == self.own);
        let known_by = unseen.known_by.iter().filter_map(|(key, nsid)| {
            let space = self.machine.spaces.get(key)?;
            let of = space.state.links.iter().filter(|l| l.peer.nsid == Some(*nsid));
            Some(KnownBy {
                place: self.name(*key),
                netns: Netns::new(&space.found, self.own, space.cookie),
                nsid: *nsid,
                devices: of.map(|l| l.name.clone()).collect(),
            })
        });
        let names = |links: &Vec<Link>| links.iter().map(|l| l.name.clone()).collect();
        UnseenEntry {
            nsid: by_own.map(|(_, id)| *id),
            known_by: known_by.collect(),
            links: unseen.links.as_ref().map(names),
        }
    }

    fn name(&self, key: NsKey) -> String {
        self.names.get(&key).cloned().unwrap_or_else(|| key.to_string())
    }
}

/// `show`. The engine of its container is asked for the name.
pub fn show(context: &Context, args: &One) -> Result<Exit, Error> {
    let (mut found, discovery) = find(context, args)?;
    let asking = Asking::about(std::iter::once(&found));
    let own = own_key()?;
    let mut reader = NetNs::own().ok().and_then(|ns| Reader::open(&context.kernel, &ns).ok());
    let entry = entry(context, &found, own, reader.as_mut());
    let is_read = entry.is_some();
    let mut entry = entry.unwrap_or_else(|| closed(&found, own));
    context.names(asking).name(&mut found);
    entry.container = found.container;
    render::show(context, &entry)?;
    Ok(context.completeness_of(&Missed {
        closed: &discovery.closed,
        unread: usize::from(!is_read),
        ..hidden(&discovery)
    }))
}

/// `pids`. Of a process whose main thread has ended the others say where it is. One that
/// has a thread there and is elsewhere itself is not in it, as `ip netns pids` has it:
/// an engine has one in each of its overlays, and must not end with what is in those.
pub fn pids(context: &Context, args: &One) -> Result<Exit, Error> {
    let (found, discovery) = find(context, args)?;
    let is_in_it = |pid| {
        let door = door_of(&context.search.procfs, pid);
        fs::metadata(door).is_ok_and(|meta| meta.ino() == found.key.inode)
    };
    let threads = found.holders.iter();
    let threads = threads.filter(|held| held.by == Hold::Thread && is_in_it(held.pid));
    let threads = threads.map(|holder| Process { pid: holder.pid, comm: holder.comm.clone() });
    let mut pids: Vec<Process> = found.pids.iter().cloned().chain(threads).collect();
    pids.sort_by_key(|process| process.pid);
    render::pids(context, &pids)?;
    Ok(context.completeness_of(&hidden(&discovery)))
}

/// The processes that could not be asked whether they are in one namespace.
fn hidden(discovery: &Discovery) -> Missed<'_> {
    Missed { hidden: discovery.hidden, hides: discovery.hides, of_one: true, ..Missed::default() }
}

/// `identify`.
pub fn identify(context: &Context, args: &Identify) -> Result<Exit, Error> {
    let process = format!("process {}", args.pid);
    if !has_procfs() {
        return Err(reading(&process, None)(Fail::NoProcfs));
    }
    let meta =
        fs::metadata(door_of(&context.search.procfs, args.pid)).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let error = Error::new(Exit::Missing, format!("no {process}"));
                Error { errno: Some(Errno::ENOENT), ..error.about("find", process, None) }
            }
            _ => from_io("look at", process, &e),
        })?;
    let key = NsKey { dev: meta.dev(), inode: meta.ino() };
    let discovery = context.search.all();
    let found =
        discovery.namespaces.get(&key).cloned().unwrap_or(Found { key, ..Found::default() });
    let cookie = found.open().and_then(|ns| ns.cookie().ok());
    render::identify(context, &Netns::new(&found, own_key()?, cookie))?;
    Ok(Exit::Done)
}

fn find(context: &Context, args: &One) -> Result<(Found, Discovery), Error> {
    let ns = context.resolve(&args.ns)?.ns;
    if !has_procfs() {
        // Nobody would be in it, and nothing of that would be true.
        return Err(reading("which processes are in it", Some(args.ns.to_string()))(
            Fail::NoProcfs,
        ));
    }
    let discovery = context.search.all();
    let known = discovery.namespaces.get(&ns.key()).cloned();
    Ok((known.unwrap_or(Found { key: ns.key(), ..Found::default() }), discovery))
}

fn own_key() -> Result<NsKey, Error> {
    Ok(NetNs::own()?.key())
}

/// A namespace with what is read from inside it; `None` for one that cannot be
/// read.
fn entry(
    context: &Context,
    found: &Found,
    own: NsKey,
    own_reader: Option<&mut Reader<'_, ovl_cli::Seam>>,
) -> Option<Entry> {
    let ns = found.open()?;
    let mut reader = Reader::open(&context.kernel, &ns).ok()?;
    let links = reader.links(false).ok()?.into_iter().map(|l| l.name).collect();
    let nsid = own_reader.and_then(|reader| reader.nsid_of(&ns).ok().flatten());
    let netns = Netns::new(found, own, reader.cookie().ok());
    Some(Entry { netns, nsid, links, ..closed(found, own) })
}

/// One that is shown from outside alone.
fn closed(found: &Found, own: NsKey) -> Entry {
    Entry {
        place: found.reference(own),
        netns: Netns::new(found, own, None),
        nsid: None,
        pids: found.pids.clone(),
        holders: found.holders.clone(),
        covered: found.covered.clone(),
        container: found.container.clone(),
        links: Vec::new(),
    }
}
