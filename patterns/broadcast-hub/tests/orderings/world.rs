//! The primitives of loom's world, in the place of `src/sync.rs`.

use std::cell::Cell;

use loom::sync::atomic as loom_atomic;
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};
pub(crate) use std::sync::atomic::Ordering;

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom_atomic::{AtomicBool, AtomicUsize, fence};

/// To look again is a schedule again, and shows nothing new.
pub(crate) const SPINS: u32 = 0;
pub(crate) const YIELDS: usize = 0;
pub(crate) const BLOCK: usize = 32;

pub(crate) mod thread {
    use std::time::Duration;

    pub(crate) use loom::thread::{Thread, current, park, yield_now};

    pub(crate) fn park_timeout(_: Duration) {
        unreachable!("no scenario has a time limit");
    }
}

loom::thread_local! {
    /// This thread wrote with `SeqCst`, and has not read so since.
    static WROTE: Cell<bool> = Cell::new(false);
}

/// Loom takes `SeqCst` accesses for `AcqRel` ones. A fence between a write and the next read, if both
/// are marked so, makes up for that; with a mark too weak on either, it is missing.
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

#[derive(Debug)]
pub(crate) struct AtomicU64(loom_atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(loom_atomic::AtomicU64::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        before_read(order);
        self.0.load(order)
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
        after_write(order);
    }

    pub(crate) fn swap(&self, value: u64, order: Ordering) -> u64 {
        let before = self.0.swap(value, order);
        after_write(order);
        before
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_add(value, order)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        order: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange_weak(current, new, order, failure)
    }
}
