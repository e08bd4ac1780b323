//! What becomes of proposals.

use std::sync::Arc;

use super::Core;
use super::role::{Handover, Role};
use crate::log::{Entry, Payload};
use crate::types::{NodeId, Position};

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// What [`Core::propose`] gave.
    pub proposal: Position,
    /// What became of it.
    pub fate: Fate,
}

/// See [`Outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It will be applied on every node.
    Committed,
    /// Another entry is committed in its place. It will be applied nowhere.
    Superseded,
    /// A snapshot of another leader covers its place: it was applied, or it never will be.
    Unknown,
}

/// A command that was not taken. It will be applied nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the command was not taken: {why}")]
pub struct Dropped {
    /// What was proposed.
    pub command: Arc<[u8]>,
    /// Why it was not taken.
    pub why: Why,
}

/// See [`Dropped`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Only the leader takes commands.
    #[error("this node does not lead{}", .leader.map_or(String::new(), |id| format!("; ask node {id}")))]
    NotLeader {
        /// Who leads, if that is known.
        leader: Option<NodeId>,
    },
    /// So much waits for a majority that there is room for no more.
    #[error("too much waits to be committed; try again later")]
    Full,
    /// The lead is being handed over.
    #[error("the lead is being handed over; try again in a moment")]
    HandingOver,
    /// The node was stopped, or its disk has failed.
    #[error("this node has stopped; ask another")]
    Stopped,
}

impl Core {
    /// Puts a command at the end of the log, from where it goes to everybody. What becomes of it
    /// comes from [`take_outcomes`](Self::take_outcomes).
    ///
    /// # Errors
    ///
    /// When this node does not lead, when it hands over the lead, and when too much waits for a majority
    /// already: it gives the command back then.
    pub fn propose(&mut self, command: Arc<[u8]>) -> Result<Position, Dropped> {
        let (term, payload) = (self.hard_state.term, Payload::Command(Arc::clone(&command)));
        let entry = Entry { term, payload };
        if let Some(why) = self.why_not(entry.size()) {
            return Err(Dropped { command, why });
        }
        let position = self.push(entry);
        self.watch(position);
        Ok(position)
    }

    fn why_not(&self, size: usize) -> Option<Why> {
        let Role::Leader(leader) = &self.role else {
            return Some(Why::NotLeader { leader: self.leader() });
        };
        let waiting = self.log.bytes(self.commit, self.log.last().index);
        match leader.handover {
            Handover::To { .. } => Some(Why::HandingOver),
            // One alone is always taken, or it never could be.
            _ if waiting > 0 && waiting + size > self.config.uncommitted => Some(Why::Full),
            _ => None,
        }
    }

    /// Puts an entry at the end of the log.
    pub(super) fn push(&mut self, entry: Entry) -> Position {
        let position = self.log.push(entry);
        self.saves.tail(position.index);
        position
    }

    /// What became of proposals since this was asked last.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// From now on it is asked what becomes of the entry.
    pub(super) fn watch(&mut self, position: Position) {
        // Nearly always behind all others. Not so if this node led before, and what it proposed then is
        // cut off and still not superseded: a later leader could commit it yet.
        let place = self.open.partition_point(|open| open.index <= position.index);
        self.open.insert(place, position);
    }

    /// Says what became of those at indices that are committed by now.
    pub(super) fn settle_proposals(&mut self) {
        while let Some(proposal) = self.open.pop_front_if(|open| open.index <= self.commit) {
            let fate = match self.log.term(proposal.index) {
                Some(term) if term == proposal.term => Fate::Committed,
                Some(_) => Fate::Superseded,
                None => Fate::Unknown,
            };
            self.outcomes.push(Outcome { proposal, fate });
        }
    }
}
