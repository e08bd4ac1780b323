//! The floor: what no semaphore can beat, because it does less than one must.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::contender::Contender;

/// One read-modify-write to take, one to give back, no question asked.
pub(crate) struct TwoUpdates(AtomicUsize);

pub(crate) struct Taken<'a>(&'a AtomicUsize);

impl Contender for TwoUpdates {
    type Permit<'a> = Taken<'a>;
    const REFUSES: bool = false;

    fn new(permits: usize) -> Self {
        Self(AtomicUsize::new(permits))
    }

    fn attempt(&self) -> Option<Taken<'_>> {
        self.0.fetch_sub(1, Ordering::Acquire);
        Some(Taken(&self.0))
    }

    async fn acquire(&self) -> Taken<'_> {
        self.0.fetch_sub(1, Ordering::Acquire);
        Taken(&self.0)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// No semaphore at all: what remains is the runtime.
pub(crate) struct NoSemaphore;

impl Contender for NoSemaphore {
    type Permit<'a> = ();
    const REFUSES: bool = false;

    fn new(_: usize) -> Self {
        Self
    }

    fn attempt(&self) -> Option<()> {
        Some(())
    }

    async fn acquire(&self) {}
}
