//! Command lines that make no sense, and ports that are taken: what is wrong is said,
//! and what would be right.

use std::net::UdpSocket;

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::rows::{self, Rows};
use ovl_tests::tests;
use serde_json::{Value, json};

use crate::answer::CONTAINER;

tests![
    numbers_below_zero_are_told_what_is_allowed,
    a_word_that_is_missing_is_told,
    what_no_overlay_can_have_is_refused_before_anything_is_done,
    a_port_that_is_read_otherwise_names_the_device,
    a_port_that_a_process_holds_says_how_to_find_it,
    what_was_done_and_could_not_be_told_is_told,
    what_was_done_and_could_not_be_remembered_is_told,
    an_answer_that_cannot_be_remembered_is_told_once: PING,
    who_is_quiet_does_not_tell_that_it_waits,
    flags_of_fdb_rows_are_none_of_neighbours,
];

/// Refused with 2, in these words and without clap's advice on dashes.
fn no_sense(lab: &Lab, command: &str, words: &[&str]) -> Result<()> {
    let said = lab.fails(command, 2)?;
    for word in words {
        ensure!(said.contains(word), "`{command}` does not say '{word}':\n{said}");
    }
    ensure!(!said.contains("as a value"), "`{command}` advises to pass it all the same:\n{said}");
    Ok(())
}

fn numbers_below_zero_are_told_what_is_allowed(lab: &Lab) -> Result<()> {
    for (command, allowed) in [
        ("ovl-vxlan add v --vni -1", "0 to 16777215"),
        ("ovl-vxlan add v --vni 5 --mtu -5", "68 to 65535"),
        ("ovl-vxlan add v --vni 5 --srcport -1 5", "0 to 65535"),
        ("ovl-vxlan add v --vni 5 --ageing -1", "0 to 4294967295"),
        ("ovl-ns wait self --timeout -1", "0 or more"),
        ("ovl-ns nsid self --set -1", "a number from 0 up"),
        ("ovl-vxlan add -1 --vni 5", "starts with '-'"),
        ("ovl-fdb answer t.csv --limit -1s", "0 or more"),
        ("ovl-fdb sync t.csv --watch --every -0.5m --cleanup", "0 or more"),
    ] {
        no_sense(lab, command, &[allowed, "hint: "])?;
    }
    Ok(())
}

fn a_word_that_is_missing_is_told(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h2")?;
    no_sense(lab, "ovl-ns del -n h2", &["'-n'", "usage: ovl-ns del [OPTIONS] <NAME>..."])?;
    no_sense(lab, "ovl-vxlan del -n h2", &["<NAME>", "usage: ovl-vxlan del "])?;
    Ok(())
}

fn what_no_overlay_can_have_is_refused_before_anything_is_done(lab: &Lab) -> Result<()> {
    let before = lab.ok("ip -j link")?;
    for (flags, words) in [
        ("--bridge v", &["v is the bridge's name too", "hint: "][..]),
        ("--dstport 0", &["--dstport", "1 to 65535"]),
        ("--dstport 00", &["--dstport", "1 to 65535"]),
        ("--bridge br0 --gateway 192.168.10.0/24", &["the subnet's own", "192.168.10.1/24"]),
        ("--bridge br0 --gateway 192.168.10.255/24", &["broadcast", "192.168.10.1/24"]),
        ("--bridge br0 --gateway fd00::/64", &["the subnet's own"]),
        ("--bridge br0 --gateway 224.0.0.1/24", &["no host's"]),
    ] {
        for more in ["", " --dry-run", " --exist-ok"] {
            no_sense(lab, &format!("ovl-vxlan add v --vni 5 {flags}{more}"), words)?;
        }
    }
    no_sense(lab, "ovl-vxlan set v --dstport 0", &["1 to 65535"])?;
    assert_eq!(lab.ok("ip -j link")?, before);
    lab.ok("ovl-vxlan add v --vni 5 --bridge br0 --gateway 10.0.0.0/31")?;
    Ok(())
}

fn a_port_that_is_read_otherwise_names_the_device(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1; ovl-vxlan add g1 --vni 5 --gbp -n ov1 --underlay h1")?;
    let words = ["Address already in use", "hint: UDP port 4789", "g1", "ov1", "gbp"];
    lab.refuses("ovl-vxlan add g2 --vni 6 -n ov1 --underlay h1", 1, &words)?;
    lab.ok("ovl-vxlan add g3 --vni 7 -n ov1 --underlay h1 --down")?;
    lab.refuses("ovl-vxlan set g3 -n ov1 --up", 1, &words)?;
    // Not of this socket: another port, another underlay.
    lab.ok("ovl-vxlan add g4 --vni 6 -n ov1 --underlay h1 --dstport 4790
        ovl-vxlan add g5 --vni 6 -n ov1 --underlay h2")?;
    Ok(())
}

fn a_port_that_a_process_holds_says_how_to_find_it(lab: &Lab) -> Result<()> {
    let _socket = UdpSocket::bind("0.0.0.0:4789")?;
    lab.ok("ip netns add ov1")?;
    lab.refuses(
        "ovl-vxlan add v --vni 5 -n ov1",
        1,
        &["Address already in use", "a process", "ss -ulnp 'sport = :4789'"],
    )
}

fn what_was_done_and_could_not_be_told_is_told(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add x1")?;
    let rows = "ovl-fdb add 10.0.0.9 02:42:0a:00:00:09 --dst 192.168.1.5 -n x1 --dev w1 -j";
    for (command, done) in [
        (
            "ovl-vxlan add w1 --vni 71 -n x1 --bridge br0 -j",
            json!(["create br0 in netns x1", "create w1 in netns x1"]),
        ),
        ("ovl-veth add eth0 -n x1 --peer v9 -o json", json!(["create eth0 in netns x1"])),
        ("ovl-ns add n9 -j", json!(["create the namespace in netns n9"])),
        (rows, json!(["add 2 rows to w1 in netns x1"])),
        // Nothing was done, and nothing is told.
        ("ovl-vxlan show w1 -n x1 -j", json!([])),
        ("ovl-vxlan add w2 --vni 72 -n x1 --dry-run -j", json!([])),
    ] {
        let output = lab.run(&format!("{command} > /dev/full"))?;
        let error: Value = serde_json::from_str(&output.stderr)?;
        ensure!(output.code == 1 && error["error"]["op"] == "write", "`{command}`: {output}");
        assert_eq!(error["error"]["done"], done, "`{command}`");
    }
    // It stands, as is told.
    ensure!(lab.has_link("x1", "w1")? && lab.has_link("x1", "eth0")?);
    lab.refuses(
        "ovl-fdb flush --owned -n x1 --dev w1 > /dev/full",
        1,
        &["cannot write", "done: delete 2 rows of w1 in netns x1"],
    )
}

/// A folder of our own without a byte to spare, with three endpoints in its memory.
fn full(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("mkdir -p /run/ovl; mount -t tmpfs -o size=24k tmpfs /run/ovl
        for i in 1 2 3; do ovl-fdb add 10.7.0.$i auto --dst 192.168.1.5 -n ov1; done
        cat /dev/zero > /run/ovl/fill 2> /dev/null || true")
        .map(drop)
}

fn what_was_done_and_could_not_be_remembered_is_told(lab: &Lab) -> Result<()> {
    full(lab)?;
    rows::write("t.csv", "10.7.0.3,,192.168.1.5\n")?;
    for command in ["ovl-fdb del 10.7.0.1 -n ov1", "ovl-fdb sync t.csv -n ov1"] {
        let done = "done: delete 2 rows of vxlan0 in netns ov1";
        lab.refuses(command, 1, &["cannot remember rows", "No space left", done])?;
        // What there was no room for takes none.
        assert_eq!(lab.ok("ls /run/ovl/rows | grep part || true")?, "", "`{command}`");
    }
    // Where nothing is left nothing has to be remembered.
    lab.ok("ovl-fdb flush --owned -n ov1")?;
    rows::same("deleted", &Rows::new(), &rows::of(lab, "ov1")?)
}

fn an_answer_that_cannot_be_remembered_is_told_once(lab: &Lab) -> Result<()> {
    full(lab)?;
    lab.ok(CONTAINER)?;
    rows::write("t.csv", "192.168.10.101,,192.168.1.5\n192.168.10.102,,192.168.1.6\n")?;
    // Not a byte more where rows are remembered.
    lab.ok("yes >> $(ls /run/ovl/rows/*.*) 2> /dev/null || true")?;
    let answer = lab.background("exec ovl-fdb answer t.csv -n ov1 -v > out 2> err")?;
    let told = |lab: &Lab, what: &str| Ok(lab.run("cat out")?.stdout.contains(what));
    lab.eventually("it hears", |lab| told(lab, "the source has"))?;
    for ip in ["192.168.10.101", "192.168.10.102"] {
        lab.eventually("it answers", |lab| {
            lab.run(&format!("timeout 0.3 ip netns exec c1 ping -c 1 -W 1 {ip}"))?;
            told(lab, &format!("+ l3miss {ip}"))
        })?;
    }
    drop(answer);
    let said = lab.ok("cat err")?;
    ensure!(said.matches("cannot remember rows").count() == 1, "{said}");
    Ok(())
}

fn who_is_quiet_does_not_tell_that_it_waits(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let add = "ovl-fdb add 10.7.0.1 auto --dst 192.168.1.5 --exist-ok -n ov1";
    lab.ok(add)?;
    for lock in ["/run/ovl/lock", "/run/ovl/rows/lock"] {
        for (flag, said) in [("-q", ""), ("", "ovl-fdb: waiting for /run/ovl/")] {
            // Noted anew, or nothing would be written there.
            let script = format!(
                "ovl-fdb del 10.7.0.1 -n ov1 -q
                flock {lock} sleep 1.5 & sleep 0.2; {add} {flag}; wait"
            );
            let output = lab.run(&script)?;
            ensure!(output.code == 0 && output.stderr.starts_with(said), "{flag} {lock}\n{output}");
            ensure!(!said.is_empty() || output.stderr.is_empty(), "{flag} {lock}\n{output}");
        }
    }
    Ok(())
}

fn flags_of_fdb_rows_are_none_of_neighbours(lab: &Lab) -> Result<()> {
    for flag in
        ["--port 5", "--vni 5", "--via lo", "--nhid 5", "--router", "--extern-learn", "--sticky"]
    {
        let add = format!("ovl-fdb add 10.7.0.1 auto --neigh-only {flag}");
        no_sense(lab, &add, &["--neigh-only", flag.split(' ').next().unwrap_or(flag)])?;
    }
    Ok(())
}
