//! The words of ovl-fdb.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::endpoints::Endpoint;
use clap::{Args, Parser, Subcommand};
use ovl_cli::flags::duration;
use ovl_cli::watch::{Subject, Wish};
use ovl_cli::{Acting, Flags, InNetns};
use ovl_core::names::IfName;
use ovl_core::row::{NUD_PERMANENT, Neigh, RowFilter};
use ovl_core::types::{Invalid, MacAddr, Vni};
use ovl_endpoints::Format;

/// Who is where: the FDB and neighbour rows of an overlay
#[derive(Debug, Parser)]
#[command(name = "ovl-fdb", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
    /// Common flags
    #[command(flatten)]
    pub flags: Flags,
}

const EXAMPLES: &str = "Examples:
  ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1
  ovl-fdb list -n ov1
  ovl-fdb del 192.168.10.101 -n ov1";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write an endpoint's rows: neighbour IP -> MAC, and FDB MAC -> VTEP
    #[command(after_help = "Examples:
  ovl-fdb add 192.168.10.101 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1
  ovl-fdb add 02:42:c0:a8:0a:65 --dst 192.168.1.5 --fdb-only -n ov1
  ovl-fdb add --flood --dst 192.168.1.5 -n ov1")]
    Add(Box<Add>),
    /// Delete all rows of an endpoint
    #[command(visible_aliases = ["delete", "rm"], after_help = "Examples:
  ovl-fdb del 192.168.10.101 -n ov1
  ovl-fdb del 02:42:c0:a8:0a:65 --dst 192.168.1.5 -n ov1
  ovl-fdb del --flood --dst 192.168.1.5 -n ov1")]
    Del(Del),
    /// Show the rows of one endpoint
    #[command(after_help = "Examples:
  ovl-fdb get 192.168.10.101 -n ov1
  ovl-fdb get 02:42:c0:a8:0a:65 -n ov1 -o json")]
    Get(Get),
    /// List endpoints: FDB and neighbour rows joined by MAC address
    #[command(
        visible_alias = "ls",
        after_help = "Examples:
  ovl-fdb list -n ov1
  ovl-fdb list --all --foreign -o json"
    )]
    List(List),
    /// Write a whole table's rows: YAML, JSON, CSV, or the text of bridge and ip
    #[command(after_help = "Examples:
  ovl-fdb load endpoints.yaml -n ov1
  ovl-fdb load endpoints.csv --fdb-only --dev vxlan0 -n ov1
  ovl-fdb load - -n ov1 --dry-run")]
    Load(Load),
    /// Make our rows equal to a table; those of others are left alone
    #[command(after_help = "Examples:
  ovl-fdb sync endpoints.yaml --dev vxlan0 -n ov1
  ovl-fdb sync endpoints.yaml -n ov1 --check
  ovl-fdb sync endpoints.csv -n ov1 --watch")]
    Sync(Sync),
    /// Delete the rows that filters name: our own, or with --foreign those of others
    #[command(after_help = "Examples:
  ovl-fdb flush --owned -n ov1
  ovl-fdb flush --dst 192.168.1.5 -n ov1
  ovl-fdb flush --foreign --learned --dst 192.168.1.5 -n ov1")]
    Flush(Flush),
    /// Answer what the device asks for, from a table, until it is told to end
    #[command(after_help = "Examples:
  ovl-fdb answer endpoints.yaml --dev vxlan0 -n ov1
  ovl-fdb answer endpoints.csv -n ov1 --permanent
  ovl-fdb answer endpoints.yaml -n ov1 --ttl 1m --cleanup -o json

SIGUSR1 prints what was asked and answered so far.")]
    Answer(Answer),
    /// Misses and changes of rows as they happen, one line each
    #[command(
        visible_alias = "monitor",
        after_help = "Examples:
  ovl-fdb watch -n ov1
  ovl-fdb watch --dev vxlan0 -n ov1 -o json
  ovl-fdb watch --all --only miss"
    )]
    Watch(Watch),
}

/// The device whose rows are meant.
#[derive(Debug, Clone, Args)]
pub struct On {
    /// The VXLAN device
    #[arg(long, value_name = "DEV", default_value = "vxlan0")]
    pub dev: IfName,
    /// Where it is
    #[command(flatten)]
    pub netns: InNetns,
}

/// `add`.
#[derive(Debug, Args)]
pub struct Add {
    /// IP and MAC address ('auto': by Docker's rule); only MAC with --fdb-only; none with --flood
    #[arg(value_name = "IP MAC", num_args = 0..=2)]
    pub words: Vec<String>,
    /// The VTEP the endpoint is behind
    #[arg(long, visible_alias = "vtep", value_name = "VTEP")]
    pub dst: Option<IpAddr>,
    /// On which device
    #[command(flatten)]
    pub on: On,
    /// Only the FDB row
    #[arg(long, conflicts_with_all = ["neigh_only", "flood"])]
    pub fdb_only: bool,
    /// Only the neighbour row
    #[arg(long, conflicts_with_all = ["flood", "dst"])]
    pub neigh_only: bool,
    /// The all-zeros row: packets that no other row names go to this VTEP as well
    #[arg(long)]
    pub flood: bool,
    /// Write over a permanent row that says otherwise
    #[arg(long)]
    pub replace: bool,
    /// Fine when the rows stand as asked
    #[arg(long)]
    pub exist_ok: bool,
    /// UDP port, where it is not the device's
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// VNI, where it is not the device's
    #[arg(long, value_name = "VNI")]
    pub vni: Option<Vni>,
    /// Device of the underlay that packets leave by
    #[arg(long, value_name = "DEV")]
    pub via: Option<IfName>,
    /// FDB nexthop group, in place of --dst
    #[arg(long, value_name = "ID", conflicts_with = "dst")]
    pub nhid: Option<u32>,
    /// Mark the FDB row as a router's (with --rsc devices)
    #[arg(long)]
    pub router: bool,
    /// Mark the FDB row as put there by a control plane (always, unless --dynamic)
    #[arg(long)]
    pub extern_learn: bool,
    /// Keep the FDB row from moving to another place
    #[arg(long)]
    pub sticky: bool,
    /// Rows that age out like learned ones
    #[arg(long)]
    pub dynamic: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// An endpoint, by either of its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// By its IP address.
    Ip(IpAddr),
    /// By its MAC address.
    Mac(MacAddr),
}

impl Who {
    /// The MAC addresses it has.
    pub fn macs(self, neighs: &[Neigh]) -> Vec<MacAddr> {
        match self {
            Who::Mac(mac) => vec![mac],
            Who::Ip(ip) => {
                neighs.iter().filter(|row| row.ip == ip).filter_map(|row| row.mac).collect()
            }
        }
    }
}

impl FromStr for Who {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        if let Ok(ip) = s.parse() {
            return Ok(Who::Ip(ip));
        }
        s.parse().map(Who::Mac).map_err(|_| {
            Invalid(format!("'{}' is neither an IP address nor a MAC address", s.escape_debug()))
        })
    }
}

/// `del`.
#[derive(Debug, Args)]
pub struct Del {
    /// The endpoint, by IP or MAC address
    #[arg(value_name = "IP|MAC", required_unless_present = "flood")]
    pub who: Option<Who>,
    /// Only the FDB row to this VTEP
    #[arg(long, visible_alias = "vtep", value_name = "VTEP")]
    pub dst: Option<IpAddr>,
    /// The all-zeros row (to every VTEP, or to that of --dst)
    #[arg(long, conflicts_with = "who")]
    pub flood: bool,
    /// On which device
    #[command(flatten)]
    pub on: On,
    /// Rows of other owners as well
    #[arg(long)]
    pub foreign: bool,
    /// Fine when there is no such row
    #[arg(long)]
    pub missing_ok: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `get`.
#[derive(Debug, Args)]
pub struct Get {
    /// The endpoint, by IP or MAC address
    #[arg(value_name = "IP|MAC")]
    pub who: Who,
    /// On which device
    #[command(flatten)]
    pub on: On,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only of this device [default: every VXLAN device]
    #[arg(long, value_name = "DEV")]
    pub dev: Option<IfName>,
    /// Where to look
    #[command(flatten)]
    pub netns: InNetns,
    /// In every namespace that can be found
    #[arg(long, conflicts_with = "netns")]
    pub all: bool,
    /// Only those learned from traffic
    #[arg(long)]
    pub learned: bool,
    /// Only those that stay
    #[arg(long, conflicts_with = "learned")]
    pub permanent: bool,
    /// Only those made by this toolkit
    #[arg(long)]
    pub owned: bool,
    /// Only those of others
    #[arg(long, conflicts_with = "owned")]
    pub foreign: bool,
}

/// A form of tables.
fn format(text: &str) -> Result<Format, String> {
    match text {
        "yaml" | "json" => Ok(Format::Yaml),
        "csv" => Ok(Format::Csv),
        "text" => Ok(Format::Text),
        _ => Err(format!("'{}' is none of yaml, json, csv, text", text.escape_debug())),
    }
}

/// `load`.
#[derive(Debug, Args)]
pub struct Load {
    /// The table; - for standard input
    #[arg(value_name = "FILE|-")]
    pub file: String,
    /// On which device
    #[command(flatten)]
    pub on: On,
    /// How the table is written: yaml, json, csv, text [default: as it looks]
    #[arg(long, value_name = "FORM", value_parser = format)]
    pub format: Option<Format>,
    /// Only the FDB rows
    #[arg(long, conflicts_with = "neigh_only")]
    pub fdb_only: bool,
    /// Only the neighbour rows
    #[arg(long)]
    pub neigh_only: bool,
    /// Write over permanent rows that say otherwise
    #[arg(long)]
    pub replace: bool,
    /// Report what is refused, and write the rest
    #[arg(long)]
    pub keep_going: bool,
    /// An address of this host: endpoints behind it are left out, as are those
    /// behind the addresses of the device's underlay
    #[arg(long = "self", value_name = "IP")]
    pub own: Option<IpAddr>,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// The table: a file; - for standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// On which device
    #[command(flatten)]
    pub on: On,
    /// How the table is written: yaml, json, csv, text [default: as it looks]
    #[arg(long, value_name = "FORM", value_parser = format)]
    pub format: Option<Format>,
    /// Follow the table, and write again what a namespace that is made again lacks
    #[arg(long, conflicts_with_all = ["check", "dry_run"])]
    pub watch: bool,
    /// With --watch: how often rows and table are compared when nothing was heard
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub every: Duration,
    /// With --watch: take our rows away at the end
    #[arg(long, requires = "watch")]
    pub cleanup: bool,
    /// Change nothing; exit 6 when something would have to be
    #[arg(long)]
    pub check: bool,
    /// Rows of others that stand in the way give way
    #[arg(long)]
    pub take_over: bool,
    /// An empty table deletes what it has to
    #[arg(long)]
    pub allow_empty: bool,
    /// Delete at most so many of our endpoints: a number, or a share of them
    #[arg(long, value_name = "N|P%", default_value = "50%")]
    pub max_delete: Most,
    /// An address of this host: endpoints behind it are left out, as are those
    /// behind the addresses of the device's underlay
    #[arg(long = "self", value_name = "IP")]
    pub own: Option<IpAddr>,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// At most so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    /// A number.
    Count(usize),
    /// A share.
    Percent(u8),
}

impl FromStr for Most {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let bad =
            || Invalid(format!("'{}' is not a number, nor a share such as 50%", s.escape_debug()));
        match s.strip_suffix('%') {
            Some(share) => match share.parse() {
                Ok(percent) if percent <= 100 => Ok(Most::Percent(percent)),
                _ => Err(bad()),
            },
            None => s.parse().map(Most::Count).map_err(|_| bad()),
        }
    }
}

/// `flush`.
#[derive(Debug, Args)]
pub struct Flush {
    /// On which device
    #[command(flatten)]
    pub on: On,
    /// Rows made by this toolkit (the default; needed where there is no filter)
    #[arg(long)]
    pub owned: bool,
    /// Rows of others; wants a filter
    #[arg(long, conflicts_with = "owned")]
    pub foreign: bool,
    /// Behind this VTEP
    #[arg(long, visible_alias = "vtep", value_name = "VTEP")]
    pub dst: Option<IpAddr>,
    /// With this VNI
    #[arg(long, value_name = "VNI")]
    pub vni: Option<Vni>,
    /// With this UDP port
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Of this MAC address
    #[arg(long, value_name = "MAC")]
    pub mac: Option<MacAddr>,
    /// By this FDB nexthop group
    #[arg(long, value_name = "ID")]
    pub nhid: Option<u32>,
    /// Only those learned from traffic
    #[arg(long)]
    pub learned: bool,
    /// Only those that stay
    #[arg(long, conflicts_with = "learned")]
    pub permanent: bool,
    /// Only neighbour rows [default: all three tables]
    #[arg(long)]
    pub neigh: bool,
    /// Only rows of the device's own table
    #[arg(long = "self")]
    pub own_table: bool,
    /// Only rows of the bridge's table that it has learned
    #[arg(long)]
    pub master: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

impl Flush {
    /// All that this toolkit has made on a device.
    pub fn all_owned(on: On) -> Flush {
        Flush {
            on,
            owned: true,
            foreign: false,
            dst: None,
            vni: None,
            port: None,
            mac: None,
            nhid: None,
            learned: false,
            permanent: false,
            neigh: false,
            own_table: false,
            master: false,
            acting: Acting::default(),
        }
    }

    /// Is there anything but an owner?
    pub fn has_filter(&self) -> bool {
        self.dst.is_some()
            || self.vni.is_some()
            || self.port.is_some()
            || self.mac.is_some()
            || self.nhid.is_some()
            || self.learned
            || self.permanent
    }

    /// What of the filters the kernel knows.
    pub fn filter(&self) -> RowFilter {
        let vni = self.vni.map(Vni::get);
        let filter = RowFilter {
            dst: self.dst,
            port: self.port,
            vni,
            nhid: self.nhid,
            ..RowFilter::default()
        };
        if self.foreign {
            return filter;
        }
        RowFilter { state: Some(NUD_PERMANENT), marked: Some(true), ..filter }
    }

    /// Do all filters name it, and is it of the owner that is meant?
    pub fn means(&self, endpoint: &Endpoint) -> bool {
        let fdb = endpoint.fdb.as_ref();
        (self.is_meant(endpoint.ours.neigh) && endpoint.neigh.is_some()
            || self.is_meant(endpoint.ours.fdb) && endpoint.fdb.is_some())
            && self.dst.is_none_or(|dst| endpoint.dst() == Some(dst))
            && self.vni.is_none_or(|vni| fdb.and_then(|f| f.vni) == Some(vni.get()))
            && self.port.is_none_or(|port| fdb.and_then(|f| f.port) == Some(port))
            && self.mac.is_none_or(|mac| endpoint.mac() == Some(mac))
            && self.nhid.is_none_or(|id| fdb.and_then(|f| f.nhid) == Some(id))
            && (!self.learned || endpoint.is_learned())
            && (!self.permanent || !endpoint.is_learned())
    }

    /// Is a row of the owner that is meant?
    fn is_meant(&self, ours: bool) -> bool {
        ours != self.foreign
    }

    fn all_tables(&self) -> bool {
        !self.neigh && !self.own_table && !self.master
    }

    /// Does its neighbour row go?
    pub fn in_neigh(&self, endpoint: &Endpoint) -> bool {
        (self.neigh || self.all_tables()) && self.is_meant(endpoint.ours.neigh)
    }

    /// Do rows of the device's own table go?
    pub fn in_self(&self) -> bool {
        self.own_table || self.all_tables()
    }

    /// Do rows go that the bridge has learned?
    pub fn in_master(&self) -> bool {
        self.master || self.all_tables()
    }
}

/// `answer`.
#[derive(Debug, Args)]
pub struct Answer {
    /// The table: a file; - for standard input
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// On which device
    #[command(flatten)]
    pub on: On,
    /// How the table is written: yaml, json, csv, text [default: as it looks]
    #[arg(long, value_name = "FORM", value_parser = format)]
    pub format: Option<Format>,
    /// Rows that nothing has used for so long go
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    pub ttl: Duration,
    /// Rows stay, as add writes them
    #[arg(long, conflicts_with = "ttl")]
    pub permanent: bool,
    /// Answer the same question at most once in this time
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    pub limit: Duration,
    /// Ask for an address that the table does not have once in this time
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s")]
    pub negative: Duration,
    /// An address of this host: what is behind it is not answered, nor what is
    /// behind the addresses of the device's underlay
    #[arg(long = "self", value_name = "IP")]
    pub own: Option<IpAddr>,
    /// Take the rows that were written away at the end
    #[arg(long)]
    pub cleanup: bool,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Only of this device [default: every device]
    #[arg(long, value_name = "DEV")]
    pub dev: Option<IfName>,
    /// Where
    #[command(flatten)]
    pub netns: InNetns,
    /// In every namespace that can be found
    #[arg(long, conflicts_with = "netns")]
    pub all: bool,
    /// Only this; repeatable
    #[arg(long, value_name = "WHAT", default_values = ["netns", "neigh", "fdb", "miss"])]
    pub only: Vec<Subject>,
}

impl Watch {
    /// What is to be told.
    pub fn wish(self) -> Wish {
        let namespaces = if self.all { Vec::new() } else { vec![self.netns.reference()] };
        Wish { namespaces, only: self.only, dev: self.dev }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_endpoint_is_named_by_either_address() {
        assert!(matches!("192.168.10.1".parse(), Ok(Who::Ip(_))));
        assert!(matches!("02:42:c0:a8:0a:65".parse(), Ok(Who::Mac(_))));
        assert!(matches!("fd00::1".parse(), Ok(Who::Ip(_))));
        assert!("demo".parse::<Who>().is_err());
    }
}
