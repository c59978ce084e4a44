//! Words that make no sense: clap's own errors in our form, and in the format that
//! those words asked for.

use std::ffi::OsString;
use std::net::AddrParseError;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use ovl_core::names::shown;

use crate::error::Error;
use crate::exit::Exit;
use crate::output;

/// What clap tells of a word with a dash that it did not expect.
const AS_A_VALUE: &str = "to pass '";

/// A better sentence for `--vni -1`: a number below zero is a word with a dash to clap,
/// which knows no flag `-1`. Read as the value that is meant, it is refused by what the
/// flag takes.
pub fn explained<C: CommandFactory + FromArgMatches>(
    error: clap::Error,
    words: &[OsString],
) -> clap::Error {
    if let Some(better) = swallowed::<C>(words) {
        return better;
    }
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let again = |mut command: Command| {
        command
            .try_get_matches_from_mut(words)
            .and_then(|matches| C::from_arg_matches(&matches).map_err(|e| e.format(&mut command)))
            .err()
    };
    let is_better = |error: &clap::Error| error.kind() != ErrorKind::UnknownArgument;
    let number = again(below_zero(C::command())).filter(is_better);
    let better = number.or_else(|| again(times_below_zero(C::command())).filter(is_of_time));
    better.unwrap_or(error)
}

/// A word that was read as the value of a flag that needs none: told where all is well
/// once that flag stands at the end.
fn swallowed<C: CommandFactory + FromArgMatches>(words: &[OsString]) -> Option<clap::Error> {
    let mut command = C::command();
    let at = words.iter().position(|word| is_bare(&command, &word.to_string_lossy()))?;
    let word = words.get(at + 1)?.to_string_lossy();
    let mut moved = words.to_vec();
    let flag = moved.remove(at);
    moved.push(flag.clone());
    let matches = command.try_get_matches_from_mut(moved).ok()?;
    C::from_arg_matches(&matches).ok()?;
    let (flag, word) = (shown(flag.to_string_lossy().as_ref()), shown(word.as_ref()));
    let why = format!(
        "'{word}' was read as the value of '{flag}': write '{flag}' behind it, or '{flag}=VALUE'"
    );
    Some(clap::Error::raw(ErrorKind::ValueValidation, why))
}

/// Is the word a flag, of any verb, that may have a value and has none with it?
fn is_bare(command: &Command, word: &str) -> bool {
    let is_it = |arg: &Arg| needs_no_value(arg) && arg.get_long() == word.strip_prefix("--");
    command.get_opts().any(is_it) || command.get_subcommands().any(|verb| is_bare(verb, word))
}

fn needs_no_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
        && !arg.is_positional()
        && arg.get_num_args().is_some_and(|values| values.min_values() == 0)
}

/// The definition with numbers below zero as values.
fn below_zero(command: Command) -> Command {
    let takes = |arg: Arg| {
        let takes = arg.get_action().takes_values();
        if takes { arg.allow_negative_numbers(true) } else { arg }
    };
    command.mut_args(takes).mut_subcommands(below_zero)
}

/// The definition with values of flags that begin with a dash: `-1s` is no number.
fn times_below_zero(command: Command) -> Command {
    let takes = |arg: Arg| {
        let takes = arg.get_action().takes_values() && !arg.is_positional();
        if takes { arg.allow_hyphen_values(true) } else { arg }
    };
    command.mut_args(takes).mut_subcommands(times_below_zero)
}

/// Is it a time below zero that it is about, and not a flag in a value's place?
fn is_of_time(error: &clap::Error) -> bool {
    match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value
            .strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
        _ => false,
    }
}

/// Tells of words that could not be parsed; help and version go to standard output.
pub fn tell(tool: &str, error: &clap::Error, command: &Command, words: &[OsString]) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Exit::Done;
    }
    let text = in_words(error);
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        output::note(text.trim_end());
        return Exit::Usage;
    }
    // Where a word is wrong the flag's own sentence says what is right.
    let kinds = [ErrorKind::UnknownArgument, ErrorKind::MissingRequiredArgument];
    let error = plain(&text, tool, kinds.contains(&error.kind()));
    refuse(tool, &error, command, words)
}

/// Tells why a command line is none, in the form that it asks for.
pub fn refuse(tool: &str, error: &Error, command: &Command, words: &[OsString]) -> Exit {
    if wants_object(command, words) {
        output::note(&error.json().to_string());
    } else {
        output::note(error.text(tool).trim_end());
    }
    Exit::Usage
}

/// clap's text, with what a value should be in place of what the standard library's
/// parsers say of themselves.
fn in_words(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let Some(source) = std::error::Error::source(error) else { return text };
    match wanted(source) {
        Some(wanted) => text.replace(&source.to_string(), &wanted),
        None => text,
    }
}

/// What was wanted where a value could not be read.
fn wanted(why: &(dyn std::error::Error + 'static)) -> Option<String> {
    let said = why.to_string();
    if let Some(why) = why.downcast_ref::<ParseIntError>() {
        let wanted = match why.kind() {
            IntErrorKind::PosOverflow => "it is too large",
            IntErrorKind::NegOverflow => "it is too small",
            _ => "it takes a whole number",
        };
        return Some(wanted.into());
    }
    if why.is::<ParseFloatError>() {
        return Some("it takes a number".into());
    }
    if why.is::<AddrParseError>() {
        let kind = ["IPv4", "IPv6"].into_iter().find(|kind| said.contains(kind));
        return Some(format!("it takes an {} address", kind.unwrap_or("IP")));
    }
    let (_, range) = said.split_once(" is not in ")?;
    let (from, to) = range.split_once("..=")?;
    Some(format!("it takes a number from {from} to {to}"))
}

/// clap's text as one of our errors: its first paragraph is the sentence, its tips
/// are hints, and so is its usage where that helps. A name never begins with a dash:
/// how to pass one that does is no help.
fn plain(text: &str, tool: &str, with_usage: bool) -> Error {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let mut sentence = Vec::new();
    let mut hints = Vec::new();
    let mut is_sentence = true;
    for line in text.lines().map(str::trim) {
        if let Some(usage) = line.strip_prefix("Usage: ") {
            hints.extend(with_usage.then(|| format!("usage: {usage}")));
            break;
        }
        match line.strip_prefix("tip: ") {
            Some(tip) => {
                is_sentence = false;
                hints.extend((!tip.starts_with(AS_A_VALUE)).then(|| tip.to_owned()));
            }
            None if is_sentence && !line.starts_with("For more information") => {
                sentence.push(line);
            }
            None => {}
        }
    }
    let mut error = Error::usage(sentence.join(" ").trim());
    error.hints = hints;
    error.hint(format!("{tool} --help shows the verbs, and {tool} VERB --help the flags"))
}

/// Do the words ask for output that programs read? clap's own parse stops at the
/// first word that it cannot take, and the format may come after it: so the words
/// are walked once more, by what the definition says of each, and none is refused.
fn wants_object(command: &Command, words: &[OsString]) -> bool {
    let mut walk = Walk { verb: command, root: command, objects: 0, value_of: None };
    words.iter().skip(1).any(|word| walk.asks(&word.to_string_lossy()))
}

/// Where one is among the words.
struct Walk<'c> {
    root: &'c Command,
    /// The verb that has come; the root before that.
    verb: &'c Command,
    /// Words that are neither verbs, nor flags, nor values of flags.
    objects: usize,
    /// The flag whose value comes next.
    value_of: Option<&'c Arg>,
}

impl<'c> Walk<'c> {
    /// Is it with this word that output for programs is asked for?
    fn asks(&mut self, word: &str) -> bool {
        let is_flag = word.len() > 1 && word.starts_with('-');
        // What looks like a flag is none's value, but for a number below zero.
        if let Some(arg) = self.value_of.take()
            && (!is_flag || arg.is_allow_hyphen_values_set())
        {
            return is_object(arg, word);
        }
        if self.is_over() {
            return false;
        }
        if word == "--" {
            self.objects = usize::MAX;
            return false;
        }
        match word.strip_prefix("--") {
            Some(long) => self.long(long),
            None if is_flag => self.cluster(&word[1..]),
            None => {
                self.object(word);
                false
            }
        }
    }

    /// The words of a command that is to be run are its own.
    fn is_over(&self) -> bool {
        let trails = self.verb.get_positionals().any(Arg::is_trailing_var_arg_set);
        self.objects == usize::MAX || trails && self.objects >= self.verb.get_positionals().count()
    }

    fn object(&mut self, word: &str) {
        match self.verb.find_subcommand(word) {
            Some(verb) if self.objects == 0 => self.verb = verb,
            _ => self.objects += 1,
        }
    }

    /// `--output=json`, `--output json`, `--json`.
    fn long(&mut self, word: &str) -> bool {
        let (name, value) = word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
        self.flag(|arg| arg.get_long() == Some(name), value)
    }

    /// `-j`, `-vj`, `-o json`, `-ojson`, `-qo=json`.
    fn cluster(&mut self, word: &str) -> bool {
        for (at, short) in word.char_indices() {
            let rest = &word[at + short.len_utf8()..];
            let value = (!rest.is_empty()).then(|| rest.strip_prefix('=').unwrap_or(rest));
            let is_it = |arg: &&Arg| arg.get_short() == Some(short);
            let takes_value = self.find(is_it).is_some_and(|arg| arg.get_action().takes_values());
            if takes_value {
                return self.flag(|arg| arg.get_short() == Some(short), value);
            }
            if self.flag(|arg| arg.get_short() == Some(short), None) {
                return true;
            }
        }
        false
    }

    /// A flag, with its value where that has come with it.
    fn flag(&mut self, is_it: impl Fn(&Arg) -> bool, value: Option<&str>) -> bool {
        let Some(arg) = self.find(|arg| is_it(arg)) else { return false };
        if !arg.get_action().takes_values() {
            return arg.get_id() == "json";
        }
        if value.is_none() {
            self.value_of = Some(arg);
        }
        value.is_some_and(|value| is_object(arg, value))
    }

    /// The verb's own flags, then those of all verbs.
    fn find(&self, is_it: impl Fn(&&'c Arg) -> bool) -> Option<&'c Arg> {
        self.verb.get_arguments().chain(self.root.get_arguments()).find(is_it)
    }
}

fn is_object(arg: &Arg, value: &str) -> bool {
    arg.get_id() == "output" && matches!(value, "json" | "yaml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Flags;
    use clap::{Args, CommandFactory, Parser};

    #[derive(Debug, clap::Subcommand)]
    enum Verb {
        List(InNetns),
        Exec {
            #[arg(short, long)]
            all: bool,
            ns: Option<String>,
            #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
            command: Vec<String>,
        },
    }

    #[derive(Debug, Args)]
    struct InNetns {
        #[arg(short, long)]
        netns: Option<String>,
    }

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        _verb: Verb,
        #[command(flatten)]
        _flags: Flags,
    }

    fn asked(line: &str) -> bool {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        wants_object(&Cli::command(), &words)
    }

    #[test]
    fn a_format_is_heard_however_it_is_spelt() {
        for line in [
            "ovl bad -j",
            "ovl -j bad",
            "ovl list --bad --json",
            "ovl list -vj --bad",
            "ovl list --bad -qojson",
            "ovl list -o=json --bad",
            "ovl list --bad -o yaml",
            "ovl list --output=yaml bad",
            "ovl list --bad --output json",
            "ovl list -n h1 -vvo json bad",
            "ovl exec --bad h1 -j",
            "ovl exec h1 -j --bad ip link",
            // A flag without its value, which is the error.
            "ovl list -n -j",
        ] {
            assert!(asked(line), "{line}");
        }
    }

    #[test]
    fn what_is_no_format_is_not_taken_for_one() {
        for line in [
            "ovl bad",
            "ovl list -o table bad",
            "ovl list -o xml",
            "ovl list -nj bad",
            "ovl list --netns=json --bad",
            "ovl list --bad -- -j",
            "ovl exec --bad h1 ip -j link",
            "ovl exec --bad h1 -- ip -j link",
            "ovl list json yaml",
            "ovl list -n o json",
        ] {
            assert!(!asked(line), "{line}");
        }
    }
}
