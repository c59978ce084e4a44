//! `exec`: becomes the command, inside a namespace. As `ip netns exec` that
//! namespace's /sys is mounted and /etc/netns/NAME laid over /etc, in a mount
//! namespace of the command's own; `--net-only` is `nsenter --net`.

use std::ffi::{CString, OsString};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, execvp};
use ovl_cli::error::from_io;
use ovl_cli::stop::{Stop, exit_for};
use ovl_cli::{Context, Error, Exit, output};
use ovl_core::error::errno_text;
use ovl_core::inherited::{hand_signals_down, with_signals};
use ovl_core::names::{DOCKER_NETNS_DIR, NETNS_DIR, NsRef, shown};
use ovl_core::netns::{NetNs, Process};
use ovl_core::step::Place;

use crate::cli::Exec;

/// Our own failures, by the convention of env(1), nohup(1) and others.
const OURS: Exit = Exit::Command(125);
const NOT_EXECUTABLE: Exit = Exit::Command(126);
const NOT_FOUND: Exit = Exit::Command(127);

/// `exec`.
pub fn exec(context: &Context, args: &Exec) -> Result<Exit, Error> {
    if args.how.all {
        return all(context, args);
    }
    let (reference, command) = whole(args)?;
    let resolved = context.resolve(&reference).map_err(ours)?;
    let name = match &resolved.place {
        Place::Named(name) => Some(name.as_str().to_owned()),
        Place::Own | Place::Path(_) => None,
    };
    setns(&resolved.ns, CloneFlags::CLONE_NEWNET)
        .map_err(|e| failed(&format!("enter {}", resolved.label), e))?;
    if !args.how.net_only {
        dress(name.as_deref().unwrap_or("ovl"), name.is_some())?;
    }
    Err(become_command(&command, resolved.label))
}

/// Not the command's failure, but ours.
fn ours(mut error: Error) -> Error {
    error.exit = OURS;
    error
}

/// The namespace, and the command: with `-n` all words are the command.
fn whole(args: &Exec) -> Result<(NsRef, Vec<OsString>), Error> {
    if let Some(reference) = &args.how.netns {
        return Ok((reference.clone(), args.ns.iter().chain(&args.command).cloned().collect()));
    }
    let text = args.ns.as_ref().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let reference = text.parse().map_err(|e| ours(Error::from(e)))?;
    Ok((reference, args.command.clone()))
}

/// Gives the command the view of /sys and /etc that fits its namespace.
fn dress(name: &str, has_name: bool) -> Result<(), Error> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(|e| failed("make a mount namespace", e))?;
    // Mounts of the machine still arrive here, ours do not reach it.
    let slave = MsFlags::MS_SLAVE | MsFlags::MS_REC;
    mount(None::<&str>, "/", None::<&str>, slave, None::<&str>)
        .map_err(|e| failed("separate the mounts", e))?;
    // Not mounted is fine: it is mounted anew.
    let _ = umount2("/sys", MntFlags::MNT_DETACH);
    mount(Some(name), "/sys", Some("sysfs"), MsFlags::empty(), None::<&str>).map_err(|e| {
        failed("mount the namespace's /sys", e).hint("--net-only leaves /sys as it is")
    })?;
    if has_name {
        lay_over_etc(&Path::new("/etc/netns").join(name));
    }
    Ok(())
}

/// Binds each file of /etc/netns/NAME over its namesake in /etc. One that
/// cannot be bound is said, and the command runs all the same, as with `ip`.
fn lay_over_etc(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let target = Path::new("/etc").join(entry.file_name());
        let source = entry.path();
        if let Err(e) = mount(Some(&source), &target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        {
            let (source, target) = (shown(&source), shown(&target));
            output::note(&format!("ovl-ns: cannot bind {source} over {target}: {}", errno_text(e)));
        }
    }
}

/// Replaces this process. Returns only when that failed.
fn become_command(command: &[OsString], label: String) -> Error {
    let shell = || {
        let own = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
        own.unwrap_or_else(|| OsString::from("/bin/sh"))
    };
    let words: Vec<OsString> = if command.is_empty() { vec![shell()] } else { command.to_vec() };
    let strings: Result<Vec<CString>, _> =
        words.iter().map(|w| CString::new(w.as_bytes())).collect();
    let Ok(strings) = strings else {
        return Error::new(OURS, "a word of the command holds a NUL byte");
    };
    let Err(errno) = with_signals(|| execvp(&strings[0], &strings));
    let exit = if errno == Errno::ENOENT { NOT_FOUND } else { NOT_EXECUTABLE };
    let word = words[0].to_string_lossy();
    let name = if word.is_empty() { "''".into() } else { shown(&*word) };
    let message = format!("cannot run {name}: {}", errno_text(errno));
    let error = Error::new(exit, message).about("run", word.into_owned(), Some(label));
    Error { errno: Some(errno), ..error }
}

/// Each namespace in turn, by a process of its own. A signal is passed on to the one
/// that runs, and is the end of the turn.
fn all(context: &Context, args: &Exec) -> Result<Exit, Error> {
    let command: Vec<&OsString> = args.ns.iter().chain(&args.command).collect();
    if command.is_empty() {
        return Err(Error::usage("exec --all wants a command"));
    }
    let own = std::env::current_exe().map_err(|e| ours(from_io("find", "this program", &e)))?;
    let mut worst = 0;
    let mask = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
    let stop = Stop::arm();
    let folders: &[&str] =
        if args.how.docker { &[NETNS_DIR, DOCKER_NETNS_DIR] } else { &[NETNS_DIR] };
    for path in folders.iter().flat_map(|folder| namespaces(Path::new(folder))) {
        if !context.flags.quiet {
            output::note(&format!("netns: {}", shown(&path)));
        }
        let mut child = Command::new(&own);
        child.arg("exec").arg(&path);
        if args.how.net_only {
            child.arg("--net-only");
        }
        // Errors of its own are in the form that was asked for.
        if context.flags.is_structured() {
            child.arg("--json");
        }
        hand_signals_down(child.arg("--").args(&command), mask);
        let (code, signal) = match child.spawn() {
            Ok(child) => ended(child, &stop),
            Err(e) => {
                context.tell(&ours(from_io("run", "this program", &e)));
                (OURS.code(), None)
            }
        };
        if let Some(signal) = signal {
            return Ok(exit_for(signal));
        }
        worst = worst.max(code);
    }
    Ok(Exit::Command(worst))
}

/// Waits for the end of a command: its exit code, as a shell has it, and the signal
/// that came meanwhile.
fn ended(mut child: Child, stop: &Stop) -> (u8, Option<Signal>) {
    let mut signal = None;
    let mut pass_on = |child: &Child| {
        while let Some(heard) = stop.heard() {
            signal = signal.or(Some(heard.signal));
            let pid = i32::try_from(child.id()).map(Pid::from_raw);
            // What a terminal sent, the command has got as well.
            if let (false, Ok(pid)) = (heard.by_all, pid) {
                // It may have ended meanwhile, and stays a number until it is waited for.
                let _ = kill(pid, heard.signal);
            }
        }
    };
    if let (Ok(process), Some(ear)) = (Process::open(child.id()), stop.as_fd()) {
        loop {
            let mut fds = [process.as_fd(), ear].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) if fds[0].any() != Some(true) => pass_on(&child),
                Err(Errno::EINTR) => {}
                Ok(_) | Err(_) => break,
            }
        }
    }
    // One that came in the same moment in which the command ended.
    pass_on(&child);
    let code = child.wait().ok().and_then(|status| {
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        u8::try_from(code?).ok()
    });
    (code.unwrap_or(OURS.code()), signal)
}

/// The namespaces with a name in that folder, sorted. Plain files are passed over.
fn namespaces(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    paths.retain(|p| NetNs::open(p).is_ok());
    paths.sort();
    paths
}

fn failed(what: &str, errno: Errno) -> Error {
    let mut error = Error::new(OURS, format!("cannot {what}: {}", errno_text(errno)));
    error.errno = Some(errno);
    error.hints.extend(ovl_cli::hint::for_errno(Some(errno)));
    error
}
