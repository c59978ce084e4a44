//! Where `answer` works: the namespace and the device, which come and go, and what
//! belongs to them - the network, the ways out, this host's own addresses.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::stream::{Stream, StreamExt, abortable};
use ovl_cli::error::reading;
use ovl_cli::{Acting, Error};
use ovl_core::names::IfName;
use ovl_core::row::Via;
use ovl_core::watch::{Topic, Watcher};
use ovl_endpoints::Table;

use super::desk::Desk;
use super::tally::Event;
use super::{Clerk, Wake, Wakes, is_far};
use crate::device::{Device, Reach};
use crate::recent::Recent;
use crate::sync::fits;

/// The time between two looks at the addresses of this host.
const OWN: Duration = Duration::from_secs(2);

impl Clerk<'_> {
    /// Opens the namespace, if it is there. First the ears, then all else. Why that
    /// cannot be is of no concern to one who waits for it, and all the answer to one
    /// who begins.
    pub(super) fn open(&mut self, stirred: bool, wakes: &mut Wakes<'_>) -> Result<(), Error> {
        if self.home.find(stirred).is_none() {
            return Ok(());
        }
        let Some((ns, spot)) = self.home.open() else { return Ok(()) };
        let label = self.args.on.netns.netns.as_ref().map(ToString::to_string);
        let opened = Watcher::open_in(&ns, &[Topic::Rows]).and_then(Watcher::notices);
        let notices = opened.map_err(reading("its notices", label.clone()))?;
        let only_look = Acting { dry_run: true, ..Acting::default() };
        let device = Device::read(self.context, &self.args.on, only_look, Reach::Ours(&[]))?;
        if let Err(why) = fits("answer", &device, self.vni) {
            if self.misfit.replace(spot) != Some(spot) {
                self.context.tell(&why);
            }
            return Ok(());
        }
        let desk = Desk::open(self.context, &ns, spot, device.link.clone());
        let mut desk = desk.map_err(reading("its rows", label.clone()))?;
        let own = desk.own().map_err(reading("its underlay", label))?;
        desk.leave_by(self.vias(&device));
        desk.adopt(&device.endpoints, &self.book);
        let (notices, let_go) = abortable(notices);
        let notices: Pin<Box<dyn Stream<Item = Wake>>> =
            Box::pin(notices.map(move |notice| Wake::Heard(spot, Box::new(notice))));
        wakes.push(notices);
        self.own = own;
        self.own.extend(self.args.own);
        (self.desk, self.let_go) = (Some(desk), Some(let_go));
        Ok(())
    }

    /// Addresses come and go: what is this host's own is not answered any more.
    fn look_for_own(&mut self) {
        let Some(desk) = self.desk.as_mut().filter(|_| self.own_read.elapsed() >= OWN) else {
            return;
        };
        self.own_read = Instant::now();
        let Ok(mut own) = desk.own() else { return };
        own.extend(self.args.own);
        if own != self.own {
            desk.withdraw(|wanted| self.book.find(wanted).is_some_and(|e| is_far(e, &own)));
            self.own = own;
        }
    }

    /// The devices that the table's rows leave by, as far as they are there; answers
    /// that want another are refused.
    pub(super) fn vias(&self, device: &Device) -> Vec<Via> {
        let found = |name: &&IfName| match device.via(self.context, name) {
            // By the name by which the table has it.
            Ok(via) => Some(Via { name: (*name).clone(), ..via }),
            Err(why) => {
                self.context.tell(&why);
                None
            }
        };
        self.book.vias().iter().filter_map(found).collect()
    }

    /// Lets the namespace go.
    pub(super) fn close(&mut self) {
        if let Some(let_go) = self.let_go.take() {
            let_go.abort();
        }
        self.desk = None;
    }

    /// Who holds the namespace? Where is the device? Whose time is over?
    pub(super) fn look(&mut self, stirred: bool, wakes: &mut Wakes<'_>) -> Result<(), Error> {
        if let Some(desk) = &mut self.desk {
            self.census.look();
            let held = self.census.resident(desk.key);
            let held = held.is_some_and(|r| r.cookie.is_none_or(|c| c == desk.spot.cookie));
            let cookie = desk.spot.cookie;
            // A name may lead elsewhere now, though somebody holds the namespace. An
            // engine is asked no more often than for a namespace that is away.
            let moved = stirred && self.home.find(true).is_some_and(|now| now.cookie != cookie);
            if !held || moved || !desk.is_there() {
                self.close();
                self.teller.tell(&Event::Gone)?;
            }
        }
        if self.desk.is_none() {
            // It is tried again at the next look.
            let _ = self.open(stirred, wakes);
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
        if let Some(desk) = &mut self.desk {
            desk.keep_memory();
        }
        Ok(())
    }

    /// Is a table that is new one of the device's network? Said where it is not.
    pub(super) fn is_of_network(&self, table: &Table) -> bool {
        let Ok(device) = Device::look(self.context, &self.args.on) else { return true };
        match fits("answer", &device, table.vni) {
            Ok(()) => true,
            Err(why) => {
                self.keep_table(why);
                false
            }
        }
    }

    /// Says why a table that is new is not taken.
    pub(super) fn keep_table(&self, mut why: Error) {
        why.aftermath.push("the last table stays".into());
        self.context.tell(&why);
    }
}
