//! Tables of one line an endpoint: its address, its MAC address, its VTEP.

use crate::parse::{FIELDS, endpoint, number};
use crate::table::{Endpoint, Finding, Place, Table};

/// Bytes of a line with two IPv4 addresses and a MAC address, or more.
const A_LINE: usize = 40;

/// `ip,mac,vtep[,name]`: blanks around fields, comments, empty lines and one line
/// of names are fine.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Table {
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
