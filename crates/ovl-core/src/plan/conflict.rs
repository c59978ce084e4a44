//! Why there is no plan, in words: what stands, and is not what is asked for.

use std::fmt;

use crate::attrs::Difference;
use crate::link::Link;
use crate::names::IfName;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Conflict {
    /// The object: `vxlan0`.
    pub what: String,
    /// Its namespace, as the user wrote it.
    pub netns: Option<String>,
    /// What is wrong with it.
    pub why: Clash,
}

impl Conflict {
    /// A device of that kind (`vxlan`, `veth`), or what is found in its place.
    pub fn unless<'l>(
        kind: &str,
        found: Option<&'l Link>,
        name: &IfName,
        netns: Option<String>,
    ) -> Result<&'l Link, Conflict> {
        let why = match found {
            Some(link) if link.kind.name() == kind => return Ok(link),
            Some(link) => {
                Clash::OtherKind { is: link.kind.name().to_owned(), wanted: kind.to_owned() }
            }
            None => Clash::Missing,
        };
        Err(Conflict { what: name.to_string(), netns, why })
    }
}

impl Clash {
    /// A device that stands in the way of a new one of that name.
    pub(super) fn with(stands: &Link, name: &IfName) -> Clash {
        if stands.name == *name { Clash::Exists } else { Clash::Altname(stands.name.clone()) }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = in_netns(self.netns.as_ref());
        let Conflict { what, why, .. } = self;
        match why {
            Clash::Exists | Clash::Altname(_) | Clash::Differs(_) | Clash::Stale => {
                write!(f, "cannot create {what}{place}: {why}")
            }
            Clash::AllDiffer { own, others } => {
                write!(f, "cannot create {what}{place}: {}", Clash::Differs(own.clone()))?;
                others.iter().try_for_each(|other| {
                    let place = in_netns(other.netns.as_ref());
                    write!(
                        f,
                        "; and {}{place}: {}",
                        other.what,
                        spell_differences(&other.differences)
                    )
                })
            }
            Clash::Assigned { asked, .. } => {
                write!(f, "cannot assign nsid {asked} to netns {what}{place}: {why}")
            }
            Clash::Fixed { word, .. } => write!(f, "cannot set '{word}' of {what}{place}: {why}"),
            Clash::Missing | Clash::OtherKind { .. } => write!(f, "{what}{place} {why}"),
        }
    }
}

/// What is wrong between what is wanted and what is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Clash {
    /// It is there, as asked or not: nobody said that this is fine.
    #[error("it exists")]
    Exists,
    /// The name is another's.
    #[error("the name is an altname of {0}")]
    Altname(IfName),
    /// It is there and differs.
    #[error("it exists and differs: {}", spell_differences(.0))]
    Differs(Vec<Difference>),
    /// It is there and differs, and so do others that were asked for with it.
    #[error("it exists and differs, and so do others")]
    AllDiffer {
        /// Where it differs.
        own: Vec<Difference>,
        /// The others.
        others: Vec<Differs>,
    },
    /// The namespace has another id already.
    #[error("it has nsid {have} already, and the kernel changes none")]
    Assigned {
        /// The id that was asked for.
        asked: i32,
        /// The one it has.
        have: i32,
    },
    /// It is not there.
    #[error("does not exist")]
    Missing,
    /// It is there and is something else.
    #[error("is {}, not {}", article(.is), article(.wanted))]
    OtherKind {
        /// What it is.
        is: String,
        /// What it would have to be.
        wanted: String,
    },
    /// The kernel does not let this attribute change.
    #[error("it is '{have}', and the kernel takes it only when the device is made")]
    Fixed {
        /// `ip`'s word.
        word: &'static str,
        /// What it is.
        have: String,
    },
    /// A plain file left behind by an ended namespace has the name.
    #[error("a plain file of that name was left behind by a namespace that has ended")]
    Stale,
}

/// An object that stands and differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// The object.
    pub what: String,
    /// Its namespace, as the user wrote it.
    pub netns: Option<String>,
    /// Where it differs.
    pub differences: Vec<Difference>,
}

fn spell_differences(differences: &[Difference]) -> String {
    let each = differences.iter().map(|Difference { word, asked, have, .. }| {
        let asked = if asked.is_empty() { format!("no {word}") } else { asked.clone() };
        match (*word, have.as_str()) {
            // A device has no state as it has an address: it is up, or down.
            ("state", have) => format!("is {have}, asked {asked}"),
            (word, "") => format!("has no {word}, asked {asked}"),
            (_, have) => format!("has {have}, asked {asked}"),
        }
    });
    each.collect::<Vec<_>>().join("; ")
}

fn in_netns(netns: Option<&String>) -> String {
    netns.map(|n| format!(" in netns {n}")).unwrap_or_default()
}

fn article(kind: &str) -> String {
    match kind {
        "" => "a plain device".into(),
        "vxlan" => "a VXLAN device".into(),
        "veth" => "one end of a veth cable".into(),
        "bridge" => "a bridge".into(),
        other => format!("a device of kind {other}"),
    }
}
