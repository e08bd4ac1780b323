//! Nodes of either runtime on real folders, which are compared with a disk in memory at each start.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use raft::node::{Disk, Found};
use raft::storage::Folder;
use raft::{NodeId, Save, Snapshot};
use tempfile::TempDir;

use crate::running::disk::Memory;

/// A node on a folder.
#[derive(Debug)]
pub(crate) struct Durable<N>(pub(crate) N);

/// Where the folder is: made when a node is started on it for the first time.
#[derive(Clone, Default)]
pub(crate) struct Place(Arc<OnceLock<TempDir>>);

/// A folder, and the disk in memory that is given the same.
pub(crate) struct Both {
    memory: Memory,
    folder: Folder,
}

impl Place {
    fn path(&self) -> &Path {
        let make = || TempDir::new().expect("there is room for temporary files");
        self.0.get_or_init(make).path()
    }
}

impl Both {
    pub(crate) fn open(memory: Memory, id: NodeId, found: &Found) -> (Self, Found) {
        let (folder, kept) = Folder::open(memory.place.path(), id).expect("nothing damages it");
        assert_eq!(kept.stored, found.stored);
        assert_eq!(kept.snapshot, found.snapshot);
        (Self { memory, folder }, kept)
    }
}

impl Disk for Both {
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()> {
        self.memory.write(saves.clone())?;
        self.folder.write(saves)
    }

    fn keep(&mut self, snapshot: &Snapshot, bytes: &[u8]) -> io::Result<()> {
        self.memory.keep(snapshot, bytes)?;
        self.folder.keep(snapshot, bytes)
    }
}
