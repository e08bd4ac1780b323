#![doc = include_str!("../README.md")]

pub mod atomic;
pub mod channel;
pub mod lock;

mod alarm;
mod bucket;
mod clock;
mod desk;
mod error;
mod foreign;
mod keys;
mod line;
mod owner;
mod park;
mod quota;
mod shards;
mod surface;
mod sync;
mod wait;
mod word;

pub use clock::{Clock, ManualClock, Monotonic};
pub use error::{AcquireError, AcquireTimeoutError, QuotaError, TryAcquireError};
pub use quota::Quota;
