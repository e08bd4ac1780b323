//! What goes from a coordinator to participants and back, and the way it goes.

use std::fmt;
use std::sync::Arc;

use crate::branches::Part;
use crate::types::{Answer, LogId, Outcome, ParticipantId, StoreId, Tx, Vote};

/// From a coordinator. It may be lost, come late, twice, and after a later one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// About which transaction.
    pub tx: Tx,
    /// The log of who sends it: there may be two of one name.
    pub log: LogId,
    /// [Nothing older](crate::ledger::Ledger::mark) is open.
    pub mark: Tx,
    /// What is wanted.
    pub what: What,
}

/// What a coordinator wants of a participant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// Promise to do this part, or say no.
    Prepare(Part),
    /// Do this, which is the whole transaction.
    Alone(Part),
    /// Do the part that you promised, or drop it.
    Decide(Outcome),
    /// What became of what you were to do [alone](Self::Alone)?
    Recall,
    /// Who asked for what you did alone has its answer.
    Forget,
}

/// From a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reply {
    /// About which transaction.
    pub tx: Tx,
    /// From whom.
    pub from: ParticipantId,
    /// Where its promises are.
    pub store: StoreId,
    /// The answer.
    pub said: Said,
}

/// What a participant answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Said {
    /// To [`What::Prepare`].
    Voted(Vote),
    /// To [`What::Decide`]: it is done, and safe.
    Done,
    /// To [`What::Decide`]: an operator has decided otherwise.
    Mixed(Outcome),
    /// To [`What::Alone`] and [`What::Recall`].
    Became(Answer),
    /// Another coordinator has this name.
    Foreign,
}

/// The way to the participants, whatever it is made of.
pub trait Link: Send + Sync {
    /// Takes a request along, and returns at once: it does not wait for the answer, nor for room. What it
    /// cannot carry is lost; the coordinator reckons with that. The answer goes to `answers`.
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers);
}

/// Where replies go. It may outlive the coordinator, and then they go nowhere.
#[derive(Clone)]
pub struct Answers(Arc<dyn Fn(Reply) + Send + Sync>);

impl Answers {
    /// Each reply is given to this.
    pub fn to(hear: impl Fn(Reply) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    /// A reply has come.
    pub fn put(&self, reply: Reply) {
        (self.0)(reply);
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}
