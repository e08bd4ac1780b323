//! A node whose rules stand behind one mutex, in the structure that a well-known advice to students of
//! Raft asks for: a thread for each thing that waits, and nobody holds the lock while it waits for a
//! network, a disk or the machine.
//!
//! | thread | waits for | then, with the lock released |
//! |---|---|---|
//! | ticker | the deadline, or a short while | |
//! | two replicators for each peer | something to send | sends it, and waits for the reply |
//! | disk, unless it is instant | something to save | writes all there is |
//! | applier | something committed | has the machine do it |
//!
//! The second replicator sends heartbeats, while the first waits for a reply that rests on a slow disk.
//! Who brings a message or a command does its work under the lock. Dropping the node stops it.
//!
//! It needs all of the rules.
//!
//! Take along: `lock.rs`, `lock/slot.rs`, `lock/threads.rs`, `bytes.rs`, `config.rs`, `core.rs`,
//! `core/candidate.rs`, `core/change.rs`, `core/follower.rs`, `core/leader.rs`, `core/outcomes.rs`,
//! `core/reads.rs`, `core/role.rs`, `desk.rs`, `desk/job.rs`, `desk/words.rs`, `desk/writer.rs`,
//! `log.rs`, `membership.rs`, `membership/bytes.rs`, `message.rs`, `message/bytes.rs`, `node.rs`,
//! `progress.rs`, `quorum.rs`, `rng.rs`, `saves.rs`, `session.rs`, `stored.rs`, `sync.rs`,
//! `types.rs`.

mod slot;
mod threads;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::core::{ChangeRefused, TransferError};
use crate::desk::{self, Desk, Done, Words, Writer};
use crate::membership::Change;
use crate::message::{Reply, Request};
use crate::node::{Answerer, Disk, Found, Machine, Network, ProposeError, ReadError, Status};
use crate::sync::{Arc, Condvar, Instant, JoinHandle, Mutex, MutexGuard, thread};
use crate::types::NodeId;

use slot::Slot;

/// One node that runs.
pub struct Node<M: Machine> {
    shared: Arc<Shared<M>>,
    /// All but the replicators, which the ticker starts and joins.
    threads: Vec<JoinHandle<()>>,
}

/// A command that is on its way. Dropping it changes nothing: the command goes on.
#[must_use = "until `wait` returns, nobody knows what became of the command"]
pub struct Pending<A>(Arc<Slot<Result<A, ProposeError>>>);

struct Shared<M: Machine> {
    state: Mutex<State<M>>,
    ticker: Condvar,
    disk: Condvar,
    applier: Condvar,
    /// Time begins here.
    start: Instant,
    config: Config,
}

struct State<M: Machine> {
    desk: Desk<M>,
    /// Two for each peer that was ever seen.
    replicators: BTreeMap<(NodeId, Lane), Replicator>,
    /// A disk that is instant, unless somebody writes just now.
    instant: Option<Writer>,
    /// Whether it sleeps: nobody else is woken.
    disk_sleeps: bool,
    applier_sleeps: bool,
}

/// What a replicator sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// Whatever there is.
    All,
    /// What the peer can answer without its disk, while the other one waits.
    Beats,
}

/// What is known of a replicator.
struct Replicator {
    work: Arc<Condvar>,
    sleeps: bool,
    /// The reply that it waits for.
    call: Option<Arc<Slot<Option<Reply>>>>,
}

impl<M: Machine> Node<M> {
    /// Starts a node with what its disk held.
    ///
    /// # Errors
    ///
    /// When the configuration makes no sense, and when no log can be what the disk held.
    pub fn start(
        config: Config,
        found: Found,
        machine: M,
        disk: impl Disk,
        network: Arc<dyn Network>,
    ) -> Result<Self, ConfigError> {
        let writer = Writer::new(disk);
        let (instant, waiting) =
            if writer.is_instant() { (Some(writer), None) } else { (None, Some(writer)) };
        let state = State {
            desk: Desk::new(config.clone(), found)?,
            replicators: BTreeMap::new(),
            instant,
            disk_sleeps: false,
            applier_sleeps: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            ticker: Condvar::new(),
            disk: Condvar::new(),
            applier: Condvar::new(),
            start: Instant::now(),
            config,
        });
        let [tick, write, apply] = [(); 3].map(|()| Arc::clone(&shared));
        let mut threads = vec![
            thread::spawn(move || tick.tick(&network)),
            thread::spawn(move || apply.apply(machine)),
        ];
        threads.extend(waiting.map(|writer| thread::spawn(move || write.write(writer))));
        Ok(Self { shared, threads })
    }

    /// Proposes a command, and waits until it is applied here.
    ///
    /// # Errors
    ///
    /// When it was not taken, when another is committed in its place, and when nobody can say.
    pub fn propose(&self, command: impl Into<Arc<[u8]>>) -> Result<M::Answer, ProposeError> {
        self.submit(command).wait()
    }

    /// Proposes a command.
    pub fn submit(&self, command: impl Into<Arc<[u8]>>) -> Pending<M::Answer> {
        let (filler, slot) = Slot::new();
        let done = Box::new(|answer| filler.fill(answer));
        self.shared.propose(command.into(), done);
        Pending(slot)
    }

    /// Reads what every command did that was answered before this call.
    ///
    /// # Errors
    ///
    /// When this node does not lead, or leads no longer.
    ///
    /// # Panics
    ///
    /// When `read` does.
    pub fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&M) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        let (filler, slot) = Slot::new();
        let query = desk::query(read, move |what| filler.fill(what));
        self.shared.with(|desk, now, words| desk.query(now, query, words));
        desk::what_was_read(slot.wait())
    }

    /// Reads what is applied here, however old it is.
    ///
    /// # Errors
    ///
    /// When the node has stopped.
    ///
    /// # Panics
    ///
    /// When `read` does.
    pub fn read_stale<R: Send + 'static>(
        &self,
        read: impl FnOnce(&M) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        let (filler, slot) = Slot::new();
        let query = desk::query(read, move |what| filler.fill(what));
        self.shared.with(|desk, _, _| desk.query_stale(query));
        desk::what_was_read(slot.wait())
    }

    /// Changes who takes part, and waits until that is committed. Several voters at once go through a
    /// joint membership, which is left some time after.
    ///
    /// # Errors
    ///
    /// When it is refused, and when nobody can say what became of it.
    pub fn change(&self, changes: &[Change]) -> Result<Result<(), ProposeError>, ChangeRefused> {
        let (filler, slot) = Slot::new();
        let done = Box::new(|answer| filler.fill(answer));
        self.shared.with(|desk, now, _| desk.change(now, changes, done))?;
        Ok(slot.wait().unwrap_or(Err(ProposeError::Unknown)))
    }

    /// Hands the lead over. It does not wait until that is done.
    ///
    /// # Errors
    ///
    /// When this node does not lead, when it hands over already, and when `to` is no other voter.
    pub fn transfer(&self, to: NodeId) -> Result<(), TransferError> {
        self.shared.with(|desk, now, _| desk.transfer(now, to))
    }

    /// A request of another node has come. Its answer goes to `answer` when it may; `answer` is
    /// dropped if no node could have sent the request.
    pub fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
        self.shared.with(|desk, now, _| desk.serve(now, from, request, answer));
    }

    /// A connection to a peer is up; its number is greater than those before it.
    pub fn link_up(&self, peer: NodeId, epoch: u64) {
        self.shared.with(|desk, _, _| desk.link_up(peer, epoch));
    }

    /// A connection to a peer is gone.
    pub fn link_down(&self, peer: NodeId) {
        self.shared.with(|desk, _, _| desk.core.link_down(peer));
    }

    /// What it is, and how far; `None` if it has stopped.
    pub fn status(&self) -> Option<Status> {
        let state = self.shared.state.lock();
        (!state.desk.is_closed()).then(|| state.desk.status())
    }

    /// Takes nothing more. Whoever waits is told that nobody knows.
    pub fn close(&self) {
        self.shared.stop();
    }

    /// Closes, and waits for the threads to end.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.stop();
        for thread in self.threads.drain(..) {
            // A panic of the machine or the disk has stopped the node, and was printed.
            let _ = thread.join();
        }
    }
}

impl<A> Pending<A> {
    /// Waits until the command is applied here, and gives the machine's answer.
    ///
    /// # Errors
    ///
    /// When it was not taken, when another is committed in its place, and when nobody can say.
    pub fn wait(self) -> Result<A, ProposeError> {
        self.0.wait().unwrap_or(Err(ProposeError::Unknown))
    }

    /// As [`wait`](Self::wait), but no longer than this.
    ///
    /// # Errors
    ///
    /// Gives itself back when the time is up first: the command may still be applied.
    pub fn wait_timeout(self, timeout: Duration) -> Result<Result<A, ProposeError>, Self> {
        match self.0.wait_timeout(timeout) {
            Ok(answer) => Ok(answer.unwrap_or(Err(ProposeError::Unknown))),
            Err(slot::TimedOut) => Err(self),
        }
    }
}

impl<M: Machine> Shared<M> {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Does something under the lock, wakes who has something to do now, and says what is to be said
    /// when the lock is released.
    fn with<R>(&self, act: impl FnOnce(&mut Desk<M>, Duration, &mut Words) -> R) -> R {
        let mut words = Words::new();
        let result = {
            let mut state = self.state.lock();
            let result = act(&mut state.desk, self.now(), &mut words);
            self.settle(&mut state, &mut words);
            result
        };
        words.out();
        result
    }

    /// As `with`, but quicker: unless the own disk is enough, nothing comes of a command before a peer
    /// has answered, and who brings the answer settles what there is.
    fn propose(&self, command: Arc<[u8]>, done: Done<M::Answer>) {
        let mut words = Words::new();
        {
            let mut state = self.state.lock();
            state.desk.propose(command, done, &mut words);
            if state.desk.is_enough_alone() {
                self.settle(&mut state, &mut words);
            } else {
                self.wake(&mut state);
            }
        }
        words.out();
    }

    fn settle(&self, state: &mut MutexGuard<'_, State<M>>, words: &mut Words) {
        // First of all: the applier must find whom to tell beside what is committed.
        state.desk.settle(words);
        self.write_at_once(state, words);
        self.wake(state);
    }

    /// Those who sleep and have something to do.
    fn wake(&self, state: &mut State<M>) {
        let State { desk, replicators, disk_sleeps, applier_sleeps, .. } = state;
        if *disk_sleeps && desk.has_work() {
            *disk_sleeps = false;
            self.disk.notify_one();
        }
        if *applier_sleeps && desk.has_job() {
            *applier_sleeps = false;
            self.applier.notify_one();
        }
        // Both lanes of a peer follow each other here: the second is woken if the first is busy.
        let mut woken = None;
        for ((peer, lane), replicator) in replicators {
            let has_work = || match lane {
                Lane::All => desk.has_for(*peer),
                Lane::Beats => woken != Some(*peer) && desk.has_beat_for(*peer),
            };
            if replicator.sleeps && has_work() {
                replicator.sleeps = false;
                replicator.work.notify_one();
                woken = Some(*peer);
            }
        }
    }

    fn stop(&self) {
        let mut words = Words::new();
        self.close(&mut self.state.lock(), &mut words);
        words.out();
    }

    fn close(&self, state: &mut State<M>, words: &mut Words) {
        state.desk.close(words);
        for replicator in state.replicators.values() {
            replicator.work.notify_one();
            replicator.call.iter().for_each(|call| call.give_up());
        }
        self.ticker.notify_one();
        self.disk.notify_one();
        self.applier.notify_one();
    }
}

impl<M: Machine> Drop for Node<M> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<M: Machine> fmt::Debug for Node<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("id", &self.shared.config.id()).finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for Pending<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
