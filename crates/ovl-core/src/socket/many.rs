//! Many requests a send: changes, of which only refusals are answered, and
//! questions, each of which is. Bytes in and out, as in the socket itself.

use std::io;

use netlink_sys::SocketAddr;

use super::{NLMSG_ERROR, Parts, RtSocket, flag, verdict};
use crate::error::{Fail, KernelError};

/// Messages a send of a batch: past a few hundred the error answers of one send
/// no longer fit the receive buffer.
const BATCH: usize = 128;

/// Questions a send: each has an answer of its own, and all have to fit the
/// receive buffer (`net.core.rmem_default`, some 200 KiB) at once.
const QUESTIONS: usize = 64;

/// The answer to one of many questions.
#[derive(Debug)]
pub enum Answer<'a> {
    /// The type and body of a message.
    Message(u16, &'a [u8]),
    /// There is none, and why.
    Refused(KernelError),
}

impl RtSocket {
    /// Sends `count` messages, written by `encode(index, buffer)`, up to
    /// `BATCH` a send and without asking for acknowledgements, and hands every
    /// refusal to `refused(index, why)`. The kernel acts inside send(2), so the
    /// refusals of a send are in the socket when it returns.
    pub fn batch(
        &mut self,
        count: usize,
        mut encode: impl FnMut(usize, &mut Batch),
        mut refused: impl FnMut(usize, KernelError),
    ) -> Result<(), Fail> {
        let mut out = Batch { bytes: Vec::with_capacity(BATCH * 128), seq: 0 };
        let mut next = 0;
        while next < count {
            let first_seq = self.seq.wrapping_add(1);
            let end = count.min(next + BATCH);
            out.bytes.clear();
            for index in next..end {
                self.seq = self.seq.wrapping_add(1);
                out.seq = self.seq;
                encode(index, &mut out);
            }
            self.socket.send_to(&out.bytes, &SocketAddr::new(0, 0), 0).map_err(Fail::Unknown)?;
            self.drain(|seq, why| {
                let offset = seq.wrapping_sub(first_seq) as usize;
                if offset < end - next {
                    refused(next + offset, why);
                }
            })?;
            next = end;
        }
        Ok(())
    }

    /// Asks `count` questions, written by `encode(index, buffer)`, and hands each
    /// answer to `answered(index, answer)`: one message, or a refusal. Of few things
    /// among very many this is the quicker way: a dump walks past all of them anew
    /// for each datagram.
    pub fn ask(
        &mut self,
        count: usize,
        mut encode: impl FnMut(usize, &mut Batch),
        mut answered: impl FnMut(usize, Answer<'_>) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        let mut out = Batch { bytes: Vec::with_capacity(QUESTIONS * 64), seq: 0 };
        for first in (0..count).step_by(QUESTIONS) {
            let asked = QUESTIONS.min(count - first);
            let first_seq = self.seq.wrapping_add(1);
            out.bytes.clear();
            for index in first..first + asked {
                self.seq = self.seq.wrapping_add(1);
                out.seq = self.seq;
                encode(index, &mut out);
            }
            self.socket.send_to(&out.bytes, &SocketAddr::new(0, 0), 0).map_err(Fail::Unknown)?;
            let mut open = asked;
            while open > 0 {
                self.receive_whole()?;
                for part in Parts::new(&self.inbox) {
                    let part = part?;
                    let offset = part.seq.wrapping_sub(first_seq) as usize;
                    if offset >= asked {
                        continue;
                    }
                    open -= 1;
                    let answer = match part.kind {
                        NLMSG_ERROR => match verdict(&part) {
                            Err(Fail::Refused(why)) => Answer::Refused(why),
                            other => {
                                other?;
                                continue;
                            }
                        },
                        kind => Answer::Message(kind, part.body),
                    };
                    answered(first + offset, answer)?;
                }
            }
        }
        Ok(())
    }

    /// Reads what has already arrived, without waiting.
    fn drain(&mut self, mut refused: impl FnMut(u32, KernelError)) -> Result<(), Fail> {
        loop {
            self.inbox.clear();
            match self.socket.recv_from(&mut self.inbox, libc::MSG_DONTWAIT) {
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Fail::Unknown(e)),
            }
            for part in Parts::new(&self.inbox) {
                let part = part?;
                if part.kind == NLMSG_ERROR {
                    match verdict(&part) {
                        Err(Fail::Refused(why)) => refused(part.seq, why),
                        other => other?,
                    }
                }
            }
        }
    }
}

/// The outgoing side of a batch: messages appended one after the other.
#[derive(Debug)]
pub struct Batch {
    pub(super) bytes: Vec<u8>,
    seq: u32,
}

impl Batch {
    /// An empty one whose messages carry that number.
    pub(crate) fn numbered(seq: u32) -> Batch {
        Batch { bytes: Vec::new(), seq }
    }

    /// What goes out.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends one message.
    pub fn push(&mut self, kind: u16, flags: u16, body: &[u8]) {
        self.message(kind, flags, |bytes| bytes.extend_from_slice(body));
    }

    /// Appends one message whose body `write` appends.
    ///
    /// # Panics
    /// On a message of 4 GiB or more, which nothing here can make.
    pub fn message(&mut self, kind: u16, flags: u16, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&(flags | flag::REQUEST).to_ne_bytes());
        self.bytes.extend_from_slice(&self.seq.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        write(&mut self.bytes);
        let length = u32::try_from(self.bytes.len() - start).expect("a message under 4 GiB");
        self.bytes[start..start + 4].copy_from_slice(&length.to_ne_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
