//! Machines that are made up: no kernel ever saw them.

use ovl_core::link::{Kind, Link, LinkAttrs, LinkState, PeerHint};
use ovl_core::netns::NsKey;
use ovl_core::row::{Fdb, NTF_SELF, NUD_PERMANENT};
use ovl_core::types::MacAddr;
use ovl_core::wire::addr::Addr;
use ovl_core::wire::vxlan::VxlanAttrs;
use ovl_machine::machine::{Machine, Space};

const IFF_UP: u32 = 1;
const IFF_LOWER_UP: u32 = 1 << 16;

/// A machine that grows.
pub struct Maker {
    /// What there is so far.
    pub machine: Machine,
    chance: u64,
}

impl Maker {
    /// Nothing yet; what is left to chance is the same for the same seed.
    pub fn new(seed: u64) -> Maker {
        let machine = Machine { host: "vm".into(), own: key(1), ..Machine::default() };
        Maker { machine, chance: seed.wrapping_mul(2).wrapping_add(1) }
    }

    /// A number below `most`, the same for the same seed.
    pub fn below(&mut self, most: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.chance >> 33) % most.max(1)
    }

    /// A namespace, by its inode.
    pub fn space(&mut self, name: &str) -> u64 {
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

    /// A device, by its index.
    pub fn link(&mut self, at: u64, name: &str, kind: Kind, master: Option<u32>) -> u32 {
        let state = &mut self.at(at).state;
        let index = u32::try_from(state.links.len()).unwrap() + 2;
        let mac = Some(MacAddr([2, 0x42, 0, 0, 0, 1]));
        state.links.push(Link {
            index,
            name: name.parse().unwrap(),
            altnames: Box::default(),
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

    /// An address of a device.
    pub fn addr(&mut self, at: u64, index: u32, cidr: &str) {
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

    /// A bridge.
    pub fn bridge(&mut self, at: u64, name: &str) -> u32 {
        self.link(at, name, Kind::Bridge(Box::default()), None)
    }

    /// A cable between two devices, each with the bridge it is a port of.
    pub fn cable(&mut self, a: (u64, &str, Option<u32>), b: (u64, &str, Option<u32>)) {
        let first = self.link(a.0, a.1, Kind::Veth, a.2);
        let second = self.link(b.0, b.1, Kind::Veth, b.2);
        for (at, own, far, other) in [(a.0, first, b.0, second), (b.0, second, a.0, first)] {
            let nsid = self.nsid(at, far);
            let links = &mut self.at(at).state.links;
            let link = links.iter_mut().find(|l| l.index == own).unwrap();
            link.peer = PeerHint { index: Some(other), nsid };
        }
    }

    /// A VXLAN device whose socket is in another namespace.
    pub fn vxlan(&mut self, at: u64, under: u64, master: Option<u32>, vni: u32) -> u32 {
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

    /// An FDB row that names a VTEP.
    pub fn row(&mut self, at: u64, dev: u32, vtep: &str, n: u8) {
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
    pub fn forget(&mut self) {
        let keys: Vec<NsKey> = self.machine.spaces.keys().copied().collect();
        for key in keys {
            let (some, few) = (self.below(4) == 0, 1 + self.below(4));
            let rows = &mut self.at(key.inode).state.fdb;
            rows.retain(|row| !some || u64::from(row.mac.0[5]) % 4 != few % 4);
        }
    }

    /// A switch that hosts and plain namespaces are plugged into.
    pub fn switch(&mut self, number: u64, hosts: &[u64], plain: u64) -> u64 {
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
    pub fn host(
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
