//! From a namespace reference to an open namespace, for every form of
//! reference. Says why one cannot be found, and lists the candidates where
//! several fit.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ovl_core::error::io_text;
use ovl_core::kernel::Kernel;
use ovl_core::names::{Engine, NETNS_DIR, NsName, NsRef, shown};
use ovl_core::netns::{NetNs, OpenError, has_procfs};
use ovl_core::state::{NsState, Reader};
use ovl_core::step::{NsDecl, Place};
use ovl_core::types::Vni;

use crate::discover::{Discovery, Found, Search, door_of, is_below};
use crate::engine::{self, EngineError};

/// How many digits of a network's id Docker puts into a namespace's file name.
const OVERLAY_DIGITS: usize = 10;

/// An open namespace, with how it was written and how other tools reach it.
#[derive(Debug)]
pub struct Resolved {
    /// The namespace.
    pub ns: NetNs,
    /// As the user wrote it.
    pub label: String,
    /// How `ip` and `nsenter` reach it.
    pub place: Place,
}

impl Resolved {
    /// The declaration of a plan's slot.
    pub fn decl(&self) -> NsDecl {
        NsDecl::Have { key: self.ns.key(), place: self.place.clone(), label: self.label.clone() }
    }
}

/// A reference that leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.why.sentence(.reference))]
pub struct ResolveError {
    /// As it was written.
    pub reference: String,
    /// Why not.
    pub why: Why,
}

/// Why a reference leads nowhere.
#[derive(Debug)]
pub enum Why {
    /// There is none in these places.
    NotFound(Vec<PathBuf>),
    /// All of these fit.
    Ambiguous(Vec<String>),
    /// There is none on the machines that are looked at.
    NotSaved,
    /// All of these of theirs fit: `HOST:NS`.
    SavedTwice(Vec<String>),
    /// A plain file, left behind.
    Stale(PathBuf),
    /// A file of another kind, and which.
    NotNetns(OpenError),
    /// No such process.
    NoProcess(u32),
    /// There is none among those that could be looked at; the others may hold it.
    Unknown(Unknown),
    /// The file cannot be opened.
    Closed(PathBuf, io::Error),
    /// It is there, and no way leads to it: why not.
    Hidden(String),
    /// The engine did not help.
    Engine(EngineError),
    /// Only procfs has it, and there is none.
    NoProcfs,
}

/// What was looked for in vain, and what could not be looked at.
#[derive(Debug)]
pub struct Unknown {
    /// What it would have: `VNI 256`.
    what: String,
    /// Namespaces that could not be read.
    pub unread: usize,
    /// Processes that could not be looked at.
    hidden: usize,
    /// The procfs lists no processes of others.
    hides: bool,
}

impl Why {
    /// With the reference, as it was written.
    #[must_use]
    pub fn of(self, reference: &str) -> ResolveError {
        ResolveError { reference: reference.to_owned(), why: self }
    }

    fn sentence(&self, reference: &str) -> String {
        match self {
            Why::NotFound(looked) => format!("no namespace '{reference}'{}", looked_in(looked)),
            Why::NotSaved => {
                format!("no namespace '{reference}' on the machines that are looked at")
            }
            Why::Ambiguous(fit) | Why::SavedTwice(fit) => {
                format!("'{reference}' is ambiguous: {}", fit.join(", "))
            }
            Why::Stale(path) => OpenError::Stale(path.clone()).to_string(),
            Why::NotNetns(why) => why.to_string(),
            Why::NoProcess(pid) => format!("no process {pid}"),
            Why::Unknown(unknown) => unknown.to_string(),
            Why::Closed(path, why) => {
                format!("cannot open {}: {}", shown(path), io_text(why))
            }
            Why::Hidden(why) => format!("cannot open '{reference}': {why}"),
            Why::NoProcfs => format!("cannot find '{reference}': {}", OpenError::NoProcfs),
            Why::Engine(why) => format!("cannot find '{reference}': {why}"),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unknown { what, unread, hidden, hides } = self;
        write!(f, "no namespace with {what} among those that could be read")?;
        if *unread > 0 {
            write!(f, "; {unread} could not be")?;
        }
        match hidden {
            0 => {}
            1 => f.write_str("; 1 process could not be looked at")?,
            _ => write!(f, "; {hidden} processes could not be looked at")?,
        }
        if *hides {
            f.write_str("; /proc does not list the processes of others (hidepid)")?;
        }
        Ok(())
    }
}

fn looked_in(looked: &[PathBuf]) -> String {
    if looked.is_empty() {
        return String::new();
    }
    let folders: Vec<String> = looked.iter().map(shown).collect();
    format!(" (looked in {})", folders.join(", "))
}

/// Finds namespaces by reference.
#[derive(Debug)]
pub struct Resolver<'k, K> {
    search: &'k Search,
    kernel: &'k K,
}

impl<'k, K: Kernel> Resolver<'k, K> {
    /// A resolver that looks where `search` says.
    pub fn new(search: &'k Search, kernel: &'k K) -> Self {
        Resolver { search, kernel }
    }

    /// The namespace a reference means.
    pub fn resolve(&self, reference: &NsRef) -> Result<Resolved, ResolveError> {
        let label = reference.to_string();
        match self.find(reference) {
            Ok((ns, place)) => Ok(Resolved { ns, label, place }),
            Err(why) => Err(why.of(&label)),
        }
    }

    fn find(&self, reference: &NsRef) -> Result<(NetNs, Place), Why> {
        match reference {
            NsRef::Own => Ok((NetNs::own().map_err(why_not)?, Place::Own)),
            NsRef::Init => self.by_path(Path::new("/proc/1/ns/net")).map_err(or_no_procfs),
            NsRef::Path(path) => self.by_path(path),
            NsRef::Pid(pid) => self.by_pid(*pid),
            NsRef::Name(name) => self.by_name(name),
            NsRef::Far(..) => Err(Why::NotFound(Vec::new())),
            NsRef::Below(folder, name) => self.by_folder_above(folder, name),
            NsRef::Container(engine, container) => self.by_container(*engine, container),
            NsRef::Overlay(network) => self.by_overlay(network),
            NsRef::Vni(vni) => self.by_vni(*vni),
            NsRef::Inode(inode) => self.by_inode(*inode),
        }
    }

    fn by_name(&self, name: &NsName) -> Result<(NetNs, Place), Why> {
        let mut found = Vec::new();
        let mut stale = None;
        for folder in &self.search.folders {
            let path = folder.join(name.as_str());
            // Not opened to find that out: where no file can be opened any more, the
            // error would be told of one that is not there.
            if fs::symlink_metadata(&path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
                continue;
            }
            match open(&path) {
                Ok(ns) => found.push((ns, path)),
                Err(Why::Stale(path)) => stale = Some(path),
                Err(e @ Why::Closed(..)) => return Err(e),
                Err(_) => {}
            }
        }
        found.dedup_by_key(|(ns, _)| ns.key());
        let several = found.len() > 1;
        match (found.pop(), stale) {
            (Some((_, last)), _) if several => {
                let first = found.into_iter().map(|(_, path)| path).chain([last]);
                Err(Why::Ambiguous(first.map(|p| shown(&p)).collect()))
            }
            (Some((ns, path)), _) => Ok((ns, place_of(&path))),
            (None, Some(path)) => Err(Why::Stale(path)),
            (None, None) => self.by_file_name(name),
        }
    }

    /// A name that is in none of the folders, but is that of a file somewhere
    /// else: engines with a folder of their own.
    fn by_file_name(&self, name: &NsName) -> Result<(NetNs, Place), Why> {
        let discovery = self.search.all();
        let found = discovery.by_file_name(name.as_str());
        if found.is_empty() {
            return Err(Why::NotFound(self.search.folders.clone()));
        }
        only_one(&found)
    }

    fn by_folder_above(&self, folder: &NsName, name: &NsName) -> Result<(NetNs, Place), Why> {
        let discovery = self.search.all();
        let mut found = discovery.by_file_name(name.as_str());
        found.retain(|f| f.paths.iter().any(|path| is_below(path, folder.as_str())));
        only_one(&found)
    }

    /// Docker names an overlay's namespace `EPOCH-FIRST10OFID`.
    fn by_overlay(&self, network: &str) -> Result<(NetNs, Place), Why> {
        let is_id =
            network.len() >= OVERLAY_DIGITS && network.bytes().all(|b| b.is_ascii_hexdigit());
        let id = if is_id {
            network.to_owned()
        } else {
            engine::network_id(Engine::Docker, network).map_err(Why::Engine)?
        };
        let short = id.get(..OVERLAY_DIGITS).unwrap_or(&id);
        let discovery = self.search.all();
        let fits = |path: &Path| {
            let name =
                path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            name.split_once('-').is_some_and(|(epoch, rest)| {
                epoch.bytes().all(|b| b.is_ascii_digit()) && rest == short
            })
        };
        let holds = |f: &&Found| f.paths.iter().any(|p| fits(p));
        let mut found: Vec<&Found> = discovery.in_order().filter(holds).collect();
        // Two engines on one machine share the network: the one that answers is meant.
        if found.len() > 1
            && let Some(folder) = engine::folder(Engine::Docker)
        {
            // The engine need not write the way to its folder as we do.
            let real = |way: &Path| fs::canonicalize(way).unwrap_or_else(|_| way.to_owned());
            let folder = real(&folder);
            let is_in = |path: &PathBuf| path.parent().is_some_and(|p| real(p) == folder);
            found.retain(|f| f.paths.iter().any(is_in));
        }
        only_one(&found)
    }

    fn by_vni(&self, vni: Vni) -> Result<(NetNs, Place), Why> {
        let discovery = self.search.all();
        let mut unread = 0;
        let found = discovery.in_order().filter(|found| {
            let holds = self.holds(found, vni);
            unread += usize::from(holds.is_none());
            holds == Some(true)
        });
        let found: Vec<&Found> = found.collect();
        only_one(&found).map_err(|why| or_unknown(why, format!("VNI {vni}"), &discovery, unread))
    }

    /// Has a namespace a VXLAN device with that VNI? `None` where it could not be read.
    fn holds(&self, found: &Found, vni: Vni) -> Option<bool> {
        let Some(ns) = found.open() else {
            // One that ended meanwhile has none.
            return (!found.is_closed()).then_some(false);
        };
        let links = Reader::open(self.kernel, &ns).and_then(|mut r| r.links(false)).ok()?;
        let state = NsState { links, ..NsState::default() };
        Some(state.vxlans().any(|l| l.vxlan().is_some_and(|v| v.vni == Some(vni))))
    }

    fn by_inode(&self, inode: u64) -> Result<(NetNs, Place), Why> {
        let discovery = self.search.all();
        only_one(discovery.by_inode(inode).as_slice())
            .map_err(|why| or_unknown(why, format!("inode number {inode}"), &discovery, 0))
    }

    fn by_container(&self, engine: Engine, container: &str) -> Result<(NetNs, Place), Why> {
        let doors = engine::sandbox(engine, container).map_err(Why::Engine)?;
        let mut last = None;
        for door in &doors {
            match self.by_path(door) {
                Ok(found) => return Ok(found),
                Err(e) => last = Some(e),
            }
        }
        Err(last.unwrap_or(Why::NotFound(doors)))
    }

    fn by_pid(&self, pid: u32) -> Result<(NetNs, Place), Why> {
        let path = door_of(&self.search.procfs, pid);
        match self.by_path(&path).map_err(or_no_procfs) {
            Err(Why::NotFound(_)) => Err(Why::NoProcess(pid)),
            other => other,
        }
    }

    fn by_path(&self, path: &Path) -> Result<(NetNs, Place), Why> {
        let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match open(path) {
            Ok(ns) => Ok((ns, place_of(&full))),
            Err(Why::Stale(path)) if !self.keeps_names(&full) => {
                Err(Why::NotNetns(OpenError::NoNamespace(path)))
            }
            Err(e) => Err(e),
        }
    }

    /// Is the file where names of namespaces are kept? Only there does an empty
    /// one tell of a namespace that has ended, and may be thrown away.
    fn keeps_names(&self, file: &Path) -> bool {
        let Some(folder) = file.parent() else { return false };
        folder.ends_with("netns") || self.search.folders.iter().any(|f| f == folder)
    }
}

fn only_one(found: &[&Found]) -> Result<(NetNs, Place), Why> {
    let gone = || Why::NotFound(Vec::new());
    match found {
        [] => Err(gone()),
        [one] => {
            let ns = one.open().ok_or_else(|| one.hidden_by().map_or_else(gone, Why::Hidden))?;
            let place = one.doors.first().map_or(Place::Own, |door| place_of(door));
            Ok((ns, place))
        }
        several => {
            let first = |f: &&Found| f.paths.first().map_or_else(|| f.key.to_string(), shown);
            Err(Why::Ambiguous(several.iter().map(first).collect()))
        }
    }
}

/// A file directly under /run/netns has a name that `ip -n` takes.
pub(crate) fn place_of(path: &Path) -> Place {
    let folder = path.parent();
    let in_run = [NETNS_DIR, "/var/run/netns"].iter().any(|d| folder == Some(Path::new(d)));
    let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok());
    match name {
        Some(name) if in_run => Place::Named(name),
        _ => Place::Path(path.to_owned()),
    }
}

fn open(path: &Path) -> Result<NetNs, Why> {
    NetNs::open(path).map_err(why_not)
}

fn why_not(e: OpenError) -> Why {
    match e {
        OpenError::Stale(path) => Why::Stale(path),
        OpenError::OtherKind(_) | OpenError::NoNamespace(_) => Why::NotNetns(e),
        OpenError::Io(_, why) if why.kind() == io::ErrorKind::NotFound => Why::NotFound(Vec::new()),
        OpenError::Io(path, why) => Why::Closed(path, why),
        OpenError::NoProcfs => Why::NoProcfs,
    }
}

/// Not found is said where everything was looked at.
fn or_unknown(why: Why, what: String, discovery: &Discovery, unread: usize) -> Why {
    let Discovery { hidden, hides, .. } = *discovery;
    match why {
        Why::NotFound(_) if unread > 0 || hidden > 0 || hides => {
            Why::Unknown(Unknown { what, unread, hidden, hides })
        }
        other => other,
    }
}

/// Where nothing can be found is another matter than where it is not.
fn or_no_procfs(why: Why) -> Why {
    match why {
        Why::NotFound(_) if !has_procfs() => Why::NoProcfs,
        other => other,
    }
}
