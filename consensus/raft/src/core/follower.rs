//! What a node does when others ask (figure 2, "RPC implementation").

use std::time::Duration;

use super::Core;
use super::role::{Follower, Incoming, Role};
use crate::log::AppendError;
use crate::message::{Answer, AppendRequest, Ballot, ChunkRequest, Refused, VoteRequest};
use crate::saves::Piece;
use crate::types::{Index, NodeId, Position, Snapshot, Term};

/// An answer, and the save that must be safe before it leaves.
type Answered = (Answer, u64);

impl Core {
    pub(super) fn on_vote(
        &mut self,
        now: Duration,
        from: NodeId,
        request: VoteRequest,
    ) -> Answered {
        let VoteRequest { term, last, ballot } = request;
        let is_loyal = ballot != Ballot::Handed && self.is_loyal(now);
        if is_loyal || term < self.hard_state.term {
            return (Answer::No, 0);
        }
        if ballot == Ballot::Trial {
            let would = term > self.hard_state.term && last >= self.log.last();
            return (if would { Answer::Yes } else { Answer::No }, 0);
        }
        if term > self.hard_state.term {
            self.follow(now, term, None);
        }
        let is_free = self.hard_state.vote.is_none_or(|vote| vote == from);
        if !is_free || last < self.log.last() {
            return (Answer::No, 0);
        }
        if self.hard_state.vote.is_none() {
            self.hard_state.vote = Some(from);
            self.saves.hard_state();
        }
        if let Role::Follower(follower) = &mut self.role {
            // Its candidate gets the time to win.
            follower.campaign_at = now.saturating_add(self.rng.stretch(self.config.election));
        }
        (Answer::Yes, 0)
    }

    /// Whether it heard of a leader so lately that no election makes sense (dissertation, 4.2.3). Who
    /// was removed, or cut off for a while, cannot disturb the others.
    fn is_loyal(&self, now: Duration) -> bool {
        match &self.role {
            Role::Leader(_) => true,
            Role::Candidate(_) => false,
            Role::Follower(follower) => now < follower.loyal_until,
        }
    }

    pub(super) fn on_append(
        &mut self,
        now: Duration,
        from: NodeId,
        request: AppendRequest,
    ) -> Result<Answered, Refused> {
        if request.term < self.hard_state.term {
            return Ok((Answer::No, 0));
        }
        let (term, commit, last) = (request.term, request.commit, request.last());
        let contradiction = Refused::Contradiction { leader: from, term };
        if self.contradicts(from, term) {
            return Err(contradiction);
        }
        let changed = match self.log.append(request.previous, request.entries, self.commit) {
            Ok(changed) => changed,
            Err(AppendError::Committed(_)) => return Err(contradiction),
            Err(AppendError::Conflict(conflict)) => {
                self.follow(now, term, Some(from));
                return Ok((Answer::Conflict(conflict), 0));
            }
        };
        self.follow(now, term, Some(from));
        if let Some(first) = changed {
            self.saves.tail(first);
        }
        // Not to the end of the own log: what stands behind the last of *these* may be of another leader.
        self.commit_to(commit.min(last));
        Ok((Answer::Yes, self.saves.of_entry(last)))
    }

    /// Whether another leads in this term.
    fn contradicts(&self, from: NodeId, term: Term) -> bool {
        term == self.hard_state.term && self.leader().is_some_and(|leader| leader != from)
    }

    pub(super) fn on_chunk(
        &mut self,
        now: Duration,
        from: NodeId,
        request: ChunkRequest,
    ) -> Result<Answered, Refused> {
        let ChunkRequest { term, snapshot, offset, bytes, .. } = request;
        if term < self.hard_state.term {
            return Ok((Answer::No, 0));
        }
        if self.contradicts(from, term) {
            return Err(Refused::Contradiction { leader: from, term });
        }
        let last = snapshot.last;
        if self.contradicts_commits(last) {
            return Err(Refused::Contradiction { leader: from, term });
        }
        self.follow(now, term, Some(from));
        if last.index <= self.commit || self.log.position(last.index) == Some(last) {
            // All of it is in the log, and committed: so the log need not be thrown away.
            self.commit_to(last.index);
            return Ok((Answer::Have(snapshot.size), self.saves.of_entry(last.index)));
        }
        let have = self.have(&snapshot);
        let piece = Piece { snapshot, offset, bytes };
        if offset == have { Ok(self.take_piece(piece)) } else { Ok((Answer::Have(have), 0)) }
    }

    /// Whether a snapshot that ends there holds another entry than is committed here.
    fn contradicts_commits(&self, last: Position) -> bool {
        let known = self.log.term(last.index.min(self.commit));
        let is_behind = last.index > self.commit;
        known.is_some_and(|term| if is_behind { last.term < term } else { last.term != term })
    }

    /// How many bytes of it are here.
    fn have(&self, snapshot: &Snapshot) -> u64 {
        let Role::Follower(Follower { incoming: Some(incoming), .. }) = &self.role else {
            return 0;
        };
        let is_same = incoming.term == self.hard_state.term && incoming.snapshot == *snapshot;
        if is_same { incoming.have } else { 0 }
    }

    fn take_piece(&mut self, piece: Piece) -> Answered {
        let (snapshot, have) = (piece.snapshot.clone(), piece.offset);
        let (end, is_last) = (have + piece.bytes.len() as u64, piece.is_last());
        if !self.saves.piece(piece, self.commit) {
            // One waits for the disk. The leader asks again when it is there, and not before.
            return (Answer::No, self.saves.next());
        }
        if is_last {
            self.install(snapshot);
        } else if let Role::Follower(follower) = &mut self.role {
            let term = self.hard_state.term;
            follower.incoming = Some(Incoming { term, snapshot, have: end });
        }
        (Answer::Have(end), self.saves.next())
    }

    /// The snapshot stands in place of the log, all of it: what is in the log was another leader's.
    fn install(&mut self, snapshot: Snapshot) {
        if let Role::Follower(follower) = &mut self.role {
            follower.incoming = None;
        }
        self.log = crate::log::Log::after(snapshot.last, snapshot.members.clone());
        self.commit_to(snapshot.last.index);
        self.snapshot = Some(snapshot);
    }

    /// Whether it starts an election because its leader asks for it.
    pub(super) fn on_campaign(&mut self, now: Duration, from: NodeId, term: Term) -> Answer {
        let is_asked = term == self.hard_state.term && self.leader() == Some(from);
        if is_asked && self.may_lead() {
            self.campaign(now, Ballot::Handed);
            Answer::Yes
        } else {
            Answer::No
        }
    }

    /// Nothing up to here will ever change.
    pub(super) fn commit_to(&mut self, index: Index) {
        if index > self.commit {
            self.commit = index;
            self.settle_proposals();
        }
    }
}
