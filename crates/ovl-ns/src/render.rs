//! What ovl-ns shows.

use std::path::PathBuf;

use ovl_cli::output::{self, Columns};
use ovl_cli::shape::Netns;
use ovl_cli::{Context, Error, Exit};
use ovl_core::names::{IfName, NsName, shown, write_paths};
use ovl_core::netns::NetNs;
use ovl_machine::container::Container;
use ovl_machine::discover::{Holder, Process};
use serde::Serialize;
use serde_json::{Value, json};

use crate::last_words::held_by;

/// How many devices a table's cell names.
const FEW: usize = 4;

/// One namespace as it is shown.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// What views call it.
    #[serde(skip)]
    pub place: String,
    /// Which.
    #[serde(flatten)]
    pub netns: Netns,
    /// The id the caller's own namespace has for it.
    pub nsid: Option<i32>,
    /// Processes in it.
    pub pids: Vec<Process>,
    /// Processes that hold it by a thread, an open file or a socket.
    pub holders: Vec<Holder>,
    /// Mounts of it that lie under others, by their paths.
    #[serde(serialize_with = "write_paths", skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<PathBuf>,
    /// The container they are.
    pub container: Option<Container>,
    /// Names of its devices.
    pub links: Vec<IfName>,
}

impl Entry {
    fn who(&self) -> String {
        match (&self.container, self.pids.as_slice()) {
            (Some(container), _) => {
                format!("container {}", shown(container.name_or_id()))
            }
            (None, []) => self.held_by(),
            (None, [one]) => format!("{} ({})", shown(&one.comm), one.pid),
            (None, [first, rest @ ..]) => {
                format!("{} ({}) and {} more", shown(&first.comm), first.pid, rest.len())
            }
        }
    }

    /// What keeps a namespace that no process is in, beside its files.
    fn held_by(&self) -> String {
        let covered =
            || self.covered.first().map(|path| format!("under the mount at {}", shown(path)));
        self.holders.first().map(held_by).or_else(covered).unwrap_or_default()
    }

    fn row(&self, wide: bool) -> Vec<String> {
        let mut row = vec![
            self.place.clone(),
            self.netns.kind.into(),
            self.netns.inode.to_string(),
            self.nsid.map(|n| n.to_string()).unwrap_or_default(),
            few_devices(&self.links, wide),
            self.who(),
        ];
        if wide {
            row.push(self.netns.cookie.map(|c| c.to_string()).unwrap_or_default());
            row.push(paths(&self.netns));
        }
        row
    }
}

/// A namespace that only others know, by an id: no file, process or socket of it
/// can be seen from here.
#[derive(Debug)]
pub struct UnseenEntry {
    /// The id the caller's own namespace has for it.
    pub nsid: Option<i32>,
    /// Which namespaces know it.
    pub known_by: Vec<KnownBy>,
    /// Names of its devices, where the kernel tells them.
    pub links: Option<Vec<IfName>>,
}

/// One namespace that knows another, and how.
#[derive(Debug, Serialize)]
pub struct KnownBy {
    /// What views call it.
    #[serde(skip)]
    pub place: String,
    /// Which.
    pub netns: Netns,
    /// The id it has for the other.
    pub nsid: i32,
    /// Its devices whose other end, or socket, is there.
    pub devices: Vec<IfName>,
}

impl UnseenEntry {
    /// The namespace object without what cannot be known.
    fn json(&self) -> Value {
        json!({
            "ref": null, "inode": null, "cookie": null, "names": [], "paths": [], "kind": "unseen",
            "nsid": self.nsid, "pids": [], "holders": [], "container": null, "links": self.links,
            "known_by": self.known_by,
        })
    }

    fn row(&self, wide: bool) -> Vec<String> {
        let known: Vec<String> = self
            .known_by
            .iter()
            .map(|by| match by.devices.as_slice() {
                [] => format!("nsid {} in {}", by.nsid, by.place),
                devices => {
                    let names: Vec<String> = devices.iter().map(ToString::to_string).collect();
                    format!("nsid {} in {} ({})", by.nsid, by.place, names.join(" "))
                }
            })
            .collect();
        let mut row = vec![
            String::new(),
            "unseen".into(),
            String::new(),
            self.nsid.map(|n| n.to_string()).unwrap_or_default(),
            few_devices(self.links.as_deref().unwrap_or_default(), wide),
            format!("known only as {}", known.join(", ")),
        ];
        if wide {
            row.extend([String::new(), String::new()]);
        }
        row
    }
}

/// The names of devices but for the loopback, which is everywhere.
fn devices(links: &[IfName]) -> String {
    let names = links.iter().filter(|l| l.as_str() != "lo").map(ToString::to_string);
    names.collect::<Vec<_>>().join(" ")
}

/// The same for a table's cell: a host with hundreds of containers has a cable
/// to each.
fn few_devices(links: &[IfName], wide: bool) -> String {
    let others = links.iter().filter(|l| l.as_str() != "lo");
    let names: Vec<String> = others.map(ToString::to_string).collect();
    match names.split_at_checked(FEW) {
        Some((first, rest)) if !wide && rest.len() > 1 => {
            format!("{} and {} more", first.join(" "), rest.len())
        }
        _ => names.join(" "),
    }
}

/// The list.
pub fn list(context: &Context, entries: &[Entry], unseen: &[UnseenEntry]) -> Result<(), Error> {
    let found = entries.iter().map(|e| json!(e));
    let all: Vec<Value> = found.chain(unseen.iter().map(UnseenEntry::json)).collect();
    output::show(&context.flags, &all, |wide| {
        let mut columns = Columns {
            header: vec!["NAMESPACE", "KIND", "INODE", "NSID", "DEVICES", "WHO"],
            rows: Vec::new(),
        };
        if wide {
            columns.header.extend(["COOKIE", "PATHS"]);
        }
        columns.rows.extend(entries.iter().map(|entry| entry.row(wide)));
        columns.rows.extend(unseen.iter().map(|entry| entry.row(wide)));
        columns.text_without(&context.flags, &["NSID", "INODE"])
    })
}

/// One namespace.
pub fn show(context: &Context, entry: &Entry) -> Result<(), Error> {
    output::show(&context.flags, entry, |_| {
        let pids: Vec<String> =
            entry.pids.iter().map(|p| format!("{} {}", p.pid, shown(&p.comm))).collect();
        let rows = [
            ("namespace", shown(&entry.netns.reference)),
            ("kind", entry.netns.kind.into()),
            ("inode", entry.netns.inode.to_string()),
            ("cookie", entry.netns.cookie.map(|c| c.to_string()).unwrap_or_default()),
            ("nsid", entry.nsid.map(|n| n.to_string()).unwrap_or_default()),
            ("paths", paths(&entry.netns)),
            ("container", entry.container.as_ref().map(container).unwrap_or_default()),
            ("processes", pids.join(", ")),
            ("held by", entry.held_by()),
            ("devices", devices(&entry.links)),
        ];
        rows.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k:11}{v}\n")).collect()
    })
}

/// Its name, where the engine told it, and its id.
fn container(container: &Container) -> String {
    match &container.name {
        Some(name) => format!("{} {}", shown(name), container.id),
        None => container.id.clone(),
    }
}

fn paths(netns: &Netns) -> String {
    netns.paths.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// The processes of a namespace.
pub fn pids(context: &Context, pids: &[Process]) -> Result<(), Error> {
    output::show(&context.flags, &pids, |_| {
        let rows = pids.iter().map(|p| vec![p.pid.to_string(), shown(&p.comm)]);
        Columns { header: vec!["PID", "COMMAND"], rows: rows.collect() }.text(&context.flags)
    })
}

/// The namespace of a process.
pub fn identify(context: &Context, netns: &Netns) -> Result<(), Error> {
    output::show(&context.flags, netns, |_| format!("{}\n", shown(&netns.reference)))
}

/// An id. None assigned: said, and exit 3.
pub fn nsid(context: &Context, of: &NetNs, id: Option<i32>) -> Result<Exit, Error> {
    let value = json!({ "netns": context.object(of), "nsid": id });
    output::show(&context.flags, &value, |_| {
        id.map_or_else(|| "none assigned\n".into(), |n| format!("{n}\n"))
    })?;
    Ok(if id.is_some() { Exit::Done } else { Exit::Missing })
}

/// What was made.
pub fn made(context: &Context, names: &[NsName]) -> Result<(), Error> {
    let directory = context.directory();
    let made: Vec<Netns> = names
        .iter()
        .filter_map(|name| NetNs::open(&name.path()).ok())
        .map(|ns| directory.netns(ns.key(), ns.cookie().ok()))
        .collect();
    output::show(&context.flags, &made, |_| String::new())
}
