//! Names of namespaces: which are given, what they mean, and how files are listed.

use std::path::Path;

use anyhow::{Result, ensure};
use ovl_tests::lab::Lab;
use ovl_tests::{oracle, tests};
use serde_json::Value;

tests![
    add_takes_what_stands_as_it_is_or_not_at_all,
    names_that_mean_something_else_are_not_given,
    names_that_were_given_all_the_same_can_be_used,
    a_name_of_another_folder_is_taken,
    a_name_twice_is_a_slip,
    a_name_that_is_no_text_fails_no_view,
    a_file_is_listed_once_whatever_links_lead_to_it,
];

fn add_takes_what_stands_as_it_is_or_not_at_all(lab: &Lab) -> Result<()> {
    lab.ok("ip netns add q; ip netns add up; ip -n up link set lo up")?;
    let before = oracle::state(lab)?;
    let words = ["q", "exists", "lo down", "hint: --no-lo"];
    lab.refuses("ovl-ns add new up q --exist-ok", 4, &words)?;
    lab.ok("ovl-ns add q up --exist-ok --no-lo; ovl-ns add up --exist-ok")?;
    oracle::same("what stands", &before, &oracle::state(lab)?)
}

fn names_that_mean_something_else_are_not_given(lab: &Lab) -> Result<()> {
    for name in ["self", "init", "pid:1", "pid:x", "vni:5", "docker:X-1", "inode:7"] {
        lab.refuses(&format!("ovl-ns add h1 {name}"), 2, &[name, "hint: "])?;
        lab.refuses(&format!("ovl-ns attach {name} 1"), 2, &[name, "hint: "])?;
    }
    ensure!(names(lab)?.is_empty());
    // A colon alone means nothing.
    lab.ok("ovl-ns add a:b; ovl-ns show a:b")?;
    lab.refuses("ovl-ns show ../x", 2, &["'../x'", "./"])?;
    lab.refuses("ovl-ns show a/b/c", 2, &["'a/b/c'", "FOLDER/NAME"])
}

fn names_that_were_given_all_the_same_can_be_used(lab: &Lab) -> Result<()> {
    for name in ["self", "pid:1", "vni:5"] {
        lab.ok(&format!("ip netns add {name}"))?;
        let inode = lab.ok(&format!("stat -Lc %i /run/netns/{name}"))?;
        let read =
            format!("ovl-ns exec /run/netns/{name} --net-only -- readlink /proc/self/ns/net");
        assert_eq!(lab.ok(&read)?, format!("net:[{}]\n", inode.trim()));
        lab.ok(&format!("ovl-ns del /run/netns/{name}"))?;
    }
    ensure!(names(lab)?.is_empty());
    lab.refuses("ovl-ns del /run/netns/../x", 2, &["../x"])?;
    lab.refuses("ovl-ns del /run/elsewhere/x", 2, &["/run/elsewhere/x"])
}

fn a_name_of_another_folder_is_taken(lab: &Lab) -> Result<()> {
    let path = "/var/run/docker/netns/dd";
    lab.ok(&format!(
        "mkdir -p ${{PWD}}/more /var/run/docker/netns; touch {path} more/ee
        ip netns add a; mount --bind /run/netns/a {path}; mount --bind /run/netns/a more/ee"
    ))?;
    let before = oracle::state(lab)?;
    lab.refuses("ovl-ns add b dd", 4, &["namespace dd", path])?;
    lab.refuses("ovl-ns add dd --exist-ok --dry-run", 4, &["namespace dd", path])?;
    lab.refuses("ovl-ns attach dd $$", 4, &["namespace dd", path])?;
    let more = "export OVL_NETNS_PATH=$PWD/more; ovl-ns add ee";
    lab.refuses(more, 4, &["namespace ee", "/more/ee"])?;
    oracle::same("what was refused", &before, &oracle::state(lab)?)?;
    // The same namespace by the same name is not ambiguous.
    let inside = lab.background("exec nsenter --net=/run/netns/a sleep 1000")?;
    lab.eventually("it is inside", |lab| Ok(!lab.ok("ip netns pids a")?.is_empty()))?;
    lab.ok(&format!("ovl-ns attach dd {}; ovl-ns show dd; ovl-ns del dd", inside.pid()))?;
    // What is left behind there, or is not looked at, takes no name.
    lab.ok(&format!("umount {path}; ovl-ns add dd ee; ovl-ns show dd"))?;
    Ok(())
}

fn a_name_twice_is_a_slip(lab: &Lab) -> Result<()> {
    lab.refuses("ovl-ns add dup h1 dup", 2, &["dup", "twice"])?;
    ensure!(names(lab)?.is_empty());
    lab.ok("ip netns add dup")?;
    lab.refuses("ovl-ns del dup /run/netns/dup", 2, &["dup", "twice"])?;
    assert_eq!(names(lab)?, ["dup"]);
    Ok(())
}

fn a_name_that_is_no_text_fails_no_view(lab: &Lab) -> Result<()> {
    lab.ok(r#"ip netns add h1; bad="/run/netns/$(printf 'bad\377')"; touch "$bad"
        mount --bind /run/netns/h1 "$bad"; umount /run/netns/h1; rm /run/netns/h1"#)?;
    let inode: u64 = lab.ok("stat -Lc %i /run/netns/bad*")?.trim().parse()?;
    let shown = "/run/netns/bad\u{fffd}";
    for view in ["ovl-ns list -o wide", "ovl-inspect", "ovl-ns list -o yaml"] {
        let said = lab.ok(view)?;
        ensure!(said.contains("bad\u{fffd}"), "{view}: {said}");
    }
    for view in ["ovl-ns list -j", "ovl-inspect -j"] {
        let list = lab.json(view)?;
        let mut all = list.as_array().into_iter().flatten();
        let found = all.find_map(|n| [n, &n["netns"]].into_iter().find(|n| n["inode"] == inode));
        let netns = found.cloned().unwrap_or_default();
        assert_eq!(netns["paths"], serde_json::json!([shown]), "{view}: {list}");
        // What cannot be written is not offered for typing.
        assert_eq!(netns["ref"], format!("inode:{inode}"), "{view}");
    }
    lab.ok("ovl-inspect snapshot s.json; ovl-inspect --snapshot s.json")?;
    lab.ok(&format!("ovl-ns show inode:{inode} -j; ovl-inspect links inode:{inode} -j"))?;
    Ok(())
}

fn a_file_is_listed_once_whatever_links_lead_to_it(lab: &Lab) -> Result<()> {
    lab.ok("mkdir -p /run/elsewhere /run/docker/netns; ln -s /run/elsewhere link
        ip netns add h1; ip netns add h2; touch /run/elsewhere/x /run/docker/netns/x1
        mount --bind /run/netns/h1 /run/elsewhere/x; mount --bind /run/netns/h2 /run/docker/netns/x1
        ip netns del h1; ip netns del h2")?;
    // Copies of the mounts, with their paths.
    let _other = lab.background("exec unshare --mount sleep 1000")?;
    let docker = if Path::new("/var/run").is_symlink() { "/var/run" } else { "/run" };
    let path = "OVL_NETNS_PATH=/run/lab/link:/run/elsewhere";
    let list = lab.json(&format!("{path} ovl-ns list -j"))?;
    let mut listed: Vec<&Value> =
        list.as_array().into_iter().flatten().map(|netns| &netns["paths"]).collect();
    listed.retain(|paths| !paths.as_array().is_none_or(Vec::is_empty));
    listed.sort_by_key(|paths| paths[0].to_string());
    let docker = format!("{docker}/docker/netns/x1");
    let mut wanted = [serde_json::json!(["/run/lab/link/x"]), serde_json::json!([docker])];
    wanted.sort_by_key(|paths| paths[0].to_string());
    assert_eq!(listed, wanted.iter().collect::<Vec<_>>(), "{list}");
    for reference in ["x", "x1", docker.as_str(), "/run/docker/netns/x1"] {
        lab.ok(&format!("{path} ovl-ns show {reference}"))?;
    }
    Ok(())
}

/// The names that are given.
fn names(lab: &Lab) -> Result<Vec<String>> {
    let list = lab.ok("ls /run/netns 2>/dev/null || true")?;
    Ok(list.lines().map(str::to_owned).collect())
}
