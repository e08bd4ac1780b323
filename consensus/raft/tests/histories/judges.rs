//! What clients asked and saw, and two judges of it who have nothing in common: the simulator's, and one
//! from the registry. Each has its own form of the rules of a register.

use std::fmt;
use std::time::Duration;

use simnet::judge::{Model, Operation, Verdict};
use todc_utils::{Action, Specification, WGLChecker};

/// Steps of ours for each key. A usual history takes a few hundred.
const BUDGET: u64 = 5_000_000;

/// What is asked of a register; 0 if nothing was ever put there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Get,
    Put(u64),
    /// If the first stands there, put the second in its place.
    Cas(u64, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) key: u8,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Held(u64),
    Done,
    /// Whether it stood there.
    Swapped(bool),
}

pub(crate) type History = simnet::judge::History<Op, Answer>;

/// Whether registers could have answered so. The judges must agree.
pub(crate) fn is_linearizable(operations: &[Operation<Op, Answer>]) -> bool {
    let history = History::from(operations.to_vec());
    let mut parts = history.by_key(|op| op.key).into_values();
    parts.all(|part| {
        let (ours, theirs) = (ours(&part), theirs(part.operations()));
        assert_eq!(ours, theirs, "ours says {ours}, the other {theirs} of\n{part}");
        ours
    })
}

/// Our own rules.
struct Register;

impl Model for Register {
    type State = u64;
    type Op = Op;
    type Answer = Answer;

    fn start(&self) -> u64 {
        0
    }

    fn step(&self, held: &u64, op: &Op, answer: Option<&Answer>) -> Option<u64> {
        let (right, next) = match op.what {
            What::Get => (Answer::Held(*held), *held),
            What::Put(value) => (Answer::Done, value),
            What::Cas(old, new) if old == *held => (Answer::Swapped(true), new),
            What::Cas(..) => (Answer::Swapped(false), *held),
        };
        answer.is_none_or(|answer| *answer == right).then_some(next)
    }
}

pub(crate) fn ours(history: &History) -> bool {
    match history.judge(&Register, BUDGET) {
        Verdict::Linearizable(_) => true,
        Verdict::Violation { .. } => false,
        Verdict::GaveUp => panic!("our judge gives up on\n{history}"),
    }
}

/// The same rules in the other's form: of what has ended, and may have had no answer.
struct Other;

impl Specification for Other {
    type State = u64;
    type Operation = (What, Option<Answer>);

    fn init() -> u64 {
        0
    }

    fn apply((what, answer): &Self::Operation, held: &u64) -> (bool, u64) {
        match (*what, *answer) {
            (What::Get, None) => (true, *held),
            (What::Get, Some(answer)) => (answer == Answer::Held(*held), *held),
            (What::Put(value), answer) => (answer.is_none_or(|it| it == Answer::Done), value),
            (What::Cas(old, new), Some(Answer::Swapped(true))) => (old == *held, new),
            (What::Cas(old, _), Some(Answer::Swapped(false))) => (old != *held, *held),
            (What::Cas(..), Some(_)) => (false, *held),
            (What::Cas(old, new), None) => (true, if old == *held { new } else { *held }),
        }
    }
}

/// It wants an answer for each call: one that never came comes at the very end, which is as good as
/// never.
pub(crate) fn theirs(operations: &[Operation<Op, Answer>]) -> bool {
    let mut events = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        let (what, answered) = (operation.op.what, operation.answered);
        let (end, answer) = match answered {
            Some((at, answer)) => (at, Some(answer)),
            None => (Duration::MAX, None),
        };
        // At the same moment calls come first: such operations overlap.
        events.push((operation.called, false, number, Action::Call((what, None))));
        events.push((end, true, number, Action::Response((what, answer))));
    }
    events.sort_by_key(|(at, is_end, number, _)| (*at, *is_end, *number));
    let actions: Vec<_> =
        events.into_iter().map(|(_, _, number, action)| (number, action)).collect();
    actions.is_empty()
        || WGLChecker::<Other>::is_linearizable(todc_utils::History::from_actions(actions))
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key;
        match self.what {
            What::Get => write!(f, "get {key}"),
            What::Put(value) => write!(f, "put {key} {value}"),
            What::Cas(old, new) => write!(f, "cas {key} {old} {new}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(value) => write!(f, "{value}"),
            Self::Done => f.write_str("done"),
            Self::Swapped(yes) => f.write_str(if *yes { "swapped" } else { "it differs" }),
        }
    }
}
