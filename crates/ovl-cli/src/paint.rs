//! Colour: a few tones that carry meaning, the same in every binary. Nothing is
//! said by colour alone; without it the text is the same.

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

    /// As the flags say, and `NO_COLOR` (no-color.org) where they say nothing.
    pub fn of(flags: &Flags) -> Paint {
        let allowed = || std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let on = match flags.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => output::is_terminal() && allowed(),
        };
        Paint { on }
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
