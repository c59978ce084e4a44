//! The words of ovl-vxlan. The flags of a VXLAN device's attributes come from
//! the core's field table, so that each attribute is written down once.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Parser, Subcommand};
use ovl_cli::{Acting, Flags, InNetns};
use ovl_core::attrs::{Field, Shape};
use ovl_core::link::VxlanAttrs;
use ovl_core::names::{IfName, NsRef};
use ovl_core::types::{Cidr, Invalid, Mtu, UnicastMac};

/// The inside of an overlay: its bridge and its VXLAN device
#[derive(Debug, Parser)]
#[command(name = "ovl-vxlan", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
    /// Common flags
    #[command(flatten)]
    pub flags: Flags,
}

const EXAMPLES: &str = "Examples:
  ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24
  ovl-vxlan list --all
  ovl-vxlan show vxlan0 -n overlay:demo-network -o json";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a VXLAN device in one namespace with its UDP socket in another
    ///
    /// Without further flags the device is as Docker makes it: dstport 4789, learning, proxy,
    /// l2miss, l3miss, ageing 300, and an MTU that leaves room for the outer headers.
    #[command(after_help = "Examples:
  ovl-vxlan add vxlan0 --vni 256 -n ov1 --underlay h1 --bridge br0 --gateway 192.168.10.1/24
  ovl-vxlan add vxlan0 --vni 300 --plain --remote 192.168.1.5 --dstport 4789
  ovl-vxlan add vxlan6 --vni 256 -6 -n ov1 --underlay h1 --dry-run")]
    Add(Box<Add>),
    /// Change what the kernel lets change of a VXLAN device
    #[command(after_help = "Examples:
  ovl-vxlan set vxlan0 -n ov1 --nolearning --ageing 60
  ovl-vxlan set vxlan0 -n ov1 --mtu 1430 --master br0")]
    Set(Box<Set>),
    /// Delete a VXLAN device
    #[command(visible_aliases = ["delete", "rm"], after_help = "Examples:
  ovl-vxlan del vxlan0 -n ov1
  ovl-vxlan del vxlan0 -n ov1 --with-bridge --missing-ok")]
    Del(Del),
    /// Show a VXLAN device
    #[command(after_help = "Examples:
  ovl-vxlan show vxlan0 -n ov1
  ovl-vxlan show vxlan0 -n vni:256 -o json")]
    Show(Show),
    /// List VXLAN devices
    #[command(
        visible_alias = "ls",
        after_help = "Examples:
  ovl-vxlan list -n ov1
  ovl-vxlan list --all -o wide"
    )]
    List(List),
}

/// `add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The device's name
    #[arg(value_name = "NAME")]
    pub name: IfName,
    /// Where the device is to live
    #[command(flatten)]
    pub netns: InNetns,
    /// Namespace of the UDP socket: the host's [default: the caller's own]
    #[arg(long, value_name = "NS")]
    pub underlay: Option<NsRef>,
    /// Bridge to enslave it to; made if it is not there
    #[arg(long, value_name = "BR")]
    pub bridge: Option<IfName>,
    /// Address of the bridge: the overlay's gateway
    #[arg(long, value_name = "CIDR", requires = "bridge", value_parser = parse_gateway)]
    pub gateway: Option<Cidr>,
    /// Leave the device down
    #[arg(long)]
    pub down: bool,
    /// MTU in bytes, or 'underlay' for all that the underlay has room for
    #[arg(long, value_name = "N|underlay", value_parser = parse_mtu)]
    pub mtu: Option<AskedMtu>,
    /// Start from the kernel's defaults (dstport 8472), not from Docker's
    #[arg(long)]
    pub plain: bool,
    /// An IPv6 underlay, where --local does not say so
    #[arg(short = '6', long = "ipv6")]
    pub v6: bool,
    /// Device of the underlay that packets leave by
    #[arg(long, value_name = "DEV")]
    pub dev: Option<IfName>,
    /// The device's MAC address
    #[arg(long, value_name = "MAC")]
    pub mac: Option<UnicastMac>,
    /// Length of the transmit queue in packets
    #[arg(long, value_name = "PACKETS")]
    pub txqueuelen: Option<u32>,
    /// Fine when it stands as asked
    #[arg(long)]
    pub exist_ok: bool,
    /// The attributes
    #[command(flatten)]
    pub attrs: VxlanFlags<true>,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// An MTU as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedMtu {
    /// This many bytes.
    Bytes(Mtu),
    /// The underlay's, less the outer headers.
    Underlay,
}

fn parse_gateway(text: &str) -> Result<Cidr, Invalid> {
    text.parse::<Cidr>()?.of_a_host()
}

fn parse_mtu(text: &str) -> Result<AskedMtu, String> {
    match text {
        "underlay" => Ok(AskedMtu::Underlay),
        n => n.parse().map(AskedMtu::Bytes).map_err(|e: Invalid| e.0),
    }
}

/// `set`.
#[derive(Debug, Args)]
pub struct Set {
    /// The device's name
    #[arg(value_name = "NAME")]
    pub name: IfName,
    /// Where it is
    #[command(flatten)]
    pub netns: InNetns,
    /// MTU in bytes
    #[arg(long, value_name = "BYTES")]
    pub mtu: Option<Mtu>,
    /// The device's MAC address
    #[arg(long, value_name = "MAC")]
    pub mac: Option<UnicastMac>,
    /// Length of the transmit queue in packets
    #[arg(long, value_name = "PACKETS")]
    pub txqueuelen: Option<u32>,
    /// Enslave it to this bridge
    #[arg(long, value_name = "BR", conflicts_with = "nomaster")]
    pub master: Option<IfName>,
    /// Free it from its bridge
    #[arg(long)]
    pub nomaster: bool,
    /// Bring it up
    #[arg(long, conflicts_with = "down")]
    pub up: bool,
    /// Bring it down
    #[arg(long)]
    pub down: bool,
    /// The attributes
    #[command(flatten)]
    pub attrs: VxlanFlags<false>,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `del`.
#[derive(Debug, Args)]
pub struct Del {
    /// The device's name
    #[arg(value_name = "NAME")]
    pub name: IfName,
    /// Where it is
    #[command(flatten)]
    pub netns: InNetns,
    /// Delete the bridge it is a port of as well
    #[arg(long)]
    pub with_bridge: bool,
    /// Fine when there is no such device
    #[arg(long)]
    pub missing_ok: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The device's name
    #[arg(value_name = "NAME")]
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

/// The flags of the core's field table; `VNI`: whether `--vni` must be given.
#[derive(Debug, Clone, Default)]
pub struct VxlanFlags<const VNI: bool>(pub VxlanAttrs);

/// The table calls it `id`, as `ip` does; users of overlays call it VNI.
fn flag_of(field: &Field) -> &'static str {
    if field.word == "id" { "vni" } else { field.word }
}

fn opposite(word: &str) -> String {
    format!("no{word}")
}

impl<const VNI: bool> Args for VxlanFlags<VNI> {
    fn augment_args(mut command: Command) -> Command {
        for field in VxlanAttrs::FIELDS {
            let name = flag_of(field);
            let arg = Arg::new(name).long(name).help(field.help).help_heading("VXLAN attributes");
            command = match field.shape {
                Shape::Mark => command.arg(arg.action(ArgAction::SetTrue)),
                Shape::Pair => command.arg(arg.num_args(2).value_names([field.metavar, "MAX"])),
                Shape::Value if field.word == "id" => {
                    let arg = arg.value_name(field.metavar).visible_alias("id");
                    // A device that takes its VNI from each packet has none.
                    command.arg(if VNI { arg.required_unless_present("external") } else { arg })
                }
                Shape::Value => command.arg(arg.value_name(field.metavar)),
                Shape::Switch => {
                    let no = opposite(name);
                    let off = Arg::new(no.clone())
                        .long(no)
                        .alias(format!("no-{name}"))
                        .help(format!("The opposite of --{name}"))
                        .help_heading("VXLAN attributes")
                        .action(ArgAction::SetTrue)
                        .overrides_with(name);
                    let on = arg.action(ArgAction::SetTrue).overrides_with(opposite(name));
                    command.arg(on).arg(off)
                }
            };
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const VNI: bool> FromArgMatches for VxlanFlags<VNI> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for field in VxlanAttrs::FIELDS {
            let name = flag_of(field);
            let words: Vec<&str> = match field.shape {
                Shape::Mark if matches.get_flag(name) => Vec::new(),
                Shape::Switch if matches.get_flag(name) => vec!["on"],
                Shape::Switch if matches.get_flag(&opposite(name)) => vec!["off"],
                Shape::Mark | Shape::Switch => continue,
                Shape::Value | Shape::Pair => match matches.get_many::<String>(name) {
                    Some(values) => values.map(String::as_str).collect(),
                    None => continue,
                },
            };
            let invalid = |e: &dyn std::fmt::Display| {
                let text = format!("invalid value for '--{name}': {e}\n");
                clap::Error::raw(ErrorKind::ValueValidation, text)
            };
            self.0.set_words(field.word, &words).map_err(|e| invalid(&e))?;
            // The kernel would take 0 for its own default, and say that port afterwards.
            if name == "dstport" && self.0.dstport == Some(0) {
                return Err(invalid(&"a port is a number from 1 to 65535"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn attrs(words: &[&str]) -> VxlanAttrs {
        let line = ["ovl-vxlan", "add", "vxlan0", "--vni", "256"];
        let cli = Cli::parse_from(line.iter().chain(words));
        let Verb::Add(add) = cli.verb else { panic!("not add") };
        add.attrs.0
    }

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_attribute_of_the_table_has_its_flag() {
        let command = Cli::command();
        let add = command.find_subcommand("add").unwrap();
        for field in VxlanAttrs::FIELDS {
            let name = flag_of(field);
            assert!(add.get_arguments().any(|a| a.get_long() == Some(name)), "--{name}");
        }
    }

    #[test]
    fn switches_take_both_spellings_of_no() {
        assert_eq!(attrs(&["--nolearning"]).learning, Some(false));
        assert_eq!(attrs(&["--no-learning"]).learning, Some(false));
        assert_eq!(attrs(&["--nolearning", "--learning"]).learning, Some(true));
        assert_eq!(attrs(&[]).learning, None);
    }

    #[test]
    fn a_port_range_is_two_words() {
        let range = attrs(&["--srcport", "40000", "50000"]).srcport.unwrap();
        assert_eq!((range.min, range.max), (40000, 50000));
    }
}
