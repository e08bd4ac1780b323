//! Runs a future on a thread: polls it, and parks the thread until it is woken. So the blocking
//! calls are the async ones, and there is one protocol to prove instead of two.

use std::hint::spin_loop;
use std::iter::repeat_n;
use std::pin::{Pin, pin};
use std::sync::Arc; // wakers are made of no other
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::sync::{AtomicBool, Ordering, SPINS, YIELDS, thread};

/// Waits for `future`, however long it takes.
#[inline]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    run(None, future).expect("without a limit only the result ends the wait")
}

/// Waits for `future`, but not longer than `limit`; then drops it, which cancels it. A result that
/// is there when the time is up still counts.
#[inline]
pub(crate) fn block_on_for<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    run(Some(limit), future)
}

#[inline]
fn run<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    // A result that is there at once needs no clock, no waker and so no allocation.
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return Some(output);
    }
    sleep_until(limit, future)
}

#[cold]
fn sleep_until<F: Future>(limit: Option<Duration>, mut future: Pin<&mut F>) -> Option<F::Output> {
    // A limit too far for the clock is no limit.
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let signal = Arc::new(Signal { thread: thread::current(), raised: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&signal));
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if left == Some(Duration::ZERO) {
            return None;
        }
        signal.wait(left);
    }
}

/// Wakes a thread.
struct Signal {
    thread: thread::Thread,
    /// A hint that there is no need to look on: the thread is unparked, or will be in a moment. What
    /// counts is `unpark`, which `park` cannot miss; so Relaxed.
    raised: AtomicBool,
}

impl Signal {
    /// Returns once woken, when the time is up, or for no reason.
    fn wait(&self, limit: Option<Duration>) {
        let spins = repeat_n(spin_loop as fn(), SPINS as usize);
        // Whoever is to wake this thread may need its core.
        for pause in spins.chain(repeat_n(thread::yield_now as fn(), YIELDS)) {
            if self.raised.load(Ordering::Relaxed) {
                break;
            }
            pause();
        }
        self.raised.store(false, Ordering::Relaxed);
        match limit {
            None => thread::park(),
            Some(limit) => thread::park_timeout(limit),
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.raised.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}
