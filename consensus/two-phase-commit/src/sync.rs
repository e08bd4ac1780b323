//! The primitives of both variants. A test puts a model checker's in their place.
#![allow(unused_imports, dead_code, reason = "each variant needs a part of it")]

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Weak};
pub(crate) use std::thread::{self, JoinHandle};
pub(crate) use std::time::Instant;

pub(crate) use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
