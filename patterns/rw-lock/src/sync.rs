//! The primitives the variants are built from, and some numbers. A test puts a model checker's in
//! their place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

use std::cell::Cell;
use std::time::Duration;

pub(crate) use crossbeam_utils::CachePadded;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard};
pub(crate) use std::thread;
pub(crate) use std::time::Instant;

/// How often a thread tries to come in before it gets in line, where a lock has both: some 20 us.
pub(crate) const TRIES: u32 = 140;

/// How often a thread looks before it sleeps: some 10 us.
pub(crate) const LOOKS: u32 = 120;

/// Reader slots of a `sharded` lock; a power of two.
pub(crate) const SLOTS: usize = 8;

/// After so many reads without a write readers may use their slots again.
pub(crate) const ENOUGH: usize = 2;

/// How long a writer may sleep before it looks at the slots again: far longer than a store takes to
/// reach another core.
pub(crate) const NAP: Option<Duration> = Some(Duration::from_millis(1));

/// Passes the time before the next look: at first shortly, then by letting others run.
pub(crate) fn pause(look: u32) {
    if look < 100 {
        std::hint::spin_loop();
    } else {
        thread::yield_now();
    }
}

/// Passes the time after another core was faster: longer each time, but not after a mere guess.
pub(crate) fn back_off(misses: u32) {
    let spins = if misses == 0 { 0 } else { 4 << misses.min(7) };
    for _ in 0..spins {
        std::hint::spin_loop();
    }
}

/// Sleeps until called, for no reason, or until it is late. Whether it is.
pub(crate) fn sleep<'a, T>(
    bed: &Condvar,
    guard: MutexGuard<'a, T>,
    until: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    const PANIC_FREE: &str = "nothing panics under this mutex";
    let Some(until) = until else {
        return (bed.wait(guard).expect(PANIC_FREE), false);
    };
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return (guard, true);
    }
    (bed.wait_timeout(guard, left).expect(PANIC_FREE).0, false)
}

thread_local! {
    static PLACE: Cell<usize> = const { Cell::new(usize::MAX) };
}
static PLACES: AtomicUsize = AtomicUsize::new(0);

/// A number of this thread's own, or nearly: which slot it tries first.
#[inline]
pub(crate) fn place() -> usize {
    let place = PLACE.get();
    if place == usize::MAX { next_place() } else { place }
}

/// Another number for this thread: its slot was taken.
#[cold]
pub(crate) fn next_place() -> usize {
    let place = PLACES.fetch_add(1, Ordering::Relaxed) % SLOTS;
    PLACE.set(place);
    place
}

/// Data that a guard hands out; the name and the form are loom's, which checks each access.
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}
