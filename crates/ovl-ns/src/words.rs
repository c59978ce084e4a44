//! Where `exec`'s own words end and its command begins. After `-n NS` or `--all`
//! the first word is the command, and all that follows is the command's, whatever
//! it looks like; else the first word is the namespace, and flags may come between.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, value_parser};
use ovl_cli::{Error, Flags};

use crate::cli::How;

const WORDS: &str = "words";
const DASHES: &str = "--";

/// A command line whose own words are told from the command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// As it stands: another verb, a namespace that is a word, or a mistake that
    /// the whole definition tells of.
    AsTyped,
    /// The command begins at this word.
    At(usize),
    /// A namespace by a word, and another one by the flag.
    Twice,
}

/// The command line with `--` in front of a command that is known by the flags
/// before it.
pub fn ended(mut typed: Vec<OsString>) -> Result<Vec<OsString>, Error> {
    match end_of(&typed) {
        Ended::AsTyped => {}
        Ended::At(command) => typed.insert(command, DASHES.into()),
        Ended::Twice => {
            return Err(Error::usage("the namespace is given twice: by a word and by -n"));
        }
    }
    Ok(typed)
}

fn end_of(typed: &[OsString]) -> Ended {
    let Some(first) = parsed(typed) else { return Ended::AsTyped };
    let words: Vec<&OsString> = first.get_many(WORDS).into_iter().flatten().collect();
    let [_, rest @ ..] = words.as_slice() else { return Ended::AsTyped };
    // They are taken as they stand, up to the end.
    let begin = typed.len() - words.len();
    let is_after_dashes = typed[begin - 1] == DASHES;
    if is_after_dashes {
        return Ended::AsTyped;
    }
    if first.contains_id("netns") {
        // `-n h1 h2 -- ip`: a word of its own before the dashes is no command.
        let is_alone = rest.first().is_some_and(|next| *next == DASHES);
        return if is_alone { Ended::Twice } else { Ended::At(begin) };
    }
    if first.get_flag("all") {
        return Ended::At(begin);
    }
    // The word is the namespace: what stands before the command may be flags.
    let again =
        ["ovl-ns".into(), "exec".into()].into_iter().chain(rest.iter().map(|w| (*w).clone()));
    let second = parsed(&again.collect::<Vec<_>>());
    let is_twice = second.is_some_and(|flags| flags.contains_id("netns"));
    if is_twice { Ended::Twice } else { Ended::AsTyped }
}

/// `exec`'s flags, and from the first word on all words as they stand. `None`
/// where it is another verb, or cannot be read.
fn parsed(typed: &[OsString]) -> Option<ArgMatches> {
    if !typed.iter().any(|word| word == OsStr::new("exec")) {
        return None;
    }
    let words = Arg::new(WORDS).action(ArgAction::Append).num_args(0..);
    let words = words.trailing_var_arg(true).value_parser(value_parser!(OsString));
    let exec = How::augment_args(Command::new("exec")).arg(words);
    let command = Flags::augment_args(Command::new("ovl-ns")).subcommand(exec);
    let (_, exec) = command.try_get_matches_from(typed).ok()?.remove_subcommand()?;
    Some(exec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(typed: &str) -> Option<String> {
        let typed = typed.split_whitespace().map(OsString::from).collect();
        let words = super::ended(typed).ok()?;
        let words: Vec<&str> = words.iter().filter_map(|w| w.to_str()).collect();
        Some(words.join(" "))
    }

    #[test]
    fn after_the_flag_everything_is_the_commands() {
        for (typed, command) in [
            ("ovl-ns exec -n h1", "ip link"),
            ("ovl-ns exec -qn h1", "ip link"),
            ("ovl-ns exec --netns=h1 --net-only", "ip -j -n h2 link"),
            ("ovl-ns exec -o json -n h1", "json"),
            ("ovl-ns -o json exec -n json", "json -n x"),
            ("ovl-ns exec -n exec", "exec exec"),
            ("ovl-ns exec -nh1", "sh -c x -- y"),
            ("ovl-ns exec --all", "ip -j addr"),
            ("ovl-ns exec --all --docker", "x1 --all"),
        ] {
            assert_eq!(ended(&format!("{typed} {command}")), Some(format!("{typed} -- {command}")));
            let said = format!("{typed} -- {command}");
            assert_eq!(ended(&said), Some(said.clone()), "{said}");
        }
    }

    #[test]
    fn a_word_is_the_namespace_where_no_flag_names_it() {
        for typed in [
            "ovl-ns exec h1 ip -n h2 link",
            "ovl-ns exec h1 --net-only -- ip -n h2 link",
            "ovl-ns exec h1",
            "ovl-ns exec -n h1",
            "ovl-ns list -o json",
            "ovl-ns exec --nonsense ip",
        ] {
            assert_eq!(ended(typed).as_deref(), Some(typed));
        }
    }

    #[test]
    fn two_namespaces_are_one_too_many() {
        for typed in [
            "ovl-ns exec -n h1 h2 -- ip link",
            "ovl-ns exec h2 -n h1 ip link",
            "ovl-ns exec h2 -q --netns=h1 -- ip link",
        ] {
            assert_eq!(ended(typed), None, "{typed}");
        }
    }
}
