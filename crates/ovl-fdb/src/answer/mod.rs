//! `answer`: a VXLAN device asks where an address is, and a table knows. Written
//! as libnetwork does it: whatever is asked for, both rows of the endpoint.

mod book;
mod desk;
mod place;
mod put;
mod tally;

use std::net::IpAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::future::{Either, pending, select};
use futures::stream::{AbortHandle, LocalBoxStream, SelectAll, StreamExt};
use nix::sys::signal::Signal;
use ovl_cli::stop::{Stop, exit_for};
use ovl_cli::{Context, Error, Exit, follow, output};
use ovl_core::error::Fail;
use ovl_core::row::{Miss, Wanted};
use ovl_core::types::Vni;
use ovl_core::watch::Notice;
use ovl_endpoints::file::FileSource;
use ovl_endpoints::{Endpoint, Source, Table};
use ovl_machine::census::Census;

use crate::cli::Answer as Args;
use crate::device::Device;
use crate::home::{Home, Spot};
use crate::recent::Recent;
use crate::sync::fits;
use crate::wanted::no_table;

use book::{Book, Life};
use desk::{Answer, Desk};
use tally::{Event, Teller};

/// The time between two looks at who holds the namespace: it is let go within a
/// second of its last other holder.
const LOOK: Duration = Duration::from_millis(400);

/// What wakes it.
enum Wake {
    /// The kernel told something, in the namespace that was opened as this one.
    Heard(Spot, Box<Result<Notice, Fail>>),
    /// The table may be another one.
    Table,
    /// It is time to look around; `true`: mounts have changed.
    Look(bool),
    /// A signal came.
    Told(Signal),
}

type Wakes<'s> = SelectAll<LocalBoxStream<'s, Wake>>;

/// `answer`: until a signal comes, or nobody reads.
pub fn answer(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut source = FileSource::new(&args.source, args.format);
    let table = source.load().map_err(no_table)?;
    let stop = Stop::arm_with(&[Signal::SIGUSR1]);
    follow::wait_on(async {
        let mut clerk = Clerk::new(context, args, source);
        let mut wakes = clerk.wakes(&stop)?;
        clerk.begin(table, &mut wakes)?;
        let ended = clerk.run(wakes).await;
        clerk.end().await;
        ended
    })?
}

struct Clerk<'c> {
    context: &'c Context,
    args: &'c Args,
    source: FileSource,
    book: Book,
    /// Of which network the table is, where it says so.
    vni: Option<Vni>,
    home: Home<'c>,
    census: Census,
    /// Absent while the namespace or the device is not there.
    desk: Option<Desk<'c>>,
    /// Ends the notices, and with them our hold on the namespace.
    let_go: Option<AbortHandle>,
    /// A place whose device is of another network than the table, as was said.
    misfit: Option<Spot>,
    /// Addresses of this host, and when they were read.
    own: Vec<IpAddr>,
    own_read: Instant,
    answered: Recent<Wanted>,
    unknown: Recent<Wanted>,
    teller: Teller<'c>,
    expired: Instant,
}

impl<'c> Clerk<'c> {
    fn new(context: &'c Context, args: &'c Args, source: FileSource) -> Clerk<'c> {
        let now = Instant::now();
        let home = Home::new(context, &args.on);
        Clerk {
            context,
            args,
            source,
            book: Book::default(),
            vni: None,
            misfit: None,
            teller: Teller::new(context, home.name()),
            home,
            census: Census::new(&context.search),
            desk: None,
            let_go: None,
            own: Vec::new(),
            own_read: now,
            answered: Recent::new(args.limit, now),
            unknown: Recent::new(args.negative, now),
            expired: now,
        }
    }

    fn wakes<'s>(&mut self, stop: &'s Stop) -> Result<Wakes<'s>, Error> {
        let mut wakes: Wakes<'s> = SelectAll::new();
        if let Some(fd) = self.source.follow().map_err(no_table)? {
            let fd = fd.try_clone_to_owned();
            let fd = fd.map_err(|e| Error::new(Exit::Failed, format!("cannot wait: {e}")))?;
            wakes.push(follow::stirrings(fd)?.map(|()| Wake::Table).boxed_local());
        }
        wakes.push(follow::looks(LOOK).map(Wake::Look).boxed_local());
        wakes.push(follow::signals(stop).map(Wake::Told).boxed_local());
        Ok(wakes)
    }

    /// The device has to be there to begin with, and of the table's network.
    fn begin(&mut self, table: Table, wakes: &mut Wakes<'_>) -> Result<(), Error> {
        let device = Device::look(self.context, &self.args.on)?;
        fits("answer", &device, table.vni)?;
        drop(device);
        self.vni = table.vni;
        self.book = Book::of(table);
        self.census.look();
        self.open(true, wakes)?;
        match &self.desk {
            Some(_) => Ok(()),
            // It was there a moment ago.
            None => Err(Error::new(Exit::Missing, format!("{} is gone", self.home.name()))),
        }
    }

    async fn run(&mut self, mut wakes: Wakes<'_>) -> Result<Exit, Error> {
        if self.context.flags.verbose > 0 {
            self.teller.tell(&Event::Table(self.book.len()))?;
        }
        while let Some(wake) = self.next(&mut wakes).await? {
            match wake {
                Wake::Told(Signal::SIGUSR1) => self.teller.tell(&Event::Summary)?,
                Wake::Told(signal) => return Ok(exit_for(signal)),
                Wake::Heard(spot, notice) => self.heard(spot, *notice)?,
                Wake::Table => self.read()?,
                Wake::Look(stirred) => {
                    self.look(stirred, &mut wakes)?;
                    // Of what is mounted, and of another machine's files, no folder tells.
                    if self.source.is_at_rest() {
                        self.read()?;
                    }
                }
            }
        }
        Ok(Exit::Done)
    }

    /// What wakes it next. A reader that does not take what was told meanwhile keeps
    /// nobody waiting; `None` when nobody reads any more.
    async fn next(&mut self, wakes: &mut Wakes<'_>) -> Result<Option<Wake>, Error> {
        let deaf =
            pin!(async { if self.teller.drain().await? { pending().await } else { Ok(None) } });
        match select(deaf, wakes.next()).await {
            Either::Left((ended, _)) => ended,
            Either::Right((wake, _)) => Ok(wake),
        }
    }

    fn heard(&mut self, spot: Spot, notice: Result<Notice, Fail>) -> Result<(), Error> {
        // What was under way when the namespace was let go.
        let Some(desk) = self.desk.as_mut().filter(|desk| desk.spot == spot) else {
            return Ok(());
        };
        match notice {
            Ok(Notice::Missed(miss)) if miss.dev == spot.index => self.missed(miss),
            Ok(Notice::There(object, _)) => {
                if let Some(wanted) = desk.heard(&object) {
                    self.answered.remove(&wanted);
                }
                Ok(())
            }
            // Whoever wrote the row that has gone: the question may be asked again.
            Ok(Notice::Gone(object, _)) => {
                desk.heard(&object);
                if let Some(wanted) = desk.question(&object) {
                    self.answered.remove(&wanted);
                }
                Ok(())
            }
            Ok(Notice::Lost) => self.lost(),
            Ok(Notice::Missed(_)) => Ok(()),
            Ok(Notice::Unreadable(why)) => {
                output::note(&format!("{}: a notice could not be read: {why}", self.context.tool));
                Ok(())
            }
            Err(why) => {
                // The next look opens it again, if it is there.
                self.context.tell(&Error::new(Exit::Failed, format!("cannot listen: {why}")));
                self.close();
                Ok(())
            }
        }
    }

    /// Notices were lost, and misses among them: they come again, and nothing is
    /// to keep them from being answered.
    fn lost(&mut self) -> Result<(), Error> {
        self.teller.tally.lost += 1;
        self.answered = Recent::new(self.args.limit, Instant::now());
        if let Some(desk) = &mut self.desk
            && let Err(why) = desk.refresh()
        {
            let message = format!("cannot list the rows: {why}");
            self.context.tell(&Error::new(Exit::Failed, message));
        }
        self.teller.tell(&Event::Lost)
    }

    fn missed(&mut self, miss: Miss) -> Result<(), Error> {
        let now = Instant::now();
        let wanted = miss.wanted;
        let tally = &mut self.teller.tally;
        tally.misses += 1;
        if self.answered.has(&wanted, now) {
            tally.repeated += 1;
            return Ok(());
        }
        if self.unknown.has(&wanted, now) {
            tally.still_unknown += 1;
            return Ok(());
        }
        let Some(endpoint) = self.book.find(wanted) else {
            tally.unknown += 1;
            self.unknown.insert(wanted, now);
            return self.teller.tell(&Event::Unknown(wanted));
        };
        self.answered.insert(wanted, now);
        if !is_far(endpoint, &self.own) {
            tally.local += 1;
            return Ok(());
        }
        let Some(desk) = &mut self.desk else { return Ok(()) };
        let event = match desk.answer(endpoint, life(self.args)) {
            Answer::Written(0) => return Ok(()),
            Answer::Written(rows) => {
                tally.answered += 1;
                tally.rows += rows as u64;
                Event::Answered(wanted, endpoint, rows, now.elapsed())
            }
            Answer::Foreign(says) => {
                tally.foreign += 1;
                Event::Foreign(wanted, endpoint, says)
            }
            Answer::Refused(why) => {
                tally.refused += 1;
                // It may be granted the next time.
                self.answered.remove(&wanted);
                self.unknown.insert(wanted, now);
                Event::Refused(wanted, endpoint, why)
            }
        };
        self.teller.tell(&event)
    }

    /// The table may have changed. Answers that it no longer gives are taken back.
    fn read(&mut self) -> Result<(), Error> {
        if !self.source.has_changed() {
            return Ok(());
        }
        let tool = self.context.tool;
        let table = match self.source.load() {
            // A file that is being written is empty to begin with.
            Ok(table) if table.endpoints.is_empty() => {
                output::note(&format!("{tool}: the table is empty: the last one stays"));
                return Ok(());
            }
            Ok(table) if !self.is_of_network(&table) => return Ok(()),
            Ok(table) => table,
            Err(why) => {
                self.keep_table(no_table(why));
                return Ok(());
            }
        };
        self.vni = table.vni;
        let old = std::mem::replace(&mut self.book, Book::of(table));
        let now = Instant::now();
        self.unknown = Recent::new(self.args.negative, now);
        self.answered = Recent::new(self.args.limit, now);
        let vias = match Device::look(self.context, &self.args.on) {
            Ok(device) => self.vias(&device),
            Err(_) => Vec::new(),
        };
        if let Some(desk) = &mut self.desk {
            let is_far = |wanted| self.book.find(wanted).is_none_or(|e| is_far(e, &self.own));
            desk.withdraw(|wanted| is_right(&old, &self.book, wanted) && is_far(wanted));
            desk.leave_by(vias);
        }
        self.teller.tell(&Event::Table(self.book.len()))
    }

    /// The counts; with `--cleanup` the rows go.
    async fn end(&mut self) {
        if let Some(desk) = self.desk.as_mut().filter(|_| self.args.cleanup) {
            desk.withdraw(|_| false);
        }
        if let Some(desk) = &mut self.desk {
            desk.keep_memory();
        }
        self.close();
        if !self.context.flags.quiet {
            let _ = self.teller.tell(&Event::Summary);
        }
        let _ = self.teller.finish().await;
    }
}

fn life(args: &Args) -> Life {
    if args.permanent { Life::Permanent } else { Life::Ages }
}

/// Is an endpoint behind another VTEP than this host's own?
fn is_far(endpoint: &Endpoint, own: &[IpAddr]) -> bool {
    endpoint.vtep.is_none_or(|vtep| !own.contains(&vtep))
}

/// Is the answer that the old table gave still the answer?
fn is_right(old: &Book, new: &Book, wanted: Wanted) -> bool {
    match (wanted, old.find(wanted), new.find(wanted)) {
        (Wanted::Mac(_), Some(was), Some(is)) => was.mac == is.mac,
        (Wanted::Vtep(_), Some(was), Some(is)) => was.target() == is.target(),
        _ => false,
    }
}
