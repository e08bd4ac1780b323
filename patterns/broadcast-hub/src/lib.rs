#![doc = include_str!("../README.md")]

pub mod channel;
pub mod copied;
pub mod lock;

mod block;
mod client;
mod desk;
mod error;
mod line;
mod mailbox;
mod offer;
mod park;
mod quiet;
mod reader;
mod ring;
mod room;
mod seats;
mod sending;
mod shared;
mod sleepers;
mod surface;
mod sync;
mod tape;
mod terms;
mod topics;
mod words;

pub use error::{
    PublishError, PublishTimeoutError, RecvError, RecvTimeoutError, SubscribeError,
    TryPublishError, TryRecvError,
};
pub use terms::{Counts, Slow, Start};
