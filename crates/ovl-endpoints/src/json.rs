//! Tables in JSON. Endpoints are read one by one, each from its own piece of the
//! text, so that what is wrong is named by its line and column and hides nothing.

use serde_json::value::RawValue;

use crate::marks;
use crate::parse::number;
use crate::quote::brief;
use crate::table::{Finding, Place, Table};
use crate::written::{Item, Said, Written, no_key_of_table};

/// Could this be JSON?
pub(crate) fn is_like(text: &str) -> bool {
    let inner = text.trim_start().strip_prefix('{').map(str::trim_start);
    inner.is_some_and(|inner| inner.starts_with(['"', '}']))
}

/// Reads one; `Err` where this is no JSON, or says what only YAML takes for a table.
pub(crate) fn read(text: &str, findings: &mut Vec<Finding>) -> Result<Table, Finding> {
    type Table<'t> = Written<Said, &'t RawValue, &'t RawValue>;
    let mut written: Table<'_> = serde_json::from_str(text).map_err(|e| refusal(&e, START))?;
    let mut at = At::start(text);
    for (key, value) in &written.unknown {
        at = at.moved_to(value.get());
        findings.push(Finding { place: at.place(), why: no_key_of_table(key) });
    }
    let endpoints = written.endpoints.take().unwrap_or_default();
    let place = |key: &str| marks::locate(text, key, None).unwrap_or_default();
    let mut table = written.head(place, findings);
    table.endpoints.reserve(endpoints.len());
    let mut at = At::start(text);
    for piece in endpoints {
        at = at.moved_to(piece.get());
        match serde_json::from_str::<Item<Said>>(piece.get()) {
            Ok(item) => table.endpoints.extend(item.read(at.place(), findings)),
            Err(e) => findings.push(refusal(&e, (at.line, at.column))),
        }
    }
    Ok(table)
}

/// Line and column of the first character.
pub(crate) const START: (u32, u32) = (1, 1);

/// What is wrong with a piece that begins there.
pub(crate) fn refusal(e: &serde_json::Error, (line, column): (u32, u32)) -> Finding {
    let (below, beside) = (e.line().saturating_sub(1), e.column().saturating_sub(1));
    let place = if below == 0 {
        Place::Column(line, column.saturating_add(offset(beside)))
    } else {
        Place::Column(line.saturating_add(offset(below)), number(beside))
    };
    let text = e.to_string();
    let end = format!(" at line {} column {}", e.line(), e.column());
    Finding { place, why: brief(text.strip_suffix(&end).unwrap_or(&text)) }
}

fn offset(count: usize) -> u32 {
    number(count).saturating_sub(1)
}

/// A place in a text, which moves forward only.
struct At<'t> {
    text: &'t str,
    byte: usize,
    line: u32,
    column: u32,
}

impl<'t> At<'t> {
    fn start(text: &'t str) -> At<'t> {
        At { text, byte: 0, line: START.0, column: START.1 }
    }

    fn place(&self) -> Place {
        Place::Column(self.line, self.column)
    }

    /// The place of a piece of the same text, further on.
    fn moved_to(self, piece: &str) -> At<'t> {
        let byte = piece.as_ptr().addr() - self.text.as_ptr().addr();
        let passed = &self.text.as_bytes()[self.byte..byte];
        let (mut line, mut column) = (self.line, self.column);
        for byte in passed {
            match byte {
                b'\n' => (line, column) = (line + 1, 1),
                // The further bytes of a character.
                0x80..0xc0 => {}
                _ => column += 1,
            }
        }
        At { byte, line, column, ..self }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::parse;

    fn wrong(text: &str) -> Vec<String> {
        let findings = parse(text.as_bytes(), None).expect_err("taken");
        findings.0.iter().map(ToString::to_string).collect()
    }

    /// As `jq` prints a table: a key a line.
    const PRETTY: &str = r#"{
  "vni": 256,
  "vnl": 256,
  "gateway": "nowhere",
  "endpoints": [
    {
      "ip": "192.168.10.1",
      "vtep": "192.168.1.4"
    },
    {
      "ip": "192.168.10.300",
      "vtpe": "192.168.1.4"
    },
    {
      "ip": "192.168.10.3",
      "vtep": "192.168.1.4",
      "port": [4789]
    },
    {
      "ip": [],
      "vtep": "192.168.1.4"
    },
    "192.168.10.4",
    {
      "ip": "192.168.10.1",
      "vtep": "192.168.1.5"
    }
  ]
}
"#;

    #[test]
    fn all_that_is_wrong_is_named_by_line_and_column() {
        let found = wrong(PRETTY);
        let starts = [
            "line 3, column 10: unknown field `vnl`",
            "line 4, column 14: gateway: ",
            "line 10, column 5: unknown field `vtpe`",
            "line 10, column 5: ip: '192.168.10.300'",
            "line 14, column 5: port: a list is not a value",
            "line 19, column 5: ip: a list is not a value",
            "line 23, column ",
            "line 24, column 5: 192.168.10.1 is in line 6, column 5 as well",
            "line 24, column 5: 02:42:c0:a8:0a:01 is in line 6, column 5 as well",
        ];
        assert_eq!(found.len(), starts.len(), "{found:#?}");
        for (found, start) in found.iter().zip(starts) {
            assert!(found.starts_with(start), "'{found}', not '{start}'");
            assert!(!found.contains(" at line "), "{found}");
        }
    }

    #[test]
    fn in_one_line_the_column_tells_which() {
        let text = r#"{"endpoints":[{"name":"é","ip":"10.0.0.1"},{"ip":"10.0.0"},{"ip":"10.0.0.3"},{"ip":"x"}]}"#;
        let column = |piece: &str| text.split_once(piece).unwrap().0.chars().count() + 1;
        let found = wrong(text);
        assert_eq!(found.len(), 2, "{found:#?}");
        let start = |piece| format!("line 1, column {}: ", column(piece));
        assert!(found[0].starts_with(&start(r#"{"ip":"10.0.0"}"#)), "{found:#?}");
        assert!(found[1].starts_with(&start(r#"{"ip":"x"}"#)), "{found:#?}");
    }

    #[test]
    fn what_is_no_json_is_named_where_it_ends_to_be() {
        let found = wrong("{\n \"vni\": 256,\n \"endpoints\": [\n  {\"ip\": \"10.0.0.1\"\n ]\n}\n");
        assert_eq!(found, ["line 5, column 2: expected `,` or `}`"]);
        let found = wrong("{\"endpoints\": [{\"ip\": \"10.0.0.1\"}");
        assert!(found[0].starts_with("line 1, column ") && found[0].contains("EOF"), "{found:?}");
    }

    #[test]
    fn what_yaml_takes_is_taken() {
        for text in [
            "{\"endpoints\": [{\"ip\": \"10.0.0.1\", \"name\": 7},],} # a comment",
            "{\"endpoints\": [{\"ip\": \"10.0.0.1\", \"name\": 7, \"port\": \"8472\"}]}",
            "{\"network\": 5, \"endpoints\": [{\"ip\": \"10.0.0.1\", \"name\": \"7\", \"mac\": null}]}",
        ] {
            let read = parse(text.as_bytes(), None).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(read.endpoints[0].name.as_deref(), Some("7"), "{text}");
        }
        // What is wrong with one of those is found as well.
        let found = wrong("{\"network\": 5, \"endpoints\": [{\"ip\": \"10.0.0\"}]}");
        assert!(found[0].starts_with("line 1, column 30: ip: "), "{found:?}");
    }
}
