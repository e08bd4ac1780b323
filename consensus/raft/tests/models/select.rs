//! The checker's form of `src/select.rs`.
//!
//! The real one picks at random among what is ready. Here a scenario says from which end to look, and is
//! explored for both.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use shuttle::thread;

use crate::sync::{Instant, Receiver};

shuttle::lazy_static! {
    // A scenario sets it before there is a second thread.
    static ref BACKWARDS: AtomicBool = AtomicBool::new(false);
}

pub(crate) fn look_backwards(yes: bool) {
    BACKWARDS.store(yes, SeqCst);
}

pub(crate) enum First<W, A, E> {
    Word(W),
    Answered(A),
    Event(E),
    Time,
    Gone,
}

/// Looks into one place after the other, and sleeps if there is nothing in any.
pub(crate) fn first<W, A, E>(
    stopped: &Receiver<()>,
    words: &Receiver<W>,
    answered: &Receiver<A>,
    events: &Receiver<E>,
    deadline: Option<Instant>,
) -> First<W, A, E> {
    let look = |place| match place {
        0 => stopped.look_or_wakes().map(|_| First::Gone),
        1 => words.look_or_wakes().map(|it| it.map_or(First::Gone, First::Word)),
        2 => answered.look_or_wakes().map(|it| it.map_or(First::Gone, First::Answered)),
        3 => events.look_or_wakes().map(|it| it.map_or(First::Gone, First::Event)),
        _ => deadline.is_some_and(Instant::is_due_or_wakes).then_some(First::Time),
    };
    loop {
        let backwards = BACKWARDS.load(SeqCst);
        if let Some(found) = (0..5).find_map(|turn| look(if backwards { 4 - turn } else { turn })) {
            return found;
        }
        thread::park();
    }
}
