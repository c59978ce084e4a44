//! `ovl-ns` against `ip netns`, `stat` and `/proc`.

use std::path::Path;

use anyhow::{Result, ensure};
use ovl_tests::lab::{Background, Lab, is_up, skip};
use ovl_tests::{oracle, tests};
use serde_json::Value;

tests![
    add_makes_named_namespaces_with_their_loopback_up,
    add_makes_all_or_nothing,
    add_takes_what_stands_only_when_asked_to,
    add_names_a_plain_file_and_replaces_it_only_when_asked_to,
    del_takes_names_away,
    del_of_what_is_not_there_is_said_unless_it_is_fine,
    list_named_is_what_ip_netns_lists,
    list_finds_a_namespace_that_only_a_process_holds,
    list_of_nothing_is_an_empty_array,
    what_others_named_is_escaped,
    list_names_a_namespace_that_only_an_id_tells_of,
    list_names_such_a_namespace_once_whoever_knows_it,
    every_kind_of_reference_means_the_same_namespace,
    every_reference_that_is_printed_reads_back,
    exec_gives_back_the_status_of_the_command,
    a_namespace_is_a_word_or_a_flag,
    exec_has_codes_of_its_own_for_its_own_failures,
    exec_leaves_the_words_of_the_command_alone,
    exec_replaces_itself_by_the_command,
    exec_shows_that_namespaces_sys,
    exec_lays_etc_netns_over_etc,
    exec_all_runs_in_each_and_keeps_the_worst_status,
    pids_and_identify_agree_with_ip,
    threads_are_in_the_namespaces_they_are_in,
    attach_gives_a_process_namespace_a_name,
    nsid_is_what_ip_lists,
    a_namespace_is_the_same_object_everywhere,
];

fn add_makes_named_namespaces_with_their_loopback_up(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add h1 h2; ovl-ns add h3 --no-lo")?;
    assert_eq!(names(lab)?, ["h1", "h2", "h3"]);
    for (name, up) in [("h1", true), ("h2", true), ("h3", false)] {
        assert_eq!(is_up(&lab.link(name, "lo")?), up, "lo of {name}");
    }
    Ok(())
}

fn add_makes_all_or_nothing(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h2")?;
    let before = oracle::state(lab)?;
    lab.refuses("ovl-ns add h1 h2", 4, &["h2"])?;
    oracle::same("a refused add", &before, &oracle::state(lab)?)
}

fn add_takes_what_stands_only_when_asked_to(lab: &Lab) -> Result<()> {
    lab.ok("ovl-ns add h1")?;
    let inode = lab.ok("stat -Lc %i /run/netns/h1")?;
    lab.refuses("ovl-ns add h1", 4, &["h1", "hint: ", "--exist-ok"])?;
    lab.ok("ovl-ns add h1 h2 --exist-ok")?;
    assert_eq!(lab.ok("stat -Lc %i /run/netns/h1")?, inode);
    assert_eq!(names(lab)?, ["h1", "h2"]);
    Ok(())
}

fn add_names_a_plain_file_and_replaces_it_only_when_asked_to(lab: &Lab) -> Result<()> {
    lab.ok("mkdir -p /run/netns; touch /run/netns/old")?;
    lab.refuses("ovl-ns add old", 4, &["old", "plain file", "hint: ", "--replace"])?;
    lab.refuses("ovl-ns add old --exist-ok", 4, &["plain file"])?;
    ensure!(!oracle::is_namespace(Path::new("/run/netns/old"))?);
    lab.ok("ovl-ns add old --replace")?;
    ensure!(oracle::is_namespace(Path::new("/run/netns/old"))?);
    // A namespace that lives is not replaced.
    lab.fails("ovl-ns add old --replace", 4)?;
    Ok(())
}

fn del_takes_names_away(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2; ip netns add h3")?;
    lab.ok("ovl-ns del h1 h3")?;
    assert_eq!(names(lab)?, ["h2"]);
    lab.ok("ovl-ns rm h2")?;
    assert_eq!(lab.ok("ls /run/netns")?, "");
    Ok(())
}

fn del_of_what_is_not_there_is_said_unless_it_is_fine(lab: &Lab) -> Result<()> {
    lab.refuses("ovl-ns del h9", 3, &["h9"])?;
    lab.ok("ovl-ns del h9 --missing-ok")?;
    Ok(())
}

fn list_named_is_what_ip_netns_lists(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2")?;
    let list = lab.json("ovl-ns list --named -o json")?;
    let list = list.as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = list.iter().filter_map(|n| n["names"][0].as_str()).collect();
    assert_eq!(found, names(lab)?);
    for netns in &list {
        let name = netns["names"][0].as_str().unwrap_or_default();
        let inode: u64 = lab.ok(&format!("stat -Lc %i /run/netns/{name}"))?.trim().parse()?;
        assert_eq!(netns["inode"], inode);
        assert_eq!(netns["ref"], name);
        ensure!(netns["cookie"].is_u64(), "{netns}");
        ensure!(
            netns["paths"]
                .as_array()
                .is_some_and(|p| p.contains(&format!("/run/netns/{name}").into()))
        );
        for key in ["kind", "pids", "container", "links", "nsid"] {
            ensure!(netns.get(key).is_some(), "no '{key}' in {netns}");
        }
    }
    let table = lab.ok("ovl-ns list --named")?;
    assert_eq!(table.lines().count(), 3, "a header and two rows:\n{table}");
    assert_eq!(lab.ok("ovl-ns list --named --no-header")?.lines().count(), 2);
    Ok(())
}

fn list_finds_a_namespace_that_only_a_process_holds(lab: &Lab) -> Result<()> {
    let (process, inode) = hidden(lab)?;
    let list = lab.json("ovl-ns list -j")?;
    let found = list.as_array().into_iter().flatten().find(|n| n["inode"] == inode);
    let Some(found) = found else { anyhow::bail!("inode {inode} is not in {list}") };
    let pids: Vec<&Value> =
        found["pids"].as_array().into_iter().flatten().map(|p| &p["pid"]).collect();
    assert_eq!(pids, [&Value::from(process.pid())]);
    assert_eq!(found["pids"][0]["comm"], "sleep");
    assert_eq!(found["names"], Value::Array(Vec::new()));
    Ok(())
}

fn list_of_nothing_is_an_empty_array(lab: &Lab) -> Result<()> {
    assert_eq!(lab.json("ovl-ns list --named -o json")?, Value::Array(Vec::new()));
    Ok(())
}

fn what_others_named_is_escaped(lab: &Lab) -> Result<()> {
    lab.ok(r#"ip netns add h1; ip -n h1 link add "$(printf 'a\033[7mb')" type bridge
        touch "$(printf '/run/netns/old\033[7m')""#)?;
    for command in [
        "ovl-ns list",
        "ovl-ns list -o wide",
        "ovl-ns show h1",
        "ovl-ns exec --all --net-only -- true",
        r#"ovl-ns show "$(printf '/run/netns/old\033[7m')""#,
    ] {
        let said = lab.run(command)?;
        ensure!(!format!("{said}").contains('\u{1b}'), "`{command}` prints an escape:\n{said}");
    }
    ensure!(lab.ok("ovl-ns list")?.contains(r"a\u{1b}[7mb"));
    lab.refuses(r#"ovl-ns show "$(printf '/run/netns/old\033[7m')""#, 3, &[r"old\u{1b}[7m"])
}

/// `ovl-ns list` where the processes of the rest of the sandbox are not seen.
const BLIND: &str = "unshare --mount --pid --fork --mount-proc ovl-ns list";

fn list_names_a_namespace_that_only_an_id_tells_of(lab: &Lab) -> Result<()> {
    let (process, inode) = hidden(lab)?;
    let pid = process.pid();
    lab.ok(&format!("ip netns add h1; ip -n h1 link add c0 type veth peer name eth0 netns {pid}"))?;
    let id = lab.ok("ip -n h1 netns list-id")?;
    let id: i64 = id.split_whitespace().nth(1).unwrap_or_default().parse()?;

    let list = lab.json(&format!("{BLIND} -o json"))?;
    let all = list.as_array().cloned().unwrap_or_default();
    ensure!(all.iter().all(|n| n["inode"] != inode), "it is seen: {list}");
    let unseen: Vec<&Value> = all.iter().filter(|n| n["ref"].is_null()).collect();
    let [one] = unseen.as_slice() else { anyhow::bail!("not one: {list}") };
    ensure!(one["inode"].is_null() && one["kind"] == "unseen", "{one}");
    assert_eq!(one["known_by"].as_array().map(Vec::len), Some(1));
    let by = &one["known_by"][0];
    assert_eq!(by["netns"]["names"][0], "h1");
    assert_eq!(by["nsid"], id);
    assert_eq!(by["devices"], serde_json::json!(["c0"]));
    // The kernel tells the devices of a namespace that nobody here can open.
    assert_eq!(one["links"], serde_json::json!(["lo", "eth0"]));
    let table = lab.ok(BLIND)?;
    ensure!(table.contains(&format!("known only as nsid {id} in h1 (c0)")), "{table}");

    // So the other end has a name, even though nobody can go there.
    let peer = lab.json(&format!("{} -o json", BLIND.replace("ns list", "veth peer c0 -n h1")))?;
    ensure!(peer["peer"].is_null(), "{peer}");
    let reason = peer["reason"].as_str().unwrap_or_default();
    ensure!(reason.contains(&format!("nsid {id} here")) && reason.contains("it is eth0"), "{peer}");

    // Seen, it is one of the others and not a second time.
    let list = lab.json("ovl-ns list -o json")?;
    let all = || list.as_array().into_iter().flatten();
    ensure!(all().all(|n| n["ref"].is_string()), "{list}");
    assert_eq!(all().filter(|n| n["inode"] == inode).count(), 1, "{list}");
    Ok(())
}

fn list_names_such_a_namespace_once_whoever_knows_it(lab: &Lab) -> Result<()> {
    let (process, _) = hidden(lab)?;
    let pid = process.pid();
    // h1 and h2 know each other, and both know the hidden one.
    lab.two_hosts()?;
    lab.ok(&format!(
        "ip netns add h3
        for h in h1 h2; do ip -n $h link add c0 type veth peer name $h netns {pid}; done"
    ))?;
    let list = lab.json(&format!("{BLIND} -o json"))?;
    let unseen: Vec<&Value> =
        list.as_array().into_iter().flatten().filter(|n| n["ref"].is_null()).collect();
    let [one] = unseen.as_slice() else { anyhow::bail!("not one: {list}") };
    let by: Vec<&Value> =
        one["known_by"].as_array().into_iter().flatten().map(|b| &b["netns"]["ref"]).collect();
    assert_eq!(by.len(), 2);
    ensure!(by.contains(&&"h1".into()) && by.contains(&&"h2".into()), "{one}");
    assert_eq!(one["links"], serde_json::json!(["lo", "h1", "h2"]));
    // An id that no device has a part in.
    let hidden_too = lab.background("exec unshare -n sleep 1000")?;
    let far = hidden_too.pid();
    lab.eventually("it has its own namespace", |lab| {
        Ok(lab.ok(&format!("readlink /proc/{far}/ns/net"))?
            != lab.ok("readlink /proc/$$/ns/net")?)
    })?;
    lab.ok(&format!(
        "ip netns attach away {far}; ip -n h3 netns set away 12
        umount /run/netns/away; rm /run/netns/away"
    ))?;
    let table = lab.ok(BLIND)?;
    ensure!(table.contains("known only as nsid 12 in h3"), "{table}");
    assert_eq!(table.matches("known only as").count(), 2, "{table}");
    Ok(())
}

fn every_kind_of_reference_means_the_same_namespace(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add x")?;
    let process = lab.background("exec nsenter --net=/run/netns/ov1 sleep 1000")?;
    let inode: u64 = lab.ok("stat -Lc %i /run/netns/ov1")?.trim().parse()?;
    lab.eventually("sleep is in ov1", |lab| {
        let there = lab.ok(&format!("stat -Lc %i /proc/{}/ns/net", process.pid()))?;
        Ok(there.trim() == inode.to_string())
    })?;
    lab.ok("mkdir -p /run/elsewhere; touch /run/elsewhere/mine
        mount --bind /run/netns/ov1 /run/elsewhere/mine")?;
    let references = [
        "ov1".to_owned(),
        "/run/netns/ov1".into(),
        "./../netns/ov1".into(),
        format!("pid:{}", process.pid()),
        format!("inode:{inode}"),
        "vni:256".into(),
        "/run/elsewhere/mine".into(),
    ];
    for reference in references {
        let shown = lab.json(&format!("ovl-ns show {reference} -o json"))?;
        assert_eq!(shown["inode"], inode, "{reference}");
    }
    let found = lab.json("OVL_NETNS_PATH=/run/elsewhere ovl-ns show mine -o json")?;
    assert_eq!(found["inode"], inode);
    let own: u64 = lab.ok("stat -Lc %i /proc/$$/ns/net")?.trim().parse()?;
    for reference in ["self", "init", "pid:1"] {
        assert_eq!(lab.json(&format!("ovl-ns show {reference} -j"))?["inode"], own, "{reference}");
    }
    lab.ok("cp /dev/null /run/elsewhere/x; mount --bind /run/netns/x /run/elsewhere/x")?;
    // The same namespace under two folders is one; another of that name is a question.
    lab.ok("OVL_NETNS_PATH=/run/elsewhere ovl-ns show x")?;
    lab.ok("umount /run/elsewhere/x; mount --bind /run/netns/ov1 /run/elsewhere/x")?;
    let said = lab.run("OVL_NETNS_PATH=/run/elsewhere ovl-ns show x")?;
    ensure!(said.code != 0, "{said}");
    for path in ["/run/netns/x", "/run/elsewhere/x"] {
        ensure!(said.stderr.contains(path), "{said}");
    }
    Ok(())
}

fn every_reference_that_is_printed_reads_back(lab: &Lab) -> Result<()> {
    lab.ok(r#"for name in pid:1 self init vni:3 -x plain two "$(printf 'a\nb')"; do
            ip netns add h9; touch "/run/netns/$name"
            mount --bind /run/netns/h9 "/run/netns/$name"; umount /run/netns/h9; rm /run/netns/h9
        done
        ip netns add h9; mkdir /run/elsewhere; touch /run/elsewhere/two /run/elsewhere/plain
        mount --bind /run/netns/h9 /run/elsewhere/two
        mount --bind /run/netns/plain /run/elsewhere/plain
        umount /run/netns/h9; rm /run/netns/h9"#)?;
    let path = "OVL_NETNS_PATH=/run/elsewhere";
    let list = lab.json(&format!("{path} ovl-ns list --named -j"))?;
    let all = list.as_array().cloned().unwrap_or_default();
    assert_eq!(all.len(), 9, "{list}");
    for netns in &all {
        let reference = netns["ref"].as_str().unwrap_or_default();
        let shown = lab.json(&format!("{path} ovl-ns show '{reference}' -j"))?;
        assert_eq!(shown["inode"], netns["inode"], "{netns}");
        assert_eq!(&shown["ref"], reference);
    }
    let of = |name: &str| {
        let named = all.iter().filter(|n| n["names"][0] == name);
        named.map(|n| n["ref"].as_str().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(of("plain"), ["plain"]);
    assert_eq!(of("pid:1"), ["/run/netns/pid:1"]);
    let mut two = of("two");
    two.sort_unstable();
    assert_eq!(two, ["/run/elsewhere/two", "/run/netns/two"]);
    ensure!(of("a\nb")[0].starts_with("inode:"), "{list}");
    // Views call them so that it can be typed as well.
    let table = lab.ok("ovl-ns list --named")?;
    ensure!(table.contains("\n/run/netns/self  "), "{table}");
    Ok(())
}

fn exec_gives_back_the_status_of_the_command(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1")?;
    for (command, code) in [("true", 0), ("sh -c 'exit 7'", 7), ("sh -c 'kill -TERM $$'", 143)] {
        for flag in ["", "--net-only"] {
            let output = lab.run(&format!("ovl-ns exec h1 {flag} -- {command}"))?;
            assert_eq!(output.code, code, "{command} {flag}\n{output}");
        }
    }
    let inside = lab.ok("ovl-ns exec h1 -- readlink /proc/self/ns/net")?;
    let inode = lab.ok("stat -Lc %i /run/netns/h1")?;
    assert_eq!(inside.trim(), format!("net:[{}]", inode.trim()));
    Ok(())
}

fn a_namespace_is_a_word_or_a_flag(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2; ip -n h1 link set lo up")?;
    let inode: u64 = lab.ok("stat -Lc %i /run/netns/h1")?.trim().parse()?;
    assert_eq!(lab.json("ovl-ns show -n h1 -j")?["inode"], inode);
    assert_eq!(lab.json("ovl-ns pids --netns h1 -j")?, Value::Array(Vec::new()));
    lab.ok("ovl-ns wait -n h1; ovl-inspect ping -n h1 127.0.0.1 -c 1")?;
    let inside = format!("net:[{inode}]\n");
    let read = "readlink /proc/self/ns/net";
    for words in [format!("-n h1 {read}"), format!("--net-only --netns=h1 -- {read}")] {
        assert_eq!(lab.ok(&format!("ovl-ns exec {words}"))?, inside, "{words}");
    }
    for view in ["links", "routes", "fdb", "neigh"] {
        let shown = lab.json(&format!("ovl-inspect {view} -n h1 -j"))?;
        assert_eq!(shown[0]["netns"]["inode"], inode, "{view}");
        assert_eq!(
            lab.json(&format!("ovl-inspect {view} -n h1 -n h2 -j"))?[1]["netns"]["ref"],
            "h2"
        );
    }
    let words = lab.ok("ovl-inspect graph h1 --format dot")?;
    assert_eq!(lab.ok("ovl-inspect graph -n h1 --format dot")?, words);
    for both in [
        "ovl-ns show h1 -n h1",
        "ovl-ns pids h1 -n h1",
        "ovl-ns wait h1 -n h1",
        "ovl-inspect links h1 -n h1",
        "ovl-inspect graph h1 -n h1",
        "ovl-inspect ping h1 127.0.0.1 -n h1",
        "ovl-inspect ping 127.0.0.1",
        "ovl-ns show",
    ] {
        lab.fails(both, 2)?;
    }
    for both in ["h2 -n h1 true", "-n h1 h2 -- true", "h2 -n h1 -- true"] {
        lab.refuses(&format!("ovl-ns exec {both}"), 2, &["twice"])?;
    }
    Ok(())
}

fn exec_has_codes_of_its_own_for_its_own_failures(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; echo text > plain")?;
    lab.refuses("ovl-ns exec h9 -- true", 125, &["h9"])?;
    lab.refuses("ovl-ns exec h1 -- ./plain", 126, &["plain"])?;
    lab.refuses("ovl-ns exec h1 -- no-such-command", 127, &["no-such-command"])?;
    Ok(())
}

/// Whatever the command's words look like, and however the namespace is named.
fn exec_leaves_the_words_of_the_command_alone(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; mkdir bin
        printf '#!/bin/sh\\nprintf %%s \"$*\"\\n' > bin/json; chmod +x bin/json; cp bin/json bin/h1")?;
    for words in ["", "-j x", "-n h2 -o json --all", "x -- y --", "--help"] {
        for before in
            ["-n h1", "-o json -n h1", "--net-only --netns=h1 --", "h1", "h1 --", "--all -q"]
        {
            let said =
                lab.ok(&format!("PATH=$PWD/bin:$PATH; ovl-ns exec {before} json {words}"))?;
            assert_eq!(said, words, "ovl-ns exec {before} json {words}");
        }
    }
    // A command that is called as the namespace is.
    assert_eq!(lab.ok("PATH=$PWD/bin:$PATH; ovl-ns exec -n h1 h1 -n h1")?, "-n h1");
    // A mistake of ours is not told in the form that the command was asked for.
    let said = lab.fails("ovl-ns exec --all --dockr -- json -o json", 2)?;
    ensure!(said.contains("--dockr"), "{said}");
    Ok(())
}

fn exec_replaces_itself_by_the_command(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1")?;
    for flag in ["", "--net-only"] {
        let pids = lab.ok(&format!("echo $$; exec ovl-ns exec h1 {flag} -- sh -c 'echo $$'"))?;
        let pids: Vec<&str> = pids.lines().collect();
        assert_eq!(pids[0], pids[1], "another process was made ({flag})");
    }
    Ok(())
}

fn exec_shows_that_namespaces_sys(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    if lab.run("ip netns exec h1 true")?.code != 0 {
        return skip("this machine does not let ip netns exec mount /sys either");
    }
    let own = lab.ok("ls /sys/class/net")?;
    assert_eq!(
        lab.ok("ovl-ns exec h1 -- ls /sys/class/net")?,
        lab.ok("ip netns exec h1 ls /sys/class/net")?
    );
    assert_eq!(lab.ok("ovl-ns exec h1 --net-only -- ls /sys/class/net")?, own);
    // What exec mounted went with the command.
    assert_eq!(lab.ok("ls /sys/class/net")?, own);
    Ok(())
}

fn exec_lays_etc_netns_over_etc(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1")?;
    if lab.run("ip netns exec h1 true")?.code != 0 {
        return skip("this machine does not let ip netns exec mount /sys either");
    }
    // An /etc of our own: an ordinary user may not write into the machine's.
    lab.ok("mount -t tmpfs tmpfs /etc; mkdir -p /etc/netns/h1
        echo 'nameserver 192.0.2.1' > /etc/resolv.conf
        echo 'nameserver 192.0.2.2' > /etc/netns/h1/resolv.conf")?;
    assert_eq!(lab.ok("ovl-ns exec h1 -- cat /etc/resolv.conf")?, "nameserver 192.0.2.2\n");
    assert_eq!(
        lab.ok("ovl-ns exec h1 --net-only -- cat /etc/resolv.conf")?,
        "nameserver 192.0.2.1\n"
    );
    assert_eq!(lab.ok("cat /etc/resolv.conf")?, "nameserver 192.0.2.1\n");
    Ok(())
}

fn exec_all_runs_in_each_and_keeps_the_worst_status(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2")?;
    let output = lab.run("ovl-ns exec --all --net-only -- readlink /proc/self/ns/net")?;
    assert_eq!(output.code, 0, "{output}");
    for name in ["h1", "h2"] {
        let inode = lab.ok(&format!("stat -Lc %i /run/netns/{name}"))?;
        ensure!(output.stdout.contains(&format!("net:[{}]", inode.trim())), "{output}");
    }
    lab.ok("ip -n h1 link add marker type bridge")?;
    let script = "ip link show dev marker >/dev/null 2>&1 && exit 3 || exit 0";
    assert_eq!(lab.run(&format!("ovl-ns exec --all --net-only -- sh -c '{script}'"))?.code, 3);
    Ok(())
}

fn pids_and_identify_agree_with_ip(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1")?;
    let process = lab.background("exec nsenter --net=/run/netns/h1 sleep 1000")?;
    lab.eventually("sleep is in h1", |lab| Ok(!lab.ok("ip netns pids h1")?.is_empty()))?;
    let listed = lab.json("ovl-ns pids h1 -o json")?;
    let pids: Vec<&Value> = listed.as_array().into_iter().flatten().map(|p| &p["pid"]).collect();
    assert_eq!(pids, [&Value::from(process.pid())]);
    let said = lab.ok(&format!("ovl-ns identify {}", process.pid()))?;
    ensure!(
        said.contains(lab.ok(&format!("ip netns identify {}", process.pid()))?.trim()),
        "{said}"
    );
    lab.fails("ovl-ns identify 999999", 3)?;
    Ok(())
}

/// A process whose main thread ends, and whose other one is in a namespace of its own.
const HEADLESS: &str = "import ctypes, os, threading, time
libc = ctypes.CDLL(None)
def inside():
    libc.unshare(0x40000000)
    open('inode', 'w').write(str(os.stat('/proc/thread-self/ns/net').st_ino))
    libc.sleep(1000)
threading.Thread(target=inside).start()
while not os.path.exists('inode') or not open('inode').read(): time.sleep(0.01)
libc.syscall(60, 0)";

fn threads_are_in_the_namespaces_they_are_in(lab: &Lab) -> Result<()> {
    if cfg!(not(target_arch = "x86_64")) || lab.run("command -v python3")?.code != 0 {
        return skip("no python3, or another number of exit(2)");
    }
    std::fs::write("/run/lab/headless.py", HEADLESS)?;
    let process = lab.background("exec python3 headless.py")?;
    let pid = process.pid();
    let state = format!("cut -d' ' -f3 /proc/{pid}/stat");
    lab.eventually("its main thread has ended", |lab| Ok(lab.ok(&state)? == "Z\n"))?;
    let inode: u64 = lab.ok("cat inode")?.parse()?;
    let netns = lab.json(&format!("ovl-ns identify {pid} -j"))?;
    assert_eq!(netns["inode"], inode, "{netns}");
    for reference in [format!("inode:{inode}"), format!("pid:{pid}")] {
        let pids = lab.json(&format!("ovl-ns pids {reference} -j"))?;
        assert_eq!(pids[0]["pid"], pid, "{reference}: {pids}");
    }
    let inside = format!("ovl-ns exec --net-only pid:{pid} -- readlink /proc/self/ns/net");
    assert_eq!(lab.ok(&inside)?, format!("net:[{inode}]\n"));
    // An engine that only has a thread there is elsewhere.
    let engine =
        HEADLESS.replace("'inode'", "'other'").replace("libc.syscall(60, 0)", "libc.sleep(1000)");
    std::fs::write("/run/lab/engine.py", engine)?;
    let _engine = lab.background("exec python3 engine.py")?;
    lab.eventually("its thread is there", |lab| Ok(!lab.run("cat other")?.stdout.is_empty()))?;
    let held = lab.ok("cat other")?;
    assert_eq!(lab.json(&format!("ovl-ns pids inode:{held} -j"))?, serde_json::json!([]));
    Ok(())
}

fn attach_gives_a_process_namespace_a_name(lab: &Lab) -> Result<()> {
    let (process, inode) = hidden(lab)?;
    lab.ok(&format!("ovl-ns attach x1 {}", process.pid()))?;
    assert_eq!(lab.ok("stat -Lc %i /run/netns/x1")?.trim(), inode.to_string());
    lab.refuses(&format!("ovl-ns attach x1 {}", process.pid()), 4, &["x1"])?;
    lab.fails("ovl-ns attach x2 999999", 3)?;
    let pid = process.pid();
    // The hint's flag is there: fine, when it is that namespace.
    let again = lab.json(&format!("ovl-ns attach x1 {pid} --exist-ok -o json"))?;
    assert_eq!((&again[0]["inode"], &again[0]["names"][0]), (&inode.into(), &"x1".into()));
    lab.refuses("ovl-ns attach x1 1 --exist-ok", 4, &["x1", "exists", &format!("inode:{inode}")])?;
    lab.ok(&format!("ovl-ns attach x2 {pid} --exist-ok"))?;
    assert_eq!(lab.ok("stat -Lc %i /run/netns/x2")?.trim(), inode.to_string());
    assert_eq!(lab.json(&format!("ovl-ns attach x3 {pid} -j"))?[0]["inode"], inode);
    lab.ok("touch /run/netns/old")?;
    lab.refuses(&format!("ovl-ns attach old {pid}"), 4, &["plain file", "hint: ovl-ns del old"])?;
    drop(process);
    // The name alone holds it now.
    ensure!(oracle::is_namespace(Path::new("/run/netns/x1"))?);
    Ok(())
}

fn nsid_is_what_ip_lists(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add ov1")?;
    lab.ok("ovl-ns nsid h1 -n ov1 --set 7")?;
    assert_eq!(lab.json("ip -n ov1 -j netns list-id")?[0]["nsid"], 7);
    let said = lab.ok("ovl-ns nsid h1 -n ov1")?;
    ensure!(said.split_whitespace().any(|w| w == "7"), "{said}");
    // An id is never changed by the kernel.
    lab.fails("ovl-ns nsid h1 -n ov1 --set 8", 4)?;
    Ok(())
}

fn a_namespace_is_the_same_object_everywhere(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let process = lab.background("exec nsenter --net=/run/netns/h2 sleep 1000")?;
    lab.eventually("sleep is in h2", |lab| Ok(!lab.ok("ip netns pids h2")?.is_empty()))?;
    let list = lab.json("ovl-ns list -j")?;
    let all = || list.as_array().into_iter().flatten();
    let whole = all().find(|n| n["names"][0] == "h2").cloned().unwrap_or_default();
    ensure!(whole["cookie"].is_u64(), "{list}");
    let pid = process.pid();
    for (command, at) in [
        ("ovl-ns nsid h2 -n h1 -j".to_owned(), "/netns"),
        ("ovl-ns nsid h2 -n self --set 7 -j".into(), "/netns"),
        (format!("ovl-ns identify {pid} -j"), ""),
        ("ovl-inspect ping h2 192.168.1.4 -c 1 -j".into(), "/netns"),
        ("ovl-inspect ping -n h2 192.168.1.4 --find-mtu -j".into(), "/netns"),
        ("ovl-inspect links h2 -j".into(), "/0/netns"),
    ] {
        let value = lab.json(&command)?;
        let netns = value.pointer(at).cloned().unwrap_or_default();
        for key in ["ref", "inode", "cookie", "names", "paths", "kind"] {
            assert_eq!(netns[key], whole[key], "{key} of `{command}`: {value}");
        }
    }
    Ok(())
}

/// A process in a namespace that has no name, and that namespace's inode number.
pub fn hidden(lab: &Lab) -> Result<(Background, u64)> {
    let own = lab.ok("stat -Lc %i /proc/$$/ns/net")?;
    let process = lab.background("exec unshare --net sleep 1000")?;
    let mut inode = String::new();
    lab.eventually("sleep is in its namespace", |lab| {
        inode = lab.ok(&format!("stat -Lc %i /proc/{}/ns/net", process.pid()))?;
        let comm = lab.ok(&format!("cat /proc/{}/comm", process.pid()))?;
        Ok(inode != own && comm.trim() == "sleep")
    })?;
    Ok((process, inode.trim().parse()?))
}

/// The names that `ip netns` lists.
fn names(lab: &Lab) -> Result<Vec<String>> {
    let list = lab.ok("ip -j netns list")?;
    let list: Value =
        if list.trim().is_empty() { Value::Null } else { serde_json::from_str(&list)? };
    let mut names: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|n| Some(n["name"].as_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}
