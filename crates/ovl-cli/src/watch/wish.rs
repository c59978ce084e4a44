//! What is to be told, of what there is to tell.

use clap::ValueEnum;
use ovl_core::names::{IfName, NsRef};
use ovl_core::watch::Topic;

/// What can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Namespaces that come and go.
    Netns,
    /// Devices.
    Link,
    /// Addresses.
    Address,
    /// Routes.
    Route,
    /// Neighbour rows.
    Neigh,
    /// FDB rows.
    Fdb,
    /// Addresses that VXLAN devices ask for.
    Miss,
}

/// What is to be told.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Of which namespaces; empty: of all.
    pub namespaces: Vec<NsRef>,
    /// Of what; empty: of everything.
    pub only: Vec<Subject>,
    /// Of which device's rows; absent: of all.
    pub dev: Option<IfName>,
}

impl Wish {
    /// Was it asked for?
    pub fn wants(&self, subject: Subject) -> bool {
        self.only.is_empty() || self.only.contains(&subject)
    }

    /// May its device come later? Not where one namespace was named, as it is now,
    /// and the coming of a device is nothing that would be told.
    pub fn may_come(&self) -> bool {
        let changes =
            |r: &NsRef| matches!(r, NsRef::Container(..) | NsRef::Overlay(_) | NsRef::Vni(_));
        let named = &self.namespaces;
        named.is_empty() || named.iter().any(changes) || self.wants(Subject::Link)
    }

    /// The namespaces, as they were written; `None` for the caller's own.
    pub fn places(&self) -> Option<String> {
        let named = self.namespaces.iter().filter(|r| **r != NsRef::Own);
        let words: Vec<String> = named.map(ToString::to_string).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What the kernel has to be asked for. Devices always: they have the names.
    pub fn topics(&self) -> Vec<Topic> {
        const ROWS: [Subject; 3] = [Subject::Neigh, Subject::Fdb, Subject::Miss];
        let wanted = |topic: &Topic| match topic {
            Topic::Links => true,
            Topic::Addrs => self.wants(Subject::Address),
            Topic::Routes => self.wants(Subject::Route),
            Topic::Rows => ROWS.iter().any(|row| self.wants(*row)),
        };
        Topic::ALL.into_iter().filter(wanted).collect()
    }
}
