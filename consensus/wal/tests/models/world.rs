//! The checker's world, in the place of `src/sync.rs`.

pub(crate) use interleave::models::channels::{
    Receiver, RecvTimeoutError, Sender, TrySendError, bounded,
};
pub(crate) use interleave::models::clock::Instant;
pub(crate) use interleave::models::sync::{Condvar, JoinHandle, Mutex, MutexGuard};
pub(crate) use shuttle::sync::atomic::{AtomicUsize, Ordering};
/// They are looked at, and nobody waits for them.
pub(crate) use std::sync::atomic::AtomicU64;
/// It is set and looked at in one step.
pub(crate) use std::sync::{Arc, OnceLock};

/// Nothing of a scenario is longer, so that the smallest group is that of one caller.
pub(crate) const GROUP: usize = 1 << 20;

pub(crate) mod thread {
    pub(crate) use interleave::models::sync::spawn;
}
