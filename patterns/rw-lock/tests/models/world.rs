//! The primitives of the checker's world, in the place of `src/sync.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::{Add, Deref, DerefMut};
use std::time::Duration;

pub(crate) use crossbeam_utils::CachePadded;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use shuttle::sync::{Arc, Condvar};
pub(crate) use shuttle::thread;

/// To look again is a schedule again, and shows nothing new.
pub(crate) const TRIES: u32 = 0;
pub(crate) const LOOKS: u32 = 0;
/// The smallest numbers bring out most.
pub(crate) const SLOTS: usize = 2;
pub(crate) const ENOUGH: usize = 1;
/// One order of all operations needs no nap: an alarm is never missed.
pub(crate) const NAP: Option<Duration> = None;

pub(crate) fn pause(_: u32) {
    thread::yield_now();
}

pub(crate) fn back_off(_: u32) {}

pub(crate) fn place() -> usize {
    let mut hasher = DefaultHasher::new();
    thread::current().id().hash(&mut hasher);
    (hasher.finish() % 2) as usize
}

pub(crate) fn next_place() -> usize {
    1 - place()
}

shuttle::lazy_static! {
    static ref CLOCK: AtomicUsize = AtomicUsize::new(0);
}

/// It is later than it was by a nanosecond.
pub(crate) fn tick() {
    CLOCK.fetch_add(1, Ordering::SeqCst);
}

/// A moment on a clock that moves when a scenario says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(usize);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(CLOCK.load(Ordering::SeqCst))
    }

    pub(crate) fn checked_add(self, time: Duration) -> Option<Self> {
        self.0.checked_add(time.as_nanos() as usize).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time.as_nanos() as usize)
    }
}

/// A mutex whose guard knows it, for `sleep`.
#[derive(Debug)]
pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: shuttle::sync::MutexGuard<'a, T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, T>, &str> {
        let guard = self.0.lock().map_err(|_| "somebody panicked")?;
        Ok(MutexGuard { mutex: self, guard })
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

/// Who sleeps with an end wakes for no reason again and again: time-outs do not fire here.
pub(crate) fn sleep<'a, T>(
    bed: &Condvar,
    guard: MutexGuard<'a, T>,
    until: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    let MutexGuard { mutex, guard } = guard;
    let Some(until) = until else {
        return (MutexGuard { mutex, guard: bed.wait(guard).expect("no panic") }, false);
    };
    if Instant::now() >= until {
        return (MutexGuard { mutex, guard }, true);
    }
    drop(guard);
    thread::yield_now();
    (mutex.lock().expect("no panic"), false)
}

/// Lends its value as the real one does, and sees who is at it at the same time.
pub(crate) struct UnsafeCell<T> {
    value: std::cell::UnsafeCell<T>,
    readers: AtomicUsize,
    writers: AtomicUsize,
}

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        let (readers, writers) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { value: std::cell::UnsafeCell::new(value), readers, writers }
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.readers.fetch_add(1, Ordering::SeqCst);
        assert_eq!(self.writers.load(Ordering::SeqCst), 0, "a writer is beside a reader");
        self.readers.fetch_sub(1, Ordering::SeqCst);
        f(self.value.get())
    }

    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        assert_eq!(self.writers.fetch_add(1, Ordering::SeqCst), 0, "two writers");
        assert_eq!(self.readers.load(Ordering::SeqCst), 0, "a reader is beside a writer");
        self.writers.fetch_sub(1, Ordering::SeqCst);
        f(self.value.get())
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    pub(crate) fn into_inner(self) -> T {
        self.value.into_inner()
    }
}
