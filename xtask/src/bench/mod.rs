//! `cargo xtask bench`: whole commands beside the tools they stand in for, in
//! one run on one machine, in a sandbox. Numbers of different runs or machines
//! say nothing beside each other, so nothing is kept.

mod goals;
mod machine;
mod measure;
mod monitor;
mod rounds;
mod rows;
mod start;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use ovl_tests::sandbox::{self, Place};

use crate::binaries::{self, Profile};
pub use measure::{Hold, hold};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to measure
    what: What,
    /// How often each command is run [default: 200 for start, 11 for machine, 5 for rows]
    #[arg(long, visible_alias = "runs")]
    rounds: Option<usize>,
    /// How many namespaces there are (machine)
    #[arg(long, default_value_t = 300)]
    namespaces: usize,
    /// How many endpoints there are (rows)
    #[arg(long, default_value_t = 100_000)]
    endpoints: u32,
    /// Only this part of rows; repeatable
    #[arg(long)]
    only: Vec<rows::Part>,
    /// The binaries' folder, given by the process outside to the one inside
    #[arg(long, hide = true)]
    binaries: Option<PathBuf>,
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The whole run of a command that shows a handful of devices: start, dump, exit
    Start,
    /// A snapshot of a machine with hundreds of namespaces
    Machine,
    /// A hundred thousand endpoints: loaded, listed, flushed, kept in step with a table
    Rows,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Start => "start",
            What::Machine => "machine",
            What::Rows => "rows",
        }
    }

    fn rounds(self) -> usize {
        match self {
            What::Start => start::ROUNDS,
            What::Machine => machine::ROUNDS,
            What::Rows => rows::ROUNDS,
        }
    }
}

/// Outside it builds and goes in; inside it measures.
pub fn run(args: &Args, place: Place) -> Result<ExitCode> {
    let rounds = args.rounds.unwrap_or_else(|| args.what.rounds());
    ensure!(rounds > 0, "--rounds 0 measures nothing");
    let (Some(folder), Place::Inside) = (&args.binaries, place) else {
        let folder = binaries::build(Profile::Release)?;
        let mut inside = sandbox::command()?;
        inside.args(["bench", args.what.word(), "--rounds", &rounds.to_string()]);
        inside.args(["--namespaces", &args.namespaces.to_string()]);
        inside.args(["--endpoints", &args.endpoints.to_string()]);
        inside.args(args.only.iter().flat_map(|part| ["--only", part.word()]));
        let status = inside.arg("--binaries").arg(folder).status().context("cannot start")?;
        return Ok(ExitCode::from(u8::try_from(sandbox::exit_code(status)).unwrap_or(1)));
    };
    let tools = Tools { folder: folder.clone() };
    match args.what {
        What::Start => start::run(&tools, rounds)?,
        What::Machine => machine::run(&tools, rounds, args.namespaces)?,
        What::Rows => rows::run(&tools, rounds, args.endpoints, &args.only)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The commands that are measured, and those that make what they are measured on.
#[derive(Debug)]
struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// A command, from words. Programs are looked up once, here, and not in each run.
    fn command(&self, words: &str) -> Result<Command> {
        let mut words = words.split_whitespace();
        let name = words.next().context("no command")?;
        let mut command = Command::new(self.program(name)?);
        command.args(words).env_remove(sandbox::MARK);
        Ok(command)
    }

    fn program(&self, name: &str) -> Result<PathBuf> {
        if binaries::NAMES.contains(&name) {
            return Ok(self.folder.join(name));
        }
        let path: Option<PathBuf> = sandbox::find_program(name);
        path.with_context(|| format!("{name} is not on this machine"))
    }

    /// A C program of this folder, compiled; `None` where there is no compiler.
    fn compile(&self, name: &str) -> Result<Option<PathBuf>> {
        if sandbox::find_program("cc").is_none() {
            return Ok(None);
        }
        let source = crate::root()?.join(format!("xtask/src/bench/{name}.c"));
        let program = self.folder.join(format!("bench-{name}"));
        let (source, out) = (source.display(), program.display());
        self.must(&format!("cc -O2 -Wall -pthread -o {out} {source}"))?;
        Ok(Some(program))
    }

    /// Runs a command that must succeed.
    fn must(&self, words: &str) -> Result<()> {
        let output =
            self.command(words)?.output().with_context(|| format!("cannot run {words}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`{words}` failed: {said}");
        Ok(())
    }
}

/// A file's size, for people.
fn size_of(path: &Path) -> String {
    std::fs::metadata(path).map_or_else(|_| "?".into(), |meta| format!("{} KiB", meta.len() / 1024))
}
