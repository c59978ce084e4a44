//! What the binaries share: the flags that mean the same everywhere, output in
//! four formats, errors with exit codes and hints, and the way a plan is shown
//! or run. Knows no verb of any binary.

pub mod apply;
pub mod columns;
pub mod context;
pub mod directory;
pub mod error;
pub mod exit;
pub mod flags;
pub mod follow;
pub mod hint;
pub mod lock;
pub mod outlet;
pub mod output;
pub mod pace;
pub mod paint;
pub mod shape;
pub mod slots;
pub mod stop;
pub mod turn;
mod usage;
pub mod watch;
pub mod ways;
mod yaml;

pub use apply::apply;
pub use context::{Context, Seam, main, main_of};
pub use directory::Directory;
pub use error::Error;
pub use exit::Exit;
pub use flags::{Acting, Flags, InNetns, OfNetns};
pub use slots::Slots;
