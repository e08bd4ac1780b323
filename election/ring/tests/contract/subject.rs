//! What the tests that stand once for Bully and the ring must know of the ring.

use std::time::Duration;

pub(crate) use super::under_test::{
    Config, DeliverError, Message, NodeId, Panicked, Stored, Timing, Token, channel, lock,
};
use super::under_test::{Kind, Letter};

pub(crate) const NAME: &str = "ring";

/// So that a thread which waits its turn on a loaded machine is seldom taken for dead.
pub(crate) fn timing() -> Timing {
    Timing::for_ring(5, Duration::from_millis(5))
}

/// Nobody can know sooner that the highest is dead.
pub(crate) fn soonest() -> Duration {
    timing().ack
}

/// A disk that has seen this epoch.
pub(crate) fn stored(epoch: u64) -> Stored {
    Stored { epoch }
}

/// As its neighbour would hand it on.
fn candidate(token: Token) -> Message {
    Message::Letter(Letter { kind: Kind::Candidate, token, round: 0, hops: 2 })
}

/// What 1 may send to the next node, which must answer.
pub(crate) fn question() -> Message {
    candidate(Token { epoch: 0, id: 1 })
}

pub(crate) fn is_answer(message: Message) -> bool {
    matches!(message, Message::Ack(_))
}

/// What says nothing of a leader.
pub(crate) fn chatter() -> Message {
    Message::Hello
}

/// Whom the message announces as the leader.
pub(crate) fn announced(message: Message) -> Option<Token> {
    match message {
        Message::Letter(Letter { kind: Kind::Elected, token, .. }) => Some(token),
        _ => None,
    }
}

/// What a candidate needs from another to win: its own letter, once round.
pub(crate) fn last_words(token: Token) -> [Message; 1] {
    [candidate(token)]
}

pub(crate) fn kind(message: Message) -> &'static str {
    match message {
        Message::Ack(_) => "ack",
        Message::Hello => "HELLO",
        Message::Probe => "PROBE",
        Message::Letter(letter) => match letter.kind {
            Kind::Candidate => "CANDIDATE",
            Kind::Elected => "ELECTED",
            Kind::Alive => "ALIVE",
        },
    }
}
