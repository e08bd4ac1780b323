//! What can happen, and what must never.

use stateright::{Model, Property};
use two_phase_commit::branches::{Asked, Inquiry, Safe, Told};
use two_phase_commit::record::{Branched, Coordinated};
use two_phase_commit::{Answer, Outcome, ParticipantId, Tx, Votes};

use super::state::{Coordinator, Disk, Message, Participant, State, part, vote};

/// How far a model goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) participants: u64,
    pub(crate) transactions: usize,
    pub(crate) crashes: usize,
}

pub(crate) const NEVER: [&str; 3] = [
    "two outcomes of one transaction",
    "a commit that somebody did not vote for",
    "a coordinator in two minds",
];
pub(crate) const SOMETIMES: [&str; 4] =
    ["all committed", "all aborted", "a peer knew", "in doubt, and nobody can help"];

/// The client, among those who are told.
const CLIENT: ParticipantId = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Begin,
    Deliver(Message),
    /// The part cannot be done.
    VoteNo(ParticipantId, Tx),
    /// The coordinator waits no longer for votes.
    GiveUp(Tx),
    /// A disk has written.
    Sync(Option<ParticipantId>),
    /// Who voted yes heard nothing for long, and asks.
    Ask(ParticipantId, Tx),
    /// So many of the records that were on their way are written.
    Crash(Option<ParticipantId>, usize),
}

impl Model for Bound {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let participants = (1..=self.participants).map(|id| (id, Participant::default()));
        let mut coordinator = Coordinator::start(Disk::default());
        coordinator.disk.sync();
        vec![State {
            coordinator,
            participants: participants.collect(),
            sent: [].into(),
            begun: 0,
            crashes: 0,
            told: [].into(),
            yes: [].into(),
            is_rescued: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let is_epoch = |record: &Coordinated| matches!(record, Coordinated::Epoch(_));
        let writes_epoch = state.coordinator.disk.writing.iter().any(is_epoch);
        if state.begun < self.transactions && !writes_epoch {
            actions.push(Action::Begin);
        }
        actions.extend(state.sent.iter().map(|message| Action::Deliver(*message)));
        for message in &state.sent {
            if let Message::Prepare(to, tx, _) = message {
                actions.push(Action::VoteNo(*to, *tx));
            }
        }
        actions.extend(state.coordinator.votes.keys().map(|tx| Action::GiveUp(*tx)));
        let crashes = state.crashes < self.crashes;
        let mut disk = |who, writing: usize| {
            actions.extend((writing > 0).then_some(Action::Sync(who)));
            if crashes {
                actions.extend((0..=writing).map(|written| Action::Crash(who, written)));
            }
        };
        disk(None, state.coordinator.disk.writing.len());
        for (id, participant) in &state.participants {
            disk(Some(*id), participant.disk.writing.len());
        }
        for (id, participant) in &state.participants {
            actions.extend(participant.branches.in_doubt().map(|(tx, _)| Action::Ask(*id, tx)));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        next.take(action);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER[0], |_, state: &State| {
                let of = |outcome| move |told: &&(u64, Tx, Outcome)| told.2 == outcome;
                let mut committed = state.told.iter().filter(of(Outcome::Committed));
                committed.all(|(_, tx, _)| {
                    !state.told.iter().filter(of(Outcome::Aborted)).any(|(_, it, _)| it == tx)
                })
            }),
            Property::always(NEVER[1], |_, state: &State| {
                let mut committed = state.told.iter().filter(|it| it.2 == Outcome::Committed);
                committed.all(|(_, tx, _)| {
                    state.participants.keys().all(|id| state.yes.contains(&(*id, *tx)))
                })
            }),
            Property::always(NEVER[2], |_, state: &State| {
                // Open, or decided, and not both.
                let ledger = &state.coordinator.ledger;
                state.coordinator.votes.keys().all(|tx| ledger.answer(*tx) == Answer::Wait)
            }),
            Property::sometimes(SOMETIMES[0], |_, state: &State| {
                state.all_were(Outcome::Committed)
            }),
            Property::sometimes(SOMETIMES[1], |_, state: &State| state.all_were(Outcome::Aborted)),
            Property::sometimes(SOMETIMES[2], |_, state: &State| state.is_rescued),
            Property::sometimes(SOMETIMES[3], |_, state: &State| {
                let mut all = state.participants.values();
                state.crashes > 0 && all.all(|it| it.branches.in_doubt().next().is_some())
            }),
        ]
    }
}

fn commits(tx: Tx) -> impl Fn(&Coordinated) -> bool {
    move |record| matches!(record, Coordinated::Committed { tx: it, .. } if *it == tx)
}

impl State {
    fn all_were(&self, outcome: Outcome) -> bool {
        self.participants.keys().all(|id| self.told.iter().any(|it| it.0 == *id && it.2 == outcome))
    }

    fn take(&mut self, action: Action) {
        match action {
            Action::Begin => self.begin(),
            Action::Deliver(message) => self.deliver(message),
            Action::VoteNo(id, tx) => _ = self.sent.insert(Message::Vote(id, tx, false)),
            Action::GiveUp(tx) => self.abort(tx),
            Action::Sync(None) => self.sync_coordinator(),
            Action::Sync(Some(id)) => self.sync_participant(id),
            Action::Ask(id, tx) => self.ask(id, tx),
            Action::Crash(None, written) => {
                self.crashes += 1;
                self.coordinator.disk.crash(written);
                self.coordinator = Coordinator::start(std::mem::take(&mut self.coordinator.disk));
            }
            Action::Crash(Some(id), written) => {
                self.crashes += 1;
                let Some(participant) = self.participants.get_mut(&id) else { return };
                participant.disk.crash(written);
                *participant = Participant::start(std::mem::take(&mut participant.disk));
            }
        }
    }

    fn begin(&mut self) {
        self.begun += 1;
        let Coordinator { ledger, votes, .. } = &mut self.coordinator;
        let tx = ledger.begin();
        votes.extend(Votes::of(self.participants.keys().copied()).map(|all| (tx, all)));
        let mark = ledger.mark();
        self.sent.extend(self.participants.keys().map(|id| Message::Prepare(*id, tx, mark)));
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::Prepare(id, tx, mark) => self.prepare(id, tx, mark),
            Message::Vote(id, tx, yes) => {
                if let Some(votes) = self.coordinator.votes.get_mut(&tx) {
                    votes.cast(id, vote(yes));
                }
                self.count(tx);
            }
            Message::Decide(id, tx, outcome) => self.decide(id, tx, outcome),
            Message::Done(id, tx) => {
                let Coordinator { ledger, disk, .. } = &mut self.coordinator;
                // Nobody waits for it: it is written at once, or as good as never.
                disk.safe.extend(ledger.acknowledged(tx, id));
            }
            Message::Ask(id, tx) => match self.coordinator.ledger.answer(tx) {
                Answer::Is(outcome) => _ = self.sent.insert(Message::Decide(id, tx, outcome)),
                Answer::Wait => {}
                Answer::Unknown => unreachable!("it names no other"),
            },
            Message::AskPeer(from, to, tx) => self.ask_peer(from, to, tx),
        }
    }

    fn prepare(&mut self, id: ParticipantId, tx: Tx, mark: Tx) {
        let part = part(self.participants.keys().copied(), id);
        let Some(Participant { disk, branches }) = self.participants.get_mut(&id) else { return };
        branches.hear(mark);
        match branches.prepare(tx, part) {
            Asked::Write(record) => disk.writing.push(record),
            Asked::Vote(answer) => {
                let yes = answer == vote(true);
                self.yes.extend(yes.then_some((id, tx)));
                self.sent.insert(Message::Vote(id, tx, yes));
            }
            Asked::Busy => {}
        }
    }

    /// Decides, when that can be.
    fn count(&mut self, tx: Tx) {
        let Coordinator { ledger, votes, disk } = &mut self.coordinator;
        let Some(all) = votes.get(&tx) else { return };
        match all.outcome() {
            Some(Outcome::Committed) if !disk.writing.iter().any(commits(tx)) => {
                disk.writing.extend(ledger.commits(tx, all.waiting()));
            }
            Some(Outcome::Aborted) => self.abort(tx),
            _ => {}
        }
    }

    fn abort(&mut self, tx: Tx) {
        let Coordinator { ledger, votes, disk } = &mut self.coordinator;
        // What is on its way to the disk cannot be taken back.
        if disk.writing.iter().any(commits(tx)) {
            return;
        }
        if let Some(all) = votes.remove(&tx) {
            ledger.forget(tx);
            self.told.insert((CLIENT, tx, Outcome::Aborted));
            let told = all.waiting().map(|id| Message::Decide(id, tx, Outcome::Aborted));
            self.sent.extend(told);
        }
    }

    fn sync_coordinator(&mut self) {
        let Coordinator { ledger, votes, disk } = &mut self.coordinator;
        if let Coordinated::Committed { tx, participants } = disk.sync() {
            ledger.committed(tx, participants.iter().copied());
            votes.remove(&tx);
            self.told.insert((CLIENT, tx, Outcome::Committed));
            let told = participants.iter().map(|id| Message::Decide(*id, tx, Outcome::Committed));
            self.sent.extend(told);
        }
    }

    fn sync_participant(&mut self, id: ParticipantId) {
        let Some(Participant { disk, branches }) = self.participants.get_mut(&id) else { return };
        match disk.sync() {
            Branched::Prepared { tx, .. } => match branches.prepared(tx) {
                Safe::Yes => {
                    self.yes.insert((id, tx));
                    self.sent.insert(Message::Vote(id, tx, true));
                }
                Safe::Doomed(_) => {}
                Safe::Nothing => unreachable!("it was on its way"),
            },
            Branched::Decided(tx, Outcome::Committed) => {
                branches.committed(tx);
                self.sent.insert(Message::Done(id, tx));
            }
            Branched::Refused(tx) => branches.refused(tx),
            _ => {}
        }
    }

    fn decide(&mut self, id: ParticipantId, tx: Tx, outcome: Outcome) {
        let Some(Participant { disk, branches }) = self.participants.get_mut(&id) else { return };
        match branches.decide(tx, outcome) {
            Told::Write(record, _) => {
                self.told.insert((id, tx, outcome));
                match outcome {
                    Outcome::Committed => disk.writing.push(record),
                    // As late as can be: never. Who forgets it asks.
                    Outcome::Aborted => {}
                }
            }
            Told::Known if outcome == Outcome::Committed => {
                self.sent.insert(Message::Done(id, tx));
            }
            Told::Known | Told::Later => {}
            Told::Mixed(_) => unreachable!("there is no operator"),
        }
    }

    fn ask(&mut self, id: ParticipantId, tx: Tx) {
        self.sent.insert(Message::Ask(id, tx));
        let peers = self.participants.keys().filter(|peer| **peer != id);
        self.sent.extend(peers.map(|peer| Message::AskPeer(id, *peer, tx)));
    }

    fn ask_peer(&mut self, from: ParticipantId, to: ParticipantId, tx: Tx) {
        let Some(Participant { disk, branches }) = self.participants.get_mut(&to) else { return };
        match branches.ask(tx) {
            Inquiry::Refuse => disk.writing.push(Branched::Refused(tx)),
            Inquiry::Say(Answer::Is(outcome)) => {
                self.is_rescued = true;
                self.sent.insert(Message::Decide(from, tx, outcome));
            }
            Inquiry::Say(_) => {}
        }
    }
}
