//! How a snapshot becomes a file: whole, whoever else writes one, and with the owner
//! and the mode of the file that it replaces.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Result, ensure};
use ovl_tests::lab::{Lab, skip};
use ovl_tests::tests;
use serde_json::Value;

tests![
    runs_at_once_leave_one_whole_file,
    files_beside_a_snapshot_are_neither_followed_nor_lost,
    a_snapshot_keeps_the_mode_of_the_file_it_replaces,
    a_snapshot_keeps_the_owner_of_the_file_it_replaces,
    what_cannot_be_saved_leaves_nothing_and_costs_nothing,
];

fn runs_at_once_leave_one_whole_file(lab: &Lab) -> Result<()> {
    // Long enough that the runs meet while they write.
    lab.ok("for n in $(seq 40); do ip netns add n$n; done")?;
    for _ in 0..5 {
        lab.ok(
            "pids=; for n in 1 2 3 4 5 6; do ovl-inspect snapshot s.json & pids=\"$pids $!\"; done
             for pid in $pids; do wait $pid; done",
        )?;
        let saved: Value = serde_json::from_slice(&fs::read("/run/lab/s.json")?)?;
        ensure!(saved["spaces"].as_array().is_some_and(|all| all.len() > 40), "{saved}");
    }
    assert_eq!(lab.ok("ls -A")?, "s.json\n");
    Ok(())
}

fn files_beside_a_snapshot_are_neither_followed_nor_lost(lab: &Lab) -> Result<()> {
    lab.ok("echo mine > mine; echo theirs > s.json.part")?;
    symlink("mine", "/run/lab/t.json.part")?;
    // The names that it takes for itself may be taken as well, for whatever process.
    let early = lab.ok("sh -c 'for n in 0 1 2; do ln -s mine .ovl-$$-$n.part; done; echo $$
             exec ovl-inspect snapshot u.json'")?;
    lab.ok("ovl-inspect snapshot s.json; ovl-inspect snapshot t.json")?;
    for saved in ["s.json", "t.json", "u.json"] {
        let text = fs::read(Path::new("/run/lab").join(saved))?;
        ensure!(serde_json::from_slice::<Value>(&text)?["schema"].is_number(), "{saved}");
    }
    assert_eq!(lab.ok("cat mine s.json.part; readlink t.json.part")?, "mine\ntheirs\nmine\n");
    let pid = early.trim();
    let links = lab.ok(&format!("for n in 0 1 2; do readlink .ovl-{pid}-$n.part; done"))?;
    assert_eq!(links, "mine\nmine\nmine\n");
    // Nothing of its own stays.
    assert_eq!(lab.ok("ls -A | grep -c part")?.trim(), "5");
    Ok(())
}

fn a_snapshot_keeps_the_mode_of_the_file_it_replaces(lab: &Lab) -> Result<()> {
    lab.ok("umask 022; ovl-inspect snapshot new.json; echo old > b.json; chmod 600 b.json")?;
    lab.ok("ovl-inspect snapshot b.json; test \"$(head -c1 b.json)\" = '{'")?;
    assert_eq!(lab.ok("stat -c %a new.json b.json")?, "644\n600\n");
    // The mask is for new files.
    lab.ok("chmod 664 b.json; umask 077; ovl-inspect snapshot b.json")?;
    assert_eq!(lab.ok("stat -c %a b.json")?, "664\n");
    Ok(())
}

fn a_snapshot_keeps_the_owner_of_the_file_it_replaces(lab: &Lab) -> Result<()> {
    lab.ok("echo old > b.json; chmod 640 b.json")?;
    if lab.run("chown 65534:1 b.json")?.code != 0 {
        return skip("here files cannot be given away");
    }
    lab.ok("ovl-inspect snapshot b.json; test \"$(head -c1 b.json)\" = '{'")?;
    assert_eq!(lab.ok("stat -c '%a %u %g' b.json")?, "640 65534 1\n");
    Ok(())
}

fn what_cannot_be_saved_leaves_nothing_and_costs_nothing(lab: &Lab) -> Result<()> {
    lab.ok("mkdir full; mount -t tmpfs -o size=4k none full; echo old > full/s.json")?;
    lab.refuses("ovl-inspect snapshot full/s.json", 1, &["cannot write full/s.json: No space"])?;
    assert_eq!(lab.ok("cat full/s.json; ls -A full")?, "old\ns.json\n");
    lab.refuses("ovl-inspect snapshot nowhere/s.json", 1, &["cannot write nowhere/s.json"])?;
    Ok(())
}
