//! A store of our own: state in memory, a log of what was promised and done, and a picture of both from
//! time to time, so that the log stays short.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::{Mutex, RwLock};

use crate::branches::Part;
use crate::embedded::picture::{Line, Picture};
use crate::log::{self, Log, LogFailed, Opened};
use crate::record::Branched;
use crate::store::{Forget, Store, StoreFailed, Together};
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

    /// Writes a line that is safe when this returns, and then does what it says.
    fn line(&self, line: Line, then: impl FnOnce(&mut State<R>)) -> Result<(), StoreFailed> {
        self.lines(&[line], true, then)
    }

    /// Writes lines, and then does what they say; no picture shows the one without the other.
    fn lines(
        &self,
        lines: &[Line],
        is_forced: bool,
        then: impl FnOnce(&mut State<R>),
    ) -> Result<(), StoreFailed> {
        if lines.is_empty() {
            return Ok(());
        }
        let both = self.taking_a_picture.read();
        let mut bytes = lines.iter().map(|line| log::Line::Plain(line.encode()));
        let written = if is_forced {
            self.log.force(&bytes.collect::<Vec<_>>()).map(drop)
        } else {
            bytes.try_for_each(|line| self.log.write(line))
        };
        written.map_err(StoreFailed::new)?;
        let mut state = self.state.lock();
        then(&mut state);
        state.lines += lines.len();
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

    fn all_done(&mut self, ends: &[(Tx, Outcome)]) {
        for (tx, outcome) in ends {
            self.done(*tx, *outcome, true);
        }
    }
}

fn prepared((tx, Part { peers, redo }): (Tx, Part)) -> Line {
    Line::Record(Branched::Prepared { tx, peers, redo })
}

fn decided((tx, outcome): (Tx, Outcome)) -> Line {
    Line::Record(Branched::Decided(tx, outcome))
}

impl<R: Resource, L: Log> Store for Embedded<R, L> {
    fn prepare(&self, tx: Tx, part: &Part) -> Result<Vote, StoreFailed> {
        only(self.together(&[(tx, part.clone())], &[]).0)
    }

    fn finish(&self, tx: Tx, outcome: Outcome) -> Result<(), StoreFailed> {
        only(self.together(&[], &[(tx, outcome)]).1)
    }

    fn together(&self, parts: &[(Tx, Part)], ends: &[(Tx, Outcome)]) -> Together {
        let (votes, open): (Vec<_>, Vec<_>) = {
            let State { resource, prepared, .. } = &mut *self.state.lock();
            let open = ends.iter().filter(|(tx, _)| prepared.contains_key(tx)).copied();
            let open = open.collect();
            (parts.iter().map(|(tx, part)| resource.lock(*tx, &part.redo)).collect(), open)
        };
        let voted = parts.iter().zip(&votes);
        let promised = voted.filter(|(_, vote)| **vote == Vote::Yes).map(|(part, _)| part.clone());
        let (commits, aborts): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, outcome)| *outcome == Outcome::Committed);
        // Who forgets an abort asks, and is told again: nobody waits for that.
        let aborted =
            self.lines(&aborts.iter().copied().map(decided).collect::<Vec<_>>(), false, |state| {
                state.all_done(&aborts);
            });
        let lines = commits.iter().copied().map(decided).chain(promised.clone().map(prepared));
        let written = self.lines(&lines.collect::<Vec<_>>(), true, |state| {
            state.all_done(&commits);
            state.prepared.extend(promised);
        });
        let vote = |vote| match vote {
            Vote::Yes => written.clone().map(|()| vote),
            Vote::No | Vote::ReadOnly => Ok(vote),
        };
        let done = |(_, outcome): &(Tx, Outcome)| match outcome {
            Outcome::Aborted => aborted.clone(),
            Outcome::Committed => written.clone(),
        };
        (votes.into_iter().map(vote).collect(), ends.iter().map(done).collect())
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
        self.line(line, |state| state.alone(tx, &part.redo))?;
        Ok(Outcome::Committed)
    }

    fn note(&self, record: &Branched) -> Result<(), StoreFailed> {
        self.line(Line::Record(record.clone()), |state| state.keep(record.clone()))
    }

    fn recover(&self) -> Result<Vec<Branched>, StoreFailed> {
        Ok(self.state.lock().picture().records)
    }

    fn forget(&self, notes: Forget) -> Result<(), StoreFailed> {
        self.state.lock().notes.retain(|note| !notes.covers(note));
        Ok(())
    }
}

/// The answer to one.
fn only<T>(mut answers: Vec<Result<T, StoreFailed>>) -> Result<T, StoreFailed> {
    answers.pop().unwrap_or_else(|| Err(StoreFailed::new("there is no answer")))
}
