//! No sharing: each record is written and synced by itself, under a mutex. The file is full of zeros
//! beforehand, and is written from its beginning again when its end is reached.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::contender::Contender;

pub(crate) const SECTOR: u64 = 512;
pub(crate) const SIZE: u64 = 16 << 20;

/// A file of zeros that is safe.
pub(crate) fn zeros(path: &Path) -> File {
    let file = File::create(path).expect("a new folder");
    file.write_all_at(&vec![0; SIZE as usize], 0).expect("there is room");
    file.sync_all().expect("the disk is well");
    file
}

/// Syncs, and says how long that took.
pub(crate) fn sync(file: &File) -> Duration {
    let start = Instant::now();
    file.sync_data().expect("the disk is well");
    start.elapsed()
}

pub(crate) struct Alone(Mutex<State>);

struct State {
    file: File,
    end: u64,
    syncs: (u64, Duration),
}

impl Contender for Alone {
    fn open(folder: &Path) -> Self {
        let file = zeros(&folder.join("file"));
        Self(Mutex::new(State { file, end: 0, syncs: (0, Duration::ZERO) }))
    }

    fn force(&self, body: &[u8]) {
        let mut state = self.0.lock().expect("no panic");
        let mut sector = [0; SECTOR as usize];
        sector[..body.len()].copy_from_slice(body);
        state.file.write_all_at(&sector, state.end).expect("there is room");
        let took = sync(&state.file);
        state.end = (state.end + SECTOR) % SIZE;
        state.syncs = (state.syncs.0 + 1, state.syncs.1 + took);
    }

    fn syncs(&self) -> Option<(u64, Duration)> {
        Some(self.0.lock().expect("no panic").syncs)
    }
}
