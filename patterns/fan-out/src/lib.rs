#![doc = include_str!("../README.md")]

pub mod channel;
pub mod cpu;
pub mod joined;
pub mod lock;

mod attempt;
mod bells;
mod error;
mod slot;
mod surface;
mod sync;

pub use error::{ItemError, Outcome, Stopped};
