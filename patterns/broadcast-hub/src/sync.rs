//! The primitives the variants are built from, and some numbers. A test puts a model checker's in
//! their place, and numbers that bring out the rare cases.
#![allow(unused_imports, dead_code, reason = "whoever copies one variant needs a part of it")]

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
pub(crate) use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};
pub(crate) use std::thread;

/// A cell that others may look into, as loom has it: who looks is seen to look.
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with<R>(&self, look: impl FnOnce(*const T) -> R) -> R {
        look(self.0.get())
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, change: impl FnOnce(*mut T) -> R) -> R {
        change(self.0.get())
    }
}

/// How often a thread looks before it sleeps: longer than a hand-over, shorter than a wake-up.
pub(crate) const SPINS: u32 = 200;

/// How often it lets others run after that.
pub(crate) const YIELDS: usize = 8;

/// How many messages the desk may be behind before senders wait.
pub(crate) const INBOX: usize = 256;

/// How many slots a block of the shared ring has at most.
pub(crate) const BLOCK: usize = 32;
