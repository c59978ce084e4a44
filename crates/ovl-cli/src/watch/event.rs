//! One event of `watch`, as a line and as JSON. A pure function of what was told
//! and what was known.

use ovl_core::known::{Change, Known, Object};
use ovl_core::link::{Kind, Link};
use ovl_core::names::{IfName, shown};
use ovl_core::row::{Miss, Wanted};
use ovl_core::watch::Maker;
use ovl_core::wire::route::MAIN_TABLE;
use serde_json::{Map, Value, json};

use super::Subject;
use super::facts::{dev, facts, typed};
use crate::follow;
use crate::shape::Netns;
use crate::{Context, Error, ways};

/// What happened, and in which namespace.
pub struct Event {
    time: f64,
    clock: String,
    /// What the namespace is called.
    place: String,
    netns: Netns,
    what: What,
}

/// What happened.
pub enum What {
    /// A namespace came.
    Came,
    /// It has gone.
    Went,
    /// It has other names.
    Renamed,
    /// Something in it changed.
    Changed(Box<Change>, Maker),
    /// A VXLAN device asks.
    Missed(Miss),
    /// Notices were lost.
    Lost,
    /// A notice could not be read.
    Unreadable(String),
}

impl What {
    /// The subject by which it can be left out; what was lost never is.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            What::Came | What::Went | What::Renamed => Some(Subject::Netns),
            What::Missed(_) => Some(Subject::Miss),
            What::Lost | What::Unreadable(_) => None,
            What::Changed(change, _) => Some(match object(change) {
                Object::Link(_) => Subject::Link,
                Object::Addr(_) => Subject::Address,
                Object::Route(_) => Subject::Route,
                Object::Neigh(_) => Subject::Neigh,
                Object::Fdb(_) => Subject::Fdb,
            }),
        }
    }
}

impl What {
    /// The index of the device it is about.
    pub fn dev(&self) -> Option<u32> {
        match self {
            What::Changed(change, _) => object(change).dev(),
            What::Missed(miss) => Some(miss.dev),
            _ => None,
        }
    }
}

impl What {
    /// Is it about that device? One that is renamed is both.
    pub fn concerns(&self, name: &IfName, known: &Known) -> bool {
        let is = |object: &Object| matches!(object, Object::Link(link) if link.name == *name);
        let by_itself = match self {
            What::Changed(change, _) => match change.as_ref() {
                Change::New(now) => is(now),
                Change::Gone(was) => is(was),
                Change::Changed { was, now } => is(was) || is(now),
            },
            _ => false,
        };
        let is_dev = |index| known.name(index) == Some(name);
        let of = match self {
            What::Changed(change, _) => Some(object(change)),
            _ => None,
        };
        by_itself
            || match of {
                // It may leave by several.
                Some(Object::Route(route)) => route.devs().any(is_dev),
                _ => self.dev().is_none_or(is_dev),
            }
    }
}

fn object(change: &Change) -> &Object {
    match change {
        Change::New(object) | Change::Gone(object) | Change::Changed { now: object, .. } => object,
    }
}

impl Event {
    /// An event of this moment.
    pub fn new(place: String, netns: Netns, what: What) -> Event {
        Event { time: follow::now(), clock: follow::clock(), place, netns, what }
    }

    /// Does it tell a reader anything? Not when nothing that is shown is other
    /// than it was: the kernel repeats itself.
    pub fn says_something(&self, known: &Known) -> bool {
        let What::Changed(change, _) = &self.what else { return true };
        match change.as_ref() {
            Change::Changed { was, now } => !differences(was, now, known).is_empty(),
            Change::New(object) | Change::Gone(object) => !is_noise(object),
        }
    }

    /// One line for people.
    pub fn text(&self, known: &Known) -> String {
        let (sign, subject, detail) = self.parts(known);
        let place = &self.place;
        format!("{}  {place:<14}  {sign} {subject:<7} {detail}", self.clock)
    }

    fn parts(&self, known: &Known) -> (char, &'static str, String) {
        let files = || {
            let each = self.netns.paths.iter().map(|p| p.display().to_string());
            shown(each.collect::<Vec<_>>().join(" "))
        };
        match &self.what {
            What::Came => ('+', "netns", format!("inode {}  {}", self.netns.inode, files())),
            What::Went => ('-', "netns", format!("inode {}", self.netns.inode)),
            What::Renamed => ('~', "netns", format!("inode {}  {}", self.netns.inode, files())),
            What::Changed(change, by) => {
                let (sign, detail) = match change.as_ref() {
                    Change::New(now) => ('+', stated(now, known)),
                    Change::Gone(was) => ('-', title(was, known)),
                    Change::Changed { was, now } => ('~', difference(was, now, known)),
                };
                let by = by.comm().map(|comm| format!("  by {comm}")).unwrap_or_default();
                (sign, subject(object(change)), detail + &by)
            }
            What::Missed(miss) => {
                ('?', "miss", format!("{}  {}", dev(miss.dev, known), asked(miss)))
            }
            What::Lost => {
                ('!', "lost", "the socket was full; what follows is from a new listing".into())
            }
            What::Unreadable(why) => ('!', "notice", why.clone()),
        }
    }

    /// One object.
    pub fn json(&self, known: &Known) -> Value {
        let (event, object) = match &self.what {
            What::Came => ("new", "netns"),
            What::Went => ("gone", "netns"),
            What::Renamed => ("changed", "netns"),
            What::Missed(_) => ("miss", "miss"),
            What::Lost => ("lost", "notice"),
            What::Unreadable(_) => ("unreadable", "notice"),
            What::Changed(change, _) => (word(change), subject(object(change))),
        };
        let mut value = json!({
            "time": self.time, "netns": self.netns, "event": event, "object": object,
        });
        match &self.what {
            What::Changed(change, by) => {
                value["ifname"] = json!(self::object(change).dev().map(|i| dev(i, known)));
                value["now"] = match change.as_ref() {
                    Change::New(now) | Change::Changed { now, .. } => all(now, known),
                    Change::Gone(_) => Value::Null,
                };
                value["was"] = match change.as_ref() {
                    Change::Gone(was) | Change::Changed { was, .. } => all(was, known),
                    Change::New(_) => Value::Null,
                };
                value["by"] = json!(by.0.map(|port| json!({ "port": port, "comm": by.comm() })));
            }
            What::Missed(miss) => {
                value["ifname"] = json!(dev(miss.dev, known));
                let (key, wanted) = match miss.wanted {
                    Wanted::Mac(ip) => ("ip", ip.to_string()),
                    Wanted::Vtep(mac) => ("mac", mac.to_string()),
                };
                value["wanted"] = json!({ key: wanted });
            }
            What::Unreadable(why) => value["why"] = json!(why),
            What::Came | What::Went | What::Renamed | What::Lost => {}
        }
        value
    }
}

/// The line in the place of so many that nobody read.
pub fn unread(context: &Context, lines: usize) -> Result<String, Error> {
    let value = json!({
        "time": follow::now(), "netns": null, "event": "unread", "object": "line", "lines": lines,
    });
    follow::written(&context.flags, &value, || {
        format!("{}  {:<14}  ! {:<7} {}", follow::clock(), "", "unread", follow::unread(lines))
    })
}

fn word(change: &Change) -> &'static str {
    match change {
        Change::New(_) => "new",
        Change::Changed { .. } => "changed",
        Change::Gone(_) => "gone",
    }
}

fn subject(object: &Object) -> &'static str {
    match object {
        Object::Link(_) => "link",
        Object::Addr(_) => "address",
        Object::Route(_) => "route",
        Object::Neigh(_) => "neigh",
        Object::Fdb(_) => "fdb",
    }
}

fn asked(miss: &Miss) -> String {
    match miss.wanted {
        Wanted::Mac(ip) => format!("l3miss  who has {ip}"),
        Wanted::Vtep(mac) => format!("l2miss  where is {mac}"),
    }
}

/// What the kernel keeps for itself beside each address and device: routes of the
/// local tables, multicast groups.
fn is_noise(object: &Object) -> bool {
    match object {
        Object::Route(route) => route.table != MAIN_TABLE,
        Object::Neigh(row) => row.ip.is_multicast(),
        Object::Fdb(row) => row.mac.is_multicast(),
        Object::Link(_) | Object::Addr(_) => false,
    }
}

/// What tells it from others: `vxlan0  02:42:c0:a8:0a:65`.
fn title(object: &Object, known: &Known) -> String {
    match object {
        Object::Link(link) => link.name.to_string(),
        Object::Addr(addr) => format!("{}  {}", dev(addr.index, known), addr.cidr),
        Object::Route(route) => {
            let destination = ways::destination(route);
            // Of several devices none is in front.
            route.dev.map_or(destination.clone(), |index| {
                format!("{}  {destination}", dev(index, known))
            })
        }
        Object::Neigh(row) => format!("{}  {}", dev(row.dev, known), row.ip),
        Object::Fdb(row) => format!("{}  {}", dev(row.dev, known), row.mac),
    }
}

fn stated(object: &Object, known: &Known) -> String {
    let facts = facts(object, known).into_iter();
    let facts = facts.filter(|(what, value)| *what != "ifname" && !value.is_empty());
    let words: Vec<String> = facts.map(|(what, value)| phrase(what, &value)).collect();
    format!("{}  {}", title(object, known), words.join(" "))
}

/// Values that name themselves stand alone.
fn phrase(what: &str, value: &str) -> String {
    match what {
        "kind" | "condition" | "state" | "flags" | "vxlan" | "nexthops" => value.to_owned(),
        _ => format!("{what} {value}"),
    }
}

fn difference(was: &Object, now: &Object, known: &Known) -> String {
    let none = |v: &str| if v.is_empty() { "none".to_owned() } else { v.to_owned() };
    let changes = differences(was, now, known);
    let words =
        changes.iter().map(|(what, was, now)| format!("{what} {} → {}", none(was), none(now)));
    format!("{}  {}", title(now, known), words.collect::<Vec<_>>().join(", "))
}

/// Names, values before, values now.
fn differences(was: &Object, now: &Object, known: &Known) -> Vec<(&'static str, String, String)> {
    let (before, after) = (facts(was, known), facts(now, known));
    let pairs = before.into_iter().zip(after).filter(|(before, after)| before.1 != after.1);
    let mut all: Vec<_> = pairs
        .filter(|((what, _), _)| *what != "vxlan")
        .map(|((what, before), (_, after))| (what, before, after))
        .collect();
    if let (Object::Link(was), Object::Link(now)) = (was, now) {
        all.extend(attribute_differences(was, now));
    }
    all
}

/// What the kernel works out for itself from a bridge's ports: no one's setting.
const WORKED_OUT: [&str; 6] = [
    "bridge_id",
    "designated_root",
    "root_port",
    "root_path_cost",
    "topology_change",
    "topology_change_detected",
];

fn attribute_differences(was: &Link, now: &Link) -> Vec<(&'static str, String, String)> {
    let each = match (&was.kind, &now.kind) {
        (Kind::Vxlan { attrs: was, .. }, Kind::Vxlan { attrs: now, .. }) => now.differences(was),
        (Kind::Bridge(was), Kind::Bridge(now)) => now.differences(was),
        _ => Vec::new(),
    };
    let settings = each.into_iter().filter(|d| !WORKED_OUT.contains(&d.word));
    settings.map(|d| (d.word, d.have, d.asked)).collect()
}

fn all(object: &Object, known: &Known) -> Value {
    let mut map = Map::new();
    match object {
        Object::Link(link) => {
            map.insert("ifindex".into(), json!(link.index));
            match &link.kind {
                Kind::Vxlan { attrs, .. } => drop(map.insert("vxlan".into(), json!(attrs))),
                Kind::Bridge(attrs) => drop(map.insert("bridge".into(), json!(attrs))),
                _ => {}
            }
        }
        Object::Addr(addr) => drop(map.insert("address".into(), json!(addr.cidr))),
        Object::Route(route) => return ways::value(route, |index| Some(dev(index, known))),
        Object::Neigh(row) => drop(map.insert("ip".into(), json!(row.ip))),
        Object::Fdb(row) => drop(map.insert("mac".into(), json!(row.mac))),
    }
    for (what, value) in facts(object, known) {
        let (key, value) = typed(what, &value);
        map.entry(key).or_insert(value);
    }
    Value::Object(map)
}
