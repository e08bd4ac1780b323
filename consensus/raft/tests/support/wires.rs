//! A network within the process, and disks in memory, for nodes that run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use raft::message::Request;
use raft::node::{Answerer, Disk, Found, Network};
use raft::{NodeId, Save, Snapshot};

/// Brings a request to a node.
pub(crate) type Door = Arc<dyn Fn(NodeId, Request, Answerer) + Send + Sync>;

/// Who can be reached, and who cannot.
#[derive(Default)]
pub(crate) struct Wires {
    doors: Mutex<BTreeMap<NodeId, Door>>,
    cut: Mutex<BTreeSet<(NodeId, NodeId)>>,
}

/// The end of the wires at one node.
pub(crate) struct Socket {
    pub(crate) id: NodeId,
    pub(crate) wires: Arc<Wires>,
}

impl Wires {
    pub(crate) fn connect(&self, id: NodeId, door: Door) {
        lock(&self.doors).insert(id, door);
    }

    pub(crate) fn disconnect(&self, id: NodeId) {
        lock(&self.doors).remove(&id);
    }

    pub(crate) fn cut(&self, one: NodeId, other: NodeId) {
        lock(&self.cut).extend([(one, other), (other, one)]);
    }

    pub(crate) fn heal(&self) {
        lock(&self.cut).clear();
    }
}

impl Network for Socket {
    fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
        let is_cut = lock(&self.wires.cut).contains(&(self.id, to));
        let door = lock(&self.wires.doors).get(&to).cloned();
        if let Some(door) = door.filter(|_| !is_cut) {
            door(self.id, request, answer);
        }
    }
}

/// What a disk holds; it outlives its node.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) found: Arc<Mutex<Found>>,
    incoming: Vec<u8>,
}

impl Disk for Memory {
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()> {
        let mut found = lock(&self.found);
        for save in saves {
            if let Some(piece) = &save.piece {
                self.incoming.truncate(piece.offset as usize);
                self.incoming.extend(&piece.bytes);
                if piece.is_last() {
                    found.snapshot = std::mem::take(&mut self.incoming);
                }
            }
            found.stored.keep(save);
        }
        Ok(())
    }

    fn keep(&mut self, snapshot: &Snapshot, bytes: &[u8]) -> io::Result<()> {
        let mut found = lock(&self.found);
        found.stored.compact(snapshot.clone());
        found.snapshot = bytes.to_vec();
        Ok(())
    }
}

/// A test that failed elsewhere has poisoned it; what it holds is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
