//! What can happen next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use raft::core::{Core, Ticket};
use raft::log::{Entry, Payload};
use raft::message::{self, Ballot, Context};
use raft::{Config, HardState, NodeId, Stored};
use stateright::{Model, Property};

use crate::promises;
use crate::state::{Answered, Asked, Left, NOW, Node, Past, State};
use crate::{Bound, Disk};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// A request arrives.
    Ask(Ticket),
    /// A reply arrives.
    Answer(u64),
    TimeOut(NodeId),
    Propose(NodeId),
    Change(NodeId),
    /// A leader takes what is on its way to a peer for lost.
    Retry(NodeId, NodeId),
    Saved(NodeId),
    Crash(NodeId),
    Restart(NodeId),
}

impl Bound {
    fn core(self, id: NodeId, disk: Stored) -> Core {
        let mut config = Config::new(id, 1..=self.nodes).expect("the list is good");
        config.seed = 0;
        // Each entry goes alone, so that some arrive and some do not.
        config.batch = 1;
        Core::new(config, disk, NOW).expect("the disk is good")
    }

    fn boot(self, state: &mut State, id: NodeId) {
        let disk = state.node(id).disk.clone();
        state.boot(self.core(id, disk));
    }

    fn time_out(self, state: &mut State, id: NodeId) {
        state.left.time_outs[id as usize - 1] -= 1;
        state.does(id, |core| core.tick(NOW));
        if self.trials_at_once {
            try_at_once(state);
        }
    }

    /// What a node that runs can do by itself, or meet.
    fn actions_of(self, state: &State, node: &Node, core: &Core, actions: &mut Vec<Action>) {
        let (id, left) = (core.id(), &state.left);
        let time_outs = left.time_outs.get(id as usize - 1).copied().unwrap_or_default();
        let proposes = self.proposes && core.is_leader() && !has_proposed(core);
        let own = [
            (time_outs > 0 && core.deadline().is_some(), Action::TimeOut(id)),
            (proposes, Action::Propose(id)),
            (left.changes > 0 && core.is_leader(), Action::Change(id)),
            (node.write.is_some(), Action::Saved(id)),
            (left.crashes > 0, Action::Crash(id)),
        ];
        actions.extend(own.into_iter().filter_map(|(can, action)| can.then_some(action)));
        if left.retries > 0 && core.is_leader() {
            let peers = (1..=self.nodes).filter(|peer| *peer != id);
            actions.extend(peers.map(|peer| Action::Retry(id, peer)));
        }
    }

    /// Whether the leader takes the change.
    fn change(self, state: &mut State, id: NodeId) -> bool {
        let mut taken = false;
        state.left.changes -= 1;
        state.does(id, |core| taken = core.propose_change(NOW, self.change).is_ok());
        taken
    }
}

/// One leads, and all that there is to say has arrived.
fn settle(state: &mut State, leader: NodeId) {
    state.does(leader, |core| core.tick(NOW));
    let mut last = None;
    while last.as_ref() != Some(state) {
        last = Some(state.clone());
        let asked: Vec<_> = state.asked.keys().copied().collect();
        for ticket in asked {
            ask(state, ticket);
        }
        let answered: Vec<_> = state.answered.values().copied().collect();
        for answered in answered {
            answer(state, answered);
        }
    }
    state.asked = Arc::default();
    state.answered = Arc::default();
}

/// The trial before an election changes nobody but who tries: so its messages arrive before anything
/// else happens, and are gone.
fn try_at_once(state: &mut State) {
    let asked = Arc::clone(&state.asked);
    let is_trial = |asked: &Asked| asked.context.asked == message::Asked::Vote(Ballot::Trial);
    let trials = asked.iter().filter(|(_, asked)| is_trial(asked));
    for (ticket, Asked { to, .. }) in trials {
        if state.node(*to).core.is_some() {
            ask(state, *ticket);
            let answered = state.answered.values().find(|it| it.ticket == *ticket).copied();
            if let Some(answered) = answered {
                answer(state, answered);
            }
        }
    }
    Arc::make_mut(&mut state.asked).retain(|_, asked| !is_trial(asked));
    let asked = Arc::clone(&state.asked);
    Arc::make_mut(&mut state.answered).retain(|_, it| asked.contains_key(&it.ticket));
}

fn ask(state: &mut State, ticket: Ticket) {
    let Asked { from, to, request, .. } = state.asked[&ticket].clone();
    state.node_mut(to).held.insert(ticket);
    state.happens(to, |core| core.handle(NOW, from, ticket, request));
}

fn answer(state: &mut State, Answered { ticket, reply }: Answered) {
    let Asked { from, to, context, .. } = state.asked[&ticket];
    state.happens(from, |core| core.on_reply(NOW, to, context, reply));
}

fn propose(state: &mut State, id: NodeId) {
    state.does(id, |core| {
        let command = Arc::from([core.term() as u8]);
        core.propose(command).expect("it leads, and there is room");
    });
}

fn retry(state: &mut State, id: NodeId, peer: NodeId) {
    let epoch = state.node(id).life;
    state.left.retries -= 1;
    state.does(id, |core| {
        let (term, asked) = (core.term(), message::Asked::Campaign);
        core.on_lost(peer, Context { term, epoch, sent_at: NOW, round: 0, asked });
    });
}

/// In its term.
fn has_proposed(core: &Core) -> bool {
    let mut entries = (1..=core.last().index).filter_map(|index| core.log().entry(index));
    let is_own =
        |entry: &Entry| entry.term == core.term() && matches!(entry.payload, Payload::Command(_));
    entries.any(is_own)
}

impl Disk {
    fn stored(self) -> Stored {
        let Self { term, vote, log } = self;
        let entries =
            log.iter().map(|term| Entry { term: *term, payload: Payload::Empty }).collect();
        Stored { hard_state: HardState { term, vote }, snapshot: None, entries }
    }
}

impl Model for Bound {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let node = |at: usize| {
            let disk = self.disks.get(at).map_or_else(Stored::default, |disk| disk.stored());
            let (core, write, held, life) = (None, None, BTreeSet::new(), 0);
            Arc::new(Node { core, disk, write, held, life })
        };
        let left = Left {
            time_outs: self.time_outs.to_vec(),
            changes: u8::from(!self.change.is_empty()),
            crashes: self.crashes,
            retries: self.retries,
        };
        let mut state = State {
            nodes: (0..self.nodes as usize).map(node).collect(),
            asked: Arc::new(BTreeMap::new()),
            answered: Arc::new(BTreeMap::new()),
            past: Arc::new(Past::default()),
            left,
            slow_disks: false,
        };
        (1..=self.nodes).for_each(|id| self.boot(&mut state, id));
        if let Some(leader) = self.settled {
            settle(&mut state, leader);
        }
        state.slow_disks = self.slow_disks;
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (id, node) in (1..).zip(&state.nodes) {
            match &node.core {
                None => actions.push(Action::Restart(id)),
                Some(core) => self.actions_of(state, node, core, actions),
            }
        }
        let arrives = |(ticket, asked): (&Ticket, &Asked)| {
            let to = state.node(asked.to);
            // A second answer would wait for the same save as the first.
            (to.core.is_some() && !to.held.contains(ticket)).then_some(Action::Ask(*ticket))
        };
        actions.extend(state.asked.iter().filter_map(arrives));
        actions.extend(state.answered.keys().map(|mark| Action::Answer(*mark)));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Ask(ticket) => ask(&mut state, ticket),
            Action::Answer(mark) => answer(&mut state, last.answered[&mark]),
            Action::TimeOut(id) => self.time_out(&mut state, id),
            Action::Propose(id) => propose(&mut state, id),
            Action::Change(id) => return self.change(&mut state, id).then_some(state),
            Action::Retry(id, peer) => retry(&mut state, id, peer),
            Action::Saved(id) => state.saved(id),
            Action::Crash(id) => state.crash(id),
            Action::Restart(id) => self.boot(&mut state, id),
        }
        Some(state)
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.cores().all(|(_, core)| core.term() <= self.term && core.last().index <= self.length)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all(self)
    }
}
