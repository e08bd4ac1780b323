//! A condition variable whose naps end when a test lets time pass: in the checker's own, no time-out
//! ever fires. Whoever naps is woken before those who sleep for long, and in turn.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use shuttle::sync;
use shuttle::thread::{self, Thread};

thread_local! {
    /// All who nap. The checker runs the threads of a schedule on one thread of its own.
    static NAPPERS: RefCell<Vec<Arc<Napper>>> = const { RefCell::new(Vec::new()) };
}

/// The checker's; its guard knows it, so that a napper can lock it again.
pub(crate) struct Mutex<T>(sync::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    guard: sync::MutexGuard<'a, T>,
}

#[derive(Default)]
pub(crate) struct Condvar {
    for_long: sync::Condvar,
    /// The next to be woken in front. Never locked across a step of the checker.
    napping: std::sync::Mutex<VecDeque<Arc<Napper>>>,
}

struct Napper {
    thread: Thread,
    awake: AtomicBool,
    timed_out: AtomicBool,
}

/// How a nap ended.
pub(crate) struct End {
    timed_out: bool,
}

/// Ends all naps.
pub(crate) fn time_passes() {
    for napper in NAPPERS.take() {
        napper.wake(true);
    }
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Result<MutexGuard<'_, T>, ()> {
        Ok(MutexGuard { mutex: self, guard: self.0.lock().map_err(drop)? })
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> Result<MutexGuard<'a, T>, ()> {
        let MutexGuard { mutex, guard } = guard;
        Ok(MutexGuard { mutex, guard: self.for_long.wait(guard).map_err(drop)? })
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _limit: Duration,
    ) -> Result<(MutexGuard<'a, T>, End), ()> {
        let napper = Arc::new(Napper {
            thread: thread::current(),
            awake: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
        });
        self.napping.lock().expect("no panic").push_back(Arc::clone(&napper));
        NAPPERS.with(|nappers| nappers.borrow_mut().push(Arc::clone(&napper)));
        let MutexGuard { mutex, guard } = guard;
        drop(guard);
        while !napper.awake.load(SeqCst) {
            thread::park();
        }
        Ok((mutex.lock()?, End { timed_out: napper.timed_out.load(SeqCst) }))
    }

    pub(crate) fn notify_one(&self) {
        while let Some(napper) = self.next() {
            if napper.wake(false) {
                return;
            }
        }
        self.for_long.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        while let Some(napper) = self.next() {
            napper.wake(false);
        }
        self.for_long.notify_all();
    }

    fn next(&self) -> Option<Arc<Napper>> {
        self.napping.lock().expect("no panic").pop_front()
    }
}

impl Napper {
    /// Whether it was still asleep.
    fn wake(&self, timed_out: bool) -> bool {
        if self.awake.swap(true, SeqCst) {
            return false;
        }
        self.timed_out.store(timed_out, SeqCst);
        self.thread.unpark();
        true
    }
}

impl End {
    pub(crate) fn timed_out(&self) -> bool {
        self.timed_out
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}
