//! The field table: one list per kind of object from which its structure, its
//! netlink encoding and decoding, its words for `ip`, its command-line flags,
//! the difference between two of them and what the kernel lets change are all
//! derived. An attribute is written down once.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::types::{Invalid, MacAddr, Mtu, Vni};

/// How an attribute is written on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `ttl 64`.
    Value,
    /// `srcport 0 65535`.
    Pair,
    /// `learning` or `nolearning`.
    Switch,
    /// `gbp`, or nothing: it has no opposite.
    Mark,
}

/// Whether the kernel lets an attribute be changed once the device is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It does.
    Live,
    /// Only at creation.
    Fixed,
    /// It is the kernel's to say: never asked.
    ReadOnly,
}

/// One row of a field table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The word `ip` uses, which is the flag's name too.
    pub word: &'static str,
    /// What a value looks like in a usage line.
    pub metavar: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// How it is written.
    pub shape: Shape,
    /// Whether it can change.
    pub change: Change,
}

/// An attribute in which what is asked and what stands differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The word `ip` uses.
    pub word: &'static str,
    /// What was asked, in `ip`'s words.
    pub asked: String,
    /// What stands; empty when it is not set.
    pub have: String,
    /// Whether the kernel would let it change.
    pub change: Change,
}

/// A value that an attribute can hold: how it is written and read in words.
pub trait Attr: Sized + PartialEq {
    /// How it is written.
    const SHAPE: Shape;
    /// The words after (or, for a switch, instead of) the attribute's own word.
    fn words(&self, word: &'static str) -> Vec<String>;
    /// Reads the words of a command line; a switch is given `on` or `off`.
    fn parse(words: &[&str]) -> Result<Self, Invalid>;
}

/// Attributes written as one word that parses and prints.
macro_rules! plain_attr {
    ($($ty:ty: $what:literal),+ $(,)?) => {$(
        impl Attr for $ty {
            const SHAPE: Shape = Shape::Value;
            fn words(&self, word: &'static str) -> Vec<String> {
                vec![word.to_owned(), self.to_string()]
            }
            fn parse(words: &[&str]) -> Result<Self, Invalid> {
                let text = one(words)?;
                <$ty>::from_str(text).map_err(|_| {
                    Invalid(format!("'{}' is not {}", $crate::names::shown(text), $what))
                })
            }
        }
    )+};
}

plain_attr! {
    u8: "a number from 0 to 255",
    u16: "a number from 0 to 65535",
    u32: "a number from 0 to 4294967295",
    u64: "a number",
    IpAddr: "an IP address",
}

/// Attributes whose own parse error is the better sentence.
macro_rules! own_attr {
    ($($ty:ty),+ $(,)?) => {$(
        impl Attr for $ty {
            const SHAPE: Shape = Shape::Value;
            fn words(&self, word: &'static str) -> Vec<String> {
                vec![word.to_owned(), self.to_string()]
            }
            fn parse(words: &[&str]) -> Result<Self, Invalid> {
                one(words)?.parse()
            }
        }
    )+};
}
pub(crate) use own_attr;

own_attr!(Vni, MacAddr, Mtu);

pub(crate) fn one<'a>(words: &[&'a str]) -> Result<&'a str, Invalid> {
    match words {
        [word] => Ok(word),
        _ => Err(Invalid("wants one value".into())),
    }
}

impl Attr for bool {
    const SHAPE: Shape = Shape::Switch;
    fn words(&self, word: &'static str) -> Vec<String> {
        vec![if *self { word.to_owned() } else { format!("no{word}") }]
    }
    fn parse(words: &[&str]) -> Result<Self, Invalid> {
        on_off(one(words)?)
    }
}

fn on_off(word: &str) -> Result<bool, Invalid> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(Invalid(format!("'{}' is neither on nor off", crate::names::shown(other)))),
    }
}

/// A boolean that `ip` writes as `on` or `off` after its word (bridge ports).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OnOff(pub bool);

impl Attr for OnOff {
    const SHAPE: Shape = Shape::Value;
    fn words(&self, word: &'static str) -> Vec<String> {
        vec![word.to_owned(), if self.0 { "on" } else { "off" }.to_owned()]
    }
    fn parse(words: &[&str]) -> Result<Self, Invalid> {
        on_off(one(words)?).map(OnOff)
    }
}

/// A bit mask, in hexadecimal as `ip` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mask(pub u16);

impl FromStr for Mask {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let digits = s.strip_prefix("0x").unwrap_or(s);
        u16::from_str_radix(digits, 16)
            .map(Mask)
            .map_err(|_| Invalid(format!("'{}' is not a mask of 16 bits", crate::names::shown(s))))
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // C's %#x, which `ip` uses, writes zero without the prefix.
        if self.0 == 0 { f.write_str("0") } else { write!(f, "{:#x}", self.0) }
    }
}

impl TryFrom<String> for Mask {
    type Error = Invalid;
    fn try_from(s: String) -> Result<Self, Invalid> {
        s.parse()
    }
}

impl From<Mask> for String {
    fn from(mask: Mask) -> String {
        mask.to_string()
    }
}

own_attr!(Mask);

/// An attribute that is there or not, with no value (`NLA_FLAG`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "bool", into = "bool")]
pub struct Mark;

impl From<bool> for Mark {
    fn from(_: bool) -> Mark {
        Mark
    }
}

impl From<Mark> for bool {
    fn from(_: Mark) -> bool {
        true
    }
}

impl Attr for Mark {
    const SHAPE: Shape = Shape::Mark;
    fn words(&self, word: &'static str) -> Vec<String> {
        vec![word.to_owned()]
    }
    fn parse(_: &[&str]) -> Result<Self, Invalid> {
        Ok(Mark)
    }
}

/// A read-only text such as a bridge id.
impl Attr for String {
    const SHAPE: Shape = Shape::Value;
    fn words(&self, word: &'static str) -> Vec<String> {
        vec![word.to_owned(), self.clone()]
    }
    fn parse(words: &[&str]) -> Result<Self, Invalid> {
        one(words).map(str::to_owned)
    }
}

/// Declares a structure of optional attributes and everything derived from the
/// list. A row reads: help, field, type, `ip`'s word, JSON key, whether it can
/// change, value's name, how to encode it, how to decode it.
macro_rules! attr_table {
    (
        $(#[$meta:meta])*
        pub struct $name:ident : $nla:ty {
            $(
                #[doc = $help:literal]
                $field:ident : $ty:ty = $word:literal, json $json:literal, $change:ident, $metavar:literal,
                put $put:expr,
                take { $($pat:pat => $val:expr),+ $(,)? };
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $(
                #[doc = $help]
                #[serde(rename = $json, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$ty>,
            )+
        }

        #[allow(clippy::redundant_closure_call, reason = "the table's rows are closures")]
        impl $name {
            /// The table's rows, in the order in which they are encoded and written.
            pub const FIELDS: &'static [$crate::attrs::Field] = &[$(
                $crate::attrs::Field {
                    word: $word,
                    metavar: $metavar,
                    help: $help.trim_ascii(),
                    shape: <$ty as $crate::attrs::Attr>::SHAPE,
                    change: $crate::attrs::Change::$change,
                },
            )+];

            /// The netlink attributes of what is asked.
            pub fn encode(&self) -> Vec<$nla> {
                let mut out: Vec<$nla> = Vec::new();
                $(
                    if let Some(value) = &self.$field {
                        let put: fn(&$ty) -> Option<$nla> = $put;
                        out.extend(put(value));
                    }
                )+
                out
            }

            /// What netlink attributes say; those that this table lacks are passed over.
            pub fn decode(nlas: &[$nla]) -> Self {
                let mut out = Self::default();
                for nla in nlas {
                    $(
                        #[allow(unreachable_patterns, reason = "some rows match any attribute")]
                        match nla {
                            $($pat => if let Some(value) = $val { out.$field = Some(value) },)+
                            _ => {}
                        }
                    )+
                }
                out
            }

            /// What is asked, in `ip`'s words.
            pub fn words(&self) -> Vec<String> {
                use $crate::attrs::Attr;
                let mut out = Vec::new();
                $(
                    if let Some(value) = &self.$field {
                        out.extend(value.words($word));
                    }
                )+
                out
            }

            /// Sets the attribute with that word from the words of a command
            /// line; a switch is given `on` or `off`. `false`: no such attribute.
            pub fn set_words(
                &mut self,
                word: &str,
                words: &[&str],
            ) -> Result<bool, $crate::types::Invalid> {
                match word {
                    $($word => self.$field = Some(<$ty as $crate::attrs::Attr>::parse(words)?),)+
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// Where what is asked (`self`) is not what stands.
            pub fn differences(&self, have: &Self) -> Vec<$crate::attrs::Difference> {
                use $crate::attrs::{Attr, Difference};
                let mut out = Vec::new();
                $(
                    if let Some(asked) = &self.$field
                        && have.$field.as_ref() != Some(asked)
                    {
                        out.push(Difference {
                            word: $word,
                            asked: asked.words($word).join(" "),
                            have: have.$field.as_ref().map(|v| v.words($word).join(" ")).unwrap_or_default(),
                            change: $crate::attrs::Change::$change,
                        });
                    }
                )+
                out
            }

            /// The values of `have` for each attribute that `self` asks and that
            /// can change: what puts it back.
            pub fn before(&self, have: &Self) -> Self {
                Self {
                    $($field: self.$field.as_ref().and_then(|_| have.$field.clone()),)+
                }
            }

            /// Only what is asked and is not already so.
            pub fn less(&self, have: &Self) -> Self {
                Self {
                    $($field: self.$field.clone().filter(|v| have.$field.as_ref() != Some(v)),)+
                }
            }

            /// `self`, with `defaults` where nothing is asked.
            pub fn or(self, defaults: Self) -> Self {
                Self { $($field: self.$field.or(defaults.$field),)+ }
            }

            /// Is nothing asked?
            pub fn is_empty(&self) -> bool {
                true $(&& self.$field.is_none())+
            }
        }
    };
}
pub(crate) use attr_table;
