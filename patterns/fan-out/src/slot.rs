//! A place for one future at a time. The place is allocated once, the futures come and go.

use std::future::{Pending, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::bells::{Bell, Bells};
use super::error::{ItemError, Outcome};
use super::sync::{Arc, Timeout, timeout};

/// How often a slot rings the bell it shares with its neighbours before it gets one of its own.
const SHARED_LOOKS: u8 = 2;

/// One future, with its bell and its alarm clock.
pub(crate) struct Slot<F> {
    future: Pin<Box<Option<F>>>,
    /// The item the future works on.
    index: usize,
    /// How many polls have used the shared bell. A future that waits seldom costs no bell, and one
    /// that waits often is called in vain at most so many times.
    looks: u8,
    bell: Option<Waker>,
    /// Goes off when the item's time is up.
    alarm: Option<Pin<Box<Timeout<Pending<()>>>>>,
}

impl<F> Slot<F> {
    pub(crate) fn new() -> Self {
        Self { future: Box::pin(None), index: 0, looks: 0, bell: None, alarm: None }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.future.is_none()
    }

    pub(crate) fn begin(&mut self, index: usize, future: F, limit: Option<Duration>) {
        self.index = index;
        self.alarm = limit.map(|limit| Box::pin(timeout(limit, pending())));
        self.future.set(Some(future));
    }

    /// Polls the future. With the outcome the future is dropped and the slot is free again.
    pub(crate) fn poll<T, E>(
        &mut self,
        shared: &Waker,
        own: (&Arc<Bells>, usize),
    ) -> Poll<(usize, Outcome<T, E>)>
    where
        F: Future<Output = Result<T, E>>,
    {
        let Some(future) = self.future.as_mut().as_pin_mut() else { return Poll::Pending };
        let bell = if self.looks < SHARED_LOOKS {
            self.looks += 1;
            shared
        } else {
            self.bell.get_or_insert_with(|| Bell::one(own.0, own.1))
        };
        let mut context = Context::from_waker(bell);
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.poll(&mut context))) {
            Ok(Poll::Ready(result)) => result.map_err(ItemError::Failed),
            Err(panic) => Err(ItemError::Panicked(panic.into())),
            Ok(Poll::Pending) => {
                let Some(alarm) = &mut self.alarm else { return Poll::Pending };
                ready!(alarm.as_mut().poll(&mut context)).expect_err("it waits for nothing else");
                Err(ItemError::TimedOut)
            }
        };
        self.clear();
        Poll::Ready((self.index, outcome))
    }

    /// Drops the future. If that panics, it is nobody's affair here.
    pub(crate) fn clear(&mut self) {
        self.alarm = None;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.future.set(None))) {
            std::mem::forget(panic); // it may panic once more as it drops
        }
    }
}
