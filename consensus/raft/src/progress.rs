//! What a leader knows of one peer, and what it may send it next.

use std::collections::VecDeque;
use std::time::Duration;

use crate::types::{Index, Position, Snapshot};

/// One peer, as its leader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// Its log is the leader's up to here, on its disk. Only rises, whatever order answers come in.
    pub(crate) matched: Index,
    /// It knows that the log is committed up to here.
    pub(crate) told: Index,
    pub(crate) pipe: Pipe,
    /// When it was last sent what it can answer without its disk.
    pub(crate) beat_at: Duration,
    /// The heartbeat is due, and not sent yet.
    pub(crate) owes_beat: bool,
    /// From then on it had time to answer.
    pub(crate) since: Duration,
    /// When the latest message that it answered was sent: it followed then, or later.
    pub(crate) contact: Duration,
    /// The latest read that it was asked about in a message that it can answer without its disk.
    pub(crate) asked_round: u64,
    /// The latest read that it confirmed.
    pub(crate) round: u64,
    /// It takes part no more; the entry that says so stands here. It is forgotten when it has it.
    pub(crate) leaving: Option<Index>,
}

/// What is on its way to a peer, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Pipe {
    /// Where the logs part is not known. One message at a time.
    Probe { next: Index, sent: Option<Duration> },
    /// The peer has all before `next`, or it is on its way: batches follow each other unanswered.
    Stream { next: Index, flights: VecDeque<Flight> },
    /// What the peer lacks is gone from the log. One piece at a time.
    Snapshot { snapshot: Snapshot, offset: u64, sent: Option<Duration> },
}

/// A message with entries that is not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Flight {
    pub(crate) last: Index,
    pub(crate) sent_at: Duration,
}

impl Progress {
    pub(crate) fn new(next: Index, now: Duration) -> Self {
        Self {
            matched: 0,
            told: 0,
            pipe: Pipe::Probe { next, sent: None },
            beat_at: now,
            owes_beat: false,
            since: now,
            contact: Duration::ZERO,
            asked_round: 0,
            round: 0,
            leaving: None,
        }
    }

    /// What was on its way is lost, or nobody knows: ask where the logs part. A question that was open
    /// already keeps its place, which nobody has refused.
    pub(crate) fn probe(&mut self) {
        match self.pipe {
            Pipe::Probe { next, .. } => self.probe_from(next),
            Pipe::Stream { .. } | Pipe::Snapshot { .. } => self.probe_from(self.matched + 1),
        }
    }

    pub(crate) fn probe_from(&mut self, next: Index) {
        self.pipe = Pipe::Probe { next: next.max(self.matched + 1), sent: None };
    }

    /// The peer has all up to here.
    pub(crate) fn has(&mut self, index: Index) {
        self.matched = self.matched.max(index);
        match &mut self.pipe {
            Pipe::Stream { next, flights } => {
                *next = (*next).max(self.matched + 1);
                while flights.pop_front_if(|flight| flight.last <= self.matched).is_some() {}
            }
            // A heartbeat says nothing of what is being asked.
            Pipe::Probe { next, .. } if index + 1 < *next => {}
            Pipe::Probe { .. } => self.stream(),
            Pipe::Snapshot { snapshot, .. } if snapshot.last.index <= self.matched => self.stream(),
            Pipe::Snapshot { .. } => {}
        }
    }

    /// So many bytes of a snapshot are on its disk.
    pub(crate) fn has_bytes(&mut self, last: Position, bytes: u64) {
        let Pipe::Snapshot { snapshot, offset, sent } = &mut self.pipe else { return };
        if snapshot.last == last {
            (*offset, *sent) = (bytes.min(snapshot.size), None);
            if bytes >= snapshot.size {
                self.has(last.index);
            }
        }
    }

    /// The piece was not taken.
    pub(crate) fn ask_again(&mut self, last: Position) {
        if let Pipe::Snapshot { snapshot, sent, .. } = &mut self.pipe
            && snapshot.last == last
        {
            *sent = None;
        }
    }

    fn stream(&mut self) {
        self.pipe = Pipe::Stream { next: self.matched + 1, flights: VecDeque::new() };
    }

    /// Until then at least it is not silent.
    pub(crate) fn heard_at(&self) -> Duration {
        self.contact.max(self.since)
    }

    /// When the last message left by which it can be known to live: one that it answered, or one that
    /// needs no disk. While answers come that is about now. Entries that wait for a slow disk are no
    /// sign of life.
    pub(crate) fn quiet_since(&self) -> Duration {
        self.heard_at().max(self.beat_at)
    }

    /// When the oldest unanswered message was sent.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        match &self.pipe {
            Pipe::Probe { sent, .. } | Pipe::Snapshot { sent, .. } => *sent,
            Pipe::Stream { flights, .. } => flights.front().map(|flight| flight.sent_at),
        }
    }

    /// Whether an answer that the logs part before `previous` is about the newest question. An answer
    /// to an older one must not turn back what came since.
    pub(crate) fn is_news(&self, previous: Index) -> bool {
        let is_open = match &self.pipe {
            Pipe::Probe { next, .. } => previous + 1 == *next,
            Pipe::Stream { .. } => true,
            Pipe::Snapshot { .. } => false,
        };
        is_open && previous > self.matched
    }
}
