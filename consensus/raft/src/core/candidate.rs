//! Elections (section 5.2), with a trial before each (pre-vote; dissertation, 9.6).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Core;
use super::role::{Candidate, Role};
use crate::message::{Answer, Asked, Ballot, Context, Reply, Request, VoteRequest};
use crate::quorum::Tally;
use crate::types::{HardState, NodeId};

impl Core {
    /// Asks whether it could win, before it disturbs anybody.
    pub(super) fn try_to_lead(&mut self, now: Duration) {
        self.campaign(now, Ballot::Trial);
    }

    pub(super) fn campaign(&mut self, now: Duration, ballot: Ballot) {
        if ballot != Ballot::Trial {
            let term = self.hard_state.term + 1;
            self.hard_state = HardState { term, vote: Some(self.config.id) };
            self.saves.hard_state();
        }
        let ends_at = now.saturating_add(self.rng.stretch(self.config.election));
        let (votes, asked) = (BTreeMap::new(), BTreeSet::new());
        self.role = Role::Candidate(Candidate { ballot, votes, asked, ends_at });
        self.count_votes(now);
    }

    /// Whether to ask this peer for its vote now. Nobody hears of a term before the own disk has: else
    /// a crash could bring the candidate back into the same term, with fewer entries than it said.
    pub(super) fn may_ask(&self, peer: NodeId) -> bool {
        let Role::Candidate(candidate) = &self.role else { return false };
        let is_told = candidate.ballot == Ballot::Trial || self.is_vote_saved();
        is_told
            && !candidate.asked.contains(&peer)
            && self.links.contains_key(&peer)
            && self.log.membership().is_voter(peer)
    }

    pub(super) fn ask_for_vote(
        &mut self,
        now: Duration,
        peer: NodeId,
    ) -> Option<(Context, Request)> {
        if !self.may_ask(peer) {
            return None;
        }
        let Role::Candidate(candidate) = &mut self.role else { return None };
        candidate.asked.insert(peer);
        let (ballot, own) = (candidate.ballot, self.hard_state.term);
        let term = if ballot == Ballot::Trial { own + 1 } else { own };
        let request = VoteRequest { term, last: self.log.last(), ballot };
        let epoch = self.links[&peer];
        let context =
            Context { term: own, epoch, sent_at: now, round: 0, asked: Asked::Vote(ballot) };
        Some((context, Request::Vote(request)))
    }

    pub(super) fn on_vote_reply(
        &mut self,
        now: Duration,
        peer: NodeId,
        context: Context,
        reply: Reply,
    ) {
        let Role::Candidate(candidate) = &mut self.role else { return };
        if context.asked == Asked::Vote(candidate.ballot) {
            candidate.votes.insert(peer, reply.answer == Answer::Yes);
            self.count_votes(now);
        }
    }

    pub(super) fn count_votes(&mut self, now: Duration) {
        let Role::Candidate(candidate) = &self.role else { return };
        let own = candidate.ballot == Ballot::Trial || self.is_vote_saved();
        let vote = |id| match id {
            id if id == self.config.id => own.then_some(true),
            id => candidate.votes.get(&id).copied(),
        };
        // Who has lost still waits: nobody else may have won.
        match (self.log.membership().tally(vote), candidate.ballot) {
            (Tally::Won, Ballot::Trial) => self.campaign(now, Ballot::Real),
            (Tally::Won, Ballot::Real | Ballot::Handed) => self.lead(now),
            (Tally::Lost | Tally::Pending, _) => {}
        }
    }

    fn is_vote_saved(&self) -> bool {
        self.saves.is_saved(self.saves.of_hard_state())
    }
}
