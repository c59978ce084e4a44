//! The command line of ovl-veth as users first meet it.

#[path = "../../../tests/usage.rs"]
mod usage;

use usage::Usage;

fn usage() -> Usage {
    Usage { binary: env!("CARGO_BIN_EXE_ovl-veth"), definition: ovl_veth::command() }
}

#[test]
fn help_and_version_are_printed_and_unknown_flags_refused() {
    usage().is_told();
}

#[test]
fn every_verb_has_two_examples() {
    usage().has_examples();
}

#[test]
fn the_definition_holds() {
    usage().holds();
}
