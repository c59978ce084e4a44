//! The values every other module speaks in: VNI, MAC address, prefix, MTU.
//! A value of one of these types is valid; text is refused here and nowhere
//! else. Knows nothing of netlink.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};

/// Why a text is not a value of the asked type. The sentence is complete:
/// it says what was wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A VXLAN network identifier: 24 bits, 0 to 16777215 (RFC 7348, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Vni(u32);

impl Vni {
    /// The largest VNI (`VXLAN_N_VID - 1` in include/net/vxlan.h).
    pub const MAX: u32 = (1 << 24) - 1;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Vni {
    type Error = Invalid;
    fn try_from(n: u32) -> Result<Self, Invalid> {
        if n > Self::MAX {
            return Err(Invalid(format!("VNI {n} is out of range: 0 to {}", Self::MAX)));
        }
        Ok(Vni(n))
    }
}

impl From<Vni> for u32 {
    fn from(v: Vni) -> u32 {
        v.0
    }
}

impl FromStr for Vni {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let n: u64 = s.parse().map_err(|_| {
            Invalid(format!("'{s}' is not a VNI: a number from 0 to {}", Self::MAX))
        })?;
        u32::try_from(n)
            .map_err(|_| Invalid(format!("VNI {n} is out of range: 0 to {}", Self::MAX)))
            .and_then(Vni::try_from)
    }
}

impl fmt::Display for Vni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An Ethernet address, six octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// The all-zeros address: a VXLAN device's default destination ("flood") row.
    pub const ZERO: MacAddr = MacAddr([0; 6]);

    /// Docker's rule for a container's address: `02:42` and the four octets of
    /// its IPv4 address (libnetwork, netutils.GenerateMACFromIP).
    pub fn from_ipv4(ip: Ipv4Addr) -> MacAddr {
        let [a, b, c, d] = ip.octets();
        MacAddr([0x02, 0x42, a, b, c, d])
    }

    /// Is the group bit set (multicast or broadcast)?
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// As every tool prints it, in ASCII. By hand: addresses are written by the
    /// hundred thousand.
    pub fn text(self) -> [u8; 17] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b':'; 17];
        for (i, octet) in self.0.into_iter().enumerate() {
            text[3 * i] = DIGITS[usize::from(octet >> 4)];
            text[3 * i + 1] = DIGITS[usize::from(octet & 15)];
        }
        text
    }

    /// As every tool prints it, read quickly; `None` for all that is not plainly
    /// that, though it may be a MAC address all the same.
    fn plain(text: &[u8]) -> Option<MacAddr> {
        let text: &[u8; 17] = text.try_into().ok()?;
        let mut octets = [0; 6];
        for (i, octet) in octets.iter_mut().enumerate() {
            *octet = digit(text[3 * i])? << 4 | digit(text[3 * i + 1])?;
            if i < 5 && text[3 * i + 2] != b':' {
                return None;
            }
        }
        Some(MacAddr(octets))
    }

    /// From a netlink payload; `None` unless it has six octets.
    pub fn from_bytes(bytes: &[u8]) -> Option<MacAddr> {
        bytes.try_into().ok().map(MacAddr)
    }
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl FromStr for MacAddr {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        if let Some(mac) = MacAddr::plain(s.as_bytes()) {
            return Ok(mac);
        }
        let bad =
            || Invalid(format!("'{s}' is not a MAC address: six octets such as 02:42:c0:a8:0a:64"));
        let mut octets = [0; 6];
        let mut parts = s.split(':');
        for octet in &mut octets {
            let part = parts.next().ok_or_else(bad)?;
            if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(bad());
            }
            *octet = u8::from_str_radix(part, 16).map_err(|_| bad())?;
        }
        if parts.next().is_some() {
            return Err(bad());
        }
        Ok(MacAddr(octets))
    }
}

impl TryFrom<String> for MacAddr {
    type Error = Invalid;
    fn try_from(s: String) -> Result<Self, Invalid> {
        s.parse()
    }
}

impl Serialize for MacAddr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// A MAC address that one interface can own: not multicast, not all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnicastMac(MacAddr);

impl UnicastMac {
    /// The address.
    pub fn get(self) -> MacAddr {
        self.0
    }
}

impl FromStr for UnicastMac {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        UnicastMac::try_from(s.parse::<MacAddr>()?)
    }
}

impl TryFrom<MacAddr> for UnicastMac {
    type Error = Invalid;
    fn try_from(mac: MacAddr) -> Result<Self, Invalid> {
        if mac.is_multicast() {
            return Err(Invalid(format!(
                "{mac} is a multicast MAC address (its first octet is odd); an endpoint has a unicast one"
            )));
        }
        if mac == MacAddr::ZERO {
            return Err(Invalid(
                "00:00:00:00:00:00 is not an endpoint's address; the flood row is written with --flood".into(),
            ));
        }
        Ok(UnicastMac(mac))
    }
}

impl From<UnicastMac> for MacAddr {
    fn from(m: UnicastMac) -> MacAddr {
        m.0
    }
}

/// An interface address with its prefix length, host bits kept: `192.168.10.1/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cidr(IpNet);

impl Cidr {
    /// The address part.
    pub fn addr(self) -> IpAddr {
        self.0.addr()
    }

    /// The prefix length in bits.
    pub fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }

    /// The network: the same prefix with the host bits cleared.
    pub fn network(self) -> IpNet {
        self.0.trunc()
    }

    /// An address that a host of its subnet can have: not the subnet's own, nor the one
    /// that means all of them. Subnets of one or two addresses have neither.
    pub fn of_a_host(self) -> Result<Cidr, Invalid> {
        let (ip, net) = (self.addr(), self.network());
        let is_wide = net.max_prefix_len() - net.prefix_len() > 1;
        let is = match ip {
            _ if ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() => "no host's",
            _ if is_wide && ip == net.addr() => "the subnet's own",
            IpAddr::V4(_) if is_wide && ip == net.broadcast() => "the subnet's broadcast",
            _ => return Ok(self),
        };
        let first = net.hosts().next().filter(|_| is_wide && is != "no host's");
        let example = first.map(|ip| format!(": a host's is {ip}/{}", net.prefix_len()));
        Err(Invalid(format!("{self} is {is} address{}", example.unwrap_or_default())))
    }

    /// Does the prefix hold this address?
    pub fn contains(self, ip: IpAddr) -> bool {
        self.0.contains(&ip)
    }
}

impl From<IpNet> for Cidr {
    fn from(net: IpNet) -> Cidr {
        Cidr(net)
    }
}

impl FromStr for Cidr {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        if let Ok(net) = s.parse() {
            return Ok(Cidr(net));
        }
        if let Ok(ip) = s.parse::<IpAddr>() {
            let usual = if ip.is_ipv4() { 24 } else { 64 };
            return Err(Invalid(format!(
                "address {ip} has no prefix length: write ADDRESS/LEN, such as {ip}/{usual}"
            )));
        }
        Err(Invalid(format!("'{s}' is not ADDRESS/LEN, such as 192.168.10.100/24")))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A device MTU in bytes, as a user may ask for it: 68 (the least IPv4 needs,
/// `ETH_MIN_MTU`) to 65535 (`ETH_MAX_MTU`). The loopback's 65536 is only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mtu(u32);

impl Mtu {
    /// Bytes.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Mtu {
    type Error = Invalid;
    fn try_from(n: u32) -> Result<Self, Invalid> {
        if !(68..=65535).contains(&n) {
            return Err(Invalid(format!("MTU {n} is out of range: 68 to 65535 bytes")));
        }
        Ok(Mtu(n))
    }
}

impl FromStr for Mtu {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let n: u32 =
            s.parse().map_err(|_| Invalid(format!("'{s}' is not an MTU: 68 to 65535 bytes")))?;
        Mtu::try_from(n)
    }
}

impl fmt::Display for Mtu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vni_is_24_bits() {
        assert_eq!("16777215".parse::<Vni>().unwrap().get(), 16_777_215);
        assert!("16777216".parse::<Vni>().unwrap_err().0.contains("out of range"));
        assert!("99999999999".parse::<Vni>().unwrap_err().0.contains("out of range"));
        assert!("-1".parse::<Vni>().is_err());
        assert!("0x100".parse::<Vni>().is_err());
    }

    #[test]
    fn mac_takes_six_hex_octets_and_nothing_else() {
        let mac: MacAddr = "02:42:C0:a8:a:64".parse().unwrap();
        assert_eq!(mac.to_string(), "02:42:c0:a8:0a:64");
        for bad in ["", "02:42", "02:42:c0:a8:0a:64:00", "02-42-c0-a8-0a-64", "+2:42:c0:a8:0a:64"] {
            assert!(bad.parse::<MacAddr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn docker_rule_for_macs() {
        let mac = MacAddr::from_ipv4(Ipv4Addr::new(192, 168, 10, 100));
        assert_eq!(mac.to_string(), "02:42:c0:a8:0a:64");
    }

    #[test]
    fn endpoint_macs_are_unicast() {
        assert!("02:42:c0:a8:0a:64".parse::<UnicastMac>().is_ok());
        assert!("01:00:5e:00:00:01".parse::<UnicastMac>().unwrap_err().0.contains("multicast"));
        assert!("ff:ff:ff:ff:ff:ff".parse::<UnicastMac>().is_err());
        assert!("00:00:00:00:00:00".parse::<UnicastMac>().unwrap_err().0.contains("--flood"));
    }

    #[test]
    fn a_prefix_must_be_said() {
        let err = "192.168.10.1".parse::<Cidr>().unwrap_err();
        assert!(err.0.contains("192.168.10.1/24"), "{err}");
        let cidr: Cidr = "192.168.10.1/24".parse().unwrap();
        assert_eq!(cidr.network().to_string(), "192.168.10.0/24");
        assert_eq!(cidr.to_string(), "192.168.10.1/24");
        assert!("192.168.10.1/33".parse::<Cidr>().is_err());
    }

    #[test]
    fn a_gateway_is_a_hosts_address() {
        let is_ok = |text: &str| text.parse::<Cidr>().unwrap().of_a_host().is_ok();
        for good in
            ["192.168.10.1/24", "192.168.10.254/24", "10.0.0.0/31", "10.0.0.1/32", "fd00::1/64"]
        {
            assert!(is_ok(good), "{good}");
        }
        for bad in [
            "192.168.10.0/24",
            "192.168.10.255/24",
            "0.0.0.0/0",
            "224.0.0.1/4",
            "127.0.0.1/8",
            "fd00::/64",
        ] {
            assert!(!is_ok(bad), "{bad}");
        }
    }
}
