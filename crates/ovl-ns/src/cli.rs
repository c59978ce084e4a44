//! The words of ovl-ns. Nothing is looked up here.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ovl_cli::{Acting, Flags, InNetns, OfNetns};
use ovl_core::names::{NETNS_DIR, NsName, NsRef};
use ovl_core::types::Invalid;

/// Make, name, find and enter network namespaces
#[derive(Debug, Parser)]
#[command(name = "ovl-ns", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
    /// Common flags
    #[command(flatten)]
    pub flags: Flags,
}

const EXAMPLES: &str = "Examples:
  ovl-ns add h1 h2
  ovl-ns list
  ovl-ns exec docker:X-1 -- ip addr";

const LIST: &str = "List every network namespace that can be found

By its names, bind mounts in any mount namespace, processes and threads, open
files and sockets. One that only others know, by an id, is listed last, with its
devices: in JSON its ref and inode are null, its kind is unseen, and known_by
lists who knows it: [{netns, nsid, devices}]. What cannot be looked at is counted
and said (exit 5, but for root). One whose mount lies under another cannot be read
(exit 5) unless a process holds it; covered has such mounts. No engine is waited for: containers have their
ids here, and their names in show.";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make namespaces, each with its name under /run/netns and its loopback up
    #[command(after_help = "Examples:
  ovl-ns add h1
  ovl-ns add h1 h2 ov1 --exist-ok
  ovl-ns add h1 --dry-run")]
    Add(Add),
    /// Take names under /run/netns away
    #[command(visible_aliases = ["delete", "rm"], after_help = "Examples:
  ovl-ns del h1
  ovl-ns del h1 h2 --missing-ok")]
    Del(Del),
    /// List every network namespace that can be found
    #[command(
        visible_alias = "ls",
        long_about = LIST,
        after_help = "Examples:
  ovl-ns list
  ovl-ns list --named -o json"
    )]
    List(List),
    /// Show one namespace: names, files, processes, devices
    #[command(after_help = "Examples:
  ovl-ns show h1
  ovl-ns show pid:1 -o json")]
    Show(One),
    /// Run a command in a namespace (a shell, where no command is given)
    #[command(after_help = "Examples:
  ovl-ns exec h1 -- ping -c 1 192.168.1.5
  ovl-ns exec docker:X-1 --net-only -- ip -d link
  ovl-ns exec -n h1 ip route
  ovl-ns exec --all -- ip -br addr")]
    Exec(Exec),
    /// List the processes in a namespace
    #[command(after_help = "Examples:
  ovl-ns pids h1
  ovl-ns pids /var/run/docker/netns/1-f4f24b00a5 -o json")]
    Pids(One),
    /// Say which namespace a process is in
    #[command(after_help = "Examples:
  ovl-ns identify 1
  ovl-ns identify 4242 -o json")]
    Identify(Identify),
    /// Give the namespace of a process a name under /run/netns
    #[command(after_help = "Examples:
  ovl-ns attach x1 4242
  ovl-ns attach x1 4242 --exist-ok
  ovl-ns attach x1 4242 --dry-run")]
    Attach(Attach),
    /// Show the id one namespace has for another, or assign one
    #[command(after_help = "Examples:
  ovl-ns nsid h1
  ovl-ns nsid ov1 -n h1 --set 7")]
    Nsid(Nsid),
    /// Namespaces as they come, go and are renamed, one line each
    ///
    /// One with a name is told as it comes, also where it is gone again some
    /// milliseconds later, unless just then all namespaces are being looked at; one
    /// that only a process holds is seen at the next look, within a second.
    #[command(
        visible_alias = "watch",
        after_help = "Examples:
  ovl-ns monitor
  ovl-ns monitor --all -o json"
    )]
    Monitor(Monitor),
    /// Wait until there is such a namespace
    #[command(after_help = "Examples:
  ovl-ns wait h1
  ovl-ns wait docker:X-1 --timeout 10s")]
    Wait(Wait),
}

/// `monitor`.
#[derive(Debug, Args)]
pub struct Monitor {
    /// Begin with those that are there
    #[arg(long)]
    pub all: bool,
}

/// `wait`.
#[derive(Debug, Args)]
pub struct Wait {
    /// Which
    #[command(flatten)]
    pub ns: OfNetns,
    /// For at most this long: seconds, or with a unit (500ms, 2s) [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = ovl_cli::flags::duration)]
    pub timeout: Option<Duration>,
}

/// `add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Names
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<NsName>,
    /// Leave the loopback down
    #[arg(long)]
    pub no_lo: bool,
    /// Fine when a namespace of that name is there
    #[arg(long)]
    pub exist_ok: bool,
    /// Remove a plain file that an ended namespace left under the name
    #[arg(long)]
    pub replace: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `del`.
#[derive(Debug, Args)]
pub struct Del {
    /// Names, or their paths under /run/netns
    #[arg(required = true, value_name = "NAME", value_parser = name_or_path)]
    pub names: Vec<NsName>,
    /// Fine when there is no such name
    #[arg(long)]
    pub missing_ok: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only those with a name under /run/netns, Docker's folder or OVL_NETNS_PATH
    #[arg(long)]
    pub named: bool,
}

/// A verb about one namespace.
#[derive(Debug, Args)]
pub struct One {
    /// Which
    #[command(flatten)]
    pub ns: OfNetns,
}

/// `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// The namespace
    #[arg(value_name = "NS", required_unless_present_any = ["all", "netns"])]
    pub ns: Option<OsString>,
    /// Where, and how
    #[command(flatten)]
    pub how: How,
    /// The command and its arguments [default: $SHELL]
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<OsString>,
}

/// The flags of `exec`.
#[derive(Debug, Args)]
pub struct How {
    /// The namespace, in place of the word: what follows is the command
    #[arg(short = 'n', long = "netns", value_name = "NS", conflicts_with = "all")]
    pub netns: Option<NsRef>,
    /// Only the network, as nsenter --net: /sys and /etc stay as they are
    #[arg(long)]
    pub net_only: bool,
    /// In each namespace under /run/netns in turn; exits with the worst status
    #[arg(long)]
    pub all: bool,
    /// With --all: in Docker's namespaces as well
    #[arg(long, requires = "all")]
    pub docker: bool,
}

/// `identify`.
#[derive(Debug, Args)]
pub struct Identify {
    /// The process
    #[arg(value_name = "PID")]
    pub pid: u32,
}

/// `attach`.
#[derive(Debug, Args)]
pub struct Attach {
    /// The name
    #[arg(value_name = "NAME")]
    pub name: NsName,
    /// The process
    #[arg(value_name = "PID")]
    pub pid: u32,
    /// Fine when the name is that namespace's already
    #[arg(long)]
    pub exist_ok: bool,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// `nsid`.
#[derive(Debug, Args)]
pub struct Nsid {
    /// Whose id
    #[arg(value_name = "NS")]
    pub ns: NsRef,
    /// Assign this id, or the next free one ('auto')
    #[arg(long, value_name = "N|auto", value_parser = parse_id)]
    pub set: Option<Id>,
    /// Where the id counts
    #[command(flatten)]
    pub netns: InNetns,
    /// How to act
    #[command(flatten)]
    pub acting: Acting,
}

/// An id to assign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// The next free one.
    Auto,
    /// This one.
    Number(i32),
}

fn name_or_path(text: &str) -> Result<NsName, Invalid> {
    let below = text.strip_prefix(NETNS_DIR).and_then(|rest| rest.strip_prefix('/'));
    below.unwrap_or(text).parse()
}

fn parse_id(text: &str) -> Result<Id, String> {
    match (text, text.parse::<i32>()) {
        ("auto", _) => Ok(Id::Auto),
        (_, Ok(n)) if n >= 0 => Ok(Id::Number(n)),
        _ => Err(format!("'{text}' is not a namespace id: a number from 0 up, or auto")),
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
    fn one_namespace_is_a_word_or_a_flag() {
        for words in [["show", "h1"].as_slice(), &["show", "-n", "h1"], &["pids", "--netns=h1"]] {
            let cli = Cli::parse_from([&["ovl-ns"], words].concat());
            let (Verb::Show(one) | Verb::Pids(one)) = cli.verb else { panic!("neither") };
            assert_eq!(one.ns.to_string(), "h1");
        }
        for words in [["wait", "h1", "-n", "h1"].as_slice(), &["show"]] {
            assert!(Cli::try_parse_from([&["ovl-ns"], words].concat()).is_err(), "{words:?}");
        }
    }

    #[test]
    fn flags_may_stand_between_namespace_and_command() {
        let cli = Cli::parse_from(["ovl-ns", "exec", "h1", "--net-only", "ip", "-d", "link"]);
        let Verb::Exec(exec) = cli.verb else { panic!("not exec") };
        assert!(exec.how.net_only);
        assert_eq!(exec.command, ["ip", "-d", "link"]);
    }
}
