//! A follower under test in the background, its lines of JSON in a file.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::lab::{Background, FOLDER, Lab};

/// A follower in the background.
#[derive(Debug)]
pub struct Follower {
    /// It.
    pub process: Background,
    /// The file of its lines.
    lines: String,
    /// The file of what it says on standard error.
    said: String,
}

impl Follower {
    /// Starts `command -o json`.
    pub fn spawn(lab: &Lab, command: &str, name: &str) -> Result<Follower> {
        let script = format!("exec {command} -o json > {name}.json 2> {name}.err");
        let process = lab.background(&script)?;
        let file = |kind: &str| format!("{FOLDER}/{name}.{kind}");
        Ok(Follower { process, lines: file("json"), said: file("err") })
    }

    /// Starts `command -v -o json` and waits until it says that it follows.
    pub fn start(lab: &Lab, command: &str, name: &str) -> Result<Follower> {
        let follower = Follower::spawn(lab, &format!("{command} -v"), name)?;
        follower.says(lab, "following")?;
        Ok(follower)
    }

    /// All that it told.
    pub fn events(&self) -> Result<Vec<Value>> {
        // The shell may not have made it yet.
        let text = fs::read_to_string(&self.lines).unwrap_or_default();
        let whole = text.lines().filter(|line| line.ends_with('}'));
        whole.map(|line| serde_json::from_str(line).context("not a line of JSON")).collect()
    }

    /// All that it said on standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// Waits for an event with these keys and values.
    pub fn hears(&self, lab: &Lab, wanted: &Value) -> Result<Value> {
        let mut found = None;
        let heard = lab.eventually("", |_| {
            found = self.events()?.into_iter().find(|event| has(event, wanted));
            Ok(found.is_some())
        });
        heard.with_context(|| {
            format!("{wanted} was not told, but:\n{:#?}\n{}", self.events(), self.said())
        })?;
        found.context("told, and not found")
    }

    /// Waits until it has said this on standard error.
    pub fn says(&self, lab: &Lab, words: &str) -> Result<()> {
        lab.eventually("", |_| Ok(self.said().contains(words)))
            .with_context(|| format!("'{words}' was not said, but:\n{}", self.said()))
    }
}

/// Are all keys of `wanted` in `value`, at any depth, with those values?
pub fn has(value: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Object(map) => map.iter().all(|(key, wanted)| has(&value[key], wanted)),
        _ => value == wanted,
    }
}
