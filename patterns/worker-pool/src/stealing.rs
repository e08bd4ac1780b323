//! A worker pool with a deque for each worker: callers put jobs into one inbox, a worker takes
//! several at once into its own deque, and who has none left takes from the others.
//!
//! Inbox and deques own the jobs, a worker owns the one it runs. So a worker meets the callers once
//! for many jobs, and a job that waits behind a long one is taken by somebody else. Closed, with
//! every job started, it sends its workers home.
//!
//! Take along: `stealing.rs`, `bell.rs`, `crew.rs`, `empties.rs`, `error.rs`, `handle.rs`,
//! `job.rs`, `line.rs`, `place.rs`, `queue.rs`, `surface.rs`, `sync.rs`.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use super::bell::{Bell, deadline, is_over, look, nap};
use super::crew::{Patience, Team};
use super::error::{ShutdownError, SubmitError, SubmitTimeoutError, TrySubmitError};
use super::handle::Handle;
use super::job::Job;
use super::line::{Idle, Waiting, ring};
use super::queue::{Aborted, Next, Queue, Refused, Why};
use super::surface::pool_methods;
use super::sync::{
    Arc, AtomicBool, AtomicUsize, BATCH, DEPTH, Mutex, MutexGuard, Ordering, thread,
};

/// A fixed number of workers behind a bounded queue. Dropping it shuts it down.
pub struct Pool {
    /// What the workers share with it.
    team: Arc<Team<Deques>>,
    /// The workers that nobody has joined yet.
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

pool_methods!();

/// The inbox and the deques. Whoever holds a deque's mutex takes no other; the inbox comes first.
struct Deques {
    inbox: Padded<Mutex<Inbox>>,
    /// As `Inbox::accepted`, for those who look without the mutex.
    accepted: AtomicUsize,
    /// As `Inbox::closed`, for the same use.
    closed: AtomicBool,
    locals: Box<[Padded<Local>]>,
    capacity: usize,
}

struct Inbox {
    jobs: VecDeque<Job>,
    /// Jobs accepted so far. Those not started are queued, wherever they stand: never more than the
    /// capacity.
    accepted: usize,
    /// So many may be accepted before somebody must count again what was started.
    limit: usize,
    closed: bool,
    idle: Idle,
    room: Waiting,
}

/// What one worker has.
struct Local {
    /// The oldest in front, for its owner and for thieves.
    jobs: Mutex<VecDeque<Job>>,
    /// Jobs that this worker took to start them; it alone writes. Read without a mutex the count may
    /// lag behind, never run ahead of the job in hand: so what is queued is never counted too low.
    started: AtomicUsize,
}

/// On a cache line of its own, and on none of the pair that is fetched together.
#[repr(align(128))]
struct Padded<T>(T);

impl Queue for Deques {
    type Bell = Bell;

    fn new(workers: usize, capacity: usize) -> Self {
        let inbox = Inbox {
            jobs: VecDeque::new(),
            accepted: 0,
            limit: capacity,
            closed: false,
            idle: Idle::default(),
            room: Waiting::new(capacity),
        };
        let local = || Local { jobs: Mutex::new(VecDeque::new()), started: AtomicUsize::new(0) };
        Self {
            inbox: Padded(Mutex::new(inbox)),
            accepted: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            locals: (0..workers).map(|_| Padded(local())).collect(),
            capacity,
        }
    }

    fn bell(&self) -> Arc<Bell> {
        Bell::mine()
    }

    fn listen(&self, bell: &Bell, deadline: Option<Instant>) {
        bell.wait(deadline);
    }

    fn try_push(&self, job: Job) -> Result<(), Refused> {
        let mut inbox = self.inbox();
        if inbox.closed {
            return Err(Refused { job, why: Why::Closed });
        }
        if !self.has_room(&mut inbox) {
            return Err(Refused { job, why: Why::Full });
        }
        inbox.jobs.push_back(job);
        inbox.accepted += 1;
        self.accepted.store(inbox.accepted, Ordering::Relaxed);
        let bell = inbox.idle.call();
        drop(inbox);
        ring(bell);
        Ok(())
    }

    fn push(&self, mut job: Job, deadline: Option<Instant>) -> Result<(), Refused> {
        let mut late = false;
        loop {
            match self.try_push(job) {
                Err(Refused { job, why: Why::Full }) if late => {
                    return Err(Refused { job, why: Why::TimedOut });
                }
                Err(Refused { job: back, why: Why::Full }) => job = back,
                decided => return decided,
            }
            self.wait_for_room(deadline);
            late = is_over(deadline);
        }
    }

    fn pop(&self, worker: usize) -> Option<Job> {
        self.take(worker, worker)
            .or_else(|| self.fetch(worker))
            .or_else(|| self.others(worker).find_map(|other| self.take(worker, other)))
    }

    fn next(&self, worker: usize, bell: &Arc<Bell>, deadline: Option<Instant>) -> Next {
        if bell.lowered() {
            return Next::Rung;
        }
        if let Some(job) = self.pop(worker) {
            return Next::Job(job);
        }
        let mut searching = self.inbox().idle.starts_to_search();
        if searching {
            look(|| self.len() > 0 || self.is_closed() || bell.is_raised());
        }
        let mut inbox = self.inbox();
        let nothing = self.queued(&inbox) == 0;
        if nothing && inbox.closed {
            drop(inbox);
            return self.end_search(searching, Next::Ended);
        }
        if nothing {
            inbox.idle.falls_asleep(bell, searching);
            drop(inbox);
            bell.wait(deadline);
            searching = self.inbox().idle.wakes(bell);
        } else {
            drop(inbox);
        }
        // One ring may stand for two, a call and the end of a job that was waited for: so whoever
        // finds nothing says that it was rung, and looks at both.
        let next = self.pop(worker).map_or(Next::Rung, Next::Job);
        self.end_search(searching, next)
    }

    fn close(&self) {
        let mut inbox = self.inbox();
        inbox.closed = true;
        self.closed.store(true, Ordering::Relaxed);
        let (workers, callers) = (inbox.idle.call_all(), inbox.room.call_all());
        drop(inbox);
        ring(workers);
        ring(callers);
    }

    fn drain(&self) -> Vec<Job> {
        let mut inbox = self.inbox();
        let mut jobs = Vec::new();
        for local in &self.locals {
            jobs.extend(local.0.jobs().drain(..));
        }
        jobs.extend(inbox.jobs.drain(..));
        inbox.accepted -= jobs.len();
        self.accepted.store(inbox.accepted, Ordering::Relaxed);
        jobs
    }

    fn len(&self) -> usize {
        let started = self.started();
        self.accepted.load(Ordering::Relaxed).saturating_sub(started)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Deques {
    /// The oldest job in the deque of `from`, to be started by `worker`.
    fn take(&self, worker: usize, from: usize) -> Option<Job> {
        let mut jobs = self.locals[from].0.jobs();
        if jobs.is_empty() {
            return None;
        }
        self.locals[worker].0.starts();
        jobs.pop_front()
    }

    /// The oldest job in the inbox, to be started by `worker`, and some more into its deque: a fair
    /// share, so that a short queue is not taken by one.
    fn fetch(&self, worker: usize) -> Option<Job> {
        let mut inbox = self.inbox();
        let oldest = inbox.jobs.pop_front();
        if oldest.is_some() {
            let local = &self.locals[worker].0;
            local.starts();
            let share = inbox.jobs.len() / self.locals.len();
            local.jobs().extend(inbox.jobs.drain(..share.min(BATCH - 1)));
        }
        // What stands in the deques is not counted: each worker comes by when its own is empty.
        let left = inbox.jobs.len();
        let caller = inbox.room.call(left);
        drop(inbox);
        ring(caller);
        oldest
    }

    /// The other workers, from the next one on.
    fn others(&self, worker: usize) -> impl Iterator<Item = usize> {
        let workers = self.locals.len();
        (1..workers).map(move |step| (worker + step) % workers)
    }

    /// Ends a search, if this was one: if there is more than this worker takes, the next is called.
    fn end_search(&self, searching: bool, next: Next) -> Next {
        if searching {
            let mut inbox = self.inbox();
            inbox.idle.ends_to_search();
            let bell = if self.queued(&inbox) > 0 { inbox.idle.call() } else { None };
            drop(inbox);
            ring(bell);
        }
        next
    }

    /// Whether one more may be accepted. Counts only when the last count is used up.
    fn has_room(&self, inbox: &mut Inbox) -> bool {
        if inbox.accepted == inbox.limit {
            inbox.limit = self.started() + self.capacity;
        }
        inbox.accepted < inbox.limit
    }

    /// Returns when half of the queue is free, when it is closed, when the time is up, and after a
    /// nap.
    #[cold]
    fn wait_for_room(&self, deadline: Option<Instant>) {
        if look(|| self.len() <= self.capacity / 2 || self.is_closed()) {
            return;
        }
        let bell = Bell::mine();
        let mut inbox = self.inbox();
        let full = inbox.jobs.len() > self.capacity / 2 || !self.has_room(&mut inbox);
        if !inbox.closed && full {
            inbox.room.join(&bell);
            drop(inbox);
            bell.wait(Some(nap(deadline)));
            self.inbox().room.leave(&bell);
        }
    }

    /// Jobs that have not started, while no more are accepted.
    fn queued(&self, inbox: &Inbox) -> usize {
        inbox.accepted - self.started()
    }

    fn started(&self) -> usize {
        self.locals.iter().map(|local| local.0.started.load(Ordering::Relaxed)).sum()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.0.lock().expect("nothing panics under this mutex")
    }
}

impl Local {
    /// Counted while the job is still in its deque or in the inbox, under that mutex.
    fn starts(&self) {
        self.started.store(self.started.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().expect("nothing panics under this mutex")
    }
}
