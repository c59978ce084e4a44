//! The layout of made-up scenes, many of them.

mod check;
mod maker;

use ovl_core::link::Kind;
use ovl_core::netns::NsKey;
use ovl_machine::machine::Machine;
use ovl_machine::scene::Scene;

use super::layout::{self, Layout};
use super::model::{Frame, FrameKind, Picture};
use super::{build, dot, mermaid, mesh, svg};
use check::{check, overlap};
use maker::Maker;

fn drawn(machine: Machine) -> (Picture, Layout) {
    let (mut picture, _) = build::picture(&Scene { machines: vec![machine] });
    mesh::gather(&mut picture);
    let layout = layout::lay_out(&picture);
    check(&picture, &layout);
    // The others draw it as well.
    assert!(svg::draw(&picture, &layout).ends_with("</svg>\n"));
    assert!(dot::draw(&picture).ends_with("}\n"));
    assert!(mermaid::draw(&picture).starts_with("flowchart"));
    (picture, layout)
}

#[test]
fn two_hosts_with_five_containers_each() {
    let mut maker = Maker::new(1);
    let hosts = [1, 2].map(|n| maker.host(n, 2, 5, 1, true));
    maker.cable((hosts[0], "eth1", None), (hosts[1], "eth1", None));
    let (picture, layout) = drawn(maker.machine);
    assert_eq!(picture.frames.len(), 2);
    assert_eq!(picture.tunnels.len(), 1);
    assert_eq!(picture.remotes.len(), 1);
    assert!(layout.width < 1800 && layout.height < 1300, "{} {}", layout.width, layout.height);
}

#[test]
fn fifty_namespaces_are_a_grid() {
    let mut maker = Maker::new(1);
    for n in 0..50 {
        maker.space(&format!("ns{n}"));
    }
    let (picture, layout) = drawn(maker.machine);
    assert_eq!(picture.loose.len(), 50);
    assert!(layout.width <= 1500 && layout.height < 900, "{} {}", layout.width, layout.height);
}

#[test]
fn fifty_containers_of_a_bridge_fit_a_page() {
    let mut maker = Maker::new(1);
    let host = maker.space("host");
    let bar = maker.bridge(host, "docker0");
    for n in 0..50 {
        let container = maker.space(&format!("c{n}"));
        maker.cable((container, "eth0", None), (host, &format!("veth{n}"), Some(bar)));
    }
    let (_, layout) = drawn(maker.machine);
    assert!(layout.width <= 1500 && layout.height < 1700, "{} {}", layout.width, layout.height);
}

#[test]
fn a_switch_is_no_part_of_the_one_host_that_is_plugged_into_it() {
    let mut maker = Maker::new(1);
    let host = maker.host(1, 1, 2, 1, true);
    maker.switch(0, &[host], 3);
    let (picture, layout) = drawn(maker.machine);
    let kinds: Vec<FrameKind> = picture.frames.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [FrameKind::Host, FrameKind::Between]);
    let names = |frame: &Frame| frame.spaces().map(|id| picture.spaces[id].name.as_str()).collect();
    let between: Vec<&str> = names(&picture.frames[1]);
    assert_eq!(between, ["sw0", "p0-0", "p0-1", "p0-2"]);
    // A container is, though it is a bridge's as well: the host's own.
    let inside: Vec<&str> = names(&picture.frames[0]);
    assert!(inside.contains(&"x1-0-0") && inside.contains(&"x1-0-1"), "{inside:?}");
    for (_, rect) in
        layout.boxes.iter().filter(|(id, _)| picture.frames[1].spaces().any(|s| s == *id))
    {
        assert!(!overlap(layout.frames[0], *rect), "{rect:?} in {:?}", layout.frames[0]);
    }
}

#[test]
fn fifty_namespaces_on_a_switch_of_two_hosts_fit_a_page() {
    let mut maker = Maker::new(1);
    let hosts = [1, 2].map(|n| maker.host(n, 2, 2, 1, false));
    maker.switch(0, &hosts, 50);
    let (_, layout) = drawn(maker.machine);
    assert!(layout.width <= 1600 && layout.height < 2100, "{} {}", layout.width, layout.height);
}

#[test]
fn twelve_hosts_are_rows_with_one_network() {
    let mut maker = Maker::new(1);
    let hosts: Vec<u64> = (1..=12).map(|n| maker.host(n, 12, 2, 1, true)).collect();
    maker.switch(0, &hosts, 0);
    let (picture, layout) = drawn(maker.machine);
    assert!(layout.width <= 1900, "{}", layout.width);
    assert_eq!((picture.tunnels.len(), picture.meshes.len()), (0, 1));
    assert_eq!((picture.meshes[0].ends.len(), picture.meshes[0].tunnels), (12, 66));
    // Each pair of hosts has a sign, and one line joins them all.
    assert_eq!((layout.meshes.len(), layout.buses.len()), (6, 1));
    assert!(layout.meshes.iter().all(|sign| sign.rise.is_some()));
}

#[test]
fn who_does_not_know_all_the_others_is_in_no_mesh_with_them() {
    let mut maker = Maker::new(1);
    let hosts: Vec<u64> = (1..=4).map(|n| maker.host(n, 4, 1, 1, false)).collect();
    maker.switch(0, &hosts, 0);
    let names = |inode: &NsKey, machine: &Machine| machine.spaces[inode].found.names[0].clone();
    let machine = &mut maker.machine;
    let forgets = machine.spaces.keys().copied().find(|key| names(key, machine) == "ov1-0");
    let rows = &mut machine.spaces.get_mut(&forgets.unwrap()).unwrap().state.fdb;
    rows.retain(|row| row.dst != Some("192.168.1.2".parse().unwrap()));
    let (picture, _) = drawn(maker.machine);
    assert_eq!((picture.meshes.len(), picture.meshes[0].ends.len()), (1, 3));
    // Its tunnels to each of the others are lines, one of them half.
    let known = picture.tunnels.iter().map(|t| 2 - t.faults().count());
    assert_eq!(known.sum::<usize>(), 5);
    assert_eq!(picture.tunnels.len(), 3);
}

#[test]
fn an_address_is_not_cut() {
    let mut maker = Maker::new(1);
    let at = maker.space("one");
    let eth0 = maker.link(at, "eth0", Kind::Plain, None);
    let address = "2001:db8:1234:5678:9abc:def0:1234:5678/128";
    maker.addr(at, eth0, address);
    let (picture, layout) = drawn(maker.machine);
    assert!(svg::draw(&picture, &layout).contains(&format!(">{address}</text>")));
}

#[test]
fn nothing_stands_on_anything_else_in_a_thousand_scenes() {
    for seed in 0..1000 {
        let mut maker = Maker::new(seed);
        let hosts = if maker.below(16) == 0 { maker.below(12) } else { maker.below(5) };
        let mut all = Vec::new();
        for number in 1..=hosts {
            let (containers, overlays) = (maker.below(12), 1 + maker.below(3));
            let gateway = maker.below(2) == 0;
            all.push(maker.host(number, hosts, containers, overlays, gateway));
        }
        for n in 0..maker.below(10) {
            all.push(maker.space(&format!("some{n}")));
        }
        let hosts = usize::try_from(hosts).unwrap();
        for n in 0..maker.below(3) {
            let plain = if maker.below(8) == 0 { maker.below(60) } else { maker.below(5) };
            let on_it: Vec<u64> =
                all[..hosts].iter().copied().filter(|_| maker.below(4) > 0).collect();
            maker.switch(n, &on_it, plain);
        }
        let spaces = maker.machine.spaces.len() as u64;
        for n in 0..maker.below(8) {
            // Anything may be cabled to anything, and to itself.
            let (a, b) = (1 + maker.below(spaces), 1 + maker.below(spaces));
            if spaces > 0 {
                maker.cable((a, &format!("a{n}"), None), (b, &format!("b{n}"), None));
            }
        }
        if let (true, Some(host)) = (maker.below(3) == 0, all.first().copied()) {
            // A VXLAN device beside its own socket, as flannel has it.
            let vxlan = maker.vxlan(host, host, None, 77);
            maker.row(host, vxlan, "10.9.8.7", 3);
        }
        if maker.below(3) == 0 {
            maker.forget();
        }
        let (_, layout) = drawn(maker.machine);
        assert!(layout.width < 2800, "{seed}: {}", layout.width);
    }
}

#[test]
fn dockers_parentless_device_is_no_cable() {
    let mut maker = Maker::new(1);
    maker.host(1, 1, 1, 1, false);
    let (picture, _) = drawn(maker.machine);
    let kinds = |ends: [usize; 2]| ends.map(|card| picture.cards[card].kind.clone());
    assert_eq!(picture.cables.len(), 1);
    assert_eq!(kinds(picture.cables[0].ends), ["veth", "veth"]);
}

#[test]
fn no_machine_at_all_is_a_page() {
    drawn(Machine::default());
}
