//! The whole-program tests: each runs the binaries in a sandbox of its own and
//! asks tools we did not write what came of it. `cargo test` at the workspace
//! root runs them; `cargo test --test whole veth` those with `veth` in the name.

mod again;
mod answer;
mod answered;
mod at_once;
mod attributes;
mod blind;
mod churn;
mod colour;
mod deleted;
mod entered;
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
mod kept;
mod load;
mod machine;
mod named;
mod ns;
mod objects;
mod others;
mod paste;
mod picture;
mod ping;
mod properties;
mod refused;
mod reload;
mod said;
mod saved;
mod saving;
mod stalled;
mod stopped;
mod sync;
mod together;
mod tunnels;
mod turns;
mod two_hosts;
mod undo;
mod veth;
mod views;
mod vxlan;
mod watched;
mod watching;
mod way;
mod words;

use std::process::ExitCode;

use ovl_tests::harness;

fn main() -> ExitCode {
    let files = [
        again::tests,
        answer::tests,
        answered::tests,
        at_once::tests,
        attributes::tests,
        blind::tests,
        churn::tests,
        deleted::tests,
        entered::tests,
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
        kept::tests,
        load::tests,
        machine::tests,
        named::tests,
        ns::tests,
        objects::tests,
        others::tests,
        paste::tests,
        ping::tests,
        properties::tests,
        refused::tests,
        reload::tests,
        said::tests,
        saved::tests,
        saving::tests,
        stalled::tests,
        stopped::tests,
        sync::tests,
        together::tests,
        tunnels::tests,
        turns::tests,
        two_hosts::tests,
        undo::tests,
        veth::tests,
        views::tests,
        vxlan::tests,
        watched::tests,
        watching::tests,
        way::tests,
        words::tests,
    ];
    harness::main(files.iter().flat_map(|tests| tests()).collect())
}
