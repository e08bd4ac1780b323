//! The primitives the variants are built from, and some numbers. A test puts a model checker's in
//! their place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub(crate) use rayon::{current_num_threads, in_place_scope};
pub(crate) use tokio::sync::mpsc;
pub(crate) use tokio::task::coop::has_budget_remaining;
pub(crate) use tokio::task::{JoinHandle, spawn};
pub(crate) use tokio::time::{Timeout, timeout};

/// The queue of items.
pub(crate) mod queue {
    pub(crate) use crossbeam_channel::{Receiver, bounded};
}

/// The time now.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Work on the processor that takes less than this is not worth waking anybody for.
pub(crate) const WORTH_SHARING: Duration = Duration::from_micros(20);

/// A time shorter than this says little about the pace: the clock itself takes some of it.
pub(crate) const WORTH_A_LOOK: Duration = Duration::from_micros(2);

/// After so many items without a look at the clock, one is due.
pub(crate) const LOOK_AGAIN: usize = 256;

/// How many tasks one run has at most. More items at once share them.
pub(crate) const LANES: usize = 64;

/// How often a task looks for more to do before it lets others run.
pub(crate) const ROUNDS: usize = 8;
