//! Who is where, as something outside this machine's kernel says it: tables of
//! endpoints, the forms they are written in, and the sources they come from.
//! Knows addresses and no netlink; writes no row and prints nothing.

mod csv;
pub mod file;
mod json;
mod listed;
mod marks;
mod parse;
mod printed;
mod quote;
pub mod source;
pub mod table;
mod written;
mod yaml;

pub use parse::{Format, endpoint_address, parse, vtep_address};
pub use source::{Source, SourceError};
pub use table::{Endpoint, Finding, Findings, Place, Table};
