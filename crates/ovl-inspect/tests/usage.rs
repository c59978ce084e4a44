//! The command line of ovl-inspect as users first meet it.

#[macro_use]
#[path = "../../../tests/usage.rs"]
mod usage;

usage_tests!("ovl-inspect", ovl_inspect);
