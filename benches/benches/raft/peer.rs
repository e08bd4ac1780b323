//! Three nodes of the crate `raft`.

use raft_rs::eraftpb::{Entry, Message};
use raft_rs::{Config, RawNode, StateRole};

use super::bodies::Cluster;
use super::machine::{KEPT, Machine};
use super::store::Store;

/// Proposals that wait to be sent go together.
pub(crate) type Batched = Peer<true>;
/// Each goes alone, until too many messages are in flight.
pub(crate) type Unbatched = Peer<false>;

pub(crate) struct Peer<const BATCHES: bool> {
    leader: Node,
    followers: [Node; 2],
    /// On its way.
    mail: Vec<Message>,
}

struct Node {
    raw: RawNode<Store>,
    machine: Machine,
}

impl<const BATCHES: bool> Cluster for Peer<BATCHES> {
    type Command = Vec<u8>;

    fn start() -> Self {
        let [leader, one, other] = [1, 2, 3].map(|id| Node::new(id, BATCHES));
        let mut cluster = Self { leader, followers: [one, other], mail: Vec::new() };
        cluster.leader.raw.campaign().expect("it wants to lead");
        while cluster.leader.raw.raft.state != StateRole::Leader
            || cluster.leader.raw.raft.raft_log.committed == 0
        {
            cluster.turn();
        }
        cluster
    }

    fn propose(&mut self, command: Self::Command) {
        self.leader.raw.propose(Vec::new(), command).expect("it leads, and there is room");
    }

    fn turn(&mut self) -> u64 {
        self.leader.work(&mut self.mail);
        for message in self.mail.drain(..) {
            self.followers[message.to as usize - 2].hear(message);
        }
        for follower in &mut self.followers {
            follower.work(&mut self.mail);
        }
        for message in self.mail.drain(..) {
            self.leader.hear(message);
        }
        // What it says now arrives in the next turn.
        self.leader.work(&mut self.mail);
        self.leader.machine.commands
    }

    fn settle(&mut self) -> [Machine; 3] {
        // A heartbeat tells the others how much is committed.
        self.leader.raw.ping();
        self.turn();
        while !self.mail.is_empty() {
            self.turn();
        }
        let [one, other] = &self.followers;
        [self.leader.machine, one.machine, other.machine]
    }
}

impl Node {
    fn new(id: u64, batch_append: bool) -> Self {
        let config = Config {
            id,
            batch_append,
            // As ours does.
            max_size_per_msg: 1 << 20,
            check_quorum: true,
            pre_vote: true,
            skip_bcast_commit: true,
            ..Config::default()
        };
        let raw = RawNode::with_default_logger(&config, Store::new(vec![1, 2, 3], KEPT));
        Self { raw: raw.expect("the configuration is good"), machine: Machine::default() }
    }

    fn hear(&mut self, message: Message) {
        self.raw.step(message).expect("all are sane");
    }

    /// Saves, sends and applies what there is.
    fn work(&mut self, mail: &mut Vec<Message>) {
        if !self.raw.has_ready() {
            return;
        }
        let mut ready = self.raw.ready();
        mail.append(&mut ready.take_messages());
        self.apply(&ready.take_committed_entries());
        self.raw.mut_store().append(ready.take_entries());
        if let Some(hard_state) = ready.hs() {
            self.raw.mut_store().set_hard_state(hard_state.clone());
        }
        mail.append(&mut ready.take_persisted_messages());
        let mut light = self.raw.advance_append(ready);
        mail.append(&mut light.take_messages());
        self.apply(&light.take_committed_entries());
        self.raw.advance_apply();
        let applied = self.raw.raft.raft_log.applied;
        self.raw.mut_store().forget(applied);
    }

    fn apply(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !entry.data.is_empty()) {
            self.machine.apply(&entry.data);
        }
    }
}
