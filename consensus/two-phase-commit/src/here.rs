//! A link to participants in the same process: each has an inbox, and threads that empty it.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};

use crate::message::{Answers, Link, Reply, Request};
use crate::participant::Participant;
use crate::store::Store;
use crate::types::ParticipantId;

/// Whoever can do what a coordinator wants. A [`Participant`] can.
pub trait Handle: Send + Sync {
    /// The answer, if there is one.
    fn handle(&self, request: Request) -> Option<Reply>;
}

impl<S: Store> Handle for Participant<S> {
    fn handle(&self, request: Request) -> Option<Reply> {
        Self::handle(self, request)
    }
}

/// The link. When it drops, the threads end with the request they have.
#[derive(Default)]
pub struct Here {
    inboxes: BTreeMap<ParticipantId, Sender<(Request, Answers)>>,
    threads: Vec<JoinHandle<()>>,
}

/// How many requests wait for a participant. One that hangs must not fill the memory.
const ROOM: usize = 16_384;

impl Here {
    /// Nobody is there yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// This one is there too, and does so much at once. A participant does each request on the thread that
    /// brings it and waits for its disk there, so this many requests can share an fsync.
    #[must_use]
    pub fn with(
        mut self,
        id: ParticipantId,
        participant: &Arc<impl Handle + 'static>,
        threads: usize,
    ) -> Self {
        let (inbox, requests) = bounded::<(Request, Answers)>(ROOM);
        for _ in 0..threads.max(1) {
            let (participant, requests) = (Arc::clone(participant), requests.clone());
            self.threads.push(thread::spawn(move || {
                for (request, answers) in requests {
                    let tx = request.tx;
                    // A store that panics has not answered; the thread is there for the next request.
                    let handle = AssertUnwindSafe(|| participant.handle(request));
                    match catch_unwind(handle) {
                        Ok(Some(reply)) => answers.put(reply),
                        Ok(None) => {}
                        Err(_) => tracing::error!(%tx, participant = id, "the store panicked"),
                    }
                }
            }));
        }
        self.inboxes.insert(id, inbox);
        self
    }
}

impl Link for Here {
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
        if let Some(inbox) = self.inboxes.get(&to) {
            let tx = request.tx;
            if inbox.try_send((request, answers.clone())).is_err() {
                tracing::warn!(%tx, participant = to, "too much to do; a request is lost");
            }
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.inboxes.clear();
        let own = thread::current().id();
        for thread in self.threads.drain(..).filter(|it| it.thread().id() != own) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").field("participants", &self.inboxes.keys()).finish_non_exhaustive()
    }
}
