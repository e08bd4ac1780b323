//! The coordinator of a simulated world: the rules, and what they want done.

use std::collections::BTreeMap;
use std::time::Duration;

use simnet::{Input, NodeId, Outbox};
use two_phase_commit::branches::Part;
use two_phase_commit::ledger::{Acknowledged, Ledger};
use two_phase_commit::message::{Reply, Request, Said, What};
use two_phase_commit::record::Coordinated;
use two_phase_commit::{Outcome, ParticipantId, StoreId, Tx, Votes};

use crate::sim::{COORDINATOR, Message, Node, Write, ms};

/// Until then all have to vote.
const PATIENCE: Duration = ms(20);
/// Who has not acknowledged a commit by then is told again.
const RETELL: Duration = ms(20);
/// The name of its log.
const LOG: u64 = 7;

pub(crate) struct Office {
    ledger: Ledger,
    /// Of this run; written down before its first transaction.
    epoch: Coordinated,
    votes: BTreeMap<Tx, (Votes, Duration)>,
    /// By write, the decision that is on its way to the disk.
    writing: BTreeMap<u64, (Tx, BTreeMap<ParticipantId, StoreId>)>,
    retell: Option<Duration>,
}

impl Office {
    pub(crate) fn recover(disk: Vec<Coordinated>) -> Self {
        let (ledger, epoch) = Ledger::recover(COORDINATOR, LOG, disk).expect("it is its own log");
        let (votes, writing) = (BTreeMap::new(), BTreeMap::new());
        Self { ledger, epoch, votes, writing, retell: None }
    }

    pub(crate) fn begin(
        &mut self,
        now: Duration,
        work: &[(ParticipantId, i64)],
        out: &mut Outbox<Node>,
    ) -> Tx {
        let tx = self.ledger.begin();
        let votes = Votes::of(work.iter().map(|(id, _)| *id)).expect("they differ");
        self.votes.insert(tx, (votes, now + PATIENCE));
        for (id, amount) in work {
            let peers = work.iter().map(|(peer, _)| *peer).filter(|peer| peer != id).collect();
            let part = Part { peers, redo: amount.to_le_bytes().to_vec() };
            self.send(*id, tx, What::Prepare(part), out);
        }
        tx
    }

    pub(crate) fn handle(&mut self, now: Duration, input: &Input<Message>, out: &mut Outbox<Node>) {
        match input {
            Input::Start => {
                out.save(Write::Office(self.epoch.clone()));
                self.tell(now, out);
            }
            Input::Message { message: Message::Reply(reply), .. } => self.hear(now, *reply, out),
            Input::Message { from, message: Message::Asks(tx) } => {
                out.send(*from, Message::Answer(*tx, self.ledger.answer(*tx)));
            }
            Input::Message { .. } => {}
            Input::Saved(write) => {
                if let Some((tx, promised)) = self.writing.remove(write) {
                    out.note(format_args!("committed"));
                    self.ledger.committed(tx, promised);
                    self.tell(now, out);
                }
            }
            Input::Time => {
                let late: Vec<_> = self.votes.iter().filter(|(_, (_, end))| *end <= now).collect();
                let late: Vec<_> = late.into_iter().map(|(tx, _)| *tx).collect();
                for tx in late {
                    self.abort(tx, out);
                }
                if self.retell.is_some_and(|at| at <= now) {
                    self.tell(now, out);
                }
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.votes.values().map(|(_, end)| *end).chain(self.retell).min()
    }

    pub(crate) fn is_writing(&self) -> bool {
        !self.writing.is_empty()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.votes.is_empty()
            && self.writing.is_empty()
            && self.ledger.unfinished().next().is_none()
    }

    fn hear(&mut self, now: Duration, reply: Reply, out: &mut Outbox<Node>) {
        let Reply { tx, from, store, said } = reply;
        match said {
            Said::Voted(vote) => {
                let Some((votes, _)) = self.votes.get_mut(&tx) else { return };
                votes.cast(from, store, vote);
                match votes.outcome() {
                    Some(Outcome::Committed) => self.commit(tx, out),
                    Some(Outcome::Aborted) => self.abort(tx, out),
                    None => {}
                }
            }
            Said::Done => {
                if let Acknowledged::Ended(end) = self.ledger.acknowledged(tx, from, store) {
                    out.save(Write::Office(end));
                }
                self.plan(now);
            }
            Said::Mixed(_) | Said::Became(_) | Said::Foreign => {}
        }
    }

    fn commit(&mut self, tx: Tx, out: &mut Outbox<Node>) {
        let Some((votes, _)) = self.votes.remove(&tx) else { return };
        match self.ledger.commits(tx, votes.promised()) {
            Some(record) => {
                let write = out.save(Write::Office(record));
                self.writing.insert(write, (tx, votes.promised()));
            }
            None => self.ledger.forget(tx),
        }
    }

    fn abort(&mut self, tx: Tx, out: &mut Outbox<Node>) {
        let Some((votes, _)) = self.votes.remove(&tx) else { return };
        out.note(format_args!("aborted"));
        self.ledger.forget(tx);
        for id in votes.waiting() {
            self.send(id, tx, What::Decide(Outcome::Aborted), out);
        }
    }

    /// Whoever must hear of a commit, and has not said that it did.
    fn tell(&mut self, now: Duration, out: &mut Outbox<Node>) {
        let all: Vec<_> = self.ledger.unfinished().collect();
        for (tx, waiting) in &all {
            for id in waiting.keys() {
                self.send(*id, *tx, What::Decide(Outcome::Committed), out);
            }
        }
        self.retell = None;
        self.plan(now);
    }

    fn plan(&mut self, now: Duration) {
        let is_open = self.ledger.unfinished().next().is_some();
        self.retell = is_open.then(|| self.retell.unwrap_or(now + RETELL));
    }

    fn send(&self, to: NodeId, tx: Tx, what: What, out: &mut Outbox<Node>) {
        let (log, mark) = (self.ledger.log(), self.ledger.mark());
        out.send(to, Message::Request(Request { tx, log, mark, what }));
    }
}
