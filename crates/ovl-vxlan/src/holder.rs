//! Who holds a VNI, or a UDP port: the device that stands in the way of a new one.

use nix::errno::Errno;
use ovl_cli::{Context, Error};
use ovl_core::exec::{Failed, Why};
use ovl_core::link::{KindSpec, VxlanAttrs};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;
use ovl_core::step::{Act, LinkChange};

/// The kernel's own port, where none is asked for.
const KERNELS_PORT: u16 = 8472;

/// Adds to the refusal of a VXLAN device what has its VNI or its port, and what can
/// be done. `attrs` are those of the device that is made or brought up.
pub fn advise(
    context: &Context,
    underlay: NsKey,
    attrs: &VxlanAttrs,
    failed: &Failed,
    error: &mut Error,
) {
    let Why::Kernel(why) = &failed.why else { return };
    let is_vxlan = |kind: &KindSpec| matches!(kind, KindSpec::Vxlan { .. });
    let hints = match (&failed.step.act, why.errno()) {
        // Somebody else's device of that name is told as that.
        (Act::LinkAdd(spec), Some(Errno::EEXIST)) if is_vxlan(&spec.kind) && !failed.overtaken => {
            of_vni(context, underlay, attrs)
        }
        (Act::LinkAdd(spec), Some(Errno::EINVAL))
            if is_vxlan(&spec.kind) && attrs.group.is_some() =>
        {
            vec!["a multicast group wants --dev, a device of the underlay".into()]
        }
        (Act::LinkSet(_, LinkChange::Up(true)), Some(Errno::EADDRINUSE)) => {
            of_port(context, underlay, attrs)
        }
        _ => return,
    };
    error.hints.extend(hints);
}

/// The namespace of a device's socket, by the id that it has where the device is.
pub fn underlay(context: &Context, at: &NetNs, nsid: Option<i32>) -> Option<NsKey> {
    let Some(nsid) = nsid else { return Some(at.key()) };
    let mut reader = Reader::open(&context.kernel, at).ok()?;
    let ns = context.directory().by_nsid(&mut reader, nsid).ok().flatten()?;
    Some(ns.key())
}

fn of_vni(context: &Context, underlay: NsKey, asked: &VxlanAttrs) -> Vec<String> {
    let (Some(vni), port) = (asked.vni, port_of(asked)) else { return Vec::new() };
    match holder(context, underlay, port, |have| have.vni == Some(vni)) {
        Some((netns, name, _)) => vec![
            format!(
                "VNI {vni} on port {port} is held by {name} in netns {netns}, whose socket is in this namespace too"
            ),
            format!("another VNI, or: ovl-vxlan del {name} -n {netns}"),
        ],
        None => vec![format!(
            "no device that can be found holds VNI {vni} on port {port}: one whose namespace was deleted a moment ago may still be ending; try again"
        )],
    }
}

/// VXLAN devices share a port when they read their packets alike, and only then.
fn of_port(context: &Context, underlay: NsKey, asked: &VxlanAttrs) -> Vec<String> {
    let port = port_of(asked);
    let other = |have: &VxlanAttrs| reading(have) != reading(asked);
    if let Some((netns, name, have)) = holder(context, underlay, port, other) {
        let words = |attrs: &VxlanAttrs| match reading(attrs).as_slice() {
            [] => "plain VXLAN".to_owned(),
            words => words.join(" "),
        };
        let (has, asks) = (words(&have), words(asked));
        return vec![format!(
            "UDP port {port} is held by {name} in netns {netns}, which reads packets otherwise ({has}, not {asks}): another --dstport, or flags like its own"
        )];
    }
    let inside = if context.directory().own() == underlay {
        String::new()
    } else {
        format!("ovl-ns exec {} --net-only -- ", context.directory().reference(underlay))
    };
    vec![format!(
        "UDP port {port} is held by a process there; this says which: {inside}ss -ulnp 'sport = :{port}'"
    )]
}

fn port_of(attrs: &VxlanAttrs) -> u16 {
    attrs.dstport.unwrap_or(KERNELS_PORT)
}

/// The attributes in which all devices of one socket must agree (`VXLAN_F_RCV_FLAGS`
/// in include/net/vxlan.h).
fn reading(attrs: &VxlanAttrs) -> Vec<&'static str> {
    let is_on = [
        (attrs.gbp.is_some(), "gbp"),
        (attrs.gpe.is_some(), "gpe"),
        (attrs.udp6zerocsumrx == Some(true), "udp6zerocsumrx"),
        (attrs.remcsumrx == Some(true), "remcsumrx"),
        (attrs.external == Some(true), "external"),
        (attrs.vnifilter == Some(true), "vnifilter"),
    ];
    is_on.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect()
}

/// The first VXLAN device that has its socket on that port of the underlay, and is
/// one of those that are looked for: its namespace, its name, and what it is.
fn holder(
    context: &Context,
    underlay: NsKey,
    port: u16,
    is_meant: impl Fn(&VxlanAttrs) -> bool,
) -> Option<(String, String, VxlanAttrs)> {
    let directory = context.directory();
    let discovery = directory.all();
    let socket = discovery.namespaces.get(&underlay).and_then(ovl_machine::discover::Found::open);
    let socket = match socket {
        Some(ns) => ns,
        None => NetNs::own().ok().filter(|ns| ns.key() == underlay)?,
    };
    for found in discovery.in_order() {
        let Some(ns) = found.open() else { continue };
        let Ok(mut reader) = Reader::open(&context.kernel, &ns) else { continue };
        let Ok(links) = reader.links(false) else { continue };
        for link in links {
            let Some(have) = link.vxlan().filter(|have| port_of(have) == port) else { continue };
            if !is_meant(have) {
                continue;
            }
            let same_socket = match link.peer.nsid {
                None => found.key == underlay,
                Some(id) => reader.nsid_of(&socket).ok().flatten() == Some(id),
            };
            if same_socket {
                return Some((directory.reference(found.key), link.name.to_string(), have.clone()));
            }
        }
    }
    None
}
