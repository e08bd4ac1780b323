#![doc = include_str!("../README.md")]

pub mod config;
pub mod core;
pub mod log;
pub mod membership;
pub mod message;
mod progress;
pub mod quorum;
mod rng;
mod saves;
pub mod session;
mod stored;
mod types;

pub use config::{Config, ConfigError};
pub use saves::{Piece, Save, Tail};
pub use stored::Stored;
pub use types::{HardState, Index, NodeId, Position, Snapshot, Term};
