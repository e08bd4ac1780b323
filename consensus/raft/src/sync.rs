//! The primitives of both runtimes. A test puts a model checker's in their place.
#![allow(unused_imports, dead_code, reason = "each runtime needs a part of it")]

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use std::thread::{self, JoinHandle};
pub(crate) use std::time::Instant;

pub(crate) use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

/// How often whoever waits lets others go first before it sleeps: to be woken costs more.
pub(crate) const LOOKS: u32 = 4;
