#![doc = include_str!("../README.md")]

mod clock;
mod disk;
pub mod judge;
mod network;
mod process;
mod rng;
mod seeds;
mod storm;
mod trace;
mod world;

pub use network::Link;
pub use process::{Input, NodeId, Outbox, Process};
pub use rng::Rng;
pub use seeds::{SEED, SEEDS, seeds};
pub use storm::{Fault, Storm};
pub use trace::{Counts, Trace};
pub use world::World;
