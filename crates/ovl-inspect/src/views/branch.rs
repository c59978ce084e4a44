//! A tree as lines of text whose columns stand under one another. Knows nothing
//! of what the words mean.

use std::fmt::Write as _;

use ovl_cli::paint::{Paint, Tone};

/// One line, and the lines that hang from it.
#[derive(Debug, Default)]
pub struct Node {
    /// What it is.
    pub name: String,
    /// Its addresses.
    pub addresses: String,
    /// More about it.
    pub details: String,
    /// What is wrong with it; empty: nothing.
    pub trouble: &'static str,
    /// Its other end; empty: it has none.
    pub far: String,
    /// Its other end should be there, and is not: `far` says so.
    pub lost: bool,
    /// What hangs from it.
    pub under: Vec<Node>,
}

/// A long value widens its own line, not the column.
const WIDEST: usize = 24;

/// A line: what is drawn before the name, and the node.
type Line<'n> = (String, &'n Node);

/// The lines of nodes that hang from one title.
pub fn draw(nodes: &[Node], paint: Paint) -> String {
    let mut lines = Vec::new();
    hang(&mut lines, nodes, "");
    let widths = Widths::of(&lines);
    lines.iter().map(|line| widths.text(line, paint) + "\n").collect()
}

fn hang<'n>(lines: &mut Vec<Line<'n>>, nodes: &'n [Node], indent: &str) {
    for (i, node) in nodes.iter().enumerate() {
        let last = i + 1 == nodes.len();
        let (branch, stem) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        lines.push((format!("{indent}{branch}"), node));
        hang(lines, &node.under, &format!("{indent}{stem}"));
    }
}

/// Where the columns end.
struct Widths {
    name: usize,
    addresses: usize,
    details: usize,
}

impl Widths {
    /// A column is as wide as the widest of its values that something follows.
    fn of(lines: &[Line<'_>]) -> Widths {
        let widest = |of: &dyn Fn(&Line<'_>) -> Option<usize>| {
            lines.iter().filter_map(of).filter(|w| *w <= WIDEST).max().unwrap_or(0)
        };
        Widths {
            name: widest(&|(stem, node)| {
                let more = [&node.addresses, &node.details, &node.far];
                more.iter().any(|m| !m.is_empty()).then(|| length(stem) + length(&node.name))
            }),
            addresses: widest(&|(_, node)| {
                let more = !node.far.is_empty() || !node.details.is_empty();
                (more && !node.addresses.is_empty()).then(|| length(&node.addresses))
            }),
            details: widest(&|(_, node)| {
                (!node.far.is_empty()).then(|| length(&node.details) + length(node.trouble))
            }),
        }
    }

    fn text(&self, (stem, node): &Line<'_>, paint: Paint) -> String {
        let name = self.name.saturating_sub(length(stem));
        let mut out = stem.clone();
        // Padded before it is painted: escape sequences have no width.
        let _ = write!(out, "{:name$}", node.name);
        // Only a value that is alone in its line may take the place of the next column.
        if !(node.addresses.is_empty() && node.far.is_empty()) || node.details.len() <= WIDEST {
            let _ = write!(out, "  {:w$}", node.addresses, w = self.addresses);
        }
        if !node.details.is_empty() || !node.trouble.is_empty() || !node.far.is_empty() {
            out.push_str("  ");
            out.push_str(&node.details);
            let mut width = length(&node.details);
            if !node.trouble.is_empty() {
                let gap = if node.details.is_empty() { "" } else { "  " };
                width += gap.len() + node.trouble.len();
                out.push_str(gap);
                out.push_str(&paint.tone(Tone::Odd, node.trouble));
            }
            if !node.far.is_empty() {
                out.push_str(&" ".repeat(self.details.saturating_sub(width)));
                out.push_str("  ");
                let far = &node.far;
                out.push_str(&if node.lost { paint.tone(Tone::Bad, far) } else { far.clone() });
            }
        }
        out.trim_end().to_owned()
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, FromArgMatches};
    use ovl_cli::Flags;

    fn plain() -> Paint {
        let command = Flags::augment_args(clap::Command::new("ovl"));
        let matches = command.get_matches_from(["ovl", "--color", "never"]);
        Paint::of(&Flags::from_arg_matches(&matches).unwrap())
    }

    fn port(name: &str, addresses: &str, details: &str, far: &str) -> Node {
        Node {
            name: name.into(),
            addresses: addresses.into(),
            details: details.into(),
            far: if far.is_empty() { String::new() } else { format!("⇄ {far}") },
            ..Node::default()
        }
    }

    #[test]
    fn other_ends_stand_under_one_another() {
        let mut bridge = port("br0", "192.168.10.1/24", "bridge  mtu 1450", "");
        bridge.under = vec![
            port("vxlan0", "", "vni 256  port 4789  proxy  l2miss  l3miss  socket in h1", ""),
            port("veth0", "", "", "x1:eth0"),
            Node { trouble: "down", ..port("veth1", "", "", "x2:eth0") },
        ];
        assert_eq!(
            draw(&[bridge], plain()),
            "└─ br0        192.168.10.1/24  bridge  mtu 1450\n   \
                ├─ vxlan0  vni 256  port 4789  proxy  l2miss  l3miss  socket in h1\n   \
                ├─ veth0                          ⇄ x1:eth0\n   \
                └─ veth1                    down  ⇄ x2:eth0\n"
        );
    }
}
