#![doc = include_str!("../README.md")]

pub mod channel;
pub mod core;
mod error;
pub mod lock;
mod message;
mod sync;
mod timing;

pub use error::{DeliverError, Panicked};
pub use message::{Message, NodeId, Stored, Token};
pub use timing::{Config, Form, Timing};
