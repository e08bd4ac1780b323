//! The rules, without threads, clock, disk or network: a struct that is told what happened.
//!
//! After each call take what it wants: [`Core::take_save`], [`Core::take_messages`],
//! [`Core::deadline`].
//!
//! The nodes trust each other, and still a bad message does no lasting harm: what comes from a
//! stranger, of a stranger, or of an epoch out of reach is not even acknowledged.

mod circle;
mod hand;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::Config;
use crate::message::{Kind, Letter, Message, NodeId, Stored, Token};

/// No count of elections reaches this epoch. A disk that holds a later one is damaged.
const LAST: u64 = u64::MAX / 2;

/// Nor does anybody sleep through so many elections: one each millisecond for 34 years. And no letter,
/// however wrong, uses up the numbers.
const LEAP: u64 = 1 << 40;

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Core {
    config: Config,
    stored: Stored,
    role: Role,
    /// The last sign of life that it gave or handed on: of its leader, or of the best candidate.
    round: u64,
    /// Handed on and not yet acknowledged. One is enough: each letter that a node hands on makes those
    /// before it worthless, for its epoch, its kind, its id or its round is greater.
    open: Option<Open>,
    /// Who did not answer, and when it is asked next whether it is back. It is left out until it is
    /// heard: no letter waits for it a second time.
    dead: BTreeMap<NodeId, Duration>,
    /// How many times `stored` changed, how much of it was handed out, and how much is safe.
    changes: u64,
    taken: u64,
    safe: u64,
    messages: Vec<(NodeId, Message)>,
}

/// What a node is doing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Role {
    /// Not started.
    Idle,
    /// Takes part in the election of this epoch; `best` is the highest it has handed on.
    Electing { best: Token, until: Duration },
    /// Its own candidate came back. It leads once the epoch is safe, after so many changes; until then
    /// it says at `next` that it lives.
    Won { token: Token, needs: u64, next: Duration },
    /// There is a leader, last heard of `silence` before `until`.
    Following { leader: Token, until: Duration },
    /// It leads, and says so at `next`.
    Leading { token: Token, next: Duration },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Open {
    letter: Letter,
    to: NodeId,
    /// How often `to` is tried again, from `until` on. A newer letter to the same node changes neither.
    tries_left: u32,
    until: Duration,
}

impl Core {
    /// A node that has not started, with what its disk holds.
    ///
    /// # Panics
    ///
    /// When the epoch on the disk is one that no count of elections reaches: beyond half of all numbers.
    pub fn new(config: Config, stored: Stored) -> Self {
        let epoch = stored.epoch;
        assert!(
            epoch <= LAST,
            "epoch {epoch} cannot be; restore the disk from what the others know"
        );
        Self {
            config,
            stored,
            role: Role::Idle,
            round: 0,
            open: None,
            dead: BTreeMap::new(),
            changes: 0,
            taken: 0,
            safe: 0,
            messages: Vec::new(),
        }
    }

    /// Starts the node: it tells all others, who may have left it out, and starts an election.
    pub fn start(&mut self, now: Duration) {
        self.messages.extend(self.config.next.iter().map(|to| (*to, Message::Hello)));
        self.elect(now);
    }

    /// Starts an election in a new epoch: whenever there is a reason to doubt the leader.
    pub fn elect(&mut self, now: Duration) {
        self.learn(self.stored.epoch + 1);
        self.take_part(now);
    }

    /// A resource refused this node's token, for it has seen this epoch. If the node leads, it asks for
    /// an election. An epoch out of reach is ignored: whoever holds it is damaged.
    pub fn outbid(&mut self, now: Duration, epoch: u64) {
        if !self.reaches(epoch) {
            return;
        }
        self.learn(epoch);
        if matches!(self.role, Role::Leading { token, .. } if token.epoch <= epoch) {
            self.elect(now);
        }
    }

    /// A message came.
    pub fn receive(&mut self, now: Duration, from: NodeId, message: Message) {
        if self.role == Role::Idle || !self.is_of_this_ring(from, message) {
            return;
        }
        self.dead.remove(&from);
        match message {
            Message::Hello => {}
            Message::Probe => self.messages.push((from, Message::Hello)),
            Message::Ack(letter) => self.acknowledged(now, from, letter),
            Message::Letter(letter) => {
                self.messages.push((from, Message::Ack(letter)));
                self.read(now, letter);
            }
        }
    }

    /// When it wants [`tick`](Self::tick).
    pub fn deadline(&self) -> Option<Duration> {
        let role = match self.role {
            Role::Idle => None,
            Role::Electing { until, .. } | Role::Following { until, .. } => Some(until),
            Role::Won { next, .. } | Role::Leading { next, .. } => Some(next),
        };
        self.open.iter().map(|open| open.until).chain(role).min()
    }

    /// Time has passed. Does nothing before the deadline.
    pub fn tick(&mut self, now: Duration) {
        self.try_again(now);
        match &mut self.role {
            Role::Electing { until, .. } | Role::Following { until, .. } if *until <= now => {
                // Perhaps nothing came because it is left out.
                self.start(now);
            }
            Role::Won { token, next, .. } if *next <= now => {
                *next = now + self.config.timing.election / 2;
                let token = *token;
                self.give_a_sign(now, Kind::Candidate, token);
            }
            Role::Leading { token, next } if *next <= now => {
                *next = now + self.config.timing.heartbeat;
                let token = *token;
                self.give_a_sign(now, Kind::Alive, token);
            }
            _ => {}
        }
    }

    /// What to write to the disk, if anything, and its number for [`saved`](Self::saved). One at a
    /// time: what changes meanwhile goes with the next, so that a slow disk has no line before it.
    pub fn take_save(&mut self) -> Option<(u64, Stored)> {
        if self.taken == self.changes || self.taken > self.safe {
            return None;
        }
        self.taken = self.changes;
        Some((self.changes, self.stored))
    }

    /// What [`take_save`](Self::take_save) gave under this number is safe.
    pub fn saved(&mut self, now: Duration, number: u64) {
        self.safe = self.safe.max(number.min(self.taken));
        self.lead_if_safe(now);
    }

    /// What to send, and to whom.
    pub fn take_messages(&mut self) -> Vec<(NodeId, Message)> {
        std::mem::take(&mut self.messages)
    }

    /// Who leads, as far as this node knows.
    pub fn leader(&self) -> Option<Token> {
        match self.role {
            Role::Following { leader, .. } => Some(leader),
            Role::Leading { token, .. } => Some(token),
            Role::Idle | Role::Electing { .. } | Role::Won { .. } => None,
        }
    }

    /// Its token, if it leads.
    pub fn token(&self) -> Option<Token> {
        self.leader().filter(|token| token.id == self.config.me)
    }

    /// What it knows that must survive a crash.
    pub fn stored(&self) -> Stored {
        self.stored
    }

    /// The others know its name and that of whom it speaks, and its epoch is within reach.
    fn is_of_this_ring(&self, from: NodeId, message: Message) -> bool {
        let is_good = |Letter { token, .. }| {
            self.config.ring().any(|id| id == token.id) && self.reaches(token.epoch)
        };
        self.config.next.contains(&from)
            && !matches!(message, Message::Letter(letter) if !is_good(letter))
    }

    /// Neither far ahead nor far behind. Whoever is, the two of them cannot be in one ring: a letter that
    /// one of them took and dropped would break it for all.
    fn reaches(&self, epoch: u64) -> bool {
        epoch.abs_diff(self.stored.epoch) <= LEAP
    }

    /// An epoch that somebody uses.
    fn learn(&mut self, epoch: u64) {
        if epoch > self.stored.epoch {
            self.stored = Stored { epoch };
            self.changes += 1;
        }
    }
}
