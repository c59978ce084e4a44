//! What a table and a device's rows differ in, as lines and as JSON.

use std::fmt::Write as _;
use std::net::IpAddr;

use ovl_cli::paint::{Paint, Tone};
use ovl_cli::{Context, Error, follow, output};
use ovl_core::types::MacAddr;
use serde_json::{Value, json};

use crate::device::Device;
use crate::diff::{Change, Difference, Wanted};
use crate::endpoints::Endpoint;
use crate::leads::{Leads, Names};

/// A difference, to be shown once it has been made.
pub struct Report {
    counts: Counts,
    shown: Shown,
}

/// As it will be shown: there may be a hundred thousand endpoints in it.
enum Shown {
    Text(String),
    Value(Value),
}

/// Endpoints, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    added: usize,
    changed: usize,
    removed: usize,
    blocked: usize,
    unchanged: usize,
    own: usize,
    /// Is there anything to write or to delete?
    has_rows: bool,
}

impl Report {
    /// Of what was found. `own` endpoints are behind this host's own VTEP.
    pub fn of(context: &Context, device: &Device, found: &Difference<'_>, own: usize) -> Report {
        let has_rows = !found.rows.is_empty();
        let mut counts = Counts { unchanged: found.unchanged, own, has_rows, ..Counts::default() };
        for change in &found.changes {
            *match change {
                Change::Added(_) => &mut counts.added,
                Change::Changed(..) => &mut counts.changed,
                Change::Removed(_) => &mut counts.removed,
                Change::Blocked(..) => &mut counts.blocked,
            } += 1;
        }
        let names = Names::of(context, device, &found.changes);
        let shown = if context.flags.is_structured() {
            Shown::Value(structured(device.place(context), found, &names, own))
        } else {
            Shown::Text(text(&found.changes, &names, counts, Paint::of(&context.flags)))
        };
        Report { counts, shown }
    }

    /// Prints it.
    pub fn show(&self, context: &Context) -> Result<(), Error> {
        if context.flags.quiet {
            return Ok(());
        }
        match &self.shown {
            Shown::Text(text) => output::print(text),
            Shown::Value(value) => output::show(&context.flags, value, |_| String::new()),
        }
    }

    /// Prints it as one event of a follower. `false` when nobody reads.
    pub fn tell(&self, context: &Context) -> Result<bool, Error> {
        match &self.shown {
            Shown::Text(text) => output::is_read(text),
            Shown::Value(value) => follow::line(&context.flags, value, String::new),
        }
    }

    /// Is there anything to write or to delete?
    pub fn has_changes(&self) -> bool {
        self.counts.has_rows
    }

    /// Do rows of others stand in the way?
    pub fn is_blocked(&self) -> bool {
        self.counts.blocked > 0
    }

    /// Does it say what another says?
    pub fn is_same(&self, other: &Report) -> bool {
        match (&self.shown, &other.shown) {
            (Shown::Text(this), Shown::Text(that)) => this == that,
            (Shown::Value(this), Shown::Value(that)) => this == that,
            _ => false,
        }
    }
}

/// `place` with what was found.
fn structured(place: Value, found: &Difference<'_>, names: &Names, own: usize) -> Value {
    let kind = |wanted: fn(&Change<'_>) -> bool| -> Vec<Value> {
        found.changes.iter().filter(|c| wanted(c)).map(|c| value(c, names)).collect()
    };
    merged(
        place,
        json!({
            "added": kind(|c| matches!(c, Change::Added(_))),
            "changed": kind(|c| matches!(c, Change::Changed(..))),
            "removed": kind(|c| matches!(c, Change::Removed(_))),
            "blocked": kind(|c| matches!(c, Change::Blocked(..))),
            "unchanged": found.unchanged,
            "own": own,
        }),
    )
}

/// The members of both objects, those of the first before those of the second.
pub fn merged(mut first: Value, second: Value) -> Value {
    if let (Value::Object(all), Value::Object(more)) = (&mut first, second) {
        all.extend(more);
    }
    first
}

fn text(changes: &[Change<'_>], names: &Names, counts: Counts, paint: Paint) -> String {
    let lines: Vec<Line> = changes.iter().map(|change| line(change, names)).collect();
    let width = lines.iter().map(|line| line.who.len()).max().unwrap_or(0);
    let mut out = String::new();
    for line in &lines {
        let sign = paint.tone(line.tone, line.sign);
        let _ = writeln!(out, "{sign} {:width$}  {}", line.who, line.rest);
    }
    let mut parts = vec![
        format!("{} added", counts.added),
        format!("{} changed", counts.changed),
        format!("{} removed", counts.removed),
        format!("{} unchanged", counts.unchanged),
    ];
    if counts.blocked > 0 {
        parts.push(format!("{} not ours", counts.blocked));
    }
    if counts.own > 0 {
        parts.push(format!("{} behind this host", counts.own));
    }
    out + &parts.join(", ") + "\n"
}

/// One endpoint's line.
struct Line {
    sign: &'static str,
    tone: Tone,
    who: String,
    rest: String,
}

fn line(change: &Change<'_>, names: &Names) -> Line {
    let to = |wanted: &Wanted| {
        behind(wanted.ip, Some(wanted.mac), &Leads::asked(wanted, names).to_string())
    };
    let (sign, tone, who, rest) = match change {
        Change::Added(wanted) => ("+", Tone::Good, who(wanted), to(wanted)),
        Change::Changed(wanted, was) => {
            let rest = format!("{}   was {}", to(wanted), before(wanted, was, names));
            ("~", Tone::Odd, who(wanted), rest)
        }
        Change::Removed(was) => {
            let rest = behind(was.ip(), was.mac(), &Leads::found(was, names).to_string());
            ("-", Tone::Bad, name(was), rest)
        }
        Change::Blocked(wanted, stands) => {
            let rest = format!(
                "{}   someone else's row says {}: left alone (--take-over)",
                to(wanted),
                before(wanted, stands, names)
            );
            ("!", Tone::Bad, who(wanted), rest)
        }
    };
    Line { sign, tone, who, rest }
}

fn who(wanted: &Wanted) -> String {
    called(wanted.ip, Some(wanted.mac))
}

fn name(endpoint: &Endpoint) -> String {
    called(endpoint.ip(), endpoint.mac())
}

/// What an endpoint is called: by its IP address, or else by its MAC address.
fn called(ip: Option<IpAddr>, mac: Option<MacAddr>) -> String {
    match (ip, mac) {
        (Some(ip), _) => ip.to_string(),
        (None, Some(MacAddr::ZERO)) => "flood".into(),
        (None, mac) => mac.map(|mac| mac.to_string()).unwrap_or_default(),
    }
}

/// What stands behind what it is called.
fn behind(ip: Option<IpAddr>, mac: Option<MacAddr>, to: &str) -> String {
    let is_named = ip.is_none() && mac != Some(MacAddr::ZERO);
    let mac = mac.filter(|_| !is_named).map(|mac| mac.to_string()).unwrap_or_default();
    format!("{mac}{}", arrow(to)).trim_start().to_owned()
}

fn mac(endpoint: &Endpoint) -> String {
    endpoint.mac().map(|mac| mac.to_string()).unwrap_or_default()
}

fn arrow(to: &str) -> String {
    if to.is_empty() { String::new() } else { format!(" → {to}") }
}

/// What of it is otherwise than it is wanted.
fn before(wanted: &Wanted, stands: &Endpoint, names: &Names) -> String {
    let to = Leads::found(stands, names).to_string();
    if stands.mac() == Some(wanted.mac) { to } else { format!("{}{}", mac(stands), arrow(&to)) }
}

/// Whom a row names, and where that is.
pub fn place_of(stands: &Endpoint) -> String {
    let to = Leads::found(stands, &Names::default()).to_string();
    format!("{}{}", mac(stands), arrow(&to))
}

fn value(change: &Change<'_>, names: &Names) -> Value {
    let wanted = |w: &Wanted| shape(w.ip, Some(w.mac), &Leads::asked(w, names));
    let stands = |e: &Endpoint| shape(e.ip(), e.mac(), &Leads::found(e, names));
    match change {
        Change::Added(new) => wanted(new),
        Change::Removed(was) => stands(was),
        Change::Changed(now, was) => with(wanted(now), "was", stands(was)),
        Change::Blocked(new, other) => with(wanted(new), "stands", stands(other)),
    }
}

fn shape(ip: Option<IpAddr>, mac: Option<MacAddr>, leads: &Leads) -> Value {
    let Leads { way, via } = leads;
    json!({
        "ip": ip, "mac": mac, "dst": way.dst, "nhid": way.nhid, "port": way.port,
        "vni": way.vni, "via": via,
    })
}

fn with(mut value: Value, key: &str, more: Value) -> Value {
    value[key] = more;
    value
}

/// The counts of `load`, as a line.
pub fn counts(counts: &Value) -> String {
    let added = &counts["added"];
    let mut parts = vec![match added.as_u64() {
        Some(1) => "1 endpoint added".to_owned(),
        _ => format!("{added} endpoints added"),
    }];
    for (key, one, many) in [
        ("replaced", "replaced", "replaced"),
        ("unchanged", "there already", "there already"),
        ("own", "behind this host, left out", "behind this host, left out"),
        ("repeated", "line repeated", "lines repeated"),
        ("skipped", "row of no endpoint", "rows of no endpoint"),
        ("refused", "refused", "refused"),
    ] {
        let count = &counts[key];
        if *count != 0 {
            parts.push(format!("{count} {}", if *count == 1 { one } else { many }));
        }
    }
    parts.join(", ") + "\n"
}
