//! Which namespaces the references mean that were asked for. Each is resolved once,
//! and again when it may mean another one: a namespace that is made again, a name
//! that is given later. An engine is asked for its reference, not for each namespace.

use ovl_core::names::NsRef;
use ovl_core::netns::NsKey;

use crate::pace::Pace;
use crate::{Context, Error};

/// The references, and what they mean; none of them: everything is meant.
#[derive(Debug)]
pub struct Asked {
    each: Vec<One>,
}

#[derive(Debug)]
struct One {
    reference: NsRef,
    /// The namespace that it means, as far as is known.
    means: Option<NsKey>,
    pace: Pace,
}

impl Asked {
    /// Each has to lead somewhere to begin with; later it may come back.
    pub fn new(context: &Context, references: &[NsRef]) -> Result<Asked, Error> {
        let mut each = Vec::new();
        for reference in references {
            let mut pace = Pace::of(reference);
            pace.look();
            let means = Some(context.resolve(reference)?.ns.key());
            each.push(One { reference: reference.clone(), means, pace });
        }
        Ok(Asked { each })
    }

    /// Are all namespaces meant?
    pub fn is_all(&self) -> bool {
        self.each.is_empty()
    }

    /// Is that one meant?
    pub fn means(&self, key: NsKey) -> bool {
        self.is_all() || self.each.iter().any(|one| one.means == Some(key))
    }

    /// One has gone: its number may be another's from now on.
    pub fn went(&mut self, key: NsKey) {
        for one in self.each.iter_mut().filter(|one| one.means == Some(key)) {
            one.means = None;
        }
    }

    /// Resolves those again that are due; `stirred`: namespaces or mounts have changed.
    pub fn look(&mut self, context: &Context, stirred: bool) {
        for one in &mut self.each {
            if stirred {
                one.pace.stir();
            }
            if one.pace.is_due(one.means.is_some()) {
                one.pace.look();
                one.means = context.resolve(&one.reference).ok().map(|found| found.ns.key());
            }
        }
    }
}
