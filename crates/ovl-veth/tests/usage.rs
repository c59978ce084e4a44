//! The command line of ovl-veth as users first meet it.

#[macro_use]
#[path = "../../../tests/usage.rs"]
mod usage;

usage_tests!("ovl-veth", ovl_veth);
