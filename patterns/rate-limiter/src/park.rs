//! A thread that waits: looks, parks until it is woken or its time comes, and looks again.

use std::task::{Wake, Waker};
use std::time::Duration;

use super::sync::{Arc, AtomicBool, Ordering, SPINS, thread};

/// What a look said.
pub(crate) enum Step<T> {
    Done(T),
    /// Look again when woken, or after this time.
    Sleep(Option<Duration>),
}

/// Looks until it is done. To look too often does no harm.
pub(crate) fn block_on<T>(mut look: impl FnMut(&Waker) -> Step<T>) -> T {
    let signal = Arc::new(Signal { thread: thread::current(), raised: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&signal));
    loop {
        match look(&waker) {
            Step::Done(done) => return done,
            Step::Sleep(limit) => signal.wait(limit),
        }
    }
}

/// A waker that unparks a thread, and only if it must.
struct Signal {
    thread: thread::Thread,
    /// Raised by the waker, lowered by the thread before it looks again. The Release of `wake`
    /// pairs with the Acquire of `lowered`.
    raised: AtomicBool,
}

impl Signal {
    /// Returns once woken, or after `limit`, or for no reason.
    fn wait(&self, limit: Option<Duration>) {
        // Who is not first is often woken soon; the others know how long they sleep.
        for _ in 0..if limit.is_none() { SPINS } else { 0 } {
            if self.lowered() {
                return;
            }
            std::hint::spin_loop();
        }
        if !self.lowered() {
            match limit {
                None => thread::park(),
                Some(limit) => thread::park_timeout(limit),
            }
        }
    }

    fn lowered(&self) -> bool {
        self.raised.load(Ordering::Relaxed) && self.raised.swap(false, Ordering::Acquire)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.raised.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
