#![doc = include_str!("../README.md")]

pub mod channel;
mod checksum;
mod disk;
mod error;
mod format;
mod group;
pub mod lock;
mod record;
mod recover;
mod segment;
mod sync;

pub use error::{AppendError, Failed, OpenError, ReleaseError, TryAppendError, WaitError};
pub use record::{Counts, Cut, Entry, Options, Record, Recovery};
