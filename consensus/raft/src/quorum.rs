//! How many are enough. The one place that counts majorities.

use std::collections::BTreeSet;

use crate::types::{Index, NodeId};

/// So many of `voters` that any two such groups share a member. Half is not enough: four voters
/// could elect two leaders.
pub fn majority(voters: usize) -> usize {
    voters / 2 + 1
}

/// What votes amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// A majority said yes.
    Won,
    /// So many said no that no majority can say yes any more.
    Lost,
    /// Neither yet.
    Pending,
}

impl Tally {
    /// What two groups amount to that must both agree (joint consensus, section 6).
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Won, Self::Won) => Self::Won,
            (Self::Lost, _) | (_, Self::Lost) => Self::Lost,
            _ => Self::Pending,
        }
    }
}

/// Counts the votes of these voters; `None` has not voted. Nobody at all agrees on everything, so
/// that an empty group beside another changes nothing.
pub fn tally(voters: &BTreeSet<NodeId>, vote: impl Fn(NodeId) -> Option<bool>) -> Tally {
    let (mut yes, mut no) = (0, 0);
    for voter in voters {
        match vote(*voter) {
            Some(true) => yes += 1,
            Some(false) => no += 1,
            None => {}
        }
    }
    let needed = majority(voters.len());
    if voters.is_empty() || yes >= needed {
        Tally::Won
    } else if voters.len() - no < needed {
        Tally::Lost
    } else {
        Tally::Pending
    }
}

/// The greatest index that a majority of these voters holds, given how far each is known to hold
/// the log. Nobody at all holds everything.
pub fn committed(voters: &BTreeSet<NodeId>, holds: impl Fn(NodeId) -> Index) -> Index {
    // A leader asks this at every answer, and clusters are small: no allocation for those.
    let (mut few, mut many) = ([0; 8], Vec::new());
    let held = if let Some(held) = few.get_mut(..voters.len()) {
        held
    } else {
        many.resize(voters.len(), 0);
        &mut many[..]
    };
    for (held, voter) in held.iter_mut().zip(voters) {
        *held = holds(*voter);
    }
    held.sort_unstable_by(|one, other| other.cmp(one));
    // The greatest are in front, so that as many as needed hold this one.
    held.get(majority(voters.len()) - 1).copied().unwrap_or(Index::MAX)
}
