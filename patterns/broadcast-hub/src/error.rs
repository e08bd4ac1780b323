//! Why a message was not taken, and why none came. A publisher that fails gets its value back; a
//! subscriber learns whether to go on ([`RecvError::Lagged`]) or to stop.

use std::fmt;

use thiserror::Error;

/// Why a message was not published.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
pub enum PublishError<T> {
    /// The hub is closed.
    #[error("the hub is closed")]
    Closed(T),
}

/// Why a message could not be published at once.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
pub enum TryPublishError<T> {
    /// A subscriber that makes publishers wait has no room, or others wait already.
    #[error("a subscriber has no room right now, or other publishers are waiting")]
    Full(T),
    /// The hub is closed.
    #[error("the hub is closed")]
    Closed(T),
}

/// Why a message was not published within the time limit.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
pub enum PublishTimeoutError<T> {
    /// The time was up first, and nobody has got the message.
    #[error("a subscriber made no room within the time limit")]
    TimedOut(T),
    /// The hub is closed.
    #[error("the hub is closed")]
    Closed(T),
}

/// Why there is no new subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SubscribeError {
    /// The hub is closed.
    #[error("the hub is closed")]
    Closed,
}

/// Why a wait for a message ended without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecvError {
    /// So many messages were skipped, for the subscriber was too slow, or asked for what is no
    /// longer kept. This is no end: the next call goes on with the oldest that is kept.
    #[error("too slow: {0} messages were skipped")]
    Lagged(u64),
    /// The subscriber was too slow and is out. What it had not read is gone.
    #[error("too slow: evicted")]
    Evicted,
    /// The hub is closed, and everything was read.
    #[error("the hub is closed")]
    Closed,
}

/// Why there is no message at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryRecvError {
    /// Everything was read; more may come.
    #[error("no message right now")]
    NotNow,
    /// As [`RecvError::Lagged`].
    #[error("too slow: {0} messages were skipped")]
    Lagged(u64),
    /// As [`RecvError::Evicted`].
    #[error("too slow: evicted")]
    Evicted,
    /// As [`RecvError::Closed`].
    #[error("the hub is closed")]
    Closed,
}

/// Why a wait with a time limit ended without a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecvTimeoutError {
    /// The time was up first.
    #[error("no message within the time limit")]
    TimedOut,
    /// As [`RecvError::Lagged`].
    #[error("too slow: {0} messages were skipped")]
    Lagged(u64),
    /// As [`RecvError::Evicted`].
    #[error("too slow: evicted")]
    Evicted,
    /// As [`RecvError::Closed`].
    #[error("the hub is closed")]
    Closed,
}

impl<T> PublishError<T> {
    /// The message.
    pub fn into_inner(self) -> T {
        let Self::Closed(value) = self;
        value
    }
}

impl<T> TryPublishError<T> {
    /// The message.
    pub fn into_inner(self) -> T {
        let (Self::Full(value) | Self::Closed(value)) = self;
        value
    }
}

impl<T> PublishTimeoutError<T> {
    /// The message.
    pub fn into_inner(self) -> T {
        let (Self::TimedOut(value) | Self::Closed(value)) = self;
        value
    }
}

impl<T> From<PublishError<T>> for PublishTimeoutError<T> {
    fn from(PublishError::Closed(value): PublishError<T>) -> Self {
        Self::Closed(value)
    }
}

impl From<RecvError> for TryRecvError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::Lagged(n) => Self::Lagged(n),
            RecvError::Evicted => Self::Evicted,
            RecvError::Closed => Self::Closed,
        }
    }
}

impl From<RecvError> for RecvTimeoutError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::Lagged(n) => Self::Lagged(n),
            RecvError::Evicted => Self::Evicted,
            RecvError::Closed => Self::Closed,
        }
    }
}

impl<T> fmt::Debug for PublishError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closed(..)")
    }
}

impl<T> fmt::Debug for TryPublishError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Full(_)) { "Full(..)" } else { "Closed(..)" })
    }
}

impl<T> fmt::Debug for PublishTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::TimedOut(_)) { "TimedOut(..)" } else { "Closed(..)" })
    }
}
