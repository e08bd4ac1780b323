//! The words that everything else is written in.

use std::fmt;

/// The name of a node: a number, and never 0.
pub type NodeId = u64;

/// Counts elections. At most one node leads in a term.
pub type Term = u64;

/// Counts entries of the log, from 1. Before the first entry stands index 0.
pub type Index = u64;

/// Where an entry stands, and which leader put it there. Two logs that hold the same position hold
/// the same entry there, and the same entries before it (paper, section 5.3).
///
/// Compared as section 5.4.1 asks: the later term is the more up to date, and only within one term
/// the longer log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// First, because the derived order looks at it first.
    pub term: Term,
    /// See [`Position`].
    pub index: Index,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.term, self.index)
    }
}
