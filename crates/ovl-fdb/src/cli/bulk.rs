//! The words of the verbs that work on many rows: load, sync, flush, answer.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use ovl_cli::Acting;
use ovl_cli::flags::{duration, some_time};
use ovl_core::link::Link;
use ovl_core::names::shown;
use ovl_core::row::{NUD_PERMANENT, RowFilter};
use ovl_core::types::{Invalid, MacAddr, Vni};
use ovl_endpoints::Format;

use super::On;
use crate::device::defaults;
use crate::endpoints::Endpoint;

/// A form of tables.
fn format(text: &str) -> Result<Format, String> {
    match text {
        "yaml" | "json" => Ok(Format::Yaml),
        "csv" => Ok(Format::Csv),
        "text" => Ok(Format::Text),
        _ => Err(format!("'{}' is none of yaml, json, csv, text", shown(text))),
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
    #[arg(long, value_name = "TIME", value_parser = some_time, default_value = "60s")]
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
    /// Delete at most so many of our endpoints, or their FDB rows: a number, or a share of them
    /// [default: 50%, and of an empty table with --allow-empty all]
    #[arg(long, value_name = "N|P%")]
    pub max_delete: Option<Most>,
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
        let bad = || Invalid(format!("'{}' is not a number, nor a share such as 50%", shown(s)));
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
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
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
    pub fn means(&self, endpoint: &Endpoint, link: &Link) -> bool {
        let fdb = endpoint.fdb.as_ref();
        // A row that names neither has the device's own.
        let (dstport, vni) = defaults(link);
        (self.is_meant(endpoint.ours.neigh) && endpoint.neigh.is_some()
            || self.is_meant(endpoint.ours.fdb) && endpoint.fdb.is_some())
            && self.dst.is_none_or(|dst| endpoint.dst() == Some(dst))
            && self.vni.is_none_or(|asked| fdb.is_some_and(|f| f.vni.or(vni) == Some(asked.get())))
            && self.port.is_none_or(|asked| fdb.is_some_and(|f| f.port.or(dstport) == Some(asked)))
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
    #[arg(long, value_name = "TIME", value_parser = some_time, default_value = "5m")]
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
