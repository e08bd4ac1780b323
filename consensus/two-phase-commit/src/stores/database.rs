//! A database as a store: the order of things, whichever database it is.
//!
//! With each promise goes the note that it was kept. The two are committed together, so that a commit costs no
//! further write to be remembered, and whoever promised is never without it. And as long as the promise is
//! open, the row of the note is locked: nobody can refuse the same transaction meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::pool::Pool;
use super::session::{Fault, Kind, Session};
use super::{Scope, notes, statements};
use crate::branches::Part;
use crate::record::Branched;
use crate::store::{Forget, Store, StoreFailed};
use crate::types::{Outcome, Tx, Vote};

/// A store in a database.
pub struct Database<S> {
    pool: Pool<S>,
    scope: Scope,
    /// How long a lock, or a connection that ends, is waited for.
    patience: Duration,
    /// Promises that only the connection can finish that made them, as long as it is there.
    held: Mutex<BTreeMap<Tx, S>>,
    /// The connection broke while these were promised: the server may do it yet.
    uncertain: Mutex<BTreeSet<Tx>>,
}

/// Between two looks whether the server has seen that a connection ended; it tells nobody.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl<S: Session> Database<S> {
    pub(super) fn new(pool: Pool<S>, scope: Scope, patience: Duration) -> Result<Self, Fault> {
        pool.with(|session| notes::create(session, &scope))?;
        let (held, uncertain) = (Mutex::default(), Mutex::default());
        Ok(Self { pool, scope, patience, held, uncertain })
    }

    /// Does a part up to its last step, which is still to come. `None` if it changed nothing.
    fn work(
        &self,
        session: &mut S,
        tx: Tx,
        part: &Part,
        note: &Branched,
    ) -> Result<Option<()>, Fault> {
        if !session.work(tx, &statements(part))? {
            return Ok(None);
        }
        notes::insert(session, &self.scope, note).map(Some)
    }

    /// Nothing of it is left, or will be when the server sees that the connection ends.
    fn undo(&self, mut session: S, tx: Tx) {
        if session.undo(tx, &self.scope).is_ok() {
            self.pool.put(session);
        }
    }

    /// What a fault means before the last step was asked for: no, unless it is not the database that says so.
    fn refuse(&self, session: S, tx: Tx, fault: Fault) -> Result<(), Fault> {
        if let Kind::Broken | Kind::Escaped = fault.kind {
            return Err(fault);
        }
        tracing::info!(%tx, why = %fault, store = self.scope.name, "refused by the database");
        self.undo(session, tx);
        Ok(())
    }

    /// On any connection. One that made the promise and ended may still count as its owner for a moment.
    fn finish_anywhere(&self, tx: Tx, outcome: Outcome) -> Result<(), StoreFailed> {
        let deadline = Instant::now() + self.patience;
        loop {
            match self.pool.with(|session| session.finish(tx, &self.scope, outcome)) {
                Err(fault) if fault.kind == Kind::NotPrepared => {}
                other => return Ok(other?),
            }
            if !S::HOLDS_ITS_PROMISES || !self.prepared()?.contains(&tx) {
                return self.is_finished(tx, outcome);
            }
            if Instant::now() >= deadline {
                return Err(StoreFailed::new(format!(
                    "{tx} is promised on another connection that does not end; end its process"
                )));
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "a server does not tell when it has seen a connection end"
            )]
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Nothing is prepared: was that done which is wanted?
    fn is_finished(&self, tx: Tx, outcome: Outcome) -> Result<(), StoreFailed> {
        if outcome == Outcome::Committed {
            let is_known = |session: &mut S| notes::is_committed(session, &self.scope, tx);
            if self.pool.with(is_known)? {
                return Ok(());
            }
            return Err(StoreFailed::new(format!(
                "{tx} is neither promised nor committed in {}: somebody dropped it by hand",
                self.scope.name
            )));
        }
        if self.uncertain.lock().contains(&tx) {
            // This row keeps the promise from being made yet; if it was made, they collide.
            self.note(&Branched::Decided(tx, Outcome::Aborted))?;
            self.uncertain.lock().remove(&tx);
        }
        Ok(())
    }

    fn prepared(&self) -> Result<Vec<Tx>, Fault> {
        self.pool.with(|session| session.prepared(&self.scope))
    }
}

impl<S: Session> Store for Database<S> {
    fn prepare(&self, tx: Tx, part: &Part) -> Result<Vote, StoreFailed> {
        let (mut session, begun) = self.pool.on(|session| session.begin(tx, &self.scope))?;
        match begun {
            Err(fault) if fault.kind == Kind::Known => {
                self.pool.put(session);
                return Ok(Vote::Yes);
            }
            begun => begun?,
        }
        let kept = Branched::Decided(tx, Outcome::Committed);
        match self.work(&mut session, tx, part, &kept) {
            Ok(Some(())) => {}
            Ok(None) => {
                self.undo(session, tx);
                return Ok(Vote::ReadOnly);
            }
            Err(fault) => {
                self.refuse(session, tx, fault)?;
                return Ok(Vote::No);
            }
        }
        if let Err(fault) = session.prepare(tx, &self.scope) {
            if fault.is_broken() {
                self.uncertain.lock().insert(tx);
            }
            self.refuse(session, tx, fault)?;
            return Ok(Vote::No);
        }
        if S::HOLDS_ITS_PROMISES {
            self.held.lock().insert(tx, session);
        } else {
            self.pool.put(session);
        }
        Ok(Vote::Yes)
    }

    fn finish(&self, tx: Tx, outcome: Outcome) -> Result<(), StoreFailed> {
        let held = self.held.lock().remove(&tx);
        let Some(mut session) = held else { return self.finish_anywhere(tx, outcome) };
        match session.finish(tx, &self.scope, outcome) {
            Ok(()) => {
                self.pool.put(session);
                Ok(())
            }
            Err(fault) if matches!(fault.kind, Kind::Broken | Kind::NotPrepared) => {
                drop(session);
                self.finish_anywhere(tx, outcome)
            }
            Err(fault) => {
                self.held.lock().insert(tx, session);
                Err(fault.into())
            }
        }
    }

    fn alone(&self, tx: Tx, part: &Part) -> Result<Outcome, StoreFailed> {
        let begun = self.pool.on(|session| session.begin(tx, &self.scope));
        let (mut session, begun) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                tracing::error!(%tx, %error, store = self.scope.name, "cannot begin");
                return Ok(Outcome::Aborted);
            }
        };
        begun?;
        let note = Branched::Alone(tx);
        let worked = match self.work(&mut session, tx, part, &note) {
            // It is remembered too: whoever asks has to hear the same as who did not have to.
            Ok(None) => notes::insert(&mut session, &self.scope, &note),
            other => other.map(|_| ()),
        };
        match worked {
            Ok(()) => {}
            Err(fault) if fault.kind == Kind::Duplicate => {
                self.undo(session, tx);
                let known = self.pool.with(|it| notes::same_key(it, &self.scope, &note))?;
                let is_done = known == Some(note);
                return Ok(if is_done { Outcome::Committed } else { Outcome::Aborted });
            }
            // The server was not asked to commit it, and drops it.
            Err(fault) if fault.is_broken() => return Ok(Outcome::Aborted),
            Err(fault) => {
                self.refuse(session, tx, fault)?;
                return Ok(Outcome::Aborted);
            }
        }
        match session.commit(tx, &self.scope) {
            Ok(()) => {
                self.pool.put(session);
                Ok(Outcome::Committed)
            }
            Err(fault) => {
                self.refuse(session, tx, fault)?;
                Ok(Outcome::Aborted)
            }
        }
    }

    fn note(&self, record: &Branched) -> Result<(), StoreFailed> {
        let insert = |session: &mut S| match notes::insert(session, &self.scope, record) {
            Err(fault) if fault.kind == Kind::Duplicate => {
                let known = notes::same_key(session, &self.scope, record)?;
                if known.as_ref() == Some(record) { Ok(()) } else { Err(fault) }
            }
            other => other,
        };
        Ok(self.pool.with(insert)?)
    }

    fn recover(&self) -> Result<Vec<Branched>, StoreFailed> {
        // In this order: what is committed between the two looks is in both, and not in none.
        let promised = self.prepared()?.into_iter();
        let promise = |tx| Branched::Prepared { tx, peers: Vec::new(), redo: Vec::new() };
        let notes = self.pool.with(|session| notes::all(session, &self.scope))?;
        Ok(promised.map(promise).chain(notes).collect())
    }

    fn forget(&self, forget: Forget) -> Result<(), StoreFailed> {
        Ok(self.pool.with(|session| notes::forget(session, &self.scope, forget))?)
    }
}

impl<S> fmt::Debug for Database<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("name", &self.scope.name).finish_non_exhaustive()
    }
}
