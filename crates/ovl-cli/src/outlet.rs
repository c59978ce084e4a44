//! Standard output of a follower that holds namespaces: what its reader does not
//! take waits here, and the follower goes on looking who is still there.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ovl_core::watch::awaited;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::Error;
use crate::output;

/// Lines that wait for their reader at most: some megabytes.
const MOST: usize = 64 * 1024;

/// Lines on their way to standard output.
#[derive(Debug)]
pub struct Outlet {
    waiting: VecDeque<String>,
    /// How much of the first is written.
    written: usize,
    /// Lines that there was no room for.
    lost: usize,
    /// Absent where it is a file, which takes everything.
    out: Option<AsyncFd<OwnedFd>>,
}

impl Outlet {
    /// To be made on the runtime.
    pub fn new() -> Outlet {
        let copy = io::stdout().as_fd().try_clone_to_owned().ok();
        let out = copy.and_then(|fd| awaited(fd, Interest::WRITABLE).ok());
        Outlet { waiting: VecDeque::new(), written: 0, lost: 0, out }
    }

    /// A line more. Of a reader that has gone to sleep for good not everything can be
    /// kept: what comes then is lost, and that is said when it wakes.
    pub fn push(&mut self, line: String) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(line);
        } else {
            self.lost += 1;
        }
    }

    /// Writes all that waits, as its reader takes it; `false` when nobody reads any
    /// more. It can be dropped and called again: nothing is lost or written twice.
    pub async fn drain(&mut self) -> Result<bool, Error> {
        while let Some(line) = self.waiting.front() {
            let rest = &line.as_bytes()[self.written..];
            let piece = &rest[..rest.len().min(output::ROOM)];
            self.room().await;
            if !output::write(piece)? {
                return Ok(false);
            }
            self.written += piece.len();
            if piece.len() == rest.len() {
                self.waiting.pop_front();
                self.written = 0;
                self.say_lost();
            }
        }
        Ok(true)
    }

    fn say_lost(&mut self) {
        if self.lost > 0 && self.waiting.len() < MOST {
            output::note(&format!("{} lines were lost: nobody read those before them", self.lost));
            self.lost = 0;
        }
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

impl Default for Outlet {
    fn default() -> Outlet {
        Outlet::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_sleeps_for_good_costs_a_bounded_amount_of_memory() {
        let mut outlet = Outlet { waiting: VecDeque::new(), written: 0, lost: 0, out: None };
        for n in 0..MOST + 5 {
            outlet.push(n.to_string());
        }
        assert_eq!((outlet.waiting.len(), outlet.lost), (MOST, 5));
        // There is room again: it is said once.
        outlet.waiting.pop_front();
        outlet.say_lost();
        assert_eq!(outlet.lost, 0);
        assert_eq!(outlet.waiting.front().map(String::as_str), Some("1"));
    }
}
