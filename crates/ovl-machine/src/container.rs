//! Containers: which one a process belongs to, by the path of its cgroup. No
//! engine is asked here.

use std::fs;
use std::path::Path;

use ovl_core::names::Engine;
use serde::{Deserialize, Serialize};

/// How many hexadecimal digits a container's id has.
const ID_DIGITS: usize = 64;

/// What made a container, as far as the path of its cgroup tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// containerd, for Kubernetes or by nerdctl.
    Containerd,
    /// CRI-O.
    #[serde(rename = "cri-o")]
    CriO,
}

/// The container that a process belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The engine, as far as the cgroup tells.
    pub engine: Option<Runtime>,
    /// The container's id.
    pub id: String,
    /// Its name, where the engine was asked.
    pub name: Option<String>,
}

impl Container {
    /// The first digits of its id, as engines show it.
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// Its name, else the first digits of its id.
    pub fn name_or_id(&self) -> &str {
        self.name.as_deref().unwrap_or(self.short_id())
    }

    /// The engine whose command can be asked about it. One with a cgroup parent of
    /// its own leaves its name out: mostly Docker.
    pub fn asked(&self) -> Option<Engine> {
        match self.engine {
            Some(Runtime::Docker) | None => Some(Engine::Docker),
            Some(Runtime::Podman) => Some(Engine::Podman),
            Some(Runtime::Containerd | Runtime::CriO) => None,
        }
    }
}

/// The container of a process, read from its cgroup: engines put a container's
/// id into the path, as a folder or inside `docker-ID.scope`.
pub fn container_of(procfs: &Path, pid: u32) -> Option<Container> {
    let text = fs::read(procfs.join(pid.to_string()).join("cgroup")).ok()?;
    String::from_utf8_lossy(&text).lines().find_map(in_cgroup_line)
}

fn in_cgroup_line(line: &str) -> Option<Container> {
    let path = line.splitn(3, ':').nth(2)?;
    // The innermost container counts: a container may run an engine of its own.
    path.rsplit('/').find_map(|part| {
        let scope = part.strip_suffix(".scope").unwrap_or(part);
        // A colon, where containerd takes a systemd path for one of its own.
        let (prefix, id) = scope.rsplit_once(['-', ':']).unwrap_or(("", scope));
        let is_id = id.len() == ID_DIGITS && id.bytes().all(|b| b.is_ascii_hexdigit());
        // A container's monitor is outside it.
        let is_monitor = prefix.ends_with("-conmon");
        let container =
            || Container { engine: runtime(prefix, path), id: id.to_owned(), name: None };
        (is_id && !is_monitor).then(container)
    })
}

fn runtime(prefix: &str, path: &str) -> Option<Runtime> {
    if prefix.starts_with("libpod") || path.contains("/libpod") {
        Some(Runtime::Podman)
    } else if prefix == "crio" {
        Some(Runtime::CriO)
    } else if prefix.ends_with("cri-containerd") || prefix == "nerdctl" {
        Some(Runtime::Containerd)
    } else if prefix == "docker" || path.contains("/docker/") {
        Some(Runtime::Docker)
    } else {
        None
    }
}
