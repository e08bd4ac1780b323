//! A worker pool that passes messages: a job is a message, and the workers share one channel.
//!
//! The channel owns the jobs, a worker the one it runs. Callers send through one sender, which the
//! pool lends them; to close is to take it back. The channel ends when the last loan is back and
//! the last job is received, and that ends the workers.
//!
//! Take along: `channel.rs`, `bell.rs`, `crew.rs`, `empties.rs`, `error.rs`, `handle.rs`,
//! `job.rs`, `place.rs`, `queue.rs`, `select.rs`, `surface.rs`, `sync.rs`.

use std::fmt;
use std::time::{Duration, Instant};

use super::bell::{Ring, deadline, look};
use super::crew::{Patience, Team};
use super::error::{ShutdownError, SubmitError, SubmitTimeoutError, TrySubmitError};
use super::handle::Handle;
use super::job::Job;
use super::queue::{Aborted, Next, Queue, Refused, Why};
use super::select::{self, Received, Unsent};
use super::surface::pool_methods;
use super::sync::{
    Arc, AtomicBool, DEPTH, Mutex, MutexGuard, Ordering, Receiver, RwLock, Sender, TryRecvError,
    TrySendError, bounded, thread,
};

/// A fixed number of workers behind a bounded queue. Dropping it shuts it down.
pub struct Pool {
    /// What the workers share with it.
    team: Arc<Team<Lane>>,
    /// The workers that nobody has joined yet.
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

pool_methods!();

/// The channel of jobs.
struct Lane {
    /// The way in, until it is closed. A caller reads it to send at once, or takes a clone along to
    /// wait; so no job is sent after the last clone is gone, and each before is received.
    open: RwLock<Option<Open>>,
    jobs: Receiver<Job>,
    /// Ends when it is closed: those who wait for room see it.
    closing: Receiver<()>,
    /// Whether an idle worker looks. One is enough: the others may sleep.
    looking: AtomicBool,
}

struct Open {
    jobs: Sender<Job>,
    /// Nothing is ever sent. It says "open" by being there.
    _until_closed: Sender<()>,
}

/// The bell of a worker: a channel with room for one ring.
struct Bell {
    ring: Sender<()>,
    rung: Receiver<()>,
}

impl Ring for Bell {
    fn ring(&self) {
        let _ = self.ring.try_send(()); // full: it rings already
    }
}

impl Queue for Lane {
    type Bell = Bell;

    fn new(_workers: usize, capacity: usize) -> Self {
        let (sender, jobs) = bounded(capacity);
        let (until_closed, closing) = bounded(1);
        let open = Open { jobs: sender, _until_closed: until_closed };
        Self { open: RwLock::new(Some(open)), jobs, closing, looking: AtomicBool::new(false) }
    }

    fn bell(&self) -> Arc<Bell> {
        let (ring, rung) = bounded(1);
        Arc::new(Bell { ring, rung })
    }

    fn listen(&self, bell: &Bell, deadline: Option<Instant>) {
        let _ = match deadline {
            None => bell.rung.recv().ok(),
            Some(deadline) => bell.rung.recv_deadline(deadline).ok(),
        };
    }

    fn try_push(&self, job: Job) -> Result<(), Refused> {
        let open = self.open.read().expect("nothing panics under this lock");
        let Some(Open { jobs, .. }) = &*open else {
            return Err(Refused { job, why: Why::Closed });
        };
        jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(job) => Refused { job, why: Why::Full },
            TrySendError::Disconnected(job) => Refused { job, why: Why::Closed },
        })
    }

    // ANCHOR: push
    fn push(&self, job: Job, deadline: Option<Instant>) -> Result<(), Refused> {
        let job = match self.try_push(job) {
            Err(Refused { job, why: Why::Full }) => job,
            decided => return decided,
        };
        let Some(jobs) = self.sender() else {
            return Err(Refused { job, why: Why::Closed });
        };
        look(|| !jobs.is_full());
        select::send(&jobs, job, &self.closing, deadline).map_err(|unsent| match unsent {
            Unsent::Closed(job) => Refused { job, why: Why::Closed },
            Unsent::TimedOut(job) => Refused { job, why: Why::TimedOut },
        })
    }
    // ANCHOR_END: push

    fn pop(&self, _worker: usize) -> Option<Job> {
        self.jobs.try_recv().ok()
    }

    fn next(&self, _worker: usize, bell: &Arc<Bell>, deadline: Option<Instant>) -> Next {
        if bell.rung.try_recv().is_ok() {
            return Next::Rung;
        }
        match self.jobs.try_recv() {
            Ok(job) => return Next::Job(job),
            Err(TryRecvError::Disconnected) => return Next::Ended,
            Err(TryRecvError::Empty) => self.look_alone(bell),
        }
        match select::receive(&self.jobs, &bell.rung, deadline) {
            Received::Value(job) => Next::Job(job),
            Received::Rung | Received::TimedOut => Next::Rung,
            Received::Ended => Next::Ended,
        }
    }

    fn close(&self) {
        let open = self.open.write().expect("nothing panics under this lock").take();
        drop(open);
    }

    /// Returns when every caller who still held a sender has let go of it.
    fn drain(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        while let Ok(job) = self.jobs.recv() {
            jobs.push(job);
        }
        jobs
    }

    fn len(&self) -> usize {
        self.jobs.len()
    }

    fn is_closed(&self) -> bool {
        self.open.read().expect("nothing panics under this lock").is_none()
    }
}

impl Lane {
    /// A sender of one's own, to wait with.
    fn sender(&self) -> Option<Sender<Job>> {
        let open = self.open.read().expect("nothing panics under this lock");
        open.as_ref().map(|open| open.jobs.clone())
    }

    /// Looks for a moment before this worker sleeps, unless another looks already.
    fn look_alone(&self, bell: &Bell) {
        if !self.looking.swap(true, Ordering::Relaxed) {
            look(|| !self.jobs.is_empty() || !bell.rung.is_empty());
            self.looking.store(false, Ordering::Relaxed);
        }
    }
}
