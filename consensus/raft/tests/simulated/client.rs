//! Clients of one node: they sit on its machine and ask it alone, whether it leads or not.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use raft::core::{Fate, Outcome, ReadId, ReadOutcome, Why};
use raft::membership::Change;
use raft::{Index, NodeId, Position, Term};
use simnet::Rng;

use super::history::Op;
use super::ledger::{Call, Shared};
use super::machine::Swap;
use super::process::Node;

/// So many of a node's clients wait for a write at once, and as many for a read.
const MOST: usize = 3;
/// Few, so that operations on one meet.
const KEYS: u64 = 4;

#[derive(Debug)]
pub(crate) struct Client {
    rng: Rng,
    wishes: Wishes,
    next: Duration,
    /// Proposals whose fate is open. A change of the members has no call.
    open: BTreeMap<Position, Option<Call>>,
    /// Committed, and not applied here yet.
    committed: BTreeMap<Position, Call>,
    reads: BTreeMap<ReadId, Reading>,
    /// Reads that wait for the state machine.
    ready: Vec<Ready>,
}

/// What clients ask for, beside swaps and reads.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    /// The time from one request to the next.
    pub(crate) gap: RangeInclusive<Duration>,
    /// Among so many nodes members come and go, if at all.
    pub(crate) members: Option<NodeId>,
}

#[derive(Debug)]
struct Reading {
    call: Call,
    /// All up to here was acknowledged, or read by somebody, when it began.
    floor: Index,
}

#[derive(Debug)]
struct Ready {
    call: Call,
    index: Index,
    until: Option<Duration>,
}

impl Client {
    pub(crate) fn new(rng: Rng, wishes: Wishes) -> Self {
        let (open, committed, reads) = <_>::default();
        Self { rng, wishes, next: Duration::ZERO, open, committed, reads, ready: Vec::new() }
    }

    /// When the next of them wants something.
    pub(crate) fn next(&self) -> Duration {
        self.next
    }

    /// True this often in a thousand times.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        self.rng.chance(permille)
    }

    /// Whether somebody waits for a read.
    pub(crate) fn is_reading(&self) -> bool {
        !self.reads.is_empty() || !self.ready.is_empty()
    }

    /// Whether as many wait for a write as may. Nobody waits for what an earlier term began.
    fn may_write(&self, term: Term) -> bool {
        self.open.keys().filter(|at| at.term == term).count() < MOST
    }

    /// The same of reads: they go on when writes are stuck, as with a leader that was deposed and has
    /// not heard of it.
    fn may_read(&self) -> bool {
        self.reads.len() + self.ready.len() < MOST
    }

    /// An entry was done here; `old` is what its register held.
    pub(crate) fn applied(&mut self, at: Position, old: u64, now: Duration, ledger: &Shared) {
        if let Some(call) = self.committed.remove(&at) {
            ledger.borrow_mut().answer(now, call, old);
        }
    }

    fn wish(&mut self) -> Vec<Change> {
        let most = self.wishes.members.unwrap_or(1);
        // More than one voter at once makes it a joint change.
        let count = if self.rng.chance(500) { 1 } else { 3 };
        let mut wish = || {
            let id = 1 + self.rng.below(most);
            match self.rng.below(10) {
                0..5 => Change::Voter(id),
                5..7 => Change::Learner(id),
                _ => Change::Remove(id),
            }
        };
        (0..count).map(|_| wish()).collect()
    }
}

impl Node {
    /// Somebody asks for something, if it is time.
    pub(crate) fn serve(&mut self, now: Duration, at: Duration) {
        if now < self.client.next || !self.ledger.borrow().is_open() {
            return;
        }
        self.client.next = now + self.client.rng.time(&self.client.wishes.gap);
        let is_storm = self.ledger.borrow().is_storm();
        let may_write = self.client.may_write(self.core.term());
        match self.client.rng.below(100) {
            0..4 if is_storm => self.hand_over(now),
            4..12 if is_storm && self.client.wishes.members.is_some() => self.change(now),
            ..60 if may_write => self.swap(at),
            _ if self.client.may_read() => self.read(now, at),
            _ => {}
        }
    }

    fn swap(&mut self, at: Duration) {
        let key = self.client.rng.below(KEYS) as u8;
        let mut ledger = self.ledger.borrow_mut();
        let swap = Swap { key, value: ledger.next_value() };
        match self.core.propose(swap.to_bytes()) {
            Ok(position) => {
                let call = ledger.call(at, Op::Swap(swap));
                self.client.open.insert(position, Some(call));
            }
            Err(dropped) => ledger.counts.full += u64::from(dropped.why == Why::Full),
        }
    }

    fn read(&mut self, now: Duration, at: Duration) {
        let key = self.client.rng.below(KEYS) as u8;
        let Ok(id) = self.core.read_index(now) else { return };
        let mut ledger = self.ledger.borrow_mut();
        let (call, floor) = (ledger.call(at, Op::Read(key)), ledger.floor());
        self.client.reads.insert(id, Reading { call, floor });
    }

    fn hand_over(&mut self, now: Duration) {
        let peers: Vec<_> =
            (1..=9).filter(|id| self.core.log().membership().is_voter(*id)).collect();
        if let Some(&to) = self.client.rng.pick(&peers) {
            // Refused if it does not lead, or is asked to hand over to itself.
            let _ = self.core.transfer(now, to);
        }
    }

    fn change(&mut self, now: Duration) {
        let wish = self.client.wish();
        if let Ok(position) = self.core.propose_change(now, &wish) {
            self.client.open.insert(position, None);
        }
    }

    pub(crate) fn learn_outcomes(&mut self) {
        for Outcome { proposal, fate } in self.core.take_outcomes() {
            let call = self.client.open.remove(&proposal).expect("it was asked for, and once");
            let mut ledger = self.ledger.borrow_mut();
            match fate {
                Fate::Committed => {
                    ledger.acknowledged(proposal, call);
                    self.client.committed.extend(call.map(|call| (proposal, call)));
                }
                Fate::Superseded => ledger.superseded(proposal, call),
                Fate::Unknown => ledger.counts.unknown += 1,
            }
        }
    }

    pub(crate) fn answer_reads(&mut self, now: Duration, at: Duration) {
        let mut ledger = self.ledger.borrow_mut();
        for read in self.core.take_reads() {
            match read {
                ReadOutcome::Ready { id, index, until } => {
                    let Reading { call, floor } =
                        self.client.reads.remove(&id).expect("it was asked");
                    assert!(index >= floor, "a read at {index} began when {floor} was known");
                    self.client.ready.push(Ready { call, index, until });
                }
                ReadOutcome::Lost(id) => {
                    let Reading { call, .. } = self.client.reads.remove(&id).expect("it was asked");
                    ledger.never_was(call);
                    ledger.counts.lost_reads += 1;
                }
            }
        }
        let upto = self.machine.upto;
        for Ready { call, until, .. } in self.client.ready.extract_if(.., |it| it.index <= upto) {
            if until.is_some_and(|until| now >= until) {
                ledger.never_was(call);
                ledger.counts.late_leases += 1;
                continue;
            }
            ledger.counts.lease_reads += u64::from(until.is_some());
            ledger.read(at, call, &self.machine);
        }
    }
}
