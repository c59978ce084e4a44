//! Bad input and other trouble: the exit code, and a sentence that a person
//! understands, with a hint where one helps.

use std::time::Duration;

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};
use serde_json::Value;

tests![
    words_that_make_no_sense_are_exit_2,
    numbers_out_of_range_say_the_range,
    what_a_value_should_be_is_said_in_words,
    names_are_checked_before_the_kernel_is_asked,
    addresses_are_checked_before_the_kernel_is_asked,
    a_namespace_that_is_not_there_is_exit_3,
    a_plain_file_is_named_as_what_it_is,
    a_file_that_is_no_namespace_is_said,
    a_device_that_is_not_there_is_exit_3,
    a_device_of_another_kind_is_exit_3,
    what_exists_is_exit_4,
    without_privileges_it_is_exit_5: SETPRIV,
    who_may_not_follow_or_read_is_told_why: SETPRIV,
    a_file_in_the_place_of_our_folder_is_named,
    errors_are_objects_for_programs,
    usage_errors_are_objects_for_programs,
    words_that_are_no_text_are_refused,
    text_of_others_is_escaped,
    a_reader_that_goes_away_is_no_error,
    a_signal_ends_a_command_with_nothing_left,
];

fn words_that_make_no_sense_are_exit_2(lab: &Lab) -> Result<()> {
    for (command, word) in [
        ("ovl-ns frobnicate", "frobnicate"),
        ("ovl-ns add", "NAME"),
        ("ovl-ns add h1 --frobnicate", "--frobnicate"),
        ("ovl-ns list -o xml", "xml"),
        ("ovl-vxlan add vxlan0", "--vni"),
        ("ovl-vxlan add vxlan0 --vni 256 --gateway 192.168.10.1/24", "--bridge"),
        (
            "ovl-vxlan add vxlan0 --vni 256 --remote 192.168.1.5 --group 239.1.1.1 --dev lo",
            "--group",
        ),
        ("ovl-vxlan add vxlan0 --vni 256 --remote 239.1.1.1", "--group"),
        ("ovl-vxlan add vxlan0 --vni 256 -6 --local 192.168.1.4", "-6"),
        ("ovl-vxlan set vxlan0", "nothing to set"),
        ("ovl-vxlan set vxlan0 --up --down", "--down"),
        ("ovl-veth add eth0 --mac auto", "auto"),
        ("ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65", "--dst"),
        ("ovl-fdb add --flood 192.168.10.101 --dst 192.168.1.5", "--flood"),
        ("ovl-fdb add 02:42:c0:a8:0a:65 --dst 192.168.1.5", "IP"),
        ("ovl-fdb del", "IP"),
        ("ovl-inspect ping self", "ADDRESS"),
    ] {
        lab.refuses(command, 2, &[word])?;
    }
    Ok(())
}

fn numbers_out_of_range_say_the_range(lab: &Lab) -> Result<()> {
    for (command, words) in [
        ("ovl-vxlan add vxlan0 --vni 16777216", &["16777216", "16777215"][..]),
        ("ovl-vxlan add vxlan0 --vni -1", &["-1"]),
        ("ovl-vxlan add vxlan0 --vni many", &["many"]),
        ("ovl-vxlan add vxlan0 --vni 256 --dstport 65536", &["65536"]),
        ("ovl-vxlan add vxlan0 --vni 256 --mtu 67", &["67"]),
        ("ovl-vxlan add vxlan0 --vni 256 --mtu 65536", &["65536"]),
        ("ovl-vxlan add vxlan0 --vni 256 --ttl 256", &["256"]),
        ("ovl-vxlan add vxlan0 --vni 256 --flowlabel 0x100000", &["0x100000"]),
        ("ovl-vxlan add vxlan0 --vni 256 --srcport 2 1", &["1"]),
        ("ovl-fdb add --flood --dst 192.168.1.5 --vni 16777216", &["16777216"]),
    ] {
        lab.refuses(command, 2, words)?;
    }
    Ok(())
}

fn what_a_value_should_be_is_said_in_words(lab: &Lab) -> Result<()> {
    for (command, code, word) in [
        ("ovl-ns identify abc", 2, "whole number"),
        ("ovl-ns attach me abc", 2, "whole number"),
        ("ovl-ns identify 99999999999", 2, "to 4294967295"),
        ("ovl-vxlan add v --vni 1 --dstport 99999", 2, "99999"),
        ("ovl-inspect ping self 127.0.0.1 -s 99999", 2, "from 0 to 65507"),
        ("ovl-fdb flush --port 99999 -n ov1", 2, "from 1 to 65535"),
        ("ovl-fdb flush --dst nowhere -n ov1", 2, "IP address"),
        ("ovl-inspect ping self 127.0.0.1 -c x", 2, "whole number"),
    ] {
        let said = lab.fails(command, code)?;
        ensure!(said.contains(word), "`{command}` does not say '{word}': {said}");
        for rust in ["digit found", "..=", "syntax", "os error", "target type"] {
            ensure!(!said.contains(rust), "`{command}` says '{rust}': {said}");
        }
    }
    lab.overlay()?;
    let said = lab.fails("ovl-fdb load nofile -n ov1", 3)?;
    ensure!(said.contains("nofile: No such file or directory\n"), "{said}");
    Ok(())
}

fn names_are_checked_before_the_kernel_is_asked(lab: &Lab) -> Result<()> {
    for (command, words) in [
        ("ovl-vxlan add sixteen-bytes-xx --vni 256", &["sixteen-bytes-xx", "15"][..]),
        ("ovl-veth add eth0 --peer sixteen-bytes-xx", &["sixteen-bytes-xx", "15"]),
        ("ovl-veth add a/b", &["a/b"]),
        ("ovl-veth add 'a b'", &["a b"]),
        ("ovl-veth add .", &["'.'"]),
        ("ovl-veth add ''", &["empty"]),
        ("ovl-veth add all", &["'all'", "/proc/sys/net/ipv4/conf/all"]),
        ("ovl-veth add e --peer default", &["'default'", "/proc/sys/net/ipv4/conf/default"]),
        ("ovl-vxlan add all --vni 256", &["'all'"]),
        ("ovl-ns add ../x", &["../x", "/"]),
        ("ovl-ns add ..", &[".."]),
        ("ovl-ns add -- -x", &["-x"]),
        ("ovl-ns del ../x", &["../x"]),
    ] {
        lab.refuses(command, 2, words)?;
    }
    ensure!(lab.ok("ls /run/netns /run/x 2>/dev/null || true")?.is_empty());
    // The kernel makes no such devices either.
    lab.ok("! ip link add all type bridge; ! ip link add default type bridge")?;
    Ok(())
}

fn addresses_are_checked_before_the_kernel_is_asked(lab: &Lab) -> Result<()> {
    for (command, words) in [
        ("ovl-veth add eth0 --ip 192.168.10.100", &["192.168.10.100", "/"][..]),
        ("ovl-veth add eth0 --ip 192.168.10.100/33", &["33"]),
        ("ovl-veth add eth0 --ip 192.168.10.300/24", &["192.168.10.300"]),
        ("ovl-veth add eth0 --mac 01:00:5e:00:00:01", &["01:00:5e:00:00:01", "multicast"]),
        ("ovl-veth add eth0 --mac ff:ff:ff:ff:ff:ff", &["ff:ff:ff:ff:ff:ff"]),
        ("ovl-veth add eth0 --mac 02:42:00:00:00", &["02:42:00:00:00"]),
        (
            "ovl-vxlan add vxlan0 --vni 256 --mac 33:33:00:00:00:01",
            &["33:33:00:00:00:01", "multicast"],
        ),
        (
            "ovl-vxlan add vxlan0 --vni 256 --bridge br0 --gateway 192.168.10.1",
            &["192.168.10.1", "/"],
        ),
        (
            "ovl-fdb add 192.168.10.101 03:42:c0:a8:0a:65 --dst 192.168.1.5",
            &["03:42:c0:a8:0a:65", "multicast"],
        ),
        ("ovl-fdb add 192.168.10 02:42:c0:a8:0a:65 --dst 192.168.1.5", &["192.168.10"]),
        ("ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst nowhere", &["nowhere"]),
        ("ovl-fdb del demo", &["demo"]),
    ] {
        lab.refuses(command, 2, words)?;
    }
    Ok(())
}

fn a_namespace_that_is_not_there_is_exit_3(lab: &Lab) -> Result<()> {
    for reference in ["nope", "/run/nope", "pid:999999", "inode:1", "vni:77", "overlay:0123456789"]
    {
        let (_, word) = reference.rsplit_once(['/', ':']).unwrap_or(("", reference));
        for command in [
            "ovl-ns show {}",
            "ovl-vxlan add v --vni 1 -n {}",
            "ovl-vxlan add v --vni 1 --underlay {}",
            "ovl-veth add e -n {}",
            "ovl-veth add e --peer-netns {}",
            "ovl-fdb list -n {}",
            "ovl-inspect links {}",
        ] {
            lab.refuses(&command.replace("{}", reference), 3, &[word])?;
        }
    }
    lab.refuses("ovl-vxlan list -n nope", 3, &["nope", "hint: ", "ovl-ns list"])?;
    ensure!(!lab.has_link("self", "v")? && !lab.has_link("self", "e")?);
    Ok(())
}

fn a_plain_file_is_named_as_what_it_is(lab: &Lab) -> Result<()> {
    lab.ok("mkdir -p /run/netns; touch /run/netns/old")?;
    for command in [
        "ovl-ns show old",
        "ovl-ns show /run/netns/old",
        "ovl-vxlan add vxlan0 --vni 256 -n old",
        "ovl-inspect links old",
    ] {
        lab.refuses(command, 3, &["/run/netns/old", "plain file", "hint: "])?;
    }
    Ok(())
}

fn a_file_that_is_no_namespace_is_said(lab: &Lab) -> Result<()> {
    lab.refuses("ovl-ns show /proc/self/ns/mnt", 3, &["not a network namespace"])?;
    lab.ok(
        "mkdir -p /run/netns/folder; mkfifo pipe; touch empty; mkdir netns; echo text > netns/text
        echo text > /run/netns/text",
    )?;
    let files = [
        "/etc/passwd",
        "/etc",
        "/dev/null",
        "/proc/self/status",
        "./pipe",
        "./empty",
        "./netns/text",
        "/run/netns/folder",
    ];
    for file in files {
        let said = lab.fails(&format!("ovl-ns show {file}"), 3)?;
        ensure!(said.contains("is no namespace"), "{said}");
        ensure!(!said.contains("rm ") && !said.contains("left behind"), "{said}");
    }
    // One that an ended namespace left is said to be that, wherever names are kept.
    lab.ok("touch netns/old; mkdir more; touch more/old")?;
    lab.refuses("ovl-ns show ./netns/old", 3, &["left behind", "hint: ", "rm "])?;
    let more = "OVL_NETNS_PATH=/run/lab/more ovl-ns show /run/lab/more/old";
    lab.refuses(more, 3, &["left behind", "rm /run/lab/more/old"])?;
    // What is no namespace's is neither taken for one nor thrown away.
    for verb in ["add text --replace", "add text --exist-ok", "del text", "del folder"] {
        lab.refuses(&format!("ovl-ns {verb}"), 4, &["is no namespace"])?;
    }
    assert_eq!(lab.ok("cat /run/netns/text")?, "text\n");
    Ok(())
}

fn a_device_that_is_not_there_is_exit_3(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add ov1")?;
    for command in [
        "ovl-vxlan show vxlan9 -n ov1",
        "ovl-vxlan del vxlan9 -n ov1",
        "ovl-vxlan set vxlan9 -n ov1 --up",
        "ovl-veth show vxlan9 -n ov1",
        "ovl-veth del vxlan9 -n ov1",
        "ovl-veth peer vxlan9 -n ov1",
        "ovl-veth stats vxlan9 -n ov1",
        "ovl-veth set vxlan9 -n ov1 --up",
        "ovl-fdb list --dev vxlan9 -n ov1",
    ] {
        lab.refuses(command, 3, &["vxlan9", "ov1"])?;
    }
    Ok(())
}

fn a_device_of_another_kind_is_exit_3(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let before = oracle::state(lab)?;
    for command in [
        "ovl-vxlan show br0 -n ov1",
        "ovl-vxlan del br0 -n ov1",
        "ovl-vxlan set br0 -n ov1 --up",
        "ovl-veth show br0 -n ov1",
        "ovl-veth del br0 -n ov1",
        "ovl-veth peer br0 -n ov1",
        "ovl-veth stats br0 -n ov1",
        "ovl-veth set br0 -n ov1 --down",
        "ovl-fdb list --dev br0 -n ov1",
    ] {
        lab.refuses(command, 3, &["br0", "ov1", "bridge"])?;
    }
    oracle::same("what was refused", &before, &oracle::state(lab)?)
}

fn what_exists_is_exit_4(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-fdb add 192.168.10.101 auto --dst 192.168.1.5 -n ov1")?;
    for command in [
        "ovl-ns add ov1",
        "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1",
        "ovl-vxlan add vxlan1 --vni 256 -n ov1 --underlay h1",
        "ovl-veth add eth0 -n h1",
        "ovl-veth add eth0 -n h1 --exist-ok --peer-netns ov1",
        "ovl-fdb add 192.168.10.101 auto --dst 192.168.1.5 -n ov1",
    ] {
        lab.fails(command, 4)?;
    }
    Ok(())
}

fn without_privileges_it_is_exit_5(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-veth add eth0 -n h1 --peer p --exist-ok 2>/dev/null || true")?;
    let before = oracle::state(lab)?;
    for command in [
        "ovl-ns add h9",
        "ovl-ns del h1",
        "ovl-vxlan add v --vni 1 -n ov1",
        "ovl-vxlan add v --vni 1",
        "ovl-vxlan del vxlan0 -n ov1",
        "ovl-veth add e",
        "ovl-veth add e -n h1",
        "ovl-fdb add 192.168.10.101 auto --dst 192.168.1.5 -n ov1",
        "ovl-inspect links h1",
    ] {
        // Root without any capability: the sandbox of an ordinary user has no second user.
        lab.refuses(
            &format!("setpriv --bounding-set=-all --inh-caps=-all {command}"),
            5,
            &["hint: "],
        )?;
    }
    oracle::same("what was refused", &before, &oracle::state(lab)?)?;
    // Looking at one's own namespace needs none.
    lab.ok(
        "setpriv --bounding-set=-all ovl-inspect links; setpriv --bounding-set=-all ovl-veth list",
    )?;
    Ok(())
}

fn who_may_not_follow_or_read_is_told_why(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("echo 192.168.10.101,,192.168.1.5 > t.csv; cp t.csv closed.csv; chmod 0 closed.csv")?;
    let bare = "setpriv --bounding-set=-all --inh-caps=-all";
    // Its own namespace it may look at, and not the one that has the addresses of this host.
    let answer = format!("nsenter --net=/run/netns/ov1 {bare} timeout 5 ovl-fdb answer");
    lab.refuses(&format!("{answer} t.csv"), 5, &["Operation not permitted", "hint: "])?;
    for command in [
        format!("{answer} closed.csv"),
        format!("{bare} ovl-fdb load closed.csv -n ov1"),
        format!("{bare} ovl-fdb sync closed.csv -n ov1"),
    ] {
        lab.refuses(&command, 5, &["cannot read closed.csv: Permission denied"])?;
    }
    Ok(())
}

fn a_file_in_the_place_of_our_folder_is_named(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    let add = "ovl-fdb add 192.168.10.101 auto --dst 192.168.1.5 -n ov1";
    for (file, folder) in [("/run/ovl", "/run/ovl"), ("/run/ovl/rows", "/run/ovl/rows")] {
        lab.ok(&format!("rm -rf /run/ovl; mkdir -p $(dirname {file}); touch {file}"))?;
        lab.refuses(add, 1, &["cannot lock ", &format!("{folder} is not a folder")])?;
    }
    Ok(())
}

/// The error object a command prints.
fn object(lab: &Lab, command: &str, code: i32) -> Result<Value> {
    let output = lab.run(command)?;
    ensure!(output.code == code && output.stdout.is_empty(), "`{command}`\n{output}");
    let error: Value = serde_json::from_str(output.stderr.trim())?;
    let error = error["error"].clone();
    for key in ["op", "object", "netns", "errno", "extack", "hint", "exit"] {
        ensure!(error.get(key).is_some(), "no '{key}' in {error}");
    }
    assert_eq!(error["exit"], code, "{error}");
    Ok(error)
}

fn errors_are_objects_for_programs(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2")?;
    let error = object(lab, "ovl-vxlan add vxlan9 --vni 256 -n ov2 --underlay h1 -o json", 4)?;
    assert_eq!(error["object"], "vxlan9");
    assert_eq!(error["netns"], "ov2");
    assert_eq!(error["errno"], "EEXIST");
    ensure!(error["extack"].as_str().is_some_and(|t| t.contains("VNI already exists")), "{error}");
    ensure!(error["hint"].as_str().is_some_and(|t| t.contains("vxlan0")), "{error}");
    object(lab, "ovl-vxlan show vxlan9 -n ov1 -j", 3)?;
    object(lab, "ovl-vxlan show vxlan0 -n nope --output json", 3)?;
    object(lab, "ovl-ns add ov1 --json", 4)?;
    object(lab, "ovl-inspect links nope -o json", 3)?;
    Ok(())
}

fn usage_errors_are_objects_for_programs(lab: &Lab) -> Result<()> {
    object(lab, "ovl-vxlan add vxlan0 --vni 16777216 -o json", 2)?;
    object(lab, "ovl-ns add ../x -j", 2)?;
    object(lab, "ovl-ns frobnicate --output=json", 2)?;
    // However it is spelt, and wherever it stands.
    for words in ["-vj", "-qojson", "-o=json", "-o yaml", "--output yaml"] {
        object(lab, &format!("ovl-ns frobnicate {words}"), 2)?;
        object(lab, &format!("ovl-vxlan {words} list --frobnicate"), 2)?;
    }
    // What belongs to the command that is to be run asks nothing of us.
    lab.refuses("ovl-ns exec --frobnicate h1 -- ip -j link", 2, &["--frobnicate"])?;
    Ok(())
}

fn words_that_are_no_text_are_refused(lab: &Lab) -> Result<()> {
    let bad = "\"$(printf 'bad\\377')\"";
    for command in [
        format!("ovl-ns show {bad}"),
        format!("ovl-vxlan list -n {bad}"),
        format!("ovl-veth list -n {bad}"),
        format!("ovl-fdb load {bad} -n ov1"),
        format!("ovl-inspect links {bad}"),
    ] {
        lab.fails(&command, 2)?;
        object(lab, &format!("{command} -vj"), 2)?;
    }
    Ok(())
}

fn text_of_others_is_escaped(lab: &Lab) -> Result<()> {
    // A control sequence in a word must not reach the terminal as one.
    let escape = "$(printf 'a\\033[31mb')";
    for command in [
        format!("ovl-ns add {escape}"),
        format!("ovl-ns show {escape}"),
        format!("ovl-veth add {escape}"),
    ] {
        let output = lab.run(&command)?;
        ensure!(output.code != 0 && !output.stderr.contains('\u{1b}'), "`{command}`\n{output}");
    }
    Ok(())
}

fn a_reader_that_goes_away_is_no_error(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    for command in ["ovl-inspect links ov1 h1 h2 -o json", "ovl-ns list", "ovl-ns --help"] {
        let said = lab.run(&format!("{{ {command}; echo $? >&2; }} | true"))?;
        assert_eq!(said.stderr.trim(), "0", "{command}");
    }
    Ok(())
}

fn a_signal_ends_a_command_with_nothing_left(lab: &Lab) -> Result<()> {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let command = lab.background("exec ovl-ns add $(seq -f n%g 2000)")?;
        lab.eventually("the first namespaces are there", |_| {
            Ok(std::path::Path::new("/run/netns/n3").exists())
        })?;
        lab.ok(&format!("kill -{signal} {}", command.pid()))?;
        // One more while it takes back what it made: that it must not hear.
        std::thread::sleep(Duration::from_millis(1));
        lab.run(&format!("kill -{signal} {}", command.pid()))?;
        assert_eq!(command.wait()?, code, "SIG{signal}");
        assert_eq!(lab.ok("ls /run/netns")?, "", "SIG{signal}");
    }
    Ok(())
}
