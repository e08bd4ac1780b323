//! Why a pool did not take a job, and why a job has no result. A job that was not taken is given
//! back, and so is a handle whose job may still end.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

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
    /// The job panicked; this is what the panic carried.
    #[error("the job panicked: {0}")]
    Panicked(Panic),
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
    /// The job panicked; this is what the panic carried.
    #[error("the job panicked: {0}")]
    Panicked(Panic),
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
    /// The job panicked; this is what the panic carried.
    #[error("the job panicked: {0}")]
    Panicked(Panic),
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

/// What a panic carried. It shows as the text of the panic, if it had any.
pub struct Panic(Box<Inner>);

struct Inner {
    text: String,
    /// Never locked: a mutex is what makes a payload `Sync`, and with it the errors that hold one.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    /// The payload, for [`resume_unwind`](std::panic::resume_unwind) or to look into.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Box<dyn Any + Send>> for Panic {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        let text = match payload.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => payload.downcast_ref().cloned().unwrap_or_else(|| "no text".to_owned()),
        };
        Self(Box::new(Inner { text, payload: Mutex::new(payload) }))
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.0.text).finish()
    }
}

/// Shows the variant, and a panic: jobs and results need no `Debug`.
macro_rules! debug_by_name {
    ($($error:ident: $($variant:ident)+ $(, $shown:ident)?;)+) => {$(
        impl<T> fmt::Debug for $error<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant { .. } => f.write_str(stringify!($variant)),)+
                    $(Self::$shown(it) => f.debug_tuple(stringify!($shown)).field(it).finish(),)?
                }
            }
        }
    )+};
}

debug_by_name! {
    SubmitError: Closed Full;
    TrySubmitError: Full Closed;
    SubmitTimeoutError: TimedOut Closed Full;
    JoinError: Aborted WouldDeadlock, Panicked;
    TryJoinError: NotNow Aborted, Panicked;
    JoinTimeoutError: TimedOut Aborted WouldDeadlock, Panicked;
}
