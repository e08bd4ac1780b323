//! Who takes part, and how that changes: by one voter at a time, or by joint consensus (paper,
//! section 6; dissertation, chapter 4).
//!
//! A change makes a new membership from an old one. The log holds the membership itself, not the
//! change: a follower that loses an entry is back at the one before, without undoing anything.

mod bytes;

use std::collections::BTreeSet;
use std::fmt;

use crate::quorum::{self, Tally};
use crate::types::{Index, NodeId};

/// A group of nodes.
pub type Nodes = BTreeSet<NodeId>;

/// Who votes and who only listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Membership {
    voters: Nodes,
    /// They get the log and have no vote. No voter is among them.
    learners: Nodes,
    joint: Option<Joint>,
}

/// Half way between two groups of voters: both must agree to everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Joint {
    /// The voters before the change.
    outgoing: Nodes,
    /// They become learners when the change is over; until then they still vote in `outgoing`.
    staged: Nodes,
    /// Whether the leader ends it as soon as it is committed.
    auto_leave: bool,
}

/// One wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Let it vote.
    Voter(NodeId),
    /// Let it listen.
    Learner(NodeId),
    /// Let it go.
    Remove(NodeId),
}

/// Why a membership cannot become another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Another change is not over.
    #[error("a joint change is under way; wait until it is left")]
    Joint,
    /// There is no change that could be left.
    #[error("no joint change is under way; there is nothing to leave")]
    NotJoint,
    /// Nobody would vote.
    #[error("nobody would be left to vote; keep one voter")]
    NoVoter,
    /// There are no voters that a joint change could start from.
    #[error("nobody votes yet; add the first voter by a simple change")]
    NoVoterYet,
    /// Two majorities, one of each, might not meet.
    #[error("more than one voter would change; make it a joint change")]
    TooMany,
}

impl Membership {
    /// These voters and no learners.
    pub fn new(voters: impl IntoIterator<Item = NodeId>) -> Self {
        Self { voters: voters.into_iter().collect(), ..Self::default() }
    }

    /// Changes at most one voter, and any number of learners.
    ///
    /// # Errors
    ///
    /// When a joint change is under way, when more than one voter would change, and when none would
    /// be left.
    pub fn simple(&self, changes: &[Change]) -> Result<Self, ChangeError> {
        if self.is_joint() {
            return Err(ChangeError::Joint);
        }
        let next = self.changed(changes)?;
        if self.voters.symmetric_difference(&next.voters).count() > 1 {
            return Err(ChangeError::TooMany);
        }
        Ok(next)
    }

    /// Begins a change of any number of voters. Until it is left, both groups must agree.
    ///
    /// # Errors
    ///
    /// When one is under way already, and when nobody votes now or would vote then.
    pub fn enter_joint(&self, changes: &[Change], auto_leave: bool) -> Result<Self, ChangeError> {
        if self.is_joint() {
            return Err(ChangeError::Joint);
        }
        if self.voters.is_empty() {
            return Err(ChangeError::NoVoterYet);
        }
        let joint = Joint { outgoing: self.voters.clone(), staged: Nodes::new(), auto_leave };
        Self { joint: Some(joint), ..self.clone() }.changed(changes)
    }

    /// Ends it: the new voters decide alone, and whoever had to wait becomes a learner.
    ///
    /// # Errors
    ///
    /// When no joint change is under way.
    pub fn leave_joint(&self) -> Result<Self, ChangeError> {
        let joint = self.joint.as_ref().ok_or(ChangeError::NotJoint)?;
        let learners = self.learners.union(&joint.staged).copied().collect();
        Ok(Self { voters: self.voters.clone(), learners, joint: None })
    }

    fn changed(&self, changes: &[Change]) -> Result<Self, ChangeError> {
        let mut next = self.clone();
        for change in changes {
            next.apply(*change);
        }
        if next.voters.is_empty() { Err(ChangeError::NoVoter) } else { Ok(next) }
    }

    /// What is so already, or names no node, changes nothing.
    fn apply(&mut self, change: Change) {
        let (Change::Voter(id) | Change::Learner(id) | Change::Remove(id)) = change;
        if id == 0 || (matches!(change, Change::Learner(_)) && self.learners.contains(&id)) {
            return;
        }
        let known = self.contains(id);
        self.voters.remove(&id);
        self.learners.remove(&id);
        let outgoing = match &mut self.joint {
            Some(joint) => {
                joint.staged.remove(&id);
                joint.outgoing.contains(&id)
            }
            None => false,
        };
        match (change, &mut self.joint) {
            (Change::Voter(_), _) => _ = self.voters.insert(id),
            // Nobody votes and listens at the same time.
            (Change::Learner(_), Some(joint)) if outgoing && known => _ = joint.staged.insert(id),
            (Change::Learner(_), _) => _ = self.learners.insert(id),
            (Change::Remove(_), _) => {}
        }
    }

    /// Whether a joint change is under way.
    pub fn is_joint(&self) -> bool {
        self.joint.is_some()
    }

    /// Whether the leader should leave the joint change once it is committed.
    pub fn auto_leave(&self) -> bool {
        self.joint.as_ref().is_some_and(|joint| joint.auto_leave)
    }

    /// Whether a node votes, in the old group or the new one.
    pub fn is_voter(&self, id: NodeId) -> bool {
        self.voters.contains(&id) || self.outgoing().contains(&id)
    }

    /// Whether a node only listens.
    pub fn is_learner(&self, id: NodeId) -> bool {
        self.learners.contains(&id)
    }

    /// Whether a node takes part at all.
    pub fn contains(&self, id: NodeId) -> bool {
        self.is_voter(id) || self.is_learner(id)
    }

    /// All that take part, in order.
    pub fn nodes(&self) -> Nodes {
        let voters = self.voters.union(self.outgoing()).copied();
        voters.chain(self.learners.iter().copied()).collect()
    }

    /// What votes amount to. While a joint change is under way both groups must agree.
    pub fn tally(&self, vote: impl Fn(NodeId) -> Option<bool>) -> Tally {
        quorum::tally(&self.voters, &vote).and(quorum::tally(self.outgoing(), &vote))
    }

    /// How far the log is held by as many as it takes.
    pub fn committed(&self, holds: impl Fn(NodeId) -> Index) -> Index {
        quorum::committed(&self.voters, &holds).min(quorum::committed(self.outgoing(), &holds))
    }

    fn outgoing(&self) -> &Nodes {
        static NOBODY: Nodes = Nodes::new();
        self.joint.as_ref().map_or(&NOBODY, |joint| &joint.outgoing)
    }
}

/// `voters=(1 2 3)&&(1) learners=(4) learners_next=(5) autoleave`, the form that etcd prints.
impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "voters={}", List(&self.voters))?;
        if let Some(joint) = &self.joint {
            write!(f, "&&{}", List(&joint.outgoing))?;
        }
        if !self.learners.is_empty() {
            write!(f, " learners={}", List(&self.learners))?;
        }
        if let Some(joint) = &self.joint {
            if !joint.staged.is_empty() {
                write!(f, " learners_next={}", List(&joint.staged))?;
            }
            if joint.auto_leave {
                write!(f, " autoleave")?;
            }
        }
        Ok(())
    }
}

struct List<'a>(&'a Nodes);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.0.iter().map(NodeId::to_string).collect();
        write!(f, "({})", ids.join(" "))
    }
}
