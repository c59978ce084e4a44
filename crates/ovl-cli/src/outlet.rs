//! Standard output of a follower that holds namespaces: what its reader does not
//! take waits here, and the follower goes on looking who is still there.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use ovl_core::watch::awaited;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::Error;
use crate::output;

/// Lines on their way to standard output.
#[derive(Debug)]
pub struct Outlet {
    waiting: VecDeque<String>,
    /// Their bytes, and how many those may be.
    held: usize,
    most: usize,
    /// How much of the first is written.
    written: usize,
    /// Lines that there was no room for, after those that wait.
    lost: usize,
    /// Absent where it is a file, which takes everything.
    out: Option<AsyncFd<OwnedFd>>,
}

impl Outlet {
    /// With so many bytes that may wait. To be made on the runtime.
    pub fn new(most: usize) -> Outlet {
        let copy = io::stdout().as_fd().try_clone_to_owned().ok();
        let out = copy.and_then(|fd| awaited(fd, Interest::WRITABLE).ok());
        Outlet { waiting: VecDeque::new(), held: 0, most, written: 0, lost: 0, out }
    }

    /// A line more. Of a reader that has gone to sleep for good not everything can be
    /// kept: what comes then is lost, up to the moment when all that waits is read, so
    /// that there is one gap and it can be told where it is.
    pub fn push(&mut self, line: String) {
        let has_room = self.waiting.is_empty() || self.held + line.len() <= self.most;
        if self.lost == 0 && has_room {
            self.held += line.len();
            self.waiting.push_back(line);
        } else {
            self.lost += 1;
        }
    }

    /// Writes all that waits, as its reader takes it; `false` when nobody reads any
    /// more. Where lines were lost, `gap` says so in their place. It can be dropped and
    /// called again: nothing is lost or written twice.
    pub async fn drain(
        &mut self,
        gap: impl Fn(usize) -> Result<String, Error>,
    ) -> Result<bool, Error> {
        loop {
            self.close_gap(&gap)?;
            let Some(line) = self.waiting.front() else { return Ok(true) };
            let rest = &line.as_bytes()[self.written..];
            let piece = &rest[..rest.len().min(output::ROOM)];
            self.room().await;
            if !output::write(piece)? {
                return Ok(false);
            }
            self.written += piece.len();
            if piece.len() == rest.len() {
                self.held -= line.len();
                self.written = 0;
                self.waiting.pop_front();
            }
        }
    }

    /// Once all before them is read, the place of lines that were lost.
    fn close_gap(&mut self, gap: impl Fn(usize) -> Result<String, Error>) -> Result<(), Error> {
        if self.lost > 0 && self.waiting.is_empty() {
            let line = gap(std::mem::take(&mut self.lost))?;
            self.push(line);
        }
        Ok(())
    }

    /// Drains at a follower's end, with so much time for its reader.
    pub async fn finish(
        &mut self,
        within: Duration,
        gap: impl Fn(usize) -> Result<String, Error>,
    ) -> Result<(), Error> {
        let drained = tokio::time::timeout(within, self.drain(gap)).await;
        drained.map_or(Ok(()), |drained| drained.map(drop))
    }

    /// Waits until standard output takes a piece, or refuses it.
    async fn room(&self) {
        while !output::has_room() {
            let Some(out) = &self.out else { return };
            let Ok(mut ready) = out.writable().await else { return };
            if !output::has_room() {
                ready.clear_ready();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 400;

    /// A line of four bytes.
    fn line(n: usize) -> String {
        format!("{:>3}\n", n % 1000)
    }

    /// With so many lines too many.
    fn full(more: usize) -> Outlet {
        let waiting = VecDeque::new();
        let mut outlet = Outlet { waiting, held: 0, most: MOST, written: 0, lost: 0, out: None };
        for n in 0..MOST / 4 + more {
            outlet.push(line(n));
        }
        outlet
    }

    #[test]
    fn a_reader_that_sleeps_for_good_costs_a_bounded_amount_of_memory() {
        let outlet = full(5);
        assert_eq!((outlet.waiting.len(), outlet.held, outlet.lost), (MOST / 4, MOST, 5));
    }

    #[test]
    fn what_is_lost_is_one_gap_and_is_said_once_in_its_place() {
        let gap = |lost| Ok(format!("{lost} lost"));
        let mut outlet = full(5);
        // Some are read: what comes is after those that were lost, and is lost as well.
        outlet.waiting.truncate(1);
        outlet.held = 4;
        outlet.push(line(7));
        outlet.close_gap(gap).unwrap();
        assert_eq!((outlet.waiting.len(), outlet.lost), (1, 6));
        outlet.waiting.clear();
        outlet.held = 0;
        outlet.close_gap(gap).unwrap();
        outlet.push(line(8));
        outlet.close_gap(gap).unwrap();
        assert_eq!(outlet.waiting, ["6 lost".to_owned(), line(8)]);
    }
}
