//! A listing, read from the datagrams that answer it, and read again where the
//! kernel says that what it lists changed meanwhile. Opens no socket.

use crate::error::Fail;
use crate::socket::{NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, Parts, flag, verdict};

/// How often a listing that the kernel marks inconsistent is read. On a busy
/// machine every other reading of some hundred devices is.
const TRIES: u32 = 50;

/// Reads a listing with `once`, into what `restart` makes, until a reading is
/// whole: `once` says whether it was.
pub(crate) fn until_whole<T>(
    mut restart: impl FnMut() -> T,
    mut once: impl FnMut(&mut T) -> Result<bool, Fail>,
) -> Result<T, Fail> {
    for _ in 0..TRIES {
        let mut gathered = restart();
        if once(&mut gathered)? {
            return Ok(gathered);
        }
    }
    Err(Fail::Interrupted(TRIES))
}

/// One reading: what its datagrams have said so far.
#[derive(Debug)]
pub(crate) struct Reading {
    seq: u32,
    whole: bool,
    failed: Option<Fail>,
}

impl Reading {
    /// The answer to the request with that number.
    pub(crate) fn of(seq: u32) -> Reading {
        Reading { seq, whole: true, failed: None }
    }

    /// Takes in a datagram: `each` is called with the type and body of every
    /// message. At the end mark it says whether the reading was whole.
    pub(crate) fn take(
        &mut self,
        datagram: &[u8],
        mut each: impl FnMut(u16, &[u8]) -> Result<(), Fail>,
    ) -> Result<Option<bool>, Fail> {
        for part in Parts::new(datagram) {
            let part = part?;
            if part.seq != self.seq {
                continue;
            }
            self.whole &= part.flags & flag::DUMP_INTR == 0;
            match part.kind {
                NLMSG_ERROR => {
                    verdict(&part)?;
                    return Err(Fail::Unreadable("a dump ended without its end mark".into()));
                }
                NLMSG_DONE => {
                    verdict(&part)?;
                    return self.failed.take().map_or(Ok(Some(self.whole)), Err);
                }
                NLMSG_NOOP => {}
                // A body that cannot be read must not leave the rest of the dump in
                // the socket for the next request to trip over: the first failure is kept.
                kind if self.failed.is_none() => self.failed = each(kind, part.body).err(),
                _ => {}
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Batch;
    use crate::wire::rtm;

    const SEQ: u32 = 7;

    /// A datagram of messages with one-byte bodies.
    fn datagram(messages: &[(u16, u16, u8)]) -> Vec<u8> {
        let mut out = Batch::numbered(SEQ);
        for (kind, flags, body) in messages {
            out.push(*kind, *flags, &[*body; 1]);
        }
        out.bytes().to_vec()
    }

    /// Reads scripted answers, one for each try, as a socket would hand them over.
    fn read(answers: &[Vec<Vec<u8>>]) -> (Result<Vec<u8>, Fail>, usize) {
        let mut tries = 0;
        let result = until_whole(Vec::new, |bodies| {
            let answer = answers.get(tries).or(answers.last()).expect("an answer");
            tries += 1;
            let mut reading = Reading::of(SEQ);
            for datagram in answer {
                let end = reading.take(datagram, |_, body| {
                    bodies.extend_from_slice(body);
                    Ok(())
                })?;
                if let Some(whole) = end {
                    return Ok(whole);
                }
            }
            panic!("the script ends before the listing does");
        });
        (result, tries)
    }

    fn quiet() -> Vec<Vec<u8>> {
        vec![
            datagram(&[(rtm::NEWLINK, 0, 1), (rtm::NEWLINK, 0, 2)]),
            datagram(&[(NLMSG_DONE, 0, 0)]),
        ]
    }

    fn changed_on_the_way() -> Vec<Vec<u8>> {
        vec![
            datagram(&[(rtm::NEWLINK, 0, 1)]),
            datagram(&[(rtm::NEWLINK, flag::DUMP_INTR, 9)]),
            datagram(&[(NLMSG_DONE, 0, 0)]),
        ]
    }

    /// Later kernels say it in the end mark alone.
    fn changed_at_the_end() -> Vec<Vec<u8>> {
        vec![datagram(&[(rtm::NEWLINK, 0, 9)]), datagram(&[(NLMSG_DONE, flag::DUMP_INTR, 0)])]
    }

    #[test]
    fn a_listing_that_did_not_change_is_read_once() {
        let (bodies, tries) = read(&[quiet()]);
        assert_eq!((bodies.unwrap(), tries), (vec![1, 2], 1));
    }

    #[test]
    fn a_listing_that_changed_meanwhile_is_read_again_from_nothing() {
        let (bodies, tries) = read(&[changed_on_the_way(), changed_at_the_end(), quiet()]);
        assert_eq!((bodies.unwrap(), tries), (vec![1, 2], 3));
    }

    #[test]
    fn a_listing_that_always_changes_is_given_up_and_said() {
        let (bodies, tries) = read(&[changed_on_the_way()]);
        let Err(e @ Fail::Interrupted(TRIES)) = bodies else { panic!("{bodies:?}") };
        assert_eq!(tries, TRIES as usize);
        assert!(e.to_string().contains(&TRIES.to_string()), "{e}");
    }

    #[test]
    fn a_refused_listing_is_not_tried_again() {
        let mut refusal = (-1i32).to_ne_bytes().to_vec();
        refusal.extend_from_slice(&[0; 16]);
        let mut out = Batch::numbered(SEQ);
        out.push(NLMSG_ERROR, flag::CAPPED, &refusal);
        let (bodies, tries) = read(&[vec![out.bytes().to_vec()]]);
        assert!(matches!(bodies, Err(Fail::Refused(_))), "{bodies:?}");
        assert_eq!(tries, 1);
    }

    #[test]
    fn a_body_that_cannot_be_read_fails_only_when_all_has_arrived() {
        let mut reading = Reading::of(SEQ);
        let mut refuse = |_: u16, _: &[u8]| Err(Fail::Unreadable("a cut-off message".into()));
        assert!(matches!(reading.take(&quiet()[0], &mut refuse), Ok(None)));
        assert!(matches!(reading.take(&quiet()[1], &mut refuse), Err(Fail::Unreadable(_))));
    }

    #[test]
    fn answers_to_other_requests_are_passed_over() {
        let mut reading = Reading::of(SEQ + 1);
        let end = reading.take(&datagram(&[(NLMSG_DONE, 0, 0)]), |_, _| Ok(()));
        assert!(matches!(end, Ok(None)));
    }
}
