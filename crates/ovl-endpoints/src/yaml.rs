//! Tables in YAML and JSON. What is written the usual way, a line a key and a line
//! (or a few) an endpoint, is read line by line, which is quick for a hundred
//! thousand of them and can name the line of a mistake; everything else that YAML
//! allows is left to the library.

use ovl_core::types::Cidr;
use serde::Deserialize;

use crate::parse::{endpoint, number, parsed, port};
use crate::table::{Endpoint, Finding, Place, Table};

/// A table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table: network, vni, subnet, gateway, mtu, endpoints")]
struct Written {
    network: Option<String>,
    vni: Option<u32>,
    subnet: Option<String>,
    gateway: Option<String>,
    mtu: Option<u32>,
    #[serde(default)]
    endpoints: Option<Vec<Item>>,
}

/// An endpoint as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an endpoint: ip, mac, vtep, name, port, vni, via, nhid")]
struct Item {
    ip: Option<String>,
    mac: Option<String>,
    #[serde(alias = "dst")]
    vtep: Option<String>,
    name: Option<String>,
    port: Option<u16>,
    vni: Option<u32>,
    via: Option<String>,
    nhid: Option<u32>,
}

/// Reads one.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Table {
    if let Some(table) = by_line(text, findings) {
        return table;
    }
    // What the first way has found is found again.
    findings.clear();
    let written =
        if text.trim().is_empty() { Ok(Written::default()) } else { serde_yaml::from_str(text) };
    match written {
        Ok(written) => table(written, findings),
        Err(e) => {
            let place = e.location().map_or(Place::Unknown, |at| {
                Place::Column(
                    number(at.line().saturating_sub(1)),
                    number(at.column().saturating_sub(1)),
                )
            });
            findings.push(Finding { place, why: e.to_string() });
            Table::default()
        }
    }
}

fn table(written: Written, findings: &mut Vec<Finding>) -> Table {
    let mut table = Table { network: written.network, mtu: written.mtu, ..Table::default() };
    let mut wrong = |why| findings.push(Finding { place: Place::Unknown, why });
    for (text, place) in
        [(written.subnet, &mut table.subnet), (written.gateway, &mut table.gateway)]
    {
        match text.map(|text| text.parse::<Cidr>()).transpose() {
            Ok(cidr) => *place = cidr,
            Err(e) => wrong(e.to_string()),
        }
    }
    match written.vni.map(|vni| vni.to_string().parse()).transpose() {
        Ok(vni) => table.vni = vni,
        Err(e) => wrong(format!("{e}")),
    }
    for (index, item) in written.endpoints.unwrap_or_default().into_iter().enumerate() {
        let place = Place::Item(number(index));
        match item.endpoint(place) {
            Ok(endpoint) => table.endpoints.push(endpoint),
            Err(why) => findings.push(Finding { place, why }),
        }
    }
    table
}

impl Item {
    fn endpoint(self, place: Place) -> Result<Endpoint, String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let vtep = text(&self.vtep);
        let mut made = match self.nhid {
            // A nexthop group stands in the place of a VTEP.
            Some(_) if vtep.is_empty() => by_group(&text(&self.ip), &text(&self.mac), place)?,
            _ => endpoint(&text(&self.ip), &text(&self.mac), &vtep, place)?,
        };
        made.name = self.name;
        made.port = self.port.map(port).transpose()?;
        made.vni = self.vni;
        made.nhid = self.nhid;
        made.via = self.via.map(|via| via.parse()).transpose().map_err(|e| format!("{e}"))?;
        Ok(made)
    }
}

fn by_group(ip: &str, mac: &str, place: Place) -> Result<Endpoint, String> {
    // Any VTEP does for the check; it is not kept.
    let made = endpoint(ip, mac, "192.0.2.1", place)?;
    Ok(Endpoint { vtep: None, ..made })
}

/// The usual way of writing one. `None` where a line is not of it.
fn by_line(text: &str, findings: &mut Vec<Finding>) -> Option<Table> {
    let mut head = Written::default();
    let mut table = Table::default();
    let mut items = false;
    let mut open: Option<(Fields<'_>, Place)> = None;
    for (index, line) in text.lines().enumerate() {
        let line = without_comment(line)?.trim_end();
        let place = Place::Line(number(index));
        let inner = line.trim_start();
        if inner.is_empty() || (inner == "---" && !items) {
            continue;
        }
        if !items {
            if inner.len() != line.len() {
                return None;
            }
            items = head.take(inner)?;
            continue;
        }
        if let Some(item) = inner.strip_prefix("- ") {
            close(&mut table, open.take(), findings);
            open = match item.trim().strip_prefix('{') {
                Some(flow) => {
                    let fields = Fields::of_flow(flow.strip_suffix('}')?)?;
                    close(&mut table, Some((fields, place)), findings);
                    None
                }
                None => Some((Fields::default(), place)),
            };
            if let Some((fields, _)) = &mut open {
                fields.take(item.trim())?;
            }
        } else {
            // A further key of a block item: it stands deeper than the dash.
            let (fields, _) = open.as_mut().filter(|_| line.starts_with(' '))?;
            fields.take(inner)?;
        }
    }
    close(&mut table, open, findings);
    let endpoints = std::mem::take(&mut table.endpoints);
    let head = self::table(head, findings);
    Some(Table { endpoints, ..head })
}

fn close(table: &mut Table, open: Option<(Fields<'_>, Place)>, findings: &mut Vec<Finding>) {
    let Some((fields, place)) = open else { return };
    match fields.endpoint(place) {
        Ok(endpoint) => table.endpoints.push(endpoint),
        Err(why) => findings.push(Finding { place, why }),
    }
}

/// A comment begins after a blank; a quote before it makes the line a matter for
/// the library.
fn without_comment(line: &str) -> Option<&str> {
    if line.trim_start().starts_with('#') {
        return Some("");
    }
    let line = line.split(" #").next().unwrap_or_default();
    (!line.contains(['"', '\'', '\t'])).then_some(line)
}

impl Written {
    /// Takes one key of the network; `true` when the endpoints follow.
    fn take(&mut self, line: &str) -> Option<bool> {
        let (key, value) = scalar(line)?;
        match key {
            "endpoints" if value.is_empty() => return Some(true),
            "network" => self.network = Some(word(value)?.to_owned()),
            "vni" => self.vni = Some(value.parse().ok()?),
            "subnet" => self.subnet = Some(value.to_owned()),
            "gateway" => self.gateway = Some(value.to_owned()),
            "mtu" => self.mtu = Some(value.parse().ok()?),
            _ => return None,
        }
        Some(false)
    }
}

/// The fields of an endpoint as they are written; empty where one is not.
#[derive(Default)]
struct Fields<'t> {
    ip: &'t str,
    mac: &'t str,
    vtep: &'t str,
    name: &'t str,
    /// `port`, `vni`, `nhid`, `via`: few endpoints have any.
    more: [&'t str; 4],
}

impl<'t> Fields<'t> {
    fn of_flow(flow: &'t str) -> Option<Fields<'t>> {
        let mut fields = Fields::default();
        for part in flow.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            fields.take(part)?;
        }
        Some(fields)
    }

    fn take(&mut self, pair: &'t str) -> Option<()> {
        let (key, value) = scalar(pair)?;
        let place = match key {
            "ip" => &mut self.ip,
            "mac" => &mut self.mac,
            "vtep" | "dst" => &mut self.vtep,
            "name" => &mut self.name,
            "port" => &mut self.more[0],
            "vni" => &mut self.more[1],
            "nhid" => &mut self.more[2],
            "via" => &mut self.more[3],
            _ => return None,
        };
        // A key twice, or without a value: the library has a word for that.
        if value.is_empty() || !place.is_empty() {
            return None;
        }
        *place = if matches!(key, "name" | "via") { word(value)? } else { value };
        Some(())
    }

    fn endpoint(&self, place: Place) -> Result<Endpoint, String> {
        let name = (!self.name.is_empty()).then(|| self.name.to_owned());
        if self.more == [""; 4] {
            return Ok(Endpoint { name, ..endpoint(self.ip, self.mac, self.vtep, place)? });
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let [of_port, vni, nhid, via] = self.more;
        let item = Item {
            ip: some(self.ip),
            mac: some(self.mac),
            vtep: some(self.vtep),
            name,
            port: some(of_port).map(|text| parsed(&text, "a port")).transpose()?,
            vni: some(vni).map(|text| parsed(&text, "a VNI")).transpose()?,
            nhid: some(nhid).map(|text| parsed(&text, "a nexthop group")).transpose()?,
            via: some(via),
        };
        item.endpoint(place)
    }
}

/// `key: value`.
fn scalar(pair: &str) -> Option<(&str, &str)> {
    let (key, value) = match pair.split_once(": ") {
        Some((key, value)) => (key, value.trim()),
        None => (pair.strip_suffix(':')?, ""),
    };
    let plain = !value.starts_with(['{', '[', '&', '*', '!', '|', '>', '%', '@', '`', '~']);
    (plain && !value.contains(['{', '}', '[', ']'])).then_some((key, value))
}

/// A word that YAML cannot take for anything but text.
fn word(value: &str) -> Option<&str> {
    let first = value.chars().next()?;
    let other = ["null", "true", "false", "yes", "no", "on", "off"];
    let text = first.is_ascii_alphabetic() && !other.contains(&value.to_ascii_lowercase().as_str());
    (text && !value.contains(": ")).then_some(value)
}
