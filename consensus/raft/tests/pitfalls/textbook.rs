//! The textbook's Raft, in Rust, with its faults left in. It is told what happened by the tests; what
//! it would do in goroutines it does when a test says so.

use raft::{NodeId, Term};

/// An entry: its term and what it says.
pub(crate) type Entry = (Term, &'static str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Follower,
    Candidate,
    Leader,
}

pub(crate) struct Textbook {
    pub(crate) id: NodeId,
    /// The others.
    pub(crate) peers: Vec<NodeId>,
    pub(crate) state: State,
    pub(crate) term: Term,
    pub(crate) voted_for: Option<NodeId>,
    /// Element 0 is no entry.
    pub(crate) log: Vec<Entry>,
    pub(crate) commit: usize,
    pub(crate) votes: usize,
    /// How often it became leader.
    pub(crate) crowned: usize,
    /// Until the next heartbeat, in ticks. A timer that fired is not set again.
    pub(crate) heartbeat: Option<u32>,
    /// Until the next election, in ticks.
    pub(crate) election: u32,
}

impl Textbook {
    pub(crate) fn new(id: NodeId, count: NodeId) -> Self {
        Self {
            id,
            peers: (1..=count).filter(|peer| *peer != id).collect(),
            state: State::Follower,
            term: 0,
            voted_for: None,
            log: vec![(0, "")],
            commit: 0,
            votes: 0,
            crowned: 0,
            heartbeat: None,
            election: 3,
        }
    }

    // ANCHOR: textbook
    pub(crate) fn start_election(&mut self) {
        self.state = State::Candidate;
        self.term += 1;
        self.votes = 1;
        self.election = 3;
    }

    /// Each vote is counted by a goroutine of its own, whenever it comes.
    pub(crate) fn vote_came(&mut self) {
        self.votes += 1;
        if self.votes > self.peers.len() / 2 {
            self.state = State::Leader;
            self.crowned += 1;
            self.heartbeat = Some(1);
        }
    }

    pub(crate) fn request_vote(
        &mut self,
        term: Term,
        candidate: NodeId,
        last: (Term, usize),
    ) -> bool {
        if term < self.term {
            return false;
        }
        if term > self.term {
            (self.term, self.state, self.voted_for) = (term, State::Follower, None);
        }
        let is_free = self.voted_for.is_none_or(|vote| vote == candidate);
        if is_free && last >= (self.log[self.log.len() - 1].0, self.log.len() - 1) {
            self.voted_for = Some(candidate);
            self.election = 3;
            return true;
        }
        false
    }

    pub(crate) fn append_entries(
        &mut self,
        term: Term,
        previous: (Term, usize),
        entries: &[Entry],
        commit: usize,
    ) -> bool {
        if term < self.term {
            return false;
        }
        if term > self.term {
            (self.term, self.state, self.voted_for) = (term, State::Follower, None);
        }
        self.election = 3;
        if self.log.get(previous.1).is_none_or(|entry| entry.0 != previous.0) {
            return false;
        }
        for (at, entry) in (previous.1 + 1..).zip(entries) {
            if self.log.get(at).is_some_and(|mine| mine.0 != entry.0) {
                self.log.truncate(at);
            }
            if at == self.log.len() {
                self.log.push(*entry);
            }
        }
        self.commit = self.commit.max(commit.min(self.log.len() - 1));
        true
    }
    // ANCHOR_END: textbook

    /// The two timers. Says whether heartbeats go out.
    pub(crate) fn tick(&mut self) -> bool {
        self.election -= 1;
        if self.election == 0 {
            self.start_election();
        }
        self.heartbeat = self.heartbeat.and_then(|left| left.checked_sub(1));
        self.heartbeat.take_if(|left| *left == 0).is_some()
    }

    /// After a crash: nothing of it was on a disk.
    pub(crate) fn restarted(&self) -> Self {
        Self::new(self.id, self.peers.len() as NodeId + 1)
    }
}
