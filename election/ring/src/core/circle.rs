//! What a node makes of a letter: Chang and Roberts, with epochs.

use std::time::Duration;

use super::{Core, Role};
use crate::message::{Kind, Letter, Token};

impl Core {
    /// Sends its own candidate round, in the epoch it knows.
    pub(super) fn take_part(&mut self, now: Duration) {
        let token = Token { epoch: self.stored.epoch, id: self.config.me };
        let until = now + self.config.timing.election;
        self.role = Role::Electing { best: token, until };
        self.round = 0;
        self.hand_on(now, Letter { kind: Kind::Candidate, token, round: 0, hops: 0 });
    }

    /// Sends its own round once more: it still leads, or still waits for its disk.
    pub(super) fn give_a_sign(&mut self, now: Duration, kind: Kind, token: Token) {
        self.round += 1;
        self.hand_on(now, Letter { kind, token, round: self.round, hops: 0 });
    }

    pub(super) fn read(&mut self, now: Duration, letter: Letter) {
        match letter.kind {
            // Of an election that is over or was given up.
            _ if letter.token.epoch < self.stored.epoch => self.correct(now, letter),
            Kind::Candidate => self.candidate(now, letter),
            Kind::Elected | Kind::Alive => self.leader_lives(now, letter),
        }
    }

    /// Somebody does not know our epoch, and learns of it by the next sign of life of our leader. But a
    /// higher one should lead, and if our leader itself is behind, nobody else will tell it.
    fn correct(&mut self, now: Duration, letter: Letter) {
        let Some(leader) = self.leader() else { return };
        let should_lead = letter.kind == Kind::Candidate && letter.token.id > leader.id;
        if should_lead || letter.token == leader {
            self.elect(now);
        }
    }

    fn candidate(&mut self, now: Duration, letter: Letter) {
        let token = letter.token;
        let takes_part = match self.role {
            Role::Electing { best, .. } if best.epoch == token.epoch => Some(best),
            // This epoch's election is over.
            Role::Won { token: won, .. } if won.epoch == token.epoch => return,
            Role::Following { leader, .. } | Role::Leading { token: leader, .. }
                if leader.epoch == token.epoch =>
            {
                return self.late(now, leader, token);
            }
            _ => None,
        };
        self.learn(token.epoch);
        if token.id == self.config.me {
            // Its own. In a later life it is nobody's.
            if takes_part == Some(token) {
                let next = now + self.config.timing.election / 2;
                self.role = Role::Won { token, needs: self.changes, next };
                self.lead_if_safe(now);
            }
        } else if token.id < self.config.me {
            // Swallowed; its own goes instead, unless it is on its way.
            if takes_part.is_none() {
                self.take_part(now);
            }
        } else if takes_part.is_none_or(|best| (best, self.round) < (token, letter.round)) {
            let until = now + self.config.timing.election;
            self.round = letter.round;
            self.role = Role::Electing { best: token, until };
            self.hand_on(now, letter);
        }
    }

    /// A candidate of an epoch that has its leader already. A lower one learns of it by the next sign
    /// of life; a higher one was dead or cut off, and should lead.
    fn late(&mut self, now: Duration, leader: Token, candidate: Token) {
        if candidate > leader {
            self.elect(now);
        }
    }

    fn leader_lives(&mut self, now: Duration, letter: Letter) {
        let token = letter.token;
        let known = match self.role {
            Role::Following { leader, .. } => Some(leader),
            Role::Leading { token, .. } | Role::Won { token, .. } => Some(token),
            Role::Idle | Role::Electing { .. } => None,
        };
        // Once round, or of one that will hear of a greater.
        if token.id == self.config.me || known.is_some_and(|known| token < known) {
            return;
        }
        if token.id < self.config.me {
            // A lower one leads while we live.
            self.learn(token.epoch);
            return self.elect(now);
        }
        let is_new = known != Some(token);
        if !is_new && letter.round <= self.round {
            return; // seen: a letter goes by once
        }
        self.learn(token.epoch);
        self.round = letter.round;
        let until = now + self.config.timing.silence;
        self.role = Role::Following { leader: token, until };
        self.hand_on(now, letter);
    }

    /// Its own candidate came back, and the epoch is on the disk: no later life can win it again.
    pub(super) fn lead_if_safe(&mut self, now: Duration) {
        let Role::Won { token, needs, .. } = self.role else { return };
        if needs > self.safe {
            return;
        }
        self.round = 0;
        self.role = Role::Leading { token, next: now + self.config.timing.heartbeat };
        self.hand_on(now, Letter { kind: Kind::Elected, token, round: 0, hops: 0 });
    }
}
