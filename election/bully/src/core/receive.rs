//! What a node does when a message comes.

use std::time::Duration;

use super::{Act, Core, Role};
use crate::config::{Config, Form};
use crate::message::{Message, NodeId, Stored, Token};

impl Core {
    /// A message came. Nothing happens before the start, nor when no node of this cluster can have
    /// said that to this one.
    pub fn receive(&mut self, now: Duration, from: NodeId, message: Message) {
        if self.role == Role::Idle || !self.is_plausible(from, message) {
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
                self.appointed(from, epoch);
            }
            Message::Propose(token) => self.proposed(now, from, token),
            Message::Grant(token) => self.granted(now, from, token),
        }
    }

    /// A stranger's word, a word in our own name or in that of a third, of another form, or with an
    /// epoch that cannot be: whatever we did about it would be wrong.
    fn is_plausible(&self, from: NodeId, message: Message) -> bool {
        let Config { me, form, .. } = self.config;
        let is_in_order = match message {
            Message::Election { .. } | Message::Ok { .. } => true,
            Message::Coordinator(token) | Message::Alive(token) => token.id == from,
            Message::Stale { refused, .. } => refused.id == me,
            Message::Appoint { .. } => form == Form::Modified,
            Message::Propose(token) => token.id == from && form == Form::Quorum,
            Message::Grant(token) => token.id == me && form == Form::Quorum,
        };
        is_in_order
            && self.config.others.binary_search(&from).is_ok()
            && !self.is_impossible(message.epoch())
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
        let until = now.saturating_add(self.config.timing.takeover);
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
            let until = now.saturating_add(self.config.timing.silence);
            self.role = Role::Following { leader: token, until };
        } else if matches!(self.role, Role::Following { .. } | Role::Leading { .. }) {
            // A lower one leads: bully it. Ours do not even tell those above, but others may.
            self.elect(now);
        }
    }

    /// A lower one believes that we are the highest that lives.
    fn appointed(&mut self, from: NodeId, epoch: u64) {
        match self.role {
            // It is late: somebody leads since.
            Role::Following { leader, .. } if leader.epoch > epoch => {}
            Role::Leading { token, .. } if token.epoch == self.stored.epoch => {
                self.send(from, Message::Coordinator(token));
            }
            Role::Claiming { .. } => {}
            _ if from < self.config.me => self.claim(),
            _ => {}
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
        self.hold(Act::Grant(token));
        self.saved(now, self.safe);
    }
}
