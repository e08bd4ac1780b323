//! The outgoing mail of a coordinator.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::coordinator::Counts;
use super::message::{Answers, Link, Request, What};
use super::sync::{AtomicU64, Ordering};
use super::types::{LogId, ParticipantId, Tx};

pub(crate) struct Post {
    link: Box<dyn Link>,
    log: LogId,
    sent: AtomicU64,
    heard: AtomicU64,
    forced: AtomicU64,
}

impl Post {
    pub(crate) fn new(link: impl Link + 'static, log: LogId) -> Self {
        let zero = || AtomicU64::new(0);
        Self { link: Box::new(link), log, sent: zero(), heard: zero(), forced: zero() }
    }

    /// A link that panics has lost the message; nothing else is lost with it.
    pub(crate) fn send(&self, to: ParticipantId, tx: Tx, mark: Tx, what: What, answers: &Answers) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let request = Request { tx, log: self.log, mark, what };
        let carry = AssertUnwindSafe(|| self.link.send(to, request, answers));
        if catch_unwind(carry).is_err() {
            tracing::error!(%tx, to, "the link panicked; the message is lost");
        }
    }

    pub(crate) fn heard(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn forced(&self, records: u64) {
        self.forced.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts { sent: read(&self.sent), heard: read(&self.heard), forced: read(&self.forced) }
    }
}
