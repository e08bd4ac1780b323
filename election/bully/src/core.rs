//! The rules, without threads, clock, disk or network: a struct that is told what happened.
//!
//! After each call take what it wants: [`Core::take_save`], [`Core::take_messages`],
//! [`Core::deadline`].

mod claim;
mod receive;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::{Config, Form};
use crate::message::{Message, NodeId, Stored, Token};

/// No count of claims reaches this epoch. What a disk, a message or a resource says above it is
/// damage.
const LAST: u64 = u64::MAX / 2;

/// Nor is anybody so many claims ahead: a claim each millisecond for 34 years.
const LEAP: u64 = 1 << 40;

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Core {
    config: Config,
    stored: Stored,
    role: Role,
    /// How many times `stored` changed since all of it was safe, how much of that was handed out,
    /// and how much is safe.
    changes: u64,
    taken: u64,
    safe: u64,
    /// What may be done only when so many changes are safe: the latest claim and the latest grant.
    held: Vec<(u64, Act)>,
    messages: Vec<(NodeId, Message)>,
}

/// What a node is doing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Role {
    /// Not started.
    Idle,
    /// There is a leader, last heard `silence` before `until`.
    Following { leader: Token, until: Duration },
    /// It asked those above. If none answers, it claims.
    Asking { until: Duration, tries_left: u32, best: Option<NodeId> },
    /// One above answered and should lead soon. If none does, it asks again.
    Waiting { until: Duration },
    /// It will lead once its claim is safe, and in the quorum form once a majority agrees, which it
    /// waits for only after that.
    Claiming { token: Token, grants: BTreeSet<NodeId>, until: Option<Duration> },
    /// It leads, and says so at `next`.
    Leading { token: Token, next: Duration },
}

/// What waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Act {
    /// We may tell the others of this claim of ours.
    Claimed(Token),
    /// Whoever claimed this may have our word for it.
    Grant(Token),
}

impl Core {
    /// A node that has not started, with what its disk holds.
    ///
    /// # Panics
    ///
    /// When the epoch on the disk is one that no count of claims reaches: beyond half of all numbers.
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
            changes: 0,
            taken: 0,
            safe: 0,
            held: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Starts the node, and an election: it does not know who leads.
    pub fn start(&mut self, now: Duration) {
        self.elect(now);
    }

    /// Starts an election: whenever there is a reason to doubt the leader.
    pub fn elect(&mut self, now: Duration) {
        self.ask(now, self.config.tries);
    }

    /// A resource refused this node's token, for it has seen this epoch. If the node leads, it claims
    /// anew. An epoch that cannot be is ignored: whoever holds it is damaged.
    pub fn outbid(&mut self, now: Duration, epoch: u64) {
        if self.is_impossible(epoch) {
            return;
        }
        self.learn(epoch);
        if matches!(self.role, Role::Leading { token, .. } if token.epoch <= epoch) {
            self.elect(now);
        }
    }

    /// When it wants [`tick`](Self::tick).
    pub fn deadline(&self) -> Option<Duration> {
        match self.role {
            Role::Idle => None,
            Role::Claiming { until, .. } => until,
            Role::Following { until, .. }
            | Role::Asking { until, .. }
            | Role::Waiting { until } => Some(until),
            Role::Leading { next, .. } => Some(next),
        }
    }

    /// Time has passed. Does nothing before the deadline.
    pub fn tick(&mut self, now: Duration) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        match self.role {
            Role::Idle => {}
            Role::Asking { best: Some(best), .. } => {
                self.send(best, Message::Appoint { epoch: self.stored.epoch });
                let until = now.saturating_add(self.config.timing.takeover);
                self.role = Role::Waiting { until };
            }
            Role::Asking { tries_left: 0, .. } => self.claim(),
            Role::Asking { tries_left, .. } => self.ask(now, tries_left),
            Role::Following { .. } | Role::Waiting { .. } | Role::Claiming { .. } => {
                self.elect(now);
            }
            Role::Leading { token, .. } => self.announce(now, token, Message::Alive(token)),
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
        let safe = self.safe;
        for (_, act) in self.held.extract_if(.., |(needs, _)| *needs <= safe).collect::<Vec<_>>() {
            match act {
                Act::Claimed(token) => self.claimed(now, token),
                Act::Grant(token) => self.send(token.id, Message::Grant(token)),
            }
        }
        if self.safe == self.changes {
            (self.changes, self.taken, self.safe) = (0, 0, 0);
        }
    }

    /// What to send, and to whom.
    pub fn take_messages(&mut self) -> Vec<(NodeId, Message)> {
        std::mem::take(&mut self.messages)
    }

    /// Who leads, as far as this node knows: itself, or a higher one that it heard of lately.
    pub fn leader(&self) -> Option<Token> {
        match self.role {
            Role::Following { leader, .. } => Some(leader),
            Role::Leading { token, .. } => Some(token),
            Role::Idle | Role::Asking { .. } | Role::Waiting { .. } | Role::Claiming { .. } => None,
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

    /// Asks those above whether they live. Without any, it claims at once.
    fn ask(&mut self, now: Duration, tries: u32) {
        if self.config.higher().is_empty() {
            return self.claim();
        }
        let question = Message::Election { epoch: self.stored.epoch };
        self.messages.extend(self.config.higher().iter().map(|to| (*to, question)));
        let until = now.saturating_add(self.config.timing.answer);
        self.role = Role::Asking { until, tries_left: tries - 1, best: None };
    }

    /// Nobody got there by counting. If we believed it, the next claim could have no number.
    fn is_impossible(&self, epoch: u64) -> bool {
        epoch > LAST.min(self.stored.epoch.saturating_add(LEAP))
    }

    /// An epoch that somebody claimed. Ours must be above it when we claim one.
    fn learn(&mut self, epoch: u64) {
        if epoch > self.stored.epoch {
            self.store(Stored { epoch, granted: None });
        }
    }

    fn store(&mut self, stored: Stored) {
        self.stored = stored;
        self.changes += 1;
    }

    /// Does it once all that changed so far is safe. It replaces what is held of its kind: a slow
    /// disk has no line of these before it either.
    fn hold(&mut self, act: Act) {
        let kind = std::mem::discriminant(&act);
        self.held.retain(|(_, held)| std::mem::discriminant(held) != kind);
        self.held.push((self.changes, act));
    }

    fn send(&mut self, to: NodeId, message: Message) {
        self.messages.push((to, message));
    }

    fn is_classic(&self) -> bool {
        self.config.form != Form::Modified
    }
}
