//! Tables in YAML. What is written the usual way, a line a key and a line (or a few)
//! an endpoint, is read line by line, which is quick for a hundred thousand of them
//! and can name the line of a mistake; everything else that YAML allows is left to
//! the library.

use serde::de::IgnoredAny;

use crate::marks::{locate, refusal};
use crate::parse::{endpoint, number};
use crate::table::{Endpoint, Finding, Place, SHOWN, Table};
use crate::written::{Item, Said, Written, no_key_of_endpoint, no_key_of_table};

/// Reads one; `Err` where this is no YAML, or no table.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Result<Table, Finding> {
    if let Some(table) = by_line(text, findings) {
        return Ok(table);
    }
    // What the first way has found is found again.
    findings.clear();
    by_library(text, findings)
}

fn by_library(text: &str, findings: &mut Vec<Finding>) -> Result<Table, Finding> {
    let written: Result<Written<String, Item<String>, IgnoredAny>, _> =
        if text.trim().is_empty() { Ok(Written::default()) } else { serde_yaml::from_str(text) };
    let mut written = written.map_err(|e| refusal(&e))?;
    let at = |key: &str| locate(text, key, None).unwrap_or_default();
    let mut place = Place::Unknown;
    for (index, (key, _)) in written.unknown.iter().enumerate() {
        // Those after them are not shown.
        if index < SHOWN {
            place = at(key);
        }
        findings.push(Finding { place, why: no_key_of_table(key) });
    }
    let items = written.endpoints.take().unwrap_or_default();
    let mut table = written.head(at, findings);
    for (index, item) in items.into_iter().enumerate() {
        table.endpoints.extend(item.read(Place::Item(number(index)), findings));
    }
    Ok(table)
}

/// The usual way of writing one. `None` where a line is not of it.
fn by_line(text: &str, findings: &mut Vec<Finding>) -> Option<Table> {
    let mut head = Written::<String, (), ()>::default();
    let mut heads: Vec<(&str, Place)> = Vec::new();
    let mut table = Table::default();
    let mut items = false;
    let mut open: Option<(Fields<'_>, Place)> = None;
    for (index, line) in text.lines().enumerate() {
        let at = Line { text: without_comment(line)?.trim_end(), number: number(index) };
        let line = at.text;
        let place = Place::Line(at.number);
        let inner = line.trim_start();
        if inner.is_empty() || (inner == "---" && !items) {
            continue;
        }
        if !items {
            if inner.len() != line.len() {
                return None;
            }
            heads.extend(inner.split(':').next().map(|key| (key, place)));
            items = head.take(inner, at, findings)?;
            continue;
        }
        if let Some(item) = inner.strip_prefix("- ") {
            close(&mut table, open.take(), findings);
            open = match item.trim().strip_prefix('{') {
                Some(flow) => {
                    let fields = Fields::of_flow(flow.strip_suffix('}')?, at, findings)?;
                    close(&mut table, Some((fields, place)), findings);
                    None
                }
                None => Some((Fields::default(), place)),
            };
            if let Some((fields, _)) = &mut open {
                fields.take(item.trim(), at, findings)?;
            }
        } else {
            // A further key of a block item: it stands deeper than the dash.
            let (fields, _) = open.as_mut().filter(|_| line.starts_with(' '))?;
            fields.take(inner, at, findings)?;
        }
    }
    close(&mut table, open, findings);
    let endpoints = std::mem::take(&mut table.endpoints);
    let at = |key: &str| heads.iter().find(|(had, _)| *had == key).map(|(_, at)| *at);
    let head = head.head(|key| at(key).unwrap_or_default(), findings);
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

/// A line, and which one it is.
#[derive(Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    number: u32,
}

impl Line<'_> {
    /// A key of it that means nothing. `None` where it may be no key at all, or where
    /// more than a word belongs to it.
    fn strange(self, key: &str, value: &str, why: impl Fn(&str) -> String) -> Option<Finding> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let is_key = key.starts_with(|first: char| first.is_ascii_alphabetic());
        if value.is_empty() || !is_key || !key.bytes().all(is_word) {
            return None;
        }
        let before = &self.text[..key.as_ptr().addr() - self.text.as_ptr().addr()];
        let place = Place::Column(self.number, number(before.chars().count()));
        Some(Finding { place, why: why(key) })
    }
}

impl Written<String, (), ()> {
    /// Takes one key of the network; `true` when the endpoints follow.
    fn take(&mut self, text: &str, at: Line<'_>, findings: &mut Vec<Finding>) -> Option<bool> {
        let (key, value) = scalar(text)?;
        match key {
            "endpoints" if value.is_empty() => return Some(true),
            "network" => self.network = Some(word(value)?.to_owned()),
            "vni" => self.vni = Some(Said::Word(value.to_owned())),
            "subnet" => self.subnet = Some(value.to_owned()),
            "gateway" => self.gateway = Some(value.to_owned()),
            "mtu" => self.mtu = Some(Said::Word(value.to_owned())),
            _ => findings.push(at.strange(key, value, no_key_of_table)?),
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
    fn of_flow(flow: &'t str, at: Line<'t>, findings: &mut Vec<Finding>) -> Option<Fields<'t>> {
        let mut fields = Fields::default();
        for part in flow.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            fields.take(part, at, findings)?;
        }
        Some(fields)
    }

    fn take(&mut self, pair: &'t str, at: Line<'t>, findings: &mut Vec<Finding>) -> Option<()> {
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
            _ => {
                findings.push(at.strange(key, value, no_key_of_endpoint)?);
                return Some(());
            }
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
            port: some(of_port).map(Said::Word),
            vni: some(vni).map(Said::Word),
            nhid: some(nhid).map(Said::Word),
            via: some(via),
            unknown: Vec::new(),
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

#[cfg(test)]
mod tests {
    use crate::parse::parse;

    fn wrong(text: &str) -> Vec<String> {
        let findings = parse(text.as_bytes(), None).expect_err("taken");
        findings.0.iter().map(ToString::to_string).collect()
    }

    /// The usual way of writing one, and one that only the library reads.
    const TABLES: [&str; 2] = [
        "vnl: 256
mtu: some
endpoints:
  - { ip: 192.168.10.1, vtep: 192.168.1.4 }
  - { ip: 192.168.10.2, vtpe: 192.168.1.4, port: x }
  - { ip: 192.168.10.300, vtep: 192.168.1.4 }
  - ip: 192.168.10.1
    vtep: 192.168.1.5
  - ip: 192.168.10.5
    vtep: nowhere
    color: red
",
        "vnl: 256
mtu: some
endpoints:
  - { ip: \"192.168.10.1\", vtep: 192.168.1.4 }
  - { ip: 192.168.10.2, vtpe: 192.168.1.4, port: x }
  - { ip: 192.168.10.300, vtep: 192.168.1.4 }
  - ip: &one 192.168.10.1
    vtep: 192.168.1.5
  - ip: 192.168.10.5
    vtep: nowhere
    color: [red]
",
    ];

    #[test]
    fn one_mistake_hides_no_other() {
        for text in TABLES {
            let found = wrong(text);
            let all = [
                (1, "unknown field `vnl`: a table has network"),
                (2, "mtu: 'some' is not an MTU"),
                (5, "unknown field `vtpe`: an endpoint has ip"),
                (5, "'x' is not a port"),
                (6, "ip: '192.168.10.300'"),
                (7, "192.168.10.1 is in "),
                (7, "02:42:c0:a8:0a:01 is in "),
                (9, "vtep: 'nowhere'"),
                (9, "unknown field `color`"),
            ];
            assert_eq!(found.len(), all.len(), "{found:#?}");
            for (line, why) in all {
                let is = |f: &String| {
                    let here = f.starts_with(&format!("line {line}")) || f.starts_with("line 11");
                    here && f.contains(why)
                };
                assert!(found.iter().any(is), "line {line}: {why}\n{found:#?}");
            }
        }
    }

    #[test]
    fn an_unknown_key_is_named_by_its_column() {
        let found = wrong("endpoints:\n  - { ip: 10.0.0.1, vtpe: 10.1.0.1 }\n");
        assert!(found[0].starts_with("line 2, column 21: "), "{found:?}");
    }

    #[test]
    fn of_very_many_mistakes_some_are_shown() {
        let lines = (0..300).map(|n| format!("  - {{ ip: 10.0.0.1, \"a{n}\": 1 }}\n"));
        let text = format!("endpoints:\n{}", lines.collect::<String>());
        let findings = parse(text.as_bytes(), None).unwrap_err();
        let shown = findings.to_string();
        assert_eq!(findings.0.len(), 300);
        assert!(
            shown.starts_with("line 2, column 5: ") && shown.ends_with("\nand 290 more"),
            "{shown}"
        );
        assert!(shown.contains("\nline 11, column 5: unknown field `a9`"), "{shown}");
    }
}
