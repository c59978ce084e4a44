//! What happened a short while ago, in a bounded amount of memory: whatever
//! floods in, two generations of so many keys are all that is kept.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Keys a generation: seven eighths of a power of two, which is what a table holds
/// before it doubles. Both generations are less than three megabytes.
const MOST: usize = 28_672;

/// Keys, each for a while.
#[derive(Debug)]
pub struct Recent<K> {
    life: Duration,
    young: HashMap<K, Instant>,
    old: HashMap<K, Instant>,
    born: Instant,
}

impl<K: Eq + Hash + Copy> Recent<K> {
    /// Keys that live so long.
    pub fn new(life: Duration, now: Instant) -> Recent<K> {
        Recent { life, young: HashMap::new(), old: HashMap::new(), born: now }
    }

    /// Is it there, and not older than it may be?
    pub fn has(&self, key: &K, now: Instant) -> bool {
        let since = self.young.get(key).or_else(|| self.old.get(key));
        since.is_some_and(|since| now.duration_since(*since) < self.life)
    }

    /// Takes it in.
    pub fn insert(&mut self, key: K, now: Instant) {
        if self.young.len() >= MOST || now.duration_since(self.born) >= self.life {
            // What the older generation had is older than a life, or one too many.
            self.old = std::mem::take(&mut self.young);
            self.born = now;
        }
        self.young.insert(key, now);
    }

    /// Forgets it.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_as_long_as_it_may() {
        let start = Instant::now();
        let mut recent = Recent::new(Duration::from_secs(5), start);
        recent.insert(1, start);
        assert!(recent.has(&1, start + Duration::from_secs(4)));
        assert!(!recent.has(&1, start + Duration::from_secs(5)));
        recent.insert(2, start + Duration::from_secs(4));
        recent.insert(3, start + Duration::from_secs(6));
        assert!(recent.has(&2, start + Duration::from_secs(8)));
        recent.remove(&2);
        assert!(!recent.has(&2, start + Duration::from_secs(8)));
    }

    #[test]
    fn a_flood_is_not_kept() {
        let start = Instant::now();
        let mut recent = Recent::new(Duration::from_secs(60), start);
        for key in 0..1_000_000 {
            recent.insert(key, start);
        }
        assert!(recent.young.len() + recent.old.len() <= 2 * MOST);
        assert!(recent.has(&999_999, start));
    }
}
