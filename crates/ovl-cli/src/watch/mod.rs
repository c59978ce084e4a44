//! What changes in namespaces, as it changes, one line each. Follows those that
//! come, and keeps none alive that others have let go. What `ovl-inspect watch`
//! and `ovl-fdb watch` have in common; which of it is told, they say.

mod asked;
mod event;
mod facts;
mod place;
mod what;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use futures::future::{Either, pending, select};
use futures::stream::{SelectAll, Stream, StreamExt};
use ovl_core::error::Failure;
use ovl_core::known::Known;
use ovl_core::names::shown;
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::plan::{Clash, Conflict};
use ovl_machine::census::{Census, Glimpses, Movement, Resident};

use crate::outlet::Outlet;
use crate::shape::Netns;
use crate::{Context, Error, Exit, follow, output};

use asked::Asked;
use event::Event;
use place::{Heard, Place};
use what::What;
pub use wish::{Subject, Wish};

/// A look is due by then: a namespace is let go within a second.
const LATE: Duration = Duration::from_millis(950);

/// Bytes that wait for their reader at most. After notices were lost all that changed
/// meanwhile is told at once: some sixty thousand rows.
const MOST: usize = 32 << 20;

/// Tells until a signal comes, or nobody reads.
pub fn watch(context: &Context, wish: &Wish) -> Result<Exit, Error> {
    follow::run(async { Watching::new(context, wish)?.run().await })
}

/// The notices of all namespaces, each with its namespace.
type Notices = SelectAll<Pin<Box<dyn Stream<Item = (NsKey, Heard)>>>>;

struct Watching<'c> {
    context: &'c Context,
    wish: &'c Wish,
    own: NsKey,
    asked: Asked,
    census: Census,
    names: BTreeMap<NsKey, String>,
    places: BTreeMap<NsKey, Place>,
    /// Those that could not be followed: it is said once.
    refused: BTreeSet<NsKey>,
    notices: Notices,
    outlet: Outlet,
}

/// What ended a wait.
enum Wake {
    Heard(NsKey, Box<Heard>),
    /// It is time to look who is there; `true`: mounts have changed.
    Look(bool),
    /// Nobody reads any more.
    Deaf,
}

impl<'c> Watching<'c> {
    fn new(context: &'c Context, wish: &'c Wish) -> Result<Self, Error> {
        let asked = Asked::new(context, &wish.namespaces)?;
        let own = NetNs::own()?.key();
        Ok(Watching {
            context,
            wish,
            own,
            asked,
            census: Census::new(&context.search),
            names: BTreeMap::new(),
            places: BTreeMap::new(),
            refused: BTreeSet::new(),
            notices: SelectAll::new(),
            outlet: Outlet::new(MOST),
        })
    }

    async fn run(mut self) -> Result<Exit, Error> {
        let moments = follow::Moments::seeing(&self.context.search);
        self.begin()?;
        loop {
            let mut moment = pin!(moments.next(self.census.pause()));
            let begin = Instant::now();
            let stirred = loop {
                match self.wait(moment.as_mut()).await? {
                    Wake::Heard(key, notice) => self.heard(key, *notice)?,
                    Wake::Look(stirred) => break stirred,
                    Wake::Deaf => return Ok(Exit::Done),
                }
                // However much there is to hear.
                if begin.elapsed() > LATE {
                    break false;
                }
            };
            for why in self.look(stirred, true, moments.seen())? {
                self.context.tell(&why);
            }
        }
    }

    /// The first look, which tells nothing. What was asked for has to be there.
    fn begin(&mut self) -> Result<(), Error> {
        let mut refused = self.look(false, false, Glimpses::default())?.into_iter();
        if self.places.is_empty()
            && !self.asked.is_all()
            && let Some(why) = refused.next()
        {
            return Err(why);
        }
        for why in refused {
            self.context.tell(&why);
        }
        self.context.completeness(self.census.hidden(), 0);
        self.find_device()?;
        if self.context.flags.verbose > 0 {
            let (tool, count) = (self.context.tool, self.places.len());
            output::note(&format!("{tool}: following {count} namespaces"));
        }
        Ok(())
    }

    /// Is the device there that was named, or may it come?
    fn find_device(&self) -> Result<(), Error> {
        let Some(dev) = &self.wish.dev else { return Ok(()) };
        if self.places.values().any(|place| place.known.has_device(dev)) {
            return Ok(());
        }
        let (what, netns) = (dev.to_string(), self.wish.places());
        let missing = Conflict { what, netns, why: Clash::Missing };
        if !self.wish.may_come() {
            return Err(missing.into());
        }
        output::note(&format!("{}: {missing}: waiting for it", self.context.tool));
        Ok(())
    }

    /// Waits for the next notice, until the moment comes to look around. No more is
    /// heard than its reader takes: the sockets hold the rest, or say that it was lost.
    async fn wait(&mut self, moment: Pin<&mut impl Future<Output = bool>>) -> Result<Wake, Error> {
        let (outlet, notices, context) = (&mut self.outlet, &mut self.notices, self.context);
        let next = pin!(async move {
            if !outlet.drain(|lines| event::unread(context, lines)).await? {
                return Ok(Wake::Deaf);
            }
            match notices.next().await {
                Some((key, notice)) => Ok(Wake::Heard(key, Box::new(notice))),
                None => pending().await,
            }
        });
        match select(next, moment).await {
            Either::Left((wake, _)) => wake,
            Either::Right((stirred, _)) => Ok(Wake::Look(stirred)),
        }
    }

    /// Looks who is there, and follows whoever was asked for. Gives why some are not.
    fn look(&mut self, stirred: bool, told: bool, between: Glimpses) -> Result<Vec<Error>, Error> {
        let moved = self.census.look_after(between);
        // Names are kept of those that go: their last events come after.
        self.names.extend(self.census.names(self.own));
        self.tell_left_over()?;
        for movement in &moved {
            self.moved(movement, told)?;
        }
        self.asked.look(self.context, stirred || !moved.is_empty());
        let is_new = |r: &&Resident| {
            let key = r.found.key;
            let is_known = self.places.contains_key(&key) || self.refused.contains(&key);
            !is_known && self.asked.means(key)
        };
        let mut new: Vec<Resident> = self.census.residents().filter(is_new).cloned().collect();
        // Inode numbers are given anew in any order: what is told first is not theirs to say.
        new.sort_by(|a, b| self.names.get(&a.found.key).cmp(&self.names.get(&b.found.key)));
        let mut refused = Vec::new();
        for resident in &new {
            // What it was seen by may have ended since, and it not: the next look shows it.
            let Some(ns) = resident.found.open() else { continue };
            refused.extend(self.follow(resident, &ns));
            self.tell_netns(resident, What::Came, told)?;
        }
        Ok(refused)
    }

    /// What was asked for stays followed until it ends, whatever it is called.
    fn moved(&mut self, movement: &Movement, told: bool) -> Result<(), Error> {
        match movement {
            Movement::Came(_) => Ok(()),
            Movement::Went(resident) => {
                let key = resident.found.key;
                self.asked.went(key);
                self.refused.remove(&key);
                let Some(place) = self.places.remove(&key) else { return Ok(()) };
                place.let_go();
                self.tell_netns(resident, What::Went, told)
            }
            Movement::Passed(resident) => {
                if !self.asked.is_all() {
                    return Ok(());
                }
                let found = &resident.found;
                self.names.insert(found.key, shown(found.reference(self.own)));
                self.tell_netns(resident, What::Came, told)?;
                self.tell_netns(resident, What::Went, told)
            }
            Movement::Renamed { was, now } => {
                let was = Box::new(self.netns(was));
                let netns = self.netns(now);
                let Some(place) = self.places.get_mut(&now.found.key) else { return Ok(()) };
                place.netns = netns;
                self.tell_netns(now, What::Renamed(was), told)
            }
        }
    }

    /// Opens a socket in it. Says why not, where it cannot be entered.
    fn follow(&mut self, resident: &Resident, ns: &NetNs) -> Option<Error> {
        let key = resident.found.key;
        let opened =
            Place::open(&self.context.kernel, ns, self.netns(resident), &self.wish.topics());
        match opened {
            Ok((place, notices)) => {
                self.notices.push(Box::pin(notices.map(move |notice| (key, notice))));
                self.places.insert(key, place);
                None
            }
            Err(why) => {
                let (op, object) = ("follow".into(), "changes".into());
                let failure = Failure { op, object, netns: Some(self.name(key)), why };
                let mut error = Error::from(failure);
                // What helps for one helps for all.
                if !self.refused.is_empty() {
                    error.hints.clear();
                }
                self.refused.insert(key);
                Some(error)
            }
        }
    }

    /// Something was heard.
    fn heard(&mut self, key: NsKey, notice: Heard) -> Result<(), Error> {
        // What was under way when it was let go.
        let Some(place) = self.places.get_mut(&key) else { return Ok(()) };
        let (census, kernel) = (&self.census, &self.context.kernel);
        let events = place.heard(notice, || {
            let found = census.resident(key).and_then(|r| r.found.open());
            found.and_then(|ns| place::read(kernel, &ns).ok()).unwrap_or_default()
        });
        self.tell(key, events)
    }

    /// What waited for a device to be told of, and waits no longer.
    fn tell_left_over(&mut self) -> Result<(), Error> {
        let each = self.places.iter_mut().map(|(key, place)| (*key, place.left_over()));
        let each: Vec<_> = each.filter(|(_, events)| !events.is_empty()).collect();
        each.into_iter().try_for_each(|(key, events)| self.tell(key, events))
    }

    /// Tells what was asked for of what happened in a namespace.
    fn tell(&mut self, key: NsKey, events: Vec<What>) -> Result<(), Error> {
        let name = self.name(key);
        let place = &self.places[&key];
        for what in events {
            if !what.subject().is_none_or(|subject| self.wish.wants(subject)) {
                continue;
            }
            if self.wish.dev.as_ref().is_some_and(|dev| !what.concerns(dev, &place.known)) {
                continue;
            }
            let event = Event::new(name.clone(), place.netns.clone(), what);
            if event.says_something(&place.known) {
                self.outlet.push(line(self.context, &event, &place.known)?);
            }
        }
        Ok(())
    }

    /// Tells that a namespace came or went.
    fn tell_netns(&mut self, resident: &Resident, what: What, told: bool) -> Result<(), Error> {
        if told && self.wish.wants(Subject::Netns) {
            let event = Event::new(self.name(resident.found.key), self.netns(resident), what);
            self.outlet.push(line(self.context, &event, &Known::default())?);
        }
        Ok(())
    }

    fn netns(&self, resident: &Resident) -> Netns {
        Netns::new(&resident.found, self.own, resident.cookie)
    }

    fn name(&self, key: NsKey) -> String {
        self.names.get(&key).cloned().unwrap_or_else(|| key.to_string())
    }
}

fn line(context: &Context, event: &Event, known: &Known) -> Result<String, Error> {
    follow::written(&context.flags, &event.json(known), || event.text(known))
}
