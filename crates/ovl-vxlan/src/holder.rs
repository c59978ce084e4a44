//! Who holds a VNI: the device that stands in the way of a new one.

use nix::errno::Errno;
use ovl_cli::{Context, Error};
use ovl_core::exec::{Failed, Why};
use ovl_core::link::{KindSpec, VxlanAttrs};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::Reader;
use ovl_core::step::Act;

/// Adds to the refusal of a VXLAN device who has its VNI, and what can be done.
pub fn advise(context: &Context, underlay: NsKey, failed: &Failed, error: &mut Error) {
    let (Act::LinkAdd(spec), Why::Kernel(why)) = (&failed.step.act, &failed.why) else { return };
    let KindSpec::Vxlan { attrs, .. } = &spec.kind else { return };
    match why.errno() {
        Some(Errno::EEXIST) => {}
        Some(Errno::EINVAL) if attrs.group.is_some() => {
            error.hints.push("a multicast group wants --dev, a device of the underlay".into());
            return;
        }
        _ => return,
    }
    let (Some(vni), port) = (attrs.vni, attrs.dstport.unwrap_or(8472)) else { return };
    match holder(context, underlay, attrs) {
        Some((netns, name)) => {
            error.hints.push(format!(
                "VNI {vni} on port {port} is held by {name} in netns {netns}, whose socket is in this namespace too"
            ));
            error.hints.push(format!("another VNI, or: ovl-vxlan del {name} -n {netns}"));
        }
        None => error.hints.push(format!(
            "no device that can be found holds VNI {vni} on port {port}: one whose namespace was deleted a moment ago may still be ending; try again"
        )),
    }
}

fn holder(context: &Context, underlay: NsKey, asked: &VxlanAttrs) -> Option<(String, String)> {
    let directory = context.directory();
    let discovery = directory.all();
    let socket = discovery.namespaces.get(&underlay).and_then(ovl_machine::discover::Found::open);
    let socket = match socket {
        Some(ns) => ns,
        None => NetNs::own().ok().filter(|ns| ns.key() == underlay)?,
    };
    for found in discovery.namespaces.values() {
        let Some(ns) = found.open() else { continue };
        let Ok(mut reader) = Reader::open(&context.kernel, &ns) else { continue };
        let Ok(links) = reader.links(false) else { continue };
        for link in links {
            let Some(have) = link.vxlan() else { continue };
            if have.vni != asked.vni
                || have.dstport.unwrap_or(8472) != asked.dstport.unwrap_or(8472)
            {
                continue;
            }
            let same_socket = match link.peer.nsid {
                None => found.key == underlay,
                Some(id) => reader.nsid_of(&socket).ok().flatten() == Some(id),
            };
            if same_socket {
                return Some((directory.reference(found.key), link.name.to_string()));
            }
        }
    }
    None
}
