//! The few system calls that no safe wrapper covers. All `unsafe` of the
//! toolkit is in this file; each block says why it holds. Knows no meaning of
//! what it reads.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};

/// `NS_GET_NSTYPE` (include/uapi/linux/nsfs.h): `_IO(0xb7, 0x3)`.
const NS_GET_NSTYPE: libc::Ioctl = 0xb703;
/// `SO_NETNS_COOKIE` (include/uapi/asm-generic/socket.h), since Linux 5.14.
const SO_NETNS_COOKIE: libc::c_int = 71;
/// `SIOCETHTOOL` (include/uapi/linux/sockios.h).
const SIOCETHTOOL: libc::Ioctl = 0x8946;

/// `SIOCGSKNS` (include/uapi/linux/sockios.h): the namespace of a socket.
const SIOCGSKNS: libc::Ioctl = 0x894c;

/// A handle on a process (`pidfd_open(2)`, since Linux 5.3).
pub fn pidfd(pid: u32) -> Result<OwnedFd, Errno> {
    let pid = libc::pid_t::try_from(pid).map_err(|_| Errno::ESRCH)?;
    // SAFETY: the call takes two integers and writes no memory.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    owned(fd)
}

/// A copy of one of another process's open files (`pidfd_getfd(2)`, since Linux 5.6).
pub fn pidfd_getfd(pidfd: BorrowedFd<'_>, fd: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: the call takes three integers and writes no memory.
    let copy =
        Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) })?;
    owned(copy)
}

/// The network namespace a socket lives in, opened.
pub fn netns_of_socket(socket: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    // SAFETY: SIOCGSKNS takes no argument and writes no memory.
    let fd = Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCGSKNS) })?;
    owned(fd.into())
}

/// An open file whose readiness can be awaited, on a runtime of tokio's.
#[cfg(feature = "watch")]
pub fn awaited(
    fd: OwnedFd,
    interest: tokio::io::Interest,
) -> std::io::Result<tokio::io::unix::AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open for as long as it lives, and its number never changes.
    let registered = unsafe { tokio::io::unix::AsyncFd::register_with_interest(fd, interest) };
    Ok(registered?)
}

fn owned(fd: libc::c_long) -> Result<OwnedFd, Errno> {
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just given this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The `CLONE_NEW*` flag of an nsfs file; ENOTTY on any other file.
pub fn ns_type(fd: BorrowedFd<'_>) -> Result<i32, Errno> {
    // SAFETY: NS_GET_NSTYPE takes no argument and writes no memory.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_NSTYPE) })
}

/// The cookie of the network namespace a socket lives in: unique as long as the
/// machine runs, unlike an inode number.
pub fn netns_cookie(socket: BorrowedFd<'_>) -> Result<u64, Errno> {
    let mut cookie = 0u64;
    let mut len = libc::socklen_t::try_from(size_of::<u64>()).expect("eight fits");
    // SAFETY: the kernel writes at most `len` bytes into `cookie`, which is that large.
    let rc = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut len,
        )
    };
    Errno::result(rc).map(|_| cookie)
}

/// One `SIOCETHTOOL` call: `buffer` is the command's structure, which the
/// kernel reads and fills. Its first four bytes are the command; the caller
/// makes it as large as that command writes.
pub fn ethtool(socket: BorrowedFd<'_>, ifname: &str, buffer: &mut [u64]) -> Result<(), Errno> {
    // SAFETY: all-zero bytes are a valid ifreq (integers, arrays and a pointer).
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let name = ifname.as_bytes();
    if name.len() >= request.ifr_name.len() {
        return Err(Errno::ENODEV);
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_data = buffer.as_mut_ptr().cast();
    // SAFETY: `request` outlives the call; `ifru_data` points to `buffer`, which
    // is aligned for every ethtool structure and, by this function's contract,
    // large enough for what its command writes.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) })
        .map(drop)
}

/// Asks for the don't-fragment bit on what a socket sends (`IP_MTU_DISCOVER`,
/// `IPV6_MTU_DISCOVER` with `IP_PMTUDISC_DO`).
pub fn dont_fragment(socket: BorrowedFd<'_>, v4: bool) -> Result<(), Errno> {
    let (level, name) = if v4 {
        (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER)
    } else {
        (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER)
    };
    let value: libc::c_int = libc::IP_PMTUDISC_DO;
    let len = libc::socklen_t::try_from(size_of::<libc::c_int>()).expect("four fits");
    // SAFETY: the kernel reads `len` bytes from `value`, which is that large.
    let rc = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), len)
    };
    Errno::result(rc).map(drop)
}

/// Was SIGPIPE ignored when this program was started?
static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);

/// Rust's runtime ignores SIGPIPE before `main`, and nobody can ask it what was before:
/// so it is looked at earlier, where C libraries run what a program wants run first.
// SAFETY: the section holds pointers to functions, which C libraries call once, before
// `main` and any thread; this one touches nothing that is made ready later.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK_AT_SIGPIPE: extern "C" fn() = {
    extern "C" fn look() {
        PIPE_WAS_IGNORED.store(is_ignored(Signal::SIGPIPE), Ordering::Relaxed);
    }
    look
};

/// Is a signal ignored now?
pub fn is_ignored(signal: Signal) -> bool {
    // SAFETY: all-zero bytes are a valid sigaction (integers and an address).
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: nothing is set; the kernel's answer is written to `now`.
    let rc = unsafe { libc::sigaction(signal as libc::c_int, std::ptr::null(), &raw mut now) };
    rc == 0 && now.sa_sigaction == libc::SIG_IGN
}

/// What is to become of SIGPIPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipe {
    /// It is ignored, as Rust's runtime has it.
    Ignored,
    /// It is as it was when this program was started.
    Inherited,
}

/// Sets what becomes of SIGPIPE.
pub fn set_pipe(pipe: Pipe) {
    let is_ignored = pipe == Pipe::Ignored || PIPE_WAS_IGNORED.load(Ordering::Relaxed);
    let action = if is_ignored { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: neither action runs code of this program.
    unsafe { libc::signal(libc::SIGPIPE, action) };
}

/// A command that is to be started with SIGPIPE as this program was - the standard
/// library gives every command the default - and with this signal mask.
pub fn hand_signals_down(command: &mut Command, mask: SigSet) {
    let set = move || {
        set_pipe(Pipe::Inherited);
        Ok(mask.thread_set_mask()?)
    };
    // SAFETY: between fork and exec, `set` makes two system calls and allocates nothing.
    unsafe { command.pre_exec(set) };
}
