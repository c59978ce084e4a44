//! `ovl-ns del`: names go all or none, and what goes or stays with them is said.

use std::path::Path;

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};

tests![
    what_cannot_be_deleted_stays_as_it_was,
    all_that_is_mounted_under_a_name_goes,
    a_link_goes_and_not_what_it_leads_to,
    devices_that_end_elsewhere_are_said_when_they_do,
    whoever_keeps_the_namespace_is_said,
];

fn what_cannot_be_deleted_stays_as_it_was(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // Made before the folder takes no change.
    lab.ok("mkdir -p /run/ovl; mount -o remount,bind,ro /run/netns")?;
    let before = oracle::state(lab)?;
    for names in ["h1", "h2 h1"] {
        let said = lab.fails(&format!("ovl-ns del {names}"), 1)?;
        ensure!(said.contains("Read-only file system"), "{said}");
        ensure!(!said.contains("vxlan0"), "nothing ended: {said}");
        oracle::same("a refused deletion", &before, &oracle::state(lab)?)?;
    }
    Ok(())
}

fn all_that_is_mounted_under_a_name_goes(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add u1; ip netns add u2; ip netns add u3
        mount --bind /run/netns/u2 /run/netns/u2; mount --bind /run/netns/u1 /run/netns/u2
        ovl-ns del u1 u2")?;
    assert_eq!(lab.ok("ls /run/netns")?, "u3\n");
    Ok(())
}

fn a_link_goes_and_not_what_it_leads_to(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ln -s h1 /run/netns/here; ln -s /proc/1/ns/net /run/netns/init2
        ovl-ns del here init2")?;
    assert_eq!(lab.ok("ls /run/netns")?, "h1\n");
    ensure!(oracle::is_namespace(Path::new("/run/netns/h1"))?);
    Ok(())
}

fn devices_that_end_elsewhere_are_said_when_they_do(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    // It lives on: nothing ends, and nothing is said to.
    lab.ok("touch /run/lab/h1; mount --bind /run/netns/h1 /run/lab/h1")?;
    let kept = lab.run("ovl-ns del h1")?;
    assert_eq!((kept.code, kept.stdout.as_str()), (0, ""), "{kept}");
    ensure!(kept.stderr.contains("h1 lives on") && !kept.stderr.contains("vxlan0"), "{kept}");
    ensure!(lab.has_link("ov1", "vxlan0")?);
    lab.ok("touch /run/netns/h1; mount --bind /run/lab/h1 /run/netns/h1; umount /run/lab/h1")?;
    let gone = lab.run("ovl-ns del h1")?;
    assert_eq!(gone.stderr, "vxlan0 in netns ov1 ended with h1: its UDP socket was there\n");
    lab.eventually("the device is gone", |lab| Ok(!lab.has_link("ov1", "vxlan0")?))?;
    assert_eq!(lab.run("ovl-ns del ov1 h2")?.stderr, "");
    Ok(())
}

fn whoever_keeps_the_namespace_is_said(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add o1; ip netns add o2")?;
    let said = lab.run("exec 9< /run/netns/o1; echo $$; ovl-ns del o1")?;
    let pid = said.stdout.trim();
    let words = format!("o1 lives on without its name: an open file of sh ({pid}) holds it\n");
    assert_eq!(said.stderr, words, "{said}");
    let process = lab.background("exec nsenter --net=/run/netns/o2 sleep 1000")?;
    lab.eventually("sleep is in o2", |lab| {
        let comm = lab.ok(&format!("cat /proc/{}/comm", process.pid()))?;
        Ok(!lab.ok("ip netns pids o2")?.is_empty() && comm == "sleep\n")
    })?;
    let said = lab.run("ovl-ns del o2")?.stderr;
    let pid = process.pid();
    assert_eq!(said, format!("o2 lives on without its name: process {pid} (sleep) is in it\n"));
    Ok(())
}
