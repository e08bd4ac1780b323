//! Publishers that wait for room, first come, first served. Their messages wait with them: whoever
//! makes room publishes for them, so a publisher that goes away leaves no turn behind to be passed on.
//!
//! All under the mutex of the hub. Wakers and messages are foreign, so they are handed in and out,
//! and neither cloned, called nor dropped here.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};

/// Those who wait, by ticket, and the answers of those who need wait no longer.
pub(crate) struct Line<T> {
    tickets: u64,
    waiting: BTreeMap<u64, (T, Waker)>,
    /// `Ok` is the number of the message; `Err` the message itself, for the hub is closed.
    answers: BTreeMap<u64, Result<u64, T>>,
}

impl<T> Line<T> {
    pub(crate) fn new() -> Self {
        Self { tickets: 0, waiting: BTreeMap::new(), answers: BTreeMap::new() }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gets in line; returns the ticket.
    pub(crate) fn join(&mut self, value: T, waker: Waker) -> u64 {
        self.tickets += 1;
        self.waiting.insert(self.tickets, (value, waker));
        self.tickets
    }

    /// The first in line; it stays owed an answer.
    pub(crate) fn first(&mut self) -> Option<(u64, T, Waker)> {
        let (ticket, (value, waker)) = self.waiting.pop_first()?;
        Some((ticket, value, waker))
    }

    pub(crate) fn answer(&mut self, ticket: u64, answer: Result<u64, T>) {
        self.answers.insert(ticket, answer);
    }

    /// The answer, or whom to wake for it; and the waker that was noted before.
    pub(crate) fn poll(&mut self, ticket: u64, waker: Waker) -> (Poll<Result<u64, T>>, Waker) {
        if let Some((_, noted)) = self.waiting.get_mut(&ticket) {
            return (Poll::Pending, std::mem::replace(noted, waker));
        }
        let answer = self.answers.remove(&ticket);
        (Poll::Ready(answer.expect("who has waited is answered once")), waker)
    }

    /// Leaves the line: the message with its waker, or the answer that was there already.
    pub(crate) fn leave(&mut self, ticket: u64) -> Result<(T, Waker), Result<u64, T>> {
        match self.waiting.remove(&ticket) {
            Some(place) => Ok(place),
            None => Err(self.answers.remove(&ticket).expect("who has waited is answered once")),
        }
    }
}
