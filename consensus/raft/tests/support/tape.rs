//! A machine that writes down what it is told, and a shelf where all nodes' tapes are compared.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use raft::node::Machine;
use raft::{Index, NodeId};

use crate::running::disk::Brake;
use crate::running::news::{News, lock};

/// One node's. It answers with the index of the command.
pub(crate) struct Tape {
    id: NodeId,
    shelf: Arc<Shelf>,
    /// The last command.
    last: Index,
    /// Of all commands up to it.
    hash: u64,
    pub(crate) brake: Arc<Brake>,
}

/// What all nodes together have done.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) news: Arc<News>,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    /// With the hash of everything up to there.
    commands: BTreeMap<Index, (Vec<u8>, u64)>,
    /// How far each node is, in its present life.
    done: BTreeMap<NodeId, Index>,
    /// How often each node took a snapshot of its machine, and how often it put one in.
    snapshots: BTreeMap<NodeId, (u64, u64)>,
    wrong: Option<String>,
}

impl Tape {
    pub(crate) fn new(id: NodeId, shelf: Arc<Shelf>, brake: Arc<Brake>) -> Self {
        lock(&shelf.all).done.insert(id, 0);
        Self { id, shelf, last: 0, hash: 0, brake }
    }

    pub(crate) fn last(&self) -> Index {
        self.last
    }
}

impl Machine for Tape {
    type Answer = Index;

    fn apply(&mut self, index: Index, command: &[u8]) -> Index {
        self.brake.pass().expect("a machine has no errors");
        if index <= self.last {
            self.shelf.accuse(format!("node {}: {index} behind {}", self.id, self.last));
        }
        self.last = index;
        self.hash = hash(hash(self.hash, &index.to_le_bytes()), command);
        self.shelf.put(self.id, index, command, self.hash);
        index
    }

    fn snapshot(&self) -> Vec<u8> {
        lock(&self.shelf.all).snapshots.entry(self.id).or_default().0 += 1;
        [self.last.to_le_bytes(), self.hash.to_le_bytes()].concat()
    }

    fn restore(&mut self, snapshot: &[u8]) {
        let (last, hash) = snapshot.split_at(8);
        self.last = u64::from_le_bytes(last.try_into().expect("eight bytes"));
        self.hash = u64::from_le_bytes(hash.try_into().expect("eight bytes"));
        self.shelf.skip(self.id, self.last, self.hash);
    }
}

impl Shelf {
    pub(crate) fn new(news: Arc<News>) -> Self {
        Self { news, ..Self::default() }
    }

    /// How many nodes have done this command.
    pub(crate) fn count(&self, index: Index) -> usize {
        let all = lock(&self.all);
        assert_eq!(all.wrong, None);
        all.done.values().filter(|done| **done >= index).count()
    }

    /// How far a node is.
    pub(crate) fn done(&self, id: NodeId) -> Index {
        lock(&self.all).done.get(&id).copied().unwrap_or(0)
    }

    pub(crate) fn command(&self, index: Index) -> Option<Vec<u8>> {
        lock(&self.all).commands.get(&index).map(|(command, _)| command.clone())
    }

    /// How many nodes' machines have done a command like this one: 0 if none has.
    pub(crate) fn count_of(&self, command: &[u8]) -> usize {
        let all = lock(&self.all);
        let found = all.commands.iter().find(|(_, (known, _))| known == command);
        let index = found.map(|(index, _)| *index);
        index.map_or(0, |index| all.done.values().filter(|done| **done >= index).count())
    }

    pub(crate) fn snapshots(&self, id: NodeId) -> (u64, u64) {
        lock(&self.all).snapshots.get(&id).copied().unwrap_or_default()
    }

    fn put(&self, id: NodeId, index: Index, command: &[u8], hash: u64) {
        let mut all = lock(&self.all);
        let known = all.commands.entry(index).or_insert_with(|| (command.to_vec(), hash));
        if *known != (command.to_vec(), hash) {
            all.wrong = Some(format!("node {id} did something else up to {index}"));
        }
        all.done.insert(id, index);
        drop(all);
        self.news.tell();
    }

    fn skip(&self, id: NodeId, last: Index, hash: u64) {
        let mut all = lock(&self.all);
        if last > 0 && all.commands.get(&last).is_none_or(|(_, known)| *known != hash) {
            all.wrong = Some(format!("node {id}: its snapshot up to {last} is another"));
        }
        all.done.insert(id, last);
        all.snapshots.entry(id).or_default().1 += 1;
        drop(all);
        self.news.tell();
    }

    fn accuse(&self, wrong: String) {
        lock(&self.all).wrong = Some(wrong);
    }
}

/// FNV.
fn hash(before: u64, bytes: &[u8]) -> u64 {
    let start = before ^ 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
