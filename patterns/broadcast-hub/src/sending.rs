//! A message on its way through the desk into a hub.

use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::desk::{Address, Ask};
use super::error::{PublishError, PublishTimeoutError};
use super::offer::{Offer, Refused, Withdrawn};
use super::park::block_on;
use super::quiet::drop_quietly;
use super::sync::Arc;

/// The message. Ready means published, or refused.
pub(crate) struct Sending<'a, T> {
    desk: &'a Address<T>,
    waits: bool,
    stage: Stage<T>,
}

enum Stage<T> {
    /// Not polled yet.
    New(T),
    /// At the desk.
    Sent(Arc<Offer<T>>),
    /// Answered, or withdrawn.
    Over,
}

impl<'a, T> Sending<'a, T> {
    /// Who `waits` gets in line if there is no room.
    pub(crate) fn new(desk: &'a Address<T>, value: T, waits: bool) -> Self {
        Self { desk, waits, stage: Stage::New(value) }
    }

    pub(crate) fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<u64, Refused<T>>> {
        let offer = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Sent(offer) => offer,
            Stage::New(value) => {
                let offer = Arc::new(Offer::new(value));
                let sent = Arc::clone(&offer);
                self.desk.tell(Ask::Publish { offer: sent, waits: self.waits });
                offer
            }
            Stage::Over => unreachable!("not polled after it was ready"),
        };
        let answer = offer.poll(context.waker());
        if answer.is_pending() {
            self.stage = Stage::Sent(offer);
        }
        answer
    }

    /// Takes the message back, unless it is published already.
    pub(crate) fn withdraw(mut self) -> Result<u64, PublishTimeoutError<T>> {
        let offer = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Sent(offer) => offer,
            Stage::New(value) => return Err(PublishTimeoutError::TimedOut(value)),
            Stage::Over => unreachable!("an offer is over once"),
        };
        let answer = match offer.withdraw() {
            Withdrawn::Back(value) => {
                self.desk.gave_up();
                return Err(PublishTimeoutError::TimedOut(value));
            }
            Withdrawn::Answered(answer) => answer,
            Withdrawn::Coming => block_on(poll_fn(|it| offer.poll(it.waker()))),
        };
        answer.map_err(|refused| PublishTimeoutError::Closed(refused.into_inner()))
    }
}

/// The message is never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<u64, PublishError<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.poll_answer(context);
        answer.map_err(|refused| PublishError::Closed(refused.into_inner()))
    }
}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        if let Stage::Sent(offer) = &self.stage {
            match offer.withdraw() {
                Withdrawn::Back(value) => {
                    self.desk.gave_up();
                    drop_quietly(value);
                }
                Withdrawn::Answered(answer) => drop_quietly(answer),
                Withdrawn::Coming => {}
            }
        }
    }
}
