#![doc = include_str!("../README.md")]

pub mod channel;
pub mod lock;
pub mod sharded;

mod error;
mod guarded;
mod job;
mod line;
mod owner;
mod sync;
mod word;

pub use error::{NotNow, TimedOut};
