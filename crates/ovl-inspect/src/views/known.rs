//! The endpoints a VXLAN device knows, a line of the tree each: who, and behind
//! which VTEP.

use std::collections::{HashMap, HashSet};

use ovl_cli::paint::Tone;
use ovl_core::link::Link;
use ovl_core::row::{Fdb, NUD_NOARP, Neigh, flag_words, nud_words};
use ovl_core::state::NsState;
use ovl_core::types::MacAddr;

use super::branch::{Node, Word};

/// Endpoints of one device that are drawn; `ovl-fdb list` has them all.
const MOST: usize = 24;

/// An IPv4 address is no longer; one of IPv6 widens its own line.
const WIDEST: usize = 15;

/// The lines, by address; where there are more, `more` says how many.
pub fn rows(state: &NsState, link: &Link, more: impl Fn(usize) -> String) -> Vec<Node> {
    let fdb = || {
        let own = state.fdb.iter().filter(|f| f.dev == link.index && f.is_self());
        own.filter(|f| !f.mac.is_multicast())
    };
    let behind: HashMap<MacAddr, &Fdb> = fdb().map(|row| (row.mac, row)).collect();
    let neighs = state.neighs.iter().filter(|n| n.dev == link.index && n.state & NUD_NOARP == 0);
    let mut neighs: Vec<&Neigh> = neighs.collect();
    neighs.sort_by_key(|row| row.ip);
    let known: HashSet<MacAddr> = neighs.iter().filter_map(|n| n.mac).collect();
    let mut alone: Vec<&Fdb> = fdb().filter(|row| !known.contains(&row.mac)).collect();
    alone.sort_by_key(|row| (row.mac, row.dst));
    let rest = (neighs.len() + alone.len()).saturating_sub(MOST);
    let lines = neighs.into_iter().map(|row| neighbour(row, &behind));
    let mut lines: Vec<Node> = lines.chain(alone.into_iter().map(lone)).take(MOST).collect();
    let widths = lines.iter().map(|line| line.name.len()).filter(|width| *width <= WIDEST);
    let width = widths.max().unwrap_or(0);
    for line in &mut lines {
        line.name = format!("{:width$}", line.name);
    }
    lines.extend((rest > 0).then(|| Node { name: more(rest), ..Node::default() }));
    lines
}

fn neighbour(row: &Neigh, behind: &HashMap<MacAddr, &Fdb>) -> Node {
    let tail = match row.mac {
        None => vec![Word::new(nud_words(row.state).join(","))],
        Some(mac) => {
            let way = behind.get(&mac).map(|row| way(row));
            let none = || vec![Word::new("→ no FDB row").toned(Tone::Bad)];
            std::iter::once(Word::new(mac.to_string())).chain(way.unwrap_or_else(none)).collect()
        }
    };
    Node { name: row.ip.to_string(), tail, ..Node::default() }
}

/// An FDB row that no neighbour row leads to.
fn lone(row: &Fdb) -> Node {
    let who = if row.mac == MacAddr::ZERO { "flood".into() } else { row.mac.to_string() };
    Node { name: who, tail: way(row), ..Node::default() }
}

/// The VTEP, and what is not as the device has it.
fn way(row: &Fdb) -> Vec<Word> {
    let group = row.nhid.map(|id| format!("nhid {id}"));
    let flags = || flag_words(row.flags).into_iter().filter(|f| *f != "self");
    let dst = row.dst.map(|dst| dst.to_string()).or(group);
    let dst = dst.unwrap_or_else(|| flags().collect::<Vec<_>>().join(" "));
    let port = row.port.map(|port| format!("port {port}"));
    let vni = row.vni.map(|vni| format!("vni {vni}"));
    let words = [Some(format!("→ {dst}")), port, vni];
    words.into_iter().flatten().map(Word::new).collect()
}
