//! A fan-out within one task: the caller's own task polls every item, so items wait at the same
//! time but do not run at the same time, and need to be neither `Send` nor `'static`.
//!
//! The run owns all futures, in one cluster of as many slots as the limit allows. Nothing happens
//! while nobody polls the run, and when it drops, everything in it does.
//!
//! Take along: `joined.rs`, `cluster.rs`, `slot.rs`, `bells.rs`, `outcomes.rs`, `surface.rs`,
//! `sync.rs`, `error.rs`.

use std::fmt;
use std::future::poll_fn;
use std::iter::Map;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{thread, vec};

use super::cluster::{Cluster, Desk};
use super::error::{Outcome, Stopped};
use super::outcomes::{Outcomes, Until, discard};
use super::surface::{Settings, constructors, run_methods};
use super::sync::ROUNDS;

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
        let Settings { limit, timeout } = self.0;
        let left = items.len();
        let cluster = Cluster::new(left.min(limit), timeout);
        let futures = Some(items.into_iter().map(work));
        let outcomes = Outcomes::new(left);
        let work = Work { futures, begun: 0, outcomes, until: Until::Next };
        Run { cluster, work, left }
    }
}

/// A fan-out at work, while it is polled. Dropping it drops the items that are not done.
#[must_use = "a run does nothing until it is polled; await `all`, `all_ok` or `next`"]
pub struct Run<S: Iterator, T, E> {
    cluster: Cluster<S::Item>,
    work: Work<S, T, E>,
    /// Outcomes not handed out, there or still to come.
    left: usize,
}

impl<S, T, E> Run<S, T, E>
where
    S: Iterator<Item: Future<Output = Result<T, E>>>,
{
    run_methods!();

    // ANCHOR: wait
    /// Works until there is what the caller waits for. Makes some rounds, but not too many, so that
    /// items which never wait let other tasks run.
    fn poll_until<R>(
        &mut self,
        until: Until,
        context: &Context<'_>,
        take: impl Fn(&mut Outcomes<T, E>) -> Option<R>,
    ) -> Poll<R> {
        self.work.until = until;
        for _ in 0..ROUNDS {
            if let Some(found) = take(&mut self.work.outcomes) {
                return Poll::Ready(found);
            }
            self.cluster.round(&mut self.work);
            if !self.cluster.may_go_on() {
                break;
            }
        }
        if let Some(found) = take(&mut self.work.outcomes) {
            return Poll::Ready(found);
        }
        self.cluster.sleep(context);
        Poll::Pending
    }
    // ANCHOR_END: wait

    fn stop(&mut self) -> impl Future<Output = usize> {
        self.cluster.clear();
        discard(self.work.futures.take());
        self.work.outcomes.abort_rest();
        std::future::ready(self.work.outcomes.aborted)
    }
}

impl<S: Iterator, T, E> fmt::Debug for Run<S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("left", &self.left).finish_non_exhaustive()
    }
}

/// What is to be done, and what was.
struct Work<S, T, E> {
    /// The futures that have not begun; `None` once there are none.
    futures: Option<S>,
    /// How many have begun, which is the index of the next.
    begun: usize,
    outcomes: Outcomes<T, E>,
    /// What the caller waits for.
    until: Until,
}

impl<S: Iterator, T, E> Desk<S::Item, T, E> for Work<S, T, E> {
    fn next(&mut self) -> Option<(usize, thread::Result<S::Item>)> {
        let futures = self.futures.as_mut()?;
        let future = catch_unwind(AssertUnwindSafe(|| futures.next())).transpose();
        if future.is_none() {
            discard(self.futures.take());
        }
        self.begun += 1;
        Some((self.begun - 1, future?))
    }

    fn done(&mut self, index: usize, outcome: Outcome<T, E>) {
        self.outcomes.write(index, outcome, self.until);
    }
}
