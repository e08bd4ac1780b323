//! The words that everything else is written in.

use std::fmt;
use std::sync::Arc;

use crate::membership::Membership;

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

/// What a node must not forget, beside its log: who forgets it may vote twice in a term (figure 2,
/// "persistent state").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct HardState {
    /// The latest term it has seen.
    pub term: Term,
    /// Whom it voted for in that term.
    pub vote: Option<NodeId>,
}

/// What stands in place of the first entries of a log (section 7). The bytes are the state
/// machine's; the rules never look at them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last entry that it holds.
    pub last: Position,
    /// Who took part there.
    pub members: Arc<Membership>,
    /// How many bytes it has.
    pub size: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.term, self.index)
    }
}

impl fmt::Display for HardState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "term {}", self.term)?;
        self.vote.map_or(Ok(()), |id| write!(f, ", vote for {id}"))
    }
}
