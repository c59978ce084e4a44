//! What the command line of every binary must have. Each binary's own crate
//! includes this file in its `tests/usage.rs`: Cargo tells only those where
//! their binary is, and builds it for `cargo test` because they are there.

use std::path::Path;
use std::process::{Command, Output};

/// One binary: its file and its definition.
pub struct Usage {
    /// `env!("CARGO_BIN_EXE_...")`.
    pub binary: &'static str,
    /// The crate's `command()`.
    pub definition: clap::Command,
}

impl Usage {
    /// `--help` and `--version` are on standard output and no error; a flag that
    /// does not exist is one.
    pub fn is_told(&self) {
        let help = self.run(&["--help"]);
        assert_eq!(help.status.code(), Some(0));
        assert!(text(&help.stdout).contains("Usage:"), "{}", text(&help.stdout));
        let version = self.run(&["--version"]);
        assert_eq!(version.status.code(), Some(0));
        let expected = format!("{} {}\n", self.name(), env!("CARGO_PKG_VERSION"));
        assert_eq!(text(&version.stdout), expected);
        let unknown = self.run(&["--no-such-flag"]);
        assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown.stderr));
        assert!(text(&unknown.stderr).starts_with(&format!("{}: ", self.name())));
        assert!(unknown.stdout.is_empty());
    }

    /// Every verb's `--help` has two examples to copy, or more.
    pub fn has_examples(&self) {
        let mut lacking = Vec::new();
        for words in verbs(&self.definition) {
            let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
            arguments.push("--help");
            let output = self.run(&arguments);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}");
            let help = text(&output.stdout);
            let start = format!("{} ", self.name());
            let examples = help.lines().filter(|l| l.trim_start().starts_with(&start)).count();
            if !help.contains("Examples") || examples < 2 {
                lacking.push(words.join(" "));
            }
        }
        assert!(lacking.is_empty(), "no two examples in --help of: {lacking:?}");
    }

    /// The definition holds by clap's own rules.
    pub fn holds(self) {
        self.definition.debug_assert();
    }

    fn name(&self) -> &str {
        Path::new(self.binary).file_name().and_then(|n| n.to_str()).unwrap_or_default()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(self.binary).args(arguments).output().expect("the binary runs")
    }
}

/// The words of every verb, and of the verbs below it.
fn verbs(command: &clap::Command) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for verb in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        let name = verb.get_name().to_owned();
        all.push(vec![name.clone()]);
        for below in verbs(verb) {
            all.push(std::iter::once(name.clone()).chain(below).collect());
        }
    }
    all
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The three tests of a binary: its file's name, and its crate.
macro_rules! usage_tests {
    ($binary:literal, $library:ident) => {
        fn usage() -> usage::Usage {
            let binary = env!(concat!("CARGO_BIN_EXE_", $binary));
            usage::Usage { binary, definition: $library::command() }
        }

        #[test]
        fn help_and_version_are_printed_and_unknown_flags_refused() {
            usage().is_told();
        }

        #[test]
        fn every_verb_has_two_examples() {
            usage().has_examples();
        }

        #[test]
        fn the_definition_holds() {
            usage().holds();
        }
    };
}
