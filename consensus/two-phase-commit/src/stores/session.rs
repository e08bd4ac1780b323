//! A connection to a database, and what it can do for a branch. Each database has its own words for that.

use std::error::Error;

use super::Name;
use crate::store::StoreFailed;
use crate::types::{Outcome, Tx};

/// A connection.
pub trait Session: Sized + Send {
    /// Nobody else can finish what a connection prepared until it ends.
    const HOLDS_ITS_PROMISES: bool;

    /// These columns make the table of notes; whatever is there already stays.
    const COLUMNS: &'static str;

    /// The column `record`, in hexadecimal.
    const HEX: &'static str;

    /// Bytes, given in hexadecimal, as they stand in SQL.
    fn literal(hex: &str) -> String;

    /// Runs statements. Returns the rows of all of them, as text.
    ///
    /// # Errors
    ///
    /// When the database refuses one, and when the connection breaks.
    fn run(&mut self, sql: &str) -> Result<Vec<Row>, Fault>;

    /// Begins a branch.
    ///
    /// # Errors
    ///
    /// [`Kind::Known`] if it is prepared already.
    fn begin(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault>;

    /// Does a part, and says whether that changed anything.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); [`Kind::Escaped`] if the part ended its own transaction.
    fn work(&mut self, tx: Tx, sql: &str) -> Result<bool, Fault>;

    /// Promises what was done since it began.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run). If the connection did not break, it is not promised.
    fn prepare(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault>;

    /// Commits what was done since it began, in one phase.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run). If the connection did not break, it is not committed.
    fn commit(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault>;

    /// Drops what was done since it began.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run). The database drops it then when it sees the connection end.
    fn undo(&mut self, tx: Tx, scope: &Scope) -> Result<(), Fault>;

    /// Does or drops what was promised.
    ///
    /// # Errors
    ///
    /// [`Kind::NotPrepared`] if there is no such promise, or it is another connection's.
    fn finish(&mut self, tx: Tx, scope: &Scope, outcome: Outcome) -> Result<(), Fault>;

    /// All that is promised.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    fn prepared(&mut self, scope: &Scope) -> Result<Vec<Tx>, Fault>;
}

/// Which of all branches on a server are a store's.
#[derive(Debug, Clone)]
pub struct Scope {
    /// `DATABASE/NAME`: both, because a server has one room for the branches of all its databases.
    pub(super) name: String,
    /// Where its notes are.
    pub(super) table: String,
}

impl Scope {
    pub(super) fn new(database: &str, Name(name): &Name) -> Self {
        Self { name: format!("{database}/{name}"), table: format!("two_phase_commit_{name}") }
    }
}

/// A row as text; `None` is SQL's null.
pub(super) type Row = Vec<Option<String>>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Fault {
    pub(super) kind: Kind,
    why: Box<dyn Error + Send + Sync>,
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each database says some of them")]
pub(super) enum Kind {
    /// The connection is of no use any more; whether the last statement was done is not known.
    Broken,
    /// There is a row of this key.
    Duplicate,
    /// A branch of this name is there already.
    Known,
    /// No branch of this name is there, for this connection.
    NotPrepared,
    /// The database dropped it by itself.
    Dropped,
    /// A part ended the transaction it is part of.
    Escaped,
    /// The database said no for another reason.
    Refused,
}

impl Fault {
    pub(super) fn new(kind: Kind, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, why: why.into() }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.kind == Kind::Broken
    }
}

impl From<Fault> for StoreFailed {
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}
