//! One node whose peers are the test itself: it writes their messages by hand and sees every answer.

use std::sync::Arc;
use std::time::Duration;

use raft::core::{Core, ReadOutcome, Ticket};
use raft::log::{Entry, Payload};
use raft::membership::Membership;
use raft::message::{
    Answer, AppendRequest, Asked, Ballot, ChunkRequest, Context, Refused, Reply, Request,
    VoteRequest,
};
use raft::{Config, HardState, Index, NodeId, Position, Save, Snapshot, Stored, Term};

/// A node, its disk and its clock.
#[derive(Debug, Clone)]
pub(crate) struct Solo {
    pub(crate) core: Core,
    pub(crate) disk: Stored,
    pub(crate) now: Duration,
    peers: Vec<NodeId>,
    tickets: Ticket,
}

pub(crate) type Sent = (Context, Request);

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn at(term: Term, index: Index) -> Position {
    Position { term, index }
}

pub(crate) fn entry(term: Term) -> Entry {
    Entry { term, payload: Payload::Command(Arc::from(b"work".as_slice())) }
}

pub(crate) fn command(text: &str) -> Arc<[u8]> {
    Arc::from(text.as_bytes())
}

/// A disk with entries of these terms, whose node has seen `term`.
pub(crate) fn disk(term: Term, terms: &[Term]) -> Stored {
    let entries = terms.iter().map(|term| entry(*term)).collect();
    Stored { hard_state: HardState { term, vote: None }, snapshot: None, entries }
}

pub(crate) fn append(term: Term, previous: Position, terms: &[Term], commit: Index) -> Request {
    let entries = terms.iter().map(|term| entry(*term)).collect();
    Request::Append(AppendRequest { term, previous, entries, commit })
}

pub(crate) fn beat(term: Term) -> Request {
    append(term, at(0, 0), &[], 0)
}

pub(crate) fn vote(ballot: Ballot, term: Term, last: Position) -> Request {
    Request::Vote(VoteRequest { term, last, ballot })
}

pub(crate) fn snapshot(last: Position, size: u64) -> Snapshot {
    Snapshot { last, members: Arc::new(Membership::new(1..=3)), size }
}

/// A piece of a snapshot, all of its bytes the same.
pub(crate) fn chunk(term: Term, snapshot: &Snapshot, offset: u64, length: u32) -> Request {
    let (snapshot, bytes) = (snapshot.clone(), vec![7; length as usize]);
    Request::Chunk(ChunkRequest { term, snapshot, offset, length, bytes })
}

/// The answer of a peer that does whatever it is asked.
pub(crate) fn agree((context, request): &Sent) -> Reply {
    let answer = match request {
        Request::Chunk(chunk) => Answer::Have(chunk.offset + u64::from(chunk.length)),
        Request::Vote(_) | Request::Append(_) | Request::Campaign { .. } => Answer::Yes,
    };
    Reply { term: context.term, answer }
}

/// The terms of the entries of an append, and where they begin.
pub(crate) fn carried((_, request): &Sent) -> (Index, Vec<Term>) {
    let Request::Append(append) = request else { panic!("no append: {request}") };
    (append.previous.index + 1, append.entries.iter().map(|entry| entry.term).collect())
}

impl Solo {
    /// Node 1 of so many, with an empty disk, linked to all.
    pub(crate) fn new(count: NodeId) -> Self {
        Self::with(count, Stored::default(), |config| config)
    }

    pub(crate) fn with(count: NodeId, disk: Stored, change: impl FnOnce(Config) -> Config) -> Self {
        let config = change(Config::new(1, 1..=count).expect("the list is good"));
        let core = Core::new(config, disk.clone(), ms(0)).expect("the disk is good");
        let mut solo = Self { core, disk, now: ms(0), peers: (2..=count).collect(), tickets: 0 };
        for peer in 2..=count {
            solo.core.link_up(peer, 1);
        }
        solo
    }

    pub(crate) fn config(count: NodeId) -> Config {
        Config::new(1, 1..=count).expect("the list is good")
    }

    /// It crashes, and starts again with what its disk holds. The links are up, and new.
    pub(crate) fn restart(&mut self, config: Config) {
        self.core = Core::new(config, self.disk.clone(), self.now).expect("the disk is good");
        for peer in self.peers.clone() {
            self.core.link_up(peer, 100);
        }
    }

    // Requests to it.

    /// It hears a request; its answer waits for the disk.
    pub(crate) fn hear(&mut self, from: NodeId, request: Request) -> Result<Ticket, Refused> {
        self.tickets += 1;
        self.core.handle(self.now, from, self.tickets, request)?;
        Ok(self.tickets)
    }

    /// It hears a request, writes what it must, and answers.
    pub(crate) fn ask(&mut self, from: NodeId, request: Request) -> Reply {
        let ticket = self.hear(from, request).expect("the request is good");
        self.save();
        self.answer(ticket).expect("its save is safe")
    }

    /// The answer to a request, if it may leave.
    pub(crate) fn answer(&mut self, asked: Ticket) -> Option<Reply> {
        let mut replies = self.core.take_replies();
        replies.retain(|(_, ticket, _)| *ticket == asked);
        replies.pop().map(|(_, _, reply)| reply)
    }

    // Its disk and its state machine.

    pub(crate) fn take(&mut self) -> Option<Save> {
        self.core.take_unsaved()
    }

    pub(crate) fn keep(&mut self, save: Save) {
        let seq = save.seq;
        self.disk.keep(save);
        self.core.saved(self.now, seq).expect("it was taken");
    }

    pub(crate) fn save(&mut self) {
        while let Some(save) = self.take() {
            self.keep(save);
        }
    }

    /// Applies what may be applied; gives the last index.
    pub(crate) fn apply(&mut self) -> Option<Index> {
        if let Some(snapshot) = self.core.take_install() {
            self.core.installed(snapshot.last.index).expect("it was handed out");
        }
        let (first, entries) = self.core.take_committed(usize::MAX)?;
        let last = first + entries.len() as Index - 1;
        self.core.applied(last).expect("it was handed out");
        Some(last)
    }

    /// Takes a snapshot of so many bytes, and forgets the log before it.
    pub(crate) fn compact(&mut self, upto: Index, size: u64) -> Snapshot {
        let snapshot = self.core.describe(upto, size).expect("it is applied");
        self.disk.compact(snapshot.clone());
        self.core.snapshot_taken(snapshot.clone()).expect("it was described");
        self.core.compact(upto);
        snapshot
    }

    // What it asks.

    pub(crate) fn next(&mut self, peer: NodeId) -> Option<Sent> {
        self.core.next_for(self.now, peer)
    }

    /// All that it wants to send to a peer now.
    pub(crate) fn sent(&mut self, peer: NodeId) -> Vec<Sent> {
        std::iter::from_fn(|| self.next(peer)).collect()
    }

    pub(crate) fn reply(&mut self, peer: NodeId, sent: &Sent, answer: Answer) {
        let reply = Reply { term: sent.0.term, answer };
        self.core.on_reply(self.now, peer, sent.0, reply).expect("the answer is good");
    }

    pub(crate) fn agree(&mut self, peer: NodeId, sent: &Sent) {
        self.core.on_reply(self.now, peer, sent.0, agree(sent)).expect("the answer is good");
    }

    /// These peers do all they are asked until it asks no more, and its disk is quick.
    pub(crate) fn obey(&mut self, peers: &[NodeId]) {
        loop {
            self.save();
            let asked: Vec<_> = peers
                .iter()
                .filter_map(|peer| self.next(*peer).map(|sent| (*peer, sent)))
                .collect();
            if asked.is_empty() {
                return;
            }
            for (peer, sent) in asked {
                self.agree(peer, &sent);
            }
        }
    }

    /// Time passes; it is told when it asked to be.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.core.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.core.tick(self.now);
        }
        self.now = end;
    }

    /// Its time is up.
    pub(crate) fn time_out(&mut self) {
        self.now = self.now.max(self.core.deadline().expect("it waits for something"));
        self.core.tick(self.now);
    }

    /// It asks for real votes: the trial was won.
    pub(crate) fn stand(&mut self) {
        self.time_out();
        self.save();
        for peer in self.peers.clone() {
            for sent in self.sent(peer) {
                if let Asked::Vote(Ballot::Trial) = sent.0.asked {
                    self.agree(peer, &sent);
                }
            }
        }
        self.save();
    }

    /// It leads. Nobody has answered its first entry yet.
    pub(crate) fn lead(&mut self) {
        self.stand();
        for peer in self.peers.clone() {
            if !self.core.is_leader() {
                self.next(peer).inspect(|sent| self.agree(peer, sent));
            }
        }
        self.save();
        assert!(self.core.is_leader(), "it does not lead");
    }

    /// It leads, and all have its whole log.
    pub(crate) fn rule(&mut self) {
        self.lead();
        self.obey(&self.peers.clone());
    }

    pub(crate) fn propose(&mut self, text: &str) -> Position {
        self.core.propose(command(text)).expect("it leads")
    }

    /// The terms of its entries, as far as they are not gone.
    pub(crate) fn terms(&self) -> Vec<Term> {
        let log = self.core.log();
        (log.base().index + 1..=log.last().index).filter_map(|index| log.term(index)).collect()
    }

    pub(crate) fn ready(&mut self) -> Vec<ReadOutcome> {
        self.core.take_reads()
    }
}
