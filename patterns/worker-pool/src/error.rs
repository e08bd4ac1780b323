//! Why a pool did not take a job, and why a job has no result. A job that was not taken is given
//! back, and so is a handle whose job may still end.

use std::any::Any;
use std::fmt;

use thiserror::Error;

use super::handle::Handle;

/// Why [`submit`](crate::lock::Pool::submit) did not take the job.
#[derive(Error)]
pub enum SubmitError<F> {
    /// The pool is closed.
    #[error("the pool is closed")]
    Closed(F),
    /// Only inside a job: the queue is full, and this thread already runs as many jobs in place as
    /// it may.
    #[error("the queue is full, and no more jobs may run in place here")]
    Full(F),
}

/// Why [`try_submit`](crate::lock::Pool::try_submit) did not take the job.
#[derive(Error)]
pub enum TrySubmitError<F> {
    /// The queue is full. Another try may succeed.
    #[error("the queue is full right now")]
    Full(F),
    /// The pool is closed.
    #[error("the pool is closed")]
    Closed(F),
}

/// Why [`submit_timeout`](crate::lock::Pool::submit_timeout) did not take the job.
#[derive(Error)]
pub enum SubmitTimeoutError<F> {
    /// The time was up before there was room.
    #[error("no room within the time limit")]
    TimedOut(F),
    /// The pool is closed.
    #[error("the pool is closed")]
    Closed(F),
    /// Only inside a job: the queue is full, and this thread already runs as many jobs in place as
    /// it may.
    #[error("the queue is full, and no more jobs may run in place here")]
    Full(F),
}

/// Why [`Handle::join`] has no result.
#[derive(Error)]
pub enum JoinError<T> {
    /// The job panicked; this is what it panicked with.
    #[error("the job panicked")]
    Panicked(Box<dyn Any + Send>),
    /// The pool was aborted before the job started.
    #[error("the job was dropped before it started")]
    Aborted,
    /// Only inside a job: the job would wait for itself, or too many jobs run in place here.
    #[error("waiting for the job here would wait for oneself")]
    WouldDeadlock(Handle<T>),
}

/// Why [`Handle::try_join`] has no result.
#[derive(Error)]
pub enum TryJoinError<T> {
    /// The job has not ended. Another try may succeed.
    #[error("the job has not ended yet")]
    NotNow(Handle<T>),
    /// The job panicked; this is what it panicked with.
    #[error("the job panicked")]
    Panicked(Box<dyn Any + Send>),
    /// The pool was aborted before the job started.
    #[error("the job was dropped before it started")]
    Aborted,
}

/// Why [`Handle::join_timeout`] has no result.
#[derive(Error)]
pub enum JoinTimeoutError<T> {
    /// The time was up first.
    #[error("the job did not end within the time limit")]
    TimedOut(Handle<T>),
    /// The job panicked; this is what it panicked with.
    #[error("the job panicked")]
    Panicked(Box<dyn Any + Send>),
    /// The pool was aborted before the job started.
    #[error("the job was dropped before it started")]
    Aborted,
    /// Only inside a job: the job would wait for itself, or too many jobs run in place here.
    #[error("waiting for the job here would wait for oneself")]
    WouldDeadlock(Handle<T>),
}

/// Why [`shutdown`](crate::lock::Pool::shutdown) did not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShutdownError {
    /// It was called from inside a job of this pool, which would wait for itself. The pool is
    /// closed now, and drains.
    #[error("a job cannot wait for the end of its own pool; the pool is closed")]
    WouldDeadlock,
}

/// Shows the variant alone: jobs and results need no `Debug`.
macro_rules! debug_by_name {
    ($($error:ident: $($variant:ident)+;)+) => {$(
        impl<T> fmt::Debug for $error<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                })
            }
        }
    )+};
}

debug_by_name! {
    SubmitError: Closed Full;
    TrySubmitError: Full Closed;
    SubmitTimeoutError: TimedOut Closed Full;
    JoinError: Panicked Aborted WouldDeadlock;
    TryJoinError: NotNow Panicked Aborted;
    JoinTimeoutError: TimedOut Panicked Aborted WouldDeadlock;
}
