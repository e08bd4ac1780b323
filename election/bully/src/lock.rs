//! Bully with the rules behind a mutex: whoever brings a message does its work under the lock, and
//! one thread waits for the deadline, saves and sends, each with the lock released. Dropping the
//! node stops the thread.
//!
//! Take along: `lock.rs`, `config.rs`, `core.rs`, `core/claim.rs`, `core/receive.rs`, `error.rs`,
//! `message.rs`, `sync.rs`.
//!
//! The same text stands in `election/ring/src/lock.rs`, because a recipe depends on no sibling; a
//! test compares the two.

use std::fmt;
use std::time::Duration;

use super::config::Config;
use super::core::Core;
use super::error::{DeliverError, Panicked};
use super::message::{Message, NodeId, Stored, Token};
use super::sync::{Arc, Condvar, Instant, JoinHandle, Mutex, MutexGuard, ROOM, thread};

/// One node that runs.
pub struct Node {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// There is something to save or to send, the deadline moved, or it is time to stop.
    work: Condvar,
    /// The leader changed.
    change: Condvar,
    start: Instant,
}

struct State {
    core: Core,
    /// While there are [`ROOM`] of them or more, no message is taken in.
    outbox: Vec<(NodeId, Message)>,
    /// As the waiters were told.
    leader: Option<Token>,
    stopped: bool,
}

impl Node {
    /// Starts a node with what its disk holds, and an election. `send` sends a message to another
    /// node; it may lose it and should not wait. `save` returns when its argument is safe.
    ///
    /// # Panics
    ///
    /// When the disk holds an epoch that no count of elections reaches.
    pub fn start(
        config: Config,
        stored: Stored,
        send: impl FnMut(NodeId, Message) + Send + 'static,
        save: impl FnMut(Stored) + Send + 'static,
    ) -> Self {
        let mut core = Core::new(config, stored);
        core.start(Duration::ZERO);
        let state = State { core, outbox: Vec::new(), leader: None, stopped: false };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            work: Condvar::new(),
            change: Condvar::new(),
            start: Instant::now(),
        });
        let theirs = Arc::clone(&shared);
        Self { shared, thread: Some(thread::spawn(move || theirs.run(send, save))) }
    }

    /// Hands over a message that came for this node. Never waits but for the lock, which is never
    /// held while something is sent or saved.
    ///
    /// # Errors
    ///
    /// When there is no room, and when the node has stopped: the message comes back.
    pub fn deliver(&self, from: NodeId, message: Message) -> Result<(), DeliverError> {
        let mut state = self.shared.state.lock();
        if state.stopped {
            return Err(DeliverError::Closed(message));
        }
        if state.outbox.len() >= ROOM {
            return Err(DeliverError::Full(message));
        }
        let now = self.shared.start.elapsed();
        state.core.receive(now, from, message);
        self.shared.settle(&mut state);
        Ok(())
    }

    /// Who leads, as far as this node knows. `None` while it does not know, and when it has stopped.
    pub fn leader(&self) -> Option<Token> {
        self.shared.state.lock().leader
    }

    /// Waits until the leader is not the `known` one any more, but no longer than `timeout`; says
    /// who leads then.
    pub fn wait_change(&self, known: Option<Token>, timeout: Duration) -> Option<Token> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.shared.state.lock();
        while state.leader == known && !state.stopped {
            let change = &self.shared.change;
            match deadline {
                Some(end) if change.wait_until(&mut state, end).timed_out() => break,
                Some(_) => {}
                None => change.wait(&mut state),
            }
        }
        state.leader
    }

    /// Starts an election.
    pub fn elect(&self) {
        let mut state = self.shared.state.lock();
        state.core.elect(self.shared.start.elapsed());
        self.shared.settle(&mut state);
    }

    /// A resource refused this node's token, for it has seen this epoch.
    pub fn outbid(&self, epoch: u64) {
        let mut state = self.shared.state.lock();
        state.core.outbid(self.shared.start.elapsed(), epoch);
        self.shared.settle(&mut state);
    }

    /// Stops the node and waits for its thread.
    ///
    /// # Errors
    ///
    /// When `send` or `save` panicked: then it had stopped before.
    pub fn shutdown(mut self) -> Result<(), Panicked> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), Panicked> {
        self.shared.stop();
        self.thread.take().map_or(Ok(()), |thread| thread.join().map_err(|_| Panicked))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("leader", &self.leader()).finish_non_exhaustive()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // A panic was reported by the thread itself.
        let _ = self.stop();
    }
}

/// However the thread ends, nobody waits for it any more.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Shared {
    // ANCHOR: run
    fn run(self: Arc<Self>, mut send: impl FnMut(NodeId, Message), mut save: impl FnMut(Stored)) {
        // Dropped after the guard, which it would wait for.
        let _ended = Ended(Arc::clone(&self));
        let mut state = self.state.lock();
        while !state.stopped {
            // First, so that no flood keeps the deadline waiting.
            state.core.tick(self.start.elapsed());
            if let Some((number, stored)) = state.core.take_save() {
                MutexGuard::unlocked(&mut state, || save(stored));
                state.core.saved(self.start.elapsed(), number);
                self.settle(&mut state);
                continue;
            }
            self.settle(&mut state);
            if state.outbox.is_empty() {
                self.wait(&mut state);
                continue;
            }
            let batch = std::mem::take(&mut state.outbox);
            MutexGuard::unlocked(&mut state, || {
                for (to, message) in batch {
                    send(to, message);
                }
            });
        }
    }
    // ANCHOR_END: run

    fn wait(&self, state: &mut MutexGuard<'_, State>) {
        match state.core.deadline() {
            Some(deadline) => _ = self.work.wait_until(state, self.start + deadline),
            None => self.work.wait(state),
        }
    }

    /// After each change of the core: collects what is to be sent, and wakes who waits for it.
    fn settle(&self, state: &mut State) {
        state.outbox.extend(state.core.take_messages());
        self.work.notify_one();
        let leader = state.core.leader();
        if state.leader != leader && !state.stopped {
            state.leader = leader;
            self.change.notify_all();
        }
    }

    fn stop(&self) {
        let mut state = self.state.lock();
        (state.stopped, state.leader) = (true, None);
        self.work.notify_one();
        self.change.notify_all();
    }
}
