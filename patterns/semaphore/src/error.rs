//! Why a caller got no permit. "Not now" and "never" are different answers, so they are different
//! variants: the first is worth another try, the second is a mistake in the caller.

use thiserror::Error;

/// Why waiting for permits ended without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AcquireError {
    /// The semaphore was closed before the permits were granted.
    #[error("the semaphore is closed")]
    Closed,
    /// More was asked for than the semaphore can ever hold.
    #[error("asked for {asked} permits, but the semaphore has room for {max}")]
    Never {
        /// What the caller wanted.
        asked: usize,
        /// The semaphore's maximum.
        max: usize,
    },
}

/// Why permits could not be had at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryAcquireError {
    /// Too few permits are free, or somebody is waiting already. Another try may succeed.
    #[error("not enough free permits right now, or others are waiting")]
    NotNow,
    /// The semaphore is closed.
    #[error("the semaphore is closed")]
    Closed,
    /// More was asked for than the semaphore can ever hold.
    #[error("asked for {asked} permits, but the semaphore has room for {max}")]
    Never {
        /// What the caller wanted.
        asked: usize,
        /// The semaphore's maximum.
        max: usize,
    },
}

/// Why a wait with a time limit ended without permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AcquireTimeoutError {
    /// The time was up first.
    #[error("no permits within the time limit")]
    TimedOut,
    /// The semaphore was closed before the permits were granted.
    #[error("the semaphore is closed")]
    Closed,
    /// More was asked for than the semaphore can ever hold.
    #[error("asked for {asked} permits, but the semaphore has room for {max}")]
    Never {
        /// What the caller wanted.
        asked: usize,
        /// The semaphore's maximum.
        max: usize,
    },
}

/// Permits that would have lifted the semaphore above its maximum; none of them was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cannot add {added} permits: {present} are in circulation and there is room for {max}")]
pub struct AddPermitsError {
    /// What the caller wanted to add.
    pub added: usize,
    /// Permits in circulation, free or held.
    pub present: usize,
    /// The semaphore's maximum.
    pub max: usize,
}

impl From<AcquireError> for AcquireTimeoutError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Closed => Self::Closed,
            AcquireError::Never { asked, max } => Self::Never { asked, max },
        }
    }
}

impl From<AcquireError> for TryAcquireError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Closed => Self::Closed,
            AcquireError::Never { asked, max } => Self::Never { asked, max },
        }
    }
}
