//! Several machines looked at together: this one, and snapshots of others. A
//! namespace is then named `HOST:NS`; the host may be left out where only one
//! machine is looked at, or only one has it.

use std::borrow::Cow;
use std::path::Path;

use ovl_core::names::{NsRef, shown};

use crate::discover::{is_below, overlay_id};
use crate::machine::{Machine, Space};
use crate::resolve::{ResolveError, Why};

/// The machines of a view.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// Each with its own namespaces.
    pub machines: Vec<Machine>,
}

/// A namespace of a scene.
#[derive(Debug, Clone, Copy)]
pub struct At<'s> {
    /// Its machine.
    pub machine: &'s Machine,
    /// The namespace.
    pub space: &'s Space,
}

impl Scene {
    /// Adds a machine; one that was read at once with one that is there is that one. A
    /// second one of that host name - an earlier look at it, or a copy of a virtual
    /// machine - is told from the first by a number: `vm#2`.
    pub fn add(&mut self, mut machine: Machine) {
        if self.machines.iter().any(|other| is_same_look(other, &machine)) {
            return;
        }
        let name = machine.host.clone();
        let mut number = 1;
        while self.machines.iter().any(|other| other.host == machine.host) {
            number += 1;
            machine.host = format!("{name}#{number}");
        }
        self.machines.push(machine);
    }

    /// The host that a machine's references begin with: `None` where only one is
    /// looked at.
    pub fn host_of<'m>(&self, machine: &'m Machine) -> Option<&'m str> {
        (self.machines.len() > 1).then_some(machine.host.as_str())
    }

    /// The namespace a reference means.
    pub fn find(&self, reference: &str) -> Result<At<'_>, ResolveError> {
        let mut found: Vec<At<'_>> = Vec::new();
        for machine in &self.machines {
            let inner = match reference.split_once(':') {
                Some((host, rest)) if host == machine.host => rest,
                _ => reference,
            };
            let Ok(wanted) = inner.parse::<NsRef>() else { continue };
            let spaces = machine.spaces.values().filter(|s| is_meant(machine, s, &wanted));
            found.extend(spaces.map(|space| At { machine, space }));
        }
        match found.as_slice() {
            [] => Err(Why::NotSaved.of(reference)),
            [one] => Ok(*one),
            several => {
                let name = |at: &At<'_>| {
                    let inner = at.space.found.reference(at.machine.own);
                    shown(format!("{}:{inner}", at.machine.host))
                };
                Err(Why::SavedTwice(several.iter().map(name).collect()).of(reference))
            }
        }
    }
}

/// Are both what one machine was at one time? Hosts that share a kernel share its boot
/// as well, and are told by their names and the namespaces that they look from.
fn is_same_look(a: &Machine, b: &Machine) -> bool {
    let of = |m: &Machine| (m.time, m.own);
    !a.boot_id.is_empty() && a.boot_id == b.boot_id && a.host == b.host && of(a) == of(b)
}

/// Docker's folder is written with /var/run, which is a link to /run wherever it runs.
fn below_run(path: &Path) -> Cow<'_, Path> {
    match path.strip_prefix("/var/run") {
        Ok(rest) => Path::new("/run").join(rest).into(),
        Err(_) => path.into(),
    }
}

fn is_meant(machine: &Machine, space: &Space, wanted: &NsRef) -> bool {
    let found = &space.found;
    let has_file = |name: &str| {
        found.paths.iter().any(|p| p.file_name().is_some_and(|n| n.to_string_lossy() == name))
    };
    match wanted {
        NsRef::Name(name) => {
            found.names.iter().any(|n| n == name.as_str()) || has_file(name.as_str())
        }
        NsRef::Below(folder, name) => found.paths.iter().any(|path| {
            is_below(path, folder.as_str())
                && path.file_name().is_some_and(|n| n.to_string_lossy() == name.as_str())
        }),
        NsRef::Path(path) => found.paths.iter().any(|p| below_run(p) == below_run(path)),
        NsRef::Pid(pid) => found.pids.iter().any(|p| p.pid == *pid),
        NsRef::Container(_, id) => found.container.as_ref().is_some_and(|c| {
            c.name.as_deref() == Some(id) || (id.len() >= 4 && c.id.starts_with(id.as_str()))
        }),
        NsRef::Overlay(network) => {
            // By the name that the engine told when it was saved, or by the id.
            let named = machine.networks.iter().find(|(_, name)| *name == network);
            let id = named.map_or(network.as_str(), |(id, _)| id.as_str());
            let short = id.get(..10).unwrap_or(id);
            found.paths.iter().any(|p| overlay_id(p) == Some(short))
        }
        NsRef::Vni(vni) => {
            space.state.vxlans().any(|l| l.vxlan().is_some_and(|v| v.vni == Some(*vni)))
        }
        NsRef::Inode(inode) => found.key.inode == *inode,
        // Of another machine: where it is this one's, its host was taken off.
        NsRef::Far(..) => false,
        NsRef::Own => space.key() == machine.own,
        NsRef::Init => found.pids.iter().any(|p| p.pid == 1),
    }
}
