//! What a disk holds of a node.

use crate::config::ConfigError;
use crate::log::{Entry, Log};
use crate::membership::Membership;
use crate::message::LAST;
use crate::saves::{Piece, Save, Tail};
use crate::types::{HardState, Index, Snapshot};

/// What a disk holds of a node; the default is an empty disk.
///
/// It is also what [`Save`] means: a disk does to its files what [`keep`](Self::keep) does here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Term and vote.
    pub hard_state: HardState,
    /// The newest whole snapshot.
    pub snapshot: Option<Snapshot>,
    /// The log behind it.
    pub entries: Vec<Entry>,
}

impl Stored {
    /// The save is safe.
    pub fn keep(&mut self, save: Save) {
        let Save { seq: _, hard_state, piece, tail } = save;
        self.hard_state = hard_state.unwrap_or(self.hard_state);
        if let Some(Piece { snapshot, .. }) = piece.filter(Piece::is_last) {
            self.snapshot = Some(snapshot);
            self.entries.clear();
        }
        if let Some(Tail { from, entries }) = tail {
            self.entries.truncate((from - self.base() - 1) as usize);
            self.entries.extend(entries);
        }
    }

    /// A snapshot of one's own stands in place of the entries up to its last one; unless a leader's,
    /// which reaches further, was faster.
    pub fn compact(&mut self, snapshot: Snapshot) {
        if snapshot.last.index > self.base() {
            let gone = (snapshot.last.index - self.base()) as usize;
            self.entries.drain(..gone.min(self.entries.len()));
            self.snapshot = Some(snapshot);
        }
    }

    /// The last index that the snapshot holds.
    pub fn base(&self) -> Index {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.last.index)
    }

    /// The log, if it can be one.
    pub(crate) fn log(self, founders: &Membership) -> Result<Log, ConfigError> {
        let HardState { term, vote } = self.hard_state;
        if term > LAST || vote == Some(0) || (term == 0 && vote.is_some()) {
            return Err(ConfigError::Disk("its term is impossible, or its vote"));
        }
        if self.snapshot.as_ref().is_some_and(|it| it.last.is_impossible() || it.last.index == 0) {
            return Err(ConfigError::Disk("its snapshot ends at an impossible position"));
        }
        let mut log = match self.snapshot {
            Some(Snapshot { last, members, .. }) => Log::after(last, members),
            None => Log::new(founders.clone()),
        };
        for entry in self.entries {
            if entry.term < log.last().term || entry.term == 0 {
                return Err(ConfigError::Disk("the terms of its entries fall"));
            }
            log.push(entry);
        }
        if self.hard_state.term < log.last().term {
            return Err(ConfigError::Disk("its log ends in a term that it has not seen"));
        }
        Ok(log)
    }
}
