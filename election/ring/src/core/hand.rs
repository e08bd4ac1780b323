//! Handing letters on: to the next one that lives, until it says that it has it.

use std::time::Duration;

use super::{Core, Open};
use crate::message::{Letter, Message, NodeId};

impl Core {
    /// Hands a letter to the next one. Alone in the ring, it comes back at once.
    pub(super) fn hand_on(&mut self, now: Duration, letter: Letter) {
        // The letter of a dead node would circle for ever.
        if letter.hops as usize >= self.config.len() {
            return;
        }
        let letter = Letter { hops: letter.hops + 1, ..letter };
        // What it supersedes is not worth another try.
        self.open.retain(|open| open.letter.token.epoch >= letter.token.epoch);
        match self.next_alive(now) {
            Some(to) => self.hand_to(now, letter, to),
            None => self.read(now, letter),
        }
    }

    fn hand_to(&mut self, now: Duration, letter: Letter, to: NodeId) {
        self.messages.push((to, Message::Letter(letter)));
        let until = now + self.config.timing.ack;
        self.open.push(Open { letter, to, tries_left: self.config.tries - 1, until });
    }

    /// The next one has it.
    pub(super) fn acknowledged(&mut self, from: NodeId, letter: Letter) {
        self.open.retain(|open| open.to != from || open.letter != letter);
    }

    /// Whoever does not answer is tried again, then left out.
    pub(super) fn try_again(&mut self, now: Duration) {
        let (due, open) = self.open.drain(..).partition(|open| open.until <= now);
        self.open = open;
        for Open { letter, to, tries_left, .. } in due {
            if tries_left > 0 && !self.dead.contains_key(&to) {
                self.messages.push((to, Message::Letter(letter)));
                let until = now + self.config.timing.ack;
                self.open.push(Open { letter, to, tries_left: tries_left - 1, until });
                continue;
            }
            self.dead.insert(to, now + self.config.timing.mend);
            match self.next_alive(now) {
                Some(next) => self.hand_to(now, letter, next),
                None => self.read(now, letter),
            }
        }
    }

    fn next_alive(&mut self, now: Duration) -> Option<NodeId> {
        for (id, until) in self.dead.iter_mut().filter(|(_, until)| **until <= now) {
            self.messages.push((*id, Message::Probe));
            *until = now + self.config.timing.mend;
        }
        self.config.next.iter().copied().find(|id| !self.dead.contains_key(id))
    }
}
