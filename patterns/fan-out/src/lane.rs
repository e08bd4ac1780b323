//! A task that works on items: takes one, and when it is done with that the next, until there are
//! none. So a limit of k lanes holds without counting.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{mem, thread};

use super::cluster::{Cluster, Desk};
use super::error::Outcome;
use super::outcomes::discard;
use super::sync::{LANES, ROUNDS};

/// Outcomes, each with the place of its item in the input.
pub(crate) type Batch<T, E> = Vec<(usize, Outcome<T, E>)>;

/// An item, ready to be worked on; or the panic that came instead of a future.
pub(crate) fn begin<I, F>(work: impl FnOnce(I) -> F, item: I) -> thread::Result<F> {
    catch_unwind(AssertUnwindSafe(|| work(item)))
}

/// How many items each lane works on side by side: up to [`LANES`] items at once have a lane each,
/// beyond that they share.
pub(crate) fn widths(limit: usize, count: usize) -> impl ExactSizeIterator<Item = usize> {
    let at_once = limit.min(count);
    let lanes = at_once.min(LANES);
    (0..lanes).map(move |lane| at_once / lanes + usize::from(lane < at_once % lanes))
}

/// Works on what `next` gives, until that is nothing, and tells the outcomes. It drops `next`
/// before it tells the last, and `tell` at the very end, however that comes.
pub(crate) fn lane<F, T, E>(
    width: usize,
    timeout: Option<Duration>,
    next: impl FnMut() -> Option<(usize, thread::Result<F>)>,
    tell: impl FnMut(Batch<T, E>),
) -> impl Future<Output = ()>
where
    F: Future<Output = Result<T, E>>,
{
    let ends = Ends { next: Some(next), done: Vec::new() };
    let mut lane = Lane { ends, cluster: Cluster::new(width, timeout), tell };
    poll_fn(move |context| lane.poll(context))
}

struct Lane<N, F, T, E, P> {
    ends: Ends<N, T, E>,
    cluster: Cluster<F>,
    /// The last field, as it is dropped last: when it is gone, so is everything of the lane.
    tell: P,
}

/// Where a lane gets its items, and where their outcomes wait to be told.
struct Ends<N, T, E> {
    /// `None` once it had nothing more.
    next: Option<N>,
    /// What this round brought, told at its end.
    done: Batch<T, E>,
}

impl<N, F, T, E, P> Lane<N, F, T, E, P>
where
    N: FnMut() -> Option<(usize, thread::Result<F>)>,
    F: Future<Output = Result<T, E>>,
    P: FnMut(Batch<T, E>),
{
    // ANCHOR: poll
    /// Makes some rounds, but not too many, so that items which never wait let other tasks run.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..ROUNDS {
            self.cluster.round(&mut self.ends);
            if !self.ends.done.is_empty() {
                (self.tell)(mem::take(&mut self.ends.done));
            }
            if self.cluster.is_idle() && self.ends.next.is_none() {
                return Poll::Ready(());
            }
            if !self.cluster.may_go_on() {
                break;
            }
        }
        self.cluster.sleep(context);
        Poll::Pending
    }
    // ANCHOR_END: poll
}

impl<N, F, T, E> Desk<F, T, E> for Ends<N, T, E>
where
    N: FnMut() -> Option<(usize, thread::Result<F>)>,
{
    fn next(&mut self) -> Option<(usize, thread::Result<F>)> {
        let next = self.next.as_mut()?();
        if next.is_none() {
            discard(self.next.take());
        }
        next
    }

    fn done(&mut self, index: usize, outcome: Outcome<T, E>) {
        self.done.push((index, outcome));
    }
}

impl<N, T, E> Drop for Ends<N, T, E> {
    fn drop(&mut self) {
        discard(self.next.take());
    }
}
