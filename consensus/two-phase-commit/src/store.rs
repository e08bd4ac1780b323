//! What a store must be able to do to take part.

use std::error::Error;
use std::sync::Arc;

use crate::branches::Part;
use crate::record::Branched;
use crate::types::{Outcome, Tx, Vote};

/// A store that can promise to do a thing whatever happens, and keeps small notes. Databases with a
/// `PREPARE TRANSACTION` can; [`Embedded`](crate::embedded::Embedded) is one of our own.
///
/// Several threads call it, each for another transaction. Each step of one is asked for once, and an end that
/// failed, or came before a crash, once more: to finish what is finished does nothing.
pub trait Store: Send + Sync {
    /// Does everything but the last step, and sees to it that this step cannot fail: locks are held, room
    /// is there, and all of it survives a crash. With [`Vote::No`] nothing of it is left; with
    /// [`Vote::ReadOnly`] there was nothing to change, and nothing is left either.
    ///
    /// # Errors
    ///
    /// When nobody knows how far it came. No is said to the coordinator then.
    fn prepare(&self, tx: Tx, part: &Part) -> Result<Vote, StoreFailed>;

    /// The last step: does what was prepared, or drops it. A commit is safe when this returns, and so is the
    /// note [`Branched::Decided`] of it; an abort may be forgotten.
    ///
    /// # Errors
    ///
    /// When it is not sure that it was done. It will be asked again.
    fn finish(&self, tx: Tx, outcome: Outcome) -> Result<(), StoreFailed>;

    /// Prepares some and finishes others, with a result for each in its place. A store that can make all of
    /// it safe at the price of one does that here.
    fn together(&self, parts: &[(Tx, Part)], ends: &[(Tx, Outcome)]) -> Together {
        let prepared = parts.iter().map(|(tx, part)| self.prepare(*tx, part)).collect();
        (prepared, ends.iter().map(|(tx, outcome)| self.finish(*tx, *outcome)).collect())
    }

    /// All of a transaction at once, because nobody else takes part. If it is committed, it is safe together
    /// with the note [`Branched::Alone`].
    ///
    /// # Errors
    ///
    /// When nobody knows how far it came.
    fn alone(&self, tx: Tx, part: &Part) -> Result<Outcome, StoreFailed>;

    /// Keeps this for good; safe when this returns.
    ///
    /// # Errors
    ///
    /// When it is not sure to be kept.
    fn note(&self, record: &Branched) -> Result<(), StoreFailed>;

    /// All that is prepared and not finished, and all notes that were not forgotten, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn recover(&self) -> Result<Vec<Branched>, StoreFailed>;

    /// Notes that nobody needs any more. To forget nothing costs room, and to forget more costs the truth.
    ///
    /// # Errors
    ///
    /// When the store refuses; nothing is lost.
    fn forget(&self, notes: Forget) -> Result<(), StoreFailed>;
}

/// How several were prepared, and how others were finished.
pub type Together = (Vec<Result<Vote, StoreFailed>>, Vec<Result<(), StoreFailed>>);

/// What may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forget {
    /// [`Branched::Decided`] and [`Branched::Refused`] of all older transactions of this one's coordinator,
    /// and [`Branched::Alone`] of those of its epoch.
    Before(Tx),
    /// [`Branched::Alone`] of this one.
    Alone(Tx),
}

impl Forget {
    /// Whether this is one of them.
    pub fn covers(self, note: &Branched) -> bool {
        let is_older = |tx: &Tx, mark: Tx| tx.coordinator == mark.coordinator && *tx < mark;
        match (self, note) {
            (Self::Before(mark), Branched::Decided(tx, _) | Branched::Refused(tx)) => {
                is_older(tx, mark)
            }
            (Self::Before(mark), Branched::Alone(tx)) => {
                is_older(tx, mark) && tx.epoch == mark.epoch
            }
            (Self::Alone(only), Branched::Alone(tx)) => *tx == only,
            _ => false,
        }
    }
}

/// A store did not do what it was asked, or does not know.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreFailed(Arc<dyn Error + Send + Sync>);

impl StoreFailed {
    /// For this reason.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(why.into()))
    }
}
