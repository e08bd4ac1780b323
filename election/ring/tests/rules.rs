//! Every order in which messages, time-outs, disks and crashes can come, within a bound: the rules
//! themselves, in a model that leaves none out.
//!
//! A message that was sent may arrive at any time after, any number of times, or never. So loss,
//! delay, disorder and duplicates are all there without an action of their own.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use ring::core::Core;
use ring::{Config, Message, NodeId, Stored, Timing, Token};
use stateright::{Checker, Model, Property};

/// Time has no length here: what is due may come due before or after anything else. Only on one node an
/// acknowledgement is waited for less long than all the rest.
const TIMING: Timing = Timing {
    ack: Duration::from_nanos(1),
    heartbeat: Duration::from_secs(1),
    silence: Duration::from_millis(1001),
    election: Duration::from_secs(1),
    mend: Duration::from_hours(1),
};
/// From one time-out of a node's role to the next.
const TURN: Duration = Duration::from_millis(1002);

/// How far the model goes.
#[derive(Clone, Copy)]
struct Bound {
    nodes: NodeId,
    epochs: u64,
    /// All nodes together.
    time_outs: u32,
    crashes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// Node 1 is the first.
    nodes: Vec<Node>,
    mail: BTreeSet<(NodeId, NodeId, Message)>,
    time_outs_left: u32,
    crashes_left: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Node {
    /// `None` while it is down.
    core: Option<Core>,
    clock: Duration,
    disk: Stored,
    write: Option<(u64, Stored)>,
    /// The greatest epoch in which it led, in this life and in all before.
    led: u64,
    led_before: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Deliver(NodeId, NodeId, Message),
    /// The next one has not answered in time.
    NoAnswer(NodeId),
    /// The node waited long enough in its role.
    TimeOut(NodeId),
    Saved(NodeId),
    Crash(NodeId),
    Restart(NodeId),
}

impl Node {
    /// Whom it follows, or itself.
    fn leader(&self) -> Option<Token> {
        self.core.as_ref()?.leader()
    }
}

impl State {
    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize - 1]
    }

    fn tokens(&self) -> impl Iterator<Item = (&Node, Token)> {
        self.nodes.iter().filter_map(|node| Some((node, node.core.as_ref()?.token()?)))
    }

    /// Something happens to a node that runs, and what it wants is done.
    fn happens(&mut self, id: NodeId, what: impl FnOnce(&mut Core, Duration)) {
        let node = &mut self.nodes[id as usize - 1];
        let Some(core) = &mut node.core else { return };
        what(core, node.clock);
        if node.write.is_none() {
            node.write = core.take_save();
        }
        let mail = core.take_messages().into_iter().map(|(to, message)| (id, to, message));
        self.mail.extend(mail);
        node.led = node.led.max(core.token().map_or(0, |token| token.epoch));
    }
}

impl Bound {
    fn boot(self, state: &mut State, id: NodeId) {
        let node = &mut state.nodes[id as usize - 1];
        // In the order of their numbers, against which the candidates run longest.
        let ring = (1..=self.nodes).rev();
        node.core = Some(Core::new(Config::new(id, ring, TIMING), node.disk));
        node.clock = Duration::ZERO;
        state.happens(id, Core::start);
    }
}

impl Model for Bound {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let disk = Stored::default();
        let (clock, write) = (Duration::ZERO, None);
        let node = Node { core: None, clock, disk, write, led: 0, led_before: 0 };
        let mut state = State {
            nodes: vec![node; self.nodes as usize],
            mail: BTreeSet::new(),
            time_outs_left: self.time_outs,
            crashes_left: self.crashes,
        };
        (1..=self.nodes).for_each(|id| self.boot(&mut state, id));
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for id in 1..=self.nodes {
            let node = state.node(id);
            let Some(core) = &node.core else {
                actions.push(Action::Restart(id));
                continue;
            };
            let waits_for_an_answer = |due: &Duration| *due < node.clock + TIMING.election / 2;
            if state.time_outs_left > 0 {
                actions.push(Action::TimeOut(id));
                let due = core.deadline().filter(waits_for_an_answer);
                actions.extend(due.map(|_| Action::NoAnswer(id)));
            }
            if node.write.is_some() {
                actions.push(Action::Saved(id));
            }
            if state.crashes_left > 0 {
                actions.push(Action::Crash(id));
            }
        }
        let arrives = |(_, to, _): &&(_, NodeId, _)| state.node(*to).core.is_some();
        let mail = state.mail.iter().filter(arrives);
        actions.extend(mail.map(|(from, to, message)| Action::Deliver(*from, *to, *message)));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Deliver(from, to, message) => {
                state.happens(to, |core, now| core.receive(now, from, message));
            }
            Action::NoAnswer(id) => {
                state.time_outs_left -= 1;
                state.happens(id, |core, now| core.tick(core.deadline().unwrap_or(now)));
            }
            Action::TimeOut(id) => {
                state.time_outs_left -= 1;
                state.nodes[id as usize - 1].clock += TURN;
                state.happens(id, Core::tick);
            }
            Action::Saved(id) => {
                let node = &mut state.nodes[id as usize - 1];
                let (number, stored) = node.write.take()?;
                node.disk = stored;
                state.happens(id, |core, now| core.saved(now, number));
            }
            Action::Crash(id) => {
                state.crashes_left -= 1;
                let node = &mut state.nodes[id as usize - 1];
                (node.core, node.write) = (None, None);
                node.led_before = node.led;
            }
            Action::Restart(id) => self.boot(&mut state, id),
        }
        (state.nodes != last.nodes).then_some(state)
    }

    fn within_boundary(&self, state: &State) -> bool {
        let epochs = state.nodes.iter().filter_map(|node| Some(node.core.as_ref()?.stored().epoch));
        epochs.max().unwrap_or_default() <= self.epochs
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("no two lives lead under one token", |_, state: &State| {
                state.tokens().all(|(node, token)| token.epoch > node.led_before)
            }),
            Property::always(
                "nobody is followed before its disk has the epoch",
                |_, state: &State| {
                    let mut leaders = state.nodes.iter().filter_map(Node::leader);
                    leaders.all(|it| it.epoch <= state.node(it.id).disk.epoch)
                },
            ),
            Property::sometimes("all follow the highest", |bound: &Self, state: &State| {
                let first = state.node(1).leader();
                first.is_some_and(|token| token.id == bound.nodes)
                    && state.nodes.iter().all(|node| node.leader() == first)
            }),
        ];
        // With fewer nobody takes a node that lives for dead.
        if self.time_outs > 1 {
            properties.push(Property::sometimes("two lead at once", |_, state: &State| {
                state.tokens().count() > 1
            }));
        }
        properties
    }
}

/// So many states, no more and no fewer: the rules were not changed unnoticed.
fn check(name: &str, bound: Bound, states: usize) {
    let checker = bound.checker().spawn_bfs().join();
    checker.assert_properties();
    let found = checker.unique_state_count();
    assert_eq!(found, states, "{name}");
    writeln!(std::io::stderr(), "COUNT ring_model_states_{name}={found}").expect("stderr is open");
}

#[test]
fn every_order_of_events_with_two_nodes() {
    check("2", Bound { nodes: 2, epochs: 2, time_outs: 2, crashes: 1 }, 97_323);
}

#[test]
fn every_order_of_events_with_three_nodes() {
    check("3", Bound { nodes: 3, epochs: 2, time_outs: 1, crashes: 0 }, 28_692);
}

#[test]
fn every_order_of_events_with_three_nodes_one_of_which_crashes() {
    check("3_and_a_crash", Bound { nodes: 3, epochs: 2, time_outs: 0, crashes: 1 }, 15_248);
}

#[test]
fn every_order_of_events_with_four_nodes() {
    check("4", Bound { nodes: 4, epochs: 2, time_outs: 0, crashes: 0 }, 3_984);
}
