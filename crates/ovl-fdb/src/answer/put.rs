//! How an answer's row is put in its place: what stands there already may be the same,
//! may give way, or be another's.

use nix::errno::Errno;
use ovl_core::error::{Fail, KernelError};
use ovl_core::row::{
    Fdb, FdbSpec, NTF_EXT_LEARNED, NUD_NOARP, NUD_PERMANENT, Neigh, NeighSpec, RowOp, RowSpec,
};

use super::desk::{Answer, Desk, asks};
use crate::endpoints::{is_as_written, is_neigh_as_written};
use crate::written::{Kept, Way};

/// What stands where a row is to go.
pub(super) enum Stands {
    /// Just what is to stand there.
    Same,
    /// Something that gives way: learned, stale, or of our own making.
    Weak(RowSpec),
    /// Another's, with what it says.
    Foreign(String),
    /// Nothing any more.
    Nothing,
}

/// What became of one row.
enum Put {
    Written,
    Stood,
    Foreign(String),
}

impl Desk<'_> {
    /// Writes rows: those that were written, and why the others were not. All or
    /// nothing.
    pub(super) fn put_all<'r>(
        &mut self,
        rows: &'r [RowSpec],
    ) -> (Vec<&'r RowSpec>, Option<Answer>) {
        let mut written = Vec::new();
        for row in rows {
            let failed = match self.put(row) {
                Ok(Put::Written) => {
                    written.push(row);
                    continue;
                }
                Ok(Put::Stood) => continue,
                Ok(Put::Foreign(says)) => Answer::Foreign(says),
                Err(why) => Answer::Refused(why.to_string()),
            };
            for row in written {
                let _ = self.reader.change(self.spot.index, RowOp::Del, row);
            }
            return (Vec::new(), Some(failed));
        }
        (written, None)
    }

    fn put(&mut self, row: &RowSpec) -> Result<Put, Fail> {
        // What stands may go, or come, between two requests; not for ever.
        for _ in 0..4 {
            match self.reader.change(self.spot.index, RowOp::Add, row) {
                Ok(()) => return Ok(Put::Written),
                Err(why) if why.errno() == Some(Errno::EEXIST) => {}
                Err(why) => return Err(why),
            }
            match self.stands(row)? {
                Stands::Same => return Ok(Put::Stood),
                Stands::Foreign(says) => return Ok(Put::Foreign(says)),
                Stands::Nothing => {}
                Stands::Weak(other) => {
                    match self.reader.change(self.spot.index, RowOp::Del, &other) {
                        Err(why) if why.errno() != Some(Errno::ENOENT) => return Err(why),
                        // A replace could not put our mark on a row that lacks it.
                        _ => Kept::of(&other).map(|row| self.memory.forget(row)),
                    };
                }
            }
        }
        Err(Fail::Refused(KernelError::new(Errno::EEXIST)))
    }

    pub(super) fn stands(&mut self, row: &RowSpec) -> Result<Stands, Fail> {
        let dev = self.spot.index;
        Ok(match row {
            RowSpec::Neigh(row) => match self.reader.neigh(dev, row.ip)? {
                Some(stands) => self.neigh_stands(row, &stands),
                None => Stands::Nothing,
            },
            RowSpec::Fdb(row) => match self.reader.fdb_of(dev, row.mac)? {
                Some(stands) => self.fdb_stands(row, &stands),
                None => Stands::Nothing,
            },
        })
    }

    fn neigh_stands(&self, row: &NeighSpec, stands: &Neigh) -> Stands {
        // A control plane's row is its own, in whatever state.
        let stays =
            stands.state & (NUD_PERMANENT | NUD_NOARP) != 0 || stands.flags & NTF_EXT_LEARNED != 0;
        match stands.mac {
            Some(mac) if mac == row.mac && stays => Stands::Same,
            Some(mac)
                if stays
                    && !self.is_ours(Kept::Neigh(row.ip, mac), is_neigh_as_written(stands)) =>
            {
                Stands::Foreign(mac.to_string())
            }
            _ => Stands::Weak(stands.deletion()),
        }
    }

    fn fdb_stands(&self, row: &FdbSpec, stands: &Fdb) -> Stands {
        let same = Way::from(stands) == Way::from(row);
        let to_stay = row.state & NUD_PERMANENT != 0;
        // One that was learned is made into one that stays.
        if same && !(to_stay && stands.is_learned()) {
            return Stands::Same;
        }
        if stands.is_learned() || self.is_ours(Kept::fdb(stands), is_as_written(stands)) {
            return Stands::Weak(stands.deletion());
        }
        let group = || format!("nhid {}", stands.nhid.unwrap_or_default());
        let to = stands.dst.map_or_else(group, |dst| dst.to_string());
        Stands::Foreign(format!("{} → {to}", stands.mac))
    }

    /// Was it written here, or by another run of this toolkit, whose mark it has?
    fn is_ours(&self, row: Kept, is_marked: bool) -> bool {
        let given = self.given.get(&asks(row));
        given.is_some_and(|given| given.row == row) || is_marked && self.memory.written().has(row)
    }
}
