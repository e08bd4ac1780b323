//! The primitives of the checker's world, in the place of `src/sync.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Add;
use std::time::Duration;

pub(crate) use crossbeam_utils::CachePadded;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use shuttle::sync::{Arc, Condvar};
pub(crate) use shuttle::thread;

use shuttle::sync as checker;
#[path = "../worlds/both.rs"]
mod both;
pub(crate) use both::{ENOUGH, Mutex, MutexGuard, SLOTS, TRIES, back_off};
use both::{nap, wait};

/// To look before it sleeps is a schedule again, and shows nothing new.
pub(crate) const LOOKS: u32 = 0;
/// One order of all operations needs no nap: an alarm is never missed.
pub(crate) const NAP: Option<Duration> = None;

pub(crate) fn pause(_: u32) {
    thread::yield_now();
}

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

/// Who sleeps with an end wakes for no reason again and again, until the clock says it is late.
pub(crate) fn sleep<'a, T>(
    bed: &Condvar,
    guard: MutexGuard<'a, T>,
    until: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    match until {
        None => (wait(bed, guard), false),
        Some(until) if Instant::now() >= until => (guard, true),
        Some(_) => (nap(guard), false),
    }
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
