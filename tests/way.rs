//! The way to a table that is followed: whatever link or folder on it leads elsewhere,
//! the followers see it.

use anyhow::Result;
use ovl_tests::follower::Follower;
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows};
use ovl_tests::tests;
use serde_json::json;

tests![
    a_link_high_above_the_table_is_followed,
    a_folder_high_above_the_table_is_followed,
    a_link_behind_a_link_is_followed,
    answers_follow_a_link_high_above_the_table,
    what_is_mounted_over_the_way_is_found,
];

/// Two deployments, with tables of other endpoints, and links to the first.
fn deployed(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("mkdir -p s/r1/etc/ovl s/r2/etc/ovl; ln -s r1 s/cur")?;
    rows::csv("s/r1/etc/ovl/t.csv", 1..10)?;
    rows::csv("s/r2/etc/ovl/t.csv", 5..15)
}

/// As deployment tools change what runs.
const SWAP: &str = "ln -s r2 s/next; mv -T s/next s/cur";

fn becomes(lab: &Lab, wanted: &Rows) -> Result<()> {
    let is = |lab: &Lab| Ok(rows::of(lab, "ov1")? == *wanted);
    let became = lab.eventually("the rows are those of the table", is);
    became.or_else(|_| rows::same("still not so", wanted, &rows::of(lab, "ov1")?))
}

/// Follows that path, which `change` makes lead to the second table.
fn follows(lab: &Lab, path: &str, change: &str) -> Result<()> {
    let command = format!("ovl-fdb sync {path} -n ov1 --watch");
    let _follower = Follower::spawn(lab, &command, "w")?;
    becomes(lab, &rows::owned(1..10))?;
    lab.ok(change)?;
    becomes(lab, &rows::owned(5..15))
}

fn a_link_high_above_the_table_is_followed(lab: &Lab) -> Result<()> {
    deployed(lab)?;
    follows(lab, "s/cur/etc/ovl/t.csv", SWAP)?;
    lab.ok("ovl-fdb flush --owned -n ov1; ln -sfn r1 s/cur")?;
    follows(lab, "/run/lab/s/r1/../cur/etc/ovl/t.csv", SWAP)
}

fn a_folder_high_above_the_table_is_followed(lab: &Lab) -> Result<()> {
    deployed(lab)?;
    follows(lab, "s/r1/etc/ovl/t.csv", "mv s/r1 s/r0; mv s/r2 s/r1")?;
    // One that is gone for a while.
    lab.ok("ovl-fdb flush --owned -n ov1; mv s/r1 s/r2; mv s/r0 s/r1")?;
    follows(lab, "s/r1/etc/ovl/t.csv", "rm -r s/r1; sleep 0.3; mv s/r2 s/r1")
}

fn a_link_behind_a_link_is_followed(lab: &Lab) -> Result<()> {
    deployed(lab)?;
    lab.ok("mkdir conf; ln -s /run/lab/s/cur/etc conf/etc; ln -s conf/etc/ovl/t.csv t.csv")?;
    follows(lab, "t.csv", SWAP)
}

fn answers_follow_a_link_high_above_the_table(lab: &Lab) -> Result<()> {
    deployed(lab)?;
    let command = "ovl-fdb answer s/cur/etc/ovl/t.csv -n ov1 -v";
    let follower = Follower::spawn(lab, command, "a")?;
    follower.hears(lab, &json!({ "event": "source", "endpoints": 9 }))?;
    lab.ok(SWAP)?;
    follower.hears(lab, &json!({ "event": "source", "endpoints": 10 }))?;
    Ok(())
}

/// No folder tells of that. What has just been written is not taken for whole.
fn what_is_mounted_over_the_way_is_found(lab: &Lab) -> Result<()> {
    deployed(lab)?;
    lab.ok("touch -d '1 hour ago' s/r2/etc/ovl/t.csv")?;
    follows(lab, "s/r1/etc/ovl/t.csv", "mount --bind s/r2 s/r1")
}
