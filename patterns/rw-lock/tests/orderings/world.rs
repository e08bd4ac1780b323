//! The primitives of loom's world, in the place of `src/sync.rs`.

use std::ops::{Add, Deref, DerefMut};
use std::time::Duration;

pub(crate) use crossbeam_utils::CachePadded;
pub(crate) use loom::sync::Condvar;
use loom::sync::atomic::fence;
pub(crate) use loom::thread;
pub(crate) use std::sync::atomic::Ordering;

/// To look again is a schedule again, and shows nothing new.
pub(crate) const TRIES: u32 = 0;
pub(crate) const LOOKS: u32 = 0;
/// The smallest numbers bring out most.
pub(crate) const SLOTS: usize = 2;
pub(crate) const ENOUGH: usize = 1;
pub(crate) const NAP: Option<Duration> = Some(Duration::from_millis(1));

pub(crate) fn pause(_: u32) {
    thread::yield_now();
}

pub(crate) fn back_off(_: u32) {}

/// All readers try the same slot first.
pub(crate) fn place() -> usize {
    0
}

pub(crate) fn next_place() -> usize {
    1
}

/// There is no clock: what ends at some time may end at once, and a nap is over at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(Duration::ZERO)
    }

    pub(crate) fn checked_add(self, time: Duration) -> Option<Self> {
        self.0.checked_add(time).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + time)
    }
}

/// A mutex whose guard knows it, for `sleep`.
#[derive(Debug)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: loom::sync::MutexGuard<'a, T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
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

/// Time-outs do not fire here. A nap is over at once; any other end has come at once.
pub(crate) fn sleep<'a, T>(
    bed: &Condvar,
    guard: MutexGuard<'a, T>,
    until: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    let MutexGuard { mutex, guard } = guard;
    let Some(until) = until else {
        return (MutexGuard { mutex, guard: bed.wait(guard).expect("no panic") }, false);
    };
    if NAP != Some(until.0) {
        return (MutexGuard { mutex, guard }, true);
    }
    drop(guard);
    thread::yield_now();
    (mutex.lock().expect("no panic"), false)
}

/// Does `access`, between fences if it is to be `SeqCst`.
fn fenced<R>(order: Ordering, access: impl FnOnce() -> R) -> R {
    if order != Ordering::SeqCst {
        return access();
    }
    fence(Ordering::SeqCst);
    let result = access();
    fence(Ordering::SeqCst);
    result
}

macro_rules! atomic {
    ($name:ident, $value:ty) => {
        #[derive(Debug)]
        pub(crate) struct $name(loom::sync::atomic::$name);

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                fenced(order, || self.0.load(order))
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                fenced(order, || self.0.store(value, order));
            }

            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                fenced(order, || self.0.swap(value, order))
            }

            pub(crate) fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                fenced(order, || self.0.fetch_and(value, order))
            }

            pub(crate) fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                fenced(order, || self.0.fetch_or(value, order))
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                order: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                fenced(order, || self.0.compare_exchange(current, new, order, failure))
            }
        }
    };
}

atomic!(AtomicBool, bool);
atomic!(AtomicUsize, usize);

impl AtomicUsize {
    pub(crate) fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        fenced(order, || self.0.fetch_add(value, order))
    }

    pub(crate) fn fetch_sub(&self, value: usize, order: Ordering) -> usize {
        fenced(order, || self.0.fetch_sub(value, order))
    }
}

/// Loom's cell, which sees accesses that nothing orders.
pub(crate) struct UnsafeCell<T>(loom::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::cell::UnsafeCell::new(value))
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.0.with(f)
    }

    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        self.0.with_mut(f)
    }

    #[expect(clippy::unused_self, reason = "the real one has it")]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        unreachable!("no scenario has the lock for itself")
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}
