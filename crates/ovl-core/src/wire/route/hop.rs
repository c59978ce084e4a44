//! The ways of a route that has several, and what every way has.

use std::net::IpAddr;

use netlink_packet_core::NlasIterator;
use serde::{Deserialize, Serialize};

use super::{ip, rta, unreadable};
use crate::error::Fail;

/// One of several ways that a route takes (`struct rtnexthop`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hop {
    /// Gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<IpAddr>,
    /// Index of the device it leaves by.
    pub dev: u32,
    /// How many shares of the packets it takes.
    pub weight: u16,
    /// `RTNH_F_*`.
    pub flags: u8,
}

impl Hop {
    /// Its flags in `ip`'s words.
    pub fn flag_words(&self) -> Vec<&'static str> {
        flag_words(self.flags)
    }
}

/// `RTNH_F_*` in `ip`'s words, in the order in which `ip` prints them.
pub(super) fn flag_words(flags: u8) -> Vec<&'static str> {
    const WORDS: [(u8, &str); 7] = [
        (1, "dead"),
        (4, "onlink"),
        (2, "pervasive"),
        (8, "offload"),
        (64, "trap"),
        (16, "linkdown"),
        (32, "unresolved"),
    ];
    WORDS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| *word).collect()
}

/// A gateway of another family than the route's (`struct rtvia`): the family in
/// two bytes, then the address.
pub(super) fn via(payload: &[u8]) -> Option<IpAddr> {
    ip(payload.get(2..)?)
}

/// `struct rtnexthop` is 8 bytes: its length with what follows, flags, hops and
/// the device's index.
const RTNEXTHOP: usize = 8;

/// The next hops of a route, each with attributes of its own.
pub(super) fn hops(mut payload: &[u8]) -> Result<Box<[Hop]>, Fail> {
    let short = || Fail::Unreadable("a cut-off next hop".into());
    let mut hops = Vec::new();
    while let Some(head) = payload.first_chunk::<RTNEXTHOP>() {
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        let own = payload.get(RTNEXTHOP..length).ok_or_else(short)?;
        let mut hop = Hop {
            via: None,
            dev: u32::from_ne_bytes([head[4], head[5], head[6], head[7]]),
            weight: u16::from(head[3]) + 1,
            flags: head[2],
        };
        for nla in NlasIterator::new(own) {
            let nla = nla.map_err(|e| unreadable(&e))?;
            match nla.kind() {
                rta::GATEWAY => hop.via = ip(nla.value()),
                rta::VIA => hop.via = via(nla.value()),
                _ => {}
            }
        }
        hops.push(hop);
        payload = payload.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(hops.into())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::super::parse;
    use super::*;

    /// An attribute, padded.
    fn nla(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn hop(dev: u32, hops: u8, flags: u8, own: &[u8]) -> Vec<u8> {
        let length = u16::try_from(RTNEXTHOP + own.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend([flags, hops]);
        bytes.extend(dev.to_ne_bytes());
        bytes.extend(own);
        bytes
    }

    fn head() -> Vec<u8> {
        vec![2, 16, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0]
    }

    #[test]
    fn a_route_has_all_its_next_hops() {
        let far: Ipv6Addr = "fe80::1".parse().unwrap();
        let other = [&[10, 0][..], &far.octets()].concat();
        let hops = [
            hop(2, 0, 0, &nla(rta::GATEWAY, &[10, 0, 0, 2])),
            hop(3, 4, 4 | 16, &nla(rta::VIA, &other)),
            hop(4, 0, 0, &[]),
        ];
        let (dst, id) = (nla(rta::DST, &[10, 5, 0, 0]), nla(rta::NH_ID, &7u32.to_ne_bytes()));
        let body = [head(), dst, nla(rta::MULTIPATH, &hops.concat()), id];
        let route = parse(&body.concat()).unwrap().unwrap();
        assert_eq!((route.via, route.dev, route.nhid), (None, None, Some(7)));
        assert_eq!(route.devs().collect::<Vec<_>>(), [2, 3, 4]);
        let read = |via: Option<IpAddr>, dev, weight, flags| Hop { via, dev, weight, flags };
        let gateway = Ipv4Addr::new(10, 0, 0, 2);
        let wanted = [
            read(Some(gateway.into()), 2, 1, 0),
            read(Some(far.into()), 3, 5, 20),
            read(None, 4, 1, 0),
        ];
        assert_eq!(*route.hops, wanted);
        assert_eq!(route.hops[1].flag_words(), ["onlink", "linkdown"]);
        // Cut off, it is no route with less hops.
        let body = [head(), nla(rta::MULTIPATH, &[16, 0, 0, 0, 1, 0, 0, 0])].concat();
        assert!(parse(&body).is_err());
        let body = [head(), nla(rta::MULTIPATH, &[0; 8])].concat();
        assert!(parse(&body).is_err());
    }

    #[test]
    fn a_gateway_may_be_of_another_family() {
        let far: Ipv6Addr = "fe80::1".parse().unwrap();
        let body = [head(), nla(rta::VIA, &[&[10, 0][..], &far.octets()].concat())].concat();
        assert_eq!(parse(&body).unwrap().unwrap().via, Some(far.into()));
    }
}
