//! The two places where the channel variant waits for whatever comes first.
//!
//! The same text stands in `election/ring/src/select.rs`, because a recipe depends on no sibling; a
//! test compares the two.

use std::convert::Infallible;
use std::time::Instant;

use crossbeam_channel::{Receiver, at, never, select};

/// What a node was waiting for.
pub(crate) enum Event<M, Q> {
    Message(M),
    Question(Q),
    Deadline,
    /// Nobody is left who could send either.
    Gone,
}

/// How a wait for an answer ended, if there was none.
pub(crate) enum NoAnswer {
    Never,
    TimedOut,
}

/// Waits for a message, a question or the deadline. Among those that are ready it picks at random, so
/// that no flood keeps the deadline waiting.
pub(crate) fn next<M, Q>(
    inbox: &Receiver<M>,
    questions: &Receiver<Q>,
    deadline: Option<Instant>,
) -> Event<M, Q> {
    let timer = deadline.map_or_else(never, at);
    select! {
        recv(timer) -> _ => Event::Deadline,
        recv(inbox) -> message => message.map_or(Event::Gone, Event::Message),
        recv(questions) -> question => question.map_or(Event::Gone, Event::Question),
    }
}

/// Waits for an answer, but only until `ended` has no sender any more, or the deadline.
pub(crate) fn answer<T>(
    reply: &Receiver<T>,
    ended: &Receiver<Infallible>,
    deadline: Option<Instant>,
) -> Result<T, NoAnswer> {
    let timer = deadline.map_or_else(never, at);
    select! {
        recv(reply) -> answer => answer.map_err(|_| NoAnswer::Never),
        recv(ended) -> _ => Err(NoAnswer::Never),
        recv(timer) -> _ => Err(NoAnswer::TimedOut),
    }
}
