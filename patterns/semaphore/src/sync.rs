//! The primitives the variants are built from, and two numbers. A test puts a model checker's in
//! their place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
pub(crate) use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};
pub(crate) use std::thread;

/// How often a thread looks before it sleeps: longer than a hand-over, shorter than a wake-up.
pub(crate) const SPINS: u32 = 200;

/// How often a thread looks for a permit before it stands in line, where order does not matter.
pub(crate) const LOOKS: u32 = 3;

/// How many messages the clerk may be behind before senders wait.
pub(crate) const INBOX: usize = 256;
