//! Publishers that wait for room, first come, first served. Their messages wait with them: whoever
//! makes room publishes for them, so a publisher that goes away leaves no turn behind to be passed on.

use std::collections::BTreeMap;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::error::{PublishError, PublishTimeoutError, TryPublishError};
use super::quiet::drop_quietly;
use super::shared::Shared;

/// Those who wait, by ticket, and the answers of those who need wait no longer.
///
/// All under the mutex of the hub. Wakers and messages are foreign, so they are handed in and out,
/// and neither cloned, called nor dropped here.
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
            return (Poll::Pending, mem::replace(noted, waker));
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

/// A message on its way into the hub. Ready means published, or refused.
pub(crate) struct Turn<'a, T> {
    shared: &'a Shared<T>,
    stage: Stage<T>,
}

enum Stage<T> {
    /// Not polled yet.
    New(T),
    /// Waits in line, with this ticket.
    InLine(u64),
    /// Answered, or withdrawn.
    Over,
}

impl<'a, T> Turn<'a, T> {
    #[inline]
    pub(crate) fn new(shared: &'a Shared<T>, value: T) -> Self {
        Self { shared, stage: Stage::New(value) }
    }

    /// Takes the message back, unless it is published already.
    pub(crate) fn withdraw(mut self) -> Result<u64, PublishTimeoutError<T>> {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::New(value) => Err(PublishTimeoutError::TimedOut(value)),
            Stage::InLine(ticket) => match self.leave(ticket) {
                Ok(value) => Err(PublishTimeoutError::TimedOut(value)),
                Err(answer) => answer.map_err(PublishTimeoutError::Closed),
            },
            Stage::Over => unreachable!("a turn is over once"),
        }
    }

    /// The message, or the answer.
    fn leave(&self, ticket: u64) -> Result<T, Result<u64, T>> {
        let mut books = self.shared.books();
        let (value, waker) = books.line.leave(ticket)?;
        self.shared.serve(books); // only to say so if nobody waits any more
        drop_quietly(waker);
        Ok(value)
    }

    fn join(&mut self, value: T, waker: &Waker) -> Poll<Result<u64, PublishError<T>>> {
        match self.shared.join_line(value, waker.clone()) {
            Ok(ticket) => {
                self.stage = Stage::InLine(ticket);
                self.look(ticket, waker)
            }
            Err(refused) => Poll::Ready(Err(PublishError::Closed(refused.into_inner()))),
        }
    }

    #[cold]
    fn look(&mut self, ticket: u64, waker: &Waker) -> Poll<Result<u64, PublishError<T>>> {
        let waker = waker.clone();
        let mut books = self.shared.books();
        let (answer, old) = books.line.poll(ticket, waker);
        drop(books);
        drop_quietly(old);
        let Poll::Ready(answer) = answer else { return Poll::Pending };
        self.stage = Stage::Over;
        Poll::Ready(answer.map_err(PublishError::Closed))
    }
}

/// The message is never pinned.
impl<T> Unpin for Turn<'_, T> {}

impl<T> Future for Turn<'_, T> {
    type Output = Result<u64, PublishError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Stage::InLine(ticket) = self.stage {
            return self.look(ticket, context.waker());
        }
        let Stage::New(value) = mem::replace(&mut self.stage, Stage::Over) else {
            unreachable!("not polled after it was ready");
        };
        match self.shared.try_publish(value) {
            Ok(number) => Poll::Ready(Ok(number)),
            Err(TryPublishError::Closed(value)) => Poll::Ready(Err(PublishError::Closed(value))),
            Err(TryPublishError::Full(value)) => self.join(value, context.waker()),
        }
    }
}

impl<T> Drop for Turn<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Stage::InLine(ticket) = self.stage {
            drop_quietly(self.leave(ticket));
        }
    }
}
