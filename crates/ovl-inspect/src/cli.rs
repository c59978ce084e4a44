//! The words of ovl-inspect.

use std::net::IpAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ovl_cli::Flags;
use ovl_core::names::{IfName, NsRef};

/// See overlay networks; without a verb: the machine as a tree
#[derive(Debug, Parser)]
#[command(name = "ovl-inspect", version, after_help = EXAMPLES)]
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
    /// Save what is there, to be looked at later or elsewhere with --snapshot
    #[command(after_help = "Examples:
  ovl-inspect snapshot d1.json
  ovl-inspect snapshot - | ovl-inspect --snapshot -")]
    Snapshot(Snapshot),
    /// ICMP echo from inside a namespace
    #[command(after_help = "Examples:
  ovl-inspect ping x1 192.168.10.101
  ovl-inspect ping docker:X-1 192.168.10.101 -s 1422 --df
  ovl-inspect ping x1 192.168.10.101 --find-mtu")]
    Ping(Ping),
}

/// A verb about namespaces.
#[derive(Debug, Args)]
pub struct Namespaces {
    /// The namespaces [default: the caller's own]
    #[arg(value_name = "NS")]
    pub namespaces: Vec<NsRef>,
}

impl Namespaces {
    /// The references, the caller's own when none was given.
    pub fn references(&self) -> Vec<NsRef> {
        if self.namespaces.is_empty() { vec![NsRef::Own] } else { self.namespaces.clone() }
    }
}

/// `snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The file; - for standard output
    #[arg(value_name = "FILE|-")]
    pub file: String,
}

/// `ping`.
#[derive(Debug, Args)]
pub struct Ping {
    /// From where
    #[arg(value_name = "NS")]
    pub ns: NsRef,
    /// To whom
    #[arg(value_name = "ADDRESS")]
    pub to: IpAddr,
    /// How many requests
    #[arg(short, long, value_name = "N", default_value_t = 3)]
    pub count: u16,
    /// Bytes of data in each
    #[arg(short, long, value_name = "BYTES", default_value_t = 56, value_parser = clap::value_parser!(u16).range(0..=65_000))]
    pub size: u16,
    /// Set the don't-fragment bit
    #[arg(long)]
    pub df: bool,
    /// Find the largest packet that gets through
    #[arg(long, conflicts_with_all = ["size", "count"])]
    pub find_mtu: bool,
    /// Time to wait for each reply: seconds, or with a unit (500ms, 2s)
    #[arg(short = 'W', long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub timeout: Duration,
    /// Time between requests
    #[arg(short, long, value_name = "TIME", default_value = "200ms", value_parser = duration)]
    pub interval: Duration,
    /// Send by this device only
    #[arg(short = 'I', long = "interface", value_name = "DEV")]
    pub dev: Option<IfName>,
    /// Keep asking until the first reply, for at most this long
    #[arg(long, value_name = "TIME", value_parser = duration, num_args = 0..=1, default_missing_value = "10s")]
    pub wait: Option<Duration>,
}

/// `2`, `0.5`, `500ms`, `2s`, `1m`.
fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("'{text}' is not a time: seconds, or 500ms, 2s, 1m");
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(bad()),
    };
    let seconds = number.parse::<f64>().map_err(|_| bad())? * factor;
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
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
    fn times_have_units() {
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("0.5"), Ok(Duration::from_millis(500)));
        assert!(duration("-1").is_err());
        assert!(duration("2h").is_err());
    }
}
