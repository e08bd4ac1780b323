//! One transaction whose outcome is open: what has come of it, and what that means.

use super::coordinator::Why;
use super::message::{Reply, Said};
use super::types::{Answer, Outcome, ParticipantId, Votes};

/// What is waited for.
#[derive(Debug)]
pub(crate) enum Round {
    /// All have to vote.
    Votes(Votes),
    /// The only participant has to say what it did.
    Alone(ParticipantId),
    /// Nothing more is waited for.
    Over(End),
}

/// How the first phase ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Commit it.
    Agreed(Votes),
    /// Abort it, and tell these.
    Failed(Vec<ParticipantId>, Why),
    /// The only participant has done it.
    Done,
    /// The only participant did not answer in time.
    Silent(ParticipantId),
}

impl Round {
    /// Whether that ended it.
    pub(crate) fn hear(&mut self, reply: &Reply) -> bool {
        let from = reply.from;
        let end = match (&mut *self, reply.said) {
            (Self::Votes(votes), Said::Voted(vote)) => {
                votes.cast(from, reply.store, vote);
                match votes.outcome() {
                    Some(Outcome::Committed) => End::Agreed(votes.clone()),
                    Some(Outcome::Aborted) => failed(votes, Why::Refused(from)),
                    None => return false,
                }
            }
            (Self::Votes(votes), Said::Foreign) => failed(votes, Why::Foreign(from)),
            (Self::Alone(who), said) if *who == from => match said {
                Said::Became(Answer::Is(Outcome::Committed)) => End::Done,
                Said::Became(Answer::Is(Outcome::Aborted)) => {
                    End::Failed(Vec::new(), Why::Refused(from))
                }
                Said::Foreign => End::Failed(Vec::new(), Why::Foreign(from)),
                _ => return false,
            },
            _ => return false,
        };
        *self = Self::Over(end);
        true
    }

    /// Nothing more is waited for: the time is up, or the coordinator is closed.
    pub(crate) fn give_up(&mut self, is_closed: bool) {
        let end = match self {
            Self::Votes(votes) if is_closed => failed(votes, Why::Closed),
            Self::Votes(votes) => failed(votes, Why::Late(votes.missing().collect())),
            Self::Alone(who) => End::Silent(*who),
            Self::Over(_) => return,
        };
        *self = Self::Over(end);
    }
}

fn failed(votes: &Votes, why: Why) -> End {
    End::Failed(votes.waiting().collect(), why)
}
