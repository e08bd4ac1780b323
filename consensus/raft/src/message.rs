//! What nodes say to each other.
//!
//! Every request is answered, and every answer is read beside the [`Context`] of its request: a late or
//! repeated answer then says by itself what it is worth.

mod bytes;

use std::fmt;
use std::time::Duration;

use crate::log::{Conflict, Entry};
use crate::types::{Index, NodeId, Position, Snapshot, Term};

pub use crate::bytes::Damaged;

/// No count of elections reaches this term, no log this index. What says so is damage.
pub(crate) const LAST: u64 = u64::MAX / 2;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Request {
    /// Will you vote for me? (section 5.2)
    Vote(VoteRequest),
    /// Put these into your log; or none, and know that I lead. (section 5.3)
    Append(AppendRequest),
    /// Take this piece of a snapshot. (section 7)
    Chunk(ChunkRequest),
    /// Start an election now: I hand the lead over to you. (dissertation, 3.10)
    Campaign {
        /// Of the leader that hands over.
        term: Term,
    },
}

/// See [`Request::Vote`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VoteRequest {
    /// The term in which it would lead.
    pub term: Term,
    /// Where its log ends.
    pub last: Position,
    /// What kind of vote.
    pub ballot: Ballot,
}

/// What a vote is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ballot {
    /// Would you? Nobody's term changes by this one (pre-vote; dissertation, 9.6).
    Trial,
    /// Will you?
    Real,
    /// Will you, though your leader lives? It asked me to.
    Handed,
}

/// See [`Request::Append`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppendRequest {
    /// Of the leader.
    pub term: Term,
    /// The entry before these.
    pub previous: Position,
    /// They follow each other.
    pub entries: Vec<Entry>,
    /// How far the leader knows the log to be committed.
    pub commit: Index,
}

/// See [`Request::Chunk`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChunkRequest {
    /// Of the leader.
    pub term: Term,
    /// Of what it is a piece.
    pub snapshot: Snapshot,
    /// Where the piece begins.
    pub offset: u64,
    /// How long it is.
    pub length: u32,
    /// The piece. The rules hold no snapshot: whoever sends this request fills it in first.
    pub bytes: Vec<u8>,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reply {
    /// Of who answers. A greater one than the asker's ends what the asker is.
    pub term: Term,
    /// What it says.
    pub answer: Answer,
}

/// See [`Reply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It has my vote; they are in my log, and on my disk; I start an election.
    Yes,
    /// It does not; your term is over; I could not take the piece; I do not.
    No,
    /// They do not fit behind what I have.
    Conflict(Conflict),
    /// So many bytes of the snapshot are on my disk. All of them: it is installed.
    Have(u64),
}

/// What the asker must remember of a request until it is answered. It never leaves the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Context {
    /// The asker's own term.
    pub term: Term,
    /// Of the connection.
    pub epoch: u64,
    /// By the asker's clock.
    pub sent_at: Duration,
    /// The reads that an answer confirms: this one and all before it.
    pub round: u64,
    /// What was asked.
    pub asked: Asked,
}

/// See [`Context`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// For a vote.
    Vote(Ballot),
    /// To have all up to here.
    Append {
        /// The index before the first entry.
        previous: Index,
        /// How many there are.
        length: u64,
        /// How far the log is said to be committed.
        commit: Index,
    },
    /// To take a piece.
    Chunk {
        /// Of this snapshot.
        last: Position,
        /// So many bytes it has.
        size: u64,
    },
    /// To start an election.
    Campaign,
}

/// Why a message or a word changes nothing. It is damage, or a fault of the caller; drop the
/// connection that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// From nobody, or from oneself.
    #[error("a message from {0}, which is no other node; check the peer list")]
    Sender(NodeId),
    /// A term that no count of elections reaches, or none at all.
    #[error("term {0} is impossible; the message is damaged")]
    Term(Term),
    /// Entries, positions or pieces that cannot follow each other.
    #[error("the message contradicts itself: {0}; it is damaged")]
    Impossible(&'static str),
    /// Two nodes lead in one term, or a leader has lost what was committed. A disk forgot, or two
    /// nodes bear one name.
    #[error(
        "node {leader} contradicts term {term}; a disk has forgotten, or two nodes have one name"
    )]
    Contradiction {
        /// Who sent it.
        leader: NodeId,
        /// Of the message.
        term: Term,
    },
    /// A word about something that was never handed out.
    #[error("word of {word} {number}, which was never handed out; the last one was {last}")]
    NeverAsked {
        /// `save`, `entry`, ...
        word: &'static str,
        /// What the word was about.
        number: u64,
        /// The last one that was handed out.
        last: u64,
    },
}

impl Request {
    /// Of who asks.
    pub fn term(&self) -> Term {
        match self {
            Self::Vote(VoteRequest { term, .. })
            | Self::Append(AppendRequest { term, .. })
            | Self::Chunk(ChunkRequest { term, .. })
            | Self::Campaign { term } => *term,
        }
    }

    /// Whether any node could have sent it.
    pub(crate) fn check(&self) -> Result<(), Refused> {
        let term = self.term();
        if term == 0 || term > LAST {
            return Err(Refused::Term(term));
        }
        let contradiction = match self {
            Self::Vote(request) => request.contradiction(),
            Self::Append(request) => request.contradiction(),
            Self::Chunk(request) => request.contradiction(),
            Self::Campaign { .. } => None,
        };
        contradiction.map_or(Ok(()), |what| Err(Refused::Impossible(what)))
    }
}

impl Reply {
    /// Whether any node could have answered so.
    pub(crate) fn check(&self, context: &Context) -> Result<(), Refused> {
        if self.term > LAST {
            return Err(Refused::Term(self.term));
        }
        match self.contradiction(context) {
            None => Ok(()),
            Some(what) => Err(Refused::Impossible(what)),
        }
    }

    fn contradiction(&self, context: &Context) -> Option<&'static str> {
        let is_answer = match (context.asked, self.answer) {
            (Asked::Append { .. }, Answer::No) => self.term > context.term,
            (Asked::Vote(_) | Asked::Campaign, Answer::Yes | Answer::No)
            | (Asked::Append { .. }, Answer::Yes | Answer::Conflict(_))
            | (Asked::Chunk { .. }, Answer::Have(_) | Answer::No) => true,
            _ => false,
        };
        let is_about = match (context.asked, self.answer) {
            (Asked::Append { previous, .. }, Answer::Conflict(conflict)) => {
                conflict.is_before(previous, context.term)
            }
            (Asked::Chunk { size, .. }, Answer::Have(bytes)) => bytes <= size,
            _ => true,
        };
        // Who follows, or votes, has come to the asker's term first.
        let has_come = match context.asked {
            Asked::Vote(Ballot::Trial) => true,
            Asked::Vote(_) | Asked::Campaign => {
                self.answer == Answer::No || self.term >= context.term
            }
            Asked::Append { .. } | Asked::Chunk { .. } => self.term >= context.term,
        };
        match (is_answer, is_about, has_come) {
            (false, _, _) => Some("the answer is to another question"),
            (_, false, _) => Some("it answers more than was asked"),
            (_, _, false) => Some("it answers from a term before the question"),
            _ => None,
        }
    }
}

impl Conflict {
    /// Whether a log can part there from one of this term, with something else at `previous`.
    fn is_before(self, previous: Index, leader: Term) -> bool {
        match self {
            Self::Short { next } => (1..=previous).contains(&next),
            Self::Other { term, first } => {
                (1..=leader).contains(&term) && (1..=previous).contains(&first)
            }
        }
    }
}

impl VoteRequest {
    fn contradiction(&self) -> Option<&'static str> {
        (self.last.is_impossible() || self.last.term >= self.term)
            .then_some("the candidate's log ends in a term that has not begun")
    }
}

impl AppendRequest {
    fn contradiction(&self) -> Option<&'static str> {
        let mut terms = self.entries.iter().map(|entry| entry.term);
        let follow = |last: Term, term| (last <= term && term > 0).then_some(term);
        let last = terms.try_fold(self.previous.term, follow);
        if self.previous.is_impossible() {
            Some("the entry before the first is at an impossible position")
        } else if last.is_none_or(|last| last > self.term) {
            Some("the terms of its entries fall, or exceed the leader's")
        } else {
            None
        }
    }

    /// The last index that it speaks of.
    pub(crate) fn last(&self) -> Index {
        self.previous.index + self.entries.len() as Index
    }
}

impl ChunkRequest {
    fn contradiction(&self) -> Option<&'static str> {
        let Snapshot { last, size, .. } = self.snapshot;
        let end = self.offset.checked_add(self.length.into());
        if last == Position::default() || last.is_impossible() || last.term > self.term {
            Some("the snapshot ends at an impossible position")
        } else if self.bytes.len() != self.length as usize {
            Some("the piece is not as long as it says")
        } else if end.is_none_or(|end| end > size) || (self.length == 0 && size > 0) {
            Some("the piece is not within its snapshot")
        } else {
            None
        }
    }
}

impl Position {
    /// Before all terms there is no entry, and the other way round.
    pub(crate) fn is_impossible(self) -> bool {
        (self.term == 0) != (self.index == 0) || self.term > LAST || self.index > LAST
    }
}

impl Context {
    /// How far the peer's log is the asker's, if it says yes.
    pub(crate) fn reaches(&self) -> Index {
        match self.asked {
            Asked::Append { previous, length, .. } => previous + length,
            Asked::Vote(_) | Asked::Chunk { .. } | Asked::Campaign => 0,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vote(VoteRequest { term, last, ballot }) => match ballot {
                Ballot::Trial => write!(f, "would you? t{term} {last}"),
                Ballot::Real => write!(f, "vote t{term} {last}"),
                Ballot::Handed => write!(f, "vote now t{term} {last}"),
            },
            Self::Append(AppendRequest { term, previous, entries, commit }) => {
                write!(f, "append t{term} {previous}")?;
                for entry in entries {
                    write!(f, " +{}", entry.term)?;
                }
                write!(f, " c{commit}")
            }
            Self::Chunk(ChunkRequest { term, snapshot, offset, length, .. }) => {
                write!(f, "snapshot t{term} {} {offset}+{length}", snapshot.last)
            }
            Self::Campaign { term } => write!(f, "lead after t{term}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = self.term;
        match self.answer {
            Answer::Yes => write!(f, "yes t{term}"),
            Answer::No => write!(f, "no t{term}"),
            Answer::Conflict(Conflict::Short { next }) => {
                write!(f, "no t{term}: ends before {next}")
            }
            Answer::Conflict(Conflict::Other { term: other, first }) => {
                write!(f, "no t{term}: term {other} from {first} on")
            }
            Answer::Have(bytes) => write!(f, "have {bytes} t{term}"),
        }
    }
}
