//! The caller's end of a job.

use std::fmt;
use std::time::Duration;

use super::bell;
use super::crew::{End, wait_outside};
use super::error::{JoinError, JoinTimeoutError, TryJoinError};
use super::job::{Outcome, Run, Slot};
use super::place;
use super::sync::Arc;

/// The result of a job, now or later. To drop it is to let the job go its own way.
///
/// To wait inside a job is to work: if the job waited for has not started, it runs right there, and
/// if it runs on another worker, this one runs queued jobs meanwhile. The last of those
/// may take longer than the job waited for. At most [`DEPTH`](crate::lock::Pool::DEPTH) jobs run so,
/// one inside the other.
#[must_use = "to wait for the job, join it; to let it go, drop the handle"]
pub struct Handle<T> {
    slot: Arc<dyn Slot<T>>,
}

impl<T> Handle<T> {
    pub(crate) fn new(slot: Arc<dyn Slot<T>>) -> Self {
        Self { slot }
    }

    /// Waits until the job is done.
    ///
    /// # Errors
    ///
    /// [`JoinError::Panicked`] with what the panic carried, [`JoinError::Aborted`] if it never
    /// started, [`JoinError::WouldDeadlock`] inside a job, if it would wait for itself: through its
    /// own handle, through a circle of waiting jobs, or with too many on its stack.
    pub fn join(self) -> Result<T, JoinError<T>> {
        match self.wait(None) {
            End::Done => match self.outcome() {
                Outcome::Finished(value) => Ok(value),
                Outcome::Panicked(payload) => Err(JoinError::Panicked(payload.into())),
                Outcome::Aborted => Err(JoinError::Aborted),
            },
            End::WouldDeadlock => Err(JoinError::WouldDeadlock(self)),
            End::TimedOut => unreachable!("without a limit"),
        }
    }

    /// Like [`join`](Self::join), for `limit` at most. Inside a job, one that it runs meanwhile may
    /// take longer.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join), and [`JoinTimeoutError::TimedOut`].
    pub fn join_timeout(self, limit: Duration) -> Result<T, JoinTimeoutError<T>> {
        match self.wait(Some(limit)) {
            End::Done => match self.outcome() {
                Outcome::Finished(value) => Ok(value),
                Outcome::Panicked(payload) => Err(JoinTimeoutError::Panicked(payload.into())),
                Outcome::Aborted => Err(JoinTimeoutError::Aborted),
            },
            End::WouldDeadlock => Err(JoinTimeoutError::WouldDeadlock(self)),
            End::TimedOut => Err(JoinTimeoutError::TimedOut(self)),
        }
    }

    /// The result, if the job is done. Never waits.
    ///
    /// # Errors
    ///
    /// [`TryJoinError::NotNow`] while it is not done, else as for [`join`](Self::join).
    pub fn try_join(self) -> Result<T, TryJoinError<T>> {
        if !self.is_finished() {
            return Err(TryJoinError::NotNow(self));
        }
        match self.outcome() {
            Outcome::Finished(value) => Ok(value),
            Outcome::Panicked(payload) => Err(TryJoinError::Panicked(payload.into())),
            Outcome::Aborted => Err(TryJoinError::Aborted),
        }
    }

    /// Whether the job has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.slot.is_done()
    }

    fn outcome(&self) -> Outcome<T> {
        self.slot.take().expect("it is done, and asked once")
    }

    fn wait(&self, limit: Option<Duration>) -> End {
        if self.slot.is_done() {
            return End::Done;
        }
        let deadline = limit.and_then(bell::deadline);
        match place::crew() {
            None => wait_outside(&*self.slot, deadline),
            Some(crew) => {
                let target: Arc<dyn Run> = Arc::clone(&self.slot) as Arc<_>;
                crew.help_until_done(&target, deadline)
            }
        }
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        self.slot.detach();
    }
}
