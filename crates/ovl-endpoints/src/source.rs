//! What a table can be read from, whatever it is.

use std::io;
use std::os::fd::BorrowedFd;

use ovl_core::error::io_text;

use crate::table::{Findings, Table};

/// Why a source gives no table.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file, or no such network.
    #[error("{what}: {}", io_text(why))]
    Missing {
        /// What was looked for.
        what: String,
        /// What the system says.
        why: io::Error,
    },
    /// It is there and cannot, or may not, be read.
    #[error("{what}: {}", io_text(why))]
    Unreadable {
        /// What was read.
        what: String,
        /// What the system says.
        why: io::Error,
    },
    /// It can be read, and not be followed.
    #[error("{what}: {}", io_text(why))]
    Unfollowed {
        /// What was to be followed.
        what: String,
        /// What the system says.
        why: io::Error,
    },
    /// It was read and is wrong.
    #[error("{findings}")]
    Wrong {
        /// What was read.
        what: String,
        /// What is wrong with it.
        findings: Findings,
    },
}

/// Something that says where the endpoints of a network are.
pub trait Source {
    /// What it is called, in a message.
    fn name(&self) -> &str;

    /// Reads the table.
    fn load(&mut self) -> Result<Table, SourceError>;

    /// Begins to follow it. What is given back becomes readable when the table
    /// may have changed; `None` when this source cannot be followed.
    fn follow(&mut self) -> Result<Option<BorrowedFd<'_>>, SourceError>;

    /// Has it changed since the last call? To be asked when the file that `follow`
    /// gave is readable, and a moment later, when what was begun is done.
    fn has_changed(&mut self) -> bool;
}
