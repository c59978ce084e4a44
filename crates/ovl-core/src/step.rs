//! A plan's alphabet: one step is one change of one object in one namespace.
//! Steps are plain data. They hold no open file; namespaces are named by slot
//! and devices by name, so that they can be printed, compared and undone.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::link::{LinkAttrs, LinkSpec, VxlanAttrs};
use crate::names::{IfName, NsName};
use crate::netns::NsKey;
use crate::row::{RowOp, RowSpec};
use crate::types::Cidr;
use crate::wire::route::RouteSpec;

/// A namespace of a plan: an index into [`crate::plan::Plan::namespaces`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NsSlot(pub u16);

/// A namespace that a plan speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NsDecl {
    /// It is there.
    Have {
        /// Which.
        key: NsKey,
        /// How other tools reach it.
        place: Place,
        /// As the user wrote it.
        label: String,
    },
    /// The plan makes it.
    ToBe {
        /// Under this name.
        name: NsName,
    },
}

/// How `ip` and `nsenter` reach a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The caller's own.
    Own,
    /// A name under /run/netns.
    Named(NsName),
    /// Any other file.
    Path(PathBuf),
}

impl NsDecl {
    /// As the user wrote it; `None` for the caller's own, which goes without saying.
    pub fn label(&self) -> Option<String> {
        match self {
            NsDecl::Have { place: Place::Own, .. } => None,
            NsDecl::Have { label, .. } => Some(label.clone()),
            NsDecl::ToBe { name } => Some(name.to_string()),
        }
    }
}

/// A device of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LinkRef {
    /// One that stands, pinned by its index.
    Have {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        name: IfName,
        /// Its index.
        index: u32,
    },
    /// One that the plan makes; its index is found when it runs.
    Made {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        name: IfName,
    },
}

impl LinkRef {
    /// Its name.
    pub fn name(&self) -> &IfName {
        match self {
            LinkRef::Have { name, .. } | LinkRef::Made { name, .. } => name,
        }
    }

    /// Its namespace.
    pub fn at(&self) -> NsSlot {
        match self {
            LinkRef::Have { at, .. } | LinkRef::Made { at, .. } => *at,
        }
    }
}

/// One change in one namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The namespace.
    pub at: NsSlot,
    /// The change.
    pub act: Act,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Make the namespace and its name.
    NsAdd,
    /// Give the namespace of another slot this slot's name.
    NsAttach(NsSlot),
    /// Take a name away.
    NsDel,
    /// Remove the plain file that an ended namespace left under the name.
    StaleDel,
    /// Put such a file back (the inverse).
    StaleAdd,
    /// Give the namespace of another slot an id in this one; `None`: any.
    NsId(NsSlot, Option<i32>),
    /// Make a device.
    LinkAdd(Box<LinkSpec>),
    /// Change one.
    LinkSet(LinkRef, LinkChange),
    /// Delete one.
    LinkDel(LinkRef),
    /// Add an address to a device, or take it away.
    Addr(Op, LinkRef, Cidr),
    /// Add a route by a device, or take it away.
    Route(Op, LinkRef, RouteSpec),
    /// Change rows of a device. However many, they are one step.
    Rows(LinkRef, RowOp, Arc<Vec<RowSpec>>),
}

/// Add or delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Add.
    Add,
    /// Delete.
    Del,
}

impl Op {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Op::Add => "add",
            Op::Del => "del",
        }
    }
}

/// What to change of a device.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkChange {
    /// Up or down.
    Up(bool),
    /// Enslave it, or free it.
    Master(Option<LinkRef>),
    /// Attributes of every kind.
    Attrs(LinkAttrs),
    /// A VXLAN device's own attributes.
    Vxlan(Box<VxlanAttrs>),
    /// Its name.
    Name(IfName),
}

impl Step {
    /// What the step does, in the imperative, and on what: `create`, `vxlan0`.
    pub fn describe(&self) -> (&'static str, String) {
        match &self.act {
            Act::NsAdd => ("create", "the namespace".into()),
            Act::NsAttach(_) => ("attach", "the namespace".into()),
            Act::NsDel => ("delete", "the namespace".into()),
            Act::StaleDel => ("remove", "the stale file".into()),
            Act::StaleAdd => ("put back", "the stale file".into()),
            Act::NsId(_, Some(id)) => ("assign", format!("nsid {id}")),
            Act::NsId(_, None) => ("assign", "an nsid".into()),
            Act::LinkAdd(spec) => ("create", spec.name.to_string()),
            Act::LinkDel(link) => ("delete", link.name().to_string()),
            Act::LinkSet(link, change) => match change {
                LinkChange::Up(true) => ("bring up", link.name().to_string()),
                LinkChange::Up(false) => ("bring down", link.name().to_string()),
                LinkChange::Master(Some(to)) => {
                    ("enslave", format!("{} to {}", link.name(), to.name()))
                }
                LinkChange::Master(None) => ("free", format!("{} from its master", link.name())),
                LinkChange::Attrs(attrs) => {
                    ("set", format!("{} of {}", attrs.words().join(" "), link.name()))
                }
                LinkChange::Vxlan(attrs) => {
                    ("set", format!("{} of {}", attrs.words().join(" "), link.name()))
                }
                LinkChange::Name(to) => ("rename", format!("{} to {to}", link.name())),
            },
            Act::Addr(Op::Add, link, cidr) => ("add", format!("address {cidr} to {}", link.name())),
            Act::Addr(Op::Del, link, cidr) => {
                ("delete", format!("address {cidr} of {}", link.name()))
            }
            Act::Route(op, link, spec) => {
                let dst = spec.dst.map_or("default".into(), |d| d.to_string());
                (op.word(), format!("route {dst} by {}", link.name()))
            }
            Act::Rows(link, op, rows) => {
                let what = match rows.as_slice() {
                    [one] => one.to_string(),
                    many => format!("{} rows", many.len()),
                };
                match op {
                    RowOp::Del | RowOp::Flush(_) => {
                        ("delete", format!("{what} of {}", link.name()))
                    }
                    RowOp::Replace => ("replace", format!("{what} on {}", link.name())),
                    RowOp::Add | RowOp::Append => ("add", format!("{what} to {}", link.name())),
                }
            }
        }
    }
}

impl fmt::Display for RowSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowSpec::Neigh(row) => write!(f, "neighbour row {} lladdr {}", row.ip, row.mac),
            RowSpec::Fdb(row) => {
                write!(f, "FDB row {}", row.mac)?;
                match (row.dst, row.nhid) {
                    (Some(dst), _) => write!(f, " dst {dst}"),
                    (None, Some(id)) => write!(f, " nhid {id}"),
                    (None, None) => Ok(()),
                }
            }
        }
    }
}
