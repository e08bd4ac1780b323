#![doc = include_str!("../README.md")]

pub mod channel;
pub mod lock;
pub mod stealing;

mod bell;
mod crew;
mod empties;
mod error;
mod handle;
mod job;
mod line;
mod place;
mod queue;
mod select;
mod surface;
mod sync;

pub use error::{
    JoinError, JoinTimeoutError, Panic, ShutdownError, SubmitError, SubmitTimeoutError,
    TryJoinError, TrySubmitError,
};
pub use handle::Handle;
pub use queue::Aborted;
