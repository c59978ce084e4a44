//! What one run of a command costs: the time from before its start to after its
//! end, and the most memory it held.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::ptrace;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use ovl_tests::sandbox;

/// The whole run, as the one who started it sees it.
pub fn wall(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let wall = start.elapsed();
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(wall)
}

/// The peak resident size in KiB (`VmHWM`), read at the very end of the run.
///
/// `getrusage` would not do: what it says of a child is at least what its
/// parent held when it was started, and we hold more than the commands do. So
/// the command is watched (ptrace) and stops once, when it is about to end.
pub fn peak(command: &Command) -> Result<u64> {
    let mut child = held(command)?;
    let pid = Pid::from_raw(child.id().cast_signed());
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACEEXIT)
        .context("cannot watch a command (ptrace is forbidden here?)")?;
    child.stdin.take().context("no pipe")?.write_all(b"\n")?;
    let peak = loop {
        match waitpid(pid, None)? {
            WaitStatus::PtraceEvent(..) => break high_water(pid),
            WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal)?,
            other => bail!("{command:?}: {other:?} before its end was seen"),
        }
    };
    ptrace::detach(pid, None)?;
    let status = child.wait()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    peak
}

/// A process that will become the command when it is sent a byte.
fn held(command: &Command) -> Result<Child> {
    let own = std::env::current_exe()?;
    let mut hold = Command::new(own);
    hold.arg("hold").arg("--").arg(command.get_program()).args(command.get_args());
    hold.env_remove(sandbox::MARK).stdin(Stdio::piped()).stdout(Stdio::null());
    hold.spawn().context("cannot start this program again")
}

fn high_water(pid: Pid) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let number = line.split_whitespace().next().context("an empty VmHWM")?;
    Ok(number.parse()?)
}

/// The arguments of `hold`.
#[derive(Debug, clap::Args)]
pub struct Hold {
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<std::ffi::OsString>,
}

/// Waits for a byte, then becomes the command.
pub fn hold(args: &Hold) -> Result<ExitCode> {
    std::io::stdin().read_exact(&mut [0])?;
    let [program, rest @ ..] = args.command.as_slice() else { bail!("no command") };
    Err(Command::new(program).args(rest).exec().into())
}

/// The middle one (the upper of two).
pub fn median<T: Ord + Copy>(values: &mut [T]) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_needs_no_order() {
        assert_eq!(median(&mut [3, 1, 2]), Some(2));
        assert_eq!(median::<u8>(&mut []), None);
    }
}
