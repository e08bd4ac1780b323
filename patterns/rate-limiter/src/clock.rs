//! Where time comes from. It is a parameter, so a test decides what time it is.

use std::time::{Duration, Instant};

use super::quota::Quota;
use super::sync::{Arc, AtomicU64, Ordering};

/// Tells the time. A limiter never reads it while it holds a lock.
///
/// What if it misbehaves: a clock that jumps ahead makes tokens due, as if the time had passed. One
/// that jumps back makes the limiter refuse until it has caught up, except for what was leased
/// before (at most an eighth of the burst). By that clock no bound is broken otherwise.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Instant;
}

/// The system's monotonic clock. In a test that pauses tokio's time, it is tokio's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Monotonic;

impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> Instant {
        // Without tokio's feature `test-util` this is `Instant::now()` and nothing else.
        tokio::time::Instant::now().into_std()
    }
}

/// A clock that stands still until it is told to move. Clones tell the same time.
///
/// It wakes nobody: who waits by it looks again when polled, or when the real time is up.
#[derive(Debug, Clone)]
pub struct ManualClock {
    start: Instant,
    /// Nanoseconds since the start.
    elapsed: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands still at the present time.
    pub fn new() -> Self {
        Self { start: Instant::now(), elapsed: Arc::new(AtomicU64::new(0)) }
    }

    /// Moves on.
    ///
    /// # Panics
    ///
    /// If it moves beyond 500 years.
    pub fn advance(&self, by: Duration) {
        self.set(|elapsed| elapsed.checked_add(u64::try_from(by.as_nanos()).ok()?));
    }

    /// Jumps back, as no good clock does.
    ///
    /// # Panics
    ///
    /// If it moves to before it was made.
    pub fn back(&self, by: Duration) {
        self.set(|elapsed| elapsed.checked_sub(u64::try_from(by.as_nanos()).ok()?));
    }

    fn set(&self, change: impl Fn(u64) -> Option<u64>) {
        let changed = self.elapsed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, change);
        changed.expect("this clock counts 500 years from when it was made");
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.elapsed.load(Ordering::SeqCst))
    }
}

/// A quota on a clock: the time as a limiter counts it, in parts since it was made.
#[derive(Debug)]
pub(crate) struct Schedule<C> {
    pub(crate) quota: Quota,
    clock: C,
    origin: Instant,
}

impl<C: Clock> Schedule<C> {
    pub(crate) fn new(quota: Quota, clock: C) -> Self {
        let origin = clock.now();
        Self { quota, clock, origin }
    }

    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.parts_at(self.clock.now())
    }

    #[inline]
    fn parts_at(&self, instant: Instant) -> u64 {
        self.quota.parts_of(instant.saturating_duration_since(self.origin))
    }

    /// The first instant of this part.
    pub(crate) fn instant(&self, parts: u64) -> Instant {
        self.origin + self.quota.elapsed_at(parts)
    }

    /// In how many parts `limit` will be over.
    pub(crate) fn after(&self, limit: Duration) -> u64 {
        // A limit too far for the clock is no limit.
        self.clock.now().checked_add(limit).map_or(u64::MAX, |end| self.parts_at(end))
    }

    /// How long it is from `now` to `then`.
    pub(crate) fn between(&self, now: u64, then: u64) -> Duration {
        self.quota.elapsed_at(then).saturating_sub(self.quota.elapsed_at(now))
    }
}
