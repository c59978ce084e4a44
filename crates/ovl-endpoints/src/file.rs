//! A table in a file, or on standard input. A file is followed by the folders on the
//! way to it: editors and deployment tools put another file, link or folder in its
//! place, and the one that was there says nothing any more.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use ovl_core::names::shown;

use crate::parse::{Format, parse};
use crate::source::{Source, SourceError};
use crate::table::Table;

/// A table in a file.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    name: String,
    format: Option<Format>,
    inotify: Option<Inotify>,
    /// The folders that are watched.
    watched: HashSet<WatchDescriptor>,
    seen: Option<Stamp>,
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    dev: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let meta = fs::metadata(path).ok()?;
        Some(Stamp {
            dev: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
        })
    }
}

impl FileSource {
    /// The file of that name; `-` is standard input. In the form that was asked for,
    /// that its name says, or that it looks like.
    pub fn new(path: &str, format: Option<Format>) -> FileSource {
        let name = if path == "-" { "standard input" } else { path };
        FileSource {
            path: PathBuf::from(path),
            name: shown(name),
            format: format.or_else(|| Format::of_name(path)),
            inotify: None,
            watched: HashSet::new(),
            seen: None,
        }
    }

    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.is_stdin() {
            io::stdin().read_to_end(&mut bytes)?;
        } else {
            File::open(&self.path)?.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// Is it there, and has nobody written to it for a moment? What is found without a
    /// notice may be half written; of a writer that is at work the notice comes in the
    /// end.
    pub fn is_at_rest(&self) -> bool {
        let modified = fs::metadata(&self.path).and_then(|meta| meta.modified());
        // A file of tomorrow is no half one.
        modified.is_ok_and(|time| time.elapsed().map_or(true, |age| age >= REST))
    }

    /// Visits the folders whose changes change what the path leads to: each in which a
    /// name on the way is looked up, on that of every link as well. Each is visited
    /// before it is looked at, so that no change falls between the two.
    fn folders(&self, mut visit: impl FnMut(&Path)) {
        let mut here = PathBuf::from(".");
        let mut ahead = Vec::new();
        add_names(&mut ahead, &self.path);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let next = here.join(&name);
            // The root is not looked up in a folder.
            if name != "/" {
                visit(&here);
            }
            match fs::read_link(&next) {
                Ok(_) if links == MOST_LINKS => return,
                Ok(target) => {
                    links += 1;
                    add_names(&mut ahead, &target);
                }
                Err(_) => here = next,
            }
        }
    }

    /// Watches the folders on the way, and no longer those that were on it before.
    fn watch(&mut self) {
        let Some(inotify) = &self.inotify else { return };
        let changes = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_ATTRIB;
        let mut watched = HashSet::new();
        // One that is not there is told by the folder above it.
        self.folders(|folder| watched.extend(inotify.add_watch(folder, changes)));
        for folder in self.watched.difference(&watched) {
            // The kernel has let go of one that is deleted.
            let _ = inotify.rm_watch(*folder);
        }
        self.watched = watched;
    }
}

/// The kernel follows as many (`MAXSYMLINKS` in `include/linux/namei.h`).
const MOST_LINKS: usize = 40;

/// Whoever writes a file in parts waits less than this between two.
const REST: Duration = Duration::from_secs(5);

/// Puts the names of a path before those that are ahead, the first one last; `/` is the
/// name that leads to the root from anywhere.
fn add_names(ahead: &mut Vec<OsString>, path: &Path) {
    ahead.extend(path.components().rev().map(|part| part.as_os_str().to_owned()));
}

impl Source for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn load(&mut self) -> Result<Table, SourceError> {
        let what = self.name.clone();
        self.seen = Stamp::of(&self.path);
        let bytes = self.bytes().map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => SourceError::Missing { what: what.clone(), why: e },
            _ => SourceError::Unreadable { what: what.clone(), why: e },
        })?;
        parse(&bytes, self.format).map_err(|findings| SourceError::Wrong { what, findings })
    }

    fn follow(&mut self) -> Result<Option<BorrowedFd<'_>>, SourceError> {
        if self.is_stdin() {
            return Ok(None);
        }
        if self.inotify.is_none() {
            let flags = InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC;
            let inotify = Inotify::init(flags)
                .map_err(|e| SourceError::Unfollowed { what: self.name.clone(), why: e.into() })?;
            self.inotify = Some(inotify);
            self.watch();
        }
        Ok(self.inotify.as_ref().map(AsFd::as_fd))
    }

    fn has_changed(&mut self) -> bool {
        if self.is_stdin() {
            return false;
        }
        if let Some(inotify) = &self.inotify {
            while inotify.read_events().is_ok_and(|events| !events.is_empty()) {}
        }
        // The way to the file may be another one now.
        self.watch();
        let now = Stamp::of(&self.path);
        let changed = now != self.seen;
        self.seen = now;
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::{Duration, Instant};

    use super::*;

    /// A folder of its own, gone with this value.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("ovl-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn followed(path: &Path) -> FileSource {
        let mut source = FileSource::new(path.to_str().unwrap(), None);
        let _ = source.load();
        assert!(source.follow().unwrap().is_some());
        assert!(!source.has_changed());
        source
    }

    /// The file descriptor becomes readable, and the file is another one.
    fn tells(source: &mut FileSource) -> bool {
        use nix::poll::{PollFd, PollFlags, poll};
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            let fd = source.follow().unwrap().unwrap();
            let _ = poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], 100u16);
            if source.has_changed() {
                return true;
            }
        }
        false
    }

    #[test]
    fn whatever_an_editor_does_is_told() {
        let folder = Folder::new("editor");
        let file = folder.0.join("table.csv");
        fs::write(&file, "192.168.10.1,,192.168.1.4\n").unwrap();
        let mut source = followed(&file);
        fs::write(&file, "192.168.10.1,,192.168.1.5\n# longer\n").unwrap();
        assert!(tells(&mut source), "written in place");
        let part = folder.0.join("table.part");
        fs::write(&part, "192.168.10.1,,192.168.1.6\n").unwrap();
        fs::rename(&part, &file).unwrap();
        assert!(tells(&mut source), "another file in its place");
        fs::remove_file(&file).unwrap();
        assert!(tells(&mut source), "removed");
        assert!(matches!(source.load(), Err(SourceError::Missing { .. })));
        fs::write(&file, "192.168.10.1,,192.168.1.7\n").unwrap();
        assert!(tells(&mut source), "made again");
        assert_eq!(source.load().unwrap().endpoints.len(), 1);
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_told() {
        let folder = Folder::new("links");
        for version in ["v1", "v2"] {
            fs::create_dir(folder.0.join(version)).unwrap();
            fs::write(folder.0.join(version).join("table.csv"), format!("# {version}\n")).unwrap();
        }
        // As a mounted configuration map changes: a link to a folder is replaced.
        symlink("v1", folder.0.join("current")).unwrap();
        symlink("current/table.csv", folder.0.join("table.csv")).unwrap();
        let mut source = followed(&folder.0.join("table.csv"));
        symlink("v2", folder.0.join("next")).unwrap();
        fs::rename(folder.0.join("next"), folder.0.join("current")).unwrap();
        assert!(tells(&mut source));
    }

    #[test]
    fn a_folder_that_is_made_again_is_told() {
        let folder = Folder::new("folder");
        let inner = folder.0.join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("table.csv"), "").unwrap();
        let mut source = followed(&inner.join("table.csv"));
        fs::remove_dir_all(&inner).unwrap();
        assert!(tells(&mut source), "gone");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("table.csv"), "192.168.10.1,,192.168.1.4\n").unwrap();
        assert!(tells(&mut source), "there again");
    }
}
