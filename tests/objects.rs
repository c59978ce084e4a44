//! Namespaces as programs read them: one and the same object whatever prints it, and
//! lists in an order that does not change between runs.

use anyhow::{Context, Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::tests;
use serde_json::Value;

tests![a_namespace_is_the_same_object_everywhere, lists_are_in_the_order_of_names];

/// The object at `at` in what each of the commands prints is the one that `ovl-ns list`
/// has for that reference.
fn same_object(lab: &Lab, reference: &str, commands: &[(&str, &str)]) -> Result<()> {
    let list = lab.json("ovl-ns list -j")?;
    let mut all = list.as_array().into_iter().flatten();
    let whole = all.find(|n| n["ref"] == reference).with_context(|| format!("{list}"))?;
    for (command, at) in commands {
        let value = lab.json(command)?;
        let netns = value.pointer(at).with_context(|| format!("no {at} in {value}"))?;
        for key in ["ref", "inode", "cookie", "names", "paths", "kind"] {
            assert_eq!(netns[key], whole[key], "{key} of {at} in `{command}`: {netns}");
        }
    }
    Ok(())
}

fn a_namespace_is_the_same_object_everywhere(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ovl-vxlan add vxlan9 --vni 9
        ovl-veth add eth9 --peer veth9 --peer-netns ov1 --ip 192.168.9.1/24 --peer-ip 192.168.9.2/24")?;
    let show = lab.json("ovl-ns show self -j")?;
    assert_eq!(show["kind"], "host", "process 1 is here");
    same_object(
        lab,
        "self",
        &[
            ("ovl-ns show self -j", ""),
            ("ovl-ns identify 1 -j", ""),
            ("ovl-ns nsid self -n ov1 -j", "/netns"),
            ("ovl-vxlan show vxlan9 -j", "/netns"),
            ("ovl-vxlan show vxlan9 -j", "/underlay/netns"),
            ("ovl-vxlan list -j", "/0/netns"),
            ("ovl-veth show eth9 -j", "/netns"),
            ("ovl-veth peer veth9 -n ov1 -j", "/peer/netns"),
            ("ovl-veth list -n ov1 -j", "/0/peer/netns"),
            ("ovl-veth add eth8 -n ov1 --peer veth8 -j", "/peer/netns"),
            ("ovl-inspect links self -j", "/0/netns"),
            ("ovl-inspect routes self -j", "/0/netns"),
            ("ovl-inspect ping 192.168.9.2 -n self -c 1 -j", "/netns"),
        ],
    )?;
    // A name alone does not say that a process holds it, nor what else it is.
    let _process = lab.background("exec ip netns exec ov1 sleep 1000")?;
    lab.ok("touch elsewhere; mount --bind /run/netns/ov1 elsewhere")?;
    let paths: Vec<String> = lab.json("ovl-ns show ov1 -j")?["paths"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    assert_eq!(paths, ["/run/netns/ov1", "/run/lab/elsewhere"]);
    same_object(
        lab,
        "ov1",
        &[
            ("ovl-vxlan show vxlan0 -n ov1 -j", "/netns"),
            ("ovl-veth peer eth9 -j", "/peer/netns"),
            ("ovl-inspect links ov1 -j", "/0/netns"),
        ],
    )
}

fn lists_are_in_the_order_of_names(lab: &Lab) -> Result<()> {
    // Numbers are given one after the other: names come in another order than they.
    let names = ["m3", "a7", "z1", "c4", "b5", "k2", "d6", "e0"];
    for name in names {
        lab.ok(&format!(
            "ip netns add {name}
            ovl-vxlan add vxlan0 --vni 256 -n {name} --underlay {name}
            ovl-veth add eth0 -n {name} --peer eth1 --peer-netns {name}"
        ))?;
    }
    let mut sorted = names;
    sorted.sort_unstable();
    let refs = |command: &str, at: &str| -> Result<Vec<String>> {
        let list = lab.json(command)?;
        let all = list.as_array().into_iter().flatten();
        let refs = all.filter_map(|row| row.pointer(at)?.as_str().map(str::to_owned));
        let mut refs: Vec<String> = refs.filter(|r| names.contains(&r.as_str())).collect();
        refs.dedup();
        Ok(refs)
    };
    assert_eq!(refs("ovl-ns list -j", "/ref")?, sorted);
    assert_eq!(refs("ovl-vxlan list --all -j", "/netns/ref")?, sorted);
    assert_eq!(refs("ovl-veth list --all -j", "/netns/ref")?, sorted);
    let said = lab.fails("ovl-vxlan list -n vni:256", 1)?;
    let paths = sorted.map(|name| format!("/run/netns/{name}")).join(", ");
    ensure!(said.contains(&paths), "{said}");
    Ok(())
}
