//! What the whole-program tests stand on: a sandbox that no packet and no
//! device leaves, a harness that runs each test inside one of its own, a shell
//! to run commands in, and an oracle that reads the result with tools we did
//! not write.

pub mod follower;
pub mod harness;
pub mod lab;
pub mod oracle;
pub mod rows;
pub mod sandbox;
