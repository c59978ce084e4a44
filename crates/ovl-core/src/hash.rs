//! Tables of addresses, for rows that come by the hundred thousand: the standard
//! library's maps with a quicker hash, and an index that holds no copy of what it
//! finds. Every table starts from a number of its own, so that addresses from
//! outside cannot be chosen to collide. Knows nothing of rows.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Makes the hashes of one table.
pub type Seeded = foldhash::fast::RandomState;

/// A map whose keys are addresses, or pairs of them.
pub type Map<K, V> = HashMap<K, V, Seeded>;

/// A set of addresses, or of pairs of them.
pub type Set<K> = HashSet<K, Seeded>;

/// Where items of a list are, by a key that each of them has. The index holds
/// places, four bytes each, and no keys: it asks the list.
#[derive(Debug)]
pub struct Index {
    places: HashTable<u32>,
    seeded: Seeded,
}

impl Index {
    /// One with room for so many items.
    pub fn of(items: usize) -> Index {
        Index { places: HashTable::with_capacity(items), seeded: Seeded::default() }
    }

    /// The item with that key, as `key_of` reads it at its place; where there is
    /// none, the one at `at` is put there.
    ///
    /// # Panics
    /// When the list has 2^32 items.
    pub fn first<K: Hash + Eq>(
        &mut self,
        key: &K,
        at: usize,
        key_of: impl Fn(usize) -> Option<K>,
    ) -> Option<usize> {
        let is_it = |place: &u32| key_of(*place as usize).as_ref() == Some(key);
        let hash = |place: &u32| self.seeded.hash_one(key_of(*place as usize));
        match self.places.entry(self.seeded.hash_one(Some(key)), is_it, hash) {
            Entry::Occupied(entry) => Some(*entry.get() as usize),
            Entry::Vacant(entry) => {
                entry.insert(u32::try_from(at).expect("fewer than 2^32 items"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn an_item_is_found_where_it_was_put() {
        let list: Vec<IpAddr> =
            (0..5000u32).map(|n| Ipv4Addr::from_bits((10 << 24) + n * 256).into()).collect();
        let key_of = |place: usize| list.get(place).copied();
        // With less room than there are items it grows.
        let mut index = Index::of(10);
        for (at, ip) in list.iter().enumerate() {
            assert_eq!(index.first(ip, at, key_of), None);
        }
        for (at, ip) in list.iter().enumerate() {
            assert_eq!(index.first(ip, 0, key_of), Some(at));
        }
    }
}
