//! A node whose rules have one owner: a thread with an inbox. Whatever happens is a message to it; disk
//! and machine have threads of their own, which it hands work by channel, one piece at a time, and
//! which tell it when it is done.
//!
//! | channel | from | when it is full |
//! |---|---|---|
//! | inbox | callers and other nodes | callers wait, messages of others are lost |
//! | replies | the network | lost: the rules ask again |
//! | words | disk and machine | never: each has one piece of work at a time |
//!
//! The owner waits for nothing but its channels. Dropping the node stops it.
//!
//! It needs all of the rules.
//!
//! Take along: `channel.rs`, `channel/inbox.rs`, `channel/owner.rs`, `channel/workers.rs`,
//! `bytes.rs`, `config.rs`, `core.rs`, `core/candidate.rs`, `core/change.rs`, `core/follower.rs`,
//! `core/leader.rs`, `core/outcomes.rs`, `core/reads.rs`, `core/role.rs`, `desk.rs`, `desk/job.rs`,
//! `desk/words.rs`, `desk/writer.rs`, `log.rs`, `membership.rs`, `membership/bytes.rs`,
//! `message.rs`, `message/bytes.rs`, `node.rs`, `progress.rs`, `quorum.rs`, `rng.rs`, `saves.rs`,
//! `select.rs`, `session.rs`, `stored.rs`, `sync.rs`, `types.rs`.

mod inbox;
mod owner;
mod workers;

use std::fmt;
use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::core::{ChangeRefused, Dropped, TransferError, Why};
use crate::desk::{self, Desk, Done, Query};
use crate::membership::Change;
use crate::message::{Context, Reply, Request};
use crate::node::{Answerer, Disk, Found, Machine, Network, ProposeError, ReadError, Status};
use crate::sync::{Arc, JoinHandle, Mutex, Receiver, RecvTimeoutError, Sender, bounded, thread};
use crate::types::NodeId;

use inbox::Inbox;
use owner::Owner;

/// How many events wait for the owner.
const INBOX: usize = 1024;
/// How many replies do: a window of messages for each of 16 peers.
const REPLIES: usize = 1024;

/// One node that runs.
pub struct Node<M: Machine> {
    id: NodeId,
    inbox: Inbox<M>,
    /// Nothing is ever sent. The owner stops when it is dropped.
    running: Mutex<Option<Sender<()>>>,
    owner: Option<JoinHandle<()>>,
}

/// A command that is on its way. Dropping it changes nothing: the command goes on.
#[must_use = "until `wait` returns, nobody knows what became of the command"]
pub struct Pending<A>(Receiver<Result<A, ProposeError>>);

/// What a caller or another node wants.
enum Event<M: Machine> {
    Submit(Arc<[u8]>, Done<M::Answer>),
    Query(Query<M>),
    Stale(Query<M>),
    Change(Vec<Change>, Told<()>, Sender<Result<(), ChangeRefused>>),
    Transfer(NodeId, Sender<Result<(), TransferError>>),
    Serve(NodeId, Request, Answerer),
    Link(NodeId, Option<u64>),
    Status(Sender<Status>),
}

type Told<A> = Box<dyn FnOnce(Result<A, ProposeError>) + Send>;

/// The answer to a request of ours, or that none will come.
type Answered = (NodeId, Context, Option<Reply>);

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
        let id = config.id();
        let desk = Desk::new(config, found)?;
        let (inbox, events) = Inbox::new(INBOX);
        let (running, stopped) = bounded(0);
        let owner = Owner::new(desk, events, stopped, network, machine, disk);
        let owner = Some(thread::spawn(move || owner.run()));
        Ok(Self { id, inbox, running: Mutex::new(Some(running)), owner })
    }

    /// Proposes a command, and waits until it is applied here.
    ///
    /// # Errors
    ///
    /// When it was not taken, when another is committed in its place, and when nobody can say.
    pub fn propose(&self, command: impl Into<Arc<[u8]>>) -> Result<M::Answer, ProposeError> {
        self.submit(command).wait()
    }

    /// Proposes a command. Waits while the inbox is full.
    pub fn submit(&self, command: impl Into<Arc<[u8]>>) -> Pending<M::Answer> {
        let (tell, told) = bounded(1);
        // Whoever proposed it may have gone.
        let done: Done<_> = Box::new(move |answer| _ = tell.try_send(answer));
        if let Err(event) = self.inbox.send(Event::Submit(command.into(), done)) {
            event.refuse();
        }
        Pending(told)
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
        let (tell, told) = bounded(1);
        let query = desk::query(read, move |what| _ = tell.try_send(what));
        let _ = self.inbox.send(Event::Query(query));
        desk::what_was_read(told.recv().ok())
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
        let (tell, told) = bounded(1);
        let query = desk::query(read, move |what| _ = tell.try_send(what));
        let _ = self.inbox.send(Event::Stale(query));
        desk::what_was_read(told.recv().ok())
    }

    /// Changes who takes part, and waits until that is committed. Several voters at once go through a
    /// joint membership, which is left some time after.
    ///
    /// # Errors
    ///
    /// When it is refused, and when nobody can say what became of it.
    pub fn change(&self, changes: &[Change]) -> Result<Result<(), ProposeError>, ChangeRefused> {
        let (tell, told) = bounded(1);
        let (refuse, refused) = bounded(1);
        let done = Box::new(move |answer| _ = tell.try_send(answer));
        let _ = self.inbox.send(Event::Change(changes.to_vec(), done, refuse));
        refused.recv().unwrap_or(Err(ChangeRefused::NotLeader { leader: None }))?;
        Ok(told.recv().unwrap_or(Err(ProposeError::Unknown)))
    }

    /// Hands the lead over. It does not wait until that is done.
    ///
    /// # Errors
    ///
    /// When this node does not lead, when it hands over already, and when `to` is no other voter.
    pub fn transfer(&self, to: NodeId) -> Result<(), TransferError> {
        let (refuse, refused) = bounded(1);
        let _ = self.inbox.send(Event::Transfer(to, refuse));
        refused.recv().unwrap_or(Err(TransferError::NotLeader { leader: None }))
    }

    /// A request of another node has come. Its answer goes to `answer` when it may; `answer` is
    /// dropped if there is no room, and if no node could have sent the request.
    pub fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
        self.inbox.offer(Event::Serve(from, request, answer));
    }

    /// A connection to a peer is up; its number is greater than those before it.
    pub fn link_up(&self, peer: NodeId, epoch: u64) {
        let _ = self.inbox.send(Event::Link(peer, Some(epoch)));
    }

    /// A connection to a peer is gone.
    pub fn link_down(&self, peer: NodeId) {
        let _ = self.inbox.send(Event::Link(peer, None));
    }

    /// What it is, and how far; `None` if it has stopped.
    pub fn status(&self) -> Option<Status> {
        let (tell, told) = bounded(1);
        let _ = self.inbox.send(Event::Status(tell));
        told.recv().ok()
    }

    /// Takes nothing more. Whoever waits is told that nobody knows.
    pub fn close(&self) {
        self.running.lock().take();
    }

    /// Closes, and waits for the threads to end.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.close();
        if let Some(owner) = self.owner.take() {
            // A panic was printed, and has dropped all channels.
            let _ = owner.join();
        }
    }
}

impl<M: Machine> Event<M> {
    /// Nobody has taken it, and nobody will. What is dropped tells its sender.
    fn refuse(self) {
        if let Self::Submit(command, done) = self {
            done(Err(Dropped { command, why: Why::Stopped }.into()));
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
        self.0.recv().unwrap_or(Err(ProposeError::Unknown))
    }

    /// As [`wait`](Self::wait), but no longer than this.
    ///
    /// # Errors
    ///
    /// Gives itself back when the time is up first: the command may still be applied.
    pub fn wait_timeout(self, timeout: Duration) -> Result<Result<A, ProposeError>, Self> {
        match self.0.recv_timeout(timeout) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Disconnected) => Ok(Err(ProposeError::Unknown)),
            Err(RecvTimeoutError::Timeout) => Err(self),
        }
    }
}

impl<M: Machine> Drop for Node<M> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<M: Machine> fmt::Debug for Node<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for Pending<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
