//! Why a quota is none, and why a caller got nothing. "Not now" and "never" are different answers,
//! so they are different variants: the first says when, the second is a mistake in the caller.

use std::time::{Duration, Instant};

use thiserror::Error;

use super::quota::Quota;

/// Why this is no quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuotaError {
    /// A rate of nothing.
    #[error("a rate of 0 admits nobody; to refuse everybody, close the limiter")]
    NoTokens,
    /// A rate without end.
    #[error("tokens per no time at all; name the time in which they come")]
    NoTime,
    /// A bucket that holds nothing.
    #[error("a burst of 0 admits nobody; 1 spaces callers evenly")]
    NoBurst,
    /// More tokens than a check takes time for.
    #[error(
        "{tokens} tokens per {per:?} is more than one every {:?}; you need no limiter",
        Quota::MIN_INTERVAL
    )]
    TooFast {
        /// The tokens asked for.
        tokens: u64,
        /// The time in which they come.
        per: Duration,
    },
    /// Longer than a limiter can count.
    #[error("a burst of {burst} at {tokens} per {per:?} takes over {} days to refill; choose a smaller burst or period", Quota::MAX_REFILL.as_secs() / 86_400)]
    TooSlow {
        /// The tokens asked for.
        tokens: u64,
        /// The time in which they come.
        per: Duration,
        /// The most at once.
        burst: u64,
    },
}

/// Why waiting ended without tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AcquireError {
    /// The limiter was closed first.
    #[error("the limiter is closed")]
    Closed,
    /// More was asked for than the bucket ever holds.
    #[error("asked for {asked} at once, but the burst is {burst}")]
    Never {
        /// What the caller wanted.
        asked: u64,
        /// The most at once.
        burst: u64,
    },
}

/// Why tokens could not be had at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryAcquireError {
    /// Too few tokens, or somebody is waiting already.
    #[error("not now: over the limit, or others are waiting")]
    NotNow {
        /// When it would succeed, if nobody else came and all who wait were served.
        at: Instant,
    },
    /// The limiter is closed.
    #[error("the limiter is closed")]
    Closed,
    /// More was asked for than the bucket ever holds.
    #[error("asked for {asked} at once, but the burst is {burst}")]
    Never {
        /// What the caller wanted.
        asked: u64,
        /// The most at once.
        burst: u64,
    },
}

/// Why a wait with a time limit ended without tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AcquireTimeoutError {
    /// The time was up first, or would have been: then it says so at once.
    #[error("no turn within the time limit")]
    TimedOut,
    /// The limiter was closed first.
    #[error("the limiter is closed")]
    Closed,
    /// More was asked for than the bucket ever holds.
    #[error("asked for {asked} at once, but the burst is {burst}")]
    Never {
        /// What the caller wanted.
        asked: u64,
        /// The most at once.
        burst: u64,
    },
}

impl From<AcquireError> for TryAcquireError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Closed => Self::Closed,
            AcquireError::Never { asked, burst } => Self::Never { asked, burst },
        }
    }
}

impl From<AcquireError> for AcquireTimeoutError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Closed => Self::Closed,
            AcquireError::Never { asked, burst } => Self::Never { asked, burst },
        }
    }
}
