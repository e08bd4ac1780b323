//! What a coordinator must know of its transactions: presumed abort.
//!
//! Its log holds commits alone. Whoever asks for a transaction of which neither log nor memory knows is
//! told that it was aborted: so an abort costs no write, and a commit can be forgotten as soon as all who
//! could ask have heard of it. What is forced, and when, is up to the variants; what follows from it is here.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::Coordinated;
use crate::types::{Answer, CoordinatorId, LogId, Outcome, ParticipantId, StoreId, Tx};

/// The transactions of one coordinator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ledger {
    coordinator: CoordinatorId,
    log: LogId,
    epoch: u64,
    /// The next transaction of this epoch.
    next: u64,
    /// Of this epoch, and not decided.
    open: BTreeSet<u64>,
    /// Committed, and who has not said that it heard of it.
    committed: BTreeMap<Tx, BTreeMap<ParticipantId, StoreId>>,
}

/// What follows when a participant says that it did its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledged {
    /// It was the last one: this ends it.
    Ended(Coordinated),
    /// Others have not said so, or it is not committed.
    Noted,
    /// The promise was in another store, which is lost: nobody knows what the part was. A person must
    /// mend it, and [overrule](Ledger::overrule) then.
    Lost,
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
    /// What follows from a log, oldest record first; a new one is given the name that was drawn. The record of the new epoch must be safe before the
    /// first [`begin`](Self::begin): the run before may have named transactions that no log knows.
    ///
    /// # Errors
    ///
    /// When it is the log of another.
    pub fn recover(
        coordinator: CoordinatorId,
        drawn: LogId,
        records: impl IntoIterator<Item = Coordinated>,
    ) -> Result<(Self, Coordinated), ForeignLog> {
        let (mut epoch, mut log, mut committed) = (0, drawn, BTreeMap::new());
        for record in records {
            match record {
                Coordinated::Epoch { epoch: begun, log: own } => {
                    (epoch, log) = (epoch.max(begun), own);
                }
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
                    committed.insert(tx, participants);
                }
                Coordinated::End(tx) => _ = committed.remove(&tx),
            }
        }
        let epoch = epoch.checked_add(1).ok_or(ForeignLog::Exhausted)?;
        let (next, open) = (0, BTreeSet::new());
        let ledger = Self { coordinator, log, epoch, next, open, committed };
        Ok((ledger, Coordinated::Epoch { epoch, log }))
    }

    /// The name of its log.
    pub fn log(&self) -> LogId {
        self.log
    }

    /// What is begun next.
    pub fn next(&self) -> Tx {
        Tx { coordinator: self.coordinator, epoch: self.epoch, sequence: self.next }
    }

    /// A transaction that nobody has named before.
    pub fn begin(&mut self) -> Tx {
        let tx = self.next();
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
        participants: BTreeMap<ParticipantId, StoreId>,
    ) -> Option<Coordinated> {
        let is_open = self.is_open(tx) && !participants.is_empty();
        is_open.then_some(Coordinated::Committed { tx, participants })
    }

    /// The record is safe: it is committed, and its participants can be told.
    pub fn committed(&mut self, tx: Tx, participants: BTreeMap<ParticipantId, StoreId>) {
        if self.close(tx) {
            self.committed.insert(tx, participants);
        }
    }

    /// It is aborted, or nobody waits for its outcome: nothing is written.
    pub fn forget(&mut self, tx: Tx) {
        self.close(tx);
    }

    /// A participant has done its part of a committed transaction, and this store says so.
    pub fn acknowledged(
        &mut self,
        tx: Tx,
        participant: ParticipantId,
        store: StoreId,
    ) -> Acknowledged {
        match self.committed.get(&tx).and_then(|waiting| waiting.get(&participant)) {
            Some(promised) if *promised != store => Acknowledged::Lost,
            _ => self.overrule(tx, participant),
        }
    }

    /// Nobody waits for this participant any more: it did its part, or a person did.
    pub fn overrule(&mut self, tx: Tx, participant: ParticipantId) -> Acknowledged {
        let Some(waiting) = self.committed.get_mut(&tx) else { return Acknowledged::Noted };
        waiting.remove(&participant);
        if !waiting.is_empty() {
            return Acknowledged::Noted;
        }
        self.committed.remove(&tx);
        Acknowledged::Ended(Coordinated::End(tx))
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
    pub fn unfinished(&self) -> impl Iterator<Item = (Tx, &BTreeMap<ParticipantId, StoreId>)> {
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

    /// Begun since this ledger was recovered, or to be.
    pub fn is_of_this_run(&self, tx: Tx) -> bool {
        (tx.coordinator, tx.epoch) == (self.coordinator, self.epoch)
    }

    /// Begun, and not decided.
    pub fn is_open(&self, tx: Tx) -> bool {
        self.is_of_this_run(tx) && self.open.contains(&tx.sequence)
    }

    fn close(&mut self, tx: Tx) -> bool {
        self.is_open(tx) && self.open.remove(&tx.sequence)
    }
}
