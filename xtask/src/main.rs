//! The project's own tasks: `cargo xtask TASK`. One file a task; each prints
//! what it does and ends with an exit status that a script can use.

mod bench;
mod binaries;
mod demo;
mod dist;
mod generate;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use ovl_tests::sandbox;

/// The project's own tasks
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    /// What to do
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write the man pages and completions from the command lines' definitions
    Gen(generate::Args),
    /// Build the binaries and run scripts/two-hosts.sh in a sandbox: no root, and
    /// the machine's network is not touched
    Demo(demo::Args),
    /// Build the binaries as they are installed, into target/dist
    Dist,
    /// Measure the binaries beside the tools they stand in for
    Bench(bench::Args),
    /// Check what no compiler does: places of words, sizes, links, shell syntax
    Tidy,
    /// Wait for a byte on standard input, then become a command (for bench)
    #[command(hide = true)]
    Hold(bench::Hold),
}

fn main() -> ExitCode {
    // First of all: a process with threads cannot make a user namespace.
    let ran = sandbox::enter().and_then(|place| match Cli::parse().task {
        Task::Gen(args) => generate::run(&args),
        Task::Demo(args) => demo::run(&args, place),
        Task::Dist => dist::run(),
        Task::Bench(args) => bench::run(&args, place),
        Task::Tidy => tidy::run(),
        Task::Hold(args) => bench::hold(&args),
    });
    ran.unwrap_or_else(|e| {
        eprintln!("xtask: {e:#}");
        ExitCode::FAILURE
    })
}

/// The folder of the workspace.
fn root() -> Result<PathBuf> {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").context("start it as `cargo xtask`")?;
    let own = PathBuf::from(own);
    Ok(own.parent().context("xtask is in no folder")?.to_owned())
}
