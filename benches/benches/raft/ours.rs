//! Three of our cores.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use raft::core::{Core, Fate};
use raft::log::Payload;
use raft::message::Context;
use raft::{Config, NodeId, Stored};

use super::bodies::Cluster;
use super::machine::{KEPT, Machine};

const LEADER: NodeId = 1;

pub(crate) struct Ours {
    now: Duration,
    leader: Node,
    followers: [Node; 2],
    /// Commands of which the leader has told what became of them.
    settled: u64,
}

struct Node {
    core: Core,
    machine: Machine,
    /// What its leader remembers of requests to it.
    asked: VecDeque<Context>,
}

impl Cluster for Ours {
    type Command = Arc<[u8]>;

    fn start() -> Self {
        let (leader, followers) = (Node::new(LEADER), [Node::new(2), Node::new(3)]);
        let now = leader.core.deadline().expect("it wants to lead");
        let mut cluster = Self { now, leader, followers, settled: 0 };
        cluster.leader.core.tick(now);
        while cluster.leader.core.commit() == 0 {
            cluster.turn();
        }
        cluster
    }

    fn propose(&mut self, command: Self::Command) {
        self.leader.core.propose(command).expect("it leads, and there is room");
    }

    fn turn(&mut self) -> u64 {
        self.leader.save(self.now);
        for follower in &mut self.followers {
            follower.hear(self.now, &mut self.leader.core);
        }
        for follower in &mut self.followers {
            follower.answer(self.now, &mut self.leader.core);
        }
        self.leader.apply();
        let outcomes = self.leader.core.take_outcomes();
        self.settled += outcomes.len() as u64;
        debug_assert!(outcomes.iter().all(|outcome| outcome.fate == Fate::Committed));
        self.settled.min(self.leader.machine.commands)
    }

    fn settle(&mut self) -> [Machine; 3] {
        // The question whether it still leads tells the others how much is committed.
        self.leader.core.read_index(self.now).expect("it leads");
        while self.leader.core.take_reads().is_empty() {
            self.turn();
        }
        let [one, other] = &self.followers;
        [self.leader.machine, one.machine, other.machine]
    }
}

impl Node {
    fn new(id: NodeId) -> Self {
        let config = Config::new(id, 1..=3).expect("the list is good");
        let mut core =
            Core::new(config, Stored::default(), Duration::ZERO).expect("the disk is good");
        (1..=3).filter(|peer| *peer != id).for_each(|peer| core.link_up(peer, 1));
        Self { core, machine: Machine::default(), asked: VecDeque::new() }
    }

    /// Takes all that the leader has for it.
    fn hear(&mut self, now: Duration, leader: &mut Core) {
        while let Some((context, request)) = leader.next_for(now, self.core.id()) {
            self.core.handle(now, LEADER, 0, request).expect("the leader is sane");
            self.asked.push_back(context);
        }
        self.save(now);
        self.apply();
    }

    fn answer(&mut self, now: Duration, leader: &mut Core) {
        for (_, _, reply) in self.core.take_replies() {
            let context = self.asked.pop_front().expect("it was asked");
            leader.on_reply(now, self.core.id(), context, reply).expect("the follower is sane");
        }
    }

    fn save(&mut self, now: Duration) {
        while let Some(save) = self.core.take_unsaved() {
            self.core.saved(now, save.seq).expect("it was just taken");
        }
    }

    fn apply(&mut self) {
        while let Some((first, entries)) = self.core.take_committed(usize::MAX) {
            let last = first + entries.len() as u64 - 1;
            for entry in entries {
                if let Payload::Command(command) = entry.payload {
                    self.machine.apply(&command);
                }
            }
            self.core.applied(last).expect("it was handed out");
            self.forget(last);
        }
    }

    fn forget(&mut self, applied: u64) {
        if applied - self.core.log().base().index >= 2 * KEPT {
            let snapshot = self.core.describe(applied - KEPT, 1).expect("it is applied");
            self.core.snapshot_taken(snapshot).expect("it was just described");
            self.core.compact(applied - KEPT);
        }
    }
}
