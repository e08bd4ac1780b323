//! The simplest node: it remembers what came, and does what the test tells it.

use std::fmt;
use std::time::Duration;

use simnet::{Input, NodeId, Outbox, Process, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {}", self.0)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// What its disk held when it was started.
    pub(crate) found: Vec<u64>,
    /// When, by its own clock, from whom, what.
    pub(crate) heard: Vec<(Duration, NodeId, Number)>,
    /// When its deadlines were reached, by its own clock.
    pub(crate) times: Vec<Duration>,
    /// The writes that it was told are safe.
    pub(crate) safe: Vec<u64>,
    pub(crate) deadline: Option<Duration>,
}

impl Process for Peer {
    type Message = Number;
    type Write = u64;
    type Disk = Vec<u64>;

    fn keep(disk: &mut Vec<u64>, write: u64) {
        disk.push(write);
    }

    fn handle(&mut self, now: Duration, input: Input<Number>, _: &mut Outbox<Self>) {
        match input {
            Input::Start => {}
            Input::Message { from, message } => self.heard.push((now, from, message)),
            Input::Time => {
                self.times.push(now);
                self.deadline = None;
            }
            Input::Saved(write) => self.safe.push(write),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline
    }
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Peers 1 to `count`, all started.
pub(crate) fn world(seed: u64, count: u64) -> World<Peer> {
    let boot = |_, disk: &Vec<u64>| Peer { found: disk.clone(), ..Peer::default() };
    let mut world = World::new(seed, 1..=count, boot);
    world.start_all();
    world
}

pub(crate) fn send(world: &mut World<Peer>, from: NodeId, to: NodeId, number: u64) {
    let sent = world.call(from, |_, _, out| out.send(to, Number(number)));
    assert!(sent.is_some(), "node {from} does not run");
}

pub(crate) fn save(world: &mut World<Peer>, node: NodeId, value: u64) -> u64 {
    world.call(node, |_, _, out| out.save(value)).expect("it runs")
}

pub(crate) fn set_deadline(world: &mut World<Peer>, node: NodeId, at: Duration) {
    world.call(node, |peer, _, _| peer.deadline = Some(at)).expect("it runs");
}

/// What a node heard, without when and from whom.
pub(crate) fn numbers(world: &World<Peer>, node: NodeId) -> Vec<u64> {
    world.node(node).expect("it is up").heard.iter().map(|(_, _, number)| number.0).collect()
}
