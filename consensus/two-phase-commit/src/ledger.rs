//! What a coordinator must know of its transactions: presumed abort.
//!
//! Its log holds commits alone. Whoever asks for a transaction of which neither log nor memory knows is
//! told that it was aborted: so an abort costs no write, and a commit can be forgotten as soon as all who
//! could ask have heard of it. What is forced, and when, is up to the variants; what follows from it is here.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::Coordinated;
use crate::types::{Answer, CoordinatorId, Outcome, ParticipantId, Tx};

/// The transactions of one coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ledger {
    coordinator: CoordinatorId,
    epoch: u64,
    /// The next transaction of this epoch.
    next: u64,
    /// Of this epoch, and not decided.
    open: BTreeSet<u64>,
    /// Committed, and who has not said that it heard of it.
    committed: BTreeMap<Tx, BTreeSet<ParticipantId>>,
}

/// Why a log is not this coordinator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignLog {
    /// It commits transactions of another one.
    #[error("the log is of coordinator {found}, and not of {own}; give each a folder of its own")]
    Coordinator {
        /// As the log says.
        found: CoordinatorId,
        /// As it should.
        own: CoordinatorId,
    },
    /// It commits what was never begun.
    #[error("the log commits {0}, whose epoch it never began; records are missing")]
    Epoch(Tx),
    /// There are no epochs left.
    #[error("the log had all epochs there are")]
    Exhausted,
}

impl Ledger {
    /// What follows from a log, oldest record first. The record of the new epoch must be safe before the
    /// first [`begin`](Self::begin): the run before may have named transactions that no log knows.
    ///
    /// # Errors
    ///
    /// When it is the log of another.
    pub fn recover(
        coordinator: CoordinatorId,
        log: impl IntoIterator<Item = Coordinated>,
    ) -> Result<(Self, Coordinated), ForeignLog> {
        let (mut epoch, mut committed) = (0, BTreeMap::new());
        for record in log {
            match record {
                Coordinated::Epoch(begun) => epoch = epoch.max(begun),
                Coordinated::Committed { tx, .. } if tx.coordinator != coordinator => {
                    return Err(ForeignLog::Coordinator {
                        found: tx.coordinator,
                        own: coordinator,
                    });
                }
                Coordinated::Committed { tx, .. } if tx.epoch > epoch => {
                    return Err(ForeignLog::Epoch(tx));
                }
                Coordinated::Committed { tx, participants } => {
                    committed.insert(tx, participants.into_iter().collect());
                }
                Coordinated::End(tx) => _ = committed.remove(&tx),
            }
        }
        let epoch = epoch.checked_add(1).ok_or(ForeignLog::Exhausted)?;
        let (next, open) = (0, BTreeSet::new());
        let ledger = Self { coordinator, epoch, next, open, committed };
        Ok((ledger, Coordinated::Epoch(epoch)))
    }

    /// A transaction that nobody has named before.
    pub fn begin(&mut self) -> Tx {
        let tx = Tx { coordinator: self.coordinator, epoch: self.epoch, sequence: self.next };
        self.open.insert(self.next);
        self.next += 1;
        tx
    }

    /// All said yes or had nothing to do: this is to be forced, and nobody may be told before. While it
    /// is written, who asks is told to wait. `None` if nobody waits for the outcome, so that there is
    /// nothing to remember, or if the transaction is not open.
    pub fn commits(
        &self,
        tx: Tx,
        waiting: impl IntoIterator<Item = ParticipantId>,
    ) -> Option<Coordinated> {
        let participants: Vec<_> = waiting.into_iter().collect();
        let is_open = self.is_open(tx) && !participants.is_empty();
        is_open.then_some(Coordinated::Committed { tx, participants })
    }

    /// The record is safe: it is committed, and its participants can be told.
    pub fn committed(&mut self, tx: Tx, waiting: impl IntoIterator<Item = ParticipantId>) {
        if self.close(tx) {
            self.committed.insert(tx, waiting.into_iter().collect());
        }
    }

    /// It is aborted, or nobody waits for its outcome: nothing is written.
    pub fn forget(&mut self, tx: Tx) {
        self.close(tx);
    }

    /// A participant has done its part of a committed transaction, and its log says so. The record that
    /// ends it, when that was the last one.
    pub fn acknowledged(&mut self, tx: Tx, participant: ParticipantId) -> Option<Coordinated> {
        let waiting = self.committed.get_mut(&tx)?;
        waiting.remove(&participant);
        if !waiting.is_empty() {
            return None;
        }
        self.committed.remove(&tx);
        Some(Coordinated::End(tx))
    }

    /// What a participant is told that has voted yes, and asks.
    pub fn answer(&self, tx: Tx) -> Answer {
        let is_future =
            tx.epoch > self.epoch || (tx.epoch == self.epoch && tx.sequence >= self.next);
        if tx.coordinator != self.coordinator || is_future {
            // It was never begun here. To presume anything would be wrong: this log may be an old one.
            Answer::Unknown
        } else if self.committed.contains_key(&tx) {
            Answer::Is(Outcome::Committed)
        } else if self.is_open(tx) {
            Answer::Wait
        } else {
            Answer::Is(Outcome::Aborted)
        }
    }

    /// What is committed, and who has still to be told.
    pub fn unfinished(&self) -> impl Iterator<Item = (Tx, &BTreeSet<ParticipantId>)> {
        self.committed.iter().map(|(tx, waiting)| (*tx, waiting))
    }

    /// Nothing older than this is open, and all who waited for an older one have heard of it. So whoever
    /// is asked to prepare an older one has a message that came late, and outcomes of older ones may be
    /// forgotten.
    pub fn mark(&self) -> Tx {
        let sequence = self.open.first().copied().unwrap_or(self.next);
        let open = Tx { coordinator: self.coordinator, epoch: self.epoch, sequence };
        self.committed.keys().next().map_or(open, |committed| open.min(*committed))
    }

    fn is_open(&self, tx: Tx) -> bool {
        let is_own = (tx.coordinator, tx.epoch) == (self.coordinator, self.epoch);
        is_own && self.open.contains(&tx.sequence)
    }

    fn close(&mut self, tx: Tx) -> bool {
        self.is_open(tx) && self.open.remove(&tx.sequence)
    }
}
