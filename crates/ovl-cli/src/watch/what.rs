//! What can happen in a namespace and to one, and which device it is about.

use ovl_core::known::{Change, Known, Object};
use ovl_core::names::IfName;
use ovl_core::row::Miss;
use ovl_core::watch::Cause;

use super::Subject;
use crate::shape::Netns;

/// What happened.
pub enum What {
    /// A namespace came.
    Came,
    /// It has gone.
    Went,
    /// It has other names than it had.
    Renamed(Box<Netns>),
    /// Something in it changed.
    Changed(Box<Change>, Cause),
    /// A VXLAN device asks.
    Missed(Miss),
    /// Notices were lost.
    Lost,
    /// A notice could not be read.
    Unreadable(String),
}

impl What {
    /// The subject by which it can be left out; what was lost never is.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            What::Came | What::Went | What::Renamed(_) => Some(Subject::Netns),
            What::Missed(_) => Some(Subject::Miss),
            What::Lost | What::Unreadable(_) => None,
            What::Changed(change, _) => Some(match object(change) {
                Object::Link(_) => Subject::Link,
                Object::Addr(_) => Subject::Address,
                Object::Route(_) => Subject::Route,
                Object::Neigh(_) => Subject::Neigh,
                Object::Fdb(_) => Subject::Fdb,
            }),
        }
    }

    /// The index of the device it is about.
    pub fn dev(&self) -> Option<u32> {
        match self {
            What::Changed(change, _) => object(change).dev(),
            What::Missed(miss) => Some(miss.dev),
            _ => None,
        }
    }

    /// Is it about that device? One that is renamed is both.
    pub fn concerns(&self, name: &IfName, known: &Known) -> bool {
        let is = |object: &Object| matches!(object, Object::Link(link) if link.name == *name);
        let by_itself = matches!(self, What::Changed(change, _) if sides(change).any(is));
        let is_dev = |index| known.name(index) == Some(name);
        // A route may leave by several, and by another one than before.
        let leaves = |object: &Object| matches!(object, Object::Route(r) if r.devs().any(is_dev));
        by_itself
            || match self {
                What::Changed(change, _) if matches!(object(change), Object::Route(_)) => {
                    sides(change).any(leaves)
                }
                _ => self.dev().is_none_or(is_dev),
            }
    }
}

/// As it was and as it is.
fn sides(change: &Change) -> impl Iterator<Item = &Object> {
    let (one, other) = match change {
        Change::New(object) | Change::Gone(object) => (object, None),
        Change::Changed { was, now } => (was, Some(now)),
    };
    std::iter::once(one).chain(other)
}

/// As it is, or was last.
pub(super) fn object(change: &Change) -> &Object {
    match change {
        Change::New(object) | Change::Gone(object) | Change::Changed { now: object, .. } => object,
    }
}
