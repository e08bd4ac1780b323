//! Semaphores of other crates, and the locks people build one from.

use std::sync::Arc;

use crate::contender::{Contender, Owned, Weighted};

impl Contender for tokio::sync::Semaphore {
    type Permit<'a> = tokio::sync::SemaphorePermit<'a>;

    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.try_acquire().ok()
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.acquire().await.expect("open")
    }
}

impl Owned for tokio::sync::Semaphore {
    type OwnedPermit = tokio::sync::OwnedSemaphorePermit;

    async fn acquire_owned(self: &Arc<Self>) -> Self::OwnedPermit {
        Arc::clone(self).acquire_owned().await.expect("open")
    }
}

impl Weighted for tokio::sync::Semaphore {
    async fn acquire_many(&self, n: usize) -> Self::Permit<'_> {
        self.acquire_many(n as u32).await.expect("open")
    }
}

impl Contender for async_lock::Semaphore {
    type Permit<'a> = async_lock::SemaphoreGuard<'a>;

    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.try_acquire()
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.acquire().await
    }
}

impl Owned for async_lock::Semaphore {
    type OwnedPermit = async_lock::SemaphoreGuardArc;

    async fn acquire_owned(self: &Arc<Self>) -> Self::OwnedPermit {
        self.acquire_arc().await
    }
}

/// async-lock as threads use it.
pub(crate) struct AsyncLockBlocking(async_lock::Semaphore);

impl Contender for AsyncLockBlocking {
    type Permit<'a> = async_lock::SemaphoreGuard<'a>;

    fn new(permits: usize) -> Self {
        Self(async_lock::Semaphore::new(permits))
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.0.try_acquire()
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.0.acquire_blocking()
    }
}

/// A count under `parking_lot`'s mutex; its condition variable knows when nobody sleeps.
pub(crate) struct ParkingLot {
    free: parking_lot::Mutex<usize>,
    freed: parking_lot::Condvar,
}

pub(crate) struct ParkingLotPermit<'a>(&'a ParkingLot);

impl Contender for ParkingLot {
    type Permit<'a> = ParkingLotPermit<'a>;

    fn new(permits: usize) -> Self {
        Self { free: parking_lot::Mutex::new(permits), freed: parking_lot::Condvar::new() }
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        let mut free = self.free.lock();
        *free = free.checked_sub(1)?;
        Some(ParkingLotPermit(self))
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        let mut free = self.free.lock();
        while *free == 0 {
            self.freed.wait(&mut free);
        }
        *free -= 1;
        ParkingLotPermit(self)
    }
}

impl Drop for ParkingLotPermit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.freed.notify_one();
    }
}

/// The same with the standard library's, whose notify always makes a system call.
pub(crate) struct StdCondvar {
    free: std::sync::Mutex<usize>,
    freed: std::sync::Condvar,
}

pub(crate) struct StdPermit<'a>(&'a StdCondvar);

impl Contender for StdCondvar {
    type Permit<'a> = StdPermit<'a>;

    fn new(permits: usize) -> Self {
        Self { free: std::sync::Mutex::new(permits), freed: std::sync::Condvar::new() }
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        let mut free = self.free.lock().unwrap();
        *free = free.checked_sub(1)?;
        Some(StdPermit(self))
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        let free = self.free.lock().unwrap();
        *self.freed.wait_while(free, |free| *free == 0).unwrap() -= 1;
        StdPermit(self)
    }
}

impl Drop for StdPermit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap() += 1;
        self.0.freed.notify_one();
    }
}
