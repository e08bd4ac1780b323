//! The checker's world, in the place of `src/sync.rs`, with the surface of what stands there.

use std::any::Any;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;

use shuttle::sync as checker;
use shuttle::thread::{Thread, ThreadId, current, park};

pub(crate) use super::channels::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
pub(crate) use super::clock::Instant;
pub(crate) use shuttle::sync::atomic::{AtomicUsize, Ordering};
/// They are looked at, and nobody waits for them.
pub(crate) use std::sync::atomic::AtomicU64;
/// It is set and looked at in one step.
pub(crate) use std::sync::{Arc, OnceLock};

/// Nothing of a scenario is longer, so that the smallest group is that of one caller.
pub(crate) const GROUP: usize = 1 << 20;

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

    /// Whether it was woken by name, and not by the time.
    fn sleep<T>(&self, guard: &mut MutexGuard<'_, T>) -> bool {
        let me: ThreadId = current().id();
        self.asleep().push(current());
        MutexGuard::unlocked(guard, park);
        let mut asleep = self.asleep();
        let before = asleep.len();
        asleep.retain(|thread| thread.id() != me);
        asleep.len() == before
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        self.sleep(guard);
    }

    pub(crate) fn wait_until<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        if deadline.is_due_or_wakes() {
            return WaitTimeoutResult(true);
        }
        WaitTimeoutResult(!self.sleep(guard) && deadline <= Instant::now())
    }

    pub(crate) fn notify_one(&self) -> bool {
        let mut asleep = self.asleep();
        let first = (!asleep.is_empty()).then(|| asleep.remove(0));
        drop(asleep);
        first.inspect(Thread::unpark).is_some()
    }

    pub(crate) fn notify_all(&self) -> usize {
        let all = mem::take(&mut *self.asleep());
        all.iter().for_each(Thread::unpark);
        all.len()
    }
}
