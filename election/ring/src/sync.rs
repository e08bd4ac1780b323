//! The primitives of both variants.

pub(crate) use std::sync::Arc;
pub(crate) use std::thread::{self, JoinHandle};

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
