//! A fan-out that shares its state: tasks write their outcomes on one board, and the caller is woken
//! when there is what it waits for.
//!
//! The items lie behind a mutex, and each lane, which is a task, takes the next when it is done with
//! the last. The run owns the lanes, and aborts them when it drops. The last lane to leave writes
//! down who never had an outcome, so nobody waits for what will not come.
//!
//! Take along: `lock.rs`, `lane.rs`, `cluster.rs`, `slot.rs`, `bells.rs`, `outcomes.rs`,
//! `surface.rs`, `sync.rs`, `error.rs`.

use std::fmt;
use std::future::poll_fn;
use std::iter::Enumerate;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::vec;

use super::error::{Outcome, Stopped};
use super::lane::{Batch, begin, lane, widths};
use super::outcomes::{Outcomes, Until, discard};
use super::surface::{Settings, constructors, run_methods};
use super::sync::{Arc, JoinHandle, Mutex, MutexGuard, spawn};

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
        let widths = widths(limit, items.len());
        let board = Board::new(items.len(), widths.len());
        let mut run = Run { left: items.len(), board: Arc::clone(&board), lanes: Vec::new() };
        let mut items = items.into_iter().enumerate();
        // The first items are dealt out, and not fought for.
        let hands: Vec<Vec<_>> = widths.map(|width| items.by_ref().take(width).collect()).collect();
        let job = Arc::new(Job { items: Mutex::new(items), work });
        let deal = |hand: Vec<_>| {
            let (job, seat) = (Arc::clone(&job), Seat(Arc::clone(&board)));
            let (width, mut hand) = (hand.len(), hand.into_iter());
            let next = move || {
                let (index, item) = hand.next().or_else(|| job.take())?;
                Some((index, begin(&job.work, item)))
            };
            spawn(lane(width, timeout, next, move |outcomes| seat.write(outcomes)))
        };
        run.lanes = hands.into_iter().map(deal).collect();
        run
    }
}

/// A fan-out at work. Dropping it aborts what is not done, and does not wait for that.
#[must_use = "dropping a run aborts its items; await `all`, `all_ok` or `next`"]
pub struct Run<T, E> {
    board: Arc<Board<T, E>>,
    lanes: Vec<JoinHandle<()>>,
    /// Outcomes not handed out, on the board or still to come.
    left: usize,
}

impl<T, E> Run<T, E> {
    run_methods!();

    // ANCHOR: wait
    /// Takes what the caller waits for, or leaves its waker on the board.
    fn poll_until<R>(
        &mut self,
        until: Until,
        context: &Context<'_>,
        take: impl Fn(&mut Outcomes<T, E>) -> Option<R>,
    ) -> Poll<R> {
        if let Some(found) = take(&mut self.board.notes().outcomes) {
            return Poll::Ready(found);
        }
        let waker = context.waker().clone(); // foreign code, so not under the mutex
        let mut notes = self.board.notes();
        if let Some(found) = take(&mut notes.outcomes) {
            return Poll::Ready(found);
        }
        notes.until = until;
        let before = notes.reader.replace(waker);
        drop(notes);
        drop(before);
        Poll::Pending
    }
    // ANCHOR_END: wait

    async fn stop(&mut self) -> usize {
        self.abort();
        while let Some(lane) = self.lanes.pop() {
            discard(lane.await);
        }
        self.board.notes().outcomes.aborted
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
    items: Mutex<Enumerate<vec::IntoIter<I>>>,
    work: W,
}

impl<I, W> Job<I, W> {
    fn take(&self) -> Option<(usize, I)> {
        self.items.lock().expect("nothing panics under this mutex").next()
    }
}

/// Where the lanes meet the caller.
struct Board<T, E>(Mutex<Notes<T, E>>);

struct Notes<T, E> {
    outcomes: Outcomes<T, E>,
    /// How many lanes have not left.
    lanes: usize,
    /// The caller, while it sleeps, and what it wants to be woken for.
    reader: Option<Waker>,
    until: Until,
}

impl<T, E> Board<T, E> {
    fn new(count: usize, lanes: usize) -> Arc<Self> {
        let outcomes = Outcomes::new(count);
        Arc::new(Self(Mutex::new(Notes { outcomes, lanes, reader: None, until: Until::Next })))
    }

    fn notes(&self) -> MutexGuard<'_, Notes<T, E>> {
        self.0.lock().expect("nothing panics under this mutex")
    }
}

/// A lane's place at the board. Dropping it is leaving.
struct Seat<T, E>(Arc<Board<T, E>>);

impl<T, E> Seat<T, E> {
    // ANCHOR: board
    /// Writes outcomes down, and wakes the caller if one of them is what it waits for.
    fn write(&self, batch: Batch<T, E>) {
        let mut notes = self.0.notes();
        let until = notes.until;
        let mut wanted = false;
        for (index, outcome) in batch {
            wanted |= notes.outcomes.write(index, outcome, until);
        }
        let reader = if wanted { notes.reader.take() } else { None };
        drop(notes);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
    // ANCHOR_END: board
}

impl<T, E> Drop for Seat<T, E> {
    fn drop(&mut self) {
        let mut notes = self.0.notes();
        notes.lanes -= 1;
        if notes.lanes > 0 {
            return;
        }
        notes.outcomes.abort_rest();
        let reader = notes.reader.take();
        drop(notes);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
