//! A picture as a graph for Graphviz: clusters for hosts and namespaces, a node a
//! device. Every text goes through one function that quotes it.

use std::fmt::Write as _;

use super::model::{CardId, FrameKind, Join, Light, Picture, SpaceId};

/// So many namespaces that are attached to nothing stand beside one another.
const LOOSE: usize = 8;

/// The whole document.
pub fn draw(picture: &Picture) -> String {
    let mut dot = Dot { out: String::new(), picture };
    dot.out.push_str("graph ovl {\n");
    dot.out.push_str("  graph [fontname=monospace, fontsize=11, rankdir=LR, labeljust=l]\n");
    dot.out.push_str("  node [fontname=monospace, fontsize=11, shape=box]\n");
    dot.out.push_str("  edge [fontname=monospace, fontsize=11]\n");
    for (number, frame) in picture.frames.iter().enumerate() {
        if frame.kind == FrameKind::Between {
            frame.spaces().for_each(|id| dot.space(id, "  "));
            continue;
        }
        let hub = frame.hub.filter(|_| frame.kind == FrameKind::Host);
        let name = hub.map(|id| title(picture, id));
        let name = name.unwrap_or_else(|| match frame.kind {
            FrameKind::Unseen => "host not found from here".into(),
            _ => String::new(),
        });
        let _ = writeln!(dot.out, "  subgraph cluster_h{number} {{\n    label={}", quoted(&name));
        if let Some(hub) = hub {
            dot.cards(hub, "    ");
        }
        for id in frame.spaces().filter(|id| Some(*id) != hub) {
            dot.space(id, "    ");
        }
        dot.out.push_str("  }\n");
    }
    for id in &picture.loose {
        dot.space(*id, "  ");
    }
    for row in picture.loose.chunks(LOOSE) {
        dot.row(row);
    }
    dot.edges();
    dot.out.push_str("}\n");
    dot.out
}

struct Dot<'p> {
    out: String,
    picture: &'p Picture,
}

impl Dot<'_> {
    fn space(&mut self, id: SpaceId, indent: &str) {
        let name = quoted(&title(self.picture, id));
        let _ = writeln!(self.out, "{indent}subgraph cluster_n{id} {{\n{indent}  label={name}");
        if self.picture.spaces[id].cards.is_empty() {
            // A cluster without a node is not drawn.
            let point = "style=invis, label=\"\", width=0, height=0";
            let _ = writeln!(self.out, "{indent}  n{id} [{point}]");
        }
        self.cards(id, &format!("{indent}  "));
        let _ = writeln!(self.out, "{indent}}}");
    }

    fn cards(&mut self, id: SpaceId, indent: &str) {
        for number in &self.picture.spaces[id].cards {
            let card = &self.picture.cards[*number];
            let shape = if card.is_bar { ", style=filled" } else { "" };
            let colour = if card.is_bad() { ", color=red" } else { "" };
            let label = quoted(&card.label());
            let _ = writeln!(self.out, "{indent}c{number} [label={label}{shape}{colour}]");
        }
    }

    /// Namespaces beside one another that nothing joins: left to itself, Graphviz
    /// puts all of them below one another.
    fn row(&mut self, row: &[SpaceId]) {
        let node = |id: &SpaceId| match self.picture.spaces[*id].cards.first() {
            Some(card) => format!("c{card}"),
            None => format!("n{id}"),
        };
        let nodes: Vec<String> = row.iter().map(node).collect();
        if nodes.len() > 1 {
            let _ = writeln!(self.out, "  {} [style=invis]", nodes.join(" -- "));
        }
    }

    fn edges(&mut self) {
        for (number, card) in self.picture.shown() {
            if let Some(master) = card.master {
                self.edge(master, number, "style=bold");
            }
        }
        for cable in &self.picture.cables {
            let [a, b] = cable.ends;
            let style = if cable.join == Join::Parent { "style=dotted" } else { "style=solid" };
            let is_bad = cable.ends.iter().any(|end| self.picture.cards[*end].light == Light::Bad);
            let colour = if is_bad { ", color=red" } else { "" };
            self.edge(a, b, &format!("{style}{colour}"));
        }
        self.signs();
    }

    /// Tunnels, meshes and VTEPs that are not seen: nodes of their own, for the label
    /// of an edge may be put on whatever is there.
    fn signs(&mut self) {
        for (number, tunnel) in self.picture.tunnels.iter().enumerate() {
            let [a, b] = &tunnel.ends;
            let label = format!("{}\n{} – {}", tunnel.label(), a.address(), b.address());
            let label = quoted(&label);
            let _ = writeln!(self.out, "  t{number} [style=rounded, label={label}]");
            let ends = [format!("c{} -- t{number}", a.card), format!("t{number} -- c{}", b.card)];
            for (edge, (end, other)) in ends.into_iter().zip([(a, b), (b, a)]) {
                let colour = if end.fault(other).is_some() { ", color=red" } else { "" };
                let _ = writeln!(self.out, "  {edge} [penwidth=4{colour}]");
            }
        }
        for (number, mesh) in self.picture.meshes.iter().enumerate() {
            let mut label = mesh.label();
            for end in &mesh.ends {
                let _ = write!(label, "\n{}", end.address());
            }
            let label = quoted(&label);
            let _ = writeln!(self.out, "  m{number} [style=rounded, label={label}]");
            for end in &mesh.ends {
                let _ = writeln!(self.out, "  c{} -- m{number} [penwidth=4]", end.card);
            }
        }
        for (number, remote) in self.picture.remotes.iter().enumerate() {
            // Two devices that know the same endpoints do not make them more.
            let endpoints = remote.known_by.iter().map(|(_, n)| *n).max().unwrap_or(0);
            let label = quoted(&format!("{}\n{}", remote.label(), remote.behind(endpoints)));
            let _ = writeln!(self.out, "  r{number} [style=dashed, label={label}]");
            for (card, _) in &remote.known_by {
                let _ = writeln!(self.out, "  c{card} -- r{number} [penwidth=4, style=dashed]");
            }
        }
    }

    fn edge(&mut self, a: CardId, b: CardId, attributes: &str) {
        let _ = writeln!(self.out, "  c{a} -- c{b} [{attributes}]");
    }
}

fn title(picture: &Picture, id: SpaceId) -> String {
    let space = &picture.spaces[id];
    if space.owner.is_empty() {
        space.name.clone()
    } else {
        format!("{}\n{}", space.name, space.owner)
    }
}

/// A string of the language, in which a backslash begins an escape.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Graphviz reads the entities of HTML inside of strings.
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
