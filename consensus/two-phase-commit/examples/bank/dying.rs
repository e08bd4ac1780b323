//! A link that kills its process.

use std::fmt;
use std::process::abort;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use two_phase_commit::message::{Answers, Link, Request, Said, What};
use two_phase_commit::{Outcome, ParticipantId};

/// When it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Both have promised, and the coordinator has not heard it of both.
    Promised,
    /// The decision is safe, and nobody was told.
    Decided,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Promised => "promised",
            Self::Decided => "decided",
        })
    }
}

impl Moment {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Promised => "both had promised, and nothing was decided",
            Self::Decided => "it was decided, and nobody was told",
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "promised" => Ok(Self::Promised),
            "decided" => Ok(Self::Decided),
            _ => Err(format!("{word:?} is neither `promised` nor `decided`")),
        }
    }
}

/// Carries everything until so many transactions are done, and dies in the one after.
pub(crate) struct Dying<L> {
    link: L,
    moment: Moment,
    /// Votes and decisions until the end.
    votes_left: Arc<AtomicUsize>,
    decisions_left: AtomicUsize,
}

impl<L> Dying<L> {
    pub(crate) fn new(link: L, transactions: usize, moment: Moment) -> Self {
        let all = 2 * transactions;
        let votes_left = Arc::new(AtomicUsize::new(all + 1));
        Self { link, moment, votes_left, decisions_left: AtomicUsize::new(all) }
    }
}

impl<L: Link> Link for Dying<L> {
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
        let is_decision = request.what == What::Decide(Outcome::Committed);
        if self.moment == Moment::Decided && is_decision && is_last(&self.decisions_left) {
            abort();
        }
        let (answers, moment) = (answers.clone(), self.moment);
        let votes_left = Arc::clone(&self.votes_left);
        let answers = Answers::to(move |reply| {
            let is_vote = matches!(reply.said, Said::Voted(_));
            if moment == Moment::Promised && is_vote && is_last(&votes_left) {
                abort();
            }
            answers.put(reply);
        });
        self.link.send(to, request, &answers);
    }
}

fn is_last(left: &AtomicUsize) -> bool {
    left.fetch_sub(1, Ordering::Relaxed) == 0
}
