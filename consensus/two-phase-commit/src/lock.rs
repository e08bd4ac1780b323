//! The client's own thread does it: it asks all, waits at a latch that the votes open, writes the decision
//! and tells it. Clients meet at the lock of the state, for moments, and in the log, where they share an
//! fsync.
//!
//! Take along: `lock.rs`, `lock/latch.rs`, `lock/shared.rs`, `branches.rs`, `branches/follows.rs`,
//! `coordinator.rs`, `desk.rs`, `drawn.rs`, `embedded.rs`, `embedded/picture.rs`, `here.rs`,
//! `ledger.rs`, `log.rs`, `message.rs`, `participant.rs`, `participant/together.rs`, `post.rs`,
//! `record.rs`, `round.rs`, `store.rs`, `sync.rs`, `types.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::branches::Part;
use super::coordinator::{
    CommitError, Counts, OpenError, Options, RecallError, Report, Unfinished, Why, Work, check,
};
use super::desk::Desk;
use super::log::{Log, Opened};
use super::message::{Answers, Link, What};
use super::post::Post;
use super::round::{End, Round};
use super::sync::{Arc, Condvar, Instant, JoinHandle, Mutex, Weak, thread};
use super::types::{Answer, Outcome, ParticipantId, Tx, Votes};

#[path = "lock/latch.rs"]
mod latch;
#[path = "lock/shared.rs"]
mod shared;

use shared::{Shared, State};

/// Decides on transactions: all do their part, or nobody does.
pub struct Coordinator {
    shared: Arc<Shared>,
    /// Tells again what was not acknowledged.
    ticker: Option<JoinHandle<()>>,
}

impl Coordinator {
    /// With what its log holds. What was committed and not acknowledged is told again at once; what was
    /// not committed is aborted, and whoever asks hears that.
    ///
    /// # Errors
    ///
    /// When the log is another's or damaged, and when it fails.
    pub fn open<L: Log + 'static>(
        options: &Options,
        log: Opened<L>,
        link: impl Link + 'static,
    ) -> Result<Self, OpenError> {
        let (desk, log) = Desk::open(options.id, log)?;
        let post = Post::new(link, desk.ledger.log());
        let unfinished = desk.ledger.unfinished().map(|(tx, _)| tx).collect();
        let shared = Arc::new_cyclic(|own: &Weak<Shared>| {
            let own = own.clone();
            let hear = move |reply| {
                if let Some(shared) = own.upgrade() {
                    shared.hear(reply);
                }
            };
            Shared {
                log: Box::new(log),
                post,
                answers: Answers::to(hear),
                state: Mutex::new(State { desk, rounds: BTreeMap::new(), is_closed: false }),
                changed: Condvar::new(),
                closed: Condvar::new(),
            }
        });
        let (own, retell) = (Arc::clone(&shared), options.retell);
        let ticker = thread::spawn(move || own.tick(unfinished, retell));
        Ok(Self { shared, ticker: Some(ticker) })
    }

    /// Has all of them do their part, or nobody: whoever crashes, and whatever is lost. Returns when it is
    /// decided and the decision is safe; the participants hear of it then.
    ///
    /// # Errors
    ///
    /// When it was aborted, because one said no or the time was up; and when nobody knows yet.
    // ANCHOR: commit
    pub fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
        check(&work)?;
        let deadline = Instant::now() + patience;
        let round = match &work[..] {
            [(only, _)] => Round::Alone(*only),
            all => {
                let votes = Votes::of(all.iter().map(|(participant, _)| *participant));
                Round::Votes(votes.ok_or(CommitError::Nobody)?)
            }
        };
        let (tx, mark, latch) = self.shared.begin(round).ok_or(CommitError::Closed)?;
        let _round = Leave { shared: &self.shared, tx };
        let peers: Vec<_> = work.iter().map(|(participant, _)| *participant).collect();
        for (participant, redo) in work {
            let others = peers.iter().copied().filter(|peer| *peer != participant);
            let part = Part { peers: others.collect(), redo };
            let what = if peers.len() == 1 { What::Alone(part) } else { What::Prepare(part) };
            self.shared.send(participant, tx, mark, what);
        }
        self.decide(tx, latch.wait_until(deadline))
    }

    fn decide(&self, tx: Tx, end: End) -> Result<Tx, CommitError> {
        match end {
            End::Agreed(votes) => self.shared.commit(tx, &votes),
            End::Failed(waiting, why) => {
                let mark = self.shared.forget(tx);
                for participant in waiting {
                    self.shared.send(participant, tx, mark, What::Decide(Outcome::Aborted));
                }
                Err(CommitError::Aborted(tx, why))
            }
            End::Done => {
                self.shared.forget(tx);
                Ok(tx)
            }
            // It stays open, so that the participant remembers it.
            End::Silent(participant) => Err(CommitError::Silent { tx, participant }),
        }
    }
    // ANCHOR_END: commit

    /// What became of a transaction that ended with [`CommitError::Silent`], in this run or an earlier one.
    /// Until its client knows, it is remembered.
    ///
    /// # Errors
    ///
    /// When the participant does not answer in time.
    pub fn recall(
        &self,
        tx: Tx,
        participant: ParticipantId,
        patience: Duration,
    ) -> Result<Outcome, RecallError> {
        let deadline = Instant::now() + patience;
        let round = Round::Alone(participant);
        let (mark, latch) = self.shared.reopen(tx, round).ok_or(RecallError::Closed)?;
        let _round = Leave { shared: &self.shared, tx };
        self.shared.send(participant, tx, mark, What::Recall);
        let outcome = match latch.wait_until(deadline) {
            End::Done => Outcome::Committed,
            End::Failed(_, Why::Refused(_)) => Outcome::Aborted,
            _ => return Err(RecallError::Silent),
        };
        let mark = self.shared.forget(tx);
        self.shared.send(participant, tx, mark, What::Forget);
        Ok(outcome)
    }

    /// What a participant hears that has voted yes, and asks.
    pub fn answer(&self, tx: Tx) -> Answer {
        self.shared.state.lock().desk.ledger.answer(tx)
    }

    /// What is begun next: a participant that was started again asks for that. `None` if it has ended.
    #[expect(clippy::unnecessary_wraps, reason = "as the other variant's, which may have ended")]
    pub fn next(&self) -> Option<Tx> {
        Some(self.shared.state.lock().desk.ledger.next())
    }

    /// What is committed, and who has not said that it is done.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        self.shared.state.lock().desk.unfinished()
    }

    /// Waits until nothing is [unfinished](Self::unfinished). Says whether that came in time.
    pub fn settled(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.shared.state.lock();
        while state.desk.ledger.unfinished().next().is_some() {
            if self.shared.changed.wait_until(&mut state, deadline).timed_out() {
                return state.desk.ledger.unfinished().next().is_none();
            }
        }
        true
    }

    /// What a person must look at.
    pub fn reports(&self) -> Vec<Report> {
        self.shared.state.lock().desk.reports.iter().copied().collect()
    }

    /// A person has mended what this participant lost, or did otherwise.
    pub fn overrule(&self, tx: Tx, participant: ParticipantId) {
        let end = self.shared.state.lock().desk.overrule(tx, participant);
        self.shared.ended(end);
    }

    /// What it did since it was opened.
    pub fn counts(&self) -> Counts {
        self.shared.post.counts()
    }

    /// Begins nothing more, and tells nothing again. What is not decided is aborted, or stays open if its
    /// only participant has not answered; what is committed and not acknowledged will be told by whoever opens
    /// the log next.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Closes it, waits until its clients have their answers, and ends it.
    pub fn shutdown(self) {
        self.close();
        let mut state = self.shared.state.lock();
        while !state.rounds.is_empty() {
            self.shared.changed.wait(&mut state);
        }
    }
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        self.close();
        if let Some(ticker) = self.ticker.take() {
            // It does nothing that can panic; and a panic here would hide another.
            let _ = ticker.join();
        }
        // Whoever brings a reply just now holds it for a moment. When this returns, the link and the log are
        // free for the next.
        while Arc::strong_count(&self.shared) > 1 {
            thread::yield_now();
        }
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// Whoever leaves a round, by an error or a panic too, is waited for no more.
struct Leave<'a> {
    shared: &'a Shared,
    tx: Tx,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.shared.state.lock().rounds.remove(&self.tx);
        self.shared.changed.notify_all();
    }
}
