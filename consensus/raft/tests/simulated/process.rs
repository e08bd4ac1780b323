//! A core as a node of a simulated world, with its disk, its state machine and its clients.
//!
//! What the network loses nobody is told: the core must find out by its own waits.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use raft::core::{Core, Ticket};
use raft::message::{Answer, Ballot, Context, Request, VoteRequest};
use raft::{Config, NodeId, Position, Snapshot, Stored, Term};
use simnet::{Input, Outbox, Process};

use super::client::Client;
use super::disk::{Disk, Message, Write, gather};
use super::ledger::Shared;
use super::machine::Machine;

/// A node forgets what it asked longest ago.
const TICKETS: usize = 512;
/// A node forgets all but the newest snapshots; a peer may still be getting the one before.
const SNAPSHOTS: usize = 2;

pub(crate) struct Node {
    pub(crate) core: Core,
    /// How often it was started.
    pub(crate) life: u64,
    pub(crate) machine: Machine,
    pub(crate) client: Client,
    pub(crate) ledger: Shared,
    pub(crate) habits: Habits,
    birth: (Config, Stored),
    peers: Vec<NodeId>,
    tickets: BTreeMap<Ticket, Context>,
    last_ticket: Ticket,
    /// Who asks for its vote, in which term, and whether that log is behind the own, until it answers.
    asked_for_vote: BTreeMap<(NodeId, Ticket), (Term, bool)>,
    /// The disk's number of each write on its way, and what it brings.
    writes: VecDeque<(u64, Written)>,
    /// Then the state machine does more.
    apply_at: Option<Duration>,
    /// The bytes of whole snapshots, and of one that is coming.
    snapshots: BTreeMap<Position, Vec<u8>>,
    incoming: Vec<u8>,
    reigns: Option<Term>,
    /// In this term it asks for votes because its leader wants it to.
    handed: Option<Term>,
}

/// How a node is run.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    /// So many saves may be on their way to the disk.
    pub(crate) saves: usize,
    /// So often in a thousand times the pipe to a peer is busy.
    pub(crate) busy: u32,
    /// A snapshot after so many entries.
    pub(crate) snapshot_every: u64,
    /// So many of the entries that a snapshot holds stay in the log.
    pub(crate) keep: u64,
    /// So many entries are applied at once.
    pub(crate) apply: usize,
}

enum Written {
    Save(u64),
    Own(Snapshot),
}

impl Process for Node {
    type Message = Message;
    type Write = Write;
    type Disk = Disk;

    fn keep(disk: &mut Disk, write: Write) {
        match write {
            Write::Save(save) => disk.keep(save),
            Write::All(stored) => disk.stored = stored,
            Write::Own(snapshot, bytes) => {
                disk.snapshot = bytes;
                disk.stored.compact(snapshot);
            }
        }
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match input {
            Input::Start => {
                // Made anew: nobody could say in `new` what time it is.
                let (config, disk) = self.birth.clone();
                self.core = Core::new(config, disk, now).expect("it was good before");
                for &peer in &self.peers {
                    self.core.link_up(peer, self.life);
                }
            }
            Input::Message { from, message } => self.receive(now, from, message),
            Input::Time => {
                self.core.tick(now);
                self.serve(now, out.world_time());
            }
            Input::Saved(write) => self.saved(now, write),
        }
        self.settle(now, out);
    }

    fn deadline(&self) -> Option<Duration> {
        let clients = self.ledger.borrow().is_open().then(|| self.client.next());
        [self.core.deadline(), clients, self.apply_at].into_iter().flatten().min()
    }
}

impl Node {
    pub(crate) fn new(
        config: Config,
        life: u64,
        peers: Vec<NodeId>,
        (disk, stored): (&Disk, Stored),
        (habits, client, ledger): (Habits, Client, Shared),
    ) -> Self {
        let whole = stored.snapshot.as_ref().map(|it| (it.last, disk.snapshot.clone()));
        let birth = (config, stored);
        let core = Core::new(birth.0.clone(), birth.1.clone(), Duration::ZERO);
        Self {
            core: core.expect("the disk holds what a node wrote"),
            birth,
            life,
            machine: Machine::default(),
            client,
            ledger,
            habits,
            peers,
            tickets: BTreeMap::new(),
            // No answer to an earlier life finds a ticket of this one.
            last_ticket: life << 32,
            asked_for_vote: BTreeMap::new(),
            writes: VecDeque::new(),
            snapshots: whole.into_iter().collect(),
            apply_at: None,
            incoming: Vec::new(),
            reigns: None,
            handed: None,
        }
    }

    fn receive(&mut self, now: Duration, from: NodeId, message: Message) {
        if let Message::Ask(ticket, Request::Vote(VoteRequest { term, last, ballot })) = message
            && ballot != Ballot::Trial
        {
            let own = self.core.last();
            let is_behind = (last.term, last.index) < (own.term, own.index);
            // The network may repeat the question, and by then the own log may have grown.
            self.asked_for_vote.entry((from, ticket)).or_insert((term, is_behind));
        }
        let taken = match message {
            Message::Ask(ticket, request) => self.core.handle(now, from, ticket, request),
            Message::Answer(ticket, reply) => match self.tickets.get(&ticket) {
                Some(context) => self.core.on_reply(now, from, *context, reply),
                None => Ok(()),
            },
        };
        taken.unwrap_or_else(|refused| {
            panic!("node {} refuses what an honest node {from} sends: {refused}", self.core.id())
        });
    }

    fn saved(&mut self, now: Duration, write: u64) {
        while let Some((_, written)) = self.writes.pop_front_if(|(it, _)| *it <= write) {
            match written {
                Written::Save(seq) => self.core.saved(now, seq).expect("it was taken"),
                Written::Own(snapshot) => {
                    let upto = snapshot.last.index.saturating_sub(self.habits.keep);
                    self.core.snapshot_taken(snapshot).expect("it was described");
                    self.core.compact(upto);
                }
            }
        }
    }

    /// Does what the core wants done.
    pub(crate) fn settle(&mut self, now: Duration, out: &mut Outbox<Self>) {
        self.save(out);
        self.learn_outcomes();
        self.apply(now, out.world_time());
        self.answer_reads(now, out.world_time());
        self.take_snapshot(out);
        self.tell_reign(out);
        for (to, ticket, reply) in self.core.take_replies() {
            let asked = self.asked_for_vote.remove(&(to, ticket));
            if let (Some((term, is_behind)), Answer::Yes) = (asked, reply.answer) {
                assert!(!is_behind, "a vote for {to}, whose log is behind");
                self.ledger.borrow_mut().voted(self.core.id(), term, to);
            }
            out.send(to, Message::Answer(ticket, reply));
        }
        for peer in self.peers.clone() {
            // A pipe may be busy; beside it stands one for what waits for no disk.
            let is_free = !self.client.chance(self.habits.busy);
            while let Some((context, request)) = self.next_for(now, peer, is_free) {
                self.ask(peer, context, request, out);
            }
        }
    }

    fn next_for(
        &mut self,
        now: Duration,
        peer: NodeId,
        is_free: bool,
    ) -> Option<(Context, Request)> {
        if is_free { self.core.next_for(now, peer) } else { self.core.beat_for(now, peer) }
    }

    fn save(&mut self, out: &mut Outbox<Self>) {
        while self.writes.len() < self.habits.saves {
            let Some(save) = self.core.take_unsaved() else { return };
            if let Some(whole) = save.piece.as_ref().and_then(|it| gather(&mut self.incoming, it)) {
                self.remember(whole.0, whole.1);
            }
            let seq = save.seq;
            self.writes.push_back((out.save(Write::Save(save)), Written::Save(seq)));
        }
    }

    fn remember(&mut self, last: Position, bytes: Vec<u8>) {
        self.snapshots.insert(last, bytes);
        while self.snapshots.len() > SNAPSHOTS {
            self.snapshots.pop_first();
        }
    }

    fn apply(&mut self, now: Duration, at: Duration) {
        if let Some(snapshot) = self.core.take_install() {
            self.machine = Machine::from_bytes(&self.snapshots[&snapshot.last]);
            assert_eq!(self.machine.upto, snapshot.last.index);
            self.core.installed(self.machine.upto).expect("it was handed out");
            self.ledger.borrow_mut().installed(&self.machine);
        }
        // The rest waits a while: a state machine may be far behind.
        if let Some((first, entries)) = self.core.take_committed(self.habits.apply) {
            for (index, entry) in (first..).zip(entries) {
                let old = self.machine.apply(index, &entry);
                self.ledger.borrow_mut().applied(&self.machine, &entry);
                self.client.applied(Position { term: entry.term, index }, old, at, &self.ledger);
            }
            self.core.applied(self.machine.upto).expect("it was handed out");
        }
        self.apply_at = self.core.has_committed().then(|| now + Duration::from_millis(1));
    }

    fn take_snapshot(&mut self, out: &mut Outbox<Self>) {
        let newest = self.snapshots.last_key_value().map_or(0, |(last, _)| last.index);
        let is_writing = self.writes.iter().any(|(_, it)| matches!(it, Written::Own(_)));
        if is_writing || self.machine.upto < newest + self.habits.snapshot_every {
            return;
        }
        let bytes = self.machine.to_bytes((self.core.id() + 5 * self.life) as u8);
        let described = self.core.describe(self.machine.upto, bytes.len() as u64);
        if let Some(snapshot) = described {
            self.remember(snapshot.last, bytes.clone());
            let write = out.save(Write::Own(snapshot.clone(), bytes));
            self.writes.push_back((write, Written::Own(snapshot)));
        }
    }

    fn ask(
        &mut self,
        peer: NodeId,
        context: Context,
        mut request: Request,
        out: &mut Outbox<Self>,
    ) {
        if let Request::Chunk(chunk) = &mut request {
            let Some(bytes) = self.snapshots.get(&chunk.snapshot.last) else {
                return self.core.on_lost(peer, context);
            };
            let start = chunk.offset as usize;
            chunk.bytes = bytes[start..start + chunk.length as usize].to_vec();
        }
        if let Request::Vote(VoteRequest { term, ballot, .. }) = request
            && ballot != Ballot::Trial
        {
            self.ledger.borrow_mut().voted(self.core.id(), term, self.core.id());
            self.handed = (ballot == Ballot::Handed).then_some(term);
        }
        self.last_ticket += 1;
        self.tickets.insert(self.last_ticket, context);
        if self.tickets.len() > TICKETS {
            self.tickets.pop_first();
        }
        out.send(peer, Message::Ask(self.last_ticket, request));
    }

    fn tell_reign(&mut self, out: &mut Outbox<Self>) {
        let (id, term) = (self.core.id(), self.core.term());
        let reigns = self.core.is_leader().then_some(term);
        if reigns.is_some() {
            let mut ledger = self.ledger.borrow_mut();
            ledger.vouched = ledger.vouched.max(self.core.commit());
        }
        if self.reigns != reigns {
            self.reigns = reigns;
            match reigns {
                Some(term) => {
                    out.note(format_args!("leads ({term}, {id})"));
                    let is_handed = self.handed == reigns;
                    self.ledger.borrow_mut().counts.transfers += u64::from(is_handed);
                }
                None => out.note(format_args!("leads no more")),
            }
        }
    }
}
