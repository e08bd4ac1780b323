//! Three nodes, driven by hand: all that a runtime does around the rules, in one loop, with a clock that
//! jumps. The leader is killed twice; what was acknowledged is on every node in the end.
//!
//! Run it with `cargo run -p raft --example raft_by_hand`. You see who leads in which term, and what is
//! committed. Nothing waits, so it ends at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use raft::core::{Core, Fate};
use raft::log::Payload;
use raft::{Config, NodeId, Stored};

const ALL: [NodeId; 3] = [1, 2, 3];

/// A node that runs, and what lies outside of it.
struct Node {
    core: Core,
    disk: Stored,
    applied: Vec<String>,
}

struct Cluster {
    now: Duration,
    up: BTreeMap<NodeId, Node>,
    /// What is left of those that were killed.
    disks: BTreeMap<NodeId, Stored>,
}

impl Cluster {
    fn start(&mut self, id: NodeId) {
        let config = Config::new(id, ALL).expect("the list of nodes is good");
        let disk = self.disks.remove(&id).unwrap_or_default();
        let mut core = Core::new(config, disk.clone(), self.now).expect("the disk is good");
        let epoch = self.now.as_micros() as u64;
        for (other, node) in &mut self.up {
            core.link_up(*other, epoch);
            node.core.link_up(id, epoch);
        }
        self.up.insert(id, Node { core, disk, applied: Vec::new() });
    }

    fn kill(&mut self, id: NodeId) {
        let node = self.up.remove(&id).expect("it is up");
        self.disks.insert(id, node.disk);
        self.up.values_mut().for_each(|node| node.core.link_down(id));
    }

    /// One step of every node: its clock, its disk, its messages, its state machine.
    fn step(&mut self) {
        self.now += Duration::from_millis(1);
        let now = self.now;
        for node in self.up.values_mut() {
            node.core.tick(now);
        }
        while self.save() | self.exchange() {}
        for node in self.up.values_mut() {
            node.apply();
        }
    }

    /// A disk that is safe at once. A real one says so later, from a thread of its own.
    fn save(&mut self) -> bool {
        let now = self.now;
        let saved: Vec<_> = self.up.values_mut().map(|node| node.save(now)).collect();
        saved.contains(&true)
    }

    /// A network that is as fast: one request for each pair of nodes, and its answer.
    fn exchange(&mut self) -> bool {
        let (now, mut any) = (self.now, false);
        for (from, to) in ALL.iter().flat_map(|from| ALL.map(|to| (*from, to))) {
            let asker = self.up.get_mut(&from);
            let asked = asker.and_then(|node| node.core.next_for(now, to));
            // The context stays here, and is read beside the answer.
            let Some((context, request)) = asked else { continue };
            let Some(node) = self.up.get_mut(&to) else { continue };
            node.core.handle(now, from, 0, request).expect("nobody sends what is impossible");
            node.save(now); // the answer may rest on it
            let replies = node.core.take_replies();
            let asker = self.up.get_mut(&from).expect("it has just asked");
            for (_, _, reply) in replies {
                asker.core.on_reply(now, to, context, reply).expect("it answers what was asked");
            }
            any = true;
        }
        any
    }

    fn leader(&mut self) -> NodeId {
        loop {
            if let Some((id, node)) = self.up.iter().find(|(_, node)| node.core.is_leader()) {
                println!(
                    "{:>4} ms  node {id} leads in term {}",
                    self.now.as_millis(),
                    node.core.term()
                );
                return *id;
            }
            self.step();
        }
    }

    /// Proposes a command, and waits until it is committed.
    fn write(&mut self, leader: NodeId, text: &str) {
        let core = &mut self.up.get_mut(&leader).expect("it is up").core;
        core.propose(Arc::from(text.as_bytes())).expect("it leads");
        loop {
            self.step();
            let core = &mut self.up.get_mut(&leader).expect("it is up").core;
            if let Some(outcome) = core.take_outcomes().first() {
                assert_eq!(outcome.fate, Fate::Committed);
                return println!("{:>4} ms  {text} is {}", self.now.as_millis(), outcome.proposal);
            }
        }
    }
}

impl Node {
    fn save(&mut self, now: Duration) -> bool {
        let mut any = false;
        while let Some(save) = self.core.take_unsaved() {
            let seq = save.seq;
            self.disk.keep(save);
            self.core.saved(now, seq).expect("it was taken");
            any = true;
        }
        any
    }

    fn apply(&mut self) {
        while let Some((first, entries)) = self.core.take_committed(100) {
            for (index, entry) in (first..).zip(entries) {
                if let Payload::Command(bytes) = entry.payload {
                    self.applied.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                self.core.applied(index).expect("it was handed out");
            }
        }
    }
}

fn main() {
    let (up, disks) = <_>::default();
    let mut cluster = Cluster { now: Duration::ZERO, up, disks };
    for id in ALL {
        cluster.start(id);
    }
    let mut dead = None;
    for text in ["a = 1", "b = 2", "c = 3"] {
        let leader = cluster.leader();
        cluster.write(leader, text);
        if let Some(id) = dead.replace(leader) {
            cluster.start(id);
        }
        cluster.kill(leader);
        println!("{:>4} ms  node {leader} is killed", cluster.now.as_millis());
    }
    cluster.start(dead.expect("one was killed"));
    cluster.leader();
    // The others learn what is committed by the next heartbeat.
    (0..100).for_each(|_| cluster.step());
    for (id, node) in &cluster.up {
        assert_eq!(node.applied, ["a = 1", "b = 2", "c = 3"], "node {id}");
    }
    println!("{:>4} ms  all three have all three", cluster.now.as_millis());
}
