//! What a container engine's own command says. It is asked where the user named
//! one, or for the names of what was found, and never for longer than two seconds.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;
use ovl_core::inherited::hand_signals_down;
use ovl_core::names::{Engine, shown};

/// How long an engine may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why an engine gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Its command is not installed.
    #[error("the command '{0}' is not installed")]
    NoCommand(&'static str),
    /// It does not know the object.
    #[error("{0}: {1}")]
    Refused(&'static str, String),
    /// It took too long.
    #[error("{0} did not answer within 2 s")]
    Slow(&'static str),
    /// It answers for another machine.
    #[error("DOCKER_HOST is {0}: its namespaces are on another machine")]
    Remote(String),
}

/// The sandbox of a container: its nsfs file, or its process's.
pub fn sandbox(engine: Engine, container: &str) -> Result<Vec<PathBuf>, EngineError> {
    let format = "{{.NetworkSettings.SandboxKey}}\n{{.State.Pid}}";
    let answer =
        ask(engine, ["inspect", "--type", "container", "--format", format, "--", container])?;
    let mut lines = answer.lines();
    let key = lines.next().unwrap_or_default().trim();
    let pid = lines.next().unwrap_or_default().trim();
    let mut doors = Vec::new();
    if !key.is_empty() {
        doors.push(PathBuf::from(key));
    }
    if pid.parse::<u32>().is_ok_and(|pid| pid != 0) {
        doors.push(PathBuf::from(format!("/proc/{pid}/ns/net")));
    }
    if doors.is_empty() {
        let why = format!("container {container} is not running");
        return Err(EngineError::Refused(engine.command(), why));
    }
    Ok(doors)
}

/// The id of a network.
pub fn network_id(engine: Engine, network: &str) -> Result<String, EngineError> {
    let answer = ask(engine, ["network", "inspect", "--format", "{{.Id}}", "--", network])?;
    Ok(answer.trim().to_owned())
}

/// The folder in which the engine that answers keeps its namespaces, learned
/// from one of its containers; `None` when it runs none, or does not answer.
pub fn folder(engine: Engine) -> Option<PathBuf> {
    let containers = ask(engine, ["ps", "--quiet", "--no-trunc"]).ok()?;
    let key = sandbox(engine, containers.lines().next()?).ok()?;
    key.first()?.parent().map(std::path::Path::to_owned)
}

/// Something an engine has a name for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its full id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The names of all containers that run, in one question.
pub fn containers(engine: Engine) -> Result<Vec<Named>, EngineError> {
    let args = ["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"];
    Ok(ask(engine, args)?.lines().filter_map(named).collect())
}

/// The names of all networks.
pub fn networks(engine: Engine) -> Result<Vec<Named>, EngineError> {
    let args = ["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"];
    Ok(ask(engine, args)?.lines().filter_map(named).collect())
}

/// `ID NAME`, or `ID NAME,OTHER/ALIAS` for a container that others are linked to.
fn named(line: &str) -> Option<Named> {
    let (id, names) = line.trim().split_once(' ')?;
    let name = names.split(',').find(|n| !n.contains('/'))?;
    // An engine takes no other names (moby, daemon/names): such a one goes after
    // `docker:` as it is.
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let is_name = !name.is_empty() && name.chars().all(fits);
    is_name.then(|| Named { id: id.to_owned(), name: name.to_owned() })
}

fn ask<I, S>(engine: Engine, args: I) -> Result<String, EngineError>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let command = engine.command();
    if engine == Engine::Docker
        && let Ok(host) = std::env::var("DOCKER_HOST")
        && !host.is_empty()
        && !host.starts_with("unix://")
    {
        return Err(EngineError::Remote(host));
    }
    let mut asked = Command::new(command);
    asked.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: what is a script has children, which end with it.
    asked.process_group(0);
    // Followers hold signals back, which the command is not to do as well.
    hand_signals_down(&mut asked, SigSet::empty());
    let mut child = asked.spawn().map_err(|_| EngineError::NoCommand(command))?;
    // Read on the side, so that a long answer cannot fill the pipe and hang it.
    let out = child.stdout.take().map(read_aside);
    let err = child.stderr.take().map(read_aside);
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => {
                end(&mut child);
                return Err(EngineError::Slow(command));
            }
        }
    };
    // Whatever the command left behind may keep the pipe open after its end.
    let text = |side: Option<Receiver<String>>| {
        let left = deadline.saturating_duration_since(Instant::now());
        side.map_or(Ok(String::new()), |s| {
            s.recv_timeout(left).map_err(|_| EngineError::Slow(command))
        })
    };
    let (out, err) = (text(out)?, text(err)?);
    if status.success() {
        return Ok(out);
    }
    let why = err.lines().next().unwrap_or("it gave no reason").trim();
    Err(EngineError::Refused(command, shown(why)))
}

/// Ends a command that takes too long, and all that it has started.
fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ = child.wait();
}

fn read_aside(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_id_and_the_name_that_is_its_own() {
        let name = |line: &str| named(line).map(|n| (n.id, n.name));
        let x1 = Some(("8b5b".to_owned(), "X-1".to_owned()));
        assert_eq!(name("8b5b X-1"), x1);
        assert_eq!(name("8b5b other/alias,X-1"), x1);
        assert_eq!(name("8b5b"), None);
        assert_eq!(name("8b5b \u{1b}[31mred"), None);
        assert_eq!(name(""), None);
    }
}
