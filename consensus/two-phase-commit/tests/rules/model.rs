//! What can happen, and what must never.

use stateright::{Model, Property};
use two_phase_commit::branches::{Asked, Inquiry, RESERVE, Safe, Told};
use two_phase_commit::ledger::Acknowledged;
use two_phase_commit::record::{Branched, Coordinated};
use two_phase_commit::{Answer, Outcome, ParticipantId, Tx, Vote, Votes};

use super::state::{Coordinator, Disk, Message, Participant, STORE, State, part};

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
    /// It is asked to prepare, and the part cannot be done, or there is nothing to do.
    Decline(ParticipantId, Tx, Tx, Vote),
    /// The coordinator waits no longer for votes.
    GiveUp(Tx),
    /// A disk has written.
    Sync(Option<ParticipantId>),
    /// Who was started again asks what is begun next.
    Next(ParticipantId),
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
        let is_epoch = |record: &Coordinated| matches!(record, Coordinated::Epoch { .. });
        let writes_epoch = state.coordinator.disk.writing.iter().any(is_epoch);
        if state.begun < self.transactions && !writes_epoch {
            actions.push(Action::Begin);
        }
        actions.extend(state.sent.iter().map(|message| Action::Deliver(*message)));
        for message in &state.sent {
            if let Message::Prepare(to, tx, mark) = *message {
                let declined = [Vote::No, Vote::ReadOnly];
                actions.extend(declined.map(|vote| Action::Decline(to, tx, mark, vote)));
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
            actions.extend(participant.branches.unsure().map(|_| Action::Next(*id)));
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
            Action::Decline(id, tx, mark, vote) => self.decline(id, tx, mark, vote),
            Action::GiveUp(tx) => self.abort(tx),
            Action::Sync(None) => self.sync_coordinator(),
            Action::Sync(Some(id)) => self.sync_participant(id),
            Action::Next(id) => {
                let next = self.coordinator.ledger.next();
                if let Some(participant) = self.participants.get_mut(&id) {
                    participant.branches.next_of(next);
                }
            }
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
            Message::Vote(id, tx, vote) => {
                if let Some(votes) = self.coordinator.votes.get_mut(&tx) {
                    votes.cast(id, STORE, vote);
                }
                self.count(tx);
            }
            Message::Decide(id, tx, outcome) => self.decide(id, tx, outcome),
            Message::Done(id, tx) => {
                let Coordinator { ledger, disk, .. } = &mut self.coordinator;
                // Nobody waits for it: it is written at once, or as good as never.
                if let Acknowledged::Ended(record) = ledger.acknowledged(tx, id, STORE) {
                    disk.safe.push(record);
                }
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
            Asked::Vote(vote) => self.vote(id, tx, vote),
            Asked::Busy => {}
        }
    }

    fn vote(&mut self, id: ParticipantId, tx: Tx, vote: Vote) {
        self.yes.extend((vote != Vote::No).then_some((id, tx)));
        self.sent.insert(Message::Vote(id, tx, vote));
    }

    /// As [`prepare`](Self::prepare), when the store does not promise.
    fn decline(&mut self, id: ParticipantId, tx: Tx, mark: Tx, vote: Vote) {
        let part = part(self.participants.keys().copied(), id);
        let Some(Participant { disk, branches }) = self.participants.get_mut(&id) else { return };
        branches.hear(mark);
        if !matches!(branches.prepare(tx, part), Asked::Write(_)) {
            return;
        }
        if vote == Vote::No {
            branches.declined(tx, true);
        } else if let Some(reserve) = branches.reads(tx) {
            // The vote waits until that is safe.
            disk.writing.push(reserve);
            return;
        }
        self.vote(id, tx, vote);
    }

    /// Decides, when that can be.
    fn count(&mut self, tx: Tx) {
        let Coordinator { ledger, votes, disk } = &mut self.coordinator;
        let Some(all) = votes.get(&tx) else { return };
        match all.outcome() {
            Some(Outcome::Committed) if !disk.writing.iter().any(commits(tx)) => {
                if let Some(record) = ledger.commits(tx, all.promised()) {
                    disk.writing.push(record);
                } else {
                    // Nobody has anything to do.
                    ledger.forget(tx);
                    votes.remove(&tx);
                }
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
            let told = participants.clone().into_keys();
            let told = told.map(|id| Message::Decide(id, tx, Outcome::Committed));
            ledger.committed(tx, participants);
            votes.remove(&tx);
            self.told.insert((CLIENT, tx, Outcome::Committed));
            self.sent.extend(told);
        }
    }

    fn sync_participant(&mut self, id: ParticipantId) {
        let Some(Participant { disk, branches }) = self.participants.get_mut(&id) else { return };
        match disk.sync() {
            Branched::Prepared { tx, .. } => match branches.prepared(tx) {
                Safe::Yes => {
                    self.yes.insert((id, tx));
                    self.sent.insert(Message::Vote(id, tx, Vote::Yes));
                }
                Safe::Doomed(_) => {}
                Safe::Nothing => unreachable!("it was on its way"),
            },
            Branched::Decided(tx, Outcome::Committed) => {
                branches.committed(tx);
                self.sent.insert(Message::Done(id, tx));
            }
            Branched::Refused(tx) => branches.refused(tx),
            Branched::Reserved(upto) => {
                branches.reserved(upto);
                let tx = Tx { sequence: upto.sequence - RESERVE, ..upto };
                branches.reads(tx);
                self.vote(id, tx, Vote::ReadOnly);
            }
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
