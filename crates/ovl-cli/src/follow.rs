//! What the followers share: the runtime they wait on, the signals that end
//! them, the moments to look for namespaces again, and lines of output.

use std::cell::RefCell;
use std::fs::File;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::{Either, select};
use futures::stream::{Stream, unfold};
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_gettime};
use ovl_core::watch::awaited;
use ovl_machine::census::Glimpses;
use ovl_machine::discover::Search;
use serde::Serialize;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::error::{Error, from_io};
use crate::exit::Exit;
use crate::flags::{Flags, Format};
use crate::output;
use crate::stop::{Stop, exit_for};

/// Runs a follower until it ends or is told to.
pub fn run(follower: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let stop = Stop::arm();
    wait_on(async {
        match select(pin!(follower), pin!(told(&stop))).await {
            Either::Left((ended, _)) => ended,
            Either::Right((signal, _)) => Ok(exit_for(signal)),
        }
    })?
}

/// Runs a future on this thread alone.
pub fn wait_on<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| from_io("wait", "", &e))?;
    Ok(runtime.block_on(future))
}

/// Waits for the signal that ends the run.
pub async fn told(stop: &Stop) -> Signal {
    let copy = stop.as_fd().and_then(|fd| fd.try_clone_to_owned().ok());
    let Some(fd) = copy.and_then(|fd| awaited(fd, Interest::READABLE).ok()) else {
        // Signals end the process by themselves.
        return std::future::pending().await;
    };
    loop {
        if let Some(signal) = stop.requested() {
            return signal;
        }
        if let Ok(mut ready) = fd.readable().await {
            ready.clear_ready();
        }
    }
}

/// Tells when namespaces may have come or gone.
#[derive(Debug)]
pub struct Moments {
    /// The kernel says when mounts change: names come and go as mounts.
    mounts: Option<AsyncFd<OwnedFd>>,
    /// Where to look for what was mounted, for those who want to know.
    search: Option<Search>,
    /// What was mounted when the kernel said so, and may have gone when it is looked for.
    seen: RefCell<Glimpses>,
}

/// Mounts come in twos and threes: a look shortly after the first sees all.
const SETTLE: Duration = Duration::from_millis(5);

impl Moments {
    /// To be made on the runtime.
    pub fn new() -> Moments {
        let changed = Interest::PRIORITY.add(Interest::ERROR);
        let table = File::open("/proc/self/mountinfo").ok();
        let mounts = table.and_then(|file| awaited(file.into(), changed).ok());
        Moments { mounts, search: None, seen: RefCell::default() }
    }

    /// The same, and what is mounted is seen each time.
    pub fn seeing(search: &Search) -> Moments {
        Moments { search: Some(search.clone()), ..Moments::new() }
    }

    /// Waits for a change of mounts, for at most `pause`. Was there one?
    pub async fn next(&self, pause: Duration) -> bool {
        let Some(mounts) = &self.mounts else {
            tokio::time::sleep(pause).await;
            return false;
        };
        let has_changed = tokio::time::timeout(pause, self.change(mounts)).await.is_ok();
        if has_changed {
            let more = async {
                loop {
                    self.change(mounts).await;
                }
            };
            // It goes on for as long as they come, and is over when it is time to look.
            let _: Result<(), _> = tokio::time::timeout(SETTLE, more).await;
        }
        has_changed
    }

    /// Waits for a change of mounts, and sees at once what is there: a namespace may be
    /// deleted before all of the machine has been looked at.
    async fn change(&self, mounts: &AsyncFd<OwnedFd>) {
        if let Ok(mut ready) = mounts.ready(Interest::PRIORITY.add(Interest::ERROR)).await {
            ready.clear_ready();
        }
        if let Some(search) = &self.search {
            self.seen.borrow_mut().glimpse(search);
        }
    }

    /// What was seen since it was asked for last.
    pub fn seen(&self) -> Glimpses {
        self.seen.take()
    }
}

impl Default for Moments {
    fn default() -> Moments {
        Moments::new()
    }
}

/// Waits, on the runtime.
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The signals that come, one by one.
pub fn signals(stop: &Stop) -> impl Stream<Item = Signal> {
    unfold(stop, |stop| async move { Some((told(stop).await, stop)) })
}

/// The moments to look for namespaces again; `true` when mounts have changed.
pub fn looks(pause: Duration) -> impl Stream<Item = bool> {
    unfold(Moments::new(), move |moments| async move { Some((moments.next(pause).await, moments)) })
}

/// What writes a file writes it in parts: so long after the first all are there.
const WRITTEN: Duration = Duration::from_millis(20);

/// The moments a little after a file descriptor has become readable. Whoever is
/// told has to read it empty.
pub fn stirrings(fd: OwnedFd) -> Result<impl Stream<Item = ()>, Error> {
    let fd = awaited(fd, Interest::READABLE).map_err(|e| from_io("wait", "", &e))?;
    Ok(unfold(fd, |fd| async move {
        fd.readable().await.ok()?.clear_ready();
        tokio::time::sleep(WRITTEN).await;
        Some(((), fd))
    }))
}

/// The time of a line: seconds since 1970, UTC.
pub fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map(|d| (d.as_secs_f64() * 1e6).round() / 1e6).unwrap_or_default()
}

/// The time of day in UTC, to the millisecond.
pub fn clock() -> String {
    let time = clock_gettime(ClockId::CLOCK_REALTIME).ok();
    let (seconds, nanos) = time.map_or((0, 0), |t| (t.tv_sec(), t.tv_nsec()));
    let day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (day / 3600, day / 60 % 60, day % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:03}", nanos / 1_000_000)
}

/// Writes one event as one line; `text` makes the line for people. `false` when
/// nobody reads any more: the follower ends then.
pub fn line<T: Serialize>(
    flags: &Flags,
    event: &T,
    text: impl FnOnce() -> String,
) -> Result<bool, Error> {
    output::is_read(&written(flags, event, text)?)
}

/// What stands where so many lines are missing.
pub fn unread(lines: usize) -> String {
    format!("{lines} lines are missing here: nobody read those before them")
}

/// That line.
pub fn written<T: Serialize>(
    flags: &Flags,
    event: &T,
    text: impl FnOnce() -> String,
) -> Result<String, Error> {
    let json = || serde_json::to_string(event).map_err(|e| output::not_taken(&e.into()));
    Ok(match flags.format() {
        Format::Json => format!("{}\n", json()?),
        // A list grows by its items: JSON is YAML as well.
        Format::Yaml => format!("- {}\n", json()?),
        Format::Table | Format::Wide => format!("{}\n", text().trim_end()),
    })
}
