//! One file a view. A view is a function of what was read; it asks the kernel
//! nothing and decides nothing. Here is what all of them read from.

mod branch;
pub mod graph;
mod known;
pub mod links;
mod owner;
mod part;
pub mod routes;
pub mod rows;
pub mod snapshot;
pub mod tree;
mod unseen;

use ovl_core::names::shown;
use std::collections::{BTreeMap, BTreeSet};

use ovl_cli::error::reading;
use ovl_cli::shape::{Netns, Underlay};
use ovl_cli::{Context, Error};
use ovl_core::link::Link;
use ovl_core::netns::{NetNs, NsKey};
use ovl_machine::joins::Disagreement;
use ovl_machine::machine::{Machine, Part, Space};
use ovl_machine::scene::Scene;

use crate::cli::Namespaces;

/// What a view looks at: machines, and the namespaces of them that were named.
pub struct Sight {
    scene: Scene,
    chosen: Vec<(usize, NsKey, String)>,
}

/// One namespace of a view.
pub struct Chosen<'s> {
    /// As the user wrote it.
    pub title: &'s str,
    /// Its machine.
    pub machine: &'s Machine,
    /// The namespace.
    pub space: &'s Space,
    /// The host its references begin with, where several are looked at.
    host: Option<&'s str>,
    names: BTreeMap<NsKey, String>,
}

impl Sight {
    /// Reads the namespaces of a view: from this machine, or from snapshots.
    pub fn look(
        context: &Context,
        snapshots: &[String],
        args: &Namespaces,
        part: Part,
    ) -> Result<Sight, Error> {
        if snapshots.is_empty() {
            return Sight::live(context, args, part);
        }
        let scene = snapshot::load(context, snapshots)?;
        let mut chosen = Vec::new();
        for reference in args.references() {
            let title = reference.to_string();
            let at = scene.find(&title)?;
            let place = scene.machines.iter().position(|m| std::ptr::eq(m, at.machine));
            chosen.push((place.unwrap_or_default(), at.space.key(), title));
        }
        Ok(Sight::of(scene, chosen))
    }

    fn live(context: &Context, args: &Namespaces, part: Part) -> Result<Sight, Error> {
        let references = args.references();
        let resolved: Vec<_> =
            references.iter().map(|r| context.resolve(r)).collect::<Result<_, _>>()?;
        let open: Vec<&NetNs> = resolved.iter().map(|r| &r.ns).collect();
        let label = match resolved.as_slice() {
            [one] => one.decl().label(),
            _ => None,
        };
        let machine = Machine::around(&context.kernel, &context.search, &open, part)
            .map_err(reading("what is there", label))?;
        let chosen = resolved.iter().map(|r| (0, r.ns.key(), r.label.clone())).collect();
        Ok(Sight::of(Scene { machines: vec![machine] }, chosen))
    }

    /// A namespace that was named twice, in two ways perhaps, is looked at once.
    fn of(scene: Scene, mut chosen: Vec<(usize, NsKey, String)>) -> Sight {
        let mut seen = BTreeSet::new();
        chosen.retain(|(place, key, _)| seen.insert((*place, *key)));
        Sight { scene, chosen }
    }

    /// The columns that a narrow terminal does without, the first first: where one
    /// namespace was named, who reads its table knows which.
    pub fn spare<'c>(&self, columns: &[&'c str]) -> Vec<&'c str> {
        let namespace = (self.chosen.len() == 1).then_some("NAMESPACE");
        namespace.into_iter().chain(columns.iter().copied()).collect()
    }

    /// The namespaces that were named, in that order.
    pub fn each(&self) -> impl Iterator<Item = Chosen<'_>> {
        self.chosen.iter().map(|(place, key, title)| {
            let machine = &self.scene.machines[*place];
            let host = self.scene.host_of(machine);
            Chosen { title, machine, space: &machine.spaces[key], host, names: machine.names() }
        })
    }
}

/// The driver and the link message differ: then neither is believed.
fn disagreement(what: &Disagreement) -> String {
    let message = what.link_index.map_or("none".into(), |n| n.to_string());
    format!("the driver says number {}, the link message {message}", what.peer_ifindex)
}

impl Chosen<'_> {
    /// The namespace object.
    pub fn netns(&self) -> Netns {
        self.shaped(self.space)
    }

    /// The namespace object of another namespace of the same machine.
    pub fn netns_of(&self, key: NsKey) -> Option<Netns> {
        self.machine.spaces.get(&key).map(|space| self.shaped(space))
    }

    fn shaped(&self, space: &Space) -> Netns {
        Netns::new(&space.found, self.machine.own, space.cookie).on(self.host)
    }

    /// What it is called in a table: as the user wrote it, a path by its short name.
    pub fn label(&self) -> String {
        if self.title.contains('/') {
            self.name_of(self.space.key())
        } else {
            self.title.to_owned()
        }
    }

    /// What another namespace of its machine is called: where several are looked at,
    /// with the host, as one has to write it.
    pub fn name_of(&self, key: NsKey) -> String {
        let name = self.names.get(&key).cloned().unwrap_or_else(|| key.to_string());
        self.host.map(|host| format!("{}:{name}", shown(host))).unwrap_or(name)
    }

    /// The devices of the namespace in which a VXLAN device's socket is.
    pub fn socket_links(&self, dev: u32) -> &[Link] {
        let link = self.space.state.link_at(dev);
        let key = link.and_then(|link| self.machine.far_space(self.space.key(), link));
        let space = key.and_then(|key| self.machine.spaces.get(&key));
        space.map(|space| space.state.links.as_slice()).unwrap_or_default()
    }

    /// Where a VXLAN device's packets go out.
    pub fn underlay(&self, link: &Link) -> Underlay {
        let here = self.space.key();
        let key = self.machine.far_space(here, link);
        Underlay {
            netns: key.and_then(|k| self.netns_of(k)),
            place: key.map(|k| self.name_of(k)),
            ifname: self.machine.underlay_device(here, link).map(|l| l.name.clone()),
        }
    }
}
