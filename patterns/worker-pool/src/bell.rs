//! How a thread sleeps until it is told, and how another wakes it: it waits for its bell, others ring
//! it. A ring that comes first is not lost.

use std::time::Instant;

use super::sync::{Arc, AtomicBool, NAP, Ordering, SPINS, YIELDS, thread};

/// Something to ring. Ringing twice is ringing once.
pub(crate) trait Ring: Send + Sync {
    fn ring(&self);
}

/// The bell of one thread, which parks to wait for it.
pub(crate) struct Bell {
    thread: thread::Thread,
    /// Raised by who rings, lowered by the thread. The Release of `ring` pairs with the Acquire of
    /// `lowered`.
    raised: AtomicBool,
}

impl Bell {
    /// The bell of the current thread.
    pub(crate) fn mine() -> Arc<Self> {
        Arc::new(Self { thread: thread::current(), raised: AtomicBool::new(false) })
    }

    /// Returns once rung (`true`), or when the deadline has passed.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        while !self.lowered() {
            // Parking may end for no reason, so the flag decides.
            match deadline {
                None => thread::park(),
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => thread::park_timeout(left),
                    _ => return self.lowered(),
                },
            }
        }
        true
    }

    /// Whether it was rung, and the ring not yet taken.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Takes the ring, if there was one.
    pub(crate) fn lowered(&self) -> bool {
        self.raised.load(Ordering::Relaxed) && self.raised.swap(false, Ordering::Acquire)
    }
}

impl Ring for Bell {
    fn ring(&self) {
        if !self.raised.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// Looks before the sleep, because to be woken costs more than most waits: for a moment on its core,
/// and then it lets others run there, one of whom may be who it waits for. Whether it became `ready`.
#[inline]
pub(crate) fn look(ready: impl Fn() -> bool) -> bool {
    for _ in 0..SPINS {
        if ready() {
            return true;
        }
        std::hint::spin_loop();
    }
    (0..YIELDS).any(|_| {
        thread::yield_now();
        ready()
    })
}

/// The end of a nap, or the deadline if that is earlier.
pub(crate) fn nap(deadline: Option<Instant>) -> Instant {
    let end = Instant::now() + NAP;
    deadline.map_or(end, |deadline| deadline.min(end))
}

/// Whether the time is up.
pub(crate) fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// A limit too far for the clock is no limit.
pub(crate) fn deadline(limit: std::time::Duration) -> Option<Instant> {
    Instant::now().checked_add(limit)
}
