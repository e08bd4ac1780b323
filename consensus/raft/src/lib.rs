#![doc = include_str!("../README.md")]

mod bytes;
pub mod channel;
pub mod config;
pub mod core;
mod desk;
pub mod lock;
pub mod log;
pub mod membership;
pub mod message;
pub mod node;
mod progress;
pub mod quorum;
mod rng;
mod saves;
mod select;
pub mod session;
pub mod storage;
mod stored;
mod sync;
pub mod transport;
mod types;

pub use config::{Config, ConfigError};
pub use saves::{Piece, Save, Tail};
pub use stored::Stored;
pub use types::{HardState, Index, NodeId, Position, Snapshot, Term};
