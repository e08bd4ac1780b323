//! A fan-out that shares its state: tasks write their outcomes into the slots of one board, and the
//! caller is woken when there is what it waits for.
//!
//! A limit of k is k tasks, the lanes: each takes the next item when it is done with the last, so
//! the limit holds without counting. The run owns the lanes, and aborts them when it drops. Each
//! item has a ticket, which writes its outcome; one that drops unused writes that too.
//!
//! Take along: `lock.rs`, `attempt.rs`, `surface.rs`, `sync.rs`, `error.rs`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{fmt, mem, vec};

use super::attempt::{attempt, discard};
use super::error::{ItemError, Outcome, Stopped};
use super::surface::{Settings, constructors, run_methods};
use super::sync::{Arc, JoinHandle, Mutex, MutexGuard, consume_budget, spawn};

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
        let board = Arc::new(Board::new(items.len()));
        let ticket = |index| Ticket { index, board: Some(Arc::clone(&board)) };
        let tickets = (0..items.len()).map(ticket);
        let items: Vec<_> = tickets.zip(items).collect();
        let mut run = Run { left: items.len(), board, lanes: Vec::new() };
        let mut items = items.into_iter();
        let first: Vec<_> = items.by_ref().take(self.0.limit).collect();
        let job = Arc::new(Job { items: Mutex::new(items), work, timeout: self.0.timeout });
        let begin = |(ticket, item)| spawn(lane(Arc::clone(&job), ticket, item));
        run.lanes = first.into_iter().map(begin).collect();
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

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<(usize, Outcome<T, E>)>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.board.wait(Until::Next, context, Notes::take_next).map(|next| {
            self.left -= 1;
            Some(next)
        })
    }

    async fn gather(&mut self) -> Vec<Option<Outcome<T, E>>> {
        let slots = poll_fn(|context| self.board.wait(Until::All, context, Notes::take_all)).await;
        self.left = 0;
        slots
    }

    async fn gather_ok(&mut self) -> Result<Vec<Option<T>>, Stopped<E>> {
        let error =
            |context: &mut Context<'_>| self.board.wait(Until::Error, context, Notes::take_error);
        poll_fn(error).await?;
        Ok(self.gather().await.into_iter().map(|outcome| outcome?.ok()).collect())
    }

    async fn stop(&mut self) -> usize {
        self.abort();
        while let Some(lane) = self.lanes.pop() {
            discard(lane.await);
        }
        self.board.notes().aborted
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
    items: Mutex<vec::IntoIter<(Ticket<T, E>, I)>>,
    work: W,
    timeout: Option<Duration>,
}

impl<I, W, T, E> Job<I, W, T, E> {
    fn take(&self) -> Option<(Ticket<T, E>, I)> {
        self.items.lock().expect("nothing panics under this mutex").next()
    }
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
        let Some(next) = job.take() else {
            discard(job);
            return ticket.write(outcome);
        };
        ticket.write(outcome);
        (ticket, item) = next;
        consume_budget().await; // work that never waits must not keep other tasks from running
    }
}
// ANCHOR_END: lane

/// The right of one item to one outcome.
struct Ticket<T, E> {
    index: usize,
    /// `None` once the outcome is written.
    board: Option<Arc<Board<T, E>>>,
}

impl<T, E> Ticket<T, E> {
    fn write(mut self, outcome: Outcome<T, E>) {
        if let Some(board) = self.board.take() {
            board.write(self.index, outcome);
        }
    }
}

impl<T, E> Drop for Ticket<T, E> {
    fn drop(&mut self) {
        if let Some(board) = self.board.take() {
            board.write(self.index, Err(ItemError::Aborted));
        }
    }
}

/// Where the outcomes meet the caller.
struct Board<T, E>(Mutex<Notes<T, E>>);

struct Notes<T, E> {
    /// Each item's outcome, from when it is there until it is handed out.
    slots: Vec<Option<Outcome<T, E>>>,
    /// The items whose outcome nobody has looked at, first done first.
    fresh: VecDeque<usize>,
    /// How many outcomes are still to come.
    open: usize,
    /// How many of those that came were cut short.
    aborted: usize,
    /// The caller, while it sleeps, and what it wants to be woken for.
    reader: Option<Waker>,
    until: Until,
}

/// What the caller waits for. The end of everything wakes it as well.
#[derive(Clone, Copy)]
enum Until {
    Next,
    Error,
    All,
}

impl<T, E> Board<T, E> {
    fn new(count: usize) -> Self {
        Self(Mutex::new(Notes {
            slots: (0..count).map(|_| None).collect(),
            fresh: VecDeque::with_capacity(count),
            open: count,
            aborted: 0,
            reader: None,
            until: Until::Next,
        }))
    }

    // ANCHOR: board
    /// Writes an outcome down, and wakes the caller if that is what it waits for.
    fn write(&self, index: usize, outcome: Outcome<T, E>) {
        let mut notes = self.notes();
        let wanted = match notes.until {
            Until::Next => true,
            Until::Error => outcome.is_err(),
            Until::All => false,
        };
        notes.aborted += usize::from(matches!(outcome, Err(ItemError::Aborted)));
        notes.slots[index] = Some(outcome);
        notes.fresh.push_back(index);
        notes.open -= 1;
        let reader = if wanted || notes.open == 0 { notes.reader.take() } else { None };
        drop(notes);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Takes what the caller waits for, or leaves its waker.
    fn wait<R>(
        &self,
        until: Until,
        context: &Context<'_>,
        take: impl Fn(&mut Notes<T, E>) -> Option<R>,
    ) -> Poll<R> {
        if let Some(found) = take(&mut self.notes()) {
            return Poll::Ready(found);
        }
        let waker = context.waker().clone(); // foreign code, so not under the mutex
        let mut notes = self.notes();
        if let Some(found) = take(&mut notes) {
            return Poll::Ready(found);
        }
        notes.until = until;
        let before = notes.reader.replace(waker);
        drop(notes);
        drop(before);
        Poll::Pending
    }
    // ANCHOR_END: board

    fn notes(&self) -> MutexGuard<'_, Notes<T, E>> {
        self.0.lock().expect("nothing panics under this mutex")
    }
}

impl<T, E> Notes<T, E> {
    fn take_next(&mut self) -> Option<(usize, Outcome<T, E>)> {
        let index = self.fresh.pop_front()?;
        Some((index, self.slots[index].take()?))
    }

    fn take_all(&mut self) -> Option<Vec<Option<Outcome<T, E>>>> {
        (self.open == 0).then(|| mem::take(&mut self.slots))
    }

    /// The first error; or that there is none, when all are there.
    fn take_error(&mut self) -> Option<Result<(), Stopped<E>>> {
        while let Some(index) = self.fresh.pop_front() {
            if let Some(Err(error)) = self.slots[index].take_if(|outcome| outcome.is_err()) {
                return Some(Err(Stopped { index, error }));
            }
        }
        (self.open == 0).then_some(Ok(()))
    }
}
