//! How errors and names read: what an error object says of what was tried, what is
//! told after a failure and in which order, and names as people see them.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::{Value, json};

tests![
    error_objects_say_what_was_tried_on_what,
    what_was_undone_comes_last_each_thing_once,
    names_are_shown_as_they_are,
    the_tutorial_shows_what_is_printed,
];

fn error_objects_say_what_was_tried_on_what(lab: &Lab) -> Result<()> {
    lab.ok("touch text; echo text > text; mkdir -p /run/netns; touch /run/netns/old")?;
    let about =
        |op: &str, object: &str, netns: Value, errno: &str| json!([op, object, netns, errno]);
    for (command, code, wanted) in [
        ("ovl-inspect links nope", 3, about("find", "nope", json!("nope"), "ENOENT")),
        ("ovl-vxlan list -n pid:999999", 3, {
            about("find", "pid:999999", json!("pid:999999"), "ENOENT")
        }),
        ("ovl-ns show ./text", 3, about("find", "./text", json!("./text"), "EINVAL")),
        ("ovl-ns show old", 3, about("find", "old", json!("old"), "EINVAL")),
        ("ovl-ns identify 999999", 3, about("find", "process 999999", Value::Null, "ENOENT")),
        ("ovl-inspect --snapshot away", 3, {
            about("read", "snapshot away", Value::Null, "ENOENT")
        }),
        ("ovl-inspect --snapshot /run", 1, about("read", "snapshot /run", Value::Null, "EISDIR")),
        ("ovl-inspect snapshot away/x", 1, about("write", "away/x", Value::Null, "ENOENT")),
        ("ovl-inspect links >/dev/full", 1, {
            about("write", "standard output", Value::Null, "ENOSPC")
        }),
        ("ovl-fdb load nowhere.csv", 3, about("read", "nowhere.csv", Value::Null, "ENOENT")),
        ("ovl-fdb sync /run", 1, about("read", "/run", Value::Null, "EISDIR")),
        ("ovl-fdb answer - </", 1, about("read", "standard input", Value::Null, "EISDIR")),
    ] {
        let said = lab.run(&format!("{command} -o json"))?;
        ensure!(said.code == code, "{command}: {said}");
        let error: Value = serde_json::from_str(&said.stderr).context(said.stderr)?;
        let error = &error["error"];
        let is = json!([error["op"], error["object"], error["netns"], error["errno"]]);
        assert_eq!(is, wanted, "{command}: {error}");
        // The words of the system, and no number behind them.
        let message = error["message"].as_str().unwrap_or_default();
        ensure!(!message.contains("os error"), "{message}");
    }
    let wrong = lab.run("ovl-inspect --snapshot text -o json")?;
    ensure!(wrong.stderr.contains(r#""object":"snapshot text""#), "{wrong}");
    Ok(())
}

fn what_was_undone_comes_last_each_thing_once(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2")?;
    let add = "ovl-vxlan add vxlan9 --vni 256 -n ov2 --underlay h1 \
               --bridge br9 --gateway 192.168.9.1/24";
    let said = lab.fails(add, 4)?;
    let lines: Vec<&str> = said.lines().collect();
    ensure!(
        lines[0].ends_with("(kernel: A VXLAN device with the specified VNI already exists.)"),
        "{said}"
    );
    let (hints, rest) = lines[1..].split_at(lines.len() - 2);
    ensure!(!hints.is_empty() && hints.iter().all(|line| line.starts_with("hint: ")), "{said}");
    assert_eq!(rest, ["undone: br9 in netns ov2"]);

    let said = lab.run(&format!("{add} -o json"))?;
    let error: Value = serde_json::from_str(&said.stderr)?;
    assert_eq!(error["error"]["undone"], json!(["br9 in netns ov2"]), "{error}");
    assert_eq!(error["error"]["not_undone"], json!([]), "{error}");
    // The kernel's own sentence is as the kernel said it.
    let own = "A VXLAN device with the specified VNI already exists";
    assert_eq!(error["error"]["extack"], own, "{error}");
    ensure!(!lab.has_link("ov2", "br9")?);
    Ok(())
}

fn names_are_shown_as_they_are(lab: &Lab) -> Result<()> {
    lab.ok(r#"ip netns add "q'x"; ip netns add 'b\s'; ip netns add 'd"q'
        ip -n "q'x" link add "v'0" type bridge"#)?;
    for view in ["ovl-inspect", "ovl-ns list", "ovl-inspect links \"q'x\" 'b\\s' 'd\"q'"] {
        let text = lab.ok(view)?;
        for (name, shown) in [("q'x", "q'x"), ("b\\s", "b\\\\s"), ("d\"q", "d\"q")] {
            ensure!(
                text.lines().any(|line| line.split_whitespace().next() == Some(shown)),
                "{name} is not shown as {shown}:\n{text}"
            );
        }
        ensure!(text.contains("v'0"), "{text}");
    }
    lab.refuses("ovl-ns show \"it's\"", 3, &["no namespace 'it's'"])?;
    lab.refuses("ovl-veth show \"it's\"", 3, &["it's"])
}

/// The manual's page, from its source: `groff` is not on every machine.
const TUTORIAL: &str = include_str!("../man/ovl.7");

fn the_tutorial_shows_what_is_printed(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok(
        "ovl-ns add x1; ovl-veth add eth0 -n x1 --peer veth0 --peer-netns ov1 --peer-master br0",
    )?;
    let printed = lab.ok("ovl-veth peer eth0 -n x1")?;
    let shown = printed.replace('⇄', "\\[u21C4]");
    ensure!(TUTORIAL.contains(&shown), "the tutorial has not:\n{shown}");
    Ok(())
}
