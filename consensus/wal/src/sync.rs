//! The primitives of both variants. A test puts a model checker's in their place.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, OnceLock};
pub(crate) use std::thread::{self, JoinHandle};
pub(crate) use std::time::Instant;

pub(crate) use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

/// How many bytes the committing thread gathers before it writes.
pub(crate) const GROUP: usize = 1 << 20;
