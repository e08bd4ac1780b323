//! What nodes send each other, and what they write down.

use std::fmt;

use raft::core::Ticket;
use raft::message::{Reply, Request};
use raft::{Piece, Position, Save, Snapshot, Stored};

#[derive(Clone)]
pub(crate) enum Message {
    Ask(Ticket, Request),
    Answer(Ticket, Reply),
}

#[derive(Clone)]
pub(crate) enum Write {
    Save(Save),
    /// A snapshot of the own state machine.
    Own(Snapshot, Vec<u8>),
    /// All that a run begins with.
    All(Stored),
}

#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) stored: Stored,
    /// The bytes of the whole snapshot, and of one that is coming.
    pub(crate) snapshot: Vec<u8>,
    incoming: Vec<u8>,
}

/// Puts a piece behind the others; gives the whole when it is the last.
pub(crate) fn gather(incoming: &mut Vec<u8>, piece: &Piece) -> Option<(Position, Vec<u8>)> {
    if piece.offset == 0 {
        incoming.clear();
    }
    assert_eq!(incoming.len() as u64, piece.offset, "a piece is missing");
    incoming.extend(&piece.bytes);
    piece.is_last().then(|| (piece.snapshot.last, std::mem::take(incoming)))
}

impl Disk {
    pub(crate) fn keep(&mut self, save: Save) {
        let before = self.stored.hard_state;
        if let Some(whole) = save.piece.as_ref().and_then(|it| gather(&mut self.incoming, it)) {
            self.snapshot = whole.1;
        }
        self.stored.keep(save);
        let after = self.stored.hard_state;
        let is_kept = before.term == after.term && before.vote.is_none_or(|_| before == after);
        assert!(is_kept || after.term > before.term, "from {before} to {after}");
    }

    /// Whether an entry is on it, in the log or in the snapshot.
    pub(crate) fn holds(&self, Position { term, index }: Position) -> bool {
        match index.checked_sub(self.stored.base() + 1) {
            None => true,
            Some(at) => self.stored.entries.get(at as usize).is_some_and(|it| it.term == term),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(_, request) => request.fmt(f),
            Self::Answer(_, reply) => reply.fmt(f),
        }
    }
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let save = match self {
            Self::Own(snapshot, _) => return write!(f, "snapshot up to {}", snapshot.last),
            Self::All(_) => return write!(f, "all"),
            Self::Save(save) => save,
        };
        write!(f, "save {}", save.seq)?;
        if let Some(hard_state) = save.hard_state {
            write!(f, " {hard_state}")?;
        }
        if let Some(piece) = &save.piece {
            write!(f, " piece {}+{}", piece.offset, piece.bytes.len())?;
        }
        if let Some(tail) = &save.tail {
            write!(f, " entries {}+{}", tail.from, tail.entries.len())?;
        }
        Ok(())
    }
}
