//! What a command wants, as data: the words of a command line are turned into
//! these, and `plan` finds what is missing.

use std::sync::Arc;

use crate::link::{LinkAttrs, LinkSpec, VxlanAttrs};
use crate::names::IfName;
use crate::row::RowSpec;
use crate::step::NsSlot;
use crate::types::Cidr;
use crate::wire::route::RouteSpec;

/// One thing that is to stand, or to be gone.
#[derive(Debug, Clone, PartialEq)]
pub enum Want {
    /// A namespace with that slot's name.
    Namespace {
        /// Its slot.
        at: NsSlot,
        /// Whether a stale plain file of that name may be removed first.
        over_stale: bool,
    },
    /// The namespace of one slot under the name of another.
    Attached {
        /// The slot with the name.
        at: NsSlot,
        /// The slot with the namespace.
        to: NsSlot,
    },
    /// An id for a namespace.
    NsId {
        /// Where the id counts.
        at: NsSlot,
        /// Whose it is.
        of: NsSlot,
        /// Which; `None`: any.
        id: Option<i32>,
    },
    /// A device.
    Link {
        /// Its namespace.
        at: NsSlot,
        /// What it is to be.
        spec: LinkSpec,
        /// What to do when one of that name stands.
        standing: Standing,
    },
    /// A device up, or down.
    Up {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// Up?
        up: bool,
    },
    /// A device enslaved, or free.
    Master {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// The master's name.
        master: Option<IfName>,
    },
    /// An address on a device.
    Addr {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// The address.
        cidr: Cidr,
    },
    /// A route by a device.
    Route {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// The route.
        spec: RouteSpec,
    },
    /// Attributes of a device that stands.
    Attrs {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// Attributes of every kind.
        attrs: LinkAttrs,
        /// A VXLAN device's own.
        vxlan: Box<VxlanAttrs>,
    },
    /// Rows on a device.
    Rows {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// The rows.
        rows: Arc<Vec<RowSpec>>,
        /// Whether a permanent row that says otherwise gives way.
        replace: bool,
    },
    /// No namespace of that name.
    NoNamespace {
        /// Its slot.
        at: NsSlot,
    },
    /// No device of that name.
    NoLink {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// The kind it must be to be deleted by this command.
        kind: &'static str,
    },
    /// Rows gone from a device. They must have been read to be asked for.
    NoRows {
        /// Its namespace.
        at: NsSlot,
        /// Its name.
        dev: IfName,
        /// The rows.
        rows: Arc<Vec<RowSpec>>,
    },
}

/// What to do when a device of the wanted name stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Refuse.
    Refuse,
    /// Fine when it is as asked (`--exist-ok`); nothing of it is changed.
    SameIsFine,
    /// Any of that kind will do, and what is missing on it is added (a bridge
    /// that is "made if it is not there").
    Use,
}

/// What holds for the whole of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Fine when it stands as asked.
    pub exist_ok: bool,
    /// Fine when what is to be deleted is not there.
    pub missing_ok: bool,
}
