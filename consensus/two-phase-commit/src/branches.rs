//! What a participant must know of its parts of transactions.
//!
//! Once it has voted yes it never decides alone. What it may say to others then follows from what its log
//! holds, and from one rule about forgetting: a commit is remembered until the coordinator's mark
//! has passed it, and then nobody can be in doubt about it any more. So a transaction that is in no log here
//! was never voted for, or whoever asks cannot have been promised it: to refuse it is safe.

use std::collections::BTreeMap;

mod follows;

pub use follows::{Alone, Asked, Inquiry, NotInDoubt, Safe, Told};

use crate::record::Branched;
use crate::types::{Answer, CoordinatorId, LogId, Outcome, ParticipantId, Tx, Vote};

/// The parts of one participant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Branches {
    known: BTreeMap<Tx, Branch>,
    /// Of each coordinator, the latest that was heard of. In memory only: who has forgotten it asks once
    /// more than needed.
    marks: BTreeMap<CoordinatorId, Tx>,
    /// Of each coordinator: whose log it is.
    bound: BTreeMap<CoordinatorId, LogId>,
    /// Of each coordinator: up to here a vote may be given of which nothing is kept.
    reserved: BTreeMap<CoordinatorId, Tx>,
    /// The same, as it was when this was recovered: for what is older and unknown it may have voted, and must
    /// not vote again.
    forgotten: BTreeMap<CoordinatorId, Tx>,
}

/// How many votes of which nothing is kept are announced with one record.
pub const RESERVE: u64 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Branch {
    /// Its record is on the way to the disk; `is_doomed`: and the transaction is aborted already.
    Writing { part: Part, is_doomed: bool },
    /// In doubt.
    Prepared(Part),
    /// Committed, and the record is on its way: an acknowledgement now would be one too early.
    Committing,
    /// By the coordinator, or by itself if there was but one phase.
    Decided(Outcome),
    /// The only participant does it all; the record is on its way to the disk.
    Alone,
    /// Done in one phase.
    Kept,
    /// It said no, and the disk knows nothing of that.
    Declined,
    /// It voted as read-only: it is out of it, and does not know what became of it.
    Out,
    /// It will never vote yes; so it will say when the record is safe.
    Refusing,
    /// It will never vote yes.
    Refused,
    /// By an operator.
    Forced(Outcome),
}

/// What there is to do, and who else has something to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Part {
    /// Who else takes part, to be asked if the coordinator is not there.
    pub peers: Vec<ParticipantId>,
    /// To be done if it is committed.
    pub redo: Vec<u8>,
}

impl Branches {
    /// What follows from a log, oldest record first.
    pub fn recover(log: impl IntoIterator<Item = Branched>) -> Self {
        let mut found = Self::default();
        for record in log {
            let (tx, branch) = match record {
                Branched::Prepared { tx, peers, redo } => {
                    (tx, Branch::Prepared(Part { peers, redo }))
                }
                Branched::Decided(tx, outcome) => (tx, Branch::Decided(outcome)),
                Branched::Refused(tx) => (tx, Branch::Refused),
                Branched::Forced(tx, outcome) => (tx, Branch::Forced(outcome)),
                Branched::Alone(tx) => (tx, Branch::Kept),
                Branched::Reserved(tx) => {
                    found.reserved.insert(tx.coordinator, tx);
                    continue;
                }
                Branched::Bound(coordinator, log) => {
                    found.bound.insert(coordinator, log);
                    continue;
                }
                Branched::Store(_) => continue,
            };
            // Whatever is done after an operator decided does not change who did.
            if !matches!(found.known.get(&tx), Some(Branch::Forced(_))) {
                found.known.insert(tx, branch);
            }
        }
        found.forgotten = found.reserved.clone();
        found
    }

    /// Whose log a coordinator of this name has, if one ever came.
    pub fn log_of(&self, coordinator: CoordinatorId) -> Option<LogId> {
        self.bound.get(&coordinator).copied()
    }

    /// [`Branched::Bound`] is safe.
    pub fn bound(&mut self, coordinator: CoordinatorId, log: LogId) {
        self.bound.insert(coordinator, log);
    }

    /// A coordinator says its mark: what is decided and older is forgotten.
    pub fn hear(&mut self, mark: Tx) {
        let known = self.marks.entry(mark.coordinator).or_insert(mark);
        *known = mark.max(*known);
        let mark = *known;
        let first = Tx { epoch: 0, sequence: 0, ..mark };
        let over = self.known.extract_if(first..mark, |tx, branch| match branch {
            Branch::Decided(_) | Branch::Refused | Branch::Declined | Branch::Out => true,
            // Who asked for it may have crashed, and ask again.
            Branch::Kept => tx.epoch == mark.epoch,
            _ => false,
        });
        // They are looked through as they are taken out, and those after the mark are not.
        over.count();
    }

    /// Who asked for it has its answer.
    pub fn forget(&mut self, tx: Tx) {
        if let Some(Branch::Kept) = self.known.get(&tx) {
            self.known.remove(&tx);
        }
    }

    /// It is asked to prepare its part.
    pub fn prepare(&mut self, tx: Tx, part: Part) -> Asked {
        match self.known.get(&tx) {
            Some(Branch::Writing { part: same, is_doomed: false }) if *same == part => Asked::Busy,
            Some(Branch::Prepared(same)) if *same == part => Asked::Vote(Vote::Yes),
            Some(Branch::Out) => Asked::Vote(Vote::ReadOnly),
            // Another part under the same name, or a request that its end has overtaken.
            Some(_) => Asked::Vote(Vote::No),
            None if self.is_late(tx) || self.is_forgotten(tx) => Asked::Vote(Vote::No),
            None => {
                let Part { peers, redo } = part.clone();
                self.known.insert(tx, Branch::Writing { part, is_doomed: false });
                Asked::Write(Branched::Prepared { tx, peers, redo })
            }
        }
    }

    /// It cannot be done, so that no is said. Or nothing at all is known of how far it came, because the
    /// store failed: then it is in doubt here, as if yes had been said, and no is said too.
    pub fn declined(&mut self, tx: Tx, is_certain: bool) {
        match self.known.get_mut(&tx) {
            Some(branch @ Branch::Writing { .. }) => {
                let Branch::Writing { part, .. } = branch else { return };
                *branch = if is_certain {
                    Branch::Declined
                } else {
                    Branch::Prepared(std::mem::take(part))
                };
            }
            // In one phase, nobody may be told before that is safe.
            Some(branch @ Branch::Alone) if is_certain => *branch = Branch::Refusing,
            // What is not certain stays so until it is recovered.
            _ => {}
        }
    }

    /// It has nothing to do whatever becomes of it, and may say so, unless something must be safe before:
    /// then call [`reserved`](Self::reserved), and this once more.
    pub fn reads(&mut self, tx: Tx) -> Option<Branched> {
        if self.reserved.get(&tx.coordinator).is_none_or(|upto| tx >= *upto) {
            let upto = Tx { sequence: tx.sequence.saturating_add(RESERVE), ..tx };
            return Some(Branched::Reserved(upto));
        }
        if let Some(branch @ Branch::Writing { .. }) = self.known.get_mut(&tx) {
            *branch = Branch::Out;
        }
        None
    }

    /// The record is safe.
    pub fn reserved(&mut self, upto: Tx) {
        let known = self.reserved.entry(upto.coordinator).or_insert(upto);
        *known = upto.max(*known);
    }

    /// The record is safe.
    pub fn prepared(&mut self, tx: Tx) -> Safe {
        let Some(branch @ Branch::Writing { .. }) = self.known.get_mut(&tx) else {
            return Safe::Nothing;
        };
        match std::mem::replace(branch, Branch::Decided(Outcome::Aborted)) {
            Branch::Writing { part, is_doomed: false } => {
                *branch = Branch::Prepared(part);
                Safe::Yes
            }
            _ => Safe::Doomed(Branched::Decided(tx, Outcome::Aborted)),
        }
    }

    /// Who decides says how.
    pub fn decide(&mut self, tx: Tx, outcome: Outcome) -> Told {
        match self.known.get_mut(&tx) {
            Some(Branch::Writing { is_doomed, .. }) => {
                // Nobody can commit what was not voted for.
                *is_doomed = true;
                Told::Later
            }
            Some(branch @ Branch::Prepared(_)) => {
                let after = match outcome {
                    Outcome::Committed => Branch::Committing,
                    Outcome::Aborted => Branch::Decided(outcome),
                };
                let before = std::mem::replace(branch, after);
                let Branch::Prepared(part) = before else { return Told::Known };
                Told::Write(Branched::Decided(tx, outcome), part)
            }
            Some(Branch::Committing) => Told::Later,
            Some(Branch::Forced(forced)) if *forced != outcome => Told::Mixed(*forced),
            Some(_) => Told::Known,
            // A tombstone: the request to prepare may still come. A commit was done and forgotten.
            None => {
                if outcome == Outcome::Aborted && !self.is_late(tx) {
                    self.known.insert(tx, Branch::Decided(outcome));
                }
                Told::Known
            }
        }
    }

    /// The record of a commit is safe: acknowledge it.
    pub fn committed(&mut self, tx: Tx) {
        match self.known.get_mut(&tx) {
            Some(branch @ Branch::Committing) => *branch = Branch::Decided(Outcome::Committed),
            Some(branch @ Branch::Alone) => *branch = Branch::Kept,
            _ => {}
        }
    }

    /// The store failed to do what was decided: it is in doubt again, and will be told again.
    pub fn undone(&mut self, tx: Tx, part: Part) {
        if let Some(branch @ (Branch::Committing | Branch::Decided(_))) = self.known.get_mut(&tx) {
            *branch = Branch::Prepared(part);
        }
    }

    /// It is the only participant: one phase will do. The outcome is remembered until who asked for it has
    /// it: whoever lost the answer asks again, and nothing is presumed.
    pub fn alone(&mut self, tx: Tx) -> Alone {
        match self.known.get(&tx) {
            Some(Branch::Kept) => Alone::Known(Outcome::Committed),
            Some(Branch::Decided(Outcome::Aborted) | Branch::Refused) => {
                Alone::Known(Outcome::Aborted)
            }
            Some(_) => Alone::Busy,
            None if self.is_late(tx) => Alone::Busy,
            None => {
                self.known.insert(tx, Branch::Alone);
                Alone::Write
            }
        }
    }

    /// A peer in doubt asks.
    pub fn ask(&mut self, tx: Tx) -> Inquiry {
        if !self.known.contains_key(&tx) && (self.is_forgotten(tx) || self.is_late(tx)) {
            // It may have voted, and done with it. Who was not told cannot be told here.
            return Inquiry::Say(Answer::Unknown);
        }
        self.recall(tx)
    }

    /// Who asked for it to be done in one phase, and has no answer, asks again.
    pub fn recall(&mut self, tx: Tx) -> Inquiry {
        match self.known.get(&tx) {
            Some(Branch::Decided(outcome)) => Inquiry::Say(Answer::Is(*outcome)),
            Some(Branch::Committing | Branch::Kept) => Inquiry::Say(Answer::Is(Outcome::Committed)),
            Some(Branch::Refused) => Inquiry::Say(Answer::Is(Outcome::Aborted)),
            Some(Branch::Refusing | Branch::Alone) => Inquiry::Say(Answer::Wait),
            // What was only said may be said otherwise after a crash.
            None | Some(Branch::Declined) => {
                // From now on: a request to prepare may come while the refusal is written.
                self.known.insert(tx, Branch::Refusing);
                Inquiry::Refuse
            }
            // In doubt itself, or out of it; or an operator's word, which is nobody else's.
            Some(_) => Inquiry::Say(Answer::Unknown),
        }
    }

    /// The refusal is safe.
    pub fn refused(&mut self, tx: Tx) {
        if let Some(branch @ Branch::Refusing) = self.known.get_mut(&tx) {
            *branch = Branch::Refused;
        }
    }

    /// What an operator decided here.
    pub fn forced(&self) -> impl Iterator<Item = (Tx, Outcome)> {
        self.known.iter().filter_map(|(tx, branch)| match branch {
            Branch::Forced(outcome) => Some((*tx, *outcome)),
            _ => None,
        })
    }

    /// An operator decides for who does not answer. Force what is returned, and do the part or drop it.
    ///
    /// # Errors
    ///
    /// When there is nothing to decide.
    pub fn force(&mut self, tx: Tx, outcome: Outcome) -> Result<(Branched, Part), NotInDoubt> {
        match self.known.get_mut(&tx) {
            Some(branch @ Branch::Prepared(_)) => {
                match std::mem::replace(branch, Branch::Forced(outcome)) {
                    Branch::Prepared(part) => Ok((Branched::Forced(tx, outcome), part)),
                    _ => Err(NotInDoubt(tx)),
                }
            }
            _ => Err(NotInDoubt(tx)),
        }
    }

    /// Voted yes, and told nothing.
    pub fn in_doubt(&self) -> impl Iterator<Item = (Tx, &Part)> {
        self.known.iter().filter_map(|(tx, branch)| match branch {
            Branch::Prepared(part) => Some((*tx, part)),
            _ => None,
        })
    }

    /// A coordinator begins this one next: for whatever comes after, it cannot have voted before it was
    /// recovered.
    pub fn next_of(&mut self, next: Tx) {
        if let Some(upto) = self.forgotten.get_mut(&next.coordinator) {
            *upto = next.min(*upto);
        }
    }

    /// Whose next transaction should be [asked](Self::next_of) for: until then their transactions are
    /// refused.
    pub fn unsure(&self) -> impl Iterator<Item = CoordinatorId> {
        self.forgotten.keys().copied()
    }

    fn is_forgotten(&self, tx: Tx) -> bool {
        self.forgotten.get(&tx.coordinator).is_some_and(|upto| tx < *upto)
    }

    fn is_late(&self, tx: Tx) -> bool {
        self.marks.get(&tx.coordinator).is_some_and(|mark| tx < *mark)
    }
}
