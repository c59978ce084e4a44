//! The machine as a tree: each namespace with its owner; in it the bridges with
//! their ports, the other devices, each port's other end, and the VXLAN devices
//! with VNI, socket namespace and rows.

use ovl_core::names::shown;
use std::collections::BTreeMap;

use ovl_cli::flags::Format;
use ovl_cli::paint::{Paint, Tone};
use ovl_cli::shape::{self, Netns};
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::link::{Kind, Link};
use ovl_core::netns::NsKey;
use ovl_core::state::NsState;
use ovl_machine::joins::{Peer, is_cable};
use ovl_machine::machine::ends::has_parent;
use ovl_machine::machine::{Machine, Space};
use serde_json::{Value, json};

use super::branch::{self, Node, Pen, Word};
use super::unseen::Unseen;
use super::{known, owner, snapshot};

/// The tree: of this machine, or of those that were saved, one after the other.
pub fn show(context: &Context, snapshots: &[String]) -> Result<Exit, Error> {
    let live = ["live".to_owned()];
    let from = if snapshots.is_empty() { live.as_slice() } else { snapshots };
    let scene = snapshot::load(context, from)?;
    let is_wide = context.flags.format() == Format::Wide;
    let flags = &context.flags;
    let (paint, room) = (Paint::of(flags), output::room(flags));
    let pen = Pen { paint, room, is_drawn: output::is_terminal() };
    let trees: Vec<Tree<'_>> = scene
        .machines
        .iter()
        .map(|machine| Tree {
            machine,
            host: scene.host_of(machine),
            pen,
            is_wide,
            names: machine.names(),
        })
        .collect();
    let spaces: Vec<Value> = trees.iter().flat_map(Tree::json).collect();
    output::show(&context.flags, &spaces, |_| {
        let titled = |tree: &Tree<'_>| match trees.len() {
            1 => tree.text(),
            _ => format!("{}\n{}", shown(&tree.machine.host), tree.text()),
        };
        trees.iter().map(titled).collect::<Vec<_>>().join("\n")
    })?;
    Ok(snapshot::completeness(context, &scene))
}

struct Tree<'m> {
    machine: &'m Machine,
    /// The host its references begin with, where several are shown.
    host: Option<&'m str>,
    pen: Pen,
    /// What is on every device is shown as well.
    is_wide: bool,
    /// What each namespace is called.
    names: BTreeMap<NsKey, String>,
}

impl Tree<'_> {
    /// Namespaces in the order in which a reader wants them: hosts (those with
    /// VXLAN sockets), overlays, then the rest, each by name.
    fn spaces(&self) -> Vec<&Space> {
        let mut spaces: Vec<&Space> = self.machine.spaces.values().collect();
        spaces.sort_by_key(|s| (self.rank(s), self.name(s.found.key)));
        spaces
    }

    fn rank(&self, space: &Space) -> u8 {
        if self.machine.sockets_in(space.found.key).next().is_some() {
            0
        } else if space.state.vxlans().next().is_some() {
            1
        } else {
            2
        }
    }

    fn name(&self, key: NsKey) -> String {
        self.names.get(&key).cloned().unwrap_or_else(|| key.to_string())
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for space in self.spaces() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&branch::title(&self.title(space), self.pen));
            out.push_str(&branch::draw(&self.devices(space), self.pen));
        }
        for known_by in self.machine.only_by_id().iter() {
            if !out.is_empty() {
                out.push('\n');
            }
            let unseen = Unseen { machine: self.machine, known_by };
            out.push_str(&branch::title(&unseen.title(&self.names), self.pen));
            out.push_str(&branch::draw(&unseen.devices(&self.names), self.pen));
        }
        out
    }

    /// Its reference, where it is, and who lives there.
    fn title(&self, space: &Space) -> Vec<Word> {
        let found = &space.found;
        let name = self.name(found.key);
        let path = found.paths.first().map(|p| p.display().to_string());
        let path = path.filter(|p| *p != name).map(|p| match self.pen.room {
            Some(_) => end_of(&p),
            None => shown(&p),
        });
        let mut words = vec![Word::new(name).toned(self.tone(space))];
        words.extend(path.map(|p| Word::new(p).toned(Tone::Faint)));
        words.extend(owner::of(self.machine, found).map(Word::new));
        words
    }

    fn devices(&self, space: &Space) -> Vec<Node> {
        let state = &space.state;
        let mut nodes = Vec::new();
        for link in &state.links {
            // A port hangs from its bridge; an idle loopback says nothing.
            if link.name.as_str() == "lo" || (master(state, link).is_some() && hangs(state, link)) {
                continue;
            }
            nodes.push(self.device(space, link));
        }
        for (other, link) in self.machine.sockets_in(space.found.key) {
            let place = format!("{}:{}", self.name(other.found.key), link.name);
            nodes.push(Node::socket(link.vxlan().and_then(|v| v.dstport), &place));
        }
        nodes
    }

    fn device(&self, space: &Space, link: &Link) -> Node {
        let state = &space.state;
        // Link-local IPv6 addresses are on every device that is up.
        let addrs = state.addrs_of(link.index).filter(|a| self.is_wide || a.scope != "link");
        let addresses: Vec<String> = addrs.map(|a| a.cidr.to_string()).collect();
        let under = state.ports_of(link.index).filter(|port| hangs(state, port));
        let under = under.map(|port| self.device(space, port));
        let rows = link.vxlan().map(|_| self.rows(space, link)).unwrap_or_default();
        let (far, lost) = match self.far(space, link) {
            Far::None => (String::new(), false),
            Far::Found(far) => (format!("⇄ {far}"), false),
            Far::Parent(far) => (format!("↑ {far}"), false),
            Far::Lost(why) => (format!("⇄ {why}"), true),
        };
        Node {
            name: link.name.to_string(),
            tail: Vec::new(),
            addresses,
            details: self.details(space, link),
            trouble: trouble(link),
            far,
            lost,
            under: rows.into_iter().chain(under).collect(),
        }
    }

    /// What kind it is, and its MTU where that is not its bridge's.
    fn details(&self, space: &Space, link: &Link) -> Vec<String> {
        let mut parts = Vec::new();
        match &link.kind {
            Kind::Vxlan { attrs, .. } => {
                parts.extend(shape::gist(attrs));
                parts.extend(self.socket(space, link));
                let dev = self.machine.underlay_device(space.key(), link);
                parts.extend(dev.map(|dev| format!("dev {}", dev.name)));
            }
            Kind::Bridge(_) => parts.push("bridge".into()),
            Kind::Veth | Kind::Plain => {}
            Kind::Other(kind) => parts.push(kind.clone()),
        }
        let master = master(&space.state, link);
        let mtu = link.attrs.mtu.filter(|mtu| master.is_none_or(|m| m.attrs.mtu != Some(*mtu)));
        parts.extend(mtu.map(|m| format!("mtu {m}")));
        parts
    }

    /// The endpoints a VXLAN device knows, a line each.
    fn rows(&self, space: &Space, link: &Link) -> Vec<Node> {
        let more = |count| {
            let (dev, place) = (&link.name, self.name(space.found.key));
            format!("and {count} more: ovl-fdb list --dev {dev} -n {place}")
        };
        known::rows(&space.state, link, more)
    }

    fn socket(&self, space: &Space, link: &Link) -> Option<String> {
        match self.machine.far_space(space.found.key, link) {
            Some(key) if key == space.found.key => None,
            Some(key) => Some(format!("socket in {}", self.name(key))),
            None => Some(match super::unseen::place(self.machine, space.found.key, link) {
                Some(place) => format!("socket in {place}"),
                None => "socket in a namespace not found from here".into(),
            }),
        }
    }

    fn far(&self, space: &Space, link: &Link) -> Far {
        let at = space.found.key;
        if let Some(why) = self.machine.disagreement(at, link) {
            return Far::Lost(super::disagreement(&why));
        }
        if has_parent(link) {
            return match self.machine.parent(at, link) {
                Some(parent) => Far::Parent(self.end(at, parent)),
                None => match super::unseen::place(self.machine, at, link) {
                    Some(place) => Far::Parent(place),
                    None => Far::Lost("its parent is not found from here".into()),
                },
            };
        }
        if !is_cable(&link.kind) {
            return Far::None;
        }
        match self.machine.peer(at, link) {
            Some(peer) => Far::Found(self.end(at, peer)),
            None => match super::unseen::place(self.machine, at, link) {
                Some(place) => Far::Found(place),
                None => Far::Lost("not found from here".into()),
            },
        }
    }

    /// A device somewhere, as it is called from a device in `at`.
    fn end(&self, at: NsKey, peer: Peer) -> String {
        let place = if peer.key == at {
            peer.ifname.to_string()
        } else {
            format!("{}:{}", self.name(peer.key), peer.ifname)
        };
        let master = peer.master.map(|m| format!(" ({m})")).unwrap_or_default();
        format!("{place}{master}")
    }

    fn tone(&self, space: &Space) -> Tone {
        match self.rank(space) {
            0 => Tone::Host,
            1 => Tone::Overlay,
            _ => Tone::Space,
        }
    }

    fn json(&self) -> Vec<Value> {
        let spaces = self.spaces().into_iter().map(|space| {
            let netns = self.netns(space);
            let links = space.state.links.iter().map(|link| self.link_json(space, link));
            json!({
                "netns": netns,
                "pids": space.found.pids,
                "container": space.found.container,
                "links": links.collect::<Vec<_>>(),
            })
        });
        let unseen = self.machine.only_by_id();
        let unseen = unseen.iter().map(|known_by| {
            let unseen = Unseen { machine: self.machine, known_by };
            unseen.json(|space| self.netns(space))
        });
        spaces.chain(unseen).collect()
    }

    fn netns(&self, space: &Space) -> Netns {
        Netns::new(&space.found, self.machine.own, space.cookie).on(self.host)
    }

    fn link_json(&self, space: &Space, link: &Link) -> Value {
        let netns = |key: NsKey| self.machine.spaces.get(&key).map(|s| self.netns(s));
        let end = |p: Peer| {
            json!({
                "netns": netns(p.key),
                "ifname": p.ifname,
                "ifindex": p.ifindex,
                "master": p.master,
            })
        };
        let at = space.found.key;
        let disagree = self.machine.disagreement(at, link);
        let peer = self.machine.peer(at, link).filter(|_| disagree.is_none()).map(end);
        let parent = self.machine.parent(at, link).map(end);
        let vxlan = link.vxlan().map(|_| {
            let mut map = shape::vxlan(link, None);
            let under = self.machine.far_space(space.found.key, link).and_then(netns);
            map.insert("underlay".into(), json!({ "netns": under }));
            map
        });
        let addresses: Vec<String> =
            space.state.addrs_of(link.index).map(|a| a.cidr.to_string()).collect();
        json!({
            "ifindex": link.index,
            "ifname": link.name,
            "kind": (!link.kind.name().is_empty()).then(|| link.kind.name()),
            "mac": link.attrs.mac,
            "mtu": link.attrs.mtu,
            "up": link.state.is_up(),
            "carrier": link.state.has_carrier(),
            "operstate": link.state.operstate,
            "master": shape::name_at(&space.state.links, link.master),
            "addresses": addresses,
            "peer": peer,
            "parent": parent,
            "disagree": disagree,
            "vxlan": vxlan,
        })
    }
}

/// The other end of a cable.
enum Far {
    /// It is no cable.
    None,
    /// Where it is.
    Found(String),
    /// Not a cable's end, but what it stands on.
    Parent(String),
    /// It cannot be found, and why.
    Lost(String),
}

fn master<'s>(state: &'s NsState, link: &Link) -> Option<&'s Link> {
    link.master.and_then(|index| state.link_at(index))
}

/// Does it lead from master to master to one that has none? In a file that somebody has
/// written, masters may go round in a circle.
fn hangs(state: &NsState, link: &Link) -> bool {
    let mut top = master(state, link);
    for _ in &state.links {
        match top {
            Some(link) => top = master(state, link),
            None => return true,
        }
    }
    false
}

/// The end of a path, by which it is known again: `…/exec/netns/1-6a38c9b837`.
fn end_of(path: &str) -> String {
    let path = shown(path);
    match path.rmatch_indices('/').nth(2) {
        Some((at, _)) if path.len() > LONG_PATH => format!("…{}", &path[at..]),
        _ => path,
    }
}

/// Paths that are longer than this lose their beginning.
const LONG_PATH: usize = 40;

/// What keeps it from carrying packets.
fn trouble(link: &Link) -> &'static str {
    if !link.state.is_up() {
        "down"
    } else if !link.state.has_carrier() {
        "no carrier"
    } else {
        ""
    }
}
