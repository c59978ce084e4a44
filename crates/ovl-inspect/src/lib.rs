//! ovl-inspect: see overlay networks: namespaces, devices, rows, and every
//! cable's other end. Changes nothing; only `ping` sends packets.

mod cli;
mod ping;
mod views;

use std::process::ExitCode;

use clap::CommandFactory;
use ovl_cli::flags::Format;
use ovl_cli::{Context, Error, Exit};

use cli::{Cli, Verb};

/// The command line's definition, for man pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the binary.
pub fn main() -> ExitCode {
    ovl_cli::main::<Cli>("ovl-inspect", |cli| cli.flags.clone(), run)
}

fn run(context: &Context, cli: Cli) -> Result<Exit, Error> {
    if let Some(verb) = &cli.verb {
        writes_as_asked(verb, cli.flags.format())?;
    }
    if let Some(verb) = cli.verb.as_ref().filter(|_| !cli.snapshot.is_empty()) {
        looks_at_snapshots(verb)?;
    }
    match cli.verb {
        None => views::tree::show(context, &cli.snapshot),
        Some(Verb::Links(args)) => views::links::show(context, &cli.snapshot, &args),
        Some(Verb::Routes(args)) => views::routes::show(context, &cli.snapshot, &args),
        Some(Verb::Fdb(args)) => views::rows::show_fdb(context, &cli.snapshot, &args),
        Some(Verb::Neigh(args)) => views::rows::show_neigh(context, &cli.snapshot, &args),
        Some(Verb::Graph(args)) => views::graph::show(context, &cli.snapshot, &args),
        Some(Verb::Snapshot(args)) => views::snapshot::save(context, &args),
        Some(Verb::Watch(args)) => ovl_cli::watch::watch(context, &args.wish()),
        Some(Verb::Ping(args)) => ping::ping(context, &args),
    }
}

/// What has a form of its own is in no other: whoever asks for one would take what
/// comes for that.
fn writes_as_asked(verb: &Verb, format: Format) -> Result<(), Error> {
    let refused = |why: &str, hint: &str| Err(Error::usage(why).hint(hint));
    match (verb, format) {
        (Verb::Graph(_), Format::Json | Format::Yaml | Format::Wide) => refused(
            "a picture is no table and no object: -o does not go together with graph",
            "--format svg, dot or mermaid; ovl-inspect -o json has what is in the picture",
        ),
        (Verb::Snapshot(_), Format::Yaml | Format::Wide) => {
            refused("a snapshot is JSON", "without -o, or with -o json")
        }
        _ => Ok(()),
    }
}

/// A snapshot that is not looked at is said: what such a verb tells is of this
/// machine, and would pass for the other one's.
fn looks_at_snapshots(verb: &Verb) -> Result<(), Error> {
    let why = match verb {
        Verb::Ping(_) => "ping sends packets from this machine's namespaces",
        Verb::Watch(_) => "watch follows this machine",
        Verb::Snapshot(_) => "snapshot saves this machine",
        Verb::Links(_) | Verb::Routes(_) | Verb::Fdb(_) | Verb::Neigh(_) | Verb::Graph(_) => {
            return Ok(());
        }
    };
    Err(Error::usage(format!("{why}: it does not go together with --snapshot")))
}
