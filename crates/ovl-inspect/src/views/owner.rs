//! Whose a namespace is, in a few words: an overlay network's, a host's, a
//! container's, or of the processes in it.

use ovl_core::names::shown;
use ovl_machine::discover::{Found, Hold, Process, overlay_id};
use ovl_machine::machine::Machine;

/// The engines' own processes: where they are is a host.
const ENGINES: [&str; 4] = ["dockerd", "containerd", "podman", "crio"];
/// The first digits of an id, as `docker network ls` shows it.
const SHORT: usize = 10;

/// The owner; `None` for one that is only a name.
pub fn of(machine: &Machine, found: &Found) -> Option<String> {
    if let Some(id) = found.paths.iter().find_map(|p| overlay_id(p)) {
        return Some(overlay(machine, id));
    }
    let mut parts = Vec::new();
    // Where the engine told its name, the namespace is called by it.
    if let Some(container) = found.container.as_ref().filter(|c| c.name.is_none()) {
        parts.push(format!("container {}", shown(container.short_id())));
    }
    let is_engine = |p: &&Process| ENGINES.contains(&p.comm.as_str());
    let engine = found.pids.iter().find(is_engine).filter(|_| found.container.is_none());
    match engine {
        Some(engine) => parts.push(format!("host: {}", process(engine))),
        None => parts.extend(processes(found)),
    }
    (!parts.is_empty()).then(|| parts.join("  "))
}

fn overlay(machine: &Machine, short: &str) -> String {
    let mut names = machine.networks.iter().filter(|(id, _)| id.get(..SHORT) == Some(short));
    match names.next() {
        Some((_, name)) => format!("overlay {}", shown(name)),
        None => format!("overlay network {short}"),
    }
}

fn processes(found: &Found) -> Option<String> {
    match found.pids.as_slice() {
        [] => held(found),
        [one] => Some(process(one)),
        [first, rest @ ..] => Some(format!("{} and {} more", process(first), rest.len())),
    }
}

/// What keeps one alive that has neither a file nor a process in it.
fn held(found: &Found) -> Option<String> {
    let holder = found.holders.first().filter(|_| found.paths.is_empty())?;
    let by = match holder.by {
        Hold::Thread => "a thread",
        Hold::File => "an open file",
        Hold::Socket => "a socket",
    };
    Some(format!("held by {by} of {} ({})", shown(&holder.comm), holder.pid))
}

fn process(process: &Process) -> String {
    format!("{} ({})", shown(&process.comm), process.pid)
}
