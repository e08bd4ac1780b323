//! The textbook version on trial. It compiles, it passes a quick look, and it is wrong.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};

// ANCHOR: countdown
/// Counts items down; whoever is last wakes the caller.
pub(crate) struct Countdown {
    left: AtomicUsize,
    caller: Mutex<Option<Waker>>,
}

impl Countdown {
    pub(crate) fn done(&self) {
        if self.left.fetch_sub(1, SeqCst) == 1
            && let Some(caller) = self.caller.lock().unwrap().take()
        {
            caller.wake();
        }
    }

    pub(crate) async fn wait(&self) {
        poll_fn(|context| {
            if self.left.load(SeqCst) == 0 {
                return Poll::Ready(());
            }
            // The last item is done now: it finds nobody to wake.
            *self.caller.lock().unwrap() = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
// ANCHOR_END: countdown

impl Countdown {
    pub(crate) fn new(items: usize) -> Self {
        Self { left: AtomicUsize::new(items), caller: Mutex::new(None) }
    }
}
