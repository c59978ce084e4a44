//! One file a view. A view reads, and says what it read; it decides nothing.

pub mod links;
pub mod routes;
pub mod rows;
pub mod tree;

use ovl_cli::error::reading;
use ovl_cli::{Context, Error, Seam};
use ovl_core::names::NsRef;
use ovl_core::netns::NetNs;
use ovl_core::state::Reader;

/// An opened namespace of a view.
pub struct Opened<'c> {
    /// The namespace.
    pub ns: NetNs,
    /// As the user wrote it; `None` for the caller's own.
    pub label: Option<String>,
    /// As the user wrote it.
    pub title: String,
    /// A socket inside.
    pub reader: Reader<'c, Seam>,
}

/// Opens a namespace for a view.
pub fn open<'c>(context: &'c Context, reference: &NsRef) -> Result<Opened<'c>, Error> {
    let resolved = context.resolve(reference)?;
    let label = resolved.decl().label();
    let reader = Reader::open(&context.kernel, &resolved.ns)
        .map_err(reading("the namespace", label.clone()))?;
    Ok(Opened { ns: resolved.ns, label, title: resolved.label, reader })
}
