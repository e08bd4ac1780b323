//! Where the peer keeps its log: a ring in memory, without the lock of the one it brings along.

use std::collections::VecDeque;

use raft_rs::prelude::{ConfState, Entry, HardState, Snapshot};
use raft_rs::util::limit_size;
use raft_rs::{Error, GetEntriesContext, RaftState, Result, Storage, StorageError};

pub(crate) struct Store {
    state: RaftState,
    /// Index and term of the last entry that is gone.
    base: (u64, u64),
    entries: VecDeque<Entry>,
    /// The entries before the last so many that were applied are forgotten.
    kept: usize,
}

impl Store {
    pub(crate) fn new(voters: Vec<u64>, kept: u64) -> Self {
        let state = RaftState::new(HardState::default(), ConfState::from((voters, Vec::new())));
        Self { state, base: (0, 0), entries: VecDeque::new(), kept: kept as usize }
    }

    pub(crate) fn set_hard_state(&mut self, hard_state: HardState) {
        self.state.hard_state = hard_state;
    }

    pub(crate) fn append(&mut self, entries: Vec<Entry>) {
        if let Some(first) = entries.first() {
            self.entries.truncate((first.index - self.base.0 - 1) as usize);
            self.entries.extend(entries);
        }
    }

    pub(crate) fn forget(&mut self, applied: u64) {
        let held = (applied - self.base.0) as usize;
        if held >= 2 * self.kept {
            let gone = self.entries.drain(..held - self.kept).next_back();
            self.base = gone.map_or(self.base, |entry| (entry.index, entry.term));
        }
    }
}

impl Storage for Store {
    fn initial_state(&self) -> Result<RaftState> {
        Ok(self.state.clone())
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _: GetEntriesContext,
    ) -> Result<Vec<Entry>> {
        let place = |index: u64| index.checked_sub(self.base.0 + 1).map(|at| at as usize);
        let (Some(low), Some(high)) = (place(low), place(high)) else {
            return Err(Error::Store(StorageError::Compacted));
        };
        let mut entries = self.entries.range(low..high).cloned().collect();
        limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> Result<u64> {
        let entry = |behind: u64| self.entries.get(behind as usize - 1);
        match index.checked_sub(self.base.0) {
            None => Err(Error::Store(StorageError::Compacted)),
            Some(0) => Ok(self.base.1),
            Some(behind) => {
                let found = entry(behind).ok_or(Error::Store(StorageError::Unavailable));
                found.map(|entry| entry.term)
            }
        }
    }

    fn first_index(&self) -> Result<u64> {
        Ok(self.base.0 + 1)
    }

    fn last_index(&self) -> Result<u64> {
        Ok(self.base.0 + self.entries.len() as u64)
    }

    fn snapshot(&self, _: u64, _: u64) -> Result<Snapshot> {
        unreachable!("no follower falls behind what is kept")
    }
}
