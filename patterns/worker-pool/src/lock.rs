//! A worker pool that shares state: one ring of jobs under a mutex.
//!
//! The ring owns the jobs, a worker owns the one it runs. Whoever finds nothing to do looks for a
//! moment, then sleeps; whoever puts something in rings, and only if somebody sleeps and nobody
//! looks. Closed and empty, the ring sends its workers home.
//!
//! Take along: `lock.rs`, `bell.rs`, `crew.rs`, `empties.rs`, `error.rs`, `handle.rs`, `job.rs`,
//! `line.rs`, `place.rs`, `queue.rs`, `surface.rs`, `sync.rs`.

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
use super::sync::{Arc, AtomicBool, AtomicUsize, DEPTH, Mutex, MutexGuard, Ordering, thread};

/// A fixed number of workers behind a bounded queue. Dropping it shuts it down.
pub struct Pool {
    /// What the workers share with it.
    team: Arc<Team<Ring>>,
    /// The workers that nobody has joined yet.
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

pool_methods!();

/// The jobs, and who waits for some.
struct Ring {
    state: Mutex<State>,
    /// The length of the ring, for those who look without the mutex. They take it to act, so it
    /// orders nothing.
    len: AtomicUsize,
    /// As `State::closed`, for the same use.
    closed: AtomicBool,
    capacity: usize,
}

struct State {
    /// The oldest in front; never more than the capacity.
    jobs: VecDeque<Job>,
    closed: bool,
    idle: Idle,
    room: Waiting,
}

impl Queue for Ring {
    type Bell = Bell;

    fn new(_workers: usize, capacity: usize) -> Self {
        let state = State {
            jobs: VecDeque::new(),
            closed: false,
            idle: Idle::default(),
            room: Waiting::new(capacity),
        };
        Self {
            state: Mutex::new(state),
            len: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
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
        let mut state = self.state();
        if state.closed {
            return Err(Refused { job, why: Why::Closed });
        }
        if state.jobs.len() >= self.capacity {
            return Err(Refused { job, why: Why::Full });
        }
        state.jobs.push_back(job);
        self.note_len(&state);
        let bell = state.idle.call();
        drop(state);
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

    fn pop(&self, _worker: usize) -> Option<Job> {
        let mut state = self.state();
        let job = state.jobs.pop_front()?;
        self.note_len(&state);
        let left = state.jobs.len();
        let caller = state.room.call(left);
        drop(state);
        ring(caller);
        Some(job)
    }

    fn next(&self, _worker: usize, bell: &Arc<Bell>, deadline: Option<Instant>) -> Next {
        if bell.lowered() {
            return Next::Rung;
        }
        let mut state = self.state();
        let mut searching = false;
        if state.jobs.is_empty() && !state.closed && state.idle.starts_to_search() {
            drop(state);
            look(|| self.len() > 0 || self.is_closed() || bell.is_raised());
            state = self.state();
            searching = true;
        }
        if state.jobs.is_empty() && !state.closed {
            state.idle.falls_asleep(bell, searching);
            drop(state);
            bell.wait(deadline);
            state = self.state();
            searching = state.idle.wakes(bell);
        }
        self.take(state, searching)
    }

    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.closed.store(true, Ordering::Relaxed);
        let (workers, callers) = (state.idle.call_all(), state.room.call_all());
        drop(state);
        ring(workers);
        ring(callers);
    }

    fn drain(&self) -> Vec<Job> {
        let mut state = self.state();
        let jobs = state.jobs.drain(..).collect();
        self.note_len(&state);
        jobs
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Ring {
    /// Takes the oldest job, and ends the search for it: if there is more, the next worker is called.
    /// One ring may stand for two, a call and the end of a job that was waited for; so whoever finds
    /// nothing says that it was rung, and looks at both.
    fn take(&self, mut state: MutexGuard<'_, State>, searching: bool) -> Next {
        let next = match state.jobs.pop_front() {
            Some(job) => Next::Job(job),
            None if state.closed => Next::Ended,
            None => Next::Rung,
        };
        self.note_len(&state);
        let mut worker = None;
        if searching {
            state.idle.ends_to_search();
            if !state.jobs.is_empty() {
                worker = state.idle.call();
            }
        }
        let left = state.jobs.len();
        let caller = state.room.call(left);
        drop(state);
        ring(worker);
        ring(caller);
        next
    }

    /// Returns when half of the queue is free, when it is closed, when the time is up, and after a
    /// nap.
    #[cold]
    fn wait_for_room(&self, deadline: Option<Instant>) {
        if look(|| self.len() <= self.capacity / 2 || self.is_closed()) {
            return;
        }
        let bell = Bell::mine();
        let mut state = self.state();
        if !state.closed && state.jobs.len() > self.capacity / 2 {
            state.room.join(&bell);
            drop(state);
            bell.wait(Some(nap(deadline)));
            self.state().room.leave(&bell);
        }
    }

    fn note_len(&self, state: &State) {
        self.len.store(state.jobs.len(), Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this mutex")
    }
}
