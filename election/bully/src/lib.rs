#![doc = include_str!("../README.md")]

pub mod channel;
mod config;
pub mod core;
mod error;
pub mod lock;
mod message;
mod select;
mod sync;

pub use config::{Config, Form, Timing};
pub use error::{DeliverError, Panicked};
pub use message::{Message, NodeId, Stored, Token};
