//! What clients saw, and whether registers could have answered so.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use simnet::judge::{History, Model, Operation, Verdict};

/// Steps for each register.
const BUDGET: u64 = 2_000_000;

/// A register has a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Put(u64, u64),
    Get(u64),
    /// Puts the second value if the first one stands there.
    Swap(u64, Option<u64>, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Value(Option<u64>),
    Swapped(bool),
}

pub(crate) type Seen = Operation<Op, Answer>;

struct Register;

impl Model for Register {
    type State = Option<u64>;
    type Op = Op;
    type Answer = Answer;

    fn start(&self) -> Option<u64> {
        None
    }

    fn step(&self, state: &Option<u64>, op: &Op, answer: Option<&Answer>) -> Option<Option<u64>> {
        let (next, right) = match op {
            Op::Put(_, value) => (Some(*value), Answer::Done),
            Op::Get(_) => (*state, Answer::Value(*state)),
            Op::Swap(_, expect, value) if expect == state => (Some(*value), Answer::Swapped(true)),
            Op::Swap(..) => (*state, Answer::Swapped(false)),
        };
        answer.is_none_or(|answer| *answer == right).then_some(next)
    }
}

impl Op {
    pub(crate) fn register(&self) -> u64 {
        match self {
            Self::Put(register, _) | Self::Get(register) | Self::Swap(register, ..) => *register,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(register, value) => write!(f, "put {register} {value}"),
            Self::Get(register) => write!(f, "get {register}"),
            Self::Swap(register, expect, value) => {
                write!(f, "swap {register} {expect:?} {value}")
            }
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Value(value) => write!(f, "{value:?}"),
            Self::Swapped(true) => write!(f, "swapped"),
            Self::Swapped(false) => write!(f, "differs"),
        }
    }
}

/// What the judge says of all registers: how many there were, of how many it could not tell, and the
/// histories that no register could have.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) histories: usize,
    pub(crate) undecided: usize,
    pub(crate) wrong: Vec<String>,
}

pub(crate) fn judge(operations: Vec<Seen>) -> Judged {
    let mut judged = Judged::default();
    for (register, part) in History::from(operations).by_key(Op::register) {
        judged.histories += 1;
        match part.judge(&Register, BUDGET) {
            Verdict::Linearizable(_) => {}
            Verdict::GaveUp => judged.undecided += 1,
            Verdict::Violation { stuck, .. } => {
                judged
                    .wrong
                    .push(format!("register {register}: operation {stuck} fits nowhere\n{part}"));
            }
        }
    }
    judged
}

/// How long nobody was answered: in all, and at most at one time. Shorter gaps than a tenth of a second do
/// not count.
pub(crate) fn unavailable(operations: &[Seen], end: Duration) -> (Duration, Duration) {
    const SHORT: Duration = Duration::from_millis(100);
    let answers = operations.iter().filter_map(|seen| seen.answered.as_ref());
    let times: BTreeSet<Duration> = answers.map(|(time, _)| *time).collect();
    let (mut sum, mut longest, mut last) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for time in times.into_iter().chain([end]) {
        let gap = time.saturating_sub(last);
        if gap > SHORT {
            sum += gap;
            longest = longest.max(gap);
        }
        last = time;
    }
    (sum, longest)
}
