//! A private place on this machine: own mount, network and process namespaces,
//! an empty `/run`, and, for an ordinary user, an own user namespace in which
//! that user is root. Nothing done inside can touch the machine's network, and
//! nothing stays when the first process inside has ended.
//!
//! A program uses it by starting itself again: [`command`] is the program's own
//! command line, marked; the marked program calls [`enter`] before it does
//! anything else (a process with threads cannot make a user namespace), which
//! comes back as [`Place::Inside`] in the process that is root, and number 1,
//! inside. Its caller sees the exit status of that process as its own child's.
//!
//! ```text
//! caller ── command() ──> marked program: enter() unshares, starts itself again, waits
//!                             └──> number 1 inside: enter() mounts /proc and /sys, returns Inside
//! ```

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Component, Path, PathBuf};
use std::process::{self, Command, ExitStatus};

use anyhow::{Context, Result, anyhow};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getegid, geteuid};

/// The environment variable that marks a program on its way in. Children of the
/// program inside inherit it: take it out of the environment of those that might
/// call [`enter`] themselves.
pub const MARK: &str = "OVL_SANDBOX";

const ON_THE_WAY: &str = "enter";
const ARRIVED: &str = "inside";

/// Where [`enter`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The program was started as usual: it is on the machine itself.
    Outside,
    /// In the sandbox, as root and as process number 1. `lo` is still down.
    Inside,
}

/// This program again, to be run in a sandbox. Arguments, input and output are
/// the caller's to set. The exit status is that of the program inside.
pub fn command() -> Result<Command> {
    let program = env::current_exe().context("cannot tell which program this is")?;
    let mut command = Command::new(program);
    command.env(MARK, ON_THE_WAY);
    Ok(command)
}

/// Is this process marked: inside, or about to go?
pub fn is_marked() -> bool {
    env::var_os(MARK).is_some()
}

/// Goes in, when this process was started by [`command`]. To be called before
/// any thread is started. It does not come back in the process between the
/// caller and the sandbox; an error says what the machine forbids.
pub fn enter() -> Result<Place> {
    let stage = env::var_os(MARK);
    match stage.as_deref().and_then(OsStr::to_str) {
        Some(ON_THE_WAY) => {
            unshare_all().map_err(|e| anyhow!("{e:#}\n{}", why_forbidden()))?;
            make_mounts_private()?;
            hide_namespaces_of_others()?;
            make_private_run()?;
            let status = command()?
                .env(MARK, ARRIVED)
                .args(env::args_os().skip(1))
                .status()
                .context("cannot start the first process inside the sandbox")?;
            process::exit(exit_code(status));
        }
        Some(ARRIVED) => {
            // Its parent gone, nobody would end it.
            set_pdeathsig(Signal::SIGKILL)?;
            mount_process_and_device_folders()?;
            Ok(Place::Inside)
        }
        _ => Ok(Place::Outside),
    }
}

/// The exit code as a shell has it: 128 and the number for a signal.
pub fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Root needs no user namespace and is closer to real use without one; in a
/// container that took its rights away, root is an ordinary user.
fn unshare_all() -> Result<()> {
    let rest = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID;
    if geteuid().is_root() {
        match unshare(rest) {
            Err(Errno::EPERM) => {}
            other => return other.context("cannot make mount, network and process namespaces"),
        }
    }
    // The ids as they are here: in the new namespace they are nobody's.
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).context("cannot make a user namespace")?;
    write_map("setgroups", "deny".into())?;
    write_map("uid_map", format!("0 {user} 1"))?;
    write_map("gid_map", format!("0 {group} 1"))?;
    unshare(rest).context("cannot make namespaces inside the user namespace")
}

fn write_map(file: &str, text: String) -> Result<()> {
    let path = Path::new("/proc/self").join(file);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// What an administrator looks at when namespaces are refused.
fn why_forbidden() -> String {
    let switches = [
        ("user.max_user_namespaces", "must not be 0"),
        ("kernel.unprivileged_userns_clone", "must be 1 where it exists"),
        ("kernel.apparmor_restrict_unprivileged_userns", "must be 0 where it exists"),
    ];
    let mut text =
        "this machine does not let us make private namespaces; what decides it:".to_owned();
    for (name, rule) in switches {
        let path = PathBuf::from("/proc/sys").join(name.replace('.', "/"));
        let value = fs::read_to_string(path).map_or("(not here)".into(), |v| v.trim().to_owned());
        text.extend(["\n  sysctl ", name, " = ", &value, "  (", rule, ")"]);
    }
    text + "\n  and, in a container, its engine's seccomp profile (docker run --privileged)"
}

fn make_mounts_private() -> Result<()> {
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .context("cannot make the mounts private")
}

/// The mounts were copied, and with them the names of the machine's namespaces,
/// wherever they are (an engine's are not all under `/run`): a root inside could
/// enter them. They are taken away here; the originals stay.
fn hide_namespaces_of_others() -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    for path in mounts.lines().filter_map(nsfs_mount) {
        // In a user namespace, mounts that came from outside cannot be taken
        // away, but can be covered. What is in a folder closed to us is closed
        // to everything inside.
        if umount2(&path, MntFlags::MNT_DETACH).is_err() {
            let none = None::<&str>;
            let _ = mount(Some("/dev/null"), &path, none, MsFlags::MS_BIND, none);
        }
    }
    Ok(())
}

/// The mount point of a line of mountinfo, when it is a namespace's.
fn nsfs_mount(line: &str) -> Option<PathBuf> {
    let (before, after) = line.split_once(" - ")?;
    let is_nsfs = after.split(' ').next() == Some("nsfs");
    // Only blanks, tabs, line ends and backslashes are written as octal numbers.
    let path = before.split(' ').nth(4)?;
    let path = path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    is_nsfs.then(|| path.into())
}

/// An empty `/run` of our own: no namespace name, no engine's socket, no lock
/// of the machine's is seen from inside, and none of ours from outside.
fn make_private_run() -> Result<()> {
    for folder in ["/run", "/var/run"] {
        let is_own_folder = fs::symlink_metadata(folder).is_ok_and(|m| m.is_dir());
        if is_own_folder {
            cover(Path::new(folder))?;
        }
    }
    Ok(())
}

/// Mounts a tmpfs over a folder, and puts back the entries that the program
/// itself and its working directory are under.
fn cover(folder: &Path) -> Result<()> {
    let behind = File::open(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=755"))
        .with_context(|| format!("cannot mount a tmpfs on {}", folder.display()))?;
    let needed = [env::current_exe().ok(), env::current_dir().ok()];
    let mut entries: Vec<PathBuf> =
        needed.iter().flatten().filter_map(|p| entry(folder, p)).collect();
    entries.sort();
    entries.dedup();
    for entry in entries {
        let source = format!("/proc/self/fd/{}/{}", behind.as_raw_fd(), entry.display());
        let target = folder.join(&entry);
        fs::create_dir_all(&target)?;
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(source.as_str()), &target, None::<&str>, flags, None::<&str>)
            .with_context(|| format!("cannot keep {}", target.display()))?;
    }
    Ok(())
}

/// The entry of `folder` that `path` is under.
fn entry(folder: &Path, path: &Path) -> Option<PathBuf> {
    match path.strip_prefix(folder).ok()?.components().next()? {
        Component::Normal(first) => Some(first.into()),
        _ => None,
    }
}

/// `/proc` of the new process namespace, which must be had, and `/sys` of the
/// new network namespace, which a container's engine may have masked: tests
/// that need it look at what is there.
fn mount_process_and_device_folders() -> Result<()> {
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), safe, None::<&str>)
        .context("cannot mount a /proc of the sandbox's own (masked by a container's engine?)")?;
    match mount(Some("sysfs"), "/sys", Some("sysfs"), safe, None::<&str>) {
        Ok(()) | Err(Errno::EPERM | Errno::EACCES | Errno::EBUSY) => Ok(()),
        Err(e) => Err(anyhow!(e).context("cannot mount /sys")),
    }
}

/// Looks for a program in `PATH` and in the folders of system tools, which an
/// ordinary user's `PATH` often lacks.
pub fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|folder| folder.join(name)).find(|p| p.is_file())
}

/// `PATH`, and the folders of system tools; without folders that are closed to
/// us, which make "no such command" read "permission denied".
pub fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let open = env::split_paths(&path).chain(system).filter(|f| fs::read_dir(f).is_ok());
    env::join_paths(open).unwrap_or_default()
}
