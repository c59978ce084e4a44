//! The netlink core of ovl: what the kernel knows of namespaces, links,
//! addresses, routes and rows, what a command wants of them, the plan between
//! the two, and the executor that carries a plan out or takes it back.
//!
//! It parses no command line, prints nothing and reads no environment.

pub mod attrs;
mod dump;
pub mod error;
pub mod ethtool;
pub mod exec;
pub mod hash;
pub mod icmp;
pub mod inherited;
pub mod kernel;
pub mod known;
pub mod link;
pub mod names;
pub mod netns;
pub mod plan;
pub mod row;
pub mod socket;
pub mod spell;
pub mod state;
pub mod step;
mod syscall;
pub mod types;
pub mod want;
#[cfg(feature = "watch")]
pub mod watch;
pub mod wire;
