//! Many requests at once: what they have to write is made safe together.

use super::Participant;
use crate::branches::{Asked, Part, Told};
use crate::message::{Reply, Request, Said, What};
use crate::store::{Store, StoreFailed};
use crate::types::{Outcome, Tx, Vote};

impl<S: Store> Participant<S> {
    /// As [`handle`](Self::handle), for many that came while the disk was busy, each with its answer in its
    /// place. What is promised and what is committed then waits for the disk once.
    pub fn handle_all(&self, requests: Vec<Request>) -> Vec<Option<Reply>> {
        let txs: Vec<_> = requests.iter().map(|request| request.tx).collect();
        let mut said = vec![None; txs.len()];
        let (mut parts, mut ends) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for (place, Request { tx, log, mark, what }) in requests.into_iter().enumerate() {
            match self.is_bound(tx.coordinator, log) {
                Ok(true) => self.hear(mark),
                Ok(false) => {
                    said[place] = Some(Said::Foreign);
                    continue;
                }
                Err(_) => continue,
            }
            match what {
                What::Prepare(part) => parts.extend([(place, (tx, part))]),
                What::Decide(outcome) => ends.extend([(place, (tx, outcome))]),
                What::Alone(part) => said[place] = Some(Said::Became(self.alone(tx, &part))),
                What::Recall => said[place] = Some(Said::Became(self.recall(tx))),
                What::Forget => self.forget(tx),
            }
        }
        let (votes, done) = self.together(parts.1, ends.1);
        for (place, vote) in parts.0.into_iter().zip(votes) {
            said[place] = vote.map(Said::Voted);
        }
        for (place, done) in ends.0.into_iter().zip(done) {
            said[place] = done;
        }
        let (from, store) = (self.id, self.store_id);
        let reply = |(tx, said): (Tx, Option<Said>)| Some(Reply { tx, from, store, said: said? });
        txs.into_iter().zip(said).map(reply).collect()
    }

    /// Votes on parts, and is told the outcome of others. What is said to each stands in its place.
    fn together(
        &self,
        mut parts: Vec<(Tx, Part)>,
        mut ends: Vec<(Tx, Outcome)>,
    ) -> (Vec<Option<Vote>>, Vec<Option<Said>>) {
        let (asked, told): (Vec<_>, Vec<_>) = {
            let mut branches = self.branches.lock();
            let asked = parts.iter().map(|(tx, part)| branches.prepare(*tx, part.clone()));
            let asked = asked.collect();
            (asked, ends.iter().map(|(tx, outcome)| branches.decide(*tx, *outcome)).collect())
        };
        let (mut asks, mut tells) = (asked.iter(), told.iter());
        parts.retain(|_| matches!(asks.next(), Some(Asked::Write(_))));
        ends.retain(|_| matches!(tells.next(), Some(Told::Write(..))));
        let (prepared, finished) = self.store.together(&parts, &ends);
        let mut prepared = parts.iter().zip(prepared);
        let vote = |asked| match asked {
            Asked::Write(_) => prepared.next().and_then(|((tx, _), it)| self.prepared(*tx, it)),
            Asked::Vote(vote) => Some(vote),
            Asked::Busy => None,
        };
        let votes = asked.into_iter().map(vote).collect();
        let mut finished = ends.iter().zip(finished);
        let say = |told| match told {
            Told::Write(_, part) => {
                finished.next().and_then(|((tx, _), it)| self.finished(*tx, part, it))
            }
            Told::Known => Some(Said::Done),
            Told::Later => None,
            Told::Mixed(forced) => Some(Said::Mixed(forced)),
        };
        (votes, told.into_iter().map(say).collect())
    }

    /// It is told the outcome of one.
    pub(super) fn decide(&self, tx: Tx, outcome: Outcome) -> Option<Said> {
        self.together(Vec::new(), vec![(tx, outcome)]).1.pop().flatten()
    }

    fn prepared(&self, tx: Tx, result: Result<Vote, StoreFailed>) -> Option<Vote> {
        let is_certain = match result {
            Ok(Vote::Yes) => return self.promise(tx),
            Ok(Vote::ReadOnly) => return self.read(tx),
            Ok(Vote::No) => true,
            Err(error) => {
                tracing::error!(%tx, %error, participant = self.id, "cannot prepare");
                false
            }
        };
        self.branches.lock().declined(tx, is_certain);
        Some(Vote::No)
    }

    pub(super) fn finished(
        &self,
        tx: Tx,
        part: Part,
        result: Result<(), StoreFailed>,
    ) -> Option<Said> {
        match result {
            Ok(()) => {
                self.branches.lock().committed(tx);
                Some(Said::Done)
            }
            Err(error) => {
                tracing::error!(%tx, %error, participant = self.id, "cannot finish");
                self.branches.lock().undone(tx, part);
                None
            }
        }
    }
}
