//! One event of `watch`, as a line and as JSON. A pure function of what was told
//! and what was known.

use ovl_core::known::{Change, Known, Object};
use ovl_core::link::Kind;
use ovl_core::names::shown;
use ovl_core::row::{Miss, Wanted};
use ovl_core::wire::route::Route;
use serde_json::{Map, Value, json};

use super::facts::{Fact, dev, differences, facts, typed};
use super::what::{What, object};
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
            Change::Changed { was, now } => {
                !is_noise(now) && !differences(was, now, known).is_empty()
            }
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
        let inode = || format!("inode {}", self.netns.inode);
        match &self.what {
            What::Came => ('+', "netns", format!("{}  {}", inode(), files(&self.netns))),
            What::Went => ('-', "netns", inode()),
            What::Renamed(was) => {
                let none = |files: String| if files.is_empty() { "none".into() } else { files };
                let [was, now] = [was.as_ref(), &self.netns].map(|it| none(files(it)));
                ('~', "netns", format!("{}  {was} → {now}", inode()))
            }
            What::Changed(change, by) => {
                let (sign, detail) = match change.as_ref() {
                    Change::New(now) => ('+', stated(now, known)),
                    Change::Gone(was) => ('-', named(was, known)),
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
            What::Unreadable(why) => ('!', "notice", shown(why)),
        }
    }

    /// One object.
    pub fn json(&self, known: &Known) -> Value {
        let (event, object) = match &self.what {
            What::Came => ("new", "netns"),
            What::Went => ("gone", "netns"),
            What::Renamed(_) => ("changed", "netns"),
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
                value["by"] = json!(by.port.map(|port| json!({ "port": port, "comm": by.comm() })));
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
            What::Renamed(was) => value["was"] = json!(was),
            What::Came | What::Went | What::Lost => {}
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

/// The files that are a namespace.
fn files(netns: &Netns) -> String {
    netns.paths.iter().map(shown).collect::<Vec<_>>().join(" ")
}

fn asked(miss: &Miss) -> String {
    match miss.wanted {
        Wanted::Mac(ip) => format!("l3miss  who has {ip}"),
        Wanted::Vtep(mac) => format!("l2miss  where is {mac}"),
    }
}

/// `RT_TABLE_LOCAL`.
const LOCAL_TABLE: u32 = 255;

/// What the kernel keeps for itself beside each address and device: routes of the
/// local table and their like in those of VRFs, multicast groups.
fn is_noise(object: &Object) -> bool {
    match object {
        Object::Route(route) => route.table == LOCAL_TABLE || is_kept(route),
        Object::Neigh(row) => row.ip.is_multicast(),
        Object::Fdb(row) => row.mac.is_multicast(),
        Object::Link(_) | Object::Addr(_) => false,
    }
}

/// Does it stand for an address, or for those that every device has?
fn is_kept(route: &Route) -> bool {
    let for_addresses = ["local", "broadcast", "anycast", "multicast"];
    route.protocol == "kernel" && for_addresses.contains(&&*route.kind)
}

/// What tells it from others: `vxlan0  02:42:c0:a8:0a:65`.
fn title(object: &Object, known: &Known) -> String {
    match object {
        Object::Link(link) => link.name.to_string(),
        Object::Addr(addr) => format!("{}  {}", dev(addr.index, known), addr.cidr),
        Object::Route(route) => {
            let kind = Some(&*route.kind).filter(|kind| *kind != "unicast");
            let kind = kind.map(|kind| format!("{} ", shown(kind))).unwrap_or_default();
            let destination = format!("{kind}{}", ways::destination(route));
            // Of several devices none is in front.
            route.dev.map_or(destination.clone(), |index| {
                format!("{}  {destination}", dev(index, known))
            })
        }
        Object::Neigh(row) => format!("{}  {}", dev(row.dev, known), row.ip),
        Object::Fdb(row) => format!("{}  {}", dev(row.dev, known), row.mac),
    }
}

/// What the title of an object has already.
const IN_TITLE: [&str; 3] = ["ifname", "dev", "type"];
/// What a route is replaced by, beside its destination.
const NAME: [&str; 2] = ["table", "metric"];
/// What tells two routes of one name apart.
const WAYS: [&str; 3] = ["via", "nexthops", "nhid"];

fn stated(object: &Object, known: &Known) -> String {
    phrases(object, known, |what| !IN_TITLE.contains(&what))
}

/// One that has gone, told from all others.
fn named(object: &Object, known: &Known) -> String {
    let is_route = matches!(object, Object::Route(_));
    phrases(object, known, |what| is_route && (NAME.contains(&what) || WAYS.contains(&what)))
}

fn phrases(object: &Object, known: &Known, is_told: impl Fn(&str) -> bool) -> String {
    let facts = facts(object, known).into_iter();
    let facts = facts.filter(|(what, value)| is_told(what) && !value.is_empty());
    let words: Vec<String> = facts.map(phrase).collect();
    let words = [title(object, known), words.join(" ")];
    words[..if words[1].is_empty() { 1 } else { 2 }].join("  ")
}

/// Values that name themselves stand alone. What others wrote is escaped.
fn phrase((what, value): Fact) -> String {
    let value = shown(value);
    match what {
        "kind" | "condition" | "state" | "flags" | "vxlan" | "nexthops" | "metrics" => value,
        _ => format!("{what} {value}"),
    }
}

fn difference(was: &Object, now: &Object, known: &Known) -> String {
    let none = |v: &str| if v.is_empty() { "none".to_owned() } else { shown(v) };
    let changes = differences(was, now, known);
    let words = changes.iter().map(|(what, was, now)| {
        let name = if what.is_empty() { String::new() } else { format!("{what} ") };
        format!("{name}{} → {}", none(was), none(now))
    });
    let is_route = matches!(now, Object::Route(_));
    let title = phrases(now, known, |what| is_route && NAME.contains(&what));
    format!("{title}  {}", words.collect::<Vec<_>>().join(", "))
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
