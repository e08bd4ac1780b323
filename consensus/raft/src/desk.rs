//! What both runtimes keep beside the rules: who waits for what. No thread waits here, and nothing is
//! called back: what has to be said is handed out, to be said when no lock is held.

mod job;
mod words;
mod writer;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::core::{
    ChangeRefused, Core, Dropped, Fate, ReadId, ReadOutcome, Ticket, TransferError, Why,
};
use crate::membership::Change;
use crate::message::{Context, Reply, Request};
use crate::node::{Answerer, Bytes, Found, Machine, ProposeError, ReadError, Status};
use crate::types::{Index, NodeId, Position, Snapshot};

pub(crate) use job::{Done, Job, Query, query, what_was_read};
pub(crate) use words::Words;
pub(crate) use writer::{Safe, Work, Writer};

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
    /// A snapshot of the own machine, for the disk.
    to_keep: Option<(Snapshot, Bytes)>,
    /// Whether such a snapshot is being taken or written: one is enough.
    is_taking: bool,
    snapshot_after: usize,
    /// Who could not be reached lately, and until when nothing is sent there. Nothing else keeps a network
    /// that fails at once from being asked again at once.
    quiet: BTreeMap<NodeId, Duration>,
    pause: Duration,
    closed: bool,
}

impl<M: Machine> Desk<M> {
    pub(crate) fn new(config: Config, found: Found) -> Result<Self, ConfigError> {
        let size = found.snapshot.len() as u64;
        if found.stored.snapshot.as_ref().is_some_and(|it| it.size != size) {
            return Err(ConfigError::Disk("its snapshot is not as long as it says"));
        }
        let (pause, snapshot_after) = (config.heartbeat / 2, config.snapshot_after);
        Ok(Self {
            core: Core::new(config, found.stored.clone(), Duration::ZERO)?,
            open: VecDeque::new(),
            committed: VecDeque::new(),
            reads: BTreeMap::new(),
            ready: Vec::new(),
            asked: BTreeMap::new(),
            last_ticket: 0,
            snapshot: found.stored.snapshot.map(|it| (it, Bytes::from(found.snapshot))),
            to_keep: None,
            is_taking: false,
            snapshot_after,
            quiet: BTreeMap::new(),
            pause,
            closed: false,
        })
    }

    /// When it wants [`tick`](Self::tick) next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let wanted = |peer: NodeId| self.core.has_for(peer) || self.core.has_beat_for(peer);
        let quiet = self.quiet.iter().filter(|(peer, _)| wanted(**peer)).map(|(_, until)| *until);
        quiet.chain(self.core.deadline()).min()
    }

    pub(crate) fn tick(&mut self, now: Duration) {
        self.core.tick(now);
        self.quiet.retain(|_, until| *until > now);
    }

    pub(crate) fn link_up(&mut self, peer: NodeId, epoch: u64) {
        self.quiet.remove(&peer);
        self.core.link_up(peer, epoch);
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
    ) -> Result<(), ChangeRefused> {
        if self.closed {
            return Err(ChangeRefused::NotLeader { leader: None });
        }
        let position = self.core.propose_change(now, changes)?;
        self.wait(position, Waiting::Change(done));
        Ok(())
    }

    pub(crate) fn transfer(&mut self, now: Duration, to: NodeId) -> Result<(), TransferError> {
        if self.closed {
            return Err(TransferError::NotLeader { leader: None });
        }
        self.core.transfer(now, to)
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
            _ => {
                self.core.on_lost(peer, context);
                self.quiet.insert(peer, now + self.pause);
            }
        }
    }

    pub(crate) fn has_for(&self, peer: NodeId) -> bool {
        !self.quiet.contains_key(&peer) && self.core.has_for(peer)
    }

    pub(crate) fn has_beat_for(&self, peer: NodeId) -> bool {
        !self.quiet.contains_key(&peer) && self.core.has_beat_for(peer)
    }

    /// As `next_for`, but only what the peer can answer without its disk.
    pub(crate) fn beat_for(&mut self, now: Duration, peer: NodeId) -> Option<(Context, Request)> {
        if self.has_beat_for(peer) { self.core.beat_for(now, peer) } else { None }
    }

    /// What to send to a peer next, with the piece of a snapshot that it is to carry.
    pub(crate) fn next_for(&mut self, now: Duration, peer: NodeId) -> Option<(Context, Request)> {
        if self.quiet.contains_key(&peer) {
            return None;
        }
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

    /// The machine is as far as this. Says what a snapshot of it would be, if one is worth its while.
    pub(crate) fn applied(&mut self, upto: Index) -> Option<Snapshot> {
        let applied = self.core.applied(upto);
        debug_assert!(applied.is_ok(), "it was handed out");
        let log = self.core.log();
        let is_worth_it = log.bytes(log.base().index, upto) >= self.snapshot_after;
        let described = self.core.describe(upto, 0).filter(|_| is_worth_it && !self.is_taking);
        self.is_taking |= described.is_some();
        described
    }

    /// A snapshot of the own machine was taken. It goes to the disk.
    pub(crate) fn keep(&mut self, snapshot: Snapshot, bytes: Bytes) {
        self.to_keep = Some((snapshot, bytes));
    }

    /// Whether what is on the own disk is committed, whoever else has it.
    pub(crate) fn is_enough_alone(&self) -> bool {
        let own = |id| Index::from(id == self.core.id());
        self.core.log().membership().committed(own) > 0
    }

    pub(crate) fn has_work(&self) -> bool {
        self.core.has_unsaved() || self.to_keep.is_some()
    }

    /// What the disk has to do next, if there is anything: all that there is to write goes together.
    pub(crate) fn take_work(&mut self) -> Option<Work> {
        if let Some((snapshot, bytes)) = self.take_to_keep() {
            return Some(Work::Keep(snapshot, bytes));
        }
        let saves: Vec<_> = std::iter::from_fn(|| self.core.take_unsaved()).collect();
        (!saves.is_empty()).then_some(Work::Write(saves))
    }

    /// What the disk is to keep, unless a leader's snapshot has made it old.
    fn take_to_keep(&mut self) -> Option<(Snapshot, Bytes)> {
        let (snapshot, bytes) = self.to_keep.take()?;
        self.is_taking = self.is_news(&snapshot);
        self.is_taking.then_some((snapshot, bytes))
    }

    /// The disk has done its work.
    pub(crate) fn worked(&mut self, now: Duration, safe: Safe) {
        match safe {
            Safe::Written(seq, whole) => {
                self.snapshot = whole.or_else(|| self.snapshot.take());
                let saved = self.core.saved(now, seq);
                debug_assert!(saved.is_ok(), "it was taken");
            }
            Safe::Kept(snapshot, bytes) => self.keeps(snapshot, bytes),
        }
    }

    /// Whether a snapshot of the own machine is still news.
    fn is_news(&self, snapshot: &Snapshot) -> bool {
        self.core.snapshot().is_none_or(|newest| newest.last.index < snapshot.last.index)
    }

    /// A snapshot of the own machine is on the disk. Some of what it holds stays in the log.
    fn keeps(&mut self, snapshot: Snapshot, bytes: Bytes) {
        self.is_taking = false;
        // A leader's may have come meanwhile.
        if self.is_news(&snapshot) && self.core.snapshot_taken(snapshot.clone()).is_ok() {
            self.core.compact(self.core.log().behind(snapshot.last.index, self.snapshot_after / 2));
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
            members: Arc::clone(self.core.log().membership()),
            matched: self.core.all_matched(),
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
