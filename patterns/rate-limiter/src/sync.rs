//! The primitives the variants are built from, and two numbers. A test puts a model checker's in
//! their place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

// Not std's: a key's `Eq` may panic under one, and nothing is half done then.
pub(crate) use parking_lot::{Mutex, MutexGuard};
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
pub(crate) use std::thread;

/// How often a thread looks before it sleeps: longer than a hand-over, shorter than a wake-up.
pub(crate) const SPINS: u32 = 200;

/// How many messages the owner may be behind before senders wait.
pub(crate) const INBOX: usize = 256;

/// Into how many parts the keys are divided, so that callers seldom meet.
pub(crate) const SHARDS: usize = 64;
