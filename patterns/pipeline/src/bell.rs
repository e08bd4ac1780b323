//! How a thread sleeps until what it waits for is there, and how another wakes it: it waits at a bell,
//! others ring it.

use std::time::Instant;

use super::look::look;
use super::sync::{AtomicBool, Mutex, NAP, Ordering, fence, thread};

/// The bell of one side, at which one thread at a time waits.
#[derive(Default)]
pub(crate) struct Bell {
    /// Somebody sleeps, or is about to.
    asleep: AtomicBool,
    /// Who. Set before `asleep` is.
    sleeper: Mutex<Option<thread::Thread>>,
}

impl Bell {
    /// Waits until `ready`: looks for a moment, then sleeps.
    ///
    /// Whoever makes it ready and rings may do so without a fence between: it then may read the flag
    /// too early, while it is still lowered, and its store may come too late for our last look. But a
    /// store does not stay unseen for long. So the first sleep is a nap, and after it we look again;
    /// whoever rings later sees the flag.
    #[cold]
    pub(crate) fn wait(&self, mut ready: impl FnMut() -> bool) {
        if look(&mut ready) {
            return;
        }
        *self.sleeper.lock().expect("no panic under this lock") = Some(thread::current());
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let rested = Instant::now() + NAP;
        while !ready() {
            match rested.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => thread::park_timeout(left),
                _ => thread::park(),
            }
            // Rung, or awake for no reason: the flag is up again before the next look.
            self.asleep.store(true, Ordering::SeqCst);
            fence(Ordering::SeqCst);
        }
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Wakes whoever sleeps; without a sleeper it is one load.
    #[inline]
    pub(crate) fn ring(&self) {
        if self.asleep.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Some(sleeper) = &*self.sleeper.lock().expect("no panic under this lock")
        {
            sleeper.unpark();
        }
    }
}
