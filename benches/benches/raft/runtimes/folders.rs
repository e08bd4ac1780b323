//! Where durable nodes keep their logs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use std::{fs, process};

use wal::lock::Wal;
use wal::{Counts, Options};

use super::contender::Scene;

/// Gone with its cluster.
pub(crate) struct Folders(PathBuf);

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folders {
    /// On the disk that the results of builds are on; a folder for temporary files may be in memory.
    pub(crate) fn new() -> Self {
        let name = format!("raft {} {}", process::id(), FOLDERS.fetch_add(1, Relaxed));
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    pub(crate) fn of(&self, id: u64) -> PathBuf {
        let folder = self.0.join(id.to_string());
        fs::create_dir_all(&folder).expect("the target directory is writable");
        folder
    }

    /// A log for a peer that brings none along.
    pub(crate) fn log(&self, scene: Scene, id: u64) -> Option<Wal> {
        let open = || Wal::open(self.of(id), &Options::new(id), |_| ()).expect("a new folder").0;
        (scene == Scene::Durable).then(open)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn sum(counts: impl Iterator<Item = Counts>) -> (u64, Duration) {
    counts.fold(<_>::default(), |sum: (u64, Duration), it| (sum.0 + it.syncs, sum.1 + it.syncing))
}
