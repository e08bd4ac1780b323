//! What both runtimes need from outside, and what their callers get.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::core::{Dropped, RoleName};
use crate::membership::Membership;
use crate::message::{Reply, Request};
use crate::saves::Save;
use crate::stored::Stored;
use crate::types::{Index, NodeId, Position, Snapshot, Term};

/// What is replicated: it does the same commands in the same order on every node.
pub trait Machine: Send + 'static {
    /// What a command gives to whoever proposed it.
    type Answer: Send + 'static;

    /// Does a committed command. Called once for each, in order, by one thread and under no lock.
    fn apply(&mut self, index: Index, command: &[u8]) -> Self::Answer;

    /// All that it knows.
    fn snapshot(&self) -> Vec<u8>;

    /// Knows this now, and nothing else.
    fn restore(&mut self, snapshot: &[u8]);
}

/// Where a node keeps what it must not forget. One thread calls it at a time. An error ends the node:
/// nobody knows what is on the disk then.
pub trait Disk: Send + 'static {
    /// Writes saves, in order, and returns when all are safe.
    ///
    /// # Errors
    ///
    /// When one of them may not be safe.
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()>;

    /// Keeps a snapshot of the own machine, in place of the entries that it holds.
    ///
    /// # Errors
    ///
    /// When it may not be safe.
    fn keep(&mut self, snapshot: &Snapshot, bytes: &[u8]) -> io::Result<()>;

    /// Whether it waits for nothing, because it is in memory: then no thread of its own writes, but
    /// whoever has something to write, one at a time and under no lock. Asked once.
    fn is_instant(&self) -> bool {
        false
    }
}

/// What a disk held when the node was started; the default is an empty disk.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Term, vote, log.
    pub stored: Stored,
    /// The bytes of its snapshot.
    pub snapshot: Vec<u8>,
}

/// The way to the other nodes.
pub trait Network: Send + Sync + 'static {
    /// Sends a request, and gives its reply to `answer` when it comes. It does not wait. If it loses
    /// either, it drops `answer`.
    ///
    /// It asks the node itself nothing, unless from a thread of its own: where the rules have an owner,
    /// it is the owner that calls this, and would wait for itself.
    fn ask(&self, to: NodeId, request: Request, answer: Answerer);
}

/// Takes the reply to one request. Dropping it says that none will come.
pub struct Answerer(Option<Box<dyn FnOnce(Option<Reply>) + Send>>);

impl Answerer {
    /// Calls `then` once: with the reply, or with nothing if none will come.
    pub fn new(then: impl FnOnce(Option<Reply>) + Send + 'static) -> Self {
        Self(Some(Box::new(then)))
    }

    /// Here it is.
    pub fn answer(mut self, reply: Reply) {
        if let Some(then) = self.0.take() {
            then(Some(reply));
        }
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if let Some(then) = self.0.take() {
            then(None);
        }
    }
}

impl fmt::Debug for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answerer").finish_non_exhaustive()
    }
}

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// It was not taken: it will be applied nowhere.
    #[error(transparent)]
    Dropped(#[from] Dropped),
    /// Another is committed in its place: it will be applied nowhere.
    #[error("another entry was committed in its place; propose it again")]
    Superseded,
    /// Nobody can say whether it is applied, or will be.
    #[error("nobody knows whether it was applied; ask the machine before you propose it again")]
    Unknown,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Only the leader can tell what is new.
    #[error("this node does not lead{}", .leader.map_or(String::new(), |id| format!("; ask node {id}")))]
    NotLeader {
        /// Who leads, if that is known.
        leader: Option<NodeId>,
    },
    /// The node leads no longer, or stopped.
    #[error("the lead was lost before the read was sure to be new; ask again")]
    Lost,
}

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub role: RoleName,
    /// The latest term it has seen.
    pub term: Term,
    /// Whom it believes to lead.
    pub leader: Option<NodeId>,
    /// How far the log is committed.
    pub commit: Index,
    /// How far it is applied.
    pub applied: Index,
    /// Where it ends.
    pub last: Position,
    /// Who takes part, as its log says.
    pub members: Arc<Membership>,
    /// Of a leader: how far the log of each it sends to is known to be its own.
    pub matched: BTreeMap<NodeId, Index>,
}

/// The bytes of a snapshot, shared by who sends and who installs it.
pub(crate) type Bytes = Arc<[u8]>;
