//! The field table of a VXLAN device: every attribute of the kernel's
//! drivers/net/vxlan, spelt as `ip link help vxlan` spells it.

use crate::names::shown;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use netlink_packet_route::link::{InfoVxlan, VxlanDf};
use serde::{Deserialize, Serialize};

use crate::attrs::{Attr, Mark, Shape, attr_table, one, own_attr};
use crate::types::{Invalid, Vni};

/// Docker's UDP port, and IANA's; the kernel's own default is 8472.
pub const DOCKER_PORT: u16 = 4789;

attr_table! {
    /// What a VXLAN device is asked to be, or is.
    pub struct VxlanAttrs: InfoVxlan {
        #[doc = " VXLAN network identifier, 0 to 16777215"]
        vni: Vni = "id", json "vni", Fixed, "VNI",
            put |v| Some(InfoVxlan::Id(v.get())),
            take { InfoVxlan::Id(n) => Vni::try_from(*n).ok() };
        #[doc = " Source address of the outer packets: this host's VTEP"]
        local: IpAddr = "local", json "local", Live, "ADDR",
            put |v| Some(match v {
                IpAddr::V4(a) => InfoVxlan::Local(*a),
                IpAddr::V6(a) => InfoVxlan::Local6(*a),
            }),
            take {
                InfoVxlan::Local(a) => Some(IpAddr::V4(*a)),
                InfoVxlan::Local6(a) => Some(IpAddr::V6(*a)),
            };
        #[doc = " Where packets go that no FDB row names: one unicast VTEP"]
        remote: IpAddr = "remote", json "remote", Live, "ADDR",
            put |v| Some(far(*v)),
            take {
                InfoVxlan::Group(a) => Some(IpAddr::V4(*a)).filter(|a| !a.is_multicast()),
                InfoVxlan::Group6(a) => Some(IpAddr::V6(*a)).filter(|a| !a.is_multicast()),
            };
        #[doc = " Where packets go that no FDB row names: a multicast group (wants --dev)"]
        group: IpAddr = "group", json "group", Fixed, "ADDR",
            put |v| Some(far(*v)),
            take {
                InfoVxlan::Group(a) => Some(IpAddr::V4(*a)).filter(IpAddr::is_multicast),
                InfoVxlan::Group6(a) => Some(IpAddr::V6(*a)).filter(IpAddr::is_multicast),
            };
        #[doc = " Range of UDP source ports"]
        srcport: PortRange = "srcport", json "srcport", Fixed, "MIN",
            put |v| Some(InfoVxlan::PortRange((v.min, v.max))),
            take { InfoVxlan::PortRange((min, max)) => Some(PortRange { min: *min, max: *max }) };
        #[doc = " UDP port packets are sent to and received on"]
        dstport: u16 = "dstport", json "dstport", Fixed, "PORT",
            put |v| Some(InfoVxlan::Port(*v)),
            take { InfoVxlan::Port(n) => Some(*n) };
        #[doc = " Learn MAC addresses from packets that arrive"]
        learning: bool = "learning", json "learning", Live, "",
            put |v| Some(InfoVxlan::Learning(*v)),
            take { InfoVxlan::Learning(b) => Some(*b) };
        #[doc = " Answer ARP and ND from the neighbour rows; swallow what they do not answer"]
        proxy: bool = "proxy", json "proxy", Fixed, "",
            put |v| Some(InfoVxlan::Proxy(*v)),
            take { InfoVxlan::Proxy(b) => Some(*b) };
        #[doc = " Route short circuit"]
        rsc: bool = "rsc", json "rsc", Fixed, "",
            put |v| Some(InfoVxlan::Rsc(*v)),
            take { InfoVxlan::Rsc(b) => Some(*b) };
        #[doc = " Tell listeners about destinations without an FDB row"]
        l2miss: bool = "l2miss", json "l2miss", Fixed, "",
            put |v| Some(InfoVxlan::L2Miss(*v)),
            take { InfoVxlan::L2Miss(b) => Some(*b) };
        #[doc = " Tell listeners about addresses without a neighbour row"]
        l3miss: bool = "l3miss", json "l3miss", Fixed, "",
            put |v| Some(InfoVxlan::L3Miss(*v)),
            take { InfoVxlan::L3Miss(b) => Some(*b) };
        #[doc = " TTL of the outer packets: 1 to 255, inherit, or auto (the kernel's default)"]
        ttl: Ttl = "ttl", json "ttl", Live, "TTL",
            put |v| Some(match v {
                Ttl::Auto => InfoVxlan::Ttl(0),
                Ttl::Hops(n) => InfoVxlan::Ttl(*n),
                Ttl::Inherit => InfoVxlan::TtlInheritFlag,
            }),
            take {
                InfoVxlan::Ttl(0) => Some(Ttl::Auto),
                InfoVxlan::Ttl(n) => Some(Ttl::Hops(*n)),
                InfoVxlan::TtlInheritFlag => Some(Ttl::Inherit),
                InfoVxlan::TtlInherit(n) => (*n != 0).then_some(Ttl::Inherit),
            };
        #[doc = " TOS of the outer packets: 0x0 to 0xff (hexadecimal, as ip reads it), or inherit"]
        tos: Tos = "tos", json "tos", Fixed, "TOS",
            put |v| Some(InfoVxlan::Tos(v.0)),
            take { InfoVxlan::Tos(n) => Some(Tos(*n)).filter(|t| t.0 != 0) };
        #[doc = " Don't-fragment bit of the outer packets: unset, set or inherit"]
        df: Df = "df", json "df", Live, "DF",
            put |v| Some(InfoVxlan::Df(match v {
                Df::Unset => VxlanDf::Unset,
                Df::Set => VxlanDf::Set,
                Df::Inherit => VxlanDf::Inherit,
            })),
            take {
                InfoVxlan::Df(VxlanDf::Unset) => Some(Df::Unset),
                InfoVxlan::Df(VxlanDf::Set) => Some(Df::Set),
                InfoVxlan::Df(VxlanDf::Inherit) => Some(Df::Inherit),
            };
        #[doc = " IPv6 flow label of the outer packets, 0 to 0xfffff"]
        flowlabel: FlowLabel = "flowlabel", json "flowlabel", Fixed, "LABEL",
            put |v| Some(InfoVxlan::Label(v.0)),
            take { InfoVxlan::Label(n) => Some(FlowLabel(*n)).filter(|l| l.0 != 0) };
        #[doc = " Seconds after which a learned row is forgotten"]
        ageing: u32 = "ageing", json "ageing", Live, "SECONDS",
            put |v| Some(InfoVxlan::Ageing(*v)),
            take { InfoVxlan::Ageing(n) => Some(*n) };
        #[doc = " Most FDB rows the device holds; 0 for no limit"]
        maxaddress: u32 = "maxaddress", json "maxaddress", Fixed, "N",
            put |v| Some(InfoVxlan::Limit(*v)),
            take { InfoVxlan::Limit(n) => Some(*n) };
        #[doc = " UDP checksums over IPv4"]
        udpcsum: bool = "udpcsum", json "udpcsum", Fixed, "",
            put |v| Some(InfoVxlan::UDPCsum(*v)),
            take { InfoVxlan::UDPCsum(b) => Some(*b) };
        #[doc = " Send UDP over IPv6 without checksum"]
        udp6zerocsumtx: bool = "udp6zerocsumtx", json "udp6zerocsumtx", Fixed, "",
            put |v| Some(InfoVxlan::UDPZeroCsumTX(*v)),
            take { InfoVxlan::UDPZeroCsumTX(b) => Some(*b) };
        #[doc = " Accept UDP over IPv6 without checksum"]
        udp6zerocsumrx: bool = "udp6zerocsumrx", json "udp6zerocsumrx", Fixed, "",
            put |v| Some(InfoVxlan::UDPZeroCsumRX(*v)),
            take { InfoVxlan::UDPZeroCsumRX(b) => Some(*b) };
        #[doc = " Remote checksum offload, sending"]
        remcsumtx: bool = "remcsumtx", json "remcsumtx", Fixed, "",
            put |v| Some(InfoVxlan::RemCsumTX(*v)),
            take { InfoVxlan::RemCsumTX(b) => Some(*b) };
        #[doc = " Remote checksum offload, receiving"]
        remcsumrx: bool = "remcsumrx", json "remcsumrx", Fixed, "",
            put |v| Some(InfoVxlan::RemCsumRX(*v)),
            take { InfoVxlan::RemCsumRX(b) => Some(*b) };
        #[doc = " Group policy extension"]
        gbp: Mark = "gbp", json "gbp", Fixed, "",
            put |_| Some(InfoVxlan::Gbp),
            take { InfoVxlan::Gbp => Some(Mark) };
        #[doc = " Generic protocol extension"]
        gpe: Mark = "gpe", json "gpe", Fixed, "",
            put |_| Some(InfoVxlan::Gpe),
            take { InfoVxlan::Gpe => Some(Mark) };
        #[doc = " VNI and VTEP come with each packet (collect metadata), for ip route encap and tc"]
        external: bool = "external", json "external", Fixed, "",
            put |v| Some(InfoVxlan::CollectMetadata(*v)),
            take { InfoVxlan::CollectMetadata(b) => Some(*b) };
        #[doc = " Only VNIs listed by bridge vni pass (with --external)"]
        vnifilter: bool = "vnifilter", json "vnifilter", Fixed, "",
            put |v| Some(InfoVxlan::Vnifilter(*v)),
            take { InfoVxlan::Vnifilter(b) => Some(*b) };
        #[doc = " Hand packets for a VTEP of this host to its device without the wire"]
        localbypass: bool = "localbypass", json "localbypass", Live, "",
            put |v| Some(InfoVxlan::Localbypass(*v)),
            take { InfoVxlan::Localbypass(b) => Some(*b) };
    }
}

impl VxlanAttrs {
    /// What the kernel will say of a device made so: an unspecified remote, which
    /// only asks for an IPv6 socket, is not told back.
    #[must_use]
    pub fn as_read(&self) -> VxlanAttrs {
        let remote = self.remote.filter(|ip| !ip.is_unspecified());
        VxlanAttrs { remote, ..self.clone() }
    }

    /// Is the underlay IPv6? Decided by the addresses that are asked.
    pub fn is_v6(&self) -> bool {
        [self.local, self.remote, self.group].iter().flatten().any(IpAddr::is_ipv6)
    }
}

fn far(ip: IpAddr) -> InfoVxlan {
    match ip {
        IpAddr::V4(a) => InfoVxlan::Group(a),
        IpAddr::V6(a) => InfoVxlan::Group6(a),
    }
}

/// A range of UDP ports, `0 0` being the kernel's own choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRange {
    /// The first.
    #[serde(rename = "low")]
    pub min: u16,
    /// The last.
    #[serde(rename = "high")]
    pub max: u16,
}

impl Attr for PortRange {
    const SHAPE: Shape = Shape::Pair;
    fn words(&self, word: &'static str) -> Vec<String> {
        vec![word.to_owned(), self.min.to_string(), self.max.to_string()]
    }
    fn parse(words: &[&str]) -> Result<Self, Invalid> {
        let bad = || Invalid("a port range is two numbers from 0 to 65535: MIN MAX".into());
        let [min, max] = words else { return Err(bad()) };
        let range = PortRange {
            min: min.parse().map_err(|_| bad())?,
            max: max.parse().map_err(|_| bad())?,
        };
        if range.max < range.min {
            return Err(Invalid(format!("port range {min} {max} ends before it begins")));
        }
        Ok(range)
    }
}

/// A TTL policy. In JSON a number, 0 for the kernel's default, or `inherit`, as
/// `ip -j` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TtlJson", into = "TtlJson")]
pub enum Ttl {
    /// The kernel's default (0 on the wire of netlink).
    Auto,
    /// Copied from the inner packet.
    Inherit,
    /// Fixed.
    Hops(u8),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum TtlJson {
    Hops(u8),
    Inherit(Inherit),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Inherit {
    Inherit,
}

impl From<TtlJson> for Ttl {
    fn from(json: TtlJson) -> Ttl {
        match json {
            TtlJson::Hops(0) => Ttl::Auto,
            TtlJson::Hops(n) => Ttl::Hops(n),
            TtlJson::Inherit(_) => Ttl::Inherit,
        }
    }
}

impl From<Ttl> for TtlJson {
    fn from(ttl: Ttl) -> TtlJson {
        match ttl {
            Ttl::Auto => TtlJson::Hops(0),
            Ttl::Hops(n) => TtlJson::Hops(n),
            Ttl::Inherit => TtlJson::Inherit(Inherit::Inherit),
        }
    }
}

impl FromStr for Ttl {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        match s {
            "auto" | "0" => Ok(Ttl::Auto),
            "inherit" => Ok(Ttl::Inherit),
            n => n.parse().map(Ttl::Hops).map_err(|_| {
                Invalid(format!("'{}' is not a TTL: 1 to 255, inherit or auto", shown(n)))
            }),
        }
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ttl::Auto => f.write_str("auto"),
            Ttl::Inherit => f.write_str("inherit"),
            Ttl::Hops(n) => n.fmt(f),
        }
    }
}

/// A TOS byte; 1 stands for 'inherit' in the kernel's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tos(pub u8);

impl FromStr for Tos {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        if s == "inherit" {
            return Ok(Tos(1));
        }
        // `ip` reads it in hexadecimal, with or without 0x.
        let digits = s.strip_prefix("0x").unwrap_or(s);
        u8::from_str_radix(digits, 16)
            .map(Tos)
            .map_err(|_| Invalid(format!("'{}' is not a TOS: 0x0 to 0xff, or inherit", shown(s))))
    }
}

impl fmt::Display for Tos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 1 { f.write_str("inherit") } else { write!(f, "{:#x}", self.0) }
    }
}

/// A don't-fragment policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Df {
    /// Never set.
    Unset,
    /// Always set.
    Set,
    /// As on the inner packet.
    Inherit,
}

impl FromStr for Df {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        match s {
            "unset" => Ok(Df::Unset),
            "set" => Ok(Df::Set),
            "inherit" => Ok(Df::Inherit),
            _ => Err(Invalid(format!("'{}' is not a DF policy: unset, set or inherit", shown(s)))),
        }
    }
}

impl fmt::Display for Df {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Df::Unset => "unset",
            Df::Set => "set",
            Df::Inherit => "inherit",
        })
    }
}

/// An IPv6 flow label, 20 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlowLabel(pub u32);

impl FromStr for FlowLabel {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        number(s)
            .filter(|n| *n <= 0xf_ffff)
            .map(FlowLabel)
            .ok_or_else(|| Invalid(format!("'{}' is not a flow label: 0 to 0xfffff", shown(s))))
    }
}

impl fmt::Display for FlowLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A number as `ip` takes it: decimal, or hexadecimal after `0x`.
fn number(s: &str) -> Option<u32> {
    match s.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => s.parse().ok(),
    }
}

own_attr!(Ttl, Tos, Df, FlowLabel);

/// Serde through text, for the types above that print and parse.
macro_rules! through_text {
    ($($ty:ty),+) => {$(
        impl TryFrom<String> for $ty {
            type Error = Invalid;
            fn try_from(s: String) -> Result<Self, Invalid> {
                s.parse()
            }
        }
        impl From<$ty> for String {
            fn from(v: $ty) -> String {
                v.to_string()
            }
        }
    )+};
}
through_text!(Tos, FlowLabel);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attrs::Change;

    fn asked(words: &[(&str, &[&str])]) -> VxlanAttrs {
        let mut attrs = VxlanAttrs::default();
        for (word, values) in words {
            assert!(attrs.set_words(word, values).unwrap(), "{word}");
        }
        attrs
    }

    #[test]
    fn every_row_survives_encode_and_decode() {
        let attrs = asked(&[
            ("id", &["256"]),
            ("local", &["192.168.1.4"]),
            ("remote", &["192.168.1.5"]),
            ("srcport", &["40000", "50000"]),
            ("dstport", &["4789"]),
            ("learning", &["off"]),
            ("proxy", &["on"]),
            ("rsc", &["on"]),
            ("l2miss", &["on"]),
            ("l3miss", &["on"]),
            ("ttl", &["inherit"]),
            ("tos", &["0x10"]),
            ("df", &["set"]),
            ("flowlabel", &["0x12345"]),
            ("ageing", &["60"]),
            ("maxaddress", &["1000"]),
            ("udpcsum", &["off"]),
            ("udp6zerocsumtx", &["on"]),
            ("udp6zerocsumrx", &["on"]),
            ("remcsumtx", &["on"]),
            ("remcsumrx", &["on"]),
            ("gbp", &[]),
            ("gpe", &[]),
            ("external", &["on"]),
            ("vnifilter", &["on"]),
            ("localbypass", &["off"]),
        ]);
        assert_eq!(VxlanAttrs::decode(&attrs.encode()), attrs);
        // Every row but `group` (which excludes `remote`) is in the list above.
        assert_eq!(attrs.encode().len(), VxlanAttrs::FIELDS.len() - 1);
    }

    #[test]
    fn a_multicast_far_end_is_a_group() {
        let attrs = asked(&[("group", &["239.1.1.1"])]);
        let back = VxlanAttrs::decode(&attrs.encode());
        assert_eq!(back.group, attrs.group);
        assert_eq!(back.remote, None);
    }

    #[test]
    fn words_are_those_of_ip() {
        let attrs = asked(&[
            ("id", &["256"]),
            ("dstport", &["4789"]),
            ("learning", &["off"]),
            ("proxy", &["on"]),
            ("srcport", &["1", "2"]),
        ]);
        assert_eq!(attrs.words().join(" "), "id 256 srcport 1 2 dstport 4789 nolearning proxy");
    }

    #[test]
    fn a_difference_says_whether_it_can_change() {
        let have = asked(&[("id", &["256"]), ("ageing", &["300"]), ("proxy", &["on"])]);
        let want = asked(&[("id", &["256"]), ("ageing", &["60"]), ("proxy", &["off"])]);
        let found = want.differences(&have);
        assert_eq!(
            found.iter().map(|d| (d.word, d.change)).collect::<Vec<_>>(),
            [("proxy", Change::Fixed), ("ageing", Change::Live)]
        );
        assert_eq!(found[0].asked, "noproxy");
    }

    #[test]
    fn bad_values_are_refused_in_words() {
        let mut attrs = VxlanAttrs::default();
        assert!(attrs.set_words("id", &["16777216"]).unwrap_err().0.contains("out of range"));
        assert!(attrs.set_words("ttl", &["256"]).is_err());
        assert!(attrs.set_words("srcport", &["5", "4"]).is_err());
        assert!(attrs.set_words("dstport", &["65536"]).is_err());
        assert!(!attrs.set_words("nosuch", &["1"]).unwrap());
    }
}
