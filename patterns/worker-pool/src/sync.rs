//! The primitives the variants are built from, and some numbers. A test puts a model checker's in
//! their place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, RwLock};
pub(crate) use std::time::Duration;
pub(crate) use std::{thread, thread_local};

pub(crate) use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

/// How often a thread looks before it sleeps: longer than a hand-over, shorter than a wake-up.
pub(crate) const SPINS: u32 = 200;

/// How often it lets others run after that, and looks again.
pub(crate) const YIELDS: u32 = 8;

/// How long a caller who waits for room sleeps at most before it looks by itself.
pub(crate) const NAP: Duration = Duration::from_millis(1);

/// How many jobs a worker takes from the inbox at once, at most.
pub(crate) const BATCH: usize = 32;

/// Whether boxes of jobs are used again.
pub(crate) const REUSE: bool = true;

/// How many empty boxes a worker gives back at once.
pub(crate) const EMPTIES: usize = 32;

/// How deep jobs run in place.
pub(crate) const DEPTH: usize = 64;
