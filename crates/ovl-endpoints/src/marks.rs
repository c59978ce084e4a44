//! Where something is in a text of YAML. The library says that only of what it refuses:
//! to find a place it is made to refuse what is there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::parse::number;
use crate::quote::brief;
use crate::table::{Finding, Place};

/// So much is read again, in bytes, to say where something is.
const READ_AGAIN: usize = 8 << 20;

/// Gives findings of an endpoint by its number the line that it is in. For each all is
/// read again: of a table of very many endpoints the first one has to do.
pub(crate) fn find_lines(text: &str, findings: &mut [Finding]) {
    let most = (READ_AGAIN / text.len().max(1)).max(1);
    let by_number = findings.iter_mut().filter(|finding| matches!(finding.place, Place::Item(_)));
    for finding in by_number.take(most) {
        if let Place::Item(item) = finding.place
            && let Some(place) = locate(text, "endpoints", Some(item))
        {
            finding.place = place;
        }
    }
}

/// What the library refuses, and where.
pub(crate) fn refusal(e: &serde_yaml::Error) -> Finding {
    let place = e.location().map(|at| at_mark(&at)).unwrap_or_default();
    let text = e.to_string();
    let end = e.location().map(|at| format!(" at line {} column {}", at.line(), at.column()));
    let why = end.and_then(|end| text.strip_suffix(&end)).unwrap_or(&text);
    Finding { place, why: brief(why) }
}

fn at_mark(at: &serde_yaml::Location) -> Place {
    Place::Column(number(at.line().saturating_sub(1)), number(at.column().saturating_sub(1)))
}

/// Where the value of a key of the table is, or an item of it.
pub(crate) fn locate(text: &str, key: &str, item: Option<u32>) -> Option<Place> {
    let refused = Wanted { key, item }.deserialize(serde_yaml::Deserializer::from_str(text));
    refused.err()?.location().map(|at| at_mark(&at))
}

/// What is looked for, and refused where it is.
struct Wanted<'k> {
    key: &'k str,
    item: Option<u32>,
}

/// Refuses everything.
struct Refused;

impl<'de> serde::Deserialize<'de> for Refused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Refused)
    }
}

impl Visitor<'_> for Refused {
    type Value = Refused;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key != self.key {
                map.next_value::<IgnoredAny>()?;
            } else if self.item.is_some() {
                return map.next_value_seed(self);
            } else {
                map.next_value::<Refused>()?;
            }
        }
        Err(Error::custom("it is not there"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for _ in 1..self.item.unwrap_or_default() {
            seq.next_element::<IgnoredAny>()?;
        }
        seq.next_element::<Refused>().map(drop)
    }
}
