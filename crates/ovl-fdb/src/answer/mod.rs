//! `answer`: a VXLAN device asks where an address is, and a table knows. Written
//! as libnetwork does it: whatever is asked for, both rows of the endpoint.

mod book;
mod desk;
mod tally;

use std::net::IpAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::stream::{AbortHandle, LocalBoxStream, SelectAll, Stream, StreamExt, abortable};
use nix::sys::signal::Signal;
use ovl_cli::stop::{Stop, exit_for};
use ovl_cli::{Context, Error, Exit, follow, output};
use ovl_core::error::Fail;
use ovl_core::names::IfName;
use ovl_core::row::{Miss, Via, Wanted};
use ovl_core::types::Vni;
use ovl_core::watch::{Notice, Topic, Watcher};
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

/// The time between two looks at the addresses of this host.
const OWN: Duration = Duration::from_secs(2);

/// What wakes it.
enum Wake {
    /// The kernel told something, in the namespace that was opened as this one.
    Heard(Spot, Result<Notice, Fail>),
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
        clerk.end();
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
        self.open(true, wakes);
        match &self.desk {
            Some(_) => Ok(()),
            None => Err(Error::new(Exit::Failed, format!("cannot follow {}", self.home.name()))),
        }
    }

    async fn run(&mut self, mut wakes: Wakes<'_>) -> Result<Exit, Error> {
        if self.context.flags.verbose > 0 {
            self.teller.tell(&Event::Table(self.book.len()))?;
        }
        while let Some(wake) = wakes.next().await {
            match wake {
                Wake::Told(Signal::SIGUSR1) => self.teller.tell(&Event::Summary)?,
                Wake::Told(signal) => return Ok(exit_for(signal)),
                Wake::Heard(spot, notice) => self.heard(spot, notice)?,
                Wake::Table => self.read()?,
                Wake::Look(stirred) => self.look(stirred, &mut wakes)?,
            }
            if self.teller.is_deaf {
                break;
            }
        }
        Ok(Exit::Done)
    }

    /// Opens the namespace, if it is there. First the ears, then all else.
    fn open(&mut self, stirred: bool, wakes: &mut Wakes<'_>) {
        if self.home.find(stirred).is_none() {
            return;
        }
        let Some((ns, spot)) = self.home.open() else { return };
        let opened = Watcher::open_in(&ns, &[Topic::Rows]).and_then(Watcher::notices);
        let (Ok(notices), Ok(device)) = (opened, Device::look(self.context, &self.args.on)) else {
            return;
        };
        if let Err(why) = fits("answer", &device, self.vni) {
            if self.misfit.replace(spot) != Some(spot) {
                output::note(why.text(self.context.tool).trim_end());
            }
            return;
        }
        let Ok(mut desk) = Desk::open(self.context, &ns, spot, device.link.clone()) else { return };
        desk.leave_by(self.vias(&device));
        let (notices, let_go) = abortable(notices);
        let notices: Pin<Box<dyn Stream<Item = Wake>>> =
            Box::pin(notices.map(move |notice| Wake::Heard(spot, notice)));
        wakes.push(notices);
        self.own = device.own;
        self.own.extend(self.args.own);
        (self.desk, self.let_go) = (Some(desk), Some(let_go));
    }

    /// Addresses come and go: what is this host's own is not answered any more.
    fn look_for_own(&mut self) {
        let Some(desk) = self.desk.as_mut().filter(|_| self.own_read.elapsed() >= OWN) else {
            return;
        };
        self.own_read = Instant::now();
        let Ok(mut own) = desk.own(self.context) else { return };
        own.extend(self.args.own);
        if own != self.own {
            let is_far = |e: &Endpoint| e.vtep.is_none_or(|vtep| !own.contains(&vtep));
            desk.withdraw(|wanted| self.book.find(wanted).is_some_and(is_far));
            self.own = own;
        }
    }

    /// The devices that the table's rows leave by, as far as they are there; answers
    /// that want another are refused.
    fn vias(&self, device: &Device) -> Vec<Via> {
        let found = |name: &&IfName| match device.via(self.context, name) {
            // By the name by which the table has it.
            Ok(via) => Some(Via { name: (*name).clone(), ..via }),
            Err(why) => {
                output::note(why.text(self.context.tool).trim_end());
                None
            }
        };
        self.book.vias().iter().filter_map(found).collect()
    }

    /// Lets the namespace go.
    fn close(&mut self) {
        if let Some(let_go) = self.let_go.take() {
            let_go.abort();
        }
        self.desk = None;
    }

    /// Who holds the namespace? Where is the device? Whose time is over?
    fn look(&mut self, stirred: bool, wakes: &mut Wakes<'_>) -> Result<(), Error> {
        if let Some(desk) = &mut self.desk {
            self.census.look();
            let held = self.census.resident(desk.key);
            let held = held.is_some_and(|r| r.cookie.is_none_or(|c| c == desk.spot.cookie));
            let (key, spot) = (desk.key, desk.spot);
            // A name may lead elsewhere now, though somebody holds the namespace.
            let moved = stirred
                && self
                    .home
                    .open()
                    .is_some_and(|(ns, now)| (ns.key(), now.cookie) != (key, spot.cookie));
            if !held || moved || !desk.is_there() {
                self.close();
                self.teller.tell(&Event::Gone)?;
            }
        }
        if self.desk.is_none() {
            self.open(stirred, wakes);
            if self.desk.is_some() {
                let now = Instant::now();
                self.answered = Recent::new(self.args.limit, now);
                self.teller.tell(&Event::There)?;
            }
        }
        self.look_for_own();
        let each = (self.args.ttl / 20).clamp(Duration::from_millis(200), Duration::from_secs(10));
        if let Some(desk) = self.desk.as_mut().filter(|_| !self.args.permanent)
            && self.expired.elapsed() >= each
        {
            self.expired = Instant::now();
            self.teller.tally.expired += desk.expire(self.args.ttl) as u64;
        }
        Ok(())
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
                output::note(&format!("{}: cannot listen: {why}", self.context.tool));
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
            output::note(&format!("{}: cannot list the rows: {why}", self.context.tool));
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
        if endpoint.vtep.is_some_and(|vtep| self.own.contains(&vtep)) {
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
                Event::Refused(wanted, endpoint, why.to_string())
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
                let error = no_table(why).text(tool);
                output::note(&format!("{}\nthe last table stays", error.trim_end()));
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
            desk.withdraw(|wanted| is_right(&old, &self.book, wanted));
            desk.leave_by(vias);
        }
        self.teller.tell(&Event::Table(self.book.len()))
    }

    /// Is a table that is new one of the device's network? Said where it is not.
    fn is_of_network(&self, table: &Table) -> bool {
        let Ok(device) = Device::look(self.context, &self.args.on) else { return true };
        let fit = fits("answer", &device, table.vni);
        if let Err(why) = &fit {
            let error = why.text(self.context.tool);
            output::note(&format!("{}\nthe last table stays", error.trim_end()));
        }
        fit.is_ok()
    }

    /// The counts; with `--cleanup` the rows go.
    fn end(&mut self) {
        if let Some(desk) = self.desk.as_mut().filter(|_| self.args.cleanup) {
            desk.withdraw(|_| false);
        }
        if !self.context.flags.quiet && !self.teller.is_deaf {
            let _ = self.teller.tell(&Event::Summary);
        }
    }
}

fn life(args: &Args) -> Life {
    if args.permanent { Life::Permanent } else { Life::Ages }
}

/// Is the answer that the old table gave still the answer?
fn is_right(old: &Book, new: &Book, wanted: Wanted) -> bool {
    match (wanted, old.find(wanted), new.find(wanted)) {
        (Wanted::Mac(_), Some(was), Some(is)) => was.mac == is.mac,
        (Wanted::Vtep(_), Some(was), Some(is)) => was.target() == is.target(),
        _ => false,
    }
}
