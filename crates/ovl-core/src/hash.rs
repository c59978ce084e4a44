//! Tables of addresses, for rows that come by the hundred thousand: the standard
//! library's maps with a hash that costs a few multiplications, and an index
//! that holds no copy of what it finds. Both start from a number that nobody
//! outside knows, so that a table from outside cannot choose what collides. Knows
//! nothing of rows.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// A map whose keys are addresses, or pairs of them.
pub type Map<K, V> = HashMap<K, V, Seeded>;

/// A set of addresses, or of pairs of them.
pub type Set<K> = HashSet<K, Seeded>;

/// Makes the hashes of one table.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    start: u64,
    factor: u64,
}

impl Default for Seeded {
    fn default() -> Seeded {
        let random = RandomState::new();
        // An odd factor loses none of the bits it is multiplied with.
        Seeded { start: random.hash_one(0u8), factor: random.hash_one(1u8) | 1 }
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;
    fn build_hasher(&self) -> Folding {
        Folding { state: self.start, factor: self.factor }
    }
}

/// Folds each word in by a multiplication to twice its width.
#[derive(Debug)]
pub struct Folding {
    state: u64,
    factor: u64,
}

impl Folding {
    fn fold(&mut self, word: u64) {
        let wide = u128::from(self.state ^ word) * u128::from(self.factor);
        // The halves, one on the other: the low bits are made of all others too.
        #[allow(clippy::cast_possible_truncation)]
        let folded = (wide as u64) ^ ((wide >> 64) as u64);
        self.state = folded.rotate_left(23);
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_ne_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.fold(n.into());
    }

    fn write_u16(&mut self, n: u16) {
        self.fold(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.fold(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.fold(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.fold(n as u64);
    }

    /// Addresses of one network differ in few bits, and their products in a row
    /// may fall together: two rounds more (those of `MurmurHash3`) spread them.
    fn finish(&self) -> u64 {
        let mut state = self.state;
        for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
            state = (state ^ (state >> 33)).wrapping_mul(factor);
        }
        state ^ (state >> 33)
    }
}

/// Where items of a list are, by a key that each of them has. The index holds
/// places, four bytes each, and no keys: it asks the list.
#[derive(Debug)]
pub struct Index {
    slots: Vec<u32>,
    seeded: Seeded,
}

/// No item is here.
const FREE: u32 = u32::MAX;

impl Index {
    /// One for at most so many items.
    pub fn of(items: usize) -> Index {
        // Half of it stays free, so that a search is short.
        let slots = (items.max(4) * 2).next_power_of_two();
        Index { slots: vec![FREE; slots], seeded: Seeded::default() }
    }

    /// The item with that key, as `is_it` knows it by its place; where there is
    /// none, the one at `at` is put there.
    ///
    /// # Panics
    /// With more items than it was made for.
    pub fn first<K: Hash>(
        &mut self,
        key: &K,
        at: usize,
        is_it: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let slot = self.slot(key, is_it);
        match self.slots[slot] {
            FREE => {
                self.slots[slot] = u32::try_from(at).expect("fewer than 2^32 items");
                None
            }
            first => Some(first as usize),
        }
    }

    /// The item with that key.
    pub fn find<K: Hash>(&self, key: &K, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let slot = self.slot(key, is_it);
        Some(self.slots[slot]).filter(|at| *at != FREE).map(|at| at as usize)
    }

    /// Its slot, or the free one where it would be.
    fn slot<K: Hash>(&self, key: &K, is_it: impl Fn(usize) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        // The table has far fewer slots than a hash has values.
        #[allow(clippy::cast_possible_truncation)]
        let start = self.seeded.hash_one(key) as usize;
        (0..self.slots.len())
            .map(|step| start.wrapping_add(step) & mask)
            .find(|slot| self.slots[*slot] == FREE || is_it(self.slots[*slot] as usize))
            .expect("half of the slots are free")
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn addresses() -> Vec<IpAddr> {
        (0..5000u32).map(|n| Ipv4Addr::from_bits((10 << 24) + n * 256).into()).collect()
    }

    #[test]
    fn an_item_is_found_where_it_was_put() {
        let list = addresses();
        let mut index = Index::of(list.len());
        for (at, ip) in list.iter().enumerate() {
            assert_eq!(index.first(ip, at, |there| list[there] == *ip), None);
        }
        for (at, ip) in list.iter().enumerate() {
            assert_eq!(index.first(ip, 0, |there| list[there] == *ip), Some(at));
            assert_eq!(index.find(ip, |there| list[there] == *ip), Some(at));
        }
        let strange: IpAddr = "fd00::1".parse().unwrap();
        assert_eq!(index.find(&strange, |there| list[there] == strange), None);
    }

    #[test]
    fn addresses_that_differ_in_few_bits_are_spread() {
        for _ in 0..200 {
            let seeded = Seeded::default();
            let low = |ip: &IpAddr| seeded.hash_one(ip) & 0xfff;
            let used: HashSet<u64> = addresses().iter().map(low).collect();
            // Of 4096 slots 5000 random throws hit some 2890.
            assert!(used.len() > 2750, "{}", used.len());
        }
    }

    #[test]
    fn the_end_of_a_word_counts() {
        let seeded = Seeded::default();
        assert_ne!(seeded.hash_one([1u8, 0]), seeded.hash_one([1u8]));
        assert_ne!(seeded.hash_one((1u8, 2u8)), seeded.hash_one((2u8, 1u8)));
    }
}
