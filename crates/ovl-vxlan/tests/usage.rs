//! The command line of ovl-vxlan as users first meet it.

#[macro_use]
#[path = "../../../tests/usage.rs"]
mod usage;

usage_tests!("ovl-vxlan", ovl_vxlan);
