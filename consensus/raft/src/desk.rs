//! What both runtimes keep beside the rules: who waits for what. No thread waits here, and nothing is
//! called back: what has to be said is handed out, to be said when no lock is held.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::core::{Core, Dropped, Fate, ReadId, ReadOutcome, Ticket, Why};
use crate::log::{Entry, Payload};
use crate::membership::Change;
use crate::message::{Context, Reply, Request};
use crate::node::{Answerer, Bytes, Found, Machine, ProposeError, ReadError, Status};
use crate::saves::Save;
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
    /// The newest snapshot whose bytes are whole.
    snapshot: Option<(Snapshot, Bytes)>,
    closed: bool,
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
            snapshot: found.stored.snapshot.map(|it| (it, Bytes::from(found.snapshot))),
            closed: false,
        }
    }

    pub(crate) fn propose(&mut self, command: Arc<[u8]>, done: Done<M::Answer>, words: &mut Words) {
        if self.closed {
            let dropped = Dropped { command, why: Why::Stopped };
            return words.say(move || done(Err(dropped.into())));
        }
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
        if self.closed {
            return words.say(move || query(Err(ReadError::Lost), &|| false));
        }
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
    ) {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        // Nobody answers what no node could have sent.
        if self.core.handle(now, from, ticket, request).is_ok() {
            self.asked.insert(ticket, answer);
        }
    }

    /// The reply to a request has come, or none will.
    pub(crate) fn heard(
        &mut self,
        now: Duration,
        peer: NodeId,
        context: Context,
        reply: Option<Reply>,
    ) {
        match reply {
            // A damaged reply is none.
            Some(reply) if self.core.on_reply(now, peer, context, reply).is_ok() => {}
            _ => self.core.on_lost(peer, context),
        }
    }

    /// What to send to a peer next, with the piece of a snapshot that it is to carry.
    pub(crate) fn next_for(&mut self, now: Duration, peer: NodeId) -> Option<(Context, Request)> {
        let (context, mut request) = self.core.next_for(now, peer)?;
        if let Request::Chunk(chunk) = &mut request {
            let (snapshot, bytes) = self.snapshot.as_ref()?;
            if *snapshot != chunk.snapshot {
                // A newer one has taken its place: begin with that.
                self.core.on_lost(peer, context);
                return self.next_for(now, peer);
            }
            let start = chunk.offset as usize;
            chunk.bytes = bytes[start..start + chunk.length as usize].to_vec();
        }
        Some((context, request))
    }

    /// These saves are on the disk.
    pub(crate) fn saved(&mut self, now: Duration, seq: u64, whole: Option<(Snapshot, Bytes)>) {
        self.snapshot = whole.or_else(|| self.snapshot.take());
        let saved = self.core.saved(now, seq);
        debug_assert!(saved.is_ok(), "it was taken");
    }

    /// The machine is as far as this. Says what a snapshot of it would be, if one is worth its while.
    pub(crate) fn applied(&mut self, upto: Index, snapshot_after: usize) -> Option<Snapshot> {
        let applied = self.core.applied(upto);
        debug_assert!(applied.is_ok(), "it was handed out");
        let log = self.core.log();
        let is_worth_it = log.bytes(log.base().index, upto) >= snapshot_after;
        is_worth_it.then(|| self.core.describe(upto, 0)).flatten()
    }

    /// Whether a snapshot of the own machine is still news.
    pub(crate) fn is_news(&self, snapshot: &Snapshot) -> bool {
        self.core.snapshot().is_none_or(|newest| newest.last.index < snapshot.last.index)
    }

    /// A snapshot of the own machine is on the disk. Some of what it holds stays in the log.
    pub(crate) fn keeps(&mut self, snapshot: Snapshot, bytes: Bytes, snapshot_after: usize) {
        // A leader's may have come meanwhile.
        if self.is_news(&snapshot) && self.core.snapshot_taken(snapshot.clone()).is_ok() {
            self.core.compact(self.core.log().behind(snapshot.last.index, snapshot_after / 2));
            self.snapshot = Some((snapshot, bytes));
        }
    }

    /// Takes nothing more. Whoever waits is told that nobody knows, by dropping what would tell them.
    pub(crate) fn close(&mut self, words: &mut Words) {
        self.closed = true;
        let open = std::mem::take(&mut self.open);
        let committed = std::mem::take(&mut self.committed);
        let reads = std::mem::take(&mut self.reads);
        let ready = std::mem::take(&mut self.ready);
        let asked = std::mem::take(&mut self.asked);
        words.say(move || drop((open, committed, reads, ready, asked)));
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Hears what became of proposals, reads and requests.
    pub(crate) fn settle(&mut self, words: &mut Words) {
        if self.closed {
            return self.close(words);
        }
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
        let newest = self.snapshot.as_ref().map(|(_, bytes)| Arc::clone(bytes));
        let install = install.and(newest);
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

/// A query that hands what it read to `tell`.
pub(crate) fn query<M: Machine, R>(
    read: impl FnOnce(&M) -> R + Send + 'static,
    tell: impl FnOnce(Result<R, ReadError>) + Send + 'static,
) -> Query<M> {
    Box::new(|machine, is_sure| match machine.map(read) {
        Ok(value) if is_sure() => tell(Ok(value)),
        Ok(_) => tell(Err(ReadError::Lost)),
        Err(error) => tell(Err(error)),
    })
}

/// Puts together the pieces that saves bring, and gives what becomes whole with them.
pub(crate) fn assemble(incoming: &mut Vec<u8>, saves: &[Save]) -> Option<(Snapshot, Bytes)> {
    let mut whole = None;
    for piece in saves.iter().filter_map(|save| save.piece.as_ref()) {
        incoming.truncate(piece.offset as usize);
        incoming.extend(&piece.bytes);
        if piece.is_last() {
            whole = Some((piece.snapshot.clone(), Bytes::from(std::mem::take(incoming))));
        }
    }
    whole
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
