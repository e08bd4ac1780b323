//! What is not ours: payloads and wakers. Their code may panic, and such a panic ends here: it must
//! not keep the next one from being dropped or woken. The panic hook has reported it by then.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// A payload whose drop does not panic.
#[derive(Debug)]
pub(crate) struct Quiet<T>(Option<T>);

impl<T> Quiet<T> {
    /// A place for a payload.
    pub(crate) const EMPTY: Self = Self(None);

    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The payload, whose drop is the caller's then.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        self.0.take()
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Drop for Quiet<T> {
    #[inline]
    fn drop(&mut self) {
        if mem::needs_drop::<T>() {
            drop_quietly(self.take());
        }
    }
}

/// Drops a value of somebody else's. What a panic carries may panic as it drops, too; the second
/// such is forgotten.
pub(crate) fn drop_quietly<T>(value: T) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) else { return };
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
}

/// Drops them all, and looks for panics at the end only.
pub(crate) fn drop_all_quietly<T>(mut values: impl Iterator<Item = T>) {
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| values.by_ref().for_each(drop))) {
        drop_quietly(payload);
    }
}

/// Wakes them all.
pub(crate) fn wake_quietly(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            drop_quietly(payload);
        }
    }
}
