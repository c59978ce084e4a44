//! ovl-vxlan: the inside of an overlay: its bridge, and its VXLAN device with
//! the UDP socket left in the underlay's namespace.

mod cli;
mod devices;
mod holder;
mod overlays;
mod room;
mod want;

use std::process::ExitCode;

use clap::CommandFactory;
use ovl_cli::{Context, Error, Exit};

use cli::{Cli, Verb};

/// The command line's definition, for man pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the binary.
pub fn main() -> ExitCode {
    ovl_cli::main::<Cli>("ovl-vxlan", |cli| cli.flags.clone(), run)
}

fn run(context: &Context, cli: Cli) -> Result<Exit, Error> {
    match cli.verb {
        Verb::Add(args) => want::add(context, &args),
        Verb::Set(args) => want::set(context, &args),
        Verb::Del(args) => want::del(context, &args),
        Verb::Show(args) => devices::show(context, &args),
        Verb::List(args) => devices::list(context, &args),
    }
}
