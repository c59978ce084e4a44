//! A table of YAML or JSON as it is written, before it is known to be one. What is
//! wrong with a key is found and the rest is read on, so that a person is told of
//! everything at once.

use std::fmt;
use std::marker::PhantomData;

use ovl_core::types::{Cidr, Vni};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::parse::{endpoint, parsed, port, vni};
use crate::quote::{brief, quoted};
use crate::table::{Endpoint, Finding, Place, Table};

/// The keys of a table.
const OF_TABLE: &str = "network, vni, subnet, gateway, mtu, endpoints";
/// The keys of an endpoint.
const OF_ENDPOINT: &str = "ip, mac, vtep, name, port, vni, via, nhid";

/// A table; `T` is what text is read as, `E` what is kept of an endpoint, `U` of the
/// value of a key that means nothing.
#[derive(Debug)]
pub(crate) struct Written<T, E, U> {
    pub network: Option<T>,
    pub vni: Option<Said>,
    pub subnet: Option<T>,
    pub gateway: Option<T>,
    pub mtu: Option<Said>,
    pub endpoints: Option<Vec<E>>,
    /// Keys that mean nothing.
    pub unknown: Vec<(String, U)>,
}

/// An endpoint.
#[derive(Debug)]
pub(crate) struct Item<T> {
    pub ip: Option<T>,
    pub mac: Option<T>,
    pub vtep: Option<T>,
    pub name: Option<T>,
    pub port: Option<Said>,
    pub vni: Option<Said>,
    pub via: Option<T>,
    pub nhid: Option<Said>,
    /// Keys that mean nothing.
    pub unknown: Vec<String>,
}

/// Whatever stands where a number or a word is to be. YAML's words are read as plain
/// `String`s: it has numbers that are written in several ways.
#[derive(Debug)]
pub(crate) enum Said {
    /// As it is written.
    Word(String),
    /// Something of many parts.
    More(&'static str),
}

/// What text is read as.
pub(crate) trait Text {
    /// The text, or why it is none.
    fn text(self) -> Result<String, String>;
}

impl Text for String {
    fn text(self) -> Result<String, String> {
        Ok(self)
    }
}

impl Text for Said {
    fn text(self) -> Result<String, String> {
        match self {
            Said::Word(word) => Ok(word),
            Said::More(what) => Err(format!("{what} is not a value")),
        }
    }
}

impl<T, E, U> Default for Written<T, E, U> {
    fn default() -> Self {
        Written {
            network: None,
            vni: None,
            subnet: None,
            gateway: None,
            mtu: None,
            endpoints: None,
            unknown: Vec::new(),
        }
    }
}

impl<T> Default for Item<T> {
    fn default() -> Self {
        Item {
            ip: None,
            mac: None,
            vtep: None,
            name: None,
            port: None,
            vni: None,
            via: None,
            nhid: None,
            unknown: Vec::new(),
        }
    }
}

/// What is said of a key of a table that means nothing.
pub(crate) fn no_key_of_table(key: &str) -> String {
    format!("unknown field `{}`: a table has {OF_TABLE}", quoted(key))
}

/// The same of an endpoint's.
pub(crate) fn no_key_of_endpoint(key: &str) -> String {
    format!("unknown field `{}`: an endpoint has {OF_ENDPOINT}", quoted(key))
}

impl<T: Text, E, U> Written<T, E, U> {
    /// The table, without its endpoints; `at` is where the value of a key is.
    pub(crate) fn head(self, at: impl Fn(&str) -> Place, findings: &mut Vec<Finding>) -> Table {
        let mut head = Head { at, findings };
        Table {
            network: head.value("network", self.network, |text| Ok::<_, String>(text.to_owned())),
            vni: head.value("vni", self.vni, str::parse::<Vni>),
            subnet: head.value("subnet", self.subnet, str::parse::<Cidr>),
            gateway: head.value("gateway", self.gateway, str::parse::<Cidr>),
            mtu: head.value("mtu", self.mtu, |text| parsed(text, "an MTU")),
            ..Table::default()
        }
    }
}

/// The values of a table's own keys.
struct Head<'f, A> {
    at: A,
    findings: &'f mut Vec<Finding>,
}

impl<A: Fn(&str) -> Place> Head<'_, A> {
    /// A value, if there is one and nothing is wrong with it.
    fn value<T, W: fmt::Display>(
        &mut self,
        key: &str,
        said: Option<impl Text>,
        read: impl Fn(&str) -> Result<T, W>,
    ) -> Option<T> {
        match value(key, said, |text| read(text).map_err(|why| brief(&format!("{key}: {why}")))) {
            Ok(value) => value,
            Err(why) => {
                self.findings.push(Finding { place: (self.at)(key), why });
                None
            }
        }
    }
}

/// The text that a key says, if it says anything.
fn text(key: &str, said: Option<impl Text>) -> Result<Option<String>, String> {
    said.map(Text::text).transpose().map_err(|why| format!("{key}: {why}"))
}

/// What is read from that.
fn value<T>(
    key: &str,
    said: Option<impl Text>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    text(key, said)?.map(|text| read(&text)).transpose()
}

impl<T: Text> Item<T> {
    /// The endpoint, if nothing is wrong with it.
    pub(crate) fn read(self, place: Place, findings: &mut Vec<Finding>) -> Option<Endpoint> {
        let before = findings.len();
        let unknown = self.unknown.iter().map(|key| no_key_of_endpoint(key));
        findings.extend(unknown.map(|why| Finding { place, why }));
        match self.endpoint(place) {
            Ok(endpoint) => (findings.len() == before).then_some(endpoint),
            Err(why) => {
                findings.push(Finding { place, why });
                None
            }
        }
    }

    /// The endpoint, or the first thing that is wrong with it.
    pub(crate) fn endpoint(self, place: Place) -> Result<Endpoint, String> {
        let ip = text("ip", self.ip)?.unwrap_or_default();
        let mac = text("mac", self.mac)?.unwrap_or_default();
        let vtep = text("vtep", self.vtep)?.unwrap_or_default();
        let mut made = match self.nhid {
            // A nexthop group stands in the place of a VTEP.
            Some(_) if vtep.is_empty() => by_group(&ip, &mac, place)?,
            _ => endpoint(&ip, &mac, &vtep, place)?,
        };
        made.name = text("name", self.name)?;
        made.port = value("port", self.port, |text| port(parsed(text, "a port")?))?;
        made.vni = value("vni", self.vni, vni)?;
        made.nhid = value("nhid", self.nhid, |text| parsed(text, "a nexthop group"))?;
        made.via = value("via", self.via, |text| text.parse().map_err(|e| brief(&format!("{e}"))))?;
        Ok(made)
    }
}

/// An endpoint behind a nexthop group.
pub(crate) fn by_group(ip: &str, mac: &str, place: Place) -> Result<Endpoint, String> {
    // Any VTEP does for the check; it is not kept.
    let made = endpoint(ip, mac, "192.0.2.1", place)?;
    Ok(Endpoint { vtep: None, ..made })
}

/// A key of a table.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum OfTable {
    Network,
    Vni,
    Subnet,
    Gateway,
    Mtu,
    Endpoints,
    Other(String),
}

/// A key of an endpoint.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum OfItem {
    Ip,
    Mac,
    #[serde(alias = "dst")]
    Vtep,
    Name,
    Port,
    Vni,
    Via,
    Nhid,
    Other(String),
}

/// Takes the value of a key into its place; twice is once too often.
fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    map: &mut A,
    key: &'static str,
    place: &mut Option<T>,
) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(Error::duplicate_field(key));
    }
    *place = map.next_value()?;
    Ok(())
}

impl<'de, T: Deserialize<'de>, E: Deserialize<'de>, U: Deserialize<'de>> Deserialize<'de>
    for Written<T, E, U>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading<T, E, U>(PhantomData<(T, E, U)>);

        impl<'de, T: Deserialize<'de>, E: Deserialize<'de>, U: Deserialize<'de>> Visitor<'de>
            for Reading<T, E, U>
        {
            type Value = Written<T, E, U>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a table: {OF_TABLE}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut made = Written::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        OfTable::Network => once(&mut map, "network", &mut made.network)?,
                        OfTable::Vni => once(&mut map, "vni", &mut made.vni)?,
                        OfTable::Subnet => once(&mut map, "subnet", &mut made.subnet)?,
                        OfTable::Gateway => once(&mut map, "gateway", &mut made.gateway)?,
                        OfTable::Mtu => once(&mut map, "mtu", &mut made.mtu)?,
                        OfTable::Endpoints => once(&mut map, "endpoints", &mut made.endpoints)?,
                        OfTable::Other(key) => made.unknown.push((key, map.next_value()?)),
                    }
                }
                Ok(made)
            }
        }

        deserializer.deserialize_map(Reading(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reading<T> {
            type Value = Item<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an endpoint: {OF_ENDPOINT}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<T>, A::Error> {
                let mut made = Item::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        OfItem::Ip => once(&mut map, "ip", &mut made.ip)?,
                        OfItem::Mac => once(&mut map, "mac", &mut made.mac)?,
                        OfItem::Vtep => once(&mut map, "vtep", &mut made.vtep)?,
                        OfItem::Name => once(&mut map, "name", &mut made.name)?,
                        OfItem::Port => once(&mut map, "port", &mut made.port)?,
                        OfItem::Vni => once(&mut map, "vni", &mut made.vni)?,
                        OfItem::Via => once(&mut map, "via", &mut made.via)?,
                        OfItem::Nhid => once(&mut map, "nhid", &mut made.nhid)?,
                        OfItem::Other(key) => {
                            map.next_value::<IgnoredAny>()?;
                            made.unknown.push(key);
                        }
                    }
                }
                Ok(made)
            }
        }

        deserializer.deserialize_map(Reading(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Said;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_u64<X>(self, number: u64) -> Result<Said, X> {
                Ok(Said::Word(number.to_string()))
            }

            fn visit_i64<X>(self, number: i64) -> Result<Said, X> {
                Ok(Said::Word(number.to_string()))
            }

            fn visit_f64<X>(self, number: f64) -> Result<Said, X> {
                // Even a whole one says that it is none of ours: 1.0.
                Ok(Said::Word(format!("{number:?}")))
            }

            fn visit_bool<X>(self, is: bool) -> Result<Said, X> {
                Ok(Said::Word(is.to_string()))
            }

            fn visit_str<X>(self, text: &str) -> Result<Said, X> {
                Ok(Said::Word(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Said, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Said::More("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Said::More("a table of keys"))
            }
        }

        deserializer.deserialize_any(Any)
    }
}
