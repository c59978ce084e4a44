//! The whole-program tests: each runs the binaries in a sandbox of its own and
//! asks tools we did not write what came of it. `cargo test` at the workspace
//! root runs them; `cargo test --test whole veth` those with `veth` in the name.

mod answer;
mod answered;
mod attributes;
mod churn;
mod colour;
mod errors;
mod fdb;
mod flush;
mod follow;
mod foreign;
mod found_again;
mod graph;
mod ground;
mod inspect;
mod keep;
mod load;
mod machine;
mod ns;
mod others;
mod paste;
mod picture;
mod ping;
mod said;
mod saved;
mod stalled;
mod sync;
mod together;
mod two_hosts;
mod undo;
mod veth;
mod views;
mod vxlan;
mod watching;
mod words;

use std::process::ExitCode;

use ovl_tests::harness;

fn main() -> ExitCode {
    let files = [
        answer::tests,
        answered::tests,
        attributes::tests,
        churn::tests,
        colour::tests,
        errors::tests,
        fdb::tests,
        flush::tests,
        follow::tests,
        foreign::tests,
        found_again::tests,
        graph::tests,
        ground::tests,
        inspect::tests,
        keep::tests,
        load::tests,
        machine::tests,
        ns::tests,
        others::tests,
        paste::tests,
        ping::tests,
        said::tests,
        saved::tests,
        stalled::tests,
        sync::tests,
        together::tests,
        two_hosts::tests,
        undo::tests,
        veth::tests,
        views::tests,
        vxlan::tests,
        watching::tests,
        words::tests,
    ];
    harness::main(files.iter().flat_map(|tests| tests()).collect())
}
