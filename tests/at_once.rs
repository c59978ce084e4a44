//! Several runs at the same time, and others that stand in their way.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::process::id;

use anyhow::{Context, Result, ensure};
use nix::fcntl::{Flock, FlockArg};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::tests;

tests![
    the_lock_is_its_owners_alone,
    who_is_waited_for_is_said_and_then_it_goes_on,
    a_signal_ends_the_waiting,
    a_lock_that_may_not_be_taken_is_exit_5: SETPRIV,
];

const LOCK: &str = "/run/ovl/lock";
const LOAD: &str = "ovl-fdb load t.csv -n ov1";

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
    lab.refuses(&format!("{LOAD}"), 1, &["cannot lock", LOCK])?;
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
