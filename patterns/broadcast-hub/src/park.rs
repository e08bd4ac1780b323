//! Runs a future on a thread: polls it, and parks the thread until it is woken. So the blocking
//! calls are the async ones, and there is one protocol to prove instead of two.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::sync::{Arc, AtomicBool, Ordering, SPINS, thread};

/// Waits for `future`, however long it takes.
#[inline]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    if let Poll::Ready(output) = first_look(future.as_mut()) {
        return output;
    }
    wait_until(None, future).expect("without a deadline only the result ends the wait")
}

/// Waits for `future`, but not longer than `limit`; then drops it, which cancels it. A result that
/// is there when the time is up still counts.
#[inline]
pub(crate) fn block_on_for<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = first_look(future.as_mut()) {
        return Some(output);
    }
    // A limit too far for the clock is no limit.
    wait_until(Instant::now().checked_add(limit), future)
}

/// A result that is there at once needs no clock, no waker and so no allocation.
#[inline]
fn first_look<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[cold]
fn wait_until<F: Future>(deadline: Option<Instant>, mut future: Pin<&mut F>) -> Option<F::Output> {
    let signal = Arc::new(Signal { thread: thread::current(), raised: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&signal));
    let mut context = Context::from_waker(&waker);
    loop {
        let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        if late {
            return None;
        }
        signal.wait(deadline);
    }
}

/// A waker that unparks a thread, and only if it must.
struct Signal {
    thread: thread::Thread,
    /// Raised by the waker, lowered by the thread before it polls again. The Release of `wake`
    /// pairs with the Acquire of `lowered`.
    raised: AtomicBool,
}

impl Signal {
    /// Returns once woken, or when the deadline has passed.
    fn wait(&self, deadline: Option<Instant>) {
        for _ in 0..SPINS {
            if self.lowered() {
                return;
            }
            std::hint::spin_loop();
        }
        while !self.lowered() {
            // Parking may end for no reason, so the flag decides.
            match deadline {
                None => thread::park(),
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => thread::park_timeout(left),
                    _ => return,
                },
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
