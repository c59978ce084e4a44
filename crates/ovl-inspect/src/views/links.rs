//! `links`: what `nsenter --net=NS ip -d link` shows, with addresses, and with
//! every other end resolved.

use ovl_cli::output::{self, Columns};
use ovl_cli::shape::{self, Netns, PeerShape, Underlay};
use ovl_cli::{Context, Error, Exit};
use ovl_core::link::{Kind, Link};
use ovl_core::names::{IfName, shown};
use ovl_core::wire::addr::Addr;
use ovl_machine::joins::{Disagreement, Peer, is_cable};
use ovl_machine::machine::Part;
use ovl_machine::machine::ends::has_parent;
use serde_json::{Map, Value, json};

use super::{Chosen, Sight};
use crate::cli::Namespaces;

/// `links`.
pub fn show(context: &Context, snapshots: &[String], args: &Namespaces) -> Result<Exit, Error> {
    let sight = Sight::look(context, snapshots, args, Part::Links)?;
    let views: Vec<View> = sight.each().map(|at| View::of(&at)).collect();
    let value: Vec<Value> = views.iter().map(View::json).collect();
    output::show(&context.flags, &value, |wide| {
        let mut header = vec!["NAMESPACE", "#", "DEVICE", "KIND", "STATE", "MTU", "MAC"];
        header.extend(["ADDRESSES", "MASTER", "OTHER END"]);
        if wide {
            header.extend(["FLAGS", "DETAILS"]);
        }
        let rows = views.iter().flat_map(|view| view.rows(wide)).collect();
        let spare = sight.spare(&["#", "KIND", "MASTER", "MAC", "MTU"]);
        Columns { header, rows }.text_without(&context.flags, &spare)
    })?;
    Ok(Exit::Done)
}

/// One namespace's devices.
struct View {
    label: String,
    netns: Netns,
    devices: Vec<Device>,
}

/// One device, with what was found out about it.
struct Device {
    link: Link,
    master: Option<IfName>,
    addrs: Vec<Addr>,
    peer: Option<PeerShape>,
    /// What it stands on.
    parent: Option<PeerShape>,
    /// What the driver and the link message say of the other end, if they differ.
    disagree: Option<Disagreement>,
    /// The namespace of a VXLAN device's socket, and the rest `ovl-vxlan` shows.
    vxlan: Option<Map<String, Value>>,
    /// The other end, in a few characters.
    far: String,
}

impl View {
    fn of(at: &Chosen<'_>) -> View {
        let state = &at.space.state;
        let devices = state.links.iter().map(|link| device(at, link)).collect();
        View { label: at.label(), netns: at.netns(), devices }
    }

    fn json(&self) -> Value {
        let links: Vec<Value> = self.devices.iter().map(Device::json).collect();
        json!({ "netns": self.netns, "links": links })
    }

    fn rows(&self, wide: bool) -> impl Iterator<Item = Vec<String>> {
        self.devices.iter().map(move |device| device.row(&self.label, wide))
    }
}

fn device(at: &Chosen<'_>, link: &Link) -> Device {
    let state = &at.space.state;
    let mut device = Device {
        link: link.clone(),
        master: shape::name_at(&state.links, link.master),
        addrs: state.addrs_of(link.index).cloned().collect(),
        peer: None,
        parent: None,
        disagree: None,
        vxlan: None,
        far: String::new(),
    };
    if let Kind::Vxlan { .. } = link.kind {
        let under = at.underlay(link);
        device.far = socket(at, link, &under);
        let mut map = shape::vxlan(link, under.ifname.as_ref());
        map.insert("underlay".into(), json!(under));
        device.vxlan = Some(map);
        return device;
    }
    let here = at.space.key();
    device.disagree = at.machine.disagreement(here, link);
    if let Some(why) = &device.disagree {
        device.far = super::disagreement(why);
    } else if has_parent(link) {
        let parent = at.machine.parent(here, link);
        device.far = format!("↑ {}", far_text(at, link, parent.as_ref()));
        device.parent = parent.and_then(|p| shaped(at, p));
    } else if is_cable(&link.kind) {
        let peer = at.machine.peer(here, link);
        device.far = far_text(at, link, peer.as_ref());
        device.peer = peer.and_then(|p| shaped(at, p));
    }
    device
}

/// Where a VXLAN device's packets go out: the namespace, and the device if it is tied
/// to one.
fn socket(at: &Chosen<'_>, link: &Link, under: &Underlay) -> String {
    let unseen = || super::unseen::place(at.machine, at.space.key(), link);
    let Some(place) = under.place.clone().or_else(unseen) else {
        return "socket not found from here".into();
    };
    let dev = under.ifname.as_ref().map(|dev| format!(" dev {dev}")).unwrap_or_default();
    format!("socket in {place}{dev}")
}

fn shaped(at: &Chosen<'_>, end: Peer) -> Option<PeerShape> {
    Some(PeerShape {
        place: at.name_of(end.key),
        netns: at.netns_of(end.key)?,
        ifname: end.ifname,
        ifindex: end.ifindex,
        master: end.master,
    })
}

fn far_text(at: &Chosen<'_>, link: &Link, peer: Option<&Peer>) -> String {
    let Some(peer) = peer else {
        let place = super::unseen::place(at.machine, at.space.key(), link);
        return place.unwrap_or_else(|| "not found from here".into());
    };
    let master = peer.master.as_ref().map(|m| format!(" ({m})")).unwrap_or_default();
    if peer.key == at.space.key() {
        return format!("{}{master}", peer.ifname);
    }
    format!("{}:{}{master}", at.name_of(peer.key), peer.ifname)
}

impl Device {
    fn json(&self) -> Value {
        let link = &self.link;
        let state = &link.state;
        let addresses: Vec<String> = self.addrs.iter().map(|a| a.cidr.to_string()).collect();
        let kind = link.kind.name();
        let mut value = json!({
            "ifindex": link.index,
            "ifname": link.name,
            "kind": (!kind.is_empty()).then_some(kind),
            "link_type": arphrd(state.arphrd),
            "mac": link.attrs.mac.map(|m| m.to_string()).or(state.address.clone()),
            "broadcast": state.broadcast,
            "mtu": link.attrs.mtu,
            "up": state.is_up(),
            "carrier": state.has_carrier(),
            "operstate": state.operstate,
            "flags": state.flag_words(),
            "master": self.master,
            "addresses": addresses,
            "peer": self.peer,
            "parent": self.parent,
            "disagree": self.disagree,
            "link_index": link.peer.index,
            "link_netnsid": link.peer.nsid,
            "qdisc": state.qdisc,
            "txqueuelen": link.attrs.txqueuelen,
            "linkmode": state.linkmode,
            "group": state.group,
            "alias": state.alias,
            "promiscuity": state.promiscuity,
            "allmulti": state.allmulti,
            "min_mtu": state.min_mtu,
            "max_mtu": state.max_mtu,
            "inet6_addr_gen_mode": state.inet6_addr_gen_mode,
            "num_tx_queues": state.num_tx_queues,
            "num_rx_queues": state.num_rx_queues,
            "gso_max_size": state.gso_max_size,
            "gso_max_segs": state.gso_max_segs,
            "tso_max_size": state.tso_max_size,
            "tso_max_segs": state.tso_max_segs,
            "gro_max_size": state.gro_max_size,
            "stats": link.stats,
        });
        if !link.altnames.is_empty() {
            value["altnames"] = json!(link.altnames);
        }
        if state.proto_down {
            value["proto_down"] = json!(true);
        }
        if let Some(vxlan) = &self.vxlan {
            value["vxlan"] = Value::Object(vxlan.clone());
        }
        if let Kind::Bridge(bridge) = &link.kind {
            value["bridge"] = json!(bridge);
        }
        if let Some(port) = &link.port {
            value["port_kind"] = json!(port.kind);
            value["bridge_port"] = json!(port.bridge);
        }
        value
    }

    fn row(&self, label: &str, wide: bool) -> Vec<String> {
        let link = &self.link;
        let text = |v: Option<String>| v.unwrap_or_default();
        // Link-local IPv6 addresses are on every device that is up, and say nothing.
        let shown = self.addrs.iter().filter(|a| wide || a.scope != "link");
        let addresses: Vec<String> = shown.map(|a| a.cidr.to_string()).collect();
        let mut row = vec![
            label.to_owned(),
            link.index.to_string(),
            link.name.to_string(),
            link.kind.name().into(),
            condition(link),
            text(link.attrs.mtu.map(|m| m.to_string())),
            text(link.attrs.mac.map(|m| m.to_string())),
            addresses.join(" "),
            text(self.master.as_ref().map(ToString::to_string)),
            self.far.clone(),
        ];
        if wide {
            row.push(link.state.flag_words().join(","));
            row.push(details(link));
        }
        row
    }
}

/// Up, down, or up without carrier.
fn condition(link: &Link) -> String {
    match (link.state.is_up(), link.state.has_carrier()) {
        (true, true) => "up".into(),
        (true, false) => "no carrier".into(),
        (false, _) => "down".into(),
    }
}

/// The attributes of its kind, its alias and its other names, in `ip`'s words.
fn details(link: &Link) -> String {
    let mut words = match &link.kind {
        Kind::Vxlan { attrs, .. } => attrs.words(),
        Kind::Bridge(attrs) => attrs.words(),
        _ => Vec::new(),
    };
    words.extend(link.state.alias.iter().map(|alias| format!("alias {}", shown(alias))));
    words.extend(link.altnames.iter().map(|name| format!("altname {}", shown(name))));
    words.extend(link.state.proto_down.then(|| "protodown on".to_owned()));
    words.join(" ")
}

/// `ARPHRD_*` in `ip`'s words, for the kinds that matter here.
fn arphrd(number: u16) -> String {
    match number {
        1 => "ether".into(),
        768 => "ipip".into(),
        769 => "tunnel6".into(),
        772 => "loopback".into(),
        776 => "sit".into(),
        778 => "gre".into(),
        0xfffe => "none".into(),
        other => other.to_string(),
    }
}
