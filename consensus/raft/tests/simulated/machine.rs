//! A small state machine: registers, and a digest of all that was ever done to them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use raft::Index;
use raft::log::{Entry, Payload};

#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    /// The last entry that is done.
    pub(crate) upto: Index,
    /// Two machines that did the same entries in the same order show the same.
    pub(crate) chain: u64,
    values: BTreeMap<u8, u64>,
}

/// Puts a value into a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Swap {
    pub(crate) key: u8,
    pub(crate) value: u64,
}

/// The same for the same input, within one run of the tests.
pub(crate) fn digest(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Machine {
    /// What stands in a register; 0 if nothing was put there.
    pub(crate) fn value(&self, key: u8) -> u64 {
        self.values.get(&key).copied().unwrap_or(0)
    }

    /// Does the next entry. Says what stood in the register before.
    pub(crate) fn apply(&mut self, index: Index, entry: &Entry) -> u64 {
        assert_eq!(index, self.upto + 1, "an entry is missing, or comes twice");
        self.upto = index;
        self.chain = digest(&(self.chain, entry));
        let Payload::Command(bytes) = &entry.payload else { return 0 };
        let Swap { key, value } = Swap::read(bytes);
        self.values.insert(key, value).unwrap_or(0)
    }

    /// All of it. Two nodes write the same state in different bytes, as a hash map would: pieces of
    /// one must never end up among pieces of the other.
    pub(crate) fn to_bytes(&self, salt: u8) -> Vec<u8> {
        let mut bytes = vec![salt];
        bytes.extend(self.upto.to_le_bytes());
        bytes.extend(self.chain.to_le_bytes());
        for (key, value) in &self.values {
            bytes.extend(&*Swap { key: *key, value: *value }.to_bytes());
        }
        bytes.extend(digest(&bytes[1..]).to_le_bytes());
        bytes[1..].iter_mut().for_each(|byte| *byte ^= salt);
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let plain: Vec<u8> = bytes[1..].iter().map(|byte| byte ^ bytes[0]).collect();
        let (body, sum) = plain.split_at(plain.len() - 8);
        assert_eq!(number(sum), digest(body), "the snapshot is pieced together wrongly");
        let values = body[16..].chunks(9).map(Swap::read).map(|it| (it.key, it.value)).collect();
        Self { upto: number(&body[..8]), chain: number(&body[8..16]), values }
    }
}

impl Swap {
    pub(crate) fn to_bytes(self) -> Arc<[u8]> {
        std::iter::once(self.key).chain(self.value.to_le_bytes()).collect()
    }

    fn read(bytes: &[u8]) -> Self {
        Self { key: bytes[0], value: number(&bytes[1..]) }
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number has eight bytes"))
}
