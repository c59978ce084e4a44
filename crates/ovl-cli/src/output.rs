//! What is shown, written as columns, JSON or YAML. The only place that writes
//! to standard output. A reader that goes away early is no error.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::net::IpAddr;
use std::os::fd::AsFd;

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ovl_core::types::MacAddr;
use serde::Serialize;

use crate::error::{Error, from_io};
use crate::flags::{Flags, Format};
use crate::stop;

/// Rows of text under column names.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The names.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// Bytes that are written at once.
const PIECE: usize = 64 * 1024;

/// Bytes that a pipe takes without waiting where it takes any: `PIPE_BUF`, see pipe(7).
pub const ROOM: usize = 4096;

/// What was tried when standard output took nothing, in an error's words.
pub const WRITE: &str = "write";
/// Where it was to go.
pub const HERE: &str = "to standard output";

/// Blanks between two columns.
const GAP: usize = 2;

/// Writes to standard output, all at once.
pub fn print(text: &str) -> Result<(), Error> {
    stream(|out| out.write_all(text.as_bytes())).map(drop)
}

/// Writes what a follower tells; `false` when its reader has gone away. Signals are
/// held back while one follows, and would be as long as a write waits for a reader
/// that does not read: so it is waited for here, for room or for a signal, and no
/// more is written at once than there is room for.
pub fn is_read(text: &str) -> Result<bool, Error> {
    for piece in text.as_bytes().chunks(ROOM) {
        wait_for_room()?;
        if !write(piece)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes bytes to standard output; `false` when its reader has gone away.
pub fn write(bytes: &[u8]) -> Result<bool, Error> {
    stream(|out| out.write_all(bytes))
}

/// Does standard output take something, or refuse it, without waiting?
pub fn has_room() -> bool {
    let out = io::stdout();
    // Where it cannot be said, the write says it.
    poll(&mut [PollFd::new(out.as_fd(), PollFlags::POLLOUT)], PollTimeout::ZERO) != Ok(0)
}

/// Waits until standard output takes something, or has nobody who does; an error
/// when a signal comes first.
fn wait_for_room() -> Result<(), Error> {
    if has_room() {
        return Ok(());
    }
    let (out, told) = (io::stdout(), stop::held_back());
    let out = PollFd::new(out.as_fd(), PollFlags::POLLOUT);
    let ear = told.as_ref().map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN));
    let mut fds: Vec<PollFd<'_>> = std::iter::once(out).chain(ear).collect();
    while poll(&mut fds, PollTimeout::NONE) == Err(Errno::EINTR) {}
    if fds[0].any() != Some(true)
        && let Some(signal) = told.as_ref().and_then(stop::pending)
    {
        return Err(Error::interrupted(signal));
    }
    Ok(())
}

/// Writes to standard output, in the pieces that `write` hands over; `false` when
/// its reader has gone away.
pub fn stream(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<bool, Error> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(from_io(WRITE, HERE, &e)),
    }
}

/// Writes a line to standard error, unless it is gone.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Shows a value in the format that was asked for; `text` makes the table.
pub fn show<T: Serialize>(
    flags: &Flags,
    value: &T,
    text: impl FnOnce(bool) -> String,
) -> Result<(), Error> {
    match flags.format() {
        Format::Table => print(&text(false)),
        Format::Wide => print(&text(true)),
        format => print(&structured(format, value)?),
    }
}

/// Shows a list of any length: as JSON each item on a line of its own, written as
/// it is made, so that a hundred thousand of them are never held as text.
pub fn show_each<T: Serialize>(
    flags: &Flags,
    items: impl Iterator<Item = T>,
    text: impl FnOnce(bool) -> String,
) -> Result<(), Error> {
    match flags.format() {
        Format::Json => stream(|out| write_lines(out, items)).map(drop),
        Format::Yaml => print(&structured(Format::Yaml, &items.collect::<Vec<_>>())?),
        format => print(&text(format == Format::Wide)),
    }
}

/// An array of a line an item.
fn write_lines<T: Serialize>(
    out: &mut dyn Write,
    items: impl Iterator<Item = T>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(PIECE, out);
    let mut before: &[u8] = b"\n";
    out.write_all(b"[")?;
    for item in items {
        out.write_all(before)?;
        serde_json::to_writer(&mut out, &item)?;
        before = b",\n";
    }
    let after: &[u8] = if before == b"\n" { b"]\n" } else { b"\n]\n" };
    out.write_all(after)?;
    out.flush()
}

/// A value as JSON or YAML.
pub fn structured<T: Serialize>(format: Format, value: &T) -> Result<String, Error> {
    let written = match format {
        Format::Yaml => serde_yaml::to_string(value).map_err(io::Error::other),
        _ => serde_json::to_string_pretty(value).map(|s| s + "\n").map_err(io::Error::from),
    };
    written.map_err(|e| from_io(WRITE, HERE, &e))
}

/// Is standard output a terminal?
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns that lines are to fit in: the terminal's. In a pipe, and with
/// `-o wide`, lines are as long as they are, and nothing is left out.
pub fn room(flags: &Flags) -> Option<usize> {
    let is_fitted = is_terminal() && flags.format() != Format::Wide;
    is_fitted.then(|| terminal_width().into())
}

impl Columns {
    /// The table: drawn on a terminal, plain columns in a pipe.
    pub fn text(&self, flags: &Flags) -> String {
        self.text_without(flags, &[])
    }

    /// The table; on a terminal too narrow for it without the columns named in
    /// `spare`, the first of them first. In a pipe, and with `-o wide`, all stay.
    pub fn text_without(&self, flags: &Flags, spare: &[&str]) -> String {
        if !is_terminal() {
            return self.plain(flags);
        }
        let text = match room(flags) {
            Some(room) => self.without(spare, room).drawn(flags.no_header, Some(room)),
            None => self.drawn(flags.no_header, None),
        };
        cut_rules(&text, terminal_width().into())
    }

    /// So many of its columns as fit.
    fn without(&self, spare: &[&str], room: usize) -> Columns {
        let mut narrow = self.clone();
        for name in spare {
            if narrow.width() <= room {
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

    /// A rule under the names, and no other lines: the width is for the values.
    fn drawn(&self, no_header: bool, room: Option<usize>) -> String {
        let mut table = Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if !no_header {
            table.set_header(&self.header);
        }
        table.add_rows(&self.rows);
        let widths = room.map_or_else(|| self.widths(), |room| self.fitted(room));
        let short = |width: usize| u16::try_from(width + GAP).unwrap_or(u16::MAX);
        table.set_width(widths.iter().map(|width| short(*width)).fold(0, u16::saturating_add));
        for (at, width) in widths.into_iter().enumerate() {
            if let Some(column) = table.column_mut(at) {
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(short(width))));
            }
        }
        let each = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        each.collect()
    }

    /// How wide each column is where not all fit: the widest give way, down to the
    /// longest of their addresses. One that is in two pieces helps nobody, so that a
    /// table of addresses may be too wide for a very narrow terminal.
    fn fitted(&self, room: usize) -> Vec<usize> {
        let mut widths = self.widths();
        // The last blank need not fit.
        let mut over = self.width().saturating_sub(room + 1);
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
    fn plain(&self, flags: &Flags) -> String {
        let header: Vec<String> = self.header.iter().map(|h| (*h).to_owned()).collect();
        let head = (!flags.no_header).then_some(&header);
        let lines = head.into_iter().chain(&self.rows);
        let widths = self.widths();
        let mut out = String::new();
        for line in lines {
            let cells = line.iter().zip(&widths).map(|(c, w)| format!("{:w$}", cell(c), w = *w));
            out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            out.push('\n');
        }
        out
    }
}

/// A MAC or IP address, or a prefix.
fn is_address(word: &str) -> bool {
    word.parse::<MacAddr>().is_ok()
        || word.split('/').next().is_some_and(|ip| ip.parse::<IpAddr>().is_ok())
}

/// The rule under the names ends at the terminal's edge, where longer lines go on.
fn cut_rules(text: &str, room: usize) -> String {
    let each = text.lines().map(|line| {
        let is_rule = line.chars().all(|c| c == '─');
        line.chars().take(if is_rule { room } else { usize::MAX }).chain(['\n']).collect::<String>()
    });
    each.collect()
}

fn cell(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// Columns of the terminal; 80 where it does not say.
fn terminal_width() -> u16 {
    std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).or_else(size::columns).unwrap_or(80)
}

mod size {
    //! The terminal's own word on its width.

    /// Columns of standard output's terminal.
    pub(super) fn columns() -> Option<u16> {
        terminal_size::terminal_size().map(|(width, _)| width.0)
    }
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
            let text = cut_rules(&columns.drawn(false, Some(width)), width);
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(!fits || longest <= Some(width), "{width}:\n{text}");
            for word in ["02:42:c0:a8:0a:65", "192.168.10.101/24", ip, "vxlan0"] {
                assert!(text.contains(word), "{width}:\n{text}");
            }
        }
    }

    #[test]
    fn a_wide_table_is_as_wide_as_it_is() {
        let text = columns().drawn(false, None);
        assert_eq!(text.lines().count(), 4, "{text}");
        let cut = cut_rules(&text, 80);
        let lengths: Vec<usize> = cut.lines().map(|line| line.chars().count()).collect();
        assert!(lengths[1] == 80 && lengths[2] > 80, "{cut}");
    }

    #[test]
    fn a_narrow_terminal_shows_less_columns() {
        let names = |width| columns().without(&["WHO", "MAC"], width).header;
        assert_eq!(names(200), ["NAMESPACE", "DEVICE", "MAC", "WHO"]);
        assert_eq!(names(90), ["NAMESPACE", "DEVICE", "MAC"]);
        assert_eq!(names(40), ["NAMESPACE", "DEVICE"]);
    }
}
