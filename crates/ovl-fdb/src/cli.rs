//! The words of ovl-fdb.

mod bulk;

use std::net::IpAddr;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use ovl_cli::watch::{Subject, Wish};
use ovl_cli::{Acting, Flags, InNetns};
use ovl_core::names::{IfName, shown};
use ovl_core::row::Neigh;
use ovl_core::types::{Invalid, MacAddr, Vni};

pub use bulk::{Answer, Flush, Load, Most, Sync};

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
  ovl-fdb add 02:42:c0:a8:0a:66 --dst 192.168.1.5 --fdb-only -n ov1
  ovl-fdb add --flood --dst 192.168.1.5 -n ov1")]
    Add(Box<Add>),
    /// Delete all rows of an endpoint
    #[command(visible_aliases = ["delete", "rm"], after_help = "Examples:
  ovl-fdb del 192.168.10.101 -n ov1
  ovl-fdb del 02:42:c0:a8:0a:66 --dst 192.168.1.5 -n ov1
  ovl-fdb del --flood --dst 192.168.1.5 -n ov1")]
    Del(Del),
    /// Show the rows of one endpoint
    #[command(
        visible_alias = "show",
        after_help = "Examples:
  ovl-fdb get 192.168.10.101 -n ov1
  ovl-fdb get 02:42:c0:a8:0a:65 -n ov1 -o json"
    )]
    Get(Get),
    /// List endpoints: FDB and neighbour rows joined by MAC address
    #[command(
        visible_alias = "ls",
        after_help = "Examples:
  ovl-fdb list -n ov1
  ovl-fdb list --all --foreign -o json"
    )]
    List(List),
    /// Write a whole table's rows: YAML, JSON, CSV, the text of bridge and ip, or what
    /// list -o json or -o yaml prints
    #[command(after_help = "Examples:
  ovl-fdb load endpoints.yaml -n ov1
  ovl-fdb load endpoints.csv --fdb-only --dev vxlan0 -n ov1
  ovl-fdb load - -n ov1 --dry-run
  ovl-fdb list -n ov1 -o json | ovl-fdb load - -n ov2")]
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
    #[arg(long, conflicts_with_all = ["flood", "dst", "port", "vni", "via", "nhid", "router", "extern_learn", "sticky"])]
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
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// VNI, where it is not the device's
    #[arg(long, value_name = "VNI")]
    pub vni: Option<Vni>,
    /// Device of the underlay that packets leave by
    #[arg(long, value_name = "DEV")]
    pub via: Option<IfName>,
    /// FDB nexthop group, in place of --dst
    #[arg(long, value_name = "ID", conflicts_with_all = ["dst", "port", "vni", "via"], value_parser = clap::value_parser!(u32).range(1..))]
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
            Invalid(format!("'{}' is neither an IP address nor a MAC address", shown(s)))
        })
    }
}

/// `del`.
#[derive(Debug, Args)]
pub struct Del {
    /// The endpoint, by IP or MAC address
    #[arg(value_name = "IP|MAC", required_unless_present = "flood")]
    pub who: Option<Who>,
    /// Only where it is behind this VTEP
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

/// `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Only of this device, which has to be there [default: every device]
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
