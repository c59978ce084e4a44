//! A picture as a flowchart for Mermaid: subgraphs for hosts and namespaces, a
//! node a device. Every text goes through one function that quotes it.

use std::fmt::Write as _;

use super::model::{FrameKind, Join, Picture, SpaceId};

/// So many namespaces that are attached to nothing stand beside one another.
const LOOSE: usize = 8;

/// The whole document.
pub fn draw(picture: &Picture) -> String {
    let mut chart = Chart { out: String::from("flowchart LR\n"), picture };
    for (number, frame) in picture.frames.iter().enumerate() {
        if frame.kind == FrameKind::Between {
            frame.spaces().for_each(|id| chart.space(id));
            continue;
        }
        let hub = frame.hub.filter(|_| frame.kind == FrameKind::Host);
        let name = match (hub, frame.kind) {
            (Some(id), _) => title(picture, id),
            (None, FrameKind::Unseen) => "host not found from here".into(),
            (None, _) => " ".into(),
        };
        let _ = writeln!(chart.out, "  subgraph h{number}[{}]", quoted(&name));
        if let Some(hub) = hub {
            chart.cards(hub);
        }
        for id in frame.spaces().filter(|id| Some(*id) != hub) {
            chart.space(id);
        }
        chart.out.push_str("  end\n");
    }
    for id in &picture.loose {
        chart.space(*id);
    }
    for row in picture.loose.chunks(LOOSE).filter(|row| row.len() > 1) {
        let nodes: Vec<String> = row.iter().map(|id| format!("n{id}")).collect();
        // A link that is not drawn: else all would stand below one another.
        let _ = writeln!(chart.out, "  {}", nodes.join(" ~~~ "));
    }
    chart.edges();
    chart.out.push_str("  classDef bad stroke:#d2361f,stroke-width:2px\n");
    chart.out
}

struct Chart<'p> {
    out: String,
    picture: &'p Picture,
}

impl Chart<'_> {
    fn space(&mut self, id: SpaceId) {
        let name = quoted(&title(self.picture, id));
        if self.picture.spaces[id].cards.is_empty() {
            // A subgraph without a node cannot be drawn.
            let _ = writeln!(self.out, "    n{id}[{name}]");
            return;
        }
        let _ = writeln!(self.out, "    subgraph n{id}[{name}]");
        self.cards(id);
        self.out.push_str("    end\n");
    }

    fn cards(&mut self, id: SpaceId) {
        for number in &self.picture.spaces[id].cards {
            let card = &self.picture.cards[*number];
            let label = quoted(&card.label());
            let bad = if card.is_bad() { ":::bad" } else { "" };
            let _ = if card.is_bar {
                writeln!(self.out, "      c{number}([{label}]){bad}")
            } else {
                writeln!(self.out, "      c{number}[{label}]{bad}")
            };
        }
    }

    fn edges(&mut self) {
        for (number, card) in self.picture.shown() {
            if let Some(master) = card.master {
                let _ = writeln!(self.out, "  c{master} --- c{number}");
            }
        }
        for cable in &self.picture.cables {
            let [a, b] = cable.ends;
            let line = if cable.join == Join::Parent { "-.-" } else { "---" };
            let _ = writeln!(self.out, "  c{a} {line} c{b}");
        }
        for tunnel in &self.picture.tunnels {
            let [a, b] = &tunnel.ends;
            let mut words = format!("{}\n{} – {}", tunnel.label(), a.address(), b.address());
            for (end, fault) in tunnel.faults() {
                let _ = write!(words, "\n{}: {fault}", self.picture.place(end.card));
            }
            let _ = writeln!(self.out, "  c{} ===|{}| c{}", a.card, quoted(&words), b.card);
        }
        for (number, mesh) in self.picture.meshes.iter().enumerate() {
            let _ = writeln!(self.out, "  m{number}([{}])", quoted(&mesh.label()));
            for end in &mesh.ends {
                let address = quoted(&end.address());
                let _ = writeln!(self.out, "  c{} ===|{address}| m{number}", end.card);
            }
        }
        for (number, remote) in self.picture.remotes.iter().enumerate() {
            let _ = writeln!(self.out, "  r{number}[{}]", quoted(&remote.label()));
            for (card, endpoints) in &remote.known_by {
                let behind = quoted(&remote.behind(*endpoints));
                let _ = writeln!(self.out, "  c{card} ===|{behind}| r{number}");
            }
        }
    }
}

fn title(picture: &Picture, id: SpaceId) -> String {
    let space = &picture.spaces[id];
    if space.owner.is_empty() {
        space.name.clone()
    } else {
        format!("{} · {}", space.name, space.owner)
    }
}

/// A text between quotes. Whatever might mean something to Mermaid, to Markdown or
/// to HTML is written by its number.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br/>"),
            c if c.is_alphanumeric() || " .,:/()+-–·⇄".contains(c) => out.push(c),
            c => drop(write!(out, "#{};", u32::from(c))),
        }
    }
    out.push('"');
    out
}
