//! The primitives the variants are built from, and some numbers. A test puts a model checker's in their
//! place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use crossbeam_channel::{Receiver, Sender, bounded};
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard};
pub(crate) use std::thread;
use std::time::Duration;

/// How often a thread looks before it sleeps, first on its core, then with a yield between.
pub(crate) const SPINS: u32 = 100;
pub(crate) const YIELDS: u32 = 16;

/// How many items a taker waits for, while it looks, before it takes what there is.
pub(crate) const WORTH: usize = 64;

/// How long the first sleep may last: far longer than a store takes to reach another core, and than
/// a busy taker takes to empty half a queue.
pub(crate) const NAP: Duration = Duration::from_millis(1);
