//! What is replicated: a few registers.

use std::collections::BTreeMap;

use raft::Index;
use raft::node::Machine;

use crate::judges::{Answer, Op, What};

#[derive(Default)]
pub(crate) struct Store(BTreeMap<u8, u64>);

impl Store {
    pub(crate) fn get(&self, key: u8) -> u64 {
        self.0.get(&key).copied().unwrap_or(0)
    }
}

impl Machine for Store {
    type Answer = Answer;

    fn apply(&mut self, _: Index, command: &[u8]) -> Answer {
        let op = Op::read(command);
        match op.what {
            What::Get => Answer::Held(self.get(op.key)),
            What::Put(value) => {
                self.0.insert(op.key, value);
                Answer::Done
            }
            What::Cas(old, new) => {
                let is_it = self.get(op.key) == old;
                if is_it {
                    self.0.insert(op.key, new);
                }
                Answer::Swapped(is_it)
            }
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|(key, value)| [&[*key][..], &value.to_le_bytes()].concat())
            .collect()
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.0 = snapshot.chunks(9).map(|it| (it[0], number(&it[1..]))).collect();
    }
}

impl Op {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let (kind, old, new) = match self.what {
            What::Get => (0, 0, 0),
            What::Put(value) => (1, 0, value),
            What::Cas(old, new) => (2, old, new),
        };
        [&[self.key, kind][..], &old.to_le_bytes(), &new.to_le_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Self {
        let (old, new) = (number(&bytes[2..10]), number(&bytes[10..]));
        let what = match bytes[1] {
            0 => What::Get,
            1 => What::Put(new),
            _ => What::Cas(old, new),
        };
        Self { key: bytes[0], what }
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number has eight bytes"))
}
