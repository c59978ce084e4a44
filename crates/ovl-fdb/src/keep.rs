//! `sync --watch`: keeps a device's rows equal to a table, whichever of the two
//! changes. Between two comparisons nothing of the namespace is held.

use std::time::{Duration, Instant};

use futures::stream::{LocalBoxStream, SelectAll, StreamExt};
use nix::sys::signal::Signal;
use ovl_cli::stop::{Stop, exit_for};
use ovl_cli::{Context, Error, Exit, follow, output};
use ovl_endpoints::file::FileSource;
use ovl_endpoints::{Source, SourceError, Table};

use crate::cli::{Flush, Sync};
use crate::flush;
use crate::home::{Home, Spot};
use crate::report::Report;
use crate::sync::reconcile;
use crate::wanted::no_table;

/// The time between two looks for the namespace: it has a second to be found again.
const LOOK: Duration = Duration::from_millis(500);

/// What wakes it.
enum Wake {
    /// The table may be another one.
    Table,
    /// It is time to look where the device is; `true`: mounts have changed.
    Look(bool),
    /// A signal came.
    Told(Signal),
}

/// Follows until a signal comes or nobody reads. The first comparison is made as
/// `sync` makes it, and ends the run as that would.
pub fn keep(context: &Context, args: &Sync) -> Result<Exit, Error> {
    let mut source = FileSource::new(&args.source, args.format);
    let table = source.load().map_err(no_table)?;
    let stop = Stop::arm();
    follow::wait_on(async {
        let mut keeper = Keeper {
            context,
            args,
            source,
            table,
            home: Home::new(context, &args.on),
            at: None,
            due: true,
            done: Instant::now(),
            shown: None,
            said: String::new(),
        };
        let wakes = keeper.wakes(&stop)?;
        let ended = keeper.run(wakes).await;
        match keeper.clean_up() {
            Ok(()) => ended,
            Err(why) => Err(why),
        }
    })?
}

struct Keeper<'c> {
    context: &'c Context,
    args: &'c Sync,
    source: FileSource,
    /// As it was read last; one that cannot be read changes nothing.
    table: Table,
    home: Home<'c>,
    /// Where the rows were written last.
    at: Option<Spot>,
    /// There may be something to write.
    due: bool,
    /// When rows and table were compared last.
    done: Instant,
    /// What was shown last, while something stands in the way.
    shown: Option<Report>,
    /// What was said last: the same is not said again and again.
    said: String,
}

impl Keeper<'_> {
    fn wakes<'s>(&mut self, stop: &'s Stop) -> Result<SelectAll<LocalBoxStream<'s, Wake>>, Error> {
        let fd = self.source.follow().map_err(no_table)?;
        let fd =
            fd.ok_or_else(|| Error::usage("standard input cannot be followed: name a file"))?;
        let fd = fd.try_clone_to_owned().map_err(|e| Error::new(Exit::Failed, e.to_string()))?;
        let mut wakes = SelectAll::new();
        wakes.push(follow::stirrings(fd)?.map(|()| Wake::Table).boxed_local());
        wakes.push(follow::looks(LOOK).map(Wake::Look).boxed_local());
        wakes.push(follow::signals(stop).map(Wake::Told).boxed_local());
        Ok(wakes)
    }

    async fn run(&mut self, mut wakes: SelectAll<LocalBoxStream<'_, Wake>>) -> Result<Exit, Error> {
        self.at = self.home.find(true);
        if !self.show(reconcile(self.context, self.args, self.table.clone())?)? {
            return Ok(Exit::Done);
        }
        self.due = false;
        while let Some(wake) = wakes.next().await {
            match wake {
                Wake::Told(signal) => return Ok(exit_for(signal)),
                Wake::Table => self.read(),
                Wake::Look(stirred) => self.look(stirred),
            }
            if self.due && self.at.is_some() && !self.compare()? {
                return Ok(Exit::Done);
            }
        }
        Ok(Exit::Done)
    }

    /// The table may have changed.
    fn read(&mut self) {
        if !self.source.has_changed() {
            return;
        }
        match self.source.load() {
            Ok(table) => {
                self.table = table;
                self.due = true;
            }
            Err(why) => {
                let stays = match &why {
                    SourceError::Missing { .. } => "it is gone: the rows stay as they are",
                    _ => "the rows stay as they are",
                };
                let mut why = no_table(why);
                why.aftermath.push(stays.to_owned());
                self.complain(&why);
            }
        }
    }

    /// The namespace, or the device, may be another one.
    fn look(&mut self, stirred: bool) {
        let now = self.home.find(stirred);
        if now != self.at {
            let word = if now.is_some() { "is there again" } else { "is gone: waiting for it" };
            // What was said of the one that was is not known of this one.
            self.said.clear();
            self.shown = None;
            self.say(&format!("{}: {} {word}", self.context.tool, self.home.name()));
            self.said.clear();
            self.at = now;
            self.due = true;
        }
        if self.done.elapsed() >= self.args.every {
            self.due = true;
        }
        // Of what is mounted, and of another machine's files, no folder tells.
        if self.source.is_at_rest() {
            self.read();
        }
    }

    /// Makes rows and table equal. `false` when nobody reads.
    fn compare(&mut self) -> Result<bool, Error> {
        self.due = false;
        self.done = Instant::now();
        match reconcile(self.context, self.args, self.table.clone()) {
            Ok(report) => self.show(report),
            Err(error) if matches!(error.exit, Exit::Signal(_)) => Err(error),
            Err(error) => {
                // What is not there may come.
                self.due = error.exit == Exit::Missing;
                self.complain(&error);
                Ok(true)
            }
        }
    }

    /// Prints what was changed, and what stands in the way, once. `false` when
    /// nobody reads.
    fn show(&mut self, report: Report) -> Result<bool, Error> {
        let repeated = self.shown.as_ref().is_some_and(|last| last.is_same(&report));
        let is_news = report.has_changes() || (report.is_blocked() && !repeated);
        if self.context.flags.quiet || !is_news {
            return Ok(true);
        }
        let is_read = report.tell(self.context)?;
        self.shown = report.is_blocked().then_some(report);
        Ok(is_read)
    }

    /// Says something on standard error, unless it was the last that was said.
    fn say(&mut self, what: &str) {
        if self.said != what {
            output::note(what);
            what.clone_into(&mut self.said);
        }
    }

    /// Tells of an error, in the form that was asked for; the same is not said twice.
    fn complain(&mut self, error: &Error) {
        let text = error.text(self.context.tool);
        if self.said != text {
            self.context.tell(error);
            self.said = text;
        }
    }

    /// `--cleanup`.
    fn clean_up(&self) -> Result<(), Error> {
        if !self.args.cleanup || self.home.open().is_none() {
            return Ok(());
        }
        let all = Flush::all_owned(self.args.on.clone());
        flush::flush(self.context, &all).map(drop)
    }
}
