#![doc = include_str!("../README.md")]

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

pub mod branches;
pub mod channel;
mod coordinator;
mod desk;
pub mod embedded;
pub mod here;
pub mod ledger;
pub mod lock;
pub mod log;
pub mod message;
pub mod participant;
mod post;
pub mod record;
mod round;
pub mod store;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub mod stores;
mod sync;
mod types;

pub use coordinator::{
    CommitError, Counts, OpenError, Options, RecallError, Report, Unfinished, Why, Work,
};
pub use types::{Answer, CoordinatorId, LogId, Outcome, ParticipantId, StoreId, Tx, Vote, Votes};

/// A name that nobody else has. The keys of the standard library's hash maps are drawn from the system's
/// source of randomness.
fn drawn() -> u64 {
    RandomState::new().build_hasher().finish()
}
