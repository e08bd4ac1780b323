//! The rules, without threads, clock, disk or network: a struct that is told what happened, and from
//! which is taken what it wants done.
//!
//! | told by | then ask |
//! |---|---|
//! | [`Core::tick`], at [`Core::deadline`] | |
//! | [`Core::propose`], [`Core::read_index`], [`Core::propose_change`], [`Core::transfer`] | [`Core::take_outcomes`], [`Core::take_reads`] |
//! | [`Core::handle`]: a request | [`Core::take_replies`] |
//! | [`Core::on_reply`], [`Core::on_lost`], [`Core::link_up`], [`Core::link_down`] | [`Core::next_for`] each peer whose pipe is free |
//! | [`Core::saved`]: the disk's word | [`Core::take_unsaved`] |
//! | [`Core::applied`], [`Core::installed`] | [`Core::take_committed`], [`Core::take_install`] |

mod candidate;
mod change;
mod follower;
mod leader;
mod outcomes;
mod reads;
mod role;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, ConfigError};
use crate::log::{Entry, Log};
use crate::message::{Context, Refused, Reply, Request};
use crate::rng::Rng;
use crate::saves::{Save, Saves};
use crate::stored::Stored;
use crate::types::{HardState, Index, NodeId, Position, Snapshot};

pub use change::{ChangeRefused, TransferError};
pub use outcomes::{Dropped, Fate, Outcome, Why};
pub use reads::{NotLeader, ReadId, ReadOutcome};
pub use role::RoleName;

use leader::Plan;
use role::{Follower, Role};

/// What the caller chose to find the asker again: it comes back beside the reply.
pub type Ticket = u64;

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Core {
    config: Config,
    hard_state: HardState,
    log: Log,
    /// The newest one that is whole: what a peer gets that lacks entries which are gone.
    snapshot: Option<Snapshot>,
    /// Entries up to here will never change, on any node.
    commit: Index,
    /// Entries up to here were handed to the state machine. Never past what is on the disk here.
    taken: Index,
    /// It has done these.
    applied: Index,
    saves: Saves,
    role: Role,
    /// The connections that are up, each with its number.
    links: BTreeMap<NodeId, u64>,
    /// Replies that wait for the save they rest on.
    held: VecDeque<Held>,
    /// Proposals of this node that are neither committed nor superseded, by index.
    open: VecDeque<Position>,
    outcomes: Vec<Outcome>,
    reads: Vec<ReadOutcome>,
    /// The number of the last read.
    last_read: u64,
    rng: Rng,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Held {
    rests_on: u64,
    to: NodeId,
    ticket: Ticket,
    reply: Reply,
}

impl Core {
    /// A node that was just started, with what its disk holds.
    ///
    /// # Errors
    ///
    /// When the configuration makes no sense, and when no log can be what the disk holds.
    pub fn new(config: Config, stored: Stored, now: Duration) -> Result<Self, ConfigError> {
        config.check()?;
        let (hard_state, snapshot) = (stored.hard_state, stored.snapshot.clone());
        let log = stored.log(&config.founders)?;
        let mut rng = Rng::new(config.seed);
        let follower = Follower::started(&config, now, &mut rng);
        let base = log.base().index;
        Ok(Self {
            config,
            hard_state,
            log,
            snapshot,
            commit: base,
            taken: 0,
            applied: 0,
            saves: Saves::new(),
            role: Role::Follower(follower),
            links: BTreeMap::new(),
            held: VecDeque::new(),
            open: VecDeque::new(),
            outcomes: Vec::new(),
            reads: Vec::new(),
            last_read: 0,
            rng,
        })
    }

    /// From here on random time-outs follow from this seed, whatever was drawn before: nodes that
    /// differ in chance alone become equal, which is what a model needs to see that it was here before.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    // What happens to it.

    /// When it wants [`tick`](Self::tick) next. `None`: never, as long as nothing else happens.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.role {
            Role::Follower(follower) => self.may_lead().then_some(follower.campaign_at),
            Role::Candidate(candidate) => Some(candidate.ends_at),
            Role::Leader(_) => self.leaders_deadline(),
        }
    }

    /// The time is this now.
    pub fn tick(&mut self, now: Duration) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            match self.role {
                Role::Leader(_) => self.tick_as_leader(now),
                // Who was removed, or never took part, disturbs nobody.
                _ if !self.may_lead() => self.follow(now, self.hard_state.term, None),
                _ => self.try_to_lead(now),
            }
        }
    }

    /// A connection to a peer is up. Each has a greater number than those before it. What was on its
    /// way over an older one is lost.
    pub fn link_up(&mut self, peer: NodeId, epoch: u64) {
        self.links.insert(peer, epoch);
        self.forget_flights(peer);
    }

    /// A connection is gone, and what was on its way.
    pub fn link_down(&mut self, peer: NodeId) {
        self.links.remove(&peer);
        self.forget_flights(peer);
    }

    /// A request from another node. Its answer comes from [`take_replies`](Self::take_replies) beside
    /// `ticket`, once what it rests on is on the disk.
    ///
    /// # Errors
    ///
    /// When no node could have sent it. Nothing has changed then, and no answer comes.
    pub fn handle(
        &mut self,
        now: Duration,
        from: NodeId,
        ticket: Ticket,
        request: Request,
    ) -> Result<(), Refused> {
        if from == 0 || from == self.config.id {
            return Err(Refused::Sender(from));
        }
        request.check()?;
        let (answer, rests_on) = match request {
            Request::Vote(request) => self.on_vote(now, from, request),
            Request::Append(request) => self.on_append(now, from, request)?,
            Request::Chunk(request) => self.on_chunk(now, from, request)?,
            Request::Campaign { term } => (self.on_campaign(now, from, term), 0),
        };
        let rests_on = rests_on.max(self.saves.of_hard_state());
        let reply = Reply { term: self.hard_state.term, answer };
        self.held.push_back(Held { rests_on, to: from, ticket, reply });
        Ok(())
    }

    /// The answer to a request of ours, beside what [`next_for`](Self::next_for) gave with it.
    ///
    /// # Errors
    ///
    /// When no node could have sent it. Nothing has changed then.
    pub fn on_reply(
        &mut self,
        now: Duration,
        peer: NodeId,
        context: Context,
        reply: Reply,
    ) -> Result<(), Refused> {
        reply.check(&context)?;
        if reply.term > self.hard_state.term {
            self.follow(now, reply.term, None);
        }
        // An answer to an earlier term, or over an earlier connection, is about what is no more.
        let is_current = context.term == self.hard_state.term;
        if is_current && self.links.get(&peer) == Some(&context.epoch) {
            match self.role {
                Role::Follower(_) => {}
                Role::Candidate(_) => self.on_vote_reply(now, peer, context, reply),
                Role::Leader(_) => self.on_peers_reply(now, peer, context, reply)?,
            }
        }
        Ok(())
    }

    /// What to send to a peer next, and what to remember until it is answered; `None` if there is
    /// nothing. To be asked again after everything that happened, as long as the pipe to the peer is
    /// free.
    pub fn next_for(&mut self, now: Duration, peer: NodeId) -> Option<(Context, Request)> {
        match self.role {
            Role::Follower(_) => None,
            Role::Candidate(_) => self.ask_for_vote(now, peer),
            Role::Leader(ref leader) => {
                let plan = self.plan(leader, peer)?;
                self.send_as_leader(now, peer, plan)
            }
        }
    }

    /// As [`next_for`](Self::next_for), but only what the peer can answer without its disk, and what a
    /// read waits for: for a second pipe, beside one that waits for the disk.
    pub fn beat_for(&mut self, now: Duration, peer: NodeId) -> Option<(Context, Request)> {
        if self.has_beat_for(peer) { self.send_as_leader(now, peer, Plan::Beat) } else { None }
    }

    /// Whether [`beat_for`](Self::beat_for) has something.
    pub fn has_beat_for(&self, peer: NodeId) -> bool {
        match &self.role {
            Role::Leader(leader) => self.links.contains_key(&peer) && leader.owes_beat(peer),
            Role::Follower(_) | Role::Candidate(_) => false,
        }
    }

    /// Whether [`next_for`](Self::next_for) has something.
    pub fn has_for(&self, peer: NodeId) -> bool {
        match &self.role {
            Role::Follower(_) => false,
            Role::Candidate(_) => self.may_ask(peer),
            Role::Leader(leader) => self.plan(leader, peer).is_some(),
        }
    }

    /// Replies whose saves are safe: to whom, for which request, and what.
    pub fn take_replies(&mut self) -> Vec<(NodeId, Ticket, Reply)> {
        let mut ready = Vec::new();
        let saves = &self.saves;
        self.held.retain(|held| {
            let is_ready = saves.is_saved(held.rests_on);
            if is_ready {
                ready.push((held.to, held.ticket, held.reply));
            }
            !is_ready
        });
        ready
    }

    // The disk.

    /// What to write next. Saves may be under way while others are taken; they are written in order.
    pub fn take_unsaved(&mut self) -> Option<Save> {
        self.saves.take(self.hard_state, &self.log)
    }

    /// Whether [`take_unsaved`](Self::take_unsaved) has something.
    pub fn has_unsaved(&self) -> bool {
        !self.saves.is_empty()
    }

    /// This save, and all before it, will survive a crash.
    ///
    /// # Errors
    ///
    /// When it was never taken.
    pub fn saved(&mut self, now: Duration, seq: u64) -> Result<(), Refused> {
        self.saves.saved(seq)?;
        match self.role {
            Role::Follower(_) => {}
            Role::Candidate(_) => self.count_votes(now),
            Role::Leader(_) => self.advance(now),
        }
        Ok(())
    }

    /// How much of the log is on the disk.
    fn durable(&self) -> Index {
        self.saves.durable(self.log.last().index)
    }

    // The state machine.

    /// A snapshot to put in place of all that the state machine knows. Until
    /// [`installed`](Self::installed) it gets no entries.
    pub fn take_install(&mut self) -> Option<Snapshot> {
        let base = self.log.base().index;
        if self.taken >= base || self.durable() < base {
            return None;
        }
        self.taken = base;
        self.snapshot.clone()
    }

    /// The snapshot is in its place.
    ///
    /// # Errors
    ///
    /// When it was never handed out.
    pub fn installed(&mut self, upto: Index) -> Result<(), Refused> {
        self.applied(upto)
    }

    /// The next committed entries, in order, with the index of the first. At most so many.
    pub fn take_committed(&mut self, most: usize) -> Option<(Index, Vec<Entry>)> {
        let base = self.log.base().index;
        let end = self.commit.min(self.durable()).min(self.taken.saturating_add(most as u64));
        if self.taken < base || self.applied < base || end <= self.taken {
            return None;
        }
        let first = self.taken + 1;
        self.taken = end;
        Some((first, self.log.between(first, end)))
    }

    /// The state machine has done the entries up to here.
    ///
    /// # Errors
    ///
    /// When they were not handed out.
    pub fn applied(&mut self, upto: Index) -> Result<(), Refused> {
        if upto > self.taken {
            let (word, number, last) = ("entry", upto, self.taken);
            return Err(Refused::NeverAsked { word, number, last });
        }
        self.applied = self.applied.max(upto);
        Ok(())
    }

    /// Whether [`take_install`](Self::take_install) or [`take_committed`](Self::take_committed) has
    /// something.
    pub fn has_committed(&self) -> bool {
        let (base, durable) = (self.log.base().index, self.durable());
        let waits = self.taken < base && durable >= base;
        waits || (self.applied >= base && self.taken < self.commit.min(durable))
    }

    /// Up to where entries were handed out.
    pub fn taken(&self) -> Index {
        self.taken
    }

    /// Up to where the state machine has done them.
    pub fn has_done(&self) -> Index {
        self.applied
    }

    /// The newest snapshot that is whole.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// What a snapshot of the state machine must say of itself, when entries up to `upto` are done and
    /// no others; `None` if that is not so, or there is one already.
    pub fn describe(&self, upto: Index, size: u64) -> Option<Snapshot> {
        let held = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.last.index);
        if upto > self.applied || upto <= held {
            return None;
        }
        let last = self.log.position(upto)?;
        Some(Snapshot { last, members: Arc::clone(self.log.membership_at(upto)), size })
    }
}
