//! What a node does when a message comes.

use std::time::Duration;

use super::{Act, Core, Role};
use crate::message::{Message, NodeId, Stored, Token};

impl Core {
    /// A message came.
    pub fn receive(&mut self, now: Duration, from: NodeId, message: Message) {
        if self.role == Role::Idle {
            return;
        }
        match message {
            Message::Election { epoch } => self.asked(now, from, epoch),
            Message::Ok { epoch } => self.answered(now, from, epoch),
            Message::Coordinator(token) | Message::Alive(token) => self.told(now, from, token),
            Message::Stale { refused, epoch } => {
                self.learn(epoch);
                let mine = match self.role {
                    Role::Leading { token, .. } | Role::Claiming { token, .. } => Some(token),
                    _ => None,
                };
                if mine == Some(refused) {
                    self.elect(now);
                }
            }
            Message::Appoint { epoch } => {
                self.learn(epoch);
                self.appointed(from);
            }
            Message::Propose(token) => self.proposed(now, from, token),
            Message::Grant(token) => self.granted(now, from, token),
        }
    }

    /// A lower one asks whether we live.
    fn asked(&mut self, now: Duration, from: NodeId, epoch: u64) {
        self.learn(epoch);
        if from > self.config.me {
            return;
        }
        self.send(from, Message::Ok { epoch: self.stored.epoch });
        match self.role {
            // It has not heard that we lead.
            Role::Leading { token, .. } if token.epoch == self.stored.epoch => {
                self.send(from, Message::Coordinator(token));
            }
            Role::Leading { .. } => self.elect(now),
            Role::Following { .. } if self.is_classic() => self.elect(now),
            _ => {}
        }
    }

    /// A higher one lives.
    fn answered(&mut self, now: Duration, from: NodeId, epoch: u64) {
        self.learn(epoch);
        if from < self.config.me {
            return;
        }
        let until = now + self.config.timing.takeover;
        let classic = self.is_classic();
        match &mut self.role {
            // The modified form waits for all answers, and takes the best.
            Role::Asking { best, .. } if !classic => *best = (*best).max(Some(from)),
            Role::Asking { .. } | Role::Claiming { .. } => self.role = Role::Waiting { until },
            _ => {}
        }
    }

    /// Somebody says that it leads.
    fn told(&mut self, now: Duration, from: NodeId, token: Token) {
        let known = match self.role {
            Role::Following { leader, .. } => Some(leader),
            Role::Leading { token, .. } => Some(token),
            _ => None,
        };
        if token.epoch < self.stored.epoch || known.is_some_and(|known| token < known) {
            return self.send(from, Message::Stale { refused: token, epoch: self.stored.epoch });
        }
        self.learn(token.epoch);
        if token.id > self.config.me {
            // This alone moves the deadline: other messages say nothing about the leader.
            let until = now + self.config.timing.silence;
            self.role = Role::Following { leader: token, until };
        } else if matches!(self.role, Role::Following { .. } | Role::Leading { .. }) {
            self.elect(now); // a lower one leads: bully it
        }
    }

    fn appointed(&mut self, from: NodeId) {
        match self.role {
            Role::Leading { token, .. } if token.epoch == self.stored.epoch => {
                self.send(from, Message::Coordinator(token));
            }
            Role::Claiming { .. } => {}
            _ => self.claim(),
        }
    }

    /// Somebody wants our word for an epoch. It gets it if nobody else has it.
    fn proposed(&mut self, now: Duration, from: NodeId, token: Token) {
        if token.id < self.config.me {
            // Not while we live.
            return self.asked(now, from, token.epoch);
        }
        let same = Stored { epoch: token.epoch, granted: Some(token.id) };
        let free = token.epoch > self.stored.epoch
            || (token.epoch == self.stored.epoch && self.stored.granted.is_none());
        if free {
            self.store(same);
        } else if self.stored != same {
            return self.send(from, Message::Stale { refused: token, epoch: self.stored.epoch });
        }
        // Our word counts once it is safe.
        self.held.push_back((self.changes, Act::Send(from, Message::Grant(token))));
        self.saved(now, self.safe);
    }
}
