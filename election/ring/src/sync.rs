//! The primitives of both variants. A test puts a model checker's in their place.
//!
//! The same text stands in `election/bully/src/sync.rs`, because a recipe depends on no sibling; a test
//! compares the two.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use std::sync::{Arc, Weak};
pub(crate) use std::thread::{self, JoinHandle};
pub(crate) use std::time::Instant;

pub(crate) use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

/// How many messages wait for a node, or to be sent by it; what does not fit is lost.
pub(crate) const ROOM: usize = 64;
/// How many questions wait. Whoever asks waits anyway.
pub(crate) const QUESTIONS: usize = 16;
