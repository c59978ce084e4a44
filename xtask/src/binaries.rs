//! The five binaries: their names, and a build of them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// In the order in which an overlay is made with them.
pub const NAMES: [&str; 5] = ["ovl-ns", "ovl-vxlan", "ovl-veth", "ovl-fdb", "ovl-inspect"];

/// What the binaries are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// To be there soon, sharing what `cargo test` has built.
    Dev,
    /// To be installed.
    Release,
}

/// Builds them; gives the folder that they are in.
pub fn build(profile: Profile) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--message-format=json-render-diagnostics"]);
    match profile {
        // The very set that xtask itself was built in: a smaller one would mean
        // other features of the same packages, and those built a second time.
        Profile::Dev => command.args(["--workspace", "--bins"]),
        // The C library is linked in: without the dynamic linker's work a run is
        // shorter and smaller than `ip`'s. A target that is named keeps the flag
        // away from procedural macros, which cannot be built so.
        Profile::Release => command
            .args(["--release", "--target", &host()?])
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .args(NAMES.iter().flat_map(|name| ["--package", name])),
    };
    command.current_dir(crate::root()?);
    let built = command.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(built.status.success(), "the binaries do not build");
    let messages = String::from_utf8_lossy(&built.stdout);
    // Cargo knows best where it puts them: a target folder can be set in many places.
    let made = messages.lines().find_map(executable).context("cargo built no binary")?;
    Ok(made.parent().context("a binary in no folder")?.to_owned())
}

/// The target that this machine's compiler builds for.
fn host() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&said.stdout);
    let line = text.lines().find_map(|l| l.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc names no host")
}

/// The binary that a line of Cargo's messages is about.
fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = Path::new(message["executable"].as_str()?);
    NAMES.iter().any(|name| path.ends_with(name)).then(|| path.to_owned())
}

/// `PATH` with this folder first.
pub fn path_with(folder: &Path) -> OsString {
    let mut path = folder.as_os_str().to_owned();
    if let Some(rest) = env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_binaries_are_taken_from_the_messages() {
        let line = |path: &str| format!(r#"{{"reason":"compiler-artifact","executable":{path}}}"#);
        assert_eq!(executable(&line(r#""/t/debug/ovl-ns""#)), Some("/t/debug/ovl-ns".into()));
        assert_eq!(executable(&line(r#""/t/debug/build/x/build-script""#)), None);
        assert_eq!(executable(&line("null")), None);
        assert_eq!(executable("not JSON"), None);
    }
}
