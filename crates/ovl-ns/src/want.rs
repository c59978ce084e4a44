//! The verbs of ovl-ns that change something, as wants.

use std::path::Path;

use ovl_cli::apply::Applied;
use ovl_cli::error::from_io;
use ovl_cli::{Context, Error, Exit, Slots, apply, output};
use ovl_core::names::{DOCKER_NETNS_DIR, IfName, NsName, NsRef};
use ovl_core::netns::{NetNs, NsKey, OpenError};
use ovl_core::plan::{Clash, Conflict};
use ovl_core::spell::quote;
use ovl_core::state::{Have, Reader};
use ovl_core::want::{Policy, Want};

use crate::cli::{Add, Attach, Del, Id, Nsid};
use crate::render;

/// What is under a name in /run/netns.
enum Under {
    Nothing,
    Namespace(NetNs),
    Stale,
    /// A file of another kind, which nobody takes away unasked.
    Other(String),
}

fn under(name: &NsName) -> Result<Under, Error> {
    match NetNs::open(&name.path()) {
        Ok(ns) => Ok(Under::Namespace(ns)),
        Err(OpenError::Stale(_)) => Ok(Under::Stale),
        Err(e @ (OpenError::NoNamespace(_) | OpenError::OtherKind(_))) => {
            Ok(Under::Other(e.to_string()))
        }
        Err(OpenError::Io(_, e)) if e.kind() == std::io::ErrorKind::NotFound => Ok(Under::Nothing),
        Err(e) => Err(e.into()),
    }
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

/// `add`.
pub fn add(context: &Context, args: &Add) -> Result<Exit, Error> {
    let mut slots = Slots::default();
    let mut wants = Vec::new();
    for name in &args.names {
        let stale = match under(name)? {
            Under::Namespace(_) if args.exist_ok => {
                let reference = NsRef::Path(name.path());
                let at = slots.have(context, &reference)?;
                wants.extend((!args.no_lo).then(|| Want::Up { at, dev: lo(), up: true }));
                continue;
            }
            Under::Namespace(_) => return Err(clash(name, Clash::Exists)),
            Under::Other(why) => return Err(taken("create", name, &why)),
            Under::Stale if !args.replace => return Err(clash(name, Clash::Stale)),
            under => matches!(under, Under::Stale),
        };
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
    let mut slots = Slots::default();
    let mut wants = Vec::new();
    for name in &args.names {
        match under(name)? {
            Under::Nothing if args.missing_ok => continue,
            Under::Nothing => return Err(missing(name)),
            Under::Other(why) => return Err(taken("delete", name, &why)),
            Under::Namespace(_) | Under::Stale => {}
        }
        if !args.acting.dry_run && !context.flags.quiet {
            for line in render::last_words(context, name, &args.names) {
                output::note(&line);
            }
        }
        wants.push(Want::NoNamespace { at: slots.to_be(name.clone()) });
    }
    let policy = Policy { missing_ok: args.missing_ok, ..Policy::default() };
    apply(context, args.acting, slots, &wants, &Have::default(), policy, |_, _| {})?;
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
        None => wants.push(Want::Attached { at: slots.to_be(args.name.clone()), to }),
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
        let (ns, other) = (clone(&slots, at)?, clone(&slots, of)?);
        let applied =
            apply(context, args.acting, slots, &wants, &have, Policy::default(), |_, _| {})?;
        if applied == Applied::Shown {
            return Ok(Exit::Done);
        }
        return render::nsid(context, &other, read_id(context, &ns, &other)?);
    }
    let of = clone(&slots, of)?;
    render::nsid(context, &of, read_id(context, &clone(&slots, at)?, &of)?)
}

fn clone(slots: &Slots, at: ovl_core::step::NsSlot) -> Result<NetNs, Error> {
    slots.open[&at].try_clone().map_err(|e| from_io("open once more", "a namespace", &e))
}

fn read_id(context: &Context, ns: &NetNs, of: &NetNs) -> Result<Option<i32>, Error> {
    Reader::open(&context.kernel, ns)
        .and_then(|mut reader| reader.nsid_of(of))
        .map_err(ovl_cli::error::reading("the namespace's ids", None))
}
