//! A store of our own: state in memory, a log of what was promised and done, and a picture of both from
//! time to time, so that the log stays short.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::{Mutex, RwLock};

use crate::branches::Part;
use crate::embedded::picture::{Line, Picture};
use crate::log::{self, Log, LogFailed, Opened};
use crate::record::Branched;
use crate::store::{Forget, Store, StoreFailed};
use crate::types::{Outcome, Tx, Vote};

mod picture;

/// State that can be promised to change.
pub trait Resource: Send {
    /// Takes the locks that this part needs, if it can be done. It never waits: who comes second says no.
    /// Called once more for each promise after a start, and then never refused.
    fn lock(&mut self, tx: Tx, part: &[u8]) -> Vote;

    /// Does the part that was locked, and releases the locks.
    fn apply(&mut self, tx: Tx, part: &[u8]);

    /// Releases the locks.
    fn unlock(&mut self, tx: Tx, part: &[u8]);

    /// All there is but the locks.
    fn picture(&self) -> Vec<u8>;

    /// Becomes what the picture shows, without locks.
    ///
    /// # Errors
    ///
    /// When it shows something else.
    fn become_as(&mut self, picture: &[u8]) -> Result<(), StoreFailed>;
}

/// A [`Store`] made of a [`Resource`] and a [`Log`].
#[derive(Debug)]
pub struct Embedded<R, L> {
    log: L,
    state: Mutex<State<R>>,
    /// Held together by whoever writes a line and then does what it says; alone by who takes a picture,
    /// which must not fall between the two.
    taking_a_picture: RwLock<()>,
    every: usize,
}

#[derive(Debug)]
struct State<R> {
    resource: R,
    /// Promised, and locked.
    prepared: BTreeMap<Tx, Part>,
    notes: VecDeque<Branched>,
    /// Lines since the last picture.
    lines: usize,
}

/// How many lines come between two pictures, if nothing else is said.
pub const PICTURE_EVERY: usize = 10_000;

impl<R: Resource, L: Log> Embedded<R, L> {
    /// The state that follows from the log; `empty` is what it was at first.
    ///
    /// # Errors
    ///
    /// When the log holds something else.
    pub fn open(opened: Opened<L>, empty: R) -> Result<Self, StoreFailed> {
        let (resource, prepared, notes) = (empty, BTreeMap::new(), VecDeque::new());
        let mut state = State { resource, prepared, notes, lines: 0 };
        for (_, line) in &opened.lines {
            state.replay(line)?;
        }
        for (tx, part) in &state.prepared {
            if state.resource.lock(*tx, &part.redo) != Vote::Yes {
                return Err(StoreFailed::new(format!(
                    "what was promised for {tx} cannot be locked"
                )));
            }
        }
        let (state, log) = (Mutex::new(state), opened.log);
        Ok(Self { log, state, taking_a_picture: RwLock::new(()), every: PICTURE_EVERY })
    }

    /// So many lines between two pictures, at least one.
    #[must_use]
    pub fn picture_every(self, lines: usize) -> Self {
        Self { every: lines.max(1), ..self }
    }

    /// Looks at the state. What is promised and not done does not show.
    pub fn read<T>(&self, look: impl FnOnce(&R) -> T) -> T {
        look(&self.state.lock().resource)
    }

    /// Its log.
    pub fn log(&self) -> &L {
        &self.log
    }

    /// Writes a line, and then does what it says; no picture shows the one without the other.
    fn line(
        &self,
        line: &Line,
        is_forced: bool,
        then: impl FnOnce(&mut State<R>),
    ) -> Result<(), StoreFailed> {
        let both = self.taking_a_picture.read();
        let bytes = log::Line::Plain(line.encode());
        let written =
            if is_forced { self.log.force(&[bytes]).map(drop) } else { self.log.write(bytes) };
        written.map_err(StoreFailed::new)?;
        let mut state = self.state.lock();
        then(&mut state);
        state.lines += 1;
        let is_due = state.lines >= self.every;
        drop((state, both));
        if is_due {
            // The line is safe, whatever becomes of the picture; it is tried again with the next.
            if let Err(error) = self.take_a_picture() {
                tracing::error!(%error, "the log of a store stays long");
            }
        }
        Ok(())
    }

    fn take_a_picture(&self) -> Result<(), LogFailed> {
        let _alone = self.taking_a_picture.write();
        let mut state = self.state.lock();
        if state.lines < self.every {
            return Ok(());
        }
        let picture = Line::Picture(state.picture()).encode();
        let place = self.log.force(&[log::Line::Carried(picture)])?;
        state.lines = 0;
        drop(state);
        self.log.release(place)
    }
}

impl<R: Resource> State<R> {
    fn picture(&self) -> Picture {
        let prepared = self.prepared.iter().map(|(tx, part)| {
            let Part { peers, redo } = part.clone();
            Branched::Prepared { tx: *tx, peers, redo }
        });
        let records = self.notes.iter().cloned().chain(prepared).collect();
        Picture { resource: self.resource.picture(), records }
    }

    fn replay(&mut self, line: &[u8]) -> Result<(), StoreFailed> {
        match Line::decode(line).map_err(StoreFailed::new)? {
            Line::Picture(Picture { resource, records }) => {
                self.resource.become_as(&resource)?;
                self.prepared.clear();
                self.notes.clear();
                for record in records {
                    self.keep(record);
                }
            }
            Line::Record(Branched::Decided(tx, outcome)) => self.done(tx, outcome, false),
            Line::Record(record) => self.keep(record),
            Line::Alone(tx, redo) => self.alone(tx, &redo),
        }
        Ok(())
    }

    fn alone(&mut self, tx: Tx, redo: &[u8]) {
        self.resource.apply(tx, redo);
        self.notes.push_back(Branched::Alone(tx));
    }

    fn keep(&mut self, record: Branched) {
        match record {
            Branched::Prepared { tx, peers, redo } => {
                self.prepared.insert(tx, Part { peers, redo });
            }
            note => self.notes.push_back(note),
        }
    }

    fn done(&mut self, tx: Tx, outcome: Outcome, is_locked: bool) {
        match (self.prepared.remove(&tx), outcome) {
            (Some(part), Outcome::Committed) => self.resource.apply(tx, &part.redo),
            (Some(part), Outcome::Aborted) if is_locked => self.resource.unlock(tx, &part.redo),
            _ => {}
        }
        self.notes.push_back(Branched::Decided(tx, outcome));
    }
}

impl<R: Resource, L: Log> Store for Embedded<R, L> {
    fn prepare(&self, tx: Tx, part: &Part) -> Result<Vote, StoreFailed> {
        let vote = self.state.lock().resource.lock(tx, &part.redo);
        if vote == Vote::Yes {
            let Part { peers, redo } = part.clone();
            let line = Line::Record(Branched::Prepared { tx, peers, redo });
            self.line(&line, true, |state| _ = state.prepared.insert(tx, part.clone()))?;
        }
        Ok(vote)
    }

    fn finish(&self, tx: Tx, outcome: Outcome) -> Result<(), StoreFailed> {
        if !self.state.lock().prepared.contains_key(&tx) {
            return Ok(());
        }
        let line = Line::Record(Branched::Decided(tx, outcome));
        // Who forgets an abort asks, and is told again.
        let is_forced = outcome == Outcome::Committed;
        self.line(&line, is_forced, |state| state.done(tx, outcome, true))
    }

    fn alone(&self, tx: Tx, part: &Part) -> Result<Outcome, StoreFailed> {
        let vote = self.state.lock().resource.lock(tx, &part.redo);
        match vote {
            Vote::No => return Ok(Outcome::Aborted),
            Vote::ReadOnly => {
                self.note(&Branched::Alone(tx))?;
                return Ok(Outcome::Committed);
            }
            Vote::Yes => {}
        }
        let line = Line::Alone(tx, part.redo.clone());
        self.line(&line, true, |state| state.alone(tx, &part.redo))?;
        Ok(Outcome::Committed)
    }

    fn note(&self, record: &Branched) -> Result<(), StoreFailed> {
        let line = Line::Record(record.clone());
        self.line(&line, true, |state| state.keep(record.clone()))
    }

    fn recover(&self) -> Result<Vec<Branched>, StoreFailed> {
        Ok(self.state.lock().picture().records)
    }

    fn forget(&self, notes: Forget) -> Result<(), StoreFailed> {
        self.state.lock().notes.retain(|note| !notes.covers(note));
        Ok(())
    }
}
