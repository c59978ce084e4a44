//! The verbs of ovl-ns that look: list, show, pids, identify.

use std::fs;
use std::os::unix::fs::MetadataExt;

use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;
use ovl_machine::discover::{Found, Process, short_names};

use crate::cli::{Identify, List, One};
use crate::render::{self, Entry};

/// `list`.
pub fn list(context: &Context, args: &List) -> Result<Exit, Error> {
    // Names alone do not say who is inside: the processes are read either way.
    let discovery = context.search.all();
    let own = own_key()?;
    let mut own_reader = NetNs::own().ok().and_then(|ns| Reader::open(&context.kernel, &ns).ok());
    let found = discovery.namespaces.values().filter(|f| !args.named || !f.names.is_empty());
    let names = short_names(discovery.namespaces.values(), own);
    let mut entries: Vec<Entry> = found
        .map(|f| {
            let mut entry = entry(context, f, own, own_reader.as_mut());
            entry.place.clone_from(&names[&f.key]);
            entry
        })
        .collect();
    entries.sort_by_key(Entry::sort_key);
    render::list(context, &entries)?;
    for path in &discovery.stale {
        if !context.flags.quiet {
            output::note(&format!(
                "{}: {} is a plain file, left behind by a namespace that has ended",
                context.tool,
                path.display()
            ));
        }
    }
    let hidden = if args.named { 0 } else { discovery.hidden };
    Ok(context.completeness(hidden, 0))
}

/// `show`.
pub fn show(context: &Context, args: &One) -> Result<Exit, Error> {
    let found = find(context, args)?;
    let own = own_key()?;
    let mut reader = NetNs::own().ok().and_then(|ns| Reader::open(&context.kernel, &ns).ok());
    render::show(context, &entry(context, &found, own, reader.as_mut()))?;
    Ok(Exit::Done)
}

/// `pids`.
pub fn pids(context: &Context, args: &One) -> Result<Exit, Error> {
    render::pids(context, &find(context, args)?.pids)?;
    Ok(Exit::Done)
}

/// `identify`.
pub fn identify(context: &Context, args: &Identify) -> Result<Exit, Error> {
    let path = format!("/proc/{}/ns/net", args.pid);
    let meta = fs::metadata(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            Error::new(Exit::Missing, format!("no process {}", args.pid))
        }
        _ => Error::new(Exit::Denied, format!("cannot look at process {}: {e}", args.pid)),
    })?;
    let key = NsKey { dev: meta.dev(), inode: meta.ino() };
    let discovery = context.search.all();
    let found =
        discovery.namespaces.get(&key).cloned().unwrap_or(Found { key, ..Found::default() });
    render::identify(context, &Netns::new(&found, own_key()?, None))?;
    Ok(Exit::Done)
}

fn find(context: &Context, args: &One) -> Result<Found, Error> {
    let ns = context.resolve(&args.ns)?.ns;
    let discovery = context.search.all();
    let known = discovery.namespaces.get(&ns.key()).cloned();
    Ok(known.unwrap_or(Found { key: ns.key(), ..Found::default() }))
}

fn own_key() -> Result<NsKey, Error> {
    NetNs::own().map(|ns| ns.key()).map_err(|e| Error::new(Exit::Denied, e.to_string()))
}

/// A namespace with what is read from inside it. One that cannot be entered is
/// listed without.
fn entry(
    context: &Context,
    found: &Found,
    own: NsKey,
    own_reader: Option<&mut Reader<'_, ovl_cli::Seam>>,
) -> Entry {
    let ns = found.open();
    let inside = ns.as_ref().and_then(|ns| {
        let mut reader = Reader::open(&context.kernel, ns).ok()?;
        let names = reader.links(false).ok()?.into_iter().map(|l| l.name).collect();
        Some((reader.cookie().ok(), names))
    });
    let nsid = match (own_reader, &ns) {
        (Some(reader), Some(ns)) => reader.nsid_of(ns).ok().flatten(),
        _ => None,
    };
    let (cookie, links) = inside.unwrap_or_default();
    let pids: Vec<Process> = found.pids.clone();
    Entry {
        place: found.reference(own),
        netns: Netns::new(found, own, cookie),
        nsid,
        pids,
        holders: found.holders.clone(),
        container: found.container.clone(),
        links,
    }
}
