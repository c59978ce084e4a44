//! The words of ovl-veth. IFNAME's flags have no prefix, the other end's have
//! `--peer-`.

use std::net::IpAddr;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use ovl_cli::{Acting, Flags, InNetns};
use ovl_core::names::{IfName, NsRef, shown};
use ovl_core::types::{Cidr, Invalid, Mtu, UnicastMac};
use ovl_core::wire::route::RouteSpec;

/// The cables between containers, overlays and hosts
#[derive(Debug, Parser)]
#[command(name = "ovl-veth", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
    /// Common flags
    #[command(flatten)]
    pub flags: Flags,
}

const EXAMPLES: &str = "Examples:
  ovl-veth add eth0 -n x1 --peer-netns ov1 --ip 192.168.10.100/24 --mac auto --peer-master br0
  ovl-veth peer eth0 -n docker:X-1
  ovl-veth list --all";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a cable: both ends placed, named, addressed, enslaved and up
    #[command(after_help = "Examples:
  ovl-veth add eth0 -n x1 --peer-netns ov1 --ip 192.168.10.100/24 --mac auto --peer-master br0
  ovl-veth add eth0 -n h1 --peer eth0 --peer-netns h2 --ip 192.168.1.4/24 --peer-ip 192.168.1.5/24
  ovl-veth add eth1 -n x1 --ip 10.0.0.2/24 --peer-ip 10.0.0.1/24 --via 10.0.0.1 --dry-run")]
    Add(Box<Add>),
    /// Change one end of a cable
    #[command(after_help = "Examples:
  ovl-veth set eth0 -n x1 --mtu 1450
  ovl-veth set veth0 -n ov1 --master br0 --up")]
    Set(Set),
    /// Delete a cable, by either end
    #[command(visible_aliases = ["delete", "rm"], after_help = "Examples:
  ovl-veth del eth0 -n x1
  ovl-veth del veth0 -n ov1 --missing-ok")]
    Del(Del),
    /// Show one end of a cable, and where its other end is
    #[command(after_help = "Examples:
  ovl-veth show eth0 -n x1
  ovl-veth show eth0 -n docker:X-1 -o json")]
    Show(One),
    /// List cables
    #[command(
        visible_alias = "ls",
        after_help = "Examples:
  ovl-veth list -n ov1
  ovl-veth list --all -o json"
    )]
    List(List),
    /// Say where the other end of a cable is: peer_ifindex, as ethtool -S reads it, resolved
    #[command(after_help = "Examples:
  ovl-veth peer eth0 -n docker:X-1
  ovl-veth peer veth0 -n ov1 -o json")]
    Peer(One),
    /// Show all statistics of the driver, as ethtool -S
    #[command(after_help = "Examples:
  ovl-veth stats eth0 -n x1
  ovl-veth stats eth0 -n x1 -o json")]
    Stats(One),
}

/// `add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The first end's name
    #[arg(value_name = "IFNAME")]
    pub name: IfName,
    /// Where the first end is to be
    #[command(flatten)]
    pub netns: InNetns,
    /// The other end's name [default: the next free vethN there]
    #[arg(long, value_name = "PEERNAME")]
    pub peer: Option<IfName>,
    /// Where the other end is to be [default: the caller's own]
    #[arg(long, value_name = "NS")]
    pub peer_netns: Option<NsRef>,
    /// Address of the first end (repeatable)
    #[arg(long, value_name = "CIDR")]
    pub ip: Vec<Cidr>,
    /// Address of the other end (repeatable)
    #[arg(long, value_name = "CIDR")]
    pub peer_ip: Vec<Cidr>,
    /// Bridge to enslave the first end to
    #[arg(long, value_name = "BR")]
    pub master: Option<IfName>,
    /// Bridge to enslave the other end to
    #[arg(long, value_name = "BR")]
    pub peer_master: Option<IfName>,
    /// MAC address of the first end; auto: Docker's rule, 02:42 and the IPv4 address
    #[arg(long, value_name = "MAC|auto")]
    pub mac: Option<AskedMac>,
    /// MAC address of the other end
    #[arg(long, value_name = "MAC|auto")]
    pub peer_mac: Option<AskedMac>,
    /// MTU of both ends; auto, the default beside a master: the bridge's
    #[arg(long, value_name = "N|auto")]
    pub mtu: Option<AskedMtu>,
    /// Default gateway of the first end's namespace
    #[arg(long, value_name = "IP")]
    pub via: Option<IpAddr>,
    /// A route by the first end (repeatable): CIDR, or CIDR,via=IP
    #[arg(long, value_name = "CIDR[,via=IP]")]
    pub route: Vec<AskedRoute>,
    /// Leave both ends down
    // A route needs its device up.
    #[arg(long, conflicts_with_all = ["via", "route"])]
    pub down: bool,
    /// Fine when it stands as asked
    #[arg(long)]
    pub exist_ok: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// A MAC address as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedMac {
    /// Docker's rule.
    Auto,
    /// This one.
    Is(UnicastMac),
}

impl FromStr for AskedMac {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        if s == "auto" { Ok(AskedMac::Auto) } else { s.parse().map(AskedMac::Is) }
    }
}

/// An MTU as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedMtu {
    /// The bridge's.
    Auto,
    /// This many bytes.
    Bytes(Mtu),
}

impl FromStr for AskedMtu {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        if s == "auto" { Ok(AskedMtu::Auto) } else { s.parse().map(AskedMtu::Bytes) }
    }
}

/// A route as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRoute(pub RouteSpec);

impl FromStr for AskedRoute {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let (dst, via) = s.split_once(",via=").map_or((s, None), |(d, v)| (d, Some(v)));
        let dst: IpNet = dst.parse().map_err(|_| {
            Invalid(format!("'{}' is not NETWORK/LEN, such as 10.1.0.0/16", shown(dst)))
        })?;
        let via = via
            .map(|v| {
                v.parse::<IpAddr>()
                    .map_err(|_| Invalid(format!("'{}' is not an IP address", shown(v))))
            })
            .transpose()?;
        if via.is_some_and(|v| v.is_ipv4() != dst.addr().is_ipv4()) {
            return Err(Invalid(format!("route {s} mixes IPv4 and IPv6")));
        }
        let default = dst.prefix_len() == 0;
        Ok(AskedRoute(RouteSpec { dst: (!default).then(|| dst.trunc()), via }))
    }
}

/// `set`.
#[derive(Debug, Args)]
pub struct Set {
    /// The end's name
    #[arg(value_name = "IFNAME")]
    pub name: IfName,
    /// Where it is
    #[command(flatten)]
    pub netns: InNetns,
    /// MTU in bytes
    #[arg(long, value_name = "BYTES")]
    pub mtu: Option<Mtu>,
    /// MAC address
    #[arg(long, value_name = "MAC")]
    pub mac: Option<UnicastMac>,
    /// Enslave it to this bridge
    #[arg(long, value_name = "BR", conflicts_with = "nomaster")]
    pub master: Option<IfName>,
    /// Free it from its bridge
    #[arg(long)]
    pub nomaster: bool,
    /// Add an address (repeatable)
    #[arg(long, value_name = "CIDR")]
    pub ip: Vec<Cidr>,
    /// Bring it up
    #[arg(long, conflicts_with = "down")]
    pub up: bool,
    /// Bring it down
    #[arg(long)]
    pub down: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `del`.
#[derive(Debug, Args)]
pub struct Del {
    /// The name of either end
    #[arg(value_name = "IFNAME")]
    pub name: IfName,
    /// Where that end is
    #[command(flatten)]
    pub netns: InNetns,
    /// Fine when there is no such device
    #[arg(long)]
    pub missing_ok: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// A verb about one end.
#[derive(Debug, Args)]
pub struct One {
    /// The end's name
    #[arg(value_name = "IFNAME")]
    pub name: IfName,
    /// Where it is
    #[command(flatten)]
    pub netns: InNetns,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Where to look
    #[command(flatten)]
    pub netns: InNetns,
    /// In every namespace that can be found
    #[arg(long, conflicts_with = "netns")]
    pub all: bool,
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
    fn routes_name_a_network_and_perhaps_a_gateway() {
        let route: AskedRoute = "10.1.2.3/16,via=10.0.0.1".parse().unwrap();
        assert_eq!(route.0.dst.unwrap().to_string(), "10.1.0.0/16");
        assert_eq!(route.0.via.unwrap().to_string(), "10.0.0.1");
        assert!("10.1.0.0/16,via=fe80::1".parse::<AskedRoute>().is_err());
        assert!("10.1.0.0".parse::<AskedRoute>().is_err());
        assert_eq!("0.0.0.0/0,via=10.0.0.1".parse::<AskedRoute>().unwrap().0.dst, None);
    }
}
