//! The checker's world, in the place of `src/sync.rs`.
//!
//! The models of the ring include this file too.

pub(crate) use std::sync::{Arc, Weak};

pub(crate) use interleave::models::channels::{Receiver, Sender, TrySendError, bounded};
pub(crate) use interleave::models::clock::Instant;
pub(crate) use interleave::models::sync::{Condvar, JoinHandle, Mutex, MutexGuard};

/// The smallest inbox is full most often.
pub(crate) const ROOM: usize = 1;
pub(crate) const QUESTIONS: usize = 1;

pub(crate) mod thread {
    pub(crate) use interleave::models::sync::spawn;
}
