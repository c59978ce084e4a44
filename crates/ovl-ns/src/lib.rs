//! ovl-ns: make, name, find and enter network namespaces.

mod cli;
mod enter;
mod find;
mod last_words;
mod monitor;
mod render;
mod want;
mod words;

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
    let typed = words::ended(std::env::args_os().collect());
    ovl_cli::main_of::<Cli>("ovl-ns", typed, |cli| cli.flags.clone(), run)
}

fn run(context: &Context, cli: Cli) -> Result<Exit, Error> {
    match cli.verb {
        Verb::Add(args) => want::add(context, &args),
        Verb::Del(args) => want::del(context, &args),
        Verb::Attach(args) => want::attach(context, &args),
        Verb::Nsid(args) => want::nsid(context, &args),
        Verb::List(args) => find::list(context, &args),
        Verb::Show(args) => find::show(context, &args),
        Verb::Pids(args) => find::pids(context, &args),
        Verb::Identify(args) => find::identify(context, &args),
        Verb::Monitor(args) => monitor::monitor(context, &args),
        Verb::Wait(args) => monitor::wait(context, &args),
        Verb::Exec(args) => enter::exec(context, &args),
    }
}
