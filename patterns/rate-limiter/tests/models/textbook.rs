//! The textbook versions on trial. They compile, they pass a quick look, and they are wrong.

use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicUsize, Ordering};

// ANCHOR: check_then_act
/// Counts tokens; a timer that is not shown adds some. The fault is between the two lines.
pub(crate) struct Counter {
    tokens: AtomicUsize,
}

impl Counter {
    pub(crate) fn try_acquire(&self) -> bool {
        if self.tokens.load(Ordering::SeqCst) == 0 {
            return false;
        }
        self.tokens.fetch_sub(1, Ordering::SeqCst); // whoever else saw the token takes it too
        true
    }
}
// ANCHOR_END: check_then_act

impl Counter {
    pub(crate) fn new(tokens: usize) -> Self {
        Self { tokens: AtomicUsize::new(tokens) }
    }
}

// ANCHOR: reserve
/// Gives each caller a slot of its own, to sleep until: exact, and nobody needs a line. The fault
/// is what it does not hear: that a caller gave up.
pub(crate) struct Slots {
    next: Mutex<usize>,
}

impl Slots {
    pub(crate) async fn acquire(&self, sleep_until: impl AsyncFn(usize)) -> usize {
        let slot = {
            let mut next = self.next.lock().unwrap();
            *next += 1;
            *next
        };
        sleep_until(slot).await; // dropped here, the slot is nobody's
        slot
    }
}
// ANCHOR_END: reserve

impl Slots {
    pub(crate) fn new() -> Self {
        Self { next: Mutex::new(0) }
    }
}
