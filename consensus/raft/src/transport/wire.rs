//! Whom a node dials, and what it asks of whom.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

use super::calls::Calls;
use super::dial::Dialler;
use super::doors::Doors;
use super::greeting::Greeting;
use super::{Local, Options};
use crate::message::Request;
use crate::node::{Answerer, Network};
use crate::types::NodeId;

/// One node's way to the others: its [`Network`].
pub struct Wire {
    pub(super) options: Options,
    pub(super) doors: Doors,
    /// 0 as long as it is of none.
    cluster: AtomicU64,
    /// Of the newest connection to a peer.
    epoch: AtomicU64,
    state: Mutex<State>,
}

struct State {
    peers: BTreeMap<NodeId, Peer>,
    /// Of peers that were disconnected.
    leaving: Vec<(NodeId, JoinHandle<()>)>,
    phase: Phase,
}

enum Phase {
    /// There is no node yet.
    Bound,
    /// The wire keeps no node alive: the node has the wire.
    Serves(Weak<dyn Local>),
    Closed,
}

struct Peer {
    address: String,
    calls: Arc<Calls>,
    thread: Option<JoinHandle<()>>,
}

/// How it stands with a connection to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Both have greeted.
    Up {
        /// The number of the connection.
        epoch: u64,
        /// The peer's word.
        info: String,
    },
    /// There is none; it is dialled again and again.
    Down {
        /// Why the last one ended, or did not come about.
        why: String,
    },
}

impl Wire {
    pub(super) fn new(options: Options) -> Self {
        let state = State { peers: BTreeMap::new(), leaving: Vec::new(), phase: Phase::Bound };
        let (state, doors, epoch) = (Mutex::new(state), Doors::default(), AtomicU64::new(0));
        let cluster = AtomicU64::new(options.cluster);
        Self { options, doors, cluster, epoch, state }
    }

    /// Dials a peer from now on, by `host:port`. Another address takes the place of the one before. Does
    /// nothing for the node's own name, so that one list will do for all nodes.
    pub fn connect(self: &Arc<Self>, peer: NodeId, address: impl Into<String>) {
        let address = address.into();
        let mut state = self.state.lock();
        let is_known = state.peers.get(&peer).is_some_and(|known| known.address == address);
        if peer == 0 || peer == self.options.node || is_known {
            return;
        }
        state.let_go(peer);
        let calls = Arc::new(Calls::new(&self.options));
        let mut new = Peer { address, calls, thread: None };
        let State { phase, leaving, .. } = &mut *state;
        match phase {
            Phase::Closed => return,
            Phase::Bound => {}
            Phase::Serves(local) => {
                let before = leaving.extract_if(.., |(left, _)| *left == peer);
                let before = before.map(|(_, thread)| thread).collect();
                new.start(self, peer, local, before);
            }
        }
        state.peers.insert(peer, new);
        drop(state);
        self.doors.expect(peer);
    }

    /// Dials a peer no more. If it takes part no more, it may come back with another disk.
    pub fn disconnect(&self, peer: NodeId) {
        self.state.lock().let_go(peer);
        self.doors.dismiss(peer);
    }

    /// The peers that are dialled, with their addresses, and how it stands with each.
    pub fn peers(&self) -> BTreeMap<NodeId, (String, Link)> {
        let state = self.state.lock();
        let of = |peer: &Peer| (peer.address.clone(), peer.calls.link());
        state.peers.iter().map(|(id, peer)| (*id, of(peer))).collect()
    }

    /// The cluster that it is of; 0 if it is of none yet.
    pub fn cluster(&self) -> u64 {
        self.cluster.load(Ordering::SeqCst)
    }

    /// Joins the cluster of a node that calls, unless it is of one; says which one it is of.
    pub(super) fn join(&self, caller: &Greeting) -> u64 {
        if caller.to == self.options.node {
            let order = Ordering::SeqCst;
            let _ = self.cluster.compare_exchange(0, caller.cluster, order, order);
        }
        self.cluster()
    }

    /// What a node said in its greeting, whoever called the other.
    pub fn info(&self, node: NodeId) -> Option<String> {
        self.doors.info(node)
    }

    /// How many requests to a peer are unanswered, and how many bytes they have.
    pub fn unanswered(&self, peer: NodeId) -> (usize, usize) {
        self.calls(peer).map_or((0, 0), |calls| calls.unanswered())
    }

    /// How many connections have come in: of nodes, and of those that have not greeted.
    pub fn guests(&self) -> (usize, usize) {
        self.doors.count()
    }

    pub(super) fn open(self: &Arc<Self>, local: &Weak<dyn Local>) {
        let mut state = self.state.lock();
        state.phase = Phase::Serves(Weak::clone(local));
        for (id, peer) in &mut state.peers {
            peer.start(self, *id, local, Vec::new());
        }
    }

    fn calls(&self, peer: NodeId) -> Option<Arc<Calls>> {
        self.state.lock().peers.get(&peer).map(|peer| Arc::clone(&peer.calls))
    }

    /// A peer lives: it has called.
    pub(super) fn hurry(&self, peer: NodeId) {
        if let Some(calls) = self.calls(peer) {
            calls.hurry();
        }
    }

    pub(super) fn next_epoch(&self) -> u64 {
        self.epoch.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Nothing comes or goes any more; gives the threads that dialled.
    pub(super) fn close(&self) -> Vec<JoinHandle<()>> {
        let mut state = self.state.lock();
        state.phase = Phase::Closed;
        while let Some((peer, _)) = state.peers.first_key_value() {
            let peer = *peer;
            state.let_go(peer);
        }
        let threads = std::mem::take(&mut state.leaving);
        drop(state);
        self.doors.close();
        threads.into_iter().map(|(_, thread)| thread).collect()
    }
}

impl Network for Wire {
    fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
        match self.calls(to) {
            Some(calls) => calls.ask(request, answer),
            None => drop(answer),
        }
    }
}

impl Peer {
    /// Starts to dial, when those threads have ended that dialled the peer before: a node hears of one
    /// connection after the other.
    fn start(
        &mut self,
        wire: &Arc<Wire>,
        peer: NodeId,
        local: &Weak<dyn Local>,
        before: Vec<JoinHandle<()>>,
    ) {
        let (wire, calls, local) = (Arc::clone(wire), Arc::clone(&self.calls), Weak::clone(local));
        let dialler = Dialler { wire, peer, address: self.address.clone(), calls, local };
        self.thread = Some(thread::spawn(move || {
            before.into_iter().for_each(super::join);
            dialler.run();
        }));
    }
}

impl State {
    fn let_go(&mut self, id: NodeId) {
        let Some(peer) = self.peers.remove(&id) else { return };
        peer.calls.close();
        self.leaving.retain(|(_, thread)| !thread.is_finished());
        self.leaving.extend(peer.thread.map(|thread| (id, thread)));
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("node", &self.options.node).finish_non_exhaustive()
    }
}
