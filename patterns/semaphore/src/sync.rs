//! The primitives the variants are built from. A test puts a model checker's in their place.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
pub(crate) use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};
pub(crate) use std::thread;

/// How often a thread looks before it sleeps: longer than a hand-over, shorter than a wake-up.
pub(crate) const SPINS: u32 = 200;
