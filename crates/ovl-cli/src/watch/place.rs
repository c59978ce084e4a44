//! A namespace that is followed: what is known of it, and the socket that hears
//! what changes there.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Task, Poll};

use futures::stream::{AbortHandle, Abortable, Stream, abortable};
use ovl_core::error::Fail;
use ovl_core::kernel::Kernel;
use ovl_core::known::{Change, Known, OneOfSeveral};
use ovl_core::netns::NetNs;
use ovl_core::state::{NsState, Reader};
use ovl_core::watch::{Cause, Notice, Topic, Watcher};

use super::what::What;
use crate::shape::Netns;

/// What a socket hears.
pub type Heard = Result<Notice, Fail>;
type Notices = Pin<Box<dyn Stream<Item = Heard>>>;

/// A namespace that is followed.
pub struct Place {
    /// The namespace object.
    pub netns: Netns,
    /// What stands in it.
    pub known: Known,
    /// What was told of devices before they were: a bridge's own row comes first.
    early: Vec<What>,
    ear: Ear,
    end: AbortHandle,
}

/// The socket, for as long as it is open.
#[derive(Clone)]
pub struct Ear(Rc<RefCell<Option<Notices>>>);

impl Stream for Ear {
    type Item = Heard;

    fn poll_next(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Heard>> {
        match self.0.borrow_mut().as_mut() {
            Some(notices) => notices.as_mut().poll_next(task),
            None => Poll::Ready(None),
        }
    }
}

impl Place {
    /// Opens a socket in it, and gives what that hears.
    pub fn open(
        kernel: &impl Kernel,
        ns: &NetNs,
        netns: Netns,
        topics: &[Topic],
    ) -> Result<(Place, Abortable<Ear>), Fail> {
        // First the ears, then the listing: what changes in between is told twice
        // and known once.
        let notices = Watcher::open_in(ns, topics).and_then(Watcher::notices)?;
        let known = Known::of(read(kernel, ns)?);
        let ear = Ear(Rc::new(RefCell::new(Some(Box::pin(notices)))));
        let (heard, end) = abortable(ear.clone());
        Ok((Place { netns, known, early: Vec::new(), ear, end }, heard))
    }

    /// Lets the namespace go, at once and even while nobody listens; then wakes who does.
    pub fn let_go(self) {
        drop(self.ear.0.borrow_mut().take());
        self.end.abort();
    }

    /// What a notice tells; `listing` reads all anew, when notices were lost or do not
    /// say enough.
    pub fn heard(&mut self, notice: Heard, listing: impl FnOnce() -> NsState) -> Vec<What> {
        let events = match notice {
            Ok(Notice::There(object, by)) if by.replaces => match self.known.instead(object) {
                Ok(change) => changed(change, by),
                Err(OneOfSeveral) => changed(self.known.refresh(listing()), by),
            },
            Ok(Notice::There(object, by)) => changed(self.known.there(object), by),
            Ok(Notice::Gone(object, by)) => changed(self.known.gone(&object), by),
            Ok(Notice::Missed(miss)) => vec![What::Missed(miss)],
            Ok(Notice::Lost) => {
                let changes = changed(self.known.refresh(listing()), Cause::default());
                std::iter::once(What::Lost).chain(changes).collect()
            }
            Ok(Notice::Unreadable(why)) => vec![What::Unreadable(why)],
            Err(why) => vec![What::Unreadable(why.to_string())],
        };
        let known = &self.known;
        let is_early = |what: &What| what.dev().is_some_and(|index| known.name(index).is_none());
        let (early, mut told): (Vec<What>, Vec<What>) = events.into_iter().partition(is_early);
        let (still, now): (Vec<What>, Vec<What>) =
            std::mem::take(&mut self.early).into_iter().partition(is_early);
        told.extend(now);
        self.early = still;
        self.early.extend(early);
        told
    }

    /// What was told of devices that nothing was told of since.
    pub fn left_over(&mut self) -> Vec<What> {
        std::mem::take(&mut self.early)
    }
}

fn changed(changes: impl IntoIterator<Item = Change>, by: Cause) -> Vec<What> {
    changes.into_iter().map(|change| What::Changed(Box::new(change), by)).collect()
}

/// All that stands in a namespace.
pub fn read(kernel: &impl Kernel, ns: &NetNs) -> Result<NsState, Fail> {
    let mut reader = Reader::open(kernel, ns)?;
    Ok(NsState {
        links: reader.links(false)?,
        addrs: reader.addrs()?,
        routes: reader.routes()?,
        neighs: reader.neighs(None)?,
        fdb: reader.fdb(None)?,
    })
}
