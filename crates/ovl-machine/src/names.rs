//! The names that engines have for the containers and overlay networks that were
//! found: asked of their own commands, aside, while the kernel is read. Who does
//! not answer in time has told nothing; what was found is not held up by it.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::{self, JoinHandle};

use ovl_core::names::Engine;

use crate::container::{Container, Runtime};
use crate::discover::{Discovery, Found, overlay_id};
use crate::engine::{self, EngineError, Named};

/// Questions that are under way.
#[derive(Debug, Default)]
pub struct Asking {
    containers: Vec<(Engine, JoinHandle<Answer>)>,
    networks: Option<JoinHandle<Answer>>,
}

type Answer = Result<Vec<Named>, EngineError>;

impl Asking {
    /// Asks the engines of what was found, each once for everything; none when
    /// there is nothing of theirs.
    pub fn about<'f>(found: impl Iterator<Item = &'f Found>) -> Asking {
        let mut engines = BTreeSet::new();
        let mut has_overlay = false;
        for one in found {
            engines.extend(one.container.as_ref().and_then(Container::asked).map(Engine::command));
            has_overlay |= one.paths.iter().any(|p| overlay_id(p).is_some());
        }
        let ask = |engine| (engine, thread::spawn(move || engine::containers(engine)));
        Asking {
            containers: [Engine::Docker, Engine::Podman]
                .into_iter()
                .filter(|e| engines.contains(e.command()))
                .map(ask)
                .collect(),
            networks: has_overlay.then(|| thread::spawn(|| engine::networks(Engine::Docker))),
        }
    }

    /// The same, about a whole discovery.
    pub fn about_all(discovery: &Discovery) -> Asking {
        Asking::about(discovery.namespaces.values())
    }

    /// Waits for the answers, which come within the engines' two seconds.
    pub fn answers(self) -> Names {
        let mut names = Names::default();
        for (engine, asked) in self.containers {
            let Ok(answer) = asked.join() else { continue };
            names.take(answer, |names, one| {
                names.containers.insert(one.id, (engine, one.name));
            });
        }
        if let Some(Ok(answer)) = self.networks.map(JoinHandle::join) {
            names.take(answer, |names, one| {
                names.networks.insert(one.id, one.name);
            });
        }
        names
    }
}

/// What the engines answered.
#[derive(Debug, Default)]
pub struct Names {
    containers: BTreeMap<String, (Engine, String)>,
    /// Names of networks, by id.
    pub networks: BTreeMap<String, String>,
    /// Who did not answer, and why.
    pub failures: Vec<EngineError>,
}

impl Names {
    fn take(&mut self, answer: Answer, mut each: impl FnMut(&mut Names, Named)) {
        match answer {
            Ok(all) => all.into_iter().for_each(|one| each(self, one)),
            Err(why) => self.failures.push(why),
        }
    }

    /// Gives a namespace's container the name it has there.
    pub fn name(&self, found: &mut Found) {
        let Some(container) = &mut found.container else { return };
        let Some((engine, name)) = self.containers.get(&container.id) else { return };
        container.name = Some(name.clone());
        container.engine = Some(match engine {
            Engine::Docker => Runtime::Docker,
            Engine::Podman => Runtime::Podman,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ovl_core::netns::NsKey;

    use super::*;
    use crate::discover::short_names;

    fn sandbox(inode: u64, path: &str, id: &str) -> Found {
        let container = Container { engine: None, id: id.repeat(64), name: None };
        Found {
            key: NsKey { dev: 4, inode },
            paths: vec![PathBuf::from(path)],
            doors: vec![PathBuf::from(path)],
            container: Some(container),
            ..Found::default()
        }
    }

    fn answered() -> Names {
        let mut names = Names::default();
        let all = [("a", "X-1"), ("b", "X-2"), ("c", "X-2")];
        for (id, name) in all {
            names.containers.insert(id.repeat(64), (Engine::Docker, name.to_owned()));
        }
        names
    }

    #[test]
    fn a_sandbox_is_called_by_its_containers_name() {
        let mut all = [
            sandbox(1, "/exec/netns/aaaaaaaaaaaa", "a"),
            // A person gave this one a name.
            sandbox(2, "/run/netns/mine", "b"),
            sandbox(3, "/exec/netns/cccccccccccc", "c"),
            sandbox(4, "/exec/netns/dddddddddddd", "d"),
        ];
        let names = answered();
        for found in &mut all {
            names.name(found);
        }
        assert_eq!(all[0].container.as_ref().and_then(|c| c.engine), Some(Runtime::Docker));
        assert_eq!(all[3].container.as_ref().and_then(|c| c.name.as_deref()), None);
        let called = short_names(all.iter(), NsKey { dev: 4, inode: 99 });
        let called: Vec<&str> = called.values().map(String::as_str).collect();
        assert_eq!(called, ["docker:X-1", "mine", "docker:X-2", "dddddddddddd"]);
    }

    #[test]
    fn two_namespaces_of_one_container_are_told_apart() {
        let mut all = [sandbox(1, "/exec/netns/aaaaaaaaaaaa", "a"), sandbox(2, "/other/file", "a")];
        let names = answered();
        for found in &mut all {
            names.name(found);
        }
        let called = short_names(all.iter(), NsKey::default());
        let called: Vec<&str> = called.values().map(String::as_str).collect();
        assert_eq!(called, ["aaaaaaaaaaaa", "file"]);
    }

    #[test]
    fn nobody_is_asked_about_nothing() {
        let plain = Found { paths: vec![PathBuf::from("/run/netns/x1")], ..Found::default() };
        let asking = Asking::about(std::iter::once(&plain));
        assert!(asking.containers.is_empty() && asking.networks.is_none());
    }
}
