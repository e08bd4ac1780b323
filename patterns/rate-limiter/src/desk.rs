//! One limit: its bucket, and who waits for it. Whoever holds the desk, a lock or an owner, hands it
//! requests one after the other. What callers may ask for is here, once for all variants.
//!
//! Wakers are foreign code: they come in cloned and go out uncalled, for the holder to call and drop
//! when it has let go of the desk.

use std::task::Waker;

use super::bucket::Bucket;
use super::line::Line;
use super::quota::Quota;

/// What a caller wants, at a time that it has read from the clock.
#[derive(Debug)]
pub(crate) enum Request {
    /// `n` tokens now, or when.
    Try { n: u64 },
    /// `n` tokens now, or a place in the line; but none if it would take longer than `by`.
    Join { n: u64, by: u64, waker: Waker },
    /// Whether it is its turn.
    Look { id: u64, waker: Waker },
    /// To be gone from the line.
    Leave { id: u64 },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// They are the caller's.
    Taken,
    /// Not before this time.
    NotBefore(u64),
    /// Stands in line. Its turn comes at this time, if it is the first: then nobody wakes it, and
    /// nobody else is served before it comes back.
    InLine { id: u64, turn: Option<u64> },
}

/// An answer, and what to do when the desk is let go of.
#[must_use]
#[derive(Debug)]
pub(crate) struct Outcome {
    answer: Answer,
    /// The new first in line, who has to set its alarm.
    wake: Option<Waker>,
    /// No longer needed.
    spare: [Option<Waker>; 2],
}

impl Outcome {
    fn of(answer: Answer) -> Self {
        Self { answer, wake: None, spare: [None, None] }
    }

    /// Runs foreign code, so never while the desk is held.
    pub(crate) fn finish(self) -> Answer {
        if let Some(waker) = self.wake {
            waker.wake();
        }
        drop(self.spare);
        self.answer
    }
}

/// One limit.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) bucket: Bucket,
    /// None if nobody waits, which is how most keys spend their lives. Else not empty.
    line: Option<Box<Line>>,
}

impl Desk {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self { bucket, line: None }
    }

    #[inline]
    pub(crate) fn handle(&mut self, quota: &Quota, now: u64, request: Request) -> Outcome {
        match request {
            Request::Try { n } => Outcome::of(self.try_take(quota, n, now)),
            Request::Join { n, by, waker } => self.join(quota, now, n, by, waker),
            Request::Look { id, waker } => self.look(quota, now, id, waker),
            Request::Leave { id } => self.remove(id),
        }
    }

    /// Takes `n` tokens for which the clock need not be read, if there are any.
    #[allow(dead_code, reason = "not for channel, which alone may have been copied")]
    #[inline]
    pub(crate) fn take_leased(&mut self, n: u64) -> bool {
        self.line.is_none() && self.bucket.take_leased(n)
    }

    #[inline]
    fn try_take(&mut self, quota: &Quota, n: u64, now: u64) -> Answer {
        let Some(line) = &self.line else {
            return match self.bucket.take(quota, n, now) {
                Ok(()) => Answer::Taken,
                Err(slot) => Answer::NotBefore(slot),
            };
        };
        // It is nobody's turn but the first one's, even if tokens are there.
        let tokens = line.wanted() + u128::from(n);
        let parts = u64::try_from(tokens * u128::from(quota.parts(1))).unwrap_or(u64::MAX);
        Answer::NotBefore(self.bucket.slot(quota, parts).max(now))
    }

    fn join(&mut self, quota: &Quota, now: u64, n: u64, by: u64, waker: Waker) -> Outcome {
        let slot = match self.try_take(quota, n, now) {
            Answer::NotBefore(slot) if slot <= by => slot,
            answer => return Outcome { spare: [Some(waker), None], ..Outcome::of(answer) },
        };
        let line = self.line.get_or_insert_default();
        let turn = line.is_empty().then_some(slot);
        Outcome::of(Answer::InLine { id: line.join(n, waker), turn })
    }

    // ANCHOR: look
    fn look(&mut self, quota: &Quota, now: u64, id: u64, waker: Waker) -> Outcome {
        let line = self.line.as_mut().expect("who looks stands in line");
        let mut turn = None;
        if let Some((first, n)) = line.first()
            && first == id
        {
            let slot = self.bucket.slot(quota, quota.parts(n));
            if slot <= now {
                self.bucket.take_turn(quota, n, now);
                let mut outcome = self.remove(id);
                outcome.spare[1] = Some(waker);
                return outcome;
            }
            turn = Some(slot);
        }
        let spare = [line.note(id, waker), None];
        Outcome { spare, ..Outcome::of(Answer::InLine { id, turn }) }
    }

    /// Takes one out of the line, who was served or gave up. Whoever is first now is woken, to set
    /// its alarm: the slot is its own, and nothing of it was spent.
    fn remove(&mut self, id: u64) -> Outcome {
        let mut outcome = Outcome::of(Answer::Taken);
        let Some(line) = &mut self.line else { return outcome };
        let was_first = line.first().is_some_and(|(first, _)| first == id);
        outcome.spare[0] = line.leave(id);
        if was_first {
            outcome.wake = line.call_first();
        }
        if line.is_empty() {
            self.line = None;
        }
        outcome
    }
    // ANCHOR_END: look

    /// Sends everybody away who waits.
    pub(crate) fn dismiss(self) -> impl Iterator<Item = Waker> {
        self.line.into_iter().flat_map(|line| line.dismiss())
    }

    /// Whether the bucket is all there is to know.
    #[allow(dead_code, reason = "for atomic only, which may not have been copied")]
    pub(crate) fn is_plain(&self) -> bool {
        self.line.is_none() && self.bucket.lag == 0
    }

    /// Whether nobody would notice if it were replaced by a new one.
    pub(crate) fn is_idle(&mut self, quota: &Quota, now: u64) -> bool {
        self.line.is_none() && self.bucket.is_full(quota, now)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.line.as_ref().map_or(0, |line| line.len())
    }

    pub(crate) fn available(&self, quota: &Quota, now: u64) -> u64 {
        if self.line.is_some() { 0 } else { self.bucket.level(quota, now) }
    }
}
