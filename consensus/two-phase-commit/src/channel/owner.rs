//! The thread that owns all transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::disk::Batch;
use crate::branches::Part;
use crate::coordinator::{CommitError, RecallError, Unfinished, Why, Work};
use crate::desk::Desk;
use crate::log::Line;
use crate::message::{Answers, Reply, Said, What};
use crate::post::Post;
use crate::round::{End, Round};
use crate::sync::{Arc, Instant, Receiver, RecvTimeoutError, Sender};
use crate::types::{Outcome, ParticipantId, Tx, Votes};

/// What comes to the owner.
pub(super) enum Word {
    Commit {
        work: Work,
        deadline: Instant,
        answer: Committed,
    },
    Recall {
        tx: Tx,
        participant: ParticipantId,
        deadline: Instant,
        answer: Recalled,
    },
    Heard(Reply),
    /// These decisions are safe, the last of them at this place; or nobody knows whether they are.
    Written {
        txs: Vec<Tx>,
        last: Option<u64>,
    },
    Look(Box<dyn FnOnce(&Desk) + Send>),
    Overrule {
        tx: Tx,
        participant: ParticipantId,
        done: Sender<()>,
    },
    Settled(Sender<()>),
    Close,
    End,
}

type Committed = Sender<Result<Tx, CommitError>>;
type Recalled = Sender<Result<Outcome, RecallError>>;

/// Whose answer is owed.
enum Client {
    Commits(Committed),
    Recalls(ParticipantId, Recalled),
}

/// A transaction whose first phase runs.
struct Running {
    round: Round,
    client: Client,
    deadline: Instant,
}

pub(super) struct Owner {
    desk: Desk,
    post: Arc<Post>,
    answers: Answers,
    disk: Sender<Batch>,
    /// For the disk, when it is done with the batch before.
    batch: Batch,
    is_writing: bool,
    retell: Duration,
    running: BTreeMap<Tx, Running>,
    /// Of those that run.
    deadlines: BTreeSet<(Instant, Tx)>,
    /// Agreed, and the decision is on its way to the disk.
    writing: BTreeMap<Tx, (Votes, Client)>,
    /// Who waits until nothing is unfinished.
    settled: Vec<Sender<()>>,
    /// Unfinished when it was last told again.
    known: BTreeSet<Tx>,
    is_closed: bool,
}

impl Owner {
    pub(super) fn new(
        desk: Desk,
        post: Arc<Post>,
        answers: Answers,
        disk: Sender<Batch>,
        retell: Duration,
    ) -> Self {
        let known = desk.ledger.unfinished().map(|(tx, _)| tx).collect();
        Self {
            desk,
            post,
            answers,
            disk,
            batch: Batch::default(),
            is_writing: false,
            retell,
            running: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            writing: BTreeMap::new(),
            settled: Vec::new(),
            known,
            is_closed: false,
        }
    }

    /// Until it is told to end and nobody is owed an answer.
    // ANCHOR: run
    pub(super) fn run(mut self, inbox: &Receiver<Word>) {
        let (mut retell, mut ends) = (Instant::now(), false);
        while !(ends && self.writing.is_empty() && self.batch.is_empty()) {
            let next = self.deadlines.first().map_or(retell, |(first, _)| retell.min(*first));
            match inbox.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Word::End) => {
                    self.close();
                    ends = true;
                }
                Ok(word) => self.take(word),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            self.give_up(now);
            if now >= retell {
                self.tell_again();
                retell = now + self.retell;
            }
            self.write();
        }
    }
    // ANCHOR_END: run

    fn take(&mut self, word: Word) {
        match word {
            Word::Commit { answer, .. } if self.is_closed => {
                let _ = answer.send(Err(CommitError::Closed));
            }
            Word::Commit { work, deadline, answer } => self.begin(work, deadline, answer),
            Word::Recall { answer, .. } if self.is_closed => {
                let _ = answer.send(Err(RecallError::Closed));
            }
            Word::Recall { tx, participant, deadline, answer } => {
                let round = Round::Alone(participant);
                self.start(
                    tx,
                    Running { round, client: Client::Recalls(participant, answer), deadline },
                );
                self.send(participant, tx, What::Recall);
            }
            Word::Heard(reply) => self.hear(reply),
            Word::Written { txs, last } => {
                self.is_writing = false;
                self.written(&txs, last);
            }
            Word::Look(look) => look(&self.desk),
            Word::Overrule { tx, participant, done } => {
                let end = self.desk.overrule(tx, participant);
                self.ended(end);
                let _ = done.send(());
            }
            Word::Settled(answer) => {
                self.settled.push(answer);
                self.settle();
            }
            Word::Close | Word::End => self.close(),
        }
    }

    fn begin(&mut self, work: Work, deadline: Instant, answer: Committed) {
        let tx = self.desk.ledger.begin();
        let peers: Vec<_> = work.iter().map(|(participant, _)| *participant).collect();
        let (round, alone) = match (&peers[..], Votes::of(peers.iter().copied())) {
            ([only], _) => (Round::Alone(*only), true),
            (_, Some(votes)) => (Round::Votes(votes), false),
            // Checked before it was sent here.
            (_, None) => return,
        };
        self.start(tx, Running { round, client: Client::Commits(answer), deadline });
        for (participant, redo) in work {
            let others = peers.iter().copied().filter(|peer| *peer != participant);
            let part = Part { peers: others.collect(), redo };
            let what = if alone { What::Alone(part) } else { What::Prepare(part) };
            self.send(participant, tx, what);
        }
    }

    fn start(&mut self, tx: Tx, running: Running) {
        self.deadlines.insert((running.deadline, tx));
        self.running.insert(tx, running);
    }

    fn hear(&mut self, reply: Reply) {
        self.post.heard();
        if let Said::Done | Said::Mixed(_) = reply.said {
            let end = self.desk.told(reply);
            self.ended(end);
        } else if let Some(running) = self.running.get_mut(&reply.tx)
            && running.round.hear(&reply)
        {
            self.over(reply.tx);
        }
    }

    /// The time of some is up.
    fn give_up(&mut self, now: Instant) {
        while let Some((deadline, tx)) = self.deadlines.first().copied() {
            if deadline > now {
                return;
            }
            self.abandon(tx, deadline);
        }
    }

    fn abandon(&mut self, tx: Tx, deadline: Instant) {
        self.deadlines.remove(&(deadline, tx));
        if let Some(running) = self.running.get_mut(&tx) {
            running.round.give_up(self.is_closed);
            self.over(tx);
        }
    }

    /// The first phase has ended.
    fn over(&mut self, tx: Tx) {
        let Some(Running { round: Round::Over(end), client, deadline }) = self.running.remove(&tx)
        else {
            return;
        };
        self.deadlines.remove(&(deadline, tx));
        let client = match client {
            Client::Recalls(who, answer) => return self.recalled(tx, who, &end, &answer),
            client @ Client::Commits(_) => client,
        };
        match end {
            End::Agreed(votes) => self.decide(tx, votes, client),
            End::Failed(waiting, why) => {
                self.desk.ledger.forget(tx);
                for participant in waiting {
                    self.send(participant, tx, What::Decide(Outcome::Aborted));
                }
                client.answer(tx, Err(CommitError::Aborted(tx, why)));
            }
            End::Done => {
                self.desk.ledger.forget(tx);
                client.answer(tx, Ok(tx));
            }
            // It stays open, so that the participant remembers it.
            End::Silent(participant) => {
                client.answer(tx, Err(CommitError::Silent { tx, participant }));
            }
        }
    }

    /// All agree: the decision goes to the disk, and the owner on to something else.
    fn decide(&mut self, tx: Tx, votes: Votes, client: Client) {
        if let Some(record) = self.desk.ledger.commits(tx, votes.promised()) {
            self.post.forced(1);
            self.writing.insert(tx, (votes, client));
            self.batch.decided.push((tx, Line::Plain(record.encode())));
        } else {
            // Nobody has anything to do.
            self.desk.ledger.forget(tx);
            client.answer(tx, Ok(tx));
        }
    }

    /// The disk gets all that has come up, once it has nothing else to do.
    fn write(&mut self) {
        if !self.is_writing && !self.batch.is_empty() {
            self.is_writing = true;
            // It waits for this as long as the owner is there.
            let _ = self.disk.send(std::mem::take(&mut self.batch));
        }
    }

    /// These decisions are safe, the last of them at this place: now they are told. Or nobody knows.
    fn written(&mut self, txs: &[Tx], last: Option<u64>) {
        let places = last.map(|last| last + 1 - txs.len() as u64..);
        let mut places = places.into_iter().flatten();
        for tx in txs {
            let Some((votes, client)) = self.writing.remove(tx) else { continue };
            let Some(place) = places.next() else {
                client.answer(*tx, Err(CommitError::LogFailed(*tx)));
                continue;
            };
            let promised = votes.promised();
            self.desk.committed(*tx, promised.clone(), place);
            for participant in promised.into_keys() {
                self.send(participant, *tx, What::Decide(Outcome::Committed));
            }
            client.answer(*tx, Ok(*tx));
        }
    }

    fn recalled(&mut self, tx: Tx, who: ParticipantId, end: &End, answer: &Recalled) {
        let outcome = match end {
            End::Done => Outcome::Committed,
            End::Failed(_, Why::Refused(_)) => Outcome::Aborted,
            _ => {
                let _ = answer.send(Err(RecallError::Silent));
                return;
            }
        };
        self.desk.ledger.forget(tx);
        let _ = answer.send(Ok(outcome));
        self.send(who, tx, What::Forget);
    }

    fn send(&self, to: ParticipantId, tx: Tx, what: What) {
        self.post.send(to, tx, self.desk.ledger.mark(), what, &self.answers);
    }

    /// The last has acknowledged it. If this record is lost, they are told once more.
    fn ended(&mut self, end: Option<Line>) {
        if let Some(line) = end {
            self.batch.lazy.push(line);
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.desk.ledger.unfinished().next().is_none() {
            for waiting in self.settled.drain(..) {
                let _ = waiting.send(());
            }
        }
    }

    /// Tells again whatever was unfinished a while ago, and is so still.
    fn tell_again(&mut self) {
        if self.is_closed {
            return;
        }
        let unfinished = self.desk.unfinished();
        for Unfinished { tx, participants } in &unfinished {
            for participant in participants.iter().filter(|_| self.known.contains(tx)) {
                self.send(*participant, *tx, What::Decide(Outcome::Committed));
            }
        }
        self.known = unfinished.iter().map(|it| it.tx).collect();
        self.batch.release = Some(self.desk.needed_from());
    }

    fn close(&mut self) {
        self.is_closed = true;
        for (deadline, tx) in std::mem::take(&mut self.deadlines) {
            self.abandon(tx, deadline);
        }
    }
}

impl Client {
    /// It may be gone, by a panic: then nobody is owed anything.
    fn answer(self, tx: Tx, end: Result<Tx, CommitError>) {
        match self {
            Self::Commits(answer) => _ = answer.send(end),
            Self::Recalls(..) => tracing::error!(%tx, "a recall has no decision"),
        }
    }
}
