//! The checker's form of `src/select.rs`.
//!
//! The real one picks at random among what is ready. Here a scenario says where to look first, and is
//! explored for each order.
//!
//! The models of the ring include this file too.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use interleave::models::channels::Receiver;
use interleave::models::clock::Instant;
use shuttle::thread;

/// In how many orders there are to look.
pub(crate) const ORDERS: usize = 3;

shuttle::lazy_static! {
    // A scenario sets it before there is a second thread.
    static ref FIRST: AtomicUsize = AtomicUsize::new(0);
}

/// Looks at the places in this order from now on.
pub(crate) fn look_first(place: usize) {
    FIRST.store(place, SeqCst);
}

pub(crate) enum Event<M, Q> {
    Message(M),
    Question(Q),
    Deadline,
    Gone,
}

pub(crate) enum NoAnswer {
    Never,
    TimedOut,
}

/// Looks into one place after the other, and sleeps if there is nothing in any.
fn first_of<R>(look: impl Fn(usize) -> Option<R>) -> R {
    loop {
        let first = FIRST.load(SeqCst);
        if let Some(found) = (0..ORDERS).find_map(|turn| look((first + turn) % ORDERS)) {
            return found;
        }
        thread::park();
    }
}

fn is_due(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(Instant::is_due_or_wakes)
}

pub(crate) fn next<M, Q>(
    inbox: &Receiver<M>,
    questions: &Receiver<Q>,
    deadline: Option<Instant>,
) -> Event<M, Q> {
    first_of(|place| match place {
        0 => inbox.look_or_wakes().map(|it| it.map_or(Event::Gone, Event::Message)),
        1 => questions.look_or_wakes().map(|it| it.map_or(Event::Gone, Event::Question)),
        _ => is_due(deadline).then_some(Event::Deadline),
    })
}

pub(crate) fn answer<T>(
    reply: &Receiver<T>,
    ended: &Receiver<Infallible>,
    deadline: Option<Instant>,
) -> Result<T, NoAnswer> {
    first_of(|place| match place {
        0 => reply.look_or_wakes().map(|it| it.map_err(|_| NoAnswer::Never)),
        1 => ended.look_or_wakes().map(|_| Err(NoAnswer::Never)),
        _ => is_due(deadline).then_some(Err(NoAnswer::TimedOut)),
    })
}
