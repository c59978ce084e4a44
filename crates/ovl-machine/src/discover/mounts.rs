//! Bind mounts of namespaces, as mountinfo lists them: one table a mount
//! namespace, and fewer lines of it for a process that cannot see its root.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ovl_core::netns::NsKey;

use super::{Discovery, inode_in};

/// Options of procfs with which processes of others are not even listed
/// (`proc(5)`, hidepid).
const HIDING: [&str; 4] = ["hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable"];

/// Whose view of the mounts a process has: mount namespaces, and roots in them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct View {
    namespace: Option<PathBuf>,
    root: Option<PathBuf>,
}

impl View {
    /// That of the process with this folder in procfs.
    pub(super) fn of(process: &Path) -> View {
        View {
            namespace: fs::read_link(process.join("ns/mnt")).ok(),
            root: fs::read_link(process.join("root")).ok(),
        }
    }
}

impl Discovery {
    /// The nsfs bind mounts that one process sees; `through` is the way to its
    /// root, where that is not ours.
    pub(super) fn read_mounts(
        &mut self,
        process: &Path,
        through: Option<&Path>,
        nsfs: u64,
    ) -> io::Result<()> {
        let table = fs::read(process.join("mountinfo"))?;
        for line in String::from_utf8_lossy(&table).lines() {
            let Some((inode, path)) = nsfs_mount(line) else { continue };
            let found = self.at(NsKey { dev: nsfs, inode });
            // A mount that is copied into many mount namespaces is one path; but
            // ours is worth more than the way through another's root.
            let known = found.paths.contains(&path);
            let door = match through {
                Some(_) if known => continue,
                Some(root) => root.join(path.strip_prefix("/").unwrap_or(&path)),
                None => path.clone(),
            };
            if found.doors.contains(&door) {
                continue;
            }
            // Through a mount is better than through a process that may end.
            let at = found.doors.iter().take_while(|d| found.paths.contains(d)).count();
            found.doors.insert(at, door);
            if !known {
                found.paths.push(path);
            }
        }
        Ok(())
    }
}

/// Does this procfs leave processes of others out? The mounts of the process
/// that reads it say so.
pub(super) fn hides_processes(procfs: &Path) -> bool {
    let table = fs::read(procfs.join("self/mountinfo")).unwrap_or_default();
    String::from_utf8_lossy(&table).lines().any(|line| {
        let Some((fields, rest)) = line.split_once(" - ") else { return false };
        let here = fields.split(' ').nth(4).is_some_and(|p| Path::new(&unescape(p)) == procfs);
        let options = rest.strip_prefix("proc ").and_then(|r| r.split(' ').nth(1));
        here && options.is_some_and(|o| o.split(',').any(|word| HIDING.contains(&word)))
    })
}

/// A line of mountinfo (`proc_pid_mountinfo(5)`): fields 4 and 5 are root and
/// mount point; the file system's type follows a lone dash.
fn nsfs_mount(line: &str) -> Option<(u64, PathBuf)> {
    let (fields, rest) = line.split_once(" - ")?;
    if !rest.starts_with("nsfs ") {
        return None;
    }
    let mut fields = fields.split(' ').skip(3);
    let inode = inode_in(fields.next()?)?;
    Some((inode, PathBuf::from(unescape(fields.next()?))))
}

/// mountinfo writes space, tab, newline and backslash as `\040` and the like.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let octal = || {
            let digits = std::str::from_utf8(rest.get(..3)?).ok()?;
            u8::from_str_radix(digits, 8).ok()
        };
        if let (b'\\', Some(byte)) = (first, octal()) {
            out.push(byte);
            bytes = &rest[3..];
        } else {
            out.push(*first);
            bytes = rest;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_names_namespaces_by_inode() {
        let line = "512 29 0:4 net:[4026532567] /run/netns/a\\040b rw shared:230 - nsfs nsfs rw";
        assert_eq!(nsfs_mount(line), Some((4_026_532_567, PathBuf::from("/run/netns/a b"))));
        let other = "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
        assert_eq!(nsfs_mount(other), None);
        let mnt = "512 29 0:4 mnt:[4026532567] /run/x rw - nsfs nsfs rw";
        assert_eq!(nsfs_mount(mnt), None);
    }

    #[test]
    fn escapes_are_octal_and_nothing_else() {
        assert_eq!(unescape("a\\040b\\011c\\012d\\134e"), "a b\tc\nd\\e");
        assert_eq!(unescape("\\04"), "\\04");
        assert_eq!(unescape("\\x40\\999"), "\\x40\\999");
    }
}
