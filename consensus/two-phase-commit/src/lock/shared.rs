//! What the clients' threads, the ticker and whoever brings replies share.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::latch::Latch;
use crate::coordinator::{CommitError, Unfinished};
use crate::desk::Desk;
use crate::log::{Line, Log};
use crate::message::{Answers, Reply, Said, What};
use crate::post::Post;
use crate::round::Round;
use crate::sync::{Arc, Condvar, Instant, Mutex};
use crate::types::{Outcome, ParticipantId, Tx, Votes};

pub(super) struct Shared {
    pub(super) log: Box<dyn Log>,
    pub(super) post: Post,
    pub(super) answers: Answers,
    pub(super) state: Mutex<State>,
    /// A round was left, or a transaction has ended.
    pub(super) changed: Condvar,
    /// It is closed: the ticker waits for that.
    pub(super) closed: Condvar,
}

/// Held for moments: nobody sends, writes or waits under this lock.
pub(super) struct State {
    pub(super) desk: Desk,
    /// Whose client waits.
    pub(super) rounds: BTreeMap<Tx, Arc<Latch>>,
    pub(super) is_closed: bool,
}

impl Shared {
    /// `None` if it is closed.
    pub(super) fn begin(&self, round: Round) -> Option<(Tx, Tx, Arc<Latch>)> {
        let latch = Arc::new(Latch::new(round));
        let mut state = self.state.lock();
        if state.is_closed {
            return None;
        }
        let tx = state.desk.ledger.begin();
        state.rounds.insert(tx, Arc::clone(&latch));
        Some((tx, state.desk.ledger.mark(), latch))
    }

    /// Waits once more for an answer on an old one. `None` if it is closed.
    pub(super) fn reopen(&self, tx: Tx, round: Round) -> Option<(Tx, Arc<Latch>)> {
        let latch = Arc::new(Latch::new(round));
        let mut state = self.state.lock();
        if state.is_closed {
            return None;
        }
        state.rounds.insert(tx, Arc::clone(&latch));
        Some((state.desk.ledger.mark(), latch))
    }

    pub(super) fn send(&self, to: ParticipantId, tx: Tx, mark: Tx, what: What) {
        self.post.send(to, tx, mark, what, &self.answers);
    }

    /// All agree: the decision is made safe, and then told.
    pub(super) fn commit(&self, tx: Tx, votes: &Votes) -> Result<Tx, CommitError> {
        let promised = votes.promised();
        let record = self.state.lock().desk.ledger.commits(tx, promised.clone());
        let Some(record) = record else {
            // Nobody has anything to do.
            self.forget(tx);
            return Ok(tx);
        };
        self.post.forced(1);
        let place = self.log.force(&[Line::Plain(record.encode())]).map_err(|error| {
            tracing::error!(%tx, %error, "cannot write the decision");
            CommitError::LogFailed(tx)
        })?;
        let mark = {
            let mut state = self.state.lock();
            state.desk.committed(tx, promised.clone(), place);
            state.desk.ledger.mark()
        };
        for participant in promised.into_keys() {
            self.send(participant, tx, mark, What::Decide(Outcome::Committed));
        }
        Ok(tx)
    }

    /// It is over, and nothing of it is written.
    pub(super) fn forget(&self, tx: Tx) -> Tx {
        let mut state = self.state.lock();
        state.desk.ledger.forget(tx);
        state.desk.ledger.mark()
    }

    pub(super) fn hear(&self, reply: Reply) {
        self.post.heard();
        if let Said::Done | Said::Mixed(_) = reply.said {
            let end = self.state.lock().desk.told(reply);
            self.ended(end);
        } else {
            let latch = self.state.lock().rounds.get(&reply.tx).cloned();
            if let Some(latch) = latch {
                latch.hear(&reply);
            }
        }
    }

    /// The last has acknowledged it. If this record is lost, they are told once more.
    pub(super) fn ended(&self, end: Option<Line>) {
        if let Some(line) = end {
            if let Err(error) = self.log.write(line) {
                tracing::error!(%error, "cannot write that a transaction has ended");
            }
            self.changed.notify_all();
        }
    }

    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let rounds: Vec<_> = state.rounds.values().cloned().collect();
        drop(state);
        self.closed.notify_all();
        for latch in rounds {
            latch.close();
        }
    }

    /// Tells again, until it is closed, whatever was unfinished a while ago and is so still; at first, what
    /// the log says.
    pub(super) fn tick(&self, mut known: BTreeSet<Tx>, every: Duration) {
        loop {
            known = self.tell_again(&known);
            let due = Instant::now() + every;
            let mut state = self.state.lock();
            while !state.is_closed {
                if self.closed.wait_until(&mut state, due).timed_out() {
                    break;
                }
            }
            if state.is_closed {
                return;
            }
        }
    }

    fn tell_again(&self, known: &BTreeSet<Tx>) -> BTreeSet<Tx> {
        let (unfinished, mark, needed_from) = {
            let State { desk, .. } = &*self.state.lock();
            (desk.unfinished(), desk.ledger.mark(), desk.needed_from())
        };
        for Unfinished { tx, participants } in &unfinished {
            for participant in participants.iter().filter(|_| known.contains(tx)) {
                self.send(*participant, *tx, mark, What::Decide(Outcome::Committed));
            }
        }
        if let Err(error) = self.log.release(needed_from) {
            tracing::error!(%error, "the log stays long");
        }
        unfinished.iter().map(|it| it.tx).collect()
    }
}
