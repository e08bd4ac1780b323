//! Where durable logs lie.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{fs, process};

/// Gone with its bank.
pub(crate) struct Folders(PathBuf);

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folders {
    /// On the disk that the results of builds are on; a folder for temporary files may be in memory.
    pub(crate) fn new() -> Self {
        let count = FOLDERS.fetch_add(1, Relaxed);
        let name = format!("two-phase-commit {} {count}", process::id());
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    pub(crate) fn of(&self, log: u64) -> PathBuf {
        let folder = self.0.join(log.to_string());
        fs::create_dir_all(&folder).expect("the target directory is writable");
        folder
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
