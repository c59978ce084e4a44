//! The verbs of ovl-ns that change something, as wants.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use ovl_cli::apply::Applied;
use ovl_cli::{Context, Error, Exit, Slots, apply, lock, output};
use ovl_core::attrs::{Change, Difference};
use ovl_core::names::{DOCKER_NETNS_DIR, IfName, NsName, NsRef, shown};
use ovl_core::netns::{NetNs, NsKey, OpenError};
use ovl_core::plan::{Clash, Conflict};
use ovl_core::spell::quote;
use ovl_core::state::{Have, Reader};
use ovl_core::want::{Policy, Want};

use crate::cli::{Add, Attach, Del, Id, Nsid};
use crate::{last_words, render};

/// What is under a name in /run/netns.
enum Under {
    Nothing,
    Namespace(NetNs),
    Stale,
    /// A file of another kind, which nobody takes away unasked.
    Other(String),
}

/// How long a name may be in the making: others make the file first, and then mount.
const IN_THE_MAKING: Duration = Duration::from_millis(500);
/// Between two looks at such a one.
const PAUSE: Duration = Duration::from_millis(10);

fn under(name: &NsName) -> Result<Under, Error> {
    match NetNs::open(&name.path()) {
        Ok(ns) => Ok(Under::Namespace(ns)),
        Err(OpenError::Stale(path)) if is_new(&path) => {
            sleep(PAUSE);
            under(name)
        }
        Err(OpenError::Stale(_)) => Ok(Under::Stale),
        Err(e @ (OpenError::NoNamespace(_) | OpenError::OtherKind(_))) => {
            Ok(Under::Other(e.to_string()))
        }
        Err(OpenError::Io(_, e)) if e.kind() == std::io::ErrorKind::NotFound => Ok(Under::Nothing),
        Err(e) => Err(e.into()),
    }
}

/// Is the file so new that it may be a namespace in a moment?
pub fn is_new(file: &Path) -> bool {
    let made = fs::symlink_metadata(file).and_then(|meta| meta.modified());
    made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < IN_THE_MAKING))
}

fn clash(name: &NsName, why: Clash) -> Error {
    Conflict { what: format!("namespace {name}"), netns: None, why }.into()
}

/// A name that is taken by something else.
fn taken(op: &str, name: &NsName, why: &str) -> Error {
    let object = format!("namespace {name}");
    Error::new(Exit::Exists, format!("cannot {op} {object}: {why}")).about(op, object, None)
}

fn lo() -> IfName {
    IfName::from_kernel("lo".into())
}

/// Refuses a name that means something else wherever a namespace is named.
fn can_be_meant(name: &NsName) -> Result<(), Error> {
    if matches!(name.as_str().parse(), Ok(NsRef::Name(_))) {
        return Ok(());
    }
    let why = format!("'{name}' cannot be a name: where a namespace is named, it means another");
    Err(Error::usage(why)
        .about("create", format!("namespace {name}"), None)
        .hint("self, init, pid:N, docker:NAME, podman:NAME, overlay:NAME, vni:N and inode:N have a meaning"))
}

/// Refuses a name that another namespace has in another folder of names: it would mean
/// neither of the two.
fn is_elsewhere(context: &Context, name: &NsName, ns: Option<&NetNs>) -> Result<(), Error> {
    for path in context.search.folders.iter().map(|folder| folder.join(name.as_str())) {
        if NetNs::open(&path).is_ok_and(|other| Some(&other) != ns) {
            let why = format!("the name would be ambiguous: it is taken by {}", shown(&path));
            let error = taken("create", name, &why);
            return Err(Error { errno: Some(Errno::EEXIST), ..error });
        }
    }
    Ok(())
}

fn named_once(names: &[NsName]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(twice) => Err(Error::usage(format!("namespace {twice} is named twice"))),
        None => Ok(()),
    }
}

/// Is a namespace that is there as `add` would have made it? Nothing of it is changed;
/// with --no-lo nothing is asked of its loopback.
fn stands_as_asked(context: &Context, args: &Add, name: &NsName, ns: &NetNs) -> Result<(), Error> {
    if args.no_lo {
        return Ok(());
    }
    let link = Reader::open(&context.kernel, ns).and_then(|mut reader| reader.link(&lo(), false));
    let link = link.map_err(ovl_cli::error::reading("its loopback", Some(name.to_string())))?;
    if link.is_some_and(|link| link.state.is_up()) {
        return Ok(());
    }
    let down = Difference {
        word: "lo",
        asked: "lo up".into(),
        have: "lo down".into(),
        change: Change::Live,
    };
    Err(clash(name, Clash::Differs(vec![down]))
        .hint("--no-lo takes it as it is; ovl-ns exec NAME -- ip link set lo up brings it up"))
}

/// `add`.
pub fn add(context: &Context, args: &Add) -> Result<Exit, Error> {
    args.names.iter().try_for_each(can_be_meant)?;
    named_once(&args.names)?;
    // Between looking and acting no other run of this toolkit makes or deletes a name.
    let _alone = lock::choose(args.acting)?;
    let mut slots = Slots::default();
    let mut wants = Vec::new();
    for name in &args.names {
        let stale = match under(name)? {
            Under::Namespace(ns) if args.exist_ok => {
                stands_as_asked(context, args, name, &ns)?;
                continue;
            }
            Under::Namespace(_) => return Err(clash(name, Clash::Exists)),
            Under::Other(why) => return Err(taken("create", name, &why)),
            Under::Stale if !args.replace => return Err(clash(name, Clash::Stale)),
            under => matches!(under, Under::Stale),
        };
        is_elsewhere(context, name, None)?;
        let at = slots.to_be(name.clone());
        wants.push(Want::Namespace { at, over_stale: stale });
        wants.extend((!args.no_lo).then(|| Want::Up { at, dev: lo(), up: true }));
    }
    let have = slots.read(context)?;
    let policy = Policy { exist_ok: args.exist_ok, ..Policy::default() };
    let applied = apply(context, args.acting, slots, &wants, &have, policy, |_, _| {})?;
    if applied != Applied::Shown && context.flags.is_structured() {
        render::made(context, &args.names)?;
    }
    Ok(Exit::Done)
}

/// `del`.
pub fn del(context: &Context, args: &Del) -> Result<Exit, Error> {
    named_once(&args.names)?;
    // Between looking and acting no other run of this toolkit makes or deletes a name.
    let _alone = lock::choose(args.acting)?;
    let mut slots = Slots::default();
    let mut wants = Vec::new();
    for name in &args.names {
        let there = match under(name)? {
            Under::Nothing if args.missing_ok => continue,
            Under::Nothing => return Err(missing(name)),
            Under::Other(why) => return Err(taken("delete", name, &why)),
            Under::Namespace(ns) => Some(ns),
            Under::Stale => None,
        };
        let at = slots.to_be(name.clone());
        // Open, so that it can have its name back when another cannot be deleted.
        slots.open.extend(there.map(|ns| (at, ns)));
        wants.push(Want::NoNamespace { at });
    }
    let is_told = !args.acting.dry_run && !context.flags.quiet;
    let names: Vec<&NsName> = args.names.iter().filter(|_| is_told).collect();
    let last_words = last_words::of(context, &names);
    let policy = Policy { missing_ok: args.missing_ok, ..Policy::default() };
    apply(context, args.acting, slots, &wants, &Have::default(), policy, |_, _| {})?;
    for line in &last_words {
        output::note(line);
    }
    Ok(Exit::Done)
}

/// A name that is not ours to delete is said to be whose it is.
fn missing(name: &NsName) -> Error {
    if Path::new(DOCKER_NETNS_DIR).join(name.as_str()).exists() {
        return Error::new(
            Exit::Failed,
            format!("{name} is Docker's ({DOCKER_NETNS_DIR}/{name}): only names under /run/netns are deleted"),
        )
        .about("delete", format!("namespace {name}"), None)
        .hint("docker network rm, or the end of its containers, removes it");
    }
    clash(name, Clash::Missing).hint("ovl-ns list shows the namespaces that can be found")
}

/// `attach`.
pub fn attach(context: &Context, args: &Attach) -> Result<Exit, Error> {
    can_be_meant(&args.name)?;
    // Between looking and acting no other run of this toolkit makes or deletes a name.
    let _alone = lock::choose(args.acting)?;
    let mut slots = Slots::default();
    let there = match under(&args.name)? {
        Under::Nothing => None,
        Under::Namespace(ns) if args.exist_ok => Some(ns),
        Under::Namespace(_) => return Err(clash(&args.name, Clash::Exists)),
        Under::Stale => return Err(stale(&args.name)),
        Under::Other(why) => return Err(taken("create", &args.name, &why)),
    };
    let to = slots.have(context, &NsRef::Pid(args.pid))?;
    let mut wants = Vec::new();
    match there {
        Some(ns) if ns == slots.open[&to] => {}
        Some(ns) => return Err(another(args, ns.key(), slots.open[&to].key())),
        None => {
            is_elsewhere(context, &args.name, Some(&slots.open[&to]))?;
            wants.push(Want::Attached { at: slots.to_be(args.name.clone()), to });
        }
    }
    let have = Have::default();
    let policy = Policy { exist_ok: args.exist_ok, ..Policy::default() };
    let applied = apply(context, args.acting, slots, &wants, &have, policy, |_, _| {})?;
    if applied != Applied::Shown && context.flags.is_structured() {
        render::made(context, std::slice::from_ref(&args.name))?;
    }
    Ok(Exit::Done)
}

/// `--replace` is a flag of `add` alone.
fn stale(name: &NsName) -> Error {
    let mut error = clash(name, Clash::Stale);
    error.hints = vec![format!("ovl-ns del {} removes it", quote(name.as_str()))];
    error
}

/// The name is another namespace's than the process's.
fn another(args: &Attach, is: NsKey, asked: NsKey) -> Error {
    let Attach { name, pid, .. } = args;
    let why = format!("it exists and differs: is {is}, process {pid} is in {asked}");
    taken("create", name, &why)
}

/// `nsid`: shows, or assigns.
pub fn nsid(context: &Context, args: &Nsid) -> Result<Exit, Error> {
    let mut slots = Slots::default();
    let at = slots.have(context, &args.netns.reference())?;
    let of = slots.have(context, &args.ns)?;
    if let Some(id) = args.set {
        let id = match id {
            Id::Auto => None,
            Id::Number(n) => Some(n),
        };
        let have = slots.read(context)?;
        let wants = [Want::NsId { at, of, id }];
        let (ns, other) = (slots.try_clone(at)?, slots.try_clone(of)?);
        let applied =
            apply(context, args.acting, slots, &wants, &have, Policy::default(), |_, _| {})?;
        if applied == Applied::Shown {
            return Ok(Exit::Done);
        }
        return render::nsid(context, &other, read_id(context, &ns, &other)?);
    }
    let of = slots.try_clone(of)?;
    render::nsid(context, &of, read_id(context, &slots.try_clone(at)?, &of)?)
}

fn read_id(context: &Context, ns: &NetNs, of: &NetNs) -> Result<Option<i32>, Error> {
    Reader::open(&context.kernel, ns)
        .and_then(|mut reader| reader.nsid_of(of))
        .map_err(ovl_cli::error::reading("the namespace's ids", None))
}
