//! `cargo xtask dist`: the binaries as they are installed: optimised, and with
//! the C library linked in, so that they run on any distribution.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::binaries::{self, Profile};

/// Builds them into target/dist.
pub fn run() -> Result<ExitCode> {
    let built = binaries::build(Profile::Release)?;
    let folder = crate::root()?.join("target/dist");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for name in binaries::NAMES {
        fs::copy(built.join(name), folder.join(name))
            .with_context(|| format!("cannot copy {name}"))?;
        println!("target/dist/{name}");
    }
    Ok(ExitCode::SUCCESS)
}
