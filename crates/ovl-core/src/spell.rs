//! A plan as the `ip`, `bridge` and `nsenter` lines that do the same when they
//! are pasted into a root shell. Knows iproute2's traps: `ip -n` takes names
//! only, and the caller's own namespace is the shell's, `/proc/$$/ns/net`.

use std::path::Path;

use crate::link::{KindSpec, LinkAttrs, LinkSpec};
use crate::names::NETNS_DIR;
use crate::plan::Plan;
use crate::row::{
    FdbSpec, NTF_EXT_LEARNED, NTF_MASTER, NTF_ROUTER, NTF_SELF, NTF_STICKY, NUD_NOARP,
    NUD_PERMANENT, NeighSpec, RowOp, RowSpec, nud_words,
};
use crate::step::{Act, LinkChange, LinkRef, NsDecl, NsSlot, Op, Place, Step};

/// The lines of a whole plan, in order.
pub fn lines(plan: &Plan) -> Vec<String> {
    plan.steps().flat_map(|step| step_lines(&plan.namespaces, step)).collect()
}

/// The lines of one step; more than one where it changes several rows.
pub fn step_lines(namespaces: &[NsDecl], step: &Step) -> Vec<String> {
    let spell = Spell { namespaces };
    match &step.act {
        Act::Rows(link, op, rows) => {
            rows.iter().map(|row| spell.row(step.at, link, *op, row)).collect()
        }
        act => vec![spell.act(step.at, act)],
    }
}

/// Text quoted for a shell, where it needs it.
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%_-+=:,./".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The name of a namespace that has none, while a line needs one.
const PASSING_NAME: &str = "ovl-nsid-tmp";

struct Spell<'a> {
    namespaces: &'a [NsDecl],
}

impl Spell<'_> {
    fn act(&self, at: NsSlot, act: &Act) -> String {
        let ip = self.tool("ip", at);
        match act {
            Act::NsAdd => format!("ip netns add {}", self.name(at)),
            Act::NsAttach(to) => self.attach(at, *to),
            Act::NsDel => format!("ip netns del {}", self.name(at)),
            Act::StaleDel => format!("rm {}", quote(&self.file(at))),
            Act::StaleAdd => format!("touch {}", quote(&self.file(at))),
            Act::NsId(of, id) => self.nsid(&ip, *of, *id),
            Act::LinkAdd(spec) => self.link_add(at, spec),
            Act::LinkDel(link) => format!("{ip} link del dev {}", dev(link)),
            Act::LinkSet(link, change) => {
                let dev = dev(link);
                match change {
                    LinkChange::Up(true) => format!("{ip} link set dev {dev} up"),
                    LinkChange::Up(false) => format!("{ip} link set dev {dev} down"),
                    LinkChange::Master(Some(to)) => {
                        format!("{ip} link set dev {dev} master {}", quote(to.name().as_str()))
                    }
                    LinkChange::Master(None) => format!("{ip} link set dev {dev} nomaster"),
                    LinkChange::Attrs(attrs) => format!("{ip} link set dev {dev}{}", spaced(attrs)),
                    LinkChange::Vxlan(attrs) => {
                        format!("{ip} link set dev {dev} type vxlan {}", attrs.words().join(" "))
                    }
                    LinkChange::Name(to) => {
                        format!("{ip} link set dev {dev} name {}", quote(to.as_str()))
                    }
                }
            }
            Act::Addr(op, link, cidr) => {
                format!("{ip} addr {} {cidr} dev {}", op.word(), dev(link))
            }
            Act::Route(op, link, spec) => {
                let dst = spec.dst.map_or("default".into(), |d| d.to_string());
                let via = spec.via.map(|v| format!(" via {v}")).unwrap_or_default();
                let v6 = if spec.via.is_some_and(|v| v.is_ipv6()) { " -6" } else { "" };
                format!("{ip}{v6} route {} {dst}{via} dev {}", op.word(), dev(link))
            }
            Act::Rows(..) => unreachable!("rows are spelled one by one"),
        }
    }

    /// `ip netns set` takes a name under /run/netns and nothing else: any other
    /// namespace is given one for as long as the line runs.
    fn nsid(&self, ip: &str, of: NsSlot, id: Option<i32>) -> String {
        let id = id.map_or("auto".into(), |n| n.to_string());
        let file = format!("{NETNS_DIR}/{PASSING_NAME}");
        let named = match self.decl(of) {
            NsDecl::Have { place: Place::Named(_), .. } | NsDecl::ToBe { .. } => {
                return format!("{ip} netns set {} {id}", self.word(of));
            }
            NsDecl::Have { place: Place::Own, .. } => format!("ip netns attach {PASSING_NAME} $$"),
            NsDecl::Have { .. } => format!("touch {file} && mount --bind {} {file}", self.path(of)),
        };
        format!("{named} && {ip} netns set {PASSING_NAME} {id}; ip netns del {PASSING_NAME}")
    }

    fn attach(&self, at: NsSlot, to: NsSlot) -> String {
        // `ip netns attach` takes a process; any other file is bound by hand.
        let file = self.file(at);
        let source = self.path(to);
        if let Some(pid) =
            source.strip_prefix("/proc/").and_then(|rest| rest.strip_suffix("/ns/net"))
        {
            return format!("ip netns attach {} {pid}", self.name(at));
        }
        format!("touch {0} && mount --bind {source} {0}", quote(&file))
    }

    fn link_add(&self, at: NsSlot, spec: &LinkSpec) -> String {
        let name = quote(spec.name.as_str());
        let common = spaced(&spec.attrs);
        match &spec.kind {
            KindSpec::Vxlan { attrs, socket, dev } => {
                let netns =
                    if *socket == at { String::new() } else { format!(" netns {}", self.word(at)) };
                let dev = dev
                    .as_ref()
                    .map(|d| format!(" dev {}", quote(d.name().as_str())))
                    .unwrap_or_default();
                let ip = self.tool("ip", *socket);
                let words = attrs.words().join(" ");
                format!("{ip} link add name {name}{common}{netns} type vxlan {words}{dev}")
            }
            KindSpec::Veth { peer_at, peer_name, peer_attrs } => {
                let netns = if *peer_at == at {
                    String::new()
                } else {
                    format!(" netns {}", self.word(*peer_at))
                };
                format!(
                    "{} link add name {name}{common} type veth peer name {}{}{netns}",
                    self.tool("ip", at),
                    quote(peer_name.as_str()),
                    spaced(peer_attrs),
                )
            }
            KindSpec::Bridge(attrs) => {
                let mut words = attrs.words().join(" ");
                if !words.is_empty() {
                    words.insert(0, ' ');
                }
                format!("{} link add name {name}{common} type bridge{words}", self.tool("ip", at))
            }
        }
    }

    fn row(&self, at: NsSlot, link: &LinkRef, op: RowOp, row: &RowSpec) -> String {
        let verb = match op {
            RowOp::Add => "add",
            RowOp::Replace => "replace",
            RowOp::Append => "append",
            RowOp::Del | RowOp::Flush(_) => "del",
        };
        let dev = dev(link);
        match row {
            RowSpec::Neigh(row) => {
                let ip = self.tool("ip", at);
                if op.is_deletion() {
                    return format!("{ip} neigh del {} dev {dev}", row.ip);
                }
                format!(
                    "{ip} neigh {verb} {} lladdr {} dev {dev}{}",
                    row.ip,
                    row.mac,
                    neigh_words(row)
                )
            }
            RowSpec::Fdb(row) => {
                let bridge = self.tool("bridge", at);
                format!("{bridge} fdb {verb} {} dev {dev}{}", row.mac, fdb_words(row, op))
            }
        }
    }

    /// `ip -n NAME`, or `nsenter` where only a path is known.
    fn tool(&self, tool: &str, at: NsSlot) -> String {
        match self.decl(at) {
            NsDecl::Have { place: Place::Own, .. } => tool.to_owned(),
            NsDecl::Have { place: Place::Path(path), .. } => {
                format!("nsenter --net={} {tool}", quote_path(path))
            }
            NsDecl::Have { place: Place::Named(name), .. } | NsDecl::ToBe { name } => {
                format!("{tool} -n {}", quote(name.as_str()))
            }
        }
    }

    /// What `netns` and `ip netns set` take: a name, or a path (a word with a slash).
    fn word(&self, at: NsSlot) -> String {
        match self.decl(at) {
            NsDecl::Have { place: Place::Named(name), .. } | NsDecl::ToBe { name } => {
                quote(name.as_str())
            }
            NsDecl::Have { .. } => self.path(at),
        }
    }

    fn path(&self, at: NsSlot) -> String {
        match self.decl(at) {
            NsDecl::Have { place: Place::Own, .. } => "/proc/$$/ns/net".into(),
            NsDecl::Have { place: Place::Path(path), .. } => quote_path(path),
            NsDecl::Have { place: Place::Named(_), .. } | NsDecl::ToBe { .. } => {
                quote(&self.file(at))
            }
        }
    }

    fn file(&self, at: NsSlot) -> String {
        format!("{NETNS_DIR}/{}", self.raw_name(at))
    }

    fn name(&self, at: NsSlot) -> String {
        quote(&self.raw_name(at))
    }

    fn raw_name(&self, at: NsSlot) -> String {
        match self.decl(at) {
            NsDecl::Have { place: Place::Named(name), .. } | NsDecl::ToBe { name } => {
                name.as_str().to_owned()
            }
            NsDecl::Have { label, .. } => label.clone(),
        }
    }

    fn decl(&self, at: NsSlot) -> &NsDecl {
        &self.namespaces[usize::from(at.0)]
    }
}

fn quote_path(path: &Path) -> String {
    quote(&path.to_string_lossy())
}

fn dev(link: &LinkRef) -> String {
    quote(link.name().as_str())
}

fn spaced(attrs: &LinkAttrs) -> String {
    attrs.words().iter().map(|w| format!(" {w}")).collect()
}

fn neigh_words(row: &NeighSpec) -> String {
    // Of a row that is to age as well: without a state `ip` makes one that stays.
    let lasting = [(NUD_PERMANENT, "permanent"), (NUD_NOARP, "noarp")];
    let lasting = lasting.into_iter().find(|(bit, _)| row.state & bit != 0);
    let state =
        lasting.map_or_else(|| nud_words(row.state).join("").to_lowercase(), |l| l.1.into());
    let mut words = format!(" nud {state}");
    for (bit, word) in [(NTF_ROUTER, " router"), (NTF_EXT_LEARNED, " extern_learn")] {
        if row.flags & bit != 0 {
            words.push_str(word);
        }
    }
    if let Some(proto) = row.proto {
        words.push_str(" protocol ");
        words.push_str(&proto.to_string());
    }
    words
}

fn fdb_words(row: &FdbSpec, op: RowOp) -> String {
    let mut words = String::new();
    let mut add = |word: String| {
        words.push(' ');
        words.push_str(&word);
    };
    if let Some(dst) = row.dst {
        add(format!("dst {dst}"));
    }
    if let Some(port) = row.port {
        add(format!("port {port}"));
    }
    if let Some(vni) = row.vni {
        add(format!("vni {vni}"));
    }
    if let Some(vni) = row.src_vni {
        add(format!("src_vni {vni}"));
    }
    if let Some(via) = &row.via {
        add(format!("via {}", quote(via.name.as_str())));
    }
    if let Some(nhid) = row.nhid {
        add(format!("nhid {nhid}"));
    }
    for (bit, word) in [(NTF_SELF, "self"), (NTF_MASTER, "master")] {
        if row.flags & bit != 0 {
            add(word.into());
        }
    }
    if op.is_deletion() {
        return words;
    }
    add(if row.state & NUD_PERMANENT != 0 {
        "permanent"
    } else if row.state & NUD_NOARP != 0 {
        "static"
    } else {
        "dynamic"
    }
    .into());
    for (bit, word) in
        [(NTF_EXT_LEARNED, "extern_learn"), (NTF_STICKY, "sticky"), (NTF_ROUTER, "router")]
    {
        if row.flags & bit != 0 {
            add(word.into());
        }
    }
    words
}

/// The words of an operation on a route or address, for messages.
impl Op {
    /// The opposite.
    pub fn inverse(self) -> Op {
        match self {
            Op::Add => Op::Del,
            Op::Del => Op::Add,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::VxlanAttrs;
    use crate::names::IfName;
    use crate::netns::NsKey;

    fn named(name: &str) -> NsDecl {
        NsDecl::Have {
            key: NsKey::default(),
            place: Place::Named(name.parse().unwrap()),
            label: name.into(),
        }
    }

    fn ifname(s: &str) -> IfName {
        s.parse().unwrap()
    }

    fn vxlan() -> LinkSpec {
        let mut attrs = VxlanAttrs::default();
        attrs.set_words("id", &["256"]).unwrap();
        attrs.set_words("dstport", &["4789"]).unwrap();
        attrs.set_words("proxy", &["on"]).unwrap();
        LinkSpec {
            name: ifname("vxlan0"),
            attrs: LinkAttrs { mtu: Some(1450), ..LinkAttrs::default() },
            kind: KindSpec::Vxlan { attrs: Box::new(attrs), socket: NsSlot(1), dev: None },
        }
    }

    #[test]
    fn a_vxlan_is_made_from_its_sockets_namespace() {
        let namespaces = [named("ov1"), named("h1")];
        let step = Step { at: NsSlot(0), act: Act::LinkAdd(Box::new(vxlan())) };
        assert_eq!(
            step_lines(&namespaces, &step),
            [
                "ip -n h1 link add name vxlan0 mtu 1450 netns ov1 type vxlan id 256 dstport 4789 proxy"
            ]
        );
    }

    #[test]
    fn a_path_needs_nsenter_and_the_shells_own_is_not_ours() {
        let path = NsDecl::Have {
            key: NsKey::default(),
            place: Place::Path("/var/run/docker/netns/1-f4 b".into()),
            label: "1-f4 b".into(),
        };
        let own = NsDecl::Have { key: NsKey::default(), place: Place::Own, label: "self".into() };
        let step = Step { at: NsSlot(1), act: Act::LinkAdd(Box::new(vxlan())) };
        // Socket in the Docker namespace, device in the caller's own.
        let namespaces = [named("unused"), path.clone()];
        assert_eq!(
            step_lines(&namespaces, &step),
            [
                "nsenter --net='/var/run/docker/netns/1-f4 b' ip link add name vxlan0 mtu 1450 type vxlan id 256 dstport 4789 proxy"
            ]
        );
        let step = Step { at: NsSlot(0), act: Act::LinkAdd(Box::new(vxlan())) };
        assert!(
            step_lines(&[own, path], &step)[0].contains(" netns /proc/$$/ns/net type vxlan"),
            "the dollars must stay for the shell"
        );
    }

    #[test]
    fn rows_are_a_line_each() {
        let link = LinkRef::Made { at: NsSlot(0), name: ifname("vxlan0") };
        let mac = "02:42:c0:a8:0a:65".parse().unwrap();
        let rows = [
            RowSpec::Neigh(NeighSpec {
                ip: "192.168.10.101".parse().unwrap(),
                mac,
                state: NUD_PERMANENT,
                flags: 0,
                proto: Some(79),
            }),
            RowSpec::Fdb(FdbSpec {
                mac,
                dst: Some("192.168.1.5".parse().unwrap()),
                port: None,
                vni: None,
                src_vni: None,
                via: None,
                nhid: None,
                state: NUD_PERMANENT,
                flags: NTF_SELF | NTF_EXT_LEARNED,
            }),
        ];
        let step = Step { at: NsSlot(0), act: Act::Rows(link, RowOp::Add, rows.to_vec().into()) };
        assert_eq!(
            step_lines(&[named("ov1")], &step),
            [
                "ip -n ov1 neigh add 192.168.10.101 lladdr 02:42:c0:a8:0a:65 dev vxlan0 nud permanent protocol 79",
                "bridge -n ov1 fdb add 02:42:c0:a8:0a:65 dev vxlan0 dst 192.168.1.5 self permanent extern_learn",
            ]
        );
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quote("eth0"), "eth0");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), "'it'\\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("$(reboot)"), "'$(reboot)'");
    }
}
