//! A file that is written beside its place and then moved there, so that no reader
//! sees half of it and no failure costs what stood there before.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// How many names are tried: others may have left theirs behind.
const NAMES: u32 = 1000;

/// What a file's mode says of who may do what; no more of it is handed on.
const RIGHTS: u32 = 0o777;

/// A file in the making, under a name of its own. It goes with the value, unless it was
/// moved into its place.
pub struct Part {
    /// What is written to.
    pub out: File,
    path: PathBuf,
    is_moved: bool,
}

impl Part {
    /// Makes one in the folder of the file that it is to be. What stands under its own
    /// name already, a link of somebody else's too, is neither followed nor touched.
    pub fn beside(file: &Path, replaced: Option<&Metadata>) -> io::Result<Part> {
        // What is to look like the old one is nobody else's to read before it does.
        let mode = if replaced.is_some() { 0o600 } else { 0o666 };
        for number in 0..NAMES {
            let path = file.with_file_name(own_name(number));
            let opened = File::options().write(true).create_new(true).mode(mode).open(&path);
            match opened {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
                Ok(out) => {
                    let part = Part { out, path, is_moved: false };
                    replaced.map_or(Ok(()), |old| part.look_like(old))?;
                    return Ok(part);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Takes over owner and mode of the file that goes. Only root gives files away; a
    /// group of the caller's own can be kept by anybody.
    fn look_like(&self, old: &Metadata) -> io::Result<()> {
        if fchown(&self.out, Some(old.uid()), Some(old.gid())).is_err() {
            let _ = fchown(&self.out, None, Some(old.gid()));
        }
        self.out.set_permissions(Permissions::from_mode(old.mode() & RIGHTS))
    }

    /// Moves it into its place.
    pub fn replace(mut self, file: &Path) -> io::Result<()> {
        fs::rename(&self.path, file)?;
        self.is_moved = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_moved {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Short, whatever the file is called: a longer name than its own may be too long.
fn own_name(number: u32) -> OsString {
    format!(".ovl-{}-{number}.part", std::process::id()).into()
}
