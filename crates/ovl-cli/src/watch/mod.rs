//! What changes in namespaces, as it changes, one line each. Follows those that
//! come, and keeps none alive that others have let go. What `ovl-inspect watch`
//! and `ovl-fdb watch` have in common; which of it is told, they say.

mod event;

use std::collections::BTreeMap;
use std::pin::Pin;

use clap::ValueEnum;
use futures::future::{Either, select};
use futures::stream::{AbortHandle, SelectAll, Stream, StreamExt, abortable};
use ovl_core::error::Fail;
use ovl_core::known::{Change, Known};
use ovl_core::names::{IfName, NsRef};
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::state::{NsState, Reader};
use ovl_core::watch::{Maker, Notice, Topic, Watcher};
use ovl_machine::census::{Census, Movement, Resident};

use crate::shape::Netns;
use crate::{Context, Error, Exit, follow, output};

use event::{Event, What};

/// What can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Namespaces that come and go.
    Netns,
    /// Devices.
    Link,
    /// Addresses.
    Address,
    /// Routes.
    Route,
    /// Neighbour rows.
    Neigh,
    /// FDB rows.
    Fdb,
    /// Addresses that VXLAN devices ask for.
    Miss,
}

/// What is to be told.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Of which namespaces; empty: of all.
    pub namespaces: Vec<NsRef>,
    /// Of what; empty: of everything.
    pub only: Vec<Subject>,
    /// Of which device's rows; absent: of all.
    pub dev: Option<IfName>,
}

impl Wish {
    /// Was it asked for?
    fn wants(&self, subject: Subject) -> bool {
        self.only.is_empty() || self.only.contains(&subject)
    }

    /// What the kernel has to be asked for. Devices always: they have the names.
    fn topics(&self) -> Vec<Topic> {
        const ROWS: [Subject; 3] = [Subject::Neigh, Subject::Fdb, Subject::Miss];
        let wanted = |topic: &Topic| match topic {
            Topic::Links => true,
            Topic::Addrs => self.wants(Subject::Address),
            Topic::Routes => self.wants(Subject::Route),
            Topic::Rows => ROWS.iter().any(|row| self.wants(*row)),
        };
        Topic::ALL.into_iter().filter(wanted).collect()
    }
}

/// Tells until a signal comes, or nobody reads.
pub fn watch(context: &Context, wish: &Wish) -> Result<Exit, Error> {
    follow::run(async { Watching::new(context, wish)?.run().await })
}

/// The notices of all namespaces, each with its namespace.
type Notices = SelectAll<Pin<Box<dyn Stream<Item = (NsKey, Result<Notice, Fail>)>>>>;

struct Watching<'c> {
    context: &'c Context,
    wish: &'c Wish,
    own: NsKey,
    census: Census,
    names: BTreeMap<NsKey, String>,
    places: BTreeMap<NsKey, Place>,
    notices: Notices,
}

/// A namespace that is followed.
struct Place {
    netns: Netns,
    known: Known,
    /// Ends its stream, and with it our hold on the namespace.
    let_go: AbortHandle,
}

impl<'c> Watching<'c> {
    fn new(context: &'c Context, wish: &'c Wish) -> Result<Self, Error> {
        // One that is named has to be there to begin with; later it may come back.
        for reference in &wish.namespaces {
            context.resolve(reference)?;
        }
        let own = NetNs::own().map_err(|e| Error::new(Exit::Denied, e.to_string()))?.key();
        Ok(Watching {
            context,
            wish,
            own,
            census: Census::new(&context.search),
            names: BTreeMap::new(),
            places: BTreeMap::new(),
            notices: SelectAll::new(),
        })
    }

    async fn run(mut self) -> Result<Exit, Error> {
        let moments = follow::Moments::new();
        self.look(false)?;
        self.context.completeness(self.census.hidden(), 0);
        if self.context.flags.verbose > 0 {
            let (tool, count) = (self.context.tool, self.places.len());
            output::note(&format!("{tool}: following {count} namespaces"));
        }
        loop {
            let mut moment = Box::pin(moments.next(self.census.pause()));
            loop {
                let heard = if self.notices.is_empty() {
                    moment.as_mut().await;
                    None
                } else {
                    match select(self.notices.next(), moment.as_mut()).await {
                        Either::Left((heard, _)) => heard,
                        Either::Right(_) => None,
                    }
                };
                let Some((key, notice)) = heard else { break };
                if !self.heard(key, notice)? {
                    return Ok(Exit::Done);
                }
            }
            if !self.look(true)? {
                return Ok(Exit::Done);
            }
        }
    }

    /// Looks who is there. `false` when nobody reads.
    fn look(&mut self, told: bool) -> Result<bool, Error> {
        let moved = self.census.look();
        // Names are kept of those that go: their last events come after.
        self.names.extend(self.census.names(self.own));
        for movement in moved {
            if !self.moved(&movement, told)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A namespace came, went, or has other names. `false` when nobody reads.
    fn moved(&mut self, movement: &Movement, told: bool) -> Result<bool, Error> {
        let own = self.own;
        let netns = |r: &Resident| Netns::new(&r.found, own, r.cookie);
        let (key, what, netns) = match movement {
            Movement::Came(r) if !self.is_wanted(r.found.key) => return Ok(true),
            Movement::Came(r) => {
                self.follow(r);
                (r.found.key, What::Came, netns(r))
            }
            Movement::Went(r) => {
                let Some(place) = self.places.remove(&r.found.key) else { return Ok(true) };
                place.let_go.abort();
                (r.found.key, What::Went, netns(r))
            }
            Movement::Renamed(now) => {
                let Some(place) = self.places.get_mut(&now.found.key) else { return Ok(true) };
                place.netns = netns(now);
                (now.found.key, What::Renamed, netns(now))
            }
        };
        let shown = told && self.wish.wants(Subject::Netns);
        if !shown {
            return Ok(true);
        }
        self.print(&Event::new(self.name(key), netns, what))
    }

    /// Was it asked for? A reference may mean another namespace than it did.
    fn is_wanted(&self, key: NsKey) -> bool {
        let asked = &self.wish.namespaces;
        let means = |r| self.context.resolve(r).is_ok_and(|resolved| resolved.ns.key() == key);
        asked.is_empty() || asked.iter().any(means)
    }

    /// Opens a socket in it; one that cannot be entered, or has gone, is not followed.
    fn follow(&mut self, resident: &Resident) {
        let key = resident.found.key;
        let Some(ns) = resident.found.open() else { return };
        let topics = self.wish.topics();
        // First the ears, then the listing: what changes in between is told twice
        // and known once.
        let opened = Watcher::open_in(&ns, &topics)
            .and_then(Watcher::notices)
            .and_then(|notices| Ok((notices, read(self.context, &ns)?)));
        match opened {
            Ok((notices, state)) => {
                let (notices, let_go) = abortable(notices);
                self.notices.push(Box::pin(notices.map(move |notice| (key, notice))));
                let netns = Netns::new(&resident.found, self.own, resident.cookie);
                self.places.insert(key, Place { netns, known: Known::of(state), let_go });
            }
            Err(why) => {
                let (tool, name) = (self.context.tool, self.name(key));
                output::note(&format!("{tool}: netns {name} is not followed: {why}"));
            }
        }
    }

    /// Something was heard. `false` when nobody reads.
    fn heard(&mut self, key: NsKey, notice: Result<Notice, Fail>) -> Result<bool, Error> {
        // What was under way when it was let go.
        let Some(place) = self.places.get_mut(&key) else { return Ok(true) };
        let events: Vec<What> = match notice {
            Ok(Notice::There(object, by)) => changed(place.known.there(object), by),
            Ok(Notice::Gone(object, by)) => changed(place.known.gone(&object), by),
            Ok(Notice::Missed(miss)) => vec![What::Missed(miss)],
            Ok(Notice::Lost) => {
                let found = self.census.resident(key).and_then(|r| r.found.open());
                let state = found.and_then(|ns| read(self.context, &ns).ok()).unwrap_or_default();
                let changes = place.known.refresh(state).into_iter();
                let changes =
                    changes.map(|change| What::Changed(Box::new(change), Maker::default()));
                std::iter::once(What::Lost).chain(changes).collect()
            }
            Ok(Notice::Unreadable(why)) => vec![What::Unreadable(why)],
            Err(why) => vec![What::Unreadable(why.to_string())],
        };
        let name = self.names.get(&key).cloned().unwrap_or_else(|| key.to_string());
        for what in events {
            let place = &self.places[&key];
            if !what.subject().is_none_or(|subject| self.wish.wants(subject)) {
                continue;
            }
            let dev = what.dev().and_then(|index| place.known.link(index)).map(|l| &l.name);
            if self.wish.dev.is_some() && what.dev().is_some() && dev != self.wish.dev.as_ref() {
                continue;
            }
            let event = Event::new(name.clone(), place.netns.clone(), what);
            if event.says_something(&place.known) && !self.print_in(&event, &place.known)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn name(&self, key: NsKey) -> String {
        self.names.get(&key).cloned().unwrap_or_else(|| key.to_string())
    }

    fn print(&self, event: &Event) -> Result<bool, Error> {
        self.print_in(event, &Known::default())
    }

    fn print_in(&self, event: &Event, known: &Known) -> Result<bool, Error> {
        follow::line(&self.context.flags, &event.json(known), || event.text(known))
    }
}

fn changed(change: Option<Change>, by: Maker) -> Vec<What> {
    change.into_iter().map(|change| What::Changed(Box::new(change), by)).collect()
}

fn read(context: &Context, ns: &NetNs) -> Result<NsState, Fail> {
    let mut reader = Reader::open(&context.kernel, ns)?;
    Ok(NsState {
        links: reader.links(false)?,
        addrs: reader.addrs()?,
        routes: reader.routes()?,
        neighs: reader.neighs(None)?,
        fdb: reader.fdb(None)?,
    })
}
