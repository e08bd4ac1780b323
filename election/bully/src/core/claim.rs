//! From "nobody above me answers" to "I lead".

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Act, Core, Role};
use crate::config::Form;
use crate::message::{Message, NodeId, Stored, Token};

impl Core {
    /// Takes the next epoch. It is not told to anybody before it is safe: otherwise a crash would
    /// forget it, and the next life would lead under the same token.
    pub(super) fn claim(&mut self) {
        let token = Token { epoch: self.stored.epoch + 1, id: self.config.me };
        self.store(Stored { epoch: token.epoch, granted: Some(token.id) });
        self.hold(Act::Claimed(token));
        // No deadline yet: whoever claims again because its disk is slow makes it slower.
        self.role = Role::Claiming { token, grants: BTreeSet::new(), until: None };
    }

    /// The claim is safe.
    pub(super) fn claimed(&mut self, now: Duration, claim: Token) {
        let takeover = self.config.timing.takeover;
        match &mut self.role {
            Role::Claiming { token, until, .. } if *token == claim => {
                // Two rivals may split the votes; the silence of the rest must not last for ever.
                *until = Some(now.saturating_add(takeover));
            }
            _ => return, // a better leader came meanwhile
        }
        if self.config.form != Form::Quorum {
            return self.lead(now, claim);
        }
        let others = self.config.others.iter();
        self.messages.extend(others.map(|to| (*to, Message::Propose(claim))));
        self.lead_with_a_majority(now);
    }

    /// Another node gave its word. Before the claim is safe nobody was asked for it.
    pub(super) fn granted(&mut self, now: Duration, from: NodeId, to: Token) {
        if let Role::Claiming { token, grants, until: Some(_) } = &mut self.role
            && *token == to
        {
            grants.insert(from);
            self.lead_with_a_majority(now);
        }
    }

    fn lead_with_a_majority(&mut self, now: Duration) {
        // Its own word counts too: it is as safe as the claim.
        if let Role::Claiming { token, grants, .. } = &self.role
            && grants.len() + 1 >= self.config.majority()
        {
            self.lead(now, *token);
        }
    }

    fn lead(&mut self, now: Duration, token: Token) {
        self.announce(now, token, Message::Coordinator(token));
    }

    pub(super) fn announce(&mut self, now: Duration, token: Token, message: Message) {
        self.messages.extend(self.config.lower().iter().map(|to| (*to, message)));
        let next = now.saturating_add(self.config.timing.heartbeat);
        self.role = Role::Leading { token, next };
    }
}
