//! What `answer` has been asked, and what became of it: events as lines, and
//! counts as a summary. Knows no sockets.

use std::time::Duration;

use ovl_cli::outlet::Outlet;
use ovl_cli::{Context, Error, follow};
use ovl_core::row::Wanted;
use ovl_endpoints::Endpoint;
use serde::Serialize;
use serde_json::{Value, json};

/// Lines of unknown addresses a second; a flood of them is counted and not told.
const MOST_UNKNOWN: u32 = 20;

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Misses that were heard.
    pub misses: u64,
    /// Misses that were answered with rows.
    pub answered: u64,
    /// Rows that were written for them.
    pub rows: u64,
    /// Misses of addresses that the source does not have.
    pub unknown: u64,
    /// Misses of those shortly after: not looked up again.
    pub still_unknown: u64,
    /// Misses shortly after the same one was answered.
    pub repeated: u64,
    /// Misses of endpoints behind this host's own VTEP.
    pub local: u64,
    /// Misses in whose answer's way another's row stands.
    pub foreign: u64,
    /// Answers that the kernel refused.
    pub refused: u64,
    /// Rows whose time was over.
    pub expired: u64,
    /// Times that the socket was full.
    pub lost: u64,
}

impl Tally {
    fn text(&self) -> String {
        let mut parts = vec![
            many(self.misses, "miss", "misses"),
            format!("{} answered with {}", self.answered, many(self.rows, "row", "rows")),
            format!("{} unknown", self.unknown + self.still_unknown),
        ];
        for (count, one, more) in [
            (self.repeated, "repeated", "repeated"),
            (self.local, "behind this host", "behind this host"),
            (self.foreign, "not ours to answer", "not ours to answer"),
            (self.refused, "refused by the kernel", "refused by the kernel"),
            (self.expired, "row expired", "rows expired"),
            (self.lost, "time the socket was full", "times the socket was full"),
        ] {
            if count > 0 {
                parts.push(many(count, one, more));
            }
        }
        parts.join(", ")
    }
}

/// So many of something.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Something that is told.
#[derive(Debug)]
pub enum Event<'e> {
    /// A miss was answered.
    Answered(Wanted, &'e Endpoint, usize, Duration),
    /// The source does not have it.
    Unknown(Wanted),
    /// Another's row stands in the way.
    Foreign(Wanted, &'e Endpoint, String),
    /// The kernel refuses.
    Refused(Wanted, &'e Endpoint, String),
    /// Misses were lost.
    Lost,
    /// The namespace or the device has gone.
    Gone,
    /// It is there.
    There,
    /// The table was read.
    Table(usize),
    /// So many lines were lost, since nobody read.
    Unread(usize),
    /// The counts.
    Summary,
}

/// Bytes that wait for their reader at most: some ten thousand lines.
const MOST: usize = 4 << 20;

/// So long is waited at the end for a reader that does not read.
const AT_END: Duration = Duration::from_millis(500);

/// Tells and counts.
pub struct Teller<'c> {
    context: &'c Context,
    dev: String,
    /// The counts.
    pub tally: Tally,
    /// Lines of unknown addresses in this second.
    unknown: (i64, u32),
    /// What its reader has not taken yet.
    outlet: Outlet,
}

impl<'c> Teller<'c> {
    /// Of a device, as people call it. To be made on the runtime.
    pub fn new(context: &'c Context, dev: String) -> Teller<'c> {
        let (tally, outlet) = (Tally::default(), Outlet::new(MOST));
        Teller { context, dev, tally, unknown: (0, 0), outlet }
    }

    /// Tells of an event, as soon as its reader takes it.
    pub fn tell(&mut self, event: &Event<'_>) -> Result<(), Error> {
        let is_summary = matches!(event, Event::Summary);
        if (self.context.flags.quiet && !is_summary) || self.is_flood(event) {
            return Ok(());
        }
        self.outlet.push(line(self.context, &self.dev, &self.tally, event)?);
        Ok(())
    }

    /// Hands what was told to its reader; `false` when nobody reads any more. It can be
    /// dropped and called again.
    pub async fn drain(&mut self) -> Result<bool, Error> {
        let Teller { context, dev, tally, outlet, .. } = self;
        outlet.drain(|lines| gap(context, dev, tally, lines)).await
    }

    /// The same at the end, when nobody waits long for a reader that does not read.
    pub async fn finish(&mut self) -> Result<(), Error> {
        let Teller { context, dev, tally, outlet, .. } = self;
        outlet.finish(AT_END, |lines| gap(context, dev, tally, lines)).await
    }

    fn is_flood(&mut self, event: &Event<'_>) -> bool {
        if !matches!(event, Event::Unknown(_)) {
            return false;
        }
        #[allow(clippy::cast_possible_truncation)]
        let second = follow::now() as i64;
        if self.unknown.0 != second {
            self.unknown = (second, 0);
        }
        self.unknown.1 += 1;
        self.unknown.1 > MOST_UNKNOWN
    }
}

/// In the place of lines that nobody read: how many they were, and what has become of
/// all that was asked, theirs as well.
fn gap(context: &Context, dev: &str, tally: &Tally, lines: usize) -> Result<String, Error> {
    let each = [Event::Unread(lines), Event::Summary];
    each.iter().map(|event| line(context, dev, tally, event)).collect()
}

fn line(context: &Context, dev: &str, tally: &Tally, event: &Event<'_>) -> Result<String, Error> {
    follow::written(&context.flags, &value(tally, event), || text(dev, tally, event))
}

fn text(dev: &str, tally: &Tally, event: &Event<'_>) -> String {
    let clock = follow::clock();
    let detail = match event {
        Event::Answered(wanted, endpoint, rows, took) => format!(
            "+ {}  {}  {}, {:.1} ms",
            asked(*wanted),
            place(endpoint),
            many(*rows as u64, "row", "rows"),
            took.as_secs_f64() * 1e3
        ),
        Event::Unknown(wanted) => format!("? {}  the source does not have it", asked(*wanted)),
        Event::Foreign(wanted, endpoint, says) => {
            format!(
                "! {}  {}  another's row says {says}: left alone",
                asked(*wanted),
                place(endpoint)
            )
        }
        Event::Refused(wanted, endpoint, why) => {
            format!("! {}  {}  refused: {why}", asked(*wanted), place(endpoint))
        }
        Event::Lost => "! the socket was full, misses were lost: the rows were listed again".into(),
        Event::Gone => format!("- {dev} is gone: waiting for it"),
        Event::There => format!("+ {dev} is there again"),
        Event::Table(count) => {
            format!("~ the source has {}", many(*count as u64, "endpoint", "endpoints"))
        }
        Event::Unread(lines) => format!("! {}", follow::unread(*lines)),
        Event::Summary => format!("= {}", tally.text()),
    };
    format!("{clock}  {detail}")
}

fn value(tally: &Tally, event: &Event<'_>) -> Value {
    let word = match event {
        Event::Answered(..) => "answered",
        Event::Unknown(_) => "unknown",
        Event::Foreign(..) => "foreign",
        Event::Refused(..) => "refused",
        Event::Lost => "lost",
        Event::Gone => "gone",
        Event::There => "there",
        Event::Table(_) => "source",
        Event::Unread(_) => "unread",
        Event::Summary => "summary",
    };
    let mut value = json!({ "time": follow::now(), "event": word });
    let mut put = |key: &str, what: Value| value[key] = what;
    match event {
        Event::Answered(wanted, ..)
        | Event::Unknown(wanted)
        | Event::Foreign(wanted, ..)
        | Event::Refused(wanted, ..) => put("wanted", shape(*wanted)),
        Event::Table(count) => put("endpoints", json!(count)),
        Event::Unread(lines) => put("lines", json!(lines)),
        Event::Summary => put("counts", json!(tally)),
        Event::Lost | Event::Gone | Event::There => {}
    }
    match event {
        Event::Answered(_, endpoint, rows, took) => {
            put("endpoint", json!(endpoint));
            put("rows", json!(rows));
            put("ms", json!((took.as_secs_f64() * 1e6).round() / 1e3));
        }
        Event::Foreign(_, endpoint, why) | Event::Refused(_, endpoint, why) => {
            put("endpoint", json!(endpoint));
            put("why", json!(why));
        }
        _ => {}
    }
    value
}

fn asked(wanted: Wanted) -> String {
    match wanted {
        Wanted::Mac(ip) => format!("l3miss {ip}"),
        Wanted::Vtep(mac) => format!("l2miss {mac}"),
    }
}

/// In the words of `watch`.
fn shape(wanted: Wanted) -> Value {
    match wanted {
        Wanted::Mac(ip) => json!({ "ip": ip }),
        Wanted::Vtep(mac) => json!({ "mac": mac }),
    }
}

fn place(endpoint: &Endpoint) -> String {
    let ip = endpoint.ip.map(|ip| format!("{ip} ")).unwrap_or_default();
    let to = match (endpoint.vtep, endpoint.nhid) {
        (Some(vtep), _) => format!(" → {vtep}"),
        (None, Some(id)) => format!(" → nhid {id}"),
        (None, None) => String::new(),
    };
    format!("{ip}{}{to}", endpoint.mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one() {
        let one = Tally { misses: 1, answered: 1, rows: 1, expired: 1, ..Tally::default() };
        assert_eq!(one.text(), "1 miss, 1 answered with 1 row, 0 unknown, 1 row expired");
        let two = Tally { misses: 2, answered: 2, rows: 4, lost: 2, ..Tally::default() };
        assert_eq!(
            two.text(),
            "2 misses, 2 answered with 4 rows, 0 unknown, 2 times the socket was full"
        );
    }
}
