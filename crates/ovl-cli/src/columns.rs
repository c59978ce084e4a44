//! Columns of text: drawn on a terminal and fitted to it, plain in a pipe; coloured by
//! what the words say, so that a word has the same tone in the tables of all binaries.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, TableStyle, Width};
use unicode_width::UnicodeWidthStr;

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

/// Blanks before what is left of a row that one line has no room for.
const INDENT: usize = 4;

/// A MAC address, and most addresses of IPv4, are no longer.
const MAC: usize = 17;

/// How many columns of a terminal a text takes: East Asian characters take two.
pub fn width(text: &str) -> usize {
    text.width()
}

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
            let longest = cells.map(|c| width(cell(c))).max().unwrap_or(0);
            longest.max(self.header[column].len())
        };
        (0..self.header.len()).map(longest).collect()
    }

    /// A rule under the names, and no other lines: the width is for the values. The
    /// rule ends at the terminal's edge, where longer lines go on.
    fn drawn(&self, no_header: bool, room: Option<usize>, edge: usize, paint: Paint) -> String {
        let widths = room.map_or_else(|| self.widths(), |room| self.fitted(room));
        let page = Page { widths: &widths, room: room.unwrap_or(usize::MAX), paint };
        let mut out = String::new();
        if !no_header {
            out.push_str(&self.names(&page));
            let whole = widths.iter().map(|width| width + GAP).sum::<usize>().saturating_sub(GAP);
            out.push_str(&"─".repeat(whole.min(edge)));
            out.push('\n');
        }
        for row in &self.rows {
            let cells: Vec<Cell<'_>> =
                row.iter().map(String::as_str).zip(self.tones(row)).collect();
            out.push_str(&page.row(&cells));
        }
        out
    }

    /// The line of names.
    fn names(&self, page: &Page<'_>) -> String {
        let names = self.header.iter().map(|name| (*name, Some(Tone::Head)));
        page.row(&names.collect::<Vec<_>>())
    }

    fn tones(&self, row: &[String]) -> impl Iterator<Item = Option<Tone>> {
        self.header.iter().zip(row).map(|(name, cell)| tone(name, cell))
    }

    /// How wide each column is where not all fit: the widest give way, down to the
    /// longest of their words; where that is not enough, to what most words need. The
    /// rows of longer ones take a line more.
    fn fitted(&self, room: usize) -> Vec<usize> {
        // The last blanks need not fit.
        let over = self.width().saturating_sub(room + GAP);
        if over == 0 {
            return self.widths();
        }
        self.shrunk(over, &self.least(usize::MAX))
            .or_else(|_| self.shrunk(over, &self.least(MAC)))
            .unwrap_or_else(|widths| widths)
    }

    /// The widths with so many columns less; an error, with what there is, where they
    /// cannot all be had.
    fn shrunk(&self, mut over: usize, least: &[usize]) -> Result<Vec<usize>, Vec<usize>> {
        let mut widths = self.widths();
        while over > 0 {
            let wider = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
            let Some(widest) = wider.max_by_key(|at| widths[*at]) else { return Err(widths) };
            widths[widest] -= 1;
            over -= 1;
        }
        Ok(widths)
    }

    /// What each column needs: its longest word, but no more than `most`.
    fn least(&self, most: usize) -> Vec<usize> {
        let column = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
            let words = cells.chain([self.header[at]]).flat_map(str::split_whitespace);
            words.map(|word| width(word).min(most)).max().unwrap_or(0)
        };
        (0..self.header.len()).map(column).collect()
    }

    /// One row a line, two spaces between columns, an absent value as `-`:
    /// stable for `awk`.
    fn plain(&self, flags: &Flags, paint: Paint) -> String {
        let page = Page { widths: &self.widths(), room: usize::MAX, paint };
        let mut out = if flags.no_header { String::new() } else { self.names(&page) };
        for row in &self.rows {
            let cells = row.iter().map(|text| cell(text));
            out.push_str(&page.line(cells.zip(self.tones(row))));
        }
        out
    }
}

/// A text, and what it says.
type Cell<'t> = (&'t str, Option<Tone>);

/// Where lines are written.
struct Page<'w> {
    widths: &'w [usize],
    room: usize,
    paint: Paint,
}

impl Page<'_> {
    /// A row: its cells in their columns, or one after the other where a word of them
    /// is longer than its column.
    fn row(&self, cells: &[Cell<'_>]) -> String {
        let pieces: Vec<Vec<String>> =
            cells.iter().zip(self.widths).map(|((text, _), wide)| wrapped(text, *wide)).collect();
        let is_in =
            |(pieces, wide): (&Vec<String>, &usize)| pieces.iter().all(|p| width(p) <= *wide);
        let whole = self.widths.iter().map(|wide| wide + GAP).sum::<usize>();
        if whole > self.room.saturating_add(GAP) || !pieces.iter().zip(self.widths).all(is_in) {
            return self.flowed(cells);
        }
        let mut out = String::new();
        for at in 0..pieces.iter().map(Vec::len).max().unwrap_or(0) {
            let piece = pieces.iter().map(|pieces| pieces.get(at).map_or("", String::as_str));
            out.push_str(&self.line(piece.zip(cells.iter().map(|(_, tone)| *tone))));
        }
        out
    }

    /// Cells side by side, each painted by itself: the blanks between them are not, and
    /// an escape sequence has no width. None are left at the end.
    fn line<'t>(&self, cells: impl Iterator<Item = Cell<'t>>) -> String {
        let (mut out, mut blanks) = (String::new(), 0);
        for ((text, tone), wide) in cells.zip(self.widths) {
            if !text.is_empty() {
                out.push_str(&" ".repeat(blanks));
                out.push_str(&self.painted(text, tone));
                blanks = 0;
            }
            blanks += wide.saturating_sub(width(text)) + GAP;
        }
        out + "\n"
    }

    /// Cells one after the other, each in its column where the ones before have left
    /// room; what a line has no room for goes on below.
    fn flowed(&self, cells: &[Cell<'_>]) -> String {
        let (mut out, mut end, mut column) = (String::new(), None, 0);
        for (at, ((text, tone), wide)) in cells.iter().zip(self.widths).enumerate() {
            let mut start = end.map_or(column, |end: usize| column.max(end + GAP));
            let pieces = wrapped(text, self.room.saturating_sub(column).max(*wide));
            for (n, piece) in pieces.into_iter().filter(|piece| !piece.is_empty()).enumerate() {
                let is_over = start + width(&piece) > self.room;
                if n > 0 || is_over {
                    out.push_str(if end.take().is_some() { "\n" } else { "" });
                }
                if is_over {
                    // All that is left may fit there.
                    let left = self.room.checked_sub(long(&cells[at..])).filter(|_| n == 0);
                    let left = left.unwrap_or(self.room.saturating_sub(width(&piece)));
                    start = left.min(column).max(INDENT.min(column));
                }
                out.push_str(&" ".repeat(start - end.unwrap_or(0)));
                out.push_str(&self.painted(&piece, *tone));
                end = Some(start + width(&piece));
            }
            column += wide + GAP;
        }
        out + "\n"
    }

    fn painted(&self, text: &str, tone: Option<Tone>) -> String {
        tone.map_or_else(|| text.to_owned(), |tone| self.paint.tone(tone, text))
    }
}

/// How long cells are, side by side.
fn long(cells: &[Cell<'_>]) -> usize {
    let cells = cells.iter().filter(|(text, _)| !text.is_empty());
    cells.map(|(text, _)| width(text) + GAP).sum::<usize>().saturating_sub(GAP)
}

/// A cell in as many lines as it takes. No word is cut: who reads an address or a name
/// may want to type it.
fn wrapped(cell: &str, room: usize) -> Vec<String> {
    if width(cell) <= room {
        return vec![cell.to_owned()];
    }
    let longest = cell.split_whitespace().map(width).max().unwrap_or(0);
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_row([cell]);
    if let Some(column) = table.column_mut(0) {
        let width = u16::try_from(room.max(longest)).unwrap_or(u16::MAX);
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
        for room in [60, 80, 88, 100, 130] {
            let text = columns.drawn(false, Some(room), room, Paint::OFF);
            let longest = text.lines().map(width).max();
            assert!(longest <= Some(room), "{room}:\n{text}");
            for word in ["02:42:c0:a8:0a:65", "192.168.10.101/24", ip, "vxlan0"] {
                assert!(text.contains(word), "{room}:\n{text}");
            }
        }
    }

    #[test]
    fn what_a_line_has_no_room_for_is_below() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let columns = Columns {
            header: vec!["NAMESPACE", "IP", "MAC"],
            rows: vec![
                row(["a-namespace", "192.168.10.101", "02:42:c0:a8:0a:65"]),
                row(["h1", "fd00:1234:5678:9abc:def0:1234:5678:9abc", "02:42:c0:a8:0a:66"]),
            ],
        };
        let text = columns.drawn(true, Some(60), 60, Paint::OFF);
        assert_eq!(
            text,
            "\
a-namespace  192.168.10.101                02:42:c0:a8:0a:65
h1           fd00:1234:5678:9abc:def0:1234:5678:9abc
                                           02:42:c0:a8:0a:66
"
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["netz-日本語-名前", "eth0"]), row(["h1", "eth1"])];
        let columns = Columns { header: vec!["NAMESPACE", "DEVICE"], rows };
        let text = columns.drawn(true, None, 80, Paint::OFF);
        assert_eq!(text, "netz-日本語-名前  eth0\nh1                eth1\n");
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
