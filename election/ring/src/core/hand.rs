//! Handing letters on: to the next one that lives, until it says that it has it.

use std::time::Duration;

use super::{Core, Open};
use crate::message::{Letter, Message, NodeId};

impl Core {
    /// Hands a letter to the next one. Alone in the ring, it comes back at once.
    pub(super) fn hand_on(&mut self, now: Duration, letter: Letter) {
        // What a node has seen it does not hand on again, but a restart forgets that: only this keeps
        // the letter of a dead node from circling.
        if letter.hops as usize >= self.config.len() {
            return;
        }
        let letter = Letter { hops: letter.hops + 1, ..letter };
        match self.next_alive(now) {
            Some(to) => self.hand_to(now, letter, to),
            None => self.read(now, letter),
        }
    }

    fn hand_to(&mut self, now: Duration, letter: Letter, to: NodeId) {
        self.messages.push((to, Message::Letter(letter)));
        self.open = Some(match self.open.take() {
            Some(open) if open.to == to => Open { letter, ..open },
            _ => self.patience(now, letter, to),
        });
    }

    fn patience(&self, now: Duration, letter: Letter, to: NodeId) -> Open {
        Open { letter, to, tries_left: self.config.tries - 1, until: now + self.config.timing.ack }
    }

    /// The next one has it. If it is an earlier letter, the next one lives at least.
    pub(super) fn acknowledged(&mut self, now: Duration, from: NodeId, letter: Letter) {
        if let Some(open) = self.open.take_if(|open| open.to == from)
            && open.letter != letter
        {
            self.open = Some(self.patience(now, open.letter, from));
        }
    }

    /// Whoever does not answer is tried again, then left out.
    pub(super) fn try_again(&mut self, now: Duration) {
        let Some(open) = self.open.take_if(|open| open.until <= now) else { return };
        let Open { letter, to, tries_left, .. } = open;
        if tries_left > 0 {
            self.messages.push((to, Message::Letter(letter)));
            let until = now + self.config.timing.ack;
            self.open = Some(Open { letter, to, tries_left: tries_left - 1, until });
            return;
        }
        self.dead.insert(to, now + self.config.timing.mend);
        match self.next_alive(now) {
            Some(next) => self.hand_to(now, letter, next),
            None => self.read(now, letter),
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
