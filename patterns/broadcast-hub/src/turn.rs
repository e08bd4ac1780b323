//! A message that waits for its turn in a shared hub.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::error::{PublishError, PublishTimeoutError, TryPublishError};
use super::quiet::drop_quietly;
use super::shared::Shared;

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
