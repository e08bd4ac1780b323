//! How a leader brings its log to the others (section 5.3) and learns what is committed (5.4).

use std::collections::VecDeque;
use std::time::Duration;

use super::Core;
use super::role::{Handover, Leader, Role};
use crate::log::{Conflict, Entry, Payload};
use crate::message::{
    Answer, AppendRequest, Asked, ChunkRequest, Context, Refused, Reply, Request,
};
use crate::progress::{Flight, Pipe, Progress};
use crate::types::{Index, NodeId, Position};

/// What a peer gets next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// The lead.
    Campaign,
    /// A piece of the snapshot.
    Chunk,
    /// What follows in the log.
    Entries,
    /// A word that the leader lives.
    Beat,
}

impl Core {
    pub(super) fn lead(&mut self, now: Duration) {
        let next = self.log.last().index + 1;
        let others = self.log.membership().nodes().into_iter().filter(|id| *id != self.config.id);
        let peers = others.map(|id| (id, Progress::new(next, now))).collect();
        let (reads, handover) = (VecDeque::new(), Handover::None);
        self.role = Role::Leader(Leader { peers, round: 0, reads, handover });
        // Entries of earlier terms are committed by one of this term (sections 5.4.2 and 8).
        self.push(Entry { term: self.hard_state.term, payload: Payload::Empty });
        self.advance(now);
    }

    /// What there is for a peer. Whether its pipe is free the caller knows.
    pub(super) fn plan(&self, leader: &Leader, peer: NodeId) -> Option<Plan> {
        let progress = leader.peers.get(&peer).filter(|_| self.links.contains_key(&peer))?;
        let last = self.log.last().index;
        if leader.handover.is_untold(peer) && progress.matched == last {
            return Some(Plan::Campaign);
        }
        let next = match &progress.pipe {
            Pipe::Snapshot { sent: None, .. } => return Some(Plan::Chunk),
            Pipe::Probe { next, sent: None } => Some(*next),
            Pipe::Stream { next, flights } if *next <= last => {
                let on_its_way = self.log.bytes(progress.matched, next - 1);
                let has_room =
                    flights.len() < self.config.flights && on_its_way < self.config.window;
                has_room.then_some(*next)
            }
            Pipe::Probe { .. } | Pipe::Stream { .. } | Pipe::Snapshot { .. } => None,
        };
        match next {
            Some(next) if next <= self.log.base().index => Some(Plan::Chunk),
            Some(_) => Some(Plan::Entries),
            None if leader.owes_beat(peer) => Some(Plan::Beat),
            None => None,
        }
    }

    pub(super) fn send_as_leader(
        &mut self,
        now: Duration,
        peer: NodeId,
        plan: Plan,
    ) -> Option<(Context, Request)> {
        let Role::Leader(leader) = &mut self.role else { return None };
        let round = leader.round;
        let (asked, request) = match plan {
            Plan::Campaign => {
                leader.handover.tell();
                (Asked::Campaign, Request::Campaign { term: self.hard_state.term })
            }
            Plan::Chunk => self.chunk_for(now, peer)?,
            Plan::Entries => self.entries_for(now, peer)?,
            Plan::Beat => self.append(self.beat_position(peer)?, Vec::new()),
        };
        if let Asked::Append { length: 0, .. } = asked {
            self.on_beat(now, peer);
        }
        let (term, epoch) = (self.hard_state.term, *self.links.get(&peer)?);
        Some((Context { term, epoch, sent_at: now, round, asked }, request))
    }

    /// What leaves for a peer now needs no disk to be answered.
    fn on_beat(&mut self, now: Duration, peer: NodeId) {
        if let Role::Leader(Leader { peers, round, .. }) = &mut self.role
            && let Some(progress) = peers.get_mut(&peer)
        {
            (progress.beat_at, progress.owes_beat, progress.asked_round) = (now, false, *round);
        }
    }

    fn append(&self, previous: Position, entries: Vec<Entry>) -> (Asked, Request) {
        let (term, commit) = (self.hard_state.term, self.commit);
        let length = entries.len() as u64;
        let asked = Asked::Append { previous: previous.index, length, commit };
        (asked, Request::Append(AppendRequest { term, previous, entries, commit }))
    }

    /// What a peer certainly has: the answer to a heartbeat waits for nobody's disk.
    fn beat_position(&self, peer: NodeId) -> Option<Position> {
        let Role::Leader(leader) = &self.role else { return None };
        let matched = leader.peers.get(&peer)?.matched;
        Some(self.log.position(matched).unwrap_or_default())
    }

    fn entries_for(&mut self, now: Duration, peer: NodeId) -> Option<(Asked, Request)> {
        let Role::Leader(leader) = &mut self.role else { return None };
        let progress = leader.peers.get_mut(&peer)?;
        let (from, room) = match &progress.pipe {
            Pipe::Probe { next, .. } => (*next, self.config.window),
            Pipe::Stream { next, .. } => {
                let on_its_way = self.log.bytes(progress.matched, next - 1);
                (*next, self.config.window.saturating_sub(on_its_way))
            }
            Pipe::Snapshot { .. } => return None,
        };
        let entries = self.log.batch(from, self.config.batch.min(room))?;
        match &mut progress.pipe {
            Pipe::Stream { next, flights } => {
                *next += entries.len() as Index;
                flights.push_back(Flight { last: *next - 1, sent_at: now });
            }
            Pipe::Probe { sent, .. } | Pipe::Snapshot { sent, .. } => *sent = Some(now),
        }
        Some(self.append(self.log.position(from - 1)?, entries))
    }

    fn chunk_for(&mut self, now: Duration, peer: NodeId) -> Option<(Asked, Request)> {
        let newest = self.snapshot.clone()?;
        let Role::Leader(leader) = &mut self.role else { return None };
        let pipe = &mut leader.peers.get_mut(&peer)?.pipe;
        if !matches!(pipe, Pipe::Snapshot { .. }) {
            *pipe = Pipe::Snapshot { snapshot: newest, offset: 0, sent: None };
        }
        let Pipe::Snapshot { snapshot, offset, sent } = pipe else { return None };
        *sent = Some(now);
        let length = (snapshot.size - *offset).min(self.config.chunk.into()) as u32;
        let (term, snapshot, offset) = (self.hard_state.term, snapshot.clone(), *offset);
        let asked = Asked::Chunk { last: snapshot.last, size: snapshot.size };
        let bytes = Vec::new();
        Some((asked, Request::Chunk(ChunkRequest { term, snapshot, offset, length, bytes })))
    }

    pub(super) fn on_peers_reply(
        &mut self,
        now: Duration,
        peer: NodeId,
        context: Context,
        reply: Reply,
    ) -> Result<(), Refused> {
        let last = self.log.last().index;
        if context.reaches() > last {
            let (word, number) = ("entry", context.reaches());
            return Err(Refused::NeverAsked { word, number, last });
        }
        let Role::Leader(leader) = &mut self.role else { return Ok(()) };
        let Some(progress) = leader.peers.get_mut(&peer) else { return Ok(()) };
        match (context.asked, reply.answer) {
            // Late, or a word about an election that is not for this term.
            (Asked::Vote(_) | Asked::Campaign, _) => return Ok(()),
            (Asked::Append { commit, .. }, Answer::Yes) => {
                progress.has(context.reaches());
                progress.told = progress.told.max(commit.min(context.reaches()));
            }
            (Asked::Append { previous, .. }, Answer::Conflict(conflict)) => {
                if progress.is_news(previous) {
                    let next = after_conflict(&self.log, conflict, previous);
                    progress.probe_from(next);
                }
            }
            (Asked::Chunk { last, .. }, Answer::Have(bytes)) => progress.has_bytes(last, bytes),
            (Asked::Chunk { last, .. }, Answer::No) => progress.ask_again(last),
            (Asked::Append { .. } | Asked::Chunk { .. }, _) => {}
        }
        progress.contact = progress.contact.max(context.sent_at);
        progress.round = progress.round.max(context.round);
        self.forget_who_left();
        self.advance(now);
        Ok(())
    }

    /// Commits what a majority holds, if the last of it is of this term: a majority with an older
    /// last entry may still be overruled (figure 8).
    pub(super) fn advance(&mut self, now: Duration) {
        let Role::Leader(leader) = &self.role else { return };
        let own = self.durable();
        let held = self.log.membership().committed(|id| {
            if id == self.config.id {
                own
            } else {
                leader.peers.get(&id).map_or(0, |it| it.matched)
            }
        });
        if held > self.commit && self.log.term(held) == Some(self.hard_state.term) {
            self.commit_to(held);
            self.on_commit(now);
        }
        self.settle_reads();
    }

    pub(super) fn leaders_deadline(&self) -> Option<Duration> {
        let Role::Leader(leader) = &self.role else { return None };
        let (election, heartbeat) = (self.config.election, self.config.heartbeat);
        let peers = leader.peers.iter().flat_map(|(id, progress)| {
            let is_up = self.links.contains_key(id);
            let beat = (is_up && !progress.owes_beat)
                .then_some(progress.quiet_since().saturating_add(heartbeat));
            let lost = progress.oldest().map(|sent_at| sent_at.saturating_add(election));
            let left = progress.leaving.map(|_| progress.heard_at().saturating_add(election));
            [beat, lost, left]
        });
        let own = [
            Some(self.majority(leader, Progress::heard_at).saturating_add(election)),
            leader.handover.ends_at(),
        ];
        peers.chain(own).flatten().min()
    }

    pub(super) fn tick_as_leader(&mut self, now: Duration) {
        let (election, heartbeat) = (self.config.election, self.config.heartbeat);
        let Role::Leader(leader) = &self.role else { return };
        if self.majority(leader, Progress::heard_at).saturating_add(election) <= now {
            // A leader that nobody follows answers nobody (dissertation, 6.2).
            return self.follow(now, self.hard_state.term, None);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.handover.ends_at().is_some_and(|end| end <= now) {
            leader.handover = Handover::Failed;
        }
        for progress in leader.peers.values_mut() {
            progress.owes_beat |= progress.quiet_since().saturating_add(heartbeat) <= now;
            if progress.oldest().is_some_and(|sent_at| sent_at.saturating_add(election) <= now) {
                progress.probe();
            }
        }
        // Who left and is silent is not told.
        leader
            .peers
            .retain(|_, it| it.leaving.is_none() || it.heard_at().saturating_add(election) > now);
    }

    /// A message that [`next_for`](Core::next_for) gave was not sent, or its connection says that it was
    /// lost.
    pub fn on_lost(&mut self, peer: NodeId, context: Context) {
        let is_current = context.term == self.hard_state.term;
        if is_current && self.links.get(&peer) == Some(&context.epoch) {
            self.forget_flights(peer);
        }
    }

    /// What is on its way to a peer is lost.
    pub(super) fn forget_flights(&mut self, peer: NodeId) {
        match &mut self.role {
            Role::Follower(_) => {}
            Role::Candidate(candidate) => _ = candidate.asked.remove(&peer),
            Role::Leader(leader) => {
                if let Some(progress) = leader.peers.get_mut(&peer) {
                    progress.probe();
                }
            }
        }
    }
}

/// Where to try next. Nothing at `previous` or behind it, whatever the peer says.
fn after_conflict(log: &crate::log::Log, conflict: Conflict, previous: Index) -> Index {
    log.after_conflict(conflict).min(previous)
}
