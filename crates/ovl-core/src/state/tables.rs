//! Neighbour rows of many namespaces. The kernel keeps those of all namespaces in
//! one hash table a family, which grows with them and never shrinks, and walks the
//! whole of it for each listing (`neigh_dump_table` in net/core/neighbour.c): after
//! a hundred thousand rows anywhere that takes longer than all else that is read of
//! a namespace. It is spared where the kernel counts no rows.

use super::Reader;
use crate::error::Fail;
use crate::kernel::Kernel;
use crate::row::Neigh;
use crate::wire::neightbl::{self, NeighTable};
use crate::wire::{row, rtm};

/// From so many chains on for each namespace a count is asked for first. The kernel
/// walks all devices of all namespaces for that: some three of a namespace, each of
/// which takes as long as some 25 chains.
const LONG: usize = 128;

/// Which of the tables are long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LongTables {
    v4: bool,
    v6: bool,
}

impl LongTables {
    /// What they are now, on a machine with so many namespaces: the same in all of
    /// these, so that it is asked where the calling thread is. A kernel that does not
    /// say has none.
    pub fn now<K: Kernel>(kernel: &K, namespaces: usize) -> LongTables {
        let long = u32::try_from(namespaces.saturating_mul(LONG)).unwrap_or(u32::MAX);
        let chains = |v4| Reader::here(kernel).and_then(|reader| reader.neigh_chains(v4));
        let is_long = |v4| chains(v4).is_ok_and(|chains| chains >= long);
        LongTables { v4: is_long(true), v6: is_long(false) }
    }
}

impl<K: Kernel> Reader<'_, K> {
    /// Neighbour rows of every device. Tables that are `long` are walked only where
    /// there is a row to find.
    pub fn neighs_beside(&mut self, long: LongTables) -> Result<Vec<Neigh>, Fail> {
        if long == LongTables::default() {
            return self.neighs(None);
        }
        let mut found = Vec::new();
        for (v4, is_long) in [(true, long.v4), (false, long.v6)] {
            if !is_long || self.has_neighs(v4)? {
                found.extend(
                    self.list_neighs(&row::list_neigh_family(v4), |row| row.ip.is_ipv4() == v4)?,
                );
            }
        }
        Ok(found)
    }

    /// How many chains a table's hash has; 0 where that is not what is said first. The
    /// reader is spent: nothing more is read.
    fn neigh_chains(mut self, v4: bool) -> Result<u32, Fail> {
        let mut found = 0;
        self.kernel.glance(&mut self.socket, &neightbl::list(v4), 0, |kind, body| {
            if kind == rtm::NEWNEIGHTBL
                && let Some(NeighTable::Shared { chains }) = neightbl::parse(v4, body)?
            {
                found = chains;
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn has_neighs(&mut self, v4: bool) -> Result<bool, Fail> {
        let said =
            self.list(&neightbl::list(v4), rtm::NEWNEIGHTBL, |body| neightbl::parse(v4, body))?;
        Ok(said.iter().any(|said| matches!(said, NeighTable::Device { rows } if *rows > 0)))
    }
}
