#![doc = include_str!("../README.md")]

pub mod branches;
pub mod ledger;
pub mod record;
mod types;

pub use types::{Answer, CoordinatorId, Outcome, ParticipantId, Tx, Vote, Votes};
