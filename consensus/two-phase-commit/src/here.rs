//! A link to participants in the same process: each has an inbox, and threads that empty it.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::message::{Answers, Link, Reply, Request, What};
use crate::participant::Participant;
use crate::store::Store;
use crate::types::ParticipantId;

/// Whoever can do what a coordinator wants. A [`Participant`] can.
pub trait Handle: Send + Sync {
    /// The answer, if there is one.
    fn handle(&self, request: Request) -> Option<Reply>;

    /// Several, each with its answer in its place.
    fn handle_all(&self, requests: Vec<Request>) -> Vec<Option<Reply>> {
        requests.into_iter().map(|request| self.handle(request)).collect()
    }
}

impl<S: Store> Handle for Participant<S> {
    fn handle(&self, request: Request) -> Option<Reply> {
        Self::handle(self, request)
    }

    fn handle_all(&self, requests: Vec<Request>) -> Vec<Option<Reply>> {
        Self::handle_all(self, requests)
    }
}

/// The link. When it drops, the threads end with the request they have.
#[derive(Default)]
pub struct Here {
    inboxes: BTreeMap<ParticipantId, Sender<Post>>,
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
        self,
        id: ParticipantId,
        participant: &Arc<impl Handle + 'static>,
        threads: usize,
    ) -> Self {
        self.with_many(id, participant, threads, 1)
    }

    /// This one too, and each thread brings it as many requests as have come, but no more than `most`. For
    /// one that makes many safe at the price of one, as a participant around an
    /// [`Embedded`](crate::embedded::Embedded): one thread does for any number of clients then. If it panics,
    /// none of them is answered.
    #[must_use]
    pub fn with_many(
        mut self,
        id: ParticipantId,
        participant: &Arc<impl Handle + 'static>,
        threads: usize,
        most: usize,
    ) -> Self {
        let (inbox, requests) = bounded::<Post>(ROOM);
        for _ in 0..threads.max(1) {
            let (participant, requests) = (Arc::clone(participant), requests.clone());
            self.threads.push(thread::spawn(move || {
                while let Ok(first) = requests.recv() {
                    bring(id, &*participant, gather(first, &requests, most));
                }
            }));
        }
        self.inboxes.insert(id, inbox);
        self
    }
}

/// Nobody waits for the end of a transaction. So an end waits so long for somebody to share the disk with, and
/// does not keep busy for itself what the next one needs.
const MOMENT: Duration = Duration::from_micros(200);

type Post = (Request, Answers);

/// What has come, up to so many.
fn gather(first: Post, inbox: &Receiver<Post>, most: usize) -> (Vec<Request>, Vec<Answers>) {
    let mut all = vec![first];
    let take =
        |all: &mut Vec<Post>| all.extend(inbox.try_iter().take(most.saturating_sub(all.len())));
    take(&mut all);
    let is_end = |(request, _): &Post| matches!(request.what, What::Decide(_));
    if all.len() < most && all.iter().all(is_end) {
        all.extend(inbox.recv_timeout(MOMENT));
        take(&mut all);
    }
    all.into_iter().unzip()
}

fn bring(id: ParticipantId, to: &dyn Handle, (requests, answers): (Vec<Request>, Vec<Answers>)) {
    // A store that panics has not answered; the thread is there for the next requests.
    let handle = AssertUnwindSafe(|| to.handle_all(requests));
    let replies = catch_unwind(handle).unwrap_or_else(|_| {
        tracing::error!(participant = id, "the store panicked");
        Vec::new()
    });
    for (reply, answers) in replies.into_iter().zip(answers) {
        if let Some(reply) = reply {
            answers.put(reply);
        }
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
