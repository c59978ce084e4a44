//! The words of ovl-inspect.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ovl_cli::watch::{Subject, Wish};
use ovl_cli::{Error, Flags};
use ovl_core::names::{IfName, NsRef, shown};
use ovl_core::types::Invalid;

const ABOUT: &str = "See overlay networks; without a verb: the machine as a tree

On a terminal lines fit its width: those of the tree go on below, tables leave
out the columns that matter least, and where that is not enough a row goes on
below; no name or address is cut. In a pipe, and with -o wide, nothing is wrapped
or left out; wide has more columns, and the tree then has the link-local addresses
as well. In a pipe the tree has no lines, only indents. Tables begin with the
NAMESPACE of each row, however many are looked at.

A namespace that only others know, by an id, stands last in the tree; in JSON
its ref and inode are null, its kind is unseen, and known_by lists who knows
it: [{netns, nsid, devices}], as in ovl-ns list. No id is asked for; but whoever
lists devices, ip link as well, makes the kernel give one to each namespace that
the other end of one is in, where it has none yet: it is in the answer.";

/// See overlay networks; without a verb: the machine as a tree
#[derive(Debug, Parser)]
#[command(name = "ovl-inspect", version, long_about = ABOUT, after_help = EXAMPLES)]
pub struct Cli {
    /// What to look at
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Look at a saved machine (a file, or - for standard input), or at this one
    /// (live); repeatable: several hosts at once, their namespaces named HOST:NS
    #[arg(long, global = true, value_name = "FILE|-|live")]
    pub snapshot: Vec<String>,
    /// Common flags
    #[command(flatten)]
    pub flags: Flags,
}

const EXAMPLES: &str = "Examples:
  ovl-inspect
  ovl-inspect links docker:X-1 vni:256
  ovl-inspect ping x1 192.168.10.101";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Devices, with addresses, attributes and other ends
    #[command(after_help = "Examples:
  ovl-inspect links x1 ov1
  ovl-inspect links docker:X-1 -o json")]
    Links(Namespaces),
    /// Routes
    #[command(after_help = "Examples:
  ovl-inspect routes x1
  ovl-inspect routes x1 ov1 -o wide")]
    Routes(Namespaces),
    /// FDB rows, of devices and of bridges
    #[command(after_help = "Examples:
  ovl-inspect fdb ov1
  ovl-inspect fdb vni:256 -o json")]
    Fdb(Namespaces),
    /// Neighbour rows
    #[command(after_help = "Examples:
  ovl-inspect neigh ov1
  ovl-inspect neigh x1 ov1 -o json")]
    Neigh(Namespaces),
    /// The machine as a picture: hosts, overlays, containers, cables and tunnels
    ///
    /// Hosts are the namespaces that hold VXLAN sockets; what belongs to one is in
    /// its frame. A loopback that has only its own addresses is left out.
    #[command(after_help = "Examples:
  ovl-inspect graph > machine.svg
  ovl-inspect graph ov1 --format dot
  ovl-inspect graph --format mermaid")]
    Graph(Graph),
    /// Save what is there, to be looked at later or elsewhere with --snapshot
    ///
    /// It is JSON, with a schema version, the host, its boot, its kernel and the
    /// time: ovl-snapshot(5) says what is in it, and what a later version keeps.
    #[command(after_help = "Examples:
  ovl-inspect snapshot d1.json
  ovl-inspect snapshot - | ovl-inspect --snapshot -")]
    Snapshot(Snapshot),
    /// Changes in all namespaces as they happen: devices, addresses, routes, rows,
    /// misses, and namespaces that come and go
    ///
    /// The kernel tells of mounts that change, and of nothing else that namespaces come
    /// and go by: one with a name is told as it comes, also where it is gone again some
    /// milliseconds later, unless just then all namespaces are being looked at; one
    /// that only a process holds is seen at the next look, within a second, and not at
    /// all if it ends before. What happens in a namespace that short is not heard.
    ///
    /// Left out is what the kernel keeps for itself beside each address and device: the
    /// routes of the table local, those of its own for addresses in the tables of VRFs,
    /// and rows of multicast groups. Routes of other tables than main say which.
    #[command(
        visible_alias = "monitor",
        after_help = "Examples:
  ovl-inspect watch
  ovl-inspect watch ov1 --only fdb --only neigh
  ovl-inspect watch -o json"
    )]
    Watch(Watch),
    /// ICMP echo from inside a namespace
    #[command(
        override_usage = "ovl-inspect ping [OPTIONS] [NS] <ADDRESS>",
        after_help = "Examples:
  ovl-inspect ping x1 192.168.10.101
  ovl-inspect ping docker:X-1 192.168.10.101 -s 1422 --df
  ovl-inspect ping x1 192.168.10.101 --find-mtu"
    )]
    Ping(Ping),
}

/// A verb about namespaces.
#[derive(Debug, Args)]
pub struct Namespaces {
    /// The namespaces [default: the caller's own]
    #[arg(value_name = "NS")]
    pub namespaces: Vec<NsRef>,
    /// A namespace, in place of the words; repeatable
    #[arg(short = 'n', long = "netns", value_name = "NS", conflicts_with = "namespaces")]
    pub netns: Vec<NsRef>,
}

impl Namespaces {
    /// The references, the caller's own when none was given.
    pub fn references(&self) -> Vec<NsRef> {
        let named = [self.namespaces.as_slice(), &self.netns].concat();
        if named.is_empty() { vec![NsRef::Own] } else { named }
    }
}

/// `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// Only these namespaces, and what they are joined to [default: all]
    #[arg(value_name = "NS")]
    pub namespaces: Vec<NsRef>,
    /// A namespace, in place of the words; repeatable
    #[arg(short = 'n', long = "netns", value_name = "NS", conflicts_with = "namespaces")]
    pub netns: Vec<NsRef>,
    /// What to draw it as
    #[arg(long, value_enum, default_value = "svg", value_name = "FORMAT")]
    pub format: GraphFormat,
}

impl Graph {
    /// The namespaces that were named.
    pub fn named(&self) -> Vec<NsRef> {
        [self.namespaces.as_slice(), &self.netns].concat()
    }
}

/// What a picture is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A picture that any browser shows, in light and dark.
    Svg,
    /// A graph for Graphviz.
    Dot,
    /// A flowchart for Mermaid.
    Mermaid,
}

/// `snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The file; - for standard output
    #[arg(value_name = "FILE|-")]
    pub file: String,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// The namespaces [default: all that can be found]
    #[arg(value_name = "NS")]
    pub namespaces: Vec<NsRef>,
    /// A namespace, in place of the words; repeatable
    #[arg(short = 'n', long = "netns", value_name = "NS", conflicts_with = "namespaces")]
    pub netns: Vec<NsRef>,
    /// Only this; repeatable
    #[arg(long, value_name = "WHAT")]
    pub only: Vec<Subject>,
    /// Only of devices of this name
    #[arg(long, value_name = "DEV")]
    pub dev: Option<IfName>,
}

impl Watch {
    /// What is to be told.
    pub fn wish(self) -> Wish {
        let namespaces = [self.namespaces, self.netns].concat();
        Wish { namespaces, only: self.only, dev: self.dev }
    }
}

/// `ping`.
#[derive(Debug, Args)]
pub struct Ping {
    /// From where, and to whom; a link-local IPv6 address with its device: ADDRESS%eth0
    // One list: flags may stand between the two.
    #[arg(value_names = ["NS", "ADDRESS"], num_args = 1..=2, required = true)]
    words: Vec<String>,
    /// The namespace, in place of the word
    #[arg(short = 'n', long = "netns", value_name = "NS")]
    netns: Option<NsRef>,
    /// How many requests, 1 or more
    #[arg(short, long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub count: u16,
    /// Bytes of data in each, at most 65507
    #[arg(short, long, value_name = "BYTES", default_value_t = 56, value_parser = clap::value_parser!(u16).range(0..=65_507))]
    pub size: u16,
    /// Set the don't-fragment bit
    #[arg(long)]
    pub df: bool,
    /// Find the largest packet that gets through
    #[arg(long, conflicts_with_all = ["size", "count"])]
    pub find_mtu: bool,
    /// Time to wait for each reply: seconds, or with a unit (500ms, 2s)
    #[arg(short = 'W', long, value_name = "TIME", default_value = "1s", value_parser = ovl_cli::flags::some_time)]
    pub timeout: Duration,
    /// Time between requests
    #[arg(short, long, value_name = "TIME", default_value = "200ms", value_parser = ovl_cli::flags::duration)]
    pub interval: Duration,
    /// Send by this device only
    #[arg(short = 'I', long = "interface", value_name = "DEV")]
    pub dev: Option<IfName>,
    /// Keep asking until the first reply, for at most this long; what is asked in vain
    /// before it is sent, and not one of --count
    #[arg(long, value_name = "TIME", value_parser = ovl_cli::flags::some_time, num_args = 0..=1, default_missing_value = "10s")]
    pub wait: Option<Duration>,
}

/// Whom to ping: an address, and the device it is at where it is a link-local one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub ip: IpAddr,
    /// The device.
    pub dev: Option<IfName>,
}

impl FromStr for Target {
    type Err = Invalid;

    fn from_str(s: &str) -> Result<Self, Invalid> {
        let (address, dev) = match s.split_once('%') {
            Some((address, dev)) => (address, Some(dev.parse()?)),
            None => (s, None),
        };
        let ip: IpAddr = address
            .parse()
            .map_err(|_| Invalid(format!("'{}' is not an IP address", shown(address))))?;
        let is_local = match ip {
            IpAddr::V4(_) => false,
            IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.is_multicast(),
        };
        if dev.is_some() && !is_local {
            return Err(Invalid(format!("{ip} is no link-local address: -I names the device")));
        }
        Ok(Target { ip, dev })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ip)?;
        self.dev.as_ref().map_or(Ok(()), |dev| write!(f, "%{dev}"))
    }
}

impl Ping {
    /// From which namespace, and to whom.
    pub fn whom(&self) -> Result<(NsRef, Target), Error> {
        match (self.words.as_slice(), &self.netns) {
            ([to], Some(ns)) => Ok((ns.clone(), word("ADDRESS", to)?)),
            ([ns, to], None) => Ok((word("NS", ns)?, word("ADDRESS", to)?)),
            ([_, _, ..], Some(_)) => {
                Err(Error::usage("the namespace is there twice: as a word, and with -n"))
            }
            _ => Err(Error::usage("one word is missing: NS ADDRESS, or -n NS ADDRESS")),
        }
    }

    /// The device to send by, if one was named; a link-local address must have one.
    pub fn device<'d>(&'d self, to: &'d Target) -> Result<Option<&'d IfName>, Error> {
        match (&to.dev, &self.dev) {
            (Some(at), Some(dev)) if at != dev => {
                Err(Error::usage(format!("{to} is at {at}, and -I says {dev}")))
            }
            (None, None) if is_link_local(to.ip) => {
                let ip = to.ip;
                let error = Error::usage(format!("{ip} is link-local: each device has its own"));
                Err(error.hint(format!("with its device: {ip}%eth0")))
            }
            (at, dev) => Ok(at.as_ref().or(dev.as_ref())),
        }
    }
}

/// A word of the command line as what it is to be.
fn word<T: FromStr<Err = Invalid>>(what: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|why| {
        Error::usage(format!("invalid value '{}' for '<{what}>': {why}", shown(text)))
    })
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn a_link_local_address_may_have_its_device() {
        for text in ["192.168.10.1", "fd00::1", "fe80::1%eth0", "fe80::1"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for bad in ["fe80::1%", "fd00::1%eth0", "10.0.0.1%eth0", "fe80::1%a/b", "x%eth0"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }
}
