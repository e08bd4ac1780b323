//! A fan-out within one task: the caller's own task polls every item, so items wait at the same
//! time but do not run at the same time, and need to be neither `Send` nor `'static`.
//!
//! The run owns all futures, in as many slots as the limit allows. Each slot has a bell for a
//! waker, so that a poll visits the slots that rang and no others. Nothing happens while nobody
//! polls the run, and when it drops, everything in it does.
//!
//! Take along: `joined.rs`, `slot.rs`, `bells.rs`, `attempt.rs`, `surface.rs`, `sync.rs`, `error.rs`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::iter::Map;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use super::attempt::discard;
use super::bells::Bells;
use super::error::{ItemError, Outcome, Stopped};
use super::slot::Slot;
use super::surface::{Settings, constructors, run_methods};
use super::sync::Arc;

/// Works on many items, on at most as many at once as its limit allows.
#[derive(Debug, Clone)]
pub struct FanOut(Settings);

impl FanOut {
    constructors!();

    /// Will work on `items` while the run is polled.
    ///
    /// # Panics
    ///
    /// If the iterator panics, so does this, and nothing has begun. With a time-out the run must be
    /// polled inside a tokio runtime, or it panics then.
    pub fn run<I, W, F, T, E>(&self, items: I, work: W) -> Run<Map<vec::IntoIter<I::Item>, W>, T, E>
    where
        I: IntoIterator,
        W: FnMut(I::Item) -> F,
        F: Future<Output = Result<T, E>>,
    {
        let items: Vec<I::Item> = items.into_iter().collect();
        let count = items.len();
        let width = count.min(self.0.limit);
        let bells = Arc::new(Bells::new(width));
        Run {
            slots: (0..width).map(|slot| Slot::new(&bells, slot)).collect(),
            bells,
            futures: Some(items.into_iter().map(work)),
            begun: 0,
            timeout: self.0.timeout,
            done: VecDeque::new(),
            count,
            left: count,
        }
    }
}

/// A fan-out at work, while it is polled. Dropping it drops the items that are not done.
#[must_use = "a run does nothing until it is polled; await `all`, `all_ok` or `next`"]
pub struct Run<S: Iterator, T, E> {
    slots: Vec<Slot<S::Item>>,
    /// One bell for each slot. A slot that is free and may take an item has rung.
    bells: Arc<Bells>,
    /// The futures that have not begun; `None` once there are none, or the run is cancelled.
    futures: Option<S>,
    /// How many have begun, which is the index of the next.
    begun: usize,
    timeout: Option<Duration>,
    done: VecDeque<(usize, Outcome<T, E>)>,
    count: usize,
    /// Outcomes not handed out, done or still to come.
    left: usize,
}

impl<S, T, E> Run<S, T, E>
where
    S: Iterator<Item: Future<Output = Result<T, E>>>,
{
    run_methods!();

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<(usize, Outcome<T, E>)>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if self.done.is_empty() {
            self.round();
        }
        let Some(next) = self.done.pop_front() else {
            self.bells.sleep(context);
            return Poll::Pending;
        };
        self.left -= 1;
        Poll::Ready(Some(next))
    }

    async fn gather(&mut self) -> Vec<Option<Outcome<T, E>>> {
        let mut slots: Vec<_> = (0..self.count).map(|_| None).collect();
        let mut keep = |index, outcome| {
            slots[index] = Some(outcome);
            Ok::<_, Infallible>(())
        };
        let Ok(()) = poll_fn(|context| self.poll_rest(context, &mut keep)).await;
        slots
    }

    async fn gather_ok(&mut self) -> Result<Vec<Option<T>>, Stopped<E>> {
        let mut slots: Vec<_> = (0..self.count).map(|_| None).collect();
        let mut keep = |index, outcome: Outcome<T, E>| {
            slots[index] = Some(outcome.map_err(|error| Stopped { index, error })?);
            Ok(())
        };
        poll_fn(|context| self.poll_rest(context, &mut keep)).await?;
        Ok(slots)
    }

    /// Hands the rest of the outcomes to `keep`, until it says stop. Makes one round at each poll,
    /// so that items which never wait do not keep other tasks from running.
    fn poll_rest<X>(
        &mut self,
        context: &mut Context<'_>,
        keep: &mut impl FnMut(usize, Outcome<T, E>) -> Result<(), X>,
    ) -> Poll<Result<(), X>> {
        self.round();
        for (index, outcome) in self.done.drain(..) {
            self.left -= 1;
            keep(index, outcome)?;
        }
        if self.left == 0 {
            return Poll::Ready(Ok(()));
        }
        self.bells.sleep(context);
        Poll::Pending
    }

    fn stop(&mut self) -> impl Future<Output = usize> {
        for slot in self.slots.drain(..) {
            discard(slot);
        }
        discard(self.futures.take());
        std::future::ready(self.left - self.done.len())
    }

    // ANCHOR: round
    /// Visits each slot that has rung, once. What rings meanwhile is for the next round.
    fn round(&mut self) {
        self.bells.rouse();
        for word in 0..self.bells.words() {
            let mut rung = self.bells.take(word);
            while rung != 0 {
                self.visit(word * 64 + rung.trailing_zeros() as usize);
                rung &= rung - 1;
            }
        }
    }

    /// Lets a slot get on. One that is done rings for the next round, and takes its next item then.
    fn visit(&mut self, slot: usize) {
        if self.slots[slot].is_free() && !self.fill(slot) {
            return;
        }
        if let Poll::Ready((index, result)) = self.slots[slot].poll() {
            self.done.push_back((index, result));
            if self.futures.is_some() {
                self.bells.mark(slot);
            }
        }
    }
    // ANCHOR_END: round

    /// Puts the next item into a slot. If there is none, or its work panics before there is a
    /// future, the slot stays free.
    fn fill(&mut self, slot: usize) -> bool {
        let Some(futures) = &mut self.futures else { return false };
        let index = self.begun;
        match catch_unwind(AssertUnwindSafe(|| futures.next())) {
            Ok(None) => {
                discard(self.futures.take());
                return false;
            }
            Ok(Some(future)) => self.slots[slot].begin(index, future, self.timeout),
            Err(panic) => {
                self.done.push_back((index, Err(ItemError::Panicked(panic))));
                self.bells.mark(slot);
            }
        }
        self.begun += 1;
        !self.slots[slot].is_free()
    }
}

impl<S: Iterator, T, E> fmt::Debug for Run<S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("left", &self.left).finish_non_exhaustive()
    }
}
