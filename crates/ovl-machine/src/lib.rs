//! Finds the machine's network namespaces, turns references to them into open
//! ones, and joins what is in them: whose other end is where. Prints nothing
//! and changes nothing.

pub mod census;
pub mod container;
pub mod discover;
pub mod engine;
pub mod joins;
pub mod machine;
pub mod names;
pub mod resolve;
pub mod scene;
