//! Locks with the surface of `parking_lot`'s, and threads with that of std's.
//!
//! One thing is as in std and not as in `parking_lot`: a wait may end for no reason, at the price of a
//! preemption. Whoever waits in a loop, as one should, is right in both.

use std::any::Any;
use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;
use std::time::Duration;

use shuttle::sync as checker;
use shuttle::thread::{Thread, ThreadId, current, park};

use super::clock::Instant;

/// Waits for a thread to end.
#[derive(Debug)]
pub struct JoinHandle<T>(shuttle::thread::JoinHandle<Result<T, Box<dyn Any + Send>>>);

/// A panic ends the thread, and not the checker's run.
pub fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    JoinHandle(shuttle::thread::spawn(|| catch_unwind(AssertUnwindSafe(body))))
}

impl<T> JoinHandle<T> {
    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// When it panicked: with what it said.
    pub fn join(self) -> Result<T, Box<dyn Any + Send>> {
        self.0.join()?
    }
}

/// A mutex without poison.
#[derive(Debug, Default)]
pub struct Mutex<T>(checker::Mutex<T>);

/// Unlocks when it is dropped.
#[must_use]
pub struct MutexGuard<'a, T> {
    mutex: &'a checker::Mutex<T>,
    /// None while it is unlocked for a moment.
    guard: Option<checker::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// Unlocked.
    pub fn new(value: T) -> Self {
        Self(checker::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: &self.0, guard: Some(lock(&self.0)) }
    }
}

fn lock<T>(mutex: &checker::Mutex<T>) -> checker::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> MutexGuard<'_, T> {
    /// Does something while the lock is free.
    pub fn unlocked<R>(this: &mut Self, meanwhile: impl FnOnce() -> R) -> R {
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

impl<T: fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Threads that wait for a change of what a mutex guards.
#[derive(Debug, Default)]
// Its list is looked at in one step, so a plain mutex guards it.
pub struct Condvar(std::sync::Mutex<Vec<Thread>>);

/// How a wait with a time-out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether nobody woke it before the time was up.
    pub fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// Nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    fn asleep(&self) -> std::sync::MutexGuard<'_, Vec<Thread>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Waits until it is woken.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        self.sleep(guard);
    }

    /// Waits until it is woken, or the clock was advanced so far.
    pub fn wait_until<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        if deadline.is_due_or_wakes() {
            return WaitTimeoutResult(true);
        }
        WaitTimeoutResult(!self.sleep(guard) && deadline <= Instant::now())
    }

    /// Waits until it is woken, or the clock was advanced by so much.
    pub fn wait_for<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        if let Some(deadline) = Instant::now().checked_add(timeout) {
            return self.wait_until(guard, deadline);
        }
        self.wait(guard);
        WaitTimeoutResult(false)
    }

    /// Wakes who has waited longest; says whether somebody did.
    pub fn notify_one(&self) -> bool {
        let mut asleep = self.asleep();
        let first = (!asleep.is_empty()).then(|| asleep.remove(0));
        drop(asleep);
        first.inspect(Thread::unpark).is_some()
    }

    /// Wakes all who wait; says how many.
    pub fn notify_all(&self) -> usize {
        let all = mem::take(&mut *self.asleep());
        all.iter().for_each(Thread::unpark);
        all.len()
    }
}
