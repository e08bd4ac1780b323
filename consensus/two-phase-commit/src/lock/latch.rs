//! Where a client waits for the votes.

use crate::message::Reply;
use crate::round::{End, Round};
use crate::sync::{Condvar, Instant, Mutex};

/// Opens when the last vote has come, or the first no. The time-out and the last vote may come at once:
/// whichever has the lock first is the end, for both.
#[derive(Debug)]
pub(super) struct Latch {
    round: Mutex<Round>,
    opened: Condvar,
}

impl Latch {
    pub(super) fn new(round: Round) -> Self {
        Self { round: Mutex::new(round), opened: Condvar::new() }
    }

    pub(super) fn hear(&self, reply: &Reply) {
        if self.round.lock().hear(reply) {
            self.opened.notify_one();
        }
    }

    /// The coordinator is closed.
    pub(super) fn close(&self) {
        self.round.lock().give_up(true);
        self.opened.notify_one();
    }

    pub(super) fn wait_until(&self, deadline: Instant) -> End {
        let mut round = self.round.lock();
        loop {
            if let Round::Over(end) = &*round {
                return end.clone();
            }
            if self.opened.wait_until(&mut round, deadline).timed_out() {
                round.give_up(false);
            }
        }
    }
}
