//! What namespaces are called in a view: short, and accepted by `-n`. Knows what
//! was found, and looks at nothing itself.

use std::collections::BTreeMap;
use std::path::Path;

use ovl_core::names::{NETNS_DIR, shown};
use ovl_core::netns::NsKey;

use super::{Found, file_name, is_name};

/// What each namespace is called in a view: its container's name where it is
/// known, else a name, else the name of its file, with that of a folder above it
/// where others have the same, else the shortest reference to it.
pub fn short_names<'f>(
    found: impl Iterator<Item = &'f Found> + Clone,
    own: NsKey,
) -> BTreeMap<NsKey, String> {
    let mut holders: BTreeMap<String, usize> = BTreeMap::new();
    let mut alike: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for f in found.clone() {
        let names = f.file_name().map(str::to_owned).into_iter().chain(container_name(f));
        for name in names {
            *holders.entry(name).or_default() += 1;
        }
        for path in &f.paths {
            alike.entry(file_name(path).unwrap_or_default()).or_default().push(path);
        }
    }
    let is_unique = |name: &String| holders.get(name) == Some(&1);
    found
        .map(|f| {
            let file = || f.file_name().filter(|n| is_name(n)).map(str::to_owned).filter(is_unique);
            let below = || {
                let path = f.paths.first().filter(|_| f.names.is_empty())?;
                told_apart(path, alike.get(file_name(path)?)?)
            };
            let name = container_name(f).filter(is_unique).or_else(file).or_else(below);
            let name = name.filter(|_| f.key != own).unwrap_or_else(|| f.reference(own));
            (f.key, shown(&name))
        })
        .collect()
}

/// `docker:X-1`, where the engine told the name and no person gave another one.
fn container_name(found: &Found) -> Option<String> {
    let container = found.container.as_ref()?;
    let is_given = found.paths.iter().any(|p| p.parent() == Some(Path::new(NETNS_DIR)));
    let engine = container.asked()?.command();
    let name = container.name.as_ref().filter(|_| !is_given)?;
    Some(format!("{engine}:{name}"))
}

/// `d1/1-6a38c9b837`: the folder nearest to the file that none of the others is
/// below. `None` where the same path is another file in another mount namespace.
fn told_apart(path: &Path, alike: &[&Path]) -> Option<String> {
    if alike.iter().filter(|other| **other == path).count() > 1 {
        return None;
    }
    let others = || alike.iter().filter(|other| **other != path);
    let folders = path.parent()?.iter().rev().filter_map(|folder| folder.to_str());
    let mut folders = folders.filter(|folder| folder.parse::<ovl_core::names::NsName>().is_ok());
    let folder = folders.find(|folder| !others().any(|other| is_below(other, folder)))?;
    Some(format!("{folder}/{}", file_name(path)?))
}

/// Is it somewhere below a folder of that name?
pub fn is_below(path: &Path, folder: &str) -> bool {
    path.parent().is_some_and(|parent| parent.iter().any(|part| part == folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_engines_files_are_told_apart_by_a_folder() {
        let first = Path::new("/tmp/lab/d1/exec/netns/1-6a38c9b837");
        let second = Path::new("/tmp/lab/d2/exec/netns/1-6a38c9b837");
        let both = [first, second];
        assert_eq!(told_apart(first, &both).as_deref(), Some("d1/1-6a38c9b837"));
        assert_eq!(told_apart(second, &both).as_deref(), Some("d2/1-6a38c9b837"));
        assert!(is_below(first, "d1") && !is_below(second, "d1"));
        // A file's own name is no folder above it.
        assert!(!is_below(first, "1-6a38c9b837"));
        assert_eq!(told_apart(first, &[first, first, second]), None);
        let upper = Path::new("/tmp/lab/1-6a38c9b837");
        assert_eq!(told_apart(upper, &[upper, first]), None);
        assert_eq!(told_apart(first, &[upper, first]).as_deref(), Some("netns/1-6a38c9b837"));
    }
}
