//! A place for one value, and a thread that waits for it.

use std::time::Duration;

use crate::sync::{Arc, Condvar, Instant, LOOKS, Mutex, MutexGuard};

/// One side fills it, the other waits.
pub(super) struct Slot<T> {
    value: Mutex<Value<T>>,
    filled: Condvar,
}

enum Value<T> {
    None,
    Some(T),
    /// Nothing will come: whoever should have filled it is gone, or it was taken.
    Never,
}

/// Fills the slot. Dropping it says that nothing will come.
pub(super) struct Filler<T>(Arc<Slot<T>>);

impl<T> Slot<T> {
    pub(super) fn new() -> (Filler<T>, Arc<Self>) {
        let slot = Arc::new(Self { value: Mutex::new(Value::None), filled: Condvar::new() });
        (Filler(Arc::clone(&slot)), slot)
    }

    /// What it was filled with; `None` if nothing will come.
    pub(super) fn wait(&self) -> Option<T> {
        let mut value = self.value.lock();
        for _ in 0..LOOKS {
            if matches!(*value, Value::None) {
                MutexGuard::unlocked(&mut value, std::thread::yield_now);
            }
        }
        while matches!(*value, Value::None) {
            self.filled.wait(&mut value);
        }
        value.take()
    }

    /// As `wait`, but no longer than this. `Err` if the time was up first.
    pub(super) fn wait_timeout(&self, timeout: Duration) -> Result<Option<T>, TimedOut> {
        let Some(end) = Instant::now().checked_add(timeout) else { return Ok(self.wait()) };
        let mut value = self.value.lock();
        while matches!(*value, Value::None) {
            if self.filled.wait_until(&mut value, end).timed_out() {
                return Err(TimedOut);
            }
        }
        Ok(value.take())
    }

    /// Nothing will come, whatever the filler does.
    pub(super) fn give_up(&self) {
        self.put(Value::Never);
    }

    fn put(&self, new: Value<T>) {
        let mut value = self.value.lock();
        if matches!(*value, Value::None) {
            *value = new;
            self.filled.notify_one();
        }
    }
}

/// The time was up first.
pub(super) struct TimedOut;

impl<T> Value<T> {
    fn take(&mut self) -> Option<T> {
        match std::mem::replace(self, Self::Never) {
            Self::Some(value) => Some(value),
            Self::None | Self::Never => None,
        }
    }
}

impl<T> Filler<T> {
    pub(super) fn fill(self, value: T) {
        self.0.put(Value::Some(value));
    }
}

impl<T> Drop for Filler<T> {
    fn drop(&mut self) {
        self.0.put(Value::Never);
    }
}
