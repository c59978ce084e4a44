//! Names and references, parsed and checked before the kernel is asked:
//! interface names, namespace names, and the namespace references of `-n`.
//! Parsing only; `ovl-machine` finds what a reference means.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use crate::types::{Invalid, Vni};

/// A network interface name: 1 to 15 bytes (`IFNAMSIZ` - 1), no `/`, no `:`,
/// no white space, not `.` or `..` (net/core/dev.c, `dev_valid_name`); not `all` or
/// `default` (net/ipv4/devinet.c, `devinet_sysctl_register`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IfName(Box<str>);

impl IfName {
    /// The longest name in bytes (`IFNAMSIZ` is 16 with the closing NUL).
    pub const MAX_LEN: usize = 15;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that the kernel gave: taken as it is, since older kernels and
    /// renamed devices may hold what we would refuse to make.
    pub fn from_kernel(name: String) -> IfName {
        IfName(name.into_boxed_str())
    }
}

impl FromStr for IfName {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let why = if s.is_empty() {
            "is empty".to_owned()
        } else if s.len() > Self::MAX_LEN {
            format!("is {} bytes long; the kernel takes at most {}", s.len(), Self::MAX_LEN)
        } else if s == "." || s == ".." {
            "is not allowed".to_owned()
        } else if let Some(c) = s.chars().find(|c| *c == '/' || *c == ':' || *c == '%') {
            format!("holds '{c}'")
        } else if s.chars().any(|c| c.is_whitespace() || c.is_control()) {
            "holds white space or a control character".to_owned()
        } else if s.starts_with('-') {
            "starts with '-'".to_owned()
        } else if s == "all" || s == "default" {
            // The kernel cannot make the device's own folder there, and refuses the device.
            format!("is no device's: /proc/sys/net/ipv4/conf/{s} has another meaning")
        } else {
            return Ok(IfName(s.into()));
        };
        Err(Invalid(format!("interface name '{}' {why}", shown(s))))
    }
}

impl TryFrom<String> for IfName {
    type Error = Invalid;
    fn try_from(s: String) -> Result<Self, Invalid> {
        Ok(IfName::from_kernel(s))
    }
}

impl From<IfName> for String {
    fn from(n: IfName) -> String {
        n.0.into()
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What others named is escaped, so that no name can move the cursor.
        fmt::Display::fmt(&shown(&*self.0), f)
    }
}

/// Text of others as people are shown it: a name, a path, a word of theirs. Backslashes
/// and what a terminal would act on, or not show, are escaped; a quote is only a quote.
pub fn shown(text: impl AsRef<OsStr>) -> String {
    let text = text.as_ref().to_string_lossy();
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\'', '"']) {
        let bare = piece.trim_end_matches(['\'', '"']);
        out.extend(bare.escape_debug());
        out.push_str(&piece[bare.len()..]);
    }
    out
}

/// Paths as they are written for programs: bytes that no text can say are written as
/// `U+FFFD`, since one name that somebody gave must not make a listing fail.
pub fn write_paths<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}

/// A name for a namespace under /run/netns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String")]
pub struct NsName(String);

impl NsName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where iproute2 and this toolkit keep the name.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(NETNS_DIR).join(&self.0)
    }
}

/// Where names are kept (iproute2's `NETNS_RUN_DIR`).
pub const NETNS_DIR: &str = "/run/netns";
/// Where Docker keeps its sandboxes and overlay namespaces.
pub const DOCKER_NETNS_DIR: &str = "/var/run/docker/netns";

impl FromStr for NsName {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let why = if s.is_empty() {
            "is empty"
        } else if s.len() > 255 {
            "is longer than a file name (255 bytes)"
        } else if s == "." || s == ".." {
            "is not a name"
        } else if s.contains('/') {
            "holds a '/'; a path is written where a reference is taken, as /path or ./path"
        } else if s.starts_with('-') {
            "starts with '-'"
        } else if s.chars().any(char::is_control) {
            "holds a control character"
        } else {
            return Ok(NsName(s.to_owned()));
        };
        Err(Invalid(format!("namespace name '{}' {why}", shown(s))))
    }
}

impl From<NsName> for String {
    fn from(n: NsName) -> String {
        n.0
    }
}

impl fmt::Display for NsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&shown(&self.0), f)
    }
}

/// A container engine whose own command line is asked for a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl Engine {
    /// The command's name.
    pub fn command(self) -> &'static str {
        match self {
            Engine::Docker => "docker",
            Engine::Podman => "podman",
        }
    }
}

/// A namespace reference, as `-n` and NS words take it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NsRef {
    /// A name under /run/netns, Docker's folder or `OVL_NETNS_PATH`.
    Name(NsName),
    /// Any nsfs file.
    Path(PathBuf),
    /// The mounted nsfs file of that name that is somewhere below a folder of
    /// that name: two engines of one machine name their files alike.
    Below(NsName, NsName),
    /// A path on a machine whose snapshot is looked at, by that machine's host name.
    Far(NsName, PathBuf),
    /// The namespace of a process.
    Pid(u32),
    /// A container's sandbox, by its engine.
    Container(Engine, String),
    /// The live namespace of a Docker overlay network, by name or id.
    Overlay(String),
    /// The namespace that holds the VXLAN device with this VNI.
    Vni(Vni),
    /// By inode number, as `lsns` shows it.
    Inode(u64),
    /// The caller's own.
    Own,
    /// Process 1's.
    Init,
}

impl FromStr for NsRef {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        let number = |what: &str, n: &str| {
            n.parse::<u64>().map_err(|_| Invalid(format!("'{what}:{}' wants a number", shown(n))))
        };
        let named = |what: &str, name: &str| {
            if name.is_empty() || name.starts_with('-') || name.chars().any(char::is_control) {
                return Err(Invalid(format!("'{what}:{}' wants a name or id", shown(name))));
            }
            Ok(name.to_owned())
        };
        if s.starts_with('/') || s.starts_with("./") {
            return Ok(NsRef::Path(PathBuf::from(s)));
        }
        match s.split_once(':') {
            Some(("pid", n)) => {
                let pid = u32::try_from(number("pid", n)?)
                    .map_err(|_| Invalid(format!("'{s}' is no process id")))?;
                Ok(NsRef::Pid(pid))
            }
            Some(("docker", n)) => Ok(NsRef::Container(Engine::Docker, named("docker", n)?)),
            Some(("podman", n)) => Ok(NsRef::Container(Engine::Podman, named("podman", n)?)),
            Some(("overlay", n)) => Ok(NsRef::Overlay(named("overlay", n)?)),
            Some(("vni", n)) => Ok(NsRef::Vni(n.parse()?)),
            Some(("inode", n)) => Ok(NsRef::Inode(number("inode", n)?)),
            _ if s == "self" => Ok(NsRef::Own),
            _ if s == "init" => Ok(NsRef::Init),
            _ => match s.split_once('/') {
                Some((host, path)) if host.ends_with(':') => {
                    let host = host.trim_end_matches(':').parse()?;
                    Ok(NsRef::Far(host, Path::new("/").join(path)))
                }
                Some((folder, name)) => match (folder.parse(), name.parse()) {
                    (Ok(folder), Ok(name)) => Ok(NsRef::Below(folder, name)),
                    _ => Err(Invalid(format!(
                        "'{}' is neither a path, which begins with '/' or './', nor FOLDER/NAME",
                        shown(s)
                    ))),
                },
                None => Ok(NsRef::Name(s.parse()?)),
            },
        }
    }
}

impl fmt::Display for NsRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NsRef::Name(n) => n.fmt(f),
            NsRef::Path(p) => f.write_str(&shown(p)),
            NsRef::Below(folder, name) => write!(f, "{folder}/{name}"),
            NsRef::Far(host, path) => write!(f, "{host}:{}", shown(path)),
            NsRef::Pid(n) => write!(f, "pid:{n}"),
            NsRef::Container(e, n) => write!(f, "{}:{}", e.command(), shown(n)),
            NsRef::Overlay(n) => write!(f, "overlay:{}", shown(n)),
            NsRef::Vni(v) => write!(f, "vni:{v}"),
            NsRef::Inode(n) => write!(f, "inode:{n}"),
            NsRef::Own => f.write_str("self"),
            NsRef::Init => f.write_str("init"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_moves_no_cursor_and_reads_as_it_is() {
        for (text, expected) in [
            ("q'x", "q'x"),
            ("'a\"b''", "'a\"b''"),
            ("a b/c", "a b/c"),
            ("ключ", "ключ"),
            ("a\\b", "a\\\\b"),
            ("a\x1b[31mb\n", "a\\u{1b}[31mb\\n"),
            ("\u{202e}x", "\\u{202e}x"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn interface_names_follow_the_kernel() {
        assert!("eth0".parse::<IfName>().is_ok());
        assert!("a23456789012345".parse::<IfName>().is_ok());
        assert!("all0".parse::<IfName>().is_ok());
        let bad = ["", "a234567890123456", ".", "..", "a/b", "a b", "a:b", "-x", "a\tb", "a%db"];
        for bad in bad.into_iter().chain(["all", "default"]) {
            assert!(bad.parse::<IfName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn namespace_names_stay_in_their_folder() {
        assert!("ov1".parse::<NsName>().is_ok());
        for bad in ["", ".", "..", "../x", "a/b", "-n", "a\nb"] {
            assert!(bad.parse::<NsName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn references_round_trip() {
        for text in [
            "ov1",
            "/run/netns/x",
            "./x",
            "d1/1-6a38c9b837",
            "vm#2:/run/netns/x",
            "pid:12",
            "docker:X-1",
            "podman:c",
            "overlay:demo",
            "vni:256",
            "inode:4026532567",
            "self",
            "init",
        ] {
            assert_eq!(text.parse::<NsRef>().unwrap().to_string(), text);
        }
        for bad in
            ["pid:x", "pid:", "vni:99999999", "inode:-1", "docker:", "../x", "a/b/c", "a/", ""]
        {
            assert!(bad.parse::<NsRef>().is_err(), "{bad:?}");
        }
    }
}
