//! What nodes say to each other.

use std::fmt;

/// The name of a node: a number, compared as a number. As text, "10" would be less than "9".
pub type NodeId = u64;

/// What a leader shows to a resource, which refuses all that are smaller than the greatest it saw.
///
/// Compared by epoch, then by id. No two claims ever have the same token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// Grows with each claim that the claimant has heard of. Two leaders may share one.
    pub epoch: u64,
    /// Who leads.
    pub id: NodeId,
}

/// What must survive a crash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Stored {
    /// The greatest epoch that was heard of.
    pub epoch: u64,
    /// Who may lead in this epoch, as far as this node has a say: itself, if it claimed it.
    pub granted: Option<NodeId>,
}

/// What nodes send each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// To a higher node: do you live?
    Election {
        /// The greatest that the sender has heard of; so it is in all that carry one.
        epoch: u64,
    },
    /// To a lower node: I live, leave it to me.
    Ok {
        /// See [`Message::Election`].
        epoch: u64,
    },
    /// To the lower nodes: I lead.
    Coordinator(Token),
    /// To the lower nodes, again and again: I still lead.
    Alive(Token),
    /// To a node that claims to lead: I know better.
    Stale {
        /// The claim.
        refused: Token,
        /// See [`Message::Election`].
        epoch: u64,
    },
    /// Only in [`Form::Modified`](crate::Form): you are the highest that answered, lead.
    Appoint {
        /// See [`Message::Election`].
        epoch: u64,
    },
    /// Only in [`Form::Quorum`](crate::Form): may I lead?
    Propose(Token),
    /// Only in [`Form::Quorum`](crate::Form): nobody else will get my word for this epoch.
    Grant(Token),
}

impl Message {
    /// The epoch it carries.
    pub fn epoch(self) -> u64 {
        match self {
            Self::Election { epoch }
            | Self::Ok { epoch }
            | Self::Stale { epoch, .. }
            | Self::Appoint { epoch }
            | Self::Coordinator(Token { epoch, .. })
            | Self::Alive(Token { epoch, .. })
            | Self::Propose(Token { epoch, .. })
            | Self::Grant(Token { epoch, .. }) => epoch,
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.epoch, self.id)
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.granted {
            Some(id) => write!(f, "epoch {} for {id}", self.epoch),
            None => write!(f, "epoch {}", self.epoch),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Election { epoch } => write!(f, "ELECTION {epoch}"),
            Self::Ok { epoch } => write!(f, "OK {epoch}"),
            Self::Coordinator(token) => write!(f, "COORDINATOR {token}"),
            Self::Alive(token) => write!(f, "ALIVE {token}"),
            Self::Stale { refused, epoch } => write!(f, "STALE {refused}, now {epoch}"),
            Self::Appoint { epoch } => write!(f, "APPOINT {epoch}"),
            Self::Propose(token) => write!(f, "PROPOSE {token}"),
            Self::Grant(token) => write!(f, "GRANT {token}"),
        }
    }
}
