//! What can go wrong.
//!
//! The same text stands in `election/ring/src/error.rs`, because a recipe depends on no sibling; a test
//! compares the two.

use crate::message::Message;

/// A message was not taken. Nobody is told; a protocol over a network has to bear that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliverError {
    /// No room now; here is your message back.
    #[error("the inbox is full")]
    Full(Message),
    /// The node has stopped.
    #[error("the node has stopped")]
    Closed(Message),
}

/// The code that sends or that saves panicked, and the node stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node's own code panicked, and it stopped")]
pub struct Panicked;
