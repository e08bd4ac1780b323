//! A limiter whose bucket is one atomic word, so that a check is one step. A desk behind a mutex
//! takes the bucket over only while somebody waits.
//!
//! Callers own nothing, and no thread or timer is ours: whoever is first in line sets an alarm of
//! its own. `close` sends everybody away; the memory goes with the last handle and waiting future.
//!
//! Take along: `atomic.rs`, `word.rs`, `lock.rs`, `desk.rs`, `line.rs`, `bucket.rs`, `quota.rs`,
//! `clock.rs`, `wait.rs`, `alarm.rs`, `park.rs`, `keys.rs`, `shards.rs`, `foreign.rs`, `surface.rs`,
//! `sync.rs`, `error.rs`.

use std::fmt;
use std::task::Waker;
use std::time::Duration;

use super::bucket::Bucket;
use super::clock::{Clock, Monotonic, Schedule};
use super::desk::{Answer, Desk, Request};
use super::error::{AcquireError, AcquireTimeoutError, TryAcquireError};
use super::foreign::each;
use super::quota::Quota;
use super::surface::limiter_methods;
use super::sync::Mutex;
use super::wait::{self, Closed, Serve};
use super::word::Word;

/// Keys are found in a map, and a map needs a lock; behind a lock, a word gains nothing.
pub use super::lock::Keyed;

/// At most so many tokens per time; first come, first served.
pub struct Limiter<C: Clock = Monotonic> {
    schedule: Schedule<C>,
    word: Word,
    /// None once closed. Its bucket counts only while the word says so.
    desk: Mutex<Option<Desk>>,
}

impl Limiter {
    /// A limiter on the system's clock, with a full bucket.
    pub fn new(quota: Quota) -> Self {
        Self::with_clock(quota, Monotonic)
    }
}

impl<C: Clock> Limiter<C> {
    /// A limiter on this clock, with a full bucket.
    pub fn with_clock(quota: Quota, clock: C) -> Self {
        let bucket = Bucket::full(0);
        let desk = Mutex::new(Some(Desk::new(bucket)));
        Self { schedule: Schedule::new(quota, clock), word: Word::new(bucket), desk }
    }

    limiter_methods!();

    /// Refuses everybody from now on and sends all who wait away. Closing twice is closing once.
    pub fn close(&self) {
        let mut desk = self.desk.lock();
        // For ever: there is no desk that would give it back.
        self.word.lend();
        let closed = desk.take();
        drop(desk);
        each(closed.into_iter().flat_map(Desk::dismiss), Waker::wake);
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.desk.lock().is_none()
    }

    /// Tokens that a caller would find at this moment; out of date as soon as it is known.
    pub fn available(&self) -> u64 {
        let (quota, now) = (&self.schedule.quota, self.schedule.now());
        self.with_desk(|desk| desk.available(quota, now)).unwrap_or(0)
    }

    /// How many callers wait at this moment.
    pub fn waiting(&self) -> usize {
        self.with_desk(|desk| desk.waiting()).unwrap_or(0)
    }

    // ANCHOR: desk
    /// Whoever holds the lock takes the bucket out of the word, and puts it back if that is all
    /// there is to know. A check comes before, between or after; in between it waits for the lock.
    fn with_desk<R>(&self, work: impl FnOnce(&mut Desk) -> R) -> Result<R, Closed> {
        let mut desk = self.desk.lock();
        let desk = desk.as_mut().ok_or(Closed)?;
        if let Some(bucket) = self.word.lend() {
            desk.bucket = bucket;
        }
        let result = work(desk);
        if desk.is_plain() {
            self.word.take_back(desk.bucket);
        }
        Ok(result)
    }
    // ANCHOR_END: desk
}

impl<C: Clock> Serve for Limiter<C> {
    type Clock = C;

    fn schedule(&self) -> &Schedule<C> {
        &self.schedule
    }

    fn ask(&self, now: u64, request: Request) -> Result<Answer, Closed> {
        let outcome = self.with_desk(|desk| desk.handle(&self.schedule.quota, now, request))?;
        Ok(outcome.finish())
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }

    #[inline]
    fn take_now(&self, n: u64) -> Result<Answer, Closed> {
        if self.word.take_leased(n) { Ok(Answer::Taken) } else { self.take_now_by_the_clock(n) }
    }
}

impl<C: Clock> Limiter<C> {
    #[inline(never)]
    fn take_now_by_the_clock(&self, n: u64) -> Result<Answer, Closed> {
        let now = self.schedule.now();
        match self.word.take(&self.schedule.quota, n, now) {
            Some(answer) => Ok(answer),
            None => self.ask(now, Request::Try { n }),
        }
    }
}

impl<C: Clock> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("quota", &self.schedule.quota)
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
