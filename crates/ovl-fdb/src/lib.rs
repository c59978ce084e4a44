//! ovl-fdb: who is where: the FDB and neighbour rows of an overlay, joined into
//! endpoints.

mod answer;
mod cli;
mod device;
mod diff;
mod endpoints;
mod find;
mod flush;
mod home;
mod keep;
mod leads;
mod load;
mod memory;
mod progress;
mod recent;
mod render;
mod report;
mod sweep;
mod sync;
mod want;
mod wanted;
mod written;

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
    ovl_cli::main::<Cli>("ovl-fdb", |cli| cli.flags.clone(), run)
}

fn run(context: &Context, cli: Cli) -> Result<Exit, Error> {
    match cli.verb {
        Verb::Add(args) => want::add(context, &args),
        Verb::Del(args) => want::del(context, &args),
        Verb::Get(args) => find::get(context, &args),
        Verb::Load(args) => load::load(context, &args),
        Verb::Sync(args) => sync::sync(context, &args),
        Verb::Flush(args) => flush::flush(context, &args),
        Verb::Answer(args) => answer::answer(context, &args),
        Verb::Watch(args) => ovl_cli::watch::watch(context, &args.wish()),
        Verb::List(args) => find::list(context, &args),
    }
}
