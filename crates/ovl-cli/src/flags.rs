//! Flags that mean the same in every binary.

use std::ops::Deref;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ovl_core::names::NsRef;

/// How what is shown is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people.
    Table,
    /// More columns, and nothing wrapped or left out.
    Wide,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal that shows it, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output", disable_colored_help = !crate::paint::is_in_help())]
pub struct Flags {
    /// How to write what is shown
    #[arg(short, long, value_enum, default_value = "table", global = true, value_name = "FORMAT")]
    pub output: Format,
    /// The same as -o json
    #[arg(short, long, global = true)]
    pub json: bool,
    /// No line of column names
    #[arg(long, global = true)]
    pub no_header: bool,
    /// Whether to colour
    #[arg(long, value_enum, default_value = "auto", global = true, value_name = "WHEN")]
    pub color: Colour,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say what is done
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

impl Flags {
    /// The format asked for.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }

    /// Is the output for programs?
    pub fn is_structured(&self) -> bool {
        matches!(self.format(), Format::Json | Format::Yaml)
    }
}

/// The namespace to act in.
#[derive(Debug, Clone, Args)]
pub struct InNetns {
    /// Namespace to act in: NAME, /path, FOLDER/NAME, pid:N, docker:NAME, podman:NAME,
    /// overlay:NAME, vni:N, inode:N, self or init [default: the caller's own]
    #[arg(short = 'n', long = "netns", value_name = "NS")]
    pub netns: Option<NsRef>,
}

impl InNetns {
    /// The reference, the caller's own when none was given.
    pub fn reference(&self) -> NsRef {
        self.netns.clone().unwrap_or(NsRef::Own)
    }
}

/// The namespace a verb is about: a word, or `-n` for those who are used to it.
#[derive(Debug, Clone, Args)]
pub struct OfNetns {
    /// The namespace: as a word, or with -n
    #[arg(value_name = "NS", required_unless_present = "netns")]
    ns: Option<NsRef>,
    /// The namespace, in place of the word
    #[arg(short = 'n', long = "netns", value_name = "NS", conflicts_with = "ns")]
    netns: Option<NsRef>,
}

/// Reads as the reference that it is.
impl Deref for OfNetns {
    type Target = NsRef;

    fn deref(&self) -> &NsRef {
        self.ns.as_ref().or(self.netns.as_ref()).unwrap_or(&NsRef::Own)
    }
}

/// Flags of commands that change something.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Acting {
    /// Print the ip, bridge and nsenter lines that do the same; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print those lines on stderr while acting
    #[arg(long)]
    pub explain: bool,
}

/// A time: `2`, `0.5`, `500ms`, `2s`, `1m`.
pub fn duration(text: &str) -> Result<Duration, String> {
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
    if seconds < 0.0 {
        return Err(format!("'{text}' is below zero: a time is 0 or more"));
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// A time that is not over before it begins.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it has to be more than nothing".into()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("0.5"), Ok(Duration::from_millis(500)));
        assert!(duration("-1").is_err());
        assert!(duration("2h").is_err());
    }
}
