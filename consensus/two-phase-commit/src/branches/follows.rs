//! What a participant has to do, as the rules say.

use super::Part;
use crate::record::Branched;
use crate::types::{Answer, Outcome, Tx, Vote};

/// What follows from a request to prepare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Force this, call [`Branches::prepared`](super::Branches::prepared), and vote as that says.
    Write(Branched),
    /// Vote so; there is nothing to write.
    Vote(Vote),
    /// The same request is being written: its answer will do for both.
    Busy,
}

/// What follows when the record of a part is safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Safe {
    /// Vote yes.
    Yes,
    /// It was aborted meanwhile: drop the part and write this; nobody waits for a vote.
    Doomed(Branched),
    /// No such record was on its way.
    Nothing,
}

/// What follows from a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Do the part or drop it, and write this. A commit is forced; then call [`Branches::committed`](super::Branches::committed), and
    /// acknowledge it. An abort need not be: who forgets it asks, and is told again.
    Write(Branched, Part),
    /// There is nothing to do, or nothing any more. A commit is acknowledged.
    Known,
    /// Something of it is on its way to the disk: what is done when that is safe will do for both.
    Later,
    /// An operator decided otherwise: some did it, some did not. A person must mend it.
    Mixed(Outcome),
}

/// What follows when the only participant is asked to do it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Do it, force [`Branched::Alone`], call [`Branches::committed`](super::Branches::committed), and say that it is committed. If it
    /// cannot be done, call [`Branches::declined`](super::Branches::declined), force [`Branched::Refused`], and say that it is
    /// aborted.
    Write,
    /// This became of it.
    Known(Outcome),
    /// It is being written, or is no such transaction.
    Busy,
}

/// What a peer, or a client whose answer was lost, is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inquiry {
    /// This.
    Say(Answer),
    /// Force [`Branched::Refused`], call [`Branches::refused`](super::Branches::refused), and say that it is aborted.
    Refuse,
}

/// Why an operator could not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("transaction {0} is not in doubt here; list those that are")]
pub struct NotInDoubt(pub Tx);
