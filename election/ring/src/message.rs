//! What goes round.

use std::fmt;

/// The name of a node: a number, compared as a number.
pub type NodeId = u64;

/// What a leader shows to a resource, which refuses all that are smaller than the greatest it saw.
///
/// Compared by epoch, then by id. No two reigns ever have the same token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// Grows with each election that its starter has heard of.
    pub epoch: u64,
    /// Who leads, or would like to.
    pub id: NodeId,
}

/// What must survive a crash: the greatest epoch that was heard of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Nobody leads under a token of this epoch or an earlier one but those who did already.
    pub epoch: u64,
}

/// What a letter says of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// This is the highest I have met. Whoever gets its own back has won.
    Candidate,
    /// This one leads.
    Elected,
    /// It still leads.
    Alive,
}

/// One thing that goes round the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter {
    /// What it says.
    pub kind: Kind,
    /// Of whom.
    pub token: Token,
    /// Which of the signs of life of a leader, or of a winner that waits for its disk; 0 for the first
    /// word of each.
    pub round: u64,
    /// How often it was handed on. No letter is handed on more often than there are nodes.
    pub hops: u32,
}

/// What nodes send each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// To the next one.
    Letter(Letter),
    /// Back to whoever sent it: I have it.
    Ack(Letter),
    /// To all, from one that starts or that hears nothing: leave me out no more.
    Hello,
    /// To one that is left out: are you back? Then it says hello.
    Probe,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.epoch, self.id)
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}", self.epoch)
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Candidate if self.round > 0 => {
                write!(f, "CANDIDATE {} #{}", self.token, self.round)
            }
            Kind::Candidate => write!(f, "CANDIDATE {}", self.token),
            Kind::Elected => write!(f, "ELECTED {}", self.token),
            Kind::Alive => write!(f, "ALIVE {} #{}", self.token, self.round),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter(letter) => letter.fmt(f),
            Self::Ack(letter) => write!(f, "ack {letter}"),
            Self::Hello => write!(f, "HELLO"),
            Self::Probe => write!(f, "PROBE"),
        }
    }
}
