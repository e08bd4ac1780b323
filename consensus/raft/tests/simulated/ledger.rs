//! What all nodes and clients of a run said and did, each fact checked against those before it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use raft::log::{Entry, Payload};
use raft::{Index, NodeId, Position, Term};
use simnet::judge::Operation;

use super::history::Op;
use super::machine::Machine;

pub(crate) type Shared = Rc<RefCell<Ledger>>;

/// The number of an operation of a client.
pub(crate) type Call = usize;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) counts: Counts,
    /// What a node said is committed: no node ever says otherwise. By index, from 1 on: the term of
    /// the entry, and that of the leader which committed it, or a later one.
    committed: Vec<(Term, Term)>,
    /// A leader knew all up to here to be committed.
    pub(crate) vouched: Index,
    /// What a state machine shows that has done the entries up to here, and the last one's term.
    chains: BTreeMap<Index, (u64, Term)>,
    /// What clients were told since the last look, and whether it was good news.
    told: Vec<(Position, bool)>,
    /// By node and term: for whom it voted, as it said.
    votes: BTreeMap<(NodeId, Term), NodeId>,
    /// Votes of which somebody heard since the last look.
    heard: Vec<(NodeId, Term, NodeId)>,
    /// Every read that begins now must see all up to here.
    floor: Index,
    values: u64,
    calls: Vec<Operation<Op, u64>>,
    /// Those that certainly had no effect.
    void: BTreeSet<Call>,
    phase: Phase,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Storm,
    /// Since this call; and the last of those that were acknowledged since.
    Calm(Call, Option<Position>),
    /// Nobody asks for anything.
    Closed(Position),
}

/// How often each kind of thing happened.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) superseded: u64,
    pub(crate) unknown: u64,
    /// Proposals that were refused because too much waits.
    pub(crate) full: u64,
    pub(crate) changes: u64,
    pub(crate) transfers: u64,
    pub(crate) installs: u64,
    pub(crate) reads: u64,
    pub(crate) lost_reads: u64,
    pub(crate) lease_reads: u64,
    /// Reads that were thrown away: the lease was over when the state machine was ready.
    pub(crate) late_leases: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.superseded += other.superseded;
        self.unknown += other.unknown;
        self.full += other.full;
        self.changes += other.changes;
        self.transfers += other.transfers;
        self.installs += other.installs;
        self.reads += other.reads;
        self.lost_reads += other.lost_reads;
        self.lease_reads += other.lease_reads;
        self.late_leases += other.late_leases;
    }
}

impl Ledger {
    // Phases.

    pub(crate) fn is_storm(&self) -> bool {
        matches!(self.phase, Phase::Storm)
    }

    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Closed(_))
    }

    /// Nobody asks for anything, from the beginning.
    pub(crate) fn silent() -> Self {
        Self { phase: Phase::Closed(Position::default()), ..Self::default() }
    }

    pub(crate) fn calm(&mut self) {
        self.phase = Phase::Calm(self.calls.len(), None);
    }

    /// A write that was called and acknowledged in the calm.
    pub(crate) fn fresh(&self) -> Option<Position> {
        match self.phase {
            Phase::Storm => None,
            Phase::Calm(_, fresh) => fresh,
            Phase::Closed(last) => Some(last),
        }
    }

    pub(crate) fn close(&mut self) {
        self.phase = Phase::Closed(self.fresh().expect("it is closed when a write was seen"));
    }

    // What nodes say.

    /// Another node hears of a vote; one that asks for votes has its own.
    pub(crate) fn voted(&mut self, id: NodeId, term: Term, candidate: NodeId) {
        let first = *self.votes.entry((id, term)).or_insert(candidate);
        assert_eq!(first, candidate, "node {id} votes twice in term {term}");
        self.heard.push((id, term, candidate));
    }

    /// The votes of which somebody heard since this was asked last.
    pub(crate) fn take_votes(&mut self) -> Vec<(NodeId, Term, NodeId)> {
        std::mem::take(&mut self.heard)
    }

    /// Says whether nobody said so before. `by` is the term of who says it.
    pub(crate) fn commit(&mut self, at: Position, entry: Option<&Entry>, by: Term) -> bool {
        if let Some(term) = self.term(at.index) {
            assert_eq!(term, at.term, "two entries are committed at {}", at.index);
            return false;
        }
        assert_eq!(self.last() + 1, at.index, "what was committed in between was seen by nobody");
        self.committed.push((at.term, by));
        if let Some((_, term)) = self.chains.get(&at.index) {
            assert_eq!(*term, at.term, "another entry was applied at {}", at.index);
        }
        let is_change = entry.is_some_and(|it| matches!(it.payload, Payload::Membership(_)));
        self.counts.changes += u64::from(is_change);
        true
    }

    /// The last index that anybody called committed.
    pub(crate) fn last(&self) -> Index {
        self.committed.len() as Index
    }

    /// The term of the committed entry there.
    pub(crate) fn term(&self, index: Index) -> Option<Term> {
        Some(self.committed.get(index.checked_sub(1)? as usize)?.0)
    }

    /// From an index on, what leaders of earlier terms committed: a leader of this term has it all.
    pub(crate) fn before(&self, term: Term, from: Index) -> impl Iterator<Item = Position> {
        let committed = (from.max(1)..).zip(self.committed.iter().skip(from.max(1) as usize - 1));
        let earlier = committed.filter(move |(_, (_, by))| *by < term);
        earlier.map(|(index, (term, _))| Position { term: *term, index })
    }

    pub(crate) fn applied(&mut self, machine: &Machine, entry: &Entry) {
        let (upto, now) = (machine.upto, (machine.chain, entry.term));
        let chain = *self.chains.entry(upto).or_insert(now);
        assert_eq!(chain, now, "two sequences of entries end at {upto}");
        let committed = self.term(upto).is_none_or(|term| term == entry.term);
        assert!(committed, "another entry is committed at {upto}");
    }

    pub(crate) fn installed(&mut self, machine: &Machine) {
        self.counts.installs += 1;
        let (chain, _) = self.chains.get(&machine.upto).expect("some machine was there before");
        assert_eq!(*chain, machine.chain, "a snapshot of what no machine ever was");
    }

    /// When every commit of a moment is entered, what clients were told in it must be true.
    pub(crate) fn check_told(&mut self) {
        for (at, is_committed) in std::mem::take(&mut self.told) {
            let term = self.term(at.index).expect("nobody knows yet what is committed there");
            let is_there = term == at.term;
            assert_eq!(
                is_there, is_committed,
                "term {term} is committed at {}, not {at}",
                at.index
            );
        }
    }

    // What clients are told.

    pub(crate) fn next_value(&mut self) -> u64 {
        self.values += 1;
        self.values
    }

    pub(crate) fn call(&mut self, called: Duration, op: Op) -> Call {
        self.calls.push(Operation { op, called, answered: None });
        self.calls.len() - 1
    }

    pub(crate) fn answer(&mut self, at: Duration, call: Call, answer: u64) {
        let before = self.calls[call].answered.replace((at, answer));
        assert_eq!(before, None, "a call is answered once");
    }

    /// All writes that were acknowledged before now, and all that any client has seen.
    pub(crate) fn floor(&self) -> Index {
        self.floor
    }

    pub(crate) fn read(&mut self, at: Duration, call: Call, machine: &Machine) {
        let Op::Read(key) = self.calls[call].op else { panic!("call {call} is no read") };
        self.counts.reads += 1;
        self.floor = self.floor.max(machine.upto);
        self.answer(at, call, machine.value(key));
    }

    pub(crate) fn acknowledged(&mut self, at: Position, call: Option<Call>) {
        self.floor = self.floor.max(at.index);
        self.told.push((at, true));
        if let (Phase::Calm(since, fresh), Some(call)) = (&mut self.phase, call)
            && call >= *since
        {
            *fresh = Some(at);
        }
    }

    pub(crate) fn superseded(&mut self, at: Position, call: Option<Call>) {
        self.counts.superseded += 1;
        self.told.push((at, false));
        self.void.extend(call);
    }

    pub(crate) fn never_was(&mut self, call: Call) {
        self.void.insert(call);
    }

    /// What the judge must look at. A read without an answer says nothing.
    pub(crate) fn operations(&mut self) -> Vec<Operation<Op, u64>> {
        let void = std::mem::take(&mut self.void);
        let calls = std::mem::take(&mut self.calls).into_iter().enumerate();
        let told = calls.filter(|(call, it)| {
            let is_blank = matches!(it.op, Op::Read(_)) && it.answered.is_none();
            !is_blank && !void.contains(call)
        });
        told.map(|(_, operation)| operation).collect()
    }
}
