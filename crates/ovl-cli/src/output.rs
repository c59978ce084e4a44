//! What is shown, written as text, JSON or YAML. The only place that writes to
//! standard output. A reader that goes away early is no error.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::termios::tcgetwinsize;
use serde::Serialize;

pub use crate::columns::Columns;
use crate::error::{Error, from_io};
use crate::flags::{Flags, Format};
use crate::{stop, yaml};

/// Bytes that are written at once.
const PIECE: usize = 64 * 1024;

/// Bytes that a pipe takes without waiting where it takes any: `PIPE_BUF`, see pipe(7).
pub const ROOM: usize = 4096;

/// What was tried when standard output took nothing, in an error's words.
pub const WRITE: &str = "write";

/// The error of what standard output does not take.
pub fn not_taken(why: &io::Error) -> Error {
    Error { object: "standard output".into(), ..from_io(WRITE, "to standard output", why) }
}

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
        Err(e) => Err(not_taken(&e)),
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

/// Shows a list of any length: as JSON each item on a line of its own, and written as
/// it is made, so that a hundred thousand of them are never held as text.
pub fn show_each<T: Serialize>(
    flags: &Flags,
    items: impl Iterator<Item = T>,
    text: impl FnOnce(bool) -> String,
) -> Result<(), Error> {
    match flags.format() {
        Format::Json => stream(|out| write_lines(out, items)).map(drop),
        Format::Yaml => stream(|out| write_items(out, items)).map(drop),
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

/// A list of YAML, an item after the other.
fn write_items<T: Serialize>(
    out: &mut dyn Write,
    items: impl Iterator<Item = T>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(PIECE, out);
    let mut is_empty = true;
    for item in items {
        out.write_all(yaml::written(&[item]).map_err(io::Error::other)?.as_bytes())?;
        is_empty = false;
    }
    if is_empty {
        out.write_all(b"[]\n")?;
    }
    out.flush()
}

/// A value as JSON or YAML.
pub fn structured<T: Serialize>(format: Format, value: &T) -> Result<String, Error> {
    let written = match format {
        Format::Yaml => yaml::written(value).map_err(io::Error::other),
        _ => serde_json::to_string_pretty(value).map(|s| s + "\n").map_err(io::Error::from),
    };
    written.map_err(|e| not_taken(&e))
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

/// Columns of the terminal; 80 where it does not say.
pub fn terminal_width() -> u16 {
    let set = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    set.filter(|columns| *columns > 0).or_else(terminal_columns).unwrap_or(80)
}

/// The terminal's own word on its width, whatever it says of its height. Help may be read
/// from standard error, and output through a pipe.
fn terminal_columns() -> Option<u16> {
    let (out, error, input) = (io::stdout(), io::stderr(), io::stdin());
    let mut all = [out.as_fd(), error.as_fd(), input.as_fd()].into_iter();
    let size = all.find_map(|fd| tcgetwinsize(fd).ok());
    size.map(|size| size.ws_col).filter(|columns| *columns > 0)
}
