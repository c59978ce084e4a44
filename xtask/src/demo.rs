//! `cargo xtask demo`: the overlay of two hosts, made by hand, in a sandbox.
//! What it runs is `scripts/two-hosts.sh`, which a person could type.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use ovl_tests::sandbox::{self, Place};

use crate::binaries::{self, Profile};

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The binaries' folder, given by the process outside to the one inside
    #[arg(long, hide = true)]
    binaries: Option<PathBuf>,
}

/// Outside it builds and goes in; inside it runs the script. The exit status is
/// the script's.
pub fn run(args: &Args, place: Place) -> Result<ExitCode> {
    let mut command = if let (Some(folder), Place::Inside) = (&args.binaries, place) {
        script(folder)?
    } else {
        let mut command = sandbox::command()?;
        command.args(["demo", "--binaries"]).arg(binaries::build(Profile::Dev)?);
        command
    };
    let status = command.status().context("cannot start the demo")?;
    Ok(ExitCode::from(u8::try_from(sandbox::exit_code(status)).unwrap_or(1)))
}

fn script(binaries: &Path) -> Result<Command> {
    let mut sh = Command::new("sh");
    sh.arg(crate::root()?.join("scripts/two-hosts.sh"));
    sh.env("PATH", binaries::path_with(binaries)).env_remove(sandbox::MARK);
    // A folder of the machine's that the user searches too has no place inside.
    sh.env_remove("OVL_NETNS_PATH");
    Ok(sh)
}
