//! Columns of text: drawn on a terminal and fitted to it, plain in a pipe; coloured by
//! what the words say, so that a word has the same tone in the tables of all binaries.

use std::net::IpAddr;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, TableStyle, Width};
use ovl_core::types::MacAddr;

use crate::flags::Flags;
use crate::output::{is_terminal, room, terminal_width};
use crate::paint::{Paint, Tone};

/// Rows of text under column names.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The names.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// Blanks between two columns.
const GAP: usize = 2;

impl Columns {
    /// The table: drawn on a terminal, plain columns in a pipe.
    pub fn text(&self, flags: &Flags) -> String {
        self.text_without(flags, &[])
    }

    /// The table; on a terminal too narrow for it without the columns named in
    /// `spare`, the first of them first. In a pipe, and with `-o wide`, all stay.
    pub fn text_without(&self, flags: &Flags, spare: &[&str]) -> String {
        let paint = Paint::of(flags);
        if !is_terminal() {
            return self.plain(flags, paint);
        }
        let edge = terminal_width().into();
        match room(flags) {
            Some(room) => self.without(spare, room).drawn(flags.no_header, Some(room), edge, paint),
            None => self.drawn(flags.no_header, None, edge, paint),
        }
    }

    /// So many of its columns as fit.
    fn without(&self, spare: &[&str], room: usize) -> Columns {
        let mut narrow = self.clone();
        for name in spare {
            if narrow.width() <= room + GAP {
                break;
            }
            narrow.remove(name);
        }
        narrow
    }

    fn remove(&mut self, name: &str) {
        let Some(at) = self.header.iter().position(|h| *h == name) else { return };
        self.header.remove(at);
        for row in &mut self.rows {
            row.remove(at);
        }
    }

    /// Columns of a terminal it takes when nothing is wrapped.
    fn width(&self) -> usize {
        self.widths().iter().map(|width| width + GAP).sum()
    }

    fn widths(&self) -> Vec<usize> {
        let longest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let longest = cells.map(|c| cell(c).chars().count()).max().unwrap_or(0);
            longest.max(self.header[column].len())
        };
        (0..self.header.len()).map(longest).collect()
    }

    /// A rule under the names, and no other lines: the width is for the values. The
    /// rule ends at the terminal's edge, where longer lines go on.
    fn drawn(&self, no_header: bool, room: Option<usize>, edge: usize, paint: Paint) -> String {
        let widths = room.map_or_else(|| self.widths(), |room| self.fitted(room));
        let mut out = String::new();
        if !no_header {
            out.push_str(&self.names(&widths, paint));
            let whole = widths.iter().map(|width| width + GAP).sum::<usize>().saturating_sub(GAP);
            out.push_str(&"─".repeat(whole.min(edge)));
            out.push('\n');
        }
        for row in &self.rows {
            let pieces: Vec<Vec<String>> =
                row.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
            for at in 0..pieces.iter().map(Vec::len).max().unwrap_or(0) {
                let piece = pieces.iter().map(|piece| piece.get(at).map_or("", String::as_str));
                out.push_str(&line(piece.zip(self.tones(row)), &widths, paint));
            }
        }
        out
    }

    /// The line of names.
    fn names(&self, widths: &[usize], paint: Paint) -> String {
        line(self.header.iter().map(|name| (*name, Some(Tone::Head))), widths, paint)
    }

    fn tones(&self, row: &[String]) -> impl Iterator<Item = Option<Tone>> {
        self.header.iter().zip(row).map(|(name, cell)| tone(name, cell))
    }

    /// How wide each column is where not all fit: the widest give way, down to the
    /// longest of their addresses. One that is in two pieces helps nobody, so that a
    /// table of addresses may be too wide for a very narrow terminal.
    fn fitted(&self, room: usize) -> Vec<usize> {
        let mut widths = self.widths();
        // The last blanks need not fit.
        let mut over = self.width().saturating_sub(room + GAP);
        let least = if over > 0 { self.least() } else { Vec::new() };
        while over > 0 {
            let wider = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
            let Some(widest) = wider.max_by_key(|at| widths[*at]) else { break };
            widths[widest] -= 1;
            over -= 1;
        }
        widths
    }

    /// What each column needs: room for its addresses, and a little for other words.
    fn least(&self) -> Vec<usize> {
        const LITTLE: usize = 14;
        let needs = |word: &str| {
            let length = word.chars().count();
            if is_address(word) { length } else { length.min(LITTLE) }
        };
        let column = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
            let words = cells.chain([self.header[at]]).flat_map(str::split_whitespace);
            words.map(needs).max().unwrap_or(0)
        };
        (0..self.header.len()).map(column).collect()
    }

    /// One row a line, two spaces between columns, an absent value as `-`:
    /// stable for `awk`.
    fn plain(&self, flags: &Flags, paint: Paint) -> String {
        let widths = self.widths();
        let mut out = if flags.no_header { String::new() } else { self.names(&widths, paint) };
        for row in &self.rows {
            let cells = row.iter().map(|text| cell(text));
            out.push_str(&line(cells.zip(self.tones(row)), &widths, paint));
        }
        out
    }
}

/// Cells side by side, each painted by itself: the blanks between them are not, and an
/// escape sequence has no width. None are left at the end.
fn line<'t>(
    cells: impl Iterator<Item = (&'t str, Option<Tone>)>,
    widths: &[usize],
    paint: Paint,
) -> String {
    let (mut out, mut blanks) = (String::new(), 0);
    for ((text, tone), width) in cells.zip(widths) {
        if !text.is_empty() {
            out.push_str(&" ".repeat(blanks));
            out.push_str(&tone.map_or_else(|| text.to_owned(), |tone| paint.tone(tone, text)));
            blanks = 0;
        }
        blanks += width.saturating_sub(text.chars().count()) + GAP;
    }
    out + "\n"
}

/// A cell in as many lines as it takes.
fn wrapped(cell: &str, width: usize) -> Vec<String> {
    if cell.chars().count() <= width {
        return vec![cell.to_owned()];
    }
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_row([cell]);
    if let Some(column) = table.column_mut(0) {
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        column.set_padding((0, 0));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// What a cell's words say, in the column of that name: as it should be, or not.
fn tone(name: &str, cell: &str) -> Option<Tone> {
    match (name, cell) {
        (_, "" | "-") | ("KIND", "unseen") => Some(Tone::Faint),
        ("KIND", "host") => Some(Tone::Host),
        ("KIND", "overlay") => Some(Tone::Overlay),
        ("KIND", "sandbox") => Some(Tone::Space),
        ("STATE", "up") => Some(Tone::Good),
        ("STATE", "down" | "no carrier") => Some(Tone::Odd),
        ("STATE", "FAILED" | "INCOMPLETE") => Some(Tone::Bad),
        _ => BROKEN.iter().any(|words| cell.contains(words)).then_some(Tone::Bad),
    }
}

/// What is said where something is missing, or two do not agree.
const BROKEN: [&str; 5] = [
    "not found from here",
    "driver and link message differ",
    "the driver says number",
    "no FDB row",
    "no neighbour row",
];

/// A MAC or IP address, or a prefix.
fn is_address(word: &str) -> bool {
    word.parse::<MacAddr>().is_ok()
        || word.split('/').next().is_some_and(|ip| ip.parse::<IpAddr>().is_ok())
}

fn cell(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        Columns {
            header: vec!["NAMESPACE", "DEVICE", "MAC", "WHO"],
            rows: vec![
                row(["h1", "eth0", "02:42:c0:a8:0a:65", "a thread of dockerd (3313)"]),
                row(["/run/somewhere/with/a/long/name/netns/1-fb201842e6", "vxlan0", "", ""]),
            ],
        }
    }

    #[test]
    fn a_table_fits_the_terminal_and_breaks_no_address() {
        let mut columns = columns();
        let ip = "fd00:1234:5678:9abc:def0:1234:5678:9abc/64";
        columns.rows[0][3] = format!("192.168.10.101/24 {ip}");
        for (width, fits) in [(40, false), (88, true), (100, true), (130, true)] {
            let text = columns.drawn(false, Some(width), width, Paint::OFF);
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(!fits || longest <= Some(width), "{width}:\n{text}");
            for word in ["02:42:c0:a8:0a:65", "192.168.10.101/24", ip, "vxlan0"] {
                assert!(text.contains(word), "{width}:\n{text}");
            }
        }
    }

    #[test]
    fn a_wide_table_is_as_wide_as_it_is() {
        let text = columns().drawn(false, None, 80, Paint::OFF);
        assert_eq!(text.lines().count(), 4, "{text}");
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(lengths[1] == 80 && lengths[2] > 80, "{text}");
    }

    #[test]
    fn a_narrow_terminal_shows_less_columns() {
        let names = |width| columns().without(&["WHO", "MAC"], width).header;
        assert_eq!(names(200), ["NAMESPACE", "DEVICE", "MAC", "WHO"]);
        assert_eq!(names(90), ["NAMESPACE", "DEVICE", "MAC"]);
        assert_eq!(names(40), ["NAMESPACE", "DEVICE"]);
    }

    /// The text without its escape sequences.
    fn bare(text: &str) -> String {
        let pieces = text.split('\u{1b}');
        let rest = |piece: &str| piece.split_once('m').map(|(_, rest)| rest.to_owned());
        pieces
            .enumerate()
            .map(|(at, p)| if at == 0 { p.into() } else { rest(p).unwrap() })
            .collect()
    }

    #[test]
    fn colour_changes_no_column() {
        let mut columns = columns();
        columns.header[1] = "STATE";
        columns.rows[0][1] = "down".into();
        columns.rows[1][3] = "a device of it is not found from here, nor its other end".into();
        for room in [None, Some(40), Some(88), Some(200)] {
            let plain = columns.drawn(false, room, 80, Paint::OFF);
            let painted = columns.drawn(false, room, 80, Paint::ON);
            assert_eq!(bare(&painted), plain, "{room:?}");
            assert!(painted.contains("\u{1b}[33mdown\u{1b}[0m"), "{painted}");
            assert!(painted.starts_with("\u{1b}[1mNAMESPACE\u{1b}[0m"), "{painted}");
            // All of a broken thing is red, in as many lines as it takes.
            let red = painted.lines().filter(|line| line.contains("\u{1b}[1;31m")).count();
            assert!(red > usize::from(room == Some(88)), "{painted}");
        }
    }
}
