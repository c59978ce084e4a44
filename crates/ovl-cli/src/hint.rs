//! Advice: what helps against an error, where we know it.

use std::path::Path;

use nix::errno::Errno;
use ovl_core::plan::{Clash, Conflict};
use ovl_core::spell::quote;
use ovl_machine::resolve::Why;

use crate::exit::is_root;

/// What helps against a refusal whatever was tried.
pub fn for_errno(errno: Option<Errno>) -> Option<String> {
    match errno? {
        Errno::EPERM | Errno::EACCES => Some(
            "this needs root (CAP_NET_ADMIN, CAP_SYS_ADMIN), or private namespaces: unshare -rnm"
                .into(),
        ),
        Errno::EBUSY => Some("something else uses it; ovl-inspect shows what".into()),
        _ => None,
    }
}

/// What helps where there is no procfs.
pub const NO_PROCFS: &str = "mount -t proc proc /proc";

/// What helps when what is there stands in the way of what is wanted.
pub fn for_conflict(conflict: &Conflict) -> Option<String> {
    match &conflict.why {
        Clash::Exists => Some("--exist-ok takes it as done when it stands as asked".into()),
        Clash::Stale => Some("--replace removes the plain file first".into()),
        Clash::Fixed { .. } => Some("delete the device and add it again with the new value".into()),
        Clash::Differs(found) if found.iter().any(|d| d.word == "dst" || d.word == "lladdr") => {
            Some("--replace writes over the row that stands".into())
        }
        Clash::Altname(_)
        | Clash::Differs(_)
        | Clash::AllDiffer { .. }
        | Clash::Assigned { .. }
        | Clash::Missing
        | Clash::OtherKind { .. } => None,
    }
}

/// What is printed to be pasted is quoted; what would move the cursor is not printed.
fn for_stale(path: &Path) -> String {
    let path = path.display().to_string();
    if path.chars().any(char::is_control) {
        return "nothing lives there any more; it can be removed".into();
    }
    format!("nothing lives there any more; it can be removed: rm {}", quote(&path))
}

/// What helps when a namespace cannot be found.
pub fn for_reference(why: &Why) -> Option<String> {
    match why {
        Why::NotFound(_) => Some("ovl-ns list shows the namespaces that can be found".into()),
        Why::Stale(path) => Some(for_stale(path)),
        Why::NotSaved => Some("ovl-inspect with the same --snapshot shows those that are".into()),
        Why::Ambiguous(_) => Some("name one of them by its path".into()),
        Why::SavedTwice(fit) => {
            let one = fit.first().map(|one| format!(": {one}")).unwrap_or_default();
            Some(format!("name one of them as HOST:NS{one}"))
        }
        Why::Closed(_, why) => for_errno(why.raw_os_error().map(Errno::from_raw)),
        Why::Unknown(_) if is_root() => Some("ovl-ns list shows those that cannot be read".into()),
        Why::Unknown(_) => for_errno(Some(Errno::EACCES)),
        Why::Engine(_) => {
            Some("a path, pid:N or inode:N needs no engine (ovl-ns list shows them)".into())
        }
        Why::Hidden(_) => Some("findmnt shows both; the upper one can be unmounted".into()),
        Why::NoProcfs => Some(NO_PROCFS.into()),
        Why::NotNetns(_) | Why::NoProcess(_) => None,
    }
}
