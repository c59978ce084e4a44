//! The seam: everything that touches the machine goes through [`Kernel`].
//! [`Live`] is the kernel itself; `Faulty` (feature `fault`) fails the n-th
//! call, before or after it took effect, which is how undo is tested.

use std::fs::{self, File};

use nix::errno::Errno;

use crate::error::{Fail, KernelError};
use crate::names::NsName;
use crate::netns::{self, NetNs};
use crate::socket::{Answer, Batch, Message, RtSocket};

/// What this toolkit asks of the machine. One method is one call that can fail.
pub trait Kernel: Sync {
    /// Opens a socket inside a namespace.
    fn connect(&self, ns: &NetNs) -> Result<RtSocket, Fail>;
    /// Opens a socket in the namespace that the calling thread is in.
    fn connect_here(&self) -> Result<RtSocket, Fail>;
    /// One request and its answer.
    fn request(&self, socket: &mut RtSocket, message: &Message) -> Result<Vec<Message>, Fail>;
    /// One listing; see [`RtSocket::dump`].
    fn dump<T>(
        &self,
        socket: &mut RtSocket,
        message: &Message,
        restart: impl FnMut() -> T,
        each: impl FnMut(&mut T, u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<T, Fail>;
    /// The beginning of a listing; see [`RtSocket::glance`].
    fn glance(
        &self,
        socket: &mut RtSocket,
        message: &Message,
        most: usize,
        each: impl FnMut(u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<bool, Fail>;
    /// Many requests; see [`RtSocket::batch`].
    fn batch(
        &self,
        socket: &mut RtSocket,
        count: usize,
        encode: impl FnMut(usize, &mut Batch),
        refused: impl FnMut(usize, KernelError),
    ) -> Result<(), Fail>;
    /// Many questions; see [`RtSocket::ask`].
    fn ask(
        &self,
        socket: &mut RtSocket,
        count: usize,
        encode: impl FnMut(usize, &mut Batch),
        answered: impl FnMut(usize, Answer<'_>) -> Result<(), Fail>,
    ) -> Result<(), Fail>;
    /// Makes a named namespace.
    fn ns_add(&self, name: &NsName) -> Result<NetNs, Fail>;
    /// Names an open one.
    fn ns_attach(&self, name: &NsName, ns: &NetNs) -> Result<(), Fail>;
    /// Takes a name away.
    fn ns_del(&self, name: &NsName) -> Result<(), Fail>;
    /// Removes (`false`) or puts back (`true`) a stale plain file under a name.
    fn stale_file(&self, name: &NsName, there: bool) -> Result<(), Fail>;
}

/// The kernel.
#[derive(Debug, Clone, Copy, Default)]
pub struct Live;

impl Kernel for Live {
    fn connect(&self, ns: &NetNs) -> Result<RtSocket, Fail> {
        RtSocket::open_in(ns)
    }

    fn connect_here(&self) -> Result<RtSocket, Fail> {
        RtSocket::open()
    }

    fn request(&self, socket: &mut RtSocket, message: &Message) -> Result<Vec<Message>, Fail> {
        socket.request(message)
    }

    fn dump<T>(
        &self,
        socket: &mut RtSocket,
        message: &Message,
        restart: impl FnMut() -> T,
        each: impl FnMut(&mut T, u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<T, Fail> {
        socket.dump(message, restart, each)
    }

    fn glance(
        &self,
        socket: &mut RtSocket,
        message: &Message,
        most: usize,
        each: impl FnMut(u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<bool, Fail> {
        socket.glance(message, most, each)
    }

    fn batch(
        &self,
        socket: &mut RtSocket,
        count: usize,
        encode: impl FnMut(usize, &mut Batch),
        refused: impl FnMut(usize, KernelError),
    ) -> Result<(), Fail> {
        socket.batch(count, encode, refused)
    }

    fn ask(
        &self,
        socket: &mut RtSocket,
        count: usize,
        encode: impl FnMut(usize, &mut Batch),
        answered: impl FnMut(usize, Answer<'_>) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        socket.ask(count, encode, answered)
    }

    fn ns_add(&self, name: &NsName) -> Result<NetNs, Fail> {
        netns::add(name)
    }

    fn ns_attach(&self, name: &NsName, ns: &NetNs) -> Result<(), Fail> {
        netns::attach(name, ns)
    }

    fn ns_del(&self, name: &NsName) -> Result<(), Fail> {
        netns::del(name)
    }

    fn stale_file(&self, name: &NsName, there: bool) -> Result<(), Fail> {
        if there {
            File::options().write(true).create_new(true).open(name.path())?;
            return Ok(());
        }
        // Only what is proved to be stale: a live namespace is never unmounted here.
        match NetNs::open(&name.path()) {
            Err(netns::OpenError::Stale(path)) => Ok(fs::remove_file(path)?),
            _ => Err(Fail::Refused(KernelError::new(Errno::EBUSY))),
        }
    }
}

#[cfg(feature = "fault")]
pub use fault::{Faulty, When};

#[cfg(feature = "fault")]
mod fault {
    //! The seam with a fault in it.

    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{
        Answer, Batch, Errno, Fail, Kernel, KernelError, Message, NetNs, NsName, RtSocket,
    };

    /// Whether the failing call does its work.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum When {
        /// Refused: nothing was done.
        Before,
        /// Done, and the answer lost.
        After,
    }

    /// Fails the `at`-th call (from 1) of the kernel behind it.
    #[derive(Debug)]
    pub struct Faulty<K> {
        inner: K,
        at: usize,
        when: When,
        calls: AtomicUsize,
    }

    impl<K> Faulty<K> {
        /// A kernel that fails once.
        pub fn new(inner: K, at: usize, when: When) -> Faulty<K> {
            Faulty { inner, at, when, calls: AtomicUsize::new(0) }
        }

        fn call<T>(&self, act: impl FnOnce(&K) -> Result<T, Fail>) -> Result<T, Fail> {
            if self.calls.fetch_add(1, Ordering::Relaxed) + 1 != self.at {
                return act(&self.inner);
            }
            match self.when {
                When::Before => Err(Fail::Refused(KernelError {
                    errno: Errno::ENOBUFS,
                    extack: Some(format!("fault injected at call {}", self.at)),
                })),
                When::After => {
                    act(&self.inner)?;
                    Err(Fail::Unknown(io::Error::other(format!(
                        "fault injected after call {}",
                        self.at
                    ))))
                }
            }
        }
    }

    impl<K: Kernel> Kernel for Faulty<K> {
        fn connect(&self, ns: &NetNs) -> Result<RtSocket, Fail> {
            self.call(|k| k.connect(ns))
        }
        fn connect_here(&self) -> Result<RtSocket, Fail> {
            self.call(Kernel::connect_here)
        }
        fn request(&self, socket: &mut RtSocket, message: &Message) -> Result<Vec<Message>, Fail> {
            self.call(|k| k.request(socket, message))
        }
        fn dump<T>(
            &self,
            socket: &mut RtSocket,
            message: &Message,
            restart: impl FnMut() -> T,
            each: impl FnMut(&mut T, u16, &[u8]) -> Result<(), Fail>,
        ) -> Result<T, Fail> {
            self.call(|k| k.dump(socket, message, restart, each))
        }
        fn glance(
            &self,
            socket: &mut RtSocket,
            message: &Message,
            most: usize,
            each: impl FnMut(u16, &[u8]) -> Result<(), Fail>,
        ) -> Result<bool, Fail> {
            self.call(|k| k.glance(socket, message, most, each))
        }
        fn batch(
            &self,
            socket: &mut RtSocket,
            count: usize,
            encode: impl FnMut(usize, &mut Batch),
            refused: impl FnMut(usize, KernelError),
        ) -> Result<(), Fail> {
            self.call(|k| k.batch(socket, count, encode, refused))
        }
        fn ask(
            &self,
            socket: &mut RtSocket,
            count: usize,
            encode: impl FnMut(usize, &mut Batch),
            answered: impl FnMut(usize, Answer<'_>) -> Result<(), Fail>,
        ) -> Result<(), Fail> {
            self.call(|k| k.ask(socket, count, encode, answered))
        }
        fn ns_add(&self, name: &NsName) -> Result<NetNs, Fail> {
            self.call(|k| k.ns_add(name))
        }
        fn ns_attach(&self, name: &NsName, ns: &NetNs) -> Result<(), Fail> {
            self.call(|k| k.ns_attach(name, ns))
        }
        fn ns_del(&self, name: &NsName) -> Result<(), Fail> {
            self.call(|k| k.ns_del(name))
        }
        fn stale_file(&self, name: &NsName, there: bool) -> Result<(), Fail> {
            self.call(|k| k.stale_file(name, there))
        }
    }
}
