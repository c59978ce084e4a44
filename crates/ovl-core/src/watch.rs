//! Following one namespace: the kernel's notices of what changes in it, as a
//! stream. Knows no views and no plans. An open socket keeps its namespace alive
//! (`NETLINK_LISTEN_ALL_NSID` would not, but hears only of namespaces that have
//! an id in its own): whoever follows looks who else holds it, and lets go.

use crate::names::shown;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use futures::stream::{Stream, try_unfold};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, setsockopt,
    socket, sockopt,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::Fail;
use crate::known::{Object, timeless};
use crate::link::Link;
use crate::netns::NetNs;
use crate::row::Miss;
use crate::socket::{Part, Parts, flag};
use crate::syscall;
pub use crate::syscall::awaited;
use crate::wire::row::Parsed;
use crate::wire::{self, rtm};

/// What can be followed, as groups of `RTNLGRP_*` (include/uapi/linux/rtnetlink.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Devices: `RTNLGRP_LINK`.
    Links,
    /// Addresses: `RTNLGRP_IPV4_IFADDR`, `RTNLGRP_IPV6_IFADDR`.
    Addrs,
    /// Routes: `RTNLGRP_IPV4_ROUTE`, `RTNLGRP_IPV6_ROUTE`.
    Routes,
    /// Neighbour and FDB rows, and misses: `RTNLGRP_NEIGH`.
    Rows,
}

impl Topic {
    /// All of them.
    pub const ALL: [Topic; 4] = [Topic::Links, Topic::Addrs, Topic::Routes, Topic::Rows];

    /// As a mask: group n is bit n - 1.
    fn groups(self) -> u32 {
        match self {
            Topic::Links => 1 << 0,
            Topic::Addrs => 1 << 4 | 1 << 8,
            Topic::Routes => 1 << 6 | 1 << 10,
            Topic::Rows => 1 << 2,
        }
    }
}

/// What the kernel tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Something is there: new, or changed.
    There(Object, Cause),
    /// Something is gone.
    Gone(Object, Cause),
    /// A VXLAN device did not know where a packet goes.
    Missed(Miss),
    /// The socket was full: notices were lost. Only a fresh listing tells what
    /// there is now.
    Lost,
    /// A notice that could not be read, with the reason.
    Unreadable(String),
}

/// What a notice says of the request that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cause {
    /// The netlink port of whoever asked: mostly a process id. The kernel says it for
    /// neighbour rows, routes and devices, not for VXLAN FDB rows.
    pub port: Option<u32>,
    /// Another object gave way to it: of a route, nothing else tells of the old one.
    pub replaces: bool,
}

impl Cause {
    /// The command's name, where the port is the id of a process that still runs.
    pub fn comm(self) -> Option<String> {
        let comm = std::fs::read_to_string(format!("/proc/{}/comm", self.port?)).ok()?;
        Some(shown(comm.trim_end()))
    }
}

/// Room for notices that are not read at once, in bytes: some 20,000 rows.
const ROOM: usize = 16 * 1024 * 1024;
/// No notice is longer: the kernel's are a page, a device's a few.
const BUFFER: usize = 64 * 1024;
const AF_UNSPEC: u8 = 0;

/// A socket that hears what changes in one namespace.
#[derive(Debug)]
pub struct Watcher {
    socket: OwnedFd,
}

impl Watcher {
    /// Opens one inside `ns`. What changes from now on will be told.
    pub fn open_in(ns: &NetNs, topics: &[Topic]) -> Result<Watcher, Fail> {
        ns.enter(|| Watcher::open(topics))?
    }

    fn open(topics: &[Topic]) -> Result<Watcher, Fail> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket =
            socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
        // Beyond the system's limit where that is allowed, up to it where not.
        if setsockopt(&socket, sockopt::RcvBufForce, &ROOM).is_err() {
            let _ = setsockopt(&socket, sockopt::RcvBuf, &ROOM);
        }
        let groups = topics.iter().fold(0, |mask, topic| mask | topic.groups());
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Watcher { socket })
    }

    /// The cookie of the namespace it is in.
    pub fn netns_cookie(&self) -> Result<u64, Fail> {
        Ok(syscall::netns_cookie(self.socket.as_fd())?)
    }

    /// The notices, as they come; to be called on a runtime of tokio's. The
    /// namespace is let go when the stream is dropped.
    pub fn notices(self) -> Result<impl Stream<Item = Result<Notice, Fail>> + Send, Fail> {
        let ears = Ears {
            socket: awaited(self.socket, Interest::READABLE)?,
            inbox: vec![0; BUFFER],
            heard: VecDeque::new(),
            overrun: false,
        };
        Ok(try_unfold(ears, |mut ears| async move {
            loop {
                if let Some(notice) = ears.heard.pop_front() {
                    return Ok(Some((notice, ears)));
                }
                ears.listen().await?;
            }
        }))
    }
}

/// The socket of a stream, and what it has heard that was not yet taken.
struct Ears {
    socket: AsyncFd<OwnedFd>,
    inbox: Vec<u8>,
    heard: VecDeque<Notice>,
    /// It was full, and is not yet read empty.
    overrun: bool,
}

impl Ears {
    /// Waits for a datagram and reads it.
    async fn listen(&mut self) -> Result<(), Fail> {
        let mut ready = self.socket.readable().await?;
        let inbox = &mut self.inbox;
        let received = ready.try_io(|socket| {
            recvfrom::<NetlinkAddr>(socket.as_raw_fd(), inbox).map_err(io::Error::from)
        });
        match received {
            // Not ready after all, or empty. One that was full says so once, and loses
            // what comes until it is empty (NETLINK_S_CONGESTED, net/netlink/af_netlink.c):
            // what is listed before that may be old already.
            Err(_) if std::mem::take(&mut self.overrun) => self.heard.push_back(Notice::Lost),
            Err(_) => {}
            // Whoever else can send to this socket has nothing to tell.
            Ok(Ok((_, Some(from)))) if from.pid() != 0 => {}
            // The listing that follows tells it.
            Ok(Ok(_)) if self.overrun => {}
            Ok(Ok((length, _))) => read(&self.inbox[..length], &mut self.heard),
            Ok(Err(e)) if e.raw_os_error() == Some(Errno::ENOBUFS as i32) => {
                self.overrun = true;
            }
            Ok(Err(e)) if e.kind() == io::ErrorKind::Interrupted => {}
            Ok(Err(e)) => return Err(Fail::Unknown(e)),
        }
        Ok(())
    }
}

fn read(datagram: &[u8], heard: &mut VecDeque<Notice>) {
    for part in Parts::new(datagram) {
        match part.and_then(|part| notice(&part)) {
            Ok(None) => {}
            Ok(Some(notice)) => heard.push_back(notice),
            Err(why) => heard.push_back(Notice::Unreadable(why.to_string())),
        }
    }
}

/// One message as a notice; `None` for those that are about nothing here.
fn notice(part: &Part<'_>) -> Result<Option<Notice>, Fail> {
    let cause = Cause {
        port: (part.port != 0).then_some(part.port),
        replaces: part.flags & flag::REPLACE != 0,
    };
    let object = match part.kind {
        // A bridge tells of its ports in messages of its own family: a port that
        // leaves is no device that goes.
        rtm::NEWLINK | rtm::DELLINK if part.body.first() == Some(&AF_UNSPEC) => {
            let link = wire::link::parse(part.body)?;
            Some(Object::Link(Box::new(Link { stats: None, ..link })))
        }
        rtm::NEWADDR | rtm::DELADDR => wire::addr::parse(part.body)?.map(Object::Addr),
        rtm::NEWROUTE | rtm::DELROUTE => wire::route::parse(part.body)?.map(Object::Route),
        rtm::NEWNEIGH | rtm::DELNEIGH => wire::row::parse(part.body)?.map(|row| match row {
            Parsed::Neigh(row) => Object::Neigh(row),
            Parsed::Fdb(row) => Object::Fdb(timeless(row)),
        }),
        rtm::GETNEIGH => return Ok(wire::row::miss(part.body)?.map(Notice::Missed)),
        _ => None,
    };
    let is_gone = matches!(part.kind, rtm::DELLINK | rtm::DELADDR | rtm::DELROUTE | rtm::DELNEIGH);
    Ok(object.map(
        |object| {
            if is_gone { Notice::Gone(object, cause) } else { Notice::There(object, cause) }
        },
    ))
}
