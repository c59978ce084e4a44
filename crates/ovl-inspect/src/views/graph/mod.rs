//! The machine, or several, as a picture: hosts, their overlays and containers,
//! devices, cables and tunnels. First what there is (`model`), then where it
//! stands (`layout`), then how it is written; none of these knows the next.

mod build;
mod choose;
mod dot;
mod hosts;
mod layout;
mod mermaid;
mod mesh;
mod model;
mod path;
mod rows;
mod svg;
#[cfg(test)]
mod tests;
mod text;
mod tunnels;

use ovl_cli::{Context, Error, Exit, output};

use super::snapshot;
use crate::cli::{Graph, GraphFormat};

/// `graph`.
pub fn show(context: &Context, snapshots: &[String], args: &Graph) -> Result<Exit, Error> {
    let live = ["live".to_owned()];
    let from = if snapshots.is_empty() { live.as_slice() } else { snapshots };
    let scene = snapshot::load(context, from)?;
    let (mut picture, index) = build::picture(&scene);
    let named = args.named();
    if !named.is_empty() {
        let chosen = choose::find(context, &scene, &index, snapshots.is_empty(), &named)?;
        picture = choose::around(picture, &chosen);
    }
    mesh::gather(&mut picture);
    output::print(&match args.format {
        GraphFormat::Svg => svg::draw(&picture, &layout::lay_out(&picture)),
        GraphFormat::Dot => dot::draw(&picture),
        GraphFormat::Mermaid => mermaid::draw(&picture),
    })?;
    Ok(snapshot::completeness(context, &scene))
}
