//! What both runtimes keep beside the rules: who waits for what. No thread waits here, and nothing is
//! called back: what has to be said is handed out, to be said when no lock is held.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::core::{Core, Fate, ReadId, ReadOutcome, Ticket};
use crate::log::{Entry, Payload};
use crate::membership::Change;
use crate::message::{Refused, Reply, Request};
use crate::node::{Answerer, Bytes, Found, Machine, ProposeError, ReadError, Status};
use crate::types::{Index, NodeId, Position, Snapshot};

/// Gives a caller what became of its command.
pub(crate) type Done<A> = Box<dyn FnOnce(Result<A, ProposeError>) + Send>;

/// Reads, and gives its caller what was read if the second argument still says yes after it.
pub(crate) type Query<M> = Box<dyn FnOnce(Result<&M, ReadError>, &dyn Fn() -> bool) + Send>;

/// Who waits for a command.
enum Waiting<A> {
    Command(Done<A>),
    /// A change of the members has no answer of the machine.
    Change(Box<dyn FnOnce(Result<(), ProposeError>) + Send>),
}

pub(crate) struct Desk<M: Machine> {
    pub(crate) core: Core,
    /// Of what is neither committed nor superseded, in the order in which the core keeps them.
    open: VecDeque<(Position, Waiting<M::Answer>)>,
    /// Of what is committed and not applied.
    committed: VecDeque<(Index, Done<M::Answer>)>,
    reads: BTreeMap<ReadId, Query<M>>,
    /// Those that may read once the machine has done the entries up to their index.
    ready: Vec<(Index, Option<Duration>, Query<M>)>,
    asked: BTreeMap<Ticket, Answerer>,
    last_ticket: Ticket,
    /// The bytes of the core's snapshot.
    bytes: Bytes,
}

/// What is to be said when no lock is held.
pub(crate) struct Words {
    replies: Vec<(Answerer, Reply)>,
    calls: Vec<Box<dyn FnOnce() + Send>>,
}

/// What the machine has to do next.
pub(crate) struct Job<M: Machine> {
    install: Option<Bytes>,
    first: Index,
    entries: Vec<Entry>,
    /// The machine is as far as this when it has done it.
    upto: Index,
    done: VecDeque<(Index, Done<M::Answer>)>,
    queries: Vec<(Option<Duration>, Query<M>)>,
}

impl<M: Machine> Desk<M> {
    pub(crate) fn new(core: Core, found: Found) -> Self {
        Self {
            core,
            open: VecDeque::new(),
            committed: VecDeque::new(),
            reads: BTreeMap::new(),
            ready: Vec::new(),
            asked: BTreeMap::new(),
            last_ticket: 0,
            bytes: Arc::from(found.snapshot),
        }
    }

    pub(crate) fn propose(&mut self, command: Arc<[u8]>, done: Done<M::Answer>, words: &mut Words) {
        match self.core.propose(command) {
            Ok(position) => self.wait(position, Waiting::Command(done)),
            Err(dropped) => words.say(move || done(Err(dropped.into()))),
        }
    }

    pub(crate) fn change(
        &mut self,
        now: Duration,
        changes: &[Change],
        done: Box<dyn FnOnce(Result<(), ProposeError>) + Send>,
    ) -> Result<(), crate::core::ChangeRefused> {
        let position = self.core.propose_change(now, changes)?;
        self.wait(position, Waiting::Change(done));
        Ok(())
    }

    fn wait(&mut self, position: Position, who: Waiting<M::Answer>) {
        let place = self.open.partition_point(|(open, _)| open.index <= position.index);
        self.open.insert(place, (position, who));
    }

    pub(crate) fn query(&mut self, now: Duration, query: Query<M>, words: &mut Words) {
        match self.core.read_index(now) {
            Ok(id) => _ = self.reads.insert(id, query),
            Err(lost) => {
                let leader = lost.leader;
                words.say(move || query(Err(ReadError::NotLeader { leader }), &|| false));
            }
        }
    }

    /// Reads what is applied here, however old it is.
    pub(crate) fn query_stale(&mut self, query: Query<M>) {
        self.ready.push((0, None, query));
    }

    pub(crate) fn serve(
        &mut self,
        now: Duration,
        from: NodeId,
        request: Request,
        answer: Answerer,
    ) -> Result<(), Refused> {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        self.core.handle(now, from, ticket, request)?;
        self.asked.insert(ticket, answer);
        Ok(())
    }

    /// The piece of the snapshot that a request is to carry.
    pub(crate) fn fill(&self, request: &mut Request) {
        if let Request::Chunk(chunk) = request {
            let start = chunk.offset as usize;
            let piece = self.bytes.get(start..start + chunk.length as usize);
            // Another snapshot has taken its place: the receiver will refuse an empty piece.
            chunk.bytes = piece.unwrap_or_default().to_vec();
        }
    }

    /// A snapshot from the leader, or of the own machine, is whole and safe.
    pub(crate) fn has_snapshot(&mut self, bytes: Bytes) {
        self.bytes = bytes;
    }

    /// Hears what became of proposals, reads and requests.
    pub(crate) fn settle(&mut self, words: &mut Words) {
        for outcome in self.core.take_outcomes() {
            let Some((position, who)) = self.open.pop_front() else { break };
            debug_assert_eq!(position, outcome.proposal, "both lists are in one order");
            match (outcome.fate, who) {
                (Fate::Committed, Waiting::Command(done)) => {
                    self.committed.push_back((position.index, done));
                }
                (Fate::Committed, Waiting::Change(done)) => words.say(move || done(Ok(()))),
                (fate, Waiting::Command(done)) => words.say(move || done(Err(error(fate)))),
                (fate, Waiting::Change(done)) => words.say(move || done(Err(error(fate)))),
            }
        }
        for outcome in self.core.take_reads() {
            match outcome {
                ReadOutcome::Ready { id, index, until } => {
                    let query = self.reads.remove(&id);
                    self.ready.extend(query.map(|query| (index, until, query)));
                }
                ReadOutcome::Lost(id) => {
                    if let Some(query) = self.reads.remove(&id) {
                        words.say(move || query(Err(ReadError::Lost), &|| false));
                    }
                }
            }
        }
        for (_, ticket, reply) in self.core.take_replies() {
            words.replies.extend(self.asked.remove(&ticket).map(|answer| (answer, reply)));
        }
    }

    pub(crate) fn has_job(&self) -> bool {
        self.core.has_committed() || self.is_readable()
    }

    fn is_readable(&self) -> bool {
        let taken = self.core.taken();
        self.ready.iter().any(|(index, ..)| *index <= taken)
    }

    /// What the machine has to do next, if there is anything.
    pub(crate) fn take_job(&mut self, most: usize) -> Option<Job<M>> {
        let install = self.core.take_install();
        let (first, entries) = self.core.take_committed(most).unwrap_or_default();
        let taken = self.core.taken();
        let here = self.committed.partition_point(|(index, _)| *index <= taken);
        let queries = self.ready.extract_if(.., |(index, ..)| *index <= taken);
        let queries: Vec<_> = queries.map(|(_, until, query)| (until, query)).collect();
        if install.is_none() && entries.is_empty() && queries.is_empty() {
            return None;
        }
        let install = install.map(|_: Snapshot| Arc::clone(&self.bytes));
        let done = self.committed.drain(..here).collect();
        Some(Job { install, first, entries, upto: taken, done, queries })
    }

    pub(crate) fn status(&self) -> Status {
        Status {
            role: self.core.role(),
            term: self.core.term(),
            leader: self.core.leader(),
            commit: self.core.commit(),
            applied: self.core.has_done(),
            last: self.core.last(),
        }
    }
}

fn error(fate: Fate) -> ProposeError {
    match fate {
        Fate::Superseded => ProposeError::Superseded,
        Fate::Committed | Fate::Unknown => ProposeError::Unknown,
    }
}

impl Words {
    pub(crate) fn new() -> Self {
        Self { replies: Vec::new(), calls: Vec::new() }
    }

    pub(crate) fn say(&mut self, call: impl FnOnce() + Send + 'static) {
        self.calls.push(Box::new(call));
    }

    /// Says it all. No lock may be held: whoever is called may call back.
    pub(crate) fn out(self) {
        for (answer, reply) in self.replies {
            answer.answer(reply);
        }
        for call in self.calls {
            call();
        }
    }
}

impl<M: Machine> Job<M> {
    /// Does it, and says up to which entry the machine is.
    pub(crate) fn run(self, machine: &mut M, now: &dyn Fn() -> Duration) -> Index {
        let Self { install, first, entries, upto, mut done, queries } = self;
        if let Some(bytes) = install {
            machine.restore(&bytes);
        }
        for (index, entry) in (first..).zip(&entries) {
            let Payload::Command(command) = &entry.payload else { continue };
            let answer = machine.apply(index, command);
            if let Some((_, done)) = done.pop_front_if(|(of, _)| *of == index) {
                done(Ok(answer));
            }
        }
        for (until, query) in queries {
            query(Ok(machine), &|| until.is_none_or(|until| now() < until));
        }
        upto
    }
}
