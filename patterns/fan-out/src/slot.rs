//! A place for one future at a time. The place is allocated once, the futures come and go.

use std::future::Pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use super::error::{ItemError, Outcome};
use super::sync::Timeout;

/// How often a slot rings the bell it shares with its neighbours before it gets one of its own.
const SHARED_LOOKS: u8 = 2;

/// Goes off when an item's time is up.
pub(crate) type Alarm = Pin<Box<Timeout<Pending<()>>>>;

/// One future. There may be thousands, so what few of them need is kept elsewhere.
pub(crate) struct Slot<F> {
    future: Pin<Box<Option<F>>>,
    /// The item the future works on.
    index: usize,
    /// How many polls have used the shared bell. A future that waits seldom costs no bell, and one
    /// that waits often is called in vain at most so many times.
    looks: u8,
}

impl<F> Slot<F> {
    pub(crate) fn new() -> Self {
        Self { future: Box::pin(None), index: 0, looks: 0 }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.future.is_none()
    }

    pub(crate) fn begin(&mut self, index: usize, future: F) {
        self.index = index;
        self.future.set(Some(future));
    }

    /// Whether the next poll uses a bell of its own.
    pub(crate) fn is_regular(&mut self) -> bool {
        self.looks = (self.looks + 1).min(SHARED_LOOKS + 1);
        self.looks > SHARED_LOOKS
    }

    /// Polls the future. With the outcome the future is dropped and the slot is free again.
    pub(crate) fn poll<T, E>(
        &mut self,
        bell: &Waker,
        alarm: Option<&mut Alarm>,
    ) -> Poll<(usize, Outcome<T, E>)>
    where
        F: Future<Output = Result<T, E>>,
    {
        let Some(future) = self.future.as_mut().as_pin_mut() else { return Poll::Pending };
        let mut context = Context::from_waker(bell);
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.poll(&mut context))) {
            Ok(Poll::Ready(result)) => result.map_err(ItemError::Failed),
            Err(panic) => Err(ItemError::Panicked(panic.into())),
            Ok(Poll::Pending) => {
                let Some(alarm) = alarm else { return Poll::Pending };
                ready!(alarm.as_mut().poll(&mut context)).expect_err("it waits for nothing else");
                Err(ItemError::TimedOut)
            }
        };
        self.clear();
        Poll::Ready((self.index, outcome))
    }

    /// Drops the future. If that panics, it is nobody's affair here.
    pub(crate) fn clear(&mut self) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.future.set(None))) {
            std::mem::forget(panic); // it may panic once more as it drops
        }
    }
}
