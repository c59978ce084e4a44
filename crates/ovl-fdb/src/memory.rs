//! What the kernel cannot mark: rows that this toolkit wrote and that no pair of
//! marks proves to be its own (a lone FDB row, a flood row, a lone neighbour
//! row), and rows that are just being written or deleted. One file a device
//! under /run/ovl/rows, named by the cookie of its namespace, which is never given
//! twice. It is gone with the machine's run, as the rows are.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use ovl_cli::stop::STATE_DIR;
use ovl_cli::{Error, Exit};
use ovl_core::hash::{Seeded, Set};
use ovl_core::row::{NTF_SELF, RowSpec};
use ovl_core::types::MacAddr;

/// A row, as far as it has to be known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// A neighbour row.
    Neigh(IpAddr, MacAddr),
    /// A row of the device's own table, and where it leads.
    Fdb(MacAddr, Option<IpAddr>),
}

impl Kept {
    /// The row, unless it is in the bridge's table: there this toolkit writes none.
    pub fn of(row: &RowSpec) -> Option<Kept> {
        match row {
            RowSpec::Neigh(row) => Some(Kept::Neigh(row.ip, row.mac)),
            RowSpec::Fdb(row) if row.flags & NTF_SELF == 0 => None,
            RowSpec::Fdb(row) => Some(Kept::Fdb(row.mac, row.dst)),
        }
    }

    /// Of which MAC address it is.
    pub fn mac(self) -> MacAddr {
        match self {
            Kept::Neigh(_, mac) | Kept::Fdb(mac, _) => mac,
        }
    }

    /// Its line, put together by hand: there are a hundred thousand to write.
    fn write(self, lines: &mut Vec<u8>) {
        match self {
            Kept::Neigh(ip, mac) => {
                lines.extend_from_slice(b"neigh ");
                write_ip(ip, lines);
                lines.push(b' ');
                lines.extend_from_slice(&mac.text());
            }
            Kept::Fdb(mac, dst) => {
                lines.extend_from_slice(b"fdb ");
                lines.extend_from_slice(&mac.text());
                lines.push(b' ');
                match dst {
                    Some(dst) => write_ip(dst, lines),
                    None => lines.push(b'-'),
                }
            }
        }
        lines.push(b'\n');
    }

    /// `None` for a line that was cut off when its writer was killed.
    fn read(line: &str) -> Option<Kept> {
        let mut words = line.split(' ');
        let (kind, first, second) = (words.next()?, words.next()?, words.next()?);
        match (kind, second) {
            ("neigh", mac) => Some(Kept::Neigh(first.parse().ok()?, mac.parse().ok()?)),
            ("fdb", "-") => Some(Kept::Fdb(first.parse().ok()?, None)),
            ("fdb", dst) => Some(Kept::Fdb(first.parse().ok()?, Some(dst.parse().ok()?))),
            _ => None,
        }
    }
}

fn write_ip(ip: IpAddr, out: &mut Vec<u8>) {
    let IpAddr::V4(ip) = ip else {
        // A vector takes all that is written to it.
        let _ = write!(out, "{ip}");
        return;
    };
    for (i, octet) in ip.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        if octet >= 100 {
            out.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            out.push(b'0' + octet / 10 % 10);
        }
        out.push(b'0' + octet % 10);
    }
}

/// Bytes that are written at once, and room for a line more.
const PIECE: usize = 64 * 1024;
const LINE: usize = 128;

/// Bytes of most lines: an IPv4 address and a MAC address.
const A_LINE: usize = 36;

/// Writes the lines of rows.
fn write_lines<'k>(
    mut out: impl Write,
    rows: impl IntoIterator<Item = &'k Kept>,
) -> io::Result<()> {
    let mut lines = Vec::with_capacity(PIECE + LINE);
    for row in rows {
        row.write(&mut lines);
        if lines.len() >= PIECE {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)
}

/// The rows that are remembered of one device.
#[derive(Debug, Default)]
pub struct Memory {
    path: PathBuf,
    rows: Set<Kept>,
    /// Those noted since it was read. They are looked up by nobody.
    noted: Vec<Kept>,
    /// The last line was cut off when its writer was killed.
    is_torn: bool,
}

impl Memory {
    /// What is remembered of the device with that index in the namespace with
    /// that cookie; nothing, when nothing was written down.
    pub fn of(cookie: Option<u64>, dev: u32) -> Memory {
        let name = format!("{}.{dev}", cookie.unwrap_or_default());
        let path = PathBuf::from(STATE_DIR).join("rows").join(name);
        let text = fs::read(&path).unwrap_or_default();
        // Whole lines only: the last may be cut off.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let is_torn = whole < text.len();
        let text = String::from_utf8_lossy(&text[..whole]);
        let mut rows = Set::with_capacity_and_hasher(text.len() / A_LINE, Seeded::default());
        rows.extend(text.lines().filter_map(Kept::read));
        Memory { path, rows, noted: Vec::new(), is_torn }
    }

    /// Was it, when the memory was read, one that this toolkit had written?
    pub fn has(&self, row: Kept) -> bool {
        self.rows.contains(&row)
    }

    /// How many rows were remembered when it was read.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The MAC addresses of its FDB rows.
    pub fn macs(&self) -> impl Iterator<Item = MacAddr> {
        self.rows.iter().filter_map(|row| match row {
            Kept::Fdb(mac, _) => Some(*mac),
            Kept::Neigh(..) => None,
        })
    }

    /// Writes rows down before they are written or deleted: whatever ends the run,
    /// a half of a pair is known again.
    pub fn note<'r>(&mut self, rows: impl IntoIterator<Item = &'r RowSpec>) -> Result<(), Error> {
        let from = self.noted.len();
        let rows = rows.into_iter().filter_map(Kept::of);
        self.noted.extend(rows.filter(|row| !self.rows.contains(row)));
        let new = &self.noted[from..];
        if new.is_empty() {
            return Ok(());
        }
        let append = || -> io::Result<()> {
            fs::create_dir_all(self.path.parent().unwrap_or(&self.path))?;
            let mut file = File::options().create(true).append(true).open(&self.path)?;
            if self.is_torn {
                // What was cut off is a line of its own, and no row.
                file.write_all(b"\n")?;
            }
            write_lines(file, new)
        };
        append().map_err(|e| self.failed(&e))?;
        self.is_torn = false;
        Ok(())
    }

    /// Keeps only what `stays` says; the rest is proved by its marks, or gone.
    pub fn keep(&mut self, stays: impl Fn(Kept) -> bool) -> Result<(), Error> {
        let before = self.rows.len() + self.noted.len();
        self.rows.retain(|row| stays(*row));
        self.noted.retain(|row| stays(*row));
        if self.rows.len() + self.noted.len() == before {
            return Ok(());
        }
        let left = self.rows.iter().chain(&self.noted);
        let replace = || -> io::Result<()> {
            if self.rows.is_empty() && self.noted.is_empty() {
                return fs::remove_file(&self.path);
            }
            let part = self.path.with_extension("part");
            write_lines(File::create(&part)?, left)?;
            fs::rename(&part, &self.path)
        };
        replace().map_err(|e| self.failed(&e))
    }

    fn failed(&self, why: &io::Error) -> Error {
        let path = self.path.display();
        Error::new(Exit::Failed, format!("cannot remember rows in {path}: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let mac = MacAddr([2, 0x42, 0, 0, 0, 1]);
        for kept in [
            Kept::Neigh("192.168.10.1".parse().unwrap(), mac),
            Kept::Neigh("fd00::1".parse().unwrap(), mac),
            Kept::Neigh("10.99.100.255".parse().unwrap(), mac),
            Kept::Fdb(mac, Some("2001:db8::5".parse().unwrap())),
            Kept::Fdb(MacAddr::ZERO, Some("192.168.1.5".parse().unwrap())),
            Kept::Fdb(mac, None),
        ] {
            let mut line = Vec::new();
            write_lines(&mut line, [&kept]).unwrap();
            let line = String::from_utf8(line).unwrap();
            assert_eq!(Kept::read(line.trim_end()), Some(kept));
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_row() {
        assert_eq!(Kept::read("fdb 02:42:00:00:00"), None);
        assert_eq!(Kept::read("fdb 02:42:00:00:00:01"), None);
        assert_eq!(Kept::read(""), None);
    }
}
