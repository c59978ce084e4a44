//! A flood of misses: a container that asks for as many addresses as it likes,
//! none of which anybody has.

use std::fs::File;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, sendto, socket,
};

/// Sends that many neighbour solicitations, each for another address, from a
/// device of a namespace. They go to all nodes: the kernel keeps no entry for any
/// of them, as it would for addresses that it looks up itself.
pub fn ask(netns: &str, dev: &str, count: u32) -> Result<()> {
    let (netns, dev) = (netns.to_owned(), dev.to_owned());
    // A namespace is a thread's: this one ends with it.
    let asking = thread::spawn(move || -> Result<()> {
        let file = File::open(format!("/run/netns/{netns}")).context("no such namespace")?;
        setns(file, CloneFlags::CLONE_NEWNET).context("cannot enter the namespace")?;
        let index = if_nametoindex(dev.as_str()).context("no such device")?;
        let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let to = SockaddrIn6::from(SocketAddrV6::new(all_nodes, 0, 0, index));
        let raw = socket(
            AddressFamily::Inet6,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::IcmpV6,
        )?;
        for n in 0..count {
            match sendto(raw.as_raw_fd(), &solicitation(n), &to, MsgFlags::empty()) {
                Ok(_) | Err(Errno::ENOBUFS) => {}
                Err(why) => return Err(why).context("cannot ask"),
            }
        }
        Ok(())
    });
    asking.join().map_err(|_| anyhow!("the asking thread panicked"))?
}

/// A neighbour solicitation (RFC 4861, 4.3) for `fd00:f::n`; the kernel fills in
/// the checksum.
fn solicitation(n: u32) -> [u8; 24] {
    let [high, low] = [(n >> 16) as u16, (n & 0xffff) as u16];
    let target = Ipv6Addr::new(0xfd00, 0xf, 0, 0, 0, 0, high, low).octets();
    let mut message = [0; 24];
    message[0] = 135;
    message[8..].copy_from_slice(&target);
    message
}
