//! The primitives of loom's world, in the place of `src/sync.rs`.

use std::cell::Cell;
use std::ops::Add;
use std::time::Duration;

pub(crate) use crossbeam_utils::CachePadded;
pub(crate) use loom::sync::Condvar;
use loom::sync::atomic::fence;
pub(crate) use loom::thread;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::Ordering;

use loom::sync as checker;
#[path = "../worlds/both.rs"]
mod both;
pub(crate) use both::{ENOUGH, Mutex, MutexGuard, SLOTS, TRIES, back_off};
use both::{nap, wait};

/// Who looks before it sleeps has no mutex that orders what it sees.
pub(crate) const LOOKS: u32 = 1;
pub(crate) const NAP: Option<Duration> = Some(Duration::from_millis(1));

/// Loom lets the others run to their end before who yields: nobody would ever sleep.
pub(crate) fn pause(_: u32) {}

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

/// A nap is over at once; any other end has come at once.
pub(crate) fn sleep<'a, T>(
    bed: &Condvar,
    guard: MutexGuard<'a, T>,
    until: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    match until {
        None => (wait(bed, guard), false),
        Some(until) if NAP == Some(until.0) => (nap(guard), false),
        Some(_) => (guard, true),
    }
}

loom::thread_local! {
    /// This thread wrote with `SeqCst`, and has not read so since.
    static WROTE: Cell<bool> = Cell::new(false);
}

/// A fence between a `SeqCst` write and the first `SeqCst` read after it; see `orderings.rs`.
fn before_read(order: Ordering) {
    if order == Ordering::SeqCst && WROTE.with(|wrote| wrote.replace(false)) {
        fence(Ordering::SeqCst);
    }
}

fn after_write(order: Ordering) {
    if order == Ordering::SeqCst {
        WROTE.with(|wrote| wrote.set(true));
    }
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
                before_read(order);
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.0.store(value, order);
                after_write(order);
            }

            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                let before = self.0.swap(value, order);
                after_write(order);
                before
            }

            pub(crate) fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                let before = self.0.fetch_and(value, order);
                after_write(order);
                before
            }

            pub(crate) fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                let before = self.0.fetch_or(value, order);
                after_write(order);
                before
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                order: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let before = self.0.compare_exchange(current, new, order, failure);
                if before.is_ok() {
                    after_write(order);
                }
                before
            }
        }
    };
}

atomic!(AtomicBool, bool);
atomic!(AtomicUsize, usize);

impl AtomicUsize {
    pub(crate) fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        let before = self.0.fetch_add(value, order);
        after_write(order);
        before
    }

    pub(crate) fn fetch_sub(&self, value: usize, order: Ordering) -> usize {
        let before = self.0.fetch_sub(value, order);
        after_write(order);
        before
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
