//! Waiting for something that shows in the state of several threads at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What no news tells is looked for this often.
const GLANCE: Duration = Duration::from_millis(5);

/// Counts what happens: a message was brought, a command was applied.
#[derive(Default)]
pub(crate) struct News {
    count: Mutex<u64>,
    came: Condvar,
}

impl News {
    pub(crate) fn tell(&self) {
        *lock(&self.count) += 1;
        self.came.notify_all();
    }

    /// Looks at each news until there is something to see; `None` if the time is up first.
    pub(crate) fn until<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let end = Instant::now() + limit;
        loop {
            let before = *lock(&self.count);
            let found = look();
            let left = end.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return found;
            }
            let count = lock(&self.count);
            if *count == before {
                drop(self.came.wait_timeout(count, left.min(GLANCE)));
            }
        }
    }

    /// Looks at each news for so long, and never sees it.
    pub(crate) fn never(&self, during: Duration, mut look: impl FnMut() -> bool) -> bool {
        self.until(during, || look().then_some(())).is_none()
    }
}

/// A test that failed elsewhere has poisoned it; what it holds is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
