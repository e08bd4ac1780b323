//! A fan-out that passes messages: items go to the lanes through one channel, outcomes come back
//! through another.
//!
//! Each lane, which is a task, takes the next item when it is done with the last. The run owns the
//! lanes, and aborts them when it drops. When the last lane leaves, its channel ends, and that tells
//! the caller that no more outcomes will come.
//!
//! Take along: `channel.rs`, `lane.rs`, `cluster.rs`, `slot.rs`, `bells.rs`, `outcomes.rs`,
//! `surface.rs`, `sync.rs`, `error.rs`.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::error::{Outcome, Stopped};
use super::lane::{Batch, begin, lane, widths};
use super::outcomes::{Outcomes, Until, discard};
use super::surface::{Settings, constructors, run_methods};
use super::sync::{Arc, JoinHandle, mpsc, queue, spawn};

/// Works on many items, on at most as many at once as its limit allows.
#[derive(Debug, Clone)]
pub struct FanOut(Settings);

impl FanOut {
    constructors!();

    /// Begins to work on `items`, in tasks, and returns at once. Up to 64 items at once have a task
    /// each; more than that share the tasks.
    ///
    /// # Panics
    ///
    /// If there are items and no tokio runtime to run them, or a time-out and no clock in the
    /// runtime. If the iterator panics, so does this. In each case nothing has begun.
    pub fn run<I, W, F, T, E>(&self, items: I, work: W) -> Run<T, E>
    where
        I: IntoIterator<Item: Send + 'static>,
        W: Fn(I::Item) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let items: Vec<I::Item> = items.into_iter().collect();
        self.0.check_clock();
        let Settings { limit, timeout } = self.0;
        let (count, widths) = (items.len(), widths(limit, items.len()));
        // Room for every outcome by itself, so that no lane ever waits for the caller.
        let (post, inbox) = mpsc::channel(count.max(1));
        let mut items = items.into_iter().enumerate();
        // The first items are dealt out, and not fought for.
        let hands: Vec<Vec<_>> = widths.map(|width| items.by_ref().take(width).collect()).collect();
        let job = Arc::new(Job { items: filled(items), work });
        let deal = |hand: Vec<_>| {
            let (job, post) = (Arc::clone(&job), post.clone());
            let (width, mut hand) = (hand.len(), hand.into_iter());
            let next = move || {
                let (index, item) = hand.next().or_else(|| job.items.try_recv().ok())?;
                Some((index, begin(&job.work, item)))
            };
            // There is room, so this fails only if the caller has left.
            let tell = move |outcomes| drop(post.try_send(outcomes));
            spawn(lane(width, timeout, next, tell))
        };
        let lanes = hands.into_iter().map(deal).collect();
        Run { inbox, outcomes: Outcomes::new(count), lanes, left: count }
    }
}

/// A fan-out at work. Dropping it aborts what is not done, and does not wait for that.
#[must_use = "dropping a run aborts its items; await `all`, `all_ok` or `next`"]
pub struct Run<T, E> {
    inbox: mpsc::Receiver<Batch<T, E>>,
    /// Those that have arrived.
    outcomes: Outcomes<T, E>,
    lanes: Vec<JoinHandle<()>>,
    /// Outcomes not handed out, arrived or still to come.
    left: usize,
}

impl<T, E> Run<T, E> {
    run_methods!();

    // ANCHOR: wait
    /// Receives until there is what the caller waits for.
    fn poll_until<R>(
        &mut self,
        until: Until,
        context: &mut Context<'_>,
        take: impl Fn(&mut Outcomes<T, E>) -> Option<R>,
    ) -> Poll<R> {
        loop {
            if let Some(found) = take(&mut self.outcomes) {
                return Poll::Ready(found);
            }
            match ready!(self.inbox.poll_recv(context)) {
                Some(batch) => self.write(batch, until),
                None => self.outcomes.abort_rest(),
            }
        }
    }
    // ANCHOR_END: wait

    fn write(&mut self, batch: Batch<T, E>, until: Until) {
        for (index, outcome) in batch {
            self.outcomes.write(index, outcome, until);
        }
    }

    async fn stop(&mut self) -> usize {
        self.abort();
        while let Some(lane) = self.lanes.pop() {
            discard(lane.await);
        }
        while let Ok(batch) = self.inbox.try_recv() {
            self.write(batch, Until::All);
        }
        self.outcomes.abort_rest();
        self.outcomes.aborted
    }

    fn abort(&self) {
        for lane in &self.lanes {
            lane.abort();
        }
    }
}

impl<T, E> fmt::Debug for Run<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<T, E> Drop for Run<T, E> {
    fn drop(&mut self) {
        if self.left > 0 {
            self.abort();
        }
    }
}

/// What the lanes share.
struct Job<I, W> {
    /// What no lane has taken yet.
    items: queue::Receiver<(usize, I)>,
    work: W,
}

/// A channel that holds these items and ends behind them.
fn filled<I>(items: impl ExactSizeIterator<Item = I>) -> queue::Receiver<I> {
    let (sender, receiver) = queue::bounded(items.len().max(1));
    for item in items {
        sender.try_send(item).unwrap_or_else(|_| unreachable!("there is room for all"));
    }
    receiver
}
