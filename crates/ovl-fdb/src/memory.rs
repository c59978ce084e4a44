//! What this toolkit has written: the kernel's marks alone say too little. A program
//! that replaces a row keeps our protocol number on it, or our `extern_learn`; a row
//! that lost its other half has no second mark. One file a device under
//! /run/ovl/rows, named by the cookie of its namespace, which is never given twice, by
//! its index there, and by its MAC address: a device that is made again may have the
//! index of the last one, where it was made elsewhere and moved.
//! It is gone with the machine's run, as the rows are. Several runs add to it and
//! take from it at once: each does so under a lock, held as long as that takes, and
//! looks again at what others have written meanwhile.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use nix::fcntl::Flock;
use ovl_cli::Error;
use ovl_cli::error::from_fail;
use ovl_cli::lock::{self, STATE_DIR};
use ovl_core::error::Fail;
use ovl_core::hash::Set;
use ovl_core::link::Link;
use ovl_core::names::shown;
use ovl_core::row::RowSpec;

use crate::written::{Kept, Way, Written};

impl Kept {
    /// Its line, put together by hand: there are a hundred thousand to write.
    fn write(self, lines: &mut Vec<u8>) {
        match self {
            Kept::Neigh(ip, mac) => {
                lines.extend_from_slice(b"neigh ");
                write_ip(ip, lines);
                lines.push(b' ');
                lines.extend_from_slice(&mac.text());
            }
            Kept::Fdb(mac, way) => {
                lines.extend_from_slice(b"fdb ");
                lines.extend_from_slice(&mac.text());
                lines.push(b' ');
                match way.dst {
                    Some(dst) => write_ip(dst, lines),
                    None => lines.push(b'-'),
                }
                write_rest(way, lines);
            }
        }
        lines.push(b'\n');
    }

    /// `None` for a line that was cut off when its writer was killed.
    fn read(line: &str) -> Option<Kept> {
        let mut words = line.split(' ');
        let (kind, first, second) = (words.next()?, words.next()?, words.next()?);
        match kind {
            "neigh" => Some(Kept::Neigh(first.parse().ok()?, second.parse().ok()?)),
            "fdb" => {
                let dst = if second == "-" { None } else { Some(second.parse().ok()?) };
                let way = read_rest(Way { dst, ..Way::default() }, words)?;
                Some(Kept::Fdb(first.parse().ok()?, way))
            }
            _ => None,
        }
    }
}

/// What few rows say besides: ` port 8472 vni 300`.
fn write_rest(way: Way, out: &mut Vec<u8>) {
    let numbers = [
        ("port", way.port.map(|n| u32::from(n.get()))),
        ("vni", way.vni),
        ("src_vni", way.src_vni.map(NonZeroU32::get)),
        ("nhid", way.nhid.map(NonZeroU32::get)),
        ("via", way.via.map(NonZeroU32::get)),
    ];
    for (word, number) in numbers {
        if let Some(number) = number {
            // A vector takes all that is written to it.
            let _ = write!(out, " {word} {number}");
        }
    }
}

fn read_rest<'w>(mut way: Way, mut words: impl Iterator<Item = &'w str>) -> Option<Way> {
    while let Some(word) = words.next() {
        let number = words.next()?;
        match word {
            "port" => way.port = Some(number.parse().ok()?),
            "vni" => way.vni = Some(number.parse().ok()?),
            "src_vni" => way.src_vni = Some(number.parse().ok()?),
            "nhid" => way.nhid = Some(number.parse().ok()?),
            "via" => way.via = Some(number.parse().ok()?),
            _ => return None,
        }
    }
    Some(way)
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
fn write_lines(mut out: impl Write, rows: impl IntoIterator<Item = Kept>) -> io::Result<()> {
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
    /// As it was read: what is noted meanwhile makes no row ours.
    rows: Written,
    /// Those noted since.
    noted: Vec<Kept>,
    /// Those forgotten since.
    gone: Vec<Kept>,
    /// The file as `rows` and `noted` say it; `None` when it was not read.
    seen: Option<Seen>,
    /// The file before anything was noted, where it was not read.
    before: Option<Seen>,
}

/// Which file was read, and how much of it: they are added to, and replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    inode: u64,
    length: u64,
}

impl Seen {
    fn of(file: &File) -> io::Result<Seen> {
        let meta = file.metadata()?;
        Ok(Seen { inode: meta.ino(), length: meta.len() })
    }
}

impl Memory {
    /// What is remembered of the device in the namespace with that cookie; nothing, when
    /// nothing was written down.
    pub fn of(cookie: Option<u64>, dev: &Link) -> Memory {
        let path = place(cookie, dev);
        let read = File::open(&path).and_then(|file| read(&file, None));
        let (rows, seen) = read.unwrap_or_default();
        Memory { path, rows, seen: Some(seen), ..Memory::default() }
    }

    /// The memory of that device to be added to, without reading it: a script that adds
    /// one endpoint after the other is not to read all of them each time.
    pub fn to_add_to(cookie: Option<u64>, dev: &Link) -> Memory {
        Memory { path: place(cookie, dev), ..Memory::default() }
    }

    /// Was it read, and not only made ready to be added to?
    pub fn is_read(&self) -> bool {
        self.seen.is_some()
    }

    /// What was written before this run.
    pub fn written(&self) -> &Written {
        &self.rows
    }

    /// Writes rows down before they are written or deleted: whatever ends the run,
    /// they are known again.
    pub fn note<'r>(&mut self, rows: impl IntoIterator<Item = &'r RowSpec>) -> Result<(), Error> {
        let rows: Vec<Kept> = rows.into_iter().filter_map(Kept::of).collect();
        if rows.iter().all(|row| self.rows.has(*row)) && self.is_up_to_date() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.append(rows).map_err(|e| self.failed(e))
    }

    fn append(&mut self, mut rows: Vec<Kept>) -> io::Result<()> {
        let file = File::options().read(true).create(true).append(true).open(&self.path)?;
        if self.is_read() {
            self.refresh(&file)?;
        }
        rows.retain(|row| !self.rows.has(*row));
        let was = Seen::of(&file)?;
        let length = was.length;
        if length == 0 {
            self.forget_predecessors();
        }
        if !self.is_read() {
            self.before.get_or_insert(was);
        }
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        if last != *b"\n" {
            // What was cut off when its writer was killed is a line of its own, and no row.
            (&file).write_all(b"\n")?;
        }
        if !self.gone.is_empty() {
            // It was forgotten, and comes again.
            let noted: Set<Kept> = rows.iter().copied().collect();
            self.gone.retain(|row| !noted.contains(row));
        }
        write_lines(&file, rows.iter().copied())?;
        if self.noted.is_empty() {
            // There may be very many: they are not copied.
            self.noted = rows;
        } else {
            self.noted.extend(rows);
        }
        if self.is_read() {
            self.seen = Some(Seen::of(&file)?);
        }
        Ok(())
    }

    /// Removes what is remembered of devices that had this one's place: they are gone, or
    /// have another MAC address. That it cannot be removed costs nothing but room.
    fn forget_predecessors(&self) {
        let (Some(place), Some(folder)) = (self.path.file_stem(), self.path.parent()) else {
            return;
        };
        let others = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
        for other in others.filter(|p| *p != self.path && p.file_stem() == Some(place)) {
            let _ = fs::remove_file(other);
        }
    }

    /// Takes back what was noted: it does not stand. What was remembered before stays.
    pub fn take_back(&mut self) -> Result<(), Error> {
        if self.noted.is_empty() {
            return Ok(());
        }
        let noted = std::mem::take(&mut self.noted);
        if let Some(before) = self.before {
            let file = File::open(&self.path).map_err(|e| self.failed(e))?;
            let rows = read(&file, Some(before.length)).map_err(|e| self.failed(e))?;
            // Another has put a file in its place, with all that was noted.
            if rows.1.inode != before.inode {
                return Ok(());
            }
            self.gone.extend(noted.into_iter().filter(|row| !rows.0.has(*row)));
        } else {
            self.gone.extend(noted);
        }
        self.save()
    }

    /// Takes what was noted for written: it was.
    pub fn settle(&mut self) {
        for row in self.noted.drain(..) {
            self.rows.insert(row);
        }
    }

    /// Keeps only what `stays` says; the rest is gone, or was never written.
    pub fn keep(&mut self, stays: impl Fn(Kept) -> bool) -> Result<(), Error> {
        let before = self.gone.len();
        let mut stays = |row: Kept| {
            let stays = stays(row);
            if !stays {
                self.gone.push(row);
            }
            stays
        };
        self.noted.retain(|row| stays(*row));
        self.rows.retain(stays);
        if self.gone.len() > before { self.save() } else { Ok(()) }
    }

    /// Forgets a row that is gone; it is to be saved when all are.
    pub fn forget(&mut self, row: Kept) {
        if self.rows.has(row) {
            self.rows.remove(row);
            self.gone.push(row);
        }
    }

    /// Was a row forgotten that is still written down?
    pub fn has_forgotten(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Writes down what is remembered, and what others have noted meanwhile.
    pub fn save(&mut self) -> Result<(), Error> {
        let _lock = self.lock()?;
        self.replace().map_err(|e| self.failed(e))
    }

    fn replace(&mut self) -> io::Result<()> {
        match File::open(&self.path) {
            Ok(file) => self.refresh(&file)?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(why),
        }
        self.gone.clear();
        if self.rows.len() == 0 && self.noted.is_empty() {
            self.seen = Some(Seen::default());
            return match fs::remove_file(&self.path) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
                _ => Ok(()),
            };
        }
        let part = self.path.with_extension("part");
        let rows = self.rows.iter().chain(self.noted.iter().copied());
        let written = File::create(&part)
            .and_then(|file| write_lines(&file, rows).and_then(|()| Seen::of(&file)));
        // Where there was no room for it, none is to be taken.
        self.seen = Some(written.inspect_err(|_| drop(fs::remove_file(&part)))?);
        fs::rename(&part, &self.path)
    }

    /// Reads the file again where others have written to it, or in its place.
    fn refresh(&mut self, file: &File) -> io::Result<()> {
        if self.seen == Some(Seen::of(file)?) {
            return Ok(());
        }
        let (rows, seen) = read(file, None)?;
        (self.rows, self.seen) = (rows, Some(seen));
        for row in self.gone.iter().chain(&self.noted) {
            self.rows.remove(*row);
        }
        Ok(())
    }

    fn is_up_to_date(&self) -> bool {
        let now = File::open(&self.path).and_then(|file| Seen::of(&file));
        self.seen.is_none_or(|seen| seen == now.unwrap_or_default())
    }

    /// Nobody else writes to a device's file, or replaces one, while this is held.
    /// Others may read it, and a lock is open to whoever can: it is a file of its own.
    fn lock(&self) -> Result<Flock<File>, Error> {
        lock::take(&self.path.with_file_name("lock"))
    }

    fn failed(&self, why: io::Error) -> Error {
        let (why, path) = (Fail::from(why), shown(&self.path));
        let message = format!("cannot remember rows in {path}: {why}");
        from_fail(&why, message).about("remember rows in", path, None)
    }
}

/// The rows of a file, or of its beginning, and how much of it that was.
fn read(file: &File, most: Option<u64>) -> io::Result<(Written, Seen)> {
    let Seen { inode, length } = Seen::of(file)?;
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(most.unwrap_or(u64::MAX)).read_to_end(&mut text)?;
    let length = u64::try_from(text.len()).unwrap_or(length);
    // Whole lines only: the last may be cut off.
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(&text[..whole]);
    let mut rows = Written::default();
    let room = text.len() / A_LINE;
    match text.as_bytes().first() {
        Some(b'n') => rows.reserve(room / 2, room / 2),
        _ => rows.reserve(0, room),
    }
    for row in text.lines().filter_map(Kept::read) {
        rows.insert(row);
    }
    Ok((rows, Seen { inode, length }))
}

/// The file of a device.
fn place(cookie: Option<u64>, dev: &Link) -> PathBuf {
    let (cookie, mac) = (cookie.unwrap_or_default(), dev.attrs.mac.unwrap_or_default());
    let name = format!("{cookie}.{}.{mac}", dev.index);
    PathBuf::from(STATE_DIR).join("rows").join(name)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use ovl_core::types::MacAddr;

    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let mac = MacAddr([2, 0x42, 0, 0, 0, 1]);
        let to = |dst: &str| Way { dst: Some(dst.parse().unwrap()), ..Way::default() };
        for kept in [
            Kept::Neigh("192.168.10.1".parse().unwrap(), mac),
            Kept::Neigh("fd00::1".parse().unwrap(), mac),
            Kept::Neigh("10.99.100.255".parse().unwrap(), mac),
            Kept::Fdb(mac, to("2001:db8::5")),
            Kept::Fdb(MacAddr::ZERO, to("192.168.1.5")),
            Kept::Fdb(mac, Way { nhid: NonZeroU32::new(10), ..Way::default() }),
            Kept::Fdb(mac, Way { port: NonZeroU16::new(8472), vni: Some(0), ..to("10.0.0.1") }),
            Kept::Fdb(
                mac,
                Way { src_vni: NonZeroU32::new(7), via: NonZeroU32::new(3), ..to("::1") },
            ),
        ] {
            let mut line = Vec::new();
            write_lines(&mut line, [kept]).unwrap();
            let line = String::from_utf8(line).unwrap();
            assert_eq!(Kept::read(line.trim_end()), Some(kept));
        }
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_row() {
        assert_eq!(Kept::read("fdb 02:42:00:00:00"), None);
        assert_eq!(Kept::read("fdb 02:42:00:00:00:01"), None);
        assert_eq!(Kept::read("fdb 02:42:00:00:00:01 10.0.0.1 port"), None);
        assert_eq!(Kept::read(""), None);
    }
}
