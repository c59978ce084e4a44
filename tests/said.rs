//! Whose rows are: those that say what `ovl-fdb` wrote. What happens to them on the
//! way - a link that flaps, a control plane that takes one over - is done here by
//! hand, as the kernel and FRR do it.

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows};
use ovl_tests::tests;

tests![
    rows_that_lost_their_other_half_are_still_ours,
    a_row_that_a_control_plane_took_over_is_its,
    a_neighbour_that_was_changed_by_hand_is_not_ours,
    all_that_sync_deletes_is_guarded_and_told,
    an_endpoint_that_leads_nowhere_any_more_is_told,
    a_share_of_the_rows_is_not_rounded_up,
    add_compares_all_of_a_row,
    add_goes_from_a_vtep_to_a_nexthop_group_and_back,
    add_leaves_an_equal_row_of_anothers_alone,
    addresses_that_nobody_can_have_are_refused,
];

const MAC: &str = "02:42:0a:07:00:01";

fn rows_that_lost_their_other_half_are_still_ours(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..5)?;
    rows::write("less.csv", "10.7.0.1,,192.168.1.77\n10.7.0.2,,192.168.1.7\n")?;
    for lost in [
        // The kernel forgets the neighbours, and keeps permanent FDB rows.
        "ip -n ov1 link set vxlan0 down; ip -n ov1 link set vxlan0 up",
        "ip -n ov1 neigh del 10.7.0.3 dev vxlan0; bridge -n ov1 fdb del 02:42:0a:07:00:04 dev vxlan0 self",
    ] {
        lab.ok(&format!("ovl-fdb sync t.csv -n ov1; {lost}"))?;
        let said = lab.ok("ovl-fdb sync less.csv -n ov1")?;
        ensure!(said.contains("1 changed, 2 removed"), "{lost}: {said}");
        let left = rows::of(lab, "ov1")?;
        ensure!(left.iter().all(|row| !row.contains(":03 ") && !row.contains(":04 ")), "{left:?}");
        lab.ok("ovl-fdb flush --owned -n ov1")?;
        rows::same(lost, &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    Ok(())
}

fn a_row_that_a_control_plane_took_over_is_its(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..3)?;
    lab.ok(&format!(
        "ovl-fdb sync t.csv -n ov1
        bridge -n ov1 fdb replace {MAC} dev vxlan0 dst 192.168.1.99 self extern_learn dynamic
        bridge -n ov1 fdb add {MAC} dev vxlan0 master extern_learn dynamic"
    ))?;
    let its = |lab: &Lab| -> Result<Rows> {
        Ok(rows::fdb(lab, "ov1")?.into_iter().filter(|row| row.starts_with(MAC)).collect())
    };
    let before = its(lab)?;
    ensure!(before.iter().any(|row| row.contains("192.168.1.99")), "{before:?}");
    let run = lab.run("ovl-fdb sync t.csv -n ov1")?;
    ensure!(run.code == 4 && run.stdout.contains("someone else's row says 192.168.1.99"), "{run}");
    rows::same("synced", &before, &its(lab)?)?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &before, &its(lab)?)?;
    // What is taken over is ours again.
    lab.ok("ovl-fdb sync t.csv -n ov1 --take-over")?;
    rows::same("taken over", &rows::owned(1..3), &rows::of(lab, "ov1")?)
}

fn a_neighbour_that_was_changed_by_hand_is_not_ours(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..3)?;
    // It keeps our protocol number, and has the MAC address of another row of ours.
    lab.ok("ovl-fdb sync t.csv -n ov1
        ip -n ov1 neigh replace 10.7.0.1 lladdr 02:42:0a:07:00:02 dev vxlan0 nud permanent")?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    let left = rows::of(lab, "ov1")?;
    assert_eq!(left.len(), 1, "{left:?}");
    ensure!(
        left.iter().all(|row| row.starts_with("10.7.0.1 lladdr 02:42:0a:07:00:02")),
        "{left:?}"
    );
    Ok(())
}

/// FDB rows of ours beside neighbour rows of another's.
fn half_ours(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::csv("t.csv", 1..7)?;
    for n in 1..7 {
        let (ip, mac, _) = rows::endpoint(n);
        lab.ok(&format!("ip -n ov1 neigh add {ip} lladdr {mac} dev vxlan0 nud permanent"))?;
    }
    lab.ok("ovl-fdb sync t.csv -n ov1; : > empty.csv")?;
    assert_eq!(rows::fdb(lab, "ov1")?.len(), 6);
    Ok(())
}

fn all_that_sync_deletes_is_guarded_and_told(lab: &Lab) -> Result<()> {
    half_ours(lab)?;
    lab.fails("ovl-fdb sync empty.csv -n ov1", 1)?;
    let run = lab.run("ovl-fdb sync empty.csv -n ov1 --check")?;
    ensure!(run.code == 6 && run.stdout.contains("6 removed"), "{run}");
    lab.fails("ovl-fdb sync empty.csv -n ov1 --allow-empty --max-delete 5", 1)?;
    assert_eq!(rows::fdb(lab, "ov1")?.len(), 6);
    let said = lab.ok("ovl-fdb sync empty.csv -n ov1 --allow-empty")?;
    ensure!(said.contains("6 removed") && said.matches("- 10.7.0.").count() == 6, "{said}");
    assert_eq!(rows::fdb(lab, "ov1")?.len(), 0);
    assert_eq!(rows::neighs(lab, "ov1")?.len(), 6);
    Ok(())
}

fn an_endpoint_that_leads_nowhere_any_more_is_told(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    rows::write("t.csv", "10.7.0.1,,192.168.1.5\n10.7.0.2,,192.168.1.5\n")?;
    lab.ok("ovl-fdb sync t.csv -n ov1")?;
    rows::write("t.csv", "10.7.0.1,,\n10.7.0.2,,192.168.1.5\n")?;
    let said = lab.ok("ovl-fdb sync t.csv -n ov1")?;
    ensure!(
        said.contains("~ 10.7.0.1 ") && said.contains("1 changed, 0 removed, 1 unchanged"),
        "{said}"
    );
    assert_eq!(rows::fdb(lab, "ov1")?.len(), 1);
    Ok(())
}

fn a_share_of_the_rows_is_not_rounded_up(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for (stand, keep, flags, code) in [
        (3, 1, "", 1),
        (3, 2, "", 0),
        (4, 2, "", 0),
        (10, 8, "--max-delete 19%", 1),
        (10, 9, "--max-delete 19%", 0),
        (2, 1, "--max-delete 0%", 1),
    ] {
        rows::csv("t.csv", 1..=stand)?;
        lab.ok("ovl-fdb flush --owned -n ov1; ovl-fdb sync t.csv -n ov1")?;
        rows::csv("t.csv", 1..=keep)?;
        let run = lab.run(&format!("ovl-fdb sync t.csv -n ov1 {flags}"))?;
        ensure!(run.code == code, "{keep} of {stand} {flags}: {run}");
    }
    Ok(())
}

fn add_compares_all_of_a_row(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let add = format!("ovl-fdb add 10.7.0.1 {MAC} --dst 192.168.1.5 -n ov1");
    for more in ["--port 8472", "--vni 77", "--via eth0", "--sticky", "--router", "--dynamic"] {
        lab.ok(&add)?;
        let before = rows::of(lab, "ov1")?;
        let word = more.split(' ').next().unwrap_or(more).trim_start_matches('-');
        for flag in ["", "--exist-ok"] {
            lab.refuses(&format!("{add} {more} {flag}"), 4, &[word])?;
            rows::same(more, &before, &rows::of(lab, "ov1")?)?;
        }
        lab.ok(&format!("{add} {more} --replace"))?;
        let after = rows::of(lab, "ov1")?;
        let told = if word == "dynamic" {
            !after.is_empty()
        } else {
            after.iter().any(|r| r.contains(word))
        };
        ensure!(after != before && told, "{more}: {after:?}");
        lab.ok("ovl-fdb del 10.7.0.1 -n ov1 --foreign --missing-ok
            ovl-fdb del 02:42:0a:07:00:01 -n ov1 --foreign --missing-ok")?;
        rows::same("deleted", &Rows::new(), &rows::of(lab, "ov1")?)?;
    }
    // What goes without saying is no difference.
    lab.ok(&format!("{add}; {add} --port 4789 --vni 256 --exist-ok")).map(drop)
}

fn add_goes_from_a_vtep_to_a_nexthop_group_and_back(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("for n in 1 2; do ip -n h1 nexthop add id 1$n via 192.168.1.$((4+n)) fdb
            ip -n h1 nexthop add id 10$n group 1$n fdb; done")?;
    let add = format!("ovl-fdb add 10.7.0.1 {MAC} -n ov1");
    let leads = |lab: &Lab, word: &str| -> Result<()> {
        let fdb = rows::fdb(lab, "ov1")?;
        ensure!(fdb.len() == 1 && fdb.iter().all(|row| row.contains(word)), "{word}: {fdb:?}");
        Ok(())
    };
    lab.ok(&format!("{add} --nhid 101"))?;
    leads(lab, "nhid 101")?;
    lab.refuses(&format!("{add} --nhid 102"), 4, &["nhid 101", "nhid 102"])?;
    lab.refuses(
        &format!("{add} --dst 192.168.1.5"),
        4,
        &["has nhid 101, asked dst 192.168.1.5\n"],
    )?;
    leads(lab, "nhid 101")?;
    ensure!(lab.ok("ovl-fdb list -n ov1")?.contains("  nhid 101 "), "where it leads is not listed");
    for (to, word) in [
        ("--nhid 102", "nhid 102"),
        ("--dst 192.168.1.5", "dst 192.168.1.5"),
        ("--nhid 101", "nhid 101"),
    ] {
        lab.ok(&format!("{add} {to} --replace"))?;
        leads(lab, word)?;
    }
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn add_leaves_an_equal_row_of_anothers_alone(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(&format!(
        "ip -n ov1 neigh add 10.7.0.1 lladdr {MAC} dev vxlan0 nud permanent
        bridge -n ov1 fdb add {MAC} dev vxlan0 dst 192.168.1.5 self permanent
        bridge -n ov1 fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.1.6 self permanent"
    ))?;
    let before = rows::of(lab, "ov1")?;
    for row in [&format!("10.7.0.1 {MAC} --dst 192.168.1.5"), "--flood --dst 192.168.1.6"] {
        lab.fails(&format!("ovl-fdb add {row} -n ov1"), 4)?;
        lab.ok(&format!("ovl-fdb add {row} -n ov1 --exist-ok"))?;
    }
    rows::same("added", &before, &rows::of(lab, "ov1")?)?;
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("flushed", &before, &rows::of(lab, "ov1")?)?;
    lab.fails("ovl-fdb del --flood --dst 192.168.1.6 -n ov1", 1).map(drop)
}

fn addresses_that_nobody_can_have_are_refused(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for (words, word) in [
        ("10.7.0.1 auto --dst 0.0.0.0", "0.0.0.0"),
        ("10.7.0.1 auto --dst 239.1.1.1", "239.1.1.1"),
        ("0.0.0.0 02:42:0a:07:00:01 --dst 192.168.1.5", "0.0.0.0"),
        ("224.0.0.1 02:42:0a:07:00:01 --dst 192.168.1.5", "224.0.0.1"),
        ("10.7.0.1 auto --dst 192.168.1.5 --port 0", "--port"),
    ] {
        lab.refuses(&format!("ovl-fdb add {words} -n ov1"), 2, &[word])?;
    }
    rows::same("refused", &Rows::new(), &rows::of(lab, "ov1")?)
}
