//! An owner, a thread, has the value. Clients leave it closures in trays, and it runs them: reads in
//! batches, writes one by one. Nothing is shared, so nothing is locked, and nothing is `unsafe`.
//!
//! The owner has the value, and a client its closure until the owner begins. Dropping the lock ends the
//! owner.
//!
//! Take along: `channel.rs`, `owner.rs`, `job.rs`, `sync.rs`, `error.rs`.

use std::fmt;
use std::time::Duration;

use super::error::{NotNow, TimedOut};
use super::job::{Job, Task};
use super::owner::{Desk, Kind, Owner};
use super::sync::{Arc, Instant, thread};

/// A `T` that a thread owns, and readers and writers who send it closures.
///
/// The owner outlives every borrow, so what a closure takes along it owns, and what it finds out it
/// returns:
///
/// ```compile_fail,E0373
/// let lock = rw_lock::channel::RwLock::new(1);
/// let more = 2;
/// lock.write(|n| *n += more); // `move` makes it right
/// ```
pub struct RwLock<T> {
    desk: Arc<Desk<T>>,
    /// Taken when the lock ends.
    owner: Option<thread::JoinHandle<T>>,
}

/// A job that was posted, and the tray it was put in.
struct Posted<T, F, R> {
    task: Arc<Task<T, F, R>>,
    kind: Kind,
    place: usize,
}

impl<T: Send + 'static> RwLock<T> {
    /// Starts the owner of `value`.
    pub fn new(value: T) -> Self {
        let desk = Arc::new(Desk::new());
        let owner = Owner::new(Arc::clone(&desk), value);
        Self { desk, owner: Some(thread::spawn(move || owner.run())) }
    }

    /// Has `f` run on the value. Waits while others are served: a writer who waits comes first.
    ///
    /// # Panics
    ///
    /// If `f` does, or if this is called from a closure that the same lock runs.
    pub fn read<R: Send + 'static>(&self, f: impl FnOnce(&T) -> R + Send + 'static) -> R {
        let posted = self.post(Kind::Read, f, |f, value| f(value));
        posted.task.wait(None).ok().expect("waits as long as it takes")
    }

    /// Has `f` run on the value. Waits while others are served.
    ///
    /// # Panics
    ///
    /// If `f` does, or if this is called from a closure that the same lock runs.
    pub fn write<R: Send + 'static>(&self, f: impl FnOnce(&mut T) -> R + Send + 'static) -> R {
        let posted = self.post(Kind::Write, f, |f, value| f(value));
        posted.task.wait(None).ok().expect("waits as long as it takes")
    }

    /// As [`read`](Self::read), if nobody else is served. The owner may have to wake up for it.
    ///
    /// # Errors
    ///
    /// If somebody is served: with `f`, which has not run.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    pub fn try_read<R, F>(&self, f: F) -> Result<R, NotNow<F>>
    where
        R: Send + 'static,
        F: FnOnce(&T) -> R + Send + 'static,
    {
        self.ask_now(Kind::Read, f, |f, value| f(value))
    }

    /// As [`write`](Self::write), if nobody else is served. The owner may have to wake up for it.
    ///
    /// # Errors
    ///
    /// If somebody is served: with `f`, which has not run.
    ///
    /// # Panics
    ///
    /// As [`write`](Self::write).
    pub fn try_write<R, F>(&self, f: F) -> Result<R, NotNow<F>>
    where
        R: Send + 'static,
        F: FnOnce(&mut T) -> R + Send + 'static,
    {
        self.ask_now(Kind::Write, f, |f, value| f(value))
    }

    /// As [`read`](Self::read), if the owner begins within `limit`. What has begun is not cut off.
    ///
    /// # Errors
    ///
    /// If the time was up first: with `f`, which has not run.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    pub fn read_timeout<R, F>(&self, limit: Duration, f: F) -> Result<R, TimedOut<F>>
    where
        R: Send + 'static,
        F: FnOnce(&T) -> R + Send + 'static,
    {
        self.ask_until(Instant::now().checked_add(limit), Kind::Read, f, |f, value| f(value))
    }

    /// As [`write`](Self::write), if the owner begins within `limit`. What has begun is not cut off.
    ///
    /// # Errors
    ///
    /// If the time was up first: with `f`, which has not run.
    ///
    /// # Panics
    ///
    /// As [`write`](Self::write).
    pub fn write_timeout<R, F>(&self, limit: Duration, f: F) -> Result<R, TimedOut<F>>
    where
        R: Send + 'static,
        F: FnOnce(&mut T) -> R + Send + 'static,
    {
        self.ask_until(Instant::now().checked_add(limit), Kind::Write, f, |f, value| f(value))
    }

    /// How many wait for the owner at this moment; out of date as soon as it is known.
    pub fn waiting(&self) -> usize {
        self.desk.waiting()
    }

    /// Ends the owner and takes the value from it.
    pub fn into_inner(mut self) -> T {
        self.end().expect("it was not ended before")
    }

    fn post<F, R>(&self, kind: Kind, f: F, call: fn(F, &mut T) -> R) -> Posted<T, F, R>
    where
        F: Send + 'static,
        R: Send + 'static,
    {
        let owner = self.owner();
        let itself = thread::current().id() == owner.id();
        assert!(!itself, "a closure uses the lock that runs it: it would wait for itself");
        let task = Arc::new(Task::new(f, call));
        let place = self.desk.post(kind, Arc::clone(&task) as _, owner);
        Posted { task, kind, place }
    }

    fn ask_now<F, R>(&self, kind: Kind, f: F, call: fn(F, &mut T) -> R) -> Result<R, NotNow<F>>
    where
        F: Send + 'static,
        R: Send + 'static,
    {
        if self.desk.is_busy() {
            return Err(NotNow(f));
        }
        let posted = self.post(kind, f, call);
        posted.task.wait_unless(&self.desk.busy).map_err(|f| NotNow(self.remove(&posted, f)))
    }

    fn ask_until<F, R>(
        &self,
        until: Option<Instant>,
        kind: Kind,
        f: F,
        call: fn(F, &mut T) -> R,
    ) -> Result<R, TimedOut<F>>
    where
        F: Send + 'static,
        R: Send + 'static,
    {
        let posted = self.post(kind, f, call);
        posted.task.wait(until).map_err(|f| TimedOut(self.remove(&posted, f)))
    }

    /// `f` was taken back; nothing of it stays behind.
    fn remove<F, R>(&self, posted: &Posted<T, F, R>, f: F) -> F
    where
        F: Send + 'static,
        R: Send + 'static,
    {
        let job: Arc<dyn Job<T>> = Arc::clone(&posted.task) as _;
        self.desk.remove(posted.kind, &job, posted.place);
        f
    }

    fn owner(&self) -> &thread::Thread {
        self.owner.as_ref().expect("it ends with the lock").thread()
    }
}

impl<T> RwLock<T> {
    fn end(&mut self) -> Option<T> {
        let owner = self.owner.take()?;
        self.desk.close(owner.thread());
        Some(owner.join().expect("the owner catches what closures throw"))
    }
}

impl<T: Default + Send + 'static> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Send + 'static> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwLock").field("waiting", &self.desk.waiting()).finish_non_exhaustive()
    }
}

impl<T> Drop for RwLock<T> {
    fn drop(&mut self) {
        drop(self.end());
    }
}
