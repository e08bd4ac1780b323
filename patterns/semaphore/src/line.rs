//! A line of waiters, for `lock` and `barging`: they are called from the front, and any of them may
//! leave at any time.
//!
//! All changes happen under the mutex around the line. A waiter's own mutex exists so that polling
//! it needs no look at the line. Wakers are returned, never called here: a waker is foreign code
//! and may come back into the semaphore.

use std::collections::VecDeque;
use std::mem;
use std::task::{Poll, Waker};

use super::sync::{Arc, Mutex, MutexGuard};

/// The waiters in the order they are served.
#[derive(Default)]
pub(crate) struct Line {
    /// Never begins with one that left, so that "not empty" means "somebody waits".
    waiters: VecDeque<Arc<Waiter>>,
    /// How many in `waiters` have left. They are swept out when they are the majority, which makes
    /// leaving cheap and keeps the memory within twice what the waiting need.
    left: usize,
}

/// One caller in the line.
pub(crate) struct Waiter {
    /// How many permits it wants.
    pub(crate) n: usize,
    stage: Mutex<Stage>,
}

/// ```text
/// Waiting --call--> Called      it may go on
///    |-----close--> Dismissed   it gets an error
///    `-----leave--> Left        its future was dropped
/// ```
enum Stage {
    Waiting(Waker),
    Called,
    Dismissed,
    Left,
}

/// What became of a waiter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Called,
    Dismissed,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// What the first in the line wants.
    pub(crate) fn first_wants(&self) -> Option<usize> {
        self.waiters.front().map(|waiter| waiter.n)
    }

    pub(crate) fn push_back(&mut self, waiter: Arc<Waiter>) {
        self.waiters.push_back(waiter);
    }

    /// Puts one that was called in vain back where it stood.
    #[allow(dead_code, reason = "for barging only, which may not have been copied")]
    pub(crate) fn push_front(&mut self, waiter: Arc<Waiter>) {
        self.waiters.push_front(waiter);
    }

    /// Calls the first. The caller wakes it after letting go of the line.
    pub(crate) fn call_first(&mut self) -> Option<Waker> {
        self.end_first(Stage::Called)
    }

    /// Sends the first away because the semaphore closes.
    pub(crate) fn dismiss_first(&mut self) -> Option<Waker> {
        self.end_first(Stage::Dismissed)
    }

    /// Takes a waiter out whose future is dropped. `Some(fate)` if its wait had already ended. Its
    /// waker drops here, so the caller has put one there that is no foreign code.
    pub(crate) fn leave(&mut self, waiter: &Waiter) -> Option<Fate> {
        match mem::replace(&mut *waiter.stage(), Stage::Left) {
            Stage::Called => return Some(Fate::Called),
            Stage::Dismissed => return Some(Fate::Dismissed),
            Stage::Waiting(_) => self.left += 1,
            Stage::Left => unreachable!("a waiter leaves once"),
        }
        if self.left * 2 > self.waiters.len() {
            self.waiters.retain(|waiter| !waiter.has_left());
            self.left = 0;
        }
        self.drop_left_from_front();
        None
    }

    fn end_first(&mut self, stage: Stage) -> Option<Waker> {
        let first = self.waiters.pop_front()?;
        self.drop_left_from_front();
        match mem::replace(&mut *first.stage(), stage) {
            Stage::Waiting(waker) => Some(waker),
            _ => unreachable!("the first in the line is waiting"),
        }
    }

    fn drop_left_from_front(&mut self) {
        while self.waiters.front().is_some_and(|waiter| waiter.has_left()) {
            self.waiters.pop_front();
            self.left -= 1;
        }
    }
}

impl Waiter {
    pub(crate) fn new(n: usize, waker: Waker) -> Self {
        Self { n, stage: Mutex::new(Stage::Waiting(waker)) }
    }

    /// Tells what became of the wait, or notes whom to wake. Clones and drops wakers outside the
    /// mutex, for they are foreign code.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Fate> {
        let waker = waker.clone();
        let _old = match &mut *self.stage() {
            Stage::Waiting(present) => mem::replace(present, waker),
            Stage::Called => return Poll::Ready(Fate::Called),
            Stage::Dismissed => return Poll::Ready(Fate::Dismissed),
            Stage::Left => unreachable!("a waiter leaves when its future is dropped"),
        };
        Poll::Pending
    }

    /// Waits again after a call that came to nothing. Only with the line locked.
    #[allow(dead_code, reason = "for barging only, which may not have been copied")]
    pub(crate) fn wait_again(&self, waker: Waker) {
        *self.stage() = Stage::Waiting(waker);
    }

    fn has_left(&self) -> bool {
        matches!(*self.stage(), Stage::Left)
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().expect("nothing panics under this mutex")
    }
}
