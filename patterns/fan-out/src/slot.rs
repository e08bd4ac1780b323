//! A place for one future at a time. The place is allocated once, the futures come and go.

use std::future::{Pending, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::bells::{Bell, Bells};
use super::error::{ItemError, Outcome};
use super::sync::{Arc, Timeout, timeout};

/// One future, with its bell and its alarm clock.
pub(crate) struct Slot<F> {
    future: Pin<Box<Option<F>>>,
    /// The item the future works on.
    index: usize,
    bell: Waker,
    /// Goes off when the item's time is up.
    alarm: Option<Pin<Box<Timeout<Pending<()>>>>>,
}

impl<F> Slot<F> {
    pub(crate) fn new(bells: &Arc<Bells>, bell: usize) -> Self {
        let bell = Waker::from(Arc::new(Bell { bells: Arc::clone(bells), bell }));
        Self { future: Box::pin(None), index: 0, bell, alarm: None }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.future.is_none()
    }

    pub(crate) fn begin(&mut self, index: usize, future: F, limit: Option<Duration>) {
        self.index = index;
        self.alarm = limit.map(|limit| Box::pin(timeout(limit, pending())));
        self.future.set(Some(future));
    }

    /// Polls the future, and is free again when it returns an outcome.
    pub(crate) fn poll<T, E>(&mut self) -> Poll<(usize, Outcome<T, E>)>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut context = Context::from_waker(&self.bell);
        let Some(future) = self.future.as_mut().as_pin_mut() else { return Poll::Pending };
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.poll(&mut context))) {
            Ok(Poll::Ready(result)) => result.map_err(ItemError::Failed),
            Err(panic) => Err(ItemError::Panicked(panic)),
            Ok(Poll::Pending) => {
                let Some(alarm) = &mut self.alarm else { return Poll::Pending };
                ready!(alarm.as_mut().poll(&mut context)).expect_err("it waits for nothing else");
                Err(ItemError::TimedOut)
            }
        };
        self.clear();
        Poll::Ready((self.index, outcome))
    }

    /// Drops the future. What it does as it drops is its own affair.
    fn clear(&mut self) {
        self.alarm = None;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.future.set(None))) {
            std::mem::forget(panic);
        }
    }
}
