//! What `bridge fdb show` and `ip neigh show` print, as a table: rows of one MAC address
//! are one endpoint. What was learned from traffic is none: traffic teaches it again.

use std::collections::HashMap;
use std::net::IpAddr;

use ovl_core::types::{MacAddr, UnicastMac};

use crate::parse::{ip, is_nobodys, is_zero, mac, number, of_one_vni, parsed, port, vni, vtep};
use crate::quote::{brief, quoted};
use crate::table::{Endpoint, Finding, OTHER_DEVICE, Place, Table};

/// A row of a device, as a line says it.
#[derive(Default)]
struct Row<'t> {
    endpoint: Endpoint,
    /// The device; `bridge` and `ip` leave it out where they were asked for one.
    dev: Option<&'t str>,
    is_learned: bool,
}

/// Reads the text of either, or of both.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Table {
    let mut table = Table::default();
    let (mut fdb, mut neighs) = (Vec::new(), Vec::new());
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
            Ok(Some(mut row)) => {
                row.endpoint.place = place;
                let rows = if row.endpoint.has_target() { &mut fdb } else { &mut neighs };
                rows.push(row);
            }
            Err(why) => findings.push(Finding { place, why }),
        }
    }
    let rows = fdb.len() + neighs.len();
    // Neighbours of other devices go with rows that lead to VTEPs: `ip neigh show`
    // prints those of all devices. Alone nothing tells which are meant.
    let dev = device(&fdb, findings).or_else(|| device(&neighs, findings));
    neighs.retain(|row| row.dev.is_none_or(|named| dev == Some(named)));
    fdb.retain(|row| !row.is_learned);
    table.skipped += rows - fdb.len() - neighs.len();
    table.endpoints = join(fdb, neighs);
    table
}

/// The device that rows are of. Where they are of two, that is found.
fn device<'t>(rows: &[Row<'t>], findings: &mut Vec<Finding>) -> Option<&'t str> {
    let mut named = rows.iter().filter_map(|row| Some((row.dev?, row.endpoint.place)));
    let (first, _) = named.next()?;
    if let Some((_, place)) = named.find(|(dev, _)| *dev != first) {
        findings.push(Finding { place, why: OTHER_DEVICE.into() });
    }
    Some(first)
}

/// Gives each neighbour its FDB row. An address more of a MAC address is an
/// endpoint more behind the same VTEP.
fn join(fdb: Vec<Row<'_>>, neighs: Vec<Row<'_>>) -> Vec<Endpoint> {
    let mut rows: Vec<Endpoint> = fdb.into_iter().map(|row| row.endpoint).collect();
    let by_mac: HashMap<MacAddr, usize> =
        rows.iter().enumerate().map(|(at, row)| (row.mac, at)).collect();
    for Row { endpoint: neigh, .. } in neighs {
        match by_mac.get(&neigh.mac) {
            Some(at) if rows[*at].ip.is_none() => rows[*at].ip = neigh.ip,
            Some(at) => {
                let place = neigh.place;
                rows.push(Endpoint { ip: neigh.ip, place, ..rows[*at].clone() });
            }
            None => rows.push(neigh),
        }
    }
    rows
}

/// `MAC [dev D] [dst IP] [port N] [vni N] [via D] [nhid N] [used U] FLAGS STATE`.
/// `None` for a row that leads to no VTEP.
fn fdb_row<'t>(
    first: &str,
    mut words: impl Iterator<Item = &'t str>,
) -> Result<Option<Row<'t>>, String> {
    let (mut row, mut dev) = (Endpoint::default(), None);
    let is_flood = is_zero(first);
    let (mut in_bridge, mut is_learned) = (false, true);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("nothing follows '{word}'"));
        match word {
            "dst" => row.vtep = Some(vtep(value()?, is_flood)?),
            "port" => row.port = Some(port(parsed(value()?, "a port")?)?),
            "vni" => row.vni = Some(vni(value()?)?),
            "via" => {
                let via = match value()? {
                    // A device that `bridge` has no name for, since it is in another
                    // namespace; a name of this form is read as an index.
                    "ifindex" => format!("if{}", value()?),
                    name => name.to_owned(),
                };
                row.via = Some(via.parse().map_err(|e| brief(&format!("{e}")))?);
            }
            "nhid" | "id" => row.nhid = Some(parsed(value()?, "a nexthop group")?),
            "dev" => dev = Some(value()?),
            "src_vni" => return Err(of_one_vni(value()?)),
            "link-netnsid" | "used" | "vlan" | "brport" | "state" => {
                value()?;
            }
            "master" => {
                value()?;
                in_bridge = true;
            }
            "permanent" | "static" | "extern_learn" => is_learned = false,
            "self" | "dynamic" | "stale" | "offload" | "sticky" | "router" | "added_by_user"
            | "locked" | "blackhole" | "activity_notify" | "inactive" => {}
            strange => return Err(unknown(strange)),
        }
    }
    if !row.has_target() || in_bridge {
        return Ok(None);
    }
    row.mac = if is_flood { MacAddr::ZERO } else { mac(Some(first), None)? };
    Ok(Some(Row { endpoint: row, dev, is_learned }))
}

/// `IP [dev D] [lladdr MAC] [router] [proto P] STATE`. `None` for a neighbour that
/// was not found or was learned, and for the kernel's own of multicast groups.
fn neigh_row<'t>(
    first: &str,
    mut words: impl Iterator<Item = &'t str>,
) -> Result<Option<Row<'t>>, String> {
    let address: IpAddr = first
        .parse()
        .map_err(|_| format!("'{}' is neither an IP nor a MAC address", quoted(first)))?;
    let (mut lladdr, mut dev) = (None, None);
    let (mut is_passing, mut is_told, mut is_noarp) = (false, false, false);
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
            "dev" => dev = Some(value()?),
            "proto" | "nud" | "ref" | "probes" => {
                value()?;
            }
            // Who routes says so with this, in whatever state the row is.
            "extern_learn" => is_told = true,
            "NOARP" => is_noarp = true,
            "REACHABLE" | "STALE" | "DELAY" | "PROBE" => is_passing = true,
            "router" | "proxy" | "offload" | "managed" | "PERMANENT" | "FAILED" | "INCOMPLETE"
            | "NONE" => {}
            strange => return Err(unknown(strange)),
        }
    }
    match lladdr {
        Some(text) if is_noarp && is_kernels(address, text) => Ok(None),
        Some(text) if is_told || !is_passing => {
            let (ip, mac) = (ip(&address.to_string())?, mac(Some(text), None)?);
            let endpoint = Endpoint { ip: Some(ip), mac, ..Endpoint::default() };
            Ok(Some(Row { endpoint, dev, is_learned: false }))
        }
        _ => Ok(None),
    }
}

/// Is it a row that the kernel makes by itself, where nobody has to be asked: for a group,
/// for everybody, for itself? What people make with `nud noarp` is one host's.
fn is_kernels(address: IpAddr, lladdr: &str) -> bool {
    is_nobodys(address) || lladdr.parse::<UnicastMac>().is_err()
}

fn unknown(word: &str) -> String {
    format!("'{}' is no word of bridge fdb show or ip neigh show", quoted(word))
}

#[cfg(test)]
mod tests {
    use crate::parse::parse;
    use crate::table::Table;

    fn table(text: &str) -> Table {
        parse(text.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"))
    }

    fn wrong(text: &str) -> String {
        parse(text.as_bytes(), None).expect_err("taken").to_string()
    }

    const VXLAN0: &str = "02:42:00:00:00:01 dev vxlan0 dst 192.168.1.5 self permanent
192.168.10.1 dev vxlan0 lladdr 02:42:00:00:00:01 PERMANENT\n";

    #[test]
    fn what_was_learned_is_no_endpoint() {
        let rows = "02:42:00:00:00:02 dev vxlan0 dst 192.168.1.5 self
02:42:00:00:00:03 dev vxlan0 dst 192.168.1.5 self stale
02:42:00:00:00:04 dev vxlan0 dst 192.168.1.5 self static
02:42:00:00:00:05 dev vxlan0 dst 192.168.1.5 self extern_learn
192.168.10.2 dev vxlan0 lladdr 02:42:00:00:00:04 REACHABLE
192.168.10.3 dev vxlan0 lladdr 02:42:00:00:00:05 STALE
192.168.10.4 dev vxlan0 lladdr 02:42:00:00:00:05 DELAY
192.168.10.5 dev vxlan0 lladdr 02:42:00:00:00:05 PROBE
192.168.10.6 dev vxlan0 lladdr 02:42:00:00:00:05 extern_learn NOARP proto zebra\n";
        let table = table(&format!("{VXLAN0}{rows}"));
        assert_eq!(table.skipped, 6);
        let ips = |last: u8| Some([192, 168, 10, last].into());
        let found: Vec<_> = table.endpoints.iter().map(|e| (e.mac.0[5], e.ip)).collect();
        assert_eq!(found, [(1, ips(1)), (4, None), (5, ips(6))]);
    }

    #[test]
    fn a_row_without_arp_is_an_endpoints_unless_the_kernel_made_it() {
        let rows = "192.168.10.2 dev vxlan0 lladdr 02:42:00:00:00:02 NOARP
192.168.10.3 dev vxlan0 lladdr 02:42:00:00:00:03 NOARP PERMANENT
ff02::16 dev vxlan0 lladdr 33:33:00:00:00:16 NOARP
224.0.0.22 dev vxlan0 lladdr 01:00:5e:00:00:16 NOARP
127.0.0.1 dev lo lladdr 00:00:00:00:00:00 NOARP
192.168.10.255 dev vxlan0 lladdr ff:ff:ff:ff:ff:ff NOARP
255.255.255.255 dev dummy0 lladdr 02:42:00:00:00:09 NOARP
10.0.0.1 dev gre0 lladdr 0.0.0.0 NOARP\n";
        let table = table(&format!("{VXLAN0}{rows}"));
        let found: Vec<_> = table.endpoints.iter().map(|e| e.mac.0[5]).collect();
        assert_eq!((found, table.skipped), (vec![1, 2, 3], 6));
    }

    #[test]
    fn rows_of_two_devices_are_no_table() {
        let vxlan1 = VXLAN0.replace("vxlan0", "vxlan1").replace("00:01", "00:02");
        let text = format!("{VXLAN0}{vxlan1}");
        assert_eq!(
            wrong(&text),
            "line 3: it is of another device than the first: list one device alone"
        );
        // Neighbours alone: nothing tells whose they are.
        let neighs: String = text.lines().skip(1).step_by(2).map(|l| format!("{l}\n")).collect();
        assert!(wrong(&neighs).starts_with("line 2: it is of another device"), "{neighs}");
        // Of one device, as it is asked for with `dev`.
        assert_eq!(table(&VXLAN0.replace(" dev vxlan0", "")).endpoints.len(), 1);
    }

    #[test]
    fn neighbours_of_another_device_than_the_rows_are_no_endpoints() {
        let text = format!("192.168.1.9 dev eth0 lladdr 02:42:00:00:00:09 PERMANENT\n{VXLAN0}");
        let table = table(&text);
        assert_eq!((table.skipped, table.endpoints.len()), (1, 1));
    }

    #[test]
    fn a_group_is_where_a_flood_row_leads_and_no_other() {
        let group = "00:00:00:00:00:00 dev vxlan0 dst 239.1.1.1 via eth0 self permanent\n";
        assert!(table(group).endpoints[0].vtep.is_some_and(|vtep| vtep.is_multicast()));
        let one = group.replace("00:00:00:00:00:00", "02:42:00:00:00:01");
        assert_eq!(wrong(&one), "line 1: 239.1.1.1 is no VTEP's address");
    }
}
