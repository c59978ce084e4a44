//! The namespace that is answered in, for as long as others hold it: an ear for
//! misses, and a socket on which rows are looked at, written and deleted. What it
//! wrote, it knows; of what it did not, only rows of this toolkit that stand in the way
//! of an answer give way.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use ovl_cli::{Context, Error, Seam};
use ovl_core::error::{Fail, KernelError};
use ovl_core::hash::{Map, Set};
use ovl_core::known::Object;
use ovl_core::link::Link;
use ovl_core::netns::{NetNs, NsKey};
use ovl_core::row::{
    FdbSpec, NTF_EXT_LEARNED, NTF_SELF, NUD_PERMANENT, RowOp, RowSpec, Via, Wanted,
};
use ovl_core::state::Reader;
use ovl_core::types::MacAddr;
use ovl_endpoints::Endpoint;

use super::book::{Book, Life, neigh};
use super::put::Stands;
use crate::device::{defaults, own_addresses};
use crate::endpoints::Endpoint as Joined;
use crate::home::Spot;
use crate::memory::Memory;
use crate::want::own_mac;
use crate::written::{Kept, Way};

/// Rows that are looked at for their age at once: misses wait meanwhile.
const AT_ONCE: usize = 256;
/// Of very many, that share: none is late by more than so many looks.
const SHARE: usize = 8;

/// A place where misses are answered.
pub struct Desk<'c> {
    context: &'c Context,
    /// The namespace, by which others are asked for.
    pub key: NsKey,
    /// The device.
    pub spot: Spot,
    /// What the device is.
    pub link: Link,
    pub(super) reader: Reader<'c, Seam>,
    pub(super) memory: Memory,
    /// Rows could not be remembered, as was said.
    forgets: bool,
    /// What was written here and stands, and when it was last known to be used.
    pub(super) given: Map<Wanted, Given>,
    /// The devices that rows leave by, which the table names.
    vias: Vec<Via>,
}

/// A row that was written as an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub(super) row: Kept,
    at: Instant,
    /// It was written to stay.
    stays: bool,
}

/// What became of an answer.
#[derive(Debug)]
pub enum Answer {
    /// So many rows were written.
    Written(usize),
    /// Another's row stands in the way, and says this.
    Foreign(String),
    /// It cannot be written, for this reason.
    Refused(String),
}

impl<'c> Desk<'c> {
    /// Opens a socket in the namespace.
    pub fn open(context: &'c Context, ns: &NetNs, spot: Spot, link: Link) -> Result<Self, Fail> {
        let reader = Reader::open(&context.kernel, ns)?;
        let memory = Memory::of(Some(spot.cookie), &link);
        Ok(Desk {
            context,
            key: ns.key(),
            spot,
            link,
            reader,
            memory,
            forgets: false,
            given: Map::default(),
            vias: Vec::new(),
        })
    }

    /// Takes note of the devices that rows leave by.
    pub fn leave_by(&mut self, vias: Vec<Via>) {
        self.vias = vias;
    }

    /// Writes an endpoint's rows: where it is, then who it is, so that nobody is
    /// told of an endpoint that cannot be reached. All or nothing.
    pub fn answer(&mut self, endpoint: &Endpoint, life: Life) -> Answer {
        if endpoint.has_target() && self.link.attrs.mac == Some(endpoint.mac) {
            return Answer::Refused(own_mac(&self.link, endpoint.mac));
        }
        let via = match &endpoint.via {
            None => None,
            Some(name) => match self.vias.iter().find(|via| via.name == *name) {
                Some(via) => Some(via.clone()),
                None => return Answer::Refused(KernelError::new(Errno::ENODEV).to_string()),
            },
        };
        let fdb = life.fdb(endpoint).map(|row| self.plain(FdbSpec { via, ..row }));
        let fdb = fdb.map(RowSpec::Fdb);
        let neigh = neigh(endpoint).map(RowSpec::Neigh);
        let mut rows = Vec::new();
        for row in fdb.into_iter().chain(neigh) {
            match self.stands(&row) {
                Ok(Stands::Same) => {}
                Ok(Stands::Foreign(says)) => return Answer::Foreign(says),
                Ok(Stands::Weak(_) | Stands::Nothing) => rows.push(row),
                Err(why) => return Answer::Refused(why.to_string()),
            }
        }
        // Before they are written: whatever ends the run, they are known again.
        self.remember(&rows);
        let (written, failed) = self.put_all(&rows);
        for row in rows.iter().filter(|row| !written.contains(row)).filter_map(Kept::of) {
            self.memory.forget(row);
        }
        if let Some(failed) = failed {
            return failed;
        }
        let (at, stays) = (Instant::now(), life == Life::Permanent);
        for row in written.iter().copied().filter_map(Kept::of) {
            self.given.insert(asks(row), Given { row, at, stays });
        }
        Answer::Written(written.len())
    }

    /// Takes over the answers of an earlier run that are to age: it left them when it
    /// ended. Where the FDB row has aged away since, the neighbour row is one of those if
    /// the table still has it.
    pub fn adopt(&mut self, endpoints: &[Joined], book: &Book) {
        let at = Instant::now();
        let is_answer = |endpoint: &Joined| match (&endpoint.neigh, &endpoint.fdb) {
            (_, Some(row)) => endpoint.ours.fdb && row.is_learned(),
            (Some(row), None) => {
                let given = book.find(Wanted::Mac(row.ip)).filter(|e| Some(e.mac) == row.mac);
                let was_there = |e: &Endpoint| self.memory.written().has_fdb_of(e.mac);
                given.is_some_and(was_there)
            }
            (None, None) => false,
        };
        let answers = endpoints.iter().filter(|endpoint| is_answer(endpoint));
        let rows = answers.flat_map(Joined::kept).filter(|(_, is_ours)| *is_ours);
        let given = rows.map(|(row, _)| (asks(row), Given { row, at, stays: false }));
        self.given.extend(given.collect::<Vec<_>>());
    }

    /// Writes down what was forgotten since it was last done.
    pub fn keep_memory(&mut self) {
        if self.memory.has_forgotten() {
            let saved = self.memory.save();
            self.told(saved);
        }
    }

    /// That a row cannot be remembered costs no more than that it is thought of as
    /// another's: it is said once, and no reason to answer nobody.
    fn remember(&mut self, rows: &[RowSpec]) {
        let noted = self.memory.note(rows);
        self.memory.settle();
        self.told(noted);
    }

    fn told(&mut self, kept: Result<(), Error>) {
        let is_told = std::mem::replace(&mut self.forgets, kept.is_err());
        if let Err(mut why) = kept
            && !is_told
        {
            why.aftermath.push("the answers go on; their rows may be taken for another's".into());
            self.context.tell(&why);
        }
    }

    /// What a row need not say: the device's own port and VNI.
    fn plain(&self, row: FdbSpec) -> FdbSpec {
        let (port, vni) = defaults(&self.link);
        FdbSpec {
            port: row.port.filter(|own| Some(*own) != port),
            vni: row.vni.filter(|own| Some(*own) != vni),
            ..row
        }
    }

    /// What a row of the device answers.
    pub fn question(&self, object: &Object) -> Option<Wanted> {
        match object {
            Object::Neigh(row) if row.dev == self.spot.index => Some(Wanted::Mac(row.ip)),
            Object::Fdb(row) if row.dev == self.spot.index && row.is_self() => {
                Some(Wanted::Vtep(row.mac))
            }
            _ => None,
        }
    }

    /// A row has changed or gone. When it is not the answer that was given any
    /// more, says what may be asked again.
    pub fn heard(&mut self, object: &Object) -> Option<Wanted> {
        let wanted = self.question(object)?;
        let given = *self.given.get(&wanted)?;
        // Notices are late: what stands now is what counts.
        if self.standing(given).is_some() {
            return None;
        }
        self.given.remove(&wanted);
        self.forget(given.row);
        if let Kept::Fdb(mac, _) = given.row {
            // A neighbour row is known by the FDB row's mark: it shows none of its own
            // when another program writes over it.
            self.given.retain(|_, other| !matches!(other.row, Kept::Neigh(_, of) if of == mac));
        }
        Some(wanted)
    }

    /// The request that deletes an answer, if it stands as it was given.
    fn standing(&mut self, given: Given) -> Option<RowSpec> {
        let dev = self.spot.index;
        match given.row {
            Kept::Neigh(ip, mac) => {
                let row = self.reader.neigh(dev, ip).ok()??;
                let stays = row.state & NUD_PERMANENT != 0;
                (row.mac == Some(mac) && stays).then(|| row.deletion())
            }
            Kept::Fdb(mac, way) => {
                let row = self.reader.fdb_of(dev, mac).ok()??;
                let marked = row.flags & NTF_EXT_LEARNED != 0;
                let as_given = Way::from(&row) == way && marked == given.stays;
                (as_given && row.is_learned() != given.stays).then(|| row.deletion())
            }
        }
    }

    /// Looks which answers stand, after notices were lost.
    pub fn refresh(&mut self) -> Result<(), Fail> {
        let dev = self.spot.index;
        let macs = self.given.values().filter_map(|given| match given.row {
            Kept::Fdb(mac, _) => Some(mac),
            Kept::Neigh(..) => None,
        });
        let macs: Vec<MacAddr> = macs.collect();
        let neighs = self.reader.neighs(Some(dev))?;
        let fdb = self.reader.fdb_of_each(dev, &macs, NTF_SELF)?;
        let neighs = neighs.iter().filter_map(|row| Some(Kept::Neigh(row.ip, row.mac?)));
        let there: Set<Kept> = neighs.chain(fdb.iter().map(Kept::fdb)).collect();
        self.given.retain(|_, given| there.contains(&given.row));
        Ok(())
    }

    /// Deletes answers that nothing has used for so long. An endpoint whose FDB
    /// row is in use keeps its neighbour row: packets do not use that.
    pub fn expire(&mut self, ttl: Duration) -> usize {
        let now = Instant::now();
        let old = |given: &&Given| now.duration_since(given.at) >= ttl;
        let most = AT_ONCE.max(self.given.len() / SHARE);
        let mut old: Vec<Given> = self.given.values().filter(old).take(most).copied().collect();
        old.sort_by_key(|given| matches!(given.row, Kept::Neigh(..)));
        let mut busy: Set<MacAddr> = Set::default();
        let mut expired = 0;
        for given in old {
            match given.row {
                Kept::Fdb(mac, _) if self.is_used(mac, ttl) => {
                    busy.insert(mac);
                    self.extend(Wanted::Vtep(mac), now);
                }
                Kept::Neigh(ip, mac) if busy.contains(&mac) || self.is_used(mac, ttl) => {
                    self.extend(Wanted::Mac(ip), now);
                }
                _ => expired += usize::from(self.take_back(given)),
            }
        }
        expired
    }

    fn extend(&mut self, wanted: Wanted, now: Instant) {
        if let Some(given) = self.given.get_mut(&wanted) {
            given.at = now;
        }
    }

    /// Has a packet used the row of this address within that time?
    fn is_used(&mut self, mac: MacAddr, within: Duration) -> bool {
        let row = self.reader.fdb_of(self.spot.index, mac).ok().flatten();
        let used = row.and_then(|row| row.used);
        used.is_some_and(|seconds| Duration::from_secs(seconds.into()) < within)
    }

    /// Deletes an answer, if it still is what was given. `true` when it was.
    fn take_back(&mut self, given: Given) -> bool {
        self.given.remove(&asks(given.row));
        let dev = self.spot.index;
        let stands = self.standing(given);
        let is_gone = stands.is_some_and(|row| self.reader.change(dev, RowOp::Del, &row).is_ok());
        self.forget(given.row);
        is_gone
    }

    /// Forgets an answer that has gone. Of an address at which another's row stands it
    /// has to be known that ours said something else.
    fn forget(&mut self, row: Kept) {
        let dev = self.spot.index;
        let is_free = match row {
            Kept::Neigh(ip, _) => matches!(self.reader.neigh(dev, ip), Ok(None)),
            Kept::Fdb(mac, _) => matches!(self.reader.fdb_of(dev, mac), Ok(None)),
        };
        if is_free {
            self.memory.forget(row);
        }
    }

    /// Takes answers back: those that are no longer right, or all of them.
    pub fn withdraw(&mut self, is_right: impl Fn(Wanted) -> bool) -> usize {
        let wrong = self.given.iter().filter(|(wanted, _)| !is_right(**wanted));
        let mut wrong: Vec<Given> = wrong.map(|(_, given)| *given).collect();
        // Neighbour rows first: nobody is to be told of what cannot be reached.
        wrong.sort_by_key(|given| matches!(given.row, Kept::Fdb(..)));
        wrong.into_iter().filter(|given| self.take_back(*given)).count()
    }

    /// The addresses of the device's host.
    pub fn own(&mut self) -> Result<Vec<IpAddr>, Fail> {
        own_addresses(self.context, &mut self.reader, &self.link)
    }

    /// Is the device still there?
    pub fn is_there(&mut self) -> bool {
        let link = self.reader.link(&self.link.name, false).ok().flatten();
        link.is_some_and(|link| link.index == self.spot.index)
    }
}

/// The question that a row answers.
pub(super) fn asks(row: Kept) -> Wanted {
    match row {
        Kept::Neigh(ip, _) => Wanted::Mac(ip),
        Kept::Fdb(mac, _) => Wanted::Vtep(mac),
    }
}
