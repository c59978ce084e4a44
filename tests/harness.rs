//! Runs each test in a sandbox of its own: the test binary starts itself again
//! with `--exact NAME`, and the process inside runs that one function. So plain
//! `cargo test` cannot touch the machine's network, and a test cannot touch
//! another.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::unistd::alarm;

use crate::lab::{self, Lab, Skip};
use crate::sandbox::{self, Place};

/// How long one test may take, in seconds.
const LIMIT: u32 = 120;
/// Exit code of a test that this machine cannot run.
const SKIPPED: u8 = 77;
/// Exit code of a failed test, as libtest has it.
const FAILED: u8 = 101;
/// Exit code of a process that SIGALRM ended.
const TOO_LONG: i32 = 128 + 14;

/// A tool we did not write, which a test holds our work against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    name: &'static str,
    package: &'static str,
}

/// `ip` and `bridge`.
pub const IP: Tool = Tool { name: "ip", package: "iproute2" };
/// `bridge`.
pub const BRIDGE: Tool = Tool { name: "bridge", package: "iproute2" };
/// `ethtool`.
pub const ETHTOOL: Tool = Tool { name: "ethtool", package: "ethtool" };
/// `ping`.
pub const PING: Tool = Tool { name: "ping", package: "iputils-ping" };
/// `setpriv`.
pub const SETPRIV: Tool = Tool { name: "setpriv", package: "util-linux" };

/// `script`, which runs a command on a terminal of its own.
pub const SCRIPT: Tool = Tool { name: "script", package: "bsdutils" };

/// A test: a plain function, and the tools it needs.
#[derive(Debug, Clone, Copy)]
pub struct Test {
    /// Its file.
    pub file: &'static str,
    /// Its name, which reads as a sentence.
    pub name: &'static str,
    /// What it does, inside the sandbox.
    pub run: fn(&Lab) -> Result<()>,
    /// The tools it needs besides `ip` and `bridge`.
    pub needs: &'static [Tool],
}

/// The tests of a file: `tests![first_name, second_name: ETHTOOL PING]`.
#[macro_export]
macro_rules! tests {
    ($($name:ident $(: $($tool:ident)+)?),* $(,)?) => {
        /// The tests of this file.
        pub fn tests() -> Vec<$crate::harness::Test> {
            vec![$($crate::harness::Test {
                file: module_path!(),
                name: stringify!($name),
                run: $name,
                needs: &[$($($crate::harness::$tool),+)?],
            }),*]
        }
    };
}

impl Test {
    /// `file::name`.
    fn full_name(&self) -> String {
        let file = self.file.rsplit("::").next().unwrap_or(self.file);
        format!("{file}::{}", self.name)
    }

    /// The tools that are not on this machine.
    fn missing(&self) -> Vec<Tool> {
        let tools = [IP, BRIDGE].iter().chain(self.needs);
        tools.filter(|t| sandbox::find_program(t.name).is_none()).copied().collect()
    }
}

/// The test binary's `main`.
pub fn main(tests: Vec<Test>) -> ExitCode {
    if sandbox::is_marked() {
        // In the process between: its end takes the sandbox with it. (Number 1
        // inside ignores the signal, as it does every signal from within.)
        alarm::set(LIMIT);
    }
    let ran = sandbox::enter().and_then(|place| match place {
        Place::Inside => inside(&tests),
        Place::Outside => outside(tests),
    });
    ran.unwrap_or_else(|e| {
        eprintln!("whole-program tests: {e:#}");
        ExitCode::FAILURE
    })
}

/// One test, or, without a name, the question whether a sandbox can be had.
fn inside(tests: &[Test]) -> Result<ExitCode> {
    let Some(name) = Arguments::from_args().filter else { return Ok(ExitCode::SUCCESS) };
    let test = tests.iter().find(|t| t.full_name() == name).context("no such test")?;
    let Err(e) = Lab::new().and_then(|lab| (test.run)(&lab)) else { return Ok(ExitCode::SUCCESS) };
    if let Some(Skip(why)) = e.downcast_ref() {
        println!("{why}");
        return Ok(ExitCode::from(SKIPPED));
    }
    eprintln!("{e:#}");
    Ok(ExitCode::from(FAILED))
}

fn outside(tests: Vec<Test>) -> Result<ExitCode> {
    let arguments = Arguments::from_args();
    if !arguments.list {
        lab::binaries()?;
        let probe = sandbox::command()?.output()?;
        anyhow::ensure!(
            probe.status.success(),
            "no test was run, because there is no sandbox to run it in.\n{}",
            String::from_utf8_lossy(&probe.stderr)
        );
    }
    let trials = tests.into_iter().map(trial).collect();
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// A test whose tools are missing is listed as ignored, with the packages that
/// have them.
fn trial(test: Test) -> Trial {
    let missing = test.missing();
    let trial = Trial::ignorable_test(test.full_name(), move || {
        sandboxed(&test.full_name()).map_err(|e| Failed::from(format!("{e:#}")))?
    });
    if missing.is_empty() {
        return trial;
    }
    let words: Vec<String> =
        missing.iter().map(|t| format!("{}: apt install {}", t.name, t.package)).collect();
    trial.with_kind(format!("needs {}", words.join(", "))).with_ignored_flag(true)
}

/// Starts this binary again, for one test.
fn sandboxed(name: &str) -> Result<Result<Completion, Failed>> {
    let mut command: Command = sandbox::command()?;
    let output = command.args(["--exact", name]).output().context("cannot start the test")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    Ok(match sandbox::exit_code(output.status) {
        0 => Ok(Completion::Completed),
        code if code == i32::from(SKIPPED) => Ok(Completion::ignored_with(stdout.trim())),
        TOO_LONG => Err(format!("took more than {LIMIT} s\n{stdout}{stderr}").into()),
        _ => Err(format!("{stdout}{stderr}").into()),
    })
}
