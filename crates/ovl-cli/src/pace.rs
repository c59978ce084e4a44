//! How often to look again for what a reference means. Where nothing changes it is
//! looked for seldom; after a change often, since one seldom comes alone: a
//! namespace first, its device a moment later.

use std::time::{Duration, Instant};

use ovl_core::names::NsRef;

/// So long after a change others may follow it.
const STIRRED: Duration = Duration::from_secs(15);
/// How often to look in that time.
const OFTEN: Duration = Duration::from_millis(300);
/// How often to look else.
const SELDOM: Duration = Duration::from_secs(10);

/// When a reference was followed last, and when something has changed.
#[derive(Debug)]
pub struct Pace {
    /// The time between two looks, however much changes.
    least: Duration,
    looked: Option<Instant>,
    stirred: Option<Instant>,
}

impl Pace {
    /// The pace for such a reference: the more a look costs, the slower.
    pub fn of(reference: &NsRef) -> Pace {
        let least = match reference {
            // A program is started: the engine's.
            NsRef::Container(..) | NsRef::Overlay(_) => Duration::from_secs(1),
            // Every process is looked at.
            NsRef::Vni(_) | NsRef::Inode(_) | NsRef::Below(..) => OFTEN,
            _ => Duration::ZERO,
        };
        Pace { least, looked: None, stirred: None }
    }

    /// Something has changed.
    pub fn stir(&mut self) {
        self.stirred = Some(Instant::now());
    }

    /// Is it time? `found`: what it meant at the last look is still there.
    pub fn is_due(&self, found: bool) -> bool {
        let Some(looked) = self.looked else { return true };
        let (age, stirred) = (looked.elapsed(), self.stirred);
        let has_changed = stirred.is_some_and(|at| at > looked);
        let may_come = !found && age >= OFTEN && stirred.is_some_and(|at| at.elapsed() < STIRRED);
        age >= SELDOM || (age >= self.least && (has_changed || may_come))
    }

    /// It is looked for now.
    pub fn look(&mut self) {
        self.looked = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(looked: u64, stirred: Option<u64>) -> Pace {
        let ago = |ms| Instant::now().checked_sub(Duration::from_millis(ms));
        let reference = "docker:X-1".parse().unwrap();
        Pace { looked: ago(looked), stirred: stirred.and_then(ago), ..Pace::of(&reference) }
    }

    #[test]
    fn an_engine_is_asked_once_a_second_while_something_changes() {
        assert!(Pace::of(&"docker:X-1".parse().unwrap()).is_due(false));
        assert!(!pace(900, Some(0)).is_due(false));
        assert!(pace(1100, Some(0)).is_due(true));
        // What was found is not looked for again because of what was seen already.
        assert!(!pace(1100, Some(1200)).is_due(true));
        assert!(pace(1100, Some(1200)).is_due(false));
    }

    #[test]
    fn where_nothing_changes_it_is_looked_for_seldom() {
        for stirred in [None, Some(16_000)] {
            assert!(!pace(5_000, stirred).is_due(false));
            assert!(pace(11_000, stirred).is_due(true));
        }
    }
}
