//! A job, with its handle's slot in the same allocation. A panic of any kind ends here: the job's
//! own, that of a result nobody wants, that of a payload as it drops.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bell::Ring;
use super::place::{Deeper, Place};
use super::sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering};

/// What stands in a queue.
pub(crate) enum Job {
    /// Without a handle.
    Plain(Box<dyn Work>),
    /// With one. It may have been run from its handle: then what stands in the queue is its husk.
    Task(Arc<dyn Run>),
}

/// A closure that can be told apart again when it is given back.
pub(crate) trait Work: Any + Send {
    /// Runs it, once: the box is empty afterwards.
    fn work(&mut self);
}

/// A closure, until it runs.
pub(crate) struct Parcel<F>(pub(crate) Option<F>);

impl<F: FnOnce() + Send + 'static> Work for Parcel<F> {
    fn work(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

/// The side of a task that the workers see.
pub(crate) trait Run: Send + Sync {
    /// Runs it unless that was done already.
    fn run(&self, at: Place, panics: &Panics);
    /// Drops it: whether it had not started.
    fn abort(&self, panics: &Panics) -> bool;
    /// Where it runs right now.
    fn runs_at(&self) -> Option<Place>;
    /// Whether this pool has it, and nobody has started it.
    fn may_start(&self, pool: usize) -> bool;
    fn is_done(&self) -> bool;
    /// Rings when done. `false` if it is done, and nothing will ring.
    fn ring_when_done(&self, bell: Arc<dyn Ring>) -> bool;
}

/// The side of a task that its handle sees.
pub(crate) trait Slot<T>: Run {
    /// What came of it, if it is done. There is one handle, and it asks once.
    fn take(&self) -> Option<Outcome<T>>;
    /// Nobody will ask.
    fn detach(&self);
}

/// How many panics were caught. A job's own is counted before its handle hears of it.
#[derive(Default)]
pub(crate) struct Panics(AtomicUsize);

impl Panics {
    /// Relaxed: it is a number; who was told of a panic through a handle has seen its count.
    #[cold]
    fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What came of a job.
pub(crate) enum Outcome<T> {
    Finished(T),
    Panicked(Box<dyn Any + Send>),
    Aborted,
}

impl Job {
    /// The closure of a job that was not taken.
    pub(crate) fn into_work<F: 'static>(self) -> F {
        let Self::Plain(work) = self else { unreachable!("a task is given back by its slot") };
        let work: Box<dyn Any> = work;
        let parcel = work.downcast::<Parcel<F>>().expect("what was put in");
        parcel.0.expect("it has not run")
    }

    /// Runs it here: the box it was in, if it was in one.
    #[inline]
    pub(crate) fn run(self, at: Place, panics: &Panics) -> Option<Box<dyn Work>> {
        let _deeper = Deeper::enter();
        match self {
            Self::Plain(mut work) => {
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| work.work())) {
                    panics.add_one();
                    drop_quietly(payload, panics);
                }
                Some(work)
            }
            Self::Task(task) => {
                task.run(at, panics);
                None
            }
        }
    }

    /// Drops it: whether it had not started.
    pub(crate) fn abort(self, panics: &Panics) -> bool {
        match self {
            Self::Plain(work) => {
                drop_quietly(work, panics);
                true
            }
            Self::Task(task) => task.abort(panics),
        }
    }
}

/// Drops a value of somebody else's. A payload whose own drop panics with another such payload is
/// forgotten in the end.
pub(crate) fn drop_quietly<T>(value: T, panics: &Panics) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) else { return };
    panics.add_one();
    let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) else { return };
    panics.add_one();
    mem::forget(again);
}

/// A job with a result, and the slot for it.
pub(crate) struct Task<F, T> {
    pool: usize,
    /// True from the moment there is an outcome, so that a look needs no lock. Its Release pairs
    /// with the Acquire of `is_done`.
    done: AtomicBool,
    state: Mutex<State<F, T>>,
}

struct State<F, T> {
    stage: Stage<F, T>,
    /// The one who waits in `join`.
    waiter: Option<Arc<dyn Ring>>,
    /// The handle is gone: the outcome drops where the job ran, and not in here.
    detached: bool,
}

/// | stage | becomes | by |
/// |---|---|---|
/// | `Queued` | `Running` | a worker, or the handle inside a job of the same pool |
/// | `Queued` | `Done` | abort |
/// | `Queued` | `Empty` | a full queue: the closure goes back to its caller |
/// | `Running` | `Done` | its own thread; `Empty` if the handle is gone |
/// | `Done` | `Empty` | the handle |
enum Stage<F, T> {
    Queued(F),
    Running(usize),
    Done(Outcome<T>),
    Empty,
}

impl<F, T> Task<F, T> {
    pub(crate) fn new(pool: usize, work: F) -> Arc<Self> {
        let state = State { stage: Stage::Queued(work), waiter: None, detached: false };
        Arc::new(Self { pool, done: AtomicBool::new(false), state: Mutex::new(state) })
    }

    /// The closure of a task that was not taken.
    pub(crate) fn give_back(&self) -> F {
        let stage = mem::replace(&mut self.state().stage, Stage::Empty);
        let Stage::Queued(work) = stage else { unreachable!("it was in no queue") };
        work
    }

    /// Takes the closure, and leaves `next` in its place; `None` if it was taken before.
    fn start(&self, next: Stage<F, T>) -> Option<F> {
        let mut state = self.state();
        if !matches!(state.stage, Stage::Queued(_)) {
            return None;
        }
        let Stage::Queued(work) = mem::replace(&mut state.stage, next) else { unreachable!() };
        Some(work)
    }

    /// Stores the outcome and tells who waits. If nobody can ask for it, it drops right here.
    fn finish(&self, outcome: Outcome<T>, panics: &Panics) {
        let mut state = self.state();
        let unwanted = if state.detached {
            state.stage = Stage::Empty;
            Some(outcome)
        } else {
            state.stage = Stage::Done(outcome);
            None
        };
        let waiter = state.waiter.take();
        self.done.store(true, Ordering::Release);
        drop(state);
        if let Some(waiter) = waiter {
            waiter.ring();
        }
        drop_quietly(unwanted, panics);
    }

    fn state(&self) -> MutexGuard<'_, State<F, T>> {
        self.state.lock().expect("nothing panics under this mutex")
    }
}

impl<F, T> Run for Task<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn run(&self, at: Place, panics: &Panics) {
        let Some(work) = self.start(Stage::Running(at.worker)) else { return };
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(value) => self.finish(Outcome::Finished(value), panics),
            Err(payload) => {
                panics.add_one();
                self.finish(Outcome::Panicked(payload), panics);
            }
        }
    }

    fn abort(&self, panics: &Panics) -> bool {
        let Some(work) = self.start(Stage::Empty) else { return false };
        self.finish(Outcome::Aborted, panics);
        drop_quietly(work, panics);
        true
    }

    fn runs_at(&self) -> Option<Place> {
        match self.state().stage {
            Stage::Running(worker) => Some(Place { pool: self.pool, worker }),
            _ => None,
        }
    }

    fn may_start(&self, pool: usize) -> bool {
        self.pool == pool && matches!(self.state().stage, Stage::Queued(_))
    }

    #[inline]
    fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    fn ring_when_done(&self, bell: Arc<dyn Ring>) -> bool {
        let mut state = self.state();
        if matches!(state.stage, Stage::Done(_)) {
            drop(state);
            return false; // the bell drops unlocked
        }
        let before = state.waiter.replace(bell);
        drop(state);
        drop(before);
        true
    }
}

impl<F, T> Slot<T> for Task<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn take(&self) -> Option<Outcome<T>> {
        let mut state = self.state();
        if !matches!(state.stage, Stage::Done(_)) {
            return None;
        }
        let Stage::Done(outcome) = mem::replace(&mut state.stage, Stage::Empty) else {
            unreachable!()
        };
        Some(outcome)
    }

    fn detach(&self) {
        let mut state = self.state();
        state.detached = true;
        let unread = match state.stage {
            Stage::Done(_) => mem::replace(&mut state.stage, Stage::Empty),
            _ => Stage::Empty,
        };
        drop(state);
        drop(unread); // unlocked: a result may do anything when it drops
    }
}
