//! Rows: who is where. A neighbour row says which MAC address has an IP address;
//! an FDB row says behind which VTEP, or which bridge port, a MAC address is.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::names::IfName;
use crate::types::MacAddr;

/// The protocol number (`NDA_PROTOCOL`) this toolkit puts on its neighbour
/// rows: 'O'. It is free in iproute2's `etc/iproute2/rt_protos`. A row that
/// another program replaces keeps it, so it is a hint and never a proof.
pub const OVL_PROTOCOL: u8 = b'O';

/// `NUD_PERMANENT` (include/uapi/linux/neighbour.h).
pub const NUD_PERMANENT: u16 = 0x80;
/// `NUD_NOARP`.
pub const NUD_NOARP: u16 = 0x40;
/// `NUD_REACHABLE`.
pub const NUD_REACHABLE: u16 = 0x02;

/// `NTF_SELF`: the device's own table.
pub const NTF_SELF: u8 = 0x02;
/// `NTF_MASTER`: the table of the bridge it is a port of.
pub const NTF_MASTER: u8 = 0x04;
/// `NTF_EXT_LEARNED`: put there by a control plane.
pub const NTF_EXT_LEARNED: u8 = 0x10;
/// `NTF_STICKY`: stays on its port.
pub const NTF_STICKY: u8 = 0x40;
/// `NTF_ROUTER`.
pub const NTF_ROUTER: u8 = 0x80;
/// `NTF_EXT_MANAGED`, of the flags that have no room there (`NDA_FLAGS_EXT`).
pub const NTF_EXT_MANAGED: u32 = 1;

/// A row as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowSpec {
    /// IP address -> MAC address.
    Neigh(NeighSpec),
    /// MAC address -> VTEP.
    Fdb(FdbSpec),
}

/// Does a row in that state stay until it is deleted?
pub fn lasts(state: u16) -> bool {
    state & (NUD_PERMANENT | NUD_NOARP) != 0
}

impl RowSpec {
    /// Does it stay until it is deleted?
    pub fn lasts(&self) -> bool {
        let (RowSpec::Neigh(NeighSpec { state, .. }) | RowSpec::Fdb(FdbSpec { state, .. })) = self;
        lasts(*state)
    }

    /// The MAC address of an FDB row in that table (`NTF_SELF` or `NTF_MASTER`).
    pub fn mac_in(&self, table: u8) -> Option<MacAddr> {
        match self {
            RowSpec::Fdb(row) if row.flags & table != 0 => Some(row.mac),
            _ => None,
        }
    }
}

/// A neighbour row as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NeighSpec {
    /// The address.
    pub ip: IpAddr,
    /// Whose it is.
    pub mac: MacAddr,
    /// `NUD_*`.
    pub state: u16,
    /// `NTF_*`.
    pub flags: u8,
    /// Who made it.
    pub proto: Option<u8>,
}

/// An FDB row as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FdbSpec {
    /// The address; all zeros is the flood row.
    pub mac: MacAddr,
    /// The VTEP; absent with a nexthop group, or in the bridge's own table.
    pub dst: Option<IpAddr>,
    /// UDP port, where it is not the device's.
    pub port: Option<u16>,
    /// VNI, where it is not the device's.
    pub vni: Option<u32>,
    /// VNI of the packets it is for (`src_vni`, with `external`).
    pub src_vni: Option<u32>,
    /// The device packets leave by.
    pub via: Option<Via>,
    /// FDB nexthop group.
    pub nhid: Option<u32>,
    /// `NUD_*`.
    pub state: u16,
    /// `NTF_*`, with SELF or MASTER.
    pub flags: u8,
}

impl FdbSpec {
    /// All that tells one row of a flood list from another, beside the VTEP.
    pub(crate) fn numbers(&self) -> [Option<u32>; 5] {
        let via = self.via.as_ref().map(|via| via.index);
        [self.port.map(u32::from), self.vni, self.src_vni, via, self.nhid]
    }
}

/// A device named in an FDB row, in the namespace of the VXLAN device's socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Via {
    /// Its name, for the words.
    pub name: IfName,
    /// Its index, for the kernel.
    pub index: u32,
}

impl Via {
    /// One of which only the index is known, and that counts: `ip` and `bridge` read
    /// `if5` as one.
    pub fn at(index: u32) -> Via {
        Via { name: IfName::from_kernel(format!("if{index}")), index }
    }
}

/// What to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOp {
    /// Add it; refuse when it is there.
    Add,
    /// Put it there, whatever stood there.
    Replace,
    /// Add it to the others of that MAC (the flood row has several VTEPs).
    Append,
    /// Take it away.
    Del,
    /// Take it away with all others that a filter names, in one request. The rows
    /// of the step are those, as they stood: where the kernel knows no such
    /// request they are deleted one by one.
    Flush(RowFilter),
}

impl RowOp {
    /// Does it take rows away?
    pub fn is_deletion(self) -> bool {
        matches!(self, RowOp::Del | RowOp::Flush(_))
    }
}

/// What the kernel tells the rows of a VXLAN device's own table apart by when it
/// deletes many at once (`vxlan_fdb_delete_bulk` in `drivers/net/vxlan/vxlan_core.c`).
/// Absent: it does not matter. The flood list is never meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowFilter {
    /// The VTEP.
    pub dst: Option<IpAddr>,
    /// UDP port.
    pub port: Option<u16>,
    /// VNI.
    pub vni: Option<u32>,
    /// FDB nexthop group.
    pub nhid: Option<u32>,
    /// Which of `NUD_PERMANENT` and `NUD_NOARP` are set.
    pub state: Option<u16>,
    /// Is `NTF_EXT_LEARNED` set?
    pub marked: Option<bool>,
}

impl RowFilter {
    /// Is a row meant, on a device with that port and VNI?
    pub fn matches(&self, row: &Fdb, dstport: Option<u16>, vni: Option<u32>) -> bool {
        let marked = row.flags & NTF_EXT_LEARNED != 0;
        row.is_self()
            && row.mac != MacAddr::ZERO
            && self.dst.is_none_or(|dst| row.dst == Some(dst))
            && self.port.is_none_or(|port| row.port.or(dstport) == Some(port))
            && self.vni.is_none_or(|asked| row.vni.or(vni) == Some(asked))
            && self.nhid.is_none_or(|id| row.nhid == Some(id))
            && self.state.is_none_or(|state| row.state & (NUD_PERMANENT | NUD_NOARP) == state)
            && self.marked.is_none_or(|asked| marked == asked)
    }
}

/// A neighbour row as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neigh {
    /// The device.
    pub dev: u32,
    /// The address.
    pub ip: IpAddr,
    /// Whose it is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddr>,
    /// `NUD_*`.
    pub state: u16,
    /// `NTF_*`.
    pub flags: u8,
    /// `NTF_EXT_*`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub flags_ext: u32,
    /// Who made it, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<u8>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(flags: &u32) -> bool {
    *flags == 0
}

impl Neigh {
    /// Its flags in `ip`'s words.
    pub fn flag_words(&self) -> Vec<&'static str> {
        let managed = (self.flags_ext & NTF_EXT_MANAGED != 0).then_some("managed");
        each_flag_word(self.flags).chain(managed).collect()
    }

    /// The request that makes it again. `None` where its MAC address is not known:
    /// there is nothing to put back.
    pub fn spec(&self) -> Option<RowSpec> {
        let (ip, state, flags, proto) = (self.ip, self.state, self.flags, self.proto);
        self.mac.map(|mac| RowSpec::Neigh(NeighSpec { ip, mac, state, flags, proto }))
    }

    /// The request that deletes it: marks and makers are nobody's concern then.
    pub fn deletion(&self) -> RowSpec {
        RowSpec::Neigh(NeighSpec {
            ip: self.ip,
            mac: self.mac.unwrap_or_default(),
            state: self.state,
            flags: 0,
            proto: None,
        })
    }
}

/// An FDB row as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fdb {
    /// The device.
    pub dev: u32,
    /// The address.
    pub mac: MacAddr,
    /// The VTEP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dst: Option<IpAddr>,
    /// UDP port, where it is not the device's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// VNI, where it is not the device's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vni: Option<u32>,
    /// VNI of the packets it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src_vni: Option<u32>,
    /// VLAN, in a bridge's table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// Index of the device packets leave by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<u32>,
    /// FDB nexthop group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nhid: Option<u32>,
    /// The bridge whose table it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<u32>,
    /// `NUD_*`.
    pub state: u16,
    /// `NTF_*`.
    pub flags: u8,
    /// Seconds since it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u32>,
    /// Seconds since it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<u32>,
}

impl Fdb {
    /// The request that makes it again.
    pub fn spec(&self) -> RowSpec {
        RowSpec::Fdb(FdbSpec {
            mac: self.mac,
            dst: self.dst,
            port: self.port,
            vni: self.vni,
            src_vni: self.src_vni,
            via: self.via.map(Via::at),
            nhid: self.nhid,
            state: self.state,
            flags: self.flags,
        })
    }

    /// The request that deletes it, from the table it is in: marks and makers are
    /// nobody's concern then.
    pub fn deletion(&self) -> RowSpec {
        match self.spec() {
            RowSpec::Fdb(row) => {
                let flags = if self.is_self() { NTF_SELF } else { NTF_MASTER };
                RowSpec::Fdb(FdbSpec { flags, ..row })
            }
            row @ RowSpec::Neigh(_) => row,
        }
    }

    /// Is it in the device's own table, not the bridge's?
    pub fn is_self(&self) -> bool {
        self.flags & NTF_SELF != 0
    }

    /// Was it learned from traffic?
    pub fn is_learned(&self) -> bool {
        self.state & (NUD_PERMANENT | NUD_NOARP) == 0 && self.flags & NTF_EXT_LEARNED == 0
    }

    /// The state as `ip -j` spells it.
    pub fn state_word(&self) -> Cow<'static, str> {
        if self.state & NUD_PERMANENT != 0 {
            "permanent".into()
        } else if self.state & NUD_NOARP != 0 {
            "static".into()
        } else if self.state & NUD_REACHABLE != 0 {
            "".into()
        } else {
            format!("{:#x}", self.state).into()
        }
    }
}

/// What a VXLAN device asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Miss {
    /// Index of the device.
    pub dev: u32,
    /// What is wanted.
    pub wanted: Wanted,
}

/// What is wanted in a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// `l3miss`: who has this address?
    Mac(IpAddr),
    /// `l2miss`: behind which VTEP is this one?
    Vtep(MacAddr),
}

/// Neighbour states in `ip`'s words, one for each bit set.
pub fn nud_words(state: u16) -> Vec<&'static str> {
    each_nud_word(state).collect()
}

/// The same, one after the other: nothing is put by.
pub fn each_nud_word(state: u16) -> impl Iterator<Item = &'static str> {
    const NAMES: [(u16, &str); 8] = [
        (0x01, "INCOMPLETE"),
        (NUD_REACHABLE, "REACHABLE"),
        (0x04, "STALE"),
        (0x08, "DELAY"),
        (0x10, "PROBE"),
        (0x20, "FAILED"),
        (NUD_NOARP, "NOARP"),
        (NUD_PERMANENT, "PERMANENT"),
    ];
    let none = (state == 0).then_some("NONE");
    let set = NAMES.iter().filter(move |(bit, _)| state & bit != 0).map(|(_, word)| *word);
    none.into_iter().chain(set)
}

/// Row flags in the words of `ip` and `bridge`.
pub fn flag_words(flags: u8) -> Vec<&'static str> {
    each_flag_word(flags).collect()
}

/// The same, one after the other: nothing is put by.
pub fn each_flag_word(flags: u8) -> impl Iterator<Item = &'static str> {
    const NAMES: [(u8, &str); 8] = [
        (0x01, "use"),
        (NTF_SELF, "self"),
        (NTF_MASTER, "master"),
        (0x08, "proxy"),
        (NTF_EXT_LEARNED, "extern_learn"),
        (0x20, "offload"),
        (NTF_STICKY, "sticky"),
        (NTF_ROUTER, "router"),
    ];
    NAMES.iter().filter(move |(bit, _)| flags & bit != 0).map(|(_, word)| *word)
}
