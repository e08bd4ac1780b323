//! One thread owns all transactions and waits for whatever comes first: a client, a vote, the disk, a
//! deadline. Another one writes, and shares each fsync among all decisions that came while the last one ran.
//!
//! Take along: `channel.rs`, `channel/disk.rs`, `channel/owner.rs`, `branches.rs`,
//! `branches/follows.rs`, `coordinator.rs`, `desk.rs`, `drawn.rs`, `embedded.rs`,
//! `embedded/picture.rs`, `here.rs`, `ledger.rs`, `log.rs`, `message.rs`, `participant.rs`,
//! `participant/together.rs`, `post.rs`, `record.rs`, `round.rs`, `store.rs`, `sync.rs`,
//! `types.rs`.

use std::fmt;
use std::time::Duration;

use super::coordinator::{
    CommitError, Counts, OpenError, Options, RecallError, Report, Unfinished, Work, check,
};
use super::desk::Desk;
use super::log::{Log, Opened};
use super::message::{Answers, Link};
use super::post::Post;
use super::sync::{Arc, Instant, JoinHandle, Sender, bounded, thread};
use super::types::{Answer, Outcome, ParticipantId, Tx};

#[path = "channel/disk.rs"]
mod disk;
#[path = "channel/owner.rs"]
mod owner;

use owner::{Owner, Word};

/// Decides on transactions: all do their part, or nobody does.
pub struct Coordinator {
    words: Sender<Word>,
    post: Arc<Post>,
    threads: Vec<JoinHandle<()>>,
}

/// How much may wait for the owner; then clients wait for room.
const INBOX: usize = 16_384;

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
        let post = Arc::new(Post::new(link, desk.ledger.log()));
        let (words, inbox) = bounded(INBOX);
        // The owner hands over the next batch when the last one is written.
        let (to_disk, batches) = bounded(1);
        let own = words.clone();
        // A flood of replies keeps no client out: what finds no room is lost, as on any network. A
        // coordinator that has ended hears nothing.
        let answers = Answers::to(move |reply| _ = own.try_send(Word::Heard(reply)));
        let done = words.clone();
        let writer = thread::spawn(move || disk::run(&log, &batches, &done));
        let owner = Owner::new(desk, Arc::clone(&post), answers, to_disk, options.retell);
        let owner = thread::spawn(move || owner.run(&inbox));
        Ok(Self { words, post, threads: vec![owner, writer] })
    }

    /// Has all of them do their part, or nobody: whoever crashes, and whatever is lost. Returns when it is
    /// decided and the decision is safe; the participants hear of it then.
    ///
    /// # Errors
    ///
    /// When it was aborted, because one said no or the time was up; and when nobody knows yet.
    pub fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
        check(&work)?;
        let deadline = Instant::now() + patience;
        let commit = |answer| Word::Commit { work, deadline, answer };
        self.ask(commit).unwrap_or(Err(CommitError::Closed))
    }

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
        let recall = |answer| Word::Recall { tx, participant, deadline, answer };
        self.ask(recall).unwrap_or(Err(RecallError::Closed))
    }

    /// What a participant hears that has voted yes, and asks.
    pub fn answer(&self, tx: Tx) -> Answer {
        self.look(move |desk| desk.ledger.answer(tx)).unwrap_or(Answer::Wait)
    }

    /// What is begun next: a participant that was started again asks for that. `None` if it has ended.
    pub fn next(&self) -> Option<Tx> {
        self.look(|desk| desk.ledger.next())
    }

    /// What is committed, and who has not said that it is done.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        self.look(Desk::unfinished).unwrap_or_default()
    }

    /// Waits until nothing is [unfinished](Self::unfinished). Says whether that came in time.
    pub fn settled(&self, patience: Duration) -> bool {
        let (answer, settled) = bounded(1);
        let asked = self.words.send(Word::Settled(answer)).is_ok();
        asked && settled.recv_timeout(patience).is_ok()
    }

    /// What a person must look at.
    pub fn reports(&self) -> Vec<Report> {
        self.look(|desk| desk.reports.iter().copied().collect()).unwrap_or_default()
    }

    /// A person has mended what this participant lost, or did otherwise.
    pub fn overrule(&self, tx: Tx, participant: ParticipantId) {
        self.ask(|done| Word::Overrule { tx, participant, done });
    }

    /// What it did since it was opened.
    pub fn counts(&self) -> Counts {
        self.post.counts()
    }

    /// Begins nothing more, and tells nothing again. What is not decided is aborted, or stays open if its
    /// only participant has not answered; what is committed and not acknowledged will be told by whoever opens
    /// the log next.
    pub fn close(&self) {
        let _ = self.words.send(Word::Close);
    }

    /// Closes it, waits until its clients have their answers, and ends it.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn look<T: Send + 'static>(&self, look: impl FnOnce(&Desk) -> T + Send + 'static) -> Option<T> {
        self.ask(|answer| Word::Look(Box::new(move |desk| _ = answer.send(look(desk)))))
    }

    /// `None` if it has ended.
    fn ask<T>(&self, word: impl FnOnce(Sender<T>) -> Word) -> Option<T> {
        let (answer, answered) = bounded(1);
        self.words.send(word(answer)).ok()?;
        answered.recv().ok()
    }

    fn end(&mut self) {
        let _ = self.words.send(Word::End);
        for thread in self.threads.drain(..) {
            // They do nothing that can panic; and a panic here would hide another.
            let _ = thread.join();
        }
    }
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
