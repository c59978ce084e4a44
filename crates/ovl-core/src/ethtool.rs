//! A device's private statistics, as `ethtool -S` reads them. On a veth the
//! first of them is `peer_ifindex`.

use std::os::fd::BorrowedFd;
use std::sync::OnceLock;

use crate::error::Fail;
use crate::names::IfName;
use crate::syscall;

/// `ETHTOOL_GSTRINGS` (include/uapi/linux/ethtool.h).
const GSTRINGS: u32 = 0x1b;
/// `ETHTOOL_GSTATS`.
const GSTATS: u32 = 0x1d;
/// `ETHTOOL_GSSET_INFO`.
const GSSET_INFO: u32 = 0x37;
/// `ETH_SS_STATS`: the string set that names the statistics.
const SS_STATS: u32 = 1;
/// `ETH_GSTRING_LEN`: bytes a name.
const NAME: usize = 32;

/// The statistic that names the other end, as the veth driver calls it
/// (drivers/net/veth.c, `ethtool_stats_keys`).
pub const PEER_IFINDEX: &str = "peer_ifindex";

/// Where among its statistics the veth driver has that one: its choice, and the
/// same for all its devices in all namespaces. Once it was looked up, a device is
/// two calls instead of three; the third is the longest.
static POSITION: OnceLock<Option<usize>> = OnceLock::new();

/// ethtool's calls, on a socket in the namespace that is meant. Any socket will do:
/// one that does not know the call hands it on to the devices (`sock_do_ioctl` in
/// net/socket.c).
#[derive(Debug)]
pub struct Ethtool<'s>(BorrowedFd<'s>);

impl<'s> Ethtool<'s> {
    /// On that socket.
    pub fn on(socket: BorrowedFd<'s>) -> Ethtool<'s> {
        Ethtool(socket)
    }

    /// Names and values, in the driver's order; empty when the driver has none.
    pub fn stats(&self, ifname: &IfName) -> Result<Vec<(String, u64)>, Fail> {
        let count = self.count(ifname)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let names = self.names(ifname, count)?;
        let values = self.values(ifname, count)?;
        Ok(names.into_iter().zip(values).collect())
    }

    /// The other end's number, of a veth alone.
    pub fn peer_ifindex(&self, ifname: &IfName) -> Result<Option<u64>, Fail> {
        let count = self.count(ifname)?;
        if count == 0 {
            return Ok(None);
        }
        let position = if let Some(known) = POSITION.get() {
            *known
        } else {
            let found = self.names(ifname, count)?.iter().position(|n| n == PEER_IFINDEX);
            *POSITION.get_or_init(|| found)
        };
        match position.filter(|at| *at < count) {
            Some(at) => Ok(self.values(ifname, count)?.get(at).copied()),
            None => Ok(None),
        }
    }

    /// struct `ethtool_sset_info`: cmd, reserved, u64 mask, u32 data[].
    fn count(&self, ifname: &IfName) -> Result<usize, Fail> {
        let mut buffer = [words(GSSET_INFO, 0), 1 << SS_STATS, 0];
        match syscall::ethtool(self.0, ifname.as_str(), &mut buffer) {
            Ok(()) => {}
            // No driver operations at all: no statistics.
            Err(nix::errno::Errno::EOPNOTSUPP) => return Ok(0),
            Err(e) => return Err(e.into()),
        }
        if buffer[1] == 0 {
            return Ok(0);
        }
        Ok(halves(buffer[2]).0 as usize)
    }

    /// struct `ethtool_gstrings`: cmd, set, u32 len, then 32 bytes a name.
    fn names(&self, ifname: &IfName, count: usize) -> Result<Vec<String>, Fail> {
        let mut buffer = vec![0u64; (12 + count * NAME).div_ceil(8)];
        buffer[0] = words(GSTRINGS, SS_STATS);
        buffer[1] = words(u32::try_from(count).unwrap_or(u32::MAX), 0);
        syscall::ethtool(self.0, ifname.as_str(), &mut buffer)?;
        let bytes: Vec<u8> = buffer.iter().flat_map(|w| w.to_ne_bytes()).collect();
        Ok(bytes[12..]
            .chunks_exact(NAME)
            .take(count)
            .map(|name| {
                let end = name.iter().position(|b| *b == 0).unwrap_or(NAME);
                String::from_utf8_lossy(&name[..end]).into_owned()
            })
            .collect())
    }

    /// struct `ethtool_stats`: cmd, `n_stats`, then u64 values.
    fn values(&self, ifname: &IfName, count: usize) -> Result<Vec<u64>, Fail> {
        let mut buffer = vec![0u64; 1 + count];
        buffer[0] = words(GSTATS, u32::try_from(count).unwrap_or(u32::MAX));
        syscall::ethtool(self.0, ifname.as_str(), &mut buffer)?;
        buffer.remove(0);
        Ok(buffer)
    }
}

/// Two 32-bit fields as they lie in memory.
fn words(first: u32, second: u32) -> u64 {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&first.to_ne_bytes());
    bytes[4..].copy_from_slice(&second.to_ne_bytes());
    u64::from_ne_bytes(bytes)
}

fn halves(word: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = word.to_ne_bytes();
    (u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes([e, f, g, h]))
}
