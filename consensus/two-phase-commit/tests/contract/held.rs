//! A link that a test holds in its hand: what was sent waits until the test delivers it.

use std::sync::{Arc, Condvar, Mutex};

use two_phase_commit::ParticipantId;
use two_phase_commit::message::{Answers, Link, Reply, Request, Said};

#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) to: ParticipantId,
    pub(crate) request: Request,
    pub(crate) answers: Answers,
}

#[derive(Clone, Default)]
pub(crate) struct Held(Arc<(Mutex<Vec<Sent>>, Condvar)>);

impl Held {
    /// Waits until so many were sent, and takes them.
    pub(crate) fn take(&self, count: usize) -> Vec<Sent> {
        let (sent, came) = &*self.0;
        let sent = sent.lock().unwrap();
        let mut sent = came.wait_while(sent, |sent| sent.len() < count).unwrap();
        sent.drain(..count).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.0.lock().unwrap().len()
    }
}

impl Link for Held {
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
        let (sent, came) = &*self.0;
        sent.lock().unwrap().push(Sent { to, request, answers: answers.clone() });
        came.notify_all();
    }
}

impl Sent {
    pub(crate) fn answer(&self, said: Said) {
        self.answers.put(Reply { tx: self.request.tx, from: self.to, store: 1, said });
    }
}
