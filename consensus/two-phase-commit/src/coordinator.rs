//! What both variants of the coordinator take, return and say.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::ledger::ForeignLog;
use crate::log::LogFailed;
use crate::record::Damaged;
use crate::types::{CoordinatorId, Outcome, ParticipantId, Tx};

/// How a coordinator runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Its name: participants find it by that, and must never meet two of one name.
    pub id: CoordinatorId,
    /// How long it waits for word that a commit was done before it tells that participant again.
    pub retell: Duration,
}

impl Options {
    /// Tells again after a second.
    pub const fn new(id: CoordinatorId) -> Self {
        Self { id, retell: Duration::from_secs(1) }
    }
}

/// What each participant is to do.
pub type Work = Vec<(ParticipantId, Vec<u8>)>;

/// The coordinator did not begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its log holds something else.
    #[error(transparent)]
    Foreign(#[from] ForeignLog),
    /// Its log holds nonsense.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// Its log could not be written.
    #[error(transparent)]
    Log(#[from] LogFailed),
}

/// A transaction was not committed, or nobody knows yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Nothing was begun.
    #[error("nobody takes part; name at least one participant")]
    Nobody,
    /// Nothing was begun.
    #[error("participant {0} is named twice; give it all its work as one part")]
    Twice(ParticipantId),
    /// Nobody did it, and nobody will.
    #[error("{0} is aborted: {1}")]
    Aborted(Tx, Why),
    /// There was one participant, and it did not answer in time: it may have done it. Ask what became of it
    /// with `recall`, until there is an answer.
    #[error("nobody knows yet what became of {tx}: participant {participant} did not answer")]
    Silent {
        /// Which transaction.
        tx: Tx,
        /// Who knows.
        participant: ParticipantId,
    },
    /// The log failed while the decision was written. Whoever opens it again finds out.
    #[error("nobody knows what became of {0}: the log failed; open the coordinator again")]
    LogFailed(Tx),
    /// Nothing was begun.
    #[error("the coordinator is closed")]
    Closed,
}

/// Why a transaction was aborted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// This participant said no.
    #[error("participant {0} said no")]
    Refused(ParticipantId),
    /// The time was up.
    #[error("participants {0:?} said nothing in time")]
    Late(Vec<ParticipantId>),
    /// This participant knows another coordinator under this name.
    #[error("participant {0} knows another coordinator of this name; give each its own")]
    Foreign(ParticipantId),
    /// It was not decided when the coordinator was closed.
    #[error("the coordinator was closed")]
    Closed,
}

/// Nobody knows yet what became of a transaction with one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecallError {
    /// Ask again.
    #[error("the participant did not answer; ask again")]
    Silent,
    /// Open it again, and ask again.
    #[error("the coordinator is closed; open it again, and ask again")]
    Closed,
}

/// Something that a person must look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Report {
    /// It is committed, but this participant has lost what it promised. Mend its data, then `overrule` it:
    /// until then the transaction is [unfinished](Unfinished).
    Lost(Tx, ParticipantId),
    /// This is the outcome, but at this participant an operator had decided otherwise.
    Mixed(Tx, ParticipantId, Outcome),
}

/// A committed transaction, and who has not yet done it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Which transaction.
    pub tx: Tx,
    /// Who must still say that it is done.
    pub participants: Vec<ParticipantId>,
}

/// What a coordinator did since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages to participants.
    pub sent: u64,
    /// Messages from participants.
    pub heard: u64,
    /// Records that had to be safe before anything else could happen.
    pub forced: u64,
}

/// Refuses work that nobody can do.
pub(crate) fn check(work: &Work) -> Result<(), CommitError> {
    let mut named = BTreeSet::new();
    if let Some((twice, _)) = work.iter().find(|(participant, _)| !named.insert(*participant)) {
        return Err(CommitError::Twice(*twice));
    }
    if work.is_empty() { Err(CommitError::Nobody) } else { Ok(()) }
}
