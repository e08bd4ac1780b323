//! What the two checkers' worlds have in common: numbers, and a mutex whose guard knows it.

use std::ops::{Deref, DerefMut};

use super::{checker, thread};

/// To try again is a schedule again, and shows nothing new.
pub(crate) const TRIES: u32 = 0;
/// The smallest numbers bring out most.
pub(crate) const SLOTS: usize = 2;
pub(crate) const ENOUGH: usize = 1;

pub(crate) fn back_off(_: u32) {}

/// The checker's mutex. Its guard knows it, for `nap`.
#[derive(Debug)]
pub(crate) struct Mutex<T>(checker::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: checker::MutexGuard<'a, T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checker::Mutex::new(value))
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

/// Sleeps until called.
pub(crate) fn wait<'a, T>(bed: &checker::Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    let MutexGuard { mutex, guard } = guard;
    MutexGuard { mutex, guard: bed.wait(guard).expect("no panic") }
}

/// Lets others run, and wakes for no reason: time-outs do not fire in these worlds.
pub(crate) fn nap<T>(guard: MutexGuard<'_, T>) -> MutexGuard<'_, T> {
    let mutex = guard.mutex;
    drop(guard);
    thread::yield_now();
    mutex.lock().expect("no panic")
}
