//! What cannot be read is said, by its name: a machine without a procfs, and mounts of
//! namespaces that lie under others.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::{Lab, skip};
use ovl_tests::tests;
use serde_json::Value;

tests![
    without_a_procfs_nobody_passes_for_not_being_there,
    a_mount_under_another_is_nobodys_reference,
    names_under_a_mount_are_not_followed,
    what_could_not_be_read_is_not_said_to_hold_nothing: SETPRIV,
    a_file_that_leads_nowhere_needs_no_root,
];

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

/// The namespace with that inode number in a list.
fn with_inode<'v>(list: &'v Value, inode: &str) -> Result<&'v Value> {
    let inode: u64 = inode.trim().parse()?;
    let mut all = list.as_array().into_iter().flatten();
    all.find(|one| one["inode"] == inode).with_context(|| format!("no {inode} in {list}"))
}

/// A list that is not whole: as text and as JSON.
fn partial_list(lab: &Lab) -> Result<(String, Value)> {
    let text = lab.run("ovl-ns list")?;
    let list = lab.run("ovl-ns list -j")?;
    for ended in [&text, &list] {
        ensure!(ended.code == 5 && ended.stderr.contains("could not be read"), "{ended}");
    }
    Ok((text.stdout, serde_json::from_str(&list.stdout)?))
}

fn a_mount_under_another_is_nobodys_reference(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add p; ip netns add q")?;
    let [p, q] = ["p", "q"].map(|name| lab.ok(&format!("stat -Lc %i /run/netns/{name}")));
    let (p, q) = (p?, q?);
    lab.ok("mount --bind /run/netns/q /run/netns/p")?;
    let (text, list) = partial_list(lab)?;
    let under = with_inode(&list, &p)?;
    assert_eq!(under["ref"], format!("inode:{}", p.trim()), "{under}");
    ensure!(under["paths"] == Value::Array(Vec::new()), "{under}");
    assert_eq!(under["covered"][0], "/run/netns/p", "{under}");
    ensure!(text.contains("under the mount at /run/netns/p"), "{text}");
    let over = with_inode(&list, &q)?;
    ensure!(over["covered"].is_null() && over["names"][0] == "p", "{over}");
    lab.refuses(
        &format!("ovl-ns show inode:{}", p.trim()),
        5,
        &["/run/netns/p lies under another"],
    )?;

    for view in ["ovl-inspect", "ovl-inspect snapshot s.json", "ovl-inspect --snapshot s.json"] {
        let ended = lab.run(view)?;
        ensure!(ended.code == 5, "{ended}");
        ensure!(ended.stderr.contains("1 namespace could not be read"), "{ended}");
    }
    let saved: Value = serde_json::from_slice(&std::fs::read("/run/lab/s.json")?)?;
    assert_eq!(saved["unread"][0][0]["inode"], p.trim().parse::<u64>()?, "{}", saved["unread"]);
    // Seen again, it is as ever.
    lab.ok("umount /run/netns/p; ovl-ns list; ovl-inspect")?;
    let list = lab.json("ovl-ns list -j")?;
    assert_eq!(with_inode(&list, &p)?["ref"], "p");
    Ok(())
}

fn names_under_a_mount_are_not_followed(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add p")?;
    let inode = lab.ok("stat -Lc %i /run/netns/p")?;
    let inside = lab.background("exec nsenter --net=/run/netns/p sleep 1000")?;
    lab.eventually("it is inside", |lab| Ok(!lab.ok("ip netns pids p")?.is_empty()))?;
    lab.ok("mount -t tmpfs none /run/netns")?;
    // It can still be entered, by its process.
    let list = lab.json("ovl-ns list -j")?;
    let found = with_inode(&list, &inode)?;
    assert_eq!(found["ref"], format!("pid:{}", inside.pid()), "{found}");
    drop(inside);
    lab.eventually("nobody is in it", |lab| Ok(lab.run("ovl-ns list")?.code == 5))?;
    let (_, list) = partial_list(lab)?;
    assert_eq!(with_inode(&list, &inode)?["ref"], format!("inode:{}", inode.trim()));
    Ok(())
}

fn what_could_not_be_read_is_not_said_to_hold_nothing(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ip netns add b; ip -n b link add v type vxlan id 256 dstport 4789")?;
    let bare = "setpriv --bounding-set=-all --inh-caps=-all";
    let words = ["no namespace with VNI 256 among those that could be read; 2 could not be"];
    for command in ["ovl-ns show vni:256", "ovl-inspect links vni:256", "ovl-fdb list -n vni:256"] {
        lab.refuses(&format!("{bare} {command}"), 5, &words)?;
    }
    // Who waits goes on waiting: it may come where it can be read.
    let waits = lab.run(&format!("timeout 0.5 {bare} ovl-ns wait vni:256"))?;
    ensure!(waits.code == 124, "{waits}");
    // With everything read, it is not there.
    lab.ok("ovl-ns show vni:256")?;
    lab.refuses("ovl-ns show vni:257", 3, &["no namespace 'vni:257'\n"])?;
    lab.refuses("ovl-ns show inode:1", 3, &["no namespace 'inode:1'\n"])?;

    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    if lab.run(&format!("{nobody} true"))?.code != 0 {
        return skip("here nobody can be somebody else");
    }
    let words = [
        "no namespace with inode number 1 among",
        "could not be looked at",
        "hint: this needs root",
    ];
    lab.refuses(&format!("{nobody} ovl-ns show inode:1"), 5, &words)
}

fn a_file_that_leads_nowhere_needs_no_root(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add a; ln -s loop /run/netns/loop")?;
    let said = lab.fails("ovl-ns show loop", 1)?;
    ensure!(said.contains("/run/netns/loop: Too many levels of symbolic links\n"), "{said}");
    ensure!(!said.contains("root"), "{said}");
    // It is told of by a listing that is whole all the same, unless nothing is to be told.
    let listed = lab.run("ovl-ns list")?;
    ensure!(listed.code == 0 && listed.stderr.contains("/run/netns/loop"), "{listed}");
    let listed = lab.run("ovl-ns list -q")?;
    ensure!(listed.code == 0 && listed.stderr.is_empty(), "{listed}");
    // One more file can be opened, and one is all that it takes.
    lab.ok("(ulimit -n 4; ovl-ns exec --net-only a -- true)")?;
    Ok(())
}
