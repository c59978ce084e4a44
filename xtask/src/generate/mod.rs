//! `cargo xtask gen`: man pages and completions, from the same definitions that
//! parse the command lines. What comes out depends on those alone: no date, no
//! terminal, no tool of this machine.

mod man;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write nothing; name the files that are not as they would be written
    #[arg(long)]
    check: bool,
}

/// A file as it should be, its path from the workspace's folder.
struct File {
    path: PathBuf,
    text: Vec<u8>,
}

/// Writes, or checks.
pub fn run(args: &Args) -> Result<ExitCode> {
    let root = crate::root()?;
    let mut stale = Vec::new();
    for file in files()? {
        if fs::read(root.join(&file.path)).is_ok_and(|text| text == file.text) {
            continue;
        }
        if !args.check {
            write(&root, &file)?;
        }
        stale.push(file.path);
    }
    for path in &stale {
        println!("{} {}", if args.check { "stale:" } else { "wrote" }, path.display());
    }
    if args.check && !stale.is_empty() {
        eprintln!("xtask: {} generated files are stale: run `cargo xtask gen`", stale.len());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn write(root: &Path, file: &File) -> Result<()> {
    let path = root.join(&file.path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))
}

/// All that is generated.
fn files() -> Result<Vec<File>> {
    let commands = [
        ovl_ns::command(),
        ovl_vxlan::command(),
        ovl_veth::command(),
        ovl_fdb::command(),
        ovl_inspect::command(),
    ];
    let mut files = Vec::new();
    for command in commands {
        let path = format!("man/{}.8", command.get_name()).into();
        files.push(File { path, text: man::page(&command)?.into_bytes() });
        files.extend(SHELLS.map(|(shell, name)| completion(&command, shell, name)));
    }
    Ok(files)
}

/// The shells, and the folders their completions are in.
const SHELLS: [(Shell, &str); 3] =
    [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")];

/// A completion under the name that its shell looks for.
fn completion(command: &Command, shell: Shell, folder: &str) -> File {
    let name = command.get_name();
    let file = match shell {
        Shell::Zsh => format!("_{name}"),
        Shell::Fish => format!("{name}.fish"),
        _ => name.to_owned(),
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command.clone(), name, &mut text);
    File { path: Path::new("scripts/completions").join(folder).join(file), text }
}
