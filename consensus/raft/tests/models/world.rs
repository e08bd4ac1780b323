//! The checker's world, in the place of `src/sync.rs`.
#![allow(unused_imports, reason = "as what stands there")]

pub(crate) use std::sync::Arc;

pub(crate) use interleave::models::channels::{
    Receiver, RecvTimeoutError, Sender, TrySendError, bounded,
};
pub(crate) use interleave::models::clock::Instant;
pub(crate) use interleave::models::sync::{Condvar, JoinHandle, Mutex, MutexGuard};
pub(crate) use shuttle::sync::atomic::{AtomicBool, Ordering};

/// More make schedules that differ in nothing.
pub(crate) const LOOKS: u32 = 1;

pub(crate) mod thread {
    pub(crate) use interleave::models::sync::spawn;
}
