//! Several at once: the same thing made by many, things that share a bridge, and
//! others who make with `ip` what was about to be made.

use anyhow::{Result, ensure};
use ovl_tests::lab::{Background, Lab, is_up};
use ovl_tests::{oracle, tests};

tests![
    many_make_the_same_and_all_of_them_have_it,
    many_devices_share_a_bridge_that_was_not_there,
    many_cables_have_names_of_their_own,
    who_was_overtaken_looks_again,
    a_name_taken_meanwhile_is_told_as_taken,
    what_others_did_meanwhile_is_not_taken_back,
    a_bridge_that_others_use_meanwhile_stays,
];

/// Runs the lines at once; all of them must end well.
fn at_once(lab: &Lab, lines: &[String]) -> Result<()> {
    let each = lines.iter().enumerate().map(|(n, line)| {
        format!("{{ {line} 2> err{n} || echo \"{line}: $? $(cat err{n})\"; }} &\n")
    });
    let said = lab.ok(&format!("{} wait", each.collect::<String>()))?;
    ensure!(said.is_empty(), "{said}");
    Ok(())
}

fn many_make_the_same_and_all_of_them_have_it(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    let vxlan = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 \
        --gateway 192.168.10.1/24 --exist-ok";
    let veth = "ovl-veth add eth0 -n x1 --peer veth1 --peer-netns ov1 --ip 192.168.10.100/24 \
        --via 192.168.10.1 --peer-master br0 --exist-ok";
    for _ in 0..5 {
        lab.ok("ip netns add ov1; ip netns add x1")?;
        at_once(lab, &vec![vxlan.to_owned(); 6])?;
        at_once(lab, &vec![veth.to_owned(); 6])?;
        ensure!(is_up(&lab.link("ov1", "vxlan0")?) && is_up(&lab.link("ov1", "br0")?));
        assert_eq!(lab.link("ov1", "veth1")?["master"], "br0");
        lab.ok(&format!(
            "{vxlan}; {veth}; ovl-vxlan del vxlan0 -n ov1; ip netns del ov1; ip netns del x1"
        ))?;
    }
    Ok(())
}

fn many_devices_share_a_bridge_that_was_not_there(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    for _ in 0..5 {
        lab.ok("ip netns add ov1")?;
        let add = |n| format!("ovl-vxlan add v{n} --vni 30{n} -n ov1 --underlay h1 --bridge kb");
        at_once(lab, &(0..6).map(add).collect::<Vec<_>>())?;
        ensure!(is_up(&lab.link("ov1", "kb")?));
        for n in 0..6 {
            assert_eq!(lab.link("ov1", &format!("v{n}"))?["master"], "kb");
            lab.ok(&format!("ovl-vxlan del v{n} -n ov1"))?;
        }
        lab.ok("ip netns del ov1")?;
    }
    Ok(())
}

fn many_cables_have_names_of_their_own(lab: &Lab) -> Result<()> {
    let add = |n| format!("ip netns add x{n}; ovl-veth add eth0 -n x{n}");
    at_once(lab, &(0..6).map(add).collect::<Vec<_>>())?;
    for n in 0..6 {
        ensure!(lab.has_link("self", &format!("veth{n}"))?, "veth{n}");
    }
    Ok(())
}

/// A command that has looked and planned, and waits before its first change: it
/// explains what it does to a pipe that is full.
struct Held {
    command: Background,
}

impl Held {
    fn new(lab: &Lab, command: &str) -> Result<Held> {
        lab.ok("rm -f p; mkfifo p")?;
        let full = "exec 8<>p; timeout 0.2 cat /dev/zero > p || true";
        let held = lab.background(&format!("{full}; exec {command} --explain 2> p"))?;
        let proc = format!("/proc/{}", held.pid());
        let waits = format!(
            "seen() {{ grep -h -e '^State:.S' -e _switches {proc}/status; }}
            grep -q ^ovl- {proc}/comm && was=$(seen) && sleep 0.3 && test \"$was\" = \"$(seen)\" \
                && case $was in State*) ;; *) false;; esac"
        );
        lab.eventually("it waits", |lab| Ok(lab.run(&waits)?.code == 0))?;
        Ok(Held { command: held })
    }

    /// Lets it go on. Gives its exit code, and what it said.
    fn go(self, lab: &Lab) -> Result<(i32, String)> {
        let reader = lab.background("exec cat p > said")?;
        let code = self.command.wait()?;
        // To the end: nobody else has the pipe open.
        reader.wait()?;
        Ok((code, lab.ok("tr -d '\\0' < said")?))
    }
}

fn who_was_overtaken_looks_again(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1; ip netns add x1")?;
    let add = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 \
        --gateway 192.168.10.1/24 --exist-ok";
    let held = Held::new(lab, add)?;
    // `ip` takes no turns. The attributes are the ones that Docker has.
    lab.ok("ip -n ov1 link add br0 mtu 1450 type bridge
        ip -n ov1 addr add 192.168.10.1/24 dev br0; ip -n ov1 link set br0 up
        ip -n h1 link add vxlan0 mtu 1450 netns ov1 type vxlan id 256 dstport 4789 proxy l2miss l3miss
        ip -n ov1 link set vxlan0 master br0 up")?;
    let before = oracle::state(lab)?;
    let (code, said) = held.go(lab)?;
    ensure!(code == 0, "{code}: {said}");
    oracle::same("what others have made", &before, &oracle::state(lab)?)?;

    let held = Held::new(lab, "ovl-veth add eth0 -n x1 --peer-netns ov1 --ip 192.168.10.9/24")?;
    lab.ok("ip -n ov1 link add veth0 type veth peer name other")?;
    let (code, said) = held.go(lab)?;
    ensure!(code == 0, "{code}: {said}");
    ensure!(lab.has_link("ov1", "veth1")?, "the next free name was not taken");
    Ok(())
}

fn a_name_taken_meanwhile_is_told_as_taken(lab: &Lab) -> Result<()> {
    lab.two_hosts()?;
    lab.ok("ip netns add ov1")?;
    let add = "ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0";
    for (flags, words) in [
        ("", "vxlan0 in netns ov1: it exists\n"),
        (" --exist-ok", "it exists and differs: has type bridge, asked type vxlan"),
    ] {
        let held = Held::new(lab, &format!("{add}{flags}"))?;
        lab.ok("ip -n ov1 link add vxlan0 type bridge")?;
        let (code, said) = held.go(lab)?;
        ensure!(code == 4 && said.contains(words), "{code}: {said}");
        ensure!(!lab.has_link("ov1", "br0")?, "br0 is left");
        lab.ok("ip -n ov1 link del vxlan0")?;
    }
    Ok(())
}

fn what_others_did_meanwhile_is_not_taken_back(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2; ip -n ov2 link add kb type bridge
        ip -n ov2 link add p0 type veth peer name p1")?;
    // It will fail: VNI 256 is taken.
    let add = "ovl-vxlan add vxlan9 --vni 256 -n ov2 --underlay h1 --bridge kb";
    let held = Held::new(lab, add)?;
    lab.ok("ip -n ov2 link set kb up")?;
    let (code, said) = held.go(lab)?;
    ensure!(code == 4 && said.contains("specified VNI already exists"), "{code}: {said}");
    ensure!(!said.contains("undone"), "{said}");
    ensure!(is_up(&lab.link("ov2", "kb")?), "kb was set down under those who use it");
    Ok(())
}

fn a_bridge_that_others_use_meanwhile_stays(lab: &Lab) -> Result<()> {
    lab.overlay()?;
    lab.ok("ip netns add ov2; ip -n ov2 link add p0 type veth peer name p1")?;
    let add =
        "ovl-vxlan add vxlan9 --vni 256 -n ov2 --underlay h1 --bridge kb --gateway 10.9.0.1/24";
    let port = "ip -n ov2 link set p0 master kb";
    // A port that comes between the look and the deletion is too late: `ip` takes no turns.
    lab.eventually("a port is in the bridge before it is to be deleted", |lab| {
        lab.ok(&format!(
            "(while ! test -e stop; do {port} 2>/dev/null && break; done) & \
            {add} 2> said && exit 1; touch stop; wait; rm stop"
        ))?;
        let said = lab.ok("cat said")?;
        if !lab.has_link("ov2", "kb")? {
            ensure!(said.contains("\nundone: "), "{said}");
            return Ok(false);
        }
        assert_eq!(lab.link("ov2", "p0")?["master"], "kb");
        ensure!(is_up(&lab.link("ov2", "kb")?), "it stays, and was set down");
        ensure!(said.contains("not undone: delete kb in netns ov2: p0 uses it by now"), "{said}");
        Ok(true)
    })
}
