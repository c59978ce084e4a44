//! Tables of one line an endpoint: CSV, and what `bridge fdb show` and `ip neigh
//! show` print.

use ovl_core::names::shown;
use std::collections::HashMap;
use std::net::IpAddr;

use ovl_core::types::MacAddr;

use crate::parse::{FIELDS, endpoint, ip, mac, number, parsed, port, vtep};
use crate::table::{Endpoint, Finding, Place, Table};

/// Bytes of a line with two IPv4 addresses and a MAC address, or more.
const A_LINE: usize = 40;

/// `ip,mac,vtep[,name]`: blanks around fields, comments, empty lines and one line
/// of names are fine.
pub(crate) fn csv(text: &str, findings: &mut Vec<Finding>) -> Table {
    let mut table = Table::default();
    table.endpoints.reserve(text.len() / A_LINE);
    let mut first = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let header = std::mem::take(&mut first) && line.get(..3).is_some_and(is_header);
        if header {
            continue;
        }
        match row(line, index) {
            Ok(endpoint) => table.endpoints.push(endpoint),
            Err(why) => findings.push(Finding { place: Place::Line(number(index)), why }),
        }
    }
    table
}

fn is_header(start: &str) -> bool {
    start.eq_ignore_ascii_case("ip,")
}

fn row(line: &str, index: usize) -> Result<Endpoint, String> {
    let [ip, mac, vtep, name] = fields(line).ok_or("more than ip,mac,vtep,name")?;
    let endpoint = endpoint(ip, mac, vtep, Place::Line(number(index)));
    let mut endpoint = endpoint.map_err(with_column)?;
    endpoint.name = (!name.is_empty()).then(|| name.to_owned());
    Ok(endpoint)
}

/// Where a field is named that cannot be read, its column as well.
fn with_column(why: String) -> String {
    let field = why.split(':').next().unwrap_or_default();
    match FIELDS.iter().position(|name| *name == field) {
        Some(at) => format!("column {}, {why}", at + 1),
        None => why,
    }
}

/// At most four fields between commas; those that are not there are empty.
fn fields(line: &str) -> Option<[&str; 4]> {
    let mut fields = [""; 4];
    let mut from = 0;
    let ends = line.bytes().enumerate().filter(|(_, byte)| *byte == b',').map(|(end, _)| end);
    for (at, end) in ends.chain([line.len()]).enumerate() {
        *fields.get_mut(at)? = line[from..end].trim();
        from = end + 1;
    }
    Some(fields)
}

/// The text of `bridge fdb show`, of `ip neigh show`, or of both: rows of one MAC
/// address are one endpoint.
pub(crate) fn tools(text: &str, findings: &mut Vec<Finding>) -> Table {
    let mut table = Table::default();
    let mut neighs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let read = if first.parse::<MacAddr>().is_ok() {
            fdb_row(first, words)
        } else {
            neigh_row(first, words)
        };
        let place = Place::Line(number(index));
        match read {
            Ok(None) => table.skipped += 1,
            Ok(Some(row)) if row.has_target() => table.endpoints.push(Endpoint { place, ..row }),
            Ok(Some(row)) => neighs.push(Endpoint { place, ..row }),
            Err(why) => findings.push(Finding { place, why }),
        }
    }
    join(&mut table.endpoints, neighs);
    table
}

/// Gives each neighbour its FDB row. An address more of a MAC address is an
/// endpoint more behind the same VTEP.
fn join(rows: &mut Vec<Endpoint>, neighs: Vec<Endpoint>) {
    let by_mac: HashMap<MacAddr, usize> =
        rows.iter().enumerate().map(|(at, row)| (row.mac, at)).collect();
    for neigh in neighs {
        match by_mac.get(&neigh.mac) {
            Some(at) if rows[*at].ip.is_none() => rows[*at].ip = neigh.ip,
            Some(at) => {
                let place = neigh.place;
                rows.push(Endpoint { ip: neigh.ip, place, ..rows[*at].clone() });
            }
            None => rows.push(neigh),
        }
    }
}

/// `MAC [dev D] [dst IP] [port N] [vni N] [via D] [nhid N] [used U] FLAGS STATE`.
/// `None` for a row that leads to no VTEP.
fn fdb_row<'w>(
    first: &str,
    mut words: impl Iterator<Item = &'w str>,
) -> Result<Option<Endpoint>, String> {
    let mut row = Endpoint::default();
    let mut in_bridge = false;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("nothing follows '{word}'"));
        match word {
            "dst" => row.vtep = Some(vtep(value()?)?),
            "port" => row.port = Some(port(parsed(value()?, "a port")?)?),
            "vni" => row.vni = Some(parsed(value()?, "a VNI")?),
            "via" => {
                let via = match value()? {
                    // A device that `bridge` has no name for, since it is in another
                    // namespace; a name of this form is read as an index.
                    "ifindex" => format!("if{}", value()?),
                    name => name.to_owned(),
                };
                row.via = Some(via.parse().map_err(|e| format!("{e}"))?);
            }
            "nhid" | "id" => row.nhid = Some(parsed(value()?, "a nexthop group")?),
            "dev" | "src_vni" | "link-netnsid" | "used" | "vlan" | "brport" | "state" => {
                value()?;
            }
            "master" => {
                value()?;
                in_bridge = true;
            }
            "self" | "permanent" | "static" | "dynamic" | "stale" | "extern_learn" | "offload"
            | "sticky" | "router" | "added_by_user" | "locked" | "blackhole"
            | "activity_notify" | "inactive" => {}
            strange => return Err(unknown(strange)),
        }
    }
    if !row.has_target() || in_bridge {
        return Ok(None);
    }
    row.mac = if first == "00:00:00:00:00:00" { MacAddr::ZERO } else { mac(Some(first), None)? };
    Ok(Some(row))
}

/// `IP [dev D] [lladdr MAC] [router] [proto P] STATE`. `None` for a neighbour that
/// was not found, and for the kernel's own of multicast groups.
fn neigh_row<'w>(
    first: &str,
    mut words: impl Iterator<Item = &'w str>,
) -> Result<Option<Endpoint>, String> {
    let address: IpAddr = first
        .parse()
        .map_err(|_| format!("'{}' is neither an IP nor a MAC address", shown(first)))?;
    let mut lladdr = None;
    let mut noarp = false;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("nothing follows '{word}'"));
        match word {
            "lladdr" => lladdr = Some(value()?),
            // `ip -s` of iproute2 6.1 forgets a blank: `used 0/60/0probes 0`.
            "used" => {
                if value()?.ends_with("probes") {
                    value()?;
                }
            }
            "dev" | "proto" | "nud" | "ref" | "probes" => {
                value()?;
            }
            "NOARP" => noarp = true,
            "router" | "proxy" | "extern_learn" | "offload" | "managed" | "PERMANENT"
            | "REACHABLE" | "STALE" | "DELAY" | "PROBE" | "FAILED" | "INCOMPLETE" | "NONE" => {}
            strange => return Err(unknown(strange)),
        }
    }
    match lladdr {
        Some(text) if !noarp => {
            let (ip, mac) = (ip(&address.to_string())?, mac(Some(text), None)?);
            Ok(Some(Endpoint { ip: Some(ip), mac, ..Endpoint::default() }))
        }
        _ => Ok(None),
    }
}

fn unknown(word: &str) -> String {
    format!("'{}' is no word of bridge fdb show or ip neigh show", shown(word))
}
