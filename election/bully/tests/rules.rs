//! Every order in which messages, time-outs, disks and crashes can come, within a bound: the rules
//! themselves, in a model that leaves none out.
//!
//! A message that was sent may arrive at any time after, any number of times, or never. So loss,
//! delay, disorder and duplicates are there without an action of their own.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use bully::core::Core;
use bully::{Config, Form, Message, NodeId, Stored, Timing, Token};
use stateright::{Checker, Model, Property};

/// It is always the end of time: every deadline has come, and none is later than another.
const NOW: Duration = Duration::MAX;

/// How far the model goes.
#[derive(Clone, Copy)]
struct Bound {
    form: Form,
    nodes: NodeId,
    epochs: u64,
    /// Of all nodes together; any number, if this is `None`.
    time_outs: Option<u32>,
    crashes: u32,
    /// Otherwise what is written is safe at once.
    slow_disks: bool,
    /// It begins when all have followed the highest and that one has just died. Otherwise it begins
    /// with all of them.
    settled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// Node 1 is the first.
    nodes: Vec<Node>,
    mail: BTreeSet<(NodeId, NodeId, Message)>,
    /// All that ever led.
    reigns: BTreeSet<Token>,
    time_outs_left: Option<u32>,
    crashes_left: u32,
    slow_disks: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Node {
    /// `None` while it is down.
    core: Option<Core>,
    disk: Stored,
    write: Option<(u64, Stored)>,
    /// The greatest epoch in which an earlier life led.
    led_before: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Deliver(NodeId, NodeId, Message),
    TimeOut(NodeId),
    Saved(NodeId),
    Crash(NodeId),
    Restart(NodeId),
}

impl State {
    fn tokens(&self) -> impl Iterator<Item = (&Node, Token)> {
        self.nodes.iter().filter_map(|node| Some((node, node.core.as_ref()?.token()?)))
    }

    fn node(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id as usize - 1]
    }

    /// Something happens to a node that runs, and what it wants is done.
    fn happens(&mut self, id: NodeId, what: impl FnOnce(&mut Core)) {
        let (slow_disks, node) = (self.slow_disks, &mut self.nodes[id as usize - 1]);
        let Some(core) = &mut node.core else { return };
        what(core);
        loop {
            if node.write.is_none() {
                node.write = core.take_save();
            }
            let Some((number, stored)) = node.write.take_if(|_| !slow_disks) else { break };
            node.disk = stored;
            core.saved(NOW, number);
        }
        self.mail.extend(core.take_messages().into_iter().map(|(to, message)| (id, to, message)));
        self.reigns.extend(core.token());
    }

    fn crash(&mut self, id: NodeId) {
        let led = self.reigns.iter().filter(|token| token.id == id);
        let led_before = led.map(|token| token.epoch).max().unwrap_or_default();
        let node = self.node(id);
        *node = Node { core: None, disk: node.disk, write: None, led_before };
    }

    fn has_two_leaders_in_an_epoch(&self) -> bool {
        let epochs: BTreeSet<_> = self.reigns.iter().map(|token| token.epoch).collect();
        epochs.len() < self.reigns.len()
    }
}

impl Bound {
    fn boot(self, state: &mut State, id: NodeId) {
        let timing = Timing::for_delay(Duration::from_millis(1));
        let config = Config::new(id, 1..=self.nodes, timing).form(self.form);
        let node = state.node(id);
        node.core = Some(Core::new(config, node.disk));
        state.happens(id, |core| core.start(NOW));
    }
}

impl Model for Bound {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let node = Node { core: None, disk: Stored::default(), write: None, led_before: 0 };
        let mut state = State {
            nodes: vec![node; self.nodes as usize],
            mail: BTreeSet::new(),
            reigns: BTreeSet::new(),
            time_outs_left: self.time_outs,
            crashes_left: self.crashes,
            slow_disks: self.slow_disks,
        };
        (1..=self.nodes).rev().for_each(|id| self.boot(&mut state, id));
        if self.settled {
            for (from, to, message) in std::mem::take(&mut state.mail) {
                if from == self.nodes {
                    state.happens(to, |core| core.receive(NOW, from, message));
                }
            }
            state.mail.clear();
            state.crash(self.nodes);
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (id, node) in (1..).zip(&state.nodes) {
            let Some(core) = &node.core else {
                actions.push(Action::Restart(id));
                continue;
            };
            // A leader would say only what its first word, which may come again, says too.
            let waits = core.deadline().is_some() && core.token().is_none();
            if waits && state.time_outs_left != Some(0) {
                actions.push(Action::TimeOut(id));
            }
            if node.write.is_some() {
                actions.push(Action::Saved(id));
            }
            if state.crashes_left > 0 {
                actions.push(Action::Crash(id));
            }
        }
        let mail =
            state.mail.iter().filter(|(_, to, _)| state.nodes[*to as usize - 1].core.is_some());
        actions.extend(mail.map(|(from, to, message)| Action::Deliver(*from, *to, *message)));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Deliver(from, to, message) => {
                state.happens(to, |core| core.receive(NOW, from, message));
            }
            Action::TimeOut(id) => {
                state.time_outs_left = state.time_outs_left.map(|left| left - 1);
                state.happens(id, |core| core.tick(NOW));
            }
            Action::Saved(id) => {
                let node = state.node(id);
                let (number, stored) = node.write.take()?;
                node.disk = stored;
                state.happens(id, |core| core.saved(NOW, number));
            }
            Action::Crash(id) => {
                state.crashes_left -= 1;
                state.crash(id);
            }
            Action::Restart(id) => self.boot(&mut state, id),
        }
        Some(state)
    }

    fn within_boundary(&self, state: &State) -> bool {
        let mut cores = state.nodes.iter().filter_map(|node| node.core.as_ref());
        cores.all(|core| core.stored().epoch <= self.epochs)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("no two lives lead under one token", |_, state: &State| {
                state.tokens().all(|(node, token)| token.epoch > node.led_before)
            }),
            Property::always("whoever leads has its claim on the disk", |_, state: &State| {
                state.tokens().all(|(node, token)| token.epoch <= node.disk.epoch)
            }),
            Property::sometimes("all follow the highest", |bound: &Self, state: &State| {
                let leaders = state.nodes.iter().map(|node| node.core.as_ref()?.leader());
                let ids: BTreeSet<_> = leaders.map(|it| it.map(|token| token.id)).collect();
                ids == BTreeSet::from([Some(bound.nodes)])
            }),
        ];
        // Whoever doubts the leader and then claims needs two time-outs.
        let may_claim = self.time_outs.is_none_or(|time_outs| time_outs > 1);
        if self.form == Form::Quorum {
            properties.push(Property::always("one leads in an epoch", |_, state: &State| {
                !state.has_two_leaders_in_an_epoch()
            }));
        } else if may_claim {
            properties.push(Property::sometimes("two lead in an epoch", |_, state: &State| {
                state.has_two_leaders_in_an_epoch()
            }));
        }
        properties
    }
}

/// All of it; the number of states is known.
fn check(bound: Bound, states: usize) {
    let checker = bound.checker().spawn_bfs().join();
    checker.assert_properties();
    let (Bound { form, nodes, .. }, found) = (bound, checker.unique_state_count());
    assert_eq!(found, states, "{form:?}, {nodes} nodes");
    let form = format!("{form:?}").to_lowercase();
    let line = format!("COUNT bully_model_states_{form}_{nodes}={found}");
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}

#[test]
fn every_order_of_events_of_two_nodes() {
    let all = Bound {
        form: Form::Classic,
        nodes: 2,
        epochs: 3,
        time_outs: None,
        crashes: 1,
        slow_disks: true,
        settled: false,
    };
    check(all, 85_426);
    check(Bound { form: Form::Modified, epochs: 2, ..all }, 10_399);
    check(Bound { form: Form::Quorum, epochs: 2, crashes: 2, ..all }, 78_221);
}

#[test]
fn every_order_of_events_of_three_nodes() {
    let all = Bound {
        form: Form::Classic,
        nodes: 3,
        epochs: 2,
        time_outs: None,
        crashes: 0,
        slow_disks: false,
        settled: false,
    };
    check(all, 30_116);
    check(Bound { form: Form::Modified, epochs: 1, ..all }, 17_081);
    let (form, time_outs) = (Form::Quorum, Some(1));
    let slow = Bound { form, epochs: 1, time_outs, crashes: 1, slow_disks: true, ..all };
    check(slow, 86_265);
}

#[test]
fn every_order_of_events_of_four_nodes_whose_leader_died() {
    let all = Bound {
        form: Form::Classic,
        nodes: 4,
        epochs: 2,
        time_outs: Some(1),
        crashes: 0,
        slow_disks: false,
        settled: true,
    };
    check(all, 15_715);
    check(Bound { form: Form::Modified, time_outs: Some(2), ..all }, 16_583);
    check(Bound { form: Form::Quorum, ..all }, 8_592);
}
