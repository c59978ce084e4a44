//! What cannot be read is said, by its name: a machine without a procfs, and mounts of
//! namespaces that lie under others.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;

tests![without_a_procfs_nobody_passes_for_not_being_there,];

fn without_a_procfs_nobody_passes_for_not_being_there(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip netns exec a sleep 1000 & sleep 0.2; kill $!")?;
    let blind = "unshare --mount sh -c 'mount -t tmpfs none /proc; exec \"$@\"' -";
    for command in [
        "ovl-ns pids a",
        "ovl-ns show a",
        "ovl-ns list",
        "ovl-inspect",
        "ovl-inspect links",
        "ovl-ns pids self",
        "ovl-ns pids init",
        "ovl-ns pids pid:1",
        "ovl-ns identify 1",
        "ovl-inspect snapshot -",
    ] {
        let ended = lab.run(&format!("{blind} {command}"))?;
        ensure!(ended.code == 5 && ended.stdout.is_empty(), "{command}: {ended}");
        ensure!(ended.stderr.contains("no procfs is mounted at /proc\n"), "{command}: {ended}");
        ensure!(ended.stderr.contains("hint: mount -t proc proc /proc\n"), "{command}: {ended}");
        ensure!(!ended.stderr.contains("kernel"), "{command}: {ended}");
    }
    Ok(())
}
