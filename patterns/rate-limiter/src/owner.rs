//! The owner behind the channel variant: one thread that alone knows all keys, their buckets and
//! their lines, and takes one message at a time. It has no timer and reads no clock: each message
//! says what time it is, and whoever is first in line comes back when its turn is there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
use std::time::Duration;

use super::desk::{Answer, Desk, Request};
use super::foreign::each;
use super::keys::Table;
use super::quota::Quota;
use super::sync::{Receiver, SPINS, SyncSender};
use super::wait::Closed;

/// What callers send. Each waits for its answer; a question that is dropped unanswered met a panic
/// in foreign code: the `Eq` of a key, or a waker.
pub(crate) enum Message<K> {
    /// A request to the desk of a key.
    Ask {
        hash: u64,
        key: K,
        now: u64,
        request: Request,
        answer: SyncSender<Result<Answer, Closed>>,
    },
    /// Nobody gets anything from now on.
    Close { answer: SyncSender<()> },
    /// Drops what is idle.
    DropIdle { now: u64, answer: SyncSender<()> },
    /// How things stand: all keys, and this one.
    Look { hash: u64, key: Option<K>, now: u64, answer: SyncSender<Status> },
}

/// How things stood when the owner looked.
#[derive(Default)]
pub(crate) struct Status {
    pub(crate) closed: bool,
    pub(crate) keys: usize,
    pub(crate) available: u64,
    pub(crate) waiting: usize,
}

/// Waits for what comes; `None` when nothing will. Looks for a while before it sleeps, because to be
/// woken costs more than most of what is waited for.
pub(crate) fn receive<T>(from: &Receiver<T>) -> Option<T> {
    for _ in 0..SPINS {
        if let Ok(message) = from.try_recv() {
            return Some(message);
        }
        std::hint::spin_loop();
    }
    from.recv().ok()
}

/// The owner of everything.
pub(crate) struct Owner<K> {
    inbox: Receiver<Message<K>>,
    quota: Quota,
    /// None once closed.
    keys: Option<Table<K, Desk>>,
    sweep_at: u64,
}

impl<K: Eq> Owner<K> {
    pub(crate) fn new(inbox: Receiver<Message<K>>, quota: Quota) -> Self {
        Self { inbox, quota, keys: Some(Table::new()), sweep_at: 0 }
    }

    /// Works until nobody is left who could send.
    pub(crate) fn run(mut self) {
        while let Some(message) = receive(&self.inbox) {
            // Whoever asked is told by its question being dropped. Nothing is half done: foreign
            // code runs before or after the desk is at work.
            let _ = catch_unwind(AssertUnwindSafe(|| self.handle(message)));
        }
    }

    fn handle(&mut self, message: Message<K>) {
        match message {
            Message::Ask { hash, key, now, request, answer } => {
                let _ = answer.send(self.ask(hash, key, now, request));
                self.sweep_in_passing(now);
            }
            Message::Close { answer } => {
                let keys = self.keys.take().into_iter().flat_map(Table::into_iter);
                each(keys, |(_key, desk)| each(desk.dismiss(), Waker::wake));
                let _ = answer.send(());
            }
            Message::DropIdle { now, answer } => {
                self.sweep(now);
                let _ = answer.send(());
            }
            Message::Look { hash, key, now, answer } => {
                let _ = answer.send(self.status(hash, key.as_ref(), now));
            }
        }
    }

    // ANCHOR: ask
    /// Whoever is to be woken is woken before the answer is sent. So when a call returns, all that
    /// follows from it has happened, and a test's paused clock does not run ahead of it.
    fn ask(&mut self, hash: u64, key: K, now: u64, request: Request) -> Result<Answer, Closed> {
        let keys = self.keys.as_mut().ok_or(Closed)?;
        let outcome = match keys.find_mut(hash, &key) {
            Some(desk) => desk.handle(&self.quota, now, request),
            None => keys.add(hash, key, Desk::new).handle(&self.quota, now, request),
        };
        Ok(outcome.finish())
    }
    // ANCHOR_END: ask

    /// As often as the slowest bucket has time to fill, but not more often than every second.
    fn sweep_in_passing(&mut self, now: u64) {
        if now >= self.sweep_at {
            let second = self.quota.parts_of(Duration::from_secs(1));
            self.sweep_at = now + self.quota.capacity().max(second);
            self.sweep(now);
        }
    }

    fn sweep(&mut self, now: u64) {
        let Some(keys) = &mut self.keys else { return };
        each(keys.sweep(now, |desk| desk.is_idle(&self.quota, now)), drop);
    }

    fn status(&self, hash: u64, key: Option<&K>, now: u64) -> Status {
        let Some(keys) = &self.keys else { return Status { closed: true, ..Status::default() } };
        let mut status = Status { keys: keys.len(), ..Status::default() };
        if let Some(desk) = key.and_then(|key| keys.find(hash, key)) {
            status.available = desk.available(&self.quota, now);
            status.waiting = desk.waiting();
        } else {
            status.available = self.quota.burst();
        }
        status
    }
}
