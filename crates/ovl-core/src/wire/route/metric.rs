//! What a route fixes of the packets and connections on it (`RTA_METRICS`): an MTU that
//! is smaller than the device's, and the like.

use std::borrow::Cow;
use std::fmt;

use netlink_packet_core::NlasIterator;
use serde::{Deserialize, Serialize};

use super::{number, unreadable};
use crate::error::Fail;

/// One thing that a route fixes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metric {
    /// What, in `ip`'s words: mtu, advmss...
    pub name: Cow<'static, str>,
    /// How much.
    pub value: Amount,
    /// The kernel may not find out another value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lock: bool,
}

/// What it is fixed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number; of a time, milliseconds.
    Number(u32),
    /// Words: an algorithm, features.
    Words(String),
}

impl Metric {
    /// Its value as `ip` prints it, with its lock: `lock 1400`, `1.5s`.
    pub fn amount(&self) -> String {
        let lock = if self.lock { "lock " } else { "" };
        match &self.value {
            Amount::Words(words) => format!("{lock}{words}"),
            Amount::Number(n) if !TIMES.contains(&&*self.name) => format!("{lock}{n}"),
            Amount::Number(n) if *n < 1000 => format!("{lock}{n}ms"),
            Amount::Number(n) => format!("{lock}{}s", f64::from(*n) / 1000.0),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.amount())
    }
}

/// Those that are times.
const TIMES: [&str; 3] = ["rtt", "rttvar", "rto_min"];

/// `RTAX_*` (include/uapi/linux/rtnetlink.h).
mod rtax {
    pub const LOCK: u16 = 1;
    pub const MTU: u16 = 2;
    pub const RTT: u16 = 4;
    pub const RTTVAR: u16 = 5;
    pub const HOPLIMIT: u16 = 10;
    pub const FEATURES: u16 = 12;
    pub const CC_ALGO: u16 = 16;
}

/// Their names in `ip`'s words (`mx_names` in iproute2's `ip/iproute.c`), from
/// `RTAX_MTU` on.
const NAMES: [&str; 16] = [
    "mtu",
    "window",
    "rtt",
    "rttvar",
    "ssthresh",
    "cwnd",
    "advmss",
    "reordering",
    "hoplimit",
    "initcwnd",
    "features",
    "rto_min",
    "initrwnd",
    "quickack",
    "congctl",
    "fastopen_no_cookie",
];

/// All that is inside `RTA_METRICS`, in the kernel's order, which is `ip`'s. One that is
/// locked counts without a value too: such an MTU turns path MTU discovery off.
pub(super) fn metrics(payload: &[u8]) -> Result<Box<[Metric]>, Fail> {
    let mut values = [const { None }; 32];
    let mut locks = 0;
    for nla in NlasIterator::new(payload) {
        let nla = nla.map_err(|e| unreadable(&e))?;
        if nla.kind() == rtax::LOCK {
            locks = number(nla.value()).unwrap_or_default();
        } else if let Some(value) = values.get_mut(usize::from(nla.kind())) {
            *value = amount(nla.kind(), nla.value());
        }
    }
    let one = |kind: u16| {
        let lock = locks & 1 << kind != 0;
        let value = values[usize::from(kind)].take();
        let value = value.or_else(|| lock.then_some(Amount::Number(0)))?;
        Some(Metric { name: name(kind), value, lock })
    };
    Ok((rtax::MTU..32).filter_map(one).collect())
}

fn name(kind: u16) -> Cow<'static, str> {
    let known = NAMES.get(usize::from(kind - rtax::MTU));
    known.map_or_else(|| format!("metric {kind}").into(), |name| (*name).into())
}

fn amount(kind: u16, payload: &[u8]) -> Option<Amount> {
    if kind == rtax::CC_ALGO {
        let name = String::from_utf8_lossy(payload);
        return Some(Amount::Words(name.trim_end_matches('\0').to_owned()));
    }
    let number = number(payload)?;
    match kind {
        // The kernel counts these in eighths and quarters.
        rtax::RTT => Some(Amount::Number(number / 8)),
        rtax::RTTVAR => Some(Amount::Number(number / 4)),
        // As many as are the system's.
        rtax::HOPLIMIT if number == u32::MAX => None,
        rtax::FEATURES => Some(Amount::Words(features(number))),
        _ => Some(Amount::Number(number)),
    }
}

/// `RTAX_FEATURE_*` in `ip`'s words.
fn features(bits: u32) -> String {
    /// `RTAX_FEATURE_ECN`.
    const ECN: u32 = 1;
    let ecn = (bits & ECN != 0).then(|| "ecn".to_owned());
    let rest = (bits & !ECN != 0).then(|| format!("{:#x}", bits & !ECN));
    ecn.into_iter().chain(rest).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_locked_or_a_time_says_so() {
        let nla = |kind: u16, value: u32| {
            [&[8, 0][..], &kind.to_ne_bytes(), &value.to_ne_bytes()].concat()
        };
        let text = |pairs: &[(u16, u32)]| {
            let bytes: Vec<u8> = pairs.iter().flat_map(|(kind, v)| nla(*kind, *v)).collect();
            let read = metrics(&bytes).unwrap();
            read.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text(&[(1, 1 << 2), (2, 1400), (8, 1000)]), "mtu lock 1400 advmss 1000");
        assert_eq!(text(&[(4, 12_000), (5, 80), (12, 1)]), "rtt 1.5s rttvar 20ms features ecn");
        assert_eq!(
            text(&[(1, 1 << 2), (10, u32::MAX), (30, 3), (40, 3)]),
            "mtu lock 0 metric 30 3"
        );
        assert!(metrics(&[9, 0, 2, 0, 1]).is_err());
    }
}
