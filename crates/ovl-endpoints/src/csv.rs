//! Tables of one line an endpoint: its address, its MAC address, its VTEP.

use crate::parse::{FIELDS, endpoint, number};
use crate::table::{Endpoint, Finding, Place, Table};

/// Bytes of a line with two IPv4 addresses and a MAC address, or more.
const A_LINE: usize = 40;

/// `ip,mac,vtep[,name]`: blanks around fields, quotes as spreadsheets write them,
/// comments, empty lines and one line of names are fine.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Table {
    let mut table = Table::default();
    table.endpoints.reserve(text.len() / A_LINE);
    let mut first = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if std::mem::take(&mut first) && begins_as_header(line) {
            if !is_header(line) {
                let why = "a line of names is ip,mac,vtep or ip,mac,vtep,name".into();
                findings.push(Finding { place: Place::Line(number(index)), why });
            }
            continue;
        }
        match row(line, index) {
            Ok(endpoint) => table.endpoints.push(endpoint),
            Err(why) => findings.push(Finding { place: Place::Line(number(index)), why }),
        }
    }
    table
}

fn begins_as_header(line: &str) -> bool {
    line.split_once(',').is_some_and(|(first, _)| is_name(first, FIELDS[0]))
}

/// Is it the names of the columns, in their order? The last ones may be left out.
fn is_header(line: &str) -> bool {
    let fields = quoted_fields(line).ok().flatten();
    let names = FIELDS.into_iter().chain(["name"]);
    fields.is_some_and(|fields| {
        fields.iter().zip(names).all(|(field, name)| field.is_empty() || is_name(field, name))
    })
}

fn is_name(field: &str, name: &str) -> bool {
    bare(field.trim()).eq_ignore_ascii_case(name)
}

/// The first field of a line, without its quotes.
pub(crate) fn bare(first: &str) -> &str {
    let inner = first.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(first)
}

fn row(line: &str, index: usize) -> Result<Endpoint, String> {
    let fields = if line.contains('"') { quoted_fields(line)? } else { fields(line) };
    let [ip, mac, vtep, name] = fields.ok_or("more than ip,mac,vtep,name")?;
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

/// The same of a line with quotes, which stand around a field, commas in it included.
fn quoted_fields(line: &str) -> Result<Option<[&str; 4]>, &'static str> {
    let mut fields = [""; 4];
    let mut rest = Some(line);
    for field in &mut fields {
        let Some(text) = rest.map(str::trim_start) else { break };
        (*field, rest) = match text.strip_prefix('"') {
            Some(inner) => {
                let (field, after) = inner.split_once('"').ok_or("a quote that does not end")?;
                (field.trim(), after_quote(after.trim_start())?)
            }
            None => match text.split_once(',') {
                Some((field, after)) => (field.trim_end(), Some(after)),
                None => (text, None),
            },
        };
        if field.contains('"') {
            return Err(INNER);
        }
    }
    Ok(rest.is_none().then_some(fields))
}

/// Why a quote that is a part of a field is none of a table's.
const INNER: &str = "a quote inside a field: quotes stand around a field only";

/// What follows the comma behind a quoted field, if one does.
fn after_quote(after: &str) -> Result<Option<&str>, &'static str> {
    if after.is_empty() {
        return Ok(None);
    }
    after.strip_prefix(',').map(Some).ok_or(INNER)
}

#[cfg(test)]
mod tests {
    use crate::parse::{Format, parse};
    use crate::table::Table;

    fn table(text: &str) -> Table {
        parse(text.as_bytes(), None).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn quotes_around_fields_say_nothing() {
        let plain = table("192.168.10.21,02:42:00:00:00:01,192.168.1.5,X\n");
        for text in [
            "\"192.168.10.21\",\"02:42:00:00:00:01\",\"192.168.1.5\",\"X\"\n",
            "192.168.10.21,\"02:42:00:00:00:01\" , \" 192.168.1.5 \",X\r\n",
        ] {
            assert_eq!(table(text).endpoints, plain.endpoints);
        }
        let headed = table("\"IP\",\"MAC\",\"VTEP\"\n\"192.168.10.21\",\"\",\"192.168.1.5\"\n");
        assert_eq!(headed.endpoints.len(), 1);
        let named = table("192.168.10.21,,192.168.1.5,\"X, the first\"\n");
        assert_eq!(named.endpoints[0].name.as_deref(), Some("X, the first"));
    }

    #[test]
    fn a_line_of_names_has_names_only() {
        let row = "192.168.10.21,,192.168.1.5\n";
        for names in ["ip,mac,vtep", "IP , MAC, VTEP,Name", "ip,mac", "\"ip\",\"mac\",\"vtep\""] {
            assert_eq!(table(&format!("{names}\n{row}")).endpoints.len(), 1, "{names}");
        }
        for names in [
            "ip,mac,vtep 192.168.10.5,,192.168.1.5",
            "ip,vtep,mac",
            "ip,,192.168.1.5",
            "ip,mac,vtep,name,",
        ] {
            let wrong = parse(format!("{names}\n{row}").as_bytes(), None).expect_err(names);
            assert!(
                wrong.to_string().starts_with("line 1: a line of names is ip,mac,vtep"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn other_quotes_are_refused_with_the_reason() {
        for (line, why) in [
            ("192.168.10.21,,192.168.1.5,\"X \"\"1\"\"\"", "a quote inside a field"),
            ("192.168.10.21,,192.168.1.5,X\"1", "a quote inside a field"),
            ("192.168.10.21,,\"192.168.1.5\"x", "a quote inside a field"),
            ("192.168.10.21,,\"192.168.1.5", "a quote that does not end"),
            ("\"192.168.10.21\",,,,\"\"", "more than ip,mac,vtep,name"),
            ("\"192.168.10.300\",,", "column 1, ip: '192.168.10.300'"),
        ] {
            let wrong = parse(line.as_bytes(), Some(Format::Csv)).expect_err(line).to_string();
            assert!(wrong.starts_with("line 1: ") && wrong.contains(why), "{line}: {wrong}");
        }
    }
}
