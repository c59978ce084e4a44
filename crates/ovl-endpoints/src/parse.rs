//! The forms in which a table is written: which one it is, and the checks that
//! hold for all. The whole input is checked before anything of it is used.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use ovl_core::types::{MacAddr, UnicastMac, Vni};

use crate::quote::{brief, quoted};
use crate::table::{Endpoint, Finding, Findings, Place, SHOWN, Table};
use crate::{csv, json, listed, marks, printed, yaml};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML, or JSON, which is a part of it: keys of the network, then `endpoints`.
    Yaml,
    /// `ip,mac,vtep`, one endpoint a line.
    Csv,
    /// What `bridge fdb show` and `ip neigh show` print.
    Text,
}

impl Format {
    /// What the end of a file's name says.
    pub fn of_name(name: &str) -> Option<Format> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "yaml" | "yml" | "json" => Some(Format::Yaml),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }
}

/// Reads a table; in the given form, or in the one it looks like.
pub fn parse(input: &[u8], format: Option<Format>) -> Result<Table, Findings> {
    let text = std::str::from_utf8(input).map_err(|e| {
        let line = input[..e.valid_up_to()].split(|byte| *byte == b'\n').count() - 1;
        one(Place::Line(number(line)), "this is no UTF-8 text")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = &*with_line_feeds(text);
    let mut findings = Vec::new();
    let mut table = match format.unwrap_or_else(|| detect(text)) {
        Format::Yaml => keyed(text, &mut findings),
        Format::Csv => csv::read(text, &mut findings),
        Format::Text => printed::read(text, &mut findings),
    };
    table.check(&mut findings);
    findings.sort_by_key(|finding| match finding.place {
        Place::Unknown => (0, 0, 0),
        Place::Line(n) => (1, n, 0),
        Place::Column(n, column) => (1, n, column),
        Place::Item(n) => (2, n, 0),
    });
    let shown = findings.len().min(SHOWN);
    marks::find_lines(text, &mut findings[..shown]);
    if findings.is_empty() { Ok(table) } else { Err(Findings(findings)) }
}

/// Old spreadsheets end lines with a carriage return alone: all of it would be one line.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\n') || !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\r', "\n"))
}

/// A table of keys. JSON is a part of YAML: what is no good JSON may be good YAML. Where
/// it is neither, the one that it looks like has the word.
fn keyed(text: &str, findings: &mut Vec<Finding>) -> Table {
    if listed::is_like(text) {
        return listed::read(text, findings).unwrap_or_else(|why| {
            findings.push(why);
            Table::default()
        });
    }
    let refused = match json::is_like(text).then(|| json::read(text, findings)) {
        Some(Ok(table)) => return table,
        Some(Err(why)) => Some(why),
        None => None,
    };
    yaml::read(text, findings).unwrap_or_else(|why| {
        findings.push(refused.unwrap_or(why));
        Table::default()
    })
}

/// The line of that index, as people count.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn one(place: Place, why: &str) -> Findings {
    Findings(vec![Finding { place, why: why.into() }])
}

/// What the first line that says something looks like.
fn detect(text: &str) -> Format {
    let says = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let Some(first) = text.lines().map(str::trim).find(says) else { return Format::Csv };
    let word = csv::bare(first.split([' ', '\t', ',']).next().unwrap_or_default());
    let is_address = word.parse::<IpAddr>().is_ok() || word.parse::<MacAddr>().is_ok();
    if first.contains(',') && (is_address || word.eq_ignore_ascii_case("ip") || word.is_empty()) {
        Format::Csv
    } else if is_address {
        Format::Text
    } else {
        Format::Yaml
    }
}

/// Why a row cannot be written that is for the packets of one VNI of several (`external`).
pub(crate) fn of_one_vni(vni: &str) -> String {
    format!("src_vni {}: a table cannot say of which VNI's packets a row is", brief(vni))
}

/// A UDP port that packets can be sent to.
pub(crate) fn port(port: u16) -> Result<u16, String> {
    if port == 0 { Err("port: 0 is no port".into()) } else { Ok(port) }
}

/// A VNI that the kernel can have.
pub(crate) fn vni(text: &str) -> Result<Vni, String> {
    text.parse().map_err(|why| brief(&format!("vni: {why}")))
}

/// A number, or whatever else is read from a word.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("'{}' is not {what}", quoted(text)))
}

/// The MAC address of an endpoint; where none is written, by Docker's rule.
pub(crate) fn mac(text: Option<&str>, ip: Option<IpAddr>) -> Result<MacAddr, String> {
    match (text, ip) {
        (Some(text), _) => {
            text.parse::<UnicastMac>().map(UnicastMac::get).map_err(|e| brief(&e.to_string()))
        }
        (None, Some(IpAddr::V4(ip))) => Ok(MacAddr::from_ipv4(ip)),
        (None, Some(IpAddr::V6(_))) => {
            Err("it has no MAC address, and Docker's rule makes one from IPv4 addresses only"
                .into())
        }
        (None, None) => Err("it has neither an IP nor a MAC address".into()),
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    match plain_ipv4(text.as_bytes()) {
        Some(ip) => Ok(IpAddr::V4(ip)),
        None => text.parse().map_err(|_| format!("'{}' is not an IP address", quoted(text))),
    }
}

/// `192.168.10.101`, quickly; `None` for all that is not plainly that.
fn plain_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut at = 0;
    let mut digits = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                let octet = &mut octets[at];
                // A zero in front could mean that the number is an octal one.
                if digits > 0 && *octet == 0 {
                    return None;
                }
                *octet = octet.checked_mul(10)?.checked_add(byte - b'0')?;
                digits += 1;
            }
            b'.' if digits > 0 && at < 3 => (at, digits) = (at + 1, 0),
            _ => return None,
        }
    }
    (at == 3 && digits > 0).then_some(Ipv4Addr::from(octets))
}

/// An endpoint's own address, or why it cannot be one.
pub fn endpoint_address(ip: IpAddr) -> Result<IpAddr, String> {
    if is_nobodys(ip) {
        return Err(format!("{ip} is no endpoint's address"));
    }
    of_its_family(ip)
}

/// A VTEP's address, or why it cannot be one.
pub fn vtep_address(vtep: IpAddr) -> Result<IpAddr, String> {
    if is_nobodys(vtep) {
        return Err(format!("{vtep} is no VTEP's address"));
    }
    of_its_family(vtep)
}

/// Is it no single host's address?
pub(crate) fn is_nobodys(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// An IPv4 address that is written as one of IPv6 would make a row of IPv6, which no
/// packet is ever sent by.
fn of_its_family(ip: IpAddr) -> Result<IpAddr, String> {
    let IpAddr::V6(long) = ip else { return Ok(ip) };
    match long.to_ipv4_mapped() {
        None => Ok(ip),
        Some(plain) => Err(format!("{ip} is an IPv4 address: write it as {plain}")),
    }
}

/// What an endpoint is made of, in the order of the columns of CSV.
pub(crate) const FIELDS: [&str; 3] = ["ip", "mac", "vtep"];

/// Why a field cannot be read, with its name.
fn in_field(field: usize, why: &str) -> String {
    format!("{}: {why}", FIELDS[field])
}

pub(crate) fn ip(text: &str) -> Result<IpAddr, String> {
    endpoint_address(address(text)?)
}

/// A VTEP; packets that are sent everywhere may go to a multicast group as well.
pub(crate) fn vtep(text: &str, is_flood: bool) -> Result<IpAddr, String> {
    let vtep = address(text)?;
    if is_flood && vtep.is_multicast() { Ok(vtep) } else { vtep_address(vtep) }
}

/// The MAC address of a flood row.
pub(crate) fn is_zero(mac: &str) -> bool {
    mac == "00:00:00:00:00:00"
}

/// An endpoint of an address, a MAC address and a VTEP, each absent when empty.
pub(crate) fn endpoint(
    ip_text: &str,
    mac_text: &str,
    vtep_text: &str,
    place: Place,
) -> Result<Endpoint, String> {
    let some = |text: &str| (!text.is_empty()).then_some(());
    let ip = some(ip_text).map(|()| ip(ip_text)).transpose();
    let ip = ip.map_err(|why| in_field(0, &why))?;
    let flood = ip.is_none() && is_zero(mac_text);
    let vtep = some(vtep_text).map(|()| vtep(vtep_text, flood)).transpose();
    let vtep = vtep.map_err(|why| in_field(2, &why))?;
    if ip.is_none() && vtep.is_none() {
        return Err("it has neither an IP address nor a VTEP".into());
    }
    let mac_said = some(mac_text).map(|()| mac_text).filter(|said| *said != "auto");
    let mac = if flood { Ok(MacAddr::ZERO) } else { mac(mac_said, ip) };
    let mac = mac.map_err(|why| in_field(1, &why))?;
    Ok(Endpoint { ip, mac, vtep, place, ..Endpoint::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        parse(text.as_bytes(), None).unwrap_or_else(|e| panic!("{e}"))
    }

    fn wrong(text: &str) -> Vec<String> {
        let findings = parse(text.as_bytes(), None).expect_err("taken");
        findings.0.iter().map(ToString::to_string).collect()
    }

    fn whole(last: u8, vtep: u8, line: u32) -> Endpoint {
        Endpoint {
            ip: Some(IpAddr::from([192, 168, 10, last])),
            mac: MacAddr([2, 0x42, 0xc0, 0xa8, 0x0a, last]),
            vtep: Some(IpAddr::from([192, 168, 1, vtep])),
            place: Place::Line(line),
            ..Endpoint::default()
        }
    }

    #[test]
    fn csv_may_have_names_of_columns_comments_and_blanks() {
        let text = "ip,mac,vtep\r\n# the first host\r\n\r\n192.168.10.100 , 02:42:c0:a8:0a:64,192.168.1.4\r\n192.168.10.101,,192.168.1.5\r\n";
        assert_eq!(table(text).endpoints, [whole(100, 4, 4), whole(101, 5, 5)]);
        let half = table(
            ",02:42:c0:a8:0a:64,192.168.1.4\n192.168.10.101,,\n,00:00:00:00:00:00,192.168.1.9\n"
                .replace("192.168.10.101,,\n", "")
                .as_str(),
        );
        assert_eq!(half.endpoints.len(), 2);
        assert_eq!((half.endpoints[0].ip, half.endpoints[1].mac), (None, MacAddr::ZERO));
    }

    #[test]
    fn a_table_as_the_manual_shows_it() {
        let text = "network: demo\nvni: 256\nsubnet: 192.168.10.0/24\ngateway: 192.168.10.1/24\nmtu: 1450\nendpoints:\n  - { ip: 192.168.10.100, mac: 02:42:c0:a8:0a:64, vtep: 192.168.1.4, name: X-1 }\n  - { ip: 192.168.10.101, vtep: 192.168.1.5 }      # mac by Docker's rule\n";
        let read = table(text);
        assert_eq!((read.network.as_deref(), read.mtu), (Some("demo"), Some(1450)));
        assert_eq!(read.vni.map(Vni::get), Some(256));
        assert_eq!(read.endpoints[0].name.as_deref(), Some("X-1"));
        assert_eq!(read.endpoints[1], whole(101, 5, 8));
    }

    #[test]
    fn block_items_json_and_quotes_say_the_same() {
        let block = "endpoints:\n- ip: 192.168.10.100\n  vtep: 192.168.1.4\n- ip: 192.168.10.101\n  vtep: 192.168.1.5\n";
        assert_eq!(table(block).endpoints, [whole(100, 4, 2), whole(101, 5, 4)]);
        let json = r#"{"endpoints":[{"ip":"192.168.10.100","vtep":"192.168.1.4"}]}"#;
        assert_eq!(table(json).endpoints[0].mac, whole(100, 4, 1).mac);
        let quoted = "endpoints:\n- {ip: \"192.168.10.100\", vtep: '192.168.1.4'}\n";
        assert_eq!(table(quoted).endpoints[0].vtep, whole(100, 4, 1).vtep);
        // Written by this toolkit itself.
        let saved = serde_yaml::to_string(&table(block)).unwrap();
        let ips =
            |t: Table| t.endpoints.into_iter().map(|e| (e.ip, e.mac, e.vtep)).collect::<Vec<_>>();
        assert_eq!(ips(table(&saved)), ips(table(block)));
    }

    #[test]
    fn the_text_of_bridge_and_ip_is_joined() {
        let text = "16:e4:b8:6b:b0:43 dev vxlan0 master br0 permanent
02:42:c0:a8:0a:64 dev vxlan0 dst 192.168.1.4 self sticky static
00:00:00:00:00:00 dev vxlan0 dst 192.168.1.5 used 0/0 self permanent
02:42:c0:a8:0a:65 dst 192.168.1.5 port 8472 vni 300 via lo link-netnsid 0 self extern_learn permanent
192.168.10.100 dev vxlan0 lladdr 02:42:c0:a8:0a:64 PERMANENT proto 79 \nfd00::1 dev vxlan0 lladdr 02:42:c0:a8:0a:64 router extern_learn REACHABLE \n192.168.10.9 dev eth0 FAILED\n";
        let read = table(text);
        assert_eq!(read.skipped, 2);
        assert_eq!(read.endpoints[0], whole(100, 4, 2));
        assert_eq!(read.endpoints[1].mac, MacAddr::ZERO);
        assert_eq!(
            (read.endpoints[2].port, read.endpoints[2].vni.map(Vni::get)),
            (Some(8472), Some(300))
        );
        assert_eq!(read.endpoints[3].ip, Some("fd00::1".parse().unwrap()));
        assert_eq!(read.endpoints[3].vtep, whole(100, 4, 1).vtep);
    }

    #[test]
    fn a_bad_line_is_named_with_its_reason() {
        let text = "192.168.10.100,,192.168.1.4\n192.168.10.300,,192.168.1.4\n192.168.10.101,03:42:00:00:00:01,192.168.1.4\nfd00::1,,192.168.1.4\n192.168.10.102,,0.0.0.0\n";
        let found = wrong(text);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            found[0].starts_with("line 2: column 1, ip: '192.168.10.300' is not an IP"),
            "{found:?}"
        );
        assert!(found[1].starts_with("line 3: ") && found[1].contains("multicast"), "{found:?}");
        assert!(found[2].starts_with("line 4: ") && found[2].contains("MAC"), "{found:?}");
        assert!(found[3].starts_with("line 5: column 3, vtep: 0.0.0.0 is no VTEP"), "{found:?}");
    }

    #[test]
    fn an_address_in_two_places_is_named_with_both() {
        let found = wrong("192.168.10.100,,192.168.1.4\n192.168.10.100,,192.168.1.5\n");
        assert!(found[0].starts_with("line 2: ") && found[0].contains("line 1"), "{found:?}");
        let mac = "02:42:c0:a8:0a:64";
        let text = format!("192.168.10.1,{mac},192.168.1.4\n192.168.10.2,{mac},192.168.1.5\n");
        assert!(wrong(&text)[0].contains(mac));
        // The same twice is said once.
        let twice = table("192.168.10.100,,192.168.1.4\n192.168.10.100,,192.168.1.4\n");
        assert_eq!((twice.endpoints.len(), twice.repeated), (1, 1));
        // One MAC address may have several addresses.
        let text = format!("192.168.10.1,{mac},192.168.1.4\n192.168.10.2,{mac},192.168.1.4\n");
        assert_eq!(table(&text).endpoints.len(), 2);
    }

    #[test]
    fn an_address_is_read_quickly_only_where_it_is_plain() {
        let plain = |text: &str| plain_ipv4(text.as_bytes());
        for text in ["0.0.0.0", "10.0.200.255", "192.168.10.101"] {
            assert_eq!(plain(text), text.parse().ok());
        }
        let others = [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "256.1.1.1",
            "01.2.3.4",
            "::1",
        ];
        for text in others {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_outside_the_subnet_is_found() {
        let text =
            "subnet: 192.168.10.0/24\nendpoints:\n  - { ip: 192.168.11.1, vtep: 192.168.1.4 }\n";
        assert!(wrong(text)[0].contains("192.168.10.0/24"));
    }

    #[test]
    fn a_subnet_says_nothing_of_the_other_family() {
        let text = "subnet: 192.168.10.0/24\nendpoints:\n  - { ip: 192.168.10.1, vtep: 192.168.1.4 }\n  - { ip: fd00::1, mac: 02:42:00:00:00:01, vtep: 192.168.1.4 }\n";
        assert_eq!(table(text).endpoints.len(), 2);
    }

    #[test]
    fn a_multicast_group_is_the_vtep_of_a_flood_row_only() {
        for (group, row) in
            [("239.1.1.1", ",00:00:00:00:00:00,"), ("ff05::1", ",00:00:00:00:00:00,")]
        {
            assert_eq!(table(&format!("{row}{group}\n")).endpoints[0].vtep, group.parse().ok());
        }
        assert!(wrong("192.168.10.1,,239.1.1.1\n")[0].contains("239.1.1.1 is no VTEP's address"));
        assert!(wrong(",02:42:00:00:00:01,239.1.1.1\n")[0].contains("is no VTEP's address"));
    }

    #[test]
    fn of_two_ways_to_one_vtep_it_is_said_what_differs() {
        let text = |one: &str, other: &str| {
            let row = "mac: 02:42:00:00:00:01, vtep: 192.168.1.4";
            format!("endpoints:\n  - {{ {row}{one} }}\n  - {{ {row}{other} }}\n")
        };
        for (one, other, there) in [
            (", port: 4789", "", "there it has port 4789"),
            ("", ", port: 4789", "there it has no port"),
            (", vni: 7", ", vni: 8", "there it has VNI 7"),
            (", via: eth0", "", "there it has device (via) eth0"),
        ] {
            let found = wrong(&text(one, other));
            assert!(found[0].ends_with(there), "{found:?}");
        }
    }

    #[test]
    fn a_vni_is_of_24_bits_in_every_form() {
        let yaml = "endpoints:\n- {ip: 192.168.10.1, vtep: 192.168.1.4, vni: 16777216}\n";
        let block = "endpoints:\n- ip: 192.168.10.1\n  vtep: '192.168.1.4'\n  vni: 4294967296\n";
        let json = r#"{"endpoints":[{"ip":"192.168.10.1","vtep":"192.168.1.4","vni":16777216}]}"#;
        let text = "02:00:00:00:00:05 dev vxlan0 dst 10.0.0.1 vni 4294967295 self permanent\n";
        for (text, place) in
            [(yaml, "line 2"), (block, "line 2"), (json, "line 1, column 15"), (text, "line 1")]
        {
            let found = wrong(text);
            assert!(found[0].starts_with(place), "{found:?}");
            assert!(found[0].ends_with("out of range: 0 to 16777215"), "{found:?}");
        }
        let most = table(&yaml.replace("16777216", "16777215"));
        assert_eq!(most.endpoints[0].vni.map(Vni::get), Some(Vni::MAX));
    }

    #[test]
    fn nothing_stands_beside_a_nexthop_group() {
        for (more, why) in [
            ("vtep: 192.168.1.4", "it is behind a VTEP or a nexthop group, not both"),
            ("port: 4789", "port, vni and via go with a VTEP, not with a nexthop group"),
            ("vni: 7", "port, vni and via go with a VTEP, not with a nexthop group"),
            ("via: eth0", "port, vni and via go with a VTEP, not with a nexthop group"),
        ] {
            let text = format!("endpoints:\n- {{ip: 192.168.10.1, nhid: 3, {more}}}\n");
            assert_eq!(wrong(&text), [format!("line 2: {why}")]);
        }
    }

    #[test]
    fn an_address_is_of_the_family_it_is_written_in() {
        let mac = "02:42:00:00:00:01";
        for (row, why) in [
            (format!("::ffff:192.168.10.1,{mac},192.168.1.4"), "write it as 192.168.10.1"),
            (format!("192.168.10.1,{mac},::ffff:192.168.1.4"), "write it as 192.168.1.4"),
            (",00:00:00:00:00:00,::ffff:239.1.1.1".into(), "write it as 239.1.1.1"),
            (format!("{mac} dst ::ffff:192.168.1.4 self permanent"), "write it as 192.168.1.4"),
        ] {
            let found = wrong(&row);
            assert!(found[0].starts_with("line 1: ") && found[0].ends_with(why), "{found:?}");
        }
    }

    #[test]
    fn lines_may_end_with_a_carriage_return_alone() {
        let csv =
            "ip,mac,vtep\r# the first\r192.168.10.100,,192.168.1.4\r192.168.10.101,,192.168.1.5\r";
        assert_eq!(table(csv).endpoints, [whole(100, 4, 3), whole(101, 5, 4)]);
        let yaml = "# a table\rendpoints:\r- {ip: 192.168.10.100, vtep: 192.168.1.4}\r";
        assert_eq!(table(yaml).endpoints, [whole(100, 4, 3)]);
    }

    #[test]
    fn keys_that_mean_nothing_are_named() {
        assert!(wrong("vnl: 256\nendpoints: []\n")[0].contains("vnl"));
        assert!(wrong("endpoints:\n- {ip: 10.0.0.1, vtpe: 10.1.0.1}\n")[0].contains("vtpe"));
    }

    #[test]
    fn any_bytes_are_a_table_or_are_refused() {
        // A small generator of bad input: pieces that each form is made of, and noise.
        let pieces: [&[u8]; 12] = [
            b"endpoints:",
            b"- {",
            b"ip: ",
            b"192.168.1.1",
            b",",
            b"\n",
            b"02:42:00:00:00:01",
            b" dst ",
            b"\xff",
            b"}",
            b"\"",
            b"  ",
        ];
        let mut state = 1u32;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..12 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.extend_from_slice(pieces[(state >> 16) as usize % pieces.len()]);
            }
            let _ = parse(&text, None);
        }
    }

    #[test]
    fn nothing_is_an_empty_table() {
        for text in ["", "\n\n", "# nothing\n", "endpoints: []\n", "endpoints:\n"] {
            assert!(table(text).endpoints.is_empty(), "{text:?}");
        }
    }
}
