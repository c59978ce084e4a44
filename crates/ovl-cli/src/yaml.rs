//! YAML that every reader reads alike. The library quotes text that YAML 1.2 would take
//! for something else; readers of YAML 1.1, which are many, take more: `52:54:00:12:34:56`
//! for a number to the base of 60, `on` for a truth, `2001-01-01` for a day.

use serde::Serialize;
use serde_yaml::{Error, Value};

/// A value as YAML.
pub(crate) fn written<T: Serialize>(value: &T) -> Result<String, Error> {
    let mut value = serde_yaml::to_value(value)?;
    let Some(mark) = mark_of(&value) else { return serde_yaml::to_string(&value) };
    mark_each(&mut value, &mark);
    // Text that begins so is quoted by the library.
    Ok(serde_yaml::to_string(&value)?.replace(&format!("'{mark}"), "'"))
}

/// What no text of the value has in it, and no plain text begins with; `None` where
/// nothing is to be marked.
fn mark_of(value: &Value) -> Option<String> {
    let mut texts = Vec::new();
    gather(value, &mut texts);
    texts.iter().any(|text| is_other_in_1_1(text)).then_some(())?;
    let is_free = |c: &char| !texts.iter().any(|text| text.contains(*c));
    ('\u{e000}'..='\u{f8ff}').find(is_free).map(|c| format!("@{c}"))
}

/// All text in a value: keys as well.
fn gather<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Sequence(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Mapping(map) => {
            for (key, value) in map {
                gather(key, texts);
                gather(value, texts);
            }
        }
        Value::Tagged(tagged) => gather(&tagged.value, texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Marks the text that is to be quoted.
fn mark_each(value: &mut Value, mark: &str) {
    match value {
        Value::String(text) if is_other_in_1_1(text) => text.insert_str(0, mark),
        Value::Sequence(items) => items.iter_mut().for_each(|item| mark_each(item, mark)),
        Value::Mapping(map) => {
            let marked = std::mem::take(map).into_iter().map(|(mut key, mut value)| {
                mark_each(&mut key, mark);
                mark_each(&mut value, mark);
                (key, value)
            });
            *map = marked.collect();
        }
        Value::Tagged(tagged) => mark_each(&mut tagged.value, mark),
        _ => {}
    }
}

/// Could YAML 1.1 take it for anything but text (yaml.org/type)? Rather once too often:
/// readers differ.
fn is_other_in_1_1(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    is_word || is_number(bare) || is_day(text)
}

/// What means something.
const WORDS: [&str; 12] =
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<"];

/// A number without its sign: of digits in groups, to the base of 60, of 16 or of 2,
/// infinity and none at all. More than one dot is no number's, but an address's.
fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0b")) {
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    let is_of_one = |byte: u8| byte.is_ascii_digit() || b"_,:.eE+-".contains(&byte);
    [".inf", ".nan"].iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && text.bytes().all(is_of_one)
            && text.bytes().filter(|byte| *byte == b'.').count() < 2
            && !text.contains("::")
}

/// A day, or a time of it: 2001-12-14.
fn is_day(text: &str) -> bool {
    let (year, rest) = text.split_at_checked(4).unwrap_or_default();
    let month = rest.strip_prefix('-').and_then(|rest| rest.bytes().next());
    year.bytes().all(|byte| byte.is_ascii_digit()) && month.is_some_and(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use serde_json::json;

    use super::*;

    /// What readers of YAML 1.1 take for something else, and what looks like it.
    const TEXTS: [&str; 64] = [
        "52:54:00:12:34:56",
        "02:42:00:00:00:01",
        "02:42:c0:a8:0a:64",
        "12:30",
        "12:30:45.5",
        "190:20:30",
        "-1:30",
        "on",
        "off",
        "Yes",
        "no",
        "y",
        "N",
        "1_000",
        "1,000",
        "0x1_0",
        "0b1_0",
        "0o17",
        "017",
        "1e3",
        "1.5",
        "685_230.15",
        "685.230_15e+03",
        "2001-01-01",
        "2001-1-1",
        "2001-12-14t21:59:43.10-05:00",
        "2001-12-14 21:59:43.10 -5",
        "=",
        "<<",
        "~",
        "null",
        "True",
        ".inf",
        "-.INF",
        ".NaN",
        "+1",
        "-",
        "1-2",
        "192.168.10.100",
        "192.168.10.0/24",
        "192.168.1.5:4789",
        "fd00::1",
        "2001:db8::5",
        "1::5",
        "vxlan0",
        "1-f4f24b00a5",
        "f4f24b00a5",
        "4026532567",
        "",
        " ",
        "a: b",
        "a #b",
        "- a",
        "'",
        "\"on\"",
        "@on",
        "\u{e000}",
        "'@\u{e000}on",
        "a\n'@\u{e000}on\non\n",
        "a\u{2028}on",
        "a\r- on",
        "on\non",
        "\u{1b}[1m",
        "?",
    ];

    fn texts() -> serde_json::Value {
        let keys = TEXTS.map(|text| (text.to_owned(), json!([text])));
        json!({ "all": TEXTS.as_slice(), "by": serde_json::Map::from_iter(keys), "more": [1, 2.5, true, null] })
    }

    #[test]
    fn what_yaml_1_1_would_take_for_something_else_is_quoted() {
        let text = written(&json!([{ "mac": "52:54:00:12:34:56", "on": "on", "ip": "10.0.0.1" }]));
        assert_eq!(text.unwrap(), "- ip: 10.0.0.1\n  mac: '52:54:00:12:34:56'\n  'on': 'on'\n");
        let plain = json!({ "mac": "02:42:c0:a8:0a:64", "ip": "fd00::1", "mtu": 1450, "up": true });
        assert_eq!(written(&plain).unwrap(), serde_yaml::to_string(&plain).unwrap());
        assert_eq!(written(&json!([])).unwrap(), "[]\n");
    }

    #[test]
    fn all_text_reads_back() {
        let read: serde_json::Value = serde_yaml::from_str(&written(&texts()).unwrap()).unwrap();
        assert_eq!(read, texts());
    }

    /// `PyYAML` reads YAML 1.1; where it is not installed nothing is said.
    #[test]
    fn all_text_reads_back_in_python() {
        let program =
            "import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin.buffer), sys.stdout)";
        let has =
            Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
        if !has.is_ok_and(|status| status.success()) {
            eprintln!("no PyYAML here: nothing is checked");
            return;
        }
        let mut python = Command::new("python3")
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let written = written(&texts()).unwrap();
        python.stdin.take().unwrap().write_all(written.as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        assert!(output.status.success(), "{written}");
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(read, texts(), "{written}");
    }
}
