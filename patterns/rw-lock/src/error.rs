//! Why a caller did not get in. Both give back what was to be done inside: the closure, with all it
//! took along. Where a guard was asked for there is nothing to give back.

use std::error::Error;
use std::fmt;

/// Somebody is inside or was there first. Another try may succeed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NotNow<F = ()>(pub F);

/// The time was up first; the closure has not run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TimedOut<F = ()>(pub F);

impl<F> fmt::Debug for NotNow<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotNow")
    }
}

impl<F> fmt::Display for NotNow<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lock is held, or others wait for it")
    }
}

impl<F> Error for NotNow<F> {}

impl<F> fmt::Debug for TimedOut<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimedOut")
    }
}

impl<F> fmt::Display for TimedOut<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lock was not free within the time limit")
    }
}

impl<F> Error for TimedOut<F> {}
