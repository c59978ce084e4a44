//! Pieces of the input as messages quote them: never more than a line holds, for the
//! wrong file may be quoted whole.

use ovl_core::names::shown;

/// So many characters of a piece are quoted.
const MOST: usize = 60;

/// A piece of the input, as people are shown it.
pub(crate) fn quoted(text: &str) -> String {
    shown(cut(text).unwrap_or_else(|| text.to_owned()))
}

/// What is said of the input elsewhere, with no more of it than that: of what stands
/// in quotes only the beginning.
pub(crate) fn brief(why: &str) -> String {
    let mut why = why.to_owned();
    for quote in ['"', '\'', '`'] {
        // Quotes inside are the input's own.
        if let (Some(from), Some(to)) = (why.find(quote), why.rfind(quote))
            && let Some(piece) = why.get(from + 1..to).and_then(cut)
        {
            why.replace_range(from + 1..to, &piece);
        }
    }
    why
}

/// The beginning of a text that is longer than that.
fn cut(text: &str) -> Option<String> {
    let (end, _) = text.char_indices().nth(MOST)?;
    Some(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Format, parse};

    #[test]
    fn a_long_piece_is_cut_and_what_is_said_of_it_stays() {
        let why = format!("invalid type: string \"{}\", expected a table", "é\\\" ".repeat(90));
        let short = brief(&why);
        assert!(short.chars().count() < 120, "{short}");
        assert!(short.ends_with("…\", expected a table"), "{short}");
        for whole in ["'x' is not a VNI", "did not find expected ',' or '}'", "\"", "it's"] {
            assert_eq!(brief(whole), whole);
        }
        // What was cut is not cut again.
        assert_eq!(quoted(&quoted(&"a".repeat(90))), format!("{}…", "a".repeat(60)));
    }

    #[test]
    fn whatever_is_wrong_is_said_in_a_line() {
        let long = "x y'\"`".repeat(4000);
        let word = "x".repeat(20_000);
        let inputs = [
            long.clone(),
            format!("{word}\n"),
            format!("{word}: 1\nendpoints: []\n"),
            format!("vni: {word}\nsubnet: {word}\nendpoints: []\n"),
            format!("vni: \"{word}\"\nsubnet: '{word}'\nmtu: '{word}'\nendpoints: [{word}]\n"),
            format!("endpoints:\n- {{ ip: {word}, mac: {word}, vtep: {word} }}\n"),
            format!("endpoints:\n- {{ mac: {word}, vtep: 10.0.0.1, via: {word} }}\n"),
            format!("endpoints:\n- {{ ip: 10.0.0.1, {word}: 1, via: {word} }}\n"),
            format!("endpoints:\n- {{ ip: 10.0.0.1, via: {word}, port: {word}, nhid: {word} }}\n"),
            format!("{{\"endpoints\": \"{word}\"}}"),
            format!("{{\"endpoints\": [{{\"ip\": \"10.0.0.1\", \"{word}\": 1}}, \"{word}\"]}}"),
            format!("{{\"{word}\": 1, \"vni\": \"{word}\", \"endpoints\": []}}"),
            format!("[\"{word}\"]"),
            format!("[{{\"dev\": \"{word}\", \"neigh\": \"{word}\", \"fdb\": null}}]"),
            format!(
                "[{{\"dev\": \"d\", \"mac\": \"{word}\", \"ip\": \"{word}\", \"fdb\": null, \
                     \"neigh\": {{\"state\": [\"PERMANENT\"]}}}}]"
            ),
            format!("{word},{word},{word}\n10.0.0.1,{word},\n10.0.0.1,,{word}\n"),
            format!(
                "10.0.0.1 dev {word} {word}\n02:42:00:00:00:01 dev {word} via {word} dst 1.1.1.1\n"
            ),
            format!("02:42:00:00:00:01 dst {word}\n{word} lladdr 02:42:00:00:00:01\n"),
            format!("10.0.0.1 lladdr {word}\n02:42:00:00:00:01 vni {word} port 1\n"),
        ];
        for input in inputs {
            for format in [None, Some(Format::Yaml), Some(Format::Csv), Some(Format::Text)] {
                let Err(findings) = parse(input.as_bytes(), format) else { continue };
                for finding in findings.0 {
                    let length = finding.to_string().chars().count();
                    assert!(length < 300, "{input:.80} as {format:?}: {length}");
                }
            }
        }
    }
}
