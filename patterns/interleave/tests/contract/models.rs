//! The models, held against what they stand for: the same calls, and the same answers.

#[path = "models/calls.rs"]
mod calls;
#[path = "models/locks.rs"]
mod locks;
#[path = "models/waits.rs"]
mod waits;

use std::time::Duration;

/// Long for a model, whose time passes by itself never, and short for a test.
const SOON: Duration = Duration::from_millis(1);

/// Real time passes by itself, and others run by themselves.
mod real {
    pub(crate) use std::thread::{spawn, yield_now};

    pub(crate) fn pass(_: std::time::Duration) {}
}

/// What stands in the place of [`real`].
mod modelled {
    pub(crate) use interleave::models::clock::advance as pass;
    pub(crate) use interleave::models::sync::spawn;
    pub(crate) use shuttle::thread::yield_now;
}
