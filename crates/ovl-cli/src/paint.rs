//! Colour: a few tones that carry meaning, the same in every binary. Nothing is
//! said by colour alone; without it the text is the same. Whether there is any is
//! decided here, for views, errors and clap's help alike.

use std::env;
use std::io::{self, IsTerminal};

use clap::ValueEnum;

use crate::flags::{Colour, Flags};
use crate::output;

/// What a tone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A host's, where packets leave.
    Host,
    /// An overlay's.
    Overlay,
    /// A container's, or any other namespace's.
    Space,
    /// As it should be; what comes.
    Good,
    /// Broken; what goes.
    Bad,
    /// Look here; what changes.
    Odd,
    /// What is there only for those who look for it.
    Faint,
    /// The name of a column.
    Head,
}

impl Tone {
    /// Its escape sequence (ECMA-48): colours that a light and a dark terminal show alike.
    fn code(self) -> &'static str {
        match self {
            Tone::Host => "1;34",
            Tone::Overlay => "1;35",
            Tone::Space => "1;32",
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Odd => "33",
            Tone::Faint => "2",
            Tone::Head => "1",
        }
    }
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// No colour.
    pub const OFF: Paint = Paint { on: false };
    /// Colour.
    pub const ON: Paint = Paint { on: true };

    /// Of what is shown, as the flags say.
    pub fn of(flags: &Flags) -> Paint {
        Paint { on: decide(flags.color, output::is_terminal()) }
    }

    /// Of errors, which are told also where the flags could not be read.
    pub fn of_errors() -> Paint {
        Paint { on: decide(asked(), io::stderr().is_terminal()) }
    }

    /// The text in that tone.
    pub fn tone(self, tone: Tone, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code())
        } else {
            text.to_owned()
        }
    }
}

/// May there be any in help, which clap writes before there are flags?
pub fn is_in_help() -> bool {
    decide(asked(), output::is_terminal())
}

/// As the flag says; where it says nothing, on a terminal that shows colour (one
/// whose `TERM` is `dumb`, or nothing, does not), unless `NO_COLOR` (no-color.org).
fn decide(asked: Colour, is_terminal: bool) -> bool {
    let is_set = |name| env::var_os(name).filter(|value| !value.is_empty());
    match asked {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            is_terminal
                && is_set("NO_COLOR").is_none()
                && is_set("TERM").is_some_and(|term| term != "dumb")
        }
    }
}

/// The flag among words that clap has not parsed, or could not: searched up to the
/// `--` that ends our own.
fn asked() -> Colour {
    let words = env::args_os().map(|word| word.to_string_lossy().into_owned());
    last_asked(words.take_while(|word| word != "--"))
}

fn last_asked(words: impl Iterator<Item = String>) -> Colour {
    let (mut asked, mut is_value) = (Colour::Auto, false);
    for word in words {
        let value = if is_value { Some(word.as_str()) } else { word.strip_prefix("--color=") };
        if let Some(Ok(colour)) = value.map(|value| Colour::from_str(value, false)) {
            asked = colour;
        }
        is_value = !is_value && word == "--color";
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_found_among_words() {
        for (words, expected) in [
            ("links x1", Colour::Auto),
            ("links --color never x1", Colour::Never),
            ("--color=always --help", Colour::Always),
            ("--color never links --color always", Colour::Always),
            ("--color blue", Colour::Auto),
        ] {
            let found = last_asked(words.split(' ').map(str::to_owned));
            assert_eq!(found, expected, "{words}");
        }
    }
}
