//! The command line of ovl-fdb as users first meet it.

#[macro_use]
#[path = "../../../tests/usage.rs"]
mod usage;

usage_tests!("ovl-fdb", ovl_fdb);
