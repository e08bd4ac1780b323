#![doc = include_str!("../README.md")]

pub mod barging;
pub mod channel;
pub mod lock;

mod clerk;
mod error;
mod line;
mod oneshot;
mod park;
mod permit;
mod surface;
mod sync;

pub use error::{AcquireError, AcquireTimeoutError, AddPermitsError, TryAcquireError};
pub use permit::Held;
