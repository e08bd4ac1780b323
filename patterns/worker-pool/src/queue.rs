//! What a variant brings: a bounded queue of jobs that workers sleep on. All else is shared.

use std::time::Instant;

use super::bell::Ring;
use super::job::Job;
use super::sync::Arc;

/// What [`abort`](crate::lock::Pool::abort) did not let run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Aborted {
    /// Jobs that were dropped before they started.
    pub dropped: usize,
}

/// Why a queue did not take a job, and the job.
pub(crate) struct Refused {
    pub(crate) job: Job,
    pub(crate) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Full,
    Closed,
    TimedOut,
}

/// What a worker got after it waited.
pub(crate) enum Next {
    Job(Job),
    /// Its bell rang, or the time is up.
    Rung,
    /// Closed and empty, for ever.
    Ended,
}

/// A bounded queue of jobs. No job of a caller runs, wakes or drops inside.
pub(crate) trait Queue: Send + Sync + Sized + 'static {
    /// What wakes a worker that waits for a job or for the end of another's.
    type Bell: Ring + 'static;

    fn new(workers: usize, capacity: usize) -> Self;
    /// The bell of the current thread, which is worker `worker`.
    fn bell(&self) -> Arc<Self::Bell>;
    /// Waits for the bell alone.
    fn listen(&self, bell: &Self::Bell, deadline: Option<Instant>);
    /// Puts a job in, now or not at all.
    fn try_push(&self, job: Job) -> Result<(), Refused>;
    /// Puts a job in, and waits for room.
    fn push(&self, job: Job, deadline: Option<Instant>) -> Result<(), Refused>;
    /// The next job for this worker, if there is one now: the oldest, or close to it.
    fn pop(&self, worker: usize) -> Option<Job>;
    /// As `pop`, but waits until there is one, the bell rings, or there will never be one.
    fn next(&self, worker: usize, bell: &Arc<Self::Bell>, deadline: Option<Instant>) -> Next;
    /// Refuses new jobs, wakes all who wait for room, and the workers.
    fn close(&self);
    /// Everything that has not started, after a close.
    fn drain(&self) -> Vec<Job>;
    fn len(&self) -> usize;
    fn is_closed(&self) -> bool;
}
