//! The two ways to keep a bucket: a number of tokens that is refilled, and a time.

use std::time::{Duration, Instant};

/// One who takes tokens has exclusive access, by a lock or as the only owner.
pub(crate) trait Bucket: Send + 'static {
    /// A token each `interval`, at most `burst` of them, and as many to begin with.
    fn new(interval: Duration, burst: u64) -> Self;

    /// Takes a token if there is one.
    fn take(&mut self, now: Instant) -> bool;
}

/// The textbook's: tokens with a fraction, and when they were counted.
pub(crate) struct Tokens {
    level: f64,
    counted: Instant,
    interval: Duration,
    burst: f64,
}

impl Bucket for Tokens {
    fn new(interval: Duration, burst: u64) -> Self {
        let burst = burst as f64;
        Self { level: burst, counted: Instant::now(), interval, burst }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.counted);
        let refilled = passed.as_secs_f64() / self.interval.as_secs_f64();
        self.level = (self.level + refilled).min(self.burst);
        self.counted = self.counted.max(now);
        let takes = self.level >= 1.0;
        if takes {
            self.level -= 1.0;
        }
        takes
    }
}

/// One number: when the bucket will be full again, in nanoseconds since the origin.
pub(crate) struct Slots {
    full_at: u64,
    origin: Instant,
    interval: u64,
    capacity: u64,
}

impl Bucket for Slots {
    fn new(interval: Duration, burst: u64) -> Self {
        let interval = interval.as_nanos() as u64;
        Self { full_at: 0, origin: Instant::now(), interval, capacity: interval * burst }
    }

    fn take(&mut self, now: Instant) -> bool {
        let now = now.saturating_duration_since(self.origin).as_nanos() as u64;
        let full_at = self.full_at.max(now) + self.interval;
        let takes = full_at <= now + self.capacity;
        if takes {
            self.full_at = full_at;
        }
        takes
    }
}

/// So many calls pass on one reading of the clock, or on one conversation.
pub(crate) const LEASE: u64 = 30;

/// Takes a token, and further ones while `LEASED` allows and they are there.
pub(crate) fn take_some<B: Bucket, const LEASED: u64>(bucket: &mut B, now: Instant) -> u64 {
    (0..LEASED).take_while(|_| bucket.take(now)).count() as u64
}
