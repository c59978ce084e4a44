//! Several runs at the same time, and others that stand in their way.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::id;

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{Flock, FlockArg};
use ovl_tests::lab::{Background, FOLDER, Lab};
use ovl_tests::tests;

tests![
    several_that_make_the_same_name_agree,
    several_that_delete_the_same_name_agree,
    a_name_that_another_is_making_is_waited_for,
    the_lock_is_its_owners_alone,
    who_is_waited_for_is_said_and_then_it_goes_on,
    a_signal_ends_the_waiting,
    a_lock_that_may_not_be_taken_is_exit_5: SETPRIV,
];

const LOCK: &str = "/run/ovl/lock";
const LOAD: &str = "ovl-fdb load t.csv -n ov1";

/// How often chance is given a chance.
const TIMES: usize = 8;

/// Runs a command several times at the same time; gives the exit codes.
fn at_once(lab: &Lab, command: &str) -> Result<Vec<i32>> {
    let all: Vec<_> = (0..3).map(|_| lab.background(command)).collect::<Result<_>>()?;
    all.into_iter().map(Background::wait).collect()
}

fn several_that_make_the_same_name_agree(lab: &Lab) -> Result<()> {
    // Those of the machine itself may be underneath.
    let mounts = || -> Result<usize> {
        Ok(fs::read_to_string("/proc/self/mountinfo")?.matches(" /run/netns ").count())
    };
    let before = mounts()?;
    for n in 0..TIMES {
        assert_eq!(at_once(lab, &format!("exec ovl-ns add e{n} --exist-ok"))?, [0, 0, 0]);
        let mut codes = at_once(lab, &format!("exec ovl-ns add f{n}"))?;
        codes.sort_unstable();
        assert_eq!(codes, [0, 4, 4]);
    }
    // The folder was made a mount once.
    assert_eq!(mounts()?, before + 1);
    Ok(())
}

fn several_that_delete_the_same_name_agree(lab: &Lab) -> Result<()> {
    for _ in 0..TIMES {
        lab.ok("ip netns add q1")?;
        assert_eq!(at_once(lab, "exec ovl-ns del q1 --missing-ok")?, [0, 0, 0]);
        ensure!(lab.ok("ls /run/netns")?.is_empty());
    }
    Ok(())
}

fn a_name_that_another_is_making_is_waited_for(lab: &Lab) -> Result<()> {
    // As ip does it, slowly: the file, and then the namespace. On a machine so busy
    // that the file is no longer new when it is looked at, it is done once more.
    lab.ok("ip netns add h1; ip -n h1 link set lo up")?;
    for _ in 0..TIMES {
        let made = "touch /run/netns/x; sleep 0.1; exec mount --bind /run/netns/h1 /run/netns/x";
        let making = lab.background(made)?;
        lab.eventually("it is begun", |_| Ok(Path::new("/run/netns/x").exists()))?;
        let added = lab.run("ovl-ns add x --exist-ok")?;
        assert_eq!(making.wait()?, 0);
        if added.code == 0 {
            return Ok(());
        }
        lab.ok("ip netns del x")?;
    }
    bail!("it is never waited for")
}

fn the_lock_is_its_owners_alone(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let mode = |path| Ok::<_, anyhow::Error>(fs::metadata(path)?.permissions().mode() & 0o777);
    lab.ok(&format!("umask 0; {LOAD}"))?;
    assert_eq!((mode(LOCK)?, mode("/run/ovl")?), (0o600, 0o755));
    // As an earlier version left them.
    lab.ok(&format!("chmod 644 {LOCK}; chmod 777 /run/ovl; {LOAD}"))?;
    assert_eq!((mode(LOCK)?, mode("/run/ovl")?), (0o600, 0o755));
    // A link in its place is not followed.
    lab.ok(&format!("rm {LOCK}; touch other; chmod 644 other; ln -s {FOLDER}/other {LOCK}"))?;
    lab.refuses(LOAD, 1, &["cannot lock", LOCK])?;
    assert_eq!(mode("/run/lab/other")?, 0o644);
    Ok(())
}

/// An overlay and a table for it.
fn overlay(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("echo 192.168.10.101,,192.168.1.5 > t.csv").map(drop)
}

/// Takes the lock, as this process.
fn hold() -> Result<Flock<File>> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create("/run/ovl")?;
    let file = File::options().create(true).truncate(false).write(true).open(LOCK)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, e)| e).context("cannot lock")
}

fn who_is_waited_for_is_said_and_then_it_goes_on(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let lock = hold()?;
    let load = lab.background(&format!("exec {LOAD} 2> said"))?;
    let said = || fs::read_to_string(format!("{FOLDER}/said")).unwrap_or_default();
    lab.eventually("it says whom it waits for", |_| Ok(said().ends_with('\n')))?;
    ensure!(said().contains(LOCK) && said().contains(&format!("({})", id())), "{}", said());
    ensure!(lab.ok("ip -n ov1 neigh")?.is_empty());
    drop(lock);
    assert_eq!(load.wait()?, 0);
    assert_eq!(said().lines().count(), 1, "{}", said());
    ensure!(lab.ok("ip -n ov1 neigh")?.contains("192.168.10.101"));
    Ok(())
}

fn a_signal_ends_the_waiting(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    let _lock = hold()?;
    // A follower holds its signals back.
    for command in [LOAD, "ovl-fdb sync t.csv -n ov1 --watch"] {
        let load = lab.background(&format!("exec {command} 2> said"))?;
        let said = || fs::read_to_string(format!("{FOLDER}/said")).unwrap_or_default();
        lab.eventually("it waits", |_| Ok(said().contains(LOCK)))?;
        lab.ok(&format!("kill -TERM {}; rm said", load.pid()))?;
        assert_eq!(load.wait()?, 143, "{command}");
    }
    Ok(())
}

fn a_lock_that_may_not_be_taken_is_exit_5(lab: &Lab) -> Result<()> {
    overlay(lab)?;
    // Root without the right to open what its mode closes.
    lab.ok(&format!("mkdir /run/ovl; touch {LOCK}; chmod 000 {LOCK}"))?;
    let plain = "setpriv --bounding-set=-all --inh-caps=-all";
    lab.refuses(&format!("{plain} {LOAD}"), 5, &["cannot lock", LOCK, "hint: this needs root"])?;
    let said = lab.fails(&format!("{plain} {LOAD}"), 5)?;
    ensure!(!said.contains("os error"), "{said}");
    Ok(())
}
