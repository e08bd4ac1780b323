//! A value and who may get at it. A variant decides only who comes in and when, and answers for it by
//! `unsafe impl Raw`. Handing out the reference is the same for all: all `unsafe` blocks are here.
#![expect(unsafe_code, reason = "a guard hands out a reference that a protocol makes exclusive")]

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::error::{NotNow, TimedOut};
use super::sync::{Instant, UnsafeCell};

/// Lets many readers in, or one writer.
///
/// # Safety
///
/// A writer is inside from an `enter_write` or `try_enter_write` that returned `true` to its
/// `leave_write` or `downgrade`; a reader from an `enter_read` or `try_enter_read` that returned a
/// pass, or from a `downgrade`, to its `leave_read`. While a writer is inside nobody else may be, and
/// what was done inside happens before what those do who come in when it is out.
pub unsafe trait Raw: Sync {
    /// What a reader holds while it is inside.
    type Pass: Copy + Send + Sync;

    /// Nobody inside.
    fn new() -> Self;
    /// Comes in as a reader, if that can be done at once.
    fn try_enter_read(&self) -> Option<Self::Pass>;
    /// Comes in as a reader, or not in time. Without an end it waits as long as it takes.
    fn enter_read(&self, until: Option<Instant>) -> Option<Self::Pass>;
    /// Goes out as a reader.
    fn leave_read(&self, pass: Self::Pass);
    /// Comes in as a writer, if that can be done at once.
    fn try_enter_write(&self) -> bool;
    /// Comes in as a writer, or not in time. Without an end it waits as long as it takes.
    fn enter_write(&self, until: Option<Instant>) -> bool;
    /// Goes out as a writer.
    fn leave_write(&self);
    /// The writer inside becomes a reader.
    fn downgrade(&self) -> Self::Pass;
    /// How many wait.
    fn waiting(&self) -> usize;
}

/// Many readers or one writer over a `T`.
pub struct RwLock<T, L> {
    raw: L,
    /// Lent by guards alone: shared while `raw` has readers in, exclusively while it has a writer.
    value: UnsafeCell<T>,
}

/// Reading; dropped, it lets others in.
#[must_use = "dropped at once, it protects nothing"]
pub struct ReadGuard<'a, T, L: Raw> {
    lock: &'a RwLock<T, L>,
    pass: L::Pass,
}

/// Writing; dropped, it lets others in.
#[must_use = "dropped at once, it protects nothing"]
pub struct WriteGuard<'a, T, L: Raw> {
    lock: &'a RwLock<T, L>,
}

// SAFETY: readers on several threads share the value (`T: Sync`), and a writer on any thread may take
// it out or put one in (`T: Send`). `Raw` sees to it that they are not in at the same time.
unsafe impl<T: Send + Sync, L: Raw> Sync for RwLock<T, L> {}

impl<T, L: Raw> RwLock<T, L> {
    /// A lock around `value`, with nobody inside.
    pub fn new(value: T) -> Self {
        Self { raw: L::new(), value: UnsafeCell::new(value) }
    }

    /// Runs `f` on the value, beside other readers. Waits while a writer is inside or waits.
    #[inline]
    pub fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.read_guard())
    }

    /// Runs `f` on the value, alone. Waits until everybody else is out.
    #[inline]
    pub fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.write_guard())
    }

    /// Lets the caller in to read, beside other readers. Waits while a writer is inside or waits.
    #[inline]
    pub fn read_guard(&self) -> ReadGuard<'_, T, L> {
        self.reading(None).expect("waits as long as it takes")
    }

    /// Lets the caller in to write, alone. Waits until everybody else is out.
    #[inline]
    pub fn write_guard(&self) -> WriteGuard<'_, T, L> {
        self.writing(None).expect("waits as long as it takes")
    }

    /// As [`read`](Self::read), if that can be done at once.
    ///
    /// # Errors
    ///
    /// If a writer is inside or waits: with `f`, which has not run.
    #[inline]
    pub fn try_read<R, F: FnOnce(&T) -> R>(&self, f: F) -> Result<R, NotNow<F>> {
        match self.try_reading() {
            Some(guard) => Ok(f(&guard)),
            None => Err(NotNow(f)),
        }
    }

    /// As [`write`](Self::write), if that can be done at once.
    ///
    /// # Errors
    ///
    /// If anybody is inside or waits: with `f`, which has not run.
    #[inline]
    pub fn try_write<R, F: FnOnce(&mut T) -> R>(&self, f: F) -> Result<R, NotNow<F>> {
        match self.try_writing() {
            Some(mut guard) => Ok(f(&mut guard)),
            None => Err(NotNow(f)),
        }
    }

    /// As [`read_guard`](Self::read_guard), if that can be done at once.
    ///
    /// # Errors
    ///
    /// If a writer is inside or waits.
    #[inline]
    pub fn try_read_guard(&self) -> Result<ReadGuard<'_, T, L>, NotNow> {
        self.try_reading().ok_or(NotNow(()))
    }

    /// As [`write_guard`](Self::write_guard), if that can be done at once.
    ///
    /// # Errors
    ///
    /// If anybody is inside or waits.
    #[inline]
    pub fn try_write_guard(&self) -> Result<WriteGuard<'_, T, L>, NotNow> {
        self.try_writing().ok_or(NotNow(()))
    }

    /// As [`read`](Self::read), and waits for at most `limit`.
    ///
    /// # Errors
    ///
    /// If the time was up first: with `f`, which has not run.
    pub fn read_timeout<R, F: FnOnce(&T) -> R>(
        &self,
        limit: Duration,
        f: F,
    ) -> Result<R, TimedOut<F>> {
        match self.reading(end_of(limit)) {
            Some(guard) => Ok(f(&guard)),
            None => Err(TimedOut(f)),
        }
    }

    /// As [`write`](Self::write), and waits for at most `limit`.
    ///
    /// # Errors
    ///
    /// If the time was up first: with `f`, which has not run.
    pub fn write_timeout<R, F: FnOnce(&mut T) -> R>(
        &self,
        limit: Duration,
        f: F,
    ) -> Result<R, TimedOut<F>> {
        match self.writing(end_of(limit)) {
            Some(mut guard) => Ok(f(&mut guard)),
            None => Err(TimedOut(f)),
        }
    }

    /// As [`read_guard`](Self::read_guard), and waits for at most `limit`.
    ///
    /// # Errors
    ///
    /// If the time was up first.
    pub fn read_guard_timeout(&self, limit: Duration) -> Result<ReadGuard<'_, T, L>, TimedOut> {
        self.reading(end_of(limit)).ok_or(TimedOut(()))
    }

    /// As [`write_guard`](Self::write_guard), and waits for at most `limit`.
    ///
    /// # Errors
    ///
    /// If the time was up first.
    pub fn write_guard_timeout(&self, limit: Duration) -> Result<WriteGuard<'_, T, L>, TimedOut> {
        self.writing(end_of(limit)).ok_or(TimedOut(()))
    }

    /// How many threads wait at this moment; out of date as soon as it is known. Who still looks
    /// whether it can come in, before it waits, does not count.
    pub fn waiting(&self) -> usize {
        self.raw.waiting()
    }

    /// The value, without a lock: nobody else can have one.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// The value, out of its lock.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    #[inline]
    fn try_reading(&self) -> Option<ReadGuard<'_, T, L>> {
        self.raw.try_enter_read().map(|pass| ReadGuard { lock: self, pass })
    }

    #[inline]
    fn try_writing(&self) -> Option<WriteGuard<'_, T, L>> {
        self.raw.try_enter_write().then(|| WriteGuard { lock: self })
    }

    #[inline]
    fn reading(&self, until: Option<Instant>) -> Option<ReadGuard<'_, T, L>> {
        self.raw.enter_read(until).map(|pass| ReadGuard { lock: self, pass })
    }

    #[inline]
    fn writing(&self, until: Option<Instant>) -> Option<WriteGuard<'_, T, L>> {
        self.raw.enter_write(until).then(|| WriteGuard { lock: self })
    }
}

/// When a wait of so long ends; what lies beyond the end of the clock never does.
fn end_of(limit: Duration) -> Option<Instant> {
    Instant::now().checked_add(limit)
}

impl<'a, T, L: Raw> WriteGuard<'a, T, L> {
    /// Goes on as a reader. No writer comes in between, and readers that wait may come in now.
    pub fn downgrade(guard: Self) -> ReadGuard<'a, T, L> {
        let lock = guard.lock;
        mem::forget(guard); // it must not let others in
        ReadGuard { lock, pass: lock.raw.downgrade() }
    }
}

impl<T, L: Raw> Deref for ReadGuard<'_, T, L> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: we are in as a reader, so no writer is, until this guard is dropped.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T, L: Raw> Deref for WriteGuard<'_, T, L> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: we are in as the writer, and this guard is borrowed: nobody else can write.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T, L: Raw> DerefMut for WriteGuard<'_, T, L> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: we are in as the writer, and this guard is borrowed alone: nobody else is at it.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: Default, L: Raw> Default for RwLock<T, L> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T, L: Raw> From<T> for RwLock<T, L> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: fmt::Debug, L: Raw> fmt::Debug for RwLock<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lock = f.debug_struct("RwLock");
        match self.try_read_guard() {
            Ok(value) => lock.field("value", &*value),
            Err(_) => lock.field("value", &format_args!("<locked>")),
        };
        lock.field("waiting", &self.waiting()).finish()
    }
}

impl<T: fmt::Debug, L: Raw> fmt::Debug for ReadGuard<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug, L: Raw> fmt::Debug for WriteGuard<'_, T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T, L: Raw> Drop for ReadGuard<'_, T, L> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.leave_read(self.pass);
    }
}

impl<T, L: Raw> Drop for WriteGuard<'_, T, L> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.leave_write();
    }
}
