//! What clients saw, for the judge.

use std::fmt;

use simnet::judge::{History, Model, Operation, Verdict};

use super::machine::Swap;

/// Steps for each register. Nearly all histories take a few hundred.
const BUDGET: u64 = 200_000;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    /// Puts a value into a register, and answers what stood there.
    Swap(Swap),
    Read(u8),
}

/// One register; 0 if nothing was put there.
struct Register;

impl Model for Register {
    type State = u64;
    type Op = Op;
    type Answer = u64;

    fn start(&self) -> u64 {
        0
    }

    fn step(&self, state: &u64, op: &Op, answer: Option<&u64>) -> Option<u64> {
        let next = match op {
            Op::Swap(Swap { value, .. }) => *value,
            Op::Read(_) => *state,
        };
        answer.is_none_or(|answer| answer == state).then_some(next)
    }
}

impl Op {
    fn key(&self) -> u8 {
        match self {
            Self::Swap(Swap { key, .. }) | Self::Read(key) => *key,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Swap(Swap { key, value }) => write!(f, "swap {key} {value}"),
            Self::Read(key) => write!(f, "read {key}"),
        }
    }
}

/// Says how many operations were judged; panics if no registers could have answered so.
pub(crate) fn judge(operations: Vec<Operation<Op, u64>>) -> usize {
    let count = operations.len();
    for (key, part) in History::from(operations).by_key(Op::key) {
        match part.judge(&Register, BUDGET) {
            Verdict::Linearizable(_) => {}
            Verdict::GaveUp => panic!("register {key}: the judge gave up on\n{part}"),
            Verdict::Violation { stuck, .. } => {
                panic!("register {key}: operation {stuck} fits nowhere\n{part}")
            }
        }
    }
    count
}
