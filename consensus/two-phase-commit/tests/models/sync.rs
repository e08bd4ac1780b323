//! The checker's world, in the place of `src/sync.rs`.

pub(crate) use interleave::models::channels::{Receiver, RecvTimeoutError, Sender, bounded};
pub(crate) use interleave::models::clock::Instant;
pub(crate) use interleave::models::sync::{Condvar, JoinHandle, Mutex};
/// They are counted, and nobody waits for them.
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Weak};

pub(crate) mod thread {
    pub(crate) use interleave::models::sync::spawn;
    pub(crate) use shuttle::thread::yield_now;
}
