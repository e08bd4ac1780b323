//! The place where the owner of the rules waits for whatever comes first. A test puts a model checker's
//! in its place.

use crossbeam_channel::{at, never, select};

use crate::sync::{Instant, Receiver};

/// What came.
pub(crate) enum First<W, A, E> {
    Word(W),
    Answered(A),
    Event(E),
    Time,
    /// Nobody is left who could send, on one of the channels.
    Gone,
}

/// Among those that are ready it picks at random, so that no flood keeps the others waiting.
pub(crate) fn first<W, A, E>(
    stopped: &Receiver<()>,
    words: &Receiver<W>,
    answered: &Receiver<A>,
    events: &Receiver<E>,
    deadline: Option<Instant>,
) -> First<W, A, E> {
    let timer = deadline.map_or_else(never, at);
    select! {
        recv(stopped) -> _ => First::Gone,
        recv(words) -> word => word.map_or(First::Gone, First::Word),
        recv(answered) -> answered => answered.map_or(First::Gone, First::Answered),
        recv(events) -> event => event.map_or(First::Gone, First::Event),
        recv(timer) -> _ => First::Time,
    }
}
