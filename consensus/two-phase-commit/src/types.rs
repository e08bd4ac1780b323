//! Names, votes and outcomes.

use std::collections::BTreeMap;
use std::fmt;

/// Who decides.
pub type CoordinatorId = u64;
/// Who votes.
pub type ParticipantId = u64;
/// A log of a coordinator: drawn when it is made. Two coordinators under one name have two.
pub type LogId = u64;
/// What a participant keeps its promises in: drawn when it is made. Who lost its disk has another.
pub type StoreId = u64;

/// A transaction, never named so before or after: each run of a coordinator has an epoch of its own, and
/// counts within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "named well enough")]
pub struct Tx {
    pub coordinator: CoordinatorId,
    pub epoch: u64,
    pub sequence: u64,
}

/// As stores are told that have names for transactions.
impl fmt::Display for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.coordinator, self.epoch, self.sequence)
    }
}

/// What a participant answers when it is asked to prepare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vote {
    /// It can do its part whatever happens, and waits for the outcome.
    Yes,
    /// It has nothing to do, and waits for nothing.
    ReadOnly,
    /// It cannot.
    No,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// All did their part, or will.
    Committed,
    /// Nobody did, or will.
    Aborted,
}

/// What is answered to a participant that voted yes and was told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is decided.
    Is(Outcome),
    /// It is not: ask again.
    Wait,
    /// Who is asked cannot know.
    Unknown,
}

/// The votes on one transaction. The rule of the whole: it is committed if nobody says no, and nobody
/// says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Votes(BTreeMap<ParticipantId, Option<(Vote, StoreId)>>);

impl Votes {
    /// Of these, each once. `None` if one is named twice, or nobody is.
    pub fn of(participants: impl IntoIterator<Item = ParticipantId>) -> Option<Self> {
        let mut votes = BTreeMap::new();
        for participant in participants {
            if votes.insert(participant, None).is_some() {
                return None;
            }
        }
        (!votes.is_empty()).then_some(Self(votes))
    }

    /// A vote has come, and where it is kept. The first of a participant counts; strangers have none.
    pub fn cast(&mut self, participant: ParticipantId, store: StoreId, vote: Vote) {
        if let Some(open @ None) = self.0.get_mut(&participant) {
            *open = Some((vote, store));
        }
    }

    /// What follows from the votes; `None` as long as it depends on those that are missing.
    pub fn outcome(&self) -> Option<Outcome> {
        if self.first_no().is_some() {
            return Some(Outcome::Aborted);
        }
        self.0.values().all(Option::is_some).then_some(Outcome::Committed)
    }

    /// Who said no.
    pub fn first_no(&self) -> Option<ParticipantId> {
        let said_no = |vote: &Option<(Vote, StoreId)>| matches!(vote, Some((Vote::No, _)));
        self.0.iter().find(|(_, vote)| said_no(vote)).map(|(participant, _)| *participant)
    }

    /// Who said nothing.
    pub fn missing(&self) -> impl Iterator<Item = ParticipantId> {
        self.0.iter().filter(|(_, vote)| vote.is_none()).map(|(participant, _)| *participant)
    }

    /// Who said yes, and where that is kept.
    pub fn promised(&self) -> BTreeMap<ParticipantId, StoreId> {
        let yes = |vote: &Option<(Vote, StoreId)>| match vote {
            Some((Vote::Yes, store)) => Some(*store),
            _ => None,
        };
        self.0.iter().filter_map(|(id, vote)| Some((*id, yes(vote)?))).collect()
    }

    /// Who waits for the outcome, or may: those who said yes, and those of whom nothing was heard.
    pub fn waiting(&self) -> impl Iterator<Item = ParticipantId> {
        let waits = |vote: &Option<(Vote, StoreId)>| matches!(vote, None | Some((Vote::Yes, _)));
        self.0.iter().filter(move |(_, vote)| waits(vote)).map(|(participant, _)| *participant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_no_aborts_and_all_but_one_decide_nothing() {
        let mut votes = Votes::of([1, 2, 3]).expect("they differ");
        votes.cast(1, 0, Vote::Yes);
        votes.cast(2, 0, Vote::ReadOnly);
        assert_eq!(votes.outcome(), None);
        let mut refused = votes.clone();
        refused.cast(3, 0, Vote::No);
        assert_eq!(refused.outcome(), Some(Outcome::Aborted));
        votes.cast(3, 0, Vote::Yes);
        assert_eq!(votes.outcome(), Some(Outcome::Committed));
        assert_eq!(votes.waiting().collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn the_first_vote_counts_and_a_stranger_has_none() {
        let mut votes = Votes::of([1, 2]).expect("they differ");
        votes.cast(1, 0, Vote::No);
        votes.cast(1, 0, Vote::Yes);
        votes.cast(7, 0, Vote::No);
        votes.cast(2, 0, Vote::Yes);
        assert_eq!(votes.outcome(), Some(Outcome::Aborted));
    }

    #[test]
    fn nobody_or_somebody_twice_is_no_electorate() {
        assert_eq!(Votes::of([]), None);
        assert_eq!(Votes::of([1, 2, 1]), None);
    }
}
