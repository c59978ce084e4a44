//! What is said of names that are taken away: which VXLAN devices elsewhere end with
//! the namespace, or who keeps it alive. It is looked up before the names go, since
//! nobody finds it afterwards, and said when they are gone.

use std::path::PathBuf;
use std::process::id;

use ovl_cli::Context;
use ovl_core::names::{NsName, shown};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;
use ovl_machine::discover::{Discovery, Found, Hold, Holder, Process};

/// The lines for names that go together: what goes with them needs no word.
pub fn of(context: &Context, names: &[&NsName]) -> Vec<String> {
    let going: Vec<(&NsName, NsKey)> = names
        .iter()
        .filter_map(|name| Some((*name, NetNs::open(&name.path()).ok()?.key())))
        .collect();
    if going.is_empty() {
        return Vec::new();
    }
    let discovery = context.search.all();
    let paths: Vec<PathBuf> = names.iter().map(|name| name.path()).collect();
    let mut lines = Vec::new();
    for (name, key) in &going {
        let keepers = discovery.namespaces.get(key).map(|f| keepers(f, &paths)).unwrap_or_default();
        if keepers.is_empty() {
            lines.extend(devices_elsewhere(context, &discovery, name, *key, &going));
        } else {
            lines.push(format!("{name} lives on without its name: {}", keepers.join("; ")));
        }
    }
    lines
}

/// What keeps a namespace that is no longer at these paths.
fn keepers(found: &Found, gone: &[PathBuf]) -> Vec<String> {
    let mut keepers = Vec::new();
    let inside: Vec<&Process> = found.pids.iter().filter(|p| p.pid != id()).collect();
    if let [first, rest @ ..] = inside.as_slice() {
        let who = format!("process {} ({})", first.pid, shown(&first.comm));
        keepers.push(format!("{} in it", several(&who, rest.len(), ["is", "are"])));
    }
    for by in [Hold::Thread, Hold::File, Hold::Socket] {
        let all: Vec<&Holder> = found.holders.iter().filter(|h| h.by == by).collect();
        let Some(first) = all.first() else { continue };
        let who = held_by(first);
        keepers.push(format!("{} it", several(&who, all.len() - 1, ["holds", "hold"])));
    }
    let paths: Vec<String> = found.paths.iter().filter(|p| !gone.contains(p)).map(shown).collect();
    if !paths.is_empty() {
        keepers.push(format!("it is {} as well", paths.join(" and ")));
    }
    keepers
}

/// `an open file of bash (1)`.
pub fn held_by(holder: &Holder) -> String {
    let by = match holder.by {
        Hold::Thread => "a thread",
        Hold::File => "an open file",
        Hold::Socket => "a socket",
    };
    format!("{by} of {} ({})", shown(&holder.comm), holder.pid)
}

/// `process 1 (bash) is`, `process 1 (bash) and 3 more are`.
fn several(first: &str, more: usize, [one, many]: [&str; 2]) -> String {
    if more == 0 { format!("{first} {one}") } else { format!("{first} and {more} more {many}") }
}

/// The VXLAN devices in namespaces that stay, whose UDP socket is in the one that goes.
fn devices_elsewhere(
    context: &Context,
    discovery: &Discovery,
    name: &NsName,
    key: NsKey,
    going: &[(&NsName, NsKey)],
) -> Vec<String> {
    let Ok(ns) = NetNs::open(&name.path()) else { return Vec::new() };
    let mut lines = Vec::new();
    let goes = |other: &NsKey| *other == key || going.iter().any(|(_, gone)| gone == other);
    for found in discovery.namespaces.values().filter(|f| !goes(&f.key)) {
        let Some(other) = found.open() else { continue };
        let Ok(mut reader) = Reader::open(&context.kernel, &other) else { continue };
        let Ok(links) = reader.links(false) else { continue };
        let vxlans: Vec<_> =
            links.iter().filter(|l| l.vxlan().is_some() && l.peer.nsid.is_some()).collect();
        if vxlans.is_empty() {
            continue;
        }
        let Ok(Some(id)) = reader.nsid_of(&ns) else { continue };
        for link in vxlans.iter().filter(|l| l.peer.nsid == Some(id)) {
            let place = found.names.first().cloned().unwrap_or_else(|| found.key.to_string());
            let place = shown(place);
            lines.push(format!(
                "{} in netns {place} ended with {name}: its UDP socket was there",
                link.name
            ));
        }
    }
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_keeps_a_namespace_is_named_in_a_sentence() {
        let process = |pid| Process { pid, comm: "bash".into() };
        let holder = |pid, by| Holder { pid, comm: "sh".into(), by };
        let mut found = Found {
            pids: vec![process(4), process(id())],
            holders: vec![holder(5, Hold::File)],
            paths: vec!["/run/netns/h1".into()],
            ..Found::default()
        };
        let gone = [PathBuf::from("/run/netns/h1")];
        assert_eq!(
            keepers(&found, &gone),
            ["process 4 (bash) is in it", "an open file of sh (5) holds it"]
        );
        found.pids.extend([process(6), process(7)]);
        found.holders = vec![holder(8, Hold::Socket), holder(9, Hold::Socket)];
        found.paths.push("/run/elsewhere/x".into());
        assert_eq!(
            keepers(&found, &gone),
            [
                "process 4 (bash) and 2 more are in it",
                "a socket of sh (8) and 1 more hold it",
                "it is /run/elsewhere/x as well"
            ]
        );
    }
}
