//! `links`: what `nsenter --net=NS ip -d link` shows, with addresses, and with
//! every other end resolved.

use ovl_cli::error::reading;
use ovl_cli::output::{self, Columns};
use ovl_cli::shape::{self, Netns, PeerShape};
use ovl_cli::{Context, Directory, Error, Exit};
use ovl_core::error::Fail;
use ovl_core::link::{Kind, Link};
use ovl_core::names::IfName;
use ovl_core::netns::NetNs;
use ovl_core::wire::addr::Addr;
use ovl_machine::joins;
use serde_json::{Map, Value, json};

use super::{Opened, open};
use crate::cli::Namespaces;

/// `links`.
pub fn show(context: &Context, args: &Namespaces) -> Result<Exit, Error> {
    let directory = context.directory();
    let mut views = Vec::new();
    for reference in args.references() {
        let mut opened = open(context, &reference)?;
        let label = opened.label.clone();
        let view =
            View::read(context, &directory, &mut opened).map_err(reading("its devices", label))?;
        views.push(view);
    }
    let value: Vec<Value> = views.iter().map(View::json).collect();
    output::show(&context.flags, &value, |wide| {
        let blocks = views.iter().map(|v| v.text(context, views.len() > 1, wide));
        blocks.collect::<Vec<_>>().join("\n")
    })?;
    Ok(Exit::Done)
}

/// One namespace's devices.
struct View {
    title: String,
    netns: Netns,
    devices: Vec<Device>,
}

/// One device, with what was found out about it.
struct Device {
    link: Link,
    master: Option<IfName>,
    addrs: Vec<Addr>,
    peer: Option<PeerShape>,
    /// The namespace of a VXLAN device's socket, and the rest `ovl-vxlan` shows.
    vxlan: Option<Map<String, Value>>,
    /// The other end, in a few characters.
    far: String,
}

impl View {
    fn read(
        context: &Context,
        directory: &Directory,
        opened: &mut Opened<'_>,
    ) -> Result<View, Fail> {
        let reader = &mut opened.reader;
        let links = reader.links(true)?;
        let addrs = reader.addrs()?;
        let mut devices = Vec::new();
        for link in &links {
            let mut device = Device {
                link: link.clone(),
                master: shape::name_at(&links, link.master),
                addrs: addrs.iter().filter(|a| a.index == link.index).cloned().collect(),
                peer: None,
                vxlan: None,
                far: String::new(),
            };
            if let Kind::Vxlan { .. } = link.kind {
                let here = opened.ns.key();
                let under = directory.underlay(&context.kernel, reader, here, link, &links)?;
                device.far = match &under.place {
                    Some(place) => format!("socket in {place}"),
                    None => "socket not found from here".into(),
                };
                let mut map = shape::vxlan(link, under.ifname.as_ref());
                map.insert("underlay".into(), json!(under));
                device.vxlan = Some(map);
            } else if link.names_other_end() {
                let peer = far_end(context, directory, opened.ns.try_clone()?, reader, link)?;
                device.far = far_text(directory, &opened.ns, peer.as_ref());
                device.peer = peer.map(|p| directory.peer(&p));
            }
            devices.push(device);
        }
        let netns = directory.netns(opened.ns.key(), reader.cookie().ok());
        Ok(View { title: opened.title.clone(), netns, devices })
    }

    fn json(&self) -> Value {
        let links: Vec<Value> = self.devices.iter().map(Device::json).collect();
        json!({ "netns": self.netns, "links": links })
    }

    fn text(&self, context: &Context, titled: bool, wide: bool) -> String {
        let mut header =
            vec!["#", "DEVICE", "KIND", "STATE", "MTU", "MAC", "ADDRESSES", "MASTER", "OTHER END"];
        if wide {
            header.extend(["FLAGS", "DETAILS"]);
        }
        let rows = self.devices.iter().map(|d| d.row(wide)).collect();
        let table = Columns { header, rows }.text(&context.flags);
        if !titled {
            return table;
        }
        let title = self.title.escape_debug();
        format!("{title}\n{table}")
    }
}

fn far_end(
    context: &Context,
    directory: &Directory,
    here: NetNs,
    reader: &mut ovl_core::state::Reader<'_, ovl_cli::Seam>,
    link: &Link,
) -> Result<Option<joins::Peer>, Fail> {
    let Some(index) = link.peer.index else { return Ok(None) };
    let there = match link.peer.nsid {
        None => Some(here),
        Some(id) if id < 0 => None,
        Some(id) => directory.by_nsid(reader, id)?,
    };
    there.map_or(Ok(None), |ns| joins::peer_at(&context.kernel, &ns, index))
}

fn far_text(directory: &Directory, here: &NetNs, peer: Option<&joins::Peer>) -> String {
    match peer {
        Some(peer) => {
            let place = directory.place(here.key(), peer.key, &peer.ifname);
            let master = peer.master.as_ref().map(|m| format!(" ({m})")).unwrap_or_default();
            format!("{place}{master}")
        }
        None => "not found from here".into(),
    }
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

    fn row(&self, wide: bool) -> Vec<String> {
        let link = &self.link;
        let text = |v: Option<String>| v.unwrap_or_default();
        // Link-local IPv6 addresses are on every device that is up, and say nothing.
        let shown = self.addrs.iter().filter(|a| wide || a.scope != "link");
        let addresses: Vec<String> = shown.map(|a| a.cidr.to_string()).collect();
        let mut row = vec![
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

/// The attributes of its kind, in `ip`'s words.
fn details(link: &Link) -> String {
    match &link.kind {
        Kind::Vxlan { attrs, .. } => attrs.words().join(" "),
        Kind::Bridge(attrs) => attrs.words().join(" "),
        _ => String::new(),
    }
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
