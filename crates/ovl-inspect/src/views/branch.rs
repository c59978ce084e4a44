//! A tree as lines of text whose columns stand under one another. Knows nothing
//! of what the words mean. A line that is too long for the terminal goes on below,
//! under its first column: words are never cut, and none is left out.

use std::fmt::Write as _;

use ovl_cli::columns::width;
use ovl_cli::paint::{Paint, Tone};

/// One line, and the lines that hang from it.
#[derive(Debug, Default)]
pub struct Node {
    /// What it is.
    pub name: String,
    /// What follows the name at once, in no column.
    pub tail: Vec<Word>,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// More about it.
    pub details: Vec<String>,
    /// What is wrong with it; empty: nothing.
    pub trouble: &'static str,
    /// Its other end; empty: it has none.
    pub far: String,
    /// Its other end should be there, and is not: `far` says so.
    pub lost: bool,
    /// What hangs from it.
    pub under: Vec<Node>,
}

impl Node {
    /// The socket of a VXLAN device elsewhere.
    pub fn socket(port: Option<u16>, of: &str) -> Node {
        let details = vec![format!("VXLAN socket of {of}")];
        Node { name: format!("udp {}", port.unwrap_or_default()), details, ..Node::default() }
    }

    fn far(&self) -> Word {
        let far = Word::new(&self.far);
        if self.lost { far.toned(Tone::Bad) } else { far }
    }
}

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// In which colours.
    pub paint: Paint,
    /// The columns there are; `None`: as many as it takes.
    pub room: Option<usize>,
    /// With lines from each to what hangs from it; without them, in a pipe, it is set
    /// in as far.
    pub is_drawn: bool,
}

/// A word that is not cut.
#[derive(Debug, Clone)]
pub struct Word {
    /// Blanks before it.
    gap: usize,
    text: String,
    tone: Option<Tone>,
}

impl Word {
    /// One that stands by itself.
    pub fn new(text: impl Into<String>) -> Word {
        Word { gap: GAP, text: text.into(), tone: None }
    }

    /// One of the sentence that the word before it began.
    pub fn next(text: impl Into<String>) -> Word {
        Word { gap: 1, ..Word::new(text) }
    }

    /// The same in a tone.
    #[must_use]
    pub fn toned(self, tone: Tone) -> Word {
        Word { tone: Some(tone), ..self }
    }

    fn painted(&self, paint: Paint) -> String {
        self.tone.map_or_else(|| self.text.clone(), |tone| paint.tone(tone, &self.text))
    }
}

/// A long value widens its own line, not the column.
const WIDEST: usize = 24;

/// Blanks between two columns.
const GAP: usize = 2;

/// Where the rest of a title stands.
const TITLE_REST: &str = "    ";

/// A line: what is drawn before the name, before what is below it, and the node.
struct Line<'n> {
    stem: String,
    below: String,
    node: &'n Node,
}

/// The words that a tree hangs from.
pub fn title(words: &[Word], pen: Pen) -> String {
    flowed(String::new(), TITLE_REST, words, pen)
}

/// The lines of nodes that hang from one title.
pub fn draw(nodes: &[Node], pen: Pen) -> String {
    let mut lines = Vec::new();
    hang(&mut lines, nodes, "", pen);
    let widths = Widths::of(&lines);
    let each = lines.iter().map(|line| {
        let fits = |room| width(&widths.text(line, Paint::OFF)) <= room;
        if pen.room.is_none_or(fits) {
            widths.text(line, pen.paint) + "\n"
        } else {
            widths.flowed(line, pen)
        }
    });
    each.collect()
}

fn hang<'n>(lines: &mut Vec<Line<'n>>, nodes: &'n [Node], indent: &str, pen: Pen) {
    for (i, node) in nodes.iter().enumerate() {
        let last = i + 1 == nodes.len();
        let (branch, stem) = match (pen.is_drawn, last) {
            (false, _) => ("   ", "   "),
            (true, true) => ("└─ ", "   "),
            (true, false) => ("├─ ", "│  "),
        };
        let below = format!("{indent}{stem}");
        lines.push(Line { stem: format!("{indent}{branch}"), below: below.clone(), node });
        hang(lines, &node.under, &below, pen);
    }
}

/// Words after a beginning; those that do not fit on lines of their own, after `rest`.
fn flowed(begin: String, rest: &str, words: &[Word], pen: Pen) -> String {
    let (mut out, mut line) = (String::new(), begin);
    let mut taken = width(&line);
    let mut is_fresh = line.is_empty();
    for word in words {
        let gap = if is_fresh { 0 } else { word.gap };
        let long = width(&word.text);
        if pen.room.is_some_and(|room| taken + gap + long > room) && !is_fresh {
            out.push_str(line.trim_end());
            out.push('\n');
            rest.clone_into(&mut line);
            taken = width(rest);
        } else {
            line.push_str(&" ".repeat(gap));
            taken += gap;
        }
        taken += long;
        line.push_str(&word.painted(pen.paint));
        is_fresh = false;
    }
    out + line.trim_end() + "\n"
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
            name: widest(&|Line { stem, node, .. }| {
                let is_followed = !node.addresses.is_empty() || !node.details.is_empty();
                let is_followed = is_followed || !node.far.is_empty();
                is_followed.then(|| width(stem) + width(&node.name))
            }),
            addresses: widest(&|Line { node, .. }| {
                let more = !node.far.is_empty() || !node.details.is_empty();
                (more && !node.addresses.is_empty()).then(|| width(&node.addresses.join(" ")))
            }),
            details: widest(&|Line { node, .. }| {
                let words = node.details.iter().map(String::as_str);
                let words = words.chain([node.trouble].into_iter().filter(|t| !t.is_empty()));
                (!node.far.is_empty()).then(|| width(&words.collect::<Vec<_>>().join("  ")))
            }),
        }
    }

    /// The whole line, in columns.
    fn text(&self, Line { stem, node, .. }: &Line<'_>, paint: Paint) -> String {
        let (addresses, details) = (node.addresses.join(" "), node.details.join("  "));
        let name = self.name.saturating_sub(width(stem));
        let mut out = format!("{stem}{}", padded(&node.name, name));
        for word in &node.tail {
            out.push_str("  ");
            out.push_str(&word.painted(paint));
        }
        // Only a value that is alone in its line may take the place of the next column.
        if !(addresses.is_empty() && node.far.is_empty()) || width(&details) <= WIDEST {
            let _ = write!(out, "  {}", padded(&addresses, self.addresses));
        }
        if !details.is_empty() || !node.trouble.is_empty() || !node.far.is_empty() {
            out.push_str("  ");
            out.push_str(&details);
            let mut taken = width(&details);
            // Padded before it is painted: escape sequences have no width.
            if !node.trouble.is_empty() {
                let gap = if details.is_empty() { "" } else { "  " };
                taken += gap.len() + width(node.trouble);
                out.push_str(gap);
                out.push_str(&paint.tone(Tone::Odd, node.trouble));
            }
            if !node.far.is_empty() {
                out.push_str(&" ".repeat(self.details.saturating_sub(taken)));
                out.push_str("  ");
                out.push_str(&node.far().painted(paint));
            }
        }
        out.trim_end().to_owned()
    }

    /// The line in as many as it takes, what hangs from it drawn through.
    fn flowed(&self, Line { stem, below, node }: &Line<'_>, pen: Pen) -> String {
        let mut words = node.tail.clone();
        let new = |(at, text): (usize, &String)| match at {
            0 => Word::new(text),
            _ => Word::next(text),
        };
        words.extend(node.addresses.iter().enumerate().map(new));
        words.extend(node.details.iter().map(Word::new));
        if !node.trouble.is_empty() {
            words.push(Word::new(node.trouble).toned(Tone::Odd));
        }
        if !node.far.is_empty() {
            words.push(node.far());
        }
        let column = self.name.max(width(stem) + 1) + GAP;
        let has_line = pen.is_drawn && !node.under.is_empty();
        let through = if has_line { format!("{below}│") } else { below.clone() };
        let name = self.name.saturating_sub(width(stem));
        let begin = format!("{stem}{}", padded(&node.name, name));
        flowed(begin, &padded(&through, column), &words, pen)
    }
}

/// A text, and blanks until it takes so many columns.
fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split("  ").filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    fn port(name: &str, addresses: &str, details: &str, far: &str) -> Node {
        Node {
            name: name.into(),
            addresses: words(addresses),
            details: words(details),
            far: if far.is_empty() { String::new() } else { format!("⇄ {far}") },
            ..Node::default()
        }
    }

    fn overlay() -> Vec<Node> {
        let row = Node {
            name: "fd00:1234:5678:9abc:def0:1234:5678:9abc".into(),
            tail: vec![
                Word::new("02:42:c0:a8:0a:65"),
                Word::new("→ fd00:1234:5678:9abc:def0:1234:5678:9abd"),
            ],
            ..Node::default()
        };
        let details = "vni 256  port 4789  proxy  l2miss  l3miss  local 192.168.1.4  socket in h1";
        let mut bridge = port("br0", "192.168.10.1/24", "bridge  mtu 1450", "");
        let vxlan = Node { under: vec![row], ..port("vxlan0", "", details, "") };
        let down = Node { trouble: "down", ..port("veth1", "", "", "x2:eth0") };
        bridge.under = vec![vxlan, port("veth0", "", "", "x1:eth0"), down];
        vec![bridge]
    }

    fn drawn(room: Option<usize>) -> String {
        draw(&overlay(), Pen { paint: Paint::OFF, room, is_drawn: true })
    }

    #[test]
    fn other_ends_stand_under_one_another() {
        assert_eq!(
            drawn(None),
            "\
└─ br0        192.168.10.1/24  bridge  mtu 1450
   ├─ vxlan0  vni 256  port 4789  proxy  l2miss  l3miss  local 192.168.1.4  socket in h1
   │  └─ fd00:1234:5678:9abc:def0:1234:5678:9abc  02:42:c0:a8:0a:65  → fd00:1234:5678:9abc:def0:1234:5678:9abd
   ├─ veth0                          ⇄ x1:eth0
   └─ veth1                    down  ⇄ x2:eth0
"
        );
    }

    #[test]
    fn without_lines_it_is_set_in_as_far() {
        let pen = Pen { paint: Paint::OFF, room: None, is_drawn: false };
        let blank = |text: String| text.replace(['├', '└', '│', '─'], " ");
        assert_eq!(draw(&overlay(), pen), blank(drawn(None)));
        let narrow = draw(&overlay(), Pen { room: Some(60), ..pen });
        assert_eq!(narrow, blank(drawn(Some(60))));
    }

    #[test]
    fn what_does_not_fit_goes_on_below() {
        assert_eq!(
            drawn(Some(80)),
            "\
└─ br0        192.168.10.1/24  bridge  mtu 1450
   ├─ vxlan0  vni 256  port 4789  proxy  l2miss  l3miss  local 192.168.1.4
   │  │       socket in h1
   │  └─ fd00:1234:5678:9abc:def0:1234:5678:9abc  02:42:c0:a8:0a:65
   │          → fd00:1234:5678:9abc:def0:1234:5678:9abd
   ├─ veth0                          ⇄ x1:eth0
   └─ veth1                    down  ⇄ x2:eth0
"
        );
    }

    #[test]
    fn no_word_is_cut_or_lost_however_narrow_it_is() {
        let split = |text: &str| -> Vec<String> {
            let words = text.split_whitespace().filter(|w| !"│├─└─".contains(w));
            words.map(str::to_owned).collect()
        };
        for room in 1..120 {
            assert_eq!(split(&drawn(Some(room))), split(&drawn(None)), "{room}");
        }
        for room in 55..120 {
            let text = drawn(Some(room));
            assert!(text.lines().all(|line| width(line) <= room), "{room}:\n{text}");
        }
        assert_eq!(drawn(Some(200)), drawn(None));
    }

    #[test]
    fn a_wide_character_takes_two_columns() {
        let nodes = [port("名前", "10.0.0.1/24", "", "x:eth0"), port("name", "", "", "y:eth0")];
        let text = draw(&nodes, Pen { paint: Paint::OFF, room: None, is_drawn: true });
        let before = |line: &str| width(line.split('⇄').next().unwrap());
        let columns: Vec<usize> = text.lines().map(before).collect();
        assert_eq!(columns[0], columns[1], "{text}");
    }

    #[test]
    fn a_title_goes_on_below_as_well() {
        let words = [Word::new("docker:X-1"), Word::new("…/netns/c1321878d4d4").toned(Tone::Faint)];
        let title = |room| title(&words, Pen { paint: Paint::OFF, room, is_drawn: true });
        assert_eq!(title(None), "docker:X-1  …/netns/c1321878d4d4\n");
        assert_eq!(title(Some(32)), title(None));
        assert_eq!(title(Some(31)), "docker:X-1\n    …/netns/c1321878d4d4\n");
    }
}
