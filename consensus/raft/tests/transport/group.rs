//! Nodes of either runtime with real sockets between them, and a cable from each to each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use raft::core::RoleName;
use raft::node::Network;
use raft::transport::{Bound, Link, Local, Tcp};
use raft::{Config, Index, NodeId};

use crate::authority::Authority;
use crate::board::options;
use crate::relay::Relay;
use crate::running::cluster::{ELECTION, HEARTBEAT, LIMIT};
use crate::running::disk::{Brake, Memory};
use crate::running::news::{News, lock};
use crate::running::tape::{Shelf, Tape};
use crate::running::{Runs, Waits};

pub(crate) struct Group<N: Runs> {
    pub(crate) news: Arc<News>,
    pub(crate) shelf: Arc<Shelf>,
    disks: BTreeMap<NodeId, Memory>,
    nodes: BTreeMap<NodeId, (Arc<N>, Tcp)>,
    /// From one to the other.
    pub(crate) relays: BTreeMap<(NodeId, NodeId), Relay>,
    off: BTreeSet<NodeId>,
    founders: NodeId,
    configure: fn(&mut Config),
    /// Has certified all nodes, if they speak TLS.
    authority: Option<Authority>,
    lives: u64,
}

impl<N: Runs<Machine = Tape> + Local> Group<N> {
    pub(crate) fn new(founders: NodeId, configure: fn(&mut Config)) -> Self {
        Self::with(founders, configure, None)
    }

    pub(crate) fn with(
        founders: NodeId,
        configure: fn(&mut Config),
        authority: Option<Authority>,
    ) -> Self {
        let news = Arc::new(News::default());
        let shelf = Arc::new(Shelf::new(Arc::clone(&news)));
        let (disks, nodes, relays, off) = <_>::default();
        let mut group = Self {
            news,
            shelf,
            disks,
            nodes,
            relays,
            off,
            founders,
            configure,
            authority,
            lives: 0,
        };
        (1..=founders).for_each(|id| group.start(id));
        group
    }

    /// Starts a node with what its disk holds, on a new port.
    pub(crate) fn start(&mut self, id: NodeId) {
        let mut options = options(id);
        options.tls = self.authority.as_ref().map(|authority| authority.tls(id));
        let bound = Bound::new(options, "127.0.0.1:0").expect("a port is free");
        let wire = bound.wire();
        let others = (1..=self.founders).chain(self.nodes.keys().copied());
        for other in others.filter(|other| *other != id) {
            let there = self.relays.entry((id, other)).or_insert_with(Relay::new);
            wire.connect(other, there.address.to_string());
            let back = self.relays.entry((other, id)).or_insert_with(Relay::new);
            back.lead_to(bound.local_addr());
            if let Some((_, tcp)) = self.nodes.get(&other) {
                tcp.wire().connect(id, back.address.to_string());
            }
        }
        let node = Arc::new(self.node(id, wire));
        self.nodes.insert(id, (Arc::clone(&node), bound.serve(&node)));
    }

    fn node(&mut self, id: NodeId, wire: Arc<dyn Network>) -> N {
        let founds = id <= self.founders;
        let config = if founds { Config::new(id, 1..=self.founders) } else { Config::joining(id) };
        let mut config = config.expect("good names");
        self.lives += 1;
        (config.election, config.heartbeat) = (ELECTION * 2, HEARTBEAT * 2);
        config.seed = self.lives << 8 | id;
        (self.configure)(&mut config);
        let disk = self.disks.entry(id).or_insert_with(|| Memory::new(&self.news)).clone();
        let found = lock(&disk.found).clone();
        let tape = Tape::new(id, Arc::clone(&self.shelf), Arc::new(Brake::new(&self.news)));
        N::start(config, found, tape, disk, wire).expect("a good configuration")
    }

    /// Stops a node; its disk keeps what it has written. The node is gone then, and its threads.
    pub(crate) fn kill(&mut self, id: NodeId) {
        let Some((node, tcp)) = self.nodes.remove(&id) else { return };
        node.close();
        let (left, wire) = (Arc::downgrade(&node), Arc::clone(tcp.wire()));
        // Either may go first.
        if self.lives.is_multiple_of(2) {
            tcp.shutdown();
            drop(node);
        } else {
            drop(node);
            tcp.shutdown();
        }
        // A client may be in it for a moment. Nothing may write to the disk when this returns.
        while left.upgrade().is_some() {
            thread::yield_now();
        }
        let is_free = || (Arc::strong_count(&wire) == 1).then_some(());
        assert!(self.news.until(LIMIT, is_free).is_some(), "somebody holds the wire of {id}");
    }

    pub(crate) fn restart(&mut self, id: NodeId) {
        self.kill(id);
        self.start(id);
    }

    pub(crate) fn is_up(&self, id: NodeId) -> bool {
        self.nodes.contains_key(&id)
    }

    pub(crate) fn node_of(&self, id: NodeId) -> Weak<N> {
        self.nodes.get(&id).map_or_else(Weak::new, |(node, _)| Arc::downgrade(node))
    }

    /// Cuts the cables of a node, or mends them.
    pub(crate) fn cut(&mut self, id: NodeId, is_cut: bool) {
        if is_cut {
            self.off.insert(id)
        } else {
            self.off.remove(&id)
        };
        for (ends, relay) in &self.relays {
            if ends.0 == id || ends.1 == id {
                if is_cut { relay.cut() } else { relay.mend() }
            }
        }
    }

    /// Waits until somebody leads that is not cut off.
    pub(crate) fn leader(&self) -> NodeId {
        let newest = || {
            let there = self.nodes.iter().filter(|(id, _)| !self.off.contains(id));
            let statuses = there.filter_map(|(id, (node, _))| Some((*id, node.status()?)));
            let leaders = statuses.filter(|(_, status)| status.role == RoleName::Leader);
            leaders.max_by_key(|(_, status)| status.term).map(|(id, _)| id)
        };
        self.news.until(LIMIT, newest).unwrap_or_else(|| panic!("no leader: {self:?}"))
    }

    /// Has a command done by so many nodes; proposes it again when it is not.
    pub(crate) fn one(&self, command: &[u8], nodes: usize) -> Index {
        let done = || {
            let pending = self.nodes[&self.leader()].0.submit(command.to_vec());
            let index = pending.wait_timeout(Duration::from_secs(1)).ok()?.ok()?;
            self.news.until(LIMIT, || (self.shelf.count(index) >= nodes).then_some(index))
        };
        self.news.until(LIMIT, done).unwrap_or_else(|| panic!("it was never done: {self:?}"))
    }

    /// The number of the newest connection.
    pub(crate) fn epoch(&self, from: NodeId, to: NodeId) -> Option<u64> {
        match self.nodes[&from].1.wire().peers().remove(&to)?.1 {
            Link::Up { epoch, .. } => Some(epoch),
            Link::Down { .. } => None,
        }
    }
}

impl<N: Runs> std::fmt::Debug for Group<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |(node, tcp): &(Arc<N>, Tcp)| (node.status(), tcp.wire().peers());
        f.debug_map().entries(self.nodes.iter().map(|(id, it)| (id, of(it)))).finish()
    }
}
