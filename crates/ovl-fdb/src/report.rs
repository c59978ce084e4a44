//! What a table and a device's rows differ in, as lines and as JSON.

use std::fmt::Write as _;

use ovl_cli::paint::{Paint, Tone};
use ovl_cli::{Context, Error, output};
use serde_json::{Value, json};

use crate::device::Device;
use crate::diff::{Change, Difference, Wanted};
use crate::endpoints::Endpoint;

/// A difference, to be shown once it has been made.
pub struct Report {
    lines: Vec<Line>,
    value: Value,
    has_changes: bool,
}

/// The sign of an endpoint that is left alone.
const BLOCKED: char = '!';

/// One endpoint's line.
struct Line {
    sign: char,
    tone: Tone,
    who: String,
    rest: String,
}

impl Report {
    /// Of what was found. `own` endpoints are behind this host's own VTEP.
    pub fn of(device: &Device, found: &Difference, own: usize) -> Report {
        let kind = |wanted: fn(&Change) -> bool| -> Vec<Value> {
            found.changes.iter().filter(|c| wanted(c)).map(value).collect()
        };
        let value = json!({
            "dev": device.link.name,
            "netns": device.label(),
            "added": kind(|c| matches!(c, Change::Added(_))),
            "changed": kind(|c| matches!(c, Change::Changed(..))),
            "removed": kind(|c| matches!(c, Change::Removed(_))),
            "blocked": kind(|c| matches!(c, Change::Blocked(..))),
            "unchanged": found.unchanged,
            "own": own,
        });
        let lines = found.changes.iter().map(line).collect();
        Report { lines, value, has_changes: !found.is_nothing() }
    }

    /// Prints it.
    pub fn show(&self, context: &Context) -> Result<(), Error> {
        if context.flags.quiet {
            return Ok(());
        }
        output::show(&context.flags, &self.value, |_| self.text(Paint::of(&context.flags)))
    }

    /// Is there anything to write or to delete?
    pub fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// Do rows of others stand in the way?
    pub fn is_blocked(&self) -> bool {
        self.lines.iter().any(|line| line.sign == BLOCKED)
    }

    /// It for programs.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// It for people.
    pub fn text(&self, paint: Paint) -> String {
        let width = self.lines.iter().map(|line| line.who.len()).max().unwrap_or(0);
        let mut out = String::new();
        for line in &self.lines {
            out.push_str(&paint.tone(line.tone, &line.sign.to_string()));
            let gap = " ".repeat(width - line.who.len());
            let _ = writeln!(out, " {}{gap}  {}", line.who, line.rest);
        }
        let count = |key: &str| self.value[key].as_array().map_or(0, Vec::len);
        let mut parts = vec![
            format!("{} added", count("added")),
            format!("{} changed", count("changed")),
            format!("{} removed", count("removed")),
            format!("{} unchanged", self.value["unchanged"]),
        ];
        if count("blocked") > 0 {
            parts.push(format!("{} not ours", count("blocked")));
        }
        if self.value["own"] != 0 {
            parts.push(format!("{} behind this host", self.value["own"]));
        }
        out + &parts.join(", ") + "\n"
    }
}

fn line(change: &Change) -> Line {
    let to = |wanted: &Wanted| format!("{}{}", wanted.mac, arrow(&target(wanted)));
    match change {
        Change::Added(wanted) => {
            Line { sign: '+', tone: Tone::Good, who: who(wanted), rest: to(wanted) }
        }
        Change::Changed(wanted, was) => Line {
            sign: '~',
            tone: Tone::Odd,
            who: who(wanted),
            rest: format!("{}   was {}", to(wanted), before(wanted, was)),
        },
        Change::Removed(was) => Line {
            sign: '-',
            tone: Tone::Bad,
            who: name(was),
            rest: format!("{}{}", mac(was), arrow(&destination(was))),
        },
        Change::Blocked(wanted, stands) => Line {
            sign: BLOCKED,
            tone: Tone::Bad,
            who: who(wanted),
            rest: format!(
                "{}   someone else's row says {}: left alone (--take-over)",
                to(wanted),
                before(wanted, stands)
            ),
        },
    }
}

fn who(wanted: &Wanted) -> String {
    wanted.ip.map_or_else(
        || if wanted.mac.0 == [0; 6] { "flood".into() } else { "-".into() },
        |ip| ip.to_string(),
    )
}

fn name(endpoint: &Endpoint) -> String {
    let flood = || if endpoint.mac().is_some_and(|mac| mac.0 == [0; 6]) { "flood" } else { "-" };
    endpoint.ip().map_or_else(|| flood().into(), |ip| ip.to_string())
}

fn mac(endpoint: &Endpoint) -> String {
    endpoint.mac().map(|mac| mac.to_string()).unwrap_or_default()
}

fn target(wanted: &Wanted) -> String {
    let Some(to) = &wanted.to else { return String::new() };
    match (to.dst, to.nhid) {
        (Some(dst), _) => dst.to_string(),
        (None, Some(id)) => format!("nhid {id}"),
        (None, None) => String::new(),
    }
}

fn destination(endpoint: &Endpoint) -> String {
    let group = || endpoint.fdb.as_ref().and_then(|f| f.nhid).map(|id| format!("nhid {id}"));
    endpoint.dst().map(|dst| dst.to_string()).or_else(group).unwrap_or_default()
}

fn arrow(to: &str) -> String {
    if to.is_empty() { String::new() } else { format!(" → {to}") }
}

/// What of it is otherwise than it is wanted.
fn before(wanted: &Wanted, stands: &Endpoint) -> String {
    if stands.mac() == Some(wanted.mac) { destination(stands) } else { place_of(stands) }
}

/// Whom a row names, and where that is.
pub fn place_of(stands: &Endpoint) -> String {
    format!("{}{}", mac(stands), arrow(&destination(stands)))
}

fn value(change: &Change) -> Value {
    let wanted = |w: &Wanted| {
        let to = w.to.as_ref();
        json!({ "ip": w.ip, "mac": w.mac, "dst": to.and_then(|t| t.dst), "nhid": to.and_then(|t| t.nhid) })
    };
    let stands = |e: &Endpoint| json!({ "ip": e.ip(), "mac": e.mac(), "dst": e.dst() });
    match change {
        Change::Added(new) => wanted(new),
        Change::Removed(was) => stands(was),
        Change::Changed(now, was) => with(wanted(now), "was", stands(was)),
        Change::Blocked(new, other) => with(wanted(new), "stands", stands(other)),
    }
}

fn with(mut value: Value, key: &str, more: Value) -> Value {
    value[key] = more;
    value
}

/// The counts of `load`, as a line.
pub fn counts(counts: &Value) -> String {
    let mut parts = vec![format!("{} endpoints added", counts["added"])];
    for (key, word) in [
        ("replaced", "replaced"),
        ("unchanged", "there already"),
        ("own", "behind this host, left out"),
        ("repeated", "lines repeated"),
        ("skipped", "rows of no endpoint"),
        ("refused", "refused"),
    ] {
        if counts[key] != 0 {
            parts.push(format!("{} {word}", counts[key]));
        }
    }
    parts.join(", ") + "\n"
}
