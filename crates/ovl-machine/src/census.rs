//! Who is there now, and who was a moment ago: the namespaces of the machine,
//! looked at again and again. A look holds nothing when it is over, so that
//! following namespaces keeps none of them alive.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ovl_core::netns::{NsKey, visit};

use crate::discover::{Discovery, Found, Search, short_names};

/// How long a namespace that others have let go may still be thought of as there.
const SOON: Duration = Duration::from_millis(400);
/// The longest pause between two looks, however much one costs.
const LATE: Duration = Duration::from_millis(900);
/// A look may take this part of the time, and no more, while it is in bounds.
const SHARE: u32 = 10;

/// A namespace as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// How it was found.
    pub found: Found,
    /// The kernel's cookie: an inode number is given again, a cookie never.
    pub cookie: Option<u64>,
}

/// What is otherwise than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// It was not there before.
    Came(Resident),
    /// It has gone, as far as can be seen from here.
    Went(Resident),
    /// It has other names or files than before.
    Renamed {
        /// As it was.
        was: Box<Resident>,
        /// As it is.
        now: Box<Resident>,
    },
    /// It came and went between two looks, and its mount was seen meanwhile.
    Passed(Resident),
}

/// What was mounted for a moment between two looks.
#[derive(Debug, Default)]
pub struct Glimpses {
    /// By key and file: the kernel gives the number of one that has ended to the next.
    seen: BTreeMap<(NsKey, Option<PathBuf>), Found>,
}

impl Glimpses {
    /// Sees what is mounted now.
    pub fn glimpse(&mut self, search: &Search) {
        for (key, found) in search.mounted().namespaces {
            self.seen.insert((key, found.paths.first().cloned()), found);
        }
    }
}

/// The namespaces, and when they were looked at.
#[derive(Debug)]
pub struct Census {
    search: Search,
    residents: BTreeMap<NsKey, Resident>,
    hidden: usize,
    cost: Duration,
}

impl Census {
    /// A census that has seen nothing yet: its first look finds everything new.
    pub fn new(search: &Search) -> Census {
        let search = search.clone();
        Census { search, residents: BTreeMap::new(), hidden: 0, cost: Duration::ZERO }
    }

    /// Looks again; says what has moved since, those that went first.
    pub fn look(&mut self) -> Vec<Movement> {
        self.look_after(Glimpses::default())
    }

    /// The same, and last those that were there only in between.
    pub fn look_after(&mut self, between: Glimpses) -> Vec<Movement> {
        let begin = Instant::now();
        let now = residents(self.search.all(), &mut self.hidden);
        let mut moved = movements(&self.residents, &now);
        let stays = |key: &NsKey| self.residents.contains_key(key) || now.contains_key(key);
        let passed = between.seen.into_iter().filter(|((key, _), _)| !stays(key));
        let resident = |found| Resident { found, cookie: None };
        moved.extend(passed.map(|(_, found)| Movement::Passed(resident(found))));
        self.residents = now;
        self.cost = begin.elapsed();
        moved
    }

    /// The time to wait before the next look: shorter than a second, and so long
    /// that looking does not become what the machine is busy with.
    pub fn pause(&self) -> Duration {
        (self.cost * SHARE).clamp(SOON, LATE)
    }

    /// What each is called in a view.
    pub fn names(&self, own: NsKey) -> BTreeMap<NsKey, String> {
        short_names(self.residents.values().map(|r| &r.found), own)
    }

    /// The one with that key.
    pub fn resident(&self, key: NsKey) -> Option<&Resident> {
        self.residents.get(&key)
    }

    /// All of them.
    pub fn residents(&self) -> impl Iterator<Item = &Resident> {
        self.residents.values()
    }

    /// Processes that could not be looked at.
    pub fn hidden(&self) -> usize {
        self.hidden
    }
}

/// Those whom others than this toolkit hold, with their cookies.
fn residents(discovery: Discovery, hidden: &mut usize) -> BTreeMap<NsKey, Resident> {
    *hidden = discovery.hidden;
    let held: Vec<Found> =
        discovery.namespaces.into_values().filter(Found::is_held_by_others).collect();
    let cookies = visit(held.len(), |i| held[i].open(), |_, ns| ns.cookie()).unwrap_or_default();
    let mut cookies = cookies.into_iter().map(|visited| visited.and_then(Result::ok));
    let each = held.into_iter().map(|found| {
        let cookie = cookies.next().flatten();
        (found.key, Resident { found, cookie })
    });
    each.collect()
}

fn movements(before: &BTreeMap<NsKey, Resident>, now: &BTreeMap<NsKey, Resident>) -> Vec<Movement> {
    let other = |a: &Resident, b: &Resident| match (a.cookie, b.cookie) {
        (Some(a), Some(b)) => a != b,
        // One that cannot be entered has no cookie: it counts as the same.
        _ => false,
    };
    let went = before.iter().filter(|(key, was)| now.get(key).is_none_or(|now| other(was, now)));
    let mut moved: Vec<Movement> = went.map(|(_, was)| Movement::Went(was.clone())).collect();
    for (key, resident) in now {
        match before.get(key) {
            Some(was) if !other(was, resident) => {
                let same = was.found.names == resident.found.names
                    && was.found.paths == resident.found.paths;
                if !same {
                    let [was, now] = [was, resident].map(|it| Box::new(it.clone()));
                    moved.push(Movement::Renamed { was, now });
                }
            }
            _ => moved.push(Movement::Came(resident.clone())),
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident(inode: u64, cookie: u64, name: &str) -> (NsKey, Resident) {
        let key = NsKey { dev: 4, inode };
        let found = Found { key, names: vec![name.into()], ..Found::default() };
        (key, Resident { found, cookie: Some(cookie) })
    }

    #[test]
    fn an_inode_number_given_again_is_another_namespace() {
        let before = BTreeMap::from([resident(1, 10, "a"), resident(2, 11, "b")]);
        let now = BTreeMap::from([resident(1, 10, "a"), resident(2, 12, "b")]);
        let (_, went) = resident(2, 11, "b");
        let (_, came) = resident(2, 12, "b");
        assert_eq!(movements(&before, &now), [Movement::Went(went), Movement::Came(came)]);
    }

    #[test]
    fn a_name_that_is_taken_away_does_not_end_a_namespace() {
        let before = BTreeMap::from([resident(1, 10, "a")]);
        let (key, was) = resident(1, 10, "a");
        let mut now = was.clone();
        now.found.names.clear();
        let after = BTreeMap::from([(key, now.clone())]);
        assert_eq!(
            movements(&before, &after),
            [Movement::Renamed { was: was.into(), now: now.into() }]
        );
        assert_eq!(movements(&after, &after), []);
    }
}
