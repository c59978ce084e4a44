//! A blocking rtnetlink socket: one request, one dump, or a batch; time-outs,
//! sequence numbers, extended-ACK text. Bytes in and out; what they mean is
//! `wire`'s. The socket stays in the namespace where it was opened, and keeps
//! that namespace alive: hold it briefly.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::dump::{self, Reading};
use crate::error::{Fail, KernelError};
use crate::netns::NetNs;
use crate::syscall;

mod many;

pub use many::{Answer, Batch};

/// `struct nlmsghdr` is 16 bytes.
const HEADER: usize = 16;
/// A dump's datagrams grow up to 32 KiB when the reader offers as much
/// (`netlink_dump` in `net/netlink/af_netlink.c`); twice that is never too small.
const BUFFER: usize = 64 * 1024;
/// What is offered for the first datagrams of a dump: the kernel allots as much for
/// each, and most namespaces have less in them. It makes room for one message that
/// is larger whatever is offered.
const SMALL: usize = 8 * 1024;
/// A request waits for the kernel's locks and their holders' grace periods, but not for ever.
const PATIENCE_SECONDS: i64 = 30;

/// `NLM_F_*` flags (include/uapi/linux/netlink.h).
pub mod flag {
    /// It is a request.
    pub const REQUEST: u16 = 0x1;
    /// Answer with an acknowledgement.
    pub const ACK: u16 = 0x4;
    /// The dump was interrupted by a change.
    pub const DUMP_INTR: u16 = 0x10;
    /// Replace an existing object.
    pub const REPLACE: u16 = 0x100;
    /// Fail when it exists.
    pub const EXCL: u16 = 0x200;
    /// Create it when it is not there.
    pub const CREATE: u16 = 0x400;
    /// Add to a list.
    pub const APPEND: u16 = 0x800;
    /// A bulk deletion (a flush).
    pub const BULK: u16 = 0x200;
    /// All objects (`ROOT | MATCH`).
    pub const DUMP: u16 = 0x300;
    /// The acknowledgement is shortened to the request's header.
    pub const CAPPED: u16 = 0x100;
    /// The acknowledgement carries attributes.
    pub const ACK_TLVS: u16 = 0x200;
}

/// The lowest two bits of an `RTM_*` type say what is asked: new, delete, get, set.
const KIND_MASK: u16 = 3;
const KIND_GET: u16 = 2;

pub(crate) const NLMSG_NOOP: u16 = 1;
pub(crate) const NLMSG_ERROR: u16 = 2;
pub(crate) const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// A message as it goes out: type, flags beside `REQUEST`, and the bytes after
/// the netlink header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `RTM_*`.
    pub kind: u16,
    /// `NLM_F_*` beside REQUEST and ACK.
    pub flags: u16,
    /// Family header and attributes.
    pub body: Vec<u8>,
}

/// A blocking rtnetlink socket, open in one namespace.
#[derive(Debug)]
pub struct RtSocket {
    socket: Socket,
    seq: u32,
    inbox: Vec<u8>,
}

impl RtSocket {
    /// Opens one in the calling thread's namespace.
    pub fn open() -> Result<RtSocket, Fail> {
        // It gets its address with its first message.
        let socket = Socket::new(NETLINK_ROUTE)?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        // Kernels before 4.20 do not know strict checking; they filter less and
        // every reader here filters again.
        let _ = socket.set_netlink_get_strict_chk(true);
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(PATIENCE_SECONDS))?;
        Ok(RtSocket { socket, seq: 0, inbox: Vec::with_capacity(SMALL) })
    }

    /// Opens one inside `ns`.
    pub fn open_in(ns: &NetNs) -> Result<RtSocket, Fail> {
        ns.enter(RtSocket::open)?
    }

    /// The socket, for calls that are no messages.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The cookie of the namespace this socket is in.
    pub fn netns_cookie(&self) -> Result<u64, Fail> {
        Ok(syscall::netns_cookie(self.socket.as_fd())?)
    }

    /// One request with its acknowledgement; returns the messages that came before
    /// it. The answer to a question is its acknowledgement: none other is asked for.
    pub fn request(&mut self, message: &Message) -> Result<Vec<Message>, Fail> {
        let is_question = message.kind & KIND_MASK == KIND_GET;
        let seq = self.send(message, if is_question { 0 } else { flag::ACK })?;
        let mut replies = Vec::new();
        loop {
            self.receive_whole()?;
            for part in Parts::new(&self.inbox) {
                let part = part?;
                if part.seq != seq {
                    continue;
                }
                match part.kind {
                    NLMSG_ERROR => return verdict(&part).map(|()| replies),
                    NLMSG_NOOP | NLMSG_DONE => {}
                    kind => {
                        replies.push(Message { kind, flags: part.flags, body: part.body.to_vec() });
                        if is_question {
                            return Ok(replies);
                        }
                    }
                }
            }
        }
    }

    /// A dump: `each` is called with the type and body of every message. It is
    /// read again, from nothing (`restart`), when the kernel says that the list
    /// changed meanwhile.
    pub fn dump<T>(
        &mut self,
        message: &Message,
        restart: impl FnMut() -> T,
        mut each: impl FnMut(&mut T, u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<T, Fail> {
        dump::until_whole(restart, |gathered| {
            self.dump_once(message, |kind, body| each(gathered, kind, body))
        })
    }

    /// One reading; `false` when the kernel marked it inconsistent.
    fn dump_once(
        &mut self,
        message: &Message,
        mut each: impl FnMut(u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<bool, Fail> {
        let seq = self.send(message, flag::DUMP)?;
        let mut reading = Reading::of(seq);
        let mut is_cut_off = false;
        loop {
            if !self.receive()? {
                // The rest has to be read before it can be asked for again.
                is_cut_off = true;
                continue;
            }
            if let Some(whole) = reading.take(&self.inbox, &mut each)? {
                return Ok(whole && !is_cut_off);
            }
            // It is long.
            self.offer(BUFFER);
        }
    }

    /// One reading that is given up after so many messages, or when the list changed
    /// meanwhile: `false`. The socket is spent then, since the kernel goes on listing
    /// with every other answer.
    pub fn glance(
        &mut self,
        message: &Message,
        most: usize,
        mut each: impl FnMut(u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<bool, Fail> {
        let seq = self.send(message, flag::DUMP)?;
        let mut reading = Reading::of(seq);
        let mut count = 0;
        while count <= most {
            self.receive_whole()?;
            let whole = reading.take(&self.inbox, |kind, body| {
                count += 1;
                each(kind, body)
            })?;
            if let Some(whole) = whole {
                return Ok(whole);
            }
        }
        Ok(false)
    }

    fn send(&mut self, message: &Message, more: u16) -> Result<u32, Fail> {
        self.seq = self.seq.wrapping_add(1);
        let mut out = Batch::numbered(self.seq);
        out.bytes.reserve_exact(HEADER + message.body.len());
        out.push(message.kind, message.flags | more, &message.body);
        match self.socket.send_to(&out.bytes, &SocketAddr::new(0, 0), 0) {
            Ok(_) => Ok(self.seq),
            Err(e) => Err(Fail::Unknown(e)),
        }
    }

    /// Room for a datagram of that size.
    fn offer(&mut self, size: usize) {
        self.inbox.clear();
        self.inbox.reserve(size);
    }

    /// A datagram of any size.
    fn receive_whole(&mut self) -> Result<(), Fail> {
        self.offer(BUFFER);
        self.receive().map(drop)
    }

    /// A datagram; `false` when it was larger than what was offered: it is lost, and
    /// the next may be as large.
    fn receive(&mut self) -> Result<bool, Fail> {
        loop {
            self.inbox.clear();
            match self.socket.recv_from(&mut self.inbox, libc::MSG_TRUNC) {
                Ok((length, from)) if from.port_number() == 0 => {
                    if length <= self.inbox.len() {
                        return Ok(true);
                    }
                    if self.inbox.capacity() >= BUFFER {
                        return Err(Fail::Unreadable(format!("a message of {length} bytes")));
                    }
                    self.offer(BUFFER);
                    return Ok(false);
                }
                // Only the kernel (port 0) may answer.
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Fail::Unknown(e)),
            }
        }
    }
}

/// One message inside a datagram.
pub(crate) struct Part<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) seq: u32,
    /// The netlink port of whoever caused the message; only followers ask.
    #[cfg_attr(not(feature = "watch"), allow(dead_code))]
    pub(crate) port: u32,
    pub(crate) body: &'a [u8],
}

/// The messages of a datagram.
pub(crate) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub(crate) fn new(datagram: &'a [u8]) -> Parts<'a> {
        Parts(datagram)
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, Fail>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut self.0);
        let length = bytes.first_chunk::<4>().map_or(0, |b| u32::from_ne_bytes(*b) as usize);
        if bytes.len() < HEADER || length < HEADER || length > bytes.len() {
            return Some(Err(Fail::Unreadable("a cut-off message".into())));
        }
        self.0 = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        let part = Part {
            kind: u16::from_ne_bytes([bytes[4], bytes[5]]),
            flags: u16::from_ne_bytes([bytes[6], bytes[7]]),
            seq: u32::from_ne_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
            port: u32::from_ne_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            body: &bytes[HEADER..length],
        };
        if part.kind == NLMSG_OVERRUN {
            return Some(Err(Fail::Unreadable("data was lost (NLMSG_OVERRUN)".into())));
        }
        Some(Ok(part))
    }
}

/// What an ERROR or DONE message says: the code, and the sentence in its
/// attributes, which follow the request's header in an ERROR (shortened to it
/// when CAPPED) and the code itself in a DONE.
pub(crate) fn verdict(part: &Part<'_>) -> Result<(), Fail> {
    let Some(code) = part.body.first_chunk::<4>().map(|b| i32::from_ne_bytes(*b)) else {
        // A DONE without a body says that all went well.
        return Ok(());
    };
    if code >= 0 {
        return Ok(());
    }
    let mut attributes = &part.body[4..];
    if part.kind == NLMSG_ERROR {
        let request = attributes.first_chunk::<4>().map_or(0, |b| u32::from_ne_bytes(*b) as usize);
        let skip =
            if part.flags & flag::CAPPED != 0 { HEADER } else { request.next_multiple_of(4) };
        attributes = attributes.get(skip..).unwrap_or_default();
    }
    let extack = (part.flags & flag::ACK_TLVS != 0)
        .then(|| attribute(attributes, NLMSGERR_ATTR_MSG))
        .flatten()
        .map(|text| String::from_utf8_lossy(text).trim_end_matches('\0').to_owned());
    Err(Fail::Refused(KernelError { errno: Errno::from_raw(-code), extack }))
}

/// The payload of the first attribute of that type.
fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    while bytes.len() >= 4 {
        let length = usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
        let kind = u16::from_ne_bytes([bytes[2], bytes[3]]);
        let payload = bytes.get(4..length)?;
        if kind == wanted {
            return Some(payload);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error answer with an extended-ACK sentence, laid out as the kernel
    /// sends it with `NETLINK_CAP_ACK`: code, the request's header, attributes.
    fn refusal(seq: u32) -> Vec<u8> {
        let text = b"A VXLAN device with the specified VNI already exists.\0";
        let mut body = (-17i32).to_ne_bytes().to_vec();
        body.extend_from_slice(&[0; HEADER]);
        body.extend_from_slice(&u16::try_from(4 + text.len()).unwrap().to_ne_bytes());
        body.extend_from_slice(&NLMSGERR_ATTR_MSG.to_ne_bytes());
        body.extend_from_slice(text);
        let mut out = Batch::numbered(seq);
        out.push(NLMSG_ERROR, flag::CAPPED | flag::ACK_TLVS, &body);
        out.bytes
    }

    #[test]
    fn a_refusal_carries_the_kernels_sentence() {
        let bytes = refusal(7);
        let part = Parts::new(&bytes).next().unwrap().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(part.seq, 7);
        let Err(Fail::Refused(e)) = verdict(&part) else { panic!("not refused") };
        assert_eq!(e.errno, Errno::EEXIST);
        assert_eq!(
            e.extack.as_deref(),
            Some("A VXLAN device with the specified VNI already exists.")
        );
    }

    #[test]
    fn cut_off_messages_are_said_not_skipped() {
        let bytes = refusal(1);
        for cut in 1..bytes.len() - 4 {
            let whole = Parts::new(&bytes[..cut]).all(|p| p.is_ok());
            assert!(!whole, "{cut} of {} bytes read as whole", bytes.len());
        }
    }

    #[test]
    fn messages_in_one_datagram_are_padded_to_four() {
        let mut out = Batch::numbered(1);
        out.push(16, 0, &[1, 2, 3]);
        out.push(17, 0, &[4]);
        let kinds: Vec<_> = Parts::new(&out.bytes)
            .map(|p| p.map(|p| (p.kind, p.body.to_vec())).unwrap_or_default())
            .collect();
        assert_eq!(kinds, [(16, vec![1, 2, 3]), (17, vec![4])]);
    }
}
