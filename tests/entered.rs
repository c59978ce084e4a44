//! Signals and `ovl-ns exec`: the command gets them as it would without us.

use std::fs;

use anyhow::{Result, ensure};
use ovl_tests::lab::{FOLDER, Lab};
use ovl_tests::tests;
use serde_json::Value;

tests![
    the_command_ignores_what_its_caller_ignored,
    a_signal_ends_the_command_and_the_turn,
    errors_in_turn_have_the_form_that_was_asked_for,
    an_empty_shell_is_the_usual_one,
    a_command_that_ends_on_its_own_terms_ends_the_turn_as_well,
];

/// Ignored and blocked signals of the process that prints them.
const SIGNALS: &str = "grep -e SigIgn -e SigBlk /proc/self/status";

fn the_command_ignores_what_its_caller_ignored(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1")?;
    // The shell of these tests has whatever their runner has: each is compared with that.
    for (before, ignores) in [("", false), ("trap '' PIPE; ", true)] {
        let outside = lab.ok(&format!("{before}{SIGNALS}"))?;
        assert_eq!(outside.contains("1000\n"), ignores, "{outside}");
        for words in ["h1", "h1 --net-only", "--all -q", "--all -q --net-only"] {
            let inside = lab.ok(&format!("{before}ovl-ns exec {words} -- {SIGNALS}"))?;
            assert_eq!(inside, outside, "exec {words}");
        }
    }
    // Our own words are not ended by a reader that went away.
    lab.ok("{ sleep 0.3; ovl-ns exec h1 -- no-such-command || echo $? > code; } 2>&1 | true")?;
    assert_eq!(fs::read_to_string(format!("{FOLDER}/code"))?, "127\n");
    Ok(())
}

fn a_signal_ends_the_command_and_the_turn(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2")?;
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let script =
            "exec ovl-ns exec --all --net-only -- sh -c 'echo $$ >> begun; exec sleep 1000'";
        let all = lab.background(script)?;
        let begun = || fs::read_to_string(format!("{FOLDER}/begun")).unwrap_or_default();
        let mut pid = String::new();
        lab.eventually("sleep runs", |lab| {
            begun().trim().clone_into(&mut pid);
            Ok(!pid.is_empty() && lab.ok(&format!("cat /proc/{pid}/comm"))? == "sleep\n")
        })?;
        lab.ok(&format!("kill -{signal} {}", all.pid()))?;
        lab.eventually("sleep has ended", |lab| Ok(lab.run(&format!("kill -0 {pid}"))?.code != 0))?;
        assert_eq!(all.wait()?, code, "SIG{signal}");
        assert_eq!(begun().lines().count(), 1, "SIG{signal}: the next one was begun");
        lab.ok("rm begun")?;
    }
    Ok(())
}

fn errors_in_turn_have_the_form_that_was_asked_for(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2")?;
    let ended = lab.run("ovl-ns exec -j --all --net-only /nope")?;
    assert_eq!(ended.code, 127, "{ended}");
    let said: Vec<&str> = ended.stderr.lines().filter(|l| !l.starts_with("netns: ")).collect();
    assert_eq!(said.len(), 2, "{ended}");
    for (line, name) in said.iter().zip(["h1", "h2"]) {
        let error = &serde_json::from_str::<Value>(line)?["error"];
        assert_eq!(error["exit"], 127, "{error}");
        assert_eq!(error["netns"], format!("/run/netns/{name}"), "{error}");
    }
    let text = lab.run("ovl-ns exec -q --all --net-only /nope")?.stderr;
    let line = "ovl-ns: cannot run /nope: No such file or directory\n";
    assert_eq!(text, line.repeat(2));
    Ok(())
}

fn an_empty_shell_is_the_usual_one(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1")?;
    for shell in ["SHELL= ", "unset SHELL; "] {
        let ended = lab.run(&format!("echo exit 7 | {{ {shell} ovl-ns exec --net-only h1; }}"))?;
        assert_eq!(ended.code, 7, "{ended}");
    }
    lab.refuses("ovl-ns exec --net-only h1 ''", 127, &["cannot run '': No such file"])
}

fn a_command_that_ends_on_its_own_terms_ends_the_turn_as_well(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add h1; ip netns add h2")?;
    let script = r#"exec ovl-ns exec --all --net-only -- sh -c \
        'trap "echo heard >> begun; exit 0" TERM; echo $$ >> begun; while :; do sleep 0.01; done'"#;
    let all = lab.background(script)?;
    let begun = || fs::read_to_string(format!("{FOLDER}/begun")).unwrap_or_default();
    lab.eventually("it runs", |_| Ok(begun().ends_with('\n')))?;
    lab.ok(&format!("kill -TERM {}", all.pid()))?;
    assert_eq!(all.wait()?, 143);
    assert_eq!(begun().lines().count(), 2, "{}", begun());
    ensure!(begun().contains("heard"), "{}", begun());
    // One that a signal ended is worse than one that went well.
    let killed = lab.run("ovl-ns exec --all --net-only -- sh -c 'kill -KILL $$'")?;
    assert_eq!(killed.code, 137, "{killed}");
    Ok(())
}
