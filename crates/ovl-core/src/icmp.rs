//! ICMP echo from inside a namespace: one request, one reply, and what routers
//! say when there is none.

use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, connect, recvmsg,
    sendto, setsockopt, socket, sockopt,
};

use crate::error::Fail;
use crate::names::IfName;
use crate::netns::NetNs;
use crate::syscall;

/// Type, code, checksum, identifier and sequence number.
const HEADER: usize = 8;
/// The IPv6 header; an IPv4 header's length is in its first byte.
const IPV6_HEADER: usize = 40;
/// Large enough for any packet.
const BUFFER: usize = 65_535;

/// ICMP message types (RFC 792, RFC 4443).
struct Types {
    request: u8,
    reply: u8,
    unreachable: u8,
    too_big: Option<u8>,
}

const V4: Types = Types { request: 8, reply: 0, unreachable: 3, too_big: None };
const V6: Types = Types { request: 128, reply: 129, unreachable: 1, too_big: Some(2) };

/// A socket for echo requests to one address.
#[derive(Debug)]
pub struct Echo {
    fd: OwnedFd,
    to: IpAddr,
    id: u16,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Reply {
        /// By whom.
        from: IpAddr,
        /// Bytes of the ICMP message.
        bytes: usize,
        /// Time to live the answer arrived with, where the packet says it.
        ttl: Option<u8>,
        /// Time it took.
        time: Duration,
    },
    /// Somebody on the way said why not.
    Refused {
        /// Who.
        from: IpAddr,
        /// The message, in words.
        why: String,
        /// The MTU a router names, in bytes.
        mtu: Option<u32>,
    },
    /// Nobody answered in time.
    Silence,
    /// This host could not send it: too large for the device or for the other end of
    /// its cable, no route, or one that prohibits or discards it, a filter.
    NotSent(Errno),
    /// It is a broadcast address: everybody's, to whom nothing was sent.
    Broadcast,
    /// It was sent, and its answer not waited for: what ends the wait came first.
    Stopped,
}

impl Echo {
    /// Opens a raw socket inside `ns` (`CAP_NET_RAW` there). `df`: set the
    /// don't-fragment bit. `dev`: send by this device only.
    pub fn open_in(ns: &NetNs, to: IpAddr, df: bool, dev: Option<&IfName>) -> Result<Echo, Fail> {
        let (family, protocol) = if to.is_ipv4() {
            (AddressFamily::Inet, SockProtocol::Icmp)
        } else {
            (AddressFamily::Inet6, SockProtocol::IcmpV6)
        };
        let fd = ns.enter(|| socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol))??;
        if df {
            syscall::dont_fragment(fd.as_fd(), to.is_ipv4())?;
        }
        if let Some(dev) = dev {
            setsockopt(&fd, sockopt::BindToDevice, &dev.as_str().into())?;
        }
        // The low bits of the process id, as ping does: enough to tell two apart.
        let id = u16::try_from(std::process::id() & 0xffff).unwrap_or_default();
        Ok(Echo { fd, to, id })
    }

    /// Sends a request with `size` bytes of data and waits for what comes of it, or
    /// until there is something to read from `stop`.
    pub fn ask(
        &self,
        seq: u16,
        size: usize,
        patience: Duration,
        stop: Option<BorrowedFd<'_>>,
    ) -> Result<Outcome, Fail> {
        let packet = request(self.types().request, self.id, seq, size, self.to.is_ipv4());
        let start = Instant::now();
        match sendto(self.fd.as_raw_fd(), &packet, &self.address(), MsgFlags::empty()) {
            Ok(_) => {}
            Err(Errno::EACCES) if self.is_broadcast() => return Ok(Outcome::Broadcast),
            // With this socket open it is not for want of privileges: a route prohibits
            // it (EACCES), or a filter drops it (EPERM). A blackhole is EINVAL
            // (`fib_props` in net/ipv4/fib_semantics.c), what the device drops ENOBUFS
            // (`net_xmit_errno`); IPv4 does not say the latter (`raw_sendmsg`).
            Err(
                e @ (Errno::EMSGSIZE
                | Errno::ENETUNREACH
                | Errno::EHOSTUNREACH
                | Errno::ENETDOWN
                | Errno::EACCES
                | Errno::EPERM
                | Errno::EINVAL
                | Errno::EADDRNOTAVAIL
                | Errno::ENOBUFS),
            ) => return Ok(Outcome::NotSent(e)),
            Err(e) => return Err(e.into()),
        }
        let mut buffer = vec![0; BUFFER];
        loop {
            let Some(left) = patience.checked_sub(start.elapsed()).filter(|d| !d.is_zero()) else {
                return Ok(Outcome::Silence);
            };
            if self.wait(left, stop)? {
                return Ok(Outcome::Stopped);
            }
            let (length, from) = match self.receive(&mut buffer) {
                Ok(received) => received,
                Err(Errno::EAGAIN | Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            };
            if let Some(outcome) = self.read(&buffer[..length], from, seq, start.elapsed()) {
                return Ok(outcome);
            }
        }
    }

    /// Waits for a packet for at most so long. Was there something to read from `stop`?
    fn wait(&self, left: Duration, stop: Option<BorrowedFd<'_>>) -> Result<bool, Errno> {
        // A millisecond more rather than one too few, which would be waited for again.
        let left = PollTimeout::try_from(left + Duration::from_millis(1));
        let own = PollFd::new(self.fd.as_fd(), PollFlags::POLLIN);
        let stop = stop.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let mut fds: Vec<PollFd<'_>> = std::iter::once(own).chain(stop).collect();
        match poll(&mut fds, left.unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(e),
        }
        Ok(fds.get(1).and_then(PollFd::any) == Some(true))
    }

    fn address(&self) -> SockaddrStorage {
        SockaddrStorage::from(SocketAddr::new(self.to, 0))
    }

    /// Does the kernel refuse it as a broadcast address? Then, and only then, it takes
    /// it from a socket that is allowed those. Connecting sends nothing.
    fn is_broadcast(&self) -> bool {
        let to = self.address();
        let fd = self.fd.as_raw_fd();
        connect(fd, &to) == Err(Errno::EACCES)
            && setsockopt(&self.fd, sockopt::Broadcast, &true).is_ok()
            && connect(fd, &to).is_ok()
    }

    fn types(&self) -> Types {
        if self.to.is_ipv4() { V4 } else { V6 }
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<(usize, IpAddr), Errno> {
        let mut slices = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(
            self.fd.as_raw_fd(),
            &mut slices,
            None,
            MsgFlags::MSG_DONTWAIT,
        )?;
        let from = message.address.as_ref().and_then(|a| {
            let v4 = a.as_sockaddr_in().map(|s| IpAddr::V4(s.ip()));
            v4.or_else(|| a.as_sockaddr_in6().map(|s| IpAddr::V6(s.ip())))
        });
        Ok((message.bytes, from.unwrap_or(self.to)))
    }

    /// A packet, if it is about our request. An IPv4 raw socket hands over the
    /// IP header as well, an IPv6 one does not.
    fn read(&self, packet: &[u8], from: IpAddr, seq: u16, time: Duration) -> Option<Outcome> {
        let types = self.types();
        let skip = if self.to.is_ipv4() { ipv4_header(packet)? } else { 0 };
        let ttl = self.to.is_ipv4().then(|| packet.get(8).copied()).flatten();
        let icmp = packet.get(skip..)?;
        let kind = *icmp.first()?;
        if kind == types.reply {
            let ours = same_echo(icmp, self.id, seq)?;
            return ours.then_some(Outcome::Reply { from, bytes: icmp.len(), ttl, time });
        }
        if kind != types.unreachable && Some(kind) != types.too_big {
            return None;
        }
        // The message quotes our packet, beginning with its IP header.
        let quoted = icmp.get(HEADER..)?;
        let inner = if self.to.is_ipv4() { ipv4_header(quoted)? } else { IPV6_HEADER };
        if !same_echo(quoted.get(inner..)?, self.id, seq)? {
            return None;
        }
        let code = *icmp.get(1)?;
        let mtu = mtu_in(icmp, self.to.is_ipv4(), kind, code);
        let why = match (mtu, self.to.is_ipv4(), code) {
            (Some(mtu), ..) => format!("too large, mtu {mtu}"),
            (None, _, 0) => "network unreachable".into(),
            (None, true, 1) | (None, false, 3) => "host unreachable".into(),
            (None, true, 9 | 10 | 13) | (None, false, 1) => "prohibited".into(),
            (None, _, code) => format!("unreachable (code {code})"),
        };
        Some(Outcome::Refused { from, why, mtu })
    }
}

/// The next hop's MTU in 'fragmentation needed' (RFC 1191) or 'packet too big'.
fn mtu_in(icmp: &[u8], v4: bool, kind: u8, code: u8) -> Option<u32> {
    let word = icmp.get(4..8).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_be_bytes)?;
    match (v4, kind, code) {
        (true, 3, 4) => Some(word & 0xffff),
        (false, 2, _) => Some(word),
        _ => None,
    }
}

fn ipv4_header(packet: &[u8]) -> Option<usize> {
    packet.first().map(|b| usize::from(b & 0x0f) * 4)
}

fn same_echo(icmp: &[u8], id: u16, seq: u16) -> Option<bool> {
    let word = |at: usize| Some(u16::from_be_bytes([*icmp.get(at)?, *icmp.get(at + 1)?]));
    Some(word(4)? == id && word(6)? == seq)
}

fn request(kind: u8, id: u16, seq: u16, size: usize, v4: bool) -> Vec<u8> {
    let mut packet = vec![kind, 0, 0, 0];
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&seq.to_be_bytes());
    packet.extend((0..size).map(|i| u8::try_from(i & 0xff).unwrap_or_default()));
    if v4 {
        // For ICMPv6 the kernel fills the checksum in: it covers addresses.
        let sum = checksum(&packet);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_with_its_checksum_sums_to_zero() {
        for size in [0, 1, 56, 1472] {
            let packet = request(V4.request, 0x1234, 7, size, true);
            assert_eq!(packet.len(), HEADER + size);
            assert_eq!(checksum(&packet), 0, "{size}");
        }
    }

    #[test]
    fn a_routers_word_on_size_names_the_mtu() {
        let icmp = [3, 4, 0, 0, 0, 0, 0x05, 0xaa];
        assert_eq!(mtu_in(&icmp, true, 3, 4), Some(1450));
        assert_eq!(mtu_in(&icmp, true, 3, 1), None);
    }
}
