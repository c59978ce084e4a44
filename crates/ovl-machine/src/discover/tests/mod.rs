//! Discovery on a procfs of fixtures: what is found, in which order, and what is
//! said of what cannot be looked at.

mod procfs;

use std::fs;
use std::path::PathBuf;

use super::{Discovery, Found, Hold, Holder, Process, door_of};
use crate::container::Runtime;
use procfs::{Procfs, inode, key, link};

const ID: &str = "f477cde30bfd4c0a3bcbcd749e70dc22c14392211782af9a5020474fb9123f2c";
const OTHER: &str = "0123456789ab4c0a3bcbcd749e70dc22c14392211782af9a5020474fb9123f2c";

fn process(pid: u32, comm: &str) -> Process {
    Process { pid, comm: comm.into() }
}

fn numbers(discovery: &Discovery) -> Vec<u64> {
    discovery.namespaces.keys().map(|k| k.inode - inode(0)).collect()
}

#[test]
fn processes_are_found_in_the_order_of_their_ids() {
    let procfs = Procfs::new();
    for (pid, comm, net) in [(100, "b", 1), (20, "a", 1), (3, "c", 2), (1000, "d", 2)] {
        procfs.process(pid, comm, net);
    }
    for name in ["self-2", "sys", "+7", "12a", "cpuinfo"] {
        procfs.entry(name);
    }
    let found = procfs.discover();
    assert_eq!(numbers(&found), [1, 2]);
    let first = &found.namespaces[&key(1)];
    let wanted = Found {
        key: key(1),
        pids: vec![process(1, "init"), process(20, "a"), process(100, "b")],
        doors: ["1", "20", "100"].map(|p| procfs.path(&format!("{p}/ns/net"))).into(),
        ..Found::default()
    };
    assert_eq!(*first, wanted);
    assert_eq!(found.namespaces[&key(2)].pids, [process(3, "c"), process(1000, "d")]);
    assert_eq!((found.hidden, found.hides, found.closed.len()), (0, false, 0));
}

#[test]
fn what_may_not_be_looked_at_is_counted_once_a_process() {
    let procfs = Procfs::new();
    procfs.forbidden(7);
    procfs.forbidden(8);
    // Files and threads that are closed, in a process that is not.
    let closed = procfs.process(9, "shy", 2);
    fs::remove_dir(closed.folder.join("fd")).unwrap();
    std::os::unix::fs::symlink("fd", closed.folder.join("fd")).unwrap();
    let thread = closed.folder.join("task/10");
    std::os::unix::fs::symlink("10", thread).unwrap();
    let found = procfs.discover();
    assert_eq!(found.hidden, 3);
    assert_eq!(numbers(&found), [1, 2]);
}

#[test]
fn a_process_that_ends_meanwhile_is_neither_found_nor_counted() {
    let procfs = Procfs::new();
    procfs.zombie(5, "defunct");
    procfs.process(6, "ended", 2).without("comm");
    fs::create_dir_all(procfs.path("7")).unwrap();
    let half = procfs.process(8, "half", 3).mount_namespace(4).without("mountinfo");
    fs::remove_dir(half.folder.join("fd")).unwrap();
    fs::remove_dir(half.folder.join("task")).unwrap();
    // The next one of that mount namespace is asked for what the first could not say.
    procfs.process(9, "next", 3).mount_namespace(4).mount(4, "/run/netns/d");
    let found = procfs.discover();
    assert_eq!(numbers(&found), [1, 3, 4]);
    assert_eq!(found.hidden, 0);
    assert_eq!(found.namespaces[&key(3)].pids, [process(8, "half"), process(9, "next")]);
}

#[test]
fn a_process_on_its_way_out_is_not_counted_as_hidden() {
    const EXITING: u32 = 0x4;
    const OTHERS: u32 = 0x40_0100;
    let procfs = Procfs::new();
    procfs.zombie(5, "zombie").closed().ending(5, "Z", OTHERS);
    procfs.process(6, "going", 2).closed().ending(6, "R", OTHERS | EXITING);
    procfs.process(7, "both", 2).closed().ending(7, "Z", OTHERS).ending(70, "D", EXITING);
    assert_eq!(procfs.discover().hidden, 0);
    // One that goes on is hidden, and so is one of which a thread does.
    procfs.process(8, "stays", 2).closed().ending(8, "S", OTHERS);
    procfs.process(9, "thread", 2).closed().ending(9, "Z", EXITING).ending(90, "S", OTHERS);
    assert_eq!(procfs.discover().hidden, 2);
}

#[test]
fn a_process_whose_main_thread_has_ended_is_reached_by_another() {
    let procfs = Procfs::new();
    procfs.zombie(5, "leader").ending(5, "Z", 0).thread(6, 2);
    procfs.process(7, "whole", 3).thread(8, 2);
    procfs.zombie(9, "zombie");
    for (pid, door) in [(5, "5/task/6/ns/net"), (7, "7/ns/net"), (9, "9/ns/net")] {
        assert_eq!(door_of(&procfs.path(""), pid), procfs.path(door));
    }
}

#[test]
fn a_zombie_with_threads_holds_what_they_are_in() {
    let procfs = Procfs::new();
    procfs.zombie(5, "leader").thread(6, 2);
    let found = procfs.found(2);
    assert_eq!(found.holders, [Holder { pid: 5, comm: "leader".into(), by: Hold::Thread }]);
    assert_eq!(found.pids, []);
}

#[test]
fn threads_and_open_files_hold() {
    let procfs = Procfs::new();
    procfs
        .process(5, "dockerd", 1)
        .thread(5, 1)
        .thread(6, 1)
        .thread(7, 2)
        .thread(8, 2)
        .fd(0, "/dev/null")
        .fd(3, link(3))
        .fd(4, link(3))
        .fd(5, "socket:[77]")
        .fd(6, "mnt:[4026532001]")
        .fd(7, "anon_inode:[eventpoll]");
    let (thread, file) = (procfs.found(2), procfs.found(3));
    // Threads of the process's own namespace hold nothing besides.
    assert_eq!(procfs.found(1).holders, []);
    let holder = |by| vec![Holder { pid: 5, comm: "dockerd".into(), by }];
    assert_eq!(thread.holders, holder(Hold::Thread));
    assert_eq!(thread.doors, ["7", "8"].map(|t| procfs.path(&format!("5/task/{t}/ns/net"))));
    assert_eq!(file.holders, holder(Hold::File));
    let mut doors = file.doors;
    doors.sort();
    assert_eq!(doors, ["3", "4"].map(|fd| procfs.path(&format!("5/fd/{fd}"))));
    assert_eq!(numbers(&procfs.discover()), [1, 2, 3]);
}

#[test]
fn a_file_opened_by_the_path_of_a_mount_is_told_by_its_inode() {
    let own = "/proc/self/ns/net";
    let number = super::inode_in(&fs::read_link(own).unwrap().to_string_lossy()).unwrap();
    let procfs = Procfs::new();
    let info = |inode: u64| format!("pos:\t0\nflags:\t02100000\nmnt_id:\t4\nino:\t{inode}\n");
    procfs.process(5, "a", 1).fd(3, own).fdinfo(3, &info(number));
    // Another inode than the file has; and one that is no namespace's at all.
    procfs.process(6, "b", 1).fd(3, own).fdinfo(3, &info(number + 1));
    procfs.process(7, "c", 1).fd(3, "/etc/passwd").fdinfo(3, &info(12));
    let found = procfs.discover();
    let held: Vec<&Found> = found.namespaces.values().filter(|f| f.key.inode == number).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].holders, [Holder { pid: 5, comm: "a".into(), by: Hold::File }]);
    assert_eq!(found.namespaces.len(), 2);
}

#[test]
fn mounts_are_found_once_a_mount_namespace_and_reached_through_it() {
    let procfs = Procfs::new();
    procfs.end(1);
    procfs.process(1, "init", 1).mount(2, "/run/netns/a\\040b").mount(3, "/run/netns/c");
    procfs
        .process(30, "engine", 1)
        .mount_namespace(5)
        .mount(2, "/run/netns/a\\040b")
        .mount(4, "/exec/netns/1-c4305b67cd");
    // The same mount namespace: not read again, or this would be found.
    procfs.process(31, "child", 4).mount_namespace(5).mount(9, "/never");
    let found = procfs.discover();
    assert_eq!(numbers(&found), [1, 2, 3, 4]);
    let (a, overlay) = (&found.namespaces[&key(2)], &found.namespaces[&key(4)]);
    assert_eq!(a.paths, [PathBuf::from("/run/netns/a b")]);
    // Copied into the other mount namespace, it is still one way.
    assert_eq!(a.doors, [PathBuf::from("/run/netns/a b")]);
    assert_eq!(overlay.paths, [PathBuf::from("/exec/netns/1-c4305b67cd")]);
    let through = procfs.path("30/root/exec/netns/1-c4305b67cd");
    assert_eq!(overlay.doors, [through, procfs.path("31/ns/net")]);
    assert_eq!(overlay.names, Vec::<String>::new());
}

#[test]
fn a_process_with_another_root_does_not_speak_for_its_mount_namespace() {
    let procfs = Procfs::new();
    procfs.end(1);
    procfs.process(1, "init", 1);
    procfs.process(5, "jail", 1).root("/srv/jail").mount(3, "/netns/c");
    let engine = procfs.process(6, "jail", 1).mount_namespace(7).root("/srv/jail");
    engine.mount(2, "/inside");
    procfs.process(7, "full", 1).mount_namespace(7).mount(4, "/run/netns/d");
    let found = procfs.discover();
    assert_eq!(numbers(&found), [1, 2, 3, 4]);
    assert_eq!(found.namespaces[&key(3)].doors, [procfs.path("5/root/netns/c")]);
    assert_eq!(found.namespaces[&key(4)].doors, [procfs.path("7/root/run/netns/d")]);
}

#[test]
fn a_path_of_ours_goes_before_one_of_another_mount_namespace() {
    let procfs = Procfs::new();
    procfs.end(1);
    procfs.process(1, "init", 1).mount_namespace(9).mount(2, "/run/netns/a");
    fs::remove_file(procfs.path("self")).unwrap();
    procfs.process(50, "who looks", 1).mount(2, "/run/netns/a");
    std::os::unix::fs::symlink("50", procfs.path("self")).unwrap();
    let found = procfs.found(2);
    assert_eq!(found.paths, [PathBuf::from("/run/netns/a")]);
    let through = procfs.path("1/root/run/netns/a");
    assert_eq!(found.doors, [PathBuf::from("/run/netns/a"), through]);
}

#[test]
fn containers_are_named_by_cgroups_of_both_versions() {
    let cases = [
        (format!("12:pids:/docker/{ID}\n0::/\n"), Some(Runtime::Docker)),
        (format!("0::/system.slice/docker-{ID}.scope\n"), Some(Runtime::Docker)),
        (format!("0::/docker/{OTHER}/docker/{ID}\n"), Some(Runtime::Docker)),
        (format!("0::/machine.slice/libpod-{ID}.scope/container\n"), Some(Runtime::Podman)),
        (format!("9:cpu:/libpod_parent/libpod-{ID}\n"), Some(Runtime::Podman)),
        (
            format!("0::/kubepods.slice/kubepods-pod1_2.slice/cri-containerd-{ID}.scope\n"),
            Some(Runtime::Containerd),
        ),
        (
            format!(
                "0::/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}\n"
            ),
            Some(Runtime::Containerd),
        ),
        (format!("0::/system.slice/nerdctl-{ID}.scope\n"), Some(Runtime::Containerd)),
        (format!("0::/kubepods.slice/kubepods-pod1.slice/crio-{ID}.scope\n"), Some(Runtime::CriO)),
        (format!("4:memory:/kubepods/besteffort/pod1-2/{ID}\n"), None),
        (format!("0::/../../lab/d1/{ID}\n"), None),
    ];
    for (text, runtime) in cases {
        let procfs = Procfs::new();
        procfs.process(40, "sleep", 2).cgroup(&text);
        let container = procfs.found(2).container.unwrap_or_else(|| panic!("none in {text}"));
        assert_eq!((container.engine, container.id.as_str()), (runtime, ID), "{text}");
        assert_eq!(container.name, None);
    }
    for text in [
        "0::/user.slice/user-0.slice/session-1.scope\n".to_owned(),
        format!("0::/machine.slice/libpod-conmon-{ID}.scope\n"),
        format!("0::/kubepods.slice/crio-conmon-{ID}.scope\n"),
        format!("0::/x/{}\n", &ID[..63]),
        String::new(),
        "nonsense".into(),
    ] {
        let procfs = Procfs::new();
        procfs.process(40, "sleep", 2).cgroup(&text);
        assert_eq!(procfs.found(2).container, None, "{text}");
    }
}

#[test]
fn a_guest_does_not_make_a_namespace_a_containers() {
    let procfs = Procfs::new();
    // A container on the host's network.
    procfs.process(50, "nginx", 1).cgroup(&format!("0::/docker/{ID}\n"));
    assert_eq!(procfs.found(1).container, None);
    // A shell in a container, with a lower id since they began anew.
    procfs.process(60, "nsenter", 2).cgroup("0::/user.slice\n");
    procfs.process(70, "sleep", 2).cgroup(&format!("0::/docker/{ID}\n"));
    assert_eq!(procfs.found(2).container, None);
    procfs.process(80, "dockerd", 1).mount_namespace(6).mount(2, "/exec/netns/c1321878d4d4");
    assert_eq!(procfs.found(2).container.map(|c| c.id), Some(ID.to_owned()));
}

#[test]
fn plain_files_are_stale_and_folders_are_nothing() {
    let procfs = Procfs::new();
    fs::write(procfs.path("netns/old"), "").unwrap();
    fs::create_dir(procfs.path("netns/folder")).unwrap();
    let found = procfs.discover();
    assert_eq!(found.stale, [procfs.path("netns/old")]);
    assert!(found.closed.is_empty());
    // A folder that is not there is nothing to tell of; one that is closed is.
    let mut search = procfs.search();
    std::os::unix::fs::symlink("loop", procfs.path("loop")).unwrap();
    search.folders = vec![procfs.path("none"), procfs.path("loop/netns")];
    assert_eq!(search.all().closed, [procfs.path("loop/netns")]);
}

#[test]
fn a_procfs_that_hides_processes_is_said() {
    let procfs = Procfs::new();
    let root = procfs.path("");
    let root = root.to_string_lossy();
    let root = root.trim_end_matches('/');
    let line = |o: &str| format!("20 29 0:5 / {root} rw,nosuid - proc proc rw,gid=4,{o}\n");
    procfs.end(1);
    fs::remove_file(procfs.path("self")).unwrap();
    procfs.process(50, "who looks", 1).line("mountinfo", &line("hidepid=invisible"));
    std::os::unix::fs::symlink("50", procfs.path("self")).unwrap();
    assert!(procfs.discover().hides);
    fs::write(procfs.path("50/mountinfo"), line("hidepid=off")).unwrap();
    assert!(!procfs.discover().hides);
}

#[test]
fn names_that_are_no_text_are_shown_all_the_same() {
    let procfs = Procfs::new();
    let odd = procfs.process(5, "x", 2);
    fs::write(odd.folder.join("comm"), b"\xff a b \n").unwrap();
    assert_eq!(odd.at(), procfs.path(""));
    assert_eq!(procfs.found(2).pids, [process(5, "\u{fffd} a b ")]);
}

#[test]
fn ten_thousand_processes_are_each_found_once() {
    let procfs = Procfs::new();
    for pid in 2..=100 {
        procfs.process(pid, "p", u64::from(pid));
    }
    for pid in 101..=10_000 {
        procfs.twin(pid, 1 + pid % 100);
    }
    let found = procfs.discover();
    assert_eq!(found.namespaces.len(), 100);
    assert_eq!(found.namespaces.values().map(|f| f.pids.len()).sum::<usize>(), 10_000);
    for one in found.namespaces.values() {
        assert!(one.pids.is_sorted_by_key(|p| p.pid));
        assert_eq!(one.doors.len(), one.pids.len());
    }
}
