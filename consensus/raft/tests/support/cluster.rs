//! Nodes whose messages and disks are as fast as the test wants, and no faster: nothing happens by
//! itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use raft::core::{Core, Outcome, ReadOutcome, Ticket};
use raft::log::{Entry, Payload};
use raft::message::{Context, Reply, Request};
use raft::{Config, Index, NodeId, Save, Snapshot, Stored};

/// A node, and what a runtime keeps for it.
pub(crate) struct Node {
    pub(crate) core: Core,
    pub(crate) disk: Stored,
    /// The bytes of the snapshot, and of the one that is coming.
    pub(crate) snapshot: (Vec<u8>, Vec<u8>),
    /// Saves that are not safe yet.
    pub(crate) saves: VecDeque<Save>,
    /// What the state machine was given, in order.
    pub(crate) applied: Vec<(Index, Entry)>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) reads: Vec<ReadOutcome>,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub(crate) enum Mail {
    Request { from: NodeId, to: NodeId, ticket: Ticket, request: Request },
    Reply { from: NodeId, to: NodeId, context: Context, reply: Reply },
}

pub(crate) struct Cluster {
    pub(crate) now: Duration,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    /// In the order in which it was sent.
    pub(crate) mail: VecDeque<Mail>,
    /// Nothing passes from the one to the other.
    pub(crate) cut: BTreeSet<(NodeId, NodeId)>,
    /// What each asker remembers.
    asked: BTreeMap<Ticket, Context>,
    pub(crate) requests: u64,
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn command(text: &str) -> Arc<[u8]> {
    Arc::from(text.as_bytes())
}

impl Cluster {
    /// Nodes 1 to `count`, connected, with nothing on their disks.
    pub(crate) fn new(count: NodeId) -> Self {
        Self::with(count, |config| config)
    }

    pub(crate) fn with(count: NodeId, change: impl Fn(Config) -> Config) -> Self {
        let mut cluster = Self {
            now: Duration::ZERO,
            nodes: BTreeMap::new(),
            mail: VecDeque::new(),
            cut: BTreeSet::new(),
            asked: BTreeMap::new(),
            requests: 0,
        };
        for id in 1..=count {
            let config = Config::new(id, 1..=count).expect("the list is good");
            cluster.start(change(config), Stored::default());
        }
        cluster
    }

    /// Starts a node with what its disk holds.
    pub(crate) fn start(&mut self, config: Config, disk: Stored) {
        let id = config.id();
        let core = Core::new(config, disk.clone(), self.now).expect("the disk is good");
        let (saves, snapshot) = (VecDeque::new(), <_>::default());
        let (applied, outcomes, reads) = <_>::default();
        let node = Node { core, disk, snapshot, saves, applied, outcomes, reads };
        self.nodes.insert(id, node);
        let ids: Vec<_> = self.nodes.keys().copied().collect();
        for other in ids.into_iter().filter(|other| *other != id) {
            self.core(id).link_up(other, 1);
            let epoch = self.requests + 2;
            self.core(other).link_up(id, epoch);
        }
    }

    pub(crate) fn node(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(&id).expect("there is such a node")
    }

    pub(crate) fn core(&mut self, id: NodeId) -> &mut Core {
        &mut self.node(id).core
    }

    /// Nothing passes between this node and all others any more.
    pub(crate) fn isolate(&mut self, id: NodeId) {
        for other in self.nodes.keys().filter(|other| **other != id) {
            self.cut.extend([(id, *other), (*other, id)]);
        }
    }

    pub(crate) fn heal(&mut self) {
        self.cut.clear();
    }

    /// Collects what nodes want to say. Says whether there was anything.
    pub(crate) fn collect(&mut self) -> bool {
        let (now, before) = (self.now, self.mail.len());
        let ids: Vec<_> = self.nodes.keys().copied().collect();
        for &from in &ids {
            let node = self.nodes.get_mut(&from).expect("it is listed");
            for (to, ticket, reply) in node.core.take_replies() {
                let context = self.asked[&ticket];
                self.mail.push_back(Mail::Reply { from, to, context, reply });
            }
            for &to in ids.iter().filter(|to| **to != from) {
                while let Some((context, mut request)) = node.core.next_for(now, to) {
                    node.fill(&mut request);
                    self.requests += 1;
                    let ticket = self.requests;
                    self.asked.insert(ticket, context);
                    self.mail.push_back(Mail::Request { from, to, ticket, request });
                }
            }
        }
        self.mail.len() > before
    }

    /// Delivers the oldest message. Says whether there was one.
    pub(crate) fn deliver(&mut self) -> bool {
        let Some(mail) = self.mail.pop_front() else { return false };
        let (Mail::Request { from, to, .. } | Mail::Reply { from, to, .. }) = mail;
        if !self.cut.contains(&(from, to)) && self.nodes.contains_key(&to) {
            let (now, node) = (self.now, self.node(to));
            let taken = match mail {
                Mail::Request { ticket, request, .. } => {
                    node.core.handle(now, from, ticket, request)
                }
                Mail::Reply { context, reply, .. } => node.core.on_reply(now, from, context, reply),
            };
            taken.unwrap_or_else(|refused| panic!("node {to} refuses {from}: {refused}"));
        }
        true
    }

    /// Writes all that nodes want written, and applies what they may apply.
    pub(crate) fn write(&mut self) -> bool {
        let now = self.now;
        // Each of them, and not only the first that has something to write.
        let wrote: Vec<_> = self.nodes.values_mut().map(|node| node.write(now)).collect();
        wrote.contains(&true)
    }

    /// Until nothing is left to do at this moment.
    pub(crate) fn settle(&mut self) {
        while self.write() || self.collect() || self.deliver() {}
    }

    /// Lets time pass, a millisecond after the other.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while self.now < end {
            self.now += ms(1);
            let now = self.now;
            self.nodes.values_mut().for_each(|node| node.core.tick(now));
            self.settle();
        }
    }

    /// Makes a node lead, by waiting on it alone.
    pub(crate) fn elect(&mut self, id: NodeId) {
        self.settle();
        self.now += ms(10_000);
        let now = self.now;
        self.core(id).tick(now);
        self.settle();
        assert!(self.core(id).is_leader(), "node {id} does not lead");
    }
}

impl Node {
    /// Does what the disk and the state machine have to do.
    pub(crate) fn write(&mut self, now: Duration) -> bool {
        let mut any = self.take();
        while self.save(now) {
            any = true;
        }
        any | self.apply()
    }

    /// Takes what wants to be written.
    pub(crate) fn take(&mut self) -> bool {
        let before = self.saves.len();
        self.saves.extend(std::iter::from_fn(|| self.core.take_unsaved()));
        self.saves.len() > before
    }

    /// The oldest save becomes safe.
    pub(crate) fn save(&mut self, now: Duration) -> bool {
        let Some(save) = self.saves.pop_front() else { return false };
        let seq = save.seq;
        if let Some(piece) = &save.piece {
            if piece.offset == 0 {
                self.snapshot.1.clear();
            }
            self.snapshot.1.extend(&piece.bytes);
            if piece.is_last() {
                self.snapshot.0 = std::mem::take(&mut self.snapshot.1);
            }
        }
        self.disk.keep(save);
        self.core.saved(now, seq).expect("it was taken");
        true
    }

    /// The state machine does what it may do.
    pub(crate) fn apply(&mut self) -> bool {
        let mut any = false;
        if let Some(snapshot) = self.core.take_install() {
            self.core.installed(snapshot.last.index).expect("it was handed out");
            any = true;
        }
        while let Some((first, entries)) = self.core.take_committed(usize::MAX) {
            self.applied.extend((first..).zip(entries));
            let (last, _) = self.applied.last().expect("there was one");
            self.core.applied(*last).expect("it was handed out");
            any = true;
        }
        self.outcomes.extend(self.core.take_outcomes());
        self.reads.extend(self.core.take_reads());
        any
    }

    fn fill(&self, request: &mut Request) {
        if let Request::Chunk(chunk) = request {
            let start = chunk.offset as usize;
            chunk.bytes = self.snapshot.0[start..start + chunk.length as usize].to_vec();
        }
    }

    /// Takes a snapshot of this many bytes, and forgets the log before it.
    pub(crate) fn compact(&mut self, upto: Index, bytes: Vec<u8>) -> Snapshot {
        let snapshot = self.core.describe(upto, bytes.len() as u64).expect("it is applied");
        self.snapshot.0 = bytes;
        self.disk.compact(snapshot.clone());
        self.core.snapshot_taken(snapshot.clone()).expect("it was described");
        self.core.compact(upto);
        snapshot
    }

    /// The commands that were applied, as text.
    pub(crate) fn commands(&self) -> Vec<String> {
        let commands = self.applied.iter().filter_map(|(_, entry)| match &entry.payload {
            Payload::Command(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Payload::Empty | Payload::Membership(_) => None,
        });
        commands.collect()
    }
}
