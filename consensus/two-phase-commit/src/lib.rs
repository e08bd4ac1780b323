#![doc = include_str!("../README.md")]

pub mod branches;
pub mod channel;
mod coordinator;
mod desk;
mod drawn;
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
