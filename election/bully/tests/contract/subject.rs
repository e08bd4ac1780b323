//! What the tests that stand once for Bully and the ring must know of Bully.

use std::time::Duration;

pub(crate) use super::under_test::{
    Config, DeliverError, Message, NodeId, Panicked, Stored, Timing, Token, channel, lock,
};

pub(crate) const NAME: &str = "bully";

/// So that a thread which waits its turn on a loaded machine is seldom taken for dead.
pub(crate) fn timing() -> Timing {
    Timing::for_delay(Duration::from_millis(10))
}

/// Nobody can know sooner that the highest is dead.
pub(crate) fn soonest() -> Duration {
    timing().answer
}

/// A disk that has seen this epoch.
pub(crate) fn stored(epoch: u64) -> Stored {
    Stored { epoch, granted: None }
}

/// What 1 may send to a higher node, which must answer.
pub(crate) fn question() -> Message {
    Message::Election { epoch: 0 }
}

pub(crate) fn is_answer(message: Message) -> bool {
    matches!(message, Message::Ok { .. })
}

/// What says nothing of a leader.
pub(crate) fn chatter() -> Message {
    Message::Ok { epoch: 0 }
}

/// Whom the message announces as the leader.
pub(crate) fn announced(message: Message) -> Option<Token> {
    match message {
        Message::Coordinator(token) => Some(token),
        _ => None,
    }
}

/// What the highest needs from another to win: nothing.
pub(crate) fn last_words(_: Token) -> [Message; 0] {
    []
}

pub(crate) fn kind(message: Message) -> &'static str {
    match message {
        Message::Election { .. } => "ELECTION",
        Message::Ok { .. } => "OK",
        Message::Coordinator(_) => "COORDINATOR",
        Message::Alive(_) => "ALIVE",
        Message::Stale { .. } => "STALE",
        Message::Appoint { .. } => "APPOINT",
        Message::Propose(_) => "PROPOSE",
        Message::Grant(_) => "GRANT",
    }
}
