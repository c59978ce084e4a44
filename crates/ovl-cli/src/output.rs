//! What is shown, written as columns, JSON or YAML. The only place that writes
//! to standard output. A reader that goes away early is no error.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::error::Error;
use crate::exit::Exit;
use crate::flags::{Flags, Format};

/// Rows of text under column names.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The names.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// Writes to standard output, all at once.
pub fn print(text: &str) -> Result<(), Error> {
    stream(|out| out.write_all(text.as_bytes()))
}

/// Writes to standard output, in the pieces that `write` hands over.
pub fn stream(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Exit::Failed, format!("cannot write: {e}")))
        }
        _ => Ok(()),
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

/// A value as JSON or YAML.
pub fn structured<T: Serialize>(format: Format, value: &T) -> Result<String, Error> {
    let failed = |e: &dyn std::fmt::Display| Error::new(Exit::Failed, format!("cannot write: {e}"));
    match format {
        Format::Yaml => serde_yaml::to_string(value).map_err(|e| failed(&e)),
        _ => serde_json::to_string_pretty(value).map(|s| s + "\n").map_err(|e| failed(&e)),
    }
}

/// Is standard output a terminal?
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

impl Columns {
    /// The table: aligned and bordered on a terminal, plain columns in a pipe.
    pub fn text(&self, flags: &Flags) -> String {
        if is_terminal() { self.drawn(flags) } else { self.plain(flags) }
    }

    fn drawn(&self, flags: &Flags) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(terminal_width());
        if !flags.no_header {
            table.set_header(&self.header);
        }
        table.add_rows(&self.rows);
        format!("{table}\n")
    }

    /// One row a line, two spaces between columns, an absent value as `-`:
    /// stable for `awk`.
    fn plain(&self, flags: &Flags) -> String {
        let header: Vec<String> = self.header.iter().map(|h| (*h).to_owned()).collect();
        let head = (!flags.no_header).then_some(&header);
        let lines: Vec<&Vec<String>> = head.into_iter().chain(&self.rows).collect();
        let width = |column: usize| {
            lines.iter().filter_map(|l| l.get(column)).map(|c| cell(c).chars().count()).max()
        };
        let widths: Vec<usize> = (0..header.len()).map(|c| width(c).unwrap_or(0)).collect();
        let mut out = String::new();
        for line in lines {
            let cells = line.iter().zip(&widths).map(|(c, w)| format!("{:w$}", cell(c), w = *w));
            out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            out.push('\n');
        }
        out
    }
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
