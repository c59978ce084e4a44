//! Bind mounts of namespaces, as mountinfo lists them: one table a mount
//! namespace, and fewer lines of it for a process that cannot see its root.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ovl_core::netns::NsKey;

use super::{Discovery, Found, inode_in};

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
    /// root, where that is not ours. `live`: whether they lead there is looked at.
    pub(super) fn read_mounts(
        &mut self,
        process: &Path,
        through: Option<&Path>,
        nsfs: u64,
        live: bool,
    ) -> io::Result<()> {
        let mut now = None;
        for (inode, mount) in nsfs_mounts(process)? {
            let path = self.as_written(mount.clone());
            let key = NsKey { dev: nsfs, inode };
            // A mount that is copied into many mount namespaces is one path; but
            // ours is worth more than the way through another's root.
            let seen = self.namespaces.get(&key);
            let known = seen.is_some_and(|found| found.paths.contains(&path));
            // What was opened by its name leads there: no second look is needed.
            let opened = seen.is_some_and(|found| found.doors.contains(&path));
            if known && (through.is_some() || opened) {
                continue;
            }
            let way = through.map(|root| below(root, &mount));
            if live && leads_elsewhere(way.as_ref().unwrap_or(&path), key) {
                // One that was unmounted meanwhile is not told of.
                let now = now.get_or_insert_with(|| nsfs_mounts(process).unwrap_or_default());
                if now.contains(&(inode, mount)) {
                    self.at(key).cover(path);
                }
                continue;
            }
            let found = self.at(key);
            let door = way.unwrap_or_else(|| path.clone());
            if found.doors.contains(&door) {
                continue;
            }
            // Through a mount is better than through a process that may end.
            let at = found.doors.iter().take_while(|d| found.paths.contains(d)).count();
            found.doors.insert(at, door);
            if !known {
                found.covered.retain(|other| *other != path);
                found.paths.push(path);
            }
        }
        Ok(())
    }
}

impl Found {
    /// Writes paths of other mount namespaces as they lead there from here, through the
    /// root of a process: by themselves they may lead to another namespace.
    pub(super) fn lead_from_here(&mut self) {
        for path in self.paths.iter_mut().filter(|path| !self.doors.contains(path)) {
            let inner = path.strip_prefix("/").unwrap_or(path).to_owned();
            if let Some(door) = self.doors.iter().find(|door| door.ends_with(&inner)) {
                path.clone_from(door);
            }
        }
    }

    fn cover(&mut self, path: PathBuf) {
        if !self.covered.contains(&path) {
            self.covered.push(path);
        }
    }
}

/// The mounts of namespaces that one process sees, with their inode numbers.
fn nsfs_mounts(process: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let table = fs::read(process.join("mountinfo"))?;
    Ok(table.split(|byte| *byte == b'\n').filter_map(nsfs_mount).collect())
}

/// A path by the way to the root that it begins at.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Is something else where this one is mounted? Two mounts may have one path: the
/// last one is seen there, and all that is below a mount is not.
fn leads_elsewhere(path: &Path, key: NsKey) -> bool {
    match fs::metadata(path) {
        Ok(meta) => (meta.dev(), meta.ino()) != (key.dev, key.inode),
        Err(why) => matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}

/// Does this procfs leave processes of others out? The mounts of the process
/// that reads it say so.
pub(super) fn hides_processes(procfs: &Path) -> bool {
    let table = fs::read(procfs.join("self/mountinfo")).unwrap_or_default();
    table.split(|byte| *byte == b'\n').any(|line| {
        let Some((path, kind)) = mount_of(line) else { return false };
        let Ok(kind) = std::str::from_utf8(kind) else { return false };
        let options = kind.strip_prefix("proc ").and_then(|rest| rest.split(' ').nth(1));
        let hides = options.is_some_and(|o| o.split(',').any(|word| HIDING.contains(&word)));
        hides && unescape(path) == procfs
    })
}

/// Fields of a line of mountinfo (`proc_pid_mountinfo(5)`). A path is bytes that
/// need be no text.
fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ')
}

/// The mount point of a line, and what is mounted there: the file system's type
/// follows a lone dash.
fn mount_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let dash = line.windows(3).position(|three| three == b" - ")?;
    Some((fields(&line[..dash]).nth(4)?, &line[dash + 3..]))
}

/// The mount of a namespace: the field before its mount point is its root.
fn nsfs_mount(line: &[u8]) -> Option<(u64, PathBuf)> {
    let (path, _) = mount_of(line).filter(|(_, kind)| kind.starts_with(b"nsfs "))?;
    let inode = inode_in(std::str::from_utf8(fields(line).nth(3)?).ok()?)?;
    Some((inode, unescape(path)))
}

/// mountinfo writes space, tab, newline and backslash as `\040` and the like.
fn unescape(mut bytes: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(bytes.len());
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
    PathBuf::from(OsString::from_vec(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mountinfo_names_namespaces_by_inode() {
        let line = b"512 29 0:4 net:[4026532567] /run/netns/a\\040b rw shared:230 - nsfs nsfs rw";
        assert_eq!(nsfs_mount(line), Some((4_026_532_567, PathBuf::from("/run/netns/a b"))));
        let other = b"29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
        assert_eq!(nsfs_mount(other), None);
        let mnt = b"512 29 0:4 mnt:[4026532567] /run/x rw - nsfs nsfs rw";
        assert_eq!(nsfs_mount(mnt), None);
    }

    #[test]
    fn escapes_are_octal_and_nothing_else() {
        let unescaped = |text: &[u8]| unescape(text).into_os_string().into_vec();
        assert_eq!(unescaped(b"a\\040b\\011c\\012d\\134e"), b"a b\tc\nd\\e");
        assert_eq!(unescaped(b"\\04"), b"\\04");
        assert_eq!(unescaped(b"\\x40\\999"), b"\\x40\\999");
        assert_eq!(unescaped(b"bad\xff"), b"bad\xff");
    }
}
