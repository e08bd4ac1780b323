//! Keys divided into parts, each under a lock of its own, so that callers seldom meet. The parts are
//! swept in turn by whoever comes by when it is time, so memory goes back as long as any key is used.

use std::time::Duration;

use super::quota::Quota;
use super::sync::{AtomicU64, AtomicUsize, Ordering, SHARDS};

/// The parts, each a lock around its keys.
pub(crate) struct Shards<T> {
    parts: Box<[Apart<T>]>,
    /// When the next one is to be swept. Whoever moves this on does it.
    sweep_at: AtomicU64,
    next: AtomicUsize,
}

/// On cache lines of its own: two, as processors fetch them in pairs.
#[repr(align(128))]
struct Apart<T>(T);

impl<T> Shards<T> {
    pub(crate) fn new(new: impl Fn() -> T) -> Self {
        let parts = (0..SHARDS).map(|_| Apart(new())).collect();
        Self { parts, sweep_at: AtomicU64::new(0), next: AtomicUsize::new(0) }
    }

    /// The part of a key.
    #[inline]
    pub(crate) fn of(&self, hash: u64) -> &T {
        // Other bits than those by which the map divides: it takes the low and the highest.
        &self.parts[(hash >> 32) as usize % SHARDS].0
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.parts.iter().map(|part| &part.0)
    }

    /// The part to be swept now, if it is time for one. All have had their turn once the slowest
    /// bucket had time to fill, but not more often than every second.
    #[inline]
    pub(crate) fn due(&self, quota: &Quota, now: u64) -> Option<&T> {
        // Relaxed: it matters only that one of those who see it due wins, and the part has a lock.
        let due = self.sweep_at.load(Ordering::Relaxed);
        if now < due { None } else { self.take_turn(quota, now, due) }
    }

    #[cold]
    fn take_turn(&self, quota: &Quota, now: u64, due: u64) -> Option<&T> {
        let all = quota.capacity().max(quota.parts_of(Duration::from_secs(1)));
        let next = now + all / SHARDS as u64 + 1;
        self.sweep_at.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        Some(&self.parts[self.next.fetch_add(1, Ordering::Relaxed) % SHARDS].0)
    }
}
