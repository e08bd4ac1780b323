#![doc = include_str!("../README.md")]

pub mod channel;
pub mod cpu;
pub mod joined;
pub mod lock;

mod bells;
mod cluster;
mod error;
mod lane;
mod outcomes;
mod slot;
mod surface;
mod sync;

pub use error::{ItemError, Outcome, Panic, Stopped};
