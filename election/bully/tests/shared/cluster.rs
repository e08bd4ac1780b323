//! Nodes on threads of one process, whose messages go straight into each other's inboxes.
//!
//! The contract tests of the ring include this file too; what differs is in `subject`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use super::subject::{self, Config, NodeId, Stored, Timing, Token};
use super::surface::Surface;

/// Longer than anything here takes; a test that needs it has failed.
pub(crate) const LONG: Duration = Duration::from_secs(30);

type Nodes<N> = Arc<RwLock<BTreeMap<NodeId, N>>>;

pub(crate) struct Cluster<N: Surface> {
    all: Vec<NodeId>,
    timing: Timing,
    nodes: Nodes<N>,
    disks: Arc<Mutex<BTreeMap<NodeId, Stored>>>,
}

impl<N: Surface> Cluster<N> {
    pub(crate) fn start(count: NodeId, timing: Timing) -> Self {
        let cluster = Self {
            all: (1..=count).collect(),
            timing,
            nodes: Nodes::default(),
            disks: Arc::default(),
        };
        (1..=count).for_each(|id| cluster.start_one(id));
        cluster
    }

    pub(crate) fn start_one(&self, id: NodeId) {
        let config = Config::new(id, self.all.iter().copied(), self.timing);
        let stored = self.disks.lock().unwrap().get(&id).copied().unwrap_or_default();
        let (nodes, disks) = (Arc::clone(&self.nodes), Arc::clone(&self.disks));
        let send = move |to, message| {
            if let Some(node) = nodes.read().unwrap().get(&to) {
                // Lost, as on a network.
                let _ = node.deliver(id, message);
            }
        };
        let save = move |stored| _ = disks.lock().unwrap().insert(id, stored);
        let node = N::start(config, stored, send, save);
        self.nodes.write().unwrap().insert(id, node);
    }

    /// Its memory is gone; its disk stays.
    pub(crate) fn kill(&self, id: NodeId) {
        // Not under the lock: its thread may be sending.
        let node = self.nodes.write().unwrap().remove(&id).expect("it runs");
        node.shutdown().expect("it did not panic");
    }

    /// Waits until all follow this one, and says under which token.
    pub(crate) fn settle_on(&self, id: NodeId) -> Option<Token> {
        let end = Instant::now() + LONG;
        while Instant::now() < end {
            let leaders: Vec<_> =
                self.nodes.read().unwrap().values().map(Surface::leader).collect();
            match leaders[..] {
                [Some(token), ..]
                    if token.id == id && leaders.iter().all(|it| *it == leaders[0]) =>
                {
                    return Some(token);
                }
                _ => self.wait_for_a_change(&leaders, id),
            }
        }
        None
    }

    /// Waits a little for the first that does not follow this one.
    fn wait_for_a_change(&self, leaders: &[Option<Token>], id: NodeId) {
        let nodes = self.nodes.read().unwrap();
        let best = leaders.iter().flatten().filter(|token| token.id == id).max();
        if let Some((node, known)) =
            nodes.values().zip(leaders).find(|(_, known)| known.as_ref() != best || best.is_none())
        {
            node.wait_change(*known, self.timing.heartbeat);
        }
    }

    pub(crate) fn token(&self, id: NodeId) -> Option<Token> {
        self.nodes.read().unwrap().get(&id)?.leader()
    }

    /// Sends many messages to this node, in the name of another, without a pause.
    pub(crate) fn flood(&self, id: NodeId, count: u64) {
        let nodes = self.nodes.read().unwrap();
        for _ in 0..count {
            // What does not fit is lost.
            let _ = nodes[&id].deliver(3 - id, subject::question());
        }
    }
}
