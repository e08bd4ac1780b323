//! What changes the cluster itself: who takes part (section 6; dissertation, chapter 4), who leads
//! (dissertation, 3.10), and where the log begins (section 7).

use std::sync::Arc;
use std::time::Duration;

use super::Core;
use super::role::{Handover, Role};
use crate::log::{Entry, Payload};
use crate::membership::{Change, ChangeError, Membership};
use crate::message::Refused;
use crate::progress::Progress;
use crate::types::{Index, NodeId, Position, Snapshot};

/// Why the members stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// Only the leader changes who takes part.
    #[error("this node does not lead{}", .leader.map_or(String::new(), |id| format!("; ask node {id}")))]
    NotLeader {
        /// Who leads, if that is known.
        leader: Option<NodeId>,
    },
    /// One at a time.
    #[error("another change is under way; try again when it is committed")]
    Busy,
    /// A new leader must commit an entry first: two majorities of two leaders might not meet
    /// (the correction of 2015 to the dissertation).
    #[error("this leader has committed nothing yet; try again in a moment")]
    TooSoon,
    /// The lead is being handed over.
    #[error("the lead is being handed over; try again in a moment")]
    HandingOver,
    /// No members could come of it.
    #[error(transparent)]
    Never(#[from] ChangeError),
}

/// Why the lead stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// Only the leader hands over the lead.
    #[error("this node does not lead{}", .leader.map_or(String::new(), |id| format!("; ask node {id}")))]
    NotLeader {
        /// Who leads, if that is known.
        leader: Option<NodeId>,
    },
    /// It goes to another already.
    #[error("the lead is being handed over to node {0} already")]
    Busy(NodeId),
    /// It would have to vote, and be another.
    #[error("node {0} is no other voter; hand over to one")]
    NoVoter(NodeId),
}

impl Handover {
    pub(super) fn is_untold(&self, to: NodeId) -> bool {
        matches!(self, Self::To { peer, told: false, .. } if *peer == to)
    }

    pub(super) fn tell(&mut self) {
        if let Self::To { told, .. } = self {
            *told = true;
        }
    }

    pub(super) fn ends_at(&self) -> Option<Duration> {
        match self {
            Self::To { ends_at, .. } => Some(*ends_at),
            Self::None | Self::Failed => None,
        }
    }
}

impl Core {
    /// Changes who takes part. One voter more or less changes at once; more than one go through a joint
    /// membership, which the leader ends by itself.
    ///
    /// # Errors
    ///
    /// When this node does not lead, when another change is under way, when the leader is new, and when
    /// nobody would be left to vote.
    pub fn propose_change(
        &mut self,
        now: Duration,
        changes: &[Change],
    ) -> Result<Position, ChangeRefused> {
        let Role::Leader(leader) = &self.role else {
            return Err(ChangeRefused::NotLeader { leader: self.leader() });
        };
        if matches!(leader.handover, Handover::To { .. }) {
            return Err(ChangeRefused::HandingOver);
        }
        if self.log.term(self.commit) != Some(self.hard_state.term) {
            return Err(ChangeRefused::TooSoon);
        }
        let members = self.log.membership();
        if self.log.last_change() > self.commit || members.is_joint() {
            return Err(ChangeRefused::Busy);
        }
        let next = match members.simple(changes) {
            Err(ChangeError::TooMany) => members.enter_joint(changes, true)?,
            other => other?,
        };
        let position = self.push_members(now, next);
        self.watch(position);
        Ok(position)
    }

    /// In force from here on.
    fn push_members(&mut self, now: Duration, members: Membership) -> Position {
        let payload = Payload::Membership(Arc::new(members));
        let position = self.push(Entry { term: self.hard_state.term, payload });
        let nodes = self.log.membership().nodes();
        let Role::Leader(leader) = &mut self.role else { return position };
        for id in nodes.iter().filter(|id| **id != self.config.id) {
            let new = || Progress::new(position.index, now);
            leader.peers.entry(*id).or_insert_with(new).leaving = None;
        }
        for (_, progress) in leader.peers.iter_mut().filter(|(id, _)| !nodes.contains(id)) {
            progress.leaving.get_or_insert(position.index);
        }
        position
    }

    /// More is committed. If that ends one half of a change, the other half begins.
    pub(super) fn on_commit(&mut self, now: Duration) {
        if self.log.last_change() > self.commit {
            return;
        }
        let members = self.log.membership();
        if members.auto_leave() {
            let left = members.leave_joint().expect("it is joint, or it would not leave");
            self.push_members(now, left);
            self.advance(now);
        } else if !members.is_voter(self.config.id) {
            // It has led its own removal to the end.
            self.follow(now, self.hard_state.term, None);
        } else {
            self.forget_who_left();
        }
    }

    /// Who left and knows it needs nothing more. It knows when it was told that the change is
    /// committed: until then it might be needed, and would go on asking for votes.
    pub(super) fn forget_who_left(&mut self) {
        let commit = self.commit;
        if let Role::Leader(leader) = &mut self.role {
            leader.peers.retain(|_, peer| peer.leaving.is_none_or(|at| at > peer.told));
            for peer in leader.peers.values_mut() {
                peer.owes_beat |= peer.leaving.is_some_and(|at| at <= commit.min(peer.matched));
            }
        }
    }

    /// Hands the lead over, to somebody with the whole log. Until it is done no command is taken; if it is
    /// not done within an election's time, this node leads on.
    ///
    /// # Errors
    ///
    /// When this node does not lead, when it hands over already, and when `to` is no other voter.
    pub fn transfer(&mut self, now: Duration, to: NodeId) -> Result<(), TransferError> {
        let not_leader = TransferError::NotLeader { leader: self.leader() };
        let Role::Leader(leader) = &mut self.role else { return Err(not_leader) };
        if let Handover::To { peer, .. } = leader.handover {
            return Err(TransferError::Busy(peer));
        }
        if to == self.config.id || !self.log.membership().is_voter(to) {
            return Err(TransferError::NoVoter(to));
        }
        let ends_at = now.saturating_add(self.config.election);
        leader.handover = Handover::To { peer: to, told: false, ends_at };
        Ok(())
    }

    /// A snapshot of the own state machine is whole, and safe. It must be what
    /// [`describe`](Core::describe) gave.
    ///
    /// # Errors
    ///
    /// When the log does not hold its last entry, or the state machine has not done it.
    pub fn snapshot_taken(&mut self, snapshot: Snapshot) -> Result<(), Refused> {
        let Snapshot { last, .. } = snapshot;
        if last.index > self.applied {
            let (word, number, last) = ("snapshot up to", last.index, self.applied);
            return Err(Refused::NeverAsked { word, number, last });
        }
        let newest = self.snapshot.as_ref().map_or(0, |newest| newest.last.index);
        if last.index > newest {
            if self.log.position(last.index) != Some(last) {
                return Err(Refused::Impossible("the log holds another entry there"));
            }
            self.snapshot = Some(snapshot);
        }
        Ok(())
    }

    /// Forgets the entries up to an index, if the snapshot holds them. Keep some for peers that are only
    /// a little behind: the snapshot is dear.
    pub fn compact(&mut self, upto: Index) {
        let held = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.last.index);
        self.log.compact(upto.min(held));
    }
}
