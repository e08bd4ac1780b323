#![doc = include_str!("../README.md")]

pub mod log;
pub mod membership;
pub mod quorum;
mod types;

pub use types::{Index, NodeId, Position, Term};
