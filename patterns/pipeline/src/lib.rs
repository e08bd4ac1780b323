#![doc = include_str!("../README.md")]

pub mod channel;
pub mod lock;
pub mod spsc;
pub mod tasks;

mod bell;
mod control;
mod error;
mod flow;
mod hop;
mod look;
mod order;
mod outlet;
mod ring;
mod stage;
mod sync;
mod task_hop;
mod task_order;
mod task_stage;
mod threads;

pub use error::{Cause, Panic, Stopped, Summary};
