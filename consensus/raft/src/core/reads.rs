//! Reads that see every write which was acknowledged before they began, without an entry in the log
//! (section 8; dissertation, 6.4).

use std::time::Duration;

use super::Core;
use super::role::{Handover, Leader, Role};
use crate::progress::Progress;
use crate::types::{Index, NodeId};

/// Names a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadId(u64);

/// What became of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadOutcome {
    /// Read as soon as the state machine has done the entries up to `index`.
    Ready {
        /// Which read.
        id: ReadId,
        /// See [`ReadOutcome::Ready`].
        index: Index,
        /// If it rests on a lease: look at the clock again *after* the read, and throw away what was
        /// read when it shows this or more. The process may have been stopped in between.
        until: Option<Duration>,
    },
    /// This node leads no more: ask another.
    Lost(ReadId),
}

/// Only the leader can tell what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this node does not lead{}", .leader.map_or(String::new(), |id| format!("; ask node {id}")))]
pub struct NotLeader {
    /// Who leads, if that is known.
    pub leader: Option<NodeId>,
}

/// One that is not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Read {
    id: ReadId,
    /// A majority must answer a message that was sent in this round or later.
    round: u64,
    /// This much must be committed.
    index: Index,
}

impl Core {
    /// Asks for a moment at which to read. The answer comes from [`take_reads`](Self::take_reads).
    ///
    /// # Errors
    ///
    /// When this node does not lead.
    pub fn read_index(&mut self, now: Duration) -> Result<ReadId, NotLeader> {
        let until = self.lease_ends().filter(|until| now < *until);
        // A new leader may not know yet what is committed. Its own first entry tells.
        let is_known = self.log.term(self.commit) == Some(self.hard_state.term);
        let index = if is_known { self.commit } else { self.log.first_of(self.hard_state.term) };
        let not_leader = NotLeader { leader: self.leader() };
        let Role::Leader(leader) = &mut self.role else { return Err(not_leader) };
        self.last_read += 1;
        let id = ReadId(self.last_read);
        if until.is_some() && is_known {
            self.reads.push(ReadOutcome::Ready { id, index, until });
        } else {
            leader.round += 1;
            leader.reads.push_back(Read { id, round: leader.round, index });
            self.settle_reads();
        }
        Ok(id)
    }

    /// Reads that are ready, or lost, since this was asked last.
    pub fn take_reads(&mut self) -> Vec<ReadOutcome> {
        std::mem::take(&mut self.reads)
    }

    /// Until when this node may read without asking anybody, by its own clock. `None` if it does not
    /// lead, or if the configuration does not allow it.
    pub fn lease_ends(&self) -> Option<Duration> {
        let Role::Leader(leader) = &self.role else { return None };
        let lease = self.config.lease()?;
        // Whoever the lead is handed to asks for votes though this leader lives.
        let contact = self.majority(leader, |peer| peer.contact);
        (leader.handover == Handover::None && contact > Duration::ZERO)
            .then(|| contact.saturating_add(lease))
    }

    /// The latest time that a majority has reached. For the leader itself it is always later.
    pub(super) fn majority(&self, leader: &Leader, time: fn(&Progress) -> Duration) -> Duration {
        let micros = self.log.membership().committed(|id| match leader.peers.get(&id) {
            Some(peer) => time(peer).as_micros() as u64,
            None => u64::MAX,
        });
        Duration::from_micros(micros)
    }

    /// Answers the reads that a majority has confirmed and that do not run ahead of the commits.
    pub(super) fn settle_reads(&mut self) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.reads.is_empty() {
            return; // nearly always, and this is asked at every answer
        }
        let (peers, round) = (&leader.peers, leader.round);
        let confirmed =
            self.log.membership().committed(|id| peers.get(&id).map_or(round, |peer| peer.round));
        let is_ready = |read: &mut Read| read.round <= confirmed && read.index <= self.commit;
        while let Some(Read { id, index, .. }) = leader.reads.pop_front_if(is_ready) {
            self.reads.push(ReadOutcome::Ready { id, index, until: None });
        }
    }

    /// This node leads no more, or leads no longer.
    pub(super) fn lose_reads(&mut self) {
        if let Role::Leader(leader) = &mut self.role {
            let lost = leader.reads.drain(..).map(|read| ReadOutcome::Lost(read.id));
            self.reads.extend(lost);
        }
    }
}
