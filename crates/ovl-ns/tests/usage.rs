//! The command line of ovl-ns as users first meet it.

#[macro_use]
#[path = "../../../tests/usage.rs"]
mod usage;

usage_tests!("ovl-ns", ovl_ns);
