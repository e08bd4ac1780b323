//! The permit: a number of units that go back by themselves. One type serves both kinds of permit,
//! because they differ only in how they reach their semaphore: by reference or by `Arc`.

use std::fmt;
use std::mem;
use std::ops::Deref;

/// What permits come from and go back to.
pub trait Source {
    /// Takes `n` permits back and serves whoever waits for them.
    fn give_back(&self, n: usize);
    /// Takes `n` permits out of circulation.
    fn retire(&self, n: usize);
}

/// Permits held by the caller. They go back when this drops, also while a panic unwinds.
#[must_use = "a permit that drops at once limits nothing"]
pub struct Held<S: Deref<Target: Source> + Clone> {
    source: S,
    /// What drop gives back. `forget`, `split` and `merge` change it; nothing else may.
    n: usize,
}

impl<S: Deref<Target: Source> + Clone> Held<S> {
    /// Wraps `n` permits that were just taken from `source`.
    pub(crate) fn new(source: S, n: usize) -> Self {
        Self { source, n }
    }

    /// How many permits this holds.
    pub fn permits(&self) -> usize {
        self.n
    }

    /// Splits `n` permits off, or nothing if there are fewer.
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.n = self.n.checked_sub(n)?;
        Some(Self::new(self.source.clone(), n))
    }

    /// Takes the permits of `other` over.
    ///
    /// # Errors
    ///
    /// Gives `other` back if it belongs to another semaphore.
    pub fn merge(&mut self, mut other: Self) -> Result<(), Self> {
        if !std::ptr::eq(&raw const *self.source, &raw const *other.source) {
            return Err(other);
        }
        self.n += mem::take(&mut other.n);
        Ok(())
    }

    /// Takes the permits out of circulation: the semaphore is smaller by that many from now on.
    pub fn forget(mut self) {
        self.source.retire(mem::take(&mut self.n));
    }
}

impl<S: Deref<Target: Source> + Clone> fmt::Debug for Held<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("permits", &self.n).finish_non_exhaustive()
    }
}

impl<S: Deref<Target: Source> + Clone> Drop for Held<S> {
    fn drop(&mut self) {
        if self.n > 0 {
            self.source.give_back(self.n);
        }
    }
}
