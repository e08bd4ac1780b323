//! The checker's world, in the place of `src/sync.rs`, with the surface of what stands there.
//!
//! The models of the ring include this file too.

use std::any::Any;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;

use shuttle::sync as checker;
use shuttle::thread::{Thread, ThreadId, current, park};

pub(crate) use super::channels::{Receiver, Sender, TrySendError, bounded};
pub(crate) use super::clock::Instant;
pub(crate) use std::sync::{Arc, Weak};

/// The smallest inbox is full most often.
pub(crate) const ROOM: usize = 1;
pub(crate) const QUESTIONS: usize = 1;

pub(crate) mod thread {
    pub(crate) use super::spawn;
}

#[derive(Debug)]
pub(crate) struct JoinHandle<T>(shuttle::thread::JoinHandle<Result<T, Box<dyn Any + Send>>>);

/// A panic ends the thread, and not the checker's run.
pub(crate) fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    JoinHandle(shuttle::thread::spawn(|| catch_unwind(AssertUnwindSafe(body))))
}

impl<T> JoinHandle<T> {
    pub(crate) fn join(self) -> Result<T, Box<dyn Any + Send>> {
        self.0.join()?
    }
}

pub(crate) struct Mutex<T>(checker::Mutex<T>);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a checker::Mutex<T>,
    /// None while it is unlocked for a moment.
    guard: Option<checker::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checker::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: &self.0, guard: Some(lock(&self.0)) }
    }
}

/// As the real one, it is not poisoned.
fn lock<T>(mutex: &checker::Mutex<T>) -> checker::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> MutexGuard<'_, T> {
    pub(crate) fn unlocked<R>(this: &mut Self, meanwhile: impl FnOnce() -> R) -> R {
        this.guard = None;
        let result = catch_unwind(AssertUnwindSafe(meanwhile));
        this.guard = Some(lock(this.mutex));
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.guard.as_ref().expect("it is locked")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("it is locked")
    }
}

/// Its list is looked at in one step, so a plain mutex guards it.
pub(crate) struct Condvar(std::sync::Mutex<Vec<Thread>>);

pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(std::sync::Mutex::default())
    }

    fn asleep(&self) -> std::sync::MutexGuard<'_, Vec<Thread>> {
        self.0.lock().expect("no panic")
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let me: ThreadId = current().id();
        self.asleep().push(current());
        MutexGuard::unlocked(guard, park);
        self.asleep().retain(|thread| thread.id() != me);
    }

    pub(crate) fn wait_until<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        if deadline.is_due_or_wakes() {
            return WaitTimeoutResult(true);
        }
        self.wait(guard);
        WaitTimeoutResult(deadline <= Instant::now())
    }

    pub(crate) fn notify_one(&self) {
        let mut asleep = self.asleep();
        let first = (!asleep.is_empty()).then(|| asleep.remove(0));
        drop(asleep);
        first.inspect(Thread::unpark);
    }

    pub(crate) fn notify_all(&self) {
        let all = mem::take(&mut *self.asleep());
        all.iter().for_each(Thread::unpark);
    }
}
