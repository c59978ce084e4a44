//! A namespace that is known only by an id: no name, process, file or socket of it
//! can be seen from here. Who knows it, by which id, and which devices lead there is
//! all that can be said without asking the kernel about it, which would assign ids.

use std::collections::BTreeMap;

use ovl_cli::paint::Tone;
use ovl_cli::shape::Netns;
use ovl_core::link::Link;
use ovl_core::netns::NsKey;
use ovl_machine::machine::ends::has_parent;
use ovl_machine::machine::{Machine, Space};
use serde_json::{Value, json};

use super::branch::{Node, Word};

/// Where a device leads that belongs to such a namespace: nothing is broken there,
/// it just cannot be looked at.
pub fn place(machine: &Machine, at: NsKey, link: &Link) -> Option<String> {
    let id = machine.far_id(at, link)?;
    let device = link.peer.index.filter(|_| link.vxlan().is_none());
    let device = device.map(|index| format!("device {index} in ")).unwrap_or_default();
    Some(format!("{device}unseen nsid {id}"))
}

/// One of them.
pub struct Unseen<'m> {
    /// Its machine.
    pub machine: &'m Machine,
    /// Who knows it, each by which id.
    pub known_by: &'m [(NsKey, i32)],
}

impl<'m> Unseen<'m> {
    /// How it is known: the words of `ovl-ns list`.
    pub fn title(&self, names: &BTreeMap<NsKey, String>) -> Vec<Word> {
        let name = |key: &NsKey| names.get(key).cloned().unwrap_or_else(|| key.to_string());
        let mut words = vec![Word::new("unseen").toned(Tone::Faint)];
        for (at, (key, id)) in self.known_by.iter().enumerate() {
            let known = format!("nsid {id} in {}", name(key));
            let comma = if at + 1 < self.known_by.len() { "," } else { "" };
            words.push(match at {
                0 => Word::new(format!("known only as {known}{comma}")),
                _ => Word::next(format!("{known}{comma}")),
            });
        }
        words
    }

    /// Its devices as far as others lead there, and the sockets of their VXLAN devices.
    pub fn devices(&self, names: &BTreeMap<NsKey, String>) -> Vec<Node> {
        let near = |space: &Space, link: &Link| {
            let key = space.key();
            let name = names.get(&key).cloned().unwrap_or_else(|| key.to_string());
            format!("{name}:{}", link.name)
        };
        let mut nodes: Vec<(Option<u32>, Node)> = Vec::new();
        for (space, _, link) in self.leading() {
            let near = near(space, link);
            if let Some(vxlan) = link.vxlan() {
                nodes.push((None, Node::socket(vxlan.dstport, &near)));
            } else if let Some(index) = link.peer.index {
                let sign = if has_parent(link) { "↓" } else { "⇄" };
                let (name, far) = (format!("device {index}"), format!("{sign} {near}"));
                nodes.push((Some(index), Node { name, far, ..Node::default() }));
            }
        }
        nodes.sort_by_key(|(index, _)| (index.is_none(), *index));
        nodes.into_iter().map(|(_, node)| node).collect()
    }

    /// The devices that lead there, each with the id that its namespace has for it.
    fn leading(&self) -> impl Iterator<Item = (&'m Space, i32, &'m Link)> {
        let machine = self.machine;
        self.known_by.iter().flat_map(move |(key, id)| {
            let links = machine.spaces.get(key).into_iter();
            let links = links.flat_map(|space| space.state.links.iter().map(move |l| (space, l)));
            let there = links.filter(move |(_, link)| link.peer.nsid == Some(*id));
            there.map(move |(space, link)| (space, *id, link))
        })
    }

    /// A namespace object without what cannot be known, and who knows it: as
    /// `ovl-ns list` has them.
    pub fn json(&self, netns: impl Fn(&Space) -> Netns) -> Value {
        let known_by = self.known_by.iter().filter_map(|(key, id)| {
            let space = self.machine.spaces.get(key)?;
            let devices = self.leading().filter(|(at, _, _)| at.key() == *key);
            let devices: Vec<_> = devices.map(|(_, _, link)| &link.name).collect();
            Some(json!({ "netns": netns(space), "nsid": id, "devices": devices }))
        });
        let netns = json!({
            "ref": null, "inode": null, "cookie": null, "names": [], "paths": [], "kind": "unseen",
        });
        json!({
            "netns": netns,
            "pids": [],
            "container": null,
            "links": [],
            "known_by": known_by.collect::<Vec<_>>(),
        })
    }
}
