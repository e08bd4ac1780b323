//! A fan-out that passes messages: items go to the lanes through one channel, outcomes come back
//! through another.
//!
//! A limit of k is k tasks, the lanes: each takes the next item when it is done with the last, so
//! the limit holds without counting. The run owns the lanes, and aborts them when it drops. Each
//! item has a ticket, which sends its outcome; one that drops unused sends that too.
//!
//! Take along: `channel.rs`, `attempt.rs`, `surface.rs`, `sync.rs`, `error.rs`.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use super::attempt::{attempt, discard};
use super::error::{ItemError, Outcome, Stopped};
use super::surface::{Settings, constructors, run_methods};
use super::sync::{Arc, JoinHandle, consume_budget, mpsc, queue, spawn};

/// Works on many items, on at most as many at once as its limit allows.
#[derive(Debug, Clone)]
pub struct FanOut(Settings);

impl FanOut {
    constructors!();

    /// Begins to work on `items`, in tasks of their own, and returns at once.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime. If the iterator panics, so does this, and nothing has begun.
    pub fn run<I, W, F, T, E>(&self, items: I, work: W) -> Run<T, E>
    where
        I: IntoIterator<Item: Send + 'static>,
        W: Fn(I::Item) -> F + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let items: Vec<I::Item> = items.into_iter().collect();
        let count = items.len();
        // Room for every outcome, so that no lane ever waits for the caller.
        let (reply, outcomes) = mpsc::channel(count.max(1));
        let mut items = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| (Ticket { index, reply: Some(reply.clone()) }, item));
        let first: Vec<_> = items.by_ref().take(self.0.limit).collect();
        let (sender, rest) = queue::bounded(items.len().max(1));
        for item in items {
            sender.try_send(item).unwrap_or_else(|_| unreachable!("there is room for all"));
        }
        let job = Arc::new(Job { items: rest, work, timeout: self.0.timeout });
        let begin = |(ticket, item)| spawn(lane(Arc::clone(&job), ticket, item));
        Run { outcomes, lanes: first.into_iter().map(begin).collect(), count, left: count }
    }
}

/// A fan-out at work. Dropping it aborts what is not done, and does not wait for that.
#[must_use = "dropping a run aborts its items; await `all`, `all_ok` or `next`"]
pub struct Run<T, E> {
    outcomes: mpsc::Receiver<(usize, Outcome<T, E>)>,
    lanes: Vec<JoinHandle<()>>,
    count: usize,
    /// Outcomes not handed out, in the channel or still to come.
    left: usize,
}

impl<T, E> Run<T, E> {
    run_methods!();

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<(usize, Outcome<T, E>)>> {
        let next = self.outcomes.poll_recv(context);
        self.left -= usize::from(matches!(next, Poll::Ready(Some(_))));
        next
    }

    // ANCHOR: gather
    async fn gather(&mut self) -> Vec<Option<Outcome<T, E>>> {
        let mut slots: Vec<_> = (0..self.count).map(|_| None).collect();
        while let Some((index, outcome)) = self.next().await {
            slots[index] = Some(outcome);
        }
        slots
    }
    // ANCHOR_END: gather

    async fn gather_ok(&mut self) -> Result<Vec<Option<T>>, Stopped<E>> {
        let mut slots: Vec<_> = (0..self.count).map(|_| None).collect();
        while let Some((index, outcome)) = self.next().await {
            slots[index] = Some(outcome.map_err(|error| Stopped { index, error })?);
        }
        Ok(slots)
    }

    async fn stop(&mut self) -> usize {
        self.abort();
        while let Some(lane) = self.lanes.pop() {
            discard(lane.await);
        }
        let rest = std::iter::from_fn(|| self.outcomes.try_recv().ok());
        rest.filter(|(_, outcome)| matches!(outcome, Err(ItemError::Aborted))).count()
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
struct Job<I, W, T, E> {
    /// What no lane has taken yet. When the last lane is dropped, these drop, and say so.
    items: queue::Receiver<(Ticket<T, E>, I)>,
    work: W,
    timeout: Option<Duration>,
}

// ANCHOR: lane
/// Takes one item after the other. The lane lets go of the job before it tells its last outcome, so
/// when the last outcome of all is there, no lane holds anything of the caller's.
async fn lane<I, W, F, T, E>(job: Arc<Job<I, W, T, E>>, mut ticket: Ticket<T, E>, mut item: I)
where
    W: Fn(I) -> F,
    F: Future<Output = Result<T, E>>,
{
    loop {
        let outcome = attempt(&job.work, item, job.timeout).await;
        let Ok(next) = job.items.try_recv() else {
            discard(job);
            return ticket.send(outcome);
        };
        ticket.send(outcome);
        (ticket, item) = next;
        consume_budget().await; // work that never waits must not keep other tasks from running
    }
}

/// The right of one item to one outcome.
struct Ticket<T, E> {
    index: usize,
    /// `None` once the outcome is sent.
    reply: Option<mpsc::Sender<(usize, Outcome<T, E>)>>,
}

impl<T, E> Ticket<T, E> {
    fn send(mut self, outcome: Outcome<T, E>) {
        if let Some(reply) = self.reply.take() {
            // There is room, so this fails only if the caller has left.
            let _ = reply.try_send((self.index, outcome));
        }
    }
}

impl<T, E> Drop for Ticket<T, E> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.try_send((self.index, Err(ItemError::Aborted)));
        }
    }
}
// ANCHOR_END: lane
