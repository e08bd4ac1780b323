//! One who takes part: the rules of [`branches`](crate::branches) around a [`Store`].
//!
//! Whoever brings a request does the work of it, on its own thread, and the rules are held for moments
//! only. What the disk has to do for many requests at once is shared below, by the store's log.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::branches::{Alone, Branches, Inquiry, NotInDoubt, Part, Safe};
use crate::drawn::drawn;
use crate::message::{Reply, Request, Said};
use crate::record::Branched;
use crate::store::{Forget, Store, StoreFailed};
use crate::types::{Answer, CoordinatorId, Outcome, ParticipantId, StoreId, Tx, Vote};

mod together;

/// A store that takes part in transactions.
#[derive(Debug)]
pub struct Participant<S> {
    id: ParticipantId,
    /// What its promises are kept in.
    store_id: StoreId,
    store: S,
    branches: Mutex<Branches>,
    /// Requests since old notes were forgotten.
    since: AtomicU64,
}

/// How many requests come before old notes are forgotten once more.
const FORGET_EVERY: u64 = 1_024;

/// Whom a participant in doubt can ask, and how. `None` if there is no answer.
pub trait Inquire {
    /// Who coordinates it: [`lock::Coordinator::answer`](crate::lock::Coordinator::answer).
    fn coordinator(&self, of: CoordinatorId, tx: Tx) -> Option<Answer>;

    /// Another participant: [`Participant::ask`].
    fn peer(&self, peer: ParticipantId, tx: Tx) -> Option<Answer>;

    /// What the coordinator begins next: [`lock::Coordinator::next`](crate::lock::Coordinator::next).
    fn next(&self, of: CoordinatorId) -> Option<Tx>;
}

/// What an operator could not do.
#[derive(Debug, thiserror::Error)]
pub enum ForceError {
    /// There is nothing to decide.
    #[error(transparent)]
    NotInDoubt(#[from] NotInDoubt),
    /// It may be decided or not: look again after the store was mended.
    #[error("the store failed: {0}")]
    Failed(#[from] StoreFailed),
}

impl<S: Store> Participant<S> {
    /// With what the store remembers.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or written the first time.
    pub fn open(id: ParticipantId, store: S) -> Result<Self, StoreFailed> {
        let notes = store.recover()?;
        let named = notes.iter().find_map(|note| match note {
            Branched::Store(name) => Some(*name),
            _ => None,
        });
        let store_id = named.unwrap_or_else(drawn);
        if named.is_none() {
            store.note(&Branched::Store(store_id))?;
        }
        let branches = Branches::recover(notes);
        for (tx, outcome) in branches.forced() {
            // The crash may have come between the operator's word and what it stood for.
            store.finish(tx, outcome)?;
        }
        let branches = Mutex::new(branches);
        Ok(Self { id, store_id, store, branches, since: AtomicU64::new(0) })
    }

    /// Its name.
    pub fn id(&self) -> ParticipantId {
        self.id
    }

    /// What it keeps.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Does what a coordinator wants. `None` if there is nothing to say, or not yet: it will ask again.
    pub fn handle(&self, request: Request) -> Option<Reply> {
        self.handle_all(vec![request]).pop().flatten()
    }

    /// What it can say to a peer in doubt.
    pub fn ask(&self, tx: Tx) -> Answer {
        let inquiry = self.branches.lock().ask(tx);
        self.reply(tx, inquiry)
    }

    /// Voted yes, and told nothing: these hold locks. Their [`Tx::coordinator`] knows what becomes of them.
    pub fn in_doubt(&self) -> Vec<Tx> {
        self.branches.lock().in_doubt().map(|(tx, _)| tx).collect()
    }

    /// What an operator decided here.
    pub fn forced(&self) -> Vec<(Tx, Outcome)> {
        self.branches.lock().forced().collect()
    }

    /// Asks what became of everything in doubt: the coordinator first, then the peers. Call it after a
    /// start, and from time to time. Returns what is finished now; the rest is still [in
    /// doubt](Self::in_doubt), and waits: to decide alone would break the promise.
    pub fn resolve(&self, others: &impl Inquire) -> Vec<(Tx, Outcome)> {
        let unsure: Vec<_> = self.branches.lock().unsure().collect();
        for next in unsure.into_iter().filter_map(|coordinator| others.next(coordinator)) {
            self.branches.lock().next_of(next);
        }
        let in_doubt: Vec<_> = {
            let branches = self.branches.lock();
            branches.in_doubt().map(|(tx, part)| (tx, part.peers.clone())).collect()
        };
        let learn = |(tx, peers): (Tx, Vec<ParticipantId>)| {
            let mut answers = std::iter::once(others.coordinator(tx.coordinator, tx))
                .chain(peers.iter().map(|peer| others.peer(*peer, tx)));
            let outcome = answers.find_map(|answer| match answer {
                Some(Answer::Is(outcome)) => Some(outcome),
                _ => None,
            })?;
            matches!(self.decide(tx, outcome), Some(Said::Done)).then_some((tx, outcome))
        };
        in_doubt.into_iter().filter_map(learn).collect()
    }

    /// An operator decides what the coordinator should have. It is safe when this returns. If the others
    /// did otherwise, that is reported to the coordinator when it says so, and a person must mend it.
    ///
    /// # Errors
    ///
    /// When it is not in doubt, and when the store fails.
    pub fn force(&self, tx: Tx, outcome: Outcome) -> Result<(), ForceError> {
        let (record, part) = self.branches.lock().force(tx, outcome)?;
        tracing::warn!(%tx, ?outcome, participant = self.id, "decided by an operator");
        let done = self.store.note(&record).and_then(|()| self.store.finish(tx, outcome));
        if let Err(failed) = done {
            self.branches.lock().undone(tx, part);
            return Err(failed.into());
        }
        Ok(())
    }

    fn recall(&self, tx: Tx) -> Answer {
        let inquiry = self.branches.lock().recall(tx);
        self.reply(tx, inquiry)
    }

    fn forget(&self, tx: Tx) {
        self.branches.lock().forget(tx);
        // What is not forgotten now takes a little room, and is never wrong.
        let _ = self.store.forget(Forget::Alone(tx));
    }

    /// What was prepared is safe.
    fn promise(&self, tx: Tx) -> Option<Vote> {
        let safe = self.branches.lock().prepared(tx);
        match safe {
            Safe::Yes => Some(Vote::Yes),
            // Its end has overtaken it.
            Safe::Doomed(_) => {
                let result = self.store.finish(tx, Outcome::Aborted);
                self.finished(tx, Part::default(), result);
                None
            }
            Safe::Nothing => None,
        }
    }

    fn read(&self, tx: Tx) -> Option<Vote> {
        let reserve = self.branches.lock().reads(tx);
        if let Some(record @ Branched::Reserved(upto)) = reserve {
            self.store.note(&record).ok()?;
            let mut branches = self.branches.lock();
            branches.reserved(upto);
            branches.reads(tx);
        }
        Some(Vote::ReadOnly)
    }

    fn alone(&self, tx: Tx, part: &Part) -> Answer {
        match self.branches.lock().alone(tx) {
            Alone::Write => {}
            Alone::Known(outcome) => return Answer::Is(outcome),
            Alone::Busy => return Answer::Wait,
        }
        match self.store.alone(tx, part) {
            Ok(outcome @ Outcome::Committed) => {
                self.branches.lock().committed(tx);
                Answer::Is(outcome)
            }
            Ok(Outcome::Aborted) => {
                self.branches.lock().declined(tx, true);
                self.reply(tx, Inquiry::Refuse)
            }
            Err(error) => {
                tracing::error!(%tx, %error, participant = self.id, "cannot tell what became of it");
                Answer::Wait
            }
        }
    }

    fn reply(&self, tx: Tx, inquiry: Inquiry) -> Answer {
        match inquiry {
            Inquiry::Say(answer) => answer,
            Inquiry::Refuse => match self.store.note(&Branched::Refused(tx)) {
                Ok(()) => {
                    self.branches.lock().refused(tx);
                    Answer::Is(Outcome::Aborted)
                }
                Err(_) => Answer::Wait,
            },
        }
    }

    /// Whether this coordinator is the one that this name belongs to: the first that came under it.
    fn is_bound(&self, coordinator: CoordinatorId, log: u64) -> Result<bool, StoreFailed> {
        let mut branches = self.branches.lock();
        if let Some(bound) = branches.log_of(coordinator) {
            return Ok(bound == log);
        }
        // Once in the life of a store: others wait.
        self.store.note(&Branched::Bound(coordinator, log))?;
        branches.bound(coordinator, log);
        Ok(true)
    }

    fn hear(&self, mark: Tx) {
        self.branches.lock().hear(mark);
        if (self.since.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(FORGET_EVERY) {
            // What is not forgotten now is forgotten the next time.
            let _ = self.store.forget(Forget::Before(mark));
        }
    }
}
