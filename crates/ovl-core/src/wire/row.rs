//! Neighbour and FDB rows as bytes. Written by hand rather than through
//! netlink-packet-route: rows come by the hundred thousand, and that crate hands
//! an FDB row's destination and nexthop group over as raw bytes anyway.

use std::net::IpAddr;

use super::{family, ip, number, rtm};
use crate::error::Fail;
use crate::row::{
    Fdb, FdbSpec, Miss, NTF_EXT_LEARNED, NTF_SELF, NUD_NOARP, NUD_PERMANENT, Neigh, NeighSpec,
    RowFilter, RowOp, RowSpec, Wanted,
};
use crate::socket::{Batch, Message, flag};
use crate::types::MacAddr;

/// `AF_BRIDGE`.
const AF_BRIDGE: u8 = 7;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// `struct ndmsg` is 12 bytes.
const NDMSG: usize = 12;

/// `NDA_*` attributes (include/uapi/linux/neighbour.h).
mod nda {
    pub const DST: u16 = 1;
    pub const LLADDR: u16 = 2;
    pub const CACHEINFO: u16 = 3;
    pub const VLAN: u16 = 5;
    pub const PORT: u16 = 6;
    pub const VNI: u16 = 7;
    pub const IFINDEX: u16 = 8;
    pub const MASTER: u16 = 9;
    pub const SRC_VNI: u16 = 11;
    pub const PROTOCOL: u16 = 12;
    pub const NH_ID: u16 = 13;
    pub const FLAGS_EXT: u16 = 15;
    pub const NDM_STATE_MASK: u16 = 16;
    pub const NDM_FLAGS_MASK: u16 = 17;
}

/// Asks for the neighbour rows of a namespace, or of one device.
pub fn list_neigh(dev: Option<u32>) -> Message {
    let mut body = header(0, 0, 0, 0).to_vec();
    if let Some(index) = dev {
        // The neighbour dump filters by attribute, the FDB dump by header.
        attr(&mut body, nda::IFINDEX, &index.to_ne_bytes());
    }
    Message { kind: rtm::GETNEIGH, flags: 0, body }
}

/// Asks for the neighbour rows of a namespace, those of one family.
pub fn list_neigh_family(v4: bool) -> Message {
    Message { kind: rtm::GETNEIGH, flags: 0, body: header(family(v4).into(), 0, 0, 0).to_vec() }
}

/// Asks for the FDB rows of a namespace, or of one device: its own, and the
/// bridge's about it.
pub fn list_fdb(dev: Option<u32>) -> Message {
    Message {
        kind: rtm::GETNEIGH,
        flags: 0,
        body: header(AF_BRIDGE, dev.unwrap_or(0), 0, 0).to_vec(),
    }
}

/// Asks for the neighbour row of one address.
pub fn get_neigh(dev: u32, ip: IpAddr) -> Message {
    let family = if ip.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = header(family, dev, 0, 0).to_vec();
    address(&mut body, ip);
    Message { kind: rtm::GETNEIGH, flags: 0, body }
}

/// Asks for the row of one MAC address in a device's own table. Of the all-zeros
/// address the kernel tells its first row only: list them.
pub fn get_fdb(dev: u32, mac: MacAddr) -> Message {
    let mut body = Vec::with_capacity(24);
    fdb_question(dev, mac, NTF_SELF, &mut body);
    Message { kind: rtm::GETNEIGH, flags: 0, body }
}

/// Asks for the row of one MAC address in the table that `table` names: the
/// device's own (`NTF_SELF`), or that of the bridge it is a port of (`NTF_MASTER`).
pub fn ask_fdb(dev: u32, mac: MacAddr, table: u8, out: &mut Batch) {
    out.message(rtm::GETNEIGH, 0, |bytes| fdb_question(dev, mac, table, bytes));
}

fn fdb_question(dev: u32, mac: MacAddr, table: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&header(AF_BRIDGE, dev, 0, table));
    attr(out, nda::LLADDR, &mac.0);
}

/// Writes one row's request.
pub fn encode(dev: u32, op: RowOp, row: &RowSpec, out: &mut Batch) {
    let (kind, flags) = request(op);
    out.message(kind, flags, |bytes| body(dev, row, bytes));
}

/// One row's request as a message of its own.
pub fn message(dev: u32, op: RowOp, row: &RowSpec) -> Message {
    let (kind, flags) = request(op);
    let mut bytes = Vec::with_capacity(64);
    body(dev, row, &mut bytes);
    Message { kind, flags, body: bytes }
}

/// Deletes all rows of a device's own table that a filter names.
pub fn flush(dev: u32, filter: &RowFilter) -> Message {
    let mark = if filter.marked == Some(true) { NTF_EXT_LEARNED } else { 0 };
    let state = filter.state.unwrap_or_default();
    let mut body = header(AF_BRIDGE, dev, state, NTF_SELF | mark).to_vec();
    if let Some(dst) = filter.dst {
        address(&mut body, dst);
    }
    if let Some(port) = filter.port {
        attr(&mut body, nda::PORT, &port.to_be_bytes());
    }
    for (kind, value) in [(nda::VNI, filter.vni), (nda::NH_ID, filter.nhid)] {
        if let Some(n) = value {
            attr(&mut body, kind, &n.to_ne_bytes());
        }
    }
    if filter.state.is_some() {
        attr(&mut body, nda::NDM_STATE_MASK, &(NUD_PERMANENT | NUD_NOARP).to_ne_bytes());
    }
    if filter.marked.is_some() {
        attr(&mut body, nda::NDM_FLAGS_MASK, &[NTF_EXT_LEARNED]);
    }
    Message { kind: rtm::DELNEIGH, flags: flag::BULK, body }
}

fn request(op: RowOp) -> (u16, u16) {
    match op {
        RowOp::Add => (rtm::NEWNEIGH, flag::CREATE | flag::EXCL),
        RowOp::Replace => (rtm::NEWNEIGH, flag::CREATE | flag::REPLACE),
        RowOp::Append => (rtm::NEWNEIGH, flag::CREATE | flag::APPEND),
        RowOp::Del | RowOp::Flush(_) => (rtm::DELNEIGH, 0),
    }
}

fn body(dev: u32, row: &RowSpec, out: &mut Vec<u8>) {
    match row {
        RowSpec::Neigh(NeighSpec { ip, mac, state, flags, proto }) => {
            let family = if ip.is_ipv4() { AF_INET } else { AF_INET6 };
            out.extend_from_slice(&header(family, dev, *state, *flags));
            address(out, *ip);
            attr(out, nda::LLADDR, &mac.0);
            if let Some(proto) = proto {
                attr(out, nda::PROTOCOL, &[*proto]);
            }
        }
        RowSpec::Fdb(row) => {
            out.extend_from_slice(&header(AF_BRIDGE, dev, row.state, row.flags));
            attr(out, nda::LLADDR, &row.mac.0);
            fdb_attributes(row, out);
        }
    }
}

fn fdb_attributes(row: &FdbSpec, out: &mut Vec<u8>) {
    if let Some(dst) = row.dst {
        address(out, dst);
    }
    if let Some(port) = row.port {
        attr(out, nda::PORT, &port.to_be_bytes());
    }
    for (kind, value) in [
        (nda::VNI, row.vni),
        (nda::SRC_VNI, row.src_vni),
        (nda::IFINDEX, row.via.as_ref().map(|v| v.index)),
        (nda::NH_ID, row.nhid),
    ] {
        if let Some(n) = value {
            attr(out, kind, &n.to_ne_bytes());
        }
    }
}

/// `struct ndmsg`.
fn header(family: u8, dev: u32, state: u16, flags: u8) -> [u8; NDMSG] {
    let (dev, state) = (dev.to_ne_bytes(), state.to_ne_bytes());
    [family, 0, 0, 0, dev[0], dev[1], dev[2], dev[3], state[0], state[1], flags, 0]
}

fn address(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(a) => attr(out, nda::DST, &a.octets()),
        IpAddr::V6(a) => attr(out, nda::DST, &a.octets()),
    }
}

fn attr(out: &mut Vec<u8>, kind: u16, payload: &[u8]) {
    // Payloads here are at most 16 bytes long.
    let length = u16::try_from(4 + payload.len()).expect("a short payload");
    out.extend_from_slice(&length.to_ne_bytes());
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// A row message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A neighbour row.
    Neigh(Neigh),
    /// An FDB row.
    Fdb(Fdb),
}

/// Reads a row message. `None` for one that is neither (a family other than IP
/// and bridge, or a row without its address).
pub fn parse(body: &[u8]) -> Result<Option<Parsed>, Fail> {
    let short = || Fail::Unreadable("a cut-off neighbour message".into());
    let head = body.first_chunk::<NDMSG>().ok_or_else(short)?;
    let family = head[0];
    let dev = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    let state = u16::from_ne_bytes([head[8], head[9]]);
    let flags = head[10];
    let found = Found::read(&body[NDMSG..]).ok_or_else(short)?;
    Ok(match family {
        AF_BRIDGE => found.mac.map(|mac| {
            Parsed::Fdb(Fdb {
                dev,
                mac,
                dst: found.dst,
                port: found.port,
                vni: found.vni,
                src_vni: found.src_vni,
                vlan: found.vlan,
                via: found.ifindex,
                nhid: found.nhid,
                master: found.master,
                state,
                flags,
                used: found.used,
                updated: found.updated,
            })
        }),
        AF_INET | AF_INET6 => found.dst.map(|ip| {
            let (mac, flags_ext, proto) = (found.mac, found.flags_ext, found.proto);
            Parsed::Neigh(Neigh { dev, ip, mac, state, flags, flags_ext, proto })
        }),
        _ => None,
    })
}

/// Reads what a VXLAN device asks for when it does not know where a packet goes
/// (`vxlan_ip_miss`, `vxlan_fdb_miss` in `drivers/net/vxlan/vxlan_core.c`): the
/// family says nothing, the attribute that is there says which kind it is.
pub fn miss(body: &[u8]) -> Result<Option<Miss>, Fail> {
    let short = || Fail::Unreadable("a cut-off neighbour message".into());
    let head = body.first_chunk::<NDMSG>().ok_or_else(short)?;
    let dev = u32::from_ne_bytes([head[4], head[5], head[6], head[7]]);
    let found = Found::read(&body[NDMSG..]).ok_or_else(short)?;
    let wanted = match (found.mac.filter(|mac| *mac != MacAddr::ZERO), found.dst) {
        (Some(mac), _) => Some(Wanted::Vtep(mac)),
        (None, Some(ip)) => Some(Wanted::Mac(ip)),
        (None, None) => None,
    };
    Ok(wanted.map(|wanted| Miss { dev, wanted }))
}

/// The attributes of a row message that this toolkit reads.
#[derive(Default)]
struct Found {
    dst: Option<IpAddr>,
    mac: Option<MacAddr>,
    port: Option<u16>,
    vlan: Option<u16>,
    vni: Option<u32>,
    src_vni: Option<u32>,
    ifindex: Option<u32>,
    master: Option<u32>,
    nhid: Option<u32>,
    flags_ext: u32,
    proto: Option<u8>,
    used: Option<u32>,
    updated: Option<u32>,
}

impl Found {
    fn read(mut bytes: &[u8]) -> Option<Found> {
        let mut found = Found::default();
        while bytes.len() >= 4 {
            let length = usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
            // The two top bits of the type say 'nested' and 'big endian'.
            let kind = u16::from_ne_bytes([bytes[2], bytes[3]]) & 0x3fff;
            found.take(kind, bytes.get(4..length)?);
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(found)
    }

    fn take(&mut self, kind: u16, payload: &[u8]) {
        let word = || number(payload);
        match kind {
            nda::DST => self.dst = ip(payload),
            nda::LLADDR => self.mac = MacAddr::from_bytes(payload),
            nda::PORT => self.port = payload.first_chunk::<2>().map(|b| u16::from_be_bytes(*b)),
            nda::VLAN => self.vlan = payload.first_chunk::<2>().map(|b| u16::from_ne_bytes(*b)),
            nda::VNI => self.vni = word(),
            nda::SRC_VNI => self.src_vni = word(),
            nda::IFINDEX => self.ifindex = word(),
            nda::MASTER => self.master = word(),
            nda::NH_ID => self.nhid = word(),
            nda::FLAGS_EXT => self.flags_ext = word().unwrap_or_default(),
            nda::PROTOCOL => self.proto = payload.first().copied(),
            nda::CACHEINFO => {
                // struct nda_cacheinfo: confirmed, used, updated (in USER_HZ,
                // hundredths of a second), refcnt.
                let at = |n: usize| {
                    payload.get(n..n + 4).and_then(|b| b.try_into().ok()).map(u32::from_ne_bytes)
                };
                self.used = at(4).map(|ticks| ticks / 100);
                self.updated = at(8).map(|ticks| ticks / 100);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{NTF_EXT_LEARNED, NUD_PERMANENT, OVL_PROTOCOL};

    #[test]
    fn an_fdb_row_reads_back_as_it_was_written() {
        let spec = FdbSpec {
            mac: "02:42:c0:a8:0a:65".parse().unwrap(),
            dst: Some("2001:db8::5".parse().unwrap()),
            port: Some(8472),
            vni: Some(300),
            src_vni: Some(301),
            via: None,
            nhid: Some(9),
            state: NUD_PERMANENT,
            flags: NTF_SELF | NTF_EXT_LEARNED,
        };
        let message = message(7, RowOp::Add, &RowSpec::Fdb(spec.clone()));
        let Some(Parsed::Fdb(row)) = parse(&message.body).unwrap() else { panic!("no FDB row") };
        assert_eq!((row.dev, row.mac, row.dst), (7, spec.mac, spec.dst));
        assert_eq!(
            (row.port, row.vni, row.src_vni, row.nhid),
            (Some(8472), Some(300), Some(301), Some(9))
        );
        assert_eq!((row.state, row.flags), (spec.state, spec.flags));
    }

    #[test]
    fn a_neighbour_row_reads_back_as_it_was_written() {
        let spec = NeighSpec {
            ip: "192.168.10.101".parse().unwrap(),
            mac: "02:42:c0:a8:0a:65".parse().unwrap(),
            state: NUD_PERMANENT,
            flags: 0,
            proto: Some(OVL_PROTOCOL),
        };
        let message = message(7, RowOp::Replace, &RowSpec::Neigh(spec.clone()));
        assert_eq!(message.flags, flag::CREATE | flag::REPLACE);
        let Some(Parsed::Neigh(row)) = parse(&message.body).unwrap() else { panic!("no row") };
        assert_eq!((row.ip, row.mac, row.proto), (spec.ip, Some(spec.mac), spec.proto));
    }

    #[test]
    fn a_captured_row_of_dockers_reads_as_bridge_prints_it() {
        // `bridge fdb show dev vxlan0` of a Docker overlay:
        // 02:42:c0:a8:0a:65 dst 192.168.1.5 self permanent
        let bytes = [
            7, 0, 0, 0, 5, 0, 0, 0, 0x80, 0, 2, 0, // ndmsg
            10, 0, 2, 0, 2, 0x42, 0xc0, 0xa8, 0x0a, 0x65, 0, 0, // NDA_LLADDR
            8, 0, 1, 0, 192, 168, 1, 5, // NDA_DST
            8, 0, 10, 0, 0, 0, 0, 0, // NDA_LINK_NETNSID 0
            20, 0, 3, 0, 0, 0, 0, 0, 200, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, // NDA_CACHEINFO
        ];
        let Some(Parsed::Fdb(row)) = parse(&bytes).unwrap() else { panic!("no FDB row") };
        assert_eq!(row.mac.to_string(), "02:42:c0:a8:0a:65");
        assert_eq!(row.dst, Some("192.168.1.5".parse().unwrap()));
        assert!(row.is_self() && !row.is_learned());
        assert_eq!((row.used, row.updated), (Some(2), Some(1)));
    }

    #[test]
    fn a_cut_off_message_is_an_error() {
        assert!(parse(&[7, 0, 0]).is_err());
        let mut bytes = header(AF_BRIDGE, 1, 0, 0).to_vec();
        bytes.extend_from_slice(&[12, 0, 2, 0, 2, 0x42]);
        assert!(parse(&bytes).is_err());
    }
}
