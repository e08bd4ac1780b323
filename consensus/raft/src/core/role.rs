//! What a node is, with what only that role knows (section 5.1).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::Core;
use super::reads::Read;
use crate::config::Config;
use crate::message::{Ballot, LAST};
use crate::progress::Progress;
use crate::rng::Rng;
use crate::types::{NodeId, Position, Snapshot, Term};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Follower(Follower),
    Candidate(Candidate),
    Leader(Leader),
}

/// It answers, and waits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Follower {
    pub(super) leader: Option<NodeId>,
    /// Until then it helps nobody against its leader (dissertation, 4.2.3).
    pub(super) loyal_until: Duration,
    /// Then it tries to lead itself.
    pub(super) campaign_at: Duration,
    /// The snapshot that is coming.
    pub(super) incoming: Option<Incoming>,
}

/// What is here of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Incoming {
    /// Of the leader that sends it. Another's may hold the same in other bytes.
    pub(super) term: Term,
    pub(super) snapshot: Snapshot,
    /// So many of its bytes.
    pub(super) have: u64,
}

/// It asks for votes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Candidate {
    pub(super) ballot: Ballot,
    /// What the others said. Its own vote is none of these: it counts once it is on the disk.
    pub(super) votes: BTreeMap<NodeId, bool>,
    pub(super) asked: BTreeSet<NodeId>,
    /// Then it tries again.
    pub(super) ends_at: Duration,
}

/// It decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Leader {
    pub(super) peers: BTreeMap<NodeId, Progress>,
    /// Counts reads: an answer to a message confirms those before it was sent.
    pub(super) round: u64,
    /// Reads that are not answered yet, oldest first.
    pub(super) reads: VecDeque<Read>,
    pub(super) handover: Handover,
}

/// Whether it gives the lead away (dissertation, 3.10).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Handover {
    /// No.
    None,
    /// To this one, which is told when it has the whole log.
    To { peer: NodeId, told: bool, ends_at: Duration },
    /// It failed. But the peer may still start an election that others take part in at once, so that
    /// no lease holds in this term any more.
    Failed,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoleName {
    /// It has no vote: it was not taken in yet, or it is no longer part of the cluster.
    Learner,
    /// It votes, and follows.
    Follower,
    /// It wants to lead.
    Candidate,
    /// It leads.
    Leader,
}

impl Follower {
    pub(super) fn started(config: &Config, now: Duration, rng: &mut Rng) -> Self {
        // It does not know any more whom it heard before it fell. A leader's lease may rest on it.
        let loyal_until =
            if config.lease_drift.is_some() { now.saturating_add(config.election) } else { now };
        let campaign_at = now.saturating_add(rng.stretch(config.election));
        Self { leader: None, loyal_until, campaign_at, incoming: None }
    }
}

impl Leader {
    /// Whether a peer must be sent something that it can answer without its disk: it was not for a
    /// while, or a read waits for it.
    pub(super) fn owes_beat(&self, peer: NodeId) -> bool {
        let owes = |progress: &Progress| progress.owes_beat || progress.asked_round < self.round;
        self.peers.get(&peer).is_some_and(owes)
    }
}

impl Core {
    /// Its name.
    pub fn id(&self) -> NodeId {
        self.config.id
    }

    /// The latest term that it has seen.
    pub fn term(&self) -> Term {
        self.hard_state.term
    }

    /// What it is.
    pub fn role(&self) -> RoleName {
        match &self.role {
            Role::Leader(_) => RoleName::Leader,
            Role::Candidate(_) => RoleName::Candidate,
            Role::Follower(_) if self.may_lead() => RoleName::Follower,
            Role::Follower(_) => RoleName::Learner,
        }
    }

    /// Whom it believes to lead in its term.
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Leader(_) => Some(self.config.id),
            Role::Candidate(_) => None,
            Role::Follower(follower) => follower.leader,
        }
    }

    /// Whether it leads.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// The log.
    pub fn log(&self) -> &crate::log::Log {
        &self.log
    }

    /// Where the log ends.
    pub fn last(&self) -> Position {
        self.log.last()
    }

    /// How far the log is committed, as far as it knows.
    pub fn commit(&self) -> crate::types::Index {
        self.commit
    }

    /// For a leader: how far each peer's log is known to be its own.
    pub fn matched(&self, peer: NodeId) -> Option<crate::types::Index> {
        match &self.role {
            Role::Leader(leader) => Some(leader.peers.get(&peer)?.matched),
            Role::Follower(_) | Role::Candidate(_) => None,
        }
    }

    /// For a leader: the same of all that it sends the log to, those who left and were not told yet too.
    pub fn all_matched(&self) -> BTreeMap<NodeId, crate::types::Index> {
        match &self.role {
            Role::Leader(leader) => leader.peers.iter().map(|(id, it)| (*id, it.matched)).collect(),
            Role::Follower(_) | Role::Candidate(_) => BTreeMap::new(),
        }
    }

    /// Whether it may start an election: its log says that it votes, or that it voted until a change
    /// which may be uncommitted. The others may need its log to commit that (dissertation, 4.2.2). And
    /// there must be a later term that they would believe.
    pub(super) fn may_lead(&self) -> bool {
        let mut memberships = self.log.memberships_since(self.commit);
        memberships.any(|it| it.is_voter(self.config.id)) && self.hard_state.term < LAST
    }

    /// Follows in a term, which is its own or a later one. What only the leader could have answered
    /// is lost.
    pub(super) fn follow(&mut self, now: Duration, term: Term, leader: Option<NodeId>) {
        self.lose_reads();
        self.see(term);
        let campaign_at = now.saturating_add(self.rng.stretch(self.config.election));
        match &mut self.role {
            Role::Follower(follower) => follower.leader = leader,
            role => {
                let (loyal_until, incoming) = (now, None);
                *role = Role::Follower(Follower { leader, loyal_until, campaign_at, incoming });
            }
        }
        // A later term alone puts nothing off: whoever cannot win would keep all others from trying.
        if let (Role::Follower(follower), Some(_)) = (&mut self.role, leader) {
            follower.loyal_until = now.saturating_add(self.config.election);
            follower.campaign_at = campaign_at;
        }
    }

    /// A new term has no vote yet (figure 2, "all servers").
    pub(super) fn see(&mut self, term: Term) {
        if term > self.hard_state.term {
            self.hard_state = crate::types::HardState { term, vote: None };
            self.saves.hard_state();
        }
    }
}
