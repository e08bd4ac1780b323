//! A fan-out for work that keeps a processor busy: a loop on the calling thread until it is clear
//! that there is enough left to be worth sharing, then the rest over rayon.
//!
//! The caller owns everything and stays until the end. Lanes, as many as the limit or the pool
//! allows and the caller one of them, take batches from the front of what is left, smaller ones
//! towards the end, and put their outcomes behind a mutex. A lane ends when nothing is left, or the
//! first error has stopped all.
//!
//! It judges what is left by the last few items, and does not look at the clock after each: so a
//! couple of hundred heavy items after many cheap ones are done alone.
//!
//! Take along: `cpu.rs`, `sync.rs`, `error.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use std::{iter, mem, vec};

use super::error::{ItemError, Outcome, Stopped};
use super::sync::{AtomicBool, LOOK_AGAIN, Mutex, MutexGuard, Ordering};
use super::sync::{WORTH_A_LOOK, WORTH_SHARING, current_num_threads, in_place_scope, now};

/// Works on many items, on at most as many at once as its limit allows and as rayon has threads.
///
/// There is no time-out: nobody can take a processor away from a computation that has begun.
#[derive(Debug, Clone)]
pub struct FanOut {
    limit: usize,
}

impl FanOut {
    /// A fan-out that works on `limit` items at a time.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    pub fn new(limit: usize) -> Self {
        assert!(limit > 0, "a limit of 0 would never begin; allow at least one item at a time");
        Self { limit }
    }

    /// Every outcome, in the order of the input. Blocks: async code calls it inside tokio's
    /// `spawn_blocking`.
    ///
    /// # Panics
    ///
    /// If the iterator panics; then nothing has begun.
    pub fn all<I, F, T, E>(&self, items: I, work: F) -> Vec<Outcome<T, E>>
    where
        I: IntoIterator<Item: Send>,
        F: Fn(I::Item) -> Result<T, E> + Sync,
        T: Send,
        E: Send,
    {
        let mut batches = self.run(items, &Work::new(work, false));
        if batches.len() == 1 {
            return batches.remove(0).1;
        }
        batches.into_iter().flat_map(|(_, outcomes)| outcomes).collect()
    }

    /// Every result, in the order of the input, or an error. The first error stops the rest: what
    /// has begun is finished, and nothing more begins. Of several errors at the same time the one
    /// that is first in the input is told.
    ///
    /// # Errors
    ///
    /// The error, and the place of its item.
    ///
    /// # Panics
    ///
    /// As for [`all`](Self::all).
    pub fn all_ok<I, F, T, E>(&self, items: I, work: F) -> Result<Vec<T>, Stopped<E>>
    where
        I: IntoIterator<Item: Send>,
        F: Fn(I::Item) -> Result<T, E> + Sync,
        T: Send,
        E: Send,
    {
        let batches = self.run(items, &Work::new(work, true));
        let outcomes = batches.into_iter().flat_map(|(start, outcomes)| (start..).zip(outcomes));
        outcomes.map(|(index, outcome)| outcome.map_err(|error| Stopped { index, error })).collect()
    }

    /// The outcomes, in batches that begin at the places given, in order.
    fn run<I, F, T, E>(&self, items: I, work: &Work<F>) -> Vec<Batch<T, E>>
    where
        I: IntoIterator<Item: Send>,
        F: Fn(I::Item) -> Result<T, E> + Sync,
        T: Send,
        E: Send,
    {
        let mut items = items.into_iter().collect::<Vec<_>>().into_iter();
        let lanes = self.limit.min(items.len());
        let mut outcomes = Vec::with_capacity(items.len());
        let Some(pace) = work.begin(&mut items, lanes, &mut outcomes) else {
            return vec![(0, outcomes)];
        };
        let lanes = lanes.min(current_num_threads());
        let queue = Mutex::new(Queue { next: outcomes.len(), items, lanes, pace });
        let done = Mutex::new(vec![(0, outcomes)]);
        let next = || locked(&queue).take(); // in the `while let` the lock would outlive the batch
        let lane = || {
            while let Some((start, batch)) = next() {
                let mut outcomes = Vec::with_capacity(batch.len());
                work.through(batch, &mut outcomes);
                locked(&done).push((start, outcomes));
            }
        };
        in_place_scope(|scope| {
            for _ in 1..lanes {
                scope.spawn(|_| lane());
            }
            lane();
        });
        let mut done = mem::take(&mut *locked(&done));
        done.sort_unstable_by_key(|(start, _)| *start);
        done
    }
}

/// Outcomes of items that follow each other, and the place of the first.
type Batch<T, E> = (usize, Vec<Outcome<T, E>>);

/// What is to be done with each item.
struct Work<F> {
    each: F,
    stop_on_error: bool,
    /// An error has stopped the rest. Relaxed: it carries nothing, and comes early or late.
    stopped: AtomicBool,
}

impl<F> Work<F> {
    fn new(each: F, stop_on_error: bool) -> Self {
        Self { each, stop_on_error, stopped: AtomicBool::new(false) }
    }

    // ANCHOR: begin
    /// Works on items here, a few at a time, until all are done, or what is left is worth sharing.
    /// Then tells how long one of the last few took.
    fn begin<I, T, E>(
        &self,
        items: &mut vec::IntoIter<I>,
        lanes: usize,
        outcomes: &mut Vec<Outcome<T, E>>,
    ) -> Option<Duration>
    where
        F: Fn(I) -> Result<T, E>,
    {
        if lanes <= 1 {
            self.through(items, outcomes);
            return None;
        }
        let (mut since, mut before, mut few) = (now(), 0, 1);
        loop {
            self.through(items.by_ref().take(few), outcomes);
            if items.len() == 0 || self.is_stopped() {
                return None;
            }
            // One look at the clock costs as much as several cheap items.
            let spent = since.elapsed();
            if spent >= WORTH_A_LOOK {
                let pace = spent / (outcomes.len() - before) as u32;
                if pace * items.len() as u32 >= WORTH_SHARING {
                    return Some(pace);
                }
                (since, before) = (since + spent, outcomes.len());
            }
            few = (few * 2).min(LOOK_AGAIN);
        }
    }
    // ANCHOR_END: begin

    /// Works on item after item. A panic is the outcome of its item, and the next one follows.
    fn through<I, T, E>(
        &self,
        items: impl IntoIterator<Item = I>,
        outcomes: &mut Vec<Outcome<T, E>>,
    ) where
        F: Fn(I) -> Result<T, E>,
    {
        let mut items = items.into_iter();
        while let Err(panic) =
            catch_unwind(AssertUnwindSafe(|| self.until_a_panic(&mut items, outcomes)))
        {
            self.stop();
            outcomes.push(Err(ItemError::Panicked(panic.into())));
        }
    }

    /// If it panics, `extend` has kept what came before. Who does not stop at an error does not
    /// look out for one, which makes cheap items cheaper.
    fn until_a_panic<I, T, E>(
        &self,
        items: &mut impl Iterator<Item = I>,
        outcomes: &mut Vec<Outcome<T, E>>,
    ) where
        F: Fn(I) -> Result<T, E>,
    {
        let work = |item| {
            let outcome = (self.each)(item).map_err(ItemError::Failed);
            if outcome.is_err() {
                self.stop();
            }
            outcome
        };
        if self.stop_on_error {
            let next = || if self.is_stopped() { None } else { items.next() };
            outcomes.extend(iter::from_fn(next).map(work));
        } else {
            outcomes.extend(items.map(work));
        }
    }

    fn stop(&self) {
        if self.stop_on_error {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop_on_error && self.stopped.load(Ordering::Relaxed)
    }
}

/// What is left to share.
struct Queue<I> {
    /// The place of the first that is left.
    next: usize,
    items: vec::IntoIter<I>,
    lanes: usize,
    /// How long an item takes, as far as is known.
    pace: Duration,
}

impl<I> Queue<I> {
    /// A batch that is worth the way to the mutex, but leaves enough for the other lanes.
    fn take(&mut self) -> Option<(usize, Vec<I>)> {
        let worth = WORTH_SHARING.as_nanos() / self.pace.as_nanos().max(1);
        let fair = self.items.len() / (2 * self.lanes);
        let batch: Vec<I> = self.items.by_ref().take(fair.min(worth as usize).max(1)).collect();
        let start = self.next;
        self.next += batch.len();
        (!batch.is_empty()).then_some((start, batch))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics under this mutex")
}
