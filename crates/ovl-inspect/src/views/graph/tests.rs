//! The layout of made-up scenes, many of them: nothing stands on anything else,
//! and no line runs through a device. Knows no kernel.

use ovl_core::link::{Kind, Link, LinkAttrs, LinkState, PeerHint};
use ovl_core::netns::NsKey;
use ovl_core::row::{Fdb, NTF_SELF, NUD_PERMANENT};
use ovl_core::types::MacAddr;
use ovl_core::wire::addr::Addr;
use ovl_core::wire::vxlan::VxlanAttrs;
use ovl_machine::machine::{Machine, Space};
use ovl_machine::scene::Scene;

use super::layout::{self, Layout, Line, Rect};
use super::model::{CardId, Frame, FrameKind, Picture, SpaceId};
use super::{build, dot, mermaid, mesh, svg};

const IFF_UP: u32 = 1;
const IFF_LOWER_UP: u32 = 1 << 16;

/// A machine that grows.
struct Maker {
    machine: Machine,
    chance: u64,
}

impl Maker {
    fn new(seed: u64) -> Maker {
        let machine = Machine { host: "vm".into(), own: key(1), ..Machine::default() };
        Maker { machine, chance: seed.wrapping_mul(2).wrapping_add(1) }
    }

    /// A number below `most`, the same for the same seed.
    fn below(&mut self, most: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.chance >> 33) % most.max(1)
    }

    fn space(&mut self, name: &str) -> u64 {
        let inode = self.machine.spaces.len() as u64 + 1;
        let mut space = Space::default();
        space.found.key = key(inode);
        space.found.names = vec![name.into()];
        space.found.paths = vec![format!("/run/netns/{name}").into()];
        self.machine.spaces.insert(key(inode), space);
        inode
    }

    fn at(&mut self, inode: u64) -> &mut Space {
        self.machine.spaces.get_mut(&key(inode)).unwrap()
    }

    fn link(&mut self, at: u64, name: &str, kind: Kind, master: Option<u32>) -> u32 {
        let state = &mut self.at(at).state;
        let index = u32::try_from(state.links.len()).unwrap() + 2;
        let mac = Some(MacAddr([2, 0x42, 0, 0, 0, 1]));
        state.links.push(Link {
            index,
            name: name.parse().unwrap(),
            attrs: LinkAttrs { mtu: Some(1450), mac, ..LinkAttrs::default() },
            kind,
            master,
            port: None,
            state: LinkState { flags: IFF_UP | IFF_LOWER_UP, ..LinkState::default() },
            peer: PeerHint::default(),
            stats: None,
        });
        index
    }

    fn addr(&mut self, at: u64, index: u32, cidr: &str) {
        let (cidr, scope) = (cidr.parse().unwrap(), "global".into());
        let addr = Addr { index, cidr, broadcast: None, scope, flags: 0 };
        self.at(at).state.addrs.push(addr);
    }

    /// The id of one namespace in another.
    fn nsid(&mut self, at: u64, of: u64) -> Option<i32> {
        let id = i32::try_from(of).unwrap();
        self.at(at).nsids.insert(id, key(of));
        (at != of).then_some(id)
    }

    fn bridge(&mut self, at: u64, name: &str) -> u32 {
        self.link(at, name, Kind::Bridge(Box::default()), None)
    }

    fn cable(&mut self, a: (u64, &str, Option<u32>), b: (u64, &str, Option<u32>)) {
        let first = self.link(a.0, a.1, Kind::Veth, a.2);
        let second = self.link(b.0, b.1, Kind::Veth, b.2);
        for (at, own, far, other) in [(a.0, first, b.0, second), (b.0, second, a.0, first)] {
            let nsid = self.nsid(at, far);
            let links = &mut self.at(at).state.links;
            let link = links.iter_mut().find(|l| l.index == own).unwrap();
            link.peer = PeerHint { index: Some(other), nsid };
        }
    }

    fn vxlan(&mut self, at: u64, under: u64, master: Option<u32>, vni: u32) -> u32 {
        let vni = Some(vni.try_into().unwrap());
        let attrs = VxlanAttrs { vni, dstport: Some(4789), ..VxlanAttrs::default() };
        let kind = Kind::Vxlan { attrs: Box::new(attrs), dev: None };
        let index = self.link(
            at,
            &format!("vxlan{}", vni.map_or(0, |v: ovl_core::types::Vni| v.get())),
            kind,
            master,
        );
        let nsid = self.nsid(at, under);
        let links = &mut self.at(at).state.links;
        // As the kernel has it: its own number, and the id of its socket's namespace.
        links.iter_mut().find(|l| l.index == index).unwrap().peer =
            PeerHint { index: Some(index), nsid };
        index
    }

    fn row(&mut self, at: u64, dev: u32, vtep: &str, n: u8) {
        self.at(at).state.fdb.push(Fdb {
            dev,
            mac: MacAddr([2, 0x42, 0, 0, 1, n]),
            dst: Some(vtep.parse().unwrap()),
            port: None,
            vni: None,
            src_vni: None,
            vlan: None,
            via: None,
            nhid: None,
            master: None,
            state: NUD_PERMANENT,
            flags: NTF_SELF,
            used: None,
            updated: None,
        });
    }

    /// Some rows are gone: not every device knows every other one.
    fn forget(&mut self) {
        let keys: Vec<NsKey> = self.machine.spaces.keys().copied().collect();
        for key in keys {
            let (some, few) = (self.below(4) == 0, 1 + self.below(4));
            let rows = &mut self.at(key.inode).state.fdb;
            rows.retain(|row| !some || u64::from(row.mac.0[5]) % 4 != few % 4);
        }
    }

    /// A switch that hosts and plain namespaces are plugged into.
    fn switch(&mut self, number: u64, hosts: &[u64], plain: u64) -> u64 {
        let at = self.space(&format!("sw{number}"));
        let bar = self.bridge(at, "sw0");
        for (n, host) in hosts.iter().enumerate() {
            let (name, port) = (format!("up{number}"), format!("p-h{n}"));
            self.cable((*host, &name, None), (at, &port, Some(bar)));
        }
        for n in 0..plain {
            let one = self.space(&format!("p{number}-{n}"));
            self.cable((one, "eth0", None), (at, &format!("p-{n}"), Some(bar)));
        }
        at
    }

    /// A host with overlays and containers, and rows to all the other hosts.
    fn host(
        &mut self,
        number: u64,
        hosts: u64,
        containers: u64,
        overlays: u64,
        gateway: bool,
    ) -> u64 {
        let host = self.space(&format!("h{number}"));
        let eth0 = self.link(host, "eth0", Kind::Plain, None);
        self.addr(host, eth0, &format!("192.168.1.{number}/24"));
        let outside = gateway.then(|| self.bridge(host, "docker_gwbridge"));
        for overlay in 0..overlays {
            let at = self.space(&format!("ov{number}-{overlay}"));
            let bar = self.bridge(at, "br0");
            let vni = 256 + u32::try_from(overlay).unwrap();
            let vxlan = self.vxlan(at, host, Some(bar), vni);
            for other in (1..=hosts + 1).filter(|other| *other != number) {
                self.row(at, vxlan, &format!("192.168.1.{other}"), u8::try_from(other).unwrap());
            }
            for n in 0..containers {
                let container = self.space(&format!("x{number}-{overlay}-{n}"));
                self.cable((container, "eth0", None), (at, &format!("veth{n}"), Some(bar)));
                if outside.is_some() {
                    let name = format!("vg{overlay}-{n}");
                    self.cable((container, "eth1", None), (host, &name, outside));
                }
            }
        }
        host
    }
}

fn key(inode: u64) -> NsKey {
    NsKey { dev: 4, inode }
}

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

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn holds(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.right() <= outer.right()
        && inner.bottom() <= outer.bottom()
}

fn apart(rects: &[Rect], what: &str) {
    // In the order of their upper edges only near ones have to be looked at.
    let mut sorted = rects.to_vec();
    sorted.sort_by_key(|r| r.y);
    for (n, a) in sorted.iter().enumerate() {
        for b in sorted[n + 1..].iter().take_while(|b| b.y < a.bottom()) {
            assert!(!overlap(*a, *b), "{what}: {a:?} and {b:?}");
        }
    }
}

fn check(picture: &Picture, layout: &Layout) {
    apart(&layout.cards, "cards");
    let boxes: Vec<Rect> = layout.boxes.iter().map(|(_, rect)| *rect).collect();
    apart(&boxes, "boxes");
    apart(&layout.frames, "frames");
    let signs = || layout.tunnels.iter().chain(&layout.meshes).chain(&layout.remotes);
    let signs: Vec<Rect> = signs().map(|sign| sign.rect).collect();
    apart(&signs.iter().chain(&layout.frames).copied().collect::<Vec<_>>(), "signs and frames");
    let page = Rect { x: 0, y: 0, w: layout.width, h: layout.height };
    for rect in layout.cards.iter().chain(&boxes).chain(&layout.frames).chain(&signs) {
        assert!(holds(page, *rect), "{rect:?} is not on the page {page:?}");
        assert!(rect.w > 0 && rect.h > 0, "{rect:?}");
    }
    for (id, rect) in &layout.boxes {
        for card in &picture.spaces[*id].cards {
            assert!(holds(*rect, layout.cards[*card]), "{}", picture.place(*card));
        }
    }
    for (frame, rect) in picture.frames.iter().zip(&layout.frames) {
        for card in frame.spaces().flat_map(|id| &picture.spaces[id].cards) {
            assert!(holds(*rect, layout.cards[*card]), "{}", picture.place(*card));
        }
    }
    assert_eq!(layout.cables.len(), picture.cables.len());
    for (cable, line) in picture.cables.iter().zip(&layout.cables) {
        for (card, (x, y)) in cable.ends.into_iter().zip(line.ends()) {
            let rect = layout.cards[card];
            let is_on = (x == rect.x || x == rect.right()) && rect.y < y && y < rect.bottom();
            assert!(is_on, "{} {rect:?}: {x} {y}", picture.place(card));
        }
    }
    let lines = lines(picture, layout);
    for (_, line, of) in &lines {
        free(picture, layout, line, of);
    }
    followable(&lines);
    assert_eq!(layout.tunnels.len(), picture.tunnels.len());
    assert!(picture.meshes.is_empty() || !layout.meshes.is_empty());
}

/// Every line, what it is part of, and the namespaces it may be seen in.
type Drawn<'l> = (String, &'l Line, Vec<SpaceId>);

fn lines<'l>(picture: &Picture, layout: &'l Layout) -> Vec<Drawn<'l>> {
    let space = |card: CardId| picture.cards[card].space;
    let cables = picture.cables.iter().zip(&layout.cables).enumerate();
    let mut all: Vec<Drawn<'l>> = cables
        .map(|(n, (cable, line))| (format!("cable {n}"), line, cable.ends.map(space).into()))
        .collect();
    let kinds =
        [("tunnel", &layout.tunnels), ("mesh", &layout.meshes), ("remote", &layout.remotes)];
    for (kind, signs) in kinds {
        for sign in signs {
            let name = format!("{kind} {}", sign.number);
            for (card, line) in &sign.lines {
                all.push((name.clone(), line, vec![space(*card)]));
            }
            all.extend(sign.rise.iter().map(|line| (name.clone(), line, Vec::new())));
        }
    }
    for (number, bus) in &layout.buses {
        all.extend(bus.iter().map(|line| (format!("mesh {number}"), line, Vec::new())));
    }
    all
}

/// The straight parts of a line.
fn parts(line: &Line) -> Vec<Rect> {
    let ends = match line {
        Line::Corners(points) => points.windows(2).map(|p| (p[0], p[1])).collect(),
        Line::Across(a, [from, to], b) => vec![(*a, (*from, a.1)), ((*to, b.1), *b)],
        Line::Around(..) => Vec::new(),
    };
    let part = |((x1, y1), (x2, y2)): ((i32, i32), (i32, i32))| {
        let (x, y) = (x1.min(x2), y1.min(y2));
        Rect { x, y, w: (x2 - x1).abs().max(1), h: (y2 - y1).abs().max(1) }
    };
    ends.into_iter().map(part).collect()
}

/// The straight parts of a line run through no device, and through no namespace that
/// it does not belong to.
fn free(picture: &Picture, layout: &Layout, line: &Line, of: &[SpaceId]) {
    for part in parts(line) {
        for (card, rect) in layout.cards.iter().enumerate() {
            let inner = Rect { x: rect.x + 2, y: rect.y + 2, w: rect.w - 4, h: rect.h - 4 };
            assert!(!overlap(inner, part), "{line:?} runs through {}", picture.place(card));
        }
        for (id, rect) in layout.boxes.iter().filter(|(id, _)| !of.contains(id)) {
            let name = &picture.spaces[*id].name;
            assert!(!overlap(*rect, part), "{line:?} runs through {name} {rect:?}");
        }
    }
}

/// No line runs along on another one: it could not be told which is which.
fn followable(lines: &[Drawn<'_>]) {
    let all = lines.iter().flat_map(|(of, line, _)| parts(line).into_iter().map(move |p| (p, of)));
    let long = |(part, _): &(Rect, &String)| part.w.max(part.h) > 2;
    let mut all: Vec<(Rect, &String)> = all.filter(long).collect();
    all.sort_by_key(|(part, _)| part.y);
    for (n, (a, of)) in all.iter().enumerate() {
        for (b, other) in all[n + 1..].iter().take_while(|(b, _)| b.y < a.bottom()) {
            let is_along = (a.w > 1) == (b.w > 1);
            assert!(of == other || !is_along || !overlap(*a, *b), "{of} {a:?} on {other} {b:?}");
        }
    }
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
    let known = picture.tunnels.iter().map(|t| t.ends.iter().filter(|end| end.knows).count());
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
